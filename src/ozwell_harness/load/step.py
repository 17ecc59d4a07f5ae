"""A step: one request of a scenario, ready to be sent, and what its answer has to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from ozwell_harness.load.answer import Answer
from ozwell_harness.load.reply import Reply
from ozwell_harness.model import Deviation, Exchange

#: Judges one exchange.
ExchangeCheck: TypeAlias = Callable[[Exchange], Deviation | None]
#: A look that costs next to nothing: is anything about the answer not as it should be?
Glance: TypeAlias = Callable[[Answer, Reply], bool]

JSON = "application/json"
NOTHING_MORE: Mapping[str, ExchangeCheck] = MappingProxyType({})


class Kind(StrEnum):
    """How an answer is read and judged."""

    CHAT = "chat"
    CHAT_STREAM = "chat_stream"
    EMBEDDINGS = "embeddings"
    MODELS = "models"
    RESPONSE = "response"
    UPLOAD = "upload"
    FILE_LIST = "file_list"
    DOWNLOAD = "download"
    DELETE = "delete"
    HISTORY = "history"
    INGEST = "ingest"
    QUERY = "query"


#: Statuses of success: what an upload of a document makes may be made later.
_OK = frozenset({200})
_ACCEPTED = frozenset({200, 201, 202})


class Step(msgspec.Struct, frozen=True):
    """One request, ready to be sent.

    Attributes:
        name: what figures are kept under.
        path: below the base URL.
        nonce: a word that only this scenario's run says; None where the request holds none.
        content_type: of the body, where there is one.
        expects: what must hold of this answer beside what must hold of any of its kind, by requirement.
        glance: tells at once that the answer deserves a closer look; None where any is as good as another.
    """

    name: str
    kind: Kind
    method: str
    path: str
    body: bytes = b""
    nonce: str | None = None
    content_type: str = JSON
    expects: Mapping[str, ExchangeCheck] = NOTHING_MORE
    glance: Glance | None = None

    @property
    def successes(self) -> frozenset[int]:
        """Statuses that are no error."""
        return _ACCEPTED if self.kind is Kind.INGEST else _OK

    @property
    def streamed(self) -> bool:
        """The answer is to be an event stream."""
        return self.kind is Kind.CHAT_STREAM
