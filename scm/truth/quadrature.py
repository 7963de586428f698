"""Tensor quadrature over up to three noises, for functions that are smooth in them.

The trapezoidal rule in the normal score: against the Gaussian weight it converges exponentially
for analytic functions (Trefethen and Weideman 2014, "The exponentially convergent trapezoidal
rule"). The step is halved until nothing changes any more. Each grid is moved by a part of its step
that no other is moved by, so that what lies between the nodes of one is not missed by all.
Declared noise with finitely many values is summed over.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.noise.laws.finite import probabilities, support_of
from scm.noise.score import NormalScore, Score
from scm.noise.scored import Scored
from scm.noise.source import Address
from scm.truth.batches import Asked
from scm.truth.behind import Use, components, noises_behind
from scm.truth.question import Mean
from scm.truth.result import Truth
from scm.truth.smooth import smooth_in

__all__ = ["quadrature"]

_MOST = 3  # components of noise
_END = 10.0  # where the grid ends; the density there is 8e-23
_BLOCK = 1 << 12  # points evaluated at once
_GOLDEN = (5**0.5 - 1) / 2
_ROUNDING = 64 * float(np.finfo(np.float64).eps)
_LEAST = 1 << 13  # points, below which a narrow feature might have been stepped over
_GOOD = 1e-7  # of the size of what is averaged: no other route would come as near


@dataclasses.dataclass(frozen=True)
class _Grid:
    """Noises on a line of normal scores for each component, and noises listed by value."""

    lines: Mapping[Address, int]
    lists: Mapping[Address, tuple[np.ndarray, np.ndarray]]

    def size(self, step: float) -> int:
        """The number of points."""
        points = [len(each) for each, _ in self.lists.values()]
        return math.prod(points) * round(2 * _END / step) ** sum(self.lines.values())

    def blocks(self, level: int, step: float) -> Iterator[tuple[Scored, np.ndarray, np.ndarray]]:
        """The points in blocks of one size: source, weights (0 for padding), and whether a point
        is at an end of the grid."""
        half = round(_END / step)
        axes, ends = [], []
        for at in range(sum(self.lines.values())):
            moved = ((level + 1) * (at + 1) * _GOLDEN) % 1
            score = (np.arange(-half, half) + moved) * step
            axes.append((score, step * np.exp(-(score**2) / 2) / np.sqrt(2 * np.pi)))
            ends.append(2 * half)
        axes += list(self.lists.values())
        shape = [len(score) for score, _ in axes]
        for start in range(0, math.prod(shape), _BLOCK):
            numbers = np.arange(start, start + _BLOCK)
            real = numbers < math.prod(shape)
            places = np.unravel_index(np.minimum(numbers, math.prod(shape) - 1), shape)
            weights = np.where(real, 1.0, 0.0)
            edge = np.zeros(_BLOCK, bool)
            for place, (_, weight) in zip(places, axes, strict=True):
                weights = weights * weight[place]
            for place, end in zip(places, ends, strict=False):
                edge |= (place == 0) | (place == end - 1)
            columns = [score[place] for place, (score, _) in zip(places, axes, strict=True)]
            yield self._source(columns), weights, edge

    def _source(self, columns: list[np.ndarray]) -> Scored:
        held: dict[Address, Score] = {}
        at = 0
        for address, count in self.lines.items():
            held[address] = NormalScore(jnp.asarray(np.stack(columns[at : at + count], axis=1)))
            at += count
        listed = map(jnp.asarray, columns[at:])
        return Scored(held, dict(zip(self.lists, listed, strict=True)))


def quadrature(asked: Asked, *, tolerance: float | None, budget: int) -> Truth | None:
    """The answer by quadrature, or None: where a quantile is asked, noises are too many, the
    function is not known to be smooth in them, or the grid does not come near within the budget.

    The error is a bound: the last change, or that of the step before divided by 8 if that is more,
    plus what the ends of the grid may hide, and never less than rounding. It may be above the
    tolerance where no other method would come as near.
    """
    grid = _grid(asked)
    if grid is None or not smooth_in(asked, grid.lines):
        return None
    run = asked.program("quadrature", lambda: _job(asked))
    inputs = jax.device_put(asked.inputs)
    before: Any = None
    cautious: Any = np.inf
    changes: list[Any] = []
    spent, step = 0, 1.0
    for level in range(16):
        if spent + grid.size(step) > budget:
            break
        spent += grid.size(step)
        sums = _summed(run, inputs, grid.blocks(level, step))
        if sums is None:
            return None
        means, sizes, ends = sums
        value, rounding, size, hidden = _errors(asked.question.combine, means, sizes, ends, step)
        if not np.isfinite(value).all():
            return None
        if before is not None:
            changes.append(np.abs(value - before))
        before, step = value, step / 2
        if np.any(hidden > np.maximum(_GOOD * size, tolerance or 0)):
            return None  # the weights do not vanish at the ends
        if not grid.lines:
            return Truth(value, rounding, "quadrature", spent)
        if not changes or spent < min(_LEAST, budget // 8):
            continue
        error = np.maximum(changes[-1] + hidden, rounding)
        cautious = error if len(changes) < 2 else np.maximum(error, changes[-2] / 8)
        if np.all(changes[-1] <= rounding):
            return Truth(value, error, "quadrature", spent)
        if tolerance is not None and len(changes) > 1 and np.all(cautious <= tolerance):
            return Truth(value, cautious, "quadrature", spent)
        stuck = len(changes) > 2 and np.any(changes[-1] > np.maximum(changes[-2] / 4, rounding))
        if stuck and spent > budget // 16:
            break  # it does not converge as it should: more of the same is wasted
    near = len(changes) > 1 and np.all(cautious <= _GOOD * size)
    return Truth(before, cautious, "quadrature", spent) if near else None


def _grid(asked: Asked) -> _Grid | None:
    """The noises that are asked about as lines and lists; None if they are too many for a grid."""
    if not all(isinstance(each, Mean) for each in asked.statistics):
        return None
    lines: dict[Address, int] = {}
    lists: dict[Address, tuple[np.ndarray, np.ndarray]] = {}
    for address, uses in noises_behind(asked).items():
        listed = _listed(uses)
        if listed is not None:
            lists[address] = listed
        elif any(use.law.kind in ("sampler", "gumbel") for use in uses):
            return None
        else:
            lines[address] = components(uses)
    return _Grid(lines, lists) if sum(lines.values()) <= _MOST else None


def _listed(uses: list[Use]) -> tuple[np.ndarray, np.ndarray] | None:
    """The values of a declared finite noise and how probable they are, if that is one in all."""
    first = uses[0].declared
    if first is None or (values := support_of(first)) is None:
        return None
    kinds: list[Any] = [jax.tree.structure(use.declared) for use in uses]
    if any(use.declared is None for use in uses) or any(kind != kinds[0] for kind in kinds):
        return None
    for use in uses[1:]:
        pairs = zip(jax.tree.leaves(first), jax.tree.leaves(use.declared), strict=True)
        if not all(np.array_equal(a, b) for a, b in pairs):
            return None
    chances = np.asarray(probabilities(first, values))
    usual = bool((chances >= 0).all()) and abs(chances.sum() - 1) < 1e-9
    return (values, chances) if usual else None


def _job(asked: Asked) -> Any:
    """Of each statistic the weighted sum over a block, that of sizes, and that of sizes at ends."""

    def job(inputs: Any, source: Scored, weights: Any, edge: Any) -> tuple[Any, Any]:
        values, _, lawful = asked.per_unit(inputs, source, _BLOCK)
        total = lambda of, weights: jnp.tensordot(weights, of, 1)
        at_ends = jnp.where(edge, weights, 0)
        sums = [
            (total(each, weights), total(abs(each), weights), total(abs(each), at_ends))
            for each in values
        ]
        return sums, lawful

    return job


def _summed(run: Any, inputs: Any, blocks: Iterator[Any]) -> list[Any] | None:
    """The sums over all blocks by kind, each for every statistic; None where some point has no
    finite value or an undefined law: routes that stay where units are find out what it is."""
    sums: Any = None
    for block in blocks:
        found, lawful = jax.device_get(run(inputs, *block))
        if not lawful or not all(np.isfinite(each).all() for each in jax.tree.leaves(found)):
            return None
        sums = found if sums is None else jax.tree.map(np.add, sums, found)
    return [list(each) for each in zip(*sums, strict=True)]


def _errors(
    combine: Callable[..., Any], means: list[Any], sizes: list[Any], ends: list[Any], step: float
) -> tuple[Any, Any, Any, Any]:
    """The value, and what rounding, the sizes averaged, and the ends come to in it."""
    real = [jnp.asarray(each) for each in means]
    slopes = jax.jacfwd(combine, argnums=tuple(range(len(real))))(*real)
    value = np.asarray(combine(*real), float)

    def carried(of: list[Any]) -> Any:
        return sum(
            np.tensordot(np.abs(slope), each, np.ndim(each))
            for slope, each in zip(slopes, of, strict=True)
        )

    size = carried(sizes)
    least = np.finfo(np.float64).tiny
    rounding = np.maximum(_ROUNDING * np.maximum(size, np.abs(value)), least)
    return value, rounding, size, carried(ends) / step
