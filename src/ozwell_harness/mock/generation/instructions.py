"""Instructions that the model follows to the letter: repeat, count, recall."""

from __future__ import annotations

import re

from ozwell_harness.mock.dialogue import Dialogue, Role, last_user_turn

COUNT_AT_MOST = 5000
INSTRUCTION_WITHIN = 2000
FACTS_WITHIN = 4000
TURNS_SEARCHED = 100

_VERB = r"(?:repeat|echo|reply|respond|answer|say|output|write|return|print|send|copy)"
_ONLY = r"(?:exactly|verbatim|only|just|nothing (?:else|but)|word for word|unchanged)"
_NOUN = r"(?:word|words|text|string|token|code|number|sentence|phrase|character|characters|line)"
_COLON = re.compile(
    rf"\b(?:{_VERB}\b[^:\n]{{0,80}}?\b(?:{_ONLY}|(?:single|one) {_NOUN})|(?:repeat|echo))\b[^:\n]{{0,80}}:\s*",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"\b(?:reply|respond|answer) with:? (?:the (?:single |one )?{_NOUN} )?(\S{{1,100}})\s*\Z", re.IGNORECASE
)
_UNKNOWN = re.compile(r"\bwhat(?: is|'s| was) (my [\w ]{2,40}|the (?:code|secret|pass)[\w ]{0,30})\?", re.IGNORECASE)
_AFTER = re.compile(
    rf"\b{_VERB}\b(?: back| with| me| the following| this){{0,3}}\s+"
    rf"(?:{_ONLY}(?: with)?(?: (?:the|this) (?:single |one )?{_NOUN})?|(?=[\"'`\u201c\u00ab]))\s*",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"\b{_VERB}\b(?: back| with| me){{0,3}}(?: {_ONLY})?\s+(?:(?:the|this) (?:single |one )?{_NOUN}\s+)?"
    r"(.{1,2000}?),?\s+(?:and|with) nothing (?:else|more)\b",
    re.IGNORECASE | re.DOTALL,
)
_TRAILER = re.compile(
    r"[,.;]?\s+(?:and|with)\s+(?:say |add |output |write )?nothing (?:else|more)[.!]?\s*\Z", re.IGNORECASE
)
_COUNT = re.compile(r"\bcount (?:up |down )?(?:from (-?\d{1,9}) )?(?:up |down )?to (-?\d{1,9})\b", re.IGNORECASE)
_PAIRS = {'"': '"', "'": "'", "`": "`", "“": "”", "«": "»"}

_VALUE = r"""(?:["'“`]([^"'”`\n]{1,200})["'”`]|(\S{1,200}))"""
_FACTS = (
    re.compile(rf"\b(?:my|the|our) ([\w -]{{2,40}}?) (?:is|was|=|will be):? {_VALUE}", re.IGNORECASE),
    re.compile(rf"\bremember (?:that )?(?:the|this|my) ([\w -]{{2,40}}?):? +{_VALUE}", re.IGNORECASE),
    re.compile(rf"\b(?:call me|my (name) is|i am called) {_VALUE}", re.IGNORECASE),
)
_ASKS = re.compile(
    r"\b(?:what|which|who|tell me|recall|repeat|remind|say|do you (?:still )?(?:remember|know|recall))\b", re.IGNORECASE
)
_POINTS_BACK = re.compile(
    r"\b(?:my|remember\w*|recall|told|tell me|earlier|before|gave|mentioned|said|asked|secret|code ?word|password)\b",
    re.IGNORECASE,
)


def told_exactly(dialogue: Dialogue) -> str | None:
    """The answer where the latest message, a user's, leaves no freedom; else None."""
    if not dialogue or dialogue[-1].role is not Role.USER:
        return None
    text = dialogue[-1].text
    exact = dictated(text)
    if exact is None:
        exact = counting(text)
    if exact is None:
        exact = recollection(dialogue)
    return demanded(text) if exact is None else exact


def dictated(text: str) -> str | None:
    """The text that a prompt sets apart, to be repeated and nothing else, or None."""
    head = text[:INSTRUCTION_WITHIN]
    colon = _COLON.search(head)
    if colon:
        return _unquoted(_TRAILER.sub("", text[colon.end() :]).rstrip("\r\n")) or None
    before = _BEFORE.search(head)
    return _unquoted(before[1]) if before else None


def demanded(text: str) -> str | None:
    """The words that a prompt wants as its answer, or None; after a question they only say how to answer."""
    head = text[:INSTRUCTION_WITHIN]
    match = _AFTER.search(head) or _BARE.search(head)
    if match is None or "?" in head[: match.start()]:
        return None
    rest = match[1] if match.re is _BARE else text[match.end() :]
    return _unquoted(rest.strip().removesuffix(".")) or None


def counting(text: str) -> str | None:
    """The numbers that a prompt asks to count, or None."""
    match = _COUNT.search(text)
    if match is None:
        return None
    first, last = int(match[1] or 1), int(match[2])
    step = 1 if last >= first else -1
    numbers = range(first, last + step, step)[:COUNT_AT_MOST]
    return ", ".join(map(str, numbers))


def recollection(dialogue: Dialogue) -> str | None:
    """What was said earlier and is asked for now, or None."""
    asked = last_user_turn(dialogue)
    if asked is None or not _ASKS.search(asked.text[:FACTS_WITHIN]):
        return None
    facts = _facts(dialogue, asked.text)
    if not facts:
        unknown = _UNKNOWN.search(asked.text[:FACTS_WITHIN])
        return f"I do not know {unknown[1].replace('my ', 'your ', 1)}; nobody has told me." if unknown else None
    question = asked.text[:FACTS_WITHIN].lower()
    named = {noun: value for noun, value in facts.items() if noun in question or _head(noun) in question.split()}
    if named:
        return " ".join(f"Your {noun} is {value}." for noun, value in named.items())
    if _POINTS_BACK.search(question):
        return " ".join(f"You told me that the {noun} is {value}." for noun, value in facts.items())
    return None


def _facts(dialogue: Dialogue, question: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for turn in dialogue[-TURNS_SEARCHED:]:
        if turn.role is Role.ASSISTANT:
            continue
        for pattern in _FACTS:
            for match in pattern.finditer(turn.text[:FACTS_WITHIN]):
                noun = (match[1] or "name").lower().strip()
                value = (match[2] or match[3] or "").rstrip(".,;!?\"'”`")
                if value and not (turn.text == question and value.lower() in ("my", "the")):
                    facts[noun] = value
    return facts


def _head(noun: str) -> str:
    return noun.rsplit(" ", 1)[-1]


def _unquoted(text: str) -> str:
    if len(text) > 1 and _PAIRS.get(text[0]) == text[-1]:
        return text[1:-1]
    return text
