"""Runs the suites in this process, by pytest, for the command line."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

import pytest

from ozwell_harness.content import content_path
from ozwell_harness.model import Run
from ozwell_harness.plugin import SESSION
from ozwell_harness.session import Session


class HarnessError(Exception):
    """The harness itself failed: a suite cannot be loaded, or pytest broke. Never the target's fault."""


#: Variables by which a user's own pytest set-up would reach into the run.
_FOREIGN = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_THEME", "PYTEST_CURRENT_TEST")


def run_suites(session: Session, folder: Path) -> Run:
    """Judge the session's target, and write ``suite.html`` and ``suites.log`` into ``folder``.

    The target has been looked at already (``session.prepare``).

    Raises:
        HarnessError: the suites could not be run at all.
    """
    with (folder / "suites.log").open("w", encoding="utf-8") as log:
        page = f"--html={folder / 'suite.html'}"
        return judge(session, log, "-pmetadata", "-phtml", "-phtml_fixtures", page, "--self-contained-html")


def judge(session: Session, log: TextIO, *options: str) -> Run:
    """Judge the session's target; what pytest prints goes to ``log``.

    Raises:
        HarnessError: the suites could not be run at all.
    """
    status = run_pytest(log, *options, plugins=(Ready(session),))
    unloaded = status == pytest.ExitCode.INTERRUPTED and not session.interrupted
    if unloaded or (status in {pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR} and not session.findings):
        raise HarnessError(f"The suites could not be run; {log.name} says why.")
    return session.result()


def run_pytest(log: TextIO, *options: str, plugins: Sequence[object]) -> int | pytest.ExitCode:
    """Run pytest on the suites, and return its exit status; what it prints goes to ``log``."""
    suites = content_path("suites")
    arguments = [
        str(suites),
        f"--rootdir={suites}",
        f"--config-file={suites / 'pytest.ini'}",
        # Plugins that happen to be installed would change the run.
        "--disable-plugin-autoload",
        # Not needed by anything here, and slow: they collect garbage after each test, or handle log records.
        "-pno:unraisableexception",
        "-pno:threadexception",
        "-pno:logging",
        # The progress bar writes while tests run, so pytest must leave the streams alone.
        "--capture=no",
        *options,
    ]
    with contextlib.redirect_stdout(log), _environment(os.environ):
        return pytest.main(arguments, plugins=plugins)


class Ready:
    """Carries the prepared session into pytest under the name that the plugin looks for."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Register the session."""
        config.pluginmanager.register(self._session, SESSION)


@contextlib.contextmanager
def _environment(environment: Mapping[str, str]) -> Iterator[None]:
    saved = {name: environment[name] for name in _FOREIGN if name in environment}
    for name in saved:
        os.environ.pop(name)
    try:
        yield
    finally:
        os.environ.update(saved)
