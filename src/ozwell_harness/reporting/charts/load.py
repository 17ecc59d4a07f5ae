"""All charts of a load run. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ozwell_harness.reporting.charts.chart import Chart
from ozwell_harness.reporting.charts.over_time import over_time
from ozwell_harness.reporting.charts.spread import spread


def load_charts(load: Mapping[str, Any]) -> tuple[Chart, ...]:
    """Return the charts for which the ``load`` block of ``results.json`` has figures, in the order to be read."""
    return (*over_time(load), *spread(load))
