"""What the runs of the detection benchmark come to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median


class Kind(StrEnum):
    """What the mock was: correct, broken in one thing, or varied in a legal way."""

    CLEAN = "clean"
    FAULT = "fault"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one tool against one mock.

    Attributes:
        subject: name of the fault or control; empty for the correct mock.
        findings: what the tool reported, without what changes from run to run.
        requests: answers that the mock gave in the run.
        seconds: how long the tool took, its start included.
        finished: the tool was done in time and left a report; else it has no findings.
    """

    tool: str
    kind: Kind
    subject: str
    findings: frozenset[str]
    requests: int
    seconds: float
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """What one tool did.

    Attributes:
        found: names of the faults under which it reported something that it never reports of the correct mock.
        tried: how many faults it was run against.
        flagged: names of the legal variations under which it reported such a thing.
        controls: how many legal variations it was run against.
        noise: what it reports of the correct mock.
        requests, seconds: medians over the runs that were finished.
        unfinished: how many runs were cut off or left no report; they count as nothing found.
    """

    tool: str
    found: tuple[str, ...]
    tried: int
    flagged: tuple[str, ...]
    controls: int
    noise: tuple[str, ...]
    requests: float
    seconds: float
    unfinished: int


def score(tool: str, runs: Iterable[Run]) -> Score:
    """Sum up the runs of one tool."""
    own = [run for run in runs if run.tool == tool]
    clean = frozenset().union(*(run.findings for run in own if run.kind is Kind.CLEAN))
    ended = [run for run in own if run.finished]
    return Score(
        tool=tool,
        found=_deviating(own, Kind.FAULT, clean),
        tried=sum(run.kind is Kind.FAULT for run in own),
        flagged=_deviating(own, Kind.CONTROL, clean),
        controls=sum(run.kind is Kind.CONTROL for run in own),
        noise=tuple(sorted(clean)),
        requests=median(run.requests for run in ended) if ended else 0.0,
        seconds=median(run.seconds for run in ended) if ended else 0.0,
        unfinished=len(own) - len(ended),
    )


def _deviating(runs: Iterable[Run], kind: Kind, clean: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(run.subject for run in runs if run.kind is kind and run.findings - clean))


def table(scores: Sequence[Score]) -> str:
    """Return the table of the tools, in Markdown."""
    rows = [
        (
            one.tool,
            f"{len(one.found)} of {one.tried}",
            f"{len(one.flagged)} of {one.controls}",
            str(len(one.noise)),
            f"{one.requests:.0f}",
            f"{one.seconds:.1f}",
            str(one.unfinished),
        )
        for one in scores
    ]
    head = (
        "Tool",
        "Faults found",
        "Legal variations flagged",
        "Findings on the correct mock",
        "Requests (median)",
        "Seconds (median)",
        "Runs without a report",
    )
    return _markdown(head, rows)


def table_by_area(scores: Sequence[Score], faults: Iterable[str]) -> str:
    """Return in Markdown how many faults of each area the tools found; an area is the first part of a fault's name."""
    totals = Counter(name.partition(".")[0] for name in faults)
    found: Mapping[str, Counter[str]] = {
        one.tool: Counter(name.partition(".")[0] for name in one.found) for one in scores
    }
    rows = [
        (f"{area} ({total})", *(str(found[one.tool][area]) for one in scores)) for area, total in sorted(totals.items())
    ]
    return _markdown(("Area (faults)", *(one.tool for one in scores)), rows)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
