"""Judgements on tool calls that come in fragments (OpenAI API reference, Chat, Streaming, ``delta.tool_calls``)."""

from __future__ import annotations

from collections.abc import Collection

from ozwell_harness.checks.assembly import StreamedCall
from ozwell_harness.checks.base import one_of, outcome, shown
from ozwell_harness.checks.stream_framing import whole_answer
from ozwell_harness.checks.streaming import first_choice
from ozwell_harness.checks.tools import FORCED_FINISHES, holds_object
from ozwell_harness.model import Deviation, Exchange, Unjudgeable


def calls_of(exchange: Exchange) -> tuple[StreamedCall, ...]:
    """Return the tool calls of a streamed answer.

    Raises:
        Unjudgeable: the stream did not come to its end, or the model called no tool.
    """
    calls = first_choice(whole_answer(exchange)).calls
    if not calls:
        raise Unjudgeable("the model called no tool in this stream")
    return calls


def has_call(exchange: Exchange) -> Deviation | None:
    """A stream in which a call is required holds one."""
    if exchange.failure is None and exchange.status != 200:
        return Deviation("a stream with tool_choice required is refused", "status 200", outcome(exchange))
    choice = first_choice(whole_answer(exchange))
    if choice.fragments:
        return None
    return Deviation("no tool is called although one is required", "a tool call", f"content {shown(choice.content)}")


def fragments_have_index(exchange: Exchange) -> Deviation | None:
    """Every fragment has the index of its call, and the calls are numbered from 0."""
    found = [call.index for call in calls_of(exchange)]
    if found == list(range(len(found))):
        return None
    return Deviation("streamed calls are not numbered from 0", "index 0, 1, … in each fragment", f"indexes {found}")


def begins_with_id_and_name(exchange: Exchange) -> Deviation | None:
    """The first fragment of a call gives its id and the function's name."""
    for call in calls_of(exchange):
        first = call.fragments[0]
        if not first.id or not first.name:
            actual = f"id {shown(first.id)}, name {shown(first.name)}"
            return Deviation("the first fragment of a call lacks id or name", "an id and a function name", actual)
    return None


def tells_id_and_name_once(exchange: Exchange) -> Deviation | None:
    """Later fragments of a call repeat neither id nor name: clients join what they get."""
    for call in calls_of(exchange):
        again = [fragment for fragment in call.fragments[1:] if fragment.id or fragment.name]
        if again:
            actual = f"id {shown(again[0].id)}, name {shown(again[0].name)} in event {again[0].at}"
            return Deviation("a later fragment of a call repeats id or name", "id and name once", actual)
    return None


def names_are_declared(exchange: Exchange, declared: Collection[str]) -> Deviation | None:
    """Only tools that the request declares are called."""
    for call in calls_of(exchange):
        if call.name not in declared:
            return Deviation("a tool is called that was not declared", one_of(declared), f"name {shown(call.name)}")
    return None


def arguments_are_json(exchange: Exchange) -> Deviation | None:
    """The fragments of a call's arguments, joined, are a JSON object."""
    for call in calls_of(exchange):
        deviation = holds_object(call.arguments)
        if deviation:
            return deviation
    return None


def finishes_with_calls(exchange: Exchange) -> Deviation | None:
    """A stream with a forced call ends with ``tool_calls`` or ``stop``."""
    calls_of(exchange)
    found = first_choice(whole_answer(exchange)).finish_reason
    if found in FORCED_FINISHES:
        return None
    expected = f"finish_reason {one_of(FORCED_FINISHES)}"
    return Deviation("a stream that calls a tool ends for another reason", expected, shown(found))


def calls_keep_apart(exchange: Exchange) -> Deviation | None:
    """Calls with different ids have different indexes.

    Raises:
        Unjudgeable: there is only one call.
    """
    calls = calls_of(exchange)
    mixed = [call for call in calls if len(call.ids) > 1]
    if mixed:
        actual = f"index {mixed[0].index} for {shown(list(mixed[0].ids))}"
        return Deviation("two streamed calls share an index", "an index of its own for each call", actual)
    if len(calls) < 2:
        raise Unjudgeable("the model made one call only")
    return None
