"""How what version 1 wrote becomes what version 2 knows (API Integration Documentation, Version Migration).

Records are migrated when they are read: both versions answer from the newest form, and so alike. Version 1 keeps one
time for a whole chat and no ids of messages, and files a document under no collection unless told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.webui.records import StoredChat, StoredMessage

NEWEST = "v2"


def chat_v1_to_v2(chat: StoredChat) -> StoredChat:
    """Give each message the time of its chat, and an id that is the same each time."""
    messages = tuple(
        replace(message, id=f"msg-{number}-{chat.id}", created_at=chat.created_at)
        for number, message in enumerate(chat.messages, 1)
    )
    return replace(chat, version="v2", messages=messages)


_MIGRATIONS: Mapping[tuple[str, str], Callable[[StoredChat], StoredChat]] = {("v1", NEWEST): chat_v1_to_v2}


def migrated(chat: StoredChat) -> StoredChat:
    """The chat in the newest form; what is not known to need a migration stays as it is."""
    migrate = _MIGRATIONS.get((chat.version, NEWEST))
    return migrate(chat) if migrate else chat


def _bare(message: StoredMessage, now: float) -> StoredMessage:  # noqa: ARG001 - as for every version
    return message


def _numbered(message: StoredMessage, now: float) -> StoredMessage:
    return replace(message, id=new_id("msg-"), created_at=now)


_KEEPERS: Mapping[str, Callable[[StoredMessage, float], StoredMessage]] = {"v1": _bare, "v2": _numbered}


def as_kept(chat: StoredChat) -> StoredChat:
    """A new chat, its messages bare, as its version keeps it."""
    keep = _KEEPERS[chat.version]
    return replace(chat, messages=tuple(keep(message, chat.created_at) for message in chat.messages))
