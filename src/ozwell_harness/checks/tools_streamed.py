"""Judgements on tool calls that come in fragments (OpenAI API reference, Chat, Streaming, ``delta.tool_calls``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ozwell_harness.checks.assembly import StreamedCall
from ozwell_harness.checks.base import first_duplicate, one_of, outcome, shown
from ozwell_harness.checks.stream_framing import whole_answer
from ozwell_harness.checks.streaming import first_choice, known_reason
from ozwell_harness.checks.tools import FORCED_FINISHES, ids_of
from ozwell_harness.checks.tools_arguments import all_fit, holds_object, refuse_cut
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


def _apart(exchange: Exchange) -> tuple[StreamedCall, ...]:
    """Return the tool calls of a streamed answer.

    Raises:
        Unjudgeable: as of ``calls_of``, or calls were mixed up, so that nothing else can be said of them.
    """
    calls = calls_of(exchange)
    if any(len(call.ids) > 1 for call in calls):
        raise Unjudgeable("two streamed calls share an index, so their parts cannot be told apart")
    return calls


def has_call(exchange: Exchange) -> Deviation | None:
    """A stream in which a call is required holds one, well-formed or not."""
    if exchange.failure is None and exchange.status != 200:
        return Deviation("a stream with tool_choice required is refused", "status 200", outcome(exchange))
    answer = whole_answer(exchange)
    choice = first_choice(answer)
    if choice.fragments or any("tool_calls" in problem for problem in answer.problems):
        return None
    if not choice.deltas:
        raise Unjudgeable("the chunks have no delta objects")
    return Deviation("no tool is called although one is required", "a tool call", f"content {shown(choice.content)}")


def fragments_have_index(exchange: Exchange) -> Deviation | None:
    """Every fragment has the index of its call, and the calls are numbered from 0."""
    found = [call.index for call in calls_of(exchange)]
    if found == list(range(len(found))):
        return None
    return Deviation("streamed calls are not numbered from 0", "index 0, 1, … in each fragment", f"indexes {found}")


def begins_with_id_and_name(exchange: Exchange) -> Deviation | None:
    """The first fragment of a call gives its id and the function's name."""
    for call in _apart(exchange):
        first = call.fragments[0]
        if not first.id or not first.name:
            actual = f"id {shown(first.id)}, name {shown(first.name)}"
            return Deviation("the first fragment of a call lacks id or name", "an id and a function name", actual)
    return None


def tells_id_and_name_once(exchange: Exchange) -> Deviation | None:
    """Later fragments of a call repeat neither id nor name: clients join what they get."""
    for call in _apart(exchange):
        again = [fragment for fragment in call.fragments[1:] if fragment.id or fragment.name]
        if again:
            actual = f"id {shown(again[0].id)}, name {shown(again[0].name)} in event {again[0].at}"
            return Deviation("a later fragment of a call repeats id or name", "id and name once", actual)
    return None


def names_are_declared(exchange: Exchange, declared: Collection[str]) -> Deviation | None:
    """Only tools that the request declares are called."""
    for call in _apart(exchange):
        # A name that every fragment repeats is another check's matter.
        told = {fragment.name for fragment in call.fragments if fragment.name}
        if call.name not in declared and not (len(told) == 1 and told <= set(declared)):
            return Deviation("a tool is called that was not declared", one_of(declared), f"name {shown(call.name)}")
    return None


def arguments_are_json(exchange: Exchange) -> Deviation | None:
    """The fragments of a call's arguments, joined, are a JSON object.

    Raises:
        Unjudgeable: there is no call, calls were mixed up, or the answer was cut in the middle of one.
    """
    calls = _apart(exchange)
    refuse_cut(first_choice(whole_answer(exchange)).finish_reason, [call.arguments for call in calls])
    for call in calls:
        deviation = holds_object(call.arguments)
        if deviation:
            return deviation
    return None


def finishes_with_calls(exchange: Exchange) -> Deviation | None:
    """A stream with a forced call ends with ``tool_calls`` or ``stop``.

    Raises:
        Unjudgeable: there is no call, or the answer was cut or withheld in the middle of one.
    """
    calls = calls_of(exchange)
    found = known_reason(first_choice(whole_answer(exchange)))
    if found in FORCED_FINISHES:
        return None
    refuse_cut(found, [call.arguments for call in calls])
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


def arguments_fit(exchange: Exchange, schemas: Mapping[str, Mapping[str, Any]]) -> Deviation | None:
    """The arguments satisfy the schema that the request declares for the tool; ``schemas`` is keyed by its name.

    Raises:
        Unjudgeable: the arguments are no JSON object, or the tool was not declared.
    """
    return all_fit([(call.name, call.arguments) for call in _apart(exchange)], schemas)


def ids_are_unique(exchange: Exchange) -> Deviation | None:
    """No two calls of a stream have the same id.

    Raises:
        Unjudgeable: there are no two calls that have one.
    """
    ids = [call.ids[0] for call in _apart(exchange) if call.ids]
    if len(ids) < 2:
        raise Unjudgeable("the model made one call only")
    twice = first_duplicate(ids)
    if twice is None:
        return None
    return Deviation("two calls of a stream have the same id", "an id of its own for each", f"{shown(twice)} twice")


def ids_differ(exchanges: Sequence[Exchange]) -> Deviation | None:
    """No two answers, plain or streamed, give a call the same id.

    Raises:
        Unjudgeable: fewer than two answers hold calls with ids.
    """
    ids = [found for found in map(_ids_of_any, exchanges) if found]
    if len(ids) < 2:
        raise Unjudgeable("fewer than two answers call a tool")
    twice = first_duplicate([one for found in ids for one in found])
    if twice is None:
        return None
    return Deviation("calls of two answers have the same id", "an id of its own for each call", f"{shown(twice)} twice")


def _ids_of_any(exchange: Exchange) -> set[str]:
    try:
        return ids_of(exchange) or {one for call in calls_of(exchange) for one in call.ids}
    except Unjudgeable:
        return set()
