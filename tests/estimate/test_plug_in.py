"""The plug-in of identified formulas against fractions, other estimators and the bootstrap."""

from fractions import Fraction

import jax
import numpy as np
import pytest

from scm.estimate import Roles, front_door, plug_in, stratification

FRONT = "T -> M -> Y; T <-> Y"
NAPKIN = "W -> Z -> T -> Y; W <-> T; W <-> Y"
SIZE = 400


@pytest.fixture(scope="module")
def units() -> dict[str, np.ndarray]:
    """Hidden U; W, T and Y hear of it; M carries all of T's effect."""
    rng = np.random.default_rng(5)
    u, w = rng.integers(0, 2, SIZE), rng.integers(0, 3, SIZE)
    t = (rng.random(SIZE) < 0.25 + 0.3 * u + 0.1 * w).astype(int)
    m = rng.integers(0, 2, SIZE) + rng.integers(0, 2, SIZE) * (rng.random(SIZE) < 0.3 + 0.5 * t)
    y = 1.5 * m - u + 0.5 * w + rng.normal(size=SIZE)
    return {"U": u, "W": w, "T": t, "M": m, "Y": y}


def _by_fractions(data: dict[str, np.ndarray]) -> Fraction:
    """The front-door formula, in exact arithmetic, for whole-number outcomes."""
    rows = list(zip(*(map(int, data[name]) for name in ("T", "M", "Y")), strict=True))
    n = len(rows)
    total = Fraction(0)
    for m in {row[1] for row in rows}:
        inner = Fraction(0)
        for t in (0, 1):
            cell = [y for a, b, y in rows if (a, b) == (t, m)]
            inner += Fraction(sum(cell), len(cell)) * Fraction(sum(r[0] == t for r in rows), n)
        shares = [
            Fraction(sum(r[:2] == (t, m) for r in rows), sum(r[0] == t for r in rows))
            for t in (0, 1)
        ]
        total += (shares[1] - shares[0]) * inner
    return total


def test_front_door_by_fractions(either_precision):
    data = {
        "T": np.array([0, 0, 0, 0, 1, 1, 1, 1, 1]),
        "M": np.array([0, 0, 1, 0, 1, 1, 0, 1, 1]),
        "Y": np.array([1, 4, 2, 0, 7, 5, 3, 3, 8]),
    }
    found = plug_in(data, Roles("T", "Y", mediators="M"), graph=FRONT)
    tolerance = 1e-13 if either_precision else 3e-6
    assert float(found.value) == pytest.approx(float(_by_fractions(data)), abs=tolerance)


def test_it_is_stratification_where_the_formula_is_adjustment(units, x64):
    roles = Roles("T", "Y", adjust=["U", "W"])
    mine, theirs = plug_in(units, roles), stratification(units, roles)
    assert float(mine.value) == pytest.approx(float(theirs.value), rel=1e-10)
    assert float(mine.se) == pytest.approx(float(theirs.se), rel=1e-10)


def test_it_is_the_front_door_estimator_where_the_formula_is_that(units, x64):
    mine = plug_in(units, Roles("T", "Y", mediators="M"), graph=FRONT)
    theirs = front_door(units, Roles("T", "Y", mediators="M"))
    assert float(mine.value) == pytest.approx(float(theirs.value), rel=1e-10)
    assert float(mine.se) == pytest.approx(float(theirs.se), rel=1e-10)


def _napkin(data: dict[str, np.ndarray]) -> float:
    """sum_w P(y, t | w, z) P(w) / sum_w P(t | w, z) P(w), z averaged over, by hand."""
    shares = {w: np.mean(data["W"] == w) for w in np.unique(data["W"])}
    means = []
    for t in (0, 1):
        total, weight = 0.0, 0.0
        for z in np.unique(data["Z"]):
            top = bottom = 0.0
            for w, share in shares.items():
                cell = (data["W"] == w) & (data["Z"] == z)
                top += share * np.mean(data["Y"][cell] * (data["T"][cell] == t))
                bottom += share * np.mean(data["T"][cell] == t)
            total += np.mean(data["Z"] == z) * top / bottom
            weight += np.mean(data["Z"] == z)
        means.append(total / weight)
    return means[1] - means[0]


