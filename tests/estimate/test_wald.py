"""The Wald estimator against two-stage least squares, Card's men, and exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from scm.estimate import Roles, tsls, wald

ROLES = Roles("t", "y", instruments="z")


def test_cards_men(x64: None, card: pd.DataFrame) -> None:
    roles = Roles("educ", "lwage", adjust="exper", instruments="nearc4")
    found = wald(card, roles)
    np.testing.assert_allclose(found.value, 0.188063, atol=5e-7)
    near = card.nearc4 == 1
    differences = {x: card[x][near].mean() - card[x][~near].mean() for x in ("educ", "lwage")}
    np.testing.assert_allclose(found.value, differences["lwage"] / differences["educ"], rtol=1e-11)
    np.testing.assert_allclose(found.diagnostics["first_stage"], differences["educ"], rtol=1e-11)
    np.testing.assert_allclose(found.diagnostics["reduced_form"], differences["lwage"], rtol=1e-11)


def test_it_is_just_identified_two_stage_least_squares(x64: None, card: pd.DataFrame) -> None:
    """Also in its error, which is HC0's; the interval is normal and not Student's."""
    roles = Roles("educ", "lwage", instruments="nearc4")
    weights = np.arange(len(card)) % 3
    for w in (None, weights):
        found, stages = wald(card, roles, weights=w), tsls(card, roles, weights=w, covariance="HC0")
        np.testing.assert_allclose([found.value, found.se], [stages.value, stages.se], rtol=1e-9)
        np.testing.assert_allclose(
            found.diagnostics["first_stage_f"], stages.diagnostics["first_stage_f"], rtol=1e-9
        )
        np.testing.assert_allclose(
            (found.high - found.low) / (stages.high - stages.low), 1, rtol=1e-3
        )


def test_the_delta_method_by_definition(x64: None, by_weights) -> None:
    rng = np.random.default_rng(3)
    z = np.arange(60) % 3 == 0
    t = rng.normal(size=60) + z
    y = 50 + rng.normal(size=60) + t
    weights = np.arange(60.0) % 4

    def ratio(w: np.ndarray) -> float:
        y_1, y_0, t_1, t_0 = (np.average(x, weights=w * arm) for x in (y, t) for arm in (z, ~z))
        return (y_1 - y_0) / (t_1 - t_0)

    found = wald({"z": z, "t": t, "y": y}, ROLES, weights=weights)
    np.testing.assert_allclose([found.value, found.se], by_weights(ratio, weights), rtol=1e-7)


def test_compliers(either_precision: bool) -> None:
    """100 rows an arm: 60 take it with z = 1 and 20 without, and so on, in fractions."""
    counts = {  # z, t: rows, and those with y = 1
        (1, 1): (60, 45),
        (1, 0): (40, 10),
        (0, 1): (20, 12),
        (0, 0): (80, 24),
    }
    cells = [
        (z, t, y, (rows - ones, ones)[y]) for (z, t), (rows, ones) in counts.items() for y in (0, 1)
    ]
    z, t, y, weights = np.array(cells).T
    found = wald({"z": z, "t": t, "y": y}, ROLES, weights=weights)
    exact = Fraction(55 - 36, 100) / Fraction(60 - 20, 100)
    np.testing.assert_allclose(
        found.value, float(exact), rtol=1e-5 if not either_precision else 1e-12
    )


def test_an_instrument_that_moves_nothing_fails_by_name(either_precision: bool) -> None:
    """Means that are equal in exact arithmetic, and mostly not in floating point."""
    t = np.array([0.1, 0.7, 0.3, 1.3] * 2 + [0.7, 1.3, 0.1, 0.3] * 3)
    data = {"z": np.arange(20) < 8, "t": t, "y": np.arange(20.0)}
    found = wald(data, ROLES)
    assert found.failure == "irrelevant_instruments"
    assert np.isnan(found.value)
    assert wald({**data, "t": t + 0.01 * data["z"]}, ROLES).failure is None


def test_instruments_that_will_not_do(either_precision: bool) -> None:
    data = {"z": np.array([0, 1, 0, 1]), "t": np.array([0, 1, 1, 2]), "y": np.arange(4.0)}
    assert wald(data, ROLES).failure is None
    assert wald({**data, "z": 1 + data["z"]}, ROLES).failure == "instrument_not_binary"
    assert wald({**data, "z": np.ones(4)}, ROLES).failure == "collinear"
    assert wald({**data, "t": np.ones(4)}, ROLES).failure == "constant_treatment"
    assert wald(data, ROLES, weights=np.array([1, 1, 0, 0])).failure == "too_few_rows"


def test_one_instrument_is_wanted() -> None:
    data = {"z": np.array([0, 1]), "v": np.array([1, 0]), "t": np.array([0, 1]), "y": np.ones(2)}
    with pytest.raises(ValueError, match=r"names 2 \(z, v\); use tsls for several"):
        wald(data, Roles("t", "y", instruments=("z", "v")))
    with pytest.raises(ValueError, match=r"wald: roles\.instruments is empty"):
        wald(data, Roles("t", "y"))
    assert wald.moments(ROLES) == 0
    with pytest.raises(ValueError, match="one instrument is wanted"):
        wald.moments(Roles("t", "y"))
