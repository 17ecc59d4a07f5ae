"""The models that the mock offers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ModelKind(StrEnum):
    """What a model can do."""

    CHAT = "chat"
    EMBEDDING = "embedding"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model: its wire fields, kind, and context in tokens."""

    id: str
    created: int
    owned_by: str
    kind: ModelKind
    context: int


MODELS: tuple[ModelCard, ...] = (
    ModelCard("gpt-4", 1687882411, "openai", ModelKind.CHAT, 128_000),
    ModelCard("gpt-3.5-turbo", 1677610602, "openai", ModelKind.CHAT, 16_385),
    ModelCard("text-embedding-ada-002", 1671217299, "openai", ModelKind.EMBEDDING, 8_192),
    ModelCard("ozwell/test-model:1.0", 1699000000, "ozwell", ModelKind.CHAT, 32_768),
)

_BY_ID = {model.id: model for model in MODELS}


def find_model(name: str) -> ModelCard | None:
    """The model of exactly this id, or None."""
    return _BY_ID.get(name)
