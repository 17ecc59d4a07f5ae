"""A histogram of latencies with three significant digits, which can be merged. Pure.

Exact percentiles need every value in one place. While a test goes on, and where its workers are on several machines,
they are not: what can be added up without loss are counts, in cells that are at most a thousandth of their value wide.
(The hdrhistogram package does the same, at six times the cost a value and with setuptools at run time.)
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import Any

#: Bits of a value that its cell keeps: 2^10 cells from a power of two to the next, so a cell is under 0.1 % wide.
_BITS = 11


@dataclass(slots=True)
class Histogram:
    """Counts whole numbers that are not negative, in any unit.

    Attributes:
        cells: cell -> how many values lie in it.
        infinite: failures, above every value.
        total: the sum of the finite values.
        smallest, largest: exactly; None when there is no finite value.
    """

    cells: Counter[int] = field(default_factory=Counter)
    infinite: int = 0
    total: int = 0
    smallest: int | None = None
    largest: int | None = None

    @property
    def finite(self) -> int:
        """How many finite values there are."""
        return self.cells.total()

    @property
    def mean(self) -> float | None:
        """Of the finite values; None when there is none."""
        return self.total / self.finite if self.finite else None

    def extend(self, values: Iterable[int]) -> None:
        """Count values."""
        values = tuple(values)
        if not values:
            return
        self.cells.update(map(_cell_of, values))
        self.total += sum(values)
        self._widen(min(values), max(values))

    def merge(self, other: Histogram) -> None:
        """Count all that ``other`` counted."""
        self.cells.update(other.cells)
        self.infinite += other.infinite
        self.total += other.total
        if other.smallest is not None and other.largest is not None:
            self._widen(other.smallest, other.largest)

    def percentiles(self, percents: Iterable[float]) -> list[float]:
        """Return nearest-rank percentiles, each within 0.1 % of the exact one; infinite where failures are.

        Raises:
            ValueError: there is no value.
        """
        count = self.finite + self.infinite
        if not count:
            raise ValueError("no values have no percentile")
        ordered = sorted(self.cells)
        up_to = list(accumulate(self.cells[cell] for cell in ordered))
        return [self._at_rank(max(1, math.ceil(round(p / 100 * count, 9))), ordered, up_to) for p in percents]

    def to_message(self) -> dict[str, Any]:
        """Return it as plain values, to be sent."""
        return {
            "cells": list(chain.from_iterable(self.cells.items())),
            "infinite": self.infinite,
            "total": self.total,
            "range": None if self.smallest is None else [self.smallest, self.largest],
        }

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Histogram:
        """Read what ``to_message`` returned."""
        flat = message["cells"]
        smallest, largest = message["range"] or (None, None)
        cells = Counter(dict(zip(flat[::2], flat[1::2], strict=True)))
        return cls(cells, message["infinite"], message["total"], smallest, largest)

    def _at_rank(self, rank: int, ordered: list[int], up_to: list[int]) -> float:
        if rank > self.finite or self.smallest is None or self.largest is None:
            return math.inf
        cell = ordered[bisect_left(up_to, rank)]
        return min(max(middle_of(cell), self.smallest), self.largest)

    def _widen(self, smallest: int, largest: int) -> None:
        self.smallest = smallest if self.smallest is None else min(self.smallest, smallest)
        self.largest = largest if self.largest is None else max(self.largest, largest)


def middle_of(cell: int) -> float:
    """Return the middle of the values that share a cell."""
    shift = cell >> _BITS
    low = (cell & ((1 << _BITS) - 1)) << shift
    return low + ((1 << shift) - 1) / 2


def _cell_of(value: int) -> int:
    shift = max(0, value.bit_length() - _BITS)
    return (shift << _BITS) | (value >> shift)
