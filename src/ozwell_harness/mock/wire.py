"""Request bodies as msgspec structs: what may be sent, field by field.

Ranges come from the Ozwell documents (API Endpoints Reference); where those are silent, from the OpenAI API. An
explicit null for an optional field equals leaving it out, and unknown fields are ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

LARGEST_INTEGER = 2**63 - 1

# JSON does not tell 1 from 1.0, so integral floats are integers too; `validation` refuses the others.
_Count = Annotated[int, Meta(ge=1)] | Annotated[float, Meta(ge=1)]
_Choices = Annotated[int, Meta(ge=1, le=128)] | Annotated[float, Meta(ge=1, le=128)]
_Penalty = Annotated[float, Meta(ge=-2, le=2)]
_NonEmpty = Annotated[str, Meta(min_length=1)]
_FunctionName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}\Z")]


class TextPart(Struct, frozen=True, tag_field="type", tag="text"):
    """A part of text."""

    text: str


class ImageUrl(Struct, frozen=True):
    """Where an image is: a data URL, or an http(s) URL that is never fetched."""

    url: str
    detail: str | None = None


class RefusalPart(Struct, frozen=True, tag_field="type", tag="refusal"):
    """A part in which the model refused; only in its own messages."""

    refusal: str


class ImagePart(Struct, frozen=True, tag_field="type", tag="image_url"):
    """A part that is an image."""

    image_url: ImageUrl


class SystemMessage(Struct, frozen=True, tag_field="role", tag="system"):
    """Instructions."""

    content: str | list[TextPart]
    name: str | None = None


class DeveloperMessage(Struct, frozen=True, tag_field="role", tag="developer"):
    """Instructions, under the name that newer OpenAI clients use."""

    content: str | list[TextPart]
    name: str | None = None


class UserMessage(Struct, frozen=True, tag_field="role", tag="user"):
    """What the user says and shows."""

    content: str | list[TextPart | ImagePart]
    name: str | None = None


class CalledFunction(Struct, frozen=True):
    """Name and arguments (JSON text) of a call made earlier."""

    name: _NonEmpty
    arguments: str


class MadeToolCall(Struct, frozen=True):
    """A tool call in the history."""

    id: _NonEmpty
    type: Literal["function"]
    function: CalledFunction


class AssistantMessage(Struct, frozen=True, tag_field="role", tag="assistant"):
    """An earlier answer."""

    content: str | list[TextPart | RefusalPart] | None = None
    refusal: str | None = None
    tool_calls: list[MadeToolCall] | None = None
    name: str | None = None


class ToolMessage(Struct, frozen=True, tag_field="role", tag="tool"):
    """The result of a tool call."""

    content: str | list[TextPart]
    tool_call_id: _NonEmpty


Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage


class FunctionDefinition(Struct, frozen=True):
    """A function that the model may call; `parameters` is a JSON schema."""

    name: _FunctionName
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(Struct, frozen=True):
    """A tool; functions are the only kind."""

    type: Literal["function"]
    function: FunctionDefinition


class ChosenFunction(Struct, frozen=True):
    """The function that must be called."""

    name: str


class NamedToolChoice(Struct, frozen=True):
    """A choice of one function by name."""

    type: Literal["function"]
    function: ChosenFunction


class StreamOptions(Struct, frozen=True):
    """Options that matter only while streaming."""

    include_usage: bool | None = None


class TextFormat(Struct, frozen=True, tag_field="type", tag="text"):
    """Free text."""


class JsonObjectFormat(Struct, frozen=True, tag_field="type", tag="json_object"):
    """Any JSON object."""


class NamedSchema(Struct, frozen=True):
    """A JSON schema under a name."""

    name: _FunctionName
    schema: dict[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


class JsonSchemaFormat(Struct, frozen=True, tag_field="type", tag="json_schema"):
    """An instance of a JSON schema."""

    json_schema: NamedSchema


ResponseFormat = TextFormat | JsonObjectFormat | JsonSchemaFormat


class ChatRequest(Struct, frozen=True, kw_only=True):
    """Body of POST /chat/completions."""

    model: _NonEmpty
    messages: Annotated[list[Message], Meta(min_length=1)]
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    n: _Choices | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    stop: str | Annotated[list[str], Meta(min_length=1, max_length=4)] | None = None
    max_tokens: _Count | None = None
    max_completion_tokens: _Count | None = None
    presence_penalty: _Penalty | None = None
    frequency_penalty: _Penalty | None = None
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    seed: int | float | None = None
    user: str | None = None


class ResponseRequest(ChatRequest, frozen=True, kw_only=True):
    """Body of POST /responses: all of chat, and three of its own."""

    conversation_id: str | None = None
    include_sources: bool | None = None


class EmbeddingRequest(Struct, frozen=True, kw_only=True):
    """Body of POST /embeddings. `validation` checks that an array of inputs is of one kind."""

    model: _NonEmpty
    input: str | list[str | int | list[int]]
    encoding_format: Literal["float", "base64"] | None = None
    user: str | None = None


class ArmRequest(Struct, frozen=True, kw_only=True):
    """Body of POST /_mock/faults: which fault, for which scope, how often."""

    fault: str
    scope: str | None = None
    times: Annotated[int, Meta(ge=1)] | None = None
