"""Builds calls in the target's own terms — chat, embeddings, files — for the suites."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.model import Exchange
from ozwell_harness.target import KeyName, Target
from ozwell_harness.threads import in_threads

JSON_TYPE = ("Content-Type", "application/json")


class Client:
    """What the suites send with. Every method makes one exchange and never raises for what the target does."""

    def __init__(self, recorder: Recorder, target: Target) -> None:
        self.recorder = recorder
        self.target = target

    def send(self, call: Call) -> Exchange:
        """Send a call, waiting out rate limits."""
        return self.recorder.send(call)

    def get(
        self, path: str, label: str, *, query: Mapping[str, object] | None = None, key: KeyName = KeyName.MAIN
    ) -> Exchange:
        """GET ``path``; values of ``query`` are percent-encoded."""
        return self.send(Call("GET", with_query(path, query), label, key=key))

    def delete(self, path: str, label: str, *, key: KeyName = KeyName.MAIN) -> Exchange:
        """DELETE ``path``."""
        return self.send(Call("DELETE", path, label, key=key))

    def post(self, path: str, body: Any, label: str, *, key: KeyName = KeyName.MAIN) -> Exchange:
        """POST ``body`` as JSON."""
        return self.send(json_call(path, body, label, key=key))

    def chat(self, label: str, *, key: KeyName = KeyName.MAIN, **body: Any) -> Exchange:
        """POST /chat/completions; the model and one short user message are filled in unless given.

        A value of ``OMIT`` leaves the field out.
        """
        defaults = {"model": self.target.model, "messages": [user("Say hello in one short sentence.")]}
        return self.post("/chat/completions", present(defaults | body), label, key=key)

    def respond(self, label: str, *, key: KeyName = KeyName.MAIN, **body: Any) -> Exchange:
        """POST /responses (the Ozwell dialect), filled in like ``chat``."""
        defaults = {"model": self.target.model, "messages": [user("Say hello in one short sentence.")]}
        return self.post("/responses", present(defaults | body), label, key=key)

    def embed(self, label: str, *, key: KeyName = KeyName.MAIN, **body: Any) -> Exchange:
        """POST /embeddings; the model and a short input are filled in unless given."""
        defaults = {"model": self.target.embedding_model, "input": "The quick brown fox"}
        return self.post("/embeddings", present(defaults | body), label, key=key)

    def upload(
        self,
        label: str,
        *,
        content: bytes,
        filename: str = "notes.txt",
        purpose: str = "assistants",
        key: KeyName = KeyName.MAIN,
    ) -> Exchange:
        """POST /files as multipart/form-data."""
        return self.send(upload_call(label, content=content, filename=filename, purpose=purpose, key=key))

    def together(self, calls: Sequence[Call]) -> list[Exchange]:
        """Send calls at the same time; answers come back in the order of the calls."""
        return in_threads(self.send, calls)


class _Omit:
    """Marks a field to leave out of a body."""

    def __repr__(self) -> str:
        return "OMIT"


OMIT = _Omit()


def present(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``body`` without the fields marked ``OMIT``."""
    return {name: value for name, value in body.items() if value is not OMIT}


def user(content: Any) -> dict[str, Any]:
    """Return a user message."""
    return {"role": "user", "content": content}


def with_query(path: str, query: Mapping[str, object] | None) -> str:
    """Return ``path`` with a percent-encoded query, whatever its values hold."""
    return f"{path}?{urlencode(dict(query), errors='surrogatepass')}" if query else path


def segment(text: str) -> str:
    """Percent-encode ``text`` as one path segment (slashes included), whatever it holds."""
    return quote(text, safe="", errors="surrogatepass")


def json_call(path: str, body: Any, label: str, *, key: KeyName = KeyName.MAIN, method: str = "POST") -> Call:
    """Return a call with a JSON body (non-ASCII text as UTF-8, NaN and Infinity as Python writes them)."""
    encoded = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Call(method, path, label, headers=(JSON_TYPE,), body=encoded, key=key)


def upload_call(
    label: str, *, content: bytes, filename: str = "notes.txt", purpose: str = "assistants", key: KeyName = KeyName.MAIN
) -> Call:
    """Return a well-formed multipart upload (RFC 7578)."""
    return multipart_call(label, files={"file": (filename, content)}, fields={"purpose": purpose}, key=key)


def multipart_call(
    label: str,
    *,
    files: Mapping[str, tuple[str, bytes]],
    fields: Mapping[str, str],
    key: KeyName = KeyName.MAIN,
    path: str = "/files",
) -> Call:
    """Return a multipart/form-data POST with any parts."""
    parts: dict[str, Any] = {name: (None, value) for name, value in fields.items()} | dict(files)
    request = httpx.Request("POST", "http://multipart.invalid/", files=parts)
    return Call(
        "POST", path, label, headers=(("Content-Type", request.headers["content-type"]),), body=request.read(), key=key
    )


def walk(
    client: Client, path: str, label: str, *, limit: int, query: Mapping[str, object] | None = None, most: int = 50
) -> Iterator[Exchange]:
    """Page through a list by ``after`` until an empty or short page, or ``most`` pages."""
    after: str | None = None
    for number in range(1, most + 1):
        asked = {"limit": limit, **(query or {}), **({"after": after} if after else {})}
        exchange = client.get(path, f"{label}, page {number}", query=asked)
        yield exchange
        items = page_ids(exchange)
        if len(items) < limit:
            return
        after = items[-1]


def page_ids(exchange: Exchange) -> list[str]:
    """Return the ids on a list page; empty when the answer is no such page, or an id is no text."""
    found = [item.get("id") if isinstance(item, dict) else None for item in _data(exchange) or ()]
    ids = [one for one in found if isinstance(one, str)]
    return ids if len(ids) == len(found) else []


def is_list(exchange: Exchange) -> bool:
    """Tell whether an answer is a list envelope, whatever is in it."""
    return _data(exchange) is not None


def _data(exchange: Exchange) -> list[Any] | None:
    try:
        document = exchange.response.document if exchange.response else None
    except (ValueError, RecursionError):
        return None
    data = document.get("data") if isinstance(document, dict) else None
    return data if isinstance(data, list) else None
