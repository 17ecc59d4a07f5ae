"""Findings to a verdict and an exit status. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from ozwell_harness.model import BaselineComparison, Finding, Status, Tally, Verdict

_JUDGED = (Status.PASSED, Status.FAILED, Status.WARNED)
#: Several tests may judge one requirement; the first of these that occurs is what the requirement gets.
_GRAVITY = (
    Status.FAILED,
    Status.ERROR,
    Status.WARNED,
    Status.PASSED,
    Status.NOT_TESTABLE,
    Status.NOT_APPLICABLE,
)

EXIT_OK = 0
EXIT_NONCONFORMANT = 1
EXIT_USAGE = 2
EXIT_INCONCLUSIVE = 3
EXIT_INTERRUPTED = 130


def tally(findings: Iterable[Finding]) -> Tally:
    """Count findings; score and coverage stay None where nothing was judged or applicable."""
    counts: Mapping[Status, int] = Counter(finding.status for finding in findings)
    judged = sum(counts.get(status, 0) for status in _JUDGED)
    applicable = judged + counts.get(Status.NOT_TESTABLE, 0) + counts.get(Status.ERROR, 0)
    return Tally(
        counts={status: counts.get(status, 0) for status in Status},
        score=counts.get(Status.PASSED, 0) / judged if judged else None,
        coverage=judged / applicable if applicable else None,
    )


def decide(findings: Iterable[Finding], baseline: BaselineComparison | None = None) -> Verdict:
    """Return the verdict.

    A broken MUST that no baseline expects decides at once, and so does a baseline that is no longer true. Without
    them, an error of the harness, or a run that judged nothing, is never green.
    """
    known = tuple(findings)
    baseline = baseline or BaselineComparison()
    counts = tally(known).counts
    failed = {finding.requirement for finding in known if finding.status is Status.FAILED}
    if failed - baseline.expected or baseline.stale:
        return Verdict.NONCONFORMANT
    judged = sum(counts[status] for status in _JUDGED)
    if counts[Status.ERROR] or not judged:
        return Verdict.INCONCLUSIVE
    return Verdict.CONFORMANT


def doubted(verdict: Verdict) -> Verdict:
    """Return the verdict of a run that missed a part of itself: what failed stands, but nothing makes it green."""
    return verdict if verdict is Verdict.NONCONFORMANT else Verdict.INCONCLUSIVE


def gravest(findings: Iterable[Finding]) -> Finding:
    """Return the finding that stands for a requirement which several tests judged."""
    return min(findings, key=lambda finding: _GRAVITY.index(finding.status))


def exit_status(verdict: Verdict, *, interrupted: bool = False) -> int:
    """Return the process exit status for a verdict."""
    if interrupted:
        return EXIT_INTERRUPTED
    return {
        Verdict.CONFORMANT: EXIT_OK,
        Verdict.NONCONFORMANT: EXIT_NONCONFORMANT,
        Verdict.INCONCLUSIVE: EXIT_INCONCLUSIVE,
    }[verdict]
