"""Tells what a load may cost before anything is sent: scenarios are played through with made-up answers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from ozwell_harness.load.answer import Answer
from ozwell_harness.load.arrivals import Closed
from ozwell_harness.load.context import Context
from ozwell_harness.load.nonces import Nonces
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.prompts import bundled_prompts, read_prompts
from ozwell_harness.load.scenario import Mix
from ozwell_harness.load.scenario_file import load_scenarios, mix_of
from ozwell_harness.load.step import JSON, Step
from ozwell_harness.load.timetable import ANY_SIZE, Size
from ozwell_harness.load.trace import timetable

#: English text has about so many characters a token.
_CHARACTERS = 4.5
#: So many arrivals are played through; more would not be told apart by who reads the result.
_PLAYED = 500
#: How long an answer is taken to be where nothing says, in tokens.
_USUAL_ANSWER = 150
#: How long every answer of a closed loop is taken to last, in seconds.
ANSWER_S = 1.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a load may cost, about.

    Attributes:
        arrivals: how often a scenario begins; in a closed loop if every answer takes ``ANSWER_S``.
        completion_tokens: at most, as far as requests bound their answers.
        unbounded: requests that do not.
    """

    arrivals: int
    requests: int
    prompt_tokens: int
    completion_tokens: int
    unbounded: int


@dataclass(slots=True)
class _Bill:
    requests: int = 0
    characters: int = 0
    completion_tokens: int = 0
    unbounded: int = 0

    def add(self, step: Step) -> int:
        """Take a request; return how many tokens its answer may have."""
        self.requests += 1
        if not step.body or step.content_type != JSON:
            return 0
        body = msgspec.json.decode(step.body)
        said = [message["content"] for message in body.get("messages", ())] or [body.get("input") or body["query"]]
        self.characters += sum(map(len, said))
        if "messages" not in body:
            return 0
        tokens: int | None = body.get("max_tokens")
        self.unbounded += tokens is None
        self.completion_tokens += tokens or 0
        return _USUAL_ANSWER if tokens is None else tokens


def forecast(plan: LoadPlan) -> Forecast:
    """Play scenarios through, and count.

    Raises:
        PlanError: there is no such scenario.
        PromptError: the prompt file cannot be used.
        ArrivalsError: the trace cannot be read.
    """
    mix = mix_of(load_scenarios(), replace(plan, embedding_model=plan.embedding_model or "any"))
    context, bill = _context(plan), _Bill()
    if isinstance(plan.arrivals, Closed):
        for _ in range(_PLAYED):
            _play(mix, context, bill)
        a_run_s = ANSWER_S * bill.requests / _PLAYED + plan.arrivals.think.mean
        return _scaled(bill, round(plan.arrivals.users * plan.total_s / a_run_s), _PLAYED)
    table = timetable(plan.arrivals, plan.warmup_s, plan.duration_s, plan.seed)
    sizes = _spread(table.sizes) or [ANY_SIZE] * _PLAYED
    for size in sizes:
        _play(mix, context.sized(size), bill)
    return _scaled(bill, len(table.times), len(sizes))


def _spread(sizes: Sequence[Size]) -> Sequence[Size]:
    """Return sizes from all over a trace, at most about ``_PLAYED``."""
    return sizes[:: max(1, len(sizes) // _PLAYED)]


def _scaled(bill: _Bill, arrivals: int, played: int) -> Forecast:
    share = arrivals / played
    return Forecast(
        arrivals,
        round(bill.requests * share),
        round(bill.characters / _CHARACTERS * share),
        round(bill.completion_tokens * share),
        round(bill.unbounded * share),
    )


def _context(plan: LoadPlan) -> Context:
    file = plan.workload.prompt_file
    prompts = read_prompts(Path(file)) if file else bundled_prompts("chat")
    rng = random.Random(f"{plan.seed}/forecast")  # noqa: S311 - no secret
    inputs = bundled_prompts("embeddings")
    context = Context("any", "any", prompts, inputs, Nonces("forecast"), rng, plan.workload, plan.seed)
    context.warm(plan.arrivals)
    return context


def _play(mix: Mix, context: Context, bill: _Bill) -> None:
    flow = mix.choose(context.rng).flow(context)
    try:
        step = next(flow)
        while True:
            tokens = bill.add(step)
            step = flow.send(_answer(tokens))
    except StopIteration:
        return


def _answer(tokens: int) -> Answer:
    """Return an answer as a target might give it, with all that scenarios read from one."""
    text = "x" * max(1, round(tokens * _CHARACTERS))
    made_up: dict[str, Any] = {"id": "made-up", "deleted": True, "data": [{"id": "made-up"}], "document_id": "made-up"}
    return Answer(200, document=made_up | {"choices": [{"message": {"content": text}}]}, text=text)
