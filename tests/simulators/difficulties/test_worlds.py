"""The difficulties' known answers against samples, numpy and numbers computed elsewhere."""

import numpy as np
import pytest
from scipy import stats

from scm.estimands import ATE, TotalEffect
from simulators import get

N = 200_000


def world_of(name, n=N, key=0, **parameters):
    return get(name).build(**parameters).sample(key=key, n=n)


def column(world, *names):
    return [np.asarray(world[name], float) for name in names]


def ols(y, *x):
    """Coefficients after the constant, and their robust errors."""
    design = np.column_stack([np.ones(len(y)), *x])
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ (design.T @ y)
    scores = design * (y - design @ beta)[:, None]
    return beta[1:], np.sqrt(np.diag(inverse @ (scores.T @ scores) @ inverse))[1:]


def assert_first(y, *x, expected):
    beta, se = ols(y, *x)
    assert abs(beta[0] - expected) < 5 * se[0]


@pytest.mark.parametrize("parameters", [{}, {"into_treatment": 2.0, "into_outcome": -0.5}])
def test_hidden_cause(parameters):
    known = get("hidden_cause").known(**parameters)
    if not parameters:
        assert float(known["limit of OLS(Y ~ X)"].value) == pytest.approx(0.9)
    u, x, y = column(world_of("hidden_cause", **parameters), "U", "X", "Y")
    assert_first(y, x, expected=float(known["limit of OLS(Y ~ X)"].value))
    assert_first(y, x, u, expected=0.5)
    assert np.corrcoef(x, u)[0, 1] ** 2 == pytest.approx(
        float(known["corr(X, U)^2"].value), abs=5 / np.sqrt(N)
    )


def test_line():
    other = {"slope": -2.0, "r2": 0.4, "intercept": 3.0, "centre": 1.5}
    x, y = column(world_of("line", **other), "X", "Y")
    assert_first(y, x, expected=-2.0)
    assert np.corrcoef(x, y)[0, 1] ** 2 == pytest.approx(0.4, abs=0.01)
    assert y.var() == pytest.approx(10, rel=0.02)
    assert x.mean() == pytest.approx(1.5, abs=5 / np.sqrt(N))
    assert y.mean() == pytest.approx(3 - 2 * 1.5, abs=5 * np.sqrt(10 / N))
    assert get("line").known(**other)["E[Y]"].value == 0
    with pytest.raises(ValueError, match="line: slope=0"):
        get("line").build(slope=0.0)


def test_m_bias():
    known = get("m_bias").known()
    assert float(known["limit of OLS(Y ~ X + M)"].value) == pytest.approx(-0.2)
    m, x, y = column(world_of("m_bias"), "M", "X", "Y")
    assert_first(y, x, expected=0)
    assert_first(y, x, m, expected=-0.2)
    other = {"a": 2.0, "b": -1.0, "c": 0.5, "d": 1.5, "noise": 0.7}
    m, x, y = column(world_of("m_bias", **other), "M", "X", "Y")
    answer = get("m_bias").known(**other)["limit of OLS(Y ~ X + M)"].value
    assert_first(y, x, m, expected=float(answer))


@pytest.mark.parametrize("threshold", [0.0, 1.5])
def test_talents(threshold):
    known = get("talents").known(threshold=threshold)
    if threshold == 0:
        assert known["corr(A, B | passed)"].value == pytest.approx(-1 / (np.pi - 1))
    a, b, passed = column(world_of("talents", threshold=threshold), "A", "B", "passed")
    among = passed == 1
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(0, abs=5 / np.sqrt(N))
    assert np.corrcoef(a[among], b[among])[0, 1] == pytest.approx(
        known["corr(A, B | passed)"].value, abs=5 / np.sqrt(among.sum())
    )
    assert among.mean() == pytest.approx(known["P(passed)"].value, abs=0.006)


def test_selected_wage():
    known = get("selected_wage").known()
    # 0.3740 (0.0002) by 32 million draws of NumPy; by a grid of 3,601 x 3,601 points:
    assert known["limit of OLS(wage ~ x | works)"].value == pytest.approx(0.37372692, abs=1e-8)
    x, z, works, wage = column(world_of("selected_wage"), "x", "z", "works", "wage")
    assert_first(wage, x, expected=0.5)
    x, z, wage = (each[works == 1] for each in (x, z, wage))
    assert_first(wage, x, expected=known["limit of OLS(wage ~ x | works)"].value)
    index = 0.3 + 0.8 * x + z
    (slope, rho), se = ols(wage, x, stats.norm.pdf(index) / stats.norm.cdf(index))
    assert abs(slope - 0.5) < 5 * se[0]
    assert abs(rho - 0.6) < 5 * se[1]


