"""Undoes content codings with a bound on what comes out, so that a small body cannot grow without end."""

from __future__ import annotations

import zlib
from typing import Protocol


class BodyTooLargeError(Exception):
    """The body passed its bound, as it came or decoded."""


class UndecodableError(Exception):
    """The body is not in the content coding that its header names."""


#: A small body may be a little larger compressed than as it is.
_OVERHEAD = 64 * 1024


class Decoder(Protocol):
    """Bytes off the wire to bytes of the body."""

    def feed(self, chunk: bytes) -> bytes:
        """Decode ``chunk`` as far as possible."""
        ...

    def finish(self) -> None:
        """Nothing more will come; raise ``UndecodableError`` if more had to."""
        ...


class _Identity:
    def __init__(self, limit: int) -> None:
        self._left = limit

    def feed(self, chunk: bytes) -> bytes:
        self._left -= len(chunk)
        if self._left < 0:
            raise BodyTooLargeError
        return chunk

    def finish(self) -> None:
        pass


class _Zlib:
    """gzip or zlib, by the header; gzip may have several members (RFC 1952 section 2.2)."""

    def __init__(self, limit: int) -> None:
        self._left_in = limit + _OVERHEAD
        self._left_out = limit
        self._inflate = _inflater()
        self._begun = False

    def feed(self, chunk: bytes) -> bytes:
        # Members without content could come for ever: what comes in is bounded too.
        self._left_in -= len(chunk)
        if self._left_in < 0:
            raise BodyTooLargeError
        self._begun = self._begun or bool(chunk)
        out = bytearray()
        while chunk:
            if self._inflate.eof:
                self._inflate = _inflater()
            out += self._decode(chunk)
            chunk = self._inflate.unused_data
        return bytes(out)

    def finish(self) -> None:
        if self._begun and not self._inflate.eof:
            raise UndecodableError("it ends before the compressed data does")

    def _decode(self, chunk: bytes) -> bytes:
        try:
            out = self._inflate.decompress(chunk, self._left_out + 1)
        except zlib.error as error:
            raise UndecodableError(str(error)) from None
        self._left_out -= len(out)
        if self._left_out < 0:
            raise BodyTooLargeError
        return out


def _inflater() -> zlib._Decompress:
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)


#: What the harness asks for; a target must not use any other coding (RFC 9110 section 12.5.3).
ACCEPT_ENCODING = "gzip, deflate"


def decoder_for(content_encoding: str | None, limit: int) -> Decoder:
    """Return a decoder for a Content-Encoding value; ``limit`` bounds the body in bytes, as it comes and decoded.

    Raises:
        UndecodableError: the coding was not asked for.
    """
    coding = (content_encoding or "identity").strip().lower()
    if coding in {"identity", ""}:
        return _Identity(limit)
    if coding in {"gzip", "x-gzip", "deflate"}:
        return _Zlib(limit)
    raise UndecodableError(f"content coding {coding!r} was not asked for")
