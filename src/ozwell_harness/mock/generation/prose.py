"""Free text: sentences chosen by a digest of the conversation, about the words of the prompt."""

from __future__ import annotations

import functools
import hashlib
import re

from ozwell_harness.mock.tokenizer import pieces_of

_OPENERS = (
    "You asked about {topic}, so here is what can be said about it.",
    "Thank you for the question about {topic}; let me take it step by step.",
    "Here is a short answer concerning {topic}, with a little background.",
    "Let us look at {topic} together and see where it leads.",
)
_SENTENCES = (
    "The first thing to notice about {topic} is how much depends on its context.",
    "In practice, {topic} is best understood through one small and concrete example.",
    "Many people meet {topic} early and come back to it with better questions.",
    "A careful reader would compare {topic} with something close to it before judging.",
    "There are at least two sides to {topic}, and both of them deserve attention.",
    "What matters most is that the parts of {topic} fit together without force.",
    "Seen from a distance, {topic} looks simple; seen closely, it has fine grain.",
    "A good next step would be to write down what you already know about {topic}.",
    "It helps to keep the purpose in mind whenever {topic} seems to be in the way.",
    "Some details of {topic} change over time, while its core stays where it was.",
    "One useful habit is to measure first, and to change {topic} only afterwards.",
    "Experience shows that {topic} rewards patience more than it rewards speed.",
    "The common mistake here is to treat {topic} as if it stood alone.",
    "If the answer for {topic} has to be brief, then clarity should win over polish.",
    "Nothing about {topic} is hidden, yet a part of it is easily overlooked.",
    "For that reason it is wise to check {topic} twice and to note the difference.",
    "Old notes on {topic} are often better than new opinions about it.",
    "Every so often {topic} surprises even those who have worked with it for years.",
    "The rest follows from there, and {topic} can then be put to good use.",
    "A friend would probably advise you to begin with the smallest part of {topic}.",
    "The evening light fell on the table, and nobody spoke of {topic} for a while.",
    "Then someone laughed, opened the old notebook, and read a line about {topic}.",
)
_LONG = re.compile(
    r"\b(?:long|detailed|lengthy)\b.{0,40}\b(?:story|essay|answer|text|poem|article|explanation|reply|response)\b"
    r"|\bat (?:great )?length\b|\bin (?:great|full) detail\b",
    re.IGNORECASE | re.DOTALL,
)
_SHORTEST, _SPREAD = 4, 9
_STORY, _STORY_SPREAD = 45, 15


def wants_length(text: str) -> bool:
    """Whether a prompt asks for something long."""
    return _LONG.search(text[:5000]) is not None


def compose(seed: str, index: int, topics: tuple[str, ...], *, long: bool) -> tuple[str, ...]:
    """Tokens of a text: 40 to some 200, or about 1,000 for a long one. The same arguments, the same text."""
    digest = hashlib.blake2b(seed.encode(), digest_size=32, key=index.to_bytes(8, "big")).digest()
    return _compose(digest, topics, long)


@functools.lru_cache(maxsize=1024)
def _compose(digest: bytes, topics: tuple[str, ...], long: bool) -> tuple[str, ...]:  # noqa: FBT001 - cache key
    count = _STORY + digest[0] % _STORY_SPREAD if long else _SHORTEST + digest[0] % _SPREAD
    subject = " and ".join(filter(None, [", ".join(topics[:-1]), *topics[-1:]])) or "your message"
    parts = [_OPENERS[digest[1] % len(_OPENERS)].format(topic=subject)]
    at = digest[2]
    # Odd and below 11, so that no sentence of 22 comes twice before all have come once.
    stride = 1 + 2 * (digest[3] % 5)
    for number in range(count):
        topic = topics[(digest[4 + number % 28] + number) % len(topics)] if topics else "this"
        parts.append(_SENTENCES[(at + number * stride) % len(_SENTENCES)].format(topic=topic))
    return tuple(pieces_of(" ".join(parts)))
