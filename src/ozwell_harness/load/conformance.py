"""Conformance under load: the checks of the suites, applied to answers that come while many others do.

Only MUST requirements of the profile are counted. What a request alone cannot show (timeouts, refused connections) is
counted as an error of its kind and not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ozwell_harness.load.checks_by_kind import CHECKS, SCHEMAS, LoadCheck, alone
from ozwell_harness.load.reply import ErrorKind, Reply, ReplyError
from ozwell_harness.load.step import Kind, Step
from ozwell_harness.model import (
    Arrival,
    Deviation,
    Exchange,
    Failure,
    FailureKind,
    Headers,
    Level,
    Request,
    Response,
    Unjudgeable,
)
from ozwell_harness.profile import Profile
from ozwell_harness.redaction import Redactor
from ozwell_harness.requirements import Catalogue
from ozwell_harness.target import KeyName

_NS = 1_000_000_000
#: Judged by nonces, not by an exchange alone.
CROSSED = "http.answers-never-cross"

#: What ``reply.GIVEN_UP`` becomes in an exchange.
_ENDED_BY_US = frozenset({FailureKind.TIMEOUT, FailureKind.TOO_LARGE})
_FAILURES: Mapping[ErrorKind, FailureKind] = {
    ErrorKind.FIRST_TOKEN_TIMEOUT: FailureKind.TIMEOUT,
    ErrorKind.STALL_TIMEOUT: FailureKind.TIMEOUT,
    ErrorKind.TOTAL_TIMEOUT: FailureKind.TIMEOUT,
    ErrorKind.RESET: FailureKind.RESET,
    ErrorKind.CUT: FailureKind.CUT,
    ErrorKind.PROTOCOL: FailureKind.PROTOCOL,
    ErrorKind.TOO_LARGE: FailureKind.TOO_LARGE,
}


@dataclass(frozen=True, slots=True)
class _Crossing:
    """What an answer breaks that holds another request's nonce, and what then only follows from it."""

    requirement: str
    consequences: frozenset[str] = frozenset()


_USUAL_CROSSING = _Crossing(CROSSED)
_CROSSINGS: Mapping[Kind, _Crossing] = {
    Kind.UPLOAD: _Crossing(
        "files.simultaneous-not-crossed", frozenset({"files.upload-filename", "files.upload-bytes"})
    ),
    Kind.DOWNLOAD: _Crossing("files.simultaneous-contents-apart", frozenset({"files.content-text"})),
    Kind.HISTORY: _Crossing(
        "history.chats-apart",
        frozenset({"history.holds-what-was-sent", "history.holds-the-answer", "history.answer-by-assistant"}),
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A requirement that one answer breaks."""

    requirement: str
    message: str


@dataclass(frozen=True)
class Examiner:
    """Judges answers by the MUST requirements of a profile."""

    profile: Profile
    catalogue: Catalogue
    redactor: Redactor

    def examine(self, step: Step, exchange: Exchange, crossed: str | None = None) -> list[Finding]:
        """Return what the answer breaks; ``crossed`` is a nonce of another request that was found in it."""
        crossing = _CROSSINGS.get(step.kind, _USUAL_CROSSING)
        found = []
        whole = exchange.failure is None or exchange.failure.kind not in _ENDED_BY_US
        for requirement, check in self._checks(step) if whole else ():
            if not self.owed(requirement) or (crossed is not None and requirement in crossing.consequences):
                continue
            deviation = self._judge(check, exchange)
            if deviation is not None:
                found.append(Finding(requirement, _sentence(deviation)))
        if crossed is not None and self.owed(crossing.requirement):
            found.append(Finding(crossing.requirement, f"An answer holds {crossed}, which only another request said"))
        return self._without_consequences(found)

    def _without_consequences(self, found: list[Finding]) -> list[Finding]:
        """Leave out what is judged only where something holds that does not."""
        broken = {finding.requirement for finding in found}
        return [finding for finding in found if broken.isdisjoint(self.catalogue[finding.requirement].requires)]

    @staticmethod
    def _checks(step: Step) -> Iterator[tuple[str, LoadCheck]]:
        yield from CHECKS[step.kind].items()
        for requirement, check in step.expects.items():
            yield requirement, alone(check)

    def _judge(self, check: LoadCheck, exchange: Exchange) -> Deviation | None:
        try:
            return check(exchange, self.profile)
        except Unjudgeable:
            return None
        except Exception:  # noqa: BLE001 - a check that stumbles says nothing of the target, and must not end the load
            return None

    def warm(self) -> None:
        """Compile the schemas now: the first answers would wait for it otherwise."""
        known = self.profile.specification["components"]["schemas"]
        for name in SCHEMAS:
            if name in known:
                self.profile.schema_errors(name, None)

    def owed(self, requirement: str) -> bool:
        """Tell whether the profile owes it, as a MUST."""
        return requirement in self.catalogue and self.catalogue[requirement].level is Level.MUST

    def exchange(self, step: Step, reply: Reply, *, url: str, started: float) -> Exchange:
        """Return a reply as an exchange, keys removed; ``started`` is epoch seconds of the sending."""
        headers, body = list(reply.headers()), bytes(reply.body)
        response = None
        if reply.status is not None:
            arrivals = tuple(Arrival((at - (reply.sent or at)) / _NS, end) for at, end in reply.arrivals)
            clean = self.redactor.clean_bytes(body)
            response = Response(reply.status, self.redactor.clean_response_headers(headers), clean, arrivals)
        return Exchange(
            id=1,
            label=f"load: {step.name}",
            request=Request(step.method, step.path, url, _request_headers(step), step.body),
            response=response,
            failure=self._failure(reply.error),
            started=started,
            elapsed=((reply.closed or 0) - reply.sent) / _NS if reply.sent else 0.0,
            leaks=self.redactor.leaks(headers, body),
        )

    def _failure(self, error: ReplyError | None) -> Failure | None:
        if error is None:
            return None
        return Failure(_FAILURES.get(error.kind, FailureKind.CONNECT), self.redactor.clean(error.message))


def _request_headers(step: Step) -> Headers:
    fields = [("Authorization", f"Bearer ${KeyName.MAIN}")]
    if step.body:
        fields.append(("Content-Type", step.content_type))
    return Headers(tuple(fields))


def _sentence(deviation: Deviation) -> str:
    told = f"{deviation.message}: expected {deviation.expected}, actual {deviation.actual}"
    return told[:1].upper() + told[1:]


def excerpt(exchange: Exchange, limit: int = 2000) -> str:
    """Return request and answer as text, each body cut to ``limit`` characters, for a report's example."""
    request = exchange.request
    lines = [f"{request.method} {request.path}", _cut(request.body, limit)]
    if exchange.response is None:
        lines.append("no answer")
    else:
        kind = exchange.response.headers.get("content-type") or "no Content-Type"
        lines += [f"{exchange.response.status} {kind}", _cut(exchange.response.body, limit)]
    if exchange.failure is not None:
        lines.append(exchange.failure.message)
    return "\n".join(line for line in lines if line)


def _cut(body: bytes, limit: int) -> str:
    text = body.decode("utf-8", "replace")
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
