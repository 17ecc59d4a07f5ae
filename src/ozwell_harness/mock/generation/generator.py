"""From a dialogue to a completion: which answer and how it is cut. Pure: the same question, the same answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ozwell_harness.mock.completion import Choice, Completion, Finish, PlannedCall
from ozwell_harness.mock.dialogue import Dialogue, Role, Turn, last_user_turn
from ozwell_harness.mock.generation.hints import hints_of
from ozwell_harness.mock.generation.instructions import told_exactly
from ozwell_harness.mock.generation.prose import compose, wants_length
from ozwell_harness.mock.generation.schema_filler import fill
from ozwell_harness.mock.generation.tooling import Toolbox, plan_calls
from ozwell_harness.mock.generation.words import key_words
from ozwell_harness.mock.tokenizer import count_tokens, pieces_of

NO_TOOLS = Toolbox()


@dataclass(frozen=True, slots=True)
class JsonForm:
    """The content must be JSON: an instance of `schema`, or any object where it is None."""

    schema: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that decides the answer.

    Attributes:
        dialogue: all turns, the latest last.
        choices: how many answers.
        stop: texts before which an answer ends.
        max_tokens: tokens after which each answer is cut.
        toolbox: tools that may be called.
        form: JSON form of the content; None for free text.
        seed: the client's seed.
        extra_prompt: further text that counts as prompt, such as tool definitions.
    """

    dialogue: Dialogue
    choices: int = 1
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    toolbox: Toolbox = NO_TOOLS
    form: JsonForm | None = None
    seed: int | None = None
    extra_prompt: str = ""

    def alone(self) -> Question:
        """The same question for a single answer."""
        return self if self.choices == 1 else replace(self, choices=1)


def answer(question: Question, prompt_tokens: int) -> Completion:
    """Plan the whole answer to a prompt of so many tokens."""
    return Completion(tuple(_choice(question, index) for index in range(question.choices)), prompt_tokens)


def _choice(question: Question, index: int) -> Choice:
    calls = plan_calls(question.toolbox, question.dialogue)
    if calls:
        return _cut_calls(index, calls, question.max_tokens)
    pieces = _json_pieces(question, index) if question.form else _text_pieces(question, index)
    kept, finish = cut(pieces, question.stop, question.max_tokens)
    return Choice(index, kept, finish)


def _text_pieces(question: Question, index: int) -> tuple[str, ...]:
    dialogue = question.dialogue
    told = told_exactly(dialogue)
    if told is not None:
        return tuple(pieces_of(told))
    user = last_user_turn(dialogue)
    text = user.text if user else ""
    prose = compose(_fingerprint(question), index, key_words(text), long=wants_length(text))
    lead = _lead(dialogue, user)
    return tuple(pieces_of(lead)) + prose if lead else prose


def _lead(dialogue: Dialogue, user: Turn | None) -> str:
    """What comes before free text: the results of tools, the images seen."""
    results = []
    for turn in reversed(dialogue):
        if turn.role is not Role.TOOL:
            break
        results.append(turn.text)
    if results:
        return "The tool answered: " + " ".join(reversed(results)) + "\n\n"
    if user is not None and user.images:
        count = len(user.images)
        kinds = ", ".join(user.images)
        return f"I see {count} {'image' if count == 1 else 'images'} ({kinds}). "
    return ""


def _json_pieces(question: Question, index: int) -> tuple[str, ...]:
    user = last_user_turn(question.dialogue)
    text = user.text if user else ""
    schema = question.form.schema if question.form else None
    if schema is not None:
        return tuple(pieces_of(_encode(fill(schema, hints_of(text)))))
    told = told_exactly(question.dialogue)
    if told is not None:
        return tuple(pieces_of(told if _is_object(told) else _encode({"answer": told})))
    prose = "".join(compose(_fingerprint(question), index, key_words(text), long=False))
    return tuple(pieces_of(_encode({"answer": prose, "key_words": list(key_words(text))})))


def _cut_calls(index: int, calls: tuple[PlannedCall, ...], max_tokens: int | None) -> Choice:
    left = sum(call.tokens for call in calls) if max_tokens is None else max_tokens
    kept: list[PlannedCall] = []
    for call in calls:
        room = left - count_tokens(call.name)
        if room < 0:
            return Choice(index, (), Finish.LENGTH, tuple(kept))
        kept.append(PlannedCall(call.id, call.name, call.pieces[:room]))
        left = room - len(call.pieces)
        if left < 0:
            return Choice(index, (), Finish.LENGTH, tuple(kept))
    return Choice(index, (), Finish.TOOL_CALLS, tuple(kept))


def cut(pieces: tuple[str, ...], stop: tuple[str, ...], max_tokens: int | None) -> tuple[tuple[str, ...], Finish]:
    """Apply stop texts and the token limit, in the order in which generation meets them.

    A stop text ends the answer once it is complete, within `max_tokens`; nothing from its first character on is shown.
    """
    most = len(pieces) if max_tokens is None else max_tokens
    at = _first_stop("".join(pieces[:most]), stop) if stop else None
    if at is not None:
        return _until(pieces, at), Finish.STOP
    return pieces[:most], Finish.LENGTH if len(pieces) > most else Finish.STOP


def _first_stop(text: str, stop: tuple[str, ...]) -> int | None:
    places = [text.find(word) for word in stop if word]
    return min((place for place in places if place >= 0), default=None)


def _until(pieces: tuple[str, ...], end: int) -> tuple[str, ...]:
    kept = []
    for piece in pieces:
        if end <= 0:
            break
        kept.append(piece[:end])
        end -= len(piece)
    return tuple(kept)


def _fingerprint(question: Question) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for turn in question.dialogue:
        digest.update(f"{turn.role}\0{turn.text}\0".encode())
        for image in turn.images:
            digest.update(image.encode())
    return f"{digest.hexdigest()}:{question.seed}"


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _is_object(text: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.DecodeError, RecursionError):
        return False
