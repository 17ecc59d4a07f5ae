from __future__ import annotations

from dataclasses import replace

import pytest
import sample_run

from ozwell_harness.model import BaselineComparison, Finding, Level, Status, Verdict
from ozwell_harness.reporting.github import SHOWN, command, workflow_commands


def _unescaped(text: str) -> str:
    return text.replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%")


@pytest.mark.parametrize(
    ("title", "text", "line"),
    [
        ("a: b, c", "50%\nnext: one, two", "::error title=a%3A b%2C c::50%25%0Anext: one, two"),
        ("x", "\r\n::add-mask::y", "::error title=x::\\r%0A::add-mask::y"),
        ("%0A", "%3A", "::error title=%250A::%253A"),
        ("\x1b[2J", "\x00", "::error title=\\x1b[2J::\\0"),
    ],
)
def test_commands_are_escaped(title: str, text: str, line: str) -> None:
    assert command("error", title, text) == line


def test_a_finding_is_an_annotation_with_its_evidence() -> None:
    finding = Finding("chat.x", "chat", Level.MUST, Status.FAILED, "It is wrong.", "a", "b", (), "curl -s http://x")
    verdict, told = workflow_commands(sample_run.run_of([finding]))
    assert verdict.startswith(
        "::error title=NONCONFORMANT http%3A//127.0.0.1%3A8000/v1 (profile ozwell)::1 requirement"
    )
    assert told == "::error title=chat.x (MUST)::It is wrong.%0Aexpected: a%0Aactual: b%0Areproduce: curl -s http://x"


def test_a_warning_is_one_and_a_green_run_says_so() -> None:
    finding = Finding("chat.x", "chat", Level.SHOULD, Status.WARNED, "It is unwise.")
    verdict, told = workflow_commands(sample_run.run_of([finding]))
    assert verdict.startswith("::notice title=CONFORMANT")
    assert told == "::warning title=chat.x (SHOULD)::It is unwise."


def test_no_more_than_github_shows_and_the_rest_is_counted() -> None:
    findings = [Finding(f"a.{n}", "a", Level.MUST, Status.FAILED, f"Wrong: {'x' * n}.") for n in range(30)]
    lines = workflow_commands(sample_run.run_of(findings))
    assert len(lines) == SHOWN
    assert lines[-1].startswith("::error title=and 22 more::")
    assert len(workflow_commands(sample_run.run_of(findings[: SHOWN - 1]))) == SHOWN


def test_known_deviations_are_notices_and_hide_no_new_ones() -> None:
    old, new = (Finding(f"a.{name}", "a", Level.MUST, Status.FAILED, "Wrong.") for name in ("old", "new"))
    run = sample_run.run_of([old, new], baseline=BaselineComparison(expected=frozenset({"a.old"})))
    told = workflow_commands(run)[1:]
    assert [line.partition("::Wrong")[0] for line in told] == [
        "::error title=a.new (MUST)",
        "::notice title=known%3A a.old (MUST)",
    ]


def test_what_could_not_be_judged_is_an_error_with_the_reason() -> None:
    (told,) = workflow_commands(sample_run.unreachable_run())
    assert told.startswith("::error title=INCONCLUSIVE")
    assert "did not answer" in told


def test_a_broken_slo_is_an_error_of_a_load_and_a_warning_of_a_run() -> None:
    block = sample_run.load_block() | {"verdict": "slo_broken"}
    run = sample_run.run_of([], load=block, command="load", verdict=Verdict.NONCONFORMANT)
    assert any(
        line.startswith("::error title=SLO not met%3A error_rate<0.1%25::measured 3.56%25")
        for line in workflow_commands(run)
    )
    lines = workflow_commands(replace(run, command="run", load=sample_run.load_block()))
    assert any(line.startswith("::warning title=SLO not met") for line in lines)


def test_hostile_text_stays_in_its_line() -> None:
    for line in workflow_commands(sample_run.full_run(), sample_run.requirements()):
        assert line.startswith(("::error title=", "::warning title=", "::notice title="))
        assert line.isprintable()
    assert "[red]markup" in _unescaped("".join(workflow_commands(sample_run.full_run())))
