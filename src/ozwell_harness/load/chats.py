"""Bodies of chats and embeddings, serialised beforehand as far as possible. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ozwell_harness.load.answer import Answer
from ozwell_harness.load.manner import Manner
from ozwell_harness.load.prompts import Prompt
from ozwell_harness.load.step import Kind, Step
from ozwell_harness.load.template import NONCE, NUMBER, TEXT, Template
from ozwell_harness.load.texts import Words
from ozwell_harness.load.timetable import Size
from ozwell_harness.load.workload import Workload

#: Tokens that a made-up prompt has beside its made-up text: nonce, frame, roles.
_FRAME_TOKENS = 30
_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class _Pair:
    """One prompt as two bodies: with a gap for max_tokens, and without; ``usual`` is what the prompt itself says."""

    bounded: Template
    unbounded: Template
    usual: int | None


def asking(text: str, nonce: str) -> str:
    """Return a prompt that wants the nonce in its answer, so that an answer that crossed gives itself away."""
    return f"Reference {nonce}. {text} Mention the reference once."


class ChatBodies:
    """Makes bodies of chat requests, each with a prompt of its own."""

    def __init__(
        self,
        model: str,
        prompts: Sequence[Prompt],
        workload: Workload,
        words: Words,
        asked: Mapping[str, Any],
        manner: Manner,
    ) -> None:
        """Prompts are made up from ``words`` where they are to have a length; ``asked`` are fields of every request."""
        self._workload = workload
        self.prompts = tuple(prompts)
        self.head = {"model": model}
        self.asked = dict(asked)
        self.prefix: list[dict[str, str]] = []
        self.opening = ""
        if workload.prefix_tokens:
            shared = f"Background: {words.cut(workload.prefix_tokens).decode()}."
            self.prefix = [{"role": "system", "content": shared}] if manner.system else []
            self.opening = "" if manner.system else f"{shared}\n"
        self._pairs = [self._pair(prompt.text, prompt.max_tokens) for prompt in prompts]
        self._made_up = self._pair(TEXT, None)
        self.words = words

    def make(self, nonce: str, rng: random.Random, size: Size) -> bytes:
        """Return a body; ``size`` says how long prompt and answer are to be, where it does."""
        length = self.prompt_tokens(rng, size)
        values: tuple[bytes, ...]
        if length is None:
            pair, values = rng.choice(self._pairs), (nonce.encode(),)
        else:
            pair, values = self._made_up, (nonce.encode(), self.words.cut(length - _FRAME_TOKENS))
        answer = self.answer_tokens(rng, size, pair.usual)
        return pair.unbounded.fill(*values) if answer is None else pair.bounded.fill(*values, b"%d" % answer)

    def prompt_tokens(self, rng: random.Random, size: Size) -> int | None:
        """Return how long the next prompt is to be; None for one of the prompts that there are."""
        if size.prompt_tokens is not None:
            return size.prompt_tokens
        wanted = self._workload.prompt_tokens
        return None if wanted is None else round(wanted.draw(rng))

    def answer_tokens(self, rng: random.Random, size: Size, usual: int | None) -> int | None:
        """Return how long the next answer may be; None for as long as the target likes."""
        if size.answer_tokens is not None:
            return size.answer_tokens
        wanted = self._workload.answer_tokens
        return usual if wanted is None else max(1, round(wanted.draw(rng)))

    def _pair(self, text: str, usual: int | None) -> _Pair:
        messages = [*self.prefix, {"role": "user", "content": self.opening + asking(text, NONCE)}]
        bare = {**self.head, "messages": messages}
        return _Pair(Template(bare | {"max_tokens": NUMBER} | self.asked), Template(bare | self.asked), usual)


class InputBodies:
    """Makes bodies of requests for embeddings, each with a text of its own."""

    def __init__(self, model: str, inputs: Sequence[Prompt], workload: Workload, words: Words) -> None:
        self._wanted = workload.prompt_tokens
        self._pool = [Template({"model": model, "input": f"{NONCE} {prompt.text}"}) for prompt in inputs]
        self._made_up = Template({"model": model, "input": f"{NONCE} {TEXT}"})
        self._words = words

    def make(self, nonce: str, rng: random.Random, size: Size) -> bytes:
        """Return a body; ``size`` says how long the text is to be, where it does."""
        length = size.prompt_tokens
        if length is None and self._wanted is not None:
            length = round(self._wanted.draw(rng))
        if length is None:
            return rng.choice(self._pool).fill(nonce.encode())
        return self._made_up.fill(nonce.encode(), self._words.cut(length))


class Dialogue:
    """A streamed chat of several turns: each request holds all that was said before, so its prefix may be cached."""

    def __init__(self, bodies: ChatBodies, nonce: str, rng: random.Random, size: Size) -> None:
        self._bodies = bodies
        self._nonce = nonce
        self._rng = rng
        self._size = size
        self._said = [_encode(message) for message in bodies.prefix]
        self._turn = 0

    def ask(self) -> Step:
        """Return the next turn's request."""
        self._turn += 1
        bodies = self._bodies
        length = bodies.prompt_tokens(self._rng, self._size)
        prompt = self._rng.choice(bodies.prompts)
        text = prompt.text if length is None else bodies.words.cut(length - _FRAME_TOKENS).decode()
        opening = bodies.opening if self._turn == 1 else ""
        self._said.append(_encode({"role": "user", "content": opening + asking(text, self._nonce)}))
        answer = bodies.answer_tokens(self._rng, self._size, prompt.max_tokens)
        rest = _encode(({"max_tokens": answer} if answer else {}) | bodies.asked)
        body = b'%b,"messages":[%b],%b' % (_encode(bodies.head)[:-1], b",".join(self._said), rest[1:])
        name = f"turn_{self._turn}"
        return Step(name, Kind.CHAT_STREAM, "POST", "/chat/completions", body, self._nonce)

    def heard(self, answer: Answer) -> bool:
        """Take the answer into the history; tell whether the dialogue can go on."""
        if answer.error is not None or not answer.text:
            return False
        self._said.append(_encode({"role": "assistant", "content": answer.text}))
        return True
