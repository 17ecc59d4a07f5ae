"""A comparison on the screen, as JSON and as a page; hostile text acts in none of them."""

from __future__ import annotations

import html
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
from comparing_runs import block, measured, streams
from sample_run import HOSTILE

from ozwell_harness.comparing.comparison import Comparison, Side, compare
from ozwell_harness.comparing.ratios import Rule
from ozwell_harness.content import content_path
from ozwell_harness.model import Finding, Level, Run, Status, Verdict
from ozwell_harness.reporting.comparison.document import to_document, to_json
from ozwell_harness.reporting.comparison.markdown import comparison_markdown
from ozwell_harness.reporting.comparison.page import page
from ozwell_harness.reporting.comparison.screen import print_comparison
from ozwell_harness.reporting.console import terminal
from ozwell_harness.verdict import tally


def made(statuses: dict[str, Status], text: str = "it is so", **more: object) -> Run:
    findings = tuple(
        Finding(f"chat.{name}", "chat", Level.MUST, status, text, text, text) for name, status in statuses.items()
    )
    run = Run("http://127.0.0.1:1/v1", "ozwell", 0, 1e9, 1.0, Verdict.CONFORMANT, tally(findings), findings)
    return replace(run, **more)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    before = made({"a": Status.PASSED, "b": Status.FAILED, "c": Status.PASSED, "d": Status.PASSED}, load=block())
    after = made(
        {"a": Status.FAILED, "b": Status.PASSED, "c": Status.NOT_TESTABLE, "d": Status.PASSED},
        HOSTILE,
        load=block(),
        target=f"http://127.0.0.1:2/{HOSTILE}",
    )
    fast, slow = (measured(streams(lambda rng, _at, t=t: t * rng.uniform(0.99, 1.01))) for t in (0.1, 0.12))
    return compare(Side("before", before, "1", fast), Side(f"after {HOSTILE}", after, "2", slow), (), Rule())


def screen(comparison: Comparison, **more: int) -> str:
    stream = io.StringIO()
    print_comparison(terminal(stream, **more), comparison, Path("out", "comparison.html"))
    return stream.getvalue()


def test_screen_tells_what_matters_first(comparison: Comparison) -> None:
    lines = screen(comparison).splitlines()
    assert lines[0].startswith(
        "REGRESSION 1 requirement newly fails; chat_stream TTFT p50 slower: 100 ms before, 120 ms"
    )
    text = "\n".join(lines)
    assert text.index("Newly failing: 1") < text.index("No longer judged: 1") < text.index("Fixed: 1")
    assert re.search(r"chat_stream TTFT p50 +100 ms +120 ms +\+20% +\+\S+% to \+\S+% +slower", text)
    assert "Compared by every sample of both runs." in text
    assert str(Path("out", "comparison.html")) in text


@pytest.mark.parametrize("width", [40, 80])
def test_screen_fits_narrow_terminals(comparison: Comparison, width: int) -> None:
    assert "TTFT" in screen(comparison, width=width)


def test_screen_shows_nothing_that_acts(comparison: Comparison) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", screen(comparison))


def test_document_keeps_its_schema_and_all_that_changed(comparison: Comparison) -> None:
    document = json.loads(to_json(comparison))
    schema = json.loads(content_path("spec", "comparison.schema.json").read_text("utf-8"))
    jsonschema_rs.validate(schema, document)
    assert document["outcome"] == "regression"
    assert {entry["requirement"]: entry["change"] for entry in document["requirements"]} == {
        "chat.a": "broken",
        "chat.b": "fixed",
        "chat.c": "lost",
    }
    assert document["summary"]["same"] == 1
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", to_json(comparison))


def test_document_of_runs_that_share_nothing(comparison: Comparison) -> None:
    found = compare(Side("a", made({})), Side("b", made({})))
    assert to_document(found)["outcome"] == "inconclusive"
    assert to_document(found)["speed"] is None


def test_markdown_shows_the_same_and_nothing_that_acts(comparison: Comparison) -> None:
    text = comparison_markdown(comparison)
    assert text.startswith("### Against before: REGRESSION")
    assert "Newly failing: 1" in text
    assert "<script" not in text
    assert "[red]" not in text
    rows = [line for line in text.splitlines() if line.startswith("| chat&#95;stream")]
    assert rows
    assert {row.count("|") for row in rows} == {7}


def test_page_stands_alone_and_holds_no_markup_of_others(comparison: Comparison) -> None:
    text = page(comparison)
    assert "<script>window" not in text
    assert "onerror='" not in text
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", text)
    assert "default-src 'none'" in html.unescape(text)
    assert "Newly failing" in text
    assert text.count("<script") == text.count("</script>") == 1
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)
