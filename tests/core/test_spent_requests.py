"""What a whole run asks of a target that does everything right."""

from __future__ import annotations

import pytest

from ozwell_harness.flow import forecast
from ozwell_harness.settings import Settings


@pytest.mark.parametrize(("profile", "fewer_than"), [("ozwell", 150), ("openai", 140)])
def test_a_run_without_generated_requests_stays_within_what_is_promised(profile: str, fewer_than: int) -> None:
    assert 0 < forecast(Settings(base_url=None, profile=profile, property_plan=None)).requests < fewer_than
