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
from ozwell_harness.mock.settings import STOCK, MockSettings
from ozwell_harness.model import Finding, Level, Status
from ozwell_harness.profile import Claim, load_profile
from ozwell_harness.prove.matrix import Kind, Trial, dependants_in, errors_in, reported_by
from ozwell_harness.session import Session
from ozwell_harness.settings import Selection, Settings, keys_in
from ozwell_harness.target import Timeouts

#: The mock answers at once or, with a fault that hangs, never.
_TIMEOUTS = Timeouts(connect_s=2.0, read_s=1.5, total_s=6.0, first_content_s=0.45)


def run_trial(name: str, profile: str, areas: tuple[str, ...], clean: frozenset[str]) -> Trial:
    """Run the suites with the fault or control ``name``; ``clean`` is what the clean mock lets be judged."""
    fault = catalogue()[name]
    begin = time.monotonic()
    findings = findings_with((name,), profile, areas)
    kind = Kind.CONTROL if fault.kind is FaultKind.LEGAL else Kind.FAULT
    reported = reported_by(findings)
    declared = frozenset(fault.breaks)
    echoes = _on_demand(findings, profile) if kind is Kind.FAULT else frozenset()
    return Trial(
        name=name,
        kind=kind,
        expected=(declared & _telling(findings, reported, profile)) | (reported & echoes),
        reported=reported,
        dependants=dependants_in(findings, clean),
        errors=errors_in(findings),
        seconds=time.monotonic() - begin,
        declared=declared,
    )


def _telling(findings: Iterable[Finding], reported: frozenset[str], profile: str) -> frozenset[str]:
    """Return the ids that a run by this profile can report at all.

    A broken MAY is no report, and a probed capability whose root is broken counts as absent.
    """
    capabilities = load_profile(profile).capabilities.values()
    roots = {capability.root for capability in capabilities if capability.claim is Claim.PROBED}
    ids = {finding.requirement for finding in findings if finding.level is not Level.MAY}
    return frozenset(ids - (roots - reported))


def _on_demand(findings: Iterable[Finding], profile: str) -> frozenset[str]:
    """Return the ids of areas that are judged on demand only.

    They judge once more what other areas judge, so that what they report of a fault is a consequence of it, which the
    fault does not declare.
    """
    opt_in = load_profile(profile).opt_in
    return frozenset(finding.requirement for finding in findings if finding.area in opt_in)


def judged_when_clean(profile: str, areas: tuple[str, ...]) -> frozenset[str]:
    """Return the ids that the clean mock lets be judged."""
    judged = (Status.PASSED, Status.FAILED, Status.WARNED)
    return frozenset(f.requirement for f in findings_with((), profile, areas) if f.status in judged)


def findings_with(faults: Iterable[str], profile: str, areas: tuple[str, ...]) -> tuple[Finding, ...]:
    """Return the findings of one run against a fresh mock with ``faults``."""
    settings = MockSettings(faults=tuple(faults), stock=STOCK)
    with running_mock(settings) as mock, Path(os.devnull).open("w", encoding="utf-8") as log:
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
