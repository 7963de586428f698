"""The college worlds: do they have the moments, the effects and the limits they claim?"""

from functools import cache

import jax
import numpy as np
import pytest
import statsmodels.api as sm
from linearmodels.iv import IV2SLS

import simulators
from simulators.college_calibration import calibrate
from simulators.datasets.card import card

STORIES = ["textbook", "life"]
CONTROLS = ["black", "south", "smsa", "smsa66"] + [f"reg66{i}" for i in range(2, 10)]
PUBLISHED = ["exper", "expersq", *CONTROLS]
N = 200_000


@cache
def model(story):
    return simulators.get("college").build(story=story)


@cache
def world(story):
    return model(story).sample(key=1, n=N)


def known(story) -> dict[str, float]:
    answers = simulators.get("college").known(story=story)
    return {name: float(answer.value) for name, answer in answers.items()}


@pytest.mark.parametrize("story", STORIES)
def test_columns_are_those_of_the_data(story):
    frame = world(story).to_pandas()
    assert set(frame.columns) <= set(card().columns)
    assert {"educ", "lwage", "nearc4", "age", "agesq", *PUBLISHED} == set(frame.columns)
    assert model(story).latents == ("person", "unmeasured")
    np.testing.assert_allclose(frame["exper"], frame["age"] - frame["educ"] - 6, atol=1e-4)
    np.testing.assert_allclose(frame["expersq"], frame["exper"] ** 2, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(frame["agesq"], frame["age"] ** 2, rtol=1e-5)


@pytest.mark.parametrize("story", STORIES)
def test_covariates_come_jointly_from_the_mens_rows(story):
    root = "exper" if story == "textbook" else "age"
    columns = [root, "nearc4", *CONTROLS]
    men = set(map(tuple, card()[columns].to_numpy(dtype=int)))
    frame = world(story).to_pandas()[columns]
    assert set(map(tuple, frame.to_numpy(dtype=int))) == men  # every man drawn, none invented
    rows = card()[columns].mean()
    se = card()[columns].std() / np.sqrt(N)
    assert (np.abs(frame.mean() - rows) < 4.5 * se).all()


@pytest.mark.parametrize("story", STORIES)
def test_means_and_spreads_are_the_samples(story):
    frame, men = world(story).to_pandas().astype(float), card()
    for name in ("educ", "lwage", "exper"):
        value, spread = frame[name].mean(), men[name].std()
        assert abs(value - men[name].mean()) < 4 * spread / np.sqrt(N)
    for name in ("educ", "lwage") if story == "textbook" else ("educ",):
        # The standard error of a standard deviation, for tails no heavier than the normal's.
        assert abs(frame[name].std() - men[name].std()) < 4 * men[name].std() / np.sqrt(2 * N)


@pytest.mark.parametrize("story", STORIES)
def test_the_direct_effect_is_the_same_for_everybody(story):
    with jax.enable_x64(True):
        fresh = simulators.get("college").build(story=story)
        more, less = (
            fresh.do(educ=educ, exper=8.0).sample(key=2, n=500)["lwage"] for educ in (13.0, 12.0)
        )
        difference = np.asarray(more - less)
    published = {"textbook": 0.131504, "life": 0.122390}[story]
    np.testing.assert_allclose(difference, known(story)["CDE(educ -> lwage; exper)"], atol=1e-10)
    np.testing.assert_allclose(difference, published, atol=5e-7)


@pytest.mark.parametrize("story", STORIES)
def test_the_total_effect_of_a_year(story):
    before = world(story)
    after = before.do(educ=lambda educ: educ + 1.0)
    difference = np.asarray(after["lwage"] - before["lwage"], dtype=float)
    se = difference.std() / np.sqrt(N)
    # Float32 leaves 1e-6 of rounding in each difference.
    assert abs(difference.mean() - known(story)["TotalEffect(educ -> lwage)"]) < 4 * se + 1e-6


def test_in_life_a_year_of_school_costs_a_year_of_experience():
    men = card()
    fit = IV2SLS(
        men["lwage"],
        sm.add_constant(men[CONTROLS]),
        men[["educ", "exper", "expersq"]],
        men[["nearc4", "age", "agesq"]],
    ).fit()
    beta, slope, bend = fit.params[["educ", "exper", "expersq"]]
    # The mean over the men of the change of slope * exper + bend * exper^2 as exper falls by 1.
    change = slope * (men["exper"] - 1 - men["exper"])
    change += bend * ((men["exper"] - 1) ** 2 - men["exper"] ** 2)
    total = beta + change.mean()
    assert known("life")["TotalEffect(educ -> lwage)"] == pytest.approx(total, abs=1e-8)
    assert known("life")["TotalEffect(educ -> lwage)"] < known("life")["CDE(educ -> lwage; exper)"]
    with jax.enable_x64(True):
        fresh = simulators.get("college").build(story="life")
        before = fresh.sample(key=3, n=200)
        after = before.do(educ=lambda educ: educ + 1.0)
        by_hand = beta - slope + bend * (1 - 2 * np.asarray(before["exper"]))
        np.testing.assert_allclose(after["lwage"] - before["lwage"], by_hand, atol=1e-8)
        np.testing.assert_allclose(after["exper"], before["exper"] - 1, atol=1e-10)


@pytest.mark.parametrize("story", STORIES)
def test_least_squares_tends_where_it_is_said_to(story):
    frame = world(story).to_pandas().astype(float)
    for name, columns in {"no controls": ["educ"], "Card's controls": ["educ", *PUBLISHED]}.items():
        fit = sm.OLS(frame["lwage"], sm.add_constant(frame[columns])).fit(cov_type="HC1")
        limit = known(story)[f"limit of OLS, {name}"]
        assert abs(fit.params["educ"] - limit) < 4 * fit.bse["educ"]


@pytest.mark.parametrize("story", STORIES)
def test_limits_follow_from_the_models_own_equations(story):
    """The model at every man and every node of a quadrature over its noises, no randomness.

    Three nodes integrate polynomials up to the fifth degree exactly; the wage's own noise has mean
    zero and touches nothing else. Weighted estimates by other packages are then the limits.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    men = len(card())
    person, one, two = (grid.ravel() for grid in np.meshgrid(range(men), range(3), range(3)))
    noise = {
        ("person", "u"): person,
        ("unmeasured", "u"): nodes[one],
        ("educ", "u"): nodes[two] * calibrate(story).schooling_noise,
        ("lwage", "u"): np.zeros(len(person)),
    }
    with jax.enable_x64(True):
        frame = simulators.get("college").build(story=story).evaluate(noise).to_pandas()
    frame, weight = frame.astype(float), weights[one] * weights[two]
    for name, columns in {"no controls": [], "Card's controls": PUBLISHED}.items():
        fit = sm.WLS(frame["lwage"], sm.add_constant(frame[["educ", *columns]]), weight).fit()
        assert known(story)[f"limit of OLS, {name}"] == pytest.approx(fit.params["educ"], abs=1e-9)
    for name, (exogenous, endogenous, instruments) in {
        "as published": (PUBLISHED, ["educ"], ["nearc4"]),
        "experience instrumented by age": (
            CONTROLS, ["educ", "exper", "expersq"], ["nearc4", "age", "agesq"]
        ),
    }.items():  # fmt: skip
        exogenous, endogenous = sm.add_constant(frame[exogenous]), frame[endogenous]
        fit = IV2SLS(frame["lwage"], exogenous, endogenous, frame[instruments], weights=weight)
        limit = fit.fit().params["educ"]
        assert known(story)[f"limit of 2SLS, {name}"] == pytest.approx(limit, abs=1e-8)


@pytest.mark.parametrize("story", STORIES)
def test_without_its_pull_on_wages_the_unmeasured_cause_confounds_nothing(story):
    frame = model(story).do(unmeasured_on_wage=0.0).sample(key=4, n=N).to_pandas().astype(float)
    fit = sm.OLS(frame["lwage"], sm.add_constant(frame[["educ", *PUBLISHED]])).fit()
    truth = {"textbook": 0.131504, "life": 0.122390}[story]
    assert abs(fit.params["educ"] - truth) < 4 * fit.bse["educ"]


def test_strengths_can_be_varied():
    world = model("textbook").sample(key=5, n=100)
    changed = {
        "return_to_schooling": (0.0, "lwage"),
        "college_on_schooling": (0.05, "educ"),
        "unmeasured_on_schooling": (0.0, "educ"),
        "unmeasured_on_wage": (0.0, "lwage"),
    }
    for param, (value, moved) in changed.items():
        other = world.do({param: value})
        assert not np.allclose(other[moved], world[moved])
        unmoved = "educ" if moved == "lwage" else "nearc4"
        np.testing.assert_array_equal(other[unmoved], world[unmoved])
