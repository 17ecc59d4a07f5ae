"""The checks that hold of every exchange, whatever provoked it: suites, generated requests and load share them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ozwell_harness.checks import cors, errors, internals, security, wire
from ozwell_harness.model import Deviation, Exchange
from ozwell_harness.profile import Profile

#: Judges one exchange by a profile; raises ``Unjudgeable`` when the exchange has nothing to say about it.
PassiveCheck = Callable[[Exchange, Profile], Deviation | None]

#: Requirement id → check. A profile that excludes the requirement does not owe it.
PASSIVE: Mapping[str, PassiveCheck] = MappingProxyType(
    {
        "errors.error-is-object": errors.error_is_object,
        "errors.message-is-text": errors.message_is_text,
        "errors.type-is-text": errors.type_is_text,
        "errors.code-present": errors.code_present,
        "errors.code-is-text": errors.code_is_text,
        "errors.code-fits-status": errors.code_fits_status,
        "errors.status-repeated": errors.status_is_repeated,
        "errors.type-fits-status": errors.type_fits_status,
        "errors.param-is-text": errors.param_is_text,
        "errors.null-is-null": errors.null_is_null,
        "errors.json-content-type": errors.json_content_type,
        "errors.no-error-in-success": errors.no_error_in_success,
        "errors.bad-input-no-server-error": errors.no_server_error_for_bad_input,
        "errors.no-file-paths": internals.no_file_path,
        "errors.no-sql": internals.no_sql,
        "http.json-content-type": wire.json_content_type,
        "http.one-json-document": wire.one_json_document,
        "http.no-byte-order-mark": wire.no_byte_order_mark,
        "http.json-names-unique": wire.names_unique,
        "http.success-is-200": wire.success_is_200,
        "http.no-server-errors": wire.no_server_error,
        "http.requests-answered": wire.request_is_answered,
        "http.answers-whole": wire.answer_is_whole,
        "http.framing-clear": wire.framing_is_clear,
        "http.request-id-present": wire.has_request_id,
        "http.cors-no-wildcard-with-credentials": cors.no_credentialed_wildcard,
        "security.key-not-echoed": security.key_not_echoed,
        "security.no-stack-traces": internals.no_stack_trace,
        "security.no-other-keys": internals.no_other_key,
        "security.no-internal-addresses": internals.no_internal_address,
    }
)


def passive_of(area: str) -> dict[str, PassiveCheck]:
    """Return the passive checks of one area, by requirement id."""
    return {name: check for name, check in PASSIVE.items() if name.startswith(f"{area}.")}
