"""Reports in a real browser: they open in silence, draw their plots, and run nothing that a target sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import browser
import pytest
import sample_capacity
import sample_load
import sample_run

from ozwell_harness.reporting.charts.load import load_charts
from ozwell_harness.reporting.html import html

#: What a report may weigh when it has everything: an hour of load, 250 findings and their exchanges.
MOST_BYTES = 6_000_000
Open = Callable[..., browser.Opened]


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with browser.browser() as found:
        yield found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    block = sample_load.full_block(40)
    block["slo"] = block["slo"] | {"expression": f"ttft_p99<100ms, {sample_run.HOSTILE}"}
    block["scenario"] = sample_run.HOSTILE
    path.write_text(html(replace(sample_run.full_run(), load=block), sample_run.requirements()), "utf-8")
    return path


@pytest.fixture(scope="module")
def opened(running: Any, report: Path) -> Iterator[browser.Opened]:
    found = browser.Opened(running, report).drawn()
    yield found
    found.close()


def _plots(opened: browser.Opened) -> dict[str, bool]:
    return opened.see(
        "Object.fromEntries([...document.querySelectorAll('figure.plot')].map(f =>"
        " [f.dataset.chart, Boolean(f.querySelector('.scatterlayer path.js-line, .barlayer .point path'))]))"
    )


def test_every_plot_is_drawn_in_silence(opened: browser.Opened, report: Path) -> None:
    names = [chart.name for chart in load_charts(sample_load.full_block(40))]
    assert _plots(opened) == dict.fromkeys(names, True)
    assert opened.console == []
    assert opened.see("window.refused") == []
    assert opened.requested == [report.as_uri()]


def test_plots_in_view_are_drawn_before_the_others(running: Any, report: Path) -> None:
    watch = (
        "window.order = []; new MutationObserver((changes) => changes.forEach(({ target }) => order.push(target.id)))"
        ".observe(document, { attributes: true, subtree: true, attributeFilter: ['data-drawn'] });"
    )
    context = running.new_context(viewport={"width": 700, "height": 600})
    context.add_init_script(watch)
    page = context.new_page()
    try:
        page.goto(f"{report.as_uri()}#plot-icl-histogram")
        page.locator("html[data-plots=drawn]").wait_for(state="attached")
        order = page.evaluate("order")
        assert order[0] in {"plot-ttft-histogram", "plot-icl-histogram"}
        assert order[1:].index("plot-rates") < order[1:].index("plot-errors")
    finally:
        context.close()


def test_paper_gets_every_plot_at_once(running: Any, report: Path) -> None:
    opened = browser.Opened(running, report)
    try:
        opened.page.goto("about:blank")
        opened.page.goto(f"{report.as_uri()}#plot-rates")
        opened.page.locator("#plot-rates[data-drawn]").wait_for()
        opened.see("dispatchEvent(new Event('beforeprint'))")
        assert all(_plots(opened).values())
        assert opened.see("document.documentElement.dataset.plots") == "drawn"
        assert opened.console == []
    finally:
        opened.close()


def test_nothing_that_a_target_sent_runs(opened: browser.Opened) -> None:
    assert opened.see("window.hacked") is None
    assert opened.see("document.querySelectorAll('img, iframe, object, [onerror]').length") == 0
    # What the target sent is there, as text.
    legend = opened.see("document.querySelector('#plot-errors .legend').textContent")
    assert "status 500 \\x1b[2J" in legend
    assert "<script>window.hacked=1</script>" in opened.see("document.getElementById('load').textContent")


def test_markup_in_the_name_of_a_line_stays_text(running: Any, tmp_path: Path) -> None:
    name = "<b>x</b> %{y} &lt;"
    block = sample_load.full_block(10)
    block["per_second"] = [s | {"failed": 1, "errors": {name: 1, "plain": 1}} for s in block["per_second"]]
    path = tmp_path / "report.html"
    path.write_text(html(sample_run.run_of([], load=block)), "utf-8")
    opened = browser.Opened(running, path).drawn()
    try:
        assert name in opened.see("[...document.querySelectorAll('#plot-errors .legendtext')].map(t => t.textContent)")
        opened.page.locator("#plot-errors .canvas").focus()
        opened.page.keyboard.press("ArrowRight")
        opened.page.locator("#plot-errors .hoverlayer .legendtext").first.wait_for()
        shown = opened.see(
            "[...document.querySelectorAll('#plot-errors .hoverlayer .legendtext')].map(t => t.textContent)"
        )
        assert f"{name} : 1/s" in shown
        assert opened.console == []
    finally:
        opened.close()


def test_a_capacity_search_is_drawn(running: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(html(sample_run.run_of([], capacity=sample_capacity.block(), command="capacity")), "utf-8")
    opened = browser.Opened(running, path).drawn()
    try:
        assert _plots(opened) == dict.fromkeys(("capacity-flow", "capacity-latency", "capacity-share-1"), True)
        assert opened.see("document.querySelectorAll('#plot-capacity-share-1 .errorbar').length") == 4
        assert opened.see("window.hacked") is None
        assert opened.console == []
    finally:
        opened.close()


def test_keys_read_single_values(opened: browser.Opened) -> None:
    canvas = opened.page.locator("#plot-ttft-over-time .canvas")
    said = opened.page.locator("#plot-ttft-over-time output")
    canvas.focus()
    for key, words in (("Home", "second 0: p50 45 ms"), ("ArrowRight", "second 1: p50"), ("End", "second 44: p50")):
        opened.page.keyboard.press(key)
        assert said.inner_text().startswith(words)
    opened.page.keyboard.press("Escape")
    assert said.inner_text() == ""


def test_the_plots_follow_the_colours_of_the_system(running: Any, report: Path) -> None:
    from playwright.sync_api import expect

    opened = browser.Opened(running, report, scheme="dark").drawn()
    label = opened.page.locator("#plot-rates .xtick text").first
    ink = "getComputedStyle(document.querySelector('#plot-rates .xtick text')).fill"
    try:
        dark = opened.see(ink)
        for media in ({"color_scheme": "light"}, {"color_scheme": "dark", "media": "print"}):
            opened.page.emulate_media(**media)
            expect(label).not_to_have_css("fill", dark)
        # Paper is white whatever the system's colours are.
        assert opened.see("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        opened.page.emulate_media(color_scheme="dark", media="screen")
        expect(label).to_have_css("fill", dark)
        assert opened.console == []
    finally:
        opened.close()


def test_a_narrow_page_does_not_scroll_sideways(running: Any, report: Path) -> None:
    opened = browser.Opened(running, report, width=360).drawn()
    try:
        assert opened.see("document.documentElement.scrollWidth") <= 360
        assert opened.see("document.querySelector('#plot-rates .main-svg').clientWidth") <= 360
    finally:
        opened.close()


def test_a_browser_that_cannot_unpack_the_library_shows_the_tables(running: Any, report: Path) -> None:
    context = running.new_context()
    context.add_init_script("delete window.DecompressionStream")
    page = context.new_page()
    try:
        page.goto(report.as_uri())
        page.locator("html[data-plots=failed]").wait_for(state="attached")
        assert page.locator(".no-plots").is_visible()
        assert page.locator("#plot-rates table").is_visible()
        assert not page.locator("#plot-rates .canvas").is_visible()
    finally:
        context.close()


def test_without_scripts_the_tables_are_there(running: Any, report: Path) -> None:
    opened = browser.Opened(running, report, java_script_enabled=False)
    try:
        assert opened.page.get_by_text("scripts do not run here").is_visible()
        assert opened.page.locator("#plot-rates summary").is_visible()
        assert not opened.page.locator("#plot-rates .canvas").is_visible()
    finally:
        opened.close()


def test_deep_links_land_and_filters_work(running: Any, report: Path) -> None:
    run = sample_run.full_run()
    wanted = next(f.requirement for f in run.findings if f.status == "failed")
    opened = browser.Opened(running, report).drawn()
    try:
        opened.page.goto(f"{report.as_uri()}#{wanted}")
        assert opened.see(f"document.getElementById('{wanted}').open")
        opened.page.locator("#filter input[name=status]").first.uncheck()
        shown = opened.see("document.querySelectorAll('details.finding:not([hidden])').length")
        assert 0 < shown < len(run.findings)
        assert opened.see("document.querySelectorAll('details.finding.failed:not([hidden])').length") == 0
    finally:
        opened.close()


def test_an_hour_of_load_with_all_findings_stays_small(running: Any, tmp_path: Path) -> None:
    run = sample_run.full_run()
    many = tuple(replace(run.exchanges[n % 10], id=n + 1) for n in range(3000))
    findings = tuple(replace(f, exchanges=tuple(range(n * 10 + 1, n * 10 + 11))) for n, f in enumerate(run.findings))
    path = tmp_path / "report.html"
    path.write_text(html(replace(run, exchanges=many, findings=findings, load=sample_load.full_block(3600))), "utf-8")
    assert path.stat().st_size < MOST_BYTES
    opened = browser.Opened(running, path).drawn()
    try:
        assert all(_plots(opened).values())
        assert opened.console == []
    finally:
        opened.close()
