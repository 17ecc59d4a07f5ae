"""Finds the scenarios: ``loadtests/scenarios.py``, run by path because that folder is no package."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ozwell_harness.content import content_path
from ozwell_harness.load.plan import LoadPlan, PlanError
from ozwell_harness.load.scenario import Mix, Offer, combine, named
from ozwell_harness.profile import Claim, load_profile


def load_scenarios(path: Path | None = None) -> Mapping[str, Mix]:
    """Return the scenarios by name.

    Raises:
        PlanError: the file names none.
        FileNotFoundError: the installation lacks it.
    """
    found = runpy.run_path(str(path or content_path("loadtests", "scenarios.py"))).get("SCENARIOS")
    if not isinstance(found, Mapping) or not found:
        raise PlanError("The scenario file must define SCENARIOS: names and their mixes.")
    return found


def offer_of(profile: str, embedding_model: str | None) -> Offer:
    """Return what a target of a dialect can be asked for.

    Raises:
        ProfileError: there is no such profile.
    """
    capabilities = load_profile(profile).capabilities
    owed = frozenset(name for name, capability in capabilities.items() if capability.claim is Claim.REQUIRED)
    return Offer(profile, frozenset(capabilities), owed, embedding_model is not None)


def mix_of(scenarios: Mapping[str, Mix], plan: LoadPlan) -> Mix:
    """Return what a plan wants to be done: its own mix, or the scenario that it names.

    Raises:
        PlanError: there is no such scenario, or nothing of it is possible.
        ProfileError: there is no such profile.
    """
    offer = offer_of(plan.profile, plan.embedding_model)
    if plan.mix:
        return combine(scenarios, plan.mix, offer)
    return named(scenarios, plan.scenario).possible(plan.scenario, offer)


def check_offered(plan: LoadPlan, profile: str) -> None:
    """See that what a plan wants exists in a dialect, before a target is asked which models it has.

    Raises:
        PlanError: it does not.
        ProfileError: there is no such profile.
    """
    mix_of(load_scenarios(), replace(plan, profile=profile, embedding_model="any"))
