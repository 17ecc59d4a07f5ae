from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import sample_run

from ozwell_harness.model import Finding, Level, Requirement, Run, Source, Status
from ozwell_harness.reporting.commands import again
from ozwell_harness.reporting.console import terminal
from ozwell_harness.reporting.screen import print_last_screen
from ozwell_harness.reporting.summary import look_first, score_words, verdict_sentence

RUNS = [sample_run.full_run, sample_run.green_run, sample_run.unreachable_run, sample_run.interrupted_run]


class _Terminal(io.TextIOWrapper):
    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors="strict", write_through=True)

    def isatty(self) -> bool:
        return True


def _screen(run: Run, *, width: int = 100, encoding: str = "utf-8", folder: str = "reports/runs/now") -> str:
    stream = _Terminal(encoding)
    console = terminal(stream, width=width)
    console.no_color = True
    print_last_screen(console, run, Path(folder), sample_run.requirements())
    stream.seek(0)
    return stream.read()


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def test_the_screen_says_what_matters() -> None:
    told = _screen(sample_run.full_run())
    for words in (
        "NONCONFORMANT http://127.0.0.1:8000/v1 (profile ozwell)",
        "20 requirements that the target MUST meet are not met (20 warnings).",
        "20 not testable, 10 not applicable",
        "Spent: 143 requests in 12.3 s, 7,330 tokens.",
        "Load: mixed: 8 users, closed loop, 30 s measured after 5 s of warm-up",
        "27.1 requests/s, 812 completed, 30 failed (error rate 3.56%)",
        "TTFT p50 / p99 45 ms / 117 ms",
        "SLO ttft_p99<500ms, error_rate<0.1%: not met",
        "INVALID, neither pass nor fail",
        "Look at these first:",
        "ozwell-harness check http://127.0.0.1:8000/v1 --profile ozwell --seed 7 --requirement",
        "Report: reports/runs/now/report.html",
    ):
        assert words in " ".join(told.split()), words
    assert told.count("\n1. ") == told.count("\n5. ") == 1
    assert "\n6. " not in told


@pytest.mark.parametrize("make", RUNS)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_sixty_columns_are_enough(make: Callable[[], Run], encoding: str) -> None:
    told = _screen(make(), width=60, encoding=encoding)
    lines = [line.rstrip() for line in told.splitlines()]
    assert max(map(len, lines)) > 60 or not [line for line in lines if line.startswith("ozwell-harness ")]
    # What is there to be copied is left whole.
    assert max(len(line) for line in lines if not line.startswith("ozwell-harness ")) <= 60
    assert "\x1b" not in told
    assert "pagination" in told


def test_the_table_at_sixty_columns_keeps_its_numbers() -> None:
    rows = [line.split() for line in _screen(sample_run.full_run(), width=60).splitlines() if line.startswith("chat ")]
    assert rows == [["chat", "2", "1", "2", "2", "1", "17"]]


def test_a_green_run_has_nothing_to_look_at() -> None:
    told = _screen(sample_run.green_run())
    assert told.startswith("CONFORMANT")
    assert "Look at these first" not in told
    assert "score 100% (40 of 40 judged passed), coverage 100%" in told.replace("Score", "score")


def test_an_unreachable_target_is_said_to_be_so() -> None:
    told = _screen(sample_run.unreachable_run())
    assert told.startswith("INCONCLUSIVE")
    assert "Nothing could be judged." in told
    assert "Unreachable: http://127.0.0.1:9/v1 did not answer" in told


def test_a_target_cannot_write_lines_that_look_like_ours() -> None:
    forged = "Wrong.\nReport: /somewhere/else"
    finding = Finding("a.1", "a", Level.MUST, Status.FAILED, forged, forged, forged)
    told = _screen(sample_run.run_of([finding], notes=(forged,)))
    assert [line for line in told.splitlines() if line.startswith("Report")] == ["Report: reports/runs/now/report.html"]


def test_words_agree_in_number() -> None:
    finding = Finding("a.b", "a", Level.MUST, Status.FAILED, "Wrong.")
    run = sample_run.run_of([finding])
    assert verdict_sentence(run) == "1 requirement that the target MUST meet is not met."
    assert score_words(run).startswith("score 0% (0 of 1 judged passed), coverage 100% (1 of 1 that apply were judged)")


def _requirement(name: str, *requires: str) -> Requirement:
    return Requirement(name, "a", Level.MUST, "Text.", Source("ozwell", "x"), None, requires)


def test_what_blocks_most_comes_first_and_likes_are_one() -> None:
    requirements = [
        _requirement("a.late"),
        _requirement("a.root"),
        _requirement("a.child", "a.root"),
        _requirement("a.grandchild", "a.child"),
    ]
    findings = [
        Finding("a.warned", "a", Level.SHOULD, Status.WARNED, "Unwise."),
        Finding("a.late", "a", Level.MUST, Status.FAILED, "Late.", "", "id req-00112233"),
        Finding("a.alike", "a", Level.MUST, Status.FAILED, "Late.", "", "id req-99aabbcc"),
        Finding("a.other", "a", Level.MUST, Status.FAILED, "Late.", "", "status 404"),
        Finding("a.root", "a", Level.MUST, Status.FAILED, "No answer."),
        Finding("a.child", "a", Level.MUST, Status.NOT_TESTABLE, "Blocked."),
        Finding("a.grandchild", "a", Level.MUST, Status.NOT_TESTABLE, "Blocked."),
    ]
    pointers = look_first(sample_run.run_of(findings), requirements)
    assert [(p.finding.requirement, p.blocked, p.alike) for p in pointers] == [
        ("a.root", 2, 0),
        ("a.late", 0, 1),
        ("a.other", 0, 0),
        ("a.warned", 0, 0),
    ]
    assert pointers[0].weight == "keeps 2 others from being judged"
    assert pointers[1].weight == "1 more finding like it"


def test_the_command_to_judge_again_can_be_pasted() -> None:
    run = sample_run.run_of([], target="http://127.0.0.1:8000/a b;c/v1", seed=0)
    assert again(run, "chat.x") == (
        "ozwell-harness check 'http://127.0.0.1:8000/a b;c/v1' --profile ozwell --requirement chat.x"
    )
    bundled = sample_run.run_of([], facts={"bundled_mock": "yes"}, seed=3)
    assert again(bundled) == "ozwell-harness check --profile ozwell --seed 3"
