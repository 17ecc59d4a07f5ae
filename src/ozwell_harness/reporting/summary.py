"""What every reporter says of a run first, in the same words: verdict, score with coverage, areas, where to look."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ozwell_harness.gate import PREREQUISITE
from ozwell_harness.model import Finding, Requirement, Run, Status, Verdict
from ozwell_harness.reporting.text import count, percent

#: Gravest first: the order of columns, of filters and of findings within an area.
ORDER = (
    Status.FAILED,
    Status.ERROR,
    Status.WARNED,
    Status.NOT_TESTABLE,
    Status.NOT_APPLICABLE,
    Status.PASSED,
)
#: What a reader must act on.
NOTABLE = (Status.FAILED, Status.ERROR, Status.WARNED)

LABELS: Mapping[Status, str] = {
    Status.FAILED: "failed",
    Status.ERROR: "error",
    Status.WARNED: "warned",
    Status.NOT_TESTABLE: "not testable",
    Status.NOT_APPLICABLE: "not applicable",
    Status.PASSED: "passed",
}

MEANINGS: Mapping[Status, str] = {
    Status.FAILED: "A MUST is broken.",
    Status.ERROR: "The harness itself failed here; this says nothing about the target.",
    Status.WARNED: "A SHOULD is broken, or a model might have done otherwise.",
    Status.NOT_TESTABLE: "A prerequisite is missing, so this was not judged.",
    Status.NOT_APPLICABLE: "The target does not claim this.",
    Status.PASSED: "The target does what it owes.",
}

_UNJUDGED = (Status.NOT_TESTABLE, Status.NOT_APPLICABLE)

#: Parts of an answer that differ from call to call: ids, stamps.
_VARYING = re.compile(r"[0-9a-f]{6,}|\d{4,}")


@dataclass(frozen=True, slots=True)
class AreaRow:
    """Counts of findings in one area; every status is present."""

    area: str
    counts: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class Pointer:
    """A finding to look at first.

    Attributes:
        blocked: requirements that could not be judged because this one does not hold.
        alike: further findings with the same message and the same evidence.
    """

    finding: Finding
    blocked: int = 0
    alike: int = 0

    @property
    def weight(self) -> str:
        """What hangs on it, in a few words; empty when nothing does."""
        said = []
        if self.alike:
            said.append(f"{count(self.alike, 'more finding')} like it")
        if self.blocked:
            said.append(f"keeps {count(self.blocked, 'other')} from being judged")
        return "; ".join(said)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why so many requirements were not judged."""

    status: Status
    message: str
    amount: int


#: What a load by itself amounts to, as a stamp and as a sentence.
_LOAD_VERDICTS: Mapping[str, tuple[str, str]] = {
    "within_slo": ("within SLO", "Every term of the SLO is met."),
    "slo_broken": ("SLO not met", "The target broke the SLO."),
    "measured": ("measured", "No SLO was asked for; the figures are valid."),
    "nonconformant": ("nonconformant", "Under load, answers broke requirements that the target MUST meet."),
    "invalid": ("invalid", "Neither pass nor fail: the figures do not speak of the target."),
    "unanswered": ("unanswered", "Not one request was answered, so nothing was measured."),
    "interrupted": ("interrupted", "The load was interrupted."),
}


#: What a search for the capacity amounts to, as a stamp and as a sentence.
_CAPACITY_VERDICTS: Mapping[str, tuple[str, str]] = {
    "found": ("capacity found", "The highest rate within the SLO lies in an interval."),
    "at_least": ("within SLO", "The SLO is met at the highest rate that was to be tried."),
    "below": ("SLO not met", "The SLO is not met even at the lowest rate that was tried."),
    "client_limited": ("invalid", "Neither pass nor fail: the client could not offer more."),
    "unreachable": ("unreachable", "Nothing could be measured."),
    "undecided": ("undecided", "The time given did not suffice to decide anything."),
    "interrupted": ("interrupted", "The search was interrupted."),
}


def stamp(run: Run) -> str:
    """Return the verdict in a word or two."""
    if run.capacity is not None:
        broken = run.verdict is Verdict.NONCONFORMANT and run.tally.counts.get(Status.FAILED, 0)
        return run.verdict.value if broken else _CAPACITY_VERDICTS[run.capacity["status"]][0]
    load = run.load or {}
    return _LOAD_VERDICTS[load["verdict"]][0] if "verdict" in load else run.verdict.value


def verdict_sentence(run: Run) -> str:
    """Say in one sentence why the verdict is what it is."""
    if run.capacity is not None and not run.tally.counts.get(Status.FAILED, 0):
        return _CAPACITY_VERDICTS[run.capacity["status"]][1]
    if run.load is not None and "verdict" in run.load:
        return _LOAD_VERDICTS[run.load["verdict"]][1]
    failed = run.tally.counts.get(Status.FAILED, 0)
    if run.interrupted:
        return f"The run was interrupted; {count(failed, 'requirement')} had failed until then."
    warned = run.tally.counts.get(Status.WARNED, 0)
    warnings = f" ({count(warned, 'warning')})" if warned else ""
    match run.verdict:
        case Verdict.CONFORMANT:
            return f"Every MUST that was judged is met{_but_for_known(run)}{warnings}."
        case Verdict.NONCONFORMANT:
            return f"{_broken(run, failed)}{warnings}."
        case Verdict.INCONCLUSIVE:
            return _inconclusive(run)


