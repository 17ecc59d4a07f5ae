"""The clients whose cost is compared, each as a process of its own: see client_cost.py.

    python benchmarks/cost_clients.py CLIENT plain|stream URL CONCURRENCY SECONDS

Prints a JSON line: requests or token-bearing chunks taken in, and the CPU seconds of the process meanwhile. All do the
same work: a plain answer is read whole and its status looked at; of a stream every chunk is read, decoded as JSON, and
stamped with its time of arrival if it bears content. A client is imported only when it is named, so that this file also
runs under an interpreter that has nothing but that client.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

MODEL = "m"
CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "Tell me about herons, please."}]}
STREAM = CHAT | {"stream": True}
#: Requests begin evenly over this time, as Locust's users do: a client that counts a stream at its end would otherwise
#: count whole waves.
SPREAD_S = 1.0
WARM_UP_S = 2.0

Counter = list[int]


class Meter:
    """Counts what came in between the end of the warm-up and the end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.count = 0
        self.errors = 0
        self._began = (0, 0.0, 0.0)

    def took(self, status: int) -> None:
        """Count a plain answer."""
        self.count += status == 200
        self.errors += status != 200

    def took_stream(self, lines: Iterable[str | bytes]) -> list[int]:
        """Read a stream by its lines; return the stamps of the token-bearing ones."""
        stamps = []
        for line in lines:
            if token_of(line):
                stamps.append(time.monotonic_ns())
                self.count += 1
        return stamps

    def begin(self) -> None:
        """The warm-up is over."""
        self._began = (self.count, time.process_time(), time.monotonic())

    @property
    def measured_s(self) -> float:
        """How long to measure, in seconds."""
        return self._seconds

    def report(self) -> str:
        """Return the JSON line."""
        count, cpu, wall = self._began
        figures = {
            "count": self.count - count,
            "cpu_s": time.process_time() - cpu,
            "wall_s": time.monotonic() - wall,
            "errors": self.errors,
        }
        return json.dumps(figures)


def token_of(line: str | bytes) -> bool:
    """Tell whether a line of a stream bears content."""
    if not line.startswith("data: " if isinstance(line, str) else b"data: "):
        return False
    data = line[6:]
    if data in ("[DONE]", b"[DONE]"):
        return False
    return bool(json.loads(data)["choices"][0]["delta"].get("content"))


def with_gevent(meter: Meter, concurrency: int, make: Callable[[], Callable[[], None]]) -> None:
    """Run a request function in greenlets, each calling it again and again."""
    import gevent

    def again() -> None:
        request = make()
        while True:
            try:
                request()
            except Exception:  # noqa: BLE001 - counted, and shown
                meter.errors += 1
                gevent.sleep(0.01)

    greenlets = [gevent.spawn_later(SPREAD_S * n / concurrency, again) for n in range(concurrency)]
    gevent.sleep(WARM_UP_S)
    meter.begin()
    gevent.sleep(meter.measured_s)
    print(meter.report())
    gevent.killall(greenlets, block=False)


def ours(meter: Meter, mode: str, url: str, concurrency: int) -> None:
    """The client alone: the answer's bytes and stamps, then what they say."""
    from ozwell_harness.load.answer import read_answer
    from ozwell_harness.load.engine.client import LoadClient
    from ozwell_harness.load.plan import LoadTimeouts
    from ozwell_harness.load.reply import Reply
    from ozwell_harness.load.scenario import Kind, Step

    client = LoadClient(url, None, LoadTimeouts(), limit=1 << 24)
    streamed = mode == "stream"
    body = json.dumps(STREAM if streamed else CHAT).encode()
    step = Step("chat", Kind.CHAT_STREAM if streamed else Kind.CHAT, "POST", "/chat/completions", body)

    def request() -> None:
        reply = Reply(time.monotonic_ns())
        client.perform(step, reply)
        answer = read_answer(reply, streamed=streamed)
        if answer.error:
            raise RuntimeError(answer.detail)
        meter.count += len(answer.tokens) if streamed else 1

    with_gevent(meter, concurrency, lambda: request)


def ours_whole(meter: Meter, mode: str, url: str, concurrency: int) -> None:
    """All that a load test does: scenario, client, checks, sample on disk, Locust's statistics."""
    import tempfile

    from locust.env import Environment

    from ozwell_harness.load.arrivals import Closed
    from ozwell_harness.load.engine.build import Part, make_client, make_worker
    from ozwell_harness.load.engine.journal import Journal
    from ozwell_harness.load.engine.rows import Rows
    from ozwell_harness.load.plan import LoadPlan
    from ozwell_harness.load.scenario_file import load_scenarios

    plan = LoadPlan(url, MODEL, scenario="chat_stream" if mode == "stream" else "chat", arrivals=Closed(concurrency))
    rows = Rows(Environment())

    def listen(step: Any, sample: Any) -> None:
        meter.count += len(sample.tokens) if mode == "stream" else 1
        meter.errors += sample.failed
        rows(step, sample)

    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "samples")
        worker = make_worker(plan, load_scenarios(), make_client(plan, None), journal, listen, Part(None, "cost"))
        # As a run does before it begins.
        gc.collect()
        gc.freeze()
        with_gevent(meter, concurrency, lambda: lambda: worker.run(time.monotonic_ns()) and None)
        worker.close()


