"""What every reporter says of a comparison, in the same words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ozwell_harness.comparing.changes import Change, Difference
from ozwell_harness.comparing.comparison import Comparison, Outcome, Side
from ozwell_harness.comparing.measuring import Source
from ozwell_harness.comparing.ratios import Judgement
from ozwell_harness.comparing.speed import TAIL_SHARE, TOKEN_SHARE, Figure, Speed
from ozwell_harness.model import Status
from ozwell_harness.reporting.summary import LABELS, stamp
from ozwell_harness.reporting.text import count, instant, number, rate, seconds

STAMPS: Mapping[Outcome, str] = {
    Outcome.NO_REGRESSION: "no regression",
    Outcome.REGRESSION: "regression",
    Outcome.INCONCLUSIVE: "inconclusive",
}
#: In the order in which a reader wants them; what stayed the same is only counted.
SECTIONS: Mapping[Change, str] = {
    Change.BROKEN: "Newly failing",
    Change.LOST: "No longer judged",
    Change.WARNED: "Newly warned",
    Change.UNCOVERED: "Deviating, and not judged before",
    Change.FIXED: "Fixed",
    Change.EASED: "Warned, and failed before",
    Change.GAINED: "Newly judged, and met",
    Change.STILL: "Deviating as before",
    Change.NEW: "Only in the second run",
    Change.GONE: "Gone from the catalogue",
    Change.LEFT_OUT: "Left out of the second run",
}
#: Sections that are only counted on a screen: nobody has to act on them.
QUIET = frozenset({Change.GAINED, Change.NEW, Change.GONE, Change.LEFT_OUT, Change.STILL})
_SOURCES: Mapping[Source, str] = {
    Source.SAMPLES: "every sample of both runs",
    Source.SECONDS: "the figures of each second in both results",
}
_LATENCY = {Judgement.WORSE: "slower", Judgement.BETTER: "faster"}
_OTHERS = {
    "throughput": {Judgement.WORSE: "lower", Judgement.BETTER: "higher"},
    "error_rate": {Judgement.WORSE: "more errors", Judgement.BETTER: "fewer errors"},
    "capacity": {Judgement.WORSE: "lower", Judgement.BETTER: "higher"},
}
_ALIKE = {
    Judgement.SAME: "same",
    Judgement.OPEN: "no difference shown",
    Judgement.NOT_COMPARED: "not compared",
}


#: A relative change beyond this looks like one, even where it is one of microseconds.
_LARGE = 0.05


@dataclass(frozen=True, slots=True)
class Row:
    """A figure in both runs, ready to show."""

    name: str
    before: str
    after: str
    change: str
    interval: str
    judgement: Judgement
    words: str


@dataclass(frozen=True, slots=True)
class Section:
    """Requirements of which the same became."""

    change: Change
    title: str
    entries: tuple[Difference, ...]


def sentence(comparison: Comparison) -> str:
    """Say in a sentence or two what the comparison amounts to."""
    broken = len(comparison.changed(Change.BROKEN))
    said = []
    if broken:
        said.append(f"{count(broken, 'requirement')} newly {'fails' if broken == 1 else 'fail'}")
    said += [_told(figure) for figure in comparison.judged(Judgement.WORSE)[:3]]
    more = len(comparison.judged(Judgement.WORSE)) - 3
    said += [f"{count(more, 'more figure')} worse"] if more > 0 else []
    if said:
        return f"{'; '.join(said)}."
    better = [_told(figure) for figure in comparison.judged(Judgement.BETTER)[:3]]
    fixed = len(comparison.changed(Change.FIXED))
    better = [f"{count(fixed, 'requirement')} fixed", *better] if fixed else better
    improved = f" Better: {'; '.join(better)}." if better else ""
    if comparison.outcome is Outcome.INCONCLUSIVE:
        return f"No regression was seen, but not everything could be compared.{improved}"
    return f"Nothing that was compared got worse.{improved}"


def _told(figure: Figure) -> str:
    row = row_of(figure)
    return f"{row.name} {row.words}: {row.before} before, {row.after} now ({row.change})"


def sections(comparison: Comparison) -> tuple[Section, ...]:
    """Return what became of the requirements, what matters most first; empty ones are left out."""
    found = [Section(change, title, comparison.changed(change)) for change, title in SECTIONS.items()]
    return tuple(section for section in found if section.entries)


def statuses(entry: Difference) -> str:
    """Say what the status was and is."""
    return f"{_status(entry.before)}, now {_status(entry.after)}"


def _status(status: Status | None) -> str:
    return "not in the run" if status is None else LABELS[status]


def side_words(side: Side) -> str:
    """Say which run it is: where it was read, what it was, when, of what, and how it ended."""
    run = side.run
    return (
        f"{side.name}: {run.command} of {run.target}, {instant(run.started)[:19].replace('T', ' ')} UTC, {stamp(run)}"
    )


def tally(comparison: Comparison) -> str:
    """Say how many requirements were compared, and how many are as they were."""
    both = sum(entry.before is not None and entry.after is not None for entry in comparison.requirements)
    alike = len(comparison.changed(Change.SAME, Change.STILL))
    return f"{count(both, 'requirement')} compared, {alike:,} as before"


def basis(speed: Speed) -> str:
    """Say what speed was compared by."""
    if speed.source is None:
        return "Speed is not compared."
    rule = speed.rule
    return (
        f"Compared by {_SOURCES[speed.source]}. A latency is called slower or faster where the whole interval"
        f" ({rate(1 - rule.risk)} confidence over all {count(rule.figures, 'figure')}) lies beyond"
        f" {rate(rule.effect)}, beyond {seconds(rule.least_s)} (between tokens: {seconds(rule.least_s * TOKEN_SHARE)};"
        f" p99: {seconds(rule.least_s * TAIL_SHARE)}) and beyond what the client itself may have added, and shows in"
        " the calmest moments of both runs, too."
    )


def rows(comparison: Comparison) -> tuple[Row, ...]:
    """Return every figure, ready to show."""
    return tuple(row_of(figure) for figure in comparison.figures)


def row_of(figure: Figure) -> Row:
    """Return a figure, ready to show."""
    change = figure.change
    words = _OTHERS.get(figure.metric, _LATENCY) | _ALIKE
    said = words[change.judgement] + (f": {figure.why}" if figure.why else "")
    if change.judgement is Judgement.SAME and _looks_large(figure):
        said = "too small to matter"
    return Row(
        figure.words,
        _value(figure, change.before),
        _value(figure, change.after),
        _signed(figure, change.change),
        f"{_signed(figure, change.low)} to {_signed(figure, change.high)}" if change.low is not None else "-",
        change.judgement,
        said,
    )


def _looks_large(figure: Figure) -> bool:
    return figure.metric != "error_rate" and abs(figure.change.change or 0.0) > _LARGE


def unjudged(comparison: Comparison) -> tuple[str, ...]:
    """Say which figures were not compared, one sentence for each reason."""
    why: dict[str, list[str]] = {}
    for figure in comparison.judged(Judgement.NOT_COMPARED):
        why.setdefault(figure.why, []).append(figure.words)
    return tuple(f"Not compared ({reason}): {', '.join(names)}." for reason, names in why.items())


def _value(figure: Figure, value: float | None) -> str:
    if figure.metric in {"throughput", "capacity"}:
        return "-" if value is None else f"{number(value)}/s"
    return rate(value) if figure.metric == "error_rate" else seconds(value)


def _signed(figure: Figure, change: float | None) -> str:
    """Return a relative change, or one in points, with its sign."""
    if change is None:
        return "-"
    # Hundredths of a percent are noise to a reader.
    shown = round(change * 100, 1 if abs(change) < 1 else 0) or 0.0
    sign = "+" if shown > 0 else ""
    return f"{sign}{shown:,g}{' points' if figure.metric == 'error_rate' else '%'}"
