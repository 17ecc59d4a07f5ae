"""The state of the Open WebUI dialect in Redis, within the same bounds as in memory. Every change is one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import msgspec

from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.shared.link import Link
from ozwell_harness.mock.shared.webui_scripts import CONFIGURE, FIND_PASSAGES, KEEP_CHAT, KEEP_DOCUMENT
from ozwell_harness.mock.store import StoreFullError
from ozwell_harness.mock.webui.records import (
    OVERHEAD,
    ModelConfig,
    Passage,
    StoredChat,
    StoredDeployment,
    StoredDocument,
)
from ozwell_harness.mock.webui.store import CHATS_KEPT, chunk_cost
from ozwell_harness.mock.webui.words import words_of

_encode = msgspec.json.Encoder().encode
_chat = msgspec.json.Decoder(StoredChat).decode
_passage = msgspec.json.Decoder(Passage).decode
_deployment = msgspec.json.Decoder(StoredDeployment).decode


class RedisWebUiStore:
    """Keeps everything in Redis, within the given numbers of bytes. Every method may raise ApiError, 503."""

    def __init__(self, link: Link, chat_bytes: int, document_bytes: int) -> None:
        self._link = link
        self._chat_bytes = chat_bytes
        self._document_bytes = document_bytes
        self._prefix = link.name("webui", "")
        self._keep_chat = link.script(KEEP_CHAT)
        self._keep_document = link.script(KEEP_DOCUMENT)
        self._find_passages = link.script(FIND_PASSAGES)
        self._configure = link.script(CONFIGURE)

    async def put_chat(self, tenant: str, chat: StoredChat) -> None:
        """Keep a chat; the oldest ones give way."""
        keys = [self._name("used", "chats"), self._name("chats", "recent"), self._name("chats", "sizes")]
        name, bounds = f"{tenant}:{chat.id}", (self._chat_bytes, CHATS_KEPT)
        await self._link.run(self._keep_chat, keys, self._prefix, name, _encode(chat), chat.size, *bounds)

    async def get_chat(self, tenant: str, chat_id: str) -> StoredChat | None:
        """A chat, or None."""
        kept = await self._link.do(self._link.redis.get(self._name("chat", tenant, chat_id)))
        return None if kept is None else _chat(kept)

    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        """Keep a document and index its chunks by their words; the oldest documents of all tenants give way.

        Raises:
            StoreFullError: it alone is larger than all the room there is.
        """
        chunks: list[str | bytes] = []
        cost = OVERHEAD
        for position, text in enumerate(document.chunks):
            words = frozenset(words_of(text))
            cost += chunk_cost(text, words)
            chunks += [_encode(Passage(document.id, position, text)), " ".join(words)]
        keys = [self._name("used", "documents"), self._name("documents")]
        about = (tenant, *_optional(document.collection), cost, self._document_bytes)
        if not await self._link.run(self._keep_document, keys, self._prefix, *about, *chunks):
            raise StoreFullError("The document is larger than the mock's memory for documents.")

    async def has_collection(self, tenant: str, collection: str) -> bool:
        """Whether any document is filed under this name."""
        return bool(await self._link.do(self._link.redis.hexists(self._name("collections", tenant), collection)))

    async def find_passages(
        self, tenant: str, collection: str | None, words: frozenset[str], most: int
    ) -> Sequence[Passage]:
        """The chunks that hold any of the words, in one collection or, with None, in all."""
        keys, about = [self._name("found", new_id(""))], (tenant, *_optional(collection), most)
        return [*map(_passage, await self._link.run(self._find_passages, keys, self._prefix, *about, *words))]

    async def get_config(self, tenant: str, model: str) -> ModelConfig:
        """How a model is configured; all None at first."""
        return await self.update_config(tenant, model, ModelConfig())

    async def update_config(self, tenant: str, model: str, changes: ModelConfig) -> ModelConfig:
        """Change what is set in `changes`, in one step, and return the whole."""
        given = [(each.name, getattr(changes, each.name)) for each in fields(ModelConfig)]
        pairs = [part for name, value in given if value is not None for part in (name, _encode(value))]
        kept = await self._link.run(self._configure, [self._name("config", tenant, model)], *pairs)
        values = {name.decode(): msgspec.json.decode(value) for name, value in zip(kept[::2], kept[1::2], strict=True)}
        return msgspec.convert(values, ModelConfig)

    async def get_deployment(self, tenant: str, model: str) -> StoredDeployment | None:
        """The deployment of a model, or None."""
        kept = await self._link.do(self._link.redis.hget(self._name("deployments", tenant), model))
        return None if kept is None else _deployment(kept)

    async def put_deployment(self, tenant: str, deployment: StoredDeployment) -> None:
        """Keep the deployment of a model in place of the one before."""
        deployments = self._name("deployments", tenant)
        await self._link.do(self._link.redis.hset(deployments, deployment.model, _encode(deployment)))

    def _name(self, *parts: str) -> str:
        return self._prefix + ":".join(parts)


def _optional(collection: str | None) -> tuple[int, str]:
    return (0, "") if collection is None else (1, collection)
