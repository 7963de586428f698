"""A linear regression's posterior: against SciPy's Student t, and against least squares."""

import jax
import numpy as np
import pytest
from scipy import stats

from scm.estimate import FAILURES, Roles, bayesian_linear, ols

ROLES = Roles("t", "y", adjust=["w"])


def data(n=30, seed=0):
    random = np.random.default_rng(seed)
    w, t = random.normal(size=(2, n))
    return {"w": w, "t": t + w, "y": 1 + 2 * t - w + random.normal(size=n)}


@pytest.fixture(autouse=True)
def _wide():
    with jax.enable_x64(True):
        yield


def posterior(columns):
    """By NumPy and SciPy: the posterior of the coefficient under the reference prior."""
    x = np.column_stack([np.ones(len(columns["t"])), columns["w"], columns["t"]])
    b, (rss,), *_ = np.linalg.lstsq(x, columns["y"], rcond=None)
    dof = len(x) - 3
    scale = np.sqrt(rss / dof * np.linalg.inv(x.T @ x)[2, 2])
    return stats.t(dof, loc=b[2], scale=scale)


@pytest.mark.parametrize("draws", [2, 7, 200, 1_001])
def test_the_draws_are_quantiles_of_the_posterior(draws):
    columns = data()
    law, found = posterior(columns), bayesian_linear(columns, ROLES, draws=draws)
    levels = np.arange(1, draws + 1) / (draws + 1)
    np.testing.assert_allclose(found.diagnostics["draws"], law.ppf(levels), rtol=1e-8)
    np.testing.assert_allclose([found.value, found.se], [law.mean(), law.std()], rtol=1e-9)
    np.testing.assert_allclose([found.low, found.high], law.interval(0.95), rtol=1e-8)
    np.testing.assert_allclose(found.diagnostics["draws"].mean(), found.value, rtol=1e-12)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_the_interval_is_that_of_least_squares(level):
    one, other = (each(data(), ROLES, level=level) for each in (bayesian_linear, ols))
    for mine, theirs in ((one.value, other.value), (one.low, other.low), (one.high, other.high)):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13)
    assert one.se > other.se


def test_failures_are_named_and_draws_silenced():
    for n, name in ((3, "too_few_rows"), (4, "too_few_rows"), (5, "too_few_rows")):
        found = bayesian_linear(data(n), ROLES)
        assert found.failure == name
        assert np.isnan(found.diagnostics["draws"]).all()
    assert bayesian_linear(data(6), ROLES).failure is None
    still = data() | {"t": np.ones(30)}
    assert bayesian_linear(still, ROLES).failure == "constant_treatment"
    double = data() | {"w": data()["t"]}
    assert bayesian_linear(double, ROLES).failure == "collinear"
    assert "too_few_rows" in FAILURES


@pytest.mark.parametrize("wrong", [1, 2.5, "many"])
def test_a_number_of_draws_that_is_none_is_refused(wrong):
    with pytest.raises((ValueError, TypeError), match="draws: a whole number of at least 2"):
        bayesian_linear(data(), ROLES, draws=wrong)
