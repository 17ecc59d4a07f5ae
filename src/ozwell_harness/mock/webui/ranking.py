"""Ranks passages by how well they fit a query: BM25 over the passages that share a word with it."""

from __future__ import annotations

from collections.abc import Sequence

from ozwell_harness.mock.webui.records import Passage
from ozwell_harness.mock.webui.words import words_of

#: Passages with their scores.
Ranking = list[tuple[Passage, float]]


def ranked(query: str, passages: Sequence[Passage]) -> Ranking:
    """Return the passages with their scores, best first; among equals the order given decides.

    Scores are finite and above 0: the weight of a word is that of Lucene, which is never negative, however common.
    """
    words = words_of(query)
    if not words or not passages:
        return []
    from bm25s import BM25

    index = BM25(method="lucene")
    index.index([words_of(passage.text) for passage in passages], show_progress=False)
    scores = [float(score) for score in index.get_scores(words)]
    fitting = [(passage, score) for passage, score in zip(passages, scores, strict=True) if score > 0]
    return sorted(fitting, key=lambda pair: -pair[1])
