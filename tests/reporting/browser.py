"""Opens a report in a real Chromium; used by the tests of reports."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

#: Set where a missing Chromium must fail the tests rather than skip them.
REQUIRED = "OZWELL_TESTS_REQUIRE_CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Scripts that a page runs before its own: what is refused by its content policy is written down.
_WATCH = """
window.refused = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  window.refused.push(`${violatedDirective} ${blockedURI}`);
});
"""
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync")  # fmt: skip
_PATIENCE_MS = 120_000


def chromium() -> str:
    """Return where Chromium is; without one, skip, or fail where it is required."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        missing = "No Chromium is installed, so no report can be opened: apt-get install chromium."
        (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)(missing)
    return str(found)


@contextmanager
def browser() -> Iterator[Any]:
    """Run a browser."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        try:
            yield running
        finally:
            running.close()


class Opened:
    """A report that stands open: its page, and what the console and the network saw."""

    def __init__(
        self, running: Any, path: Path, *, scheme: Literal["light", "dark"] = "light", width: int = 1280, **options: Any
    ) -> None:
        context = running.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options)
        context.add_init_script(_WATCH)
        self.page = context.new_page()
        self.page.set_default_timeout(_PATIENCE_MS)
        self.console: list[str] = []
        self.requested: list[str] = []
        self.page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.console.append(f"exception: {error}"))
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.goto(path.as_uri())

    def drawn(self) -> Opened:
        """Wait until the plots are there, or known not to come; return itself."""
        self.page.locator("html[data-plots]").wait_for(state="attached")
        return self

    def see(self, script: str) -> Any:
        """Return what a script finds in the page."""
        return self.page.evaluate(script)

    def close(self) -> None:
        """Close it."""
        self.page.context.close()
