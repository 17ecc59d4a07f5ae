"""Finds the scenarios: ``loadtests/scenarios.py``, run by path because that folder is no package."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from pathlib import Path

from ozwell_harness.content import content_path
from ozwell_harness.load.plan import LoadPlan, PlanError
from ozwell_harness.load.scenario import Mix, combine, named


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


def choose_scenario(scenarios: Mapping[str, Mix], name: str, embedding_model: str | None) -> Mix:
    """Return the scenario of a name, without the parts that need an embedding model when there is none.

    Raises:
        PlanError: there is no such scenario, or nothing of it is possible.
    """
    return named(scenarios, name).possible(name, embedding_model)


def mix_of(scenarios: Mapping[str, Mix], plan: LoadPlan) -> Mix:
    """Return what a plan wants to be done: its own mix, or the scenario that it names.

    Raises:
        PlanError: there is no such scenario, or nothing of it is possible.
    """
    if plan.mix:
        return combine(scenarios, plan.mix, plan.embedding_model)
    return choose_scenario(scenarios, plan.scenario, plan.embedding_model)
