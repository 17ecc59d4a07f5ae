"""Chats of the Open WebUI dialect whose history is read back and held against what was said. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from ozwell_harness.checks import history
from ozwell_harness.checks.history import Chat, Said
from ozwell_harness.load.answer import Answer
from ozwell_harness.load.nonces import Nonces
from ozwell_harness.load.reply import Reply
from ozwell_harness.load.step import ExchangeCheck, Kind, Step
from ozwell_harness.model import Deviation, Exchange


@dataclass(slots=True)
class RememberedChat:
    """One chat. What is sent holds its nonce, so that another chat's history gives itself away."""

    nonce: str
    body: bytes
    nonces: Nonces
    id: str = ""
    answer: str = ""

    def ask(self) -> Step:
        """Return the chat's only request."""
        return Step("chat", Kind.CHAT, "POST", "/chat/completions", self.body, self.nonce)

    def kept(self, answer: Answer) -> bool:
        """Take the id and the text of the answer; tell whether there are both, and no other chat's."""
        document = answer.document if isinstance(answer.document, dict) else {}
        found, text = document.get("id"), _first_content(document)
        if answer.error is not None or not isinstance(found, str) or not found or not text:
            return False
        self.id, self.answer = found, text
        # An answer that crossed is told already; the history of another's chat would only say so again.
        return self.nonces.foreign(answer.text, self.nonce) is None

    def history(self) -> Step:
        """Return a request for the history, which must hold what was said."""
        expects: dict[str, ExchangeCheck] = {
            "history.holds-what-was-sent": lambda told: history.holds_what_was_sent(told, self._chat(told)),
            "history.holds-the-answer": lambda told: history.holds_the_answer(told, self._chat(told)),
            "history.roles-kept": lambda told: history.keeps_roles(told, self._chat(told)),
            "history.answer-by-assistant": lambda told: history.answer_is_assistants(told, self._chat(told)),
            "history.created-at-is-now": _is_new,
        }
        path = f"/chat/history?chat_id={quote(self.id, safe='')}"
        return Step("chat_history", Kind.HISTORY, "GET", path, nonce=self.nonce, expects=expects, glance=self._differs)

    @property
    def _said(self) -> list[tuple[str, str]]:
        """Role and content of each message, oldest first."""
        messages = msgspec.json.decode(self.body)["messages"]
        return [*((message["role"], message["content"]) for message in messages), ("assistant", self.answer)]

    def _chat(self, exchange: Exchange) -> Chat:
        said = [Said(role, content, self.nonce if self.nonce in content else "") for role, content in self._said]
        return Chat(tuple(said[:-1]), Said("assistant", self.answer), exchange)

    def _differs(self, answer: Answer, _reply: Reply) -> bool:
        messages = answer.document if isinstance(answer.document, list) else []
        told = [(m.get("role"), m.get("content")) for m in messages if isinstance(m, dict)]
        return told != self._said


def _is_new(exchange: Exchange) -> Deviation | None:
    """The history is read a moment after the chat was held."""
    return history.times_are_now(exchange, exchange)


def _first_content(document: dict[str, Any]) -> str:
    choices = document.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""
