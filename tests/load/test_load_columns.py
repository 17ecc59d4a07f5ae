from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.load import columns
from ozwell_harness.load.columns import Column, Ordered, Spill
from ozwell_harness.load.curves import CURVE_PERCENTS, distribution_of
from ozwell_harness.load.metrics import percentile

# Few different numbers among many: equal ones in several runs are the hard case.
NUMBERS = st.lists(st.integers(0, 12).map(float) | st.floats(0, 1e12), max_size=80)


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "RUN_LENGTH", 7)


@pytest.mark.usefixtures("short_runs")
@given(numbers=NUMBERS, infinite=st.integers(0, 3), pieces=st.integers(1, 9))
def test_runs_are_as_good_as_one_sorted_list(numbers: list[float], infinite: int, pieces: int) -> None:
    column = Column()
    column.infinite += infinite
    for at in range(0, len(numbers), pieces):
        column.extend(numbers[at : at + pieces])
    found, plain = column.ordered(), sorted(numbers) + [math.inf] * infinite
    assert [found[place] for place in range(len(found))] == plain
    assert (len(found), found.finite) == (len(plain), len(numbers))
    assert found.total == pytest.approx(math.fsum(numbers))
    for edge in numbers:
        assert found.up_to(edge) == sum(number <= edge for number in numbers)
    if plain:
        assert found[-1] == plain[-1]
        assert all(percentile(found, p) == percentile(plain, p) for p in (1, 50, 90, 99, 99.9))
    with pytest.raises(IndexError):
        found[len(plain)]


@given(st.lists(NUMBERS, max_size=4))
def test_a_union_has_the_numbers_of_all(parts: list[list[float]]) -> None:
    found = Ordered.union(map(Ordered.of, parts))
    assert [found[place] for place in range(len(found))] == sorted(number for part in parts for number in part)


def test_whole_runs_go_to_a_file_that_nobody_sees(tmp_path: Path) -> None:
    column = Column(spill=Spill(tmp_path))
    count = 2 * columns.RUN_LENGTH + 5
    column.extend(float(number * 7919 % count) for number in range(count))
    found = column.ordered()
    assert [type(run.numbers) for run in found.runs[:2]] == [memoryview, memoryview]
    assert (len(found), found[0], found[count // 2], found[-1]) == (count, 0.0, count // 2, count - 1)
    assert list(tmp_path.iterdir()) == []


def test_numbers_are_given_out_in_their_unit() -> None:
    column = Column(per=1e9)
    column.add(1_500_000_000)
    column.add(3_000_000)
    found = column.ordered()
    assert (found[0], found[1], found.total, found.up_to(0.003)) == (0.003, 1.5, 1.503, 1)


@given(numbers=st.lists(st.floats(0, 1e4), min_size=1, max_size=300), infinite=st.integers(0, 5))
def test_a_distribution_tells_the_same_as_its_numbers(numbers: list[float], infinite: int) -> None:
    ordered = Ordered.of([*numbers, *[math.inf] * infinite])
    found = distribution_of(ordered)
    assert found is not None
    assert found.infinite == infinite
    plain = sorted(numbers) + [math.inf] * infinite
    inner = [(p, percentile(plain, p)) for p in CURVE_PERCENTS if math.ceil(p * len(plain) / 100) < len(plain)]
    assert list(found.curve[1:-1]) == inner
    assert (found.curve[0], found.curve[-1]) == ((0.0, plain[0]), (100.0, plain[-1]))
    assert sum(count for *_, count in found.bins) == len(numbers)
    assert all(earlier[1] == later[0] for earlier, later in zip(found.bins, found.bins[1:], strict=False))
    # Edges are rounded to six digits: what lies on one may be told on either side.
    for low, high, count in found.bins:
        surely = sum(low * 1.00001 < number < high * 0.99999 for number in numbers)
        perhaps = sum(low * 0.99999 <= number <= high * 1.00001 for number in numbers)
        assert surely <= count <= perhaps
    assert found.bins[0][2] > 0
    assert found.bins[-1][2] > 0


def test_nothing_finite_has_no_distribution() -> None:
    assert distribution_of(Ordered.of([math.inf])) is None
    assert distribution_of(Ordered()) is None
