"""What POST /chat/completions is asked for together: requests that more than one area judges."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ozwell_harness.checks import chat
from ozwell_harness.client import Client, user
from ozwell_harness.combined import Combined, is_answered
from ozwell_harness.model import Exchange

Fields = dict[str, Any]

#: Many scripts, and what a server must escape.
LINE = 'Żółw, "ёлка", 日本語, 한국어, 🎉🚀'
_COUNTED = ", ".join(str(number) for number in range(1, 31))
#: What streams and the plain answer that they are held against are asked for, by models that take no temperature, too.
SAME: Fields = {"messages": [user(f"Repeat exactly: {_COUNTED}, {LINE}")]}
#: Real models answer this alike every time, in many small pieces.
COLD: Fields = SAME | {"temperature": 0}

#: Two characters beyond the BMP. A code word and an end stand around them, so that what became of them can be seen.
SYMBOLS, AFTER = "🦊𠮷", "-end"
NULLS: Fields = dict.fromkeys(
    ("temperature", "top_p", "n", "max_tokens", "presence_penalty", "frequency_penalty", "stop", "stream")
)
SYSTEM = {"role": "system", "content": "You are a helpful assistant. Answer briefly."}
REMEMBERED = {"role": "assistant", "content": "Thank you, I will remember it."}

#: Each stands in a part of its own, and the question in a third one.
WORDS = ("marmalade", "4182")
PARTS = [
    {"type": "text", "text": f"The first code is {WORDS[0]}."},
    {"type": "text", "text": f"The second code is {WORDS[1]}."},
    {"type": "text", "text": "What are the first code and the second code? Tell me both, in one short sentence."},
]
#: Two codes in parts, and a short question that only the whole conversation answers.
_IN_PARTS = user([*PARTS[:-1], {"type": "text", "text": "Remember these two, too."}])
_ALL_ASKED = user("What three codes have I told you?")

#: A common word, so that 64 KiB of it are few tokens.
_LONG = "responsibilities " * (64 * 1024 // 17 + 1)
LONG: Fields = {"messages": [user(f"{_LONG}\nDescribe this text in one short sentence.")]}

COUNT = [user("Count from 1 to 12, separated by commas.")]
FRACTIONS = {"temperature": 0.7, "top_p": 0.95, "presence_penalty": 0.5, "frequency_penalty": -0.5}

#: Requirement → the fields that show it.
LOWER: dict[str, Fields] = {
    "params.temperature-lower-bound-accepted": {"temperature": 0},
    "params.top-p-lower-bound-accepted": {"top_p": 0},
    "params.presence-penalty-lower-bound-accepted": {"presence_penalty": -2},
    "params.frequency-penalty-lower-bound-accepted": {"frequency_penalty": -2},
    "params.n-one-accepted": {"n": 1},
    "params.max-tokens-one-accepted": {"max_tokens": 1},
}
MORE: dict[str, Fields] = {
    "params.fractions-accepted": FRACTIONS,
}
UNKNOWN: dict[str, Fields] = {"params.unknown-field-ignored": {"x_field_unknown_to_any_endpoint": {"a": [1]}}}
STREAM_FALSE = "streaming.stream-false-plain"

_CONVERSATION = "a conversation of several messages"
_LOWER_BOUNDS = "parameters at their lower bounds"
#: The requirement that a message in parts shows.
_PARTS_SHOW = "vision.text-parts-accepted"
TEXT_PARTS, LONG_PROMPT = "a message of text parts", "a prompt of 64 KiB"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What may be asked of chat completions in a dialect.

    Attributes:
        owed: ids of the requirements of the dialect: messages have only what is owed to be accepted.
        fields: names of the documented fields of a request.
    """

    owed: frozenset[str]
    fields: frozenset[str]

    def parts(self, shown: Mapping[str, Fields]) -> dict[str, Fields]:
        """Return what is left of the parts, by requirement, without fields that are not documented."""
        return {name: known for name, fields in shown.items() if (known := self.known(fields))}

    def known(self, fields: Mapping[str, Any]) -> Fields:
        """Return the fields that are documented."""
        return {name: value for name, value in fields.items() if name in self.fields}


