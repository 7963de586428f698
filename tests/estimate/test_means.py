"""The difference in means against scipy's Welch test and the lecture's table."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scm.estimate import Roles, difference_in_means


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_against_scipy(x64: None, card: dict, level: float) -> None:
    treated, control = (card["lwage"][card["college"] == arm] for arm in (1, 0))
    welch = stats.ttest_ind(treated, control, equal_var=False)
    ends = welch.confidence_interval(level)
    found = difference_in_means(card, Roles("college", "lwage"), level=level)
    np.testing.assert_allclose(found.value, treated.mean() - control.mean(), rtol=1e-12)
    np.testing.assert_allclose([found.low, found.high], [ends.low, ends.high], rtol=1e-11)
    np.testing.assert_allclose(found.diagnostics["dof"], welch.df, rtol=1e-11)


def test_a_few_rows_by_hand(x64: None) -> None:
    data = {"t": np.array([1, 1, 1, 0, 0]), "y": np.array([5, 6, 10, 1, 2.0])}
    found = difference_in_means(data, Roles("t", "y"))
    # variances 7 and 1/2: se^2 = 7/3 + 1/4 = 31/12; dof = (31/12)^2 / ((7/3)^2/2 + (1/4)^2/1)
    dof = (31 / 12) ** 2 / ((7 / 3) ** 2 / 2 + (1 / 4) ** 2)
    np.testing.assert_allclose(found.value, 5.5)
    np.testing.assert_allclose(found.se, np.sqrt(31 / 12))
    np.testing.assert_allclose(found.diagnostics["dof"], dof)
    half = stats.t.ppf(0.975, dof) * np.sqrt(31 / 12)
    np.testing.assert_allclose([found.low, found.high], [5.5 - half, 5.5 + half])


def test_simpson(x64: None, drug: dict) -> None:
    found = difference_in_means(drug, Roles("drug_a", "clot", adjust="female"))
    np.testing.assert_allclose(found.value, 2 / 61, rtol=1e-12)


def test_a_large_mean_costs_no_digits() -> None:
    """In float32 the squares of 10**4 would leave nothing of a variance of 1."""
    rng = np.random.default_rng(4)
    t = np.arange(4_000) % 2
    y = (1e4 + t + rng.normal(size=4_000)).astype(np.float32).astype(float)
    found = difference_in_means({"t": t, "y": y}, Roles("t", "y"))
    exact = np.sqrt(sum(y[t == arm].var(ddof=1) / 2_000 for arm in (0, 1)))
    np.testing.assert_allclose(found.value, y[t == 1].mean() - y[t == 0].mean(), atol=1e-3)
    np.testing.assert_allclose(found.se, exact, rtol=1e-4)


def test_outcomes_without_any_variance(x64: None) -> None:
    found = difference_in_means(
        {"t": np.array([1, 1, 0, 0]), "y": np.array([3, 3, 1, 1.0])}, Roles("t", "y")
    )
    assert (found.value, found.se, found.failure) == (2, 0, None)


@pytest.mark.parametrize(
    ("treatment", "failure"),
    [
        ([1, 2, 1, 2], "treatment_not_binary"),
        ([0, 0.5, 1, 1], "treatment_not_binary"),
        ([1, 0, 0, 0], "too_few_rows"),
        ([0, 0, 0, 0], "constant_treatment"),
    ],
)
def test_failures(either_precision: bool, treatment: list[float], failure: str) -> None:
    data = {"t": np.array(treatment), "y": np.arange(4.0)}
    assert difference_in_means(data, Roles("t", "y")).failure == failure
