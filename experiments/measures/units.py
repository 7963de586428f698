"""Estimates with a value for every unit: effects given covariates, and the policies they advise.

In one data set of n units, with effects tau(i) and mean outcomes y(i, a) of the actions a:

    PEHE             sqrt(mean_i((estimate(i) - tau(i))^2))         Hill (2011, Journal of
                                                                    Computational and Graphical
                                                                    Statistics 20)
    policy regret    mean_i(max_a y(i, a) - y(i, chosen(i)))        Manski (2004, Econometrica 72)

Each gives one number a data set; the measure is their mean over K data sets, with s / sqrt(K) as
its error. Errors of the unit effects themselves, independent and of standard error tau, can only
have raised a PEHE, from sqrt(PEHE^2 - tau^2); that difference is added to its error. The error of a
best value that is known by simulation only is added to that of the regret.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from experiments.measures.measure import Measure, deviation, finite, too_few

__all__ = ["pehe", "pehe_of", "regret", "regret_of"]


def pehe_of(estimates: Any, effects: Any) -> float:
    """The precision in estimating heterogeneous effects of one data set: a root mean square.

    Arguments:
        estimates, effects: for each unit, the estimate of its effect and the effect, in the same
            order: as it is given the unit's covariates, or the unit's own.

    Raises `ValueError` for values that are not finite, and for counts that differ.

    >>> pehe_of([1.0, 2.0, 8.0, 5.0], effects=[4.0, 2.0, 4.0, 5.0])
    2.5
    """
    x, tau = finite("pehe estimates", estimates), finite("pehe effects", effects)
    if x.size != tau.size or not x.size:
        raise ValueError(
            f"pehe: an effect for every estimate is wanted, given {tau.size} for {x.size}"
        )
    return math.sqrt(np.mean((x - tau) ** 2))


def pehe(each: Any, effect_se: float = 0.0) -> Measure:
    """Mean PEHE of data sets, from the PEHE of each; ``effect_se`` is tau above.

    >>> pehe([0.5, 1.5, 0.5, 1.5]).value
    1.0
    """
    roots = finite("pehe", each)
    if roots.size < 2:
        return too_few("pehe", roots.size)
    value = float(roots.mean())
    raised = value - math.sqrt(max(0.0, value**2 - effect_se**2))
    return Measure("pehe", value, math.hypot(deviation(roots) / math.sqrt(roots.size), raised))


def regret_of(outcomes: Any, chosen: Any) -> float:
    """What a policy loses in one data set against the best action for every unit.

    Arguments:
        outcomes: (units, actions): the mean outcome of each unit under each action; more is better.
        chosen: (units,): the column of the action that the policy takes.

    Raises `ValueError` for values that are not finite, and actions that are not there.

    >>> regret_of([[0.0, 1.0], [0.5, 0.0]], chosen=[0, 0])
    0.5
    """
    table, action = np.asarray(outcomes, float), np.asarray(chosen)
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise ValueError(
            "regret: finite outcomes of shape (units, actions) are wanted, given "
            f"{table.shape} with {int((~np.isfinite(table)).sum())} that are not finite"
        )
    units, actions = table.shape
    known = np.issubdtype(action.dtype, np.integer) and ((action >= 0) & (action < actions)).all()
    if action.shape != (units,) or not known:
        raise ValueError(
            f"regret: one action of 0 to {actions - 1} for each of {units} units is wanted, given "
            f"{action!r}"
        )
    return float(np.mean(table.max(axis=1) - table[np.arange(units), action]))


def regret(each: Any, best_se: float = 0.0) -> Measure:
    """Mean regret of data sets, from the regret of each; ``best_se``: the best value's error.

    >>> regret([0.5, 1.5, 0.5, 1.5]).value
    1.0
    """
    losses = finite("regret", each)
    if losses.size < 2:
        return too_few("regret", losses.size)
    mcse = math.hypot(deviation(losses) / math.sqrt(losses.size), best_se)
    return Measure("regret", float(losses.mean()), mcse)
