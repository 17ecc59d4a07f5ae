"""What the documents say, for the tests of both specifications: operations with their statuses, answers, links."""

from __future__ import annotations

from dataclasses import dataclass

from spec_reading import Spec

#: Every status that each operation can have, beside those of its own.
ALWAYS = {"200", "400", "401", "403", "429", "500"}
BODY = {"413", "415"}
Links = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Facts:
    """Attributes:
    operations: operation → method, path, and every status that can occur beside those of ``ALWAYS``.
    answers: component → the fields that the document shows in answers.
    links: operation → operation.
    cursors: links that generated requests do not follow.
    parts: components that the positive reading adds.
    chunks: streamed operation → component of a chunk.
    owed: headers that a 429 owes beside those of the rate limit.
    least: how many different generated bodies break a rule at least.
    """

    spec: Spec
    operations: dict[str, tuple[str, str, set[str]]]
    answers: dict[str, set[str]]
    links: Links
    cursors: Links
    parts: frozenset[str]
    gone: frozenset[str]
    chunks: dict[str, str]
    owed: frozenset[str]
    least: dict[str, int]


OZWELL = Facts(
    spec=Spec("ozwell.openapi.yaml"),
    # From the endpoints reference.
    operations={
        "createChatCompletion": ("post", "/chat/completions", {"404"} | BODY),
        "createEmbedding": ("post", "/embeddings", {"404"} | BODY),
        "listFiles": ("get", "/files", {"404"}),
        "createFile": ("post", "/files", BODY),
        "retrieveFile": ("get", "/files/{file_id}", {"404"}),
        "deleteFile": ("delete", "/files/{file_id}", {"404"}),
        "retrieveFileContent": ("get", "/files/{file_id}/content", {"404"}),
        "listModels": ("get", "/models", {"404"}),
        "retrieveModel": ("get", "/models/{model_id}", {"404"}),
        "createResponse": ("post", "/responses", {"404"} | BODY),
    },
    answers={
        "ChatCompletion": {"id", "object", "created", "model", "choices", "usage"},
        "Choice": {"index", "message", "finish_reason"},
        "AssistantMessage": {"role", "content"},
        "Usage": {"prompt_tokens", "completion_tokens", "total_tokens"},
        "EmbeddingList": {"object", "data", "model", "usage"},
        "Embedding": {"object", "index", "embedding"},
        "EmbeddingUsage": {"prompt_tokens", "total_tokens"},
        "File": {"id", "object", "bytes", "created_at", "filename", "purpose"},
        "FileList": {"object", "data"},
        "FileDeleted": {"id", "object", "deleted"},
        "Model": {"id", "object", "created", "owned_by"},
        "ModelList": {"object", "data"},
        "Response": {"id", "object", "created", "model", "output", "usage"},
        "Source": {"file_id", "filename", "page", "excerpt"},
        "Error": {"error"},
        "ErrorObject": {"message", "type", "code"},
    },
    links=frozenset(
        {
            ("createFile", "retrieveFile"),
            ("createFile", "retrieveFileContent"),
            ("createFile", "deleteFile"),
            ("createFile", "listFiles"),
            ("listFiles", "retrieveFile"),
            ("listFiles", "retrieveFileContent"),
            ("listFiles", "listFiles"),
            ("retrieveFile", "retrieveFileContent"),
            ("deleteFile", "retrieveFile"),
            ("deleteFile", "retrieveFileContent"),
            ("deleteFile", "deleteFile"),
            ("listModels", "retrieveModel"),
            ("createResponse", "createResponse"),
            ("createResponse", "retrieveFile"),
        }
    ),
    cursors=frozenset({("createFile", "listFiles"), ("listFiles", "listFiles")}),
    parts=frozenset({"PlainText"}),
    gone=frozenset(),
    chunks={"createChatCompletion": "ChatCompletionChunk", "createResponse": "ResponseChunk"},
    owed=frozenset({"Retry-After"}),
    least={"createChatCompletion": 20, "createEmbedding": 20, "createResponse": 20},
)

OPENWEBUI = Facts(
    spec=Spec("openwebui.openapi.yaml"),
    # From the integration document, API Endpoints.
    operations={
        "createChatCompletion": ("post", "/chat/completions", {"404"} | BODY),
        "retrieveChatHistory": ("get", "/chat/history", {"404"}),
        "createDocument": ("post", "/rag/documents", {"201", "202"} | BODY),
        "queryDocuments": ("post", "/rag/query", {"404"} | BODY),
        "updateModelConfig": ("put", "/models/{model_id}/config", {"404"} | BODY),
        "deployModel": ("post", "/models/{model_id}/deploy", {"201", "202", "404"} | BODY),
    },
    answers={
        "ChatCompletion": {"id", "choices", "created", "model"},
        "Choice": {"message", "finish_reason"},
        "AnswerMessage": {"role", "content"},
        "ChatMessage": {"id", "role", "content", "created_at"},
        "DocumentResponse": {"document_id", "status", "chunks", "created_at"},
        "QueryResponse": {"results"},
        "QueryResult": {"document_id", "content", "score"},
        "Error": {"error", "message", "status_code"},
        "ChatCompletedEvent": {"type", "timestamp", "data"},
        "DocumentProcessedEvent": {"type", "timestamp", "data"},
    },
    links=frozenset({("createChatCompletion", "retrieveChatHistory")}),
    cursors=frozenset(),
    parts=frozenset({"PlainText", "UserMessage", "AssistantHistoryMessage"}),
    gone=frozenset({"Message", "MessageRole", "MessageContent", "CollectionId"}),
    chunks={"createChatCompletion": "ChatCompletionChunk"},
    owed=frozenset(),
    least={"createChatCompletion": 20, "queryDocuments": 8, "updateModelConfig": 8, "deployModel": 8},
)

EACH = {"ozwell": OZWELL, "openwebui": OPENWEBUI}
