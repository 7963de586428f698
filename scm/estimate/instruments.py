"""Instrumental variables: two-stage least squares, and the confidence set that weak ones leave true.

One triangle serves both. With W the exogenous columns, Z the instruments, X the endogenous variables,
the treatment last, and y the outcome, all centred, QR of [W Z X y] leaves R:

        W   Z   X   y
    W   .   .   .   .
    Z       .  R_zx R_zy      what Z explains of X and y, beyond W
    X          R_xx R_xy      what nothing explains of X
    y               R_yy
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax import Array

from scm.estimate.least_squares import (
    Standardised,
    independent,
    inverse,
    product,
    standardise,
    triangle,
)
from scm.estimate.protocol import Estimate, Roles, conclude, estimator
from scm.estimate.quantiles import f_quantile, t_quantile
from scm.estimate.sample import Sample, nearest

__all__ = ["anderson_rubin", "tsls"]

_ASSUMPTIONS = (
    "the instruments move the outcome only through the treatment (and endogenous)",
    "no unmeasured common cause of instruments and outcome given adjust",
    "the instruments move the treatment",
)


def _overidentification(roles: Roles, *, endogenous: tuple[str, ...] = (), **_: Any) -> float:
    """How many instruments there are beyond need: as many moments has 2SLS, with normal errors."""
    _check_order(roles, endogenous, "tsls")
    return float(len(roles.instruments) - 1 - len(endogenous))


@estimator(
    target="LATE",
    assumes=(*_ASSUMPTIONS, "monotonicity: no unit's treatment is moved the other way"),
    needs=("adjust", "instruments"),
    choices={"covariance": ("classical", "HC0", "HC1")},
    moments=_overidentification,
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

    ``Y = a + b T + c'W + e``; with P the projection on intercept, exogenous columns and instruments,
    ``(b, c) = (X'PX)^-1 X'Py``. The effect must be constant for b to be everybody's; otherwise, with a
    binary instrument and treatment, it is that of the compliers.

    Options:
        covariance: "classical" ``s**2 (X'PX)^-1`` with ``s**2 = e'e / (n - k)``, and e the residuals
            from the treatment as it was; "HC0", "HC1" (times n/(n - k)) for unequal variances.
        endogenous: names out of ``adjust`` to be instrumented too. The order condition must hold:
            at least as many instruments as endogenous variables, the treatment included.

    The interval is Student's t with n - k degrees of freedom. (linearmodels says so with
    ``debiased=True``; its default divides by n and takes the normal law.)

    Moments: with normal errors the value has as many as there are overidentifying restrictions, hence
    no mean when just identified.

    Roles: treatment (any numbers), outcome, adjust, instruments.
    Diagnostics: ``first_stage_f``, the F of the instruments in the regression of the treatment on them
    and the exogenous columns (with ``endogenous``, high values do not prove identification);
    ``sargan``, n times the share of the residuals that the instruments explain, chi-square with as many
    degrees of freedom as there are overidentifying restrictions; ``dof`` = n - k.
    Failures: too_few_rows, constant_treatment, collinear, irrelevant_instruments (rank condition).
    Source: J. M. Wooldridge, Econometric Analysis (2010), chapter 5; moments: T. W. Kinal,
    Econometrica 48 (1980), 241-249.

    >>> import numpy as np
    >>> z, u = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 2, 1, 0, 1, 1, 2.0])
    >>> data = {"z": z, "t": 2 * z + u, "y": 1.5 * (2 * z + u) - 3 * u}
    >>> print(round(float(tsls(data, Roles("t", "y", instruments="z")).value), 3))
    1.5
    """
    _check_order(roles, endogenous, "tsls")
    system = _reduce(sample, roles, endogenous)
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
        influence = _in_rows(system, along_z) * last
        residual = _residuals(system, slopes)
        meat = product(sample.weights, (residual * influence) ** 2)
        se = jnp.sqrt(meat * (sample.n / degrees if covariance == "HC1" else 1)) / sample.n
    value, se = slopes[m - 1] * system.unit, se * system.unit
    half = t_quantile(level, degrees) * se
    failures = _failures(system, sample)
    failures["too_few_rows"] |= dof < 1
    return conclude(
        sample,
        value,
        se,
        (value - half, value + half),
        failures=failures,
        diagnostics={
            "first_stage_f": _first_stage_f(system, sample),
            "sargan": sample.n * jnp.sum(rest_z**2) / jnp.where(squares > 0, squares, 1)
            if q > m
            else jnp.zeros_like(value),
            "dof": dof,
        },
    )


