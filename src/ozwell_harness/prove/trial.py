"""Runs the suites against a mock with one thing changed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from ozwell_harness.driver import judge
from ozwell_harness.mock.faults import Kind as FaultKind
from ozwell_harness.mock.faults import catalogue
from ozwell_harness.mock.server import running_mock
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.model import Finding, Status
from ozwell_harness.prove.matrix import Kind, Trial, dependants_in, errors_in, reported_by
from ozwell_harness.session import Session
from ozwell_harness.settings import Selection, Settings, keys_in
from ozwell_harness.target import Timeouts

#: The mock answers at once or, with a fault that hangs, never.
_TIMEOUTS = Timeouts(connect_s=2.0, read_s=1.5, total_s=6.0)


def run_trial(name: str, profile: str, areas: tuple[str, ...], clean: frozenset[str]) -> Trial:
    """Run the suites with the fault or control ``name``; ``clean`` is what the clean mock lets be judged."""
    fault = catalogue()[name]
    begin = time.monotonic()
    findings = findings_with((name,), profile, areas)
    wanted = frozenset(finding.requirement for finding in findings)
    return Trial(
        name=name,
        kind=Kind.CONTROL if fault.kind is FaultKind.LEGAL else Kind.FAULT,
        expected=frozenset(fault.breaks) & wanted,
        reported=reported_by(findings),
        dependants=dependants_in(findings, clean),
        errors=errors_in(findings),
        seconds=time.monotonic() - begin,
    )


def judged_when_clean(profile: str, areas: tuple[str, ...]) -> frozenset[str]:
    """Return the ids that the clean mock lets be judged."""
    judged = (Status.PASSED, Status.FAILED, Status.WARNED)
    return frozenset(f.requirement for f in findings_with((), profile, areas) if f.status in judged)


def findings_with(faults: Iterable[str], profile: str, areas: tuple[str, ...]) -> tuple[Finding, ...]:
    """Return the findings of one run against a fresh mock with ``faults``."""
    with running_mock(MockSettings(faults=tuple(faults))) as mock, Path(os.devnull).open("w", encoding="utf-8") as log:
        session = Session(
            Settings(
                base_url=mock.base_url,
                profile=profile,
                model=mock.env["OZWELL_MODEL"],
                embedding_model=mock.env["OZWELL_EMBEDDING_MODEL"],
                keys=keys_in(mock.env),
                selection=Selection(areas=areas),
                timeouts=_TIMEOUTS,
            )
        )
        try:
            session.prepare()
            return judge(session, log).findings
        finally:
            session.recorder.close()
