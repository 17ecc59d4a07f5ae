from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from asking import WEATHER, chunks_of, error_of, upload, user

from ozwell_harness.mock import MockHandle
from ozwell_harness.mock.settings import Bounds


def respond(client: httpx.Client, text: str = "Tell me about herons", **fields: Any) -> httpx.Response:
    body = {"model": "gpt-4", "messages": fields.pop("messages", user(text)), **fields}
    response = client.post("/responses", json=body)
    assert response.status_code == 200, response.text
    return response


def output(client: httpx.Client, text: str, **fields: Any) -> str:
    return respond(client, text, **fields).json()["output"]["content"]


def test_shape(client: httpx.Client) -> None:
    answer = respond(client, n=3, conversation_id="conv-shape").json()
    assert list(answer) == ["id", "object", "created", "model", "conversation_id", "output", "usage"]
    assert answer["id"].startswith("resp-")
    assert answer["conversation_id"] == "conv-shape"
    assert answer["usage"]["total_tokens"] == answer["usage"]["prompt_tokens"] + answer["usage"]["completion_tokens"]


def test_conversations_persist_and_never_mix(client: httpx.Client) -> None:
    output(client, "My code word is OTTER-9.", conversation_id="conv-one")
    assert "OTTER-9" in output(client, "What is my code word?", conversation_id="conv-one")
    assert "OTTER-9" not in output(client, "What is my code word?", conversation_id="conv-two")
    assert "OTTER-9" not in output(client, "What is my code word?")


def test_earlier_turns_count_as_prompt(client: httpx.Client) -> None:
    first = respond(client, "Hello", conversation_id="conv-count").json()["usage"]
    second = respond(client, "Hello", conversation_id="conv-count").json()["usage"]
    assert second["prompt_tokens"] > first["prompt_tokens"] + first["completion_tokens"] - 3


def test_conversation_without_an_id_can_be_continued(client: httpx.Client) -> None:
    given = respond(client, "My code word is HERON-3.").json()["conversation_id"]
    assert "HERON-3" in output(client, "What is my code word?", conversation_id=given)


def test_tenants_do_not_share_conversations(
    mock: MockHandle, client: httpx.Client, connect: Callable[..., httpx.Client]
) -> None:
    output(client, "My code word is SECRET-1.", conversation_id="conv-tenant")
    with connect(mock, "other") as other:
        assert "SECRET-1" not in output(other, "What is my code word?", conversation_id="conv-tenant")


def test_tool_result_may_answer_a_call_of_an_earlier_turn(client: httpx.Client) -> None:
    first = respond(client, "Weather in Oslo?", tools=[WEATHER], conversation_id="conv-tool").json()
    call = first["output"]["tool_calls"][0]
    result = [{"role": "tool", "tool_call_id": call["id"], "content": "minus 3"}]
    assert "minus 3" in output(client, "", messages=result, conversation_id="conv-tool", tools=[WEATHER])


def test_memory_is_bounded(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh(bounds=Bounds(conversations=20_000))
    output(client, "My code word is OLD-1.", conversation_id="old")
    for number in range(5):
        output(client, "Repeat exactly: " + "x" * 3000, conversation_id=f"conv-{number}")
    assert "OLD-1" not in output(client, "What is my code word?", conversation_id="old")


def test_sources_quote_uploaded_files(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh()
    assert respond(client, include_sources=True).json()["sources"] == []
    upload(client, b"\xff\x00 binary")
    upload(client, b"")
    text = "Nothing here. " * 300 + "The quokka lives on R\u00f6ttnest.\r\nIt smiles." + " And so on." * 50
    file_id = upload(client, text.encode(), name="quokka.txt")
    upload(client, b"Interest rates rose.")
    source = respond(client, "Where does the quokka live?", include_sources=True).json()["sources"][0]
    assert (source["file_id"], source["filename"]) == (file_id, "quokka.txt")
    assert "quokka" in source["excerpt"]
    assert source["excerpt"] in text
    assert source["page"] == 3
    assert "sources" not in respond(client, "quokka", include_sources=False).json()
    assert len(respond(client, "unrelated words", include_sources=True).json()["sources"]) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("conversation_id", 5),
        ("conversation_id", ["a"]),
        ("include_sources", "yes"),
        ("include_sources", 1),
        ("response_format", "json"),
    ],
)
def test_own_parameters_are_typed(client: httpx.Client, name: str, value: Any) -> None:
    body = {"model": "gpt-4", "messages": user("Hi"), name: value}
    assert error_of(client.post("/responses", json=body), 400)["param"] == name


def test_json_schema(client: httpx.Client) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert json.loads(output(client, "I live in Oslo", response_format=form)) == {"city": "Oslo"}


def test_stream(client: httpx.Client) -> None:
    plain = respond(client, include_sources=True).json()
    chunks = chunks_of(respond(client, include_sources=True, stream=True, conversation_id="conv-stream"))
    assert {chunk["object"] for chunk in chunks} == {"response.chunk"}
    assert {chunk["conversation_id"] for chunk in chunks} == {"conv-stream"}
    assert "".join(chunk["delta"].get("content", "") for chunk in chunks) == plain["output"]["content"]
    assert [chunk["finish_reason"] for chunk in chunks if chunk["finish_reason"]] == ["stop"]
    assert chunks[-1]["usage"] == plain["usage"]
    assert chunks[-1]["sources"] == plain["sources"]
