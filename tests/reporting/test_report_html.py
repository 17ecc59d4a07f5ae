from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import pytest
import sample_run

from ozwell_harness.content import content_path
from ozwell_harness.model import Exchange, Finding, Level, Run, Status
from ozwell_harness.reporting.charts.page import library
from ozwell_harness.reporting.html import html
from ozwell_harness.reporting.view import MOST_EXCHANGES

RUNS = [sample_run.full_run, sample_run.green_run, sample_run.unreachable_run, sample_run.interrupted_run]
ASSETS = ("report.css", "report.js", "charts.js")
_VOID = {"meta", "input", "img", "br", "hr", "link"}


@dataclass
class _Page(HTMLParser):
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    raw: dict[str, list[str]] = field(default_factory=dict)
    unclosed: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag

    def handle_data(self, data: str) -> None:
        tag = self.unclosed[-1] if self.unclosed else ""
        if tag in {"script", "style"}:
            self.raw.setdefault(tag, []).append(data)
        else:
            self.text.append(data)


def _page(text: str) -> _Page:
    page = _Page()
    page.feed(text)
    page.close()
    assert page.unclosed == []
    return page


@pytest.fixture(scope="module")
def full() -> _Page:
    return _page(html(sample_run.full_run(), sample_run.requirements()))


