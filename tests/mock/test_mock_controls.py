"""Each legal variation is seen on the wire: one that changed nothing would prove nothing."""

from __future__ import annotations

import json
import random
import re
import socket
import time
from typing import Any

import pytest

from ozwell_harness.mock import MockHandle, MockSettings, ids, running_mock
from ozwell_harness.mock.faults import Hook, Kind, catalogue
from ozwell_harness.mock.keys import Budget
from ozwell_harness.mock.settings import Bounds

#: Seen only by a client that leaves: `test_mock_faults.py` does.
ELSEWHERE = {"legal.generation-goes-on"}
#: What acts on webhooks is seen by who receives them: `test_webhook_faults.py` does.
HERE = {name for name, fault in catalogue().items() if fault.kind is Kind.LEGAL and fault.hook is not Hook.WEBHOOK}
CONTROLS = sorted(HERE - ELSEWHERE)

MAIN, OTHER, LIMITED, WRONG = "main", "other", "limited", "ozw_mock_main_0000000000000000"
BOUNDARY = "bound"
SMALL = 64 * 1024
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
FILE_ID = re.compile(rb"file-[0-9a-f]{28}")
CHAT_ID = re.compile(rb"chatcmpl-[0-9a-f]{28}")
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class Wire:
    """Sends requests one after the other, each on a connection of its own, and keeps every byte that comes back."""

    def __init__(self, mock: MockHandle) -> None:
        self.port = mock.port
        self.secrets = mock.settings.secrets
        self.base = "/v1"
        self.seen: list[bytes] = []

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = MAIN, **heads: str) -> bytes:
        """One request, and a second one behind it: was the connection kept?"""
        headers = {name.replace("_", "-"): value for name, value in heads.items()}
        if key is not None:
            headers["authorization"] = f"Bearer {getattr(self.secrets, key, key)}"
        if body is not None:
            body = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
            headers = {"content-type": "application/json", "content-length": str(len(body)), **headers}
        lines = [
            f"{method} {self.base}{path} HTTP/1.1",
            "host: mock",
            *(f"{n}: {v}" for n, v in headers.items()),
            "",
            "",
        ]
        behind = b"GET /health HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as raw:
            raw.sendall("\r\n".join(lines).encode() + (body or b"") + behind)
            self.seen.append(_whole(raw))
        return self.seen[-1]

    def chat(self, content: Any, path: str = "/chat/completions", **fields: Any) -> bytes:
        heads = {name: fields.pop(name) for name in ("origin", "accept_encoding") if name in fields}
        messages = fields.pop("messages", [{"role": "user", "content": content}])
        return self.ask("POST", path, {"model": "gpt-4", "messages": messages, **fields}, **heads)

    def form(self, path: str, filename: str, content: bytes, **fields: str) -> bytes:
        text = ""
        for name, value in fields.items():
            text += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        text += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n'
        body = text.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        return self.ask("POST", path, body, content_type=f"multipart/form-data; boundary={BOUNDARY}")

    def upload(self, filename: str, content: bytes) -> str:
        answer = self.form("/files", filename, content, purpose="assistants")
        found = FILE_ID.search(answer)
        return found[0].decode() if found else "file-0"


def _whole(raw: socket.socket) -> bytes:
    received = b""
    try:
        while piece := raw.recv(65536):
            received += piece
    except ConnectionResetError:
        received += b"<reset>"
    return received


def ask_everything(wire: Wire) -> None:
    """Ask for all that some variation may change."""
    _ask_models_and_chat(wire)
    _ask_streams_and_tools(wire)
    _ask_files_and_responses(wire)
    _ask_what_is_refused(wire)
    wire.base = "/api/v1"
    _ask_chats_and_models_of_webui(wire)
    _ask_documents_of_webui(wire)
    wire.base = "/api/v9"
    wire.ask("GET", "/chat/history")


def _ask_models_and_chat(wire: Wire) -> None:
    for path in ("/models", "/models", "/models/ozwell%2Ftest-model%3A1.0", "/models/none"):
        wire.ask("GET", path)
    wire.chat("Repeat exactly: caf\u00e9 / 🎉", accept_encoding="gzip", origin="http://page.invalid")
    wire.chat("Tell me a long story about a lighthouse.", n=2, max_tokens=8)
    wire.chat("Count from 1 to 12, separated by commas.", stop="5")
    for url in (f"data:image/png;base64,{PNG}", "https://host.invalid/a.png"):
        wire.chat([{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}])
    body = {"model": "text-embedding-ada-002", "input": ["a", "b"]}
    wire.ask("POST", "/embeddings", body)
    wire.ask("POST", "/embeddings", {**body, "encoding_format": "base64"})


