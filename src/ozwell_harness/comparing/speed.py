"""The loads of two runs held against each other. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ozwell_harness.comparing.measuring import JUDGED, PERCENTS, Measured, Name, Source
from ozwell_harness.comparing.plans import plan_differences, search_differences, unusable
from ozwell_harness.comparing.ratios import SHORT, Change, Judgement, Rule, inverse, points, ratio
from ozwell_harness.load.slo import Metric

#: Latencies between tokens, of which an answer has many: a part of the change that matters in a request matters there.
_OF_TOKENS = frozenset({Metric.TPOT, Metric.ICL})
TOKEN_SHARE = 0.1
#: Of one request in a hundred, more matters: a machine's own delays lie there. Single gaps have such tails from p90 on.
TAIL_SHARE = 4.0
_TAIL = 99
_MIDDLE = 50
_NOTHING = Change(Judgement.NOT_COMPARED, None, None)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure in both runs.

    Attributes:
        step: the kind of request; empty for all of them.
        metric: ``ttft``, ``e2e``, ``tpot``, ``icl`` (seconds), ``throughput`` (requests per second), ``error_rate`` (a
            share), or ``capacity`` (requests per second).
        percent: of a latency; None for others.
        why: why it was not compared; empty when it was.
    """

    step: str
    metric: str
    percent: int | None
    change: Change
    why: str = ""

    @property
    def words(self) -> str:
        """What it is called: ``chat_stream TTFT p50``."""
        metric = self.metric.replace("_", " ") if self.percent is None else self.metric.upper()
        return " ".join(filter(None, (self.step, metric, "" if self.percent is None else f"p{self.percent}")))


@dataclass(frozen=True, slots=True)
class Speed:
    """What became of the speed.

    Attributes:
        source: what it rests on; None when nothing was compared.
        refusals: why nothing was compared, one sentence each; empty when it was.
        rule: what counted as a difference.
    """

    source: Source | None
    refusals: tuple[str, ...]
    figures: tuple[Figure, ...]
    rule: Rule

    def judged(self, judgement: Judgement) -> tuple[Figure, ...]:
        """Return the figures that were judged so."""
        return tuple(figure for figure in self.figures if figure.change.judgement is judgement)


@dataclass(frozen=True, slots=True)
class Load:
    """One side: the ``load`` block of its results, and what was measured of it (None where that cannot be read)."""

    block: Mapping[str, Any]
    measured: Measured | None


def refusals(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return why two ``load`` blocks cannot be compared in speed, one sentence each; empty when they can."""
    return (*plan_differences(before, after), *unusable(before, "first"), *unusable(after, "second"))


def compare_speed(before: Load, after: Load, rule: Rule) -> Speed:
    """Compare two loads; what was measured of them must come from the same kind of source."""
    refused = refusals(before.block, after.block)
    if refused or before.measured is None or after.measured is None:
        return Speed(None, refused, (), rule)
    names = [name for name in _names(before.measured) if name in after.measured.latencies]
    closed = before.block.get("users") is not None
    rule = replace(rule, figures=_comparable(before.measured, after.measured, names) + 1 + closed)
    figures = [_latency(name, before, after, rule) for name in names]
    figures += [_throughput(before, after, rule)] if closed else []
    figures += [_failing(before.measured, after.measured, rule)]
    return Speed(before.measured.source, (), tuple(figures), rule)


def _names(measured: Measured) -> list[Name]:
    steps = dict.fromkeys(name.step for name in measured.latencies)
    ordered = (Name(step, metric, percent) for step in sorted(steps) for metric in JUDGED for percent in PERCENTS)
    return [name for name in ordered if name in measured.latencies]


def _comparable(before: Measured, after: Measured, names: list[Name]) -> int:
    return sum(before.latencies[name] is not None and after.latencies[name] is not None for name in names)


def _latency(name: Name, before: Load, after: Load, rule: Rule) -> Figure:
    sides = (before, after)
    one, two = (side.measured.latencies[name] if side.measured else None for side in sides)
    usual = TOKEN_SHARE if name.metric in _OF_TOKENS else 1.0
    if one is not None and two is not None and max(one.value, two.value) >= SHORT * rule.least_s * usual:
        return Figure(*name, ratio(one, two, rule, _share(name, usual)))
    known = one is not None and two is not None
    shown = [_reported(side.block, name) for side in sides]
    why = "too short to tell from the machine's own delays" if known else "too few values, or failures among them"
    return Figure(*name, replace(_NOTHING, before=shown[0], after=shown[1]), why)


def _share(name: Name, usual: float) -> float:
    """Return what part of the least change of a latency matters in this one."""
    if name.metric == Metric.ICL and name.percent > _MIDDLE:
        return TAIL_SHARE if name.percent >= _TAIL else 1.0
    return usual * TAIL_SHARE if name.percent >= _TAIL else usual


def _reported(block: Mapping[str, Any], name: Name) -> float | None:
    """Return the figure as the results have it; None where a percentile lies among failures."""
    steps = {entry["name"]: entry["metrics"] for entry in block.get("scenarios", ())}
    metrics = steps.get(name.step, {}) if name.step else block["metrics"]
    found = metrics.get(f"{name.metric}_s", {}).get(f"p{name.percent}")
    return None if found is None else float(found)


def _throughput(before: Load, after: Load, rule: Rule) -> Figure:
    """Compare what a closed loop got done, by the time that a user needs for a request: what matters is the same."""
    found = [side.measured.throughput if side.measured else None for side in (before, after)]
    one, two = found
    if one is None or two is None:
        return Figure("", "throughput", None, _NOTHING, "too few requests")
    users = float(before.block["users"])
    times = [replace(side, value=users / side.value, calm=users / side.calm) for side in (one, two)]
    return Figure("", "throughput", None, inverse(ratio(times[0], times[1], rule), users))


def _failing(before: Measured, after: Measured, rule: Rule) -> Figure:
    if before.failing is None or after.failing is None:
        return Figure("", "error_rate", None, _NOTHING, "no request was due")
    return Figure("", "error_rate", None, points(before.failing, after.failing, rule))


def compare_capacity(before: Mapping[str, Any], after: Mapping[str, Any], rule: Rule) -> tuple[tuple[str, ...], Figure]:
    """Compare what two searches found: (why they cannot be, the figure).

    Each found an interval; the capacity changed where these lie apart by more than matters.
    """
    unlike = search_differences(before, after)
    ends = before["lower_rps"], before["upper_rps"], after["lower_rps"], after["upper_rps"]
    refused = unlike or tuple(_no_interval(before, after))
    if refused:
        return refused, Figure("", "capacity", None, replace(_NOTHING, before=ends[0], after=ends[2]), refused[0])
    low, high = ends[2] / ends[1] - 1, ends[3] / ends[0] - 1
    centre = (ends[2] + ends[3]) / (ends[0] + ends[1]) - 1
    least = rule.effect / (1 + rule.effect)
    if high < -least or low > rule.effect:
        judgement = Judgement.WORSE if high < 0 else Judgement.BETTER
    else:
        judgement = Judgement.SAME if -least <= low and high <= rule.effect else Judgement.OPEN
    middle = [(ends[0] + ends[1]) / 2, (ends[2] + ends[3]) / 2]
    return (), Figure("", "capacity", None, Change(judgement, middle[0], middle[1], centre, low, high, rule.effect))


def _no_interval(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for block, which in ((before, "first"), (after, "second")):
        if not block["lower_rps"] or not block["upper_rps"]:
            yield f"The search of the {which} run found no interval ({block['status']})."
