"""The documents that a run puts on a target, each with a sentence that no other document holds."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from ozwell_harness.checks.accepted import accepted_document_of, is_accepted
from ozwell_harness.checks.documents import is_processed
from ozwell_harness.checks.retrieval import Known
from ozwell_harness.client import multipart_call
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.target import KeyName
from ozwell_harness.tiny_pdf import tiny_pdf

DOCUMENTS = "/rag/documents"
#: Climbs to parent folders, and is beyond ASCII.
ODD_NAME, UNICODE_NAME, PATH_NAME = "../../Żółw 灯台.txt", "Żółw 灯台.txt", "../../lamp.txt"

_WORDS = tuple(
    re.findall(
        r"\w+",
        """
        anchor barley candle dahlia ember falcon garnet heather indigo juniper kettle lantern maple nectar olive
        pepper quartz raven saddle thistle umber velvet willow yarrow zinnia almond beacon copper damson ermine fennel
        ginger hazel iris jasmine kelp linen meadow nutmeg orchid pebble quill russet sorrel tallow violet walnut
        """,
    )
)
#: Cyrillic and Greek letters, Hangul syllables, Chinese characters.
_SCRIPTS = (range(0x0430, 0x0450), range(0x03C3, 0x03CA), range(0xAC00, 0xD7A4, 28), range(0x4E00, 0x5000))
_LETTERS = 6
_LINES = 640


@dataclass(frozen=True, slots=True)
class Paper:
    """A document to upload. ``sentence`` is in it and in no other one; ``mark`` is a word of that."""

    filename: str
    content: bytes
    text: str
    sentence: str
    mark: str
    collection: str | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """An upload: what was sent, and what came back."""

    paper: Paper
    exchange: Exchange

    @property
    def known(self) -> Known:
        """The document, under the id that it got.

        Raises:
            Unjudgeable: it got none.
        """
        found = accepted_document_of(self.exchange).get("document_id")
        if not isinstance(found, str) or not found:
            raise Unjudgeable(f"{self.exchange.label}: the answer gives no document_id")
        return Known(found, self.paper.text, self.paper.mark, is_processed(self.exchange))

    @property
    def is_accepted(self) -> bool:
        """Whether the upload was accepted."""
        return is_accepted(self.exchange)


def short_paper(filename: str, *, beyond_ascii: str = "") -> Paper:
    """Return a text of two sentences, and of one beyond ASCII if that is given."""
    mark, sentence = _sentence()
    text = f"{sentence}\nThe rest of this note says nothing of interest.\n{beyond_ascii}\n"
    return Paper(filename, text.encode(), text, sentence, mark)


def pdf_paper(filename: str) -> Paper:
    """Return a PDF of two sentences."""
    mark, sentence = _sentence()
    lines = [sentence, "The rest of this page says nothing of interest."]
    return Paper(filename, tiny_pdf(lines), "\n".join(lines), sentence, mark)


def long_paper(filename: str, collection: str) -> Paper:
    """Return a text of some 40 KB for a collection."""
    mark, sentence = _sentence()
    lines = [
        f"Line {n}: the water at pier {n % 7 + 1} stood {n * 37 % 190 + 12} centimetres high." for n in range(_LINES)
    ]
    text = "\n".join([sentence, *lines, ""])
    return Paper(filename, text.encode(), text, sentence, mark, collection)


def beyond_ascii() -> str:
    """Return words of several scripts that no other run has used, and no letter of ASCII."""
    words = ("".join(chr(secrets.choice(script)) for _ in range(_LETTERS)) for script in (*_SCRIPTS, *_SCRIPTS))
    return " ".join(words)


def new_collection() -> str:
    """Return the name of a collection that no other run has used."""
    return f"harbour-{secrets.token_hex(3)}"


def paper_call(paper: Paper, label: str, *, key: KeyName = KeyName.MAIN) -> Call:
    """Return the upload of a document."""
    fields = {"collection_id": paper.collection} if paper.collection else {}
    files = {"file": (paper.filename, paper.content)}
    return multipart_call(label, files=files, fields=fields, key=key, path=DOCUMENTS)


def _sentence() -> tuple[str, str]:
    mark = f"quellmoor{secrets.token_hex(3)}"
    a, b, c, d, e, f, g, h = secrets.SystemRandom().sample(_WORDS, 8)
    return mark, f"In {mark} the {a} {b} keeps a {c} {d} beside the {e} {f}, and no {g} knows of the {h}."
