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
from jax import lax
from scipy import special

from scm.noise.laws import law_of
from scm.noise.laws.numbers import canonical
from scm.noise.score import NormalScore, WordScore
from scm.noise.words import span, stream_of, words

ENDS = (0, int(2**32 * 1e-6), 2**31, int(2**32 * (1 - 1e-6)), 2**32 - 1)
"""The first and last words, a middle one, and tails of 1e-6."""
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
    double: float | None = 1e-11
    """Relative error allowed in float64, of which other libraries have theirs too; None to run in
    float32 only, for a law that adds little to another one's solved quantile."""
    tail: float = 1e-4
    """Relative error allowed in a tail probability in float32."""
    counts: bool = False
    """Whether its values are whole numbers, which have no derivatives."""
    whole: tuple[int, ...] = ()
    """Which of its parameters are whole numbers, in which nothing can be differentiated."""
    cut: bool = False
    """Whether the law ends where its density does not, so that values near the end are rounded."""

    def __str__(self) -> str:
        return self.name

    @property
    def sets(self) -> tuple[tuple[float, ...], ...]:
        """The parameter sets; three at least, so that programs of many laws have one shape."""
        return self.at + self.at[-1:] * (3 - len(self.at))

    def parameters(self) -> tuple[jax.Array, ...]:
        """Each parameter, of shape (sets,), in the precision of the day."""
        kind = jnp.result_type(float)
        return tuple(jnp.asarray(each, kind) for each in zip(*self.sets, strict=True))

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
                np.where(
                    low, law.ppf(np.where(low, lower, 0.5)), law.isf(np.where(low, 0.5, upper))
                )
                for law in self.references()
            ]
        )

    def slopes(self, function: Callable[..., np.ndarray], step: float = 1e-5) -> list[np.ndarray]:
        """Finite differences of ``function(sets)`` in every real parameter; NaN at an end of it."""
        sets, found = np.array(self.sets), []
        for index in set(range(sets.shape[1])) - set(self.whole):
            shift = np.zeros_like(sets)
            shift[:, index] = step * np.maximum(np.abs(sets[:, index]), 0.1)
            change = function(sets + shift) - function(sets - shift)
            found.append(change / (2 * shift[:, [index]]))
        return found

    def grid(self, function: Callable) -> Callable:
        """``function(x, *parameters)`` of one unit over all scores and all parameter sets."""
        inner = jax.vmap(function, (0, *(None for _ in self.at[0])))
        outer = jax.vmap(inner, (None, *(0 for _ in self.at[0])))
        return jax.jit(outer)

    def slopes_at(self, score: Any, *parameters: Any) -> tuple[jax.Array, tuple[jax.Array, ...]]:
        """One value and its derivative in each parameter, by reverse mode."""
        of = lambda *parameters: self.value(score, *parameters)
        return jax.value_and_grad(of, tuple(range(len(parameters))))(*parameters)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "entry" in metafunc.fixturenames:
        laws = [Entry(**each) for each in metafunc.module.LAWS]
        if "doubles" in metafunc.fixturenames:
            laws = [each for each in laws if each.double is not None]
        metafunc.parametrize("entry", laws, ids=str, scope="module")


@dataclasses.dataclass(frozen=True)
class Draws:
    """Values of given words (the `TAILS`) and then of random ones, and what they stand for."""

    values: np.ndarray
    """Shape (sets, scores)."""
    places: tuple[np.ndarray, np.ndarray] | None
    """The tails of these values by the law's own account, of the same shape."""
    lower: np.ndarray
    upper: np.ndarray
    slopes: tuple[np.ndarray, ...]
    """Derivatives in each parameter at all these words and at the `ENDS`. Counts have none."""

    def first(self, n: int) -> "Draws":
        places = None if self.places is None else tuple(each[:, :n] for each in self.places)
        return Draws(self.values[:, :n], places, self.lower[:n], self.upper[:n], ())

    @property
    def random(self) -> np.ndarray:
        """The values of random words alone."""
        return self.values[:, len(TAILS) :]


@pytest.fixture(scope="module")
def draws(entry: Entry) -> Draws:
    """50,000 draws over all parameter sets, float32, from one fixed stream."""
    size = 50_000 // len(entry.sets)
    first, second = (np.asarray(each) for each in words(stream_of(2026), span(0, size)))
    tails, ends = (TAILS * 2.0**32).astype(np.uint32), np.array(ENDS, np.uint32)
    pair = (
        np.concatenate([tails, first, ends]),
        np.concatenate([np.zeros_like(tails), second, ends]),
    )

    def program(each: Any, *parameters: Any) -> Any:
        score = WordScore(*each)
        if entry.counts:
            value, slopes = entry.value(score, *parameters), ()
        else:
            value, slopes = entry.slopes_at(score, *parameters)
        value = lax.optimization_barrier(value)
        if not entry.has_place():
            return value, None, slopes
        place = entry.place(value, *parameters)
        return value, (place.lower, place.upper), slopes

    with jax.numpy_dtype_promotion("strict"):
        found = entry.grid(program)(pair, *entry.parameters())
    values, places, slopes = jax.tree.map(np.asarray, found)
    drawn = slice(0, -len(ENDS))
    lower = (pair[0][drawn] + 0.5) / 2.0**32
    values, places = jax.tree.map(lambda each: each[:, drawn], (values, places))
    return Draws(values, places, lower, 1 - lower, slopes)


@dataclasses.dataclass(frozen=True)
class Doubles:
    """Values at the `NORMAL` scores in float64, the scores of these values, and derivatives."""

    values: np.ndarray
    """Shape (sets, scores), as all the others."""
    places: np.ndarray | None
    slopes: tuple[np.ndarray, ...]
    """In the score, and in each parameter. Counts have none: these are those of their cumulative
    probabilities, in each real parameter."""
    expected: np.ndarray


@pytest.fixture(scope="module")
def doubles(entry: Entry) -> Doubles:
    def program(z: Any, *parameters: Any) -> Any:
        every = lambda z, *p: entry.value(NormalScore(z), *p)
        if entry.counts:
            value = every(z, *parameters)
            real = tuple(sorted(set(range(len(parameters))) - set(entry.whole)))
            lower = lambda *p: entry.place(value, *p).lower
            slopes = jax.grad(lower, real)(*parameters) if real and entry.has_place() else ()
        else:
            arguments = tuple(range(1 + len(parameters)))
            value, slopes = jax.value_and_grad(every, arguments)(z, *parameters)
        place = entry.place(value, *parameters).normal if entry.has_place() else None
        return value, place, slopes

    with jax.enable_x64(True), jax.numpy_dtype_promotion("strict"):
        found = entry.grid(program)(jnp.asarray(NORMAL), *entry.parameters())
        expected = entry.quantiles(special.ndtr(NORMAL), special.ndtr(-NORMAL))
    return Doubles(*jax.tree.map(np.asarray, found), expected)


@pytest.fixture(scope="module")
def extremes(entry: Entry) -> tuple[np.ndarray, ...]:
    """Derivatives in each parameter in float32, at normal scores of -6, 0 and 6."""
    program = entry.grid(lambda z, *p: entry.slopes_at(NormalScore(z), *p)[1])
    return tuple(map(np.asarray, program(jnp.asarray([-6.0, 0.0, 6.0]), *entry.parameters())))


@pytest.fixture(scope="session")
def normal_scores() -> np.ndarray:
    return NORMAL
