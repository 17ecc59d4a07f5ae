"""Judgements on what an answer says: recall, and characters that must survive the way there and back."""

from __future__ import annotations

import re
from typing import Any

from ozwell_harness.checks.base import at, document_of, not_server_error, shown
from ozwell_harness.model import Deviation, Exchange, FailureKind, Unjudgeable

_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"(?:\?+|\ufffd+|(?:\\+[uUx]\{?[0-9a-fA-F]+\}?)+|(?:&#x?[0-9a-fA-F]+;)+)")


def answer_text(exchange: Exchange) -> str:
    """Return what a 200 says: the first choice's content, or a response's output; empty where it is null.

    Raises:
        Unjudgeable: there is no such content.
    """
    content = _message(document_of(exchange)).get("content")
    if content is not None and not isinstance(content, str):
        raise Unjudgeable("the content is not a string")
    return content or ""


def answer_texts(exchange: Exchange) -> list[str]:
    """Return what each choice of a 200 says, or a response's output; empty where the first is null.

    Raises:
        Unjudgeable: there is no such content.
    """
    first = answer_text(exchange)
    choices = document_of(exchange).get("choices")
    if not isinstance(choices, list):
        return [first]
    messages = [at(choice, "message") for choice in choices[1:]]
    contents = [message.get("content") for message in messages if isinstance(message, dict)]
    return [first, *(content for content in contents if isinstance(content, str))]


def _message(document: dict[str, Any]) -> dict[str, Any]:
    message = at(document, "output") if "output" in document else at(document, "choices", 0, "message")
    if not isinstance(message, dict):
        raise Unjudgeable("the message is not an object")
    return message


def _some_text(exchange: Exchange) -> str:
    text = answer_text(exchange)
    if not text.strip():
        raise Unjudgeable("the answer is empty")
    return text


def recalls(exchange: Exchange, word: str) -> Deviation | None:
    """The answer holds a word that only the conversation's history tells."""
    text = _some_text(exchange)
    if word.lower() in text.lower():
        return None
    return Deviation(
        "the answer does not know what the history says", f"{word}, told two messages earlier", f"content {shown(text)}"
    )


def says(exchange: Exchange, wanted: str) -> Deviation | None:
    """The answer holds the text that it was asked to repeat."""
    text = _some_text(exchange)
    if wanted in text:
        return None
    return Deviation("the text to repeat did not come back", shown(wanted), f"content {shown(text)}")


def is_not_mangled(exchange: Exchange, before: str, symbols: str, after: str) -> Deviation | None:
    """Characters beyond the BMP are not broken on their way, whatever the model makes of them.

    The model was asked to repeat ``before + symbols + after``. Broken are: halves of surrogate pairs, UTF-8 read in
    another encoding, and question marks or escapes in the place of the symbols.
    """
    text = answer_text(exchange)
    between = re.search(f"{re.escape(before)}(.*?){re.escape(after)}", text, re.DOTALL)
    replaced = between is not None and _ESCAPED.fullmatch(between[1].strip()) is not None
    if not (_SURROGATE.search(text) or replaced or any(wrong in text for wrong in _misread(symbols))):
        return None
    return Deviation(
        "characters beyond the BMP come back broken", f"{symbols} as it was sent", f"content {ascii(text)[:300]}"
    )


def _misread(symbols: str) -> set[str]:
    encoded = symbols.encode("utf-8")
    return {encoded.decode("latin-1"), encoded.decode("cp1252", "replace"), encoded.decode("mac-roman", "replace")}


def bears_long_input(exchange: Exchange) -> Deviation | None:
    """A long prompt is answered or refused; it does not make the target fail.

    Raises:
        Unjudgeable: no answer came in time, which a slow target may need for a long prompt.
    """
    if exchange.failure is not None and exchange.failure.kind is FailureKind.TIMEOUT:
        raise Unjudgeable(f"the long prompt ended thus: {exchange.failure.message}")
    return not_server_error(exchange)
