"""Looks at a target before a run: is it there, and which models has it?"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ozwell_harness.client import page_ids
from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.settings import ConfigurationError, Settings
from ozwell_harness.target import KeyName, Target

_EMBEDDING = re.compile(r"embed|ada-002|\bbge\b|\be5\b|\bgte\b|minilm", re.IGNORECASE)
_NOT_CHAT = re.compile(r"whisper|tts|dall-e|moderation|rerank|transcri|speech|image|audio|realtime|sora", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ready:
    """The target, and why it cannot be reached (None when it can)."""

    target: Target
    unreachable: str | None = None


def target_of(settings: Settings) -> Target:
    """Return the target as far as the settings tell; models may still be unknown.

    Raises:
        ConfigurationError: no URL is set.
    """
    if settings.base_url is None:
        raise ConfigurationError("No target is named: give its base URL, or set OZWELL_BASE_URL.")
    return Target(
        base_url=settings.base_url,
        model=settings.model or "",
        embedding_model=settings.embedding_model,
        keys=settings.keys or {},
        absent=settings.absent,
        timeouts=settings.timeouts,
        politeness=settings.politeness,
        ca_file=settings.ca_file,
    )


def prepare(settings: Settings, profile: Profile, recorder: Recorder) -> Ready:
    """Ask the target for its models, and fill in those that the settings do not name.

    Raises:
        ConfigurationError: no chat model is named and the target lists none.
    """
    target = target_of(settings)
    key = KeyName.MAIN if KeyName.MAIN in target.keys else KeyName.NONE
    exchange = recorder.send(Call("GET", "/models", "preflight: is the target there?", key=key))
    if exchange.response is None:
        reason = exchange.failure.message if exchange.failure else "no answer"
        ready = replace(target, model=target.model or profile.default_model)
        return Ready(ready, f"{target.base_url} did not answer: {reason}.")
    if exchange.status == 401 and key is KeyName.NONE:
        # Judging what little such a target shows to strangers would end green and mean nothing.
        raise ConfigurationError("The target asks for a key: set OZWELL_API_KEY.")
    return Ready(_with_models(target, profile, exchange))


def _with_models(target: Target, profile: Profile, exchange: Exchange) -> Target:
    listed = page_ids(exchange)
    embedding = target.embedding_model or next((m for m in listed if _EMBEDDING.search(m)), None)
    if target.model:
        return replace(target, embedding_model=embedding)
    chat = [m for m in listed if not _EMBEDDING.search(m) and not _NOT_CHAT.search(m)]
    if chat:
        return replace(target, model=chat[0], embedding_model=embedding)
    if exchange.status in {401, 403}:
        raise ConfigurationError(
            f"The target refused the key when asked for its models ({exchange.status}): set OZWELL_API_KEY to a valid"
            " key, or name a model with OZWELL_MODEL to judge it all the same."
        )
    if exchange.status in {200, 404, 405}:
        raise ConfigurationError(
            f"No model found: GET {target.base_url}/models answered {exchange.status} and lists no chat model."
            " Name one with OZWELL_MODEL or --model, and check that the URL ends in /v1."
        )
    # A broken list is a finding of its own; the rest is judged with the model that the documents use.
    return replace(target, model=profile.default_model, embedding_model=embedding or profile.default_embedding_model)
