"""What a user of the official client does: one function a call, each with as few requests as it can be shown with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from ozwell_harness.checks.sdk import Outcome, tool_calls_of
from ozwell_harness.exchange import MADE_UP_KEY
from ozwell_harness.model import Unjudgeable
from ozwell_harness.official.client import Attempt, OfficialClient

TEXTS = ("A heron stands in the reeds.", "The train leaves at noon.")
FILE = ("interop.txt", b"Sent by the official client.\r\n")
STOP = "7"
#: Pages of one file that the iteration over the list of files is followed for: a list without end is left here.
PAGES = 2

_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string", "description": "Name of the city"}},
            "required": ["location"],
        },
    },
}
_ASKED = {"role": "user", "content": "What is the weather in Paris?"}


def models(client: OfficialClient) -> Attempt:
    """List the models."""
    return client.call("list models", lambda sdk: list(sdk.models.list()))


def models_with_a_wrong_key(client: OfficialClient) -> Attempt:
    """List the models with a key that was never issued."""
    return client.call("list models with a wrong key", lambda sdk: list(sdk.models.list()), key=MADE_UP_KEY)


def chat(client: OfficialClient) -> Attempt:
    """Ask for a plain completion."""
    return client.call("a chat", _completion(client, messages=[_user("Say hello in one short sentence.")]))


def chat_streamed(client: OfficialClient) -> Attempt:
    """Read a stream to its end, with usage."""
    ask = _completion(
        client,
        messages=[_user("Say hello in one short sentence.")],
        stream=True,
        stream_options={"include_usage": True},
    )
    return client.call("a streamed chat", lambda sdk: list(ask(sdk)))


def chat_two_choices(client: OfficialClient) -> Attempt:
    """Ask for two choices that end before ``STOP``."""
    counting = _user("Count from 1 to 20 in digits, separated by commas, and write nothing else.")
    return client.call("a chat with two choices and a stop", _completion(client, messages=[counting], n=2, stop=[STOP]))


def chat_as_json(client: OfficialClient) -> Attempt:
    """Ask for a JSON object."""
    asked = _user("Describe a heron as a JSON object with the fields name and colour.")
    return client.call(
        "a chat in JSON mode", _completion(client, messages=[asked], response_format={"type": "json_object"})
    )


def chat_with_an_unknown_model(client: OfficialClient) -> Attempt:
    """Name a model that does not exist."""
    return client.call(
        "a chat with an unknown model", _completion(client, model="no-such-model-7f3c", messages=[_user("Say hello.")])
    )


def chat_with_a_bad_request(client: OfficialClient) -> Attempt:
    """Send a text where the messages should be."""
    return client.call(
        "a chat whose messages are a text",
        _completion(client, messages=[_user("Say hello.")], extra_body={"messages": "Say hello."}),
    )


def tool_asked(client: OfficialClient) -> Attempt:
    """Ask what the declared tool can tell."""
    return client.call("a chat with a tool", _completion(client, messages=[_ASKED], tools=[_WEATHER]))


def tool_answered(client: OfficialClient, asked: Outcome) -> Attempt:
    """Send the message with the tool calls back as it came, with a result for each call.

    Raises:
        Unjudgeable: there is no tool call to answer.
    """
    calls = tool_calls_of(asked)
    if not all(isinstance(call.get("id"), str) for call in calls):
        raise Unjudgeable("a tool call without an id cannot be answered")
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "7 degrees, light rain"} for call in calls]
    messages = [_ASKED, asked.value["choices"][0]["message"], *results]
    return client.call("a chat with a tool's result", _completion(client, messages=messages, tools=[_WEATHER]))


def embeddings(client: OfficialClient, *, encoding: str | None = None) -> Attempt:
    """Embed ``TEXTS``; unless an encoding is named, the client asks for base64 and decodes it."""
    named: dict[str, Any] = {"encoding_format": encoding} if encoding else {}
    model: Any = client.target.embedding_model
    return client.call(
        f"embeddings as {encoding or 'the client likes'}",
        lambda sdk: sdk.embeddings.create(model=model, input=list(TEXTS), **named),
    )


def file_created(client: OfficialClient) -> Attempt:
    """Upload ``FILE``."""
    return client.call("upload a file", lambda sdk: sdk.files.create(file=FILE, purpose="assistants"))


def files_paged(client: OfficialClient) -> Attempt:
    """Iterate over the list of files, one a page, as far as ``PAGES``."""
    return client.call("list files page by page", lambda sdk: list(islice(sdk.files.list(limit=1), PAGES)))


def file_retrieved(client: OfficialClient, file_id: str) -> Attempt:
    """Retrieve a file."""
    return client.call("retrieve a file", lambda sdk: sdk.files.retrieve(file_id))


def file_content(client: OfficialClient, file_id: str) -> Attempt:
    """Download a file, as bytes."""
    return client.call("download a file", lambda sdk: sdk.files.content(file_id).read())


def file_deleted(client: OfficialClient, file_id: str) -> Attempt:
    """Delete a file."""
    return client.call("delete a file", lambda sdk: sdk.files.delete(file_id))


def _user(content: str) -> dict[str, Any]:
    return {"role": "user", "content": content}


def _completion(client: OfficialClient, **fields: Any) -> Callable[[Any], Any]:
    asked: Mapping[str, Any] = {"model": client.target.model, **fields}
    return lambda sdk: sdk.chat.completions.create(**asked)
