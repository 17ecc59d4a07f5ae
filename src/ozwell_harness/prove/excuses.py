"""Requirements that no fault of the mock can break."""

from __future__ import annotations

from ozwell_harness.content import read_yaml


def excuses() -> dict[str, str]:
    """Return requirement → why no fault of the mock can break it (``spec/unproved.yaml``)."""
    return dict(read_yaml("spec", "unproved.yaml") or {})
