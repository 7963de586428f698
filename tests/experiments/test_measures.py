"""The measures against hand-computed numbers, other libraries, and their own sampling laws."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments import measures
from experiments.measures import Measure

# Six replications, worked by hand from the formulas of Morris, White and Crowther (2019).
ESTIMATES = (0.8, 1.3, 1.9, 0.4, 1.2, 1.0)
ERRORS = (0.3, 0.2, 0.3, 0.25, 0.3, 0.35)
TRUTH = 1.0
LOW = tuple(x - 1.96 * se for x, se in zip(ESTIMATES, ERRORS, strict=True))
HIGH = tuple(x + 1.96 * se for x, se in zip(ESTIMATES, ERRORS, strict=True))


@pytest.mark.parametrize(
    ("measure", "value", "mcse"),
    [
        (measures.bias(ESTIMATES, TRUTH), 0.1, 0.206559),
        (measures.empirical_se(ESTIMATES), 0.505964, 0.16),
        (measures.mse(ESTIMATES, TRUTH), 0.223333, 0.128806),
        (measures.rmse(ESTIMATES, TRUTH), 0.472582, 0.128806 / (2 * 0.472582)),
        (measures.relative_error(ESTIMATES, ERRORS), -43.231556, 18.383411),
        (measures.coverage(LOW, HIGH, TRUTH), 0.666667, 0.19245),
        # mean of squares 0.0825; their variance 0.000795, so sqrt(0.000795 / (4 * 6 * 0.0825))
        (measures.model_se(ERRORS), 0.287228, 0.020038),
        (measures.failures([True, False, False, False]), 0.25, math.sqrt(0.25 * 0.75 / 4)),
    ],
    ids=lambda given: given.name if isinstance(given, Measure) else "",
)
def test_worked_by_hand(measure: Measure, value: float, mcse: float) -> None:
    assert measure.value == pytest.approx(value, abs=5e-7)
    assert measure.mcse == pytest.approx(mcse, abs=1e-6)


def test_medians_worked_by_hand() -> None:
    # sorted 0.4 0.8 1.0 1.2 1.3 1.9: median 1.1; distances 0.1 0.1 0.2 0.3 0.7 0.8: median 0.25
    assert measures.median_bias(ESTIMATES, TRUTH).value == pytest.approx(0.1)
    assert measures.mad(ESTIMATES).value == pytest.approx(0.25)


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


LAWS = {
    "normal": lambda random, shape: random.normal(size=shape),
    "cauchy": lambda random, shape: random.standard_cauchy(size=shape),
    "lognormal": lambda random, shape: random.lognormal(0, 1, size=shape),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", ["median_bias", "mad"])
def test_median_based_errors_are_calibrated(law: str, name: str) -> None:
    """The mean squared mcse is the variance of the measure over repeated experiments."""
    random, size, repeats = np.random.default_rng(11), 200, 40
    many = LAWS[law](random, (8_000, size))
    middle = np.median(many, axis=1)
    actual = middle if name == "median_bias" else stats.median_abs_deviation(many, axis=1)
    runs = LAWS[law](random, (repeats, size))
    made = [measures.median_bias(x, 0.0) if name == "median_bias" else measures.mad(x)
            for x in runs]  # fmt: skip
    squares = np.array([one.mcse**2 for one in made])
    ratio = squares.mean() / actual.var()
    # The bootstrap of a median is known to be too wide by O(K^-1/2), some 7% at 200.
    assert abs(ratio - 1) < 4 * squares.std() / math.sqrt(repeats) / actual.var() + 0.1


@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_the_error_of_the_truth_enters_bias_and_rmse(offset: float) -> None:
    random, size, repeats, truth_se = np.random.default_rng(5), 100, 4_000, 0.15
    truths = random.normal(0.0, truth_se, repeats)
    draws = random.normal(offset, 1.0, (repeats, size))
    for measure in (measures.bias, measures.median_bias, measures.mse):
        made = [
            measure(x, truth, truth_se)
            for x, truth in zip(draws[:400], truths[:400], strict=True)
        ]  # fmt: skip
        statistic = np.median if measure is measures.median_bias else np.mean
        shifted = draws - truths[:, None]
        actual = statistic(shifted**2 if measure is measures.mse else shifted, axis=1).var()
        claimed = np.array([one.mcse**2 for one in made])
        tolerance = 4 * (claimed.std() / 20 / actual + math.sqrt(2 / repeats)) + 0.05
        assert abs(claimed.mean() / actual - 1) < tolerance


def test_the_error_of_the_truth_enters_coverage() -> None:
    """Intervals centred off the truth: its coverage slopes, and a moved truth moves it."""
    random, size, repeats, truth_se = np.random.default_rng(6), 400, 500, 0.3
    shares, claimed = [], []
    for truth in random.normal(0.0, truth_se, repeats):
        x = random.normal(1.5, 1.0, size)
        one = measures.coverage(x - 1.96, x + 1.96, truth, truth_se)
        shares.append(one.value)
        claimed.append(one.mcse**2)
    ratio = np.mean(claimed) / np.var(shares)
    # The mean square of the change is about each truth drawn, not about the middle: curvature
    # makes it a little more than the variance, and never less.
    assert 0.85 < ratio < 1.35
    assert measures.coverage(x - 1.96, x + 1.96, 0.0).mcse < 0.03 < math.sqrt(np.mean(claimed))


@settings(deadline=None)
@given(
    st.lists(st.floats(-100, 100), min_size=6, max_size=20),
    st.floats(-10, 10),
    st.floats(0.1, 10),
)
def test_shifting_and_stretching(values: list[float], shift: float, scale: float) -> None:
    x = np.array(values)
    for measure in (measures.bias, measures.median_bias, measures.rmse):
        before, after = measure(x, 1.0), measure(scale * x[::-1] + shift, scale + shift)
        assert after.value == pytest.approx(scale * before.value, abs=1e-6)
        assert after.mcse == pytest.approx(scale * before.mcse, abs=1e-5)


def test_coverage_uses_the_intervals_even_unbounded_ones() -> None:
    low, high = [-math.inf, 0.5, 2.0, 1.0], [math.inf, math.inf, 3.0, 1.5]
    assert measures.coverage(low, high, 1.0).value == 0.75
    assert measures.coverage([math.inf] * 4, [-math.inf] * 4, 1.0).value == 0.0
    assert measures.coverage([0.0] * 4, [2.0] * 4, 1.0) == Measure("coverage", 1.0, 0.0, "all 4")


@pytest.mark.parametrize(
    "measure",
    [
        lambda x: measures.bias(x, 1.0),
        lambda x: measures.median_bias(x, 1.0),
        measures.empirical_se,
        measures.mad,
        measures.model_se,
        lambda x: measures.relative_error(x, x),
        lambda x: measures.rmse(x, 1.0),
        lambda x: measures.coverage(x, x, 1.0),
    ],
)
def test_too_few_is_said(measure) -> None:
    for values, word in (([], "no"), ([1.0], "one")):
        made = measure(values)
        assert math.isnan(made.value)
        assert math.isnan(made.mcse)
        assert made.note.startswith(word)
        assert "estimate" in made.note


def test_five_estimates_give_a_median_without_an_error() -> None:
    for made in (measures.median_bias(ESTIMATES[:5], 1.0), measures.mad(ESTIMATES[:5])):
        assert math.isfinite(made.value)
        assert math.isnan(made.mcse)
        assert "6 are needed" in made.note


def test_equal_estimates_have_no_spread() -> None:
    same = np.full(1_000, -13 / 240)
    assert np.std(same) > 0  # for the mean is rounded
    assert measures.empirical_se(same) == Measure("empirical_se", 0.0, 0.0)
    assert measures.mad(same) == Measure("mad", 0.0, 0.0)
    assert measures.relative_error(same, same).note == "no spread to compare"


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match=r"bias: .* given nan at position 1 \(1 of 3 "):
        measures.bias([0.0, math.nan, 1.0], 0.0)
    with pytest.raises(ValueError, match=r"coverage: .* 2 and 2 ends, 1 of them NaN"):
        measures.coverage([0.0, math.nan], [1.0, 1.0], 0.5)


def test_importing_is_cheap() -> None:
    code = (
        "import sys, experiments.measures as m; m.bias([0, 1], 0); "
        "print(*({'jax', 'pandas', 'scipy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