def _ask_streams_and_tools(wire: Wire) -> None:
    usage = {"include_usage": True}
    wire.chat("Repeat exactly: caf\u00e9 \u6f22 🎉 and so on", stream=True, n=2, stream_options=usage)
    wire.chat("Count from 1 to 12, separated by commas.", stream=True, stop="5", accept_encoding="gzip")
    asked = "What is the weather in Paris and London?"
    for fields in ({}, {"tool_choice": "none"}, {"tool_choice": "required", "stream": True}):
        wire.chat(asked, tools=[WEATHER], **fields)
    wire.chat(asked, tools=[WEATHER], tool_choice={"type": "function", "function": {"name": "get_weather"}})


def _ask_files_and_responses(wire: Wire) -> None:
    name = wire.upload("Zürich 日本.txt", b"The lighthouse of Zebulon was painted turquoise by its keeper.\r\n" * 9)
    wire.upload('a"b.txt', b"b")
    wire.upload("../../x.txt", b"x")
    for path in ("", "?limit=2", "?after=file-none", f"/{name}", f"/{name}/content", "/..%2F..%2Fetc%2Fpasswd/content"):
        wire.ask("GET", f"/files{path}")
    wire.chat("Hello", path="/responses")
    wire.chat("Hello", path="/responses", conversation_id="c")
    wire.chat("What colour has the lighthouse of Zebulon?", path="/responses", include_sources=True)
    wire.chat("Hello", path="/responses", stream=True)
    wire.ask("DELETE", f"/files/{name}")
    wire.ask("GET", f"/files/{name}")


def _ask_what_is_refused(wire: Wire) -> None:
    wire.chat("", messages=[])
    wire.chat("Hello", temperature=3)
    wire.ask("POST", "/chat/completions", b"{")
    wire.ask("GET", "/models", key=WRONG)
    wire.ask("GET", "/models", key=None)
    wire.ask("GET", "/models", Authorization="Bearer ozw_none")
    wire.ask("OPTIONS", "/chat/completions", key=None, origin="http://page.invalid")
    wire.ask("TRACE", "/models")
    wire.ask("PUT", "/chat/completions")
    wire.ask("POST", "/chat/completions", b" " * (SMALL + 1))
    for _ in range(3):
        wire.ask("GET", "/models", key=LIMITED)


def _ask_chats_and_models_of_webui(wire: Wire) -> None:
    found = CHAT_ID.search(wire.chat("Repeat exactly: café"))
    history = f"/chat/history?chat_id={found[0].decode() if found else 'none'}"
    for key in (MAIN, OTHER):
        wire.ask("GET", history, key=key)
    wire.ask("GET", "/chat/history")
    wire.ask("PUT", "/models/gpt-3.5-turbo/config", {"temperature": 1, "max_tokens": 9})
    wire.ask(
        "POST",
        "/models/gpt-3.5-turbo/deploy",
        {"instance_type": "cpu-small", "replicas": 1, "auto_scaling": False},
    )


def _ask_documents_of_webui(wire: Wire) -> None:
    wire.form("/rag/documents", "light.txt", b"The lighthouse of Zebulon is turquoise.\nIts keeper is tall.\n" * 9)
    for place in ("pier", "cliff", "moor", "fen"):
        wire.form("/rag/documents", f"{place}.txt", f"The {place} has a lighthouse.".encode(), collection_id="coast")
    wire.ask("POST", "/rag/documents", {"file": "no form"})
    asked = {"query": "Which lighthouse is turquoise?"}
    for fields in ({}, {"top_k": 2}, {"collection_id": "coast"}, {"collection_id": "nowhere"}):
        wire.ask("POST", "/rag/query", {**asked, **fields})
    wire.ask("POST", "/rag/query", {"query": "lighthouse' OR '1'='1"})


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.25)


def answers(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[bytes]:
    """Everything that a mock with these variations answers, to the last byte the same each time."""
    monkeypatch.setattr(ids, "_ids", random.Random(1))
    settings = MockSettings(faults=names, limited=Budget(2, 1000, 30.0), bounds=Bounds(json_body=SMALL))
    with running_mock(settings) as mock:
        wire = Wire(mock)
        ask_everything(wire)
    return wire.seen


@pytest.fixture
def usual(stopped_clock: None, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    return answers(monkeypatch)


def test_without_a_variation_nothing_varies(usual: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(monkeypatch) == usual


@pytest.mark.parametrize("name", CONTROLS)
def test_a_variation_is_seen(name: str, usual: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(monkeypatch, name) != usual
