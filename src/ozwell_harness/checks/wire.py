"""Judgements on the use of HTTP that hold of every exchange, whatever provoked it."""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ozwell_harness.checks.base import outcome, response_of, shown
from ozwell_harness.checks.operations import (
    BEFORE_THE_API,
    EVENT_STREAM,
    Operation,
    asks_for_stream,
    documented_operation,
    is_json,
    operation_of,
    sends_valid_body,
)
from ozwell_harness.model import Deviation, Exchange, FailureKind, Response, Unjudgeable
from ozwell_harness.profile import Profile

_REQUEST_IDS = ("x-request-id", "request-id")

#: A request body beyond this many bytes may be cut off by any server: how it ends says nothing of ordinary requests.
ORDINARY_BODY = 2 * 1024 * 1024


def json_content_type(exchange: Exchange, profile: Profile) -> Deviation | None:
    """A success is labelled as JSON, unless it is a download or a stream."""
    response, operation = _success(exchange, profile)
    if operation.is_download or response.media_type == EVENT_STREAM or response.status == 204:
        raise Unjudgeable("it is no JSON answer")
    if asks_for_stream(exchange.request):
        raise Unjudgeable("the label of a stream is judged elsewhere")
    if is_json(response):
        return None
    labelled = response.media_type or "no Content-Type"
    return Deviation("an answer is not labelled as JSON", "application/json", f"{labelled}; {outcome(exchange)}")


def one_json_document(exchange: Exchange, profile: Profile) -> Deviation | None:
    """A body labelled as JSON is exactly one JSON document in UTF-8; a byte order mark is another check's."""
    response = _labelled_json(exchange, profile)
    try:
        _ = response.document
    except ValueError as error:
        return Deviation("a body is not one JSON document", "one JSON document", f"{error}; {outcome(exchange)}")
    except RecursionError:
        raise Unjudgeable("the document is too deep to be read here") from None
    return None


def no_byte_order_mark(exchange: Exchange, profile: Profile) -> Deviation | None:
    """A JSON body does not begin with a byte order mark (RFC 8259 section 8.1)."""
    if not _labelled_json(exchange, profile).body.startswith(codecs.BOM_UTF8):
        return None
    return Deviation("a JSON body begins with a byte order mark", "no byte order mark", "the bytes EF BB BF")


def names_unique(exchange: Exchange, profile: Profile) -> Deviation | None:
    """No object of a JSON body has two members of one name: readers differ in which one counts (RFC 8259 section 4)."""
    body = _labelled_json(exchange, profile).body.removeprefix(codecs.BOM_UTF8)
    twice: list[str] = []

    def note(members: list[tuple[str, Any]]) -> None:
        counts = Counter(name for name, _ in members)
        twice.extend(name for name, count in counts.items() if count > 1)

    try:
        json.loads(body.decode("utf-8"), object_pairs_hook=note)
    except (ValueError, RecursionError):
        raise Unjudgeable("the body is no JSON") from None
    if not twice:
        return None
    return Deviation("an object has two members of one name", "each name once", f"{shown(twice[0])} more than once")


def success_is_200(exchange: Exchange, profile: Profile) -> Deviation | None:
    """A success has the documented status."""
    response, operation = _success(exchange, profile)
    if response.status in operation.successes:
        return None
    told = " or ".join(str(status) for status in sorted(operation.successes))
    return Deviation(f"{operation} succeeds with another status than {told}", f"status {told}", outcome(exchange))


def no_server_error(exchange: Exchange, profile: Profile) -> Deviation | None:
    """No answer is a 5xx. Left out: bad input (another check's), and a refusal of what HTTP lets a server refuse so."""
    response = any_answer(exchange)
    operation = operation_of(exchange.request, profile)
    if operation is None and response.status == 501:
        raise Unjudgeable("501 is the answer to a method that a server does not know (RFC 9110 section 9.1)")
    if response.status == 501 and "transfer-encoding" in exchange.request.headers:
        raise Unjudgeable("501 is the answer to a transfer coding that a server does not know (RFC 9112 section 6.1)")
    if response.status == 503 and "retry-after" in response.headers:
        raise Unjudgeable("the target says that it is unavailable for now")
    if response.status < 500:
        return None
    if len(exchange.request.body) > ORDINARY_BODY:
        raise Unjudgeable("the request is too large to be ordinary")
    if operation and not sends_valid_body(exchange.request, operation, profile):
        raise Unjudgeable("the body that was sent is not valid")
    return Deviation("the target answers with a server error", "a status below 500", outcome(exchange))


