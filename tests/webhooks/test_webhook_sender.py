"""What the mock sends, seen by a server of the standard library."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest
from catcher import PATIENCE_S, Catcher, catching

from ozwell_harness.mock.clock import Clock
from ozwell_harness.mock.delays import parse_delay
from ozwell_harness.mock.metrics import Metrics
from ozwell_harness.mock.server import MockHandle, running_mock
from ozwell_harness.mock.settings import Latency, MockSettings
from ozwell_harness.mock.webhooks import Draft, HeaderNames, Message, Webhooks, WebhookSettings
from ozwell_harness.mock.webhooks.message import signature
from ozwell_harness.mock.webhooks.options import webhook_settings
from ozwell_harness.mock.webhooks.sender import _retry_after
from ozwell_harness.mock.webhooks.settings import WebhookSettingsError

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
AT_ONCE = (0.0, 0.0, 0.0)
NOWHERE = "http://127.0.0.1:9/"


def to(catcher: Catcher, **more: object) -> WebhookSettings:
    return replace(WebhookSettings(catcher.url, SECRET, schedule=AT_ONCE), **more)


@contextmanager
def mock(webhooks: WebhookSettings, **more: object) -> Iterator[tuple[MockHandle, httpx.Client]]:
    with running_mock(MockSettings(profile="openwebui", webhooks=webhooks, **more)) as handle:
        key = {"authorization": f"Bearer {handle.settings.secrets.main}"}
        with httpx.Client(base_url=handle.base_url, headers=key, timeout=PATIENCE_S) as client:
            yield handle, client


def chat(client: httpx.Client, **more: object) -> httpx.Response:
    asked = {"model": "gpt-4", "messages": [{"role": "user", "content": "Say hello."}]}
    answer = client.post("/chat/completions", json=asked | more)
    assert answer.status_code == 200, answer.text
    return answer


def document(client: httpx.Client) -> httpx.Response:
    answer = client.post("/rag/documents", files={"file": ("note.txt", b"A lighthouse, painted turquoise.")})
    assert answer.is_success, answer.text
    return answer


def counted(handle: MockHandle, name: str) -> int:
    page = httpx.get(f"{handle.origin}/metrics").text
    return int(re.search(rf"^mock_{name}_total (\d+)$", page, re.MULTILINE)[1])


def until(done: Callable[[], bool]) -> None:
    """Wait for what the mock does by itself."""
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_signature_is_that_of_the_published_example() -> None:
    """Known from the documentation of Standard Webhooks."""
    key = base64.b64decode("plJ3nmyCDGBKInavdOK15jsl")
    body = b'{"event_type":"ping","data":{"success":true}}'
    draft = Draft(1, "msg_loFOjxBNrRLzqYUf", "1731705121", body, key)
    assert signature(draft) == "rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


def test_completed_chat_is_told_of() -> None:
    with catching() as catcher, mock(to(catcher)) as (handle, client):
        answer = chat(client).json()
        caught = catcher.caught()
        until(lambda: counted(handle, "webhooks_delivered") == 1)
    assert caught.path == "/hook"
    assert caught.json["type"] == "chat.completed"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", caught.json["timestamp"])
    assert caught.json["data"] == answer
    assert caught.headers["content-type"] == "application/json"
    assert caught.headers["webhook-id"].startswith("msg_")
    assert abs(int(caught.headers["webhook-timestamp"]) - caught.at) < 60
    assert caught.signed_with(KEY)
    assert handle.settings.secrets.main not in repr(caught)
    assert SECRET not in repr(caught)
    assert catcher.nothing_more()


def test_streamed_chat_is_told_of_once_it_has_been_read() -> None:
    with catching() as catcher, mock(to(catcher)) as (_, client):
        stream = chat(client, stream=True).text
        caught = catcher.caught()
    named = re.search(r'"id":"(chatcmpl-[^"]+)"', stream)[1]
    assert caught.json["data"]["id"] == named
    assert caught.json["data"]["choices"][0]["message"]["role"] == "assistant"
    assert catcher.nothing_more()


def test_chat_that_nobody_reads_to_its_end_is_not_told_of() -> None:
    slow = Latency(itl=parse_delay("50ms"))
    with catching() as catcher, mock(to(catcher), latency=slow) as (handle, client):
        asked = {"model": "gpt-4", "messages": [{"role": "user", "content": "Say hello."}], "stream": True}
        with client.stream("POST", "/chat/completions", json=asked) as answer:
            next(answer.iter_raw())
        until(lambda: counted(handle, "streams_abandoned") == 1)
        document(client)
        assert catcher.caught().json["type"] == "document.processed"
    assert catcher.nothing_more()


def test_processed_document_is_told_of() -> None:
    with catching() as catcher, mock(to(catcher)) as (_, client):
        answer = document(client).json()
        caught = catcher.caught()
    assert caught.json["type"] == "document.processed"
    assert caught.json["data"] == answer
    assert caught.signed_with(KEY)


def test_only_subscribed_events_are_sent() -> None:
    with catching() as catcher, mock(to(catcher, events=("document.processed",))) as (_, client):
        chat(client)
        document(client)
        assert catcher.caught().json["type"] == "document.processed"
    assert catcher.nothing_more()


def test_refusals_are_not_told_of() -> None:
    with catching() as catcher, mock(to(catcher)) as (_, client):
        assert client.post("/chat/completions", json={"model": "gpt-4", "messages": []}).status_code == 400
        assert client.post("/rag/documents", files={"other": b""}).status_code == 400
        document(client)
        assert catcher.caught().json["type"] == "document.processed"
    assert catcher.nothing_more()


@pytest.mark.parametrize("status", [302, 307, 400, 404, 429, 500, 503])
def test_what_is_not_taken_is_sent_again_under_the_same_id(status: int) -> None:
    with catching(status, status) as catcher, mock(to(catcher)) as (handle, client):
        chat(client)
        attempts = [catcher.caught() for _ in range(3)]
        until(lambda: counted(handle, "webhooks_delivered") == 1)
        assert counted(handle, "webhook_attempts") == 3
    assert {attempt.path for attempt in attempts} == {"/hook"}
    assert len({attempt.headers["webhook-id"] for attempt in attempts}) == 1
    assert len({attempt.body for attempt in attempts}) == 1
    assert all(attempt.signed_with(KEY) for attempt in attempts)
    assert catcher.nothing_more()


def test_each_attempt_has_its_own_time() -> None:
    message = Message("msg_1", {"type": "chat.completed"}, AT_ONCE)
    letters = [message.letter(number, 1_000_000_000.9 + 60 * number, KEY, HeaderNames()) for number in (1, 2)]
    assert [dict(letter.headers)["webhook-timestamp"] for letter in letters] == ["1000000060", "1000000120"]
    assert len({dict(letter.headers)["webhook-signature"] for letter in letters}) == 2


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_enough(status: int) -> None:
    with catching(status) as catcher, mock(to(catcher)) as (handle, client):
        chat(client)
        catcher.caught()
        until(lambda: counted(handle, "webhooks_delivered") == 1)
    assert catcher.nothing_more()


def test_attempts_are_bounded() -> None:
    with catching(*[500] * 9) as catcher, mock(to(catcher)) as (handle, client):
        chat(client)
        until(lambda: counted(handle, "webhooks_given_up") == 1)
        assert counted(handle, "webhook_attempts") == 1 + len(AT_ONCE)


def test_time_is_bounded() -> None:
    late = to(Catcher(url=NOWHERE), schedule=(0.0, 3600.0, 0.0), total_s=60.0)
    with mock(late) as (handle, client):
        chat(client)
        until(lambda: counted(handle, "webhooks_given_up") == 1)
        assert counted(handle, "webhook_attempts") == 2


def test_asked_wait_is_honoured() -> None:
    assert [_retry_after(text) for text in ("3", "", "-1", "soon", "9" * 9)] == [3.0, 0.0, 0.0, 0.0, 0.0]


def test_gone_ends_it() -> None:
    with catching(410) as catcher, mock(to(catcher)) as (handle, client):
        chat(client)
        catcher.caught()
        until(lambda: "mock_webhook_attempts_total 1" in httpx.get(f"{handle.origin}/metrics").text)
        chat(client)
        document(client)
        assert counted(handle, "webhook_attempts") == 1
    assert catcher.nothing_more()


def test_headers_have_other_names() -> None:
    names = HeaderNames("svix-id", "svix-timestamp", "svix-signature")
    with catching() as catcher, mock(to(catcher, names=names)) as (_, client):
        chat(client)
        caught = catcher.caught()
    assert caught.signed_with(KEY, "svix")
    assert not any(name.startswith("webhook-") for name in caught.headers)


def test_plain_secret_is_taken_as_text() -> None:
    with catching() as catcher, mock(to(catcher, secret="a plain secret")) as (_, client):
        chat(client)
        assert catcher.caught().signed_with(b"a plain secret")


def test_receiver_that_never_answers_holds_up_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        hangs = WebhookSettings(f"http://127.0.0.1:{deaf.getsockname()[1]}/", SECRET, at_once=1, queue=2)
        with mock(hangs) as (handle, client):
            for _ in range(4):
                chat(client)
            assert counted(handle, "webhooks_dropped") == 2
            assert counted(handle, "webhooks_delivered") == 0
        # Nor the end of the mock: leaving the block has waited for no attempt.


def test_end_waits_as_long_as_it_may() -> None:
    async def end(grace_s: float) -> Metrics:
        metrics = Metrics()
        with catching() as catcher:
            webhooks = Webhooks(to(catcher), Clock(), metrics)
            webhooks.emit("chat.completed", {"id": "chatcmpl-1"})
            await webhooks.close(grace_s)
        return metrics

    patient, hasty = asyncio.run(end(PATIENCE_S)), asyncio.run(end(0.0))
    assert (patient.webhooks_delivered, patient.webhooks_given_up) == (1, 0)
    assert (hasty.webhooks_delivered, hasty.webhooks_given_up) == (0, 1)


def test_without_settings_nothing_is_composed() -> None:
    webhooks = Webhooks(None, Clock(), Metrics())
    assert not webhooks.is_on
    assert webhooks.compose("chat.completed", {}) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"endpoint": "ftp://127.0.0.1/"}, "http or https URL"),
        ({"endpoint": "http://127.0.0.1:99999/"}, "no valid URL"),
        ({"endpoint": "http://user:pass@127.0.0.1/"}, "credentials"),
        ({"endpoint": "http://192.0.2.1/"}, "--webhook-remote"),
        ({"endpoint": "http://hooks.example/"}, "--webhook-remote"),
        ({"secret": ""}, "empty"),
        ({"secret": "whsec_"}, "empty"),
        ({"secret": "whsec_not base64"}, "no base64"),
        ({"events": ("chat.started",)}, r"chat\.started"),
        ({"schedule": (1.0,) * 20}, "at most 19"),
        ({"schedule": (-1.0,)}, "0 or longer"),
        ({"queue": 0}, "above 0"),
    ],
)
def test_settings_that_cannot_be_honoured(changed: dict[str, object], words: str) -> None:
    with pytest.raises(WebhookSettingsError, match=words):
        replace(WebhookSettings(NOWHERE, SECRET), **changed)


@pytest.mark.parametrize("names", [("a b", "b", "c"), ("a", "A", "c"), ("", "b", "c")])
def test_headers_that_cannot_be_sent(names: tuple[str, str, str]) -> None:
    with pytest.raises(WebhookSettingsError):
        HeaderNames(*names)


def test_other_machines_only_when_told() -> None:
    assert WebhookSettings("https://hooks.example/x", SECRET, remote=True).endpoint == "https://hooks.example/x"


def test_secret_shows_nowhere() -> None:
    assert SECRET not in repr(MockSettings(webhooks=WebhookSettings(NOWHERE, SECRET)))


def test_options_become_settings() -> None:
    given = {
        "webhook_endpoint": NOWHERE,
        "webhook_secret_env": "HOOK",
        "webhook_events": ("chat.completed", "chat.completed"),
        "webhook_headers": "a-id, a-time,a-signature",
        "webhook_retries": "100ms, 2s",
        "webhook_remote": False,
    }
    settings = webhook_settings(given, {"HOOK": SECRET})
    assert settings == WebhookSettings(
        NOWHERE, SECRET, ("chat.completed",), HeaderNames("a-id", "a-time", "a-signature"), (0.1, 2.0)
    )
    assert webhook_settings({"webhook_endpoint": None, "webhook_events": (), "webhook_remote": False}, {}) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"webhook_secret_env": "HOOK"}, "--webhook-endpoint URL"),
        ({"webhook_endpoint": NOWHERE}, "--webhook-secret-env NAME"),
        ({"webhook_endpoint": NOWHERE, "webhook_secret_env": "OTHER"}, "OTHER"),
        ({"webhook_endpoint": NOWHERE, "webhook_secret_env": "HOOK", "webhook_headers": "a,b"}, "three headers"),
    ],
)
def test_options_that_lack_something(given: dict[str, object], words: str) -> None:
    with pytest.raises(WebhookSettingsError, match=words):
        webhook_settings(given, {"HOOK": SECRET})
