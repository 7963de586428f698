"""The front door against fractions, influence functions by definition, and the bootstrap."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction

import jax
import numpy as np
import pandas as pd
import pytest

from scm.estimate import Estimate, Roles, front_door, front_door_regression

F = Fraction
ROLES = Roles("t", "y", mediators="m")
World = tuple[Callable, Callable, Callable]


def law(world: World) -> list[tuple[int, int, int, int, Fraction]]:
    """(u, t, m, y) with their chances: a fair coin u behind t and y, m between them; all binary."""
    by_u, by_t, by_m_u = world
    rows = []
    for u, t, m, y in itertools.product((0, 1), repeat=4):
        p = F(1, 2)
        for value, chance in ((t, by_u(u)), (m, by_t(t)), (y, by_m_u(m, u))):
            p *= chance if value else 1 - chance
        rows.append((u, t, m, y, p))
    return rows


def truth(world: World) -> Fraction:
    """E[Y | do(t=1)] - E[Y | do(t=0)], forced in the world itself, where u is known."""
    _, by_t, by_m_u = world
    return sum(
        (1 if t else -1) * F(1, 2) * (by_t(t) if m else 1 - by_t(t)) * by_m_u(m, u)
        for t, m, u in itertools.product((0, 1), repeat=3)
    )


def population(world: World) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What is seen of it, one row a cell, and as weights a multiple of the chances."""
    table = law(world)
    _, t, m, y, p = zip(*table, strict=True)
    columns = {"t": np.array(t), "m": np.array(m), "y": np.array(y)}
    return columns, np.array([float(100_000 * each) for each in p])


TEXTBOOK: World = (
    lambda u: F(1, 5) if u == 0 else F(4, 5),
    lambda t: F(1, 10) if t == 0 else F(9, 10),
    lambda m, u: [[F(1, 10), F(1, 2)], [F(3, 10), F(9, 10)]][m][u],
)
INTERACTING: World = (
    lambda u: F(1, 10) if u == 0 else F(7, 10),
    lambda t: F(1, 20) if t == 0 else F(1, 2),
    lambda m, u: [[F(1, 5), F(1, 5)], [F(3, 10), F(9, 10)]][m][u],
)


def test_the_textbook_world(x64: None) -> None:
    assert truth(TEXTBOOK) == F(24, 100)
    data, weights = population(TEXTBOOK)
    np.testing.assert_allclose(front_door(data, ROLES, weights=weights).value, 0.24, rtol=1e-12)
    naive = [np.average(data["y"], weights=weights * (data["t"] == t)) for t in (1, 0)]
    np.testing.assert_allclose(naive[0] - naive[1], 0.54, rtol=1e-12)


def test_where_mediator_and_treatment_interact_only_the_sum_formula_is_right(x64: None) -> None:
    data, weights = population(INTERACTING)
    wanted = truth(INTERACTING)
    assert wanted == F(9, 20) * F(2, 5)  # the mediator's shift, times its effect averaged over u
    found = front_door(data, ROLES, weights=weights)
    np.testing.assert_allclose(found.value, float(wanted), rtol=1e-12)
    # The regression weighs the mediator's effects in the two arms by P(t) Var(M|t), not by P(t).
    table = law(INTERACTING)

    def mean(what: int, **given: int) -> Fraction:
        kept = [r for r in table if all(r["utmy".index(k)] == v for k, v in given.items())]
        return sum(r[what] * r[4] for r in kept) / sum(r[4] for r in kept)

    share = [sum(r[4] for r in table if r[1] == t) for t in (0, 1)]
    chance = [mean(2, t=t) for t in (0, 1)]
    weight = [share[t] * chance[t] * (1 - chance[t]) for t in (0, 1)]
    slope = sum(weight[t] * (mean(3, t=t, m=1) - mean(3, t=t, m=0)) for t in (0, 1)) / sum(weight)
    wrong = (chance[1] - chance[0]) * slope
    lines = front_door_regression(data, ROLES, weights=weights)
    np.testing.assert_allclose(lines.value, float(wrong), rtol=1e-12)
    assert abs(wrong - wanted) > F(1, 50)
    assert lines.low > found.value  # by far more than 100,000 rows leave in doubt


