"""The way to a truth: exactly where that can be had, else by the best numerical method there is."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.errors import ModelError
from scm.truth.account import account
from scm.truth.batches import Asked, asked
from scm.truth.behind import noises_behind
from scm.truth.cache import keep, recall
from scm.truth.exact import exact
from scm.truth.monte_carlo import monte_carlo
from scm.truth.quadrature import quadrature
from scm.truth.question import Question
from scm.truth.result import Truth
from scm.truth.sobol import sobol

__all__ = ["BudgetWarning", "MomentWarning", "truth_of"]


class MomentWarning(UserWarning):
    """A noise behind the outcome has no finite variance: neither may the outcome."""


class BudgetWarning(UserWarning):
    """The tolerance was not reached: by the units allowed, or by double precision."""


# Families that always have a variance, so that it need not be computed.
_SPREAD = frozenset({"Normal", "Uniform", "Exponential", "Gamma", "Beta", "LogNormal", "Logistic",
                     "Laplace", "Gumbel", "HalfNormal", "TruncatedNormal", "Weibull"})  # fmt: skip
_USER = 3  # frames up: here, the estimand's `truth`, the line that asked


def truth_of(question: Question, key: Any, *, tolerance: float | None, budget: int) -> Truth:
    """The answer to a question, by the first method that has one, or from the cache.

    Computed in double precision, for this computation only: differences of means must not be of
    their rounding. Warnings are given whether an answer is new or was kept.
    """
    name = question.name
    if tolerance is not None and not tolerance > 0:
        raise ModelError(f"{name}: tolerance={tolerance}: a positive standard error is wanted")
    if budget < 2:
        raise ModelError(f"{name}: budget={budget}: at least 2 units are wanted")
    with jax.enable_x64(True):
        ready = asked(question)
        kept_under = account(ready, key, tolerance, int(budget))
        found = recall(kept_under)
        if found is None:
            found = _answer(ready, key, tolerance, int(budget))
            found = found._replace(value=_plain(found.value), se=_plain(found.se))
            keep(kept_under, name, found)
        for text in _unbounded(ready) if found.method in ("qmc", "monte carlo") else ():
            warnings.warn(text, MomentWarning, stacklevel=_USER)
    if (spent := _unreached(name, found, tolerance)) is not None:
        warnings.warn(spent, BudgetWarning, stacklevel=_USER)
    return found


def _answer(ready: Asked, key: Any, tolerance: float | None, budget: int) -> Truth:
    return (
        exact(ready)
        or quadrature(ready, tolerance=tolerance, budget=budget)
        or sobol(ready, key, tolerance=tolerance, budget=budget)
        or monte_carlo(ready, key, tolerance=tolerance, budget=budget)
    )


def _plain(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else np.asarray(value)


def _unreached(name: str, found: Truth, tolerance: float | None) -> str | None:
    """What to say if the budget was spent before the tolerance was reached."""
    if tolerance is None or found.method == "exact":
        return None
    if found.method == "quadrature" and np.any(found.se > tolerance):
        return (
            f"{name}: quadrature comes no nearer than {np.max(found.se):.3g}, above the tolerance "
            f"{tolerance:.3g}, and no other method would; raise tolerance="
        )
    if np.any(found.se > tolerance):
        error = f"the standard error is {np.max(found.se):.3g}, above the tolerance {tolerance:.3g}"
    elif not np.all(found.se > 0):
        error = "there was no spread at all, and something rare may not have been met"
    else:
        return None
    return (
        f"{name}: after the whole budget of {found.n:,} units {error}; raise budget= or tolerance="
    )


def _unbounded(ready: Asked) -> Iterator[str]:
    """What to say of each declared noise behind a mean that has no finite variance."""
    warned: set[tuple[str, str]] = set()
    for (name, noise), uses in noises_behind(ready).items():
        for law in (use.declared for use in uses):
            if (name, noise) in warned or law is None or law.event_shape:
                continue
            if type(law).__name__ in _SPREAD or law.support is None or law.is_discrete:
                continue
            try:
                finite = bool(jnp.isfinite(law.variance))
            except NotImplementedError:
                continue
            if not finite:
                warned.add((name, noise))
                yield (
                    f"{ready.question.name}: the noise {noise!r} of {name} "
                    f"({type(law).__name__}) has no finite variance; unless what is asked bounds "
                    "it, neither a sampled value nor its error can be trusted"
                )
