"""Answers that other models would give: wordier, or never twice the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Choice, Completion, Finish
from ozwell_harness.mock.faults.base import Area, Kind
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.tokenizer import pieces_of

AREA = Area("legal", Kind.LEGAL)
BOTH = (Operation.CREATE_CHAT, Operation.CREATE_RESPONSE)

#: A number could be what an answer must not hold.
LETTERS = str.maketrans("0123456789", "abcdefghij")

PREFACE = "Sure! Here you go:\n\n"


def _saying(completion: Completion, change: Callable[[Choice], str], call: Call) -> Completion:
    """Change what choices say, within max_tokens and without a stop text; calls and JSON stay as they are."""
    if call.body.get("response_format"):
        return completion
    asked = call.body.get("stop") or ()
    stops = (asked,) if isinstance(asked, str) else tuple(asked)

    def said(choice: Choice) -> Choice:
        text = change(choice)
        fits = choice.pieces and not any(stop in text for stop in stops)
        return _said(choice, text, call.body.get("max_tokens")) if fits else choice

    return replace(completion, choices=tuple(said(choice) for choice in completion.choices))


def _said(choice: Choice, text: str, cap: int | None) -> Choice:
    pieces = tuple(pieces_of(text))
    most = len(pieces) if cap is None else cap
    return replace(choice, pieces=pieces[:most], finish=Finish.LENGTH if len(pieces) > most else choice.finish)


@AREA.plan("wordy", "Answers begin with a polite phrase.", *BOTH)
def wordy(completion: Completion, call: Call) -> Completion:
    """As many models do, whatever they are asked."""
    return _saying(completion, lambda choice: PREFACE + choice.text, call)


@AREA.plan("never-alike", "No text is said twice, but with a seed.", *BOTH)
def never_alike(completion: Completion, call: Call) -> Completion:
    """Count the answers."""
    if call.body.get("seed") is not None:
        return completion
    number = call.notes["answers"] = call.notes.get("answers", 0) + 1
    told = str(number).translate(LETTERS)
    return _saying(completion, lambda choice: f"{choice.text} (answer {told})", call)
