"""Chooses models from a target's list, for a run that names none. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_EMBEDDING = re.compile(r"embed|ada-002|\bbge\b|\be5\b|\bgte\b|minilm", re.IGNORECASE)
_NOT_CHAT = re.compile(r"whisper|tts|dall-e|moderation|rerank|transcri|speech|image|audio|realtime|sora", re.IGNORECASE)


def listed_models(document: Any) -> list[str]:
    """Return the ids on a list of models; empty when it is no such list."""
    data = document.get("data") if isinstance(document, dict) else None
    items = data if isinstance(data, list) else []
    return [item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)]


def choose_models(listed: Sequence[str]) -> tuple[str | None, str | None]:
    """Return the first chat model and the first embedding model, by what their names suggest."""
    embedding = next((model for model in listed if _EMBEDDING.search(model)), None)
    chat = next((m for m in listed if not _EMBEDDING.search(m) and not _NOT_CHAT.search(m)), None)
    return chat, embedding
