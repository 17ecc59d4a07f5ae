"""Requests to curl lines that anyone can paste."""

from __future__ import annotations

import shlex

from ozwell_harness.model import Request

_OWN = frozenset({"user-agent", "accept", "accept-encoding", "content-length", "host"})
_LONGEST_BODY = 4096


def curl(request: Request) -> str:
    """Return a curl line; a key stays the name of its environment variable."""
    words = ["curl", "-sS"]
    if request.method != "GET":
        words += ["-X", request.method]
    words.append(_quote(request.url))
    for name, value in request.headers:
        if name.lower() not in _OWN:
            words += ["-H", _quote(f"{name}: {value}")]
    words += _body(request.body)
    return " ".join(words)


def _body(body: bytes) -> list[str]:
    if not body:
        return []
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text or len(body) > _LONGEST_BODY or "\r" in text or "\0" in text:
        return ["--data-binary", f"@body.bin  # {len(body)} bytes, see exchanges.har"]
    return ["--data-binary", _quote(text)]


def _quote(text: str) -> str:
    """Quote for a shell; ``$OZWELL_…`` stays a variable, everything else is literal."""
    if "$OZWELL_" not in text:
        return shlex.quote(text)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`")
    pieces = escaped.split("$OZWELL_")
    return '"' + "$OZWELL_".join(piece.replace("$", "\\$") for piece in pieces) + '"'
