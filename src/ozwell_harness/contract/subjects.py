"""The operations that are generated for, and the requirement that each kind of deviation belongs to."""

from __future__ import annotations

from dataclasses import dataclass

STREAMS = "contract.chat-streams-documented"
CHAT_OBEYS = "contract.chat-parameters-obeyed"
RESPONSE_OBEYS = "contract.responses-parameters-obeyed"
EMBEDDINGS_MATCH = "contract.embeddings-match-inputs"
LIST_OBEYS = "contract.list-files-parameters-obeyed"
UPLOAD_TRUE = "contract.upload-described"
CREATED_THERE = "contract.created-file-is-there"
DELETED_GONE = "contract.deleted-file-is-gone"
CONTENT_KEPT = "contract.file-content-kept"
LISTED_MODEL = "contract.listed-model-is-there"
CHAT_THERE = "contract.held-chat-is-there"
QUERY_OBEYS = "contract.query-parameters-obeyed"
CONFIG_TRUE = "contract.config-values-told"


@dataclass(frozen=True, slots=True)
class Subject:
    """One operation.

    Attributes:
        operation: its ``operationId``.
        capability: what a target must offer for it.
        documented: requirement that its answers are as the specification has them.
        accepted: requirement that valid requests are answered; None where they name a resource that is not there.
        refused: requirement that invalid requests are refused; None where no request can be invalid.
        unknown: requirement that an id which names nothing is answered 404.
        weight: share of the requests, relative to the other operations.
        most: requests to choose from, each kind; None for all that were generated.
        needs: what the owner must have supplied, since a valid request changes it; None for nothing.
    """

    operation: str
    capability: str
    documented: str
    accepted: str | None = None
    refused: str | None = None
    unknown: str | None = None
    weight: int = 1
    most: int | None = None
    needs: str | None = None


_FILE = "contract.file-answers-documented"
_MODELS = "contract.models-answers-documented"
_UNKNOWN_FILE = "contract.unknown-file-refused"

SUBJECTS: tuple[Subject, ...] = (
    Subject(
        "createChatCompletion",
        "chat",
        "contract.chat-answers-documented",
        accepted="contract.chat-valid-accepted",
        refused="contract.chat-invalid-refused",
        weight=4,
    ),
    Subject(
        "createResponse",
        "responses",
        "contract.responses-answers-documented",
        accepted="contract.responses-valid-accepted",
        refused="contract.responses-invalid-refused",
        weight=2,
    ),
    Subject(
        "createEmbedding",
        "embeddings",
        "contract.embeddings-answers-documented",
        accepted="contract.embeddings-valid-accepted",
        refused="contract.embeddings-invalid-refused",
        weight=2,
    ),
    Subject(
        "createFile",
        "files",
        "contract.upload-answers-documented",
        accepted="contract.upload-valid-accepted",
        refused="contract.upload-invalid-refused",
        most=6,
    ),
    Subject(
        "listFiles",
        "files",
        "contract.list-files-answers-documented",
        accepted="contract.list-files-valid-accepted",
        refused="contract.list-files-invalid-refused",
    ),
    Subject("retrieveFile", "files", _FILE, unknown=_UNKNOWN_FILE, most=8),
    Subject("deleteFile", "files", _FILE, unknown=_UNKNOWN_FILE, most=8),
    Subject("retrieveFileContent", "files", _FILE, unknown=_UNKNOWN_FILE, most=8),
    Subject(
        "listModels",
        "models",
        _MODELS,
        accepted="contract.list-models-valid-accepted",
        refused="contract.list-models-invalid-refused",
    ),
    Subject("retrieveModel", "models", _MODELS, unknown="contract.unknown-model-refused", most=8),
    Subject(
        "retrieveChatHistory",
        "history",
        "contract.history-answers-documented",
        refused="contract.history-invalid-refused",
        unknown="contract.unknown-chat-refused",
        most=8,
    ),
    Subject(
        "createDocument",
        "documents",
        "contract.document-answers-documented",
        accepted="contract.document-valid-accepted",
        refused="contract.document-invalid-refused",
        # What queries find is worth judging once there are several.
        weight=2,
        most=4,
    ),
    Subject(
        "queryDocuments",
        "retrieval",
        "contract.query-answers-documented",
        accepted="contract.query-valid-accepted",
        refused="contract.query-invalid-refused",
        weight=2,
    ),
    Subject(
        "updateModelConfig",
        "config",
        "contract.config-answers-documented",
        accepted="contract.config-valid-accepted",
        refused="contract.config-invalid-refused",
        needs="deployable_model",
    ),
    Subject(
        "deployModel",
        "deploy",
        "contract.deploy-answers-documented",
        accepted="contract.deploy-valid-accepted",
        refused="contract.deploy-invalid-refused",
        most=12,
        needs="deployable_model",
    ),
)

SUBJECT_OF = {subject.operation: subject for subject in SUBJECTS}

#: Every requirement that the phase can judge.
REQUIREMENTS: tuple[str, ...] = tuple(
    dict.fromkeys(
        [
            *(
                name
                for subject in SUBJECTS
                for name in (subject.accepted, subject.refused, subject.documented, subject.unknown)
                if name is not None
            ),
            *(STREAMS, CHAT_OBEYS, RESPONSE_OBEYS, EMBEDDINGS_MATCH, LIST_OBEYS, QUERY_OBEYS, CONFIG_TRUE),
            *(UPLOAD_TRUE, CREATED_THERE, DELETED_GONE, CONTENT_KEPT, LISTED_MODEL, CHAT_THERE),
        ]
    )
)
