"""What the property phase stands on: what the run knows of the target by now, and what it may still spend."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from ozwell_harness.checks.passive import PASSIVE, PassiveCheck
from ozwell_harness.contract.plan import AREA, PropertyPlan
from ozwell_harness.contract.readings import Offer
from ozwell_harness.contract.subjects import SUBJECTS
from ozwell_harness.exchange import Recorder
from ozwell_harness.model import Finding, Status
from ozwell_harness.profile import Claim, Profile
from ozwell_harness.requirements import Catalogue
from ozwell_harness.session import Session
from ozwell_harness.target import Target

#: Requests that the phase leaves to what comes after it: its own tidying, and the last look at the target.
_LEFT_OVER = 20


@dataclass(frozen=True, slots=True)
class Ground:
    """What the phase stands on.

    Attributes:
        passive: passive checks of the requirements that this run judges, by requirement.
        spare: requests that the run has left (``--max-requests``); None for no bound.
        progress: is told how many requests were sent, and of how many at most.
    """

    profile: Profile
    target: Target
    recorder: Recorder
    offer: Offer
    passive: Mapping[str, PassiveCheck]
    plan: PropertyPlan
    seed: int = 0
    spare: int | None = None
    progress: Callable[[int, int], None] = lambda _sent, _most: None


def ground_of(session: Session) -> Ground:
    """Return the ground that a run has come to; its capabilities have been judged."""
    budget = session.target.politeness.max_requests
    sent = session.recorder.cost.requests
    return Ground(
        profile=session.profile,
        target=session.target,
        recorder=session.recorder,
        offer=offer_of(session.profile, session.catalogue, session.wanted, session.findings, session.target),
        passive={name: check for name, check in PASSIVE.items() if name in session.wanted},
        plan=session.settings.property_plan or PropertyPlan(),
        seed=session.settings.seed,
        spare=None if budget is None else max(0, budget - sent - _LEFT_OVER),
        progress=session.observer.generated,
    )


def offer_of(
    profile: Profile,
    catalogue: Catalogue,
    wanted: Collection[str],
    findings: Mapping[str, Finding],
    target: Target,
) -> Offer:
    """Return what may be asked: operations whose capability is wanted here and offered there. Pure."""

    def offers(capability: str) -> bool:
        return capability in profile.capabilities and _is_offered(capability, profile, findings, target)

    asked = {catalogue[name].capability for name in wanted if catalogue[name].area == AREA}
    if "streaming" in asked:
        asked.add("chat")
    operations = {s.operation for s in SUBJECTS if s.capability in asked and offers(s.capability)}
    if not target.embedding_model:
        operations.discard("createEmbedding")
    return Offer(
        frozenset(operations),
        target.model,
        target.embedding_model,
        tools=offers("tools"),
        streaming=offers("streaming"),
    )


def _is_offered(capability: str, profile: Profile, findings: Mapping[str, Finding], target: Target) -> bool:
    """Tell whether a capability was seen to be there; one that was not looked at is, where the profile demands it."""
    if capability in target.absent:
        return False
    known = profile.capabilities[capability]
    finding = findings.get(known.root)
    if finding is None:
        return known.claim is Claim.REQUIRED
    return finding.status in {Status.PASSED, Status.WARNED}
