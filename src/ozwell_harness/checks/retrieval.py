"""Judgements on what a query of documents finds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ozwell_harness.checks.accepted import all_have_text
from ozwell_harness.checks.base import document_of, is_integer, objects_at, outcome, response_of, shown
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

#: So many words in a row of a result that stand in a document show that it comes from there.
_RUN = 5
_WORD = re.compile(r"\w+")
#: What marks a word up, so that it is seen where it was found.
_TAG = re.compile(r"</?\w+>")


@dataclass(frozen=True, slots=True)
class Known:
    """A document of this run.

    Attributes:
        mark: a word in its text that no other document holds.
        processed: the answer to its upload said that it is; else it may not be found yet.
    """

    id: str
    text: str
    mark: str
    processed: bool = True


def results_are_array(exchange: Exchange) -> Deviation | None:
    """The results are an array of objects."""
    results = document_of(exchange).get("results")
    if isinstance(results, list) and all(isinstance(result, dict) for result in results):
        return None
    return Deviation("the results are not an array of objects", "results as an array", outcome(exchange))


def document_ids_are_text(exchange: Exchange) -> Deviation | None:
    """Every result has a document_id, a non-empty string."""
    return all_have_text(_some(exchange), "document_id", "a result")


def contents_are_text(exchange: Exchange) -> Deviation | None:
    """Every result has a content, a non-empty string."""
    return all_have_text(_some(exchange), "content", "a result")


def scores_are_numbers(exchange: Exchange) -> Deviation | None:
    """Every result has a score, a number; JSON has no other numbers than finite ones."""
    for result in _some(exchange):
        score = result.get("score")
        if not _is_number(score):
            return Deviation("a result has no score", "score as a number", f"score {shown(score)}")
    return None


def finds(exchange: Exchange, known: Known) -> Deviation | None:
    """The document is among the results, by its id or by its text.

    Raises:
        Unjudgeable: it is not, and is not said to be processed yet.
    """
    if any(_is_of(result, known) for result in results_of(exchange)):
        return None
    if not known.processed:
        raise Unjudgeable("the document is not said to be processed yet")
    return Deviation("a document is not found by its own words", f"a result with {known.mark}", outcome(exchange))


def lacks(exchange: Exchange, known: Known) -> bool:
    """Tell whether a query is answered with results, and the document is not among them."""
    try:
        return not any(_is_of(result, known) for result in results_of(exchange))
    except Unjudgeable:
        return False


def finds_all(exchange: Exchange, documents: Sequence[Known]) -> Deviation | None:
    """All the documents are among the results.

    Raises:
        Unjudgeable: fewer than two of them were accepted, or one that is not there is not said to be processed yet.
    """
    if len(documents) < 2:
        raise Unjudgeable("fewer than two of the documents uploaded at the same time were accepted")
    results = results_of(exchange)
    missing = [known for known in documents if not any(_is_of(result, known) for result in results)]
    lost = [known for known in missing if known.processed]
    if missing and not lost:
        raise Unjudgeable("a document is not said to be processed yet")
    if not lost:
        return None
    found = [shown(result.get("document_id")) for result in results]
    return Deviation(
        f"{len(lost)} of {len(documents)} documents uploaded at the same time are not found",
        f"results with {lost[0].id} ({lost[0].mark})",
        f"results of {shown(found)}",
    )


def finds_first(exchange: Exchange, known: Known) -> Deviation | None:
    """The document is the first of the results.

    Raises:
        Unjudgeable: it is not among them.
    """
    results = _some(exchange)
    places = [place for place, result in enumerate(results, 1) if _is_of(result, known)]
    if not places:
        raise Unjudgeable("the document is not among the results")
    if places[0] == 1:
        return None
    return Deviation(
        "a document with the very words that were asked for is not the first result", known.mark, shown(results[0])
    )


def ids_are_true(exchange: Exchange, documents: Sequence[Known]) -> Deviation | None:
    """A result with a word that only one document holds names that document.

    Raises:
        Unjudgeable: no result holds such a word.
    """
    found = [(result, known) for result in results_of(exchange) for known in documents if known.mark in _text(result)]
    if not found:
        raise Unjudgeable("no result holds a word of the documents of this run")
    for result, known in found:
        if result.get("document_id") != known.id:
            return Deviation(
                "a result names another document than the one that it is of",
                f"document_id {known.id}",
                f"document_id {shown(result.get('document_id'))}",
            )
    return None


def contents_are_true(exchange: Exchange, documents: Sequence[Known]) -> Deviation | None:
    """The content of a result that names a document of this run stands in it.

    Raises:
        Unjudgeable: no result names one.
    """
    by_id = {known.id: known for known in documents}
    pairs = [(result, by_id.get(str(result.get("document_id")))) for result in results_of(exchange)]
    named = [(result, known) for result, known in pairs if known is not None and _words(_text(result))]
    if not named:
        raise Unjudgeable("no result with words names a document of this run")
    for result, known in named:
        if not _stands_in(_text(result), known.text):
            return Deviation(
                "the content of a result does not stand in its document",
                shown(known.text),
                shown(result.get("content")),
            )
    return None


def best_comes_first(exchange: Exchange) -> Deviation | None:
    """Scores do not rise from result to result.

    Raises:
        Unjudgeable: there are fewer than two results, or a score is no number.
    """
    scores: list[Any] = [score for result in results_of(exchange) if _is_number(score := result.get("score"))]
    if len(scores) < 2 or len(scores) < len(results_of(exchange)):
        raise Unjudgeable("there are not two scores to compare")
    if scores == sorted(scores, reverse=True):
        return None
    return Deviation("the results are not in the order of their scores", "the highest score first", shown(scores))


def gives_at_most(exchange: Exchange, top_k: int) -> Deviation | None:
    """There are no more results than were asked for."""
    found = len(results_of(exchange))
    if found <= top_k:
        return None
    return Deviation("there are more results than were asked for", f"at most {top_k}", f"{found} results")


def has_same_best(first: Exchange, again: Exchange) -> Deviation | None:
    """The best result is the same when the same is asked again."""
    one, other = ({name: _some(e)[0].get(name) for name in ("document_id", "content")} for e in (first, again))
    if one == other:
        return None
    return Deviation("the same question has another best result", shown(one), shown(other))


def keeps_to(exchange: Exchange, collected: Collection[str], elsewhere: Collection[str]) -> Deviation | None:
    """A query of a collection gives documents of it, and none that is filed elsewhere.

    Raises:
        Unjudgeable: no document of the collection is among the results: how one is filed is not documented.
    """
    ids = [str(result.get("document_id")) for result in results_of(exchange)]
    if not set(ids) & set(collected):
        raise Unjudgeable("no document of the collection is found, so its name may mean nothing here")
    if not set(ids) & set(elsewhere):
        return None
    return Deviation(
        "a query of a collection gives a document from elsewhere", f"{shown(list(collected))} only", shown(ids)
    )


def is_refused_or_empty(exchange: Exchange) -> Deviation | None:
    """The query is refused with a 4xx, or has no results."""
    if exchange.failure is None and exchange.status is not None and 400 <= exchange.status < 500:
        return None
    if exchange.status == 200 and exchange.failure is None and not results_of(exchange):
        return None
    return Deviation("a query of an unknown collection has results", "a 4xx or no results", outcome(exchange))


def finds_none_of(exchange: Exchange, documents: Sequence[Known]) -> Deviation | None:
    """Another tenant's key finds none of the documents.

    Raises:
        Unjudgeable: the other key is itself not accepted, or the target fails.
    """
    status = response_of(exchange).status
    if status == 401 or status >= 500:
        raise Unjudgeable(f"the other key's query is answered with {status}")
    if status != 200:
        return None
    if not any(_is_of(result, known) for result in results_of(exchange) for known in documents):
        return None
    return Deviation("another tenant's key finds a document", "none of this tenant's documents", outcome(exchange))


def results_of(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the results.

    Raises:
        Unjudgeable: the answer is no 200 with an array of objects.
    """
    return objects_at(document_of(exchange), "results")


def _some(exchange: Exchange) -> list[dict[str, Any]]:
    results = results_of(exchange)
    if not results:
        raise Unjudgeable("there are no results")
    return results


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or is_integer(value)


def _text(result: dict[str, Any]) -> str:
    content = result.get("content")
    return content if isinstance(content, str) else ""


def _is_of(result: dict[str, Any], known: Known) -> bool:
    return result.get("document_id") == known.id or known.mark in _text(result)


def _stands_in(content: str, text: str) -> bool:
    """Tell whether a run of words of ``content`` is in ``text``: what is added around them is the target's own."""
    words, known = _words(content), f" {' '.join(_words(text))} "
    length = min(_RUN, len(words))
    runs = (words[at : at + length] for at in range(len(words) - length + 1))
    return any(f" {' '.join(run)} " in known for run in runs)


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", _TAG.sub(" ", text)).casefold())
