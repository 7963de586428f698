"""Means over units in constant memory: block after block, merged without loss of precision.

A program works through many blocks, one after the other, and gives each one's moments; these are
merged in double precision on the host. So neither memory nor rounding grows with the number of
units, and Python runs once for millions of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from scm.compile.fingerprint import identity, jaxpr_text
from scm.compile.programs import kept, traced
from scm.core.errors import ModelError, NonFiniteError, UndefinedLawError
from scm.core.structure import Numbers, System
from scm.frames import Unit
from scm.noise.identity import noise_names
from scm.noise.source import Drawn, Run
from scm.noise.words import Stream
from scm.solve.acyclic import all_lawful, varies
from scm.solve.differentiable import differentiable
from scm.solve.run import inline
from scm.solve.spread import fitting, spread

__all__ = ["Moments", "moments"]

_TOGETHER = 64  # blocks in one run of a program


@dataclasses.dataclass(frozen=True)
class Moments:
    """Count, mean and sum of squared deviations; adding merges them (Chan, Golub, LeVeque 1983)."""

    n: int
    mean: Any
    squares: Any

    @classmethod
    def nothing(cls) -> Moments:
        return cls(0, 0.0, 0.0)

    @classmethod
    def of_blocks(cls, size: int, means: Any, squares: Any) -> Moments:
        """Of blocks of one size, from the moments of each: arrays with a leading axis of blocks."""
        mean = means.mean(axis=0)
        between = ((means - mean) ** 2).sum(axis=0)
        return cls(size * len(means), mean, squares.sum(axis=0) + size * between)

    def __add__(self, other: Moments) -> Moments:
        if self.n == 0:
            return other
        n, step = self.n + other.n, other.mean - self.mean
        mean = self.mean + step * (other.n / n)
        squares = self.squares + other.squares + step**2 * (self.n * other.n / n)
        return Moments(n, mean, squares)

    @property
    def standard_error(self) -> Any:
        """Of the mean; not a number for one unit."""
        if self.n < 2:
            return self.mean * np.nan
        return (self.squares / float((self.n - 1) * self.n)) ** 0.5


def moments(
    system_of: Callable[[slice], System],
    root: Stream,
    fn: Callable[[Mapping[str, Any]], Any],
    n: int,
    block: int,
    sharding: Any = None,
) -> Moments:
    """The moments of ``fn(unit)`` over units ``0, ..., n - 1``, by one kept program.

    ``system_of(rows)`` is the system for some of the units: the same for all, save where values
    were given one by one. ``fn`` is traced once, for one unit; programs are kept by what it
    computes, not by which object it is. One run of the program is under way while the one before
    it is merged.
    """
    whole = system_of(slice(0, n))
    question = _Question.read(whole, fn)
    layers = (each for v in whole.structure.variables.values() for each in v.layers)
    together = 1 if any(each.form == "per unit" for each in layers) else _TOGETHER
    total, waiting = Moments.nothing(), None
    for run in _runs(n, block, together):
        found = question.ask(system_of(run.rows), root, run, fitting(sharding, run.size))
        if waiting is not None:
            total += _merged(*waiting)
        waiting = (run, found)
    assert waiting is not None  # n is at least 1
    return total + _merged(*waiting)


@dataclasses.dataclass(frozen=True)
class _Blocks:
    """Blocks of one size, one after the other: what one run of a program works through."""

    first: int
    size: int
    count: int

    @property
    def rows(self) -> slice:
        return slice(self.first, self.first + self.size * self.count)

    @property
    def starts(self) -> np.ndarray:
        """The first unit of each, as its two words."""
        units = [self.first + self.size * each for each in range(self.count)]
        return np.array([(unit >> 32, unit & 0xFFFFFFFF) for unit in units], np.uint32)

    def units(self, good: np.ndarray) -> str:
        """The units of the first block that is not good, in words."""
        first = self.first + self.size * int(np.argmin(good))
        return f"units {first:,} to {first + self.size - 1:,}"


def _runs(n: int, block: int, together: int) -> Iterator[_Blocks]:
    """All units in runs of whole blocks; what is left over is a run of its own."""
    whole = n // block
    for first in range(0, whole, together):
        yield _Blocks(first * block, block, min(together, whole - first))
    if n % block:
        yield _Blocks(whole * block, n % block, 1)


@dataclasses.dataclass(frozen=True)
class _Question:
    """A function of a unit, traced: what it computes, and of which variables."""

    jaxpr: Any
    consts: list[Any]
    unit: Unit
    reads: frozenset[str]

    @classmethod
    def read(cls, system: System, fn: Callable[[Mapping[str, Any]], Any]) -> _Question:
        unit = Unit({name: system.out(name) for name in system.structure.order})
        closed, shape = jax.make_jaxpr(fn, return_shape=True)(unit)
        if not isinstance(shape, jax.ShapeDtypeStruct):
            raise ModelError(f"expect: fn must return one number or array, given {shape}")
        if jnp.issubdtype(shape.dtype, jnp.complexfloating):
            raise ModelError(
                f"expect: fn returns {shape.dtype}; return jnp.stack([z.real, z.imag]) instead"
            )
        jaxpr = closed.jaxpr
        opened = jaxpr.replace(invars=[*jaxpr.constvars, *jaxpr.invars], constvars=[])
        used = {id(v) for eqn in jaxpr.eqns for v in eqn.invars} | {id(v) for v in jaxpr.outvars}
        inputs = zip(sorted(unit), jaxpr.invars, strict=True)  # a dict's leaves come by sorted key
        reads = frozenset(name for name, v in inputs if id(v) in used)
        return cls(opened, list(closed.consts), unit, reads)

    def ask(self, system: System, root: Stream, run: _Blocks, sharding: Any) -> tuple[Any, ...]:
        """What `_moments` says of each block of a run."""
        source = Run(root, run.starts[0], run.size).source(noise_names(system.structure))

        def job(numbers: Numbers, source: Drawn, consts: list[Any], starts: Any, count: Any) -> Any:
            def drawn(start: Any) -> Drawn:
                return Drawn(source.streams, Run(source.units.root, start, run.size))

            def block(numbers: Numbers, source: Any, consts: list[Any]) -> tuple[Any, ...]:
                value, fine = self._values(system.given(numbers), source, consts, sharding)
                return (*_moments(value), fine)

            if count is None:  # a loop that can be differentiated; its blocks are made again then
                smooth = differentiable(system, self.jaxpr, self.unit, run.size, block, _moments)
                each = lambda start: smooth(numbers, drawn(start), consts)
                return jax.lax.map(jax.checkpoint(each), starts)
            return _one_by_one(lambda start: block(numbers, drawn(start), consts), starts, count)

        arguments = (system.numbers, source, self.consts)
        if traced(arguments):
            return job(*arguments, jnp.asarray(run.starts), None)
        what = (*identity(system), "\n".join(jaxpr_text(self.jaxpr)), run.size, sharding)
        slots = 1 if run.count == 1 else _TOGETHER
        starts = np.resize(run.starts, (slots, 2))
        return kept(("moments", *what), lambda: job)(*arguments, starts, np.int32(run.count))

    def _values(
        self, system: System, source: Drawn, consts: list[Any], sharding: Any
    ) -> tuple[Any, Any]:
        """The function's value for every unit of a source, and whether all laws were defined."""
        solved = inline(system, source, {}, self.reads)
        axes, columns = [], []
        for name in sorted(self.unit):
            out = self.unit[name]
            value = solved.columns.get(name, jnp.zeros(out.shape, out.dtype))
            many = varies(value, out.shape)
            axes.append(0 if many else None)
            columns.append(spread(value, sharding) if many else value)
        call = jaxpr_as_fun(ClosedJaxpr(self.jaxpr, []))
        each = jax.vmap(lambda *unit: call(*consts, *unit)[0], axes, axis_size=source.units.n)
        return each(*columns), all_lawful(solved.lawful)


