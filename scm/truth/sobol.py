"""Randomised quasi-Monte Carlo: scrambled Sobol points through the laws' quantile functions.

The points fill the unit cube more evenly than chance does, one coordinate for each noise that has
a part in what is asked. Several independent scramblings of them are batches, whose spread is the
error (Owen 1997; L'Ecuyer 2018, "Randomized quasi-Monte Carlo: an introduction for practitioners").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.noise.score import NormalScore, Score
from scm.noise.scored import Scored
from scm.noise.source import Address
from scm.noise.words import fold, stream_of
from scm.truth.batches import Asked, estimate, gathered
from scm.truth.behind import components, noises_behind
from scm.truth.net import Net, block, scrambled
from scm.truth.question import Mean, Quantile
from scm.truth.result import Truth
from scm.truth.smooth import smooth_in

__all__ = ["coordinates", "sobol"]

_SCRAMBLINGS = 32
_MOST_COORDINATES = 64  # there they halve the error of smooth means, at no more time than chance
# Powers of two. A net: at least (the quantile of few points is biased), and at most.
_FEWEST, _FEWEST_OF_QUANTILE, _LARGEST = 5, 8, 20
_BLOCK, _PATIENT = 16, 11  # of a program; with a tolerance, so that it may stop early
_STREAM = 0x736F626F  # parts these random numbers from those of units


def sobol(asked: Asked, key: Any, *, tolerance: float | None, budget: int) -> Truth | None:
    """The answer from scrambled Sobol points; None where noise cannot be made from points, or its
    coordinates are too many for them to be more even than chance.

    With a tolerance the points are doubled until the standard error is below it, or the budget is
    spent. One program, of one number of points, makes them all.
    """
    sizes = coordinates(asked)
    dimension = sum(sizes.values()) if sizes is not None else 0
    most = min((budget // _SCRAMBLINGS).bit_length() - 1, _LARGEST)
    quantiles = any(isinstance(each, Quantile) for each in asked.statistics)
    fewest = _FEWEST_OF_QUANTILE if quantiles else _FEWEST
    if sizes is None or not 0 < dimension <= _MOST_COORDINATES or most < fewest:
        return None
    smooth = smooth_in(asked, sizes)
    run = asked.program("sobol", lambda: _job(asked, sizes, smooth))
    inputs = jax.device_put(asked.inputs)
    stream = np.asarray(fold(stream_of(key), _STREAM, 0))
    power = min(most, _BLOCK if tolerance is None else _PATIENT)
    parts: list[list[Any]] = []
    reaches: list[Any] = []

    def evaluate(first: int, blocks: range) -> None:
        """Blocks of 32 scramblings, all of one block by one call."""
        numbers = range(first, first + _SCRAMBLINGS)
        nets = scrambled(stream, dimension, most, numbers)
        parts.extend([] for _ in range(numbers.stop - len(parts)))
        for at in blocks:
            each = [block(net, power, at) for net in nets]
            stacked = jax.tree.map(lambda *tables: np.stack(tables), *each)
            found, reach, finite, lawful = jax.device_get(run(inputs, stacked))
            asked.judge(finite.all(), lawful.all())
            reaches.append(reach.max(axis=0))
            for place, number in enumerate(numbers):
                parts[number].append([kept[place] for kept in found])

    def answer() -> Truth:
        nets = [_joined(asked, each) for each in parts]
        value, se = estimate(asked.question, nets, pooled=False)
        n = sum(map(len, parts)) << power
        point = np.max(reaches, axis=0) / n
        return Truth(value, np.maximum(np.hypot(se, point), 2**0.5 * point), "qmc", n)

    blocks = 1 << (most - power)
    if tolerance is None:
        for first in range(0, max((budget >> most) - _SCRAMBLINGS + 1, 1), _SCRAMBLINGS):
            evaluate(first, range(blocks))
        return answer()
    evaluate(0, range(1))
    while not _reached(found := answer(), tolerance) and found.n * 2 <= budget:
        done = len(parts[0])
        if done < blocks:
            evaluate(0, range(done, 2 * done))
        else:
            for first in range(len(parts), 2 * len(parts), _SCRAMBLINGS):
                evaluate(first, range(blocks))
    return found


def _reached(found: Truth, tolerance: float) -> bool:
    # no spread at all in what was drawn so far is no evidence of none
    return bool(np.all(found.se <= tolerance) and np.all(found.se > 0))


def coordinates(asked: Asked) -> dict[Address, int] | None:
    """The number of scalar components of every noise that has a part in what is asked; None if one
    of them has nothing but a sampler."""
    behind = noises_behind(asked)
    if any(use.law.kind == "sampler" for uses in behind.values() for use in uses):
        return None
    return {address: components(uses) for address, uses in behind.items()}


def _job(asked: Asked, sizes: Mapping[Address, int], smooth: bool) -> Any:
    def one(inputs: Any, net: Net) -> tuple[list[Any], Any, Any, Any]:
        values, events, lawful = asked.per_unit(inputs, _source(asked, sizes, net), net.n)
        held, finite = gathered(asked, values, events)
        return held, jnp.asarray(0.0) if smooth else _reach(asked, values), finite, lawful

    def job(inputs: Any, nets: Net) -> Any:
        return jax.lax.map(lambda net: one(inputs, net), nets)

    return job


def _reach(asked: Asked, values: list[Any]) -> Any:
    """How far apart units are in what they bring to the answer.

    Where a function jumps, nets may all have the same number of points on one side: they agree, and
    are wrong by a part of a point. A point that is in the balance in one net of sixteen, which may
    not show in 32, makes an error of 1.4 times this over the number of all points.
    """
    if not all(isinstance(each, Mean) for each in asked.statistics):
        return jnp.asarray(0.0)
    means = tuple(each.mean(axis=0) for each in values)
    part = lambda *unit: jax.jvp(asked.question.combine, means, unit)[1]
    brought = jax.vmap(part)(*(each - mean for each, mean in zip(values, means, strict=True)))
    return jnp.nan_to_num(brought.max(axis=0) - brought.min(axis=0), posinf=0.0)


def _joined(asked: Asked, blocks: list[Any]) -> list[Any]:
    """What is kept of one net, from what is kept of its blocks."""
    columns = zip(asked.statistics, zip(*blocks, strict=True), strict=True)
    return [
        np.mean(parts, axis=0) if isinstance(statistic, Mean) else np.concatenate(parts)
        for statistic, parts in columns
    ]


def _source(asked: Asked, sizes: Mapping[Address, int], net: Net) -> Scored:
    """The coordinates of a net dealt out to the noises; normal scores made for all at once."""
    scores = net.scores()
    normal = jax.lax.optimization_barrier(scores.normal)
    held: dict[Address, Score] = {}
    at = 0
    for address, uses in noises_behind(asked).items():
        end = at + sizes[address]
        only_normal = all(u.law.family == "Normal" or u.law.kind == "score" for u in uses)
        part = NormalScore(normal) if only_normal else scores
        held[address] = jax.tree.map(lambda rows, at=at, end=end: rows[at:end].T, part)
        at = end
    return Scored(held, {})
