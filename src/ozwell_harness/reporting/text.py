"""What a target sent, made safe to show; and figures as people read them. Pure."""

from __future__ import annotations

import codecs
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

#: Controls (C0 but for tab and newline, C1), marks that reorder text, byte-order marks, lone surrogates, noncharacters.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHORT = {"\r": r"\r", "\x00": r"\0"}
_TEXT_SHARE = 0.9


def visible(text: str) -> str:
    r"""Return ``text`` with every character that could act on a terminal or a parser written as ``\x1b`` or ``\u202e``.

    Tabs and newlines stay. What is left are characters of XML 1.0 (section 2.2).
    """
    return _UNSAFE.sub(lambda match: _escape(match.group()), text)


def _escape(character: str) -> str:
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def one_line(text: str, most: int) -> str:
    """Return ``text`` visible, on one line, at most ``most`` characters and a note of its length."""
    return clip(visible(" ".join(text.split())), most)


def clip(text: str, most: int) -> str:
    """Return ``text``, cut after ``most`` characters with a note of its whole length."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"


def printable(text: str, encoding: str) -> str:
    r"""Return ``text`` visible and within ``encoding``; what that lacks becomes ``\u2026`` and the like."""
    return visible(text).encode(encoding, "backslashreplace").decode(encoding)


def inert(document: str) -> str:
    r"""Return a JSON text with characters that act on a terminal or reorder text written as ``\u009b`` and the like."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", document)


def sound(text: str) -> str:
    """Return ``text`` with lone surrogates replaced by U+FFFD: they are in no UTF-8 file."""
    return _SURROGATE.sub("\ufffd", text)


@dataclass(frozen=True, slots=True)
class Body:
    """A body as text to show; ``note`` says what was left out or changed, and is empty when nothing was."""

    text: str
    note: str = ""


def body(data: bytes, most: int) -> Body:
    """Return at most ``most`` bytes of a body as visible text; a body that is no text shows as hexadecimal."""
    head = data[:most]
    # Not final when cut: a character cut in two is no damage.
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(head, len(head) == len(data))
    cut = f"cut: {len(head)} of {len(data)} bytes shown" if len(data) > most else ""
    if not _is_text(text):
        shown = data[:256]
        return Body(shown.hex(" "), f"not text: {len(shown)} of {len(data)} bytes shown in hexadecimal")
    return Body(visible(text), cut)


def _is_text(text: str) -> bool:
    sample = text[:2000]
    odd = sum(1 for c in sample if c == "\ufffd" or (ord(c) < 0x20 and c not in "\t\n\r\x1b"))
    return odd <= (1 - _TEXT_SHARE) * len(sample)


def percent(share: float | None) -> str:
    """Return a share as a percentage with one decimal, never rounded up to 100 or down to 0; ``-`` for None."""
    if share is None:
        return "-"
    if share in (0, 1):
        return f"{share:.0%}"
    return f"{min(max(math.floor(share * 1000) / 10, 0.1), 99.9):.1f}%"


def rate(share: float | None) -> str:
    """Return a share as a percentage with three significant digits; ``-`` for None."""
    return "-" if share is None else f"{number(share * 100)}%"


def seconds(value: float | None) -> str:
    """Return a duration given in seconds with three significant digits; ``-`` for None or infinity."""
    if value is None or not math.isfinite(value):
        return "-"
    if 0 < abs(value) < 1e-4:
        return f"{_significant(round(value * 1e6, 6))} µs"
    if abs(value) < 1:
        return f"{_significant(value * 1000)} ms"
    if value < 120:
        return f"{_significant(value)} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def number(value: float | None) -> str:
    """Return a number with three significant digits, whole from 1,000 on; ``-`` for None or infinity."""
    if value is None or not math.isfinite(value):
        return "-"
    return _significant(value)


def _significant(value: float) -> str:
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 6)}f}"


def count(amount: int, noun: str) -> str:
    """Return ``1 request`` or ``2 requests``."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def instant(epoch_s: float) -> str:
    """Return epoch seconds in UTC as RFC 3339 has it, with milliseconds."""
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch(text: str) -> float:
    """Return the epoch seconds of an RFC 3339 instant.

    Raises:
        ValueError: it is none.
    """
    return datetime.fromisoformat(text).timestamp()
