"""Each fault and variation of webhooks is seen by who receives them: one that changed nothing would prove nothing."""

from __future__ import annotations

import json
import random

import httpx
import pytest
from catcher import PATIENCE_S, catching

from ozwell_harness.mock import ids
from ozwell_harness.mock.faults import Hook, catalogue
from ozwell_harness.mock.server import running_mock
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.mock.webhooks import WebhookSettings
from ozwell_harness.mock.webhooks.likeness import as_answered
from ozwell_harness.prove.still import StillClock

NAMES = sorted(name for name, fault in catalogue().items() if fault.hook is Hook.WEBHOOK)
START = 1_800_000_000.25
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HELLO = [{"role": "user", "content": "Say hello."}]
#: Longer than any schedule.
LONG_S = 120.0


def received(monkeypatch: pytest.MonkeyPatch, *faults: str) -> list[tuple[object, ...]]:
    """Everything that a mock with these faults sends, and when, to the last byte the same each time."""
    monkeypatch.setattr(ids, "_ids", random.Random(1))
    clock = StillClock(START)
    with catching(503) as catcher:
        catcher.now = clock.now
        webhooks = WebhookSettings(catcher.url, SECRET)
        settings = MockSettings(profile="openwebui", faults=faults, clock=clock, webhooks=webhooks)
        with running_mock(settings) as mock:
            key = {"authorization": f"Bearer {settings.secrets.main}"}
            with httpx.Client(base_url=mock.base_url, headers=key, timeout=PATIENCE_S) as client:
                for stream in (False, False, True):
                    client.post(
                        "/chat/completions", json={"model": "gpt-4", "messages": HELLO, "stream": stream}
                    ).read()
                    pass_time(clock)
                catcher.statuses.append(307)
                client.post("/rag/documents", files={"file": ("note.txt", b"A lighthouse, painted turquoise.")})
                pass_time(clock)
        port = catcher.url.split(":")[2].partition("/")[0]
        seen = [catcher.arrived.get_nowait() for _ in range(catcher.arrived.qsize())]
    return [
        (one.method, one.path, [(n, v.replace(port, "PORT")) for n, v in one.fields], one.body, one.at) for one in seen
    ]


def pass_time(clock: StillClock) -> None:
    end = clock.now() + LONG_S
    while clock.now() < end:
        clock.settle(end - clock.now())


ANSWERED = {"id": "c2", "choices": [{"message": {"content": "Sent."}}]}


@pytest.mark.parametrize(
    ("body", "name", "text"),
    [
        (json.dumps(ANSWERED).encode(), "c2", "Sent."),
        (b'{"id": "", "choices": 1}', "c1", "Meant."),
        (b'{"id": 7, "choices": [{"message": {"content": null}}]}', "c1", "Meant."),
        (b"[]", "c1", "Meant."),
        (b"\x1f\x8b", "c1", "Meant."),
    ],
)
def test_a_webhook_is_like_the_answer_as_far_as_that_can_be_told(body: bytes, name: str, text: str) -> None:
    meant = {"id": "c1", "model": "m", "choices": [{"message": {"content": "Meant."}}]}
    told = as_answered(meant, body)
    assert (told["id"], told["model"], told["choices"][0]["message"]["content"]) == (name, "m", text)


@pytest.fixture(scope="module")
def usual() -> list[tuple[object, ...]]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return received(monkeypatch)


def test_without_a_fault_nothing_varies(usual: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    assert received(monkeypatch) == usual
    # A chat that comes again, two others, and a document that comes again.
    assert len(usual) == 6


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_is_seen(name: str, usual: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    assert received(monkeypatch, name) != usual