@dataclass(frozen=True, slots=True)
class Together:
    """Several parts in one request, and one more thing in the same request."""

    parts: Combined
    all: Combined


def is_completion(exchange: Exchange) -> bool:
    """Tell whether it is a plain answer: what is misread may change what comes back."""
    return is_answered(exchange) and chat.completes(exchange) is None


def new_code_word() -> str:
    """Return a word that no model can guess."""
    return f"plum{secrets.token_hex(3)}"


def repeat_symbols(code_word: str) -> Fields:
    """Return a message that asks for characters beyond the BMP."""
    return user(f"Repeat exactly this text and nothing else: {code_word}-{SYMBOLS}{AFTER}")


def dialogue(client: Client, code_word: str, dialect: Dialect) -> Together:
    """Return all that a conversation may hold, one message in parts where that is accepted beside it."""
    told, asked = user(f"Hello! My code word is {code_word}."), user("What is my code word?")
    nulls = dialect.known(NULLS)
    parts: dict[str, Fields] = {
        "system message": {"messages": [SYSTEM, told]},
        "history": {"messages": [told, REMEMBERED, asked]},
        "name": {"messages": [told | {"name": "alex"}]},
        "characters beyond the BMP": {"messages": [repeat_symbols(code_word)]},
        "nulls for optional parameters": nulls,
    }
    before = _before(code_word, dialect)
    whole = {"messages": [*before, asked], **nulls}
    in_parts: dict[str, Fields] = {TEXT_PARTS: {"messages": [user(PARTS)]}} if _PARTS_SHOW in dialect.owed else {}
    both = Combined(
        _sender(client),
        f"{_CONVERSATION}, one of them in parts" if in_parts else _CONVERSATION,
        {_CONVERSATION: whole} | in_parts,
        whole=whole | ({"messages": [*before, _IN_PARTS, REMEMBERED, _ALL_ASKED]} if in_parts else {}),
        shows_all=is_completion,
    )
    inner = Combined(_sender(client), _CONVERSATION, parts, whole=whole, shows_all=is_completion, within=both)
    return Together(inner, both)


def _before(code_word: str, dialect: Dialect) -> list[Fields]:
    """Return the messages before the question: with whatever a message may have in the dialect."""
    told: Fields = user(f"Hello! My code word is {code_word}-{SYMBOLS}{AFTER}.")
    named = told | {"name": "alex"} if "chat.name-accepted" in dialect.owed else told
    return [*([SYSTEM] if "chat.system-accepted" in dialect.owed else []), named, REMEMBERED]


def lower(client: Client, dialect: Dialect) -> Together:
    """Return the lower bounds, of which one allows one token only: that bears a long prompt, where it is accepted."""
    bounds = dialect.parts(LOWER)
    whole = {name: value for fields in bounds.values() for name, value in fields.items()}
    label = f"{_LOWER_BOUNDS}, {LONG_PROMPT}"
    both = Combined(_sender(client), label, {_LOWER_BOUNDS: whole, LONG_PROMPT: LONG})
    return Together(Combined(_sender(client), _LOWER_BOUNDS, bounds, within=both), both)


def more(client: Client, dialect: Dialect) -> Combined:
    """Return fractions, an unknown field and a stop text, as far as the dialect has them, beside a stream of false."""
    parts: dict[str, Fields] = {**dialect.parts(MORE), **UNKNOWN, STREAM_FALSE: {"stream": False}}
    if "stop" in dialect.fields:
        parts["stop"] = {"messages": COUNT, "stop": "5"}
    label = "fractions, an unknown field, stream false and a stop text"
    return Combined(_sender(client), label, parts, shows_all=is_completion)


def _sender(client: Client) -> Callable[[str, Mapping[str, Any]], Exchange]:
    def send(label: str, fields: Mapping[str, Any]) -> Exchange:
        return client.chat(label, **fields)

    return send
