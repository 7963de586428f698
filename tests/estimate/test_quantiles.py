"""Against scipy's quantiles, which are an independent implementation (Boost), at all degrees."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scm.estimate.quantiles import f_quantile, normal_quantile, t_quantile

DOF = np.array([1, 1.5, 2, 3, 4.7, 10, 29.3, 100, 2994, 1e5, 1e7])


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize("numerator", [1, 2, 3, 8, 30])
def test_f(either_precision: bool, level: float, numerator: int) -> None:
    expected = stats.f.ppf(level, numerator, DOF)
    rtol = 2e-9 if either_precision else 5e-6
    np.testing.assert_allclose(f_quantile(level, numerator, DOF), expected, rtol=rtol)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_t(either_precision: bool, level: float) -> None:
    expected = stats.t.ppf((1 + level) / 2, DOF)
    rtol = 1e-11 if either_precision else 3e-6
    np.testing.assert_allclose(t_quantile(level, DOF), expected, rtol=rtol)


def test_t_is_normal_in_the_limit(x64: None) -> None:
    np.testing.assert_allclose(t_quantile(0.95, np.inf), normal_quantile(0.95), rtol=1e-12)
    np.testing.assert_allclose(normal_quantile(0.95), stats.norm.ppf(0.975), rtol=1e-14)
