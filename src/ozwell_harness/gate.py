"""Decides, before a requirement is judged, whether it can be. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ozwell_harness.model import Finding, Requirement, Status
from ozwell_harness.profile import Claim, Profile
from ozwell_harness.target import Target, how_to_supply

#: Statuses by which a target says that it does not do this at all.
_ABSENT = frozenset({400, 404, 405, 422, 501})

#: The area that provokes 429 on purpose; everywhere else a 429 means that nothing was learned.
RATE_LIMIT_AREA = "ratelimit"
#: How a reason begins that names a prerequisite.
PREREQUISITE = "Its prerequisite "


@dataclass(frozen=True, slots=True)
class Closed:
    """The requirement is not to be judged: the status it gets instead, and why."""

    status: Status
    reason: str


def gate(requirement: Requirement, target: Target, findings: Mapping[str, Finding]) -> Closed | None:
    """Return why ``requirement`` cannot be judged now, or None.

    ``findings`` holds what has been judged so far, by requirement id.
    """
    if requirement.capability in target.absent:
        return Closed(Status.NOT_APPLICABLE, f"The owner declared {requirement.capability} absent.")
    for prerequisite in requirement.requires:
        closed = _prerequisite(prerequisite, findings.get(prerequisite))
        if closed:
            return closed
    for need in requirement.needs:
        if not target.offers(need):
            return Closed(Status.NOT_TESTABLE, f"To open this check, {how_to_supply(need)}.")
    return None


def _prerequisite(name: str, finding: Finding | None) -> Closed | None:
    if finding is None:
        return Closed(Status.NOT_TESTABLE, f"{PREREQUISITE}{name} was not judged.")
    match finding.status:
        case Status.PASSED | Status.WARNED:
            return None
        case Status.NOT_APPLICABLE:
            return Closed(Status.NOT_APPLICABLE, finding.message)
        case Status.NOT_TESTABLE:
            # The first cause is what helps; a chain of "prerequisite of a prerequisite" does not.
            return Closed(Status.NOT_TESTABLE, finding.message)
        case _:
            return Closed(Status.NOT_TESTABLE, f"{PREREQUISITE}{name} did not hold: {finding.message}")


def shows_absence(requirement: Requirement, profile: Profile, statuses: frozenset[int | None]) -> bool:
    """Tell whether a deviation only shows that a probed capability is absent.

    True for the root requirement of a probed capability when the target refused it outright.
    """
    capability = profile.capabilities.get(requirement.capability or "")
    if capability is None or capability.claim is not Claim.PROBED or capability.root != requirement.id:
        return False
    return bool(statuses) and statuses <= _ABSENT
