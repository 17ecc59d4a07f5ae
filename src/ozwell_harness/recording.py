"""An attempt to an exchange, without keys; and what the exchanges of a run weigh in memory."""

from __future__ import annotations

from ozwell_harness.calling import Call
from ozwell_harness.model import Arrival, Exchange, Failure, FailureKind, Request, Response
from ozwell_harness.redaction import Redactor
from ozwell_harness.sending import Attempt, Message

#: Of a body that passed its bound so many bytes are kept: enough to show what it was.
KEPT_OF_TOO_LARGE = 64 * 1024
#: What all answers of a run may weigh in memory, in bytes; afterwards only short ones are taken.
WHOLE_RUN = 128 * 1024 * 1024
#: What a value of a parsed document, and an event of a parsed stream, weigh about.
_VALUE, _LINE = 64, 256


def exchange_of(call: Call, message: Message, attempt: Attempt, redactor: Redactor) -> Exchange:
    """Return the exchange, its id still 0. Leaks are noted first, then every key is removed."""
    failure = attempt.failure
    return Exchange(
        id=0,
        label=redactor.clean(call.label),
        request=Request(
            call.method,
            redactor.clean(call.place),
            redactor.clean(message.url),
            redactor.clean_request_headers(message.headers),
            redactor.clean_bytes(call.body),
        ),
        response=_response(attempt, redactor),
        failure=Failure(failure.kind, redactor.clean(failure.message)) if failure else None,
        started=attempt.started,
        elapsed=attempt.elapsed,
        leaks=redactor.leaks(attempt.headers, attempt.body),
        excess=attempt.excess,
    )


def _response(attempt: Attempt, redactor: Redactor) -> Response | None:
    if attempt.status is None:
        return None
    body = redactor.clean_bytes(attempt.body)
    arrivals = attempt.arrivals if body == attempt.body else (Arrival(attempt.elapsed, len(body)),)
    if attempt.failure is not None and attempt.failure.kind is FailureKind.TOO_LARGE:
        body = body[:KEPT_OF_TOO_LARGE]
        arrivals = tuple(arrival for arrival in arrivals if arrival.end <= len(body))
    headers = redactor.clean_response_headers(attempt.headers)
    return Response(attempt.status, headers, body, arrivals, attempt.http_version)


def weight(response: Response | None) -> int:
    """Estimate, in bytes, what an answer weighs with the document or the stream that is read from it."""
    if response is None:
        return 0
    body = response.body
    fields = sum(len(name) + len(value) + 2 * _VALUE for name, value in response.headers)
    return fields + len(body) + _VALUE * body.count(b",") + _LINE * body.count(b"\n") + _VALUE * len(response.arrivals)
