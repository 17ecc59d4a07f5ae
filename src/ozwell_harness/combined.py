"""Asks for several acceptable things in one request, and for each alone only where they are not accepted together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ozwell_harness.model import Exchange

#: Sends a label and the fields of a body.
Send = Callable[[str, Mapping[str, Any]], Exchange]


def is_answered(exchange: Exchange) -> bool:
    """Tell whether an exchange was answered whole, with 200."""
    return exchange.status == 200 and exchange.failure is None


class Combined:
    """One exchange that shows several parts to be accepted, or one for each part.

    A correct target costs one request. Where the whole is refused, each part is sent alone when it is first asked for,
    so that the finding names the culprit and nothing else.
    """

    def __init__(
        self,
        send: Send,
        label: str,
        parts: Mapping[str, Mapping[str, Any]],
        *,
        whole: Mapping[str, Any] | None = None,
        shows_all: Callable[[Exchange], bool] = is_answered,
        within: Combined | None = None,
    ) -> None:
        """Keep what to send; nothing is sent yet.

        Args:
            send: makes the exchange.
            label: what the request is for, in a few words.
            parts: name → fields of the body that show that part alone.
            whole: fields that show all parts at once; by default those of all parts together.
            shows_all: tells whether the exchange of the whole shows every part to be accepted.
            within: something larger, of which the whole is the part named ``label``.
        """
        self._send = send
        self._label = label
        self._parts = parts
        self._whole = whole if whole is not None else {k: v for fields in parts.values() for k, v in fields.items()}
        self._shows_all = shows_all
        self._within = within
        self._made: dict[str | None, Exchange] = {}

    def shows(self, part: str) -> Exchange:
        """Return the exchange by which to judge ``part``.

        Raises:
            BudgetSpentError: no request is left to send.
        """
        return self._exchange(self._shown_by(part))

    def repeat(self, part: str) -> Exchange:
        """Send once more what shows ``part``; the answer is not kept.

        Raises:
            BudgetSpentError: no request is left to send.
        """
        shown_by = self._shown_by(part)
        return self._within.repeat(self._label) if shown_by is None and self._within else self._make(shown_by)

    def _shown_by(self, part: str) -> str | None:
        """Return which request shows ``part``: the whole (None), or the part alone."""
        whole = self._exchange(None)
        # A target that is out of patience says nothing about what was asked: asking more would not help.
        return None if whole.status == 429 or self._shows_all(whole) else part

    def _exchange(self, part: str | None) -> Exchange:
        if part not in self._made:
            larger = self._within if part is None else None
            self._made[part] = larger.shows(self._label) if larger else self._make(part)
        return self._made[part]

    def _make(self, part: str | None) -> Exchange:
        label = f"{self._label}: {part}" if part else self._label
        return self._send(label, self._parts[part] if part else self._whole)
