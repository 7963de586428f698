"""How a law is held against another library's word for it.

A test module lists its laws as `LAWS`; every test that asks for an `entry` runs on each of them.
An entry is one family at several parameters, stacked: the programs under test are vectorised over
them, so that each is compiled once a precision, and kept for all tests of that entry.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from scm.noise.laws import law_of
from scm.noise.laws.numbers import canonical
from scm.noise.score import NormalScore, WordScore
from scm.noise.words import span, stream_of, words

TAILS = np.array([1e-6, 1e-4, 0.01, 0.3, 0.7, 0.99, 1 - 1e-4, 1 - 1e-6])
NORMAL = np.array([special.ndtri(1e-6), -1.7, -0.4, 0.0, 0.9, 2.5, -special.ndtri(1e-6)])


@dataclasses.dataclass(frozen=True)
class Entry:
    """``make(*parameters)`` and ``scipy(*parameters)`` are one law; ``at`` lists parameter sets."""

    name: str
    make: Callable[..., Any]
    scipy: Callable[..., Any]
    at: tuple[tuple[float, ...], ...]
    single: float = 3e-6
    """Relative error allowed in float32."""
    double: float = 1e-11
    """Relative error allowed in float64; other libraries have theirs too."""

    def __str__(self) -> str:
        return self.name

    def parameters(self) -> tuple[jax.Array, ...]:
        """Each parameter, of shape (sets,), in the precision of the day."""
        kind = jnp.result_type(float)
        return tuple(jnp.asarray(each, kind) for each in zip(*self.at, strict=True))

    def held(self) -> list[tuple[float, ...]]:
        """The parameter sets as the precision of the day holds them."""
        return [tuple(map(float, each)) for each in zip(*self.parameters(), strict=True)]

    def references(self) -> list[Any]:
        return [self.scipy(*each) for each in self.held()]

    def value(self, score: Any, *parameters: Any) -> jax.Array:
        """One value: one unit under one parameter set."""
        d = canonical(self.make(*parameters))
        return law_of(d).value(d, score)

    def place(self, value: Any, *parameters: Any) -> Any:
        d = canonical(self.make(*parameters))
        place = law_of(d).place
        assert place is not None
        return place(d, value)

    def has_place(self) -> bool:
        return law_of(self.make(*self.at[0])).place is not None

    def quantiles(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """scipy's quantiles of shape (sets, scores), from whichever tail is the smaller."""
        low = lower < upper
        return np.stack(
            [
                np.where(low, law.ppf(np.where(low, lower, 0.5)), law.isf(np.where(low, 0.5, upper)))
                for law in self.references()
            ]
        )

    def grid(self, function: Callable) -> Callable:
        """``function(x, *parameters)`` of one unit over all scores and all parameter sets."""
        inner = jax.vmap(function, (0, *(None for _ in self.at[0])))
        return jax.jit(jax.vmap(inner, (None, *(0 for _ in self.at[0]))))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "entry" in metafunc.fixturenames:
        laws = [Entry(**each) for each in metafunc.module.LAWS]
        metafunc.parametrize("entry", laws, ids=str, scope="module")


@dataclasses.dataclass(frozen=True)
class Draws:
    """Values of given words (the `TAILS`) and then of random ones, and what they stand for."""

    values: np.ndarray
    """Shape (sets, scores)."""
    lower: np.ndarray
    upper: np.ndarray

    @property
    def random(self) -> np.ndarray:
        """The values of random words alone."""
        return self.values[:, len(TAILS) :]

    def first(self, n: int) -> "Draws":
        return Draws(self.values[:, :n], self.lower[:n], self.upper[:n])


@pytest.fixture(scope="module")
def draws(entry: Entry) -> Draws:
    """200,000 draws over all parameter sets, float32, from one fixed stream."""
    size = 200_000 // len(entry.at)
    first, second = (np.asarray(each) for each in words(stream_of(2026), span(0, size)))
    tails = (TAILS * 2.0**32).astype(np.uint32)
    pair = np.concatenate([tails, first]), np.concatenate([np.zeros_like(tails), second])
    program = entry.grid(lambda each, *p: entry.value(WordScore(*each), *p))
    lower = (pair[0] + 0.5) / 2.0**32
    return Draws(np.asarray(program(pair, *entry.parameters())), lower, 1 - lower)


@dataclasses.dataclass(frozen=True)
class Trip:
    """Values at normal scores, the values at the places of those, and scipy's."""

    values: np.ndarray
    again: np.ndarray | None
    expected: np.ndarray


@pytest.fixture(scope="module", params=["float32", "float64"])
def trip(entry: Entry, request: pytest.FixtureRequest) -> Trip:
    def program(z: Any, *parameters: Any) -> Any:
        value = entry.value(NormalScore(z), *parameters)
        if not entry.has_place():
            return value, None
        return value, entry.value(entry.place(value, *parameters), *parameters)

    with jax.enable_x64(request.param == "float64"):
        z = jnp.asarray(NORMAL)
        values, again = entry.grid(program)(z, *entry.parameters())
        z = np.asarray(z, float)
        expected = entry.quantiles(special.ndtr(z), special.ndtr(-z))
    return Trip(np.asarray(values), None if again is None else np.asarray(again), expected)


@pytest.fixture(scope="session")
def normal_scores() -> np.ndarray:
    return NORMAL
