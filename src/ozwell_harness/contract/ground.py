"""What the property phase stands on: what the run knows of the target by now, and what it may still spend."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from ozwell_harness.checks.passive import PASSIVE, PassiveCheck
from ozwell_harness.checks.ratelimit import REMAINING, value_of, window_ends
from ozwell_harness.checks.spending import last_of_key
from ozwell_harness.contract.plan import AREA, PropertyPlan
from ozwell_harness.contract.readings import Offer
from ozwell_harness.contract.subjects import SUBJECTS
from ozwell_harness.exchange import Recorder
from ozwell_harness.model import Exchange, Finding, Status
from ozwell_harness.profile import Claim, Profile
from ozwell_harness.rates import Rates
from ozwell_harness.requirements import Catalogue
from ozwell_harness.session import Session
from ozwell_harness.target import KeyName, Target

#: Requests that the phase leaves to what comes after it: its own tidying, and the last look at the target.
_LEFT_OVER = 20


@dataclass(frozen=True, slots=True)
class Ground:
    """What the phase stands on.

    Attributes:
        passive: passive checks of the requirements that this run judges, by requirement.
        owed: ids of the requirements of the dialect.
        spare: requests that the run, or the rate limit, has left for the phase; None for no bound.
        progress: is told how many requests were sent, and of how many at most.
    """

    profile: Profile
    target: Target
    recorder: Recorder
    offer: Offer
    passive: Mapping[str, PassiveCheck]
    owed: Collection[str]
    plan: PropertyPlan
    seed: int = 0
    spare: int | None = None
    progress: Callable[[int, int], None] = lambda _sent, _most: None


def ground_of(session: Session) -> Ground:
    """Return the ground that a run has come to; its capabilities have been judged."""
    budget = session.target.politeness.max_requests
    left = None if budget is None else budget - session.recorder.cost.requests
    return Ground(
        profile=session.profile,
        target=session.target,
        recorder=session.recorder,
        offer=offer_of(session.profile, session.catalogue, session.wanted, session.findings, session.target),
        passive={name: check for name, check in PASSIVE.items() if name in session.wanted},
        owed=frozenset(session.catalogue.by_id),
        plan=session.settings.property_plan or PropertyPlan(),
        seed=session.settings.seed,
        spare=spare_of(session.recorder.exchanges, session.target, session.profile.expect.rates, left),
        progress=session.observer.generated,
    )


def spare_of(exchanges: Sequence[Exchange], target: Target, rates: Rates, left: int | None) -> int | None:
    """Return how many requests may still be generated; None for no bound. Pure.

    Args:
        exchanges: those of the run so far: the last one tells what the rate limit leaves.
        target: how long it is waited for: a window that ends sooner is no bound.
        rates: how the dialect tells what it leaves.
        left: requests that the run has left (``--max-requests``); None for no bound.
    """
    last = last_of_key(exchanges, KeyName.MAIN.value)
    bounds = [] if left is None else [left]
    if last is not None:
        wait_s = min(window_ends(last, rates), default=last.started) - last.started
        bounds += [value_of(last, REMAINING)] if wait_s > target.politeness.max_wait_s else []
    return max(0, min(bounds) - _LEFT_OVER) if bounds else None


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
    operations = {
        s.operation
        for s in SUBJECTS
        if s.capability in asked and offers(s.capability) and (s.needs is None or target.offers(s.needs))
    }
    if not target.embedding_model:
        operations.discard("createEmbedding")
    return Offer(
        frozenset(operations),
        target.model,
        target.embedding_model,
        tools=offers("tools"),
        streaming=offers("streaming"),
        deployable_model=target.deployable_model,
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
