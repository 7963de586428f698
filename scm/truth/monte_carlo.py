"""Means over coupled worlds: every arm is the same units with the same noise, so that what the
arms share cancels in each unit before the mean is taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.compile.fingerprint import identity
from scm.compile.programs import kept
from scm.core.errors import NonFiniteError, UndefinedLawError
from scm.noise.identity import noise_names
from scm.noise.source import Drawn, Run
from scm.noise.words import stream_of
from scm.solve.acyclic import all_lawful, push, varies
from scm.solve.expectation import Moments

__all__ = ["coupled_mean"]

_BLOCK = 1 << 16


def coupled_mean(
    arms: Sequence[tuple[float, Any]],
    outcome: str,
    key: Any,
    *,
    tolerance: float | None,
    budget: int,
) -> Moments:
    """The moments over units of ``sum of coefficient * outcome``, each arm a (coefficient, model).

    Without a tolerance ``budget`` units are drawn; with one, blocks of 65,536 units until the
    standard error of the mean is below it, or the budget is spent.
    """
    systems = [model.system for _, model in arms]

    def job(numbers: Any, coefficients: Any, source: Drawn) -> tuple[Any, Any, Any]:
        total, fine = jnp.zeros(()), jnp.asarray(True)
        for system, each, weight in zip(systems, numbers, coefficients, strict=True):
            columns, lawful = push(system.given(each), source, {}, frozenset({outcome}))
            column = columns[outcome].astype(jnp.result_type(float))
            if not varies(column, ()):
                column = jnp.broadcast_to(column, (source.units.n,))
            total, fine = total + weight * column, fine & all_lawful(lawful)
        mean = total.mean()
        return mean, jnp.square(total - mean).sum(), fine

    program = kept(("contrast", tuple(map(identity, systems)), outcome), lambda: job)
    numbers = [system.numbers for system in systems]
    addresses = dict.fromkeys(a for system in systems for a in noise_names(system.structure))
    coefficients = np.array([weight for weight, _ in arms])
    root, total = stream_of(key), Moments.nothing()
    while total.n < budget:
        start = np.array([total.n >> 32, total.n & 0xFFFFFFFF], np.uint32)
        units = Run(root, start, min(_BLOCK, budget - total.n))
        arguments = (numbers, coefficients, units.source(addresses))
        mean, squares, fine = jax.device_get(program(*arguments))
        if not fine:
            raise UndefinedLawError(
                f"{outcome}: in some intervened world a law is given a parameter outside its "
                "domain; find it with model.do(...).sample(key, n), which names variable and unit"
            )
        if not np.isfinite(mean):
            raise NonFiniteError(
                f"{outcome} is not finite in some unit of an intervened world; find it with "
                "model.do(...).sample(key, n), which names the variable and the unit"
            )
        total += Moments(units.n, np.float64(mean), np.float64(squares))
        # no spread at all in what was drawn so far is no evidence of none
        if tolerance is not None and total.squares > 0 and total.standard_error <= tolerance:
            break
    return total
