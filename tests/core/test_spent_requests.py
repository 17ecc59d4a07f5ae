"""What a whole run asks of a target that does everything right."""

from __future__ import annotations

from pathlib import Path

import pytest

from ozwell_harness.flow import execute, forecast, with_target
from ozwell_harness.model import Verdict
from ozwell_harness.observer import Silent
from ozwell_harness.settings import Settings
from ozwell_harness.target import KeyName

#: What the Open WebUI document allows a key in an hour, and a few requests to spare.
HOURLY = 95


@pytest.mark.parametrize(("profile", "fewer_than"), [("ozwell", 151), ("openai", 140)])
def test_a_run_without_generated_requests_stays_within_what_is_promised(profile: str, fewer_than: int) -> None:
    assert 0 < forecast(Settings(base_url=None, profile=profile, property_plan=None)).requests < fewer_than


def test_a_run_fits_into_the_hourly_limit_of_a_key(tmp_path: Path) -> None:
    settings = Settings(base_url=None, profile="openwebui", property_plan=None)
    with with_target(settings) as mock:
        run = execute(mock, Silent(), lambda: tmp_path).run
    spent = [e for e in run.exchanges if e.request.headers.get("authorization") == f"Bearer ${KeyName.MAIN}"]
    assert 0 < len(spent) <= HOURLY
    assert run.verdict is Verdict.CONFORMANT