INTERVAL, TWO_RAYS, WHOLE_LINE, EMPTY = range(4)


@estimator(
    target="LATE",
    assumes=(*_ASSUMPTIONS[:2], "the effect is the same for every unit"),
    needs=("adjust", "instruments"),
    moments=_overidentification,
)
def anderson_rubin(sample: Sample, roles: Roles, level: float) -> Estimate:
    """The Anderson-Rubin confidence set: true coverage however weak the instruments.

    All b0 for which the F test of the instruments in the regression of ``Y - b0 T`` on intercept, adjust
    and instruments does not reject at 1 - level. The test is a quadratic inequality in b0, solved in
    closed form; so the set has one of four shapes, of which ``diagnostics["shape"]`` is the code:

        0  an interval, low to high
        1  two rays: everything but the open interval ``gap_low`` to ``gap_high``; low and high are
           -inf and inf, the smallest interval that holds the set
        2  the whole line: the data say nothing; low and high are -inf and inf
        3  empty: no effect fits all instruments (only if there are several); low is inf, high -inf

    The value is the two-stage least squares estimate. ``se`` is NaN with code 0: the method has none.

    Roles: treatment (any numbers), outcome, adjust (all exogenous), instruments.
    Diagnostics: ``shape``; ``gap_low``, ``gap_high`` (NaN for other shapes); ``first_stage_f``; ``dof``
    = n less the number of columns, instruments and intercept.
    Failures: too_few_rows, constant_treatment, collinear, irrelevant_instruments.
    Source: T. W. Anderson and H. Rubin, Annals of Mathematical Statistics 20 (1949), 46-63; shapes:
    J.-M. Dufour and M. Taamouti, Econometrica 73 (2005), 1351-1365.

    >>> import numpy as np
    >>> z, u = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 2, 1, 0, 1, 1, 2.0])
    >>> data = {"z": z, "t": 2 * z + u, "y": 1.5 * (2 * z + u) - 3 * u}
    >>> found = anderson_rubin(data, Roles("t", "y", instruments="z"))
    >>> print(int(found.diagnostics["shape"]), found.low < 1.5 < found.high)
    0 True
    """
    system = _reduce(sample, roles, ())
    q = system.r_zx.shape[0]
    a, b = system.r_zy, system.r_zx[:, 0]
    r_xx, r_xy = system.r_xx[0, 0], system.r_xy[0]
    dof = sample.n - (1 + sample.adjust.shape[1] + q)
    degrees = jnp.maximum(dof, 1)
    limit = q * f_quantile(level, q, degrees) / degrees
    # |a - b0 b|^2 <= limit ((r_xy - b0 r_xx)^2 + r_yy^2), that is square b0^2 - 2 half b0 + rest <= 0
    square = jnp.sum(b**2) - limit * r_xx**2
    half = jnp.sum(a * b) - limit * r_xy * r_xx
    rest = jnp.sum(a**2) - limit * (r_xy**2 + system.r_yy**2)
    shape, first, second = _solve(square, half, rest)
    unit = system.unit
    low = jnp.select([shape == INTERVAL, shape == EMPTY], [first * unit, jnp.inf], -jnp.inf)
    high = jnp.select([shape == INTERVAL, shape == EMPTY], [second * unit, -jnp.inf], jnp.inf)
    failures = _failures(system, sample)
    failures["too_few_rows"] |= dof < 1
    return conclude(
        sample,
        jnp.sum(a * b) / jnp.sum(b**2) * unit,
        jnp.full_like(low, jnp.nan),
        (low, high),
        has_se=False,
        failures=failures,
        diagnostics={
            "shape": shape,
            "gap_low": jnp.where(shape == TWO_RAYS, first * unit, jnp.nan),
            "gap_high": jnp.where(shape == TWO_RAYS, second * unit, jnp.nan),
            "first_stage_f": _first_stage_f(system, sample),
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


class _System(eqx.Module):
    """The blocks of R, and what is needed to get back to rows and units."""

    w_and_z: Standardised
    x: Standardised
    y_row: Array
    r_ww: Array
    r_wz: Array
    r_wx: Array
    r_wy: Array
    r_zz: Array
    r_zx: Array
    r_zy: Array
    r_xx: Array
    r_xy: Array
    r_yy: Array
    unit: Array
    """scale of the outcome over scale of the treatment"""


def _reduce(sample: Sample, roles: Roles, endogenous: tuple[str, ...]) -> _System:
    moved = [i for i, name in enumerate(roles.adjust) if name in endogenous]
    kept = [i for i in range(len(roles.adjust)) if i not in moved]
    parts = (
        sample.adjust[:, kept],
        sample.instruments,
        sample.adjust[:, moved],
        sample.treatment[:, None],
        sample.outcome[:, None],
    )
    all_ = standardise(jnp.concatenate(parts, axis=1), sample.weights, sample.epsilon)
    p, q, m = len(kept), sample.instruments.shape[1], len(moved) + 1
    r = triangle(all_.rows, sample.weights)
    w, z, x, y = slice(0, p), slice(p, p + q), slice(p + q, p + q + m), p + q + m
    return _System(
        w_and_z=_columns(all_, slice(0, p + q)),
        x=_columns(all_, x),
        y_row=all_.rows[:, y],
        r_ww=r[w, w],
        r_wz=r[w, z],
        r_wx=r[w, x],
        r_wy=r[w, y],
        r_zz=r[z, z],
        r_zx=r[z, x],
        r_zy=r[z, y],
        r_xx=r[x, x],
        r_xy=r[x, y],
        r_yy=r[y, y],
        unit=all_.scale[y] / all_.scale[y - 1],
    )


def _columns(all_: Standardised, part: slice) -> Standardised:
    return Standardised(all_.rows[:, part], all_.centre[part], all_.scale[part], all_.noise[part])


def _in_rows(system: _System, coordinates: Array) -> Array:
    """(N,) the combination of Q's first columns, those of W and Z, with these coordinates."""
    r = jnp.block([[system.r_ww, system.r_wz], [jnp.zeros_like(system.r_wz.T), system.r_zz]])
    return product(system.w_and_z.rows, product(inverse(r), coordinates))


def _residuals(system: _System, slopes: Array) -> Array:
    """(N,) what is left of y after X times slopes and the exogenous columns' best fit of the rest."""
    rest = system.y_row - product(system.x.rows, slopes)
    in_w = system.r_wy - product(system.r_wx, slopes)
    return rest - _in_rows(system, jnp.concatenate([in_w, jnp.zeros_like(system.r_zy)]))


def _failures(system: _System, sample: Sample) -> dict[str, Array]:
    """Rank conditions, each judged on the triangle of the columns it is about."""
    p, q = system.r_wz.shape
    noise_w, noise_z = system.w_and_z.noise[:p], system.w_and_z.noise[p:]
    noise = jnp.concatenate([noise_w, system.x.noise])
    zero = jnp.zeros((q, p), system.r_ww.dtype)
    w_and_z = jnp.block([[system.r_ww, system.r_wz], [zero, system.r_zz]])
    explained = jnp.block([[system.r_ww, system.r_wx], [zero, system.r_zx]])
    m = system.r_xx.shape[0]
    unexplained = jnp.concatenate([jnp.zeros((m, p), zero.dtype), system.r_xx], axis=1)
    w_and_x = jnp.concatenate([explained, unexplained])
    free = [
        independent(inverse(jnp.linalg.qr(block, mode="r")), noise)
        for block in (w_and_x, explained)
    ]
    instruments = independent(inverse(w_and_z), jnp.concatenate([noise_w, noise_z]))
    return {
        "too_few_rows": sample.n <= 1 + p + q,
        "constant_treatment": system.x.constant[-1],
        "collinear": ~(free[0] & instruments),
        "irrelevant_instruments": ~free[1],
    }


def _first_stage_f(system: _System, sample: Sample) -> Array:
    """F of the instruments in the regression of the treatment on exogenous columns and instruments."""
    p, q = system.r_wz.shape
    degrees = jnp.maximum(sample.n - (1 + p + q), 1)
    explained, rest = jnp.sum(system.r_zx[:, -1] ** 2), jnp.sum(system.r_xx[:, -1] ** 2)
    return explained / q / (rest / degrees)


def _check_order(roles: Roles, endogenous: tuple[str, ...], who: str) -> None:
    for name in endogenous:
        if name not in roles.adjust:
            raise ValueError(
                f"{who}: endogenous={name!r} is not among roles.adjust"
                f"{nearest(name, roles.adjust)}; the treatment is endogenous by itself, and other "
                f"endogenous columns are named in both, here: {', '.join(roles.adjust) or 'none'}"
            )
    needed, have = 1 + len(endogenous), len(roles.instruments)
    if have < needed:
        raise ValueError(
            f"{who}: {needed} endogenous variables ({', '.join((roles.treatment, *endogenous))}) need "
            f"as many instruments, and roles.instruments names {have}"
            f" ({', '.join(roles.instruments) or 'none'}); add instruments, or take names out of endogenous"
        )