@pytest.fixture(scope="module")
def napkin() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(8)
    a, b = rng.integers(0, 2, SIZE), rng.integers(0, 2, SIZE)
    w = (rng.random(SIZE) < 0.3 + 0.2 * a + 0.2 * b).astype(int)
    z = (rng.random(SIZE) < 0.3 + 0.4 * w).astype(int)
    t = (rng.random(SIZE) < 0.2 + 0.3 * z + 0.3 * a).astype(int)
    return {"W": w, "Z": z, "T": t, "Y": t + b + rng.normal(size=SIZE)}


def test_the_napkin_by_hand_and_its_error_by_the_bootstrap(napkin, x64, quick):
    roles = Roles("T", "Y", adjust=["W", "Z"])
    found = plug_in(napkin, roles, graph=NAPKIN, levels=2)
    assert float(found.value) == pytest.approx(_napkin(napkin), rel=1e-10)
    rng, draws = np.random.default_rng(1), 2_000
    counts = rng.multinomial(SIZE, [1 / SIZE] * SIZE, size=draws).astype(float)
    columns = {name: np.asarray(x, float) for name, x in napkin.items()}
    each = lambda w: plug_in(columns, roles, weights=w, graph=NAPKIN, levels=2).value
    spread = np.std(np.asarray(quick(lambda ws: jax.lax.map(each, ws))(counts)))
    # of 2,000 draws a spread is known to 1/sqrt(4000); the delta method is off by order 1/n
    assert float(found.se) == pytest.approx(spread, rel=4 / np.sqrt(2 * draws) + 0.02)


def test_it_traces_and_maps(units, quick):
    roles = Roles("T", "Y", mediators="M")
    columns = {name: np.stack([units[name], units[name][::-1]]) for name in ("T", "M", "Y")}
    both = quick(jax.vmap(lambda data: plug_in(data, roles, graph=FRONT).value))(columns)
    alone = plug_in(units, roles, graph=FRONT).value
    np.testing.assert_allclose(both, [alone, alone], rtol=2e-5)


def test_a_condition_without_rows_is_told_only_where_it_counts():
    t, m = np.array([0, 0, 1, 1, 1, 0]), np.array([0, 0, 1, 1, 1, 0])
    data = {"T": t, "M": m, "Y": np.arange(6.0)}
    assert plug_in(data, Roles("T", "Y", mediators="M"), graph=FRONT).failure == "empty_cell"
    # two values of M, four places: those that nobody has count for nothing
    data["M"] = np.array([0, 1, 0, 1, 1, 0])
    assert plug_in(data, Roles("T", "Y", mediators="M"), graph=FRONT, levels=4).failure is None


def test_too_many_values_and_other_treatments_are_failures():
    data = {"T": np.arange(8) % 2, "M": np.arange(8), "Y": np.arange(8.0)}
    roles = Roles("T", "Y", mediators="M")
    assert plug_in(data, roles, graph=FRONT).failure == "too_many_values"
    data |= {"T": np.arange(8) % 3, "M": np.arange(8) % 2}
    assert plug_in(data, roles, graph=FRONT).failure == "treatment_not_binary"


@pytest.mark.parametrize(
    ("graph", "roles", "message"),
    [
        ("T -> Y; T <-> Y", Roles("T", "Y"), "not identified"),
        (FRONT, Roles("T", "Y"), "reads M, which has no role"),
    ],
)
def test_what_no_formula_serves_is_refused(units, graph, roles, message):
    with pytest.raises(ValueError, match=message):
        plug_in(units, roles, graph=graph)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"levels": 0}, ValueError, "levels=0: a whole number of at least 2"),
        ({"levels": 2.5}, ValueError, "levels=2.5: a whole number"),
        ({"levels": 10_000}, ValueError, "make 200,000,000 cells"),
        ({"graph": 3}, TypeError, "graph=3: a text is wanted"),
        ({"graph": "A -> B"}, ValueError, "has no node 'T'"),
    ],
)
def test_options_that_make_no_sense_name_the_culprit(units, options, error, message):
    with pytest.raises(error, match=message):
        plug_in(units, Roles("T", "Y", adjust=["W", "U"]), **options)
