"""Requests to curl lines that anyone can paste."""

from __future__ import annotations

import re
import shlex

from ozwell_harness.model import Request

_OWN = frozenset({"user-agent", "accept", "accept-encoding", "content-length", "host"})
_LONGEST_BODY = 4096
_KEY = re.compile(r"\$OZWELL_[A-Z_]+")
#: What a shell line cannot carry unharmed, or a terminal would act on.
_UNPASTEABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_STREAMED = re.compile(rb'"stream"\s*:\s*true')


def curl(request: Request) -> str:
    """Return a curl line; a key stays the name of its environment variable."""
    words = ["curl", "-sS"]
    if _STREAMED.search(request.body):
        words.append("-N")
    words += _method(request.method)
    # Without these curl would resolve ``..`` and expand ``[1-3]`` and ``{a,b}`` itself.
    if "/." in request.url:
        words.append("--path-as-is")
    if any(c in request.url for c in "[]{}"):
        words.append("--globoff")
    words.append(_quote(request.url))
    for name, value in request.headers:
        if name.lower() not in _OWN:
            words += ["-H", _quote(f"{name}: {value}" if value else f"{name};")]
    if request.body and "content-type" not in request.headers:
        # curl would add a type of its own.
        words += ["-H", "'Content-Type:'"]
    return " ".join(words + _body(request.body))


def _method(method: str) -> list[str]:
    if method == "GET":
        return []
    return ["--head"] if method == "HEAD" else ["-X", _quote(method)]


def _body(body: bytes) -> list[str]:
    if not body:
        return []
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text or len(body) > _LONGEST_BODY or _UNPASTEABLE.search(text):
        return ["--data-binary", f"@body.bin  # {len(body)} bytes, see exchanges.har"]
    # Not --data-binary: that reads a file when the body starts with @.
    return ["--data-raw", _quote(text)]


def _quote(text: str) -> str:
    """Quote for a shell; ``$OZWELL_…`` stays a variable, everything else is literal."""
    if not _KEY.search(text):
        return shlex.quote(text)
    if not re.search(r'[\\"`!]|\$(?!OZWELL_[A-Z])', text):
        return f'"{text}"'
    literal = _KEY.split(text)
    keys = [*_KEY.findall(text), ""]
    return "".join(_literal(part) + (f'"{key}"' if key else "") for part, key in zip(literal, keys, strict=True))


def _literal(text: str) -> str:
    return shlex.quote(text) if text else ""
