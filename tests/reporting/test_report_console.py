from __future__ import annotations

import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable

import pytest
import sample_run
from rich.console import Console

from ozwell_harness.load.progress import Progress
from ozwell_harness.model import Finding, Level, Status
from ozwell_harness.reporting.console import ConsoleObserver, Detail, terminal
from ozwell_harness.reporting.console_load import ConsoleLoadObserver

#: What a terminal acts on, but for the colours, cursor moves and line erasing that rich itself writes.
_RICH = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[hl]|[0-9]*A|2K|1A)|\r")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


class _Stream(io.TextIOWrapper):
    """A stream of bytes that may say it is a terminal."""

    def __init__(self, encoding: str = "utf-8", *, tty: bool = False) -> None:
        self._tty = tty
        super().__init__(io.BytesIO(), encoding=encoding, errors="strict", write_through=True)

    def isatty(self) -> bool:
        return self._tty

    def text(self) -> str:
        self.flush()
        self.seek(0)
        return self.read()


def _listen(
    console: Console,
    findings: Iterable[Finding],
    total: int,
    *,
    each_s: float = 0.0,
    detail: Detail = Detail.NORMAL,
) -> None:
    """Tell of findings; one comes every ``each_s`` seconds."""
    findings = tuple(findings)
    now = itertools.count(0.0, each_s)
    moment = 0.0
    observer = ConsoleObserver(console, lambda: moment, detail)
    tests = Counter(finding.area for finding in findings)
    observer.started("http://127.0.0.1:8000/v1", "ozwell", total, tests)
    for number, finding in enumerate(findings):
        if number == 3:
            observer.waiting(12.2)
        moment = next(now)
        observer.judged(finding)
    observer.finished()


def _plain(findings: Iterable[Finding], total: int, *, each_s: float = 0.0, detail: Detail = Detail.NORMAL) -> str:
    stream = _Stream()
    _listen(terminal(stream), findings, total, each_s=each_s, detail=detail)
    return stream.text()


def test_without_a_terminal_lines_are_few_and_plain() -> None:
    findings = [Finding(f"a.{n}", "a", Level.MUST, Status.PASSED) for n in range(60)]
    assert _plain(findings, 60, each_s=0.0625).splitlines() == [
        "Judging http://127.0.0.1:8000/v1 by profile ozwell: 60 requirements.",
        "The target asks to wait 12 s.",
        "33 of 60: 33 passed",
        "a: 60 passed (60 of 60)",
    ]


def test_a_finding_is_shown_as_it_comes() -> None:
    finding = Finding("chat.x", "chat", Level.MUST, Status.FAILED, "It is wrong.", "a string", "null\nand more")
    assert _plain([finding], 1).splitlines()[1:-1] == [
        "FAILED chat.x (MUST)",
        "  It is wrong.",
        "  expected: a string",
        "  actual:   null",
        "          | and more",
    ]


def test_a_page_of_html_takes_few_lines() -> None:
    finding = Finding("chat.x", "chat", Level.MUST, Status.FAILED, "It is wrong.", "", "<html>\n" * 30)
    told = _plain([finding], 1).splitlines()[3:-1]
    assert len(told) == 6
    assert told[-1] == "          | ... and 26 more lines"


def test_one_requirement_judged_twice_counts_once() -> None:
    finding = Finding("chat.x", "chat", Level.MUST, Status.FAILED, "It is wrong.")
    told = _plain([finding, finding], 1)
    assert told.count("It is wrong.") == 1
    assert told.endswith("chat: 1 failed (1 of 1)\n")


def test_a_target_cannot_write_lines_that_look_like_ours() -> None:
    forged = "Wrong.\nReport: /somewhere/else\n60 of 60: 60 passed"
    told = _plain([Finding("a.1", "a", Level.MUST, Status.FAILED, forged, forged, forged)], 1)
    assert not [line for line in told.splitlines() if line.startswith(("Report", "60"))]


def test_what_needs_no_attention_is_only_counted() -> None:
    findings = [
        Finding("a.1", "a", Level.MUST, Status.NOT_TESTABLE, "Something is missing."),
        Finding("a.2", "a", Level.MUST, Status.NOT_APPLICABLE, "Not offered."),
    ]
    told = _plain(findings, 2)
    assert "missing" not in told
    assert told.endswith("a: 1 not applicable, 1 not testable (2 of 2)\n")


def test_many_findings_take_a_line_each() -> None:
    findings = [Finding(f"a.{n}", "a", Level.MUST, Status.FAILED, f"Wrong {n}.", "x", "y") for n in range(80)]
    told = _plain(findings, 80)
    assert told.count("expected:") == 20
    assert "FAILED a.79 (MUST): Wrong 79." in told


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("tty", [False, True])
def test_a_target_cannot_act_on_the_terminal(encoding: str, tty: bool) -> None:
    stream = _Stream(encoding, tty=tty)
    run = sample_run.full_run()
    _listen(terminal(stream, width=80), run.findings, 250)
    told = _RICH.sub("", stream.text())
    assert not set(told) & {"\x1b", "\x9b", "\x07", "\x00", "\u202e"}
    assert "\\x1b[2J" in told
    assert "[red]markup[/red]" in told


