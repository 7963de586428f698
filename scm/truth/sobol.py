"""Randomised quasi-Monte Carlo: scrambled Sobol points through the laws' quantile functions.

The points fill the unit cube more evenly than chance does, one coordinate for each noise that has
a part in what is asked. Several independent scramblings of them are batches, whose spread is the
error (Owen 1997; L'Ecuyer 2018, "Randomized quasi-Monte Carlo: an introduction for practitioners").
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from scm.noise.identity import drawn_law, static_law
from scm.noise.pointed import Pointed
from scm.noise.source import Address
from scm.noise.words import fold, stream_of
from scm.solve.acyclic import split
from scm.truth.batches import Asked, estimate
from scm.truth.monte_carlo import batch_statistic
from scm.truth.result import Truth

__all__ = ["sobol"]

_SCRAMBLINGS = 32
_MOST_COORDINATES = 16  # at 20 they halve the error for twice the time: no gain
_STREAM = 0x736F626F  # parts these random numbers from those of units


def sobol(asked: Asked, key: Any, *, tolerance: float | None, budget: int) -> Truth | None:
    """The answer from scrambled Sobol points; None where noise cannot be made from points, or its
    coordinates are too many for them to be more even than chance.

    With a tolerance the points are doubled until the standard error is below it, or the budget is
    spent.
    """
    sizes = coordinates(asked)
    dimension = sum(sizes.values()) if sizes is not None else 0
    most = int(math.log2(max(budget // _SCRAMBLINGS, 1)))
    if sizes is None or not 0 < dimension <= _MOST_COORDINATES or most < 5:
        return None
    run = asked.program("sobol", lambda: _job(asked))
    first = most if tolerance is None else min(10, most)
    for power in range(first, most + 1):
        batches = []
        for scrambling in range(_SCRAMBLINGS):
            source = _points(sizes, power, key, scrambling)
            found, lawful = jax.device_get(run(asked.inputs, source))
            asked.check(found, lawful)
            batches.append(found)
        value, se = estimate(asked.question, batches)
        # no spread at all in what was drawn so far is no evidence of none
        if tolerance is not None and np.all(se <= tolerance) and np.all(se > 0):
            break
    return Truth(value, se, "qmc", _SCRAMBLINGS << power)


def coordinates(asked: Asked) -> dict[Address, int] | None:
    """The number of scalar components of every noise that has a part in what is asked; None if one
    of them has nothing but a sampler."""
    found: dict[Address, int] = {}
    for world, names in asked.wanted.items():
        system = asked.systems[world]
        structure = system.structure
        needed = structure.ancestors(names)
        for name in structure.order:
            for depth in structure.variables[name].live if name in needed else ():
                mechanism = structure.mechanisms[name][depth]
                _, _, declared = split(system.numbers[name][depth], mechanism)
                laws = {(name, each): static_law(law) for each, law in declared.items()}
                drawn = drawn_law(name, mechanism, system.coupling)
                if drawn is not None:
                    laws[name, mechanism.assignment.fresh] = drawn
                if any(law.kind == "sampler" for law in laws.values()):
                    return None
                found |= {address: math.prod(law.shape) for address, law in laws.items()}
    return found


def _points(sizes: Mapping[Address, int], power: int, key: Any, scrambling: int) -> Pointed:
    """2**power points under one scrambling, as words by address."""
    from scipy.stats import qmc

    seed = np.asarray(fold(stream_of(key), _STREAM, scrambling))
    random = np.random.Generator(np.random.PCG64(seed.tolist()))
    engine = qmc.Sobol(sum(sizes.values()), scramble=True, bits=64, rng=random)
    places = engine.random_base2(power)  # multiples of 2**-64, rounded to doubles
    whole = np.minimum(places, 1 - 2.0**-53) * 2.0**64
    cells = whole.astype(np.uint64)
    words = np.stack([cells >> np.uint64(32), cells & np.uint64(0xFFFFFFFF)]).astype(np.uint32)
    ends = np.cumsum(list(sizes.values()))[:-1]
    parts: list[Any] = np.split(words, ends, axis=2)
    return Pointed(dict(zip(sizes, parts, strict=True)))


def _job(asked: Asked) -> Any:
    def job(inputs: Any, source: Pointed) -> tuple[list[Any], Any]:
        n = next(iter(source.words.values())).shape[1]
        values, events, lawful = asked.per_unit(inputs, source, n)
        each = zip(asked.statistics, values, events, strict=True)
        return [batch_statistic(*one) for one in each], lawful

    return job
