"""Judgements on the text that a stream adds up to.

Source: OpenAI API reference, Chat, Streaming, which the Ozwell documents follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from unicodedata import normalize

from ozwell_harness.checks.assembly import StreamedChoice
from ozwell_harness.checks.base import shown
from ozwell_harness.checks.stream_framing import begun_answer, whole_answer
from ozwell_harness.checks.streaming import first_choice
from ozwell_harness.checks.text import answer_text
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

#: Fewer pieces, or a shorter text, could be repeated by chance.
_TELLING_PIECES = 4
_TELLING_TEXT = 10


def says_something(exchange: Exchange) -> Deviation | None:
    """The deltas add up to a text.

    Raises:
        Unjudgeable: the answer was filtered, or cut before the text began, or the deltas cannot be read.
    """
    choice = _readable(exchange)
    if choice.content.strip():
        return None
    if choice.finish_reason in ("content_filter", "length"):
        raise Unjudgeable(f"the answer ended with finish_reason {choice.finish_reason}")
    return Deviation("the deltas add up to no text", "content in the deltas", f"{len(choice.deltas)} deltas, no text")


def adds_increments(exchange: Exchange) -> Deviation | None:
    """Each delta is what is new, neither all that came so far nor the whole once more at the end."""
    pieces = first_choice(begun_answer(exchange)).pieces
    # A few short pieces may begin alike by chance.
    telling = len(pieces) >= _TELLING_PIECES or len("".join(pieces[:1])) >= _TELLING_TEXT
    growing = len(pieces) > 1 and all(later.startswith(one) and later != one for one, later in pairwise(pieces))
    repeated = len(pieces) > 1 and len(pieces[-1]) >= _TELLING_TEXT and pieces[-1] == "".join(pieces[:-1])
    if not repeated and not (telling and growing):
        return None
    return Deviation("a delta repeats what came before", "only new text in each delta", f"deltas {shown(pieces)}")


def equals_plain(streamed: Exchange, plain: Exchange, repeats: Sequence[Exchange]) -> Deviation | None:
    """The deltas add up to the plain answer to the same request.

    Args:
        streamed: the streamed answer.
        plain: the plain one.
        repeats: where the two differ, one more of each (streamed, then plain): they show whether the target is
            deterministic, which is what makes a difference a fault.

    Raises:
        Unjudgeable: the target does not answer the same request alike twice.
    """
    if not differs(streamed, plain):
        return None
    found, wanted = text_of(streamed), answer_text(plain).strip()
    if len(repeats) != 2 or text_of(repeats[0]) != found or answer_text(repeats[1]).strip() != wanted:
        raise Unjudgeable("the target does not answer the same request alike twice, so a difference shows nothing")
    return Deviation("the stream adds up to another answer than the plain one", shown(wanted), shown(found))


def differs(streamed: Exchange, plain: Exchange) -> bool:
    """Tell whether the deltas add up to another text than the plain answer.

    Raises:
        Unjudgeable: one of the two is no whole answer.
    """
    return text_of(streamed) != answer_text(plain).strip()


def text_of(streamed: Exchange) -> str:
    """Return the text of the first choice, without white space around it.

    Raises:
        Unjudgeable: the stream did not come to its end, or has no choice, or no deltas that can be read.
    """
    return _readable(streamed).content.strip()


def _readable(exchange: Exchange) -> StreamedChoice:
    """Return the first choice, of whose text nothing is lost because of the form that it comes in.

    Raises:
        Unjudgeable: there is none.
    """
    answer = whole_answer(exchange)
    choice = first_choice(answer)
    unread = [problem for problem in answer.problems if "content" in problem]
    if unread or not choice.deltas:
        raise Unjudgeable(f"not every delta can be read: {unread[0] if unread else 'there is none'}")
    return choice


def repeats(exchange: Exchange, wanted: str) -> Deviation | None:
    """The stream holds the text that it was asked to repeat, in any Unicode normal form."""
    text = text_of(exchange)
    if normalize("NFC", wanted) in normalize("NFC", text):
        return None
    return Deviation("the text to repeat is not streamed unchanged", wanted, f"content {shown(text)}")
