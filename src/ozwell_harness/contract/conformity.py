"""Schemathesis' own checks of an exchange, and which requirement each of its failures belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from schemathesis.core.failures import AcceptedNegativeData, Failure, FailureGroup
from schemathesis.core.transport import Response
from schemathesis.openapi.checks import (
    EnsureResourceAvailability,
    JsonSchemaError,
    RejectedPositiveData,
    UndefinedContentType,
    UseAfterFree,
)
from schemathesis.specs.openapi import checks

from ozwell_harness.checks.base import error_of
from ozwell_harness.checks.operations import JSON, is_json
from ozwell_harness.contract.holdings import not_there, still_there
from ozwell_harness.contract.ledger import Found
from ozwell_harness.contract.subjects import Subject
from ozwell_harness.contract.telling import asked, brief, outcome
from ozwell_harness.contract.violations import Violation
from ozwell_harness.envelope import Envelope
from ozwell_harness.model import Exchange, Unjudgeable

#: Off, because here they cannot hold or have nothing to see: ``not_a_server_error`` (the suites' passive checks say
#: the same, and more), ``ignored_auth`` and ``object_level_authorization`` (keys are added after Schemathesis, so it
#: cannot leave one out; the suites do), ``missing_required_header`` (no header is documented), ``unsupported_method``
#: and ``allow_header_conformance`` (a method that is not documented may still do something: it is not tried).
CHECKS = (
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.positive_data_acceptance,
    checks.negative_data_rejection,
    checks.use_after_free,
    checks.ensure_resource_availability,
)

_VARYING = re.compile(r"""[0-9]+|"[^"]*"|'[^']*'|`[^`]*`""")


def failures(case: Any, response: Response, recorder: Any = None) -> Iterator[Failure]:
    """Yield what Schemathesis' checks say against an answer; ``recorder`` holds what went before in a walk."""
    try:
        case.validate_response(response, checks=list(CHECKS), recorder=recorder)
    except FailureGroup as group:
        yield from group.exceptions
    except Failure as failure:
        yield failure
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
        # An answer that its library cannot read: the suites' own checks say what is wrong with it.
        return


def found_in(
    subject: Subject, failure: Failure, exchange: Exchange, envelope: Envelope, violation: Violation | None = None
) -> Found | None:
    """Return a failure as a deviation from one of our requirements; None where none of them is broken.

    ``violation`` is the rule that an invalid request breaks, None for a valid one.
    """
    if isinstance(failure, AcceptedNegativeData):
        return None if violation is None else not_refused(subject, exchange, violation)
    if isinstance(failure, RejectedPositiveData):
        return not_accepted(subject, exchange, envelope)
    if isinstance(failure, UseAfterFree):
        return still_there(exchange, _touched(exchange))
    if isinstance(failure, EnsureResourceAvailability):
        return not_there(exchange, _touched(exchange))
    if isinstance(failure, UndefinedContentType) and _is_documented_json(failure, exchange):
        return None
    return _undocumented(subject, failure, exchange)


def not_refused(subject: Subject, exchange: Exchange, violation: Violation) -> Found | None:
    """Return the deviation of an invalid request that is not refused as a bad one."""
    if subject.refused is None:
        return None
    turned_away = exchange.status is not None and exchange.status >= 400
    how = f"is answered with {exchange.status}" if turned_away else "is not refused"
    told = f"{violation.told}: {outcome(exchange)}"
    return Found(subject.refused, violation.rule, f"a request {how}, though {violation.told}", told)


def not_accepted(subject: Subject, exchange: Exchange, envelope: Envelope) -> Found | None:
    """Return the deviation of a valid request that is not answered."""
    if subject.accepted is None:
        return None
    try:
        error = error_of(exchange, envelope)
    except Unjudgeable:
        error = {}
    said = _VARYING.sub("#", str(error.get("message", "")))
    key = " ".join(str(part) for part in (exchange.status, error.get("code"), error.get("param"), said))
    gist = f"a valid request is answered with {exchange.status}"
    return Found(subject.accepted, key, gist, f"{asked(exchange)}: {outcome(exchange)}")


def _is_documented_json(failure: UndefinedContentType, exchange: Exchange) -> bool:
    """Tell whether JSON is documented and was sent, if under a name of its own (RFC 6839): that is no other type."""
    return JSON in failure.defined_content_types and exchange.response is not None and is_json(exchange.response)


def _touched(exchange: Exchange) -> str:
    part = "content" if exchange.request.path.endswith("/content") else "file"
    return f"{exchange.request.method} {part}"


def _undocumented(subject: Subject, failure: Failure, exchange: Exchange) -> Found:
    said = f"{asked(exchange)}: {exchange.status}"
    if not isinstance(failure, JsonSchemaError):
        key = f"{exchange.request.method} {exchange.status} {failure.title}"
        gist = f"an answer is not as documented: {failure.title[:1].lower()}{failure.title[1:]}"
        return Found(subject.documented, key, gist, f"{said}: {brief(failure.message)}")
    path = [str(part) for part in failure.instance_path]
    place = f"/{'/'.join(path)}"
    rule = f"/{'/'.join('*' if part.isdigit() else part for part in path)} {failure.schema_path[-1:]}"
    key = f"{exchange.request.method} {exchange.status} {rule} {failure.title}"
    gist = f"an answer breaks its schema at {place}"
    return Found(subject.documented, key, gist, f"{said}: {place}: {brief(failure.validation_message)}")
