"""What a load run amounts to, and why, in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from ozwell_harness.load.result import LoadResult
from ozwell_harness.model import Verdict


class LoadVerdict(StrEnum):
    """The outcome of a load run.

    ``nonconformant``: answers broke a MUST under load, whatever the figures; they are wrong however fast they came.
    ``invalid``: the client itself was the limit, so the figures say nothing of the target: neither pass nor fail.
    ``unanswered``: no SLO was asked for, and not one request was answered.
    ``measured``: no SLO was asked for, and the figures hold.
    """

    WITHIN_SLO = "within_slo"
    SLO_BROKEN = "slo_broken"
    MEASURED = "measured"
    NONCONFORMANT = "nonconformant"
    INVALID = "invalid"
    UNANSWERED = "unanswered"
    INTERRUPTED = "interrupted"

    @property
    def verdict(self) -> Verdict:
        """The verdict of a run that is nothing but this load; it decides the exit status."""
        if self in {LoadVerdict.WITHIN_SLO, LoadVerdict.MEASURED}:
            return Verdict.CONFORMANT
        if self in {LoadVerdict.SLO_BROKEN, LoadVerdict.NONCONFORMANT}:
            return Verdict.NONCONFORMANT
        return Verdict.INCONCLUSIVE


def decide(result: LoadResult, unexpected: Collection[str]) -> LoadVerdict:
    """Return what a load run amounts to; ``unexpected`` are requirements that it broke and no baseline expects.

    A wrong answer decides before the client's limits do: they excuse slowness, not wrongness.
    """
    if result.interrupted:
        return LoadVerdict.INTERRUPTED
    if unexpected:
        return LoadVerdict.NONCONFORMANT
    if not result.valid:
        return LoadVerdict.INVALID
    if result.slo is not None:
        return LoadVerdict.WITHIN_SLO if result.slo.met else LoadVerdict.SLO_BROKEN
    return LoadVerdict.MEASURED if result.total.counts.completed else LoadVerdict.UNANSWERED
