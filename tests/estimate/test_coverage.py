"""In a world where every estimator is right, so are its intervals and standard errors."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scm.estimate import ESTIMATORS, Estimate, Roles

R, N, EFFECT = 1_000, 300, 0.5
ROLES = Roles("t", "y", adjust=("a", "b"), instruments="z", mediators="m")


@pytest.fixture(scope="module")
def worlds() -> dict[str, np.ndarray]:
    """A coin z moves a binary treatment, and that the outcome, through m alone, by 1/2 on average;
    a and b move the outcome only."""
    rng = np.random.default_rng(1905)
    a, b, z = (rng.integers(0, 2, (R, N)) for _ in range(3))
    t = rng.random((R, N)) < 0.25 + 0.5 * z
    m = rng.random((R, N)) < 0.3 + 0.4 * t
    y = EFFECT / 0.4 * m + a - 0.5 * b + rng.normal(size=(R, N)) * (0.5 + 0.5 * a)
    return {"a": a, "b": b, "z": z, "t": t, "m": m, "y": y}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_coverage_and_standard_errors(x64: None, quick: Callable, worlds: dict, name: str) -> None:
    def one(data: dict) -> Estimate:
        return ESTIMATORS[name](data, ROLES)

    found = quick(lambda data: jax.lax.map(one, data))(worlds)
    assert not jnp.any(found.code)
    if name in {"ols", "ipw"}:  # and lax.map changes nothing
        np.testing.assert_allclose(found.se[7], one({k: x[7] for k, x in worlds.items()}).se, 1e-9)
    value, low, high = (np.asarray(x) for x in (found.value, found.low, found.high))
    covered = np.mean((low <= EFFECT) & (high >= EFFECT))
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / R)
    sd = value.std(ddof=1)
    assert abs(np.median(value) - EFFECT) < 4 * 1.2533 * sd / np.sqrt(R)  # a median's error
    if name != "anderson_rubin":  # a standard deviation is known to 1/sqrt(2R); the mean se to less
        assert abs(np.median(found.se) / sd - 1) < 4 / np.sqrt(2 * R)
