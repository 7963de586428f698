"""Natural effects: what of an effect goes through mediators, and what goes past them."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from scm.estimate.cells import first_rows, mean_in, numbered, positive, total_in
from scm.estimate.influence import conclude_by_influence
from scm.estimate.least_squares import power_of_two, product
from scm.estimate.paths import fit_paths
from scm.estimate.protocol import Estimate, Roles, estimator
from scm.estimate.sample import Sample

__all__ = ["mediation", "product_of_coefficients"]

_ASSUMPTIONS = (
    "no unmeasured common cause, given adjust, of treatment and outcome or treatment and mediators",
    "no unmeasured common cause of mediators and outcome given treatment and adjust, "
    "and none that the treatment moves",
)

_COMPARED = {
    "NDE": ((1, 0), (0, 0)),
    "NIE": ((0, 1), (0, 0)),
    "TDE": ((1, 1), (0, 1)),
    "TIE": ((1, 1), (1, 0)),
    "TE": ((1, 1), (0, 0)),
}
"""The two means that each effect compares: which level the treatment has, and under which the
mediators are what they are; 0 is t0."""


@estimator(
    target="NIE",
    assumes=(
        *_ASSUMPTIONS,
        "positivity: what the mediators can be in a stratum, they can be there in either arm",
    ),
    criterion="mediation",
    needs=("adjust", "mediators"),
    choices={"effect": tuple(_COMPARED)},
    shared=True,
)
def mediation(
    sample: Sample,
    roles: Roles,
    level: float,
    *,
    effect: str = "NIE",
    levels: tuple[float, float] = (0, 1),
) -> Estimate:
    """The mediation formula, with the frequencies and means of the data put in.

    ``E[Y(a, M(b))] = sum_c P(c) sum_m E[Y|a,m,c] P(m|b,c)``, c over the strata of ``adjust``, m
    over all combinations of values of the mediators, and the value is a difference of two such
    means. With ``eta(c)`` the inner sum, a unit's influence on one of them is

        1[T=a] P(M|b,c) / (P(M|a,c) P(a|c)) (Y - E[Y|a,M,c])
            +  1[T=b] / P(b|c) (E[Y|a,M,c] - eta(c))  +  eta(c) - E[Y(a, M(b))]

    and ``se**2`` is the mean square, over n, of the difference of influences. The interval is
    normal.

    Options:
        effect: "NDE" ``E[Y(t1, M(t0)) - Y(t0)]`` and "NIE" ``E[Y(t0, M(t1)) - Y(t0)]``, the pure
            ones; "TDE" ``E[Y(t1) - Y(t0, M(t1))]`` and "TIE" ``E[Y(t1) - Y(t1, M(t0))]``, the total
            ones; "TE" = NDE + TIE = TDE + NIE.
        levels: (t0, t1), the two treatments that are compared. Units with others count in P(c).

    Roles: treatment, outcome, mediators and adjust (any numbers of columns of finitely many
    values; without adjust there is one stratum).
    Diagnostics: ``cells``, how many combinations of the two arms, mediators and strata there are;
    ``single_units``, those of one unit, whose variance is 0 here: the standard error is then too
    small.
    Failures: too_few_rows (no more than cells), constant_treatment, absent_level, empty_stratum (a
    stratum lacks one of the arms), empty_cell (what the mediators are in one arm of a stratum, they
    never are in the other; not for the TE, which asks no such thing).
    Source: J. Pearl, UAI (2001), 411-420; influence function, E. J. Tchetgen Tchetgen and I.
    Shpitser, Annals of Statistics 40 (2012), 1816-1845.

    >>> import numpy as np
    >>> drug, fever = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([1, 1, 1, 0, 1, 0, 0, 0])
    >>> data = {"drug": drug, "fever": fever, "pain": 4 * fever - drug + 2 * drug * fever}
    >>> roles = Roles("drug", "pain", mediators="fever")
    >>> [float(mediation(data, roles, effect=each).value) for each in ("NDE", "TIE", "TE")]
    [0.5, -3.0, -2.5]
    """
    weights = sample.weights
    unit = power_of_two(sample.outcome)  # in which squares neither vanish nor overflow
    outcome = sample.outcome / unit
    outcome = outcome - product(weights, outcome) / positive(sample.n)  # differences do not mind
    stratum = numbered(sample.adjust)
    cell = numbered(jnp.concatenate([sample.adjust, sample.mediators], axis=1))
    arms = [jnp.where(sample.treatment == value, weights, 0) for value in levels]
    sizes = [jnp.sum(arm) for arm in arms]
    found = {
        worlds: _nested(arms[worlds[0]], arms[worlds[1]], outcome, weights, stratum, cell)
        for worlds in _COMPARED[effect]
    }
    (these, influence, unmet), (those, other, other_unmet) = found.values()
    least = jnp.min(sample.treatment, where=weights > 0, initial=jnp.inf)
    most = jnp.max(sample.treatment, where=weights > 0, initial=-jnp.inf)
    lacking = [jnp.any((weights > 0) & (total_in(stratum, arm) == 0)) for arm in arms]
    empty = lacking[0] | lacking[1] | unmet | other_unmet
    firsts = [first_rows(cell, arm) for arm in arms]
    cells = jnp.sum(firsts[0] | firsts[1], dtype=jnp.int32)
    alone = [first & (total_in(cell, arm) == 1) for first, arm in zip(firsts, arms, strict=True)]
    return conclude_by_influence(
        sample,
        these - those,
        influence - other,
        unit,
        level,
        failures={
            "too_few_rows": (sum(sizes) <= cells.astype(sample.n.dtype)) & ~empty,
            "constant_treatment": ~(least < most),
            "absent_level": (sizes[0] == 0) | (sizes[1] == 0),
            "empty_stratum": lacking[0] | lacking[1],
            "empty_cell": unmet | other_unmet,
        },
        diagnostics={
            "cells": cells,
            "single_units": jnp.sum(alone[0] | alone[1], dtype=jnp.int32),
        },
    )


def _nested(
    treated: Array, mediated: Array, outcome: Array, weights: Array, stratum: Array, cell: Array
) -> tuple[Array, Array, Array]:
    """E[Y(a, M(b))], each row's influence on it (N,), and whether some mean it needs is of no row.

    Arguments:
        treated, mediated: (N,) the weights of the arms a and b, 0 for rows of other arms.
        stratum, cell: (N,) the numbers of the row's stratum, and of its mediators within it.
    """
    size, mean = mean_in(cell, outcome, treated)  # E[Y|a,m,c] and how many units it rests on
    size_b, eta = mean_in(stratum, mean, mediated)
    total = jnp.sum(weights)
    value = product(weights, eta) / positive(total)
    scale = total_in(stratum, weights) / positive(size_b)  # 1 / P(b|c)
    by_outcome = scale * total_in(cell, mediated) / positive(size) * (outcome - mean)
    influence = jnp.where(treated > 0, by_outcome, 0) + eta - value
    influence = influence + jnp.where(mediated > 0, scale * (mean - eta), 0)
    return value, influence, jnp.any((mediated > 0) & (size == 0))


@estimator(
    target="NIE",
    assumes=(
        *_ASSUMPTIONS,
        "mediators and outcome are linear in what comes before them, without interactions",
    ),
    criterion="mediation",
    needs=("adjust", "mediators"),
    choices={"effect": ("NDE", "NIE", "TE")},
    shared=True,
)
def product_of_coefficients(
    sample: Sample, roles: Roles, level: float, *, effect: str = "NIE"
) -> Estimate:
    """Mediation by two least-squares regressions: a product of coefficients, as Baron and Kenny.

    ``M = a0 + a T + a'W + e`` for each mediator, ``Y = c0 + b'M + c T + c'W + e``. The indirect
    effect is ``sum(a b)``, the direct one c, and their sum is the coefficient of T in the
    regression of Y on T and W. All are per unit of the treatment. Without interactions pure and
    total effects are the same; with one, none of them is.

    Options:
        effect: "NIE" ``sum(a b)``, "NDE" c, or "TE" ``c + sum(a b)``.

    The standard error is that of the combination: both regressions' influence functions stacked,
    robust against unequal variances (HC0). With equal variances that is Sobel's
    ``a**2 Var(b) + b**2 Var(a)`` in large samples. The interval is normal, and so is the value only
    where a and b are not both near 0.

    Roles: treatment (any numbers), mediators, outcome, adjust (covariates, in both regressions).
    Diagnostics: ``dof``, n less the number of coefficients of the second regression.
    Failures: too_few_rows, constant_treatment, collinear (also where treatment and covariates
    determine a mediator).
    Source: R. M. Baron and D. A. Kenny, Journal of Personality and Social Psychology 51 (1986),
    1173-1182; M. E. Sobel, Sociological Methodology 13 (1982), 290-312.

    >>> import numpy as np
    >>> t, m = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([1, 2, 3, 2, 4, 5, 6, 5])
    >>> data = {"t": t, "m": m, "y": 2 * m - 5 * t}
    >>> found = product_of_coefficients(data, Roles("t", "y", mediators="m"))
    >>> print(round(float(found.value), 3))
    6.0
    """
    paths = fit_paths(sample)
    value, influence = {
        "NIE": (paths.indirect, paths.indirect_influence),
        "NDE": (paths.direct, paths.direct_influence),
        "TE": (
            paths.direct + paths.indirect,
            paths.direct_influence + paths.indirect_influence,
        ),
    }[effect]
    return paths.concluded(sample, value, influence, level)
