"""Opens the report of a long run in Chromium, again and again, and says when what is there.

    python benchmarks/report_opening.py --samples 1000000 --findings 250

The run is made up (seeded): an hour of load whose record goes through the same figures as any other's, and findings of
every status on requirements of the catalogue, with their exchanges. Each opening is in a browser of its own, with
nothing cached; an empty page takes turns with it and shows what the browser itself takes. Milliseconds count from
the beginning of the navigation.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from million import records
from report_run import findings_of

from ozwell_harness.load import LoadPlan, Poisson, parse_slo
from ozwell_harness.load.collection import Collection
from ozwell_harness.load.columns import Spill
from ozwell_harness.load.result import result_of
from ozwell_harness.load.samples import Lines, Record, Sample, SampleFile, encode, glance
from ozwell_harness.model import Run
from ozwell_harness.profile import load_profile
from ozwell_harness.reporting.html import html
from ozwell_harness.requirements import load_catalogue
from ozwell_harness.verdict import decide, tally

_HOUR_S = 3600
_CHUNKS = 5
_SLO = "ttft_p99<60ms, e2e_p99<150ms, icl_p99<50ms, error_rate<0.1%"
#: One request in so many fails, each in another way.
_FAILS_EVERY = 199
_FAILURES = ("timeout", "http_500", "cut", "stall")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_PATIENCE_MS = 120_000
_EMPTY = "<!DOCTYPE html><title>empty</title><p>Empty.</p>"
#: Runs before the page's own scripts and writes down when what was there.
_WATCH = """
window.seen = { drawn: {} };
const note = (name) => { window.seen[name] ??= performance.now(); };
addEventListener("DOMContentLoaded", () => {
  const shown = document.getElementById("shown");
  const look = () => { if (shown.textContent.startsWith("0 of ")) note("searched"); };
  if (shown) new MutationObserver(look).observe(shown, { childList: true });
});
const drawn = (id) => requestAnimationFrame(() => { window.seen.drawn[id] ??= performance.now(); });
new MutationObserver((changes) => {
  for (const { target } of changes) drawn(target.id);
}).observe(document, { attributes: true, subtree: true, attributeFilter: ["data-drawn"] });
"""
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_IN_VIEW = """
[...document.querySelectorAll("figure.plot")].filter((figure) => {
  const { top, bottom } = figure.querySelector(".canvas").getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}).map((figure) => figure.id)
"""
Figures = Mapping[str, float]


def main() -> int:
    """Make the run, write its report, open it, print."""
    options = _options()
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        print("No Chromium is installed: apt-get install chromium.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="ozwell-report-", dir=options.folder) as folder:
        report, empty = Path(folder, "report.html"), Path(folder, "empty.html")
        empty.write_text(_EMPTY, "utf-8")
        _write(report, options.samples, options.findings, Path(folder))
        print(f"report: {report.stat().st_size / 1e6:.2f} MB, {options.findings} findings, {options.samples:,} samples")
        rounds = [_round(browser, report, empty) for _ in range(options.rounds)]
    for name in rounds[0]:
        values = [figures[name] for figures in rounds if name in figures]
        print(f"{name:>46}  {statistics.median(values):>6.0f}  ({min(values):.0f} to {max(values):.0f})")
    return 0


def _write(report: Path, samples: int, findings: int, folder: Path) -> None:
    load = _load(samples, folder)
    profile = load_profile("ozwell")
    requirements = tuple(profile.select(load_catalogue()))
    found, exchanges = findings_of(tuple(islice(cycle(requirements), findings)))
    run = Run(
        target="http://127.0.0.1:8000/v1",
        profile="ozwell",
        seed=0,
        started=1_700_000_000.0,
        duration_s=4000.0,
        verdict=decide(found),
        tally=tally(found),
        findings=found,
        exchanges=exchanges,
        load=load,
        command="run",
    )
    began = time.process_time()
    report.write_text(html(run, requirements), "utf-8")
    print(f"written in {time.process_time() - began:.2f} s of processor time")


def _load(samples: int, folder: Path) -> dict[str, Any]:
    """Return the ``load`` block of an hour with so many samples."""
    path, rate = folder / "samples", samples / _HOUR_S
    with path.open("wb") as stream:
        stream.writelines(encode([_failing(n, r)]) for n, r in enumerate(records(samples, _CHUNKS, rate)))
    plan = LoadPlan(
        "http://127.0.0.1:9/v1", "m", scenario="chat_stream", arrivals=Poisson(rate), slo=parse_slo(_SLO),
        duration_s=_HOUR_S - 60.0, warmup_s=60.0,
    )  # fmt: skip
    collection = Collection(SampleFile(path), Spill(folder))
    collection.add(Lines(path, glance).read())
    return result_of(plan, collection, interrupted=False).to_document()


def _failing(number: int, record: Record) -> Record:
    if not isinstance(record, Sample) or number % _FAILS_EVERY:
        return record
    kind = _FAILURES[number // _FAILS_EVERY % len(_FAILURES)]
    return Sample(scenario=record.scenario, step=record.step, due=record.due, sent=record.sent,
                  closed=record.closed, error=kind, detail=f"It ended with {kind}.")  # fmt: skip


def _round(browser: str, report: Path, empty: Path) -> Figures:
    found: dict[str, float] = {}
    for part in (_empty, _opened, _searched, _plots):
        with _page(browser) as page:
            found |= part(page, empty if part is _empty else report)
    return found


def _empty(page: Any, path: Path) -> Figures:
    page.goto(path.as_uri())
    return {"an empty page: first contentful paint": _painted(page)}


def _opened(page: Any, path: Path) -> Figures:
    """Look at the first screen until all is there, plots below it included."""
    page.goto(path.as_uri(), wait_until="commit")
    page.locator("html[data-plots=drawn]").wait_for(state="attached")
    drawn = page.evaluate("window.seen.drawn")
    parsed = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    return {
        "first contentful paint": _painted(page),
        "its scripts have run": parsed,
        "at rest, every plot drawn": max(drawn.values()),
    }


def _searched(page: Any, path: Path) -> Figures:
    """Type into the search field as soon as it is there."""
    page.goto(path.as_uri(), wait_until="commit")
    page.locator("#filter input[type=search]").fill("words that no finding holds")
    page.wait_for_function("window.seen.searched")
    return {"a search typed at once is answered": page.evaluate("window.seen.searched")}


def _plots(page: Any, path: Path) -> Figures:
    """Follow a link to the plots."""
    page.goto(f"{path.as_uri()}#plot-rates", wait_until="commit")
    page.locator("#plot-rates[data-drawn]").wait_for()
    wanted = page.evaluate(_IN_VIEW)
    page.wait_for_function("(ids) => ids.every((id) => id in window.seen.drawn)", arg=wanted)
    drawn = page.evaluate("window.seen.drawn")
    return {"a link to the plots: those in view are drawn": max(drawn[name] for name in wanted)}


def _painted(page: Any) -> float:
    page.wait_for_function(_FIRST_PAINT)
    return float(page.evaluate(_FIRST_PAINT))


@contextmanager
def _page(browser: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=_FLAGS)
        try:
            page = running.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(_PATIENCE_MS)
            page.add_init_script(_WATCH)
            yield page
        finally:
            running.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_000_000, metavar="N", help="default one million")
    parser.add_argument("--findings", type=int, default=250, metavar="N", help="default 250")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="default 5")
    parser.add_argument("--folder", type=Path, default=None, help="where the run is made; default: the system's")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
