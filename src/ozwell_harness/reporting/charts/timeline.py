"""The seconds of a load run as columns, and where its window lies. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ozwell_harness.reporting.charts.chart import Axis, Look, Mark, Series, Unit
from ozwell_harness.reporting.text import count

#: Points of one line: a chart is some 600 pixels wide, more cannot be told apart and would only fill the file.
MOST_POINTS = 720
#: Bars of one series: each is an element of the page, and narrower ones cannot be told apart.
MOST_BARS = 120

Fold = Callable[[Sequence[float]], float]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The seconds of a run, several to a point when there are many.

    Attributes:
        seconds: entries of ``per_second``.
        window: from and to which second requests are due that are measured; None when that is not known.
    """

    seconds: Sequence[Mapping[str, Any]]
    window: tuple[float, float] | None

    @classmethod
    def of(cls, load: Mapping[str, Any]) -> Timeline:
        """Read the ``load`` block of ``results.json``."""
        warm_up, duration = load.get("warmup_s"), load.get("duration_s")
        window = None if warm_up is None or not duration else (float(warm_up), float(warm_up) + float(duration))
        return cls(tuple(load.get("per_second") or ()), window)

    @property
    def step(self) -> int:
        """How many seconds one point of a line stands for."""
        return self._step(MOST_POINTS)

    @property
    def bar(self) -> int:
        """How many seconds one bar stands for."""
        return self._step(MOST_BARS)

    @property
    def axis(self) -> Axis:
        """The axis of time."""
        return Axis("seconds since the load began", "second", Unit.COUNT)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The measured window."""
        return (Mark("x", self.window[0], "measured window", self.window[1]),) if self.window else ()

    def note(self, what: str) -> str:
        """Say how many seconds one point stands for and ``what`` it is of them; empty when it is one."""
        return f" Each point stands for {count(self.step, 'second')} and is {what}." if self.step > 1 else ""

    def note_of_bars(self) -> str:
        """Say how many seconds one bar stands for; empty when it is one."""
        return f" Each bar is the mean of {count(self.bar, 'second')}." if self.bar > 1 else ""

    def has(self, key: str) -> bool:
        """Tell whether any second has a figure under ``key``."""
        return any(second.get(key) is not None for second in self.seconds)

    def rates(self, name: str, key: str) -> Series:
        """Return a count as a rate; of several seconds, their mean."""
        return self._series(name, [_figure(second.get(key)) for second in self.seconds], _mean)

    def worst(self, name: str, key: str) -> Series:
        """Return a latency or a level; of several seconds, the highest: percentiles have no mean."""
        return self._series(name, [_figure(second.get(key)) for second in self.seconds], max)

    def errors(self, kind: str) -> Series:
        """Return failures of one kind as a rate, in bars."""
        return self._bars(kind, [float((second.get("errors") or {}).get(kind, 0)) for second in self.seconds])

    def failures(self) -> Series:
        """Return failures of all kinds as a rate, in bars."""
        return self._bars("failed", [float(second.get("failed") or 0) for second in self.seconds])

    def measured(self, key: str) -> list[float]:
        """Return the figures of the seconds that lie in the window as a whole."""
        start, end = self.window or (-math.inf, math.inf)
        inside = [second for second in self.seconds if start <= second["t"] and second["t"] + 1 <= end]
        return [value for second in inside if (value := _figure(second.get(key))) is not None]

    def _bars(self, name: str, values: Sequence[float]) -> Series:
        bars = self._series(name, values, _mean, self.bar)
        return replace(bars, look=Look.STACK, widths=[float(self.bar)] * len(bars.x))

    def _step(self, most: int) -> int:
        return max(1, -(-len(self.seconds) // most))

    def _series(self, name: str, values: Sequence[float | None], fold: Fold, step: int | None = None) -> Series:
        step = step or self.step
        x = [float(second["t"]) for second in self.seconds[::step]]
        y = [_fold(values[at : at + step], fold) for at in range(0, len(values), step)]
        return Series(name, x, y, Look.STEPS)


def _figure(value: float | None) -> float | None:
    return None if value is None else float(value)


def _fold(values: Iterable[float | None], fold: Fold) -> float | None:
    present = [value for value in values if value is not None]
    return fold(present) if present else None


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
