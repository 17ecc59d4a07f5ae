"""Answer bodies as msgspec structs, and how they are made from what was planned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from ozwell_harness.mock.completion import Choice, Completion
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.models import ModelCard
from ozwell_harness.mock.pages import Page
from ozwell_harness.mock.store import StoredFile


class FunctionOut(Struct):
    """Name and arguments of a call; arguments are JSON text."""

    name: str
    arguments: str


class ToolCallOut(Struct):
    """One tool call."""

    id: str
    type: Literal["function"]
    function: FunctionOut


class MessageOut(Struct):
    """The assistant's message. `content` is null when tools are called."""

    role: Literal["assistant"]
    content: str | None
    tool_calls: list[ToolCallOut] | UnsetType = UNSET


class ChoiceOut(Struct):
    """One choice of a chat completion."""

    index: int
    message: MessageOut
    finish_reason: str


class UsageOut(Struct):
    """Tokens of one answer."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatOut(Struct):
    """A chat completion."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChoiceOut]
    usage: UsageOut


class SourceOut(Struct):
    """A passage of an uploaded file. `page` counts from 1."""

    file_id: str
    filename: str
    page: int
    excerpt: str


class ResponseOut(Struct):
    """An answer of the responses endpoint."""

    id: str
    object: Literal["response"]
    created: int
    model: str
    conversation_id: str
    output: MessageOut
    usage: UsageOut
    sources: list[SourceOut] | UnsetType = UNSET


class EmbeddingOut(Struct):
    """One vector: numbers, or base64 of little-endian float32."""

    object: Literal["embedding"]
    index: int
    embedding: tuple[float, ...] | str


class EmbeddingUsageOut(Struct):
    """Tokens of an embedding request."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingListOut(Struct):
    """All vectors of one request."""

    object: Literal["list"]
    data: list[EmbeddingOut]
    model: str
    usage: EmbeddingUsageOut


class FileOut(Struct):
    """A file's record."""

    id: str
    object: Literal["file"]
    bytes: int
    created_at: int
    filename: str
    purpose: str


class DeletedOut(Struct):
    """Confirmation of a delete."""

    id: str
    object: Literal["file"]
    deleted: bool


class ModelOut(Struct):
    """A model."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ListOut(Struct):
    """One page of a list; the ids are null on an empty page."""

    object: Literal["list"]
    data: Sequence[FileOut | ModelOut]
    has_more: bool
    first_id: str | None
    last_id: str | None


def chat_out(model: str, completion: Completion, created: int) -> ChatOut:
    """The plain answer of a chat; ``created`` is in epoch seconds."""
    choices = [ChoiceOut(choice.index, message_out(choice), choice.finish) for choice in completion.choices]
    return ChatOut(new_id("chatcmpl-"), "chat.completion", created, model, choices, usage_out(completion))


def message_out(choice: Choice) -> MessageOut:
    """The message of one choice."""
    if not choice.calls:
        return MessageOut("assistant", choice.text)
    calls = [ToolCallOut(call.id, "function", FunctionOut(call.name, call.arguments)) for call in choice.calls]
    return MessageOut("assistant", None, calls)


def usage_out(completion: Completion) -> UsageOut:
    """What an answer cost."""
    return UsageOut(completion.prompt_tokens, completion.completion_tokens, completion.total_tokens)


def file_out(file: StoredFile) -> FileOut:
    """A file's record as sent."""
    return FileOut(file.id, "file", file.size, file.created_at, file.filename, file.purpose)


def model_out(card: ModelCard) -> ModelOut:
    """A model as sent."""
    return ModelOut(card.id, "model", card.created, card.owned_by)


def list_out(page: Page, data: Sequence[FileOut | ModelOut]) -> ListOut:
    """A page as sent."""
    return ListOut("list", data, page.has_more, data[0].id if data else None, data[-1].id if data else None)
