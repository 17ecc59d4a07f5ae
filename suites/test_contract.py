"""Generated requests: what the specification allows is answered as it says, what it forbids is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ozwell_harness.contract.report import Report
from ozwell_harness.contract.subjects import REQUIREMENTS
from ozwell_harness.session import Session
from ozwell_harness.suite import Judge, each


@pytest.fixture(scope="module")
def generated(run_session: Session) -> Iterator[Report]:
    """The report of the property phase; when it was interrupted, the run ends after what it found is judged."""
    # Heavy, and not needed by a run without this phase.
    from ozwell_harness.contract.ground import ground_of
    from ozwell_harness.contract.phase import PropertyPhase

    phase = PropertyPhase(ground_of(run_session))
    report = phase.run()
    run_session.remark(report.note)
    yield report
    phase.tidy()
    if report.interrupted:
        raise KeyboardInterrupt


@each({name: name for name in REQUIREMENTS}, argument="name")
def test_generated(name: str, generated: Report, run_session: Session, judge: Judge) -> None:
    text = run_session.catalogue[name].text
    judge(lambda _evidence: generated.deviation(name, text), generated.evidence(name))
