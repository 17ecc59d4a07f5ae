"""Judges one generated exchange by everything that is known of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ozwell_harness.checks.base import error_of
from ozwell_harness.checks.passive import PassiveCheck
from ozwell_harness.contract.cases import Sample
from ozwell_harness.contract.conformity import failures, found_in, not_accepted, not_refused
from ozwell_harness.contract.courier import answer, upload_in
from ozwell_harness.contract.holdings import Holdings, Upload
from ozwell_harness.contract.ledger import Found
from ozwell_harness.contract.obedience import obedience
from ozwell_harness.contract.readings import Kind
from ozwell_harness.contract.telling import asked, body_of, compared, outcome
from ozwell_harness.envelope import Envelope
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.profile import Profile

#: Statuses that say something of the moment or of the way there, nothing of the request.
_NEITHER = frozenset({408, 413, 414, 429, 431})

#: What these passive checks find says nothing of the answer's form, so it is judged all the same.
_BESIDE = frozenset({"http.request-id-present", "http.cors-no-wildcard-with-credentials", "security.key-not-echoed"})

Judgements = Iterator[tuple[str, Found | None]]


@dataclass(frozen=True, slots=True)
class Bench:
    """What exchanges are judged by.

    Attributes:
        passive: the passive checks of the requirements that this run judges, by requirement.
        owed: ids of the requirements of the dialect.
    """

    profile: Profile
    passive: Mapping[str, PassiveCheck]
    holdings: Holdings
    owed: Collection[str]

    def judge(self, sample: Sample, exchange: Exchange, recorder: Any = None) -> Judgements:
        """Yield all that one exchange shows: a requirement, and how it is broken (None where it is kept).

        ``recorder`` is Schemathesis' record of the walk that the exchange is a step of.
        """
        watched = list(self.watch(exchange, upload_in(sample.case, sample.parcel.request)))
        yield from watched
        if self._is_explained(watched, exchange):
            return
        known = {(requirement, one.key) for requirement, one in watched if one is not None}
        for requirement, one in self._conforms(sample, exchange, recorder):
            if one is None or (requirement, one.key) not in known:
                yield requirement, one
        if sample.kind is Kind.VALID:
            yield from self._obeys(sample, exchange)

    def watch(self, exchange: Exchange, sent: Upload | None = None) -> Judgements:
        """Yield what an exchange shows whatever asked for it: passive deviations, else what became of a file."""
        followed = list(self.holdings.follow(exchange, sent))
        passive = [(found.requirement, found) for found in self._passive(exchange)]
        yield from passive
        if not self._is_explained(passive, exchange):
            yield from followed

    def _is_explained(self, judgements: Iterable[tuple[str, Found | None]], exchange: Exchange) -> bool:
        """Tell whether nothing more is to be said: a passive check has said it, or nothing was answered."""
        said = any(name in self.passive and name not in _BESIDE for name, _ in judgements)
        return said or exchange.status is None or exchange.status in _NEITHER

    def _obeys(self, sample: Sample, exchange: Exchange) -> Judgements:
        body = body_of(exchange)
        for requirement, deviation in obedience(sample.subject.operation, body, exchange, self.profile, self.owed):
            if deviation is None:
                yield requirement, None
            else:
                told = f"{asked(exchange)}: {compared(deviation)}"
                yield requirement, Found(requirement, deviation.message, deviation.message, told)

    def _passive(self, exchange: Exchange) -> Iterator[Found]:
        for requirement, check in self.passive.items():
            try:
                deviation = check(exchange, self.profile)
            except Unjudgeable:
                continue
            if deviation is not None:
                key = f"{exchange.request.method} {exchange.status} {deviation.message}"
                yield Found(requirement, key, deviation.message, deviation.actual)

    def _conforms(self, sample: Sample, exchange: Exchange, recorder: Any) -> Judgements:
        response = answer(exchange, sample.parcel.request)
        if response is None or self._is_unsupported(exchange):
            return
        subject, envelope = sample.subject, self.profile.expect.envelope
        if response.status_code >= 500:
            one = _fails(sample, exchange, envelope)
            if one is not None:
                yield one.requirement, one
            return
        deviations = [
            one
            for failure in failures(sample.case, response, recorder)
            if (one := found_in(subject, failure, exchange, envelope, sample.violation)) is not None
        ]
        kept = {subject.documented, subject.accepted if sample.kind is Kind.VALID else subject.refused}
        for requirement in filter(None, kept - {one.requirement for one in deviations}):
            yield requirement, None
        for one in deviations:
            yield one.requirement, one
        yield from self._unknown(sample, exchange)

    def _unknown(self, sample: Sample, exchange: Exchange) -> list[tuple[str, Found | None]]:
        requirement = sample.subject.unknown
        if requirement is None or sample.linked or sample.violation is not None:
            return []
        if exchange.status in self.profile.expect.errors["not_found"].statuses:
            return [(requirement, None)]
        key = f"{exchange.request.method} {exchange.status}"
        gist = f"an id that names nothing is answered with {exchange.status}"
        return [(requirement, Found(requirement, key, gist, f"{asked(exchange)}: {outcome(exchange)}"))]

    def _is_unsupported(self, exchange: Exchange) -> bool:
        """Tell whether the model says that it does not take a parameter at all, as the dialect lets it."""
        expected = self.profile.expect.errors.get("unsupported")
        if expected is None or exchange.status not in expected.statuses:
            return False
        try:
            return expected.codes is not None and error_of(exchange, expected.envelope).get("code") in expected.codes
        except (Unjudgeable, TypeError):
            return False


def _fails(sample: Sample, exchange: Exchange, envelope: Envelope) -> Found | None:
    """Return the deviation of a server error that no passive check of this run accounts for."""
    if exchange.status == 503:
        return None
    if sample.violation is not None:
        return not_refused(sample.subject, exchange, sample.violation)
    return not_accepted(sample.subject, exchange, envelope)
