"""The operations of the Open WebUI dialect, each a coroutine from a call to a reply."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.webui.operations.chat import create_chat, retrieve_history
from ozwell_harness.mock.webui.operations.documents import create_document, query_documents
from ozwell_harness.mock.webui.operations.models import configure_model, deploy_model

WEBUI_OPERATIONS: Mapping[Operation, Callable[[Call], Awaitable[Reply]]] = {
    Operation.CREATE_CHAT: create_chat,
    Operation.RETRIEVE_HISTORY: retrieve_history,
    Operation.CREATE_DOCUMENT: create_document,
    Operation.QUERY_DOCUMENTS: query_documents,
    Operation.CONFIGURE_MODEL: configure_model,
    Operation.DEPLOY_MODEL: deploy_model,
}
