"""What POST /responses is asked for together: requests that more than one area judges."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ozwell_harness.checks import responses
from ozwell_harness.client import Client, user
from ozwell_harness.combined import Combined, is_answered
from ozwell_harness.model import Exchange

#: Where a count is to stop.
STOP = 5

#: Cold enough to count as told, whatever the penalties. Requirement → fields that show it.
COLD: dict[str, dict[str, Any]] = {
    "params.responses-temperature-lower-bound-accepted": {"temperature": 0},
    "params.responses-top-p-lower-bound-accepted": {"top_p": 0},
    "params.responses-presence-penalty-upper-bound-accepted": {"presence_penalty": 2},
    "params.responses-frequency-penalty-upper-bound-accepted": {"frequency_penalty": 2},
    "params.responses-n-one-accepted": {"n": 1},
    "params.responses-stop-accepted": {
        "messages": [user("Count from 1 to 12, separated by commas.")],
        "stop": str(STOP),
    },
}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "country": {"type": "string", "enum": ["France", "Italy"]},
        "inhabitants": {"type": "integer"},
    },
    "required": ["city", "country", "inhabitants"],
    "additionalProperties": False,
}
BY_SCHEMA = {"type": "json_schema", "json_schema": {"name": "capital", "schema": SCHEMA, "strict": True}}
OBJECT = {"type": "json_object"}
DESCRIBE = "describe the capital of France as JSON: city, country and number of inhabitants."

CONVERSATION, BY_A_SCHEMA, AS_OBJECT, SOURCES = "a conversation", "JSON by a schema", "a JSON object", "sources"
ASK = "What is my code word? If you do not know it, say so."


@dataclass(frozen=True, slots=True)
class Talk:
    """Two conversations and a word that only the first one is told."""

    first: str
    second: str
    word: str


def new_talk() -> Talk:
    """Return a talk that no other run has had."""
    first, second, word = (secrets.token_hex(4) for _ in range(3))
    return Talk(f"conv_{first}", f"conv_{second}", f"Zebra{word}")


def cold_responses(client: Client) -> Combined:
    """Return the cold bounds and a stop text."""
    whole = {name: value for fields in COLD.values() for name, value in fields.items()} | {"max_tokens": 64}
    label = "a response at the cold bounds, with a stop text"
    return Combined(_sender(client), label, COLD, whole=whole)


def first_turn(client: Client, talk: Talk) -> Combined:
    """Return the turn that tells a conversation the word; sources are declined and JSON is asked for beside it."""
    told = f"My code word is {talk.word}."
    here = {"conversation_id": talk.first, "include_sources": False}
    parts: dict[str, dict[str, Any]] = {
        CONVERSATION: {"messages": [user(f"{told} Just say that you noted it.")], **here},
        BY_A_SCHEMA: {"messages": [user(f"Please {DESCRIBE}")], "response_format": BY_SCHEMA},
    }
    whole = {"messages": [user(f"{told} Note it, and {DESCRIBE}")], "response_format": BY_SCHEMA, **here}
    return Combined(_sender(client), "tell a conversation a word, and ask for JSON by a schema", parts, whole=whole)


def second_turn(client: Client, talk: Talk, question: str) -> Combined:
    """Return the turn that asks the conversation for the word, as a JSON object, and files for a ``question``."""
    form = 'Answer with a JSON object that has one key, "answer".'
    parts: dict[str, dict[str, Any]] = {
        CONVERSATION: {"messages": [user(ASK)], "conversation_id": talk.first},
        AS_OBJECT: {"messages": [user(f"What is the capital of France? {form}")], "response_format": OBJECT},
        SOURCES: {"messages": [user(question)], "include_sources": True},
    }
    whole = {
        "messages": [user(f"{question} {ASK} {form}")],
        "response_format": OBJECT,
        "conversation_id": talk.first,
        "include_sources": True,
    }
    label = "ask the conversation for the word, as a JSON object, with sources"
    return Combined(_sender(client), label, parts, whole=whole, shows_all=_gives_sources)


def _gives_sources(exchange: Exchange) -> bool:
    return is_answered(exchange) and responses.has_sources(exchange) is None


def _sender(client: Client) -> Any:
    def send(label: str, fields: Mapping[str, Any]) -> Exchange:
        return client.respond(label, **fields)

    return send
