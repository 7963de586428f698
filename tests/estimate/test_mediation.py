"""Mediation against published tables, fractions, and influence functions by definition."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import jax
import numpy as np
import pandas as pd
import pytest

from scm.estimate import Estimate, Roles, mediation, ols, product_of_coefficients, stratification

F = Fraction
EFFECTS = ("NDE", "NIE", "TDE", "TIE", "TE")
ROLES = Roles("t", "y", mediators="m")

# Applicants to Berkeley in 1973 by department: men admitted and rejected, women so.
BERKELEY = {
    "A": (512, 313, 89, 19),
    "B": (353, 207, 17, 8),
    "C": (120, 205, 202, 391),
    "D": (138, 279, 131, 244),
    "E": (53, 138, 94, 299),
    "F": (22, 351, 24, 317),
}


def by_hand(table: Mapping[str, tuple[int, ...]]) -> dict[str, Fraction]:
    """All five effects of being a woman, in fractions, with the department between."""
    sizes = {d: (row[0] + row[1], row[2] + row[3]) for d, row in table.items()}
    rates = {d: (F(row[0], sum(row[:2])), F(row[2], sum(row[2:]))) for d, row in table.items()}
    totals = [sum(size[sex] for size in sizes.values()) for sex in (0, 1)]

    def mean(a: int, b: int) -> Fraction:
        return sum(rates[d][a] * F(sizes[d][b], totals[b]) for d in table)

    return {
        "NDE": mean(1, 0) - mean(0, 0),
        "NIE": mean(0, 1) - mean(0, 0),
        "TDE": mean(1, 1) - mean(0, 1),
        "TIE": mean(1, 1) - mean(1, 0),
        "TE": mean(1, 1) - mean(0, 0),
    }


@pytest.fixture(scope="module")
def berkeley() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """One row a cell, and how many applicants it stands for."""
    cells = [
        (sex, department, admitted, row[2 * sex + 1 - admitted])
        for department, row in enumerate(BERKELEY.values())
        for sex in (0, 1)
        for admitted in (0, 1)
    ]
    t, m, y, count = np.array(cells).T
    return {"t": t, "m": m, "y": y}, count


def test_berkeley(x64: None, berkeley: tuple) -> None:
    data, counts = berkeley
    printed = {"NDE": 0.070969, "NIE": -0.142733, "TDE": 0.001088, "TIE": -0.212615}
    exact = by_hand(BERKELEY)
    found = {e: mediation(data, ROLES, weights=counts, effect=e) for e in EFFECTS}
    for effect in EFFECTS:
        np.testing.assert_allclose(found[effect].value, float(exact[effect]), rtol=1e-11)
        assert mediation.target_of(effect=effect) == effect
    for effect, value in printed.items():
        np.testing.assert_allclose(found[effect].value, value, atol=5e-7)
    assert exact["TE"] == exact["NDE"] + exact["TIE"] == exact["TDE"] + exact["NIE"]
    # Turned round, the pure effects of one kind are the total ones of the other, with the sign.
    turned = mediation(data, ROLES, weights=counts, effect="NDE", levels=(1, 0))
    np.testing.assert_allclose(
        [-turned.value, turned.se], [found["TDE"].value, found["TDE"].se], rtol=1e-12
    )


def test_the_drug_table_read_with_a_mediator(x64: None, drug: dict) -> None:
    roles = Roles("drug_a", "clot", mediators="female")
    for effect, exact in (("NDE", F(-82, 2135)), ("NIE", F(5263, 51240))):
        found = mediation(drug, roles, effect=effect).value
        np.testing.assert_allclose(found, float(exact), rtol=1e-12)


@pytest.fixture(scope="module")
def wide() -> pd.DataFrame:
    """Two strata, two mediators of two and three values, two arms: 24 cells, 240 rows."""
    rng = np.random.default_rng(12)
    c = rng.integers(0, 2, 240)
    t = rng.random(240) < 0.3 + 0.4 * c
    m = rng.random(240) < 0.35 + 0.3 * t
    k = np.digitize(0.5 * t + 0.3 * c + rng.normal(size=240), (-0.4, 0.8))
    y = 20 + t + 2 * m * t - k * c + k + rng.normal(size=240) * (1 + m)
    return pd.DataFrame({"c": c, "t": t, "m": m, "k": k, "y": y})


WIDE = Roles("t", "y", adjust="c", mediators=("m", "k"))


def nested(frame: pd.DataFrame, weights: np.ndarray, a: int, b: int) -> float:
    """E[Y(a, M(b))] by the formula, one combination of values at a time."""
    t, y, c = frame.t.to_numpy(), frame.y.to_numpy(), frame.c.to_numpy()
    m = 10 * frame.m.to_numpy() + frame.k.to_numpy()
    value = 0.0
    for stratum in np.unique(c):
        of_b = weights * (c == stratum) * (t == b)
        for each in np.unique(m):
            mean = np.average(y, weights=weights * (c == stratum) * (t == a) * (m == each))
            share = of_b @ (m == each) / of_b.sum()
            value += weights @ (c == stratum) / weights.sum() * share * mean
    return value


COMPARED = {
    "NDE": (1, 0, 0, 0),
    "NIE": (0, 1, 0, 0),
    "TDE": (1, 1, 0, 1),
    "TIE": (1, 1, 1, 0),
    "TE": (1, 1, 0, 0),
}


@pytest.mark.parametrize("effect", EFFECTS)
def test_value_and_error_by_definition(
    x64: None, wide: pd.DataFrame, by_weights, effect: str
) -> None:
    weights = np.arange(240) % 3 + 1
    a, b, other_a, other_b = COMPARED[effect]
    expected = by_weights(
        lambda w: nested(wide, w, a, b) - nested(wide, w, other_a, other_b), weights.astype(float)
    )
    found = mediation(wide, WIDE, weights=weights, effect=effect)
    np.testing.assert_allclose([found.value, found.se], expected, rtol=1e-7)
    assert found.diagnostics["cells"] == 24


def test_the_total_effect_is_stratification(x64: None, wide: pd.DataFrame) -> None:
    total = mediation(wide, WIDE, effect="TE")
    strata = stratification(wide, WIDE)
    np.testing.assert_allclose(
        [total.value, total.se, total.low, total.high],
        [strata.value, strata.se, strata.low, strata.high],
        rtol=1e-10,
    )


def test_coverage_where_treatment_and_mediator_interact(x64: None, quick) -> None:
    """1,000 samples of 300: natural effects by the formula, and none of them by regressions."""
    times, n = 1_000, 300
    rng = np.random.default_rng(31)
    t = rng.integers(0, 2, (times, n))
    m = rng.random((times, n)) < 0.3 + 0.4 * t
    y = 0.5 * t + m + 2 * t * m + rng.normal(size=(times, n))
    truths = {"NDE": 0.5 + 2 * 0.3, "TIE": 3 * 0.4}

    def one(data: dict) -> dict[str, Estimate]:
        return {
            **{effect: mediation(data, ROLES, effect=effect) for effect in truths},
            "lines": product_of_coefficients(data, ROLES),
        }

    found = quick(lambda data: jax.lax.map(one, data))({"t": t, "m": m, "y": y})
    for effect, truth in truths.items():
        each = found[effect]
        value, se, low, high = map(np.asarray, (each.value, each.se, each.low, each.high))
        assert not np.asarray(each.code).any()
        assert abs(np.mean((low <= truth) & (truth <= high)) - 0.95) < 4 * np.sqrt(0.0475 / times)
        sd = value.std(ddof=1)
        assert abs(value.mean() - truth) < 4 * sd / np.sqrt(times)
        assert abs(np.mean(se) / sd - 1) < 4 / np.sqrt(2 * times)
    # Var(M|T) is the same in both arms: one slope of M, half-way between 1 and 3.
    lines = np.asarray(found["lines"].value)
    assert abs(lines.mean() - 2 * 0.4) < 4 * lines.std() / np.sqrt(times)


def test_positivity_is_asked_of_what_the_effect_needs() -> None:
    """The untreated never have the mediator at 2: what they would then be is nowhere to be seen."""
    data = {
        "t": np.array([0, 0, 0, 1, 1, 1]),
        "m": np.array([0, 1, 1, 0, 1, 2]),
        "y": np.arange(6.0),
    }
    failures = {e: mediation(data, ROLES, effect=e).failure for e in EFFECTS}
    assert failures == {
        "NDE": None,
        "TIE": None,
        "TE": None,
        "NIE": "empty_cell",
        "TDE": "empty_cell",
    }
    strata = {**data, "c": np.array([0, 0, 0, 0, 0, 1])}
    roles = Roles("t", "y", adjust="c", mediators="m")
    assert mediation(strata, roles, effect="TE").failure == "empty_stratum"
    assert mediation(strata, roles, effect="TE", weights=1 - strata["c"]).failure is None
    assert mediation({**data, "t": 2 * data["t"]}, ROLES, effect="TE").failure == "absent_level"


def test_other_treatments_count_in_the_strata_only(x64: None) -> None:
    """Effects 1 and 3 in strata of 4 and 8 rows, four of which have a third treatment."""
    c = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
    t = np.array([0, 0, 1, 1, 0, 0, 1, 1, 7, 7, 7, 7])
    y = np.where(t == 7, 100, t * (1 + 2 * c))
    data = {"c": c, "t": t, "m": np.tile([0, 1], 6), "y": y}
    roles = Roles("t", "y", "c", mediators="m")
    assert mediation(data, roles, effect="NDE").failure == "too_few_rows"  # one row a cell
    found = mediation(data, roles, effect="NDE", weights=np.full(12, 2))
    np.testing.assert_allclose(found.value, (1 * 4 + 3 * 8) / 12, rtol=1e-12)


def test_refusals() -> None:
    data = {"t": np.array([0, 1]), "m": np.array([0, 1]), "y": np.array([0, 1])}
    with pytest.raises(ValueError, match="effect='ATE' is not one of 'NDE', 'NIE', 'TDE', 'TIE'"):
        mediation(data, ROLES, effect="ATE")
    with pytest.raises(ValueError, match="effect='TIE' is not one of 'NDE', 'NIE', 'TE'"):
        product_of_coefficients(data, ROLES, effect="TIE")
    with pytest.raises(ValueError, match=r"product_of_coefficients: roles\.mediators is empty"):
        product_of_coefficients(data, Roles("t", "y"))


def coefficients(columns: list[np.ndarray], y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    x = np.column_stack([np.ones(len(y)), *columns]).astype(float)
    return np.linalg.solve(x.T @ (weights[:, None] * x), x.T @ (weights * y))


def test_product_of_coefficients_by_definition(x64: None, wide: pd.DataFrame, by_weights) -> None:
    columns = {name: wide[name].to_numpy().astype(float) for name in wide.columns}
    t, c, m, k, y = (columns[name] for name in "tcmky")

    def indirect(w: np.ndarray) -> float:
        into = [coefficients([t, c], each, w)[1] for each in (m, k)]
        return into @ coefficients([t, c, m, k], y, w)[3:]

    found = product_of_coefficients(wide, WIDE)
    expected = by_weights(indirect, np.ones(240))
    np.testing.assert_allclose([found.value, found.se], expected, rtol=1e-7)


def test_direct_and_total_are_least_squares(x64: None, wide: pd.DataFrame) -> None:
    """Whose standard errors HC0 are those of these influence functions."""
    direct = product_of_coefficients(wide, WIDE, effect="NDE")
    slope = ols(wide, Roles("t", "y", adjust=("c", "m", "k")), covariance="HC0")
    np.testing.assert_allclose([direct.value, direct.se], [slope.value, slope.se], rtol=1e-10)
    total = product_of_coefficients(wide, WIDE, effect="TE")
    slope = ols(wide, Roles("t", "y", adjust="c"), covariance="HC0")
    np.testing.assert_allclose([total.value, total.se], [slope.value, slope.se], rtol=1e-10)


def test_sobel(x64: None) -> None:
    """With equal variances and many rows: a^2 Var(b) + b^2 Var(a), by the textbook's variances."""
    rng = np.random.default_rng(4)
    n = 40_000
    t = rng.integers(0, 2, n)
    m = 0.8 * t + rng.normal(size=n)
    y = 0.3 * t - 0.5 * m + 2 * rng.normal(size=n)
    found = product_of_coefficients({"t": t, "m": m, "y": y}, ROLES)
    assert abs(found.value + 0.4) < 4 * found.se
    square = 0.8**2 * 4 / n + 0.5**2 / (n / 4)  # Var(b) = 4 / n Var(M|T), Var(a) = 1 / n Var(T)
    np.testing.assert_allclose(found.se, np.sqrt(square), rtol=0.03)
