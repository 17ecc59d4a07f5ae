"""What a reader does with a report, in a real browser: filters, follows links, uses the keyboard, prints it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import browser
import pytest
import sample_run

from ozwell_harness.model import Finding, Level, Run, Status
from ozwell_harness.reporting.html import html

SHOWN = "[...document.querySelectorAll('details.finding')].filter((f) => f.checkVisibility()).map((f) => f.id)"
#: A filter hides it, for it passed.
HIDDEN = "auth.thing-0"


def _run() -> Run:
    """Return a run of every status; one answer breaks two requirements, each in a part of its own."""
    run = sample_run.full_run(100)
    body = json.dumps({"id": 37, "object": "list", "content": sample_run.HOSTILE}).encode()
    held = replace(run.exchanges[0], id=11, response=sample_run.response(body), request=sample_run.request(body=b"{}"))
    broken = [
        Finding(f"chat.{name}-right", "chat", Level.MUST, Status.FAILED, "It is wrong.", "x", actual, (11,), "curl x")
        for name, actual in (("id", "id 37"), ("object", "object list"))
    ]
    return sample_run.run_of((*run.findings, *broken), exchanges=(*run.exchanges, held))


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with browser.browser() as found:
        yield found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html(_run(), sample_run.requirements(100)), "utf-8")
    return path


@pytest.fixture
def opened(running: Any, report: Path) -> Iterator[browser.Opened]:
    found = browser.Opened(running, report)
    yield found
    assert found.console == []
    assert found.see("[window.refused, window.hacked]") == [[], None]
    found.close()


def _ids(**wanted: str) -> list[str]:
    found = [f for f in _run().findings if all(getattr(f, name) == value for name, value in wanted.items())]
    return sorted(finding.requirement for finding in found)


def _said(opened: browser.Opened) -> str:
    return str(opened.page.locator("#shown").inner_text())


def test_filters_by_area_level_and_status_narrow_together(opened: browser.Opened) -> None:
    page = opened.page
    page.select_option("select[name=area]", "chat")
    assert sorted(opened.see(SHOWN)) == _ids(area="chat")
    page.select_option("select[name=level]", "MUST")
    assert sorted(opened.see(SHOWN)) == _ids(area="chat", level="MUST")
    page.uncheck("input[value=passed]")
    wanted = sorted(set(_ids(area="chat", level="MUST")) - set(_ids(status="passed")))
    assert sorted(opened.see(SHOWN)) == wanted
    assert _said(opened) == f"{len(wanted)} of 102 shown"
    page.click("button[type=reset]")
    opened.page.wait_for_function("document.getElementById('shown').textContent === '102 of 102 shown'")
    assert len(opened.see(SHOWN)) == 102


def test_the_search_finds_ids_words_and_values(opened: browser.Opened) -> None:
    search = opened.page.locator("input[type=search]")
    for text, wanted in (
        ("chat.id-right", ["chat.id-right"]),
        ("RIGHT wrong", ["chat.id-right", "chat.object-right"]),
        ("object list", ["chat.object-right"]),
        ("no such words", []),
        ("<script>window.hacked=1</script> chat.thing", None),
    ):
        search.fill(text)
        found = opened.see(SHOWN)
        assert found == wanted if wanted is not None else found
        assert _said(opened) == f"{len(found)} of 102 shown"


def test_a_figure_of_the_first_screen_leads_to_its_findings(opened: browser.Opened) -> None:
    page = opened.page
    page.fill("input[type=search]", "nothing has this")
    page.click("dl.score a[data-status=warned]")
    assert sorted(opened.see(SHOWN)) == _ids(status="warned")
    page.click(".matrix a[data-area=chat][data-status=failed]")
    assert sorted(opened.see(SHOWN)) == _ids(area="chat", status="failed")
    assert opened.see("document.activeElement.name") == "area"
    page.click(".matrix th a[data-area=tools]")
    assert sorted(opened.see(SHOWN)) == _ids(area="tools")


def test_a_link_lands_on_its_finding_whatever_is_filtered(opened: browser.Opened) -> None:
    page = opened.page
    page.uncheck("input[value=passed]")
    page.fill("input[type=search]", "nothing has this")
    page.evaluate("(id) => { location.hash = id; }", HIDDEN)
    goal = page.locator(f"[id='{HIDDEN}']")
    goal.wait_for()
    assert goal.evaluate("(details) => details.open && details.contains(document.activeElement)")
    # It lies in view, and not under the bar that stays at the top.
    top, bar = opened.see(
        f"[document.getElementById('{HIDDEN}').getBoundingClientRect().top,"
        " document.getElementById('filter').getBoundingClientRect().bottom]"
    )
    assert bar <= top < 900
    assert _said(opened) == "102 of 102 shown"


@pytest.mark.parametrize("wanted", ["chat.object-right", "area-tools", "exchange-11", "findings"])
def test_a_link_from_outside_opens_what_it_names(running: Any, report: Path, wanted: str) -> None:
    opened = browser.Opened(running, report)
    try:
        opened.page.goto("about:blank")
        opened.page.goto(f"{report.as_uri()}#{wanted}")
        top = opened.see(f"document.getElementById('{wanted}').getBoundingClientRect().top")
        assert 0 <= top < 900
        assert opened.see(f"document.getElementById('{wanted}').open ?? true")
    finally:
        opened.close()


@pytest.mark.parametrize("name", ["chat.no-such", "%E0%A4%A", "<img src=x onerror=window.hacked=1>"])
def test_a_link_to_what_is_not_there_harms_nothing_and_is_told(opened: browser.Opened, name: str) -> None:
    opened.page.evaluate("(id) => { location.hash = id; }", name)
    opened.page.wait_for_timeout(0)
    assert opened.see("document.querySelectorAll('img').length") == 0
    if name.startswith("chat"):
        opened.page.get_by_text("This report has no chat.no-such. 102 of 102 shown").wait_for()


def test_an_exchange_opens_in_its_finding_with_only_its_own_parts_marked(opened: browser.Opened) -> None:
    for name, part in (("chat.id-right", '"id": 37'), ("chat.object-right", '"object": "list"')):
        finding = opened.page.locator(f"[id='{name}']")
        finding.evaluate("(details) => { details.open = true; }")
        peek = finding.locator("details.peek")
        assert "deviation marked" in peek.inner_text()
        peek.locator("summary").click()
        peek.locator("mark").wait_for()
        assert peek.locator("mark").all_inner_texts() == [part]
        assert "<script>window.hacked=1</script>" in peek.inner_text()
    both = opened.page.locator("#exchange-11 mark")
    assert both.all_text_contents() == ['"id": 37', '"object": "list"']


def test_arrow_keys_go_from_finding_to_finding(opened: browser.Opened) -> None:
    page = opened.page
    page.select_option("select[name=area]", "chat")
    shown = opened.see(SHOWN)
    page.locator(f"[id='{shown[0]}'] > summary").focus()
    focused = "document.activeElement.parentElement.id"
    for key, wanted in (("ArrowDown", shown[1]), ("End", shown[-1]), ("ArrowUp", shown[-2]), ("Home", shown[0])):
        page.keyboard.press(key)
        assert opened.see(focused) == wanted
    page.keyboard.press("ArrowUp")
    assert opened.see(focused) == shown[0]
    was_open = opened.see("document.activeElement.parentElement.open")
    page.keyboard.press("Enter")
    assert opened.see("document.activeElement.parentElement.open") is not was_open


def test_a_key_leads_to_the_search(opened: browser.Opened) -> None:
    opened.page.keyboard.press("/")
    assert opened.see("document.activeElement.name") == "text"
    opened.page.keyboard.type("a/b")
    assert opened.page.locator("input[type=search]").input_value() == "a/b"


def test_all_that_is_shown_folds_and_unfolds(opened: browser.Opened) -> None:
    page = opened.page
    page.select_option("select[name=area]", "tools")
    page.click("button[name=unfold]")
    is_open = "[...document.querySelectorAll('details.finding[open]')].map((f) => f.dataset.area)"
    assert {"tools"} <= set(opened.see(is_open))
    assert opened.see(is_open).count("tools") == len(_ids(area="tools"))
    page.click("button[name=fold]")
    assert "tools" not in opened.see(is_open)


def test_a_screen_reader_finds_its_way(opened: browser.Opened) -> None:
    page = opened.page
    for role, name in (
        ("main", None), ("search", "Filter findings"), ("navigation", "Parts of this report"), ("banner", None),
        ("contentinfo", None), ("region", "Findings"), ("table", "Areas"), ("searchbox", "Search"),
        ("combobox", "Area"), ("group", "Status"),
    ):  # fmt: skip
        assert page.get_by_role(role, name=name).first.is_visible(), role
    assert page.locator("#shown").get_attribute("aria-live") == "polite"
    assert opened.see("document.documentElement.lang") == "en"
    levels = opened.see("[...document.querySelectorAll('h1, h2, h3')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))
    page.keyboard.press("Tab")
    assert opened.see("document.activeElement.textContent") == "Skip to the findings"
    page.keyboard.press("Enter")
    assert opened.see("location.hash") == "#findings"


def test_long_text_that_scrolls_is_reached_by_keys(opened: browser.Opened) -> None:
    opened.page.click("button[name=unfold]")
    opened.page.wait_for_function(
        "[...document.querySelectorAll('.finding pre')].some((pre) => pre.scrollHeight > pre.clientHeight)"
        " && [...document.querySelectorAll('.finding pre')].every((pre) =>"
        " pre.scrollHeight <= pre.clientHeight || pre.tabIndex === 0)"
    )


def test_a_line_to_reproduce_is_copied(running: Any, report: Path) -> None:
    opened = browser.Opened(running, report)
    # A page from a file may not read the clipboard: what it writes is caught.
    opened.see("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }")
    try:
        finding = opened.page.locator("[id='chat.id-right']")
        finding.evaluate("(details) => { details.open = true; }")
        finding.get_by_role("button", name="Copy").click()
        finding.get_by_role("button", name="Copied").wait_for()
        assert opened.see("window.copied") == "curl x"
    finally:
        opened.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_paper_shows_unfolded_what_must_be_acted_on(running: Any, report: Path, *, scripts: bool) -> None:
    opened = browser.Opened(running, report, java_script_enabled=scripts)
    page = opened.page
    try:
        page.emulate_media(media="print", color_scheme="dark")
        assert page.locator("[id='chat.id-right'] .actual").is_visible()
        assert page.locator("#exchange-11 .body").first.is_visible()
        assert not page.locator("#exchange-1").is_visible()
        assert not page.locator("#filter").is_visible()
        passed = page.locator(f"[id='{HIDDEN}']")
        assert passed.locator("> summary").is_visible()
        assert not passed.locator(".owed").is_visible()
        assert page.pdf(format="A4").startswith(b"%PDF")
    finally:
        opened.close()


def test_without_scripts_everything_is_there(running: Any, report: Path) -> None:
    opened = browser.Opened(running, report, java_script_enabled=False)
    page = opened.page
    try:
        assert page.locator("details.finding").count() == 102
        assert not page.locator("#filter").is_visible()
        assert not page.get_by_role("button", name="Copy").first.is_visible()
        page.click(".matrix a[data-area=chat][data-status=failed]")
        assert page.url.endswith("#area-chat")
        finding = page.locator("[id='chat.id-right']")
        finding.locator("details.peek summary").click()
        finding.get_by_role("link", name="Show exchange 11").click()
        assert page.url.endswith("#exchange-11")
    finally:
        opened.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (700, "dark"), (1280, "light"), (2200, "dark")])
def test_no_width_makes_the_page_scroll_sideways(running: Any, report: Path, width: int, scheme: Any) -> None:
    opened = browser.Opened(running, report, width=width, scheme=scheme)
    try:
        opened.page.click("button[name=unfold]")
        assert opened.see("document.documentElement.scrollWidth") <= width
        # The verdict, the score and what to look at first are there at once.
        for words in ("nonconformant", "Score", "Coverage", "Look at these first"):
            assert opened.page.get_by_text(words).first.is_visible()
    finally:
        opened.close()


def test_the_first_screen_holds_all_that_is_asked_first(running: Any, report: Path) -> None:
    opened = browser.Opened(running, report)
    try:
        for place in (
            ".stamp",
            ".facts",
            "dl.score",
            "#first-title",
            ".first li:nth-child(3)",
            ".matrix tbody tr:last-child",
        ):
            assert opened.see(f"document.querySelector('{place}').getBoundingClientRect().bottom") <= 900, place
    finally:
        opened.close()
