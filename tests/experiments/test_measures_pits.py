"""The simultaneous band: exact by enumeration, kept as often as it says, and what it finds."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from experiments.measures import calibration
from experiments.measures.pits import _stays


def test_the_walk_is_the_sum_over_all_ways_to_fall() -> None:
    """Three values into four cells: every assignment of values to cells, with its probability."""
    from scipy.special import gammaln

    points, low, high = np.array([0.2, 0.5, 0.9]), np.array([0, 1, 2]), np.array([1, 2, 3])
    cells = np.diff([0, *points, 1])
    total = 0.0
    for chosen in itertools.product(range(4), repeat=3):
        counts = np.array([sum(cell <= i for cell in chosen) for i in range(3)])
        if ((low <= counts) & (counts <= high)).all():
            total += math.prod(cells[cell] for cell in chosen)
    found = _stays(3, points, low, high, gammaln(np.arange(4) + 1.0))
    assert found == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize(("size", "draws"), [(60, None), (200, 19)])
def test_uniform_values_stay_within_as_often_as_said(size: int, draws: int | None) -> None:
    random, studies = np.random.default_rng(51), 4_000
    u = random.uniform(size=(studies, size))
    if draws is not None:
        u = random.integers(1, draws + 2, size=(studies, size)) / (draws + 1)
    band = calibration(u[0], draws=draws, level=0.9)
    share = np.stack([(u <= point + 1e-12).mean(axis=1) for point in band.points], axis=1)
    np.testing.assert_allclose(band.share, share[0])
    stay = ((band.low - 1e-12 <= share) & (share <= band.high + 1e-12)).all(axis=1).mean()
    # counts are whole numbers: the band keeps at least its level, and little more
    assert 0.9 - 4 * math.sqrt(0.09 / studies) <= stay < 0.94


def test_what_is_wrong_is_seen_on_its_side() -> None:
    z = np.random.default_rng(52).normal(size=(2, 400))
    from scipy.stats import norm

    wide = calibration(norm.cdf(z[0] / 2))  # posteriors twice as wide as they should be
    left, right = wide.points < 0.3, wide.points > 0.7
    assert (wide.share < wide.low)[left].any()
    assert (wide.share > wide.high)[right].any()
    narrow = calibration(norm.cdf(2 * z[1]))
    assert (narrow.share > narrow.high)[narrow.points < 0.3].any()
    assert not calibration(norm.cdf(z[0] + 0.3))
    assert calibration(norm.cdf(z[0]))


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"between 0 and 1 are wanted, given 3 from 0.1 to 1.5"):
        calibration([0.1, 0.5, 1.5])
    with pytest.raises(ValueError, match="multiples of 1 / 20 from the first on"):
        calibration([0.1, 0.52, 0.3], draws=19)
    with pytest.raises(ValueError, match="finite numbers are wanted"):
        calibration([0.1, math.nan])
