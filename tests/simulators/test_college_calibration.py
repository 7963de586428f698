"""The calibration against other packages, published estimates, and the theorem it rests on."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from linearmodels.iv import IV2SLS

from simulators.college_calibration import calibrate, limits
from simulators.datasets.card import card

CONTROLS = ["black", "south", "smsa", "smsa66"] + [f"reg66{i}" for i in range(2, 10)]
EXPERIENCE = ["exper", "expersq"]
AGE = ["age", "agesq"]


@pytest.fixture(scope="module")
def men() -> pd.DataFrame:
    return card()


def least_squares(frame, outcome, columns):
    return sm.OLS(frame[outcome], sm.add_constant(frame[columns])).fit()


def instrumented(frame, exogenous, endogenous, instruments):
    return IV2SLS(
        frame["lwage"], sm.add_constant(frame[exogenous]), frame[endogenous], frame[instruments]
    ).fit(cov_type="unadjusted")


@pytest.fixture(scope="module")
def fits(men):
    """First stage and wage equation of both worlds, by statsmodels and linearmodels."""
    textbook = (
        least_squares(men, "educ", ["nearc4", *EXPERIENCE, *CONTROLS]),
        instrumented(men, [*EXPERIENCE, *CONTROLS], ["educ"], ["nearc4"]),
    )
    life = (
        least_squares(men, "educ", ["nearc4", *AGE, *CONTROLS]),
        instrumented(men, CONTROLS, ["educ", *EXPERIENCE], ["nearc4", *AGE]),
    )
    return {"textbook": textbook, "life": life}


@pytest.mark.parametrize("story", ["textbook", "life"])
def test_coefficients_agree_with_other_packages(story, fits):
    first, wage = fits[story]
    ours = calibrate(story)
    assert set(ours.schooling) == set(first.params.index)
    assert set(ours.wage) == set(wage.params.index)
    for name, value in first.params.items():
        assert ours.schooling[name] == pytest.approx(value, rel=1e-7), name
    for name, value in wage.params.items():
        assert ours.wage[name] == pytest.approx(value, rel=1e-7), name


def test_published_estimates():
    # Card (1995); Wooldridge, example 15.5; the last by linearmodels on the same data.
    textbook, life = calibrate("textbook"), calibrate("life")
    assert textbook.wage["educ"] == pytest.approx(0.131504, abs=5e-7)
    assert textbook.schooling["nearc4"] == pytest.approx(0.319899, abs=5e-7)
    assert life.wage["educ"] == pytest.approx(0.122390, abs=5e-7)


@pytest.mark.parametrize("story", ["textbook", "life"])
def test_the_unmeasured_cause_carries_the_covariance_of_the_residuals(story, fits):
    first, wage = fits[story]
    v, e = np.asarray(first.resid), np.asarray(wage.resids)
    ours = calibrate(story)
    a, b = ours.unmeasured_on_schooling, ours.unmeasured_on_wage
    assert a > 0 > b  # raises schooling, lowers wages: OLS lies below 2SLS
    assert a * b == pytest.approx(np.mean(v * e), rel=1e-7)
    assert a**2 + ours.schooling_noise**2 == pytest.approx(np.mean(v**2), rel=1e-7)
    assert b**2 + ours.wage_noise**2 == pytest.approx(np.mean(e**2), rel=1e-7)
    assert ours.rho == pytest.approx(np.corrcoef(v, e)[0, 1], rel=1e-7)
    # Shared out evenly: the same share of either residual's variance.
    share = a**2 / np.mean(v**2)
    assert share == pytest.approx(b**2 / np.mean(e**2), rel=1e-7)
    assert share == pytest.approx(abs(ours.rho), rel=1e-7)


def test_in_the_textbook_world_estimators_tend_to_the_samples_own_estimates(men, fits):
    """First and second moments are the sample's by construction, so their functions are too."""
    ours = limits(calibrate("textbook"))
    crude = least_squares(men, "lwage", ["educ"])
    adjusted = least_squares(men, "lwage", ["educ", *EXPERIENCE, *CONTROLS])
    assert ours["OLS, no controls"] == pytest.approx(crude.params["educ"], abs=1e-10)
    assert ours["OLS, Card's controls"] == pytest.approx(adjusted.params["educ"], abs=1e-10)
    published = fits["textbook"][1].params["educ"]
    assert ours["2SLS, as published"] == pytest.approx(published, abs=1e-10)
    # As published for the data.
    assert ours["OLS, no controls"] == pytest.approx(0.052094, abs=5e-7)
    assert ours["OLS, Card's controls"] == pytest.approx(0.074693, abs=5e-7)


def test_in_life_only_the_instruments_by_age_are_right():
    fit = calibrate("life")
    ours = limits(fit)
    truth = fit.wage["educ"]
    assert ours["2SLS, experience instrumented by age"] == pytest.approx(truth, abs=1e-10)
    assert abs(ours["2SLS, as published"] - truth) > 0.005


def test_computed_once_and_shared_safely():
    fit = calibrate("life")
    assert calibrate("life") is fit
    with pytest.raises(ValueError, match="read-only"):
        fit.men["educ"][0] = 0
