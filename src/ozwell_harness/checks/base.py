"""What the checks of every area share: reading evidence, wording deviations, judgements that are not of one area."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ozwell_harness.envelope import Envelope
from ozwell_harness.model import Deviation, Exchange, Response, Unjudgeable
from ozwell_harness.profile import ErrorExpectation, Profile

_SHOWN = 300


def shown(value: Any) -> str:
    """Return ``value`` as short JSON-like text for a finding."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"


def outcome(exchange: Exchange) -> str:
    """Say in a few words how an exchange ended: its status and the beginning of its body, or the failure.

    What failed comes before the body: the end of a long line is the first thing that a screen leaves out.
    """
    if exchange.response is None:
        return exchange.failure.message if exchange.failure else "no answer"
    body = exchange.response.body[:2000].decode("utf-8", "replace").strip()
    status = f"{exchange.response.status}{_led(exchange.response)}"
    if exchange.failure:
        began = f"; its body begins: {shown(body)}" if body else ""
        return f"{status}, but {exchange.failure.message}{began}"
    return f"{status} {shown(body)}" if body else f"{status}, without a body"


def _led(response: Response) -> str:
    where = response.headers.get("location")
    return f", a redirect to {shown(where)}" if where and 300 <= response.status < 400 else ""


def response_of(exchange: Exchange) -> Response:
    """Return the whole answer.

    Raises:
        Unjudgeable: there is none, or it broke off.
    """
    if exchange.response is None or exchange.failure is not None:
        raise Unjudgeable(f"{exchange.request.method} {exchange.request.path} ended thus: {outcome(exchange)}")
    return exchange.response


def success_of(exchange: Exchange) -> Response:
    """Return an answer of status 200.

    Raises:
        Unjudgeable: it is another.
    """
    response = response_of(exchange)
    if response.status != 200:
        raise Unjudgeable(f"{exchange.request.method} {exchange.request.path} answered {outcome(exchange)}")
    return response


def document_of(exchange: Exchange) -> dict[str, Any]:
    """Return the JSON object of a 200.

    Raises:
        Unjudgeable: another status, or not a JSON object.
    """
    return _object(success_of(exchange), exchange)


def _error_document_of(exchange: Exchange) -> dict[str, Any]:
    response = response_of(exchange)
    if response.status < 400:
        raise Unjudgeable(f"{exchange.request.method} {exchange.request.path} answered {response.status}, no error")
    return _object(response, exchange)


def error_of(exchange: Exchange, envelope: Envelope) -> dict[str, Any]:
    """Return what an error answer (status 400 or more) tells: ``message``, ``code`` and whatever else the dialect has.

    Raises:
        Unjudgeable: not an error, or not in the envelope.
    """
    error = envelope.read(_error_document_of(exchange))
    if error is None:
        raise Unjudgeable("the error answer holds no error object")
    return error


def _object(response: Response, exchange: Exchange) -> dict[str, Any]:
    try:
        document = response.document
    except RecursionError as error:
        raise Unjudgeable(f"{exchange.request.method} {exchange.request.path} cannot be read here: {error}") from None
    except ValueError:
        raise Unjudgeable(f"{exchange.request.method} {exchange.request.path} answered no JSON") from None
    if not isinstance(document, dict):
        raise Unjudgeable(f"{exchange.request.method} {exchange.request.path} answered JSON that is not an object")
    return document


def at(document: Any, *path: str | int) -> Any:
    """Return what stands at ``path`` in nested objects and arrays.

    Raises:
        Unjudgeable: there is no such place.
    """
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            raise Unjudgeable(f"the answer has no {'.'.join(map(str, path))}") from None
    return document


def objects_at(document: Any, *path: str | int) -> list[dict[str, Any]]:
    """Return the array of objects at ``path``.

    Raises:
        Unjudgeable: it is not an array of objects.
    """
    items = at(document, *path)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Unjudgeable(f"{'.'.join(map(str, path))} is not an array of objects")
    return items


