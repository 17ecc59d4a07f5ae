from __future__ import annotations

import pytest
import sample_run
from markdown_it import MarkdownIt

from ozwell_harness.model import Finding, Level, Status
from ozwell_harness.reporting.markdown import escaped, markdown_of


def test_it_says_what_matters() -> None:
    told = markdown_of(sample_run.full_run())
    page = MarkdownIt("commonmark").enable("table").render(told)
    for words in (
        "NONCONFORMANT: http://127.0.0.1:8000/v1 (profile ozwell)",
        "20 requirements that the target MUST meet are not met (20 warnings).",
        "Spent: 143 requests in 12.3 s, 7,330 tokens.",
        "INVALID, neither pass nor fail",
        '<code class="language-sh">ozwell-harness check http://127.0.0.1:8000/v1 --profile ozwell --seed 7',
    ):
        assert words in page, words
    rows = [row for row in page.split("<tr>") if row.strip().startswith("<td")]
    assert len(rows) == len(sample_run.AREAS)
    assert page.count("<table>") == 1


def test_a_green_run_is_short() -> None:
    told = markdown_of(sample_run.green_run())
    assert told.startswith("## CONFORMANT")
    assert "Look at these first" not in told


@pytest.mark.parametrize("make", [sample_run.full_run, sample_run.unreachable_run, sample_run.interrupted_run])
def test_nothing_that_a_target_sent_acts(make: object) -> None:
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown_of(make()))  # type: ignore[operator]
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page


@pytest.mark.parametrize(
    "text", ["<b>", "[x](y)", "**a**", "`a`", "a|b", "@you", "# a", "&lt;", "http://x", "- a", "~~a~~"]
)
def test_text_shows_as_it_is(text: str) -> None:
    page = MarkdownIt("gfm-like", {"linkify": False}).render(f"x {escaped(text)} y")
    shown = page.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert shown.strip() == f"<p>x {text} y</p>"


def test_lines_are_bounded() -> None:
    findings = [
        Finding(f"a.{n}", "a", Level.MUST, Status.FAILED, f"W{'x' * n}", "e" * 9999, "a\n" * 99) for n in range(99)
    ]
    told = markdown_of(sample_run.run_of(findings))
    assert "and 79 more" in told
    assert max(map(len, told.splitlines())) < 1500
