"""What scenarios make their requests from. Pure; one ``Context`` for each worker.

Bodies are serialised once and only get what differs from request to request. A request that stands alone has a prompt
that no other has; its nonce comes first, so that no two prompts share a beginning that a target could have cached,
except the prefix that the workload asks for.
"""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, field
from functools import cached_property

from ozwell_harness.load.arrivals import Arrivals, Trace
from ozwell_harness.load.chats import ChatBodies, Dialogue, InputBodies
from ozwell_harness.load.conversation import Conversation
from ozwell_harness.load.documents import Library, LoadDocument
from ozwell_harness.load.files import LoadFile, Shelf
from ozwell_harness.load.histories import RememberedChat
from ozwell_harness.load.manner import Manner
from ozwell_harness.load.nonces import Nonces
from ozwell_harness.load.prompts import Prompt
from ozwell_harness.load.step import Kind, Step
from ozwell_harness.load.texts import Words
from ozwell_harness.load.timetable import ANY_SIZE, Size
from ozwell_harness.load.workload import Workload


@dataclass(frozen=True)
class Context:
    """Makes steps.

    Attributes:
        prompts, inputs: what chats and embeddings say where the workload does not make them up.
        rng: the worker's own source of chance.
        size: how long the next prompt and answer are to be, where a trace says.
        shelf: the files that the target holds of ours.
        library: the documents that are asked for.
        manner: how requests are put in the target's dialect.
    """

    model: str
    embedding_model: str | None
    prompts: tuple[Prompt, ...]
    inputs: tuple[Prompt, ...]
    nonces: Nonces
    rng: random.Random
    workload: Workload = Workload()
    seed: int = 0
    size: Size = ANY_SIZE
    shelf: Shelf = field(default_factory=Shelf)
    library: Library = field(default_factory=Library)
    manner: Manner = Manner()

    def sized(self, size: Size) -> Context:
        """Return the same, for one arrival whose lengths are given."""
        other = copy.copy(self)
        object.__setattr__(other, "size", size)
        return other

    def warm(self, arrivals: Arrivals) -> None:
        """Make now what the first requests would have to wait for."""
        _ = (self._chats, self._streams, self._inputs)
        if self.workload.prompt_tokens is not None or isinstance(arrivals, Trace):
            self._words.make()

    @cached_property
    def _words(self) -> Words:
        return Words(f"{self.seed}/words")

    @cached_property
    def _chats(self) -> ChatBodies:
        return ChatBodies(self.model, self.prompts, self.workload, self._words, {}, self.manner)

    @cached_property
    def _streams(self) -> ChatBodies:
        streamed = self.manner.streamed
        return ChatBodies(self.model, self.prompts, self.workload, self._words, streamed, self.manner)

    @cached_property
    def _inputs(self) -> InputBodies:
        return InputBodies(self.embedding_model or "", self.inputs, self.workload, self._words)

    def chat(self) -> Step:
        """Return a plain chat completion with a unique prompt."""
        nonce = self.nonces.make()
        body = self._chats.make(nonce, self.rng, self.size)
        return Step("chat", Kind.CHAT, "POST", "/chat/completions", body, nonce)

    def chat_stream(self) -> Step:
        """Return a streamed chat completion with a unique prompt; usage is asked for."""
        nonce = self.nonces.make()
        body = self._streams.make(nonce, self.rng, self.size)
        return Step("chat_stream", Kind.CHAT_STREAM, "POST", "/chat/completions", body, nonce)

    def embeddings(self) -> Step:
        """Return an embedding of a unique text."""
        nonce = self.nonces.make()
        body = self._inputs.make(nonce, self.rng, self.size)
        return Step("embeddings", Kind.EMBEDDINGS, "POST", "/embeddings", body, nonce)

    def models(self) -> Step:
        """Return a request for the list of models."""
        return Step("models", Kind.MODELS, "GET", "/models")

    def dialogue(self) -> Dialogue:
        """Return a chat of several turns, whose history the client sends along each time."""
        return Dialogue(self._streams, self.nonces.make(), self.rng, self.size)

    def conversation(self) -> Conversation:
        """Return a conversation whose history the target keeps."""
        return Conversation(self.model, self._chats, self.nonces.make(), self.rng, self.size)

    def remembered_chat(self) -> RememberedChat:
        """Return a chat whose history is read afterwards."""
        nonce = self.nonces.make()
        return RememberedChat(nonce, self._chats.make(nonce, self.rng, self.size), self.nonces)

    def document(self) -> LoadDocument:
        """Return a document of its own, not uploaded yet."""
        size = round(self.workload.file_bytes.draw(self.rng))
        return LoadDocument.make(self.nonces.make(), size, self.rng, self.library.given)

    def lacking_document(self) -> LoadDocument | None:
        """Return a document to be uploaded first, so that there is something to ask for; None when there is enough."""
        return self.library.add(self.nonces.make(), self.rng) if self.library.has_room else None

    def query(self, document: LoadDocument) -> Step:
        """Return a query by the document's own sentence."""
        return document.query(self.nonces.make(), [document, *self.library.filed])

    def file(self) -> LoadFile:
        """Return a file of its own, not uploaded yet."""
        nonce = self.nonces.make()
        return LoadFile.make(nonce, round(self.workload.file_bytes.draw(self.rng)), self.shelf)
