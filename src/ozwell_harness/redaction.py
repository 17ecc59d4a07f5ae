"""Finds keys that a target sends back, and removes every key before anything is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ozwell_harness.model import Finding, Headers, Leak

#: Shorter keys are placeholders ("none", "test", "sk-local"): their text occurs by chance, so bodies are not searched.
SHORTEST_SEARCHED = 12


#: A character that does not stand as it is (see ``_spellings``).
_ESCAPED = re.compile(rb"%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\/")


@dataclass(frozen=True, repr=False)
class Redactor:
    """Replaces keys by ``$NAME``. ``keys`` maps the key's text to the name that may be shown."""

    keys: Mapping[str, str]

    @cached_property
    def _all(self) -> tuple[_Key, ...]:
        # Longest first: one key may be the beginning of another.
        return tuple(
            _Key.of(key, name) for key, name in sorted(self.keys.items(), key=lambda item: -len(item[0])) if key
        )

    @cached_property
    def _searched(self) -> tuple[_Key, ...]:
        return tuple(key for key in self._all if key.length >= SHORTEST_SEARCHED)

    @cached_property
    def _any(self) -> re.Pattern[bytes]:
        return re.compile(b"|".join(key.in_bytes.pattern for key in self._searched) or rb"(?!)")

    @cached_property
    def _plain(self) -> tuple[bytes, ...]:
        return tuple(key.plain for key in self._searched)

    def _may_hold_key(self, data: bytes) -> bool:
        """One look that tells, nearly always, that there is nothing to do."""
        if _ESCAPED.search(data):
            return self._any.search(data) is not None
        # Nothing is escaped: to search for the keys as they are is much faster, which shows in megabytes.
        for key in self._plain:  # noqa: SIM110 - twice as fast as any(), for each header of each answer
            if key in data:
                return True
        return False

    def clean(self, text: str) -> str:
        """Return ``text`` with every searchable key replaced by its name."""
        if not self._may_hold_key(text.encode("utf-8", "surrogatepass")):
            return text
        for key in self._searched:
            text = key.in_text.sub(f"${key.name}", text)
        return text

    def clean_finding(self, finding: Finding) -> Finding:
        """Return a finding without keys: a check may have pieced one together that no byte string showed."""
        return replace(
            finding,
            message=self.clean(finding.message),
            expected=self.clean(finding.expected),
            actual=self.clean(finding.actual),
        )

    def clean_bytes(self, data: bytes) -> bytes:
        """Return ``data`` with every searchable key replaced by its name; other bytes are untouched."""
        if not self._may_hold_key(data):
            return data
        for key in self._searched:
            data = key.in_bytes.sub(f"${key.name}".encode(), data)
        return data

    def clean_request_headers(self, headers: Iterable[tuple[str, str]]) -> Headers:
        """Return request headers with every key replaced; in Authorization also placeholders, where they stand."""
        return Headers(
            tuple(
                (name, self._clean_credential(value) if name.lower() == "authorization" else self.clean(value))
                for name, value in headers
            )
        )

    def _clean_credential(self, value: str) -> str:
        value = self.clean(value)
        for key in self._all:
            value = key.as_word.sub(f"${key.name}", value)
        return value

    def clean_response_headers(self, headers: Iterable[tuple[str, str]]) -> Headers:
        """Return response headers with every searchable key replaced."""
        return Headers(tuple((name, self.clean_bytes(value.encode()).decode()) for name, value in headers))

    def leaks(self, headers: Iterable[tuple[str, str]], body: bytes) -> tuple[Leak, ...]:
        """Return where the target sent a key back, whole, in plain, percent-encoded or JSON-escaped form."""
        places = [(f"header {name}", value.encode()) for name, value in headers] + [("body", body)]
        suspect = [(where, data) for where, data in places if self._may_hold_key(data)]
        return tuple(
            Leak(key.name, where) for key in self._searched for where, data in suspect if key.in_bytes.search(data)
        )


@dataclass(frozen=True, slots=True)
class _Key:
    """A key as patterns. The key itself is in them: keep this value inside."""

    name: str
    length: int
    plain: bytes
    in_text: re.Pattern[str]
    in_bytes: re.Pattern[bytes]
    as_word: re.Pattern[str]

    @classmethod
    def of(cls, key: str, name: str) -> _Key:
        pattern = "".join(map(_spellings, key))
        as_word = re.compile(rf"(?<!\S){re.escape(key)}(?!\S)")
        return cls(name, len(key), key.encode(), re.compile(pattern), re.compile(pattern.encode()), as_word)

    def __repr__(self) -> str:
        return f"_Key({self.name})"


def _spellings(character: str) -> str:
    """Return a pattern for a character as it is, percent-encoded (RFC 3986) or escaped as in JSON (RFC 8259)."""
    code = ord(character)
    escaped = rf"\\u(?i:{code:04x})|%(?i:{code:02x})"
    solidus = r"|\\/" if character == "/" else ""
    return f"(?:{re.escape(character)}|{escaped}{solidus})"
