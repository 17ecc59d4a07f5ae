"""What error answers must not tell of a server's inside: stack traces, paths of files, SQL, keys, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from ozwell_harness.checks.base import response_of, shown
from ozwell_harness.model import Deviation, Exchange, Request, Response, Unjudgeable
from ozwell_harness.profile import Profile

_SEARCHED_BYTES = 65_536

_STACK_TRACE = re.compile(
    r"Traceback \(most recent call last\)"
    r'|File "(?:[^"\n]+\.py|<[^">\n]+>)", line \d+'
    r"|\bat [\w$.<>]+\((?:[\w$]+\.(?:java|kt|scala|groovy):\d+|Native Method|Unknown Source)\)"
    r"|\bat (?:[\w$.<>\[\] ]+ \()?(?:file://|node:|/|[A-Za-z]:\\)[^\s()]+:\d+:\d+"
    r"|\bat [\w.`<>]+\([^()\n]*\) in [^\n]+:line \d+"
    r"|goroutine \d+ \[[a-z ]+\]:"
    r"|thread '[^'\n]+' panicked at"
    r"|\.rb:\d+:in [`']"
    r"|Stack trace:\s*#0 "
)

_SOURCES = "py|pyc|js|mjs|cjs|ts|tsx|go|rs|java|kt|rb|php|cs|cpp|cc|scala|exs?|so|dll"
_SYSTEM = "usr|home|opt|var|srv|Users|site-packages|node_modules"
_FILE_PATH = re.compile(
    # Not within a word, a URL or a media type.
    rf"(?<![\w.:/@-])(?:/[\w.@+-]+)+/[\w.@+-]+\.(?:{_SOURCES})\b"
    rf"|(?<![\w.:/@-])/(?:{_SYSTEM})(?:/[\w.@+-]+){{2,}}"
    r"|(?<![\w.:/@-])/(?:etc|tmp)/[\w.@+-]+"
    r"|\b[A-Za-z]:\\(?:[\w .@+-]+\\)+[\w.@+-]+"
)

_SQL = re.compile(
    r"\bSELECT\s[^;\n]{1,300}?\sFROM\s+[\w\"`\[.]"
    r"|\bINSERT\s+INTO\s+[\w\"`\[.]+"
    r"|\bUPDATE\s+[\w\"`\[\].]+\s+SET\b"
    r"|\bDELETE\s+FROM\s+[\w\"`\[.]"
    r"|SQLSTATE\s*[\[:]"
    r"|\bORA-\d{5}\b"
    r"|\b(?:sqlite3|psycopg2?|asyncpg|pymysql|sqlalchemy|mysql\.connector)\.\w"
    r"|\bPG::\w+"
    r"|You have an error in your SQL syntax"
    r'|near "[^"\n]*": syntax error'
    r'|(?:relation|column) "[^"\n]+" (?:of relation "[^"\n]+" )?does not exist'
    r"|no such (?:table|column): "
)

#: Keys of well-known services, whole: what is masked with stars or dots gives nothing away.
_OTHER_KEY = re.compile(
    r"\bsk-(?:proj-|ant-|or-v1-)?[A-Za-z0-9_]{20,}"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\b(?:hf|gsk|ghp)_[A-Za-z0-9]{30,}"
    r"|\bAIza[\w-]{35}"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+"
)

_PRIVATE = r"(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}"
_INTERNAL_ADDRESS = re.compile(
    # With a port or a scheme: four numbers alone may be a version.
    rf"(?<![\w.]){_PRIVATE}:\d{{2,5}}\b"
    rf"|(?<=://){_PRIVATE}\b"
    r"|\b[\w-]+(?:\.[\w-]+)*\.svc\.cluster\.local\b"
)

_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+")


def no_stack_trace(exchange: Exchange, profile: Profile) -> Deviation | None:  # noqa: ARG001 - one signature for all
    """No error answer holds a stack trace."""
    return _free_of(exchange, _STACK_TRACE, "a stack trace")


def no_file_path(exchange: Exchange, profile: Profile) -> Deviation | None:  # noqa: ARG001
    """No error answer holds the path of a file on the server."""
    return _free_of(exchange, _FILE_PATH, "the path of a file of the server")


def no_sql(exchange: Exchange, profile: Profile) -> Deviation | None:  # noqa: ARG001
    """No error answer holds a statement or an error of a database."""
    return _free_of(exchange, _SQL, "SQL or a database's own error")


def no_other_key(exchange: Exchange, profile: Profile) -> Deviation | None:  # noqa: ARG001
    """No error answer holds a key of another service, such as that of the provider behind."""
    return _free_of(exchange, _OTHER_KEY, "a key of another service")


def no_internal_address(exchange: Exchange, profile: Profile) -> Deviation | None:  # noqa: ARG001
    """No error answer holds an address within the server's own network."""
    return _free_of(exchange, _INTERNAL_ADDRESS, "an address of an inner network")


def _free_of(exchange: Exchange, pattern: re.Pattern[str], what: str) -> Deviation | None:
    response = response_of(exchange)
    if response.status < 400:
        raise Unjudgeable("it is no error answer")
    sent = _sent(exchange.request)
    for text in _texts(response):
        for match in pattern.finditer(_URL.sub(" ", text) if pattern is _FILE_PATH else text):
            # A server may quote what it was sent.
            if match.group() not in sent:
                return Deviation(
                    f"an error shows {what}", f"no trace of {what}", f"{exchange.status}: {_around(match)}"
                )
    return None


def _around(match: re.Match[str]) -> str:
    start = max(0, match.start() - 40)
    return shown(match.string[start : match.end() + 80])


def _sent(request: Request) -> str:
    body = request.body[:_SEARCHED_BYTES].decode("utf-8", "replace")
    return "\n".join((request.url, request.path, unquote(request.path), body))


def _texts(response: Response) -> Iterator[str]:
    """Yield the text of an answer as a person reads it: strings of JSON with their escapes undone, else all of it."""
    try:
        yield from _strings(response.document)
    except (ValueError, RecursionError):
        yield response.body[:_SEARCHED_BYTES].decode("utf-8", "replace")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
