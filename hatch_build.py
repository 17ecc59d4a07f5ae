"""Puts the content folders into the wheel.

Only for standard builds: an editable install reads them from the checkout, and copies would go stale.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CONTENT = ("spec", "suites", "loadtests", "fixtures", "reports/templates")


class ContentHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds each content folder under ``ozwell_harness/_content/``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Extend the wheel's file map; called by hatchling before it collects files."""
        if version != "standard":
            return
        for folder in CONTENT:
            build_data["force_include"][folder] = f"ozwell_harness/_content/{folder}"
