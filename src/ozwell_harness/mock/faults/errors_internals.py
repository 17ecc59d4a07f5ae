"""Errors that tell of a server's inside: stack traces, paths of its files, its SQL."""

from __future__ import annotations

from ozwell_harness.mock.call import Call, Refusal
from ozwell_harness.mock.faults.base import Area
from ozwell_harness.mock.routing import Operation

AREA = Area("errors")

_KEY, _ADDRESS = "security.no-other-keys", "security.no-internal-addresses"
_TRACE, _PATH, _SQL = "security.no-stack-traces", "errors.no-file-paths", "errors.no-sql"


def _tells(name: str, what: str, text: str, *breaks: str) -> None:
    """Register a fault that puts ``text`` into the message for an unknown model, file or chat."""

    @AREA.error(
        f"tells-{name}",
        f"An error tells {what}.",
        Operation.RETRIEVE_MODEL,
        Operation.RETRIEVE_FILE,
        Operation.RETRIEVE_HISTORY,
        breaks=breaks,
    )
    def change(refusal: Refusal, call: Call) -> Refusal:  # noqa: ARG001
        if refusal.status == 404:
            refusal.add(f" {text}")
        return refusal


_tells(
    "trace-of-python",
    "a stack trace of Python, with its files",
    'Traceback (most recent call last):\n  File "/srv/app/api/models.py", line 88, in retrieve\nKeyError',
    _TRACE,
    _PATH,
)
_tells("trace-of-java", "a stack trace of Java", "at com.acme.api.Models.retrieve(Models.java:88)", _TRACE)
_tells("trace-of-node", "a stack trace of Node", "at retrieve (node:internal/modules/run:88:13)", _TRACE)
_tells("trace-of-go", "a stack trace of Go", "panic: nil map\n\ngoroutine 17 [running]:", _TRACE)
_tells("trace-of-dotnet", "a stack trace of .NET", "at Acme.Api.Models.Retrieve(String id) in Models:line 88", _TRACE)
_tells("path-of-a-source", "the path of a source file", "See /srv/app/routes/models.ts for known ones.", _PATH)
_tells("path-of-a-library", "a path of a library", "in /usr/lib/python3.11/json/decoder.py", _PATH)
_tells("path-of-windows", "a path of Windows", "Could not open C:\\inetpub\\api\\models.json.", _PATH)
_tells("sql-statement", "a statement of SQL", "SELECT id, owner FROM models WHERE id = $1", _SQL)
_tells("sql-driver", "the name of a database driver", "(psycopg2.errors.UndefinedColumn) failed", _SQL)
_tells("sql-error", "the error of a database", 'relation "models" does not exist', _SQL)
_tells("key-of-a-provider", "the key of the provider behind", "Incorrect key: sk-proj-Zk41vQ0pXw7LmN2bTg6c", _KEY)
_tells("key-of-a-cloud", "the key of a cloud", "access denied for AKIAIOSFODNN7EXAMPLE", _KEY)
_tells("address-of-a-backend", "the address of a backend", "connect ECONNREFUSED 10.12.0.7:8000", _ADDRESS)
_tells(
    "name-of-a-backend", "the inner name of a backend", "http://models.serving.svc.cluster.local timed out", _ADDRESS
)
