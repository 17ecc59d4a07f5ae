"""Wherever a key is put, the record does not hold it; and a placeholder spoils nothing."""

from __future__ import annotations

import json

import pytest
from hostile_wire import always, answer, serve

from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.model import Exchange
from ozwell_harness.preflight import prepare
from ozwell_harness.profile import load_profile
from ozwell_harness.session import Session
from ozwell_harness.settings import ConfigurationError, Settings, check_url
from ozwell_harness.target import KeyName, Secret, Target

KEY = "ozw_secret/+0123456789abcdef"
CALL = Call("GET", "/models", "x")


def sent(call: Call, key: str = KEY, answered: bytes = b"{}") -> Exchange:
    with serve(always(answer(answered))) as served:
        recorder = Recorder(Target(served.url, "m", None, {KeyName.MAIN: Secret(key)}))
        try:
            return recorder.send(call)
        finally:
            recorder.close()


@pytest.mark.parametrize(
    "call",
    [
        Call("GET", f"/models/{KEY}", "in the path"),
        Call("GET", "/models/ozw_secret%2F%2b0123456789abcdef", "percent-encoded"),
        Call("GET", f"/models?api_key={KEY}", "in the query"),
        Call("GET", "/models", f"the key {KEY} in the label"),
        Call("GET", "/models", "in a header", headers=(("X-Api-Key", KEY),)),
        Call("POST", "/x", "in the body", body=json.dumps({"key": KEY}).encode()),
        Call("POST", "/x", "escaped", body=b'{"key": "ozw_secret\\/\\u002b0123456789abcdef"}'),
    ],
    ids=lambda call: call.label.replace(KEY, "KEY"),
)
def test_no_record_holds_the_key(call: Call) -> None:
    exchange = sent(call)
    assert exchange.status == 200
    assert "0123456789abcdef" not in repr(exchange)
    assert "$OZWELL_API_KEY" in repr(exchange)


@pytest.mark.parametrize("key", ["x", "v1", "models", "127.0.0.1", "Bearer", "http", "test"])
def test_a_placeholder_is_removed_from_its_header_only(key: str) -> None:
    exchange = sent(CALL, key, answered=json.dumps({"echo": key}).encode())
    assert exchange.request.path == "/models"
    assert exchange.request.url.startswith("http://127.0.0.1:")
    assert exchange.request.url.endswith("/v1/models")
    assert (exchange.request.headers.get("authorization") or "").endswith("$OZWELL_API_KEY")
    assert (exchange.request.headers.get("user-agent") or "").startswith("ozwell-harness/")
    assert exchange.response is not None
    assert exchange.response.document == {"echo": key}


def test_a_key_in_the_base_url_is_in_no_note_and_not_in_the_run() -> None:
    settings = Settings(base_url=f"http://127.0.0.1:9/{KEY}/v1", keys={KeyName.MAIN: Secret(KEY)})
    session = Session(settings)
    session.prepare()
    run = session.result()
    session.recorder.close()
    assert run.target == "http://127.0.0.1:9/$OZWELL_API_KEY/v1"
    assert "0123456789abcdef" not in repr((run.notes, run.exchanges, run.target))
    assert "$OZWELL_API_KEY" in run.notes[0]


def test_a_key_in_the_base_url_is_in_no_error() -> None:
    with serve(always(answer(b"{}", status="404 Not Found")), prefix="/" + KEY) as served:
        settings = Settings(base_url=served.url, keys={KeyName.MAIN: Secret(KEY)})
        recorder = Recorder(Target(served.url, "", None, {KeyName.MAIN: Secret(KEY)}))
        with pytest.raises(ConfigurationError) as caught:
            prepare(settings, load_profile("openai"), recorder)
        recorder.close()
    assert "0123456789abcdef" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://a b/v1", "http://x/v1?", "http://x/v1#", "http://[::1/v1", "http://x:99999/v1"]
)
def test_a_url_that_cannot_be_is_told(url: str) -> None:
    with pytest.raises(ConfigurationError):
        check_url(url)
