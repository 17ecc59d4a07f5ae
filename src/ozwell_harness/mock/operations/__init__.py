"""The documented operations, each a coroutine from a call to a reply."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.operations.chat import create_chat
from ozwell_harness.mock.operations.embedding import create_embedding
from ozwell_harness.mock.operations.files import create_file, delete_file, list_files, retrieve_content, retrieve_file
from ozwell_harness.mock.operations.models import list_models, retrieve_model
from ozwell_harness.mock.operations.responses import create_response
from ozwell_harness.mock.routing import Operation

OPERATIONS: Mapping[Operation, Callable[[Call], Awaitable[Reply]]] = {
    Operation.CREATE_CHAT: create_chat,
    Operation.CREATE_EMBEDDING: create_embedding,
    Operation.CREATE_RESPONSE: create_response,
    Operation.LIST_FILES: list_files,
    Operation.CREATE_FILE: create_file,
    Operation.RETRIEVE_FILE: retrieve_file,
    Operation.DELETE_FILE: delete_file,
    Operation.RETRIEVE_FILE_CONTENT: retrieve_content,
    Operation.LIST_MODELS: list_models,
    Operation.RETRIEVE_MODEL: retrieve_model,
}
