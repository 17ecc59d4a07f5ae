"""What is asked for together is the sum of what is asked for alone, and each alone where it is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from build import exchange, refusal

from ozwell_harness import asked_chats, asked_responses
from ozwell_harness.client import Client
from ozwell_harness.combined import Combined
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange
from ozwell_harness.profile import load_profile
from ozwell_harness.requirements import load_catalogue
from ozwell_harness.target import Target

ANSWER: dict[str, Any] = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes."}}], "sources": []}

OZWELL = load_profile("ozwell")
DIALECT = asked_chats.Dialect(
    frozenset(OZWELL.select(load_catalogue()).by_id), OZWELL.fields_of("ChatCompletionRequest")
)


class Fussy(Client):
    """Answers all but requests that have a certain text in their body."""

    def __init__(self, refused: str = "\0") -> None:
        self.target = Target("http://127.0.0.1:9/v1", "m", None)
        self.refused = refused
        self.sent: list[dict[str, Any]] = []

    def send(self, call: Call) -> Exchange:
        self.sent.append(json.loads(call.body))
        return refusal() if self.refused in call.body.decode() else exchange(json=ANSWER)


def made(client: Client) -> list[tuple[Combined, tuple[str, ...]]]:
    """Each combination with the names of its parts."""
    dialogue, lower = asked_chats.dialogue(client, "plum", DIALECT), asked_chats.lower(client, DIALECT)
    talk = asked_responses.new_talk()
    return [
        (dialogue.all, (asked_chats.TEXT_PARTS,)),
        (dialogue.parts, ("system message", "history", "name", "characters beyond the BMP")),
        (lower.all, (asked_chats.LONG_PROMPT,)),
        (lower.parts, tuple(asked_chats.LOWER)),
        (
            asked_chats.more(client, DIALECT),
            (*asked_chats.MORE, *asked_chats.UNKNOWN, asked_chats.STREAM_FALSE, "stop"),
        ),
        (asked_responses.cold_responses(client), (*asked_responses.COLD,)),
        (
            asked_responses.first_turn(client, talk),
            (asked_responses.CONVERSATION, asked_responses.BY_A_SCHEMA),
        ),
        (
            asked_responses.second_turn(client, talk, "Which colour?"),
            (asked_responses.CONVERSATION, asked_responses.AS_OBJECT, asked_responses.SOURCES),
        ),
    ]


def test_all_of_it_takes_one_request_each() -> None:
    client = Fussy()
    for combined, parts in made(client):
        assert {combined.shows(part).status for part in parts} == {200}
    assert len(client.sent) == 6


@pytest.mark.parametrize(
    ("refused", "name"),
    [
        ("marmalade", asked_chats.TEXT_PARTS),
        ("alex", "name"),
        ("responsibilities", asked_chats.LONG_PROMPT),
        ('"presence_penalty": -2', "params.presence-penalty-lower-bound-accepted"),
        ("x_field", "params.unknown-field-ignored"),
        ("json_schema", asked_responses.BY_A_SCHEMA),
        ("json_object", asked_responses.AS_OBJECT),
        ('include_sources": true', asked_responses.SOURCES),
    ],
)
def test_what_is_refused_is_told_from_the_rest(refused: str, name: str) -> None:
    client = Fussy(refused)
    shown = {part: combined.shows(part).status for combined, parts in made(client) for part in parts}
    assert {part for part, status in shown.items() if status != 200} == {name}


def test_streams_and_plain_answers_are_asked_for_the_same() -> None:
    assert asked_chats.COLD == asked_chats.SAME | {"temperature": 0}
