"""Least squares against statsmodels on Card's data, and against published numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from scm.estimate import Roles, ols

SIX = ("exper", "expersq", "black", "south", "smsa")


def statsmodels_fit(frame: pd.DataFrame, adjust: tuple[str, ...], covariance: str):
    design = sm.add_constant(frame[["educ", *adjust]].astype(float))
    kind = "nonrobust" if covariance == "classical" else covariance
    fit = sm.OLS(frame["lwage"], design).fit(cov_type=kind, use_t=True)
    return fit.params["educ"], fit.bse["educ"], *fit.conf_int().loc["educ"]


@pytest.mark.parametrize("covariance", ["classical", "HC0", "HC1", "HC2", "HC3"])
def test_against_statsmodels(
    x64: None, card: pd.DataFrame, controls: tuple, covariance: str
) -> None:
    expected = statsmodels_fit(card, controls, covariance)
    found = ols(card, Roles("educ", "lwage", controls), covariance=covariance)
    numbers = [found.value, found.se, found.low, found.high]
    np.testing.assert_allclose(numbers, expected, rtol=1e-8)


@pytest.mark.parametrize(
    ("few", "value", "se"),
    [(None, 0.052094, 0.002870), (True, 0.074009, 0.003505), (False, 0.074693, 0.003498)],
)
def test_published(
    x64: None, card: pd.DataFrame, controls: tuple, few: bool | None, value: float, se: float
) -> None:
    adjust = {None: (), True: SIX, False: controls}[few]
    found = ols(card, Roles("educ", "lwage", adjust))
    np.testing.assert_allclose([found.value, found.se], [value, se], atol=5e-7)
    assert found.diagnostics["dof"] == 3010 - 2 - len(adjust)


def test_float32_keeps_four_digits(card: pd.DataFrame, controls: tuple) -> None:
    expected = statsmodels_fit(card, controls, "HC3")
    found = ols(card, Roles("educ", "lwage", controls), covariance="HC3")
    assert found.value.dtype == np.float32
    np.testing.assert_allclose([found.value, found.se], expected[:2], rtol=1e-4)


def test_badly_scaled_columns_cost_nothing(card: pd.DataFrame, either_precision: bool) -> None:
    roles = Roles("educ", "lwage", adjust=("year", "yearsq", "cents", "black"))
    year = card.age.to_numpy() % 7 * 3 + 1980  # 1980 to 1998: squares of some four million
    data = card.assign(year=year, yearsq=year**2, cents=card.KWW.fillna(0) * 1e6)
    kind = card.assign(late=year - 1990, latesq=(year - 1990) ** 2, tests=card.KWW.fillna(0))
    design = sm.add_constant(kind[["educ", "late", "latesq", "tests", "black"]])
    expected = sm.OLS(data["lwage"], design).fit()  # the span of the same columns, kindly scaled
    found = ols(data, roles)
    rtol = 1e-8 if either_precision else 1e-3
    np.testing.assert_allclose(
        [found.value, found.se], [expected.params["educ"], expected.bse["educ"]], rtol=rtol
    )


def test_the_drug_table(x64: None, drug: dict) -> None:
    found = ols(drug, Roles("drug_a", "clot", adjust="female"))
    np.testing.assert_allclose(found.value, -13 / 240, rtol=1e-12)
    np.testing.assert_allclose(found.se, 0.05164, atol=5e-6)


def test_heterogeneous_effects_get_variance_weights(x64: None) -> None:
    """Strata of 100, treated 50 and 10, effects 1 and 3: weights 100 e (1 - e) are 25 and 9."""
    s = np.repeat([0, 1], 100)
    t = np.r_[np.arange(100) < 50, np.arange(100) < 10]
    data = {"s": s, "t": t, "y": 7 * s + np.where(s == 0, 1, 3) * t}
    np.testing.assert_allclose(ols(data, Roles("t", "y", "s")).value, (25 * 1 + 9 * 3) / 34)


@pytest.mark.parametrize("covariance", ["HC2", "HC3"])
def test_a_row_with_its_own_dummy_has_no_hc2(either_precision: bool, covariance: str) -> None:
    rng = np.random.default_rng(5)
    data = {"t": rng.normal(size=30), "own": np.arange(30) == 3, "y": rng.normal(size=30)}
    roles = Roles("t", "y", "own")
    assert ols(data, roles, covariance=covariance).failure == "full_leverage"
    assert ols(data, roles, covariance="HC1").failure is None
    twice = np.where(np.arange(30) == 3, 2, 1)
    assert ols(data, roles, covariance=covariance, weights=twice).failure is None


def test_an_exact_fit_has_standard_error_zero(x64: None) -> None:
    t = np.arange(10.0)
    found = ols({"t": t, "y": 3 - 2 * t}, Roles("t", "y"))
    assert found.failure is None
    np.testing.assert_allclose([found.value, found.se], [-2, 0], atol=1e-14)


@pytest.mark.parametrize(
    "columns",
    [
        {"exper2": "age - educ - 6"},
        {"cents": "wage * 100.0", "wage_": "wage"},
        {"flag": "wage > 0"},
        {"near": "nearc4", "far": "1 - nearc4"},
    ],
)
def test_dependent_columns_of_real_data(
    either_precision: bool, card: pd.DataFrame, columns: dict[str, str]
) -> None:
    data = card.assign(**{name: card.eval(formula) for name, formula in columns.items()})
    found = ols(data, Roles("educ", "lwage", adjust=("age", "agesq", *columns)))
    assert found.failure == "collinear"


def test_all_nine_regions_are_one_too_many(
    either_precision: bool, card: pd.DataFrame, controls: tuple
) -> None:
    roles = Roles("educ", "lwage", (*controls, "reg661"))
    assert ols(card, roles).failure == "collinear"
