"""Nonces: words that name one request, so that an answer meant for another request gives itself away.

A nonce carries a check value made from the run's own secret. So a model that garbles its nonce is not taken for a
target that mixes answers up, and a worker recognises the nonces of the other workers too.
"""

from __future__ import annotations

import re
from hashlib import blake2b

_PREFIX = "ozn"
_NUMBER_DIGITS = 10
_CHECK_DIGITS = 10
_SHAPE = re.compile(rf"{_PREFIX}([0-9a-f]{{{_NUMBER_DIGITS}}})([0-9a-f]{{{_CHECK_DIGITS}}})")


class Nonces:
    """Makes nonces for one worker of a run, and finds those of the whole run in answers."""

    def __init__(self, run: str, worker: int = 0) -> None:
        """``run`` must differ between runs: an answer that a target remembered from the last run is not crossed."""
        self._key = blake2b(run.encode(), digest_size=16).digest()
        # A worker may make 2^32 nonces before it reaches the numbers of the next.
        self._next = worker << 32

    def make(self) -> str:
        """Return a nonce that was never made before in this run."""
        number = f"{self._next:0{_NUMBER_DIGITS}x}"
        self._next += 1
        return f"{_PREFIX}{number}{self._check(number)}"

    def foreign(self, text: str, own: str | None) -> str | None:
        """Return a nonce in ``text`` that another request of this run carried, or None."""
        if _PREFIX not in text:
            return None
        for match in _SHAPE.finditer(text):
            if match.group() != own and match[2] == self._check(match[1]):
                return match.group()
        return None

    def _check(self, number: str) -> str:
        return blake2b(number.encode(), digest_size=_CHECK_DIGITS // 2, key=self._key).hexdigest()
