"""The reference server: every documented operation, strictly correct, deterministic, and breakable one fault at a time.

It imports nothing of the harness but itself, so that one misreading cannot satisfy both sides.
"""

from __future__ import annotations

from ozwell_harness.mock.errors import MockError, MockSettingsError
from ozwell_harness.mock.keys import PlanName
from ozwell_harness.mock.server import MockHandle, running_mock, serve
from ozwell_harness.mock.settings import Latency, MockSettings

__all__ = [
    "Latency",
    "MockError",
    "MockHandle",
    "MockSettings",
    "MockSettingsError",
    "PlanName",
    "running_mock",
    "serve",
]
