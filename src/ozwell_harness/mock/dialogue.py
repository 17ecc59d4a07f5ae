"""A conversation as the generator reads it: turns of text, free of the wire's variants."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ozwell_harness.mock.tokenizer import count_tokens

TOKENS_PER_MESSAGE = 4
TOKENS_TO_PRIME = 3
TOKENS_PER_IMAGE = 85


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call that an earlier assistant turn made; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: who, what, and what hangs on it.

    Attributes:
        role: who speaks.
        text: all text parts, joined by line breaks.
        images: MIME type of each image part; "image" where only a URL is known.
        calls: tool calls made in this turn.
        call_id: the call that a tool turn answers.
        name: optional name of the speaker.
    """

    role: Role
    text: str
    images: tuple[str, ...] = ()
    calls: tuple[Called, ...] = ()
    call_id: str | None = None
    name: str | None = None

    @property
    def tokens(self) -> int:
        """What the turn costs as part of a prompt."""
        total = TOKENS_PER_MESSAGE + count_tokens(self.text) + TOKENS_PER_IMAGE * len(self.images)
        if self.name:
            total += count_tokens(self.name)
        for call in self.calls:
            total += count_tokens(call.name) + count_tokens(call.arguments)
        return total

    @property
    def size(self) -> int:
        """Characters held, for bounding memory."""
        return len(self.text) + sum(len(call.arguments) + len(call.name) for call in self.calls) + 64


Dialogue = tuple[Turn, ...]


def last_user_turn(dialogue: Dialogue) -> Turn | None:
    """The user's latest message."""
    return next((turn for turn in reversed(dialogue) if turn.role is Role.USER), None)


def prompt_tokens(dialogue: Dialogue) -> int:
    """What a conversation costs as a prompt."""
    return TOKENS_TO_PRIME + sum(turn.tokens for turn in dialogue)
