"""Responses whose fields are missing, misnamed or untrue, and requests that are wrongly refused or accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.errors import invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.routing import Operation

AREA = Area("responses")

RESPOND = Operation.CREATE_RESPONSE
_DAY_S = 86_400


def _alters(name: str, description: str, alter: Callable[[JsonObject], Any], *breaks: str) -> None:
    """Register a fault that changes the plain answer in place."""

    @AREA.result(name, description, RESPOND, breaks=breaks)
    def change(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        alter(answer)
        return answer


def _refuses(name: str, description: str, refused: Callable[[JsonObject], bool], *breaks: str) -> None:
    """Register a fault that refuses valid bodies."""

    @AREA.request(name, description, RESPOND, breaks=breaks)
    def refuse(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        if refused(body):
            raise invalid_value("model", "This is not supported.")
        return body


def _accepts(name: str, description: str, mend: Callable[[JsonObject], JsonObject], *breaks: str) -> None:
    """Register a fault that mends invalid bodies before they are judged."""

    @AREA.request(name, description, RESPOND, breaks=breaks)
    def accept(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        return body | mend(body)


def _usage(**counts: int) -> Callable[[JsonObject], None]:
    def set_counts(answer: JsonObject) -> None:
        answer["usage"] |= counts
        answer["usage"]["total_tokens"] = answer["usage"]["prompt_tokens"] + answer["usage"]["completion_tokens"]

    return set_counts


def _says(content: Any) -> Callable[[JsonObject], None]:
    return lambda answer: answer["output"].update(content=content)


def _is_format(kind: str) -> Callable[[JsonObject], bool]:
    return lambda body: isinstance(body.get("response_format"), dict) and body["response_format"].get("type") == kind


def _given(body: JsonObject, name: str, *kinds: type) -> bool:
    return isinstance(body.get(name), kinds)


_alters("object-as-chat", "A response is called a chat completion.", lambda a: a.update(object="chat.completion"),
        "responses.object-named", "responses.schema")  # fmt: skip
_alters("object-missing", "A response does not say what it is.", lambda a: a.pop("object"),
        "responses.object-named", "responses.schema")  # fmt: skip
_alters("id-missing", "A response has no id.", lambda a: a.pop("id"), "responses.id-is-text",
        "responses.schema")  # fmt: skip
_alters("id-prefix-chat", "The id begins like that of a chat completion.",
        lambda a: a.update(id=a["id"].replace("resp-", "chatcmpl-")), "responses.id-prefixed")  # fmt: skip
_alters("id-underscore", "The id begins with resp_.", lambda a: a.update(id=a["id"].replace("resp-", "resp_")),
        "responses.id-prefixed")  # fmt: skip
_alters("id-constant", "All responses have the same id.", lambda a: a.update(id="resp-1"),
        "responses.ids-unique")  # fmt: skip
_alters("created-float", "The creation time is a fraction.", lambda a: a.update(created=a["created"] + 0.5),
        "responses.created-is-integer", "responses.schema")  # fmt: skip
_alters("created-yesterday", "The creation time is of yesterday.", lambda a: a.update(created=a["created"] - _DAY_S),
        "responses.created-is-now")  # fmt: skip
_alters("created-in-milliseconds", "The creation time is in milliseconds.",
        lambda a: a.update(created=a["created"] * 1000), "responses.created-is-now")  # fmt: skip
_alters("model-other", "A response names another model.", lambda a: a.update(model="some-other-model"),
        "responses.model-named")  # fmt: skip
_alters("output-text", "The output is a string.", lambda a: a.update(output=a["output"]["content"]),
        "responses.output-is-object", "responses.schema")  # fmt: skip
_alters("role-model", "The output has the role model.", lambda a: a["output"].update(role="model"),
        "responses.role-is-assistant", "responses.schema")  # fmt: skip
_alters("content-empty", "The output says nothing.", _says(""), "responses.content-is-text",
        "responses.json-object-parses", "responses.json-schema-parses")  # fmt: skip
_alters("usage-missing", "A response does not say what it cost.", lambda a: a.pop("usage"),
        "responses.usage-present", "responses.schema")  # fmt: skip
_alters("usage-as-text", "The prompt tokens are a string.", lambda a: a["usage"].update(prompt_tokens="9"),
        "responses.usage-whole", "responses.schema")  # fmt: skip
_alters("usage-negative", "The completion tokens are below 0.", _usage(completion_tokens=-1),
        "responses.usage-whole", "responses.schema")  # fmt: skip
_alters("prompt-free", "The prompt costs nothing.", _usage(prompt_tokens=0), "responses.usage-prompt-counted")
_alters("completion-free", "The answer costs nothing.", _usage(completion_tokens=0),
        "responses.usage-completion-counted")  # fmt: skip
_alters("total-off-by-one", "The total is one less than the sum.",
        lambda a: a["usage"].update(total_tokens=a["usage"]["total_tokens"] - 1),
        "responses.usage-total-is-sum")  # fmt: skip
_alters("conversation-renamed", "Another conversation_id comes back.",
        lambda a: a.update(conversation_id=a["conversation_id"] + "-1"), "responses.conversation-echoed")  # fmt: skip
_alters("conversation-null", "The conversation_id comes back null.", lambda a: a.update(conversation_id=None),
        "responses.conversation-echoed")  # fmt: skip


@AREA.result("json-fenced", "JSON comes in a fence of Markdown.", RESPOND,
             breaks=("responses.json-object-parses", "responses.json-schema-parses"))  # fmt: skip
def json_fenced(answer: JsonObject, call: Call) -> JsonObject:
    """Put the fence around what was asked to be JSON."""
    if isinstance((call.body or {}).get("response_format"), dict):
        answer["output"]["content"] = f"```json\n{answer['output']['content']}\n```"
    return answer


def _writes(name: str, description: str, kind: str, content: str, *breaks: str) -> None:
    """Register a fault that answers a response_format with some text of its own."""

    @AREA.result(name, description, RESPOND, breaks=breaks)
    def write(answer: JsonObject, call: Call) -> JsonObject:
        if _is_format(kind)(call.body or {}):
            answer["output"]["content"] = content
        return answer


_writes("json-array", "A JSON array comes where an object was asked for.", "json_object", '["Paris"]',
        "responses.json-object-parses")  # fmt: skip
_writes("schema-prose", "Prose comes where a schema was given.", "json_schema", "Paris is in France.",
        "responses.json-schema-parses")  # fmt: skip
_writes("schema-extra", "JSON by a schema has a field more than it allows.", "json_schema",
        '{"city":"Paris","country":"France","inhabitants":2,"mayor":"?"}', "responses.json-schema-fits")  # fmt: skip
_writes("schema-number-as-text", "JSON by a schema has a number as text.", "json_schema",
        '{"city":"Paris","country":"France","inhabitants":"2"}', "responses.json-schema-fits")  # fmt: skip
_writes("schema-enum-broken", "JSON by a schema has a value that its enum does not.", "json_schema",
        '{"city":"Paris","country":"FR","inhabitants":2}', "responses.json-schema-fits")  # fmt: skip

_refuses("refused", "A request without conversation_id is refused.",
         lambda b: "conversation_id" not in b and _given(b, "messages", list), "responses.answers")  # fmt: skip
_refuses("conversation-refused", "A conversation_id is refused.",
         lambda b: _given(b, "conversation_id", str) and "stream" not in b,
         "responses.conversation-accepted")  # fmt: skip
_refuses("sources-refused", "include_sources true is refused.", lambda b: b.get("include_sources") is True,
         "responses.sources-accepted")  # fmt: skip
_refuses("json-object-refused", "The format json_object is refused.", _is_format("json_object"),
         "responses.json-object-accepted")  # fmt: skip
_refuses("json-schema-refused", "The format json_schema is refused.", _is_format("json_schema"),
         "responses.json-schema-accepted")  # fmt: skip
_refuses("stream-refused", "A stream is refused.", lambda b: b.get("stream") is True,
         "responses.stream-answers")  # fmt: skip
_accepts("no-messages-accepted", "A request without messages is answered.",
         lambda b: {} if "messages" in b else {"messages": [{"role": "user", "content": "Hello."}]},
         "responses.missing-messages-refused")  # fmt: skip
_accepts("conversation-number-accepted", "A number as conversation_id is taken.",
         lambda b: {"conversation_id": str(b["conversation_id"])} if _given(b, "conversation_id", int) else {},
         "responses.conversation-type-refused")  # fmt: skip
_accepts("sources-text-accepted", "A text as include_sources is taken as true.",
         lambda b: {"include_sources": True} if _given(b, "include_sources", str) else {},
         "responses.sources-type-refused")  # fmt: skip


@AREA.reply("answered-201", "A response is answered with 201.", RESPOND,
            breaks=("responses.answers", "http.success-is-200"))  # fmt: skip
def answered_201(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
    """Change the status of a success."""
    reply.status = 201 if reply.status == 200 else reply.status
    return reply
