"""Checks the signature of a webhook (Standard Webhooks 1.0, Signature scheme). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator

from ozwell_harness.model import Headers, Signing
from ozwell_harness.webhooks.listening import Names, signing_key

_VERSION = "v1"


def signing_of(headers: Headers, body: bytes, names: Names, secret: str) -> tuple[Signing, str]:
    """Return what the signature shows, and what a wrong one would be right for, in a few words."""
    given = headers.get_all(names.signature)
    if not given:
        return Signing.ABSENT, ""
    signatures = [entry.partition(",")[2] for value in given for entry in value.split() if _is_ours(entry)]
    if not signatures:
        return Signing.UNREADABLE, ""
    name, time = headers.get(names.id, "") or "", headers.get(names.timestamp, "") or ""
    if _is_signed(signatures, signing_key(secret), _content(name, time, body)):
        return Signing.RIGHT, ""
    return Signing.WRONG, _hint(signatures, secret, name, time, body)


def _is_ours(entry: str) -> bool:
    version, comma, rest = entry.partition(",")
    return version == _VERSION and bool(comma) and bool(rest)


def _content(*parts: str | bytes) -> bytes:
    return b".".join(part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape") for part in parts)


def _is_signed(signatures: Iterable[str], key: bytes, content: bytes) -> bool:
    """Tell whether any of the signatures is right; each is compared whole and in constant time."""
    right = base64.b64encode(hmac.digest(key, content, hashlib.sha256))
    found = [hmac.compare_digest(right, signature.encode("utf-8", "replace")) for signature in signatures]
    return any(found)


def _hint(signatures: list[str], secret: str, name: str, time: str, body: bytes) -> str:
    for words, key, content in _mistakes(secret, name, time, body):
        if _is_signed(signatures, key, content):
            return words
    return ""


def _mistakes(secret: str, name: str, time: str, body: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield what is often got wrong, in words, with the key and the content that would be signed by it."""
    key, whole = signing_key(secret), _content(name, time, body)
    yield "the secret as text, not as the base64 that it is", secret.encode(), whole
    yield "the secret without whsec_, as text", secret.removeprefix("whsec_").encode(), whole
    yield "the body alone", key, body
    yield "time and body, without the id", key, _content(time, body)
    yield "id and body, without the time", key, _content(name, body)
