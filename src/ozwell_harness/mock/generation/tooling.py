"""Whether to call a tool, which one, and with what arguments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ozwell_harness.mock.completion import PlannedCall
from ozwell_harness.mock.dialogue import Dialogue, Role, last_user_turn
from ozwell_harness.mock.generation.hints import Hints, hints_of
from ozwell_harness.mock.generation.schema_filler import fill
from ozwell_harness.mock.generation.words import listed_nouns, plain_words
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.tokenizer import pieces_of

CALLS_AT_MOST = 8

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function that may be called: its name, what it says of itself, its JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]

    @property
    def words(self) -> frozenset[str]:
        """The telling words of its name and description."""
        return plain_words(_CAMEL.sub(" ", self.name).replace("_", " ").replace("-", " ") + " " + self.description)


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Tools and the rule for their use.

    Attributes:
        tools: what may be called; empty for never.
        forced: whether some call must be made.
        named: the one function that must be called, if any.
        parallel: whether several calls may be made at once.
    """

    tools: Sequence[ToolSpec] = ()
    forced: bool = False
    named: str | None = None
    parallel: bool = True


def plan_calls(toolbox: Toolbox, dialogue: Dialogue) -> tuple[PlannedCall, ...]:
    """The calls to make, none where text is the better answer."""
    user = last_user_turn(dialogue)
    text = user.text if user else ""
    tool = _pick(toolbox, dialogue, text)
    if tool is None:
        return ()
    hints = hints_of(text)
    cities = listed_nouns(text)[:CALLS_AT_MOST] if toolbox.parallel else []
    versions = [hints.about(city) for city in cities] if len(cities) > 1 else [hints]
    return tuple(_call(tool, version) for version in versions)


def _pick(toolbox: Toolbox, dialogue: Dialogue, text: str) -> ToolSpec | None:
    if not toolbox.tools:
        return None
    if toolbox.named is not None:
        return next(tool for tool in toolbox.tools if tool.name == toolbox.named)
    words = plain_words(text[:20_000])
    scored = [(len(tool.words & words), tool) for tool in toolbox.tools]
    score, best = max(scored, key=lambda pair: pair[0])
    if toolbox.forced:
        return best
    return best if score and dialogue and dialogue[-1].role is Role.USER else None


def _call(tool: ToolSpec, hints: Hints) -> PlannedCall:
    arguments = fill(tool.parameters, hints) if tool.parameters else {}
    text = msgspec.json.encode(arguments if isinstance(arguments, dict) else {}).decode()
    return PlannedCall(new_id("call_"), tool.name, tuple(pieces_of(text)))
