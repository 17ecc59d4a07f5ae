"""Where the Open WebUI dialect keeps its state: the interface, and keeping it in this process, bounded in memory."""

from __future__ import annotations

import heapq
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ozwell_harness.mock.store import StoreFullError
from ozwell_harness.mock.webui.records import (
    OVERHEAD,
    ModelConfig,
    Passage,
    StoredChat,
    StoredDeployment,
    StoredDocument,
)
from ozwell_harness.mock.webui.words import words_of

CHATS_KEPT = 20_000
#: What a word of a passage costs in the index, in bytes.
_WORD_COST = 100


def chunk_cost(text: str, words: frozenset[str]) -> int:
    """What a chunk and its words in the index count as, in bytes."""
    return OVERHEAD + len(text) + _WORD_COST * len(words)


class WebUiStore(Protocol):
    """What the operations need of a place that keeps state. Every method sees one tenant only.

    Both versions of the API share it. Records are kept as they were written and migrated when they are read.
    """

    async def put_chat(self, tenant: str, chat: StoredChat) -> None:
        """Keep a chat; the oldest ones give way."""
        ...

    async def get_chat(self, tenant: str, chat_id: str) -> StoredChat | None:
        """A chat, or None."""
        ...

    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        """Keep a document and index its chunks by their words; the oldest documents of all tenants give way.

        Once this returns, `find_passages` finds it.

        Raises:
            StoreFullError: it alone is larger than all the room there is.
        """
        ...

    async def has_collection(self, tenant: str, collection: str) -> bool:
        """Whether any document is filed under this name."""
        ...

    async def find_passages(
        self, tenant: str, collection: str | None, words: frozenset[str], most: int
    ) -> Sequence[Passage]:
        """The chunks that hold any of the words, in one collection or, with None, in all.

        Those that hold the most of them come first, then the newest; `most` bounds their number.
        """
        ...

    async def get_config(self, tenant: str, model: str) -> ModelConfig:
        """How a model is configured; all None at first."""
        ...

    async def update_config(self, tenant: str, model: str, changes: ModelConfig) -> ModelConfig:
        """Change what is set in `changes`, in one step, and return the whole."""
        ...

    async def get_deployment(self, tenant: str, model: str) -> StoredDeployment | None:
        """The deployment of a model, or None."""
        ...

    async def put_deployment(self, tenant: str, deployment: StoredDeployment) -> None:
        """Keep the deployment of a model in place of the one before."""
        ...


@dataclass(slots=True)
class _Filed:
    """A chunk in the index."""

    passage: Passage
    collection: str | None
    words: frozenset[str]

    @property
    def cost(self) -> int:
        return chunk_cost(self.passage.text, self.words)


@dataclass(slots=True)
class _Index:
    """The chunks of one tenant, numbered in the order of their coming, by number and by word."""

    filed: dict[int, _Filed] = field(default_factory=dict)
    by_word: dict[str, set[int]] = field(default_factory=dict)
    documents: Counter[str] = field(default_factory=Counter)

    def add(self, number: int, filed: _Filed) -> None:
        self.filed[number] = filed
        for word in filed.words:
            self.by_word.setdefault(word, set()).add(number)

    def remove(self, number: int) -> None:
        for word in self.filed.pop(number).words:
            numbers = self.by_word[word]
            numbers.discard(number)
            if not numbers:
                del self.by_word[word]

    def find(self, collection: str | None, words: Iterable[str], most: int) -> list[Passage]:
        shared: Counter[int] = Counter()
        for word in words:
            shared.update(self.by_word.get(word, ()))
        found = (n for n in shared if collection is None or self.filed[n].collection == collection)
        return [self.filed[n].passage for n in heapq.nlargest(most, found, key=lambda n: (shared[n], n))]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What must be taken back when a document gives way."""

    tenant: str
    collection: str | None
    numbers: range
    cost: int


class MemoryWebUiStore:
    """Keeps everything in this process, within the given numbers of bytes."""

    def __init__(self, chat_bytes: int, document_bytes: int) -> None:
        self._chat_room = chat_bytes
        self._document_bytes = self._document_room = document_bytes
        self._chats: OrderedDict[tuple[str, str], StoredChat] = OrderedDict()
        self._indexes: dict[str, _Index] = {}
        self._kept: deque[_Kept] = deque()
        self._next = 0
        self._configs: dict[tuple[str, str], ModelConfig] = {}
        self._deployments: dict[tuple[str, str], StoredDeployment] = {}

    async def put_chat(self, tenant: str, chat: StoredChat) -> None:
        """Keep a chat; the oldest ones give way."""
        key = (tenant, chat.id)
        before = self._chats.pop(key, None)
        self._chats[key] = chat
        self._chat_room += (before.size if before else 0) - chat.size
        while len(self._chats) > CHATS_KEPT or (self._chat_room < 0 and len(self._chats) > 1):
            self._chat_room += self._chats.popitem(last=False)[1].size

    async def get_chat(self, tenant: str, chat_id: str) -> StoredChat | None:
        """A chat, or None."""
        return self._chats.get((tenant, chat_id))

    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        """Keep a document and index its chunks by their words; the oldest documents of all tenants give way.

        Raises:
            StoreFullError: it alone is larger than all the room there is.
        """
        passages = [Passage(document.id, position, text) for position, text in enumerate(document.chunks)]
        filed = [_Filed(p, document.collection, frozenset(words_of(p.text))) for p in passages]
        cost = OVERHEAD + sum(one.cost for one in filed)
        if cost > self._document_bytes:
            raise StoreFullError("The document is larger than the mock's memory for documents.")
        while cost > self._document_room:
            self._forget_oldest()
        numbers = range(self._next, self._next + len(filed))
        self._next = numbers.stop
        self._document_room -= cost
        self._kept.append(_Kept(tenant, document.collection, numbers, cost))
        index = self._indexes.setdefault(tenant, _Index())
        index.documents[document.collection or ""] += 1
        for number, one in zip(numbers, filed, strict=True):
            index.add(number, one)

    def _forget_oldest(self) -> None:
        kept = self._kept.popleft()
        self._document_room += kept.cost
        index = self._indexes[kept.tenant]
        index.documents[kept.collection or ""] -= 1
        for number in kept.numbers:
            index.remove(number)

    async def has_collection(self, tenant: str, collection: str) -> bool:
        """Whether any document is filed under this name."""
        index = self._indexes.get(tenant)
        return index is not None and index.documents[collection] > 0

    async def find_passages(
        self, tenant: str, collection: str | None, words: frozenset[str], most: int
    ) -> Sequence[Passage]:
        """The chunks that hold any of the words, in one collection or, with None, in all."""
        index = self._indexes.get(tenant)
        return index.find(collection, sorted(words), most) if index else []

    async def get_config(self, tenant: str, model: str) -> ModelConfig:
        """How a model is configured; all None at first."""
        return self._configs.get((tenant, model), ModelConfig())

    async def update_config(self, tenant: str, model: str, changes: ModelConfig) -> ModelConfig:
        """Change what is set in `changes`, in one step, and return the whole."""
        config = self._configs[tenant, model] = (await self.get_config(tenant, model)).merged(changes)
        return config

    async def get_deployment(self, tenant: str, model: str) -> StoredDeployment | None:
        """The deployment of a model, or None."""
        return self._deployments.get((tenant, model))

    async def put_deployment(self, tenant: str, deployment: StoredDeployment) -> None:
        """Keep the deployment of a model in place of the one before."""
        self._deployments[tenant, deployment.model] = deployment
