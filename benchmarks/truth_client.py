"""This project's own engine as truth.py drives it: so many streams at once, so many requests each.

    python benchmarks/truth_client.py URL STREAMS REQUESTS_EACH TOKENS FILE

The key comes from OZWELL_API_KEY. Every sample becomes a JSON line: its request's digest and absolute
stamps.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gevent

from ozwell_harness.load.arrivals import Closed
from ozwell_harness.load.engine.build import Part, make_client, make_worker
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.samples import Record, Sample
from ozwell_harness.load.scenario import Context, Flow, Kind, Mix, Scenario, Step
from ozwell_harness.mock.truth import digest_of
from ozwell_harness.target import Secret


class Lines:
    """Keeps samples with their request's digest; writes them at the end."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def add(self, record: Record) -> None:
        """Nothing: the listener is told of the request too."""

    def close(self) -> None:
        """Nothing is held."""

    def listen(self, step: Step, sample: Sample) -> None:
        """Take a sample."""
        sent = sample.sent or 0
        tokens = [sent + at for at in sample.tokens]
        line = {"digest": digest_of(step.body), "sent": sent, "tokens": tokens, "merged": sample.merged}
        self.lines.append(line | {"error": sample.error, "lags": sample.lags})


def scenarios(tokens: int) -> Mapping[str, Mix]:
    """Return the one scenario: a stream of so many tokens, asked for by a prompt that no other request has."""

    def flow(context: Context) -> Flow:
        nonce = context.nonces.make()
        body = {
            "model": context.model,
            "messages": [{"role": "user", "content": f"Reference {nonce}. Tell me a story about a heron, please."}],
            "max_completion_tokens": tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        yield Step("truth", Kind.CHAT_STREAM, "POST", "/chat/completions", json.dumps(body).encode(), nonce)

    return {"truth": Mix(((Scenario("truth", flow), 1),))}


def main() -> None:
    """Run."""
    url, streams, each, tokens, path = sys.argv[1:6]
    key = Secret(os.environ["OZWELL_API_KEY"])
    plan = LoadPlan(url, "gpt-4", scenario="truth", arrivals=Closed(int(streams)))
    kept = Lines()
    worker = make_worker(plan, scenarios(int(tokens)), make_client(plan, key), kept, kept.listen, Part(key, "truth"))

    def user() -> None:
        for _ in range(int(each)):
            worker.run(time.monotonic_ns())

    gevent.joinall([gevent.spawn(user) for _ in range(int(streams))])
    worker.close()
    Path(path).write_text("".join(json.dumps(line) + "\n" for line in kept.lines), "utf-8")


if __name__ == "__main__":
    main()
