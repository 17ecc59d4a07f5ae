"""Reads two runs and holds them against each other."""

from __future__ import annotations

from pathlib import Path

from ozwell_harness.comparing.comparison import Comparison, compare
from ozwell_harness.comparing.ratios import Rule
from ozwell_harness.comparing.reading import measured, read_side
from ozwell_harness.profile import load_profile
from ozwell_harness.requirements import load_catalogue


def compare_runs(before: Path, after: Path, rule: Rule) -> Comparison:
    """Compare the runs at two places, each a run folder or a results.json.

    Raises:
        ResultsError: one of them is no run.
        ProfileError, CatalogueError: the second run was judged by a profile that there is no more.
    """
    sides = measured(read_side(before), read_side(after), (before, after))
    catalogue = load_profile(sides[1].run.profile).select(load_catalogue())
    return compare(*sides, catalogue.by_id, rule)
