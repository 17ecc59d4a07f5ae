"""Words of a prompt that an answer can take up."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_][\w'\u2019.@/+-]*[^\W_]|[^\W_]", re.UNICODE)
_PROPER = re.compile(
    r"(?<![.!?:]\s)(?<!^)\b[A-Z][\w'\u2019-]+(?: (?:de|of|la|le) [A-Z][\w'\u2019-]+| [A-Z][\w'\u2019-]+)*"
)
_QUOTED = re.compile(r"[\"\u201c\u201d`]([^\"\u201c\u201d`\n]{1,200})[\"\u201c\u201d`]")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\w)")
_LISTED = re.compile(r"([A-Z][\w'\u2019-]+(?: [A-Z][\w'\u2019-]+)*)(?:, ?(?:and )?| and | & )(?=[A-Z])")

STOP_WORDS = frozenset(
    """
    a about all also an and any are as ask at be been but by can could current did do does each for from get give given
    had has have he her here him his how i if in into is it its just let like list make me more most my name new no not
    now of on one only or our out over please say set she should show so some tell than that the their them then there
    these they this to up us use using value very was we were what when where which who why will with would you your
    """.split()  # noqa: SIM905 - a hundred quoted words would not be read
)


def key_words(text: str, most: int = 6) -> tuple[str, ...]:
    """The telling words of a text: no stop words, in order of appearance, those with digits never crowded out."""
    found = dict.fromkeys(
        word
        for word in _WORD.findall(text[:20_000])
        if len(word) > 2 and word.lower() not in STOP_WORDS and len(word) <= 80
    )
    if len(found) <= most:
        return tuple(found)
    ranked = sorted(found, key=lambda word: (not any(c.isdigit() for c in word), -len(word)))[:most]
    chosen = set(ranked)
    return tuple(word for word in found if word in chosen)


def plain_words(text: str) -> frozenset[str]:
    """Lower-case words of three letters or more, without stop words, plural s cut."""
    words = re.findall(r"[^\W_]{3,}", text.lower())
    return frozenset(_singular(word) for word in words if word not in STOP_WORDS)


def proper_nouns(text: str) -> list[str]:
    """Capitalised words that do not merely begin a sentence."""
    return [noun for noun in _PROPER.findall(text) if noun not in ("I", "I'm")]


def listed_nouns(text: str) -> list[str]:
    """Proper nouns that are named side by side: "Paris and London", "Rome, Oslo and Bern"."""
    ends = list(_LISTED.finditer(text))
    if not ends:
        return []
    tail = re.match(r"[A-Z][\w'\u2019-]+(?: [A-Z][\w'\u2019-]+)*", text[ends[-1].end() :])
    names = [match[1] for match in ends] + ([tail[0]] if tail else [])
    return list(dict.fromkeys(names))


def quoted(text: str) -> list[str]:
    """What stands in double quotes or backticks."""
    return _QUOTED.findall(text)


def numbers(text: str) -> list[float]:
    """Free-standing numbers."""
    return [float(number) for number in _NUMBER.findall(text)]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