def sum_formula(frame: pd.DataFrame, weights: np.ndarray, levels: tuple[float, float]) -> float:
    """The formula, one combination of values at a time."""
    t, m, y = frame.t.to_numpy(), list(zip(frame.m, frame.k, strict=True)), frame.y.to_numpy()
    value = 0.0
    for each in set(m):
        here = np.array([other == each for other in m])
        shift = [weights[here & (t == a)].sum() / weights[t == a].sum() for a in levels]
        for a in np.unique(t):
            mean = np.average(y[here & (t == a)], weights=weights[here & (t == a)])
            value += (shift[1] - shift[0]) * mean * weights[t == a].sum() / weights.sum()
    return value


@pytest.fixture(scope="module")
def wide() -> pd.DataFrame:
    """A treatment of three values and two mediators of two and three: 18 cells, 240 rows."""
    rng = np.random.default_rng(8)
    u = rng.normal(size=240)
    t = np.digitize(u + rng.normal(size=240), (-0.5, 0.7)) / 2
    m = rng.random(240) < 0.3 + 0.4 * t
    k = np.digitize(t + rng.normal(size=240), (0, 1)) - 1
    y = 20 + 2 * m * k - k + u * (1 + m) + rng.normal(size=240)
    return pd.DataFrame({"t": t, "m": m, "k": k, "y": y})


WIDE = Roles("t", "y", mediators=("m", "k"))


def test_value_and_error_by_definition(x64: None, wide: pd.DataFrame, by_weights) -> None:
    for levels in ((0, 1), (0.5, 1)):
        found = front_door(wide, WIDE, levels=levels)
        expected = by_weights(lambda w: sum_formula(wide, w, levels), np.ones(240))
        np.testing.assert_allclose([found.value, found.se], expected, rtol=1e-7)
    assert found.diagnostics["cells"] == 18
    sizes = wide.groupby(["t", "m", "k"]).size()
    assert found.diagnostics["single_units"] == int((sizes == 1).sum())


def test_the_bootstrap_agrees(x64: None, wide: pd.DataFrame, quick) -> None:
    """The binary treatment `t > 0`, and one mediator, so that resampling empties no cell."""
    data = {"t": wide.t.to_numpy() > 0, "m": wide.m.to_numpy(), "y": wide.y.to_numpy()}
    times = 2_000
    counts = np.random.default_rng(5).multinomial(240, np.full(240, 1 / 240), times)
    again = quick(lambda ws: jax.lax.map(lambda w: front_door(data, ROLES, weights=w).value, ws))(
        counts
    )
    # A standard deviation is known to 1/sqrt(2 R); the two differ by terms of order 1/n besides.
    ratio = np.std(again) / front_door(data, ROLES).se
    assert abs(ratio - 1) < 4 / np.sqrt(2 * times) + 0.03


def regressions(frame: pd.DataFrame, weights: np.ndarray) -> float:
    """Both regressions by normal equations."""

    def slopes(columns: list[np.ndarray], y: np.ndarray) -> np.ndarray:
        x = np.column_stack([np.ones(len(y)), *columns]).astype(float)
        return np.linalg.solve(x.T @ (weights[:, None] * x), x.T @ (weights * y))

    t, w, y = frame.t.to_numpy(), frame.w.to_numpy(), frame.y.to_numpy()
    mediators = [frame.m.to_numpy().astype(float), frame.k.to_numpy().astype(float)]
    into = np.array([slopes([t, w], m)[1] for m in mediators])
    return into @ slopes([t, w, *mediators], y)[3:]


def test_two_regressions_by_definition(x64: None, wide: pd.DataFrame, by_weights) -> None:
    frame = wide.assign(w=np.random.default_rng(1).normal(size=240) + wide.m)
    weights = np.arange(240) % 3 + 1
    found = front_door_regression(
        frame, Roles("t", "y", adjust="w", mediators=("m", "k")), weights=weights
    )
    expected = by_weights(lambda w: regressions(frame, w), weights.astype(float))
    np.testing.assert_allclose([found.value, found.se], expected, rtol=1e-7)
    assert found.diagnostics["dof"] == int(weights.sum()) - 5


def test_the_navigation_example(x64: None) -> None:
    """GPS shrinks the hippocampus, and that memory: -0.6 times 0.7, with motivation behind both."""
    rng = np.random.default_rng(11)
    n = 100_000
    u = np.abs(rng.normal(0, 4, n))
    gps = np.abs(rng.normal(0, 5, n)) + 0.7 * u
    hippocampus = -0.6 * gps + 0.25 * rng.normal(0, 2, n)
    data = {"t": gps, "m": hippocampus, "y": 0.7 * hippocampus + 0.25 * u}
    found = front_door_regression(data, ROLES)
    assert abs(found.value + 0.42) < 4 * found.se
    np.testing.assert_allclose(found.se, 0.0263 * np.sqrt(600 / n), rtol=0.05)  # at n = 600
    assert found.high < -0.35  # the plain slope tends to -0.334738


