"""Sources that are uninvited, missing, dangling or misquoted, and conversations that are mixed up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.dialogue import Dialogue
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.wrappers import StoreWrapper
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.store import Store

AREA = Area("responses")

RESPOND = Operation.CREATE_RESPONSE
_INVENTED = {"file_id": "file-0", "filename": "a.txt", "page": 1, "excerpt": "Some words."}


def _alters(name: str, description: str, alter: Callable[[JsonObject], Any], *breaks: str) -> None:
    """Register a fault that changes each source in place."""

    @AREA.result(name, description, RESPOND, breaks=breaks)
    def change(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        for source in answer.get("sources", ()):
            alter(source)
        return answer


def _invents(name: str, description: str, asked: Callable[[JsonObject], bool], *breaks: str) -> None:
    """Register a fault that gives a source where none was asked for."""

    @AREA.result(name, description, RESPOND, breaks=breaks)
    def invent(answer: JsonObject, call: Call) -> JsonObject:
        return {**answer, "sources": [dict(_INVENTED)]} if asked(call.body or {}) else answer


def _gives(name: str, description: str, give: Callable[[Any], Any], *breaks: str) -> None:
    """Register a fault that gives something else for the sources that were asked for."""

    @AREA.result(name, description, RESPOND, breaks=breaks)
    def change(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        return {**answer, "sources": give(answer["sources"])} if "sources" in answer else answer


_invents("sources-unasked", "Sources come although nobody asked for them.", lambda b: "include_sources" not in b,
         "responses.no-sources-unasked")  # fmt: skip
_invents("sources-on-false", "Sources come although they were declined.", lambda b: b.get("include_sources") is False,
         "responses.no-sources-on-false")  # fmt: skip
_gives("sources-null", "The sources that were asked for are null.", lambda _: None, "responses.sources-given")
_gives("sources-object", "The sources are an object by file.", lambda found: {s["file_id"]: s for s in found},
       "responses.sources-given")  # fmt: skip
_gives("sources-empty", "The sources are always empty.", lambda _: [], "responses.source-found")
_alters("source-id-missing", "A source does not name its file.", lambda s: s.pop("file_id"),
        "responses.sources-schema", "responses.source-found")  # fmt: skip
_alters("source-page-zero", "Pages of sources count from 0.", lambda s: s.update(page=s["page"] - 1),
        "responses.sources-schema")  # fmt: skip
_alters("source-page-as-text", "Pages of sources are strings.", lambda s: s.update(page=str(s["page"])),
        "responses.sources-schema")  # fmt: skip
_alters("source-excerpt-missing", "A source quotes nothing.", lambda s: s.pop("excerpt"),
        "responses.sources-schema")  # fmt: skip
_alters("source-dangling", "A source names a file that does not exist.", lambda s: s.update(file_id="file-gone"),
        "responses.source-found", "responses.source-retrievable")  # fmt: skip
_alters("source-filename-path", "The filename of a source is a path.",
        lambda s: s.update(filename=f"/data/{s['filename']}"), "responses.source-filename")  # fmt: skip
_alters("source-excerpt-invented", "The excerpt of a source stands in no file.",
        lambda s: s.update(excerpt="The lighthouse was red."), "responses.source-excerpt")  # fmt: skip
_alters("source-excerpt-one-word-off", "A word of the excerpt is another one.",
        lambda s: s.update(excerpt=s["excerpt"].replace("painted", "coloured")),
        "responses.source-excerpt")  # fmt: skip


@AREA.result("sources-doubled-with-dangling", "A source that does not exist stands beside the true one.", RESPOND,
             breaks=("responses.source-retrievable",))  # fmt: skip
def sources_doubled(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Add one."""
    return {**answer, "sources": [*answer["sources"], dict(_INVENTED)]} if answer.get("sources") else answer


class _Shared(StoreWrapper):
    """Keeps all conversations of a tenant as one."""

    async def turns(self, tenant: str, conversation: str) -> Dialogue:  # noqa: ARG002
        return await self.inner.turns(tenant, "all")

    async def append_turns(self, tenant: str, conversation: str, turns: Dialogue) -> None:  # noqa: ARG002
        await self.inner.append_turns(tenant, "all", turns)


@AREA.store("conversations-mixed", "All conversations are one.", RESPOND, breaks=("responses.conversations-apart",))
def conversations_mixed(store: Store, call: Call) -> Store:
    """Use one name where a conversation is named."""
    return _Shared(store) if call.operation is RESPOND else store


class _ForgettingOwn(StoreWrapper):
    """Keeps what was answered, not what was said."""

    async def append_turns(self, tenant: str, conversation: str, turns: Dialogue) -> None:
        await self.inner.append_turns(tenant, conversation, turns[-1:])


@AREA.store("own-words-forgotten", "A conversation remembers the answers, not the questions.", RESPOND,
            breaks=("responses.conversation-persists",))  # fmt: skip
def own_words_forgotten(store: Store, call: Call) -> Store:  # noqa: ARG001
    """Drop what the user said."""
    return _ForgettingOwn(store)
