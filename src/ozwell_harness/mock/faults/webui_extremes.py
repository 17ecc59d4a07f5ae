"""Documents and queries that are not wrong, only unusual, and that the server fails on."""

from __future__ import annotations

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.errors import internal_error
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.faults.webui_wrappers import rejects
from ozwell_harness.mock.routing import Operation

DOCUMENTS = Area("documents")
RETRIEVAL = Area("retrieval")
AREAS = (DOCUMENTS, RETRIEVAL)

UPLOAD, QUERY = Operation.CREATE_DOCUMENT, Operation.QUERY_DOCUMENTS
_FAILS = "http.no-server-errors"
#: More characters than some models of embeddings read, and more results than some stores give.
_LONG, _MANY = 8000, 10_000


@DOCUMENTS.body("other-encoding-500", "A file that is no UTF-8 is answered with 500.", UPLOAD,
                breaks=("documents.other-encoding-harmless", _FAILS))  # fmt: skip
def other_encoding_500(content: bytes, call: Call) -> bytes:  # noqa: ARG001
    """Take every text for UTF-8."""
    if not content.startswith(b"%PDF-"):
        try:
            content.decode()
        except UnicodeDecodeError:
            raise internal_error() from None
    return content


rejects(RETRIEVAL, QUERY, "long-query-500", "A long query is answered with 500.",
        lambda body: len(str(body.get("query"))) > _LONG, 500, "retrieval.long-query-harmless", _FAILS)  # fmt: skip
rejects(RETRIEVAL, QUERY, "huge-top-k-500", "A query for very many results is answered with 500.",
        lambda body: isinstance(body.get("top_k"), int) and body["top_k"] > _MANY, 500,
        "retrieval.huge-top-k-harmless", _FAILS)  # fmt: skip
