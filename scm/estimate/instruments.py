"""Instrumental variables: two-stage least squares, and the set that stays true if they are weak."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from scm.estimate.instrument_triangle import (
    failures_of,
    first_stage_f,
    in_rows,
    reduce_to_triangle,
    residuals,
)
from scm.estimate.least_squares import inverse, product
from scm.estimate.protocol import Estimate, Roles, conclude, estimator
from scm.estimate.quantiles import f_quantile, t_quantile
from scm.estimate.sample import Sample, nearest

__all__ = ["anderson_rubin", "tsls"]

_ASSUMPTIONS = (
    "the instruments move the outcome only through the treatment (and endogenous)",
    "no unmeasured common cause of instruments and outcome given adjust",
    "the instruments move the treatment",
)


def _moments(roles: Roles, *, endogenous: tuple[str, ...] = (), **_: Any) -> float:
    """How many instruments there are beyond need: as many moments has 2SLS, with normal errors."""
    _check_order(roles, endogenous)
    return float(len(roles.instruments) - 1 - len(endogenous))


@estimator(
    target="LATE",
    assumes=(*_ASSUMPTIONS, "monotonicity: no unit's treatment is moved the other way"),
    criterion="instrument",
    needs=("adjust", "instruments"),
    choices={"covariance": ("classical", "HC0", "HC1")},
    moments=_moments,
    shared=True,
)
def tsls(
    sample: Sample,
    roles: Roles,
    level: float,
    *,
    covariance: str = "classical",
    endogenous: tuple[str, ...] = (),
) -> Estimate:
    """Two-stage least squares: the treatment's coefficient, identified by the instruments alone.

    ``Y = a + b T + c'W + e``; with X all regressors, and P the projection on intercept, exogenous
    columns and instruments, ``(a, b, c) = (X'PX)^-1 X'PY``. Where the effect is constant, b is
    everybody's; otherwise, with a binary instrument and treatment, it is that of the compliers.

    Options:
        covariance: "classical" ``s**2 (X'PX)^-1`` with ``s**2 = e'e / (n - k)``, and e the
            residuals from the treatment as it was; "HC0", "HC1" (times n/(n - k)) for unequal
            variances.
        endogenous: names out of ``adjust`` to be instrumented too. The order condition must hold:
            at least as many instruments as endogenous variables, the treatment included.

    The interval is Student's t with n - k degrees of freedom. (linearmodels says so with
    ``debiased=True``; its default divides by n and takes the normal law.)

    Moments: with normal errors the value has as many as there are overidentifying restrictions,
    hence no mean when just identified.

    Roles: treatment (any numbers), outcome, adjust, instruments.
    Diagnostics: ``first_stage_f``, the F of the instruments in the regression of the treatment on
    them and the exogenous columns (with ``endogenous``, a high one does not prove identification);
    ``sargan``, n times the share of the residuals' squares that the instruments explain, chi-square
    with as many degrees of freedom as there are overidentifying restrictions; ``dof`` = n - k.
    Failures: too_few_rows, constant_treatment, collinear, irrelevant_instruments (rank condition).
    Source: J. M. Wooldridge, Econometric Analysis (2010), chapter 5; moments: T. W. Kinal,
    Econometrica 48 (1980), 241-249.

    >>> import numpy as np
    >>> z, u = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 2, 1, 0, 1, 1, 2.0])
    >>> data = {"z": z, "t": 2 * z + u, "y": 1.5 * (2 * z + u) - 3 * u}
    >>> print(round(float(tsls(data, Roles("t", "y", instruments="z")).value), 3))
    1.5
    """
    _check_order(roles, endogenous)
    system = reduce_to_triangle(sample, roles, endogenous)
    m, q = system.r_zx.shape[1], system.r_zx.shape[0]
    # Second stage: what Z explains of y on what it explains of X, the treatment last.
    direction, stage = jnp.linalg.qr(system.r_zx)
    stage_inverse = inverse(stage)
    slopes = product(stage_inverse, product(direction.T, system.r_zy))
    rest_z = system.r_zy - product(system.r_zx, slopes)
    rest_x = system.r_xy - product(system.r_xx, slopes)
    squares = jnp.sum(rest_z**2) + jnp.sum(rest_x**2) + system.r_yy**2
    k = 1 + sample.adjust.shape[1] + 1
    dof = sample.n - k
    degrees = jnp.maximum(dof, 1)
    last = stage_inverse[m - 1, m - 1]
    if covariance == "classical":
        se = jnp.sqrt(squares / degrees) * jnp.abs(last)
    else:
        along_z = jnp.concatenate([jnp.zeros_like(system.r_wz[:, 0]), direction[:, m - 1]])
        influence = in_rows(system, along_z) * last
        residual = residuals(system, slopes)
        meat = product(sample.weights, (residual * influence) ** 2)
        se = jnp.sqrt(meat * (sample.n / degrees if covariance == "HC1" else 1)) / sample.n
    value, se = slopes[m - 1] * system.unit, se * system.unit
    half = t_quantile(level, degrees) * se
    explained = jnp.sum(rest_z**2) if q > m else jnp.zeros_like(value)
    return conclude(
        sample,
        value,
        se,
        (value - half, value + half),
        failures=failures_of(system, sample),
        diagnostics={
            "first_stage_f": first_stage_f(system, sample),
            "sargan": sample.n * explained / jnp.where(squares > 0, squares, 1),
            "dof": dof,
        },
    )


INTERVAL, TWO_RAYS, WHOLE_LINE, EMPTY = range(4)


@estimator(
    target="LATE",
    assumes=(*_ASSUMPTIONS[:2], "the effect is the same for every unit"),
    criterion="instrument",
    needs=("adjust", "instruments"),
    moments=_moments,
    shared=True,
)
def anderson_rubin(sample: Sample, roles: Roles, level: float) -> Estimate:
    """The Anderson-Rubin confidence set: true coverage however weak the instruments.

    All b0 for which the F test of the instruments, in the regression of ``Y - b0 T`` on intercept,
    adjust and instruments, does not reject at 1 - level. That is a quadratic inequality in b0,
    solved in closed form, so the set has one of four shapes; ``diagnostics["shape"]`` is its code:

        0  an interval, low to high
        1  two rays: everything but the open interval ``gap_low`` to ``gap_high``; low and high are
           -inf and inf, the smallest interval that holds the set
        2  the whole line: the data say nothing; low and high are -inf and inf
        3  empty: no effect fits all instruments (only if there are several); low is inf, high -inf

    The value is the two-stage least squares estimate, which an empty set does not hold. ``se`` is
    NaN with code 0: the method has none.

    Roles: treatment (any numbers), outcome, adjust (all exogenous), instruments.
    Diagnostics: ``shape``; ``gap_low``, ``gap_high`` (NaN for other shapes); ``first_stage_f``;
    ``dof`` = n less the numbers of columns and instruments, less 1.
    Failures: too_few_rows, constant_treatment, collinear, irrelevant_instruments.
    Source: T. W. Anderson and H. Rubin, Annals of Mathematical Statistics 20 (1949), 46-63; shapes,
    J.-M. Dufour and M. Taamouti, Econometrica 73 (2005), 1351-1365.

    >>> import numpy as np
    >>> z, u = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 2, 1, 0, 1, 1, 2.0])
    >>> data = {"z": z, "t": 2 * z + u, "y": 1.5 * (2 * z + u) - 3 * u}
    >>> found = anderson_rubin(data, Roles("t", "y", instruments="z"))
    >>> print(int(found.diagnostics["shape"]), found.low < 1.5 < found.high)
    0 True
    """
    system = reduce_to_triangle(sample, roles, ())
    q = system.r_zx.shape[0]
    a, b = system.r_zy, system.r_zx[:, 0]
    r_xx, r_xy = system.r_xx[0, 0], system.r_xy[0]
    dof = sample.n - (1 + sample.adjust.shape[1] + q)
    degrees = jnp.maximum(dof, 1)
    limit = q * f_quantile(level, q, degrees) / degrees
    # |a - b0 b|^2 <= limit ((r_xy - b0 r_xx)^2 + r_yy^2), or square b0^2 - 2 half b0 + rest <= 0
    square = jnp.sum(b**2) - limit * r_xx**2
    half = jnp.sum(a * b) - limit * r_xy * r_xx
    rest = jnp.sum(a**2) - limit * (r_xy**2 + system.r_yy**2)
    shape, first, second = _solve(square, half, rest)
    unit = system.unit
    low = jnp.select([shape == INTERVAL, shape == EMPTY], [first * unit, jnp.inf], -jnp.inf)
    high = jnp.select([shape == INTERVAL, shape == EMPTY], [second * unit, -jnp.inf], jnp.inf)
    return conclude(
        sample,
        jnp.sum(a * b) / jnp.sum(b**2) * unit,
        jnp.full_like(low, jnp.nan),
        (low, high),
        has_se=False,
        failures=failures_of(system, sample),
        diagnostics={
            "shape": shape,
            "gap_low": jnp.where(shape == TWO_RAYS, first * unit, jnp.nan),
            "gap_high": jnp.where(shape == TWO_RAYS, second * unit, jnp.nan),
            "first_stage_f": first_stage_f(system, sample),
            "dof": dof,
        },
    )


def _solve(square: Array, half: Array, rest: Array) -> tuple[Array, Array, Array]:
    """Where ``square x**2 - 2 half x + rest <= 0``: the shape of the set, and its ordered roots."""
    discriminant = half**2 - square * rest
    real = discriminant >= 0
    # The root of larger size by addition, the other from their product: nothing cancels.
    sum_ = half + jnp.where(half < 0, -1, 1) * jnp.sqrt(jnp.where(real, discriminant, 0))
    one = sum_ / square
    other = jnp.where(sum_ != 0, rest / jnp.where(sum_ != 0, sum_, 1), 0)
    shape = jnp.where(
        square > 0,
        jnp.where(real, INTERVAL, EMPTY),
        jnp.where(real & (square < 0), TWO_RAYS, WHOLE_LINE),
    )
    return shape.astype(jnp.int32), jnp.minimum(one, other), jnp.maximum(one, other)


def _check_order(roles: Roles, endogenous: tuple[str, ...]) -> None:
    """Refuse names that cannot be endogenous, and more of them than there are instruments."""
    for name in endogenous:
        if name not in roles.adjust or endogenous.count(name) > 1:
            raise ValueError(
                f"tsls: endogenous: {name!r} must be named once here and once in roles.adjust"
                f"{nearest(name, roles.adjust)}; the treatment is endogenous without being named; "
                f"roles.adjust holds: {', '.join(roles.adjust) or 'nothing'}"
            )
    moved = (roles.treatment, *endogenous)
    if len(roles.instruments) < len(moved):
        raise ValueError(
            f"tsls: {len(moved)} endogenous variables ({', '.join(moved)}) need as many "
            f"instruments, and roles.instruments names {len(roles.instruments)} "
            f"({', '.join(roles.instruments) or 'none'}); add instruments, or take names out of "
            "endogenous"
        )
