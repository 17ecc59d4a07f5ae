"""Bounds on shares: known values, and that they hold where requests miss in clusters."""

from __future__ import annotations

import random

import pytest

from ozwell_harness.load.capacity.distributions import beta_probability, beta_quantile, t_quantile
from ozwell_harness.load.capacity.evidence import PIECES, bounds, design_effect, gather


def test_distributions_agree_with_published_tables() -> None:
    assert t_quantile(0.975, 10) == pytest.approx(2.228139, abs=1e-5)
    assert t_quantile(0.95, 1) == pytest.approx(6.313752, abs=1e-5)
    assert t_quantile(0.995, 23) == pytest.approx(2.807336, abs=1e-5)
    assert beta_probability(0.3, 1, 1) == pytest.approx(0.3)
    assert beta_probability(0.2, 2, 3) == pytest.approx(0.1808)  # 6x^2 - 8x^3 + 3x^4
    assert beta_quantile(0.5, 7, 7) == pytest.approx(0.5)
    # Far from the mean on either side, where the continued fraction has to change sides.
    assert beta_probability(0.99, 2, 300) + beta_probability(0.01, 300, 2) == pytest.approx(1.0)


def test_299_requests_without_a_miss_show_99_percent() -> None:
    """The share that n of n allow is risk ** (1 / n), but for what few batches cost."""
    enough = bounds((gather([0.0] * 299 * 2),), 0.05, 0.05)
    assert enough is not None
    assert enough.lower > 0.99
    scarce = bounds((gather([0.0] * 298),), 0.05, 0.05)
    assert scarce is not None
    assert scarce.lower < 0.99
    assert scarce.upper == 1.0


def test_nothing_seen_has_no_share() -> None:
    assert bounds((gather([]),), 0.05, 0.05) is None


def test_pieces_keep_every_unit_in_order() -> None:
    found = gather([0.0] * 100 + [2.0] * 7)
    assert (found.units, found.misses, len(found.counts)) == (107, 7, PIECES)
    assert found.exceeding[0][-1] == found.counts[-1]
    assert sum(found.exceeding[0][: PIECES // 2]) == 0


def independent(rng: random.Random, count: int, missing: float) -> list[float]:
    return [2.0 if rng.random() < missing else 0.0 for _ in range(count)]


def clustered(rng: random.Random, count: int, missing: float, length: int) -> list[float]:
    """Misses come in runs of ``length`` on average, as long waits do."""
    values, bad = [], rng.random() < missing
    for _ in range(count):
        values.append(2.0 if bad else 0.0)
        turn = 1 / length if bad else missing / (1 - missing) / length
        bad = bad is not (rng.random() < turn)
    return values


def test_design_effect_tells_clusters_from_independent_misses() -> None:
    rng = random.Random(1)
    alone = [design_effect((gather(independent(rng, 5000, 0.1)),)) for _ in range(30)]
    runs = [design_effect((gather(clustered(rng, 5000, 0.1, 20)),)) for _ in range(30)]
    assert 1.0 <= sorted(alone)[15] < 1.6
    # For a two-state chain with runs of 20 the effect tends to 1 + 2r / (1 - r) with r = 1 - 1/20 - 1/180.
    assert 20 < sorted(runs)[15] < 60


@pytest.mark.parametrize("length", [1, 10, 40])
def test_bounds_hold_at_their_risk_whatever_the_clusters(length: int) -> None:
    rng = random.Random(length)
    wrong_low = wrong_high = 0
    for _ in range(300):
        parts = tuple(gather(clustered(rng, size, 0.05, length)) for size in (1000, 1000, 2000))
        found = bounds(parts, 0.05, 0.05)
        assert found is not None
        wrong_low += found.lower > 0.95
        wrong_high += found.upper < 0.95
    # 15 of 300 are expected at most; 30 would be 4 standard deviations more.
    assert wrong_low < 30
    assert wrong_high < 30


def test_a_known_effect_is_not_forgotten_in_a_calm() -> None:
    calm = (gather([0.0] * 1000),)
    free, held = bounds(calm, 0.05, 0.05), bounds(calm, 0.05, 0.05, 50.0)
    assert free is not None
    assert held is not None
    assert held.effective == pytest.approx(20.0)
    assert held.lower < free.lower