def _but_for_known(run: Run) -> str:
    known = sum(f.status is Status.FAILED and f.requirement in run.baseline.expected for f in run.findings)
    return f", but for {count(known, 'known deviation')}" if known else ""


def _broken(run: Run, failed: int) -> str:
    said = []
    if failed:
        said.append(f"{count(failed, 'requirement')} that the target MUST meet {_is_are(failed)} not met")
    if run.baseline.stale:
        stale = len(run.baseline.passing | run.baseline.expired)
        said.append(f"the baseline is no longer true for {count(stale, 'requirement')}")
    sentence = "; ".join(said) or "the target does not conform"
    return sentence[0].upper() + sentence[1:]


def _inconclusive(run: Run) -> str:
    counts = run.tally.counts
    errors = counts.get(Status.ERROR, 0)
    if errors:
        return f"The harness itself failed on {count(errors, 'requirement')}."
    if not any(counts.get(status, 0) for status in (Status.FAILED, Status.WARNED, Status.PASSED)):
        return "Nothing could be judged."
    if run.undecided:
        return "No MUST that was judged is broken, but what most depends on could not be judged."
    return "What was judged does not carry a verdict."


def _is_are(amount: int) -> str:
    return "is" if amount == 1 else "are"


def score_words(run: Run) -> str:
    """Say the score and, always beside it, the coverage and what was left out."""
    counts = run.tally.counts
    judged = sum(counts.get(s, 0) for s in (Status.PASSED, Status.FAILED, Status.WARNED))
    open_, errors = counts.get(Status.NOT_TESTABLE, 0), counts.get(Status.ERROR, 0)
    applicable = judged + open_ + errors
    said = [
        f"score {percent(run.tally.score)} ({counts.get(Status.PASSED, 0)} of {judged} judged passed)",
        f"coverage {percent(run.tally.coverage)} ({judged} of {applicable} that apply were judged)",
        f"{open_} not testable",
        f"{counts.get(Status.NOT_APPLICABLE, 0)} not applicable",
    ]
    return ", ".join(said + ([count(errors, "error")] if errors else []))


def area_rows(run: Run) -> tuple[AreaRow, ...]:
    """Return the matrix of areas by statuses, areas in the order of the findings."""
    found: dict[str, Counter[Status]] = defaultdict(Counter)
    for finding in run.findings:
        found[finding.area][finding.status] += 1
    return tuple(AreaRow(area, {status: counts[status] for status in ORDER}) for area, counts in found.items())


def look_first(run: Run, requirements: Iterable[Requirement] = (), *, most: int = 5) -> tuple[Pointer, ...]:
    """Return what to look at first: gravest first, then what keeps most others from being judged.

    Findings that say the same of the same evidence count as one.
    """
    blocked = _blocked(run, requirements)
    groups: dict[tuple[Status, str, str], list[Finding]] = defaultdict(list)
    for finding in run.findings:
        if finding.status in NOTABLE:
            groups[finding.status, finding.message, _VARYING.sub("#", finding.actual)].append(finding)
    pointers = []
    for found in groups.values():
        first = max(found, key=lambda finding: blocked[finding.requirement])
        pointers.append(Pointer(first, blocked[first.requirement], len(found) - 1))
    pointers.sort(key=lambda p: (NOTABLE.index(p.finding.status), -p.blocked, -p.alike))
    return tuple(pointers[:most])


def unjudged(run: Run, told: Iterable[str] = (), *, most: int = 4) -> tuple[Cause, ...]:
    """Return why requirements were not judged, the commonest cause first; what happened to one only is left out.

    ``told`` are requirements that the reader has been shown already, with what hangs on them.
    """
    known = {f"{PREREQUISITE}{requirement} " for requirement in told}
    counts = Counter(
        (finding.status, finding.message)
        for finding in run.findings
        if finding.status in _UNJUDGED and not finding.message.startswith(tuple(known))
    )
    causes = [Cause(status, message, amount) for (status, message), amount in counts.most_common() if amount > 1]
    return tuple(causes[:most])


def _blocked(run: Run, requirements: Iterable[Requirement]) -> Counter[str]:
    """Count, for each requirement, those not testable that need it, directly or not."""
    requires = {requirement.id: requirement.requires for requirement in requirements}
    counts: Counter[str] = Counter()
    for finding in run.findings:
        if finding.status is Status.NOT_TESTABLE:
            counts.update(_needed(finding.requirement, requires))
    return counts


def _needed(name: str, requires: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    needed: set[str] = set()
    waiting = list(requires.get(name, ()))
    while waiting:
        prerequisite = waiting.pop()
        if prerequisite not in needed:
            needed.add(prerequisite)
            waiting += requires.get(prerequisite, ())
    return frozenset(needed)
