"""The way to a truth: exactly where that can be had, else by the best numerical method there is."""

from __future__ import annotations

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.errors import ModelError
from scm.solve.draws import laws_of
from scm.truth.batches import Asked, asked
from scm.truth.exact import exact
from scm.truth.monte_carlo import monte_carlo
from scm.truth.question import Question
from scm.truth.result import Truth
from scm.truth.sobol import sobol

__all__ = ["BudgetWarning", "MomentWarning", "truth_of"]


class MomentWarning(UserWarning):
    """A noise behind the outcome has no finite variance: neither may the outcome."""


class BudgetWarning(UserWarning):
    """The units allowed were spent before the tolerance was reached."""


def truth_of(question: Question, key: Any, *, tolerance: float | None, budget: int) -> Truth:
    """The answer to a question, by the first method that has one.

    Computed in double precision, for this computation only: differences of means must not be of
    their rounding.
    """
    name = question.name
    if tolerance is not None and not tolerance > 0:
        raise ModelError(f"{name}: tolerance={tolerance}: a positive standard error is wanted")
    if budget < 2:
        raise ModelError(f"{name}: budget={budget}: at least 2 units are wanted")
    with jax.enable_x64(True):
        ready = asked(question)
        found = exact(ready) or _sampled(ready, key, tolerance, int(budget))
    return found._replace(value=_plain(found.value), se=_plain(found.se))


def _sampled(ready: Asked, key: Any, tolerance: float | None, budget: int) -> Truth:
    _warn_of_moments(ready)
    found = sobol(ready, key, tolerance=tolerance, budget=budget) or monte_carlo(
        ready, key, tolerance=tolerance, budget=budget
    )
    if tolerance is not None and not np.all((found.se <= tolerance) & (found.se > 0)):
        error = (
            f"the standard error is {np.max(found.se):.3g}, above the tolerance {tolerance:.3g}"
            if np.any(found.se > tolerance)
            else "there was no spread at all, and something rare may not have been met"
        )
        warnings.warn(
            f"{ready.question.name}: after the whole budget of {found.n:,} units {error}; "
            "raise budget= or tolerance=",
            BudgetWarning,
            stacklevel=5,
        )
    return found


def _plain(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else np.asarray(value)


def _warn_of_moments(ready: Asked) -> None:
    """Warn if a declared noise behind a mean has no finite variance."""
    warned: set[tuple[str, str]] = set()
    for world, names in ready.wanted.items():
        system = ready.systems[world]
        causes = system.structure.ancestors(names)
        for (name, depth, noise), law in laws_of(system).items():
            live = name in causes and depth in system.structure.variables[name].live
            if (name, noise) in warned or not live or law is None or law.event_shape:
                continue
            if law.support is None or law.is_discrete:
                continue
            try:
                finite = bool(jnp.isfinite(law.variance))
            except NotImplementedError:
                continue
            if not finite:
                warned.add((name, noise))
                warnings.warn(
                    f"{ready.question.name}: the noise {noise!r} of {name} "
                    f"({type(law).__name__}) has no finite variance; unless what is asked bounds "
                    "it, neither a sampled value nor its error can be trusted",
                    MomentWarning,
                    stacklevel=6,
                )