def is_integer(value: Any) -> bool:
    """Tell whether ``value`` is a JSON integer (true and false are not)."""
    return isinstance(value, int) and not isinstance(value, bool)


def answers(exchange: Exchange, *, status: int = 200) -> Deviation | None:
    """The exchange completes with ``status``."""
    if exchange.failure is None and exchange.status == status:
        return None
    asked = f"{exchange.request.method} {exchange.request.path}"
    return Deviation(f"{asked} is not answered with {status}", f"status {status}", outcome(exchange))


def answers_json_object(exchange: Exchange) -> Deviation | None:
    """A 200 holds a JSON object."""
    response = success_of(exchange)
    try:
        document = response.document
    except RecursionError as error:
        raise Unjudgeable(f"the body cannot be read here: {error}") from None
    except ValueError as error:
        found = f"{error}; {outcome(exchange)}" if response.body else outcome(exchange)
        return Deviation("the body is not one JSON document", "one JSON document", found)
    if not isinstance(document, dict):
        return Deviation("the body is not a JSON object", "a JSON object", shown(document))
    return None


def matches_schema(exchange: Exchange, profile: Profile, schema: str) -> Deviation | None:
    """A 200 validates against a component schema of the profile's specification."""
    return validates(document_of(exchange), profile, schema)


def validates(document: Any, profile: Profile, schema: str) -> Deviation | None:
    """``document`` validates against a component schema of the profile's specification."""
    errors = profile.schema_errors(schema, document)
    if not errors:
        return None
    told = "; ".join(f"{error.pointer}: {shown(error.message)}" for error in errors[:5])
    return Deviation(f"the answer is no valid {schema}", f"a {schema} as the specification has it", told)


def refused(exchange: Exchange, expected: ErrorExpectation) -> Deviation | None:
    """The request is refused with one of the expected statuses."""
    if exchange.failure is None and exchange.status in expected.statuses:
        return None
    return Deviation("the request is not refused as it should be", status_words(expected), outcome(exchange))


def refused_as(exchange: Exchange, expected: ErrorExpectation) -> Deviation | None:
    """The request is refused with an expected status, type and code."""
    deviation = refused(exchange, expected)
    if deviation:
        return deviation
    error = error_of(exchange, expected.envelope)
    for name, allowed in (("type", expected.types), ("code", expected.codes)):
        if allowed is not None and error.get(name) not in allowed:
            return Deviation(
                f"the error's {name} is not the documented one",
                f"{name} {one_of(allowed)}",
                f"{name} {shown(error.get(name))}",
            )
    return None


def not_server_error(exchange: Exchange) -> Deviation | None:
    """The answer is not a 5xx, and there is one."""
    if exchange.failure is None and exchange.status is not None and exchange.status < 500:
        return None
    return Deviation("the target fails instead of answering", "a status below 500", outcome(exchange))


def refused_or_answered(exchange: Exchange) -> Deviation | None:
    """The answer is a 200 or a 4xx: either is sound, a 5xx or a broken connection is not."""
    if (
        exchange.failure is None
        and exchange.status is not None
        and (exchange.status == 200 or 400 <= exchange.status < 500)
    ):
        return None
    return Deviation("the request is neither answered nor refused", "200 or a 4xx", outcome(exchange))


def status_words(expected: ErrorExpectation) -> str:
    """Say which statuses are expected."""
    return "status " + " or ".join(str(status) for status in sorted(expected.statuses))


def one_of(values: Iterable[Any]) -> str:
    """Say which values are allowed."""
    return " or ".join(sorted(shown(value) for value in values))


def first_duplicate(values: Sequence[Any]) -> Any:
    """Return the first value that occurs twice, or None."""
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


def header_integer(headers: Mapping[str, str] | Any, name: str) -> int | None:
    """Return a header's value as an integer, or None when absent.

    Raises:
        ValueError: it is there, but no integer.
    """
    text = headers.get(name)
    return None if text is None else int(text.strip())
