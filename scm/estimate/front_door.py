"""The front door: an effect that is confounded, found through all that carries it."""

from __future__ import annotations

import jax.numpy as jnp

from scm.estimate.cells import first_rows, mean_in, numbered, positive, total_in
from scm.estimate.influence import conclude_by_influence
from scm.estimate.least_squares import power_of_two, product
from scm.estimate.paths import fit_paths
from scm.estimate.protocol import Estimate, Roles, estimator
from scm.estimate.sample import Sample

__all__ = ["front_door", "front_door_regression"]

_ASSUMPTIONS = (
    "the mediators carry the whole effect of the treatment",
    "no unmeasured common cause of treatment and mediators",
    "no unmeasured common cause of mediators and outcome but through the treatment",
)


@estimator(
    target="ATE",
    assumes=(*_ASSUMPTIONS, "positivity: the mediators take each of their values in every arm"),
    criterion="frontdoor",
    needs=("mediators",),
    shared=True,
)
def front_door(
    sample: Sample, roles: Roles, level: float, *, levels: tuple[float, float] = (0, 1)
) -> Estimate:
    """The front-door formula, with the frequencies and means of the data put in.

    ``E[Y | do(t1)] - E[Y | do(t0)] = sum_m (P(m|t1) - P(m|t0)) sum_t E[Y|t,m] P(t)``, t over all
    values of the treatment, m over all combinations of values of the mediators. With d(m) the
    difference of the two chances, g(m) the inner sum, and h(t) = sum_m d(m) E[Y|t,m], a unit's
    influence on the value is

        d(M) / P(M|T) (Y - E[Y|T,M])  +  (1[T=t1] / P(t1) - 1[T=t0] / P(t0)) (g(M) - E[g(M)|T])
            +  h(T) - value

    and ``se**2`` is the mean of its square over n. The interval is normal.

    Options:
        levels: (t0, t1), the two treatments that are compared.

    Roles: treatment and mediators (any numbers of columns of finitely many values), outcome.
    Columns to adjust for are ignored.
    Diagnostics: ``cells``, how many combinations of treatment and mediators there are;
    ``single_units``, those of one unit, whose variance is 0 here: the standard error is then too
    small.
    Failures: too_few_rows (no more than cells), constant_treatment, absent_level, empty_cell (what
    the mediators are in one of the two arms, they never are under some treatment).
    Source: J. Pearl, Biometrika 82 (1995), 669-688; influence function, I. R. Fulcher, I. Shpitser,
    S. Marealle and E. J. Tchetgen Tchetgen, JRSS B 82 (2020), 199-214.

    >>> import numpy as np
    >>> smokes, tar = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 0, 1, 0, 1, 1, 1])
    >>> data = {"smokes": smokes, "tar": tar, "ill": 2 * tar - smokes}
    >>> print(front_door(data, Roles("smokes", "ill", mediators="tar")).value)
    1.0
    """
    low, high = levels
    weights, rows = sample.weights, positive(sample.n)
    unit = power_of_two(sample.outcome)  # in which squares neither vanish nor overflow
    outcome = sample.outcome / unit
    outcome = outcome - product(weights, outcome) / rows  # chances differ by 0 in sum: no matter
    treatment, mediators = sample.treatment[:, None], sample.mediators
    t, m = numbered(treatment), numbered(mediators)
    both = numbered(jnp.concatenate([treatment, mediators], axis=1))
    size_t = total_in(t, weights)
    size, mean = mean_in(both, outcome, weights)

    arms = [jnp.where(sample.treatment == value, weights, 0) for value in (high, low)]
    sizes = [jnp.sum(arm) for arm in arms]
    chances = [total_in(m, arm) / positive(n) for arm, n in zip(arms, sizes, strict=True)]
    shift = chances[0] - chances[1]
    once = first_rows(both, weights)
    over_t = total_in(m, jnp.where(once, mean * size_t / rows, 0))
    over_m = total_in(t, jnp.where(once, mean * shift, 0))
    means = [product(arm, over_t) / positive(n) for arm, n in zip(arms, sizes, strict=True)]
    value = means[0] - means[1]

    influence = shift * size_t / positive(size) * (outcome - mean) + over_m - value
    for sign, arm, n, centre in zip((1, -1), arms, sizes, means, strict=True):
        moved = sign * (over_t - centre) * (rows / positive(n))
        influence = influence + jnp.where(arm > 0, moved, 0)
    treatments = jnp.sum(first_rows(t, weights), dtype=jnp.int32)
    met = total_in(m, once.astype(jnp.int32))
    needed = (weights > 0) & (chances[0] + chances[1] > 0)
    empty = jnp.any(needed & (met < treatments))
    cells = jnp.sum(once, dtype=jnp.int32)
    return conclude_by_influence(
        sample,
        value,
        influence,
        unit,
        level,
        failures={
            "too_few_rows": (sample.n <= cells.astype(sample.n.dtype)) & ~empty,
            "constant_treatment": treatments < 2,
            "absent_level": (sizes[0] == 0) | (sizes[1] == 0),
            "empty_cell": empty,
        },
        diagnostics={
            "cells": cells,
            "single_units": jnp.sum(once & (size == 1), dtype=jnp.int32),
        },
    )


@estimator(
    target="ATE",
    assumes=(
        *_ASSUMPTIONS,
        "mediators and outcome are linear in what comes before them, without interactions",
    ),
    criterion="frontdoor",
    needs=("adjust", "mediators"),
    shared=True,
)
def front_door_regression(sample: Sample, roles: Roles, level: float) -> Estimate:
    """The front door by two least-squares regressions: the product of their coefficients.

    ``M = a0 + a T + a'W + e`` for each mediator, ``Y = c0 + b'M + c T + c'W + e``, and the value is
    ``sum(a b)``, per unit of the treatment. T stands in the second regression to block the back
    door from M to Y: its own coefficient c is confounding, and is thrown away. Where mediators and
    treatment interact, or a line does not describe them, the value is not the effect; `front_door`
    needs no lines.

    The standard error is that of the product: both regressions' influence functions stacked,
    robust against unequal variances (HC0). The interval is normal.

    Roles: treatment (any numbers), mediators, outcome, adjust (covariates, in both regressions).
    Diagnostics: ``dof``, n less the number of coefficients of the second regression.
    Failures: too_few_rows, constant_treatment, collinear (also where treatment and covariates
    determine a mediator).
    Source: J. Pearl, Causality (2009), section 3.3.2, which in a linear model comes to this.

    >>> import numpy as np
    >>> u, t = np.array([0, 1, 2, 3, 0, 1, 2, 3]), np.array([0, 1, 2, 3, 1, 2, 3, 0])
    >>> m = 2 * t + np.array([1, -1, 0, 1, 0, -1, 1, -1])
    >>> data = {"t": t, "m": m, "y": 0.5 * m + 3 * t}
    >>> found = front_door_regression(data, Roles("t", "y", mediators="m"))
    >>> slope = np.polyfit(t, m, 1)[0]
    >>> print(round(float(found.value / (0.5 * slope)), 3))
    1.0
    """
    paths = fit_paths(sample)
    return paths.concluded(sample, paths.indirect, paths.indirect_influence, level)
