"""What the doctor says of targets of every kind: on real sockets, and within its time."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import CliRunner
from rawserver import http, raw_server

from ozwell_harness.cli import cli
from ozwell_harness.doctor.diagnosis import Diagnosis, Mark, State
from ozwell_harness.doctor.examine import examine
from ozwell_harness.mock.keys import PlanName
from ozwell_harness.mock.server import MockHandle, running_mock
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.profile import load_profile
from ozwell_harness.reporting.console import terminal
from ozwell_harness.reporting.screen_doctor import print_diagnosis
from ozwell_harness.requirements import load_catalogue
from ozwell_harness.settings import Settings, keys_in
from ozwell_harness.target import KeyName, Secret

_LIST = b'{"object": "list", "data": [{"id": "gpt-4", "object": "model", "created": 1, "owned_by": "x"}]}'


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def mock() -> MockHandle:
    with running_mock() as handle:
        yield handle


def _settings(url: str, **changes: object) -> Settings:
    return replace(Settings(base_url=url), **changes)  # type: ignore[arg-type]


def _of_mock(mock: MockHandle, *keys: KeyName) -> Settings:
    held = keys_in(mock.env)
    return _settings(mock.base_url, keys={name: held[name] for name in keys or held})


def _marks(found: Diagnosis) -> dict[str, Mark]:
    return {sign.name: sign.mark for sign in (*found.capabilities, *found.keys)}


def test_the_mock_is_ready_and_can_do_everything(mock: MockHandle) -> None:
    found = examine(_of_mock(mock))
    assert (found.state, found.reason, found.doubts) == (State.READY, "", ())
    assert set(_marks(found).values()) == {Mark.OK}
    assert {sign.name for sign in found.capabilities} == load_profile("ozwell").capabilities.keys() - {
        "models",
        "json_mode",
    }
    assert (found.model, found.embedding_model, found.listed) == ("gpt-4", "text-embedding-ada-002", 4)
    assert found.spent.requests <= 15
    assert 0 < found.spent.prompt_tokens + found.spent.completion_tokens < 300


def test_keys_that_are_missing_would_open_so_many_requirements(mock: MockHandle) -> None:
    found = examine(_of_mock(mock, KeyName.MAIN))
    opened = {gain.need: gain.requirements for gain in found.gains}
    assert {"limited_key", "other_key", "restricted_key", "revoked_key"} <= opened.keys()
    catalogue = load_profile("ozwell").select(load_catalogue())
    direct = sum("other_key" in requirement.needs for requirement in catalogue)
    assert opened["other_key"] >= direct > 0
    assert "set OZWELL_LIMITED_API_KEY" in {gain.how for gain in found.gains}


def test_a_key_that_is_none_or_not_valid_is_a_mistake_of_the_user(mock: MockHandle) -> None:
    without = examine(_settings(mock.base_url))
    assert (without.state, without.reason) == (
        State.MISCONFIGURED,
        "The target asks for a key: set OZWELL_API_KEY.",
    )
    wrong = {KeyName.MAIN: Secret("ozw_never_issued_00000000")}
    refused = examine(_settings(mock.base_url, keys=wrong))
    assert refused.state is State.MISCONFIGURED
    assert "refused the key" in refused.reason
    named = examine(_settings(mock.base_url, keys=wrong, model="gpt-4"))
    assert named.state is State.MISCONFIGURED
    assert named.reason == "The target refused the key when asked to chat (401): set OZWELL_API_KEY to a valid key."
    assert _marks(named)["OZWELL_API_KEY"] is Mark.WRONG


def test_optional_keys_that_are_mixed_up_are_seen(mock: MockHandle) -> None:
    held = keys_in(mock.env)
    keys = {
        KeyName.MAIN: held[KeyName.MAIN],
        KeyName.OTHER: held[KeyName.REVOKED],
        KeyName.REVOKED: held[KeyName.OTHER],
    }
    marks = _marks(examine(_settings(mock.base_url, keys=keys)))
    assert marks["OZWELL_OTHER_API_KEY"] is marks["OZWELL_REVOKED_API_KEY"] is Mark.WRONG


def test_a_model_that_is_not_there_is_no_missing_endpoint(mock: MockHandle) -> None:
    found = examine(replace(_of_mock(mock), model="nosuch"))
    assert found.state is State.MISCONFIGURED
    assert found.reason.startswith("The target does not know the model nosuch")
    assert _marks(found)["chat"] is Mark.UNCLEAR


def test_a_dialect_without_a_list_of_models_is_looked_at_by_its_own_knock() -> None:
    with running_mock(MockSettings(profile="openwebui")) as mock:
        found = examine(replace(_of_mock(mock), profile="openwebui", model=mock.env["OZWELL_MODEL"]))
    assert (found.state, found.listed) == (State.READY, 0)
    marks = _marks(found)
    assert {"chat", "streaming"} <= marks.keys()
    assert set(marks.values()) == {Mark.OK}


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = examine(_settings(f"http://127.0.0.1:{port}/v1"))
    assert found.state is State.UNREACHABLE
    assert "did not answer: no connection" in found.reason


def test_one_that_hangs_is_given_up_in_half_the_time() -> None:
    with raw_server(lambda c, _: c.recv(1)) as url:
        found = examine(_settings(url), patience_s=0.4)
    assert found.state is State.UNREACHABLE
    assert found.reason.endswith("no answer in time. It had 0.2 s: --timeout gives it longer.")
    assert found.spent.requests == 1


def test_one_that_hangs_on_all_but_its_models_is_ready_and_unclear() -> None:
    def script(connection: socket.socket, request: bytes) -> None:
        if b"GET /v1/models" in request:
            connection.sendall(http(_LIST))
        else:
            connection.recv(1)

    with raw_server(script) as url:
        found = examine(_settings(url), patience_s=2.0)
    assert found.state is State.READY
    assert _marks(found)["chat"] is Mark.UNCLEAR
    assert "no answer within" in found.capabilities[0].said


def test_names_are_whole_on_a_narrow_terminal(mock: MockHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = _Terminal(io.BytesIO(), encoding="utf-8", write_through=True)
    print_diagnosis(terminal(stream, width=40), examine(_of_mock(mock)))
    stream.seek(0)
    told = stream.read()
    assert "\u2026" not in told
    assert max(len(line.rstrip()) for line in told.splitlines()) <= 40


def _page(connection: socket.socket, _: bytes) -> None:
    page = b"<html><body>Welcome</body></html>"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(page)
    connection.sendall(head + page)


def _refusing(connection: socket.socket, _: bytes) -> None:
    connection.sendall(http(b'{"error": "no"}', status="401 Unauthorized"))


def _missing(connection: socket.socket, _: bytes) -> None:
    connection.sendall(http(b"", status="404 Not Found"))


@pytest.mark.parametrize("model", [None, "m"])
@pytest.mark.parametrize(
    ("script", "words"),
    [(_page, "end in /v1?"), (_missing, "/v1"), (_refusing, "OZWELL_API_KEY")],
    ids=["page", "404", "401"],
)
def test_what_is_not_the_api_is_no_target(
    script: Callable[[socket.socket, bytes], None], words: str, model: str | None
) -> None:
    with raw_server(script) as url:
        found = examine(_settings(url, model=model))
    assert found.state is State.MISCONFIGURED
    assert words in found.reason
    assert Mark.OK not in _marks(found).values()


def test_a_rate_limit_is_not_waited_out() -> None:
    with running_mock(MockSettings(plan=PlanName.FREE)) as limited:
        for _ in range(2):
            found = examine(_of_mock(limited, KeyName.MAIN))
    assert found.spent.waited_s == 0
    assert found.state in {State.READY, State.UNREACHABLE}


def test_what_the_target_says_cannot_act_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    hostile = json.dumps({"error": {"message": "\x1b[2J\nREADY forged"}}).encode()

    def script(connection: socket.socket, request: bytes) -> None:
        answer = http(_LIST) if b"GET /v1/models" in request else http(hostile, status="500 Oh")
        connection.sendall(answer)

    stream = _Terminal(io.BytesIO(), encoding="utf-8", write_through=True)
    console = terminal(stream, width=40)
    with raw_server(script) as url:
        found = examine(_settings(url))
        print_diagnosis(console, found)
    stream.seek(0)
    told = stream.read()
    assert "[2J" in told
    assert "\x1b[2J" not in told
    assert [line for line in told.splitlines() if line.startswith("READY forged")] == []
    assert max(len(line.rstrip()) for line in told.splitlines()) <= 40


@pytest.mark.parametrize(("state", "status"), [("ready", 0), ("misconfigured", 2), ("unreachable", 3)])
def test_the_command_says_it_as_json_and_by_its_status(
    mock: MockHandle, monkeypatch: pytest.MonkeyPatch, state: str, status: int
) -> None:
    for name in KeyName:
        monkeypatch.delenv(name.value, raising=False)
    if state == "ready":
        monkeypatch.setenv("OZWELL_API_KEY", mock.env["OZWELL_API_KEY"])
    url = "http://127.0.0.1:9/v1" if state == "unreachable" else mock.base_url
    done = CliRunner().invoke(cli, ["doctor", url, "--json"], standalone_mode=False)
    document = json.loads(done.output)
    assert (done.return_value, document["state"]) == (status, state)
    assert mock.env["OZWELL_API_KEY"] not in done.output
    if state == "ready":
        assert document["estimate"]["suites"]["requests"] > 100
        assert document["estimate"]["generated"] > 0
        assert document["spent"]["requests"] < 15
    else:
        assert document["estimate"] is None
