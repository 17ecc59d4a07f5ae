from __future__ import annotations

import json
from typing import Any

import pytest
from build import exchange, refusal, stream
from streams import ROLE, Case, arguments, asking, chunk, plain, saying

from ozwell_harness.checks import base, params, streaming, text, tools, tools_streamed
from ozwell_harness.model import FailureKind, Unjudgeable
from ozwell_harness.profile import ErrorExpectation, load_profile
from ozwell_harness.requirements import load_catalogue

OZWELL = load_profile("ozwell")
BAD_REQUEST = ErrorExpectation(frozenset({400}))
NAMED = {"type": "function", "function": {"name": "get_weather"}}
SCHEMAS = {
    "get_weather": {
        "type": "object",
        "properties": {"location": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
        "required": ["location"],
    },
    "get_time": {"type": "object"},
}
NAMES = tuple(SCHEMAS)
PARIS = '{"location": "Paris"}'


def call(given: Any = "call_1", name: Any = "get_weather", arguments: Any = PARIS, **more: Any) -> dict[str, Any]:
    return {"id": given, "type": "function", "function": {"name": name, "arguments": arguments}} | more


def calling(*calls: Any, finish: Any = "tool_calls", choice: Any = None, **message: Any) -> Any:
    """A plain answer that makes these calls; ``choice`` is the request's tool_choice."""
    said = {"role": "assistant", "content": None, "tool_calls": list(calls)} | message
    document = {"choices": [{"index": 0, "message": said, "finish_reason": finish}]}
    return exchange(json=document, asked=asking(tool_choice=choice) if choice else asking())


ONE = calling(call())
TWO = calling(call(), call("call_2", arguments='{"location": "London", "unit": "celsius"}'))
TEXT = plain("It is sunny.")
CALLED = [ONE, TWO, calling(call(), content="Let me look."), calling(call(extra=1), finish="stop", choice="required")]


def part(index: Any = 0, given: Any = None, name: Any = None, arguments: Any = None, **more: Any) -> dict[str, Any]:
    """One fragment of a call, as a chunk; None leaves a field out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    fields = {"index": index, "id": given, "function": function or None} | more
    return chunk({"tool_calls": [{key: value for key, value in fields.items() if value is not None}]})


FIRST = part(0, "call_1", "get_weather", "", type="function")
REST = [part(0, arguments='{"location"'), part(0, arguments=': "Paris"}')]
SECOND = [part(1, "call_2", "get_time", ""), part(1, arguments="{}")]
END = chunk({}, "tool_calls")
STREAMED = stream(ROLE, FIRST, *REST, END)
PARALLEL = stream(ROLE, FIRST, *REST, *SECOND, END)
MIXED = stream(ROLE, FIRST, SECOND[0], REST[0], SECOND[1], REST[1], END)
WHOLE = stream(ROLE, part(0, "call_1", "get_weather", PARIS), END)
STREAMS = [STREAMED, PARALLEL, MIXED, WHOLE]


def flow(*chunks: Any, finish: Any = "tool_calls") -> Any:
    return stream(ROLE, *chunks, chunk({}, finish))


#: Two calls under one index: nothing but that can be said of them.
SHARED = flow(FIRST, *REST, part(0, "call_2", "get_time", "{}"))

REFUSED = Case(
    params.refuses, [(refusal(400), "it", BAD_REQUEST)], [(TEXT, "it", BAD_REQUEST), (refusal(500), "it", BAD_REQUEST)]
)

CASES: dict[str, Case] = {
    "tools.accepted": Case(base.answers, [ONE, TEXT], [refusal(400), exchange(failure=FailureKind.CUT)]),
    "tools.auto-called": Case(tools.has_call, CALLED, [TEXT, calling(), calling(tool_calls=None)]),
    "tools.named-obeyed": Case(
        tools.calls_only,
        [(ONE, "get_weather", NAMES), (TWO, "get_weather", NAMES)],
        [
            (refusal(400), "get_weather", NAMES),
            (TEXT, "get_weather", NAMES),
            (calling(call(name="get_time")), "get_weather", NAMES),
            (calling(call(), call(name="get_time")), "get_weather", NAMES),
        ],
    ),
    "tools.none-obeyed": Case(
        tools.calls_nothing,
        [TEXT, calling(content="No.", tool_calls=None, finish="stop"), calling(content="No.", finish="stop")],
        [ONE, calling(call(), content="Both."), plain(None), refusal(400)],
    ),
    "tools.none-finish": Case(
        tools.finishes_without_calls, [TEXT, plain("a", "length")], [plain("a", "tool_calls"), calling(content="a")]
    ),
    "tools.required-obeyed": Case(
        tools_streamed.has_call, [*STREAMS, flow(chunk({"tool_calls": {"index": 0}}))], [saying(), refusal(400)]
    ),
    "tools.calls-array": Case(
        tools.calls_array, CALLED, [calling(tool_calls=call()), calling("call"), calling({"id": "a", "name": "f"})]
    ),
    "tools.call-ids-given": Case(
        tools.ids_are_given, CALLED, [calling(call("")), calling(call(None)), calling(call(), call(7))]
    ),
    "tools.call-ids-unique": Case(tools.ids_are_unique, [TWO], [calling(call(), call())]),
    "tools.call-ids-differ": Case(
        tools_streamed.ids_differ,
        [([ONE, calling(call("call_9")), TEXT],), ([calling(call("call_9")), PARALLEL],)],
        [([ONE, TWO],), ([TEXT, ONE, calling(call())],), ([ONE, STREAMED],)],
    ),
    "tools.call-type": Case(
        tools.types_are_function,
        CALLED,
        [calling(call(type="tool")), calling(call(type=None)), calling({"function": {}})],
    ),
    "tools.names-declared": Case(
        tools.names_are_declared,
        [(made, NAMES) for made in CALLED],
        [(calling(call(name=name)), NAMES) for name in ("get_horoscope", "", None, "get_weather ", ["get_time"])],
    ),
    "tools.arguments-text": Case(
        tools.arguments_are_text,
        CALLED,
        [calling(call(arguments={"location": "Paris"})), calling(call(arguments=None))],
    ),
    "tools.arguments-json": Case(
        tools.arguments_are_json,
        [*CALLED, calling(call(arguments="{}"))],
        [
            calling(call(arguments=bad))
            for bad in ("", "Paris", '"Paris"', "[]", PARIS[:-1], f"```json\n{PARIS}\n```", "null")
        ],
    ),
    "tools.arguments-fit": Case(
        tools.arguments_fit,
        [(made, SCHEMAS) for made in CALLED],
        [
            (calling(call(arguments=json.dumps(bad))), SCHEMAS)
            for bad in ({}, {"location": 7}, {"location": "Paris", "unit": "kelvin"}, {"city": "Paris"})
        ],
    ),
    "tools.content-beside-calls": Case(
        tools.content_is_present,
        [*CALLED, calling(call(), content="")],
        [exchange(json={"choices": [{"message": {"tool_calls": [call()]}}]}), calling(call(), content=[])],
    ),
    "tools.finish-reason": Case(
        tools.finishes_with_calls,
        [
            *CALLED,
            calling(call(), finish="stop", choice=NAMED),
            calling(call(), choice=NAMED),
            calling(call(), choice="auto"),
        ],
        [
            calling(call(), finish="stop"),
            calling(call(), finish="stop", choice="auto"),
            calling(call(), finish="length", choice=NAMED),
            calling(call(), finish="content_filter"),
        ],
    ),
    "tools.streamed-chunk-schema": Case(
        streaming.chunks_match_schema,
        [(made, OZWELL) for made in STREAMS],
        [
            (flow(bad), OZWELL)
            for bad in (
                chunk({"tool_calls": {"index": 0}}),
                chunk({"tool_calls": None}),
                part(0, 7),
                part(0, "call_1", "f", {}),
                part(0, "call_1", "f", type="tool"),
            )
        ],
    ),
    "tools.streamed-index": Case(
        tools_streamed.fragments_have_index,
        STREAMS,
        [
            flow(part(None, "call_1", "f", "{}")),
            flow(part(1, "call_1", "f", "{}")),
            flow(FIRST, *REST, part(2, "b", "f")),
        ],
    ),
    "tools.streamed-first-fragment": Case(
        tools_streamed.begins_with_id_and_name,
        STREAMS,
        [
            flow(REST[0], FIRST),
            flow(part(0, None, "f", "{}")),
            flow(part(0, "call_1", None, "{}")),
            flow(part(0, "", "f")),
        ],
    ),
    "tools.streamed-id-name-once": Case(
        tools_streamed.tells_id_and_name_once,
        [*STREAMS, flow(FIRST, part(0, "", "", PARIS))],
        [flow(FIRST, part(0, "call_1", None, PARIS)), flow(FIRST, part(0, None, "get_weather", PARIS))],
    ),
    "tools.streamed-names-declared": Case(
        tools_streamed.names_are_declared,
        [
            *((made, NAMES) for made in STREAMS),
            # That every fragment repeats it, is another check's matter.
            (flow(FIRST, part(0, name="get_weather", arguments=PARIS)), NAMES),
            (flow(part(0, "a", "get_", ""), part(0, name="time", arguments="{}")), NAMES),
        ],
        [(flow(part(0, "a", "get_horoscope", "{}")), NAMES), (flow(part(0, "a", "get_", "{}")), NAMES)],
    ),
    "tools.streamed-arguments-json": Case(
        tools_streamed.arguments_are_json,
        STREAMS,
        [flow(FIRST, REST[0]), flow(FIRST, *REST, *REST), flow(FIRST), flow(FIRST, *REST, SECOND[0])],
    ),
    "tools.streamed-finish-reason": Case(
        tools_streamed.finishes_with_calls,
        [*STREAMS, flow(FIRST, *REST, finish="stop")],
        [flow(FIRST, *REST, finish="length"), flow(FIRST, *REST, finish=None)],
    ),
    "tools.parallel-indexes": Case(
        tools_streamed.calls_keep_apart, [PARALLEL, MIXED], [flow(FIRST, *REST, part(0, "call_2", "get_time", "{}"))]
    ),
    "tools.round-trip-answered": Case(
        tools.answers_after_result,
        [TEXT, ONE, plain("")],
        [refusal(400), plain(None), exchange(json={"choices": [{}]})],
    ),
    "tools.result-used": Case(text.recalls, [(plain("Report 4821."), "4821")], [(TEXT, "4821")]),
    "tools.unknown-named-refused": REFUSED,
    "tools.invalid-choice-refused": REFUSED,
    "tools.required-without-tools-refused": REFUSED,
    "tools.malformed-definition-refused": REFUSED,
    "tools.result-without-id-refused": REFUSED,
    "tools.orphan-result-refused": REFUSED,
}

UNJUDGEABLE: list[tuple[Any, ...]] = [
    *((check, TEXT) for check in (tools.ids_are_given, tools.types_are_function, tools.arguments_are_json)),
    (tools.finishes_with_calls, TEXT),
    (tools.finishes_with_calls, refusal(400)),
    (tools.finishes_without_calls, ONE),
    (tools.calls_array, TEXT),
    (tools.ids_are_given, calling("call")),
    (tools.arguments_are_text, calling({"id": "a"})),
    (tools_streamed.ids_differ, [ONE, TEXT]),
    (tools.ids_are_unique, ONE),
    (tools.calls_only, calling(call(name="get_horoscope")), "get_weather", NAMES),
    (tools.arguments_are_json, calling(call(arguments=PARIS[:-1]), finish="length")),
    (tools.finishes_with_calls, calling(call(arguments=PARIS[:-1]), finish="length")),
    (tools.arguments_fit, calling(call(name="f")), SCHEMAS),
    (tools.arguments_fit, calling(call(arguments="[]")), SCHEMAS),
    (tools_streamed.has_call, exchange(failure=FailureKind.CUT)),
    (tools_streamed.has_call, TEXT),
    (tools_streamed.arguments_are_json, saying()),
    (tools_streamed.calls_keep_apart, STREAMED),
    (tools_streamed.has_call, stream(chunk(choices=[{"index": 0}]))),
    (tools_streamed.arguments_are_json, flow(FIRST, REST[0], finish="length")),
    (tools_streamed.finishes_with_calls, flow(FIRST, REST[0], finish="length")),
    (tools_streamed.finishes_with_calls, flow(FIRST, *REST, finish="function_call")),
    *((check, SHARED) for check in (tools_streamed.begins_with_id_and_name, tools_streamed.tells_id_and_name_once)),
    *((check, SHARED) for check in (tools_streamed.arguments_are_json, tools_streamed.ids_are_unique)),
    (tools_streamed.names_are_declared, SHARED, NAMES),
    (tools_streamed.arguments_fit, SHARED, SCHEMAS),
    (tools_streamed.ids_are_unique, STREAMED),
    (tools_streamed.calls_keep_apart, refusal(400)),
]


def test_streamed_calls_are_judged_as_plain_ones() -> None:
    """Two requirements hold of both, so they have a check for each."""
    assert tools_streamed.ids_are_unique(PARALLEL) is None
    assert tools_streamed.ids_are_unique(flow(FIRST, *REST, part(1, "call_1", "get_time", "{}"))) is not None
    assert tools_streamed.arguments_fit(PARALLEL, SCHEMAS) is None
    assert tools_streamed.arguments_fit(flow(part(0, "a", "get_weather", "{}")), SCHEMAS) is not None


def test_every_requirement_has_a_case() -> None:
    assert {r.id for r in load_catalogue() if r.area == "tools"} == CASES.keys()


@pytest.mark.parametrize(("check", "evidence"), [(c.check, e) for c in CASES.values() for e in c.good])
def test_sound_calls_pass(check: Any, evidence: Any) -> None:
    assert check(*arguments(evidence)) is None


@pytest.mark.parametrize(
    ("name", "evidence"), [pytest.param(name, e, id=name) for name, c in CASES.items() for e in c.bad]
)
def test_deviations_are_found(name: str, evidence: Any) -> None:
    deviation = CASES[name].check(*arguments(evidence))
    assert deviation is not None
    assert deviation.message
    assert deviation.expected
    assert deviation.actual


@pytest.mark.parametrize("case", UNJUDGEABLE, ids=lambda case: case[0].__name__)
def test_what_cannot_be_known_is_not_judged(case: tuple[Any, ...]) -> None:
    with pytest.raises(Unjudgeable):
        case[0](*case[1:])
