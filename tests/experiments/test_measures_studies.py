"""The claimed errors against how much the measures vary over many repeated studies."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from experiments import measures
from experiments.measures import Measure

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


STUDIES, SIZE = 1_200, 80


def ratio(made: list[Measure]) -> tuple[float, float]:
    """The mean claimed variance over the actual one, and the standard error of this."""
    values = np.array([one.value for one in made])
    claimed = np.array([one.mcse**2 for one in made])
    actual = values.var(ddof=1)
    kurtosis = np.mean(((values - values.mean()) / values.std()) ** 4)
    error = math.hypot(
        claimed.std() / claimed.mean() / math.sqrt(len(made)),
        math.sqrt((kurtosis - 1) / len(made)),
    )
    return claimed.mean() / actual, error


FORMULAS: dict[str, Callable[..., Measure]] = {
    "bias": lambda x, se, t, tau: measures.bias(x, t, tau),
    "relative_bias": lambda x, se, t, tau: measures.relative_bias(x, t, tau),
    "mse": lambda x, se, t, tau: measures.mse(x, t, tau),
    "rmse": lambda x, se, t, tau: measures.rmse(x, t, tau),
    "median_bias": lambda x, se, t, tau: measures.median_bias(x, t, tau),
    "median_error": lambda x, se, t, tau: measures.median_error(x, t, tau),
    "empirical_se": lambda x, se, t, tau: measures.empirical_se(x),
    "model_se": lambda x, se, t, tau: measures.model_se(se),
    "relative_error": lambda x, se, t, tau: measures.relative_error(x, se),
    "coverage": lambda x, se, t, tau: measures.coverage(x - 1.6 * se, x + 1.6 * se, t),
    "bias_eliminated": lambda x, se, t, tau: measures.bias_eliminated_coverage(
        x, x - 1.6 * se, x + 1.6 * se
    ),
    "rejection": lambda x, se, t, tau: measures.rejection(x - 2 * se, x + 2 * se),
    "width": lambda x, se, t, tau: measures.width(x - 2 * se, x + 2 * se),
    "median_width": lambda x, se, t, tau: measures.median_width(x - 2 * se, x + 2 * se),
    "pehe": lambda x, se, t, tau: measures.pehe(np.abs(x)),
    "regret": lambda x, se, t, tau: measures.regret(np.abs(x) + (t - 1.0), tau),
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("tau", [0.0, 0.1])
def test_errors_are_those_of_repeated_studies(name: str, tau: float) -> None:
    """Estimates normal about 1.2, their variances chi-squared; truths about 1 by their error."""
    random = np.random.default_rng(41)
    made = []
    for _ in range(STUDIES):
        x = random.normal(1.2, 0.8, SIZE)
        se = 0.7 * np.sqrt(random.chisquare(12, SIZE) / 12)
        truth = random.normal(1.0, tau) if name != "coverage" else 1.0
        made.append(FORMULAS[name](x, se, truth, tau))
    found, error = ratio(made)
    # Medians' errors are too wide by O(K^-1/2), shares' too small by 1 / K.
    slack = 0.15 if "median" in name else 0.03
    assert abs(found - 1) < 4 * error + slack
    assert error < 0.07


PAIRED: dict[str, Callable[..., Measure]] = {
    "bias_difference": lambda a, b, t, tau: measures.bias_difference(a, b),
    "mse_difference": lambda a, b, t, tau: measures.mse_difference(a, b, t, tau),
    "precision_gain": lambda a, b, t, tau: measures.precision_gain(a, b),
    "coverage_difference": lambda a, b, t, tau: measures.coverage_difference(
        (a - 1.5, a + 1.5), (b - 1.0, b + 1.0), t, tau
    ),
    "median_error_difference": lambda a, b, t, tau: measures.median_error_difference(a, b, t, tau),
}


@pytest.mark.parametrize("name", PAIRED)
@pytest.mark.parametrize("tau", [0.0, 0.2])
def test_paired_errors_are_those_of_repeated_studies(name: str, tau: float) -> None:
    """Two methods, correlated by 0.8, biased by 0.5 and 0, with deviations 1 and 0.7."""
    random = np.random.default_rng(43)
    studies = 250 if name == "median_error_difference" else STUDIES
    made = []
    for _ in range(studies):
        z = random.normal(size=(2, SIZE))
        a, b = 1.5 + z[0], 1.0 + 0.7 * (0.8 * z[0] + 0.6 * z[1])
        made.append(PAIRED[name](a, b, random.normal(1.0, tau), tau))
    found, error = ratio(made)
    # The precision gain's is a first-order error of a skewed ratio. The mean square of a change
    # counts the curvature that a variance leaves out.
    slack = {"median_error_difference": 0.2, "precision_gain": 0.1}.get(name, 0.05)
    assert abs(found - 1) < 4 * error + slack + 0.1 * (tau > 0)
