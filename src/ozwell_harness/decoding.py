"""Undoes content codings with a bound on what comes out, so that a small body cannot grow without end."""

from __future__ import annotations

import zlib
from typing import Protocol


class BodyTooLargeError(Exception):
    """The decoded body passed its bound."""


class UndecodableError(Exception):
    """The body is not in the content coding that its header names."""


class Decoder(Protocol):
    """Bytes off the wire to bytes of the body."""

    def feed(self, chunk: bytes) -> bytes:
        """Decode ``chunk`` as far as possible."""
        ...


class _Identity:
    def __init__(self, limit: int) -> None:
        self._left = limit

    def feed(self, chunk: bytes) -> bytes:
        self._left -= len(chunk)
        if self._left < 0:
            raise BodyTooLargeError
        return chunk


class _Zlib:
    def __init__(self, limit: int) -> None:
        self._left = limit
        self._inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: gzip or zlib, by the header

    def feed(self, chunk: bytes) -> bytes:
        try:
            out = self._inflate.decompress(chunk, self._left + 1)
        except zlib.error as error:
            raise UndecodableError(str(error)) from None
        self._left -= len(out)
        if self._left < 0:
            raise BodyTooLargeError
        return out


#: What the harness asks for; a target must not use any other coding (RFC 9110 section 12.5.3).
ACCEPT_ENCODING = "gzip, deflate"


def decoder_for(content_encoding: str | None, limit: int) -> Decoder:
    """Return a decoder for a Content-Encoding value; ``limit`` bounds the decoded size in bytes.

    Raises:
        UndecodableError: the coding was not asked for.
    """
    coding = (content_encoding or "identity").strip().lower()
    if coding in {"identity", ""}:
        return _Identity(limit)
    if coding in {"gzip", "x-gzip", "deflate"}:
        return _Zlib(limit)
    raise UndecodableError(f"content coding {coding!r} was not asked for")