def locust_user(meter: Meter, mode: str, url: str, concurrency: int, base: str) -> None:
    """A user of Locust's own, in Locust's own runner."""
    import gevent
    import locust
    from locust import task
    from locust.env import Environment

    class Asking(getattr(locust, base)):  # type: ignore[misc]
        host = url
        abstract = False

        @task
        def ask(self) -> None:
            if mode == "plain":
                meter.took(self.client.post("/chat/completions", json=CHAT).status_code)
                return
            meter.took_stream(self._lines())

        def _lines(self) -> Iterator[str | bytes]:
            if base == "FastHttpUser":
                yield from self.client.iter_lines("/chat/completions", method="POST", json=STREAM)
                return
            yield from self.client.post("/chat/completions", json=STREAM, stream=True).iter_lines()

    environment = Environment(user_classes=[Asking])
    runner = environment.create_local_runner()
    runner.start(concurrency, spawn_rate=concurrency / SPREAD_S)
    gevent.sleep(WARM_UP_S)
    meter.begin()
    gevent.sleep(meter.measured_s)
    print(meter.report())
    runner.quit()


def httpx_gevent(meter: Meter, mode: str, url: str, concurrency: int) -> None:
    """The blocking client of httpx in greenlets; the standard library is patched."""
    from gevent import monkey

    monkey.patch_all()
    import httpx

    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    client = httpx.Client(base_url=url, timeout=60, limits=limits)

    def plain() -> None:
        meter.took(client.post("/chat/completions", json=CHAT).status_code)

    def stream() -> None:
        with client.stream("POST", "/chat/completions", json=STREAM) as response:
            meter.took_stream(response.iter_lines())

    with_gevent(meter, concurrency, lambda: plain if mode == "plain" else stream)


async def with_asyncio(meter: Meter, concurrency: int, request: Callable[[], Any]) -> None:
    """Run a request coroutine in tasks, each calling it again and again."""

    async def again(begin: float) -> None:
        await asyncio.sleep(begin)
        while True:
            try:
                await request()
            except Exception:  # noqa: BLE001 - counted, and shown
                meter.errors += 1
                await asyncio.sleep(0.01)

    tasks = [asyncio.create_task(again(SPREAD_S * n / concurrency)) for n in range(concurrency)]
    await asyncio.sleep(WARM_UP_S)
    meter.begin()
    await asyncio.sleep(meter.measured_s)
    print(meter.report(), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def httpx_async(meter: Meter, mode: str, url: str, concurrency: int) -> None:
    """The asynchronous client of httpx."""
    import httpx

    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:

        async def plain() -> None:
            meter.took((await client.post("/chat/completions", json=CHAT)).status_code)

        async def stream() -> None:
            stamps = []
            async with client.stream("POST", "/chat/completions", json=STREAM) as response:
                async for line in response.aiter_lines():
                    if token_of(line):
                        stamps.append(time.monotonic_ns())
                        meter.count += 1

        await with_asyncio(meter, concurrency, plain if mode == "plain" else stream)


async def aiohttp_client(meter: Meter, mode: str, url: str, concurrency: int) -> None:
    """The client of aiohttp."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def plain() -> None:
            async with session.post(f"{url}/chat/completions", json=CHAT) as response:
                await response.read()
                meter.took(response.status)

        async def stream() -> None:
            stamps = []
            async with session.post(f"{url}/chat/completions", json=STREAM) as response:
                async for line in response.content:
                    if token_of(line.rstrip()):
                        stamps.append(time.monotonic_ns())
                        meter.count += 1

        await with_asyncio(meter, concurrency, plain if mode == "plain" else stream)


def main() -> None:
    """Run one client."""
    name, mode, url, concurrency, seconds = sys.argv[1:6]
    meter = Meter(float(seconds))
    count = int(concurrency)
    if name == "ours":
        ours(meter, mode, url, count)
    elif name == "ours_whole":
        ours_whole(meter, mode, url, count)
    elif name in {"HttpUser", "FastHttpUser"}:
        locust_user(meter, mode, url, count, name)
    elif name == "httpx_gevent":
        httpx_gevent(meter, mode, url, count)
    elif name == "httpx_async":
        asyncio.run(httpx_async(meter, mode, url, count))
    else:
        import uvloop

        uvloop.run(aiohttp_client(meter, mode, url, count))


if __name__ == "__main__":
    main()
