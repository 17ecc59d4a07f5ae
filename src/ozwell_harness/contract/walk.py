"""Walks along the links of the specification, by Schemathesis' state machine: upload, retrieve, delete, 404."""

from __future__ import annotations

import contextlib
from typing import Any, Protocol

import hypothesis
import hypothesis.errors
from schemathesis.generation.stateful.state_machine import StepOutput

from ozwell_harness.contract.cases import Sample
from ozwell_harness.contract.courier import answer, parcel
from ozwell_harness.contract.readings import Kind
from ozwell_harness.contract.subjects import SUBJECT_OF
from ozwell_harness.model import Exchange

#: Requests of one walk.
STEPS = 8


class Guide(Protocol):
    """Sends and judges the steps of a walk."""

    def send(self, sample: Sample) -> Exchange | None:
        """Make the exchange; None where it must not be made, or no more can."""
        ...

    def judge(self, sample: Sample, exchange: Exchange, recorder: Any) -> None:
        """Judge it; ``recorder`` is Schemathesis' record of the walk so far."""
        ...


def walk(schema: Any, tags: tuple[str, ...], base_url: str, guide: Guide, *, requests: int, seed: int) -> None:
    """Make as many walks among the operations of ``tags`` as ``requests`` allow."""
    part = schema.include(tag=list(tags))
    if not part.statistic.transitions.selected or requests < STEPS:
        return
    machine = _machine(part.as_state_machine(), base_url, guide)
    machine.rule_order_seed = seed
    hypothesis.seed(seed)(machine)
    settings = hypothesis.settings(
        max_examples=requests // STEPS,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    # It gives up when a target leaves no step to make.
    with contextlib.suppress(hypothesis.errors.HypothesisException):
        machine.run(settings=settings)


def _machine(base: Any, base_url: str, guide: Guide) -> Any:
    class Walk(base):  # type: ignore[misc]
        """Sends and judges by the guide; a step that could not be made leaves nothing behind."""

        def step(self, input: Any) -> Any:  # noqa: A002 - the name that Schemathesis gives it
            case = input.case
            exchange, packed = None, parcel(case, base_url, "generated valid request (stateful)")
            if packed is not None:
                subject = SUBJECT_OF[case.operation.definition.raw["operationId"]]
                linked = bool(input.applied_parameters)
                sample = Sample(subject, Kind.VALID, "stateful", case, packed, linked=linked)
                exchange = guide.send(sample)
            if packed is None or exchange is None:
                self.recorder.forget_case(case_id=case.id)
                return None
            response = answer(exchange, packed.request)
            if response is not None:
                self.after_call(response, case)
            guide.judge(sample, exchange, self.recorder)
            return None if response is None else StepOutput(response, case)

    return Walk
