from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from asking import WEATHER, ask, chunks_of, error_of, streamed_text, text_of, user

from ozwell_harness.mock import Latency, MockHandle
from ozwell_harness.mock.completion import Choice, Completion, Finish, PlannedCall
from ozwell_harness.mock.delays import Fixed
from ozwell_harness.mock.stream_items import PACE
from ozwell_harness.mock.streaming import Delta, chunks, items_of, quick_items


def test_stream_equals_plain(client: httpx.Client) -> None:
    for fields in ({}, {"n": 2}, {"max_tokens": 5}, {"response_format": {"type": "json_object"}}):
        plain = ask(client, **fields).json()["choices"]
        response = ask(client, stream=True, **fields)
        for choice in plain:
            assert streamed_text(response, choice["index"]) == choice["message"]["content"]
        finishes = {
            c["index"]: c["finish_reason"] for k in chunks_of(response) for c in k["choices"] if c["finish_reason"]
        }
        assert finishes == {choice["index"]: choice["finish_reason"] for choice in plain}


def test_chunk_order(client: httpx.Client) -> None:
    chunks = chunks_of(ask(client, n=2, max_tokens=3, stream=True))
    assert {(c["id"], c["created"], c["model"], c["object"]) for c in chunks} == {
        (chunks[0]["id"], chunks[0]["created"], "gpt-4", "chat.completion.chunk")
    }
    shape = [(c["choices"][0]["index"], *c["choices"][0]["delta"], c["choices"][0]["finish_reason"]) for c in chunks]
    roles = [(0, "role", "content", None), (1, "role", "content", None)]
    assert shape == [*roles, *[(0, "content", None), (1, "content", None)] * 3, (0, "length"), (1, "length")]
    assert all("usage" not in chunk for chunk in chunks)


def test_usage_comes_when_asked_for(client: httpx.Client) -> None:
    chunks = chunks_of(ask(client, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == ask(client).json()["usage"]
    assert all(chunk["usage"] is None for chunk in chunks[:-1])


def test_head_of_a_stream(client: httpx.Client) -> None:
    response = ask(client, stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-cache"


def test_bad_request_for_a_stream_is_plain_json(client: httpx.Client) -> None:
    assert error_of(ask(client, stream=True, temperature=3), 400)["param"] == "temperature"


def test_events_are_flushed_one_by_one(mock: MockHandle) -> None:
    body = json.dumps({"model": "gpt-4", "messages": user("Tell me a long story"), "stream": True}).encode()
    with socket.create_connection(("127.0.0.1", mock.port), timeout=5) as raw:
        raw.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n"
            b"authorization: Bearer %s\r\ncontent-length: %d\r\n\r\n"
            % (mock.settings.secrets.main.encode(), len(body))
            + body
        )
        text = b"".join(iter(lambda: raw.recv(65536), b""))
    head, _, rest = text.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    pieces = rest.split(b"\r\n")[1::2]
    assert sum(piece.startswith(b"data: ") for piece in pieces) == text.count(b"data: ")
    assert all(piece.count(b"data: ") <= 1 for piece in pieces)


def _frame(delta: Delta) -> dict[str, Any]:
    return {
        "id": "x",
        "choices": [{"index": delta.choice, "delta": delta.delta, "finish_reason": delta.finish}],
        "u": None,
    }


COMPLETIONS = [
    Completion((Choice(0, ("a", ' "q"\n', "\u6f22", "\U0001f600"), Finish.STOP),), 3),
    Completion((Choice(0, ("a", "b"), Finish.STOP), Choice(1, ("c",), Finish.LENGTH)), 3),
    Completion((Choice(0, ("a",), Finish.STOP), Choice(1, ("c", "d", "e"), Finish.STOP)), 3),
    Completion((Choice(0, (), Finish.STOP),), 3),
    Completion(
        (Choice(0, (), Finish.TOOL_CALLS, (PlannedCall("i", "f", ("{", "}")), PlannedCall("j", "g", ("{}",)))),), 3
    ),
]


@pytest.mark.parametrize("completion", COMPLETIONS)
def test_the_quick_way_gives_the_same_items(completion: Completion) -> None:
    quick = list(quick_items(completion, _frame, [{"last": 1}]))
    assert quick == list(items_of(chunks(completion, _frame, [{"last": 1}])))
    assert quick.count(PACE) == completion.steps


def test_client_that_leaves_ends_the_generation(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh(latency=Latency(itl=Fixed(0.005)))
    body = {"model": "gpt-4", "messages": user("Tell me a long story"), "stream": True}
    url = f"{client.base_url}chat/completions"
    with httpx.stream("POST", url, headers=dict(client.headers), json=body) as response:
        next(response.iter_raw())
    left = time.monotonic()
    root = str(client.base_url).removesuffix("/v1/")
    while "mock_streams_abandoned_total 1" not in httpx.get(root + "/metrics").text:
        assert time.monotonic() - left < 2
    items = int(httpx.get(root + "/metrics").text.split("mock_stream_items_total ")[-1].split()[0])
    assert items < 500


def test_pace_of_tokens(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh(latency=Latency(ttft=Fixed(0.06), itl=Fixed(0.02)))
    began = time.perf_counter()
    ask(client, max_tokens=4)
    assert time.perf_counter() - began >= 0.11
    began = time.perf_counter()
    ask(client, max_tokens=4, n=3, stream=True)
    assert time.perf_counter() - began >= 0.11


def test_slots_bound_what_runs_at_once(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh(latency=Latency(ttft=Fixed(0.05), slots=2))
    with ThreadPoolExecutor(6) as pool:
        began = time.perf_counter()
        list(pool.map(lambda _: ask(client, max_tokens=1), range(6)))
        assert time.perf_counter() - began >= 0.149


def test_text_and_tools_stream_alike(client: httpx.Client) -> None:
    plain = text_of(ask(client, "Repeat exactly: caf\u00e9 \U0001f468\u200d\U0001f469\u200d\U0001f467"))
    assert (
        streamed_text(ask(client, "Repeat exactly: caf\u00e9 \U0001f468\u200d\U0001f469\u200d\U0001f467", stream=True))
        == plain
    )
    first = chunks_of(ask(client, "Weather in Oslo?", tools=[WEATHER], stream=True))[0]
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": None}
