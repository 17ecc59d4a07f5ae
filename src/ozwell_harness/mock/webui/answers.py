"""Answer bodies of the Open WebUI dialect as msgspec structs. Chats are answered as in the Ozwell dialect."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import UNSET, Struct, UnsetType


class MessageOut(Struct):
    """One message of a chat's history."""

    id: str
    role: str
    content: str
    created_at: str


class DocumentOut(Struct):
    """What became of an upload."""

    document_id: str
    status: str
    chunks: int
    created_at: str
    collection_id: str | UnsetType = UNSET


class ResultOut(Struct):
    """One passage that fits a query; a greater score fits better."""

    document_id: str
    content: str
    score: float


class ResultsOut(Struct):
    """The passages that fit best, best first."""

    results: list[ResultOut]


class ConfigOut(Struct):
    """How a model is configured; null is not configured."""

    model_id: str
    temperature: float | None
    max_tokens: int | None
    top_p: float | None
    frequency_penalty: float | None
    presence_penalty: float | None


class DeploymentOut(Struct):
    """The deployment of a model."""

    deployment_id: str
    model_id: str
    status: str
    instance_type: str
    replicas: int
    auto_scaling: bool
    created_at: str


def moment(epoch_s: float) -> str:
    """A time in the form of RFC 3339, in UTC, with milliseconds."""
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
