"""Request bodies of the Open WebUI dialect as msgspec structs (API Integration Documentation, API Endpoints).

Bounds of sampling parameters are those of the OpenAI API. An explicit null for an optional field equals leaving it
out, and unknown fields are ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

_Count = Annotated[int, Meta(ge=1)] | Annotated[float, Meta(ge=1)]
_NonEmpty = Annotated[str, Meta(min_length=1)]
_Temperature = Annotated[float, Meta(ge=0, le=2)]
_Penalty = Annotated[float, Meta(ge=-2, le=2)]


class MessageIn(Struct, frozen=True):
    """One message of a chat."""

    role: Literal["user", "assistant", "system"]
    content: str


class ChatIn(Struct, frozen=True, kw_only=True):
    """Body of POST /chat/completions."""

    model: _NonEmpty
    messages: Annotated[list[MessageIn], Meta(min_length=1)]
    temperature: _Temperature | None = None
    max_tokens: _Count | None = None
    stream: bool | None = None


class QueryIn(Struct, frozen=True, kw_only=True):
    """Body of POST /rag/query."""

    query: _NonEmpty
    collection_id: _NonEmpty | None = None
    top_k: _Count | None = None


class ConfigIn(Struct, frozen=True, kw_only=True):
    """Body of PUT /models/{model_id}/config."""

    temperature: _Temperature | None = None
    max_tokens: _Count | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    frequency_penalty: _Penalty | None = None
    presence_penalty: _Penalty | None = None


class DeployIn(Struct, frozen=True, kw_only=True):
    """Body of POST /models/{model_id}/deploy."""

    instance_type: _NonEmpty
    replicas: _Count
    auto_scaling: bool
