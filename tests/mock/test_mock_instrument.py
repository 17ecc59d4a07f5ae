"""The mock as a known instrument: delays, slots of exact capacity, truth log, metrics."""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from asking import ask, chunks_of, user

from ozwell_harness.mock import Latency, MockSettings, running_mock
from ozwell_harness.mock.arrival import StampedReader, kernel_stamps
from ozwell_harness.mock.call import Work
from ozwell_harness.mock.delays import Exponential, Fixed, Normal, Recorded, parse_delay
from ozwell_harness.mock.engine import Engine
from ozwell_harness.mock.errors import MockSettingsError
from ozwell_harness.mock.metrics import Metrics
from ozwell_harness.mock.server import new_loop
from ozwell_harness.mock.slots import Slots
from ozwell_harness.mock.trace import Trace
from ozwell_harness.mock.truth import digest_of


def gauge(page: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", page, re.MULTILINE)
    assert found, name
    return float(found[1])


def metrics_of(client: httpx.Client) -> str:
    return httpx.get(str(client.base_url).removesuffix("/v1/") + "/metrics").text


def test_exponential_has_its_mean_and_its_tail() -> None:
    delay = parse_delay("exponential(200ms)")
    assert delay == Exponential(0.2)
    rng = random.Random(1)
    drawn = [delay.sample(rng) for _ in range(20_000)]
    assert sum(drawn) / len(drawn) == pytest.approx(delay.mean_s, rel=0.03)
    # P(X > mean) = 1/e, P(X > 3 means) = 1/e^3.
    assert sum(value > 0.2 for value in drawn) / len(drawn) == pytest.approx(0.3679, abs=0.015)
    assert sum(value > 0.6 for value in drawn) / len(drawn) == pytest.approx(0.0498, abs=0.008)
    assert min(drawn) >= 0


def test_recorded_delays_are_drawn_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "delays (old).txt"
    path.write_text("10ms\n\n# a comment\n0.03  # seconds\n20ms\n")
    delay = parse_delay(f"recorded({path})")
    assert delay == Recorded((0.01, 0.03, 0.02))
    assert delay.mean_s == pytest.approx(0.02)
    assert {delay.sample(random.Random(seed)) for seed in range(50)} == {0.01, 0.02, 0.03}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("10ms\nfast\n", "Line 2 of .* is no duration: 'fast'"),
        ("# nothing\n", "holds no durations"),
        (b"\xff", "UTF-8"),
    ],
)
def test_recorded_delays_that_are_none(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = tmp_path / "delays.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(MockSettingsError, match=message):
        parse_delay(f"recorded({path})")


def test_recorded_delays_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(MockSettingsError, match="cannot be read: No such file"):
        parse_delay(f"recorded({tmp_path / 'missing'})")


def test_a_spread_around_zero_is_not_instant() -> None:
    assert Latency().is_instant
    assert not Latency(itl=Normal(0.0, 0.02)).is_instant


def test_late_hand_overs_cost_no_capacity() -> None:
    """Places are free from when a generation was due to end: two places of a second begin two answers a second."""

    async def begin_all() -> list[float]:
        slots = Slots(2)
        first = [await slots.take(), await slots.take()]
        waiting = [asyncio.ensure_future(slots.take()) for _ in range(4)]
        await asyncio.sleep(0)
        begun = [at + 1 for at in first]
        for index, turn in enumerate(waiting):
            # The loop is late, by however much; the next still begins when its forerunner was due to end.
            slots.give(begun[index])
            begun.append(await turn + 1)
        return [end - first[index % 2] for index, end in enumerate(begun)]

    assert asyncio.run(begin_all()) == pytest.approx([1, 1, 2, 2, 3, 3], abs=1e-6)


def test_slots_go_to_who_came_first_and_not_to_who_left() -> None:
    async def scene() -> None:
        slots = Slots(1)
        await slots.take()
        turns = [asyncio.ensure_future(slots.take()) for _ in range(3)]
        await asyncio.sleep(0)
        turns[0].cancel()
        later = time.monotonic() + 100
        slots.give(later)
        assert await turns[1] == later
        assert not turns[2].done()
        # The third is given the place and leaves in the same moment: the place must not be lost.
        slots.give(later + 1)
        turns[2].cancel()
        with pytest.raises(asyncio.CancelledError):
            await turns[2]
        assert await slots.take() == later + 1

    asyncio.run(scene())


def test_a_queue_of_generations_keeps_the_exact_pace() -> None:
    async def scene() -> list[int]:
        engine = Engine(Latency(ttft=Fixed(0.05), itl=Fixed(0.01), prefill_s=0.001, slots=2), Metrics())
        traces = [Trace(0) for _ in range(6)]

        async def generate(trace: Trace) -> None:
            async with engine.generating(Work(prompt_tokens=10, steps=3), trace) as timeline:
                assert timeline is not None
                await timeline.steps(3)

        tasks = [asyncio.create_task(generate(trace)) for trace in traces]
        await asyncio.sleep(0)
        assert (engine.metrics.generating, engine.metrics.queued) == (2, 4)
        await asyncio.gather(*tasks)
        assert (engine.metrics.generating, engine.metrics.queued) == (0, 0)
        assert engine.metrics.generations_started == 6
        return [trace.began for trace in traces]

    began = asyncio.run(scene())
    # 50 ms to the first token, 10 for its prompt, 20 for two more: 80 ms each, to the microsecond.
    assert [later - earlier for earlier, later in zip(began, began[2:], strict=False)] == pytest.approx(
        [80_000_000] * 4, abs=1000
    )


def test_an_abandoned_generation_frees_its_slot_at_once() -> None:
    async def scene() -> None:
        engine = Engine(Latency(ttft=Fixed(60.0), slots=1), Metrics())

        async def generate() -> None:
            async with engine.generating(Work(1, 1), Trace(0)) as timeline:
                assert timeline is not None
                await timeline.step()

        task = asyncio.create_task(generate())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert engine.metrics.generations_abandoned == 1
        assert engine.slots is not None
        assert await engine.slots.take() <= time.monotonic()

    asyncio.run(scene())


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_truth_log(tmp_path: Path, connect: Callable[..., httpx.Client]) -> None:
    path = tmp_path / "truth.jsonl"
    latency = Latency(ttft=Fixed(0.03), itl=Fixed(0.01))
    before = time.monotonic_ns()
    with running_mock(MockSettings(latency=latency, truth_log=path)) as mock, connect(mock) as client:
        body = json.dumps({"model": "gpt-4", "messages": user("Tell me about herons"), "max_tokens": 4, "stream": True})
        headers = {"content-type": "application/json", "x-request-id": "mine"}
        streamed = client.post("/chat/completions", content=body, headers=headers)
        plain = ask(client, max_tokens=1)
        httpx.get(mock.origin + "/health")
    after = time.monotonic_ns()

    start, stream, whole = lines_of(path)
    assert start["format"] == "urn:ozwell-harness:truth:1"
    assert before <= start["at"] <= stream["received"] <= whole["received"] <= after
    assert stream["request_id"] == streamed.headers["x-request-id"]
    assert (stream["client_id"], stream["digest"]) == ("mine", digest_of(body.encode()))
    assert (stream["operation"], stream["status"], stream["complete"]) == ("createChatCompletion", 200, True)
    # One event a chunk and one for [DONE]; four of them bear tokens: neither role, end nor [DONE].
    assert len(stream["events"]) == len(chunks_of(streamed)) + 1
    assert stream["steps"] == [1, 2, 3, 4]
    assert stream["events"] == sorted(stream["events"])
    assert stream["events"][-1] <= stream["ended"]
    tokens = [stream["events"][step] - stream["began"] for step in stream["steps"]]
    assert all(at >= due - 1000 for at, due in zip(tokens, range(30_000_000, 70_000_000, 10_000_000), strict=True))

    assert whole["request_id"] == plain.headers["x-request-id"]
    assert (whole["events"], whole["steps"], whole["client_id"]) == ([], [], "")
    assert whole["ended"] >= 30_000_000


def test_truth_log_of_a_client_that_left(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    settings = MockSettings(latency=Latency(itl=Fixed(0.005)), truth_log=path)
    with running_mock(settings) as mock:
        headers = {"authorization": f"Bearer {mock.settings.secrets.main}"}
        body = {"model": "gpt-4", "messages": user("Tell me a long story"), "stream": True}
        with httpx.stream("POST", mock.base_url + "/chat/completions", headers=headers, json=body) as response:
            next(response.iter_raw())
        deadline = time.monotonic() + 5
        while "mock_generations_abandoned_total 1" not in httpx.get(mock.origin + "/metrics").text:
            assert time.monotonic() < deadline
    (entry,) = lines_of(path)[1:]
    assert not entry["complete"]
    assert 0 < len(entry["events"]) < 500


def test_truth_log_reaches_the_file_while_the_mock_runs(tmp_path: Path, connect: Callable[..., httpx.Client]) -> None:
    path = tmp_path / "truth.jsonl"
    with running_mock(MockSettings(truth_log=path)) as mock, connect(mock) as client:
        client.get("/models")
        deadline = time.monotonic() + 10
        while path.read_bytes().count(b"\n") < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_truth_log_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"), running_mock(MockSettings(truth_log=tmp_path / "missing" / "log")):
        pass


def test_metrics_tell_of_slots_and_latencies(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh(latency=Latency(ttft=Fixed(0.02), slots=2))
    ask(client, max_tokens=2, stream=True)
    ask(client, max_tokens=1)
    page = metrics_of(client)
    assert gauge(page, "mock_queue_length") == 0
    assert gauge(page, "mock_slots_in_use") == 0
    assert gauge(page, "mock_generations_started_total") == 2
    assert gauge(page, "mock_generations_abandoned_total") == 0
    assert gauge(page, "mock_answer_seconds_count") == 2
    assert gauge(page, "mock_answer_seconds_sum") >= 0.04
    assert gauge(page, "mock_queue_wait_seconds_count") == 2
    assert gauge(page, "mock_ttft_seconds_count") == 1
    assert 0.02 <= gauge(page, "mock_ttft_seconds_sum") <= gauge(page, "mock_answer_seconds_sum")


def wait_for(client: httpx.Client, name: str, value: float) -> None:
    deadline = time.monotonic() + 5
    while gauge(metrics_of(client), name) != value:
        assert time.monotonic() < deadline, name


def test_metrics_while_requests_wait(fresh: Callable[..., httpx.Client]) -> None:
    client = fresh(latency=Latency(ttft=Fixed(60.0), slots=1))
    body = json.dumps({"model": "gpt-4", "messages": user("Hi"), "stream": True}).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: {client.headers['authorization']}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    address = ("127.0.0.1", client.base_url.port)
    with socket.create_connection(address) as one, socket.create_connection(address) as two:
        one.sendall(head.encode() + body)
        wait_for(client, "mock_slots_in_use", 1)
        two.sendall(head.encode() + body)
        wait_for(client, "mock_queue_length", 1)
        one.close()
        wait_for(client, "mock_queue_length", 0)
        wait_for(client, "mock_slots_in_use", 1)
        assert gauge(metrics_of(client), "mock_generations_abandoned_total") == 1
    wait_for(client, "mock_slots_in_use", 0)
    assert gauge(metrics_of(client), "mock_generations_started_total") == 2


class Taking(asyncio.Protocol):
    """Hands its connection to a stamped reader, and keeps what came when."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, int]] = []
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.reader: StampedReader | None = None

    def connection_made(self, transport: Any) -> None:
        asyncio.get_running_loop().call_soon(self.take_over, transport)

    def take_over(self, transport: Any) -> None:
        self.reader = StampedReader(transport, lambda data, at: self.taken.append((data, at)))

    def connection_lost(self, error: Exception | None) -> None:
        assert self.reader is not None
        self.reader.close()
        self.ended.set_result(None)


@pytest.mark.skipif(not kernel_stamps(), reason="this kernel stamps nothing")
@pytest.mark.parametrize("make_loop", [new_loop, asyncio.new_event_loop])
def test_arrivals_are_the_kernels_and_not_the_loops(make_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        taking = Taking()
        server = await loop.create_server(lambda: taking, "127.0.0.1", 0)
        client = await asyncio.to_thread(socket.create_connection, server.sockets[0].getsockname())
        giving_up = time.monotonic() + 5
        lag = 0
        while lag < 20_000_000:  # the kernel begins to stamp a moment after it was asked to
            assert time.monotonic() < giving_up
            before = len(taking.taken)
            client.sendall(b"x")
            busy_until = time.monotonic_ns() + 25_000_000
            while time.monotonic_ns() < busy_until:
                pass
            while len(taking.taken) == before:  # noqa: ASYNC110 - what is tested is how late the loop may be
                await asyncio.sleep(0.001)
            lag = busy_until - taking.taken[-1][1]
        assert {data for data, _ in taking.taken} == {b"x"}
        client.close()
        await taking.ended
        server.close()

    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(scene())
