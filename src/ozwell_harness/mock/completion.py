"""What will be answered, decided before the first byte is sent: plain and streamed answers are two views of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ozwell_harness.mock.tokenizer import count_tokens


class Finish(StrEnum):
    """Why a choice ended."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A tool call; `pieces` are the tokens of its JSON arguments."""

    id: str
    name: str
    pieces: tuple[str, ...]

    @property
    def arguments(self) -> str:
        """The arguments as JSON text."""
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        """What the call costs as completion."""
        return count_tokens(self.name) + len(self.pieces)


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: text pieces or tool calls, and why it ended."""

    index: int
    pieces: tuple[str, ...]
    finish: Finish
    calls: tuple[PlannedCall, ...] = ()

    @property
    def text(self) -> str:
        """The content."""
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        """What the choice costs as completion."""
        return len(self.pieces) + sum(call.tokens for call in self.calls)

    @property
    def steps(self) -> int:
        """How many deltas carry something."""
        return len(self.pieces) + sum(1 + len(call.pieces) for call in self.calls)


@dataclass(frozen=True, slots=True)
class Completion:
    """All choices of one answer and what the prompt cost. `completion_tokens` is None where it is to be counted."""

    choices: tuple[Choice, ...]
    prompt_tokens: int
    counted: int | None = None

    @property
    def completion_tokens(self) -> int:
        """What the answer cost over all choices."""
        return sum(choice.tokens for choice in self.choices) if self.counted is None else self.counted

    @property
    def total_tokens(self) -> int:
        """Prompt and completion."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def steps(self) -> int:
        """Decode steps: choices are generated side by side."""
        return max((choice.steps for choice in self.choices), default=0)
