"""The property phase: generates, sends, judges, makes what fails smaller, and sums up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ozwell_harness.contract.budget import Allowance, HaltError
from ozwell_harness.contract.cases import Generator, Sample, generating, load, sample_of, with_body
from ozwell_harness.contract.courier import Courier, parcel
from ozwell_harness.contract.ground import Ground
from ozwell_harness.contract.holdings import Holdings
from ozwell_harness.contract.judging import Bench, Judgements
from ozwell_harness.contract.ledger import Cause, Found, Ledger
from ozwell_harness.contract.plan import shares
from ozwell_harness.contract.readings import Kind, linked_tags, reading, rules
from ozwell_harness.contract.report import Report
from ozwell_harness.contract.schedule import Deck, deal
from ozwell_harness.contract.smaller import SpentError, smallest
from ozwell_harness.contract.telling import answered, body_of
from ozwell_harness.contract.violations import Rules
from ozwell_harness.contract.walk import walk
from ozwell_harness.envelope import NESTED
from ozwell_harness.model import Exchange

#: Tries to make one failing request smaller.
_TRIES = 8

#: Exchanges kept for each passive requirement.
_KEPT = 3

#: Tags of operations among which walks are made, and their share of the requests.
_WALKS: tuple[tuple[tuple[str, ...], int], ...] = ((("Files",), 3), (("Models", "Responses"), 1), (("Chat",), 2))


class PropertyPhase:
    """One run of the phase. What was found until an interruption stands."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._base_url = ground.target.base_url
        self._holdings = Holdings(ground.offer.deployable_model)
        self._allowance = Allowance(ground.plan, ground.spare)
        self._courier = Courier(ground.recorder, ground.target, self._holdings, self._allowance)
        self._bench = Bench(ground.profile, ground.passive, self._holdings, ground.owed)
        self._ledger = Ledger()
        self._passive: dict[str, set[str]] = {}
        self._kept: dict[int, tuple[Exchange, Exchange]] = {}
        self._reading = reading(ground.profile, ground.offer)
        self._rules = {Kind.VALID: Rules(self._reading), Kind.INVALID: Rules(rules(ground.profile))}
        self._ended = ""

    def run(self) -> Report:
        """Do all of it, within the plan's bounds."""
        interrupted = False
        try:
            with generating():
                stock = self._stock()
                self._look(stock)
                self._life(stock)
                self._singles(stock)
                self._walks()
            self._make_smaller()
        except HaltError as halt:
            self._ended = str(halt)
        except KeyboardInterrupt:
            interrupted = True
        causes = tuple(self._with_kept(cause) for cause in self._ledger.causes)
        return Report(
            dict(self._ledger.judged), causes, self._allowance.sent, self._ground.seed, self._ended, interrupted
        )

    def tidy(self) -> None:
        """Delete the files that were made and are still there, and put back what was changed."""
        self._courier.tidy()

    # Sending and judging; the walk calls these two.

    def send(self, sample: Sample) -> Exchange | None:
        """Make the exchange; None where it must not be made, or no more can."""
        if self._ended:
            return None
        try:
            return self._sent(sample)
        except HaltError as halt:
            self._ended = str(halt)
            return None

    def judge(self, sample: Sample, exchange: Exchange, recorder: Any = None) -> None:
        """Judge one exchange, and enter what it shows."""
        self._enter(self._bench.judge(sample, exchange, recorder), exchange, sample)

    def _enter(self, judgements: Judgements, exchange: Exchange, sample: Sample | None = None) -> None:
        for requirement, found in judgements:
            if requirement in self._ground.passive:
                self._note_passive(requirement, found, exchange)
            else:
                self._ledger.enter(requirement, found, exchange, sample)

    def _sent(self, sample: Sample) -> Exchange | None:
        exchange = self._courier.send(sample.parcel.call)
        self._ground.progress(self._allowance.sent, self._ground.plan.requests)
        return exchange

    def _note_passive(self, requirement: str, found: Found | None, exchange: Exchange) -> None:
        """Keep exchanges that show passive deviations: the passive tests come later, and judge all that is kept."""
        seen = self._passive.setdefault(requirement, set())
        if found is not None and found.key not in seen and len(seen) < _KEPT:
            seen.add(found.key)
            self._keep(exchange)

    def _keep(self, exchange: Exchange) -> Exchange:
        if id(exchange) not in self._kept:
            self._kept[id(exchange)] = (exchange, self._ground.recorder.keep(exchange))
        return self._kept[id(exchange)][1]

    def _with_kept(self, cause: Cause) -> Cause:
        before = tuple(self._keep(exchange) for exchange in cause.found.before)
        return replace(cause, found=replace(cause.found, before=before), exchange=self._keep(cause.exchange))

    # The three parts

    def _schema(self, kind: Kind) -> Any:
        return load(self._reading, self._base_url, kind, self._ground.profile)

    def _stock(self) -> list[Deck[Sample]]:
        plan, seed = self._ground.plan, self._ground.seed
        most = shares(plan.requests).single
        stock = []
        for kind in Kind:
            rules_ = self._rules[kind]
            model = self._ground.offer.deployable_model
            examples = min(plan.examples, most)
            stock += Generator(self._schema(kind), kind, rules_, self._base_url, examples, seed, model).decks()
        return stock

    def _look(self, stock: list[Deck[Sample]]) -> None:
        """Learn how the model is configured that generated requests are going to configure."""
        call = self._holdings.settling.look()
        configures = any(card.subject.operation == "updateModelConfig" for deck in stock for card in deck.cards[:1])
        if call is None or not configures:
            return
        exchange = self._courier.send(call)
        if exchange is not None:
            self._holdings.settling.learn(exchange)
            self._enter(self._bench.watch(exchange), exchange)

    def _life(self, stock: list[Deck[Sample]]) -> None:
        """Follow one file from its upload to its end; a budget may be too small for walks to come so far."""
        firsts = (sample for deck in stock for sample in deck.cards[:1])
        upload = next((s for s in firsts if s.subject.operation == "createFile" and s.kind is Kind.VALID), None)
        if upload is None:
            return
        self._send_and_judge(upload)
        for call in self._holdings.life():
            exchange = self._courier.send(call)
            if exchange is not None:
                self._enter(self._bench.watch(exchange), exchange)

    def _singles(self, stock: list[Deck[Sample]]) -> None:
        for sample in deal(stock, shares(self._ground.plan.requests).single):
            self._send_and_judge(sample)

    def _send_and_judge(self, sample: Sample) -> None:
        exchange = self._sent(sample)
        if exchange is not None:
            self.judge(sample, exchange)

    def _walks(self) -> None:
        linked = linked_tags(self._reading)
        walks = [(tags, weight) for tags, weight in _WALKS if linked & set(tags)]
        total = sum(weight for _, weight in walks)
        for tags, weight in walks:
            requests = min(self._allowance.left, shares(self._ground.plan.requests).walks * weight // total)
            walk(self._schema(Kind.VALID), tags, self._base_url, self, requests=requests, seed=self._ground.seed)

    def _make_smaller(self) -> None:
        for cause in self._ledger.causes:
            sample = cause.sample
            if isinstance(sample, Sample) and sample.phase != "stateful":
                self._shrink(cause, sample)

    def _shrink(self, cause: Cause, sample: Sample) -> None:
        body = body_of(cause.exchange)
        tries = iter(range(_TRIES))

        def fails(candidate: Mapping[str, Any]) -> bool:
            smaller = self._with_body(sample, candidate)
            if smaller is None:
                return False
            if next(tries, None) is None:
                raise SpentError
            exchange = self._sent(smaller)
            return exchange is not None and self._is_again(cause, smaller, exchange)

        if isinstance(body, dict):
            smallest(body, fails, _suspects(cause, sample))

    def _is_again(self, cause: Cause, sample: Sample, exchange: Exchange) -> bool:
        for requirement, found in self._bench.judge(sample, exchange):
            if found and (requirement, found.key) == (cause.found.requirement, cause.found.key):
                self._ledger.improve(Cause(found, exchange, sample, cause.times))
                return True
        return False

    def _with_body(self, sample: Sample, body: Mapping[str, Any]) -> Sample | None:
        """Return the sample with another body; None where that is not as valid, or not invalid by the same rule."""
        case = with_body(sample.case, body)
        packed = parcel(case, self._base_url, sample.parcel.call.label)
        if packed is None:
            return None
        smaller = sample_of(replace(sample, case=case, parcel=packed), self._rules[sample.kind])
        if smaller is None or (sample.violation and sample.violation.rule) != (
            smaller.violation and smaller.violation.rule
        ):
            return None
        return smaller


def _suspects(cause: Cause, sample: Sample) -> set[str]:
    """Return the members that a failure seems to be about: where the broken rule is, or what the answer names."""
    if sample.violation is not None:
        return {sample.violation.rule.split(" ")[0].removeprefix("/").partition("/")[0]}
    error = NESTED.read(answered(cause.exchange)) or {}
    param = error.get("param")
    return {param.partition(".")[0].partition("[")[0]} if isinstance(param, str) else set()
