"""Reads samples one by one and keeps what every figure needs: counts, and the latencies as columns. Pure but for them.

A run may have millions of samples: none is kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from ozwell_harness.load.columns import Column, Ordered, Spill
from ozwell_harness.load.documents import documents_left_by
from ozwell_harness.load.files import files_left_by
from ozwell_harness.load.metrics import Window, answer_tokens, icl_ns, lateness_ns, meets, spoils, value_ns
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.reply import ErrorKind
from ozwell_harness.load.samples import Sample
from ozwell_harness.load.series import Series
from ozwell_harness.load.slo import Metric
from ozwell_harness.load.summaries import Counts, Tokens
from ozwell_harness.model import Cost

#: Columns hold nanoseconds and give out seconds.
NANOSECONDS = 1e9
#: The latencies that are reported of every step of a scenario.
REPORTED = (Metric.TTFT, Metric.E2E, Metric.SERVICE, Metric.TPOT, Metric.ICL, Metric.STALL)


class StepTally:
    """The requests of one step that were due in the window."""

    def __init__(self, *, from_due: bool, spill: Spill | None) -> None:
        self._from_due = from_due
        self._columns = {metric: Column(NANOSECONDS, spill) for metric in REPORTED}
        self._one_value = tuple((m, column) for m, column in self._columns.items() if m is not Metric.ICL)
        self._sent = self._completed = self._failed = self._censored = 0

    def add(self, sample: Sample) -> None:
        """Take a sample."""
        self._sent += sample.attempted
        if sample.censored:
            self._censored += 1
        elif sample.failed:
            self._failed += 1
            for metric, column in self._columns.items():
                column.infinite += spoils(sample, metric)
        else:
            self._completed += 1
            self._add_values(sample)

    @property
    def counts(self) -> Counts:
        """Its requests."""
        return Counts(self._sent, self._completed, self._failed, self._censored)

    def latencies(self) -> Mapping[Metric, Ordered]:
        """Return its latencies, in seconds."""
        return {metric: column.ordered() for metric, column in self._columns.items()}

    def _add_values(self, sample: Sample) -> None:
        for metric, column in self._one_value:
            value = value_ns(sample, metric, from_due=self._from_due)
            if value is not None:
                column.add(value)
        if len(sample.tokens) > 1:
            self._columns[Metric.ICL].extend(icl_ns(sample))


class TokenCount:
    """Counts the tokens of completed requests."""

    def __init__(self) -> None:
        self._prompt = self._completion = 0
        self._streamed = self._events = 0
        self._counted = self._from_usage = 0

    def add(self, sample: Sample) -> None:
        """Take a sample; one that did not complete has no tokens."""
        if not sample.completed:
            return
        tokens = answer_tokens(sample)
        self._prompt += sample.prompt_tokens or 0
        self._completion += tokens
        if sample.tokens:
            self._streamed += tokens
            self._events += len(sample.tokens)
        if tokens:
            self._counted += 1
            self._from_usage += sample.completion_tokens is not None

    def tokens(self, window: Window) -> Tokens:
        """Return the figures."""
        return Tokens(
            prompt=self._prompt,
            completion=self._completion,
            completion_per_s=self._completion / window.seconds if window.seconds else 0.0,
            per_chunk=self._streamed / self._events if self._events else None,
            from_usage=self._from_usage / self._counted if self._counted else None,
        )


@dataclass(frozen=True, slots=True)
class Frequencies:
    """Numbers in ascending order, each with how many there are up to it; a sequence of them all."""

    values: tuple[int, ...]
    up_to: tuple[int, ...]

    @classmethod
    def of(cls, counted: Mapping[int, int]) -> Frequencies:
        """Put counted numbers in order."""
        values = sorted(counted)
        return cls(tuple(values), tuple(accumulate(counted[value] for value in values)))

    def __len__(self) -> int:
        return self.up_to[-1] if self.up_to else 0

    def __getitem__(self, place: int) -> float:
        return self.values[bisect_right(self.up_to, place)]


class Reckoning:
    """Everything that is computed from the samples of a run."""

    def __init__(self, plan: LoadPlan, window: Window, zero: int, spill: Spill | None = None) -> None:
        self._plan = plan
        self._window = window
        self._spill = spill
        self._terms = plan.slo.latency_terms if plan.slo else ()
        self._lateness = Column(NANOSECONDS, spill)
        self._lags: Counter[int] = Counter()
        self._events = self._merged = 0
        self.steps: dict[str, StepTally] = {}
        self.tokens = TokenCount()
        self.series = Series(zero, from_due=plan.open_loop)
        self.errors: Counter[str] = Counter()
        self.details: dict[str, str] = {}
        self.broken: Counter[str] = Counter()
        self.due = self.attained = self.judged = self.files_left = self.documents_left = 0
        self._requests = self._prompt_tokens = self._completion_tokens = 0

    def add(self, samples: Iterable[Sample]) -> None:
        """Take samples, in any order."""
        start, end, judged_by_slo = self._window.start, self._window.end, self._plan.slo is not None
        for sample in samples:
            attained = judged_by_slo and meets(sample, self._terms, from_due=self._plan.open_loop)
            self.series.add(sample, attained=attained)
            if sample.broken:
                self.broken.update(sample.broken)
            self.judged += sample.judged
            self.files_left += files_left_by(sample)
            self.documents_left += documents_left_by(sample)
            if sample.attempted:
                self._requests += 1
                self._prompt_tokens += sample.prompt_tokens or 0
                self._completion_tokens += answer_tokens(sample)
            if start <= sample.due < end:
                self.due += 1
                self.attained += attained
                self._add_due(sample)

    @property
    def spent(self) -> Cost:
        """What the whole run cost."""
        return Cost(self._requests, self._prompt_tokens, self._completion_tokens)

    @property
    def unsent(self) -> int:
        """Arrivals that were due in the window and never sent."""
        return self.errors[ErrorKind.UNSENT]

    @property
    def merged_share(self) -> float | None:
        """Token-bearing events that shared a read with an earlier one, of all; None without any."""
        return self._merged / self._events if self._events else None

    def lateness(self) -> Ordered:
        """Return the send lateness of every request, in seconds."""
        return self._lateness.ordered()

    def lags(self) -> Frequencies:
        """Return the receive lag of every read, in microseconds."""
        return Frequencies.of(self._lags)

    def _add_due(self, sample: Sample) -> None:
        step = self.steps.get(sample.step)
        if step is None:
            step = self.steps[sample.step] = StepTally(from_due=self._plan.open_loop, spill=self._spill)
        step.add(sample)
        self.tokens.add(sample)
        if sample.failed and sample.error:
            self.errors[sample.error] += 1
            self.details.setdefault(sample.error, sample.detail)
        late = lateness_ns(sample)
        if late is not None:
            self._lateness.add(late)
        self._lags.update(sample.lags)
        self._events += len(sample.tokens)
        self._merged += sample.merged
