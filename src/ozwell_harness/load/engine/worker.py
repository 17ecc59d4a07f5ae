"""One worker process: makes requests by scenario, and turns every one of them into a sample, to the last."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import gevent
from gevent import GreenletExit

from ozwell_harness.load.answer import Answer, read_answer, read_file, read_messages
from ozwell_harness.load.engine.client import LoadClient
from ozwell_harness.load.engine.examination import Examination
from ozwell_harness.load.files import deletion
from ozwell_harness.load.reply import UNREACHABLE, ErrorKind, Reply, ReplyError
from ozwell_harness.load.samples import Record, Sample
from ozwell_harness.load.scenario import Context, Flow, Mix, Scenario
from ozwell_harness.load.step import Kind, Step
from ozwell_harness.load.timetable import ANY_SIZE, Size
from ozwell_harness.redaction import Redactor

_DETAIL = 300
#: What a target answers to a deletion that leaves nothing behind.
_GONE = frozenset({200, 204, 404})
_HARMLESS = frozenset({"", "stop", "length", "tool_calls", "content_filter"})
NONE_BROKEN: tuple[str, ...] = ()


class Keeper(Protocol):
    """Takes records."""

    def add(self, record: Record) -> None:
        """Take a record."""

    def close(self) -> None:
        """Give back what is held."""


#: Told of every sample that was sent, with its step: Locust's own statistics are kept this way.
Listener = Callable[[Step, Sample], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of a scenario ended; ``unreachable`` when the target did not even take the connection."""

    failed: bool = False
    unreachable: bool = False


class Worker:
    """Runs scenarios. Any number of greenlets may call ``run`` at once."""

    def __init__(
        self,
        client: LoadClient,
        mix: Mix,
        context: Context,
        keeper: Keeper,
        listener: Listener,
        *,
        redactor: Redactor,
        examination: Examination | None = None,
    ) -> None:
        self._client = client
        self._mix = mix
        self._context = context
        self._keeper = keeper
        self._listener = listener
        self._redactor = redactor
        self._examination = examination
        self.in_flight = 0

    @property
    def rng(self) -> random.Random:
        """The worker's own source of chance."""
        return self._context.rng

    def run(self, due: int, size: Size = ANY_SIZE) -> Outcome:
        """Run one scenario whose first request is due at ``due``; the others are due when their forerunner ended.

        ``size`` says how long prompt and answer are to be, where a trace does.
        """
        context = self._context if size is ANY_SIZE else self._context.sized(size)
        scenario = self._mix.choose(context.rng)
        flow, answer, outcome = scenario.flow(context), None, Outcome()
        while True:
            step = self._next(scenario, flow, answer, due)
            if step is None:
                return outcome
            answer, outcome = self._request(scenario, step, due)
            due = time.monotonic_ns()

    def unsent(self, due: int, reason: str) -> None:
        """Record an arrival that was due and is not sent."""
        name = self._mix.choose(self._context.rng).name
        self._keeper.add(Sample(scenario=name, step=name, due=due, error=ErrorKind.UNSENT.value, detail=reason))

    def clear(self, patience_s: float) -> int:
        """Delete the files that the target still holds of this worker's; return how many are left after the patience.

        Every scenario deletes its own file; these are of scenarios that were broken off.
        """
        left: list[str] = []
        with gevent.Timeout(patience_s, exception=False):
            for file_id in self._context.shelf.take():
                left.append(file_id)
                if self._delete(file_id):
                    left.pop()
        return len(left) + sum(1 for _ in self._context.shelf.take())

    def _delete(self, file_id: str) -> bool:
        reply = Reply(time.monotonic_ns())
        self._client.perform(deletion(file_id), reply)
        return reply.error is None and reply.status in _GONE

    def close(self) -> None:
        """Close the connections and the record."""
        self._client.close()
        self._keeper.close()

    def _next(self, scenario: Scenario, flow: Flow, answer: Answer | None, due: int) -> Step | None:
        try:
            return next(flow) if answer is None else flow.send(answer)
        except StopIteration:
            return None
        except Exception as error:  # noqa: BLE001 - a scenario is the user's code, and reads what a target sent
            detail = f"the scenario broke off: {type(error).__name__}: {error}"
            self._keeper.add(
                Sample(
                    scenario=scenario.name,
                    step=scenario.name,
                    due=due,
                    error=ErrorKind.SCENARIO.value,
                    detail=self._redactor.clean(detail)[:_DETAIL],
                )
            )
            return None

    def _request(self, scenario: Scenario, step: Step, due: int) -> tuple[Answer, Outcome]:
        reply = Reply(due)
        self.in_flight += 1
        try:
            self._client.perform(step, reply)
        except GreenletExit:
            reply.cut_off, reply.closed = True, time.monotonic_ns()
            self._keep(scenario, step, reply)
            raise
        finally:
            self.in_flight -= 1
        answer = self._keep(scenario, step, reply)
        unreachable = reply.error is not None and reply.error.kind in UNREACHABLE
        return answer, Outcome(failed=answer.error is not None, unreachable=unreachable)

    def _keep(self, scenario: Scenario, step: Step, reply: Reply) -> Answer:
        if reply.cut_off:
            reply.error = reply.error or ReplyError(ErrorKind.CUT, "the harness ended the request")
        answer = _read(step, reply)
        judged, broken = False, NONE_BROKEN
        if self._examination is not None and not reply.cut_off and reply.status is not None:
            judged, broken = self._examination.examine(step, reply, answer)
            self._keep_examples(self._examination)
        sample = sample_of(scenario.name, step, reply, answer, judged=judged, broken=broken, redactor=self._redactor)
        self._keeper.add(sample)
        self._listener(step, sample)
        return answer

    def _keep_examples(self, examination: Examination) -> None:
        while examination.examples:
            self._keeper.add(examination.examples.pop(0))


def _read(step: Step, reply: Reply) -> Answer:
    if step.kind is Kind.DOWNLOAD:
        return read_file(reply)
    if step.kind is Kind.HISTORY:
        return read_messages(reply)
    return read_answer(reply, streamed=step.streamed, successes=step.successes)


def sample_of(
    scenario: str,
    step: Step,
    reply: Reply,
    answer: Answer,
    *,
    judged: bool = False,
    broken: tuple[str, ...] = NONE_BROKEN,
    redactor: Redactor,
) -> Sample:
    """Return the sample of a reply; offsets count from its sending."""
    sent = reply.sent

    def offset(at: int | None) -> int | None:
        return None if at is None or sent is None else at - sent

    return Sample(
        scenario=scenario,
        step=step.name,
        due=reply.due,
        sent=sent,
        connect=reply.connect,
        first=offset(answer.first),
        tokens=tuple(at - (sent or 0) for at in answer.tokens),
        last=offset(answer.last),
        closed=offset(reply.closed),
        streamed=step.streamed,
        status=reply.status,
        bytes=len(reply.body),
        merged=answer.merged,
        lags=tuple(lag // 1000 for lag in reply.lags),
        prompt_tokens=answer.usage.prompt,
        completion_tokens=answer.usage.completion,
        finish=_clean(answer.finish, redactor),
        error=None if reply.cut_off else answer.error,
        detail=_clean(answer.detail, redactor)[:_DETAIL],
        censored=reply.cut_off,
        judged=judged,
        broken=broken,
    )


def _clean(text: str, redactor: Redactor) -> str:
    # Nearly every text here is empty or a plain finish_reason; searching those costs more than the rest of a sample.
    return text if text in _HARMLESS else redactor.clean(text)