def _moments(value: Any) -> tuple[Any, Any, Any]:
    """A mean over the first axis, what it lacks for rounding, and the squares about it."""
    value = value.astype(jnp.result_type(float, value.dtype))
    value = jax.lax.optimization_barrier(value)  # made once, though it is read twice
    mean = value.mean(axis=0)
    rest = value - mean
    return mean, rest.mean(axis=0), jnp.square(rest).sum(axis=0)


def _one_by_one(block: Callable[[Any], Any], starts: Any, count: Any) -> Any:
    """What ``block`` makes of the first ``count`` starts: of any number, by one program."""
    shapes = jax.eval_shape(block, starts[0])
    held = jax.tree.map(lambda s: jnp.zeros((len(starts), *s.shape), s.dtype), shapes)

    def step(at: Any, held: Any) -> Any:
        return jax.tree.map(lambda whole, one: whole.at[at].set(one), held, block(starts[at]))

    return jax.lax.fori_loop(0, count, step, held)


def _merged(run: _Blocks, found: tuple[Any, ...]) -> Moments:
    """The moments of a run; refused where one of its blocks is not as it should be."""
    if traced(found):
        mean, lacks, squares, _ = found
    else:
        mean, lacks, squares, fine = (each[: run.count] for each in jax.device_get(found))
        if not fine.all():
            raise UndefinedLawError(
                "expect: some law is given a parameter outside its domain, in "
                f"{run.units(fine)}; find the unit with model.sample(key, n), which names the "
                "variable"
            )
        finite = np.isfinite(mean.reshape(run.count, -1)).all(axis=1)
        if not finite.all():
            raise NonFiniteError(
                f"expect: the mean of fn is not finite, in {run.units(finite)}; find the unit with "
                "world = model.sample(key, n), which names the variable, or guard fn itself"
            )
        mean, lacks, squares = (np.asarray(each, float) for each in (mean, lacks, squares))
    return Moments.of_blocks(run.size, mean + lacks, squares - run.size * lacks**2)
