"""Retrieval: documents are found by their words, the best first, and only by those that they belong to."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import pytest

from ozwell_harness.checks import base, chat, retrieval
from ozwell_harness.checks.retrieval import Known
from ozwell_harness.client import Client
from ozwell_harness.combined import Combined, is_answered
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.papers import Filed
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import KeyName

QUERY = "/rag/query"
TOP_K, MANY = 5, 10
#: Seconds before each further look for a document that is not found at once; longer where it is still processed.
PATIENCE_S, LONG_PATIENCE_S = (2.0, 6.0), (2.0, 6.0, 20.0)
#: Means something to a database, to a template, to a shell or to a string of C, and harms none.
COMMANDS = "' OR '1'='1' -- {{7*7}} $(true) %00 \0"
WORDS, BILLION = 4000, 10**9
UNKNOWN_COLLECTION = "no-such-collection-7f3c"

#: Requirement → what is asked for, and ought to be refused.
REFUSED: dict[str, dict[str, Any]] = {
    "retrieval.missing-query-refused": {"top_k": TOP_K},
    "retrieval.empty-query-refused": {"query": "", "top_k": TOP_K},
    "retrieval.top-k-zero-refused": {"query": "lighthouse", "top_k": 0},
    "retrieval.top-k-negative-refused": {"query": "lighthouse", "top_k": -1},
    "retrieval.top-k-wrong-type-refused": {"query": "lighthouse", "top_k": "three"},
}
TOGETHER, ODD = "documents uploaded at the same time", "commands"
LONG, HUGE = "thousands of words", "a billion results"


@pytest.fixture(scope="session")
def asked(guide: Filed) -> dict[str, Any]:
    return {"query": guide.paper.sentence, "top_k": TOP_K}


@pytest.fixture(scope="session")
def found(client: Client, guide: Filed, shelved: tuple[Filed, ...], asked: dict[str, Any]) -> Exchange:  # noqa: ARG001
    """What the guide's own sentence finds; asked again, a little later, where that is not the guide."""
    exchange = client.post(QUERY, asked, "query by a sentence of a document")
    for seconds in _waits(guide):
        if not retrieval.lacks(exchange, guide.known):
            break
        client.recorder.pause(seconds)
        exchange = client.post(QUERY, asked, f"query by a sentence of a document, {seconds:.0f} s later")
    return exchange


def _waits(guide: Filed) -> tuple[float, ...]:
    """Seconds before each further look; none for a document that cannot be known again."""
    with contextlib.suppress(Unjudgeable):
        return PATIENCE_S if guide.known.processed else LONG_PATIENCE_S
    return ()


@pytest.fixture(scope="session")
def best(client: Client, asked: dict[str, Any], found: Exchange) -> Exchange:  # noqa: ARG001 - comes first
    return client.post(QUERY, {**asked, "top_k": 1}, "query for the best result")


@pytest.fixture(scope="session")
def stock(shelved: tuple[Filed, ...]) -> list[Known]:
    """The documents uploaded at the same time, as far as they were accepted and are in no collection."""
    return [filed.known for filed in shelved if filed.is_accepted and not filed.paper.collection]


@pytest.fixture(scope="session")
def every(guide: Filed, stock: list[Known]) -> list[Known]:
    return [guide.known, *stock]


@pytest.fixture(scope="session")
def odd(client: Client, shelved: tuple[Filed, ...], stock: list[Known], found: Exchange) -> Combined:  # noqa: ARG001
    """Several things in one query: sentences of documents, and commands."""
    sentences = " ".join(filed.paper.sentence for filed in shelved if filed.is_accepted and not filed.paper.collection)
    parts = {TOGETHER: sentences, ODD: f"{COMMANDS} lighthouse"}

    def send(label: str, fields: Mapping[str, Any]) -> Exchange:
        return client.post(QUERY, {**fields, "top_k": MANY}, label)

    def shows_all(exchange: Exchange) -> bool:
        return is_answered(exchange) and not any(retrieval.lacks(exchange, known) for known in stock)

    whole = {"query": f"{sentences} {COMMANDS}"}
    queries = {name: {"query": query} for name, query in parts.items()}
    return Combined(send, "query for several things", queries, whole=whole, shows_all=shows_all)


@pytest.fixture(scope="session")
def extreme(client: Client, found: Exchange) -> Combined:  # noqa: ARG001 - comes first
    """More words and more results than anybody wants."""

    def send(label: str, fields: Mapping[str, Any]) -> Exchange:
        return client.post(QUERY, fields, label)

    many, all_of_them = {"query": "lighthouse " * WORDS}, {"query": "lighthouse", "top_k": BILLION}
    return Combined(send, "query to excess", {LONG: many, HUGE: all_of_them}, whole=all_of_them | many)


