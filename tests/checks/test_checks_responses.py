from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal, request, stream, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import base, chat, params, responses, stream_framing, text, usage
from ozwell_harness.model import Exchange, FailureKind
from ozwell_harness.profile import load_profile

OZWELL = load_profile("ozwell")
BAD_REQUEST = OZWELL.expect.errors["bad_request"]
NOW = 1_763_683_200
NOTE = "A note on Quellmoor.\r\nThe lighthouse was painted turquoise.\r\n"
SOURCE = {"file_id": "file-1", "filename": "note.txt", "page": 1, "excerpt": "The lighthouse was painted turquoise."}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def document(**fields: Any) -> dict[str, Any]:
    return {
        "id": "resp-1",
        "object": "response",
        "created": NOW,
        "model": "gpt-4",
        "output": {"role": "assistant", "content": "Hello!"},
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
    } | fields


def answer(**fields: Any) -> Exchange:
    return exchange(json=document(**fields))


def without(name: str) -> Exchange:
    return exchange(json={key: value for key, value in document().items() if key != name})


def saying(content: Any, **fields: Any) -> Exchange:
    return answer(output={"role": "assistant", "content": content} | fields)


def counting(prompt: Any, completion: Any, total: Any) -> Exchange:
    return answer(usage={"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total})


def sourced(*sources: Any) -> Exchange:
    return answer(sources=list(sources))


def chunk(delta: Any, finish: Any = None, **fields: Any) -> dict[str, Any]:
    base_ = {"id": "resp-1", "object": "response.chunk", "created": NOW, "model": "gpt-4"}
    return base_ | {"delta": delta, "finish_reason": finish} | fields


def lookup(status: int) -> Exchange:
    asked = request("GET", "/files/file-1")
    return exchange(status, asked=asked) if status == 200 else refusal(status, asked=asked)


PLAIN = answer()
WHOLE = stream(
    chunk({"role": "assistant", "content": ""}), chunk({"content": "Hel"}), chunk({"content": "lo"}), chunk({}, "stop")
)
ODD = stream(b": ping\n\n", b'event: message\ndata:{"id": "resp-1", "delta": {"content": "Hello"}}\r\n\r\n')
CUT = stream(chunk({"content": "Hel"}), done=b"", failure=FailureKind.CUT)
NO_STREAM = {"JSON": PLAIN, "refused": refusal()}

ANSWERED = Case(base.answers, {"200": PLAIN}, {"400": refusal(), "500": exchange(500), "nothing": unanswered()})


def refusing(what: str) -> Case:
    return Case(
        params.refuses,
        {"400": refusal()},
        {"200": PLAIN, "500": exchange(500), "nothing": unanswered()},
        more=(what, BAD_REQUEST),
    )


JSON_OBJECT = Case(
    responses.is_json_object,
    {"object": saying('{"city": "Paris"}'), "white space around it": saying('\n {"city": "Paris"} \n')},
    {
        "fenced": saying('```json\n{"city": "Paris"}\n```'),
        "text before": saying('Here: {"city": "Paris"}'),
        "array": saying('["Paris"]'),
        "cut": saying('{"city": "Pa'),
        "empty": saying(""),
    },
    {"refused": refusal(), "an object, not text": saying({"city": "Paris"})},
)

CASES = {
    "responses.answers": Case(
        chat.completes, {"200": PLAIN}, {"400": refusal(), "404": refusal(404), "an array": exchange(json=[])}
    ),
    "responses.schema": Case(
        lambda e: responses.matches_schema(e, OZWELL),
        {
            "documented": PLAIN,
            "with all": answer(conversation_id="conv-1", sources=[SOURCE]),
            "nulls": answer(conversation_id=None, sources=None),
            "more fields": answer(metadata={}, status="completed"),
        },
        {"no usage": without("usage"), "an array": answer(output=[]), "created a text": answer(created="now")},
    ),
    "responses.object-named": Case(
        responses.object_is_named,
        {"response": PLAIN},
        {"chat": answer(object="chat.completion"), "none": without("object")},
    ),
    "responses.id-is-text": Case(chat.id_is_text, {"text": PLAIN}, {"empty": answer(id=""), "none": without("id")}),
    "responses.id-prefixed": Case(
        responses.id_has_prefix, {"resp-": PLAIN}, {"another": answer(id="resp_1")}, {"none": without("id")}
    ),
    "responses.ids-unique": Case(
        chat.ids_differ,
        {"two": [PLAIN, answer(id="resp-2")]},
        {"one twice": [PLAIN, PLAIN]},
        {"one": [PLAIN, refusal()]},
    ),
    "responses.created-is-integer": Case(
        chat.created_is_integer, {"integer": PLAIN}, {"float": answer(created=1.5), "none": without("created")}
    ),
    "responses.created-is-now": Case(
        chat.created_is_now, {"now": PLAIN}, {"ms": answer(created=NOW * 1000)}, {"none": without("created")}
    ),
    "responses.model-named": Case(
        chat.names_model,
        {"same": PLAIN, "dated": answer(model="gpt-4-0613")},
        {"another": answer(model="gpt-3.5-turbo")},
        more=("gpt-4",),
    ),
    "responses.output-is-object": Case(
        responses.output_is_object,
        {"object": PLAIN},
        {
            "an array of items": answer(output=[{"type": "message"}]),
            "text": answer(output="Hello!"),
            "none": without("output"),
        },
    ),
    "responses.role-is-assistant": Case(
        responses.role_is_assistant,
        {"assistant": PLAIN},
        {"user": saying("Hi", role="user"), "none": answer(output={"content": "Hi"})},
        {"no output": without("output")},
    ),
    "responses.content-is-text": Case(
        responses.content_is_text,
        {"text": PLAIN, "a refusal": saying(None, refusal="I cannot."), "Unicode": saying("日本 🎉")},
        {
            "null": saying(None),
            "parts": saying([{"type": "text"}]),
            "empty": saying(" "),
            "none": answer(output={"role": "assistant"}),
        },
        {"no output": without("output")},
    ),
    "responses.usage-present": Case(
        usage.is_present, {"there": PLAIN}, {"null": answer(usage=None), "none": without("usage")}
    ),
    "responses.usage-whole": Case(
        usage.counts_are_whole, {"integers": PLAIN}, {"float": counting(9.5, 2, 11), "negative": counting(9, -2, 7)}
    ),
    "responses.usage-prompt-counted": Case(usage.prompt_is_counted, {"9": PLAIN}, {"0": counting(0, 2, 2)}),
    "responses.usage-completion-counted": Case(usage.completion_is_counted, {"2": PLAIN}, {"0": counting(9, 0, 9)}),
    "responses.usage-total-is-sum": Case(usage.total_is_sum, {"sum": PLAIN}, {"one more": counting(9, 2, 12)}),
    "responses.missing-messages-refused": refusing("no messages"),
    "responses.conversation-accepted": ANSWERED,
    "responses.conversation-echoed": Case(
        responses.echoes,
        {"same": answer(conversation_id="conv-1")},
        {"another": answer(conversation_id="conv-2"), "null": answer(conversation_id=None), "none": PLAIN},
        {"refused": refusal()},
        more=("conv-1",),
    ),
    "responses.conversation-persists": Case(
        text.recalls, {"knows": saying("It is zebra7.")}, {"forgot": saying("I do not know.")}, more=("Zebra7",)
    ),
    "responses.conversations-apart": Case(
        responses.keeps_apart,
        {"does not know": saying("I do not know your code word."), "another word": saying("Zebra8")},
        {"knows": saying("Your code word is ZEBRA7.")},
        {"refused": refusal()},
        more=("Zebra7",),
    ),
    "responses.conversation-type-refused": refusing("conversation_id 7"),
    "responses.sources-accepted": ANSWERED,
    "responses.sources-given": Case(
        responses.has_sources,
        {"one": sourced(SOURCE), "none to cite": sourced()},
        {"absent": PLAIN, "null": answer(sources=None), "an object": answer(sources=SOURCE)},
        {"refused": refusal()},
    ),
    "responses.sources-schema": Case(
        lambda e: responses.sources_match_schema(e, OZWELL),
        {"documented": sourced(SOURCE), "more fields": sourced(SOURCE | {"score": 0.9})},
        {
            "page 0": sourced(SOURCE | {"page": 0}),
            "page a text": sourced(SOURCE | {"page": "1"}),
            "the second without excerpt": sourced(SOURCE, {"file_id": "file-2", "filename": "a", "page": 1}),
            "text": sourced("note.txt"),
        },
        {"empty": sourced(), "absent": PLAIN},
    ),
    "responses.source-found": Case(
        responses.names_file,
        {"among others": sourced(SOURCE | {"file_id": "file-2"}, SOURCE)},
        {"none": sourced(), "another": sourced(SOURCE | {"file_id": "file-2"})},
        {"absent": PLAIN},
        more=("file-1",),
    ),
    "responses.source-filename": Case(
        responses.filename_is_true,
        {"same": sourced(SOURCE)},
        {"another": sourced(SOURCE | {"filename": "other.txt"})},
        {"another file": sourced(SOURCE | {"file_id": "file-2"})},
        more=("file-1", "note.txt"),
    ),
    "responses.source-excerpt": Case(
        responses.excerpt_is_quoted,
        {
            "a sentence": sourced(SOURCE),
            "across lines": sourced(SOURCE | {"excerpt": "on Quellmoor. The lighthouse"}),
            "elided": sourced(SOURCE | {"excerpt": "… lighthouse was painted …"}),
        },
        {
            "invented": sourced(SOURCE | {"excerpt": "The lighthouse was red."}),
            "empty": sourced(SOURCE | {"excerpt": ""}),
        },
        {"another file": sourced(SOURCE | {"file_id": "file-2"})},
        more=("file-1", NOTE),
    ),
    "responses.source-retrievable": Case(
        responses.files_are_there,
        {"there": [lookup(200)]},
        {"one of two dangles": [lookup(200), lookup(404)]},
        {"not known": [lookup(500)], "none": []},
    ),
    "responses.no-sources-unasked": Case(
        responses.has_no_sources,
        {"absent": PLAIN, "null": answer(sources=None), "empty": sourced()},
        {"given": sourced(SOURCE)},
        {"refused": refusal()},
    ),
    "responses.no-sources-on-false": Case(responses.has_no_sources, {"absent": PLAIN}, {"given": sourced(SOURCE)}),
    "responses.sources-type-refused": refusing('include_sources "yes"'),
    "responses.json-object-accepted": ANSWERED,
    "responses.json-object-parses": JSON_OBJECT,
    "responses.json-schema-accepted": ANSWERED,
    "responses.json-schema-parses": JSON_OBJECT,
    "responses.json-schema-fits": Case(
        responses.fits,
        {"fits": saying('{"city": "Paris"}')},
        {"another type": saying('{"city": 7}'), "missing": saying("{}"), "an array": saying("[]")},
        {"no JSON": saying("Paris")},
        more=(SCHEMA,),
    ),
    "responses.stream-answers": Case(
        stream_framing.answers_with_events,
        {"events": WHOLE, "odd but legal": ODD, "cut": CUT},
        {"JSON": PLAIN, "refused": refusal(), "nothing": unanswered()},
    ),
    "responses.stream-content-type": Case(
        stream_framing.has_event_stream_type,
        {
            "declared": WHOLE,
            "with charset": stream(chunk({}), headers={"Content-Type": "text/event-stream; charset=utf-8"}),
        },
        {"text/plain": stream(chunk({}), headers={"Content-Type": "text/plain"})},
        NO_STREAM,
    ),
    "responses.stream-well-formed": Case(
        stream_framing.completes_events,
        {"complete": WHOLE, "odd but legal": ODD},
        {"no last blank line": stream(chunk({}), done=b"data: [DONE]\n")},
        NO_STREAM,
    ),
    "responses.stream-data-is-json": Case(
        stream_framing.has_json_data,
        {"JSON": WHOLE, "odd but legal": ODD},
        {"text": stream(b"data: Hello\n\n")},
        NO_STREAM,
    ),
    "responses.stream-done": Case(
        stream_framing.has_done,
        {"done": WHOLE, "odd but legal": ODD},
        {"not done": stream(chunk({}), done=b"")},
        NO_STREAM,
    ),
    "responses.stream-ends-cleanly": Case(stream_framing.ends_cleanly, {"whole": WHOLE}, {"cut": CUT}, NO_STREAM),
    "responses.stream-says-something": Case(
        responses.streams_text,
        {
            "increments": WHOLE,
            "odd but legal": ODD,
            "chat chunks": stream({"id": "1", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}),
        },
        {
            "nothing": stream(chunk({}, "stop")),
            "text beside the delta": stream(chunk({}, content="Hi")),
            "numbers": stream({}, 7),
        },
        {"cut": CUT, **NO_STREAM},
    ),
    "responses.stream-chunks": Case(
        lambda e: responses.chunks_match_schema(e, OZWELL),
        {"documented": WHOLE, "more fields": stream(chunk({"content": "Hi"}, usage=None, sources=[SOURCE], extra=1))},
        {"another object": stream(chunk({}, object="response")), "no delta": stream({"id": "resp-1"})},
        NO_STREAM,
    ),
    "responses.stream-one-id": Case(
        responses.has_one_id,
        {"one": WHOLE},
        {"two": stream(chunk({}), chunk({}, id="resp-2")), "then none": stream(chunk({}), chunk({}, id=None))},
        NO_STREAM,
    ),
}


@pytest.mark.parametrize(("requirement", "name", "expected", "check", "arguments"), rows(CASES))
def test_judgement(requirement: str, name: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected


def test_every_requirement_has_a_case() -> None:
    assert not areas_without_case("responses", CASES)


@pytest.mark.parametrize(
    ("check", "evidence"),
    [
        (stream_framing.has_known_fields_only, stream(b"error: no\n\n", chunk({}))),
        (stream_framing.is_utf8, stream(b'data: {"delta": {"content": "\xff"}}\n\n')),
        (stream_framing.has_done_once, stream(chunk({}), done=b"data: [DONE]\n\ndata: [DONE]\n\n")),
        (stream_framing.ends_with_done, stream(chunk({}), done=b"data: [DONE]\n\ndata: {}\n\n")),
    ],
)
def test_the_other_halves_of_the_stream_requirements(check: Any, evidence: Exchange) -> None:
    assert verdict(check, evidence) == "bad"
    assert verdict(check, WHOLE) == "good"


def test_deep_content_is_no_json() -> None:
    deep = saying("[" * 100_000)
    assert verdict(responses.is_json_object, deep) == "bad"
    assert verdict(responses.fits, deep, SCHEMA) == "silent"
