"""Refusals with another status or code than promised, or in no envelope."""

from __future__ import annotations

from ozwell_harness.mock.call import Call, Refusal, Reply
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.models import find_model
from ozwell_harness.mock.routing import Operation

AREA = Area("errors")

HTML = b"<html><body><h1>Bad Gateway</h1></body></html>"


@AREA.error("flat", "`error` is a text, not an object.", breaks=("errors.error-is-object",))
def flat(refusal: Refusal, call: Call) -> Refusal:
    """Flatten the envelope of what the API itself refuses; 401 and 429 come from a gateway before it."""
    if call.operation is not None and refusal.status not in (401, 429):
        refusal.envelope = {"error": refusal.error["message"]}
    return refusal


_CHAT_OR_RESPONSE = (Operation.CREATE_CHAT, Operation.CREATE_RESPONSE)
_MESSAGES_REFUSED = (
    "chat.empty-messages-refused",
    "chat.messages-not-array-refused",
    "chat.missing-messages-refused",
    "responses.missing-messages-refused",
    "streaming.bad-request-refused",
)


@AREA.error(
    "status-422", "Unfit messages are answered with 422 in place of 400.", *_CHAT_OR_RESPONSE, breaks=_MESSAGES_REFUSED
)
def status_422(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Change the status of a 400."""
    if _has_unfit_messages(refusal):
        refusal.status = 422
    return refusal


@AREA.error(
    "status-500",
    "Unfit messages, and a model that is not there to be retrieved, are answered with 500.",
    *_CHAT_OR_RESPONSE,
    Operation.RETRIEVE_MODEL,
    breaks=(
        *_MESSAGES_REFUSED,
        "models.unknown-refused",
        "errors.bad-input-no-server-error",
        "http.no-server-errors",
    ),
)
def status_500(refusal: Refusal, call: Call) -> Refusal:
    """Fail instead of refusing."""
    if _has_unfit_messages(refusal) or (call.operation is Operation.RETRIEVE_MODEL and refusal.status == 404):
        refusal.status = 500
        refusal.tell(type="server_error", code="internal_error")
    return refusal


@AREA.error(
    "inside-200",
    "Errors come with status 200.",
    Operation.CREATE_RESPONSE,
    Operation.RETRIEVE_MODEL,
    Operation.LIST_MODELS,
    breaks=(
        "auth.enforced-on-models-list",
        "models.unknown-refused",
        "responses.missing-messages-refused",
        "errors.no-error-in-success",
    ),
)
def inside_200(refusal: Refusal, call: Call) -> Refusal:
    """Change the status for unfit messages of a response, an unknown model, and a list without a key."""
    listed = call.operation is Operation.LIST_MODELS and refusal.status == 401
    if listed or refusal.cause.param == "messages" or refusal.cause.code == "model_not_found":
        refusal.status = 200
    return refusal


@AREA.result(
    "error-beside-the-answer",
    "A list of models comes with an error in it, and status 200.",
    Operation.LIST_MODELS,
    breaks=("errors.no-error-in-success",),
)
def error_beside_the_answer(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Swallow a failure half-way."""
    return {**answer, "error": {"message": "One of the backends did not answer.", "type": "server_error"}}


@AREA.reply("html", "Errors come as an HTML page.", breaks=("errors.json-content-type",))
def html(reply: Reply, call: Call) -> Reply:
    """Replace the envelope of what the API itself refuses, but for streams."""
    if reply.status in (400, 404) and call.operation is not None and not _asks_for_stream(call):
        reply.body, reply.content_type = HTML, b"text/html"
    return reply


def _labelled(name: str, label: bytes | None, words: str) -> None:
    @AREA.reply(
        f"labelled-{name}",
        f"Errors of embeddings are {words}.",
        Operation.CREATE_EMBEDDING,
        breaks=("errors.json-content-type",),
    )
    def label_as(reply: Reply, call: Call) -> Reply:  # noqa: ARG001
        if reply.status >= 400:
            reply.content_type = label
        return reply


_labelled("plain", b"text/plain; charset=utf-8", "labelled as plain text")
_labelled("not-at-all", None, "not labelled")


@AREA.request(
    "unknown-model-accepted",
    "A model that does not exist is silently replaced.",
    Operation.CREATE_CHAT,
    breaks=("errors.unknown-model-refused",),
)
def unknown_model_accepted(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Answer with some other model."""
    model = body.get("model")
    return {**body, "model": "gpt-4"} if isinstance(model, str) and find_model(model) is None else body


def _unknown_model(name: str, status: int, code: str | None, words: str, *breaks: str) -> None:
    @AREA.error(
        f"unknown-model-{name}", f"A chat with an unknown model is {words}.", Operation.CREATE_CHAT, breaks=breaks
    )
    def change(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
        if refusal.cause.code == "model_not_found":
            refusal.status = status
            refusal.tell(code=code)
        return refusal


_unknown_model("400", 400, "model_not_found", "refused with 400", "errors.unknown-model-refused")
_unknown_model("code", 404, "not_found", "refused with the code not_found", "errors.unknown-model-code")
_unknown_model("code-null", 404, None, "refused without a code", "errors.unknown-model-code", "errors.code-present")
_unknown_model(
    "502",
    502,
    "upstream_error",
    "answered with 502",
    "errors.unknown-model-refused",
    "http.no-server-errors",
)


def _param(name: str, param: str | None, cause: str, words: str) -> None:
    @AREA.error(f"param-{name}", f"The param of {words}.", Operation.CREATE_CHAT, breaks=("errors.param-names-field",))
    def change(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
        if refusal.cause.code == cause:
            refusal.tell(param=param)
        return refusal


_param("null-for-missing", None, "missing_required_parameter", "a missing field is null")
_param("of-another-field", "model", "invalid_value", "a value out of range names another field")
_param("says-body", "body", "missing_required_parameter", "a missing field is always body")


@AREA.error(
    "one-401-differs",
    "The type of a 401 is another on embeddings than elsewhere.",
    Operation.CREATE_EMBEDDING,
    breaks=("errors.same-shape-everywhere",),
)
def one_401_differs(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
    """Have one operation behind another gateway."""
    if refusal.status == 401:
        refusal.tell(type="invalid_request_error")
    return refusal


def _has_unfit_messages(refusal: Refusal) -> bool:
    return refusal.cause.param == "messages"


def _asks_for_stream(call: Call) -> bool:
    return isinstance(call.body, dict) and bool(call.body.get("stream"))
