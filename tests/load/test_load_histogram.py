from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.load.histogram import Histogram
from ozwell_harness.load.metrics import percentile

VALUES = st.lists(st.integers(0, 4_000_000) | st.integers(0, 10**14), max_size=60)
PERCENTS = (0.1, 1, 25, 50, 90, 95, 99, 99.9, 100)


def of(values: list[int], infinite: int = 0) -> Histogram:
    found = Histogram(infinite=infinite)
    found.extend(values)
    return found


@given(values=VALUES, infinite=st.integers(0, 3))
def test_percentiles_have_three_digits(values: list[int], infinite: int) -> None:
    plain = [*map(float, sorted(values)), *[math.inf] * infinite]
    if not plain:
        with pytest.raises(ValueError, match="no percentile"):
            of(values).percentiles(PERCENTS)
        return
    for percent, found in zip(PERCENTS, of(values, infinite).percentiles(PERCENTS), strict=True):
        exact = percentile(plain, percent)
        assert found == exact or abs(found - exact) <= exact / 1000


@given(st.integers(0, 2047))
def test_small_values_are_exact(value: int) -> None:
    assert of([value, 0, 5000]).percentiles([66])[0] == value


@given(st.lists(st.tuples(VALUES, st.integers(0, 3)), max_size=5))
def test_merged_parts_are_the_whole(parts: list[tuple[list[int], int]]) -> None:
    merged = Histogram()
    for values, infinite in parts:
        # As it is when a part comes from another machine.
        merged.merge(Histogram.from_message(json.loads(json.dumps(of(values, infinite).to_message()))))
    together = [value for values, _ in parts for value in values]
    assert merged == of(together, sum(infinite for _, infinite in parts))
    assert merged.mean == (pytest.approx(sum(together) / len(together)) if together else None)