def test_cancelling():
    model = get("cancelling").build()
    assert float(TotalEffect("X", "Y").truth(model).value) == pytest.approx(0, abs=1e-6)
    x, z, y = column(model.sample(key=0, n=N), "X", "Z", "Y")
    assert_first(y, x, expected=0)
    assert_first(y, x, z, expected=-0.4)
    r2 = np.corrcoef(x, z)[0, 1] ** 2
    assert 1 / (1 - r2) == pytest.approx(float(get("cancelling").known()["VIF(X)"].value), rel=0.02)


def test_parabola():
    model = get("parabola").build()
    x, y = column(model.sample(key=0, n=N), "X", "Y")
    assert np.corrcoef(x, y)[0, 1] == pytest.approx(0, abs=0.02)
    effect = ATE("X", "Y", levels=(0.0, 2.0)).truth(model)
    assert float(effect.value) == pytest.approx(4, abs=1e-4)


@pytest.mark.parametrize("noise", ["normal", "two-sided", "skewed", "zeros"])
def test_odd_noise_has_unit_variance(noise):
    t, y = column(world_of("odd_noise", noise=noise), "T", "Y")
    rest = y - t
    assert rest.mean() == pytest.approx(0, abs=5 / np.sqrt(N))
    error = np.sqrt(((rest**2 - 1) ** 2).mean() / N)
    assert rest.var() == pytest.approx(1, abs=5 * error)
    if noise == "zeros":
        assert (rest == 0).mean() == pytest.approx(0.9, abs=0.005)


def test_heavy_noise_is_students():
    t, y = column(world_of("odd_noise", noise="heavy"), "T", "Y")
    assert stats.kstest(y - t, stats.t(2).cdf).pvalue > 1e-4


class TestWeakInstruments:
    @pytest.mark.parametrize(
        ("instruments", "concentration", "bias"), [(4, 5.0, 0.3672), (5, 10.0, 0.2653)]
    )
    def test_the_exact_bias_as_published(self, instruments, concentration, bias):
        known = get("weak_instruments").known(
            instruments=instruments, concentration=concentration, people=500
        )
        assert known["bias of 2SLS / bias of OLS"].value == pytest.approx(bias, abs=1e-4)

    def test_with_two_it_is_an_exponential(self):
        known = get("weak_instruments").known(instruments=2, concentration=3.0)
        assert known["bias of 2SLS / bias of OLS"].value == pytest.approx(np.exp(-1.5))

    def test_the_world_has_this_concentration_and_this_pull(self):
        model = get("weak_instruments").build(instruments=3, concentration=400.0, people=500)
        world = model.sample(key=0, n=N)
        x, y, *z = column(world, "X", "Y", "Z1", "Z2", "Z3")
        beta, _ = ols(x, *z)
        assert 500 * (beta**2).sum() == pytest.approx(400, rel=0.05)
        known = get("weak_instruments").known(instruments=3, concentration=400.0, people=500)
        assert_first(y, x, expected=known["limit of OLS(Y ~ X)"].value)

    def test_with_one_there_is_no_mean(self):
        assert "bias of 2SLS / bias of OLS" not in get("weak_instruments").known(instruments=1)


def test_equivalent_worlds_have_one_law_and_three_effects():
    effects = {"X causes Y": 0.6, "Y causes X": 0.0, "neither": 0.0}
    for direction, effect in effects.items():
        model = get("equivalent").build(direction=direction)
        x, y = column(model.sample(key=0, n=N), "X", "Y")
        covariance = np.cov(x, y)
        np.testing.assert_allclose(covariance, [[1, 0.6], [0.6, 1]], atol=0.02)
        truth = TotalEffect("X", "Y").truth(model)
        assert float(truth.value) == pytest.approx(effect, abs=1e-5)


class TestConditioning:
    @pytest.mark.parametrize(
        ("people", "conditioned", "power"),
        [(100, 0, 0.515), (100, 10, 0.473), (100, 40, 0.334), (50, 0, 0.285), (50, 40, 0.084)],
    )
    def test_the_power_of_fishers_z(self, people, conditioned, power):
        known = get("conditioning").known(conditioned=conditioned, people=people)
        assert known["power of Fisher's z"].value == pytest.approx(power, abs=1e-3)

    def test_the_partial_correlation_is_as_asked(self):
        world = world_of("conditioning", conditioned=3, n=50_000)
        x, y, *s = column(world, "X", "Y", "S1", "S2", "S3")
        design = np.column_stack([np.ones(len(x)), *s])
        left = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (x, y)]
        assert np.corrcoef(*left)[0, 1] == pytest.approx(0.2, abs=5 / np.sqrt(50_000))
