"""Multipart form bodies, read as they arrive (RFC 7578, RFC 2046)."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from ozwell_harness.mock.errors import ApiError, invalid_value, missing_parameter

PARTS_AT_MOST = 64

# The parser warns about every malformed byte; here that is a 400, not a matter for stderr.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())

_PARAMETER = re.compile(r';\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"\s]*))', re.DOTALL)


@dataclass(slots=True)
class Part:
    """One part: its field name, its filename if it is a file, its bytes."""

    name: str
    filename: str | None
    content: bytearray = field(default_factory=bytearray)


async def read_form(content_type: str, chunks: AsyncIterator[bytes]) -> list[Part]:
    """All parts of a form, in order.

    Raises:
        ApiError: 400 where the body is not well-formed or has no boundary.
    """
    boundary = parameters(content_type).get("boundary", "")
    if not 0 < len(boundary) <= 200:
        raise _broken("The Content-Type of a multipart body must name its boundary.")
    reader = _Reader()
    try:
        parser = MultipartParser(boundary.encode("latin-1", "replace"), reader.callbacks())  # type: ignore[arg-type]
        async for chunk in chunks:
            parser.write(chunk)
    except FormParserError:
        raise _broken("The multipart body is malformed.") from None
    if not reader.complete:
        raise _broken("The multipart body ends before its closing boundary.")
    return reader.parts


def only_part(parts: list[Part], name: str) -> Part:
    """The one part of this name.

    Raises:
        ApiError: 400 where there is none, or more than one.
    """
    found = [part for part in parts if part.name == name]
    if not found:
        raise missing_parameter(name)
    if len(found) > 1:
        raise invalid_value(name, f"'{name}' is given {len(found)} times; once is right.")
    return found[0]


def parameters(header: str) -> dict[str, str]:
    """Parameters of a header such as `form-data; name="file"`; extended ones (RFC 5987) win over plain ones."""
    plain: dict[str, str] = {}
    extended: dict[str, str] = {}
    for match in _PARAMETER.finditer(header):
        name, value = match[1].lower(), match[3] if match[2] is None else re.sub(r"\\([\"\\])", r"\1", match[2])
        if name.endswith("*") and value.count("'") >= 2:
            charset, _, encoded = value.split("'", 2)
            if charset.lower() in ("utf-8", "iso-8859-1"):
                extended[name[:-1]] = unquote(encoded, charset, "replace")
        else:
            plain.setdefault(name, value)
    return plain | extended


class _Reader:
    """Callbacks of the parser: gathers headers and bytes of one part after the other."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.complete = False
        self._headers: dict[str, bytes] = {}
        self._name = b""
        self._value = b""

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_header_field": self._field,
            "on_header_value": self._add_value,
            "on_header_end": self._header,
            "on_headers_finished": self._open,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._headers = {}
        self._name = self._value = b""

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value
        self._name = self._value = b""

    def _open(self) -> None:
        disposition = self._headers.get("content-disposition", b"").decode("utf-8", "replace")
        found = parameters(disposition)
        if not disposition.lower().startswith("form-data") or "name" not in found:
            raise _broken("Each part of a multipart body needs 'Content-Disposition: form-data' with a name.")
        if len(self.parts) >= PARTS_AT_MOST:
            raise _broken(f"A multipart body may have at most {PARTS_AT_MOST} parts.")
        filename = found.get("filename")
        # Browsers and most clients escape only these in a quoted filename (WHATWG HTML, multipart/form-data).
        self.parts.append(Part(found["name"], None if filename is None else filename.replace("%22", '"')))

    def _data(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].content += data[start:end]

    def _end(self) -> None:
        self.complete = True


def _broken(message: str) -> ApiError:
    return ApiError(400, "invalid_value", message)
