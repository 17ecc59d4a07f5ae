"""From method and path to operation. The table is the whole of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from urllib.parse import unquote

from ozwell_harness.mock.errors import ApiError, shorten, unknown_url


class Operation(StrEnum):
    """The documented operations, by the names that the specifications give them.

    A name that several dialects have is the same operation in each.
    """

    CREATE_CHAT = "createChatCompletion"
    CREATE_EMBEDDING = "createEmbedding"
    LIST_FILES = "listFiles"
    CREATE_FILE = "createFile"
    RETRIEVE_FILE = "retrieveFile"
    DELETE_FILE = "deleteFile"
    RETRIEVE_FILE_CONTENT = "retrieveFileContent"
    LIST_MODELS = "listModels"
    RETRIEVE_MODEL = "retrieveModel"
    CREATE_RESPONSE = "createResponse"
    RETRIEVE_HISTORY = "retrieveChatHistory"
    CREATE_DOCUMENT = "createDocument"
    QUERY_DOCUMENTS = "queryDocuments"
    CONFIGURE_MODEL = "updateModelConfig"
    DEPLOY_MODEL = "deployModel"


@dataclass(frozen=True, slots=True)
class Match:
    """What a path stands for.

    Attributes:
        methods: operation by HTTP method; empty if the path is unknown.
        identifier: the decoded file or model id, if the path has one.
        version: the version of the API that the path names, where it names one of several.
        unknown: what is said of a path that is unknown.
    """

    methods: dict[str, Operation]
    identifier: str = ""
    version: str = ""
    unknown: Callable[[], ApiError] = field(default=unknown_url, repr=False)

    @property
    def allowed(self) -> tuple[str, ...]:
        """Methods for the `Allow` header."""
        names = set(self.methods) | {"OPTIONS"} | ({"HEAD"} if "GET" in self.methods else set())
        return tuple(sorted(names))

    def operation(self, method: str) -> Operation | None:
        """The operation of a method; HEAD is answered as GET without its body (RFC 9110, 9.3.2)."""
        return self.methods.get("GET" if method == "HEAD" else method)


UNKNOWN = Match({})
_VERSIONED = re.compile(r"/(v[0-9]+)(?=/|\Z)")


def unsupported(version: str, supported: Sequence[str]) -> Match:
    """What a path stands for whose version the API does not have."""
    return Match({}, version=version, unknown=partial(unsupported_version, version, supported))


def unsupported_version(version: str, supported: Sequence[str]) -> ApiError:
    """404 for a version that the API does not have."""
    known = ", ".join(supported)
    return ApiError(404, "unsupported_version", f"There is no version '{shorten(version)}'. Supported: {known}.")


VERSIONS = ("v1",)
_FIXED: dict[str, Match] = {
    "/v1/chat/completions": Match({"POST": Operation.CREATE_CHAT}),
    "/v1/embeddings": Match({"POST": Operation.CREATE_EMBEDDING}),
    "/v1/responses": Match({"POST": Operation.CREATE_RESPONSE}),
    "/v1/files": Match({"GET": Operation.LIST_FILES, "POST": Operation.CREATE_FILE}),
    "/v1/models": Match({"GET": Operation.LIST_MODELS}),
}
_FILE = {"GET": Operation.RETRIEVE_FILE, "DELETE": Operation.DELETE_FILE}
_CONTENT = {"GET": Operation.RETRIEVE_FILE_CONTENT}
_MODEL = {"GET": Operation.RETRIEVE_MODEL}
_FILES_PREFIX = "/v1/files/"
_MODELS_PREFIX = "/v1/models/"


def match_path(raw_path: str) -> Match:
    """Match a path as it was sent, still percent-encoded; an id is decoded exactly once.

    A model id may hold slashes, encoded or not. A file id never does.
    """
    named = _VERSIONED.match(raw_path)
    if named and named[1] not in VERSIONS:
        return unsupported(named[1], VERSIONS)
    fixed = _FIXED.get(raw_path)
    if fixed is not None:
        return fixed
    if raw_path.startswith(_MODELS_PREFIX):
        identifier = unquote(raw_path[len(_MODELS_PREFIX) :])
        return Match(_MODEL, identifier) if identifier else UNKNOWN
    if raw_path.startswith(_FILES_PREFIX):
        name, slash, rest = raw_path[len(_FILES_PREFIX) :].partition("/")
        if name and not slash:
            return Match(_FILE, unquote(name))
        if name and rest == "content":
            return Match(_CONTENT, unquote(name))
    return UNKNOWN
