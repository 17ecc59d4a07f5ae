"""Judgements on error answers: the envelope of the dialect and what it says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ozwell_harness.checks.base import error_of, is_integer, one_of, outcome, response_of, shown, status_words
from ozwell_harness.checks.operations import (
    EVENT_STREAM,
    api_error,
    asks_for_stream,
    documented_operation,
    is_json,
    sends_valid_body,
)
from ozwell_harness.envelope import Envelope
from ozwell_harness.model import Deviation, Exchange, Response, Unjudgeable
from ozwell_harness.profile import ErrorExpectation, Profile

#: Spellings of "no value" that belong to a programming language, not to JSON.
_STRINGIFIED = frozenset({"None", "null", "undefined", "nil", "<nil>"})

#: Types that say of themselves why a request failed → the statuses that say the same.
_STATUSES_OF_TYPE: Mapping[str, Collection[int]] = {
    "authentication_error": (401, 403),
    "permission_error": (401, 403),
    "rate_limit_error": (429,),
    "server_error": range(500, 600),
}


def error_is_object(exchange: Exchange, profile: Profile) -> Deviation | None:
    """An error answer is in the envelope; a body that is no JSON at all is another check's."""
    envelope = profile.expect.envelope
    if envelope.read(_parsed(api_error(exchange, profile))) is not None:
        return None
    return Deviation("an error answer holds no error object", envelope.shape, outcome(exchange))


