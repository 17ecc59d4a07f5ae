"""Decides which answers are examined, so that checking never becomes a load of its own, and keeps the examples."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from ozwell_harness.load.answer import Answer
from ozwell_harness.load.conformance import Examiner, excerpt
from ozwell_harness.load.nonces import Nonces
from ozwell_harness.load.reply import Reply
from ozwell_harness.load.samples import Nonconformity
from ozwell_harness.load.step import Step


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of one core examining may use.

    Attributes:
        ordinary: share of the elapsed time for answers that look as they should.
        odd: share for all, when an answer already looks odd.
        grace_s: seconds that may be used at once.
    """

    ordinary: float = 0.01
    odd: float = 0.2
    grace_s: float = 0.05


USUAL_BUDGET = Budget()


class Examination:
    """Examines answers within a budget of time. The search for crossed answers is cheap and has none."""

    def __init__(self, examiner: Examiner, nonces: Nonces, base_url: str, budget: Budget) -> None:
        examiner.warm()
        self._budget = budget
        self._examiner = examiner
        self._nonces = nonces
        self._base_url = base_url
        self._began = time.monotonic_ns()
        self._spent = 0
        self._seen: Counter[str] = Counter()
        self.examples: list[Nonconformity] = []

    def examine(self, step: Step, reply: Reply, answer: Answer) -> tuple[bool, tuple[str, ...]]:
        """Return whether the answer was examined, and the requirements that it breaks."""
        crossed = self._nonces.foreign(answer.text, step.nonce)
        odd = answer.odd or (step.glance is not None and step.glance(answer, reply))
        wanted = crossed is not None or (not reply.given_up and self._affordable(odd=odd))
        if not wanted:
            return False, ()
        began = time.monotonic_ns()
        started = time.time() - (began - (reply.sent or began)) / 1e9
        exchange = self._examiner.exchange(step, reply, url=self._base_url + step.path, started=started)
        findings = self._examiner.examine(step, exchange, crossed)
        for finding in findings:
            self._seen[finding.requirement] += 1
            if self._seen[finding.requirement] == 1:
                text = excerpt(exchange)
                self.examples.append(Nonconformity(finding.requirement, finding.message, text))
        self._spent += time.monotonic_ns() - began
        return True, tuple(finding.requirement for finding in findings)

    def _affordable(self, *, odd: bool) -> bool:
        share = self._budget.odd if odd else self._budget.ordinary
        return self._spent < self._budget.grace_s * 1e9 + share * (time.monotonic_ns() - self._began)
