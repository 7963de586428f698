"""Ordinary least squares: the slope of the outcome on the treatment, the other columns held."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from scm.estimate.least_squares import (
    independent,
    inverse,
    product,
    standardise,
    triangle,
)
from scm.estimate.protocol import Estimate, Roles, conclude, estimator
from scm.estimate.quantiles import t_quantile
from scm.estimate.sample import Sample

__all__ = ["ols"]


@estimator(
    target="variance-weighted slope",
    assumes=(
        "no unmeasured confounding given adjust",
        "the outcome, or the treatment, is linear in adjust",
    ),
    criterion="backdoor",
    needs=("adjust",),
    choices={"covariance": ("classical", "HC0", "HC1", "HC2", "HC3")},
    shared=True,
)
def ols(sample: Sample, roles: Roles, level: float, *, covariance: str = "classical") -> Estimate:
    """The least-squares coefficient of the treatment, beside an intercept and ``adjust``.

    ``Y = a + b T + c'W + e``; the value is b. Where effects differ between units it is their
    average with weights ``Var(T | W)``, not the ATE.

    Options:
        covariance: "classical" ``s**2 (X'X)^-1`` with ``s**2 = e'e / (n - k)``, or robust against
            unequal variances: "HC0" (White), "HC1" (times n/(n - k)), "HC2" (``e**2/(1 - h)``,
            h the leverage), "HC3" (``e**2/(1 - h)**2``).

    The interval is Student's t with n - k degrees of freedom, under every covariance (statsmodels
    takes the normal law under HC unless told ``use_t=True``).

    Roles: treatment (any numbers), outcome, adjust.
    Diagnostics: ``dof`` = n - k, ``residual_sd`` = s.
    Failures: constant_treatment, collinear, too_few_rows (n <= k), full_leverage (HC2 and HC3).
    Source: J. G. MacKinnon and H. White, Journal of Econometrics 29 (1985), 305-325, for HC1 to 3.

    >>> import numpy as np
    >>> data = {"t": np.array([0, 1, 2, 3, 4]), "y": np.array([1, 3, 4, 7, 8.0])}
    >>> ols(data, Roles("t", "y"))
    Estimate(1.8, se 0.1633, interval 1.28... to 2.319..., n 5)
    """
    k = sample.adjust.shape[1] + 1
    # The treatment stands last of the regressors: its coefficient is a quotient of entries of R.
    columns = [sample.adjust, sample.treatment[:, None], sample.outcome[:, None]]
    all_ = standardise(jnp.concatenate(columns, axis=1), sample.weights, sample.epsilon)
    x, y = all_.rows[:, :k], all_.rows[:, k]
    r = triangle(all_.rows, sample.weights)
    r_inverse = inverse(r[:k, :k])
    dof = sample.n - (k + 1)
    degrees = jnp.maximum(dof, 1)
    slopes = product(r_inverse, r[:k, k])
    residual_sd = jnp.abs(r[k, k]) * jnp.sqrt(sample.n / degrees)
    full_leverage = jnp.zeros((), bool)
    if covariance == "classical":
        se = residual_sd * jnp.abs(r_inverse[k - 1, k - 1]) / jnp.sqrt(sample.n)
    else:
        residual = y - product(x, slopes)
        squares, full_leverage = _squares(covariance, residual, x, r_inverse, sample, degrees)
        # b is the mean product of y and the treatment cleared of the other columns, in this unit.
        influence = product(x, r_inverse[:, k - 1]) * r_inverse[k - 1, k - 1]
        se = jnp.sqrt(product(sample.weights, squares * influence**2)) / sample.n
    unit = all_.scale[k] / all_.scale[k - 1]
    value, se = slopes[k - 1] * unit, se * unit
    half = t_quantile(level, degrees) * se
    return conclude(
        sample,
        value,
        se,
        (value - half, value + half),
        failures={
            "too_few_rows": dof < 1,
            "constant_treatment": all_.constant[k - 1],
            "collinear": ~independent(r_inverse, all_.noise[:k]),
            "full_leverage": full_leverage,
        },
        diagnostics={"dof": dof, "residual_sd": residual_sd * all_.scale[k]},
    )


def _squares(
    covariance: str,
    residual: Array,
    x: Array,
    r_inverse: Array,
    sample: Sample,
    degrees: Array,
) -> tuple[Array, Array]:
    """(N,) the squared residuals as the covariance inflates them; whether some leverage is 1."""
    if covariance == "HC0":
        return residual**2, jnp.zeros((), bool)
    if covariance == "HC1":
        return residual**2 * (sample.n / degrees), jnp.zeros((), bool)
    # The leverage of one of the identical rows that a weight stands for.
    leverage = (1 + jnp.sum(product(x, r_inverse) ** 2, axis=1)) / sample.n
    room = jnp.where(sample.weights > 0, 1 - leverage, 1)
    full = jnp.any(room < 1024 * jnp.finfo(room.dtype).eps)
    return residual**2 / room ** {"HC2": 1, "HC3": 2}[covariance], full
