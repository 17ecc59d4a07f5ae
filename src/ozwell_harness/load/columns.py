"""Many numbers in little memory, and their exact percentiles: sorted runs, in which ranks are found by bisection.

A number takes 8 bytes, in memory or, once a run is full, in a file without a name.
"""

from __future__ import annotations

import math
import mmap
import tempfile
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Numbers of a whole run.
RUN_LENGTH = 1 << 20


@dataclass(frozen=True, slots=True)
class Spill:
    """Keeps whole runs in files without a name, which are gone with the run.

    Attributes:
        folder: where the files are made; None for the system's folder of temporary files.
    """

    folder: Path | None = None

    def keep(self, run: array[float]) -> Sequence[float]:
        """Return the same numbers, read from a file.

        Raises:
            OSError: the file cannot be written.
        """
        with tempfile.TemporaryFile(dir=self.folder) as file:
            file.write(run)
            file.flush()
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)).cast("d")


@dataclass(frozen=True, slots=True)
class Run:
    """Numbers in ascending order, and their sum: what lies in a file need not be read again for it."""

    numbers: Sequence[float]
    total: float

    @classmethod
    def of(cls, numbers: Iterable[float], spill: Spill | None = None) -> Run:
        """Put numbers in order; keep them in a file where ``spill`` is given."""
        ordered = array("d", sorted(numbers))
        return cls(spill.keep(ordered) if spill else ordered, math.fsum(ordered))


class Column:
    """Takes finite numbers in any order, and counts infinite ones; ``ordered`` gives all in ascending order.

    Attributes:
        infinite: how many numbers were +infinity.
    """

    def __init__(self, per: float = 1.0, spill: Spill | None = None) -> None:
        """``per``: numbers are given out divided by it; ``spill``: where whole runs go, None to keep them in memory."""
        self.infinite = 0
        self._per = per
        self._spill = spill
        self._open = array("d")
        self._runs: list[Run] = []

    def add(self, value: float) -> None:
        """Take a finite number."""
        self._open.append(value)
        if len(self._open) >= RUN_LENGTH:
            self._close_runs()

    def extend(self, values: Iterable[float]) -> None:
        """Take finite numbers; a few at a time, so that runs stay near their length."""
        self._open.extend(values)
        if len(self._open) >= RUN_LENGTH:
            self._close_runs()

    def ordered(self) -> Ordered:
        """Return all numbers so far in ascending order."""
        return Ordered((*self._runs, Run.of(self._open)), self.infinite, self._per)

    def _close_runs(self) -> None:
        while len(self._open) >= RUN_LENGTH:
            self._runs.append(Run.of(self._open[:RUN_LENGTH], self._spill))
            del self._open[:RUN_LENGTH]


@dataclass(frozen=True, slots=True)
class Ordered:
    """Numbers in ascending order, infinite ones last.

    Attributes:
        runs: the finite ones multiplied by ``per``.
        infinite: how many are +infinity.
    """

    runs: tuple[Run, ...] = ()
    infinite: int = 0
    per: float = 1.0

    @classmethod
    def of(cls, values: Iterable[float]) -> Ordered:
        """Put numbers in order."""
        column = Column()
        for value in values:
            if value == math.inf:
                column.infinite += 1
            else:
                column.add(value)
        return column.ordered()

    @classmethod
    def union(cls, parts: Iterable[Ordered], per: float = 1.0) -> Ordered:
        """Return the numbers of all ``parts``, which have the same ``per``."""
        parts = tuple(parts)
        runs = tuple(run for part in parts for run in part.runs)
        return cls(runs, sum(part.infinite for part in parts), per)

    @property
    def finite(self) -> int:
        """How many are finite."""
        return sum(len(run.numbers) for run in self.runs)

    @property
    def total(self) -> float:
        """The sum of the finite ones."""
        return math.fsum(run.total for run in self.runs) / self.per

    def __len__(self) -> int:
        return self.finite + self.infinite

    def __getitem__(self, index: int) -> float:
        """Return the number at a place, counted from 0, or from the end when negative.

        Raises:
            IndexError: there is no such place.
        """
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        return _nth([run.numbers for run in self.runs], place) / self.per if place < self.finite else math.inf

    def up_to(self, value: float) -> int:
        """Return how many are at most ``value``, which is finite."""
        return sum(bisect_right(run.numbers, value * self.per) for run in self.runs)


def _nth(runs: Sequence[Sequence[float]], place: int) -> float:
    """Return the number with ``place`` others before it in the order of all runs."""
    # What lies before a span is below the number that is sought, what lies behind it is above.
    spans = [(run, 0, len(run)) for run in runs]
    while True:
        run, low, high = max(spans, key=lambda span: span[2] - span[1])
        pivot = run[(low + high) // 2]
        lefts = [bisect_left(run, pivot, low, high) for run, low, high in spans]
        rights = [bisect_right(run, pivot, low, high) for run, low, high in spans]
        if place < sum(lefts):
            spans = [(run, low, left) for (run, low, _), left in zip(spans, lefts, strict=True)]
        elif place >= sum(rights):
            spans = [(run, right, high) for (run, _, high), right in zip(spans, rights, strict=True)]
        else:
            return pivot
