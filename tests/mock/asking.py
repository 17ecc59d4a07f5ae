"""Short ways to ask the mock and to read what it streams."""

from __future__ import annotations

import json
from typing import Any

import httpx

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather for a location",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
            "required": ["location"],
        },
    },
}


def user(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


def ask(client: httpx.Client, content: Any = "Tell me about herons", **fields: Any) -> httpx.Response:
    headers = fields.pop("headers", None)
    body = {"model": "gpt-4", "messages": fields.pop("messages", user(content)), **fields}
    return client.post("/chat/completions", json=body, headers=headers)


def text_of(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return response.json()["choices"][0]["message"]["content"]


def chunks_of(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def streamed_text(response: httpx.Response, index: int = 0) -> str:
    deltas = [c["delta"] for chunk in chunks_of(response) for c in chunk["choices"] if c["index"] == index]
    return "".join(delta.get("content") or "" for delta in deltas)


def error_of(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    return response.json()["error"]


def upload(client: httpx.Client, content: bytes = b"hello", name: str = "a.txt", purpose: str = "assistants") -> str:
    response = client.post("/files", files={"file": (name, content)}, data={"purpose": purpose})
    assert response.status_code == 200, response.text
    return response.json()["id"]