@pytest.fixture(scope="session")
def narrow(client: Client, guide: Filed, shelved: tuple[Filed, ...], found: Exchange) -> Exchange:  # noqa: ARG001
    """A query of one collection, by sentences of what is in it and of what is not."""
    collected = shelved[0].paper
    body = {"query": f"{guide.paper.sentence} {collected.sentence}", "collection_id": collected.collection}
    return client.post(QUERY, body, "query of a collection")


@each(
    {
        "retrieval.answers": chat.completes,
        "retrieval.results-is-array": retrieval.results_are_array,
        "retrieval.document-id-is-text": retrieval.document_ids_are_text,
        "retrieval.content-is-text": retrieval.contents_are_text,
        "retrieval.score-is-number": retrieval.scores_are_numbers,
    }
)
def test_shape(check: Check, found: Exchange, judge: Judge) -> None:
    judge(check, found)


@each({"retrieval.found": retrieval.finds, "retrieval.found-first": retrieval.finds_first})
def test_found(check: Check, found: Exchange, guide: Filed, judge: Judge) -> None:
    judge(check, found, guide.known)


@each({"retrieval.document-id-true": retrieval.ids_are_true, "retrieval.content-true": retrieval.contents_are_true})
def test_truth(check: Check, found: Exchange, every: list[Known], judge: Judge) -> None:
    judge(check, found, every)


@requirement("retrieval.best-first")
def test_order(odd: Combined, found: Exchange, judge: Judge) -> None:
    judge.every(retrieval.best_comes_first, [found, odd.shows(TOGETHER)])


@requirement("retrieval.at-most-top-k")
def test_top_k(found: Exchange, best: Exchange, judge: Judge) -> None:
    judge(retrieval.gives_at_most, found, TOP_K)
    judge(retrieval.gives_at_most, best, 1)


@requirement("retrieval.top-k-optional")
def test_no_top_k(client: Client, narrow: Exchange, asked: dict[str, Any], judge: Judge) -> None:
    if is_answered(narrow):
        judge(base.answers, narrow)
    else:
        judge(base.answers, client.post(QUERY, {"query": asked["query"]}, "query without top_k"))


@requirement("retrieval.repeatable")
def test_repeated(found: Exchange, best: Exchange, judge: Judge) -> None:
    judge(retrieval.has_same_best, found, best)


@requirement("retrieval.unicode-found")
def test_beyond_ascii(client: Client, words: str, guide: Filed, found: Exchange, judge: Judge) -> None:  # noqa: ARG001
    # By itself: words of other sentences are in the document, too, and would find it.
    exchange = client.post(QUERY, {"query": words, "top_k": TOP_K}, "query by words beyond ASCII")
    judge(retrieval.finds, exchange, guide.known)


@requirement("retrieval.injection-harmless")
def test_commands(odd: Combined, judge: Judge) -> None:
    judge(base.refused_or_answered, odd.shows(ODD))


@each({"retrieval.long-query-harmless": LONG, "retrieval.huge-top-k-harmless": HUGE}, argument="what")
def test_extreme(what: str, extreme: Combined, judge: Judge) -> None:
    judge(base.refused_or_answered, extreme.shows(what))


@requirement("retrieval.simultaneous-found")
def test_simultaneous(odd: Combined, stock: list[Known], judge: Judge) -> None:
    judge(retrieval.finds_all, odd.shows(TOGETHER), stock)


@requirement("retrieval.pdf-found")
def test_pdf(odd: Combined, shelved: tuple[Filed, ...], judge: Judge) -> None:
    judge(retrieval.finds, odd.shows(TOGETHER), shelved[-1].known)


@requirement("retrieval.collection-apart")
def test_collection(
    narrow: Exchange, shelved: tuple[Filed, ...], guide: Filed, stock: list[Known], judge: Judge
) -> None:
    elsewhere = [guide.known.id, *(known.id for known in stock)]
    judge(retrieval.keeps_to, narrow, [shelved[0].known.id], elsewhere)


@requirement("retrieval.unknown-collection-empty")
@pytest.mark.usefixtures("found")
def test_unknown_collection(client: Client, asked: dict[str, Any], judge: Judge) -> None:
    exchange = client.post(QUERY, {**asked, "collection_id": UNKNOWN_COLLECTION}, "query of an unknown collection")
    judge(retrieval.is_refused_or_empty, exchange)


@each(REFUSED, argument="body")
def test_refused(body: dict[str, Any], client: Client, profile: Profile, judge: Judge) -> None:
    exchange = client.post(QUERY, body, f"query with {body}")
    judge(base.refused, exchange, profile.expect.errors["bad_request"])


@requirement("retrieval.other-key-finds-nothing")
def test_other_key(client: Client, asked: dict[str, Any], every: list[Known], judge: Judge) -> None:
    exchange = client.post(QUERY, asked, "query with another key", key=KeyName.OTHER)
    judge(retrieval.finds_none_of, exchange, every)
