"""Propensities against statsmodels; weighting against enumeration, fractions and M-estimation."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from scm.estimate import Roles, aipw, ipw
from scm.estimate.logistic import Propensity, fit_propensity
from scm.estimate.programs import unoptimised

DRUG = Roles("drug_a", "clot", adjust="female")
FEW = ("exper", "expersq", "black", "south", "smsa", "IQ")


@pytest.fixture(scope="module")
def schooled(card: pd.DataFrame) -> pd.DataFrame:
    return card.dropna(subset=["IQ"])


FIT = jax.jit(fit_propensity, static_argnames="epsilon", compiler_options=unoptimised())


def fitted(
    treatment: np.ndarray, columns: np.ndarray, weights: np.ndarray | None = None
) -> Propensity:
    dtype = jnp.result_type(float)
    weights = np.ones(len(treatment)) if weights is None else weights
    inputs = (jnp.asarray(np.asarray(x, dtype)) for x in (treatment, columns, weights))
    return FIT(*inputs, epsilon=float(jnp.finfo(dtype).eps))


class TestPropensity:
    def test_against_statsmodels(self, x64: None, card: pd.DataFrame, controls: tuple) -> None:
        columns = card[list(controls)].to_numpy(float)
        expected = sm.Logit(card.college, sm.add_constant(columns)).fit(disp=0, method="newton")
        found = fitted(card.college, columns)
        assert bool(found.converged)
        np.testing.assert_allclose(found.chances[0], expected.predict(), rtol=1e-8)
        np.testing.assert_allclose(found.chances[1], 1 - expected.predict(), rtol=1e-8)

    def test_float32(self, card: pd.DataFrame, controls: tuple) -> None:
        columns = card[list(controls)].to_numpy(float)
        expected = sm.Logit(card.college, sm.add_constant(columns)).fit(disp=0).predict()
        np.testing.assert_allclose(fitted(card.college, columns).chances[0], expected, rtol=2e-4)

    def test_weighted_is_repeated(self, x64: None) -> None:
        rng = np.random.default_rng(7)
        x, w = rng.normal(size=(80, 2)), rng.integers(0, 4, 80)
        t = rng.random(80) < 1 / (1 + np.exp(-x[:, 0]))
        expected = sm.Logit(np.repeat(t, w).astype(float), sm.add_constant(np.repeat(x, w, axis=0)))
        found = fitted(t, x, w)
        np.testing.assert_allclose(
            found.chances[0], expected.fit(disp=0).predict(sm.add_constant(x)), rtol=1e-8
        )

    @pytest.mark.parametrize(
        ("x", "t", "w"),
        [
            ([-22, 7, 49, -19, 0], [1, 0, 1, 0, 0], [3, 23429, 3, 2258, 12]),
            ([-1, -4, 4, 5, 3, 10], [0, 1, 1, 1, 0, 1], [1, 2, 148, 19843, 1, 2681]),
        ],
    )
    def test_where_full_steps_diverge_shorter_ones_arrive(
        self, either_precision: bool, x: list, t: list, w: list
    ) -> None:
        """From zero, Newton's method without step control ends at infinity on these."""
        x, t, w = (np.array(column, float) for column in (x, t, w))
        found = fitted(t > 0, x[:, None], w)
        assert bool(found.converged)
        p = np.asarray(found.chances[0], float)
        score = np.array([w @ (t - p), w @ (x * (t - p))])
        size = np.array([w @ (p * (1 - p)), w @ (x**2 * p * (1 - p))])
        np.testing.assert_allclose(score / size, 0, atol=1e-8 if either_precision else 1e-3)

    @pytest.mark.parametrize("gap", [0.01, 1.0, 1e4])
    def test_separation_is_never_convergence(self, either_precision: bool, gap: float) -> None:
        x = np.r_[np.linspace(-1, -gap / 2 if gap < 1 else -0.5, 40), np.linspace(0.5, 1, 40)]
        t = x > 0
        assert not bool(fitted(t, x[:, None] * gap).converged)
        quasi = np.c_[np.arange(80) % 2, np.r_[np.zeros(70), np.ones(10)]]
        some = np.where(np.arange(80) >= 70, 1, (np.arange(80) // 2) % 2)
        assert not bool(fitted(some, quasi).converged)


def stacked_sandwich(frame: pd.DataFrame, roles: Roles, normalised: bool, clip: float | None):
    """M-estimation by brute force: all equations stacked, their Jacobian by central differences."""
    t, y = (frame[name].to_numpy(float) for name in (roles.treatment, roles.outcome))
    x = frame[list(roles.adjust)].to_numpy(float)
    x = np.c_[np.ones(len(x)), (x - x.mean(axis=0)) / x.std(axis=0)]
    beta = sm.Logit(t, x).fit(disp=0, method="newton", maxiter=100).params
    low = clip or 0

    def weights(b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        e = np.clip(1 / (1 + np.exp(-x @ b)), low, 1 - low)
        return t / e, (1 - t) / (1 - e)

    w1, w0 = weights(beta)
    n1, n0 = (w1.sum(), w0.sum()) if normalised else (len(t), len(t))
    means = np.array([(w1 * y).sum() / n1, (w0 * y).sum() / n0])

    def equations(theta: np.ndarray) -> np.ndarray:
        b, m1, m0 = theta[:-2], theta[-2], theta[-1]
        w1, w0 = weights(b)
        rows1 = w1 * (y - m1) if normalised else w1 * y - m1
        rows0 = w0 * (y - m0) if normalised else w0 * y - m0
        score = x * (t - 1 / (1 + np.exp(-x @ b)))[:, None]
        return np.c_[score, rows1, rows0]

    theta = np.r_[beta, means]
    steps = 1e-6 * np.eye(len(theta))
    columns = [(equations(theta + h).mean(0) - equations(theta - h).mean(0)) / 2e-6 for h in steps]
    bread = np.linalg.inv(np.array(columns).T)
    u = equations(theta)
    covariance = bread @ (u.T @ u / len(t)) @ bread.T / len(t)
    contrast = np.r_[np.zeros(len(beta)), 1, -1]
    return means[0] - means[1], np.sqrt(contrast @ covariance @ contrast)


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("clip", [None, 0.2])
def test_ipw_against_stacked_equations(
    x64: None, schooled: pd.DataFrame, normalised: bool, clip: float | None
) -> None:
    roles = Roles("college", "lwage", FEW)
    expected = stacked_sandwich(schooled, roles, normalised, clip)
    found = ipw(schooled, roles, normalised=normalised, clip=clip)
    np.testing.assert_allclose([found.value, found.se], expected, rtol=1e-6)
    np.testing.assert_allclose(found.high, found.value + 1.959963985 * found.se, rtol=1e-9)


def test_aipw_against_statsmodels(x64: None, schooled: pd.DataFrame) -> None:
    t, y = schooled.college.to_numpy(float), schooled.lwage.to_numpy()
    x = sm.add_constant(schooled[list(FEW)].to_numpy(float))
    e = sm.Logit(t, x).fit(disp=0, method="newton").predict()
    m1, m0 = (sm.OLS(y[t == arm], x[t == arm]).fit().predict(x) for arm in (1, 0))
    psi = m1 - m0 + t * (y - m1) / e - (1 - t) * (y - m0) / (1 - e)
    found = aipw(schooled, Roles("college", "lwage", FEW))
    expected = [psi.mean(), np.sqrt(np.mean((psi - psi.mean()) ** 2) / len(psi))]
    np.testing.assert_allclose([found.value, found.se], expected, rtol=1e-8)
    m1, m0 = y[t == 1].mean(), y[t == 0].mean()
    psi = m1 - m0 + t * (y - m1) / e - (1 - t) * (y - m0) / (1 - e)
    found = aipw(schooled, Roles("college", "lwage", FEW), outcome_model="mean")
    np.testing.assert_allclose(found.value, psi.mean(), rtol=1e-8)
    np.testing.assert_allclose(found.diagnostics["propensity_min"], e.min(), rtol=1e-7)
    np.testing.assert_allclose(found.diagnostics["propensity_max"], e.max(), rtol=1e-7)


EXACT = [
    pytest.param(lambda d, r: ipw(d, r), id="hajek"),
    pytest.param(lambda d, r: ipw(d, r, normalised=False), id="horvitz-thompson"),
    pytest.param(lambda d, r: aipw(d, r), id="aipw"),
    pytest.param(lambda d, r: aipw(d, r, outcome_model="mean"), id="aipw-mean"),
]


@pytest.mark.parametrize("estimate", EXACT)
def test_the_drug_table(x64: None, drug: dict, estimate: Callable) -> None:
    """One binary column: propensities are the strata's shares, and all of them are exact."""
    found = estimate(drug, DRUG)
    np.testing.assert_allclose(found.value, -13 / 240, rtol=1e-9)
    arms, effects = [(24, 80), (17, 42), (3, 42), (6, 80)], (-11 / 105, -1 / 280)
    within = sum(k / n * (1 - k / n) / n for k, n in arms) / 4
    if estimate is not EXACT[-1].values[0]:  # which takes its propensities for known
        np.testing.assert_allclose(found.se**2, within + np.var(effects) / 244, rtol=1e-8)


def test_horvitz_thompson_by_hand(x64: None) -> None:
    """Shares 3/4 and 1/4: 4/3 and 4 times the treated, over all eight."""
    data = {
        "s": np.repeat([0, 1], 4),
        "t": np.array([1, 1, 1, 0, 1, 0, 0, 0]),
        "y": np.array([1, 2, 4, 8, 16, 32, 64, 128.0]),
    }
    found = ipw(data, Roles("t", "y", "s"), normalised=False)
    by_hand = ((1 + 2 + 4) * 4 / 3 + 16 * 4) / 8 - (8 * 4 + (32 + 64 + 128) * 4 / 3) / 8
    np.testing.assert_allclose(found.value, by_hand, rtol=1e-10)


def test_derivatives_pass_through_the_fit(x64: None, drug: dict, quick: Callable) -> None:
    """The loop is not differentiated, and nothing is missing: against central differences."""
    rng = np.random.default_rng(9)
    x = jnp.asarray(drug["female"] + 0.3 * rng.normal(size=244))
    kink = jnp.asarray(rng.normal(size=244))
    roles = Roles("drug_a", "clot", adjust=("x",))

    def value(h: jax.Array) -> jax.Array:
        return ipw({**drug, "x": x + h * kink}, roles).value

    value_of, step = quick(value), 1e-5
    difference = (value_of(jnp.asarray(step)) - value_of(jnp.asarray(-step))) / (2 * step)
    np.testing.assert_allclose(quick(jax.grad(value))(jnp.asarray(0.0)), difference, rtol=1e-6)


class TestFailures:
    """All of 80 rows, so that few programs serve."""

    @pytest.mark.parametrize("estimate", [ipw, aipw])
    def test_an_empty_arm_in_a_stratum_separates(
        self, either_precision: bool, estimate: Callable
    ) -> None:
        s = np.repeat([0, 1], 40)
        t = np.where(s == 1, 1, np.arange(80) % 2)
        y = np.random.default_rng(10).normal(size=80)
        found = estimate({"s": s, "t": t, "y": y}, Roles("t", "y", "s"))
        assert found.failure == "separation"
        assert not bool(found.diagnostics["converged"])

    def test_a_threshold_rule_separates_whatever_the_clip(self, either_precision: bool) -> None:
        x = np.random.default_rng(11).normal(size=80)
        data = {"x": x, "t": x > 0.2, "y": x}
        assert ipw(data, Roles("t", "y", "x")).failure == "separation"
        assert ipw(data, Roles("t", "y", "x"), clip=0.05).failure == "separation"

    def test_propensities_next_to_zero(self, either_precision: bool) -> None:
        """A finite fit, with a row so far out that its propensity is 0 in all but name."""
        x = np.r_[np.linspace(-1, 1, 79), -30.0]
        t = np.where(x < 0, np.arange(80) % 7 == 0, np.arange(80) % 7 > 0)
        t[-1] = False
        data = {"x": x, "t": t, "y": x}
        found = ipw(data, Roles("t", "y", "x"))
        assert found.failure == "extreme_propensity"
        assert bool(found.diagnostics["converged"])
        assert ipw(data, Roles("t", "y", "x"), clip=0.05).failure is None

    def test_columns_that_one_arm_cannot_tell_apart(self, either_precision: bool) -> None:
        rng = np.random.default_rng(12)
        a, t = rng.normal(size=80), np.arange(80) % 2
        data = {"a": a, "b": np.where(t == 1, 2 * a, rng.normal(size=80)), "t": t, "y": a}
        roles = Roles("t", "y", ("a", "b"))
        assert aipw(data, roles).failure == "collinear"
        assert ipw(data, roles).failure is None
        data = {name: rng.normal(size=80) for name in ("a", "b", "y")}
        data["t"] = np.isin(np.arange(80), (5, 11, 30))
        assert aipw(data, roles).failure == "too_few_rows"
