"""What the Open WebUI dialect keeps: chats, documents, configurations and deployments, as frozen values.

All are plain data (text, numbers, tuples), so that any place can keep them. Times are epoch seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

#: What a message or a passage costs in memory beside its text, in bytes.
OVERHEAD = 256


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message of a chat. Version 1 keeps neither an id nor a time of its own."""

    role: str
    content: str
    id: str = ""
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class StoredChat:
    """One chat: the messages of its request and the answer, oldest first.

    Attributes:
        id: the id of the completion that began it.
        version: the version of the API that wrote it, which says how it is kept: see ``migration``.
    """

    id: str
    model: str
    version: str
    created_at: float
    messages: tuple[StoredMessage, ...]

    @property
    def size(self) -> int:
        """Bytes held, roughly, for bounding memory."""
        return OVERHEAD + sum(OVERHEAD + len(message.content) for message in self.messages)


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One document, split into chunks of text.

    Attributes:
        collection: what it was filed under; version 1 has None for no collection.
        version: the version of the API that wrote it.
    """

    id: str
    filename: str
    collection: str | None
    version: str
    created_at: float
    chunks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """One chunk of a document; ``position`` counts from 0."""

    document_id: str
    position: int
    text: str


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The parameters that chats of a model use when they name none; None is not configured."""

    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None

    def merged(self, changes: ModelConfig) -> ModelConfig:
        """Return the configuration with what ``changes`` sets; the rest keeps its value."""
        given = {field.name: value for field in fields(changes) if (value := getattr(changes, field.name)) is not None}
        return replace(self, **given)


@dataclass(frozen=True, slots=True)
class StoredDeployment:
    """The deployment of a model; deploying it once more changes it and keeps its id and the time of its making."""

    id: str
    model: str
    status: str
    instance_type: str
    replicas: int
    auto_scaling: bool
    created_at: float
