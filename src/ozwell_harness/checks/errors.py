"""Judgements on error answers: the envelope ``{"error": {"message", "type", "code"}}`` and what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ozwell_harness.checks.base import error_object_of, one_of, outcome, response_of, shown, status_words
from ozwell_harness.checks.operations import (
    EVENT_STREAM,
    api_error,
    documented_operation,
    is_json,
    operation_of,
    sends_valid_body,
    without_mark,
)
from ozwell_harness.model import Deviation, Exchange, Response, Unjudgeable
from ozwell_harness.profile import ErrorExpectation, Profile

#: Spellings of "no value" that belong to a programming language, not to JSON.
_STRINGIFIED = frozenset({"None", "null", "undefined", "nil", "<nil>"})

#: What errors may have in common (``members`` of a status, ``type`` of a code) → what it is.
TraitKey = tuple[str, str]
Traits = Mapping[TraitKey, tuple[str, ...]]


def error_is_object(exchange: Exchange, profile: Profile) -> Deviation | None:
    """An error answer holds an object named ``error``; a body that is no JSON at all is another check's."""
    document = _parsed(api_error(exchange, profile))
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, dict):
        return None
    return Deviation("an error answer holds no error object", 'a body {"error": {…}}', outcome(exchange))


def message_is_text(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The error's message is text, and not empty."""
    return _is_text(_api_error_object(exchange, profile), "message")


def type_is_text(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The error's type is text, and not empty."""
    return _is_text(_api_error_object(exchange, profile), "type")


def code_present(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The error has a code."""
    if _api_error_object(exchange, profile).get("code") is not None:
        return None
    return Deviation("an error has no code", "error.code as text", outcome(exchange))


def code_is_text(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The error's code, where there is one, is text and not empty."""
    error = _api_error_object(exchange, profile)
    if error.get("code") is None:
        raise Unjudgeable("the error has no code")
    return _is_text(error, "code")


def param_is_text(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The error's param is text, null or absent."""
    param = _api_error_object(exchange, profile).get("param")
    if param is None or isinstance(param, str):
        return None
    return Deviation("an error's param is not text", "error.param as text, null or absent", f"param {shown(param)}")


def null_is_null(exchange: Exchange, profile: Profile) -> Deviation | None:
    """No member of the error spells a missing value as text."""
    error = _api_error_object(exchange, profile)
    for name in ("message", "type", "code", "param"):
        value = error.get(name)
        if isinstance(value, str) and value in _STRINGIFIED:
            return Deviation(f"an error's {name} is a null turned into text", "null or no member", f"{name} {value!r}")
    return None


def json_content_type(exchange: Exchange, profile: Profile) -> Deviation | None:
    """An error answer is labelled as JSON."""
    response = api_error(exchange, profile)
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


def in_envelope(exchange: Exchange) -> Deviation | None:
    """An error answer, of whatever operation or of none, is a whole envelope."""
    response = response_of(exchange)
    if response.status < 400:
        raise Unjudgeable(f"it is answered with {response.status}, which is no error")
    try:
        document = without_mark(response).document
    except (ValueError, RecursionError):
        document = None
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return Deviation("the error is not in the envelope", 'a body {"error": {…}}', outcome(exchange))
    return _is_text(error, "message") or _is_text(error, "type")


def has_code(exchange: Exchange, expected: ErrorExpectation) -> Deviation | None:
    """A refusal with an expected status has one of the expected codes."""
    return _has_member(exchange, expected, "code", expected.codes)


def has_type(exchange: Exchange, expected: ErrorExpectation) -> Deviation | None:
    """A refusal with an expected status has one of the expected types."""
    return _has_member(exchange, expected, "type", expected.types)


def names_allowed_methods(exchange: Exchange) -> Deviation | None:
    """A 405 says in ``Allow`` what is allowed (RFC 9110 section 15.5.6)."""
    response = response_of(exchange)
    if response.status != 405:
        raise Unjudgeable(f"it is answered with {response.status}, not 405")
    if "allow" in response.headers:
        return None
    return Deviation("a 405 does not say which methods are allowed", "an Allow header", "no Allow header")


def names_field(exchange: Exchange, field: str) -> Deviation | None:
    """The error's param names the offending field, alone or within a path."""
    param = error_object_of(exchange).get("param")
    if isinstance(param, str) and field in param:
        return None
    return Deviation("the error does not name the field at fault", f"param {shown(field)}", f"param {shown(param)}")


def common_traits(exchanges: Iterable[Exchange], profile: Profile) -> Traits:
    """Return what most errors have in common, as far as at least two operations show it; see ``_traits``."""
    seen: dict[TraitKey, Counter[tuple[str, ...]]] = {}
    operations: dict[TraitKey, set[str]] = {}
    for exchange in exchanges:
        try:
            traits = _traits(exchange, profile)
        except Unjudgeable:
            continue
        for key, trait in traits.items():
            seen.setdefault(key, Counter())[trait] += 1
            operations.setdefault(key, set()).add(str(operation_of(exchange.request, profile)))
    return {key: traits.most_common(1)[0][0] for key, traits in seen.items() if len(operations[key]) > 1}


def has_common_shape(exchange: Exchange, profile: Profile, common: Traits) -> Deviation | None:
    """An error looks as errors of its kind do on the other operations."""
    traits = {key: trait for key, trait in _traits(exchange, profile).items() if key in common}
    if not traits:
        raise Unjudgeable("no other operation was refused like this")
    where = operation_of(exchange.request, profile)
    for key, trait in traits.items():
        if trait != common[key]:
            return Deviation(
                f"a {exchange.status} of {where} looks unlike that of other operations",
                f"{key[0]} {', '.join(common[key]) or 'none'}",
                f"{key[0]} {', '.join(trait) or 'none'}",
            )
    return None


def _traits(exchange: Exchange, profile: Profile) -> dict[TraitKey, tuple[str, ...]]:
    """Return the members of an error, by its status, and the type of a 401, by its code.

    ``param`` is optional, a server may add members, and other statuses have many causes: none of this counts.
    """
    error = _api_error_object(exchange, profile)
    status = exchange.status or 0
    members = tuple(name for name in ("message", "type", "code") if name in error)
    traits: dict[TraitKey, tuple[str, ...]] = {("members", str(status)): members}
    if status == 401 and isinstance(error.get("code"), str):
        traits["type", error["code"]] = (shown(error.get("type")),)
    return traits


def _has_member(
    exchange: Exchange, expected: ErrorExpectation, name: str, allowed: frozenset[Any] | None
) -> Deviation | None:
    if response_of(exchange).status not in expected.statuses:
        raise Unjudgeable(f"it is not answered with {status_words(expected)}")
    actual = error_object_of(exchange).get(name)
    if allowed is None or actual in allowed:
        return None
    return Deviation(f"the error has another {name}", f"{name} {one_of(allowed)}", f"{name} {shown(actual)}")


def _is_text(error: Mapping[str, Any], name: str) -> Deviation | None:
    value = error.get(name)
    if isinstance(value, str) and value.strip():
        return None
    actual = f"{name} {shown(value)}" if name in error else f"no {name}"
    return Deviation(f"an error's {name} is not text", f"a non-empty error.{name}", actual)


def _api_error_object(exchange: Exchange, profile: Profile) -> dict[str, Any]:
    api_error(exchange, profile)
    return error_object_of(exchange)


def _parsed(response: Response) -> Any:
    try:
        return response.document
    except (ValueError, RecursionError):
        raise Unjudgeable("the body is no JSON") from None
