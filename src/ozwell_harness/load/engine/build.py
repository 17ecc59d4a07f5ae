"""Puts a worker together from a plan."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ozwell_harness.load.answer import read_answer
from ozwell_harness.load.conformance import Examiner
from ozwell_harness.load.engine.client import LoadClient
from ozwell_harness.load.engine.examination import USUAL_BUDGET, Budget, Examination
from ozwell_harness.load.engine.worker import Keeper, Listener, Worker
from ozwell_harness.load.manner import Manner
from ozwell_harness.load.nonces import Nonces
from ozwell_harness.load.plan import LoadPlan, PlanError
from ozwell_harness.load.prompts import Prompt, bundled_prompts, read_prompts
from ozwell_harness.load.reply import Reply
from ozwell_harness.load.scenario import Context, Mix
from ozwell_harness.load.scenario_file import mix_of
from ozwell_harness.load.step import Kind, Step
from ozwell_harness.load.workload import Workload
from ozwell_harness.model_choice import choose_models, listed_models
from ozwell_harness.profile import Profile, load_profile
from ozwell_harness.redaction import Redactor
from ozwell_harness.requirements import Catalogue, load_catalogue
from ozwell_harness.target import KeyName, Secret


@dataclass(frozen=True, slots=True)
class Part:
    """One worker's part in a run: the key it sends, text that is different for every run, and its number from 0."""

    key: Secret | None
    run: str
    number: int = 0


@cache
def _judges(name: str) -> tuple[Profile, Catalogue]:
    profile = load_profile(name)
    return profile, profile.select(load_catalogue())


def prepare(profile: str) -> None:
    """Read what answers are judged by, so that a worker that is made later is made at once.

    Raises:
        ProfileError: there is no such profile.
    """
    Examiner(*_judges(profile), Redactor({})).warm()


def make_client(plan: LoadPlan, key: Secret | None) -> LoadClient:
    """Return a client for the plan's target."""
    return LoadClient(plan.base_url, key, plan.timeouts, limit=plan.max_body_bytes, ca_file=plan.ca_file)


def make_worker(
    plan: LoadPlan,
    scenarios: Mapping[str, Mix],
    client: LoadClient,
    keeper: Keeper,
    listener: Listener,
    part: Part,
    budget: Budget = USUAL_BUDGET,
) -> Worker:
    """Return a worker of a run.

    Raises:
        PlanError: the scenario is unknown or impossible.
        PromptError: the prompt file cannot be used.
        ProfileError: there is no such profile.
    """
    mix = mix_of(scenarios, plan)
    nonces = Nonces(part.run, part.number)
    profile, catalogue = _judges(plan.profile)
    context = Context(
        model=plan.model,
        embedding_model=plan.embedding_model,
        prompts=_prompts(plan.workload),
        inputs=bundled_prompts("embeddings"),
        nonces=nonces,
        # Workers of one run must not walk in step.
        rng=random.Random(f"{plan.seed}/{part.number}"),  # noqa: S311 - a choice of prompts is no secret
        workload=plan.workload,
        seed=plan.seed,
        manner=Manner(usage="streaming.usage-chunk-last" in catalogue, system="chat.system-accepted" in catalogue),
    )
    context.warm(plan.arrivals)
    redactor = Redactor({part.key.reveal(): KeyName.MAIN.value} if part.key else {})
    examiner = Examiner(profile, catalogue, redactor)
    examination = Examination(examiner, nonces, plan.base_url, budget)
    return Worker(client, mix, context, keeper, listener, redactor=redactor, examination=examination)


def _prompts(workload: Workload) -> tuple[Prompt, ...]:
    return read_prompts(Path(workload.prompt_file)) if workload.prompt_file else bundled_prompts("chat")


def with_models(plan: LoadPlan, client: LoadClient) -> LoadPlan:
    """Return the plan with models named: those that it lacks are taken from the target's list.

    Raises:
        PlanError: no chat model is named and the target lists none.
    """
    if plan.model and plan.embedding_model:
        return plan
    reply = Reply(0)
    client.perform(Step("models", Kind.MODELS, "GET", "/models"), reply)
    answer = read_answer(reply, streamed=False)
    chat, embedding = choose_models(listed_models(answer.document))
    model = plan.model or chat
    if model is None:
        told = answer.detail or f"status {answer.status}"
        raise PlanError(
            f"No model is named and {plan.base_url}/models lists none ({told}):"
            " set OZWELL_MODEL, and check the URL and OZWELL_API_KEY."
        )
    return replace(plan, model=model, embedding_model=plan.embedding_model or embedding)
