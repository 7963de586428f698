"""Stratification against enumeration by pandas, exact fractions, and the published tables."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from scm.estimate import Roles, aipw, stratification

DRUG = Roles("drug_a", "clot", adjust="female")


def enumerated(frame: pd.DataFrame, roles: Roles, target: str, shares: str) -> tuple[float, float]:
    """Stratum by stratum, in Python."""
    cells = []
    for _, part in frame.groupby(list(roles.adjust)):
        arms = [part[roles.outcome][part[roles.treatment] == arm] for arm in (1, 0)]
        size = len(arms[0]) if target == "ATT" else len(part)
        variance = sum(arm.var(ddof=0) / len(arm) for arm in arms)
        cells.append((size, arms[0].mean() - arms[1].mean(), variance))
    size, effect, variance = np.array(cells).T
    share = size / size.sum()
    value = share @ effect
    square = share**2 @ variance
    if shares == "estimated":
        square += share @ (effect - value) ** 2 / size.sum()
    return value, np.sqrt(square)


def test_the_drug_table(x64: None, drug: dict) -> None:
    found = stratification(drug, DRUG)
    np.testing.assert_allclose(found.value, -13 / 240, rtol=1e-12)
    # se^2 = 1/4 sum of p q / n over the four arms, and 1/244 times the variance of the two effects
    arms = [(24, 80), (17, 42), (3, 42), (6, 80)]
    within = sum(Fraction(k, n) * (1 - Fraction(k, n)) / n for k, n in arms) / 4
    between = ((Fraction(-11, 105) - Fraction(-1, 280)) / 2) ** 2 / 244
    np.testing.assert_allclose(found.se, float(within + between) ** 0.5, rtol=1e-12)
    fixed = stratification(drug, DRUG, shares="fixed")
    np.testing.assert_allclose(fixed.se, float(within) ** 0.5, rtol=1e-12)
    np.testing.assert_allclose(fixed.se, 0.05198, atol=5e-6)
    np.testing.assert_allclose(fixed.high, -13 / 240 + 1.959964 * float(within) ** 0.5, rtol=1e-5)


def test_the_drug_table_among_the_treated(x64: None, drug: dict) -> None:
    found = stratification(drug, DRUG, target="ATT")
    np.testing.assert_allclose(found.value, -3583 / 51240, rtol=1e-12)
    # and among the untreated: the other arm's treated
    turned = {**drug, "drug_a": 1 - drug["drug_a"]}
    found = stratification(turned, DRUG, target="ATT")
    np.testing.assert_allclose(-found.value, -82 / 2135, rtol=1e-12)


@pytest.mark.parametrize(("target", "shares"), [("ATE", "estimated"), ("ATT", "fixed")])
def test_many_columns_against_enumeration(
    x64: None, card: pd.DataFrame, target: str, shares: str
) -> None:
    roles = Roles("college", "lwage", adjust=("black", "south", "smsa66"))
    found = stratification(card, roles, target=target, shares=shares)
    expected = enumerated(card, roles, target, shares)
    np.testing.assert_allclose([found.value, found.se], expected, rtol=1e-10)
    assert found.diagnostics["strata"] == 8


def test_strata_may_be_told_apart_by_any_column_alone(x64: None) -> None:
    """Values that differ in the last bit only are different strata; 0.0 and -0.0 are not."""
    near = 1 + np.finfo(float).eps
    frame = pd.DataFrame(
        {
            "a": [1, 1, near, near, 1, 1, near, near] * 2,
            "b": [0.0, -0.0] * 4 + [5.0] * 8,
            "t": [0, 1] * 8,
            "y": np.random.default_rng(6).normal(size=16),
        }
    )
    roles = Roles("t", "y", ("a", "b"))
    found = stratification(frame, roles)
    assert found.diagnostics["strata"] == 4
    np.testing.assert_allclose(
        [found.value, found.se], enumerated(frame, roles, "ATE", "estimated"), rtol=1e-12
    )


def test_it_is_the_saturated_aipw(x64: None, card: pd.DataFrame) -> None:
    cell = 2 * card.black + card.south
    data = card.assign(s1=cell == 1, s2=cell == 2, s3=cell == 3)
    strata = stratification(data, Roles("college", "lwage", ("black", "south")))
    saturated = aipw(data, Roles("college", "lwage", ("s1", "s2", "s3")))
    np.testing.assert_allclose(
        [strata.value, strata.se, strata.low], [saturated.value, saturated.se, saturated.low], 1e-8
    )


def test_positivity(either_precision: bool) -> None:
    data = {
        "s": np.array([0, 0, 0, 1, 1, 1, 2, 2]),
        "t": np.array([0, 1, 1, 0, 1, 0, 0, 0]),
        "y": np.arange(8.0),
    }
    roles = Roles("t", "y", "s")
    assert stratification(data, roles).failure == "empty_stratum"
    assert (
        stratification(data, roles, target="ATT").failure is None
    )  # no one treated is in stratum 2
    turned = {**data, "t": 1 - data["t"]}
    assert stratification(turned, roles, target="ATT").failure == "empty_stratum"
    absent = np.where(data["s"] == 2, 0, 1)
    found = stratification(data, roles, weights=absent)
    assert found.failure is None
    assert found.diagnostics["strata"] == 2
    assert found.diagnostics["single_units"] == 2


def test_without_columns_there_is_one_stratum(x64: None, drug: dict) -> None:
    found = stratification(drug, Roles("drug_a", "clot"))
    np.testing.assert_allclose(found.value, 2 / 61, rtol=1e-12)
    assert found.diagnostics["strata"] == 1
