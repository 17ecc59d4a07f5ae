"""A server that mixes up what it is doing at the same time."""

from __future__ import annotations

import re
from dataclasses import replace

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Completion
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.routing import Operation

AREA = Area("http")

_ECHO = re.compile(r"Repeat exactly: [a-z]+-\d{4}\Z")
_REFERRING = re.compile(r"Reference \w+\.")


@AREA.plan(
    "answers-crossed",
    "Of chats that are answered at the same time, each gets what the one before it should get.",
    Operation.CREATE_CHAT,
    breaks=("http.answers-never-cross",),
)
def answers_crossed(completion: Completion, call: Call) -> Completion:
    """Hand answers out in the order in which they became ready."""
    if not _is_one_of_several(call):
        return completion
    before: Completion = call.notes.get("http.answers-crossed", completion)
    call.notes["http.answers-crossed"] = completion
    return replace(completion, choices=before.choices)


def _is_one_of_several(call: Call) -> bool:
    """Whether others are under way; a request to repeat a word never comes alone, but may be answered in no time."""
    messages = call.body.get("messages") if isinstance(call.body, dict) else None
    last = messages[-1] if isinstance(messages, list) and messages else None
    content = last.get("content") if isinstance(last, dict) else None
    if not isinstance(content, str):
        return False
    if _ECHO.match(content):
        return True
    return call.services.metrics.in_flight > 1 and _REFERRING.match(content) is not None
