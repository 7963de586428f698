"""The truth of a contrast: exact where every arm's mean is, over coupled worlds otherwise."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from scm.core.errors import ModelError
from scm.core.structure import System
from scm.solve.draws import laws_of
from scm.truth.exact import exact_mean
from scm.truth.monte_carlo import coupled_mean
from scm.truth.result import Truth

__all__ = ["BudgetWarning", "MomentWarning", "true_contrast"]


class MomentWarning(UserWarning):
    """A noise behind the outcome has no finite variance: neither may the outcome."""


class BudgetWarning(UserWarning):
    """The units allowed were spent before the tolerance was reached."""


def true_contrast(
    what: str,
    arms: Sequence[tuple[float, Any]],
    outcome: str,
    key: Any,
    *,
    tolerance: float | None,
    budget: int,
) -> Truth:
    """``sum of coefficient * E[outcome]`` over arms, each a (coefficient, model).

    ``what`` names the estimand in warnings.
    """
    if tolerance is not None and not tolerance > 0:
        raise ModelError(f"{what}: tolerance={tolerance}: a positive standard error is wanted")
    if budget < 2:
        raise ModelError(f"{what}: budget={budget}: at least 2 units are wanted")
    # In double precision, for this computation only: differences of exact means must not be of
    # their rounding.
    with jax.enable_x64(True):
        exact = [exact_mean(model.system, outcome) for _, model in arms]
    if all(exact):
        means = [each[0] for each in exact if each is not None]
        value = sum(weight * mean for (weight, _), mean in zip(arms, means, strict=True))
        return Truth(value, 0.0, "exact", max(each[1] for each in exact if each is not None))
    for model in {id(model): model for _, model in arms}.values():
        _warn_of_moments(what, model.system, outcome)
    moments = coupled_mean(arms, outcome, key, tolerance=tolerance, budget=int(budget))
    se = float(moments.standard_error)
    if tolerance is not None and se > tolerance:
        warnings.warn(
            f"{what}: after the whole budget of {moments.n:,} units the standard error is "
            f"{se:.3g}, above the tolerance {tolerance:.3g}; raise budget= or tolerance=",
            BudgetWarning,
            stacklevel=4,
        )
    return Truth(float(moments.mean), se, "monte carlo", moments.n)


def _warn_of_moments(what: str, system: System, outcome: str) -> None:
    """Warn if a declared noise among the outcome's causes has no finite variance."""
    causes = system.structure.ancestors(frozenset({outcome}))
    for (name, depth, noise), law in laws_of(system).items():
        live = name in causes and depth in system.structure.variables[name].live
        if not live or law is None or law.event_shape or law.support is None or law.is_discrete:
            continue
        try:
            finite = bool(jnp.isfinite(law.variance))
        except NotImplementedError:
            continue
        if not finite:
            warnings.warn(
                f"{what}: the noise {noise!r} of {name} ({type(law).__name__}) has no finite "
                f"variance; unless {outcome} bounds it, neither a sampled value nor its error "
                "can be trusted",
                MomentWarning,
                stacklevel=5,
            )
