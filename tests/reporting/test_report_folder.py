from __future__ import annotations

import html
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import sample_run
from rawserver import http, raw_server

from ozwell_harness.checks.base import outcome
from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.model import Exchange, Finding, Level, Status
from ozwell_harness.reporting import folder as module
from ozwell_harness.reporting.console import terminal
from ozwell_harness.reporting.curl import curl
from ozwell_harness.reporting.folder import ReportError, new_folder, write_report
from ozwell_harness.reporting.screen import print_last_screen
from ozwell_harness.target import KeyName, Secret, Target

FILES = {"results.json", "junit.xml", "results.sarif", "summary.md", "report.html", "exchanges.har"}
KEY = "ozw_secret/with+odd=chars.0123456789"


def test_a_report_is_whole_and_leaves_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    written = write_report(sample_run.full_run(), sample_run.requirements(), folder)
    assert {path.name for path in written} == {path.name for path in folder.iterdir()} == FILES
    json.loads((folder / "results.json").read_bytes())
    json.loads((folder / "exchanges.har").read_bytes())


def test_writing_again_replaces(tmp_path: Path) -> None:
    write_report(sample_run.full_run(), (), tmp_path)
    write_report(sample_run.green_run(), (), tmp_path)
    assert json.loads((tmp_path / "results.json").read_bytes())["verdict"] == "conformant"
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_a_file_that_fails_half_way_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    write_report(sample_run.full_run(), (), tmp_path)
    before = (tmp_path / "junit.xml").read_bytes()
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ReportError, match=r"^The report cannot be written to .*: No space left on device\.$"):
        write_report(sample_run.green_run(), (), tmp_path)
    assert (tmp_path / "junit.xml").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_a_place_that_cannot_hold_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot be written"):
        write_report(sample_run.full_run(), (), tmp_path / "file")
    with pytest.raises(ReportError, match="cannot be made"):
        new_folder("ozwell", 0.0, tmp_path / "file")


def test_folders_of_runs_are_never_shared(tmp_path: Path) -> None:
    names = [new_folder("ozwell", 1_700_000_000.9, tmp_path).name for _ in range(3)]
    assert names == ["20231114T221320Z-ozwell", "20231114T221320Z-ozwell-2", "20231114T221320Z-ozwell-3"]
    assert (tmp_path / module.RUNS / names[2]).is_dir()


def _echo(kind: str) -> bytes:
    if kind == "stream":
        events = b"".join(b'data: {"delta": "%s"}\n\n' % KEY.encode() for _ in range(3))
        return http(events).replace(b"application/json", b"text/event-stream")
    body = json.dumps({"error": {"message": f"no such key {KEY}, {quote(KEY, safe='')}", "param": [KEY] * 3}}).encode()
    return http(body, status="401 Unauthorized", headers=(f"X-Debug: {KEY}", f"Location: /x?key={quote(KEY, safe='')}"))


@contextmanager
def _echoing() -> Iterator[str]:
    def script(connection: socket.socket, request: bytes) -> None:
        path = request.split(b" ", 2)[1].decode()
        connection.sendall(b"nonsense " + KEY.encode() if "nonsense" in path else _echo(path.rpartition("/")[2]))

    with raw_server(script) as url:
        yield url


def _exchanges(url: str) -> tuple[Exchange, ...]:
    keys = {KeyName.MAIN: Secret(KEY)}
    recorder = Recorder(Target(url, "gpt-4", None, keys))
    body = json.dumps({"user": KEY}).encode()
    for path in ("/json", "/stream", "/nonsense", f"/files?key={quote(KEY, safe='')}"):
        recorder.send(Call("POST", path, "the key everywhere", (("X-Key", KEY),), body))
    recorder.close()
    return recorder.exchanges


def test_a_key_is_in_no_file_whatever_the_target_sends(tmp_path: Path) -> None:
    with _echoing() as url:
        exchanges = _exchanges(url)
    assert {leak.key for exchange in exchanges for leak in exchange.leaks} == {"OZWELL_API_KEY"}
    findings = [
        Finding(
            f"auth.x{e.id}", "auth", Level.MUST, Status.FAILED, outcome(e), "x", outcome(e), (e.id,), curl(e.request)
        )
        for e in exchanges
    ]
    run = sample_run.run_of(findings, exchanges=exchanges)
    write_report(run, (), tmp_path)
    with (tmp_path / "screen.txt").open("w", encoding="utf-8") as stream:
        print_last_screen(terminal(stream), run, tmp_path)
    forms = {form.encode() for form in (KEY, quote(KEY, safe=""), quote(KEY), json.dumps(KEY)[1:-1])}
    for path in tmp_path.iterdir():
        # In Markdown, every underscore is written as a reference, so that it is none of Markdown's own.
        content = html.unescape(path.read_text("utf-8")).encode()
        assert b"OZWELL_API_KEY" in content, path.name
        assert not [form for form in forms if form in content], path.name


def test_every_key_that_is_shown_is_a_variable(tmp_path: Path) -> None:
    write_report(sample_run.full_run(), sample_run.requirements(), tmp_path)
    for path in tmp_path.iterdir():
        text = path.read_text("utf-8")
        assert text.count("Bearer ") == text.count("Bearer $OZWELL_API_KEY"), path.name
        assert ("Bearer " in text) == (path.name != "summary.md"), path.name
