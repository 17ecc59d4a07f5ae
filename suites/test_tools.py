"""Tool calls: the choice, the shape of a call, calls in a stream, the round trip, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ozwell_harness.checks import base, params, streaming, text, tools, tools_streamed
from ozwell_harness.client import Client, user
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement

SCHEMAS: dict[str, dict[str, Any]] = {
    "get_weather": {
        "type": "object",
        "properties": {
            "location": {"type": "string", "description": "Name of the city"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["location"],
    },
    "get_time": {
        "type": "object",
        "properties": {"zone": {"type": "string", "description": "Name of the time zone"}},
        "required": ["zone"],
    },
}
DESCRIPTIONS = {"get_weather": "Get the current weather in a city.", "get_time": "Get the current time in a time zone."}
TOOLS = [
    {"type": "function", "function": {"name": name, "description": DESCRIPTIONS[name], "parameters": schema}}
    for name, schema in SCHEMAS.items()
]
ASKED = user("What is the weather in Paris?")
#: Two cities, so that a model may make two calls at once.
ASKED_TWICE = user("What is the weather in Paris and London? Look up both cities.")

#: Some servers take ids of exactly nine letters and digits only.
CALL_ID = "call00001"
CODE = "4821"
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": CALL_ID, "type": "function", "function": {"name": "get_weather", "arguments": '{"location": "Paris"}'}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": CALL_ID, "content": f"7 degrees, light rain, report number {CODE}"}
TOLD = user("What is the weather in Paris? Tell me the report number, too.")


def named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


#: What is refused, in words, and the fields that show it.
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "tools.unknown-named-refused": (
        "a tool_choice of an undeclared tool",
        {"messages": [ASKED], "tools": TOOLS, "tool_choice": named("get_horoscope")},
    ),
    "tools.invalid-choice-refused": (
        'the tool_choice "sometimes"',
        {"messages": [ASKED], "tools": TOOLS, "tool_choice": "sometimes"},
    ),
    "tools.required-without-tools-refused": (
        "a tool_choice of required without tools",
        {"messages": [ASKED], "tool_choice": "required"},
    ),
    "tools.malformed-definition-refused": (
        "a tool without a function",
        {"messages": [ASKED], "tools": [{"type": "function"}]},
    ),
    "tools.result-without-id-refused": (
        "a tool message without tool_call_id",
        {"messages": [ASKED, CALLED, {"role": "tool", "content": RESULT["content"]}], "tools": TOOLS},
    ),
    "tools.orphan-result-refused": (
        "a tool message that answers no call",
        {"messages": [ASKED, RESULT], "tools": TOOLS},
    ),
}


@pytest.fixture(scope="session")
def auto(client: Client) -> Exchange:
    return client.chat("offer tools", messages=[ASKED_TWICE], tools=TOOLS)


@pytest.fixture(scope="session")
def forced(client: Client) -> Exchange:
    """The named tool is not the one that the question calls for, so that only obedience explains the call."""
    asked = [user("What time is it in Paris?")]
    return client.chat("force a named tool", messages=asked, tools=TOOLS, tool_choice=named("get_weather"))


@pytest.fixture(scope="session")
def forbidden(client: Client) -> Exchange:
    return client.chat("forbid tools", messages=[ASKED], tools=TOOLS, tool_choice="none")


@pytest.fixture(scope="session")
def required(client: Client) -> Exchange:
    """Nothing in the question calls for a tool, so that only obedience explains the call."""
    asked = [user("Write one line of a poem about each of Paris and London.")]
    return client.chat("require a tool, streamed", messages=asked, tools=TOOLS, tool_choice="required", stream=True)


@pytest.fixture(scope="session")
def round_trip(client: Client) -> Exchange:
    return client.chat("bring a tool's result", messages=[TOLD, CALLED, RESULT], tools=TOOLS)


@requirement("tools.accepted")
def test_accepted(auto: Exchange, judge: Judge) -> None:
    judge(base.answers, auto)


@requirement("tools.auto-called")
def test_auto(auto: Exchange, client: Client, judge: Judge) -> None:
    def provoke(attempt: int) -> Exchange:
        return auto if attempt == 1 else client.chat(f"offer tools, try {attempt}", messages=[ASKED], tools=TOOLS)

    judge.model_dependent(tools.has_call, provoke)


@requirement("tools.named-obeyed")
def test_named(forced: Exchange, judge: Judge) -> None:
    judge(tools.calls_only, forced, "get_weather", tuple(SCHEMAS))


@each({"tools.none-obeyed": tools.calls_nothing, "tools.none-finish": tools.finishes_without_calls})
def test_none(check: Check, forbidden: Exchange, judge: Judge) -> None:
    judge(check, forbidden)


@each(
    {
        "tools.calls-array": (tools.calls_array,),
        "tools.call-ids-given": (tools.ids_are_given,),
        "tools.call-ids-unique": (tools.ids_are_unique,),
        "tools.call-type": (tools.types_are_function,),
        "tools.names-declared": (tools.names_are_declared, tuple(SCHEMAS)),
        "tools.arguments-text": (tools.arguments_are_text,),
        "tools.arguments-json": (tools.arguments_are_json,),
        "tools.arguments-fit": (tools.arguments_fit, SCHEMAS),
        "tools.content-beside-calls": (tools.content_is_present,),
        "tools.finish-reason": (tools.finishes_with_calls,),
    }
)
def test_plain_calls(check: tuple[Any, ...], auto: Exchange, forced: Exchange, judge: Judge) -> None:
    judge.every(check[0], [auto, forced], *check[1:])


@requirement("tools.call-ids-differ")
def test_ids_differ(auto: Exchange, forced: Exchange, required: Exchange, judge: Judge) -> None:
    judge(tools_streamed.ids_differ, [auto, forced, required])


@each(
    {
        "tools.required-obeyed": (tools_streamed.has_call,),
        # As in plain answers.
        "tools.call-ids-unique": (tools_streamed.ids_are_unique,),
        "tools.arguments-fit": (tools_streamed.arguments_fit, SCHEMAS),
        "tools.streamed-index": (tools_streamed.fragments_have_index,),
        "tools.streamed-first-fragment": (tools_streamed.begins_with_id_and_name,),
        "tools.streamed-id-name-once": (tools_streamed.tells_id_and_name_once,),
        "tools.streamed-names-declared": (tools_streamed.names_are_declared, tuple(SCHEMAS)),
        "tools.streamed-arguments-json": (tools_streamed.arguments_are_json,),
        "tools.streamed-finish-reason": (tools_streamed.finishes_with_calls,),
        "tools.parallel-indexes": (tools_streamed.calls_keep_apart,),
    }
)
def test_streamed_calls(check: tuple[Any, ...], required: Exchange, judge: Judge) -> None:
    judge(check[0], required, *check[1:])


@requirement("tools.streamed-chunk-schema")
def test_streamed_chunks(required: Exchange, profile: Profile, judge: Judge) -> None:
    judge(streaming.chunks_match_schema, required, profile)


@requirement("tools.round-trip-answered")
def test_round_trip(round_trip: Exchange, judge: Judge) -> None:
    judge(tools.answers_after_result, round_trip)


@requirement("tools.result-used")
def test_result(round_trip: Exchange, client: Client, judge: Judge) -> None:
    def provoke(attempt: int) -> Exchange:
        again = f"bring a tool's result, try {attempt}"
        return round_trip if attempt == 1 else client.chat(again, messages=[TOLD, CALLED, RESULT], tools=TOOLS)

    judge.model_dependent(text.recalls, provoke, CODE)


@each(REFUSED, argument="case")
def test_refused(case: tuple[str, Mapping[str, Any]], client: Client, profile: Profile, judge: Judge) -> None:
    what, fields = case
    judge(params.refuses, client.chat(f"chat with {what}", **fields), what, profile.expect.errors["bad_request"])
