"""A load on targets that hang, flood or break: it ends in time, tells failures by kind, and is never green."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from hostile_cases import BOMB, hang, hang_in_stream, stream_for_ever
from hostile_proxy import through
from hostile_running import KEY, nursery, plain_environment
from hostile_wire import Asked, Handler, Line, always, answer, close, head, serve, then_close

from ozwell_harness.load.arrivals import Closed
from ozwell_harness.load.plan import LoadPlan, LoadTimeouts
from ozwell_harness.load.reply import Reply
from ozwell_harness.load.result import LoadResult
from ozwell_harness.load.runner import run_load
from ozwell_harness.load.sweep import sweep
from ozwell_harness.mock.server import MockHandle
from ozwell_harness.target import KeyName, Secret

#: Seconds; a load that takes longer hangs.
LONGEST = 90.0


def dribble(line: Line, _asked: Asked) -> None:
    line.say(head("200 OK", "text/event-stream"))
    line.dribble(b"data: " + b" " * 10_000, 0.05)


#: How a target answers, and the only kind of failure that it amounts to.
KINDS: dict[str, tuple[Handler, str]] = {
    "hangs": (hang, "first_token_timeout"),
    "hangs in the stream": (hang_in_stream, "first_token_timeout"),
    "dribbles": (dribble, "first_token_timeout"),
    "streams for ever": (stream_for_ever, "too_large"),
    "closes": (close, "reset"),
    "speaks another protocol": (then_close(always(b"HTTP/banana 200 OK\r\n\r\n")), "protocol"),
    "sends a gzip bomb unasked": (always(BOMB), "invalid_answer"),
}


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[LoadResult]]]:
    folder = tmp_path_factory.mktemp("loads")

    def load(name: str) -> LoadResult:
        with serve(KINDS[name][0]) as served:
            timeouts = LoadTimeouts(first_token_s=0.5, stall_s=0.5, total_s=5.0)
            plan = LoadPlan(
                served.url,
                "m",
                scenario="chat_stream",
                arrivals=Closed(2),
                duration_s=1.0,
                warmup_s=0.0,
                drain_s=10.0,
                timeouts=timeouts,
                max_body_bytes=4 * 1024 * 1024,
            )
            return run_load(plan, folder / name, keys={KeyName.MAIN: Secret(KEY)})

    with ThreadPoolExecutor(3) as pool:
        yield {name: pool.submit(load, name) for name in KINDS}


@pytest.mark.parametrize("name", KINDS)
def test_a_load_ends_and_tells_what_failed(loads: dict[str, Future[LoadResult]], name: str) -> None:
    document = loads[name].result(timeout=LONGEST).to_document()
    assert document["requests"]["completed"] == 0
    assert document["requests"]["failed"] > 0
    assert {entry["kind"] for entry in document["errors"]} == {KINDS[name][1]}
    assert document["error_rate"] == 1


def test_what_answers_one_by_one_and_nobody_under_load_is_not_green(mock: MockHandle, tmp_path: Path) -> None:
    inner = through(mock, lambda _asked, passing: passing)

    def handler(line: Line, asked: Asked) -> None:
        # Each prompt of a load holds a mark of its own.
        (close if b"ozn" in asked.body else inner)(line, asked)

    options = ["--requirement", "chat.completes", "--users", "2", "--duration", "1s", "--warmup", "0s"]
    with serve(handler) as served, nursery() as nest:
        argv = ["run", served.url, "--no-property", "--scenario", "chat", "--out", "report", *options]
        done = nest.run(argv, tmp_path, plain_environment() | mock.env)
    told = (tmp_path / "stdout").read_text("utf-8")
    assert done["status"] == 3, told + (tmp_path / "stderr").read_text("utf-8")
    assert "not one request was answered as it should be" in told
    assert "Errors: reset" in told
    results = json.loads((tmp_path / "report" / "results.json").read_text("utf-8"))
    assert results["verdict"] == "inconclusive"


@pytest.mark.parametrize(
    ("body", "length", "arrivals"),
    [
        (b"0123456789", 4, [(1, 3), (2, 4)]),
        (b"0123456789", 3, [(1, 3)]),
        (b"0123456789", 2, [(1, 2)]),
        (b"0123456789", 20, [(1, 3), (2, 7), (3, 10)]),
    ],
)
def test_of_an_endless_answer_the_beginning_is_kept(body: bytes, length: int, arrivals: list[tuple[int, int]]) -> None:
    reply = Reply(due=0, body=bytearray(body), arrivals=[(1, 3), (2, 7), (3, 10)])
    reply.shorten(length)
    assert reply.body == body[:length]
    assert reply.arrivals == arrivals


@pytest.mark.parametrize(
    "handler",
    [
        always(BOMB),
        always(answer(b"[" * 100_000)),
        always(answer({"data": [{"id": "x"}] * 3}, status="500 No")),
        always(answer(b"<html>", kind="text/html")),
        always(answer([])),
        close,
    ],
    ids=["a gzip bomb", "deep JSON", "a 500", "HTML", "a list", "no answer"],
)
def test_tidying_up_after_a_load_survives_what_the_target_says(handler: Handler) -> None:
    with serve(handler) as served:
        told = sweep(LoadPlan(served.url, "m"), "run", Secret(KEY))
    assert told is not None
    assert "may be left" in told
