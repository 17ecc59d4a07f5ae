"""What the figures of a client are worth beside the truth. Pure; times in milliseconds unless named otherwise."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ozwell_harness.load.metrics import percentile


@dataclass(frozen=True, slots=True)
class Fact:
    """What the mock knows of a request: absolute nanoseconds."""

    received: int
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What a client told of a request; None and empty for what it does not tell.

    Attributes:
        key: what finds the request in the truth log.
        ttft: time to the first token.
        gaps: times between token-bearing chunks.
        stamps: absolute arrivals of the chunks, nanoseconds of the machine's monotonic clock.
        merged: how many chunks it read together with an earlier one, so that their stamps are upper bounds.
    """

    key: str
    ttft: float | None
    gaps: tuple[float, ...] = ()
    stamps: tuple[int, ...] = ()
    merged: int | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, 99th percentile, and how many values they stand for."""

    p50: float
    p99: float
    count: int


@dataclass(frozen=True, slots=True)
class Score:
    """One client at one number of streams.

    Attributes:
        true_ttft, told_ttft: of the requests that were found in both.
        ttft_error, gap_error, stamp_error: absolute differences.
        merged: the share of chunks that the client says it read together with an earlier one; None if it does not say.
        matched, requests: how many requests were compared, and how many the mock answered in all.
        rate: answers per second, from the first that is compared to the last; ``ideal`` without any loss between them.
    """

    tool: str
    streams: int
    true_ttft: Spread | None
    told_ttft: Spread | None
    ttft_error: Spread | None
    gap_error: Spread | None
    stamp_error: Spread | None
    merged: float | None
    matched: int
    requests: int
    rate: float
    ideal: float


def score(
    tool: str, streams: int, truth: Mapping[str, Fact], told: Sequence[Told], warm_up: int, ideal: float
) -> Score:
    """Compare; the first ``warm_up`` requests by arrival are left out, since they also open connections."""
    later = sorted(truth, key=lambda key: truth[key].received)[warm_up:]
    known = {one.key: one for one in told}
    pairs = [(truth[key], known[key]) for key in later if key in known]
    timed = [(true, one, one.ttft) for true, one in pairs if one.ttft is not None and true.tokens]
    ttft = [(_ms(true.tokens[0] - true.received), told_ms) for true, _, told_ms in timed]
    return Score(
        tool,
        streams,
        spread([true for true, _ in ttft]),
        spread([told_ms for _, told_ms in ttft]),
        spread([abs(told_ms - true) for true, told_ms in ttft]),
        spread([error for true, one in pairs for error in _gap_errors(true, one)]),
        spread([abs(_ms(a - b)) for true, one in pairs for a, b in _stamped(true, one)]),
        _merged(pairs),
        len(timed),
        len(truth),
        _rate([truth[key] for key in later]),
        ideal,
    )


def _gap_errors(true: Fact, told: Told) -> list[float]:
    gaps = [_ms(b - a) for a, b in itertools.pairwise(true.tokens)]
    # A client that merged or split chunks has another number of gaps; which is which cannot be told then.
    return [abs(a - b) for a, b in zip(gaps, told.gaps, strict=True)] if len(gaps) == len(told.gaps) else []


def _stamped(true: Fact, told: Told) -> list[tuple[int, int]]:
    same = len(true.tokens) == len(told.stamps)
    return list(zip(told.stamps, true.tokens, strict=True)) if same else []


def _merged(pairs: Sequence[tuple[Fact, Told]]) -> float | None:
    said = [(one.merged, len(true.tokens)) for true, one in pairs if one.merged is not None]
    return sum(merged for merged, _ in said) / sum(tokens for _, tokens in said) if said else None


def _rate(requests: Sequence[Fact]) -> float:
    if not requests:
        return 0.0
    took = max(one.tokens[-1] for one in requests) - min(one.received for one in requests)
    return len(requests) / (took / 1e9) if took else math.inf


def spread(values: Sequence[float]) -> Spread | None:
    """Return the median and the 99th percentile, None of nothing."""
    ordered = sorted(values)
    return Spread(percentile(ordered, 50), percentile(ordered, 99), len(ordered)) if ordered else None


def _ms(ns: int) -> float:
    return ns / 1e6


def table(scores: Sequence[Score]) -> str:
    """Return the table, in Markdown."""
    head = (
        "Client", "Streams", "True TTFT p50", "Told TTFT p50", "TTFT error p50 / p99", "Gap error p50 / p99",
        "Stamp error p50 / p99", "Merged chunks", "Compared", "Answers/s of ideal",
    )  # fmt: skip
    rows = [
        (
            one.tool,
            str(one.streams),
            _single(one.true_ttft),
            _single(one.told_ttft),
            _both(one.ttft_error),
            _both(one.gap_error),
            _both(one.stamp_error),
            "-" if one.merged is None else f"{one.merged:.2%}",
            str(one.matched),
            f"{one.rate / one.ideal:.0%}",
        )
        for one in scores
    ]
    lines = [f"| {' | '.join(row)} |" for row in (head, ("---", *("---:" for _ in head[1:])), *rows)]
    return "\n".join(lines) + "\n"


def _single(value: Spread | None) -> str:
    return f"{value.p50:.2f}" if value else "-"


def _both(value: Spread | None) -> str:
    return f"{value.p50:.3f} / {value.p99:.3f}" if value else "-"
