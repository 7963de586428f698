"""Measures by medians against all resamples there are, binomial tails, and hand-worked numbers."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from experiments import measures

ESTIMATES = (0.8, 1.3, 1.9, 0.4, 1.2, 1.0)
TRUTH = 1.0


def test_medians_worked_by_hand() -> None:
    # sorted 0.4 0.8 1.0 1.2 1.3 1.9: median 1.1; distances 0.1 0.1 0.2 0.3 0.7 0.8: median 0.25
    assert measures.median_bias(ESTIMATES, TRUTH).value == pytest.approx(0.1)
    assert measures.mad(ESTIMATES).value == pytest.approx(0.25)
    # distances from 1: 0.0 0.2 0.2 0.3 0.6 0.9
    assert measures.median_error(ESTIMATES, TRUTH).value == pytest.approx(0.25)


def test_error_of_the_median_is_the_bootstraps_over_all_resamples_there_are() -> None:
    x = np.random.default_rng(7).standard_cauchy(7)
    resamples = x[np.array(list(itertools.product(range(7), repeat=7)))]
    expected = np.median(resamples, axis=1).std()
    assert measures.median_bias(x, 0.3).mcse == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("size", [21, 401])
def test_error_of_the_median_from_binomial_tails(size: int) -> None:
    """A resample's median is at most x_(i) when more than half of its draws are."""
    x = np.sort(np.random.default_rng(size).standard_cauchy(size))
    below = stats.binom.sf((size - 1) // 2, size, np.arange(size + 1) / size)
    expected = math.sqrt(np.diff(below) @ x**2 - (np.diff(below) @ x) ** 2)
    assert measures.median_bias(x, 0.3).mcse == pytest.approx(expected, rel=1e-9)


def test_far_from_zero_the_error_of_the_median_keeps_its_digits() -> None:
    x = np.random.default_rng(3).normal(size=101)
    assert measures.median_bias(x + 1e9, 0.0).mcse == pytest.approx(
        measures.median_bias(x, 0.0).mcse, rel=1e-5
    )


def test_the_error_of_the_median_error_is_that_of_a_median_of_distances() -> None:
    x = np.random.default_rng(12).standard_cauchy(7)
    resamples = np.abs(x - 0.3)[np.array(list(itertools.product(range(7), repeat=7)))]
    expected = np.median(resamples, axis=1).std()
    assert measures.median_error(x, 0.3).mcse == pytest.approx(expected, rel=1e-9)
    # of estimates far above the truth every distance moves as the truth does
    far = measures.median_error(x + 1e4, 0.0, truth_se=0.5).mcse
    assert far == pytest.approx(math.hypot(measures.median_bias(x, 0.0).mcse, 0.5), rel=1e-6)
