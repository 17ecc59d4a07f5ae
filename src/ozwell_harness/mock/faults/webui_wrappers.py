"""What faults of the Open WebUI dialect build on: a store that passes all through, and common kinds of faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ozwell_harness.mock.call import Call, Refusal, Reply
from ozwell_harness.mock.errors import ApiError
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.replies import error_reply
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.webui.records import ModelConfig, Passage, StoredChat, StoredDeployment, StoredDocument
from ozwell_harness.mock.webui.store import WebUiStore

Alter = Callable[[JsonObject], Any]


class WebUiWrapper:
    """Passes everything through to another store; a fault overrides what it breaks."""

    def __init__(self, inner: WebUiStore, call: Call) -> None:
        self.inner = inner
        self.call = call

    async def put_chat(self, tenant: str, chat: StoredChat) -> None:
        """Keep a chat."""
        await self.inner.put_chat(tenant, chat)

    async def get_chat(self, tenant: str, chat_id: str) -> StoredChat | None:
        """A chat, or None."""
        return await self.inner.get_chat(tenant, chat_id)

    async def put_document(self, tenant: str, document: StoredDocument) -> None:
        """Keep a document and index its chunks."""
        await self.inner.put_document(tenant, document)

    async def has_collection(self, tenant: str, collection: str) -> bool:
        """Whether any document is filed under this name."""
        return await self.inner.has_collection(tenant, collection)

    async def find_passages(
        self, tenant: str, collection: str | None, words: frozenset[str], most: int
    ) -> Sequence[Passage]:
        """The chunks that hold any of the words."""
        return await self.inner.find_passages(tenant, collection, words, most)

    async def get_config(self, tenant: str, model: str) -> ModelConfig:
        """How a model is configured."""
        return await self.inner.get_config(tenant, model)

    async def update_config(self, tenant: str, model: str, changes: ModelConfig) -> ModelConfig:
        """Change what is set in `changes`, and return the whole."""
        return await self.inner.update_config(tenant, model, changes)

    async def get_deployment(self, tenant: str, model: str) -> StoredDeployment | None:
        """The deployment of a model, or None."""
        return await self.inner.get_deployment(tenant, model)

    async def put_deployment(self, tenant: str, deployment: StoredDeployment) -> None:
        """Keep the deployment of a model."""
        await self.inner.put_deployment(tenant, deployment)


def replaces(member: str, is_bad: Callable[[Any], bool], good: Any) -> Callable[[JsonObject], JsonObject]:
    """Return what puts ``good`` into a member of a body where ``is_bad`` is true of it."""

    def mend(body: JsonObject) -> JsonObject:
        return {**body, member: good} if member in body and is_bad(body[member]) else body

    return mend


def is_number(value: Any) -> Callable[[Any], bool]:
    """Return what is true of this number alone; true and false are none."""
    return lambda found: isinstance(found, int | float) and not isinstance(found, bool) and found == value


def is_text(value: Any) -> bool:
    """Whether a value is a text."""
    return isinstance(value, str)


def wraps(
    area: Area,
    wrapper: type[WebUiWrapper],
    name: str,
    description: str,
    *operations: Operation,
    breaks: tuple[str, ...],
) -> None:
    """Register a fault that puts a wrapper of its own around the store."""

    @area.webui(name, description, *operations, breaks=breaks)
    def wrap(store: WebUiStore, call: Call) -> WebUiStore:
        return wrapper(store, call)


def alters(area: Area, operation: Operation, name: str, description: str, alter: Alter, *breaks: str) -> None:
    """Register a fault that changes the object of an answer in place."""

    @area.result(name, description, operation, breaks=breaks)
    def change(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        alter(answer)
        return answer


def tells(area: Area, operation: Operation, name: str, description: str, answer: Any, *breaks: str) -> None:
    """Register a fault that has another answer in place of the true one."""

    @area.result(name, description, operation, breaks=breaks)
    def change(_true: JsonObject, call: Call) -> Any:  # noqa: ARG001
        return answer


def answers_with(area: Area, operation: Operation, name: str, description: str, status: int, *breaks: str) -> None:
    """Register a fault that answers success with another status; one without a body is sent without."""

    @area.reply(name, description, operation, breaks=breaks)
    def change(reply: Reply, call: Call) -> Reply:
        if reply.status != 200:
            return reply
        if status >= 400:
            return error_reply(call, ApiError(status, "refused", "This is not possible."))
        reply.status = status
        if status == 204:
            reply.body, reply.content_type = b"", None
        return reply


def accepts(
    area: Area,
    operation: Operation,
    name: str,
    description: str,
    is_it: Callable[[Refusal], bool],
    answer: Any,
    *breaks: str,
) -> None:
    """Register a fault that gives an answer where ``is_it`` is true of a refusal."""

    @area.error(name, description, operation, breaks=breaks)
    def accept(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
        if is_it(refusal):
            refusal.status, refusal.envelope = 200, answer
        return refusal


def refuses_with(
    area: Area,
    operation: Operation,
    name: str,
    description: str,
    is_it: Callable[[Refusal], bool],
    status: int,
    *breaks: str,
) -> None:
    """Register a fault that refuses with another status where ``is_it`` is true of a refusal."""

    @area.error(name, description, operation, breaks=breaks)
    def refuse(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
        if is_it(refusal):
            refusal.status = status
        return refusal


def mends(
    area: Area,
    operation: Operation,
    name: str,
    description: str,
    mend: Callable[[JsonObject], JsonObject],
    *breaks: str,
) -> None:
    """Register a fault that changes the body of a request before it is judged."""

    @area.request(name, description, operation, breaks=breaks)
    def change(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        return mend(body)


def rejects(
    area: Area,
    operation: Operation,
    name: str,
    description: str,
    is_it: Callable[[JsonObject], bool],
    status: int,
    *breaks: str,
) -> None:
    """Register a fault that refuses bodies of which ``is_it`` is true."""

    @area.request(name, description, operation, breaks=breaks)
    def reject(body: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
        if is_it(body):
            raise ApiError(status, "refused", "This is not possible.")
        return body