def test_a_terminal_gets_a_bar_and_the_wait() -> None:
    stream = _Stream(tty=True)
    console = terminal(stream, width=40)
    observer = ConsoleObserver(console)
    observer.started("http://127.0.0.1:8000/v1", "ozwell", 2, {"chat": 2})
    observer.judged(Finding("chat.x", "chat", Level.MUST, Status.PASSED))
    observer.waiting(12)
    console.print("")  # draws the live bar anew
    observer.finished()
    told = _RICH.sub("", stream.text())
    assert "asked to wait 12 s" in told
    assert "1/2" in told


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = _Stream(tty=True)
    _listen(terminal(stream, width=60), [Finding("a.1", "a", Level.MUST, Status.FAILED, "Wrong.")], 1)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", stream.text())


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = _Stream(tty=True)
    _listen(terminal(stream, width=80), [Finding("a.1", "a", Level.MUST, Status.PASSED)], 1)
    assert "\x1b" not in stream.text()
    assert "a: 1 passed (1 of 1)" in stream.text()


def test_each_area_is_closed_by_a_line() -> None:
    findings = [
        Finding("a.1", "a", Level.MUST, Status.PASSED),
        Finding("b.1", "b", Level.MUST, Status.FAILED, "Wrong."),
        Finding("a.2", "a", Level.MUST, Status.PASSED),
        Finding("b.2", "b", Level.MUST, Status.PASSED),
    ]
    assert _plain(findings, 4).splitlines()[1:] == [
        "FAILED b.1 (MUST)",
        "  Wrong.",
        "a: 2 passed (3 of 4)",
        "The target asks to wait 12 s.",
        "b: 1 passed, 1 failed (4 of 4)",
    ]


def test_verbose_tells_of_every_requirement() -> None:
    findings = [
        Finding("a.1", "a", Level.MUST, Status.PASSED),
        Finding("a.2", "a", Level.MUST, Status.NOT_TESTABLE, "A key is missing."),
    ]
    assert _plain(findings, 2, detail=Detail.VERBOSE).splitlines()[1:] == [
        "PASSED a.1 (MUST)",
        "NOT TESTABLE a.2 (MUST): A key is missing.",
        "a: 1 passed, 1 not testable (2 of 2)",
    ]


def test_a_run_that_ends_early_tells_how_far_it_came() -> None:
    stream = _Stream()
    observer = ConsoleObserver(terminal(stream))
    observer.started("http://127.0.0.1:8000/v1", "ozwell", 2, {"a": 2})
    observer.judged(Finding("a.1", "a", Level.MUST, Status.PASSED))
    observer.finished()
    observer.finished()
    assert stream.text().splitlines()[1:] == ["1 of 2: 1 passed"]


@pytest.mark.parametrize("term", ["xterm-256color", "dumb", ""])
def test_force_color_colours_a_log_and_draws_no_bar(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", term)
    stream = _Stream()
    message = "long " * 50
    _listen(terminal(stream), [Finding("a.1", "a", Level.MUST, Status.FAILED, message)], 1)
    told = stream.text()
    assert "\x1b[1;31mFAILED\x1b[0m" in told
    assert not re.search(r"\x1b\[(?![0-9;]*m)", told)
    assert message.strip() in told


@pytest.mark.parametrize(("name", "value"), [("FORCE_COLOR", "0"), ("FORCE_COLOR", ""), ("NO_COLOR", "1")])
def test_a_log_is_plain_otherwise(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert "\x1b" not in _plain([Finding("a.1", "a", Level.MUST, Status.FAILED, "Wrong.")], 1)


def test_no_line_of_a_targets_begins_with_a_command() -> None:
    forged = "x\n::error::forged\n   ::add-mask::a"
    told = _plain([Finding("a.1", "a", Level.MUST, Status.FAILED, forged, forged, forged)], 1)
    assert [line for line in told.splitlines() if line.lstrip().startswith("::")] == []


@pytest.mark.parametrize("tty", [False, True])
def test_the_load_phase_is_shown(tty: bool) -> None:
    stream = _Stream(tty=tty)
    console = terminal(stream, width=80)
    observer = ConsoleLoadObserver(console)
    observer.load_started("mixed", 35.0)
    for elapsed in range(1, 36):
        observer.load_progress(Progress(float(elapsed), 35.0, elapsed * 10, elapsed * 9, 2, 8))
    console.print("")
    observer.load_finished()
    told = _RICH.sub("", stream.text())
    assert "Loading with scenario mixed for 35 s." in told
    assert ("35 of 35 s: 315 answers, 2 failed, 8 in flight" if tty else "10 of 35 s: 90 answers, 2 failed") in told
    if not tty:
        assert len(told.splitlines()) == 5
