"""The look at a target in a dialect that has no list of models: a knock, and a name for the model."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from rawserver import http, raw_server

from ozwell_harness.exchange import Recorder
from ozwell_harness.mock.server import running_mock
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.preflight import Ready, prepare, target_of
from ozwell_harness.profile import load_profile
from ozwell_harness.settings import ConfigurationError, Settings, keys_in

WEBUI = load_profile("openwebui")
NOT_FOUND = json.dumps({"error": "not_found", "message": "No such chat", "status_code": 404}).encode()
MODELS = b'{"object": "list", "data": [{"id": "text-embed"}, {"id": "llama-3"}]}'


def looked_at(settings: Settings) -> Ready:
    recorder = Recorder(target_of(settings, WEBUI))
    try:
        return prepare(settings, WEBUI, recorder)
    finally:
        recorder.close()


@contextmanager
def answering(knock: bytes, models: bytes = http(b"{}", status="404 Not Found")) -> Iterator[tuple[str, list[bytes]]]:
    asked: list[bytes] = []

    def script(connection: socket.socket, request: bytes) -> None:
        line = request.partition(b"\r\n")[0]
        asked.append(line.split(b" ")[1].removeprefix(b"/v1"))
        connection.sendall(models if b"/models" in line else knock)

    with raw_server(script) as url:
        yield url, asked


def test_a_named_model_needs_no_list() -> None:
    with running_mock(MockSettings(profile="openwebui")) as mock:
        ready = looked_at(Settings(base_url=mock.base_url, profile="openwebui", model="gpt-4", keys=keys_in(mock.env)))
    assert (ready.target.model, ready.unreachable, ready.doubt) == ("gpt-4", None, None)
    assert ready.target.knock == "/chat/history?chat_id=no-such-chat-7f3c"


def test_a_list_that_is_there_all_the_same_names_the_model() -> None:
    with answering(http(NOT_FOUND, status="404 Not Found"), http(MODELS)) as (url, asked):
        ready = looked_at(Settings(base_url=url, profile="openwebui"))
    assert (ready.target.model, ready.doubt) == ("llama-3", None)
    assert asked == [b"/chat/history?chat_id=no-such-chat-7f3c", b"/models"]


def test_without_a_list_the_model_must_be_named() -> None:
    with (
        answering(http(NOT_FOUND, status="404 Not Found")) as (url, _),
        pytest.raises(ConfigurationError, match="No model is named, and the target lists none"),
    ):
        looked_at(Settings(base_url=url, profile="openwebui"))


@pytest.mark.parametrize(
    ("knock", "is_doubted"),
    [
        (http(NOT_FOUND, status="404 Not Found"), False),
        (http(b"[]"), False),
        (http(b'{"detail": "Not Found"}', status="404 Not Found"), True),
        (http(b"<html>", status="404 Not Found"), True),
        (http(b"<html>Welcome", headers=("Content-Language: en",)), True),
        (http(b"{}", status="405 Method Not Allowed"), True),
        (http(b"", status="302 Found", headers=("Location: /login",)), True),
    ],
    ids=["flat 404", "an array", "another 404", "a page", "a page with 200", "405", "a redirect"],
)
def test_whether_it_is_the_api_at_all_shows_in_the_shape(knock: bytes, *, is_doubted: bool) -> None:
    with answering(knock) as (url, _):
        ready = looked_at(Settings(base_url=url, profile="openwebui", model="m"))
    assert ready.unreachable is None
    assert (ready.doubt is not None) is is_doubted, ready.doubt


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (lambda url: Settings(base_url=url, profile="openwebui", model="m"), "asks for a key"),
        (
            lambda url: Settings(base_url=url, profile="openwebui", keys=keys_in({"OZWELL_API_KEY": "k"})),
            "refused the key when asked for /chat/history",
        ),
    ],
)
def test_a_key_that_is_missing_or_wrong_is_told(settings: Callable[[str], Settings], words: str) -> None:
    refusal = json.dumps({"error": "unauthorized", "message": "No", "status_code": 401}).encode()
    with (
        answering(http(refusal, status="401 Unauthorized")) as (url, _),
        pytest.raises(ConfigurationError, match=words),
    ):
        looked_at(settings(url))
