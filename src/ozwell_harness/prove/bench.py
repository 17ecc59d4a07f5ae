"""Runs the suites, collected once, again and again: each time against a fresh mock with one thing changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from ozwell_harness.driver import HarnessError, Ready, run_pytest
from ozwell_harness.mock.server import MockHandle, running_mock
from ozwell_harness.mock.settings import STOCK, MockSettings
from ozwell_harness.mock.webui.reading import read_pdf_here
from ozwell_harness.model import Finding
from ozwell_harness.plugin import hand_over
from ozwell_harness.profile import load_profile
from ozwell_harness.prove.still import StillClock
from ozwell_harness.session import Session
from ozwell_harness.settings import Selection, Settings, keys_in
from ozwell_harness.target import Timeouts
from ozwell_harness.webhooks.listening import own_listening
from ozwell_harness.webhooks.receiver import receiving
from ozwell_harness.webhooks.wiring import awaits, sent_to

Faults = tuple[str, ...]
#: Told the faults, what was found, and the seconds that it took.
Told = Callable[[Faults, tuple[Finding, ...], float], None]

#: The mock answers at once or, with a fault that hangs, never. A machine that is busy must not look like the latter.
_TIMEOUTS = Timeouts(connect_s=10.0, read_s=5.0, total_s=20.0, first_content_s=0.45)

#: A part of a second, so that what is rounded to whole ones is not exact by chance.
_PART_S = 0.25


def run_trials(trials: Iterable[Faults], *, profile: str, areas: tuple[str, ...], told: Told) -> None:
    """Judge a mock with each of ``trials``, in turn, by the requirements of ``profile`` in ``areas`` (none means all).

    Raises:
        HarnessError: the suites cannot be loaded, or failed as a whole.
    """
    # Nothing is sent to this one: it says which tests to collect.
    first = Session(Settings(base_url="http://127.0.0.1:9/v1", profile=profile, selection=Selection(areas=areas)))
    bench = _Bench(trials, profile, areas, told)
    with Path(os.devnull).open("w", encoding="utf-8") as log:
        run_pytest(log, "-pno:warnings", plugins=(Ready(first), bench))
    first.recorder.close()
    if bench.failure is not None:
        raise HarnessError(f"A trial could not be made: {bench.failure}") from bench.failure
    if not bench.ended:
        raise HarnessError("The suites could not be loaded; ozwell-harness check says why.")


class _Bench:
    """Replaces pytest's loop over the tests by one over the trials, and over the tests in each."""

    def __init__(self, trials: Iterable[Faults], profile: str, areas: tuple[str, ...], told: Told) -> None:
        self._trials = trials
        self._profile = profile
        self._areas = areas
        self._told = told
        self.ended = False
        self.failure: Exception | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all trials."""
        if session.testsfailed:
            return True
        # Nobody reads what it prints, and it takes a tenth of the time.
        session.config.pluginmanager.unregister(name="terminalreporter")
        try:
            for faults in self._trials:
                begin = time.monotonic()
                findings = self._judge(session, faults)
                self._told(faults, findings, time.monotonic() - begin)
        except Exception as error:  # noqa: BLE001 - pytest would print it where nobody reads
            self.failure = error
        self.ended = True
        return True

    def _judge(self, session: pytest.Session, faults: Faults) -> tuple[Finding, ...]:
        clock = StillClock(int(time.time()) + _PART_S)
        listening = own_listening() if awaits(load_profile(self._profile)) else None
        # All PDFs are the suites' own.
        mocked = MockSettings(faults=faults, stock=STOCK, clock=clock, profile=self._profile, pdf_reader=read_pdf_here)
        with (
            receiving(listening, clock.timing) as receiver,
            running_mock(replace(mocked, webhooks=sent_to(receiver))) as mock,
        ):
            run = Session(replace(self._settings(mock), webhooks=listening), timing=clock.timing, receiver=receiver)
            hand_over(session.config, run)
            try:
                run.prepare()
                _run_items(session.items)
                return run.result().findings
            finally:
                run.recorder.close()

    def _settings(self, mock: MockHandle) -> Settings:
        return Settings(
            base_url=mock.base_url,
            profile=self._profile,
            model=mock.env["OZWELL_MODEL"],
            embedding_model=mock.env["OZWELL_EMBEDDING_MODEL"],
            deployable_model=mock.env.get("OZWELL_DEPLOYABLE_MODEL"),
            keys=keys_in(mock.env),
            selection=Selection(areas=self._areas),
            timeouts=_TIMEOUTS,
        )


def _run_items(items: list[pytest.Item]) -> None:
    # Without a next one, pytest tears everything down, so that the next trial makes all exchanges anew.
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
