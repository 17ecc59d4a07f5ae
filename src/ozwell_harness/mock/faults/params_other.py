"""Unknown fields, nulls, seeds, a `stream` of another type, and numbers that are no JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Completion
from ozwell_harness.mock.errors import internal_error, invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.param_rules import BOTH, is_whole, takes, turns_away
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.routing import Operation

AREA = Area("params")

FIELDS = frozenset(
    """
    model messages temperature top_p n stream stream_options stop max_tokens max_completion_tokens presence_penalty
    frequency_penalty tools tool_choice parallel_tool_calls response_format seed user
    """.split()  # noqa: SIM905 - twenty quoted words would not be read
)


@AREA.request(
    "unknown-field-refused",
    "A field that the server does not know is refused.",
    Operation.CREATE_CHAT,
    breaks=("params.unknown-field-ignored",),
)
def unknown_field_refused(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Insist on known fields."""
    unknown = sorted(body.keys() - FIELDS)
    if unknown:
        raise invalid_value(unknown[0], f"Unrecognized field: '{unknown[0]}'.")
    return body


@AREA.request(
    "unknown-field-fails",
    "A field that the server does not know makes it fail.",
    Operation.CREATE_CHAT,
    breaks=("params.unknown-field-survived", "http.no-server-errors"),
)
def unknown_field_fails(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Stumble over it."""
    if body.keys() - FIELDS:
        raise internal_error()
    return body


for _field, _slug, _read, _what in (
    ("n", "n", 2, "two choices"),
    ("stream", "stream", True, "a stream"),
    ("max_tokens", "max-tokens", 0, "no token at all"),
):
    takes(
        AREA,
        f"null-{_slug}-misread",
        f"A {_field} of null is read as a wish for {_what}.",
        _field,
        lambda value: value is None,
        _read,
        breaks=("params.null-is-omission",),
    )
for _field in ("temperature", "stop", "presence_penalty"):
    turns_away(
        AREA,
        f"null-{_field.replace('_', '-')}-refused",
        f"A {_field} of null is refused.",
        _field,
        lambda value: value is None,
        breaks=("params.null-is-omission",),
    )

turns_away(AREA, "seed-refused", "A seed is refused.", "seed", is_whole, breaks=("params.seed-accepted",))


@AREA.plan(
    "seed-ignored",
    "The same seed gives another answer each time.",
    Operation.CREATE_CHAT,
    breaks=("params.seed-repeatable",),
)
def seed_ignored(completion: Completion, call: Call) -> Completion:
    """Begin each seeded answer with another word."""
    if (call.body or {}).get("seed") is None:
        return completion
    first, *others = completion.choices
    pieces = (new_id("")[:8], *first.pieces[1:])
    return replace(completion, choices=(replace(first, pieces=pieces), *others))


@AREA.result(
    "answer-kept",
    "The same request gets the same answer once more, with the id of the first.",
    Operation.CREATE_CHAT,
    breaks=("chat.repeats-have-own-ids",),
)
def answer_kept(answer: JsonObject, call: Call) -> JsonObject:
    """Remember the answer to each body."""
    kept: dict[str, Any] = call.notes.setdefault("answers", {})
    return kept.setdefault(repr(call.body), answer)  # type: ignore[no-any-return]


takes(
    AREA,
    "stream-text-read-as-true",
    "A stream that is a text is read as true.",
    "stream",
    lambda value: isinstance(value, str),
    True,  # noqa: FBT003 - the value itself
    breaks=("params.stream-wrong-type-refused",),
)
takes(
    AREA,
    "stream-text-ignored",
    "A stream that is a text is ignored.",
    "stream",
    lambda value: isinstance(value, str),
    None,
    operations=BOTH,
    breaks=("params.stream-wrong-type-refused",),
)


@AREA.body(
    "nan-accepted",
    "NaN and Infinity are read as numbers.",
    *BOTH,
    breaks=("params.nan-refused", "params.infinity-refused"),
)
def nan_accepted(content: bytes, call: Call) -> bytes:  # noqa: ARG001
    """Put a number in their place."""
    return content.replace(b": NaN", b": 1").replace(b": Infinity", b": 1")


@AREA.body(
    "nan-fails",
    "NaN and Infinity make the server fail.",
    *BOTH,
    breaks=("params.nan-refused", "params.infinity-refused", "errors.bad-input-no-server-error"),
)
def nan_fails(content: bytes, call: Call) -> bytes:  # noqa: ARG001
    """Read them, and fail to use them."""
    if b": NaN" in content or b": Infinity" in content:
        raise internal_error()
    return content