def request_is_answered(exchange: Exchange, profile: Profile) -> Deviation | None:
    """Every ordinary request gets an answer."""
    _ordinary(exchange, profile)
    if exchange.response is not None:
        return None
    if exchange.failure and exchange.failure.kind is FailureKind.PROTOCOL:
        raise Unjudgeable("something came back")
    asked = f"{exchange.request.method} {exchange.request.path}"
    return Deviation(f"{asked} gets no answer", "an answer", outcome(exchange))


def answer_is_whole(exchange: Exchange, profile: Profile) -> Deviation | None:
    """Every answer is valid HTTP and comes to its end; streams are judged elsewhere."""
    _ordinary(exchange, profile)
    failure, response = exchange.failure, exchange.response
    if exchange.excess:
        return Deviation("an answer goes on after its end", "nothing after what was announced", outcome(exchange))
    if response is not None and response.media_type == EVENT_STREAM:
        raise Unjudgeable("it is a stream")
    if failure is None:
        return None
    broke_off = response is not None and failure.kind in {FailureKind.CUT, FailureKind.TIMEOUT, FailureKind.RESET}
    if broke_off or failure.kind is FailureKind.PROTOCOL:
        return Deviation("an answer is not whole", "a complete answer in valid HTTP", outcome(exchange))
    raise Unjudgeable("no answer came")


def framing_is_clear(exchange: Exchange, profile: Profile) -> Deviation | None:  # noqa: ARG001 - one signature
    """An answer in chunks has no Content-Length: two ways to tell its end invite smuggling (RFC 9112 section 6.2)."""
    headers = any_answer(exchange).headers
    if "transfer-encoding" not in headers or "content-length" not in headers:
        return None
    actual = f"Transfer-Encoding {headers.get('transfer-encoding')} and Content-Length {headers.get('content-length')}"
    return Deviation("an answer tells its length in two ways", "Transfer-Encoding or Content-Length", actual)


def has_request_id(exchange: Exchange, profile: Profile) -> Deviation | None:
    """An answer carries an id of its own."""
    documented_operation(exchange, profile)
    response = response_of(exchange)
    if response.status in BEFORE_THE_API:
        raise Unjudgeable(f"a {response.status} may come from a gateway")
    if _request_id(response):
        return None
    return Deviation("an answer has no request id", "an x-request-id header", f"none on a {exchange.status}")


def request_id_counts(exchanges: Iterable[Exchange]) -> Counter[str]:
    """Return how often each request id was given."""
    ids = (_request_id(exchange.response) for exchange in exchanges if exchange.response is not None)
    return Counter(found for found in ids if found)


def request_id_is_unique(exchange: Exchange, counts: Mapping[str, int]) -> Deviation | None:
    """An answer's request id is given to no other answer of the run."""
    found = _request_id(response_of(exchange))
    if not found:
        raise Unjudgeable("the answer has no request id")
    if counts.get(found, 0) <= 1:
        return None
    return Deviation(
        "a request id is given twice", "an id for one answer", f"{shown(found)} on {counts[found]} answers"
    )


def any_answer(exchange: Exchange) -> Response:
    """Return the answer, whole or not.

    Raises:
        Unjudgeable: there is none.
    """
    if exchange.response is None:
        raise Unjudgeable("no answer came")
    return exchange.response


def _success(exchange: Exchange, profile: Profile) -> tuple[Response, Operation]:
    operation = documented_operation(exchange, profile)
    response = response_of(exchange)
    if not 200 <= response.status < 300:
        raise Unjudgeable("it is no success")
    return response, operation


def _labelled_json(exchange: Exchange, profile: Profile) -> Response:
    operation = documented_operation(exchange, profile)
    response = response_of(exchange)
    if not is_json(response) or response.status == 204 or (operation.is_download and response.status < 400):
        raise Unjudgeable("it is no JSON answer")
    return response


def _ordinary(exchange: Exchange, profile: Profile) -> None:
    documented_operation(exchange, profile)
    if len(exchange.request.body) > ORDINARY_BODY:
        raise Unjudgeable("the request is too large to be ordinary")
    if exchange.failure and exchange.failure.kind in {FailureKind.LEFT, FailureKind.TOO_LARGE}:
        raise Unjudgeable("the harness stopped reading")


def _request_id(response: Response) -> str:
    return next((value.strip() for name in _REQUEST_IDS for value in response.headers.get_all(name)), "")
