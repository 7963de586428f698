"""Laws that every estimator keeps: a new one is under them as soon as it is registered.

Options are under the laws in float64, defaults in both precisions and in batches. All data sets
have the same shape, so that each program is compiled once.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scm.estimate import ESTIMATORS, Estimate, Roles
from scm.estimate.programs import unoptimised

N = 48
ROLES = Roles("t", "y", ("a", "b"), instruments=("z1", "z2", "z3"), mediators="m")
ROLES_OF = {"wald": Roles("t", "y", ("a", "b"), instruments="z", mediators="m")}
IN_CELLS = {"stratification", "front_door", "mediation", "plug_in"}  # columns only tell units apart
VARIANTS: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in ESTIMATORS] + [
    ("ols", {"covariance": "HC0"}),
    ("ols", {"covariance": "HC1"}),
    ("ols", {"covariance": "HC2"}),
    ("ols", {"covariance": "HC3"}),
    ("stratification", {"target": "ATT"}),
    ("stratification", {"shares": "fixed"}),
    ("ipw", {"normalised": False}),
    ("ipw", {"clip": 0.45}),
    ("aipw", {"outcome_model": "mean"}),
    ("mediation", {"effect": "TDE"}),
    ("product_of_coefficients", {"effect": "TE"}),
    ("tsls", {"covariance": "HC0"}),
    ("tsls", {"covariance": "HC1", "endogenous": ("b",)}),
]
every = pytest.mark.parametrize(
    ("name", "options"),
    VARIANTS,
    ids=[f"{n}-{'-'.join(map(str, o.values()))}" for n, o in VARIANTS],
)
each = pytest.mark.parametrize("name", ESTIMATORS)


def data_set(seed: int = 0) -> dict[str, np.ndarray]:
    """48 rows; within each of four strata (a, b) half are treated, give or take one.

    The mediator has both values in each arm of each stratum, 1 more often among the treated.
    """
    rng = np.random.default_rng(seed)
    a, b = np.repeat([0, 0, 1, 1], 12), np.repeat([2, 5, 2, 5], 12)
    t = np.tile([0, 1], 24)
    t[[0, 13, 26]] = 1 - t[[0, 13, 26]]
    z1, z2 = rng.normal(size=N) + 1.5 * t, rng.normal(size=N) + t + b
    z, m = np.where(np.arange(N) % 5 < 2, 1 - t, t), np.tile([0, 0, 1, 1, 0, 1], 8)
    y = 10 + 2 * t + a - 0.3 * b + rng.normal(size=N)
    z3 = rng.normal(size=N) + b
    return {"a": a, "b": b, "t": t, "m": m, "z": z, "z1": z1, "z2": z2, "z3": z3, "y": y}


def weights() -> np.ndarray:
    """Whole numbers from 0 to 3 that sum to 48, in every stratum and arm some."""
    return np.tile([1, 2, 0, 1, 3, 0, 1, 0, 1, 2, 0, 1], 4)


@pytest.fixture(
    params=[(v, True) for v in VARIANTS] + [((name, {}), False) for name in ESTIMATORS],
    ids=lambda p: "-".join(
        map(str, (p[0][0], *p[0][1].values(), "float64" if p[1] else "float32"))
    ),
)
def variant(request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, Any], bool]]:
    (name, options), wide = request.param
    with jax.enable_x64(wide):
        yield name, options, wide


def call(name: str, data: Any, options: dict[str, Any], **more: Any) -> Estimate:
    return ESTIMATORS[name](data, ROLES_OF.get(name, ROLES), **options, **more)


@functools.cache
def traced(name: str) -> Callable[[Any, Any], Estimate]:
    """The estimator of data and weights in a program of its own, at the length that they have."""
    return jax.jit(lambda data, w: call(name, data, {}, weights=w), compiler_options=unoptimised())


@functools.cache
def batched(name: str) -> Callable[[Any, Any], Estimate]:
    return jax.jit(
        jax.vmap(lambda data, w: call(name, data, {}, weights=w)), compiler_options=unoptimised()
    )


def numbers(estimate: Estimate) -> list[np.ndarray]:
    return [np.asarray(x) for x in (estimate.value, estimate.se, estimate.low, estimate.high)]


def same(one: Estimate, other: Estimate, rtol: float) -> None:
    assert jnp.array_equal(one.code, other.code)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol, equal_nan=True)


def test_it_succeeds_and_its_interval_holds_its_value(variant: tuple) -> None:
    name, options, _ = variant
    found = call(name, data_set(), options)
    assert found.failure is None
    assert found.low < found.value < found.high
    assert found.n == N
    dtype = jnp.result_type(float)
    assert all(x.dtype == dtype for x in (found.value, found.se, found.low, found.high, found.n))
    assert found.code.dtype == jnp.int32


def test_weights_are_repetitions(variant: tuple) -> None:
    name, options, wide = variant
    data, w = data_set(), weights()
    repeated = {column: np.repeat(x, w) for column, x in data.items()}
    rtol = 1e-11 if wide else 3e-4
    weighted, spelt_out = call(name, data, options, weights=w), call(name, repeated, options)
    assert weighted.failure is None
    assert weighted.n == spelt_out.n == float(w.sum())
    same(weighted, spelt_out, rtol)


@every
def test_a_row_of_weight_zero_is_absent_whatever_it_holds(
    x64: None, name: str, options: dict
) -> None:
    data, w = data_set(), weights()
    junk = {c: np.where(w == 0, [np.nan, np.inf, 1e9] * 16, x) for c, x in data.items()}
    same(call(name, junk, options, weights=w), call(name, data, options, weights=w), 1e-12)


@every
def test_the_order_of_rows_is_nothing(x64: None, name: str, options: dict) -> None:
    data, order = data_set(), np.random.default_rng(3).permutation(N)
    shuffled = {column: x[order] for column, x in data.items()}
    same(call(name, shuffled, options), call(name, data, options), 1e-10)


@every
def test_outcomes_in_other_units(x64: None, name: str, options: dict) -> None:
    """y -> 3 y + 5 multiplies value, se and ends by 3; y -> -3 y swaps the ends."""
    data = data_set()
    shift = (
        0 if options.get("normalised") is False else 5
    )  # Horvitz and Thompson's weights sum to what they do
    value, se, low, high = numbers(call(name, data, options))
    moved = numbers(call(name, {**data, "y": 3 * data["y"] + shift}, options))
    turned = numbers(call(name, {**data, "y": -3 * data["y"] + shift}, options))
    np.testing.assert_allclose(moved, [3 * value, 3 * se, 3 * low, 3 * high], rtol=1e-9)
    np.testing.assert_allclose(turned, [-3 * value, 3 * se, -3 * high, -3 * low], rtol=1e-9)


def test_outcomes_in_extreme_units(variant: tuple) -> None:
    name, options, _ = variant
    data = data_set()
    value, se, _, _ = numbers(call(name, data, options))
    for unit in (1e-20, 1e15):
        small, its_se, _, _ = numbers(call(name, {**data, "y": data["y"] * unit}, options))
        np.testing.assert_allclose([small / unit, its_se / unit], [value, se], rtol=1e-4)


@each
def test_vmap_changes_nothing(x64: None, name: str) -> None:
    sets = [data_set(seed) for seed in range(3)]
    stacked = {column: np.stack([s[column] for s in sets]) for column in sets[0]}
    ws = np.stack([weights(), np.ones(N, int), np.roll(weights(), 12)])

    singles = [call(name, d, {}, weights=w) for d, w in zip(sets, ws, strict=True)]
    singly = jax.tree.map(lambda *leaves: jnp.stack(leaves), *singles)
    batch = batched(name)(stacked, ws)
    assert batch.value.shape == (3,)
    same(batch, singly, 1e-10)


@each
def test_jit_changes_nothing(x64: None, name: str) -> None:
    inside = traced(name)(data_set(), weights())
    same(inside, call(name, data_set(), {}, weights=weights()), 1e-10)


@each
def test_absent_rows_far_from_the_data_are_absent(name: str) -> None:
    """In float32, with zero 400 standard deviations away: the fitted propensities of zeros are 0.

    A plain call adds rows; a traced one has those of weight 0.
    """
    data, w = data_set(), weights()
    few = np.isin(np.arange(N) % 12, (0, 3, 7, 8))
    data |= {"t": np.where(data["a"] == 0, few, ~few).astype(int), "a": 1_990 + 10 * data["a"]}
    repeated = {column: np.repeat(x, w) for column, x in data.items()}
    expected = traced(name)(repeated, np.ones(N, int))
    assert expected.code == 0
    same(call(name, data, {}, weights=w), expected, 1e-3)
    same(call(name, repeated, {}), expected, 1e-3)
    same(traced(name)({**data, "a": np.where(w == 0, 0, data["a"])}, w), expected, 1e-3)


@each
def test_numpy_jax_bools_integers_and_frames_are_all_data(x64: None, name: str) -> None:
    import pandas as pd

    data = data_set()
    expected = call(name, data, {})
    kinds: list[Callable[[], Any]] = [
        lambda: {c: jnp.asarray(x) for c, x in data.items()},
        lambda: {**data, "t": data["t"].astype(bool), "a": data["a"].astype(np.int8)},
        lambda: pd.DataFrame(data),
        lambda: {c: list(x) for c, x in data.items()},
    ]
    for kind in kinds:
        same(call(name, kind(), {}), expected, 1e-12)


@each
def test_one_program_serves_all_data_of_a_shape(name: str, compilations: Any) -> None:
    call(name, data_set(1), {})
    before = compilations.count
    for seed in range(2, 5):
        call(name, data_set(seed), {}, weights=weights())
    assert compilations.count == before


def with_entry(column: str, entry: float) -> Callable[[dict], dict]:
    return lambda d: {**d, column: np.where(np.arange(N) == 4, entry, d[column])}


SPOILS: dict[str, tuple[str, Callable[[dict], dict]]] = {
    "all treated": ("constant_treatment", lambda d: {**d, "t": np.ones(N)}),
    "none treated": ("constant_treatment", lambda d: {**d, "t": np.zeros(N)}),
    "a column twice": ("collinear", lambda d: {**d, "b": 2 * d["a"] - 1}),
    "a constant column": ("collinear", lambda d: {**d, "b": np.full(N, 0.1)}),
    "NaN in the outcome": ("non_finite", with_entry("y", np.nan)),
    "an infinite treatment": ("non_finite", with_entry("t", np.inf)),
    "NaN in adjust": ("non_finite", with_entry("a", np.nan)),
    "NaN in an instrument": (
        "non_finite",
        lambda d: with_entry("z", np.nan)(with_entry("z1", np.nan)(d)),
    ),
    "NaN in a mediator": ("non_finite", with_entry("m", np.nan)),
}


def spoilt_for(name: str, what: str) -> bool:
    """Whether this estimator looks at what was spoilt: the others must not mind."""
    needs = ESTIMATORS[name].needs
    if "adjust" in what:
        return "adjust" in needs
    if "instrument" in what:
        return "instruments" in needs
    if "mediator" in what:
        return "mediators" in (*needs, *ESTIMATORS[name].reads)
    if "column" in what:
        return "adjust" in needs and name not in IN_CELLS
    return True


def fails_as(found: Estimate, failure: str) -> None:
    assert found.failure == failure
    floats = [found.value, found.se, found.low, found.high]
    floats += [x for each in found.diagnostics.values() for x in each.ravel()]
    for number in floats:
        assert number.dtype.kind != "f" or np.isnan(number).all()


@each
@pytest.mark.parametrize("what", SPOILS)
def test_bad_data_fail_by_name(either_precision: bool, name: str, what: str) -> None:
    failure, spoil = SPOILS[what]
    found = call(name, spoil(data_set()), {})
    if spoilt_for(name, what):
        fails_as(found, failure)
    else:
        assert found.failure is None


@each
def test_too_few_rows_fail_by_name(x64: None, name: str) -> None:
    alone = np.isin(np.arange(N), [7, 40]).astype(int)  # one untreated row, one treated
    alone[[7, 40]] = 1
    found = call(name, {**data_set(), "t": np.arange(N) == 40}, {}, weights=alone)
    in_cells = {"stratification": "stratum", "mediation": "stratum", "plug_in": "cell"}
    fails_as(found, f"empty_{in_cells[name]}" if name in in_cells else "too_few_rows")
    nobody = call(name, data_set(), {}, weights=np.zeros(N))
    assert nobody.failure is not None
    assert jnp.isnan(nobody.value)
    assert nobody.n == 0


@each
def test_no_rows_at_all(x64: None, name: str) -> None:
    assert call(name, {c: x[:0] for c, x in data_set().items()}, {}).failure is not None
    assert call(name, {c: x[:1] for c, x in data_set().items()}, {}).failure is not None


@each
@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_bad_weights_fail_by_name(x64: None, name: str, bad: float) -> None:
    w = np.where(np.arange(N) == 9, bad, 1.0)
    fails_as(call(name, data_set(), {}, weights=w), "bad_weights")


@each
def test_one_bad_data_set_spoils_no_other_in_its_batch(
    x64: None, quick: Callable, name: str
) -> None:
    good, bad = data_set(), {**data_set(), "t": np.ones(N)}
    stacked = {column: np.stack([good[column], bad[column], good[column]]) for column in good}
    ones = np.ones((3, N), int)
    found = batched(name)(stacked, ones)
    assert list(np.asarray(found.code) == 0) == [True, False, True]
    np.testing.assert_array_equal(np.isnan(found.value), [False, True, False])
    np.testing.assert_allclose(found.value[0], call(name, good, {}).value, rtol=1e-10)


@each
def test_estimates_survive_flattening_and_pickling(name: str) -> None:
    found = call(name, data_set(), {})
    again = pickle.loads(pickle.dumps(found))
    same(again, found, 0.0)
    leaves, tree = jax.tree.flatten(found)
    same(jax.tree.unflatten(tree, leaves), found, 0.0)


@each
def test_every_estimator_says_what_it_is(name: str) -> None:
    it = ESTIMATORS[name]
    assert it.name == name
    assert it.target
    assert it.assumes
    assert it.__doc__
    assert "Failures:" in it.__doc__
    for option in it.options:
        assert f"{option}:" in it.__doc__
    assert it.moments(ROLES_OF.get(name, ROLES)) >= 0
