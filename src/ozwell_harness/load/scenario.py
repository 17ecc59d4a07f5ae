"""Scenarios: what one arrival does, as a generator of requests. Pure: who sends them is not known here.

A scenario yields a ``Step`` and is sent the ``Answer``; a scenario of several dependent requests reads ids from it::

    def upload_and_read(context):
        uploaded = yield context.upload()
        yield context.retrieve(uploaded.document["id"])

Bodies are serialised once, when the context is made; each request only gets its nonce filled in.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeAlias

import msgspec

from ozwell_harness.load.answer import Answer
from ozwell_harness.load.nonces import Nonces
from ozwell_harness.load.plan import PlanError
from ozwell_harness.load.prompts import Prompt

_GAP = "\x00nonce\x00"


class Kind(StrEnum):
    """How an answer is read and judged."""

    CHAT = "chat"
    CHAT_STREAM = "chat_stream"
    EMBEDDINGS = "embeddings"
    MODELS = "models"


@dataclass(frozen=True, slots=True)
class Step:
    """One request, ready to be sent. ``path`` is below the base URL; ``nonce`` stands somewhere in the body."""

    name: str
    kind: Kind
    method: str
    path: str
    body: bytes = b""
    nonce: str | None = None

    @property
    def streamed(self) -> bool:
        """The answer is to be an event stream."""
        return self.kind is Kind.CHAT_STREAM


Flow: TypeAlias = Generator[Step, Answer, None]


class Need(StrEnum):
    """What a scenario cannot do without."""

    EMBEDDING_MODEL = "embedding_model"


@dataclass(frozen=True, slots=True)
class _Body:
    """A serialised JSON body with a gap for the nonce."""

    before: bytes
    after: bytes

    def fill(self, nonce: str) -> bytes:
        """Return the whole body."""
        return self.before + nonce.encode() + self.after


def _serialise(document: Mapping[str, Any]) -> _Body:
    encoded = msgspec.json.encode(document)
    before, gap, after = encoded.partition(msgspec.json.encode(_GAP)[1:-1])
    if not gap:
        raise ValueError("the document has no place for a nonce")
    return _Body(before, after)


@dataclass(frozen=True)
class Context:
    """What scenarios make their requests from; one for each worker."""

    model: str
    embedding_model: str | None
    prompts: tuple[Prompt, ...]
    inputs: tuple[Prompt, ...]
    nonces: Nonces
    rng: random.Random

    @cached_property
    def _chat_bodies(self) -> list[_Body]:
        return [_serialise(self._chat(prompt)) for prompt in self.prompts]

    @cached_property
    def _stream_bodies(self) -> list[_Body]:
        asked = {"stream": True, "stream_options": {"include_usage": True}}
        return [_serialise(self._chat(prompt) | asked) for prompt in self.prompts]

    @cached_property
    def _embedding_bodies(self) -> list[_Body]:
        return [_serialise({"model": self.embedding_model, "input": f"{_GAP} {prompt.text}"}) for prompt in self.inputs]

    def _chat(self, prompt: Prompt) -> dict[str, Any]:
        # The nonce comes first, so that no two prompts share a prefix that a target could have cached.
        text = f"Reference {_GAP}. {prompt.text} Mention the reference once."
        body: dict[str, Any] = {"model": self.model, "messages": [{"role": "user", "content": text}]}
        return body | ({"max_tokens": prompt.max_tokens} if prompt.max_tokens else {})

    def chat(self) -> Step:
        """Return a plain chat completion with a unique prompt."""
        return self._filled("chat", Kind.CHAT, "/chat/completions", self._chat_bodies)

    def chat_stream(self) -> Step:
        """Return a streamed chat completion with a unique prompt; usage is asked for."""
        return self._filled("chat_stream", Kind.CHAT_STREAM, "/chat/completions", self._stream_bodies)

    def embeddings(self) -> Step:
        """Return an embedding of a unique text."""
        return self._filled("embeddings", Kind.EMBEDDINGS, "/embeddings", self._embedding_bodies)

    def models(self) -> Step:
        """Return a request for the list of models."""
        return Step("models", Kind.MODELS, "GET", "/models")

    def _filled(self, name: str, kind: Kind, path: str, bodies: list[_Body]) -> Step:
        nonce = self.nonces.make()
        return Step(name, kind, "POST", path, self.rng.choice(bodies).fill(nonce), nonce)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named scenario: ``flow`` makes one run of it."""

    name: str
    flow: Callable[[Context], Flow]
    needs: frozenset[Need] = frozenset()


@dataclass(frozen=True, slots=True)
class Mix:
    """Scenarios with weights; a mix of one is that scenario."""

    parts: tuple[tuple[Scenario, int], ...]

    def possible(self, name: str, embedding_model: str | None) -> Mix:
        """Return the mix without the parts whose needs are not met.

        Raises:
            PlanError: none is left.
        """
        parts = tuple((s, w) for s, w in self.parts if embedding_model or Need.EMBEDDING_MODEL not in s.needs)
        if not parts:
            raise PlanError(f"Scenario {name} needs an embedding model: name one with OZWELL_EMBEDDING_MODEL.")
        return Mix(parts)

    def choose(self, rng: random.Random) -> Scenario:
        """Return one scenario, by weight."""
        if len(self.parts) == 1:
            return self.parts[0][0]
        return rng.choices([s for s, _ in self.parts], [w for _, w in self.parts])[0]