def message_is_text(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The error's message is text, and not empty."""
    return _is_text(api_error_told(exchange, profile), "message", profile.expect.envelope)


def type_is_text(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The error's type is text, and not empty."""
    return _is_text(api_error_told(exchange, profile), "type", profile.expect.envelope)


def code_present(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The error has a code."""
    if api_error_told(exchange, profile).get("code") is not None:
        return None
    expected = f"{profile.expect.envelope.place('code')} as text"
    return Deviation("an error has no code", expected, outcome(exchange))


def code_is_text(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The error's code, where there is one, is text and not empty."""
    error = api_error_told(exchange, profile)
    if error.get("code") is None:
        raise Unjudgeable("the error has no code")
    return _is_text(error, "code", profile.expect.envelope)


def code_fits_status(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The error's code is the one that the dialect has for the status."""
    expected = profile.expect.codes.get(exchange.status or 0)
    if expected is None:
        raise Unjudgeable("its status has no code of its own")
    found = api_error_told(exchange, profile).get("code")
    if not isinstance(found, str):
        raise Unjudgeable("the error has no code")
    if found == expected:
        return None
    place = profile.expect.envelope.place("code")
    actual = f"{place} {shown(found)} with status {exchange.status}"
    return Deviation("an error's code is that of another status", f"{place} {shown(expected)}", actual)


def status_is_repeated(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The status that an error tells in its body is that of the answer, as an integer."""
    if not profile.expect.envelope.holds("status"):
        raise Unjudgeable("errors of this dialect do not tell their status")
    told = api_error_told(exchange, profile).get("status")
    if is_integer(told) and told == exchange.status:
        return None
    place = profile.expect.envelope.place("status")
    actual = "no such member" if told is None else f"{place} {shown(told)}"
    return Deviation("an error tells another status than its own", f"{place} {exchange.status}", actual)


def type_fits_status(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The error's type is not that of another status: a client that goes by either must come to the same end."""
    error = api_error_told(exchange, profile)
    fitting = _STATUSES_OF_TYPE.get(shown(error.get("type")))
    if fitting is None:
        raise Unjudgeable("its type belongs to no status in particular")
    if exchange.status in fitting:
        return None
    actual = f"type {shown(error.get('type'))} with status {exchange.status}"
    return Deviation("an error's type is that of another status", f"a type that fits {exchange.status}", actual)


def param_is_text(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The error's param is text, null or absent."""
    param = api_error_told(exchange, profile).get("param")
    if param is None or isinstance(param, str):
        return None
    return Deviation("an error's param is not text", "error.param as text, null or absent", f"param {shown(param)}")


def null_is_null(exchange: Exchange, profile: Profile) -> Deviation | None:
    """No member of the error spells a missing value as text."""
    error = api_error_told(exchange, profile)
    for name in ("message", "type", "code", "param"):
        value = error.get(name)
        if isinstance(value, str) and value in _STRINGIFIED:
            return Deviation(f"an error's {name} is a null turned into text", "null or no member", f"{name} {value!r}")
    return None


def json_content_type(exchange: Exchange, profile: Profile) -> Deviation | None:
    """An error answer is labelled as JSON; how a refused stream is labelled is another check's."""
    response = api_error(exchange, profile)
    if response.media_type == EVENT_STREAM and asks_for_stream(exchange.request):
        raise Unjudgeable("it is the refusal of a stream")
    if is_json(response):
        return None
    labelled = response.media_type or "no Content-Type"
    return Deviation("an error is not labelled as JSON", "application/json", f"{labelled}; {outcome(exchange)}")


def no_error_in_success(exchange: Exchange, profile: Profile) -> Deviation | None:
    """A 200 holds no error."""
    response = response_of(exchange)
    is_plain = not documented_operation(exchange, profile).is_download and response.media_type != EVENT_STREAM
    if response.status != 200 or not is_plain:
        raise Unjudgeable("it is no plain success")
    document = _parsed(response)
    if not isinstance(document, dict):
        raise Unjudgeable("the answer is no JSON object")
    if document.get("error") or document.get("object") == "error":
        return Deviation("an error is answered with status 200", "a status of 400 or more", outcome(exchange))
    return None


def no_server_error_for_bad_input(exchange: Exchange, profile: Profile) -> Deviation | None:
    """A body that the specification does not allow is not answered with a 5xx."""
    operation = documented_operation(exchange, profile)
    if exchange.status is None or sends_valid_body(exchange.request, operation, profile):
        raise Unjudgeable("the body that was sent is valid")
    if exchange.status < 500:
        return None
    return Deviation("bad input is answered with a server error", "a 4xx", outcome(exchange))


def in_envelope(exchange: Exchange, envelope: Envelope) -> Deviation | None:
    """An error answer, of whatever operation or of none, is a whole envelope."""
    response = response_of(exchange)
    if response.status < 400:
        raise Unjudgeable(f"it is answered with {response.status}, which is no error")
    try:
        document = response.document
    except RecursionError as depth:
        raise Unjudgeable(f"the body cannot be read here: {depth}") from None
    except ValueError:
        document = None
    error = envelope.read(document)
    if error is None:
        return Deviation("the error is not in the envelope", envelope.shape, outcome(exchange))
    # A code may be null in some dialects, where there is a type beside it.
    texts = ("message", "type" if envelope.holds("type") else "code")
    return next((found for name in texts if (found := _is_text(error, name, envelope))), None)


def has_code(exchange: Exchange, expected: ErrorExpectation) -> Deviation | None:
    """A refusal with an expected status has one of the expected codes."""
    return _has_member(exchange, expected, "code", expected.codes)


def has_type(exchange: Exchange, expected: ErrorExpectation) -> Deviation | None:
    """A refusal with an expected status has one of the expected types."""
    return _has_member(exchange, expected, "type", expected.types)


def names_allowed_methods(exchange: Exchange, method: str) -> Deviation | None:
    """A 405 says in ``Allow`` what is allowed (RFC 9110 section 15.5.6): ``method``, which the path has, at least."""
    response = response_of(exchange)
    if response.status != 405:
        raise Unjudgeable(f"it is answered with {response.status}, not 405")
    values = response.headers.get_all("allow")
    if method in {name.strip() for value in values for name in value.split(",")}:
        return None
    actual = f"Allow {', '.join(values) or 'empty'}" if values else "no Allow header"
    return Deviation("a 405 does not say which methods are allowed", f"an Allow header with {method}", actual)


def names_field(exchange: Exchange, field: str, envelope: Envelope) -> Deviation | None:
    """The error's param names the offending field, alone or within a path."""
    param = error_of(exchange, envelope).get("param")
    if isinstance(param, str) and field in param:
        return None
    return Deviation("the error does not name the field at fault", f"param {shown(field)}", f"param {shown(param)}")


def _has_member(
    exchange: Exchange, expected: ErrorExpectation, name: str, allowed: frozenset[Any] | None
) -> Deviation | None:
    if response_of(exchange).status not in expected.statuses:
        raise Unjudgeable(f"it is not answered with {status_words(expected)}")
    actual = error_of(exchange, expected.envelope).get(name)
    if allowed is None or actual in allowed:
        return None
    return Deviation(f"the error has another {name}", f"{name} {one_of(allowed)}", f"{name} {shown(actual)}")


def _is_text(error: Mapping[str, Any], name: str, envelope: Envelope) -> Deviation | None:
    value = error.get(name)
    if isinstance(value, str) and value.strip():
        return None
    actual = f"{name} {shown(value)}" if name in error else f"no {name}"
    return Deviation(f"an error's {name} is not text", f"a non-empty {envelope.place(name)}", actual)


def api_error_told(exchange: Exchange, profile: Profile) -> dict[str, Any]:
    """Return what the error tells that the API answered a documented operation with.

    Raises:
        Unjudgeable: it is none, or was given before the API could see the request.
    """
    api_error(exchange, profile)
    return error_of(exchange, profile.expect.envelope)


def _parsed(response: Response) -> Any:
    try:
        return response.document
    except (ValueError, RecursionError):
        raise Unjudgeable("the body is no JSON") from None
