"""Dependent columns are found, and independent ones are not suspected, in both precisions."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scm.estimate.least_squares import independent, inverse, linear_fit, standardise, triangle
from scm.estimate.programs import unoptimised

FIT = jax.jit(linear_fit, static_argnames="epsilon", compiler_options=unoptimised())
RNG = np.random.default_rng(20)
N = 3_000
AGE = RNG.integers(24, 35, N)
SCHOOL = RNG.integers(5, 19, N)
EXPERIENCE = AGE - SCHOOL - 6
YEAR = RNG.integers(1980, 2001, N)
NOISE = RNG.normal(size=(N, 3))
LATE = YEAR[:, None] + NOISE
REGION = np.eye(9, dtype=int)[RNG.integers(0, 9, N)]
CENTS = RNG.integers(300, 9_000, N) * 100
SUM = NOISE.astype(np.float32) @ np.array([3, -2, 0.5], np.float32)

DEPENDENT = {
    "a copy": np.c_[NOISE, NOISE[:, 0]],
    "a copy in other units": np.c_[CENTS, CENTS / 100, NOISE],
    "a copy, shifted": np.c_[YEAR, 2 * YEAR + 3],
    "a constant": np.c_[NOISE, np.full(N, 0.1)],
    "zeros": np.c_[NOISE, np.zeros(N)],
    "all the dummies of a factor": REGION,
    "the same beside others": np.c_[NOISE, REGION],
    "far from zero, in other units": np.c_[YEAR + NOISE[:, 0], (YEAR + NOISE[:, 0]) * 2.54],
    "far from zero, a sum": np.c_[LATE, LATE @ [0.3, 0.3, 0.1]],
    "age, school and experience": np.c_[AGE, SCHOOL, EXPERIENCE],
    "the same, with squares": np.c_[EXPERIENCE**2, AGE**2, AGE, EXPERIENCE, SCHOOL],
    "a sum rounded to float32": np.c_[NOISE.astype(np.float32), SUM],
    "a sum far from zero": np.c_[NOISE, NOISE.sum(axis=1) + 1e3],
    "a cubic from another origin": np.c_[AGE, AGE**2, AGE**3, (AGE - 3.0) ** 3 / 7],
    "squares of years from another origin": np.c_[YEAR, YEAR**2, (YEAR - 1e3 / 3) ** 2 / 7],
    "tiny units": np.c_[NOISE * 1e-30, NOISE[:, 0] * 3e-30],
    "huge units": np.c_[NOISE * 1e30, NOISE[:, 0] * 3e30],
}
INDEPENDENT = {
    "noise": NOISE,
    "age and its square": np.c_[AGE, AGE**2],
    "experience and its square": np.c_[EXPERIENCE, EXPERIENCE**2],
    "year and its square": np.c_[YEAR, YEAR**2],
    "a cubic": np.c_[AGE, AGE**2, AGE**3],
    "dummies but one": np.c_[NOISE, REGION[:, 1:]],
    "one row apart": np.c_[NOISE, np.arange(N) == 7],
    "wages in cents beside shares": np.c_[CENTS, NOISE * 1e-6],
    "nearly a copy": np.c_[NOISE[:, 0], NOISE[:, 0] + 1e-3 * NOISE[:, 1]],
    "tiny units": NOISE * 1e-30,
    "huge units": NOISE * 1e30,
}


def free(columns: np.ndarray, weights: np.ndarray | None = None) -> bool:
    dtype = jnp.result_type(float)
    weights = np.ones(len(columns)) if weights is None else weights
    epsilon = float(jnp.finfo(columns.dtype).eps) if columns.dtype == np.float32 else 0.0
    epsilon = max(epsilon, float(jnp.finfo(dtype).eps))
    return bool(_free(jnp.asarray(columns.astype(dtype)), jnp.asarray(weights, dtype), epsilon))


@partial(jax.jit, static_argnames="epsilon", compiler_options=unoptimised())
def _free(columns: jax.Array, weights: jax.Array, epsilon: float) -> jax.Array:
    x = standardise(columns, weights, epsilon)
    return independent(inverse(triangle(x.rows, weights)), x.noise)


@pytest.mark.parametrize("what", DEPENDENT)
def test_dependent_columns_are_found_in_any_order(either_precision: bool, what: str) -> None:
    columns = DEPENDENT[what]
    assert not free(columns)
    assert not free(columns[:, ::-1])
    assert not free(np.roll(columns, 1, axis=1))


@pytest.mark.parametrize("what", INDEPENDENT)
def test_independent_columns_are_not_suspected(either_precision: bool, what: str) -> None:
    columns = INDEPENDENT[what]
    assert free(columns)
    assert free(columns[:, ::-1])


def test_columns_that_differ_only_in_absent_rows_are_dependent(either_precision: bool) -> None:
    columns = np.c_[NOISE[:, 0], NOISE[:, 0] + (np.arange(N) < 5)]
    assert free(columns)
    assert not free(columns, np.where(np.arange(N) < 5, 0, 2))


def test_there_cannot_be_more_free_columns_than_rows(either_precision: bool) -> None:
    assert not free(RNG.normal(size=(4, 6)))


def test_fit_against_lstsq(x64: None) -> None:
    columns = np.c_[AGE, AGE**2, NOISE]
    outcome = 1e4 + columns @ np.array([1.0, -0.02, 3.0, 0.1, 0.0]) + RNG.normal(size=N)
    weights = RNG.integers(0, 4, N)
    design = np.c_[np.ones(N), columns]
    root = np.sqrt(weights)[:, None]
    exact = np.linalg.lstsq(root * design, root[:, 0] * outcome, rcond=None)[0]
    inputs = (jnp.asarray(x, jnp.float64) for x in (columns, outcome, weights))
    fitted, is_free = FIT(*inputs, epsilon=2e-16)
    assert bool(is_free)
    np.testing.assert_allclose(fitted, design @ exact, rtol=1e-11)


def test_fit_without_columns_is_the_mean(x64: None) -> None:
    outcome, weights = jnp.array([1.0, 2.0, 6.0]), jnp.array([1.0, 1.0, 2.0])
    fitted, is_free = FIT(jnp.zeros((3, 0)), outcome, weights, epsilon=2e-16)
    assert bool(is_free)
    np.testing.assert_allclose(fitted, [3.75] * 3)