def test_coverage_behind_a_confounder(x64: None, quick) -> None:
    """1,000 samples of 300 of a confounded world: intervals hold the truth at their level."""
    times, n = 1_000, 300
    rng = np.random.default_rng(77)
    by_u, _, by_m_u = INTERACTING
    world = by_u, lambda t: F(3, 10) if t == 0 else F(3, 5), by_m_u
    u = rng.integers(0, 2, (times, n))
    t = rng.random((times, n)) < np.where(u, float(by_u(1)), float(by_u(0)))
    m = rng.random((times, n)) < np.where(t, 0.6, 0.3)
    chance = np.array([[float(by_m_u(a, b)) for b in (0, 1)] for a in (0, 1)])
    y = rng.random((times, n)) < chance[m.astype(int), u]
    wanted = float(truth(world))

    def one(data: dict) -> Estimate:
        return front_door(data, ROLES)

    found = quick(lambda data: jax.lax.map(one, data))({"t": t, "m": m, "y": y})
    value, se, low, high = map(np.asarray, (found.value, found.se, found.low, found.high))
    assert not np.asarray(found.code).any()
    covered = np.mean((low <= wanted) & (wanted <= high))
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / times)
    sd = value.std(ddof=1)
    assert abs(value.mean() - wanted) < 4 * sd / np.sqrt(times)
    assert abs(np.mean(se) / sd - 1) < 4 / np.sqrt(2 * times)


def test_a_combination_that_no_row_has_fails_by_name(either_precision: bool) -> None:
    t, m = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 0, 1, 1])
    data = {"t": t, "m": m, "y": np.arange(6.0)}
    assert front_door(data, ROLES).failure is None
    assert front_door({**data, "m": t}, ROLES).failure == "empty_cell"
    assert front_door({**data, "m": np.arange(6)}, ROLES).failure == "empty_cell"
    found = front_door(data, ROLES, weights=np.array([1, 1, 0, 1, 1, 1]))
    assert found.failure == "empty_cell"
    assert np.isnan(found.value)


def test_a_third_treatment_must_have_what_the_two_compared_have_and_may_have_more(
    x64: None,
) -> None:
    data = {
        "t": np.array([0, 0, 1, 1, 2, 2, 2, 2]),
        "m": np.array([0, 1, 0, 1, 0, 1, 2, 0]),
        "y": np.arange(8.0),
    }
    assert front_door(data, ROLES).failure is None
    assert front_door(data, ROLES, levels=(0, 2)).failure == "empty_cell"
    assert front_door(data, ROLES, weights=1 - (data["m"] == 1) * (data["t"] == 2)).failure == (
        "empty_cell"
    )


def test_with_a_row_a_cell_there_is_no_error_to_tell(x64: None) -> None:
    data = {"t": np.array([0, 0, 1, 1]), "m": np.array([0, 1, 0, 1]), "y": np.arange(4.0)}
    assert front_door(data, ROLES).failure == "too_few_rows"
    twice = front_door(data, ROLES, weights=np.array([1, 2, 1, 1]))
    assert twice.failure is None
    assert twice.diagnostics["single_units"] == 3


def test_levels_that_are_not_there(either_precision: bool) -> None:
    data = {"t": np.array([1, 1, 2, 2, 2, 2]), "m": np.array([0, 1] * 3), "y": np.arange(6.0)}
    assert front_door(data, ROLES).failure == "absent_level"
    assert front_door(data, ROLES, levels=[1, 2]).failure is None
    with pytest.raises(ValueError, match=r"given \(1, 1\); write levels=\(0, 1\)"):
        front_door(data, ROLES, levels=(1, 1))
    with pytest.raises(ValueError, match="given 'ab'"):
        front_door(data, ROLES, levels="ab")


def test_without_mediators_it_is_refused() -> None:
    data = {"t": np.array([0, 1]), "y": np.array([0, 1])}
    with pytest.raises(ValueError, match=r"front_door: roles\.mediators is empty"):
        front_door(data, Roles("t", "y"))


def test_a_mediator_that_the_treatment_determines_is_collinear(either_precision: bool) -> None:
    rng = np.random.default_rng(2)
    t = rng.normal(size=50)
    data = {"t": t, "m": 3 * t - 1, "y": rng.normal(size=50)}
    assert front_door_regression(data, ROLES).failure == "collinear"
