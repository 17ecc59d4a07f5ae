"""Conversations of the Ozwell responses: the target keeps what was said, under an id that the client chooses. Pure.

The first question tells the reference, the others ask for it: a target that keeps conversations badly apart answers
with another's.
"""

from __future__ import annotations

import random
from functools import partial

import msgspec

from ozwell_harness.checks import responses
from ozwell_harness.load.answer import Answer
from ozwell_harness.load.chats import ChatBodies
from ozwell_harness.load.reply import Reply
from ozwell_harness.load.step import Kind, Step
from ozwell_harness.load.timetable import Size


class Conversation:
    """One conversation. Its id and every question hold its nonce, so that another's answer gives itself away."""

    def __init__(self, model: str, bodies: ChatBodies, nonce: str, rng: random.Random, size: Size) -> None:
        self._model = model
        self._bodies = bodies
        self._nonce = nonce
        self._rng = rng
        self._size = size
        self._turn = 0
        self.id = f"conv_{nonce}"
        self._expects = {"responses.conversation-echoed": partial(responses.echoes, conversation=self.id)}

    def ask(self) -> Step:
        """Return the next turn's request."""
        self._turn += 1
        prompt = self._rng.choice(self._bodies.prompts)
        length = self._bodies.prompt_tokens(self._rng, self._size)
        text = prompt.text if length is None else self._bodies.words.cut(length).decode()
        answer = self._bodies.answer_tokens(self._rng, self._size, prompt.max_tokens)
        body = {
            "model": self._model,
            "conversation_id": self.id,
            "messages": [{"role": "user", "content": self._question(text)}],
        } | ({"max_tokens": answer} if answer else {})
        return Step(
            f"response_{self._turn}",
            Kind.RESPONSE,
            "POST",
            "/responses",
            msgspec.json.encode(body),
            self._nonce,
            expects=self._expects,
            glance=self._is_of_another,
        )

    def _question(self, text: str) -> str:
        if self._turn == 1:
            return f"My reference is {self._nonce}. {text} Mention my reference once."
        return f"{text} And what is my reference?"

    @staticmethod
    def goes_on(answer: Answer) -> bool:
        """Tell whether it makes sense to ask on."""
        return answer.error is None

    def _is_of_another(self, answer: Answer, _reply: Reply) -> bool:
        document = answer.document
        return not isinstance(document, dict) or document.get("conversation_id") != self.id