def test_only_our_own_script_and_style_may_act(full: _Page) -> None:
    policy = next(a["content"] or "" for tag, a in full.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    ours = {name: content_path("reports", "templates", name).read_text("utf-8").strip() for name in ASSETS}
    assert full.raw["style"] == [ours["report.css"]]
    plain, data, packed, drawing = full.raw["script"]
    assert (plain, drawing) == (ours["report.js"], ours["charts.js"])
    run = [a.get("type") for tag, a in full.tags if tag == "script"]
    assert run == [None, "application/json", "text/plain", None]
    assert json.loads(data)
    assert gzip.decompress(base64.b64decode(packed)).decode() == library().source
    for kind, sources in (("style", (ours["report.css"], "")), ("script", (plain, drawing, library().source))):
        allowed = " ".join(_digest(source) for source in sources)
        assert f"{kind}-src {allowed};" in policy


def _digest(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def test_nothing_comes_from_outside_and_nothing_hostile_is_markup(full: _Page) -> None:
    for tag, attributes in full.tags:
        assert tag not in {"img", "iframe", "object", "embed", "base", "link"}
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        for name in ("src", "href", "action", "srcset"):
            target = attributes.get(name) or "#"
            assert target.startswith("#") or target in {"results.json", "junit.xml", "exchanges.har"}


def test_hostile_text_is_shown_as_text(full: _Page) -> None:
    shown = "".join(full.text)
    assert "<script>window.hacked=1</script>" in shown
    assert "{{ 7*7 }} {% raw %}" in shown
    assert "\\x1b[2J" in shown
    assert not set(shown) & {"\x1b", "\x9b", "\x00", "\u202e", "\ud800"}


@pytest.mark.parametrize("make", RUNS)
def test_every_link_lands_and_ids_are_unique(make: Callable[[], Run]) -> None:
    page = _page(html(make(), sample_run.requirements()))
    ids = Counter(a["id"] for _, a in page.tags if "id" in a)
    assert [name for name, times in ids.items() if times > 1] == []
    for _, attributes in page.tags:
        target = attributes.get("href") or ""
        if target.startswith("#"):
            assert target[1:] in ids
        if "data-exchange" in attributes:
            assert f"exchange-{attributes['data-exchange']}" in ids


def test_every_finding_can_be_linked_and_filtered(full: _Page) -> None:
    findings = {a["id"]: a for tag, a in full.tags if tag == "details" and a.get("class", "").startswith("finding ")}  # type: ignore[union-attr]
    run = sample_run.full_run()
    assert list(findings) != []
    for finding in run.findings:
        attributes = findings[finding.requirement]
        assert attributes["data-status"] == finding.status
        assert (attributes["data-area"], attributes["data-level"]) == (finding.area, finding.level)


def test_the_first_screen_says_what_matters(full: _Page) -> None:
    shown = " ".join(" ".join(full.text).split())
    before_findings = shown.split("Findings Status")[0]
    for words in (
        "nonconformant http://127.0.0.1:8000/v1",
        "Profile ozwell",
        "Model gpt-4",
        "2023-11-14 22:13:20 UTC",
        "Score 80.9%",
        "Coverage 87.5%",
        "TTFT p50 / p99 45 ms / 117 ms",
        "Look at these first",
        "The client used 97% of its core",
    ):
        assert words in before_findings, words


def test_every_area_and_status_of_the_matrix_leads_to_its_findings(full: _Page) -> None:
    run = sample_run.full_run()
    cells = Counter((f.area, f.status.value) for f in run.findings)
    links = [
        a for tag, a in full.tags if tag == "a" and "data-filter" in a and a.get("data-area") and "aria-label" in a
    ]
    assert {(a["data-area"], a["data-status"]) for a in links} == set(cells)
    for link in links:
        amount = cells[link["data-area"], link["data-status"]]  # type: ignore[index]
        words = (link["data-status"] or "").replace("_", " ")
        assert link["aria-label"] == f"{amount} {words} in {link['data-area']}"
        assert link["href"] == f"#area-{link['data-area']}"


def test_what_a_finding_speaks_of_is_marked_in_its_exchange() -> None:
    body = b'{"id":37,"object":"chat.completion","usage":null}'
    asked = sample_run.request(body=b"{}")
    held = Exchange(1, "one", asked, sample_run.response(body), None, 0.0, 0.1)
    broken = [
        Finding("chat.id", "chat", Level.MUST, Status.FAILED, "The id is no text.", "a text", "id 37", (1,)),
        Finding("chat.use", "chat", Level.MUST, Status.FAILED, "No usage.", "usage", "usage null", (1,)),
        Finding("chat.fine", "chat", Level.MUST, Status.PASSED, exchanges=(1,)),
    ]
    text = html(sample_run.run_of(broken, exchanges=(held,)), [])
    marks = re.findall(r'<mark data-for="([^"]*)" title="[^"]*">(.*?)</mark>', text)
    assert marks == [("chat.id", "&#34;id&#34;: 37"), ("chat.use", "&#34;usage&#34;: null")]
    assert text.count('<span class="flag">deviation marked</span>') == 2
    assert 'On it rest: <a href="#chat.id"><code>chat.id</code></a>, <a href="#chat.use">' in text


def test_what_could_not_be_judged_leads_to_what_kept_it_from_being_judged() -> None:
    broken = Finding("chat.ok", "chat", Level.MUST, Status.FAILED, "It is broken.")
    open_ = [
        Finding(
            f"chat.{name}", "chat", Level.MUST, Status.NOT_TESTABLE, f"Its prerequisite {cause} did not hold: Broken."
        )
        for name, cause in (("needs", "chat.ok"), ("lacks", "chat.unknown"))
    ]
    catalogue = [replace(r, id=f.requirement) for r, f in zip(sample_run.requirements(2), open_, strict=True)]
    page = _page(html(sample_run.run_of([broken, *open_]), catalogue))
    shown = " ".join(" ".join(page.text).split())
    assert "did not hold: Broken. Show chat.ok" in shown
    assert "Show chat.unknown" not in shown


def test_a_deviation_under_load_leads_to_its_finding() -> None:
    finding = Finding("http.answers-never-cross", "http", Level.MUST, Status.FAILED, "An answer holds another's nonce.")
    page = _page(html(sample_run.run_of([finding], load=sample_run.load_block()), []))
    links = [a["href"] for tag, a in page.tags if tag == "a" and a.get("href") == "#http.answers-never-cross"]
    # From the first screen, and from the list of the load.
    assert len(links) == 2


def test_what_was_not_judged_is_told_with_its_cause() -> None:
    findings = [
        Finding(r.id, r.area, r.level, Status.NOT_TESTABLE, "To open this check, set OZWELL_LIMITED_API_KEY.")
        for r in sample_run.requirements(3)
    ]
    shown = " ".join(" ".join(_page(html(sample_run.run_of(findings), [])).text).split())
    assert "Not judged, and why not testable 3 To open this check, set OZWELL_LIMITED_API_KEY." in shown


def test_only_statuses_that_occur_have_a_column() -> None:
    page = _page(html(replace(sample_run.green_run(), load=None), []))
    assert " ".join(" ".join(page.text).split()).count("Not applicable") == 0
    assert "Failed" in " ".join(page.text)


def test_a_report_of_a_load_alone_speaks_of_the_load_alone() -> None:
    block = sample_run.load_block() | {"verdict": "slo_broken"}
    page = _page(html(sample_run.run_of([], load=block, command="load"), sample_run.requirements()))
    shown = " ".join(" ".join(page.text).split())
    assert "Load report SLO not met http://127.0.0.1:8000/v1 The target broke the SLO." in shown
    assert "ozwell-harness load http://127.0.0.1:8000/v1" in shown
    for words in ("Score", "Coverage", "Findings", "Nothing was judged"):
        assert words not in shown


def test_a_deviation_that_a_load_met_is_shown_without_a_score() -> None:
    found = sample_run.full_run().findings[17:18]
    block = sample_run.load_block() | {"verdict": "nonconformant"}
    page = _page(html(sample_run.run_of(found, load=block, command="load"), sample_run.requirements()))
    shown = " ".join(" ".join(page.text).split())
    assert "Look at these first" in shown
    assert "Findings Status Failed (1)" in shown
    assert "Score" not in shown


def test_a_run_without_load_or_findings_is_still_a_report() -> None:
    page = _page(html(sample_run.run_of([]), []))
    shown = " ".join(" ".join(page.text).split())
    assert "inconclusive" in shown
    assert "Nothing was judged." in shown
    assert "Under load" not in shown


def test_a_load_block_with_the_least_in_it_is_shown() -> None:
    block = sample_run.load_block() | {"metrics": {}, "throughput_rps": None, "error_rate": None, "interrupted": True}
    for name in ("per_second", "scenarios", "slo", "errors", "nonconformities", "tokens", "validity"):
        del block[name]
    shown = "".join(_page(html(replace(sample_run.green_run(), load=block), [])).text)
    assert "Interrupted: these figures" in shown


def test_a_long_run_stays_small() -> None:
    run = sample_run.full_run()
    many = tuple(replace(run.exchanges[n % 10], id=n + 1) for n in range(3000))
    findings = [replace(f, exchanges=tuple(range(n * 10 + 1, n * 10 + 11))) for n, f in enumerate(run.findings)]
    text = html(replace(run, exchanges=many, findings=tuple(findings), load=sample_run.load_block(7200)), [])
    assert text.count('<details class="exchange') == MOST_EXCHANGES
    assert len(text) < 6_000_000


def test_few_findings_stand_open_and_many_are_folded() -> None:
    def is_open(run: Run) -> set[bool]:
        tags = _page(html(run, sample_run.requirements())).tags
        return {"open" in a for tag, a in tags if tag == "details" and a.get("data-status") == "failed"}

    assert is_open(sample_run.interrupted_run()) == {True}
    assert is_open(sample_run.full_run()) == {False}


def test_only_a_report_with_plots_carries_the_library() -> None:
    without = html(sample_run.run_of([]), [])
    assert "chart-data" not in without
    assert len(without) < 100_000
    policy = next(a["content"] for _, a in _page(without).tags if a.get("http-equiv") == "Content-Security-Policy")
    assert (policy or "").count("sha256-") == 2


def test_every_plot_has_its_data_and_a_table(full: _Page) -> None:
    names = [a["data-chart"] for tag, a in full.tags if tag == "figure"]
    data = json.loads(full.raw["script"][1])
    assert list(data) == names != []
    tables = [a for tag, a in full.tags if tag == "details" and a.get("class") == "figures-table"]
    assert len(tables) == len(names)


def _variables(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_have_the_contrast_of_wcag_aa(scheme: int) -> None:
    style = content_path("reports", "templates", "report.css").read_text("utf-8")
    colours = _variables(re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme])
    pairs = [(front, back) for front in ("text", "soft", "link") for back in ("page", "card", "code")]
    pairs += [("text", "marked")]
    statuses = ("failed", "error", "warned", "not_testable", "not_applicable", "passed")
    pairs += [(s, f"{s}-bg") for s in statuses] + [(s, "card") for s in statuses]
    low = {pair: round(_contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}
    assert {pair: value for pair, value in low.items() if value < 4.5} == {}
