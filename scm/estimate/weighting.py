"""Weighting by the propensity: inverse probability weights, alone and augmented by regressions."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from scm.estimate.least_squares import linear_fit, power_of_two, product
from scm.estimate.logistic import Propensity, fit_propensity
from scm.estimate.protocol import Estimate, Roles, conclude, estimator
from scm.estimate.quantiles import normal_quantile
from scm.estimate.sample import Arms, Sample, arms_of

__all__ = ["aipw", "ipw"]

_UNCONFOUNDED = "no unmeasured confounding given adjust"
_POSITIVITY = "positivity: every kind of unit could be in either arm"
_LOGISTIC = "the treatment is logistic in adjust"


@estimator(
    target="ATE",
    assumes=(_UNCONFOUNDED, _POSITIVITY, _LOGISTIC),
    criterion="backdoor",
    needs=("adjust",),
    shared=True,
)
def ipw(
    sample: Sample,
    roles: Roles,
    level: float,
    *,
    normalised: bool = True,
    clip: float | None = None,
) -> Estimate:
    """Inverse probability weighting by a logistic regression of the treatment on ``adjust``.

    With e the fitted propensity: Horvitz and Thompson's ``mean(T Y / e) - mean((1-T) Y / (1-e))``;
    normalised (Hajek), each mean is divided by that of its weights, ``T / e`` or ``(1-T) / (1-e)``,
    and a constant added to the outcome then changes nothing.

    Options:
        normalised: True for Hajek's, False for Horvitz and Thompson's.
        clip: hold propensities within [clip, 1 - clip], 0 < clip < 1/2: less variance for some
            bias. None holds nothing.

    The standard error is that of the stacked estimating equations: the score of the regression and
    the two means. It knows that the propensities are estimated, which makes it smaller, and that
    clipped ones do not move. The interval is normal.

    Roles: treatment (0 or 1), outcome, adjust.
    Diagnostics: ``converged``, ``iterations``, ``propensity_min``, ``propensity_max`` (unclipped).
    Failures: treatment_not_binary, constant_treatment, collinear, too_few_rows (n no greater than
    the number of coefficients), separation, extreme_propensity (unless clipped).
    Source: J. K. Lunceford and M. Davidian, Statistics in Medicine 23 (2004), 2937-2960.

    >>> import numpy as np
    >>> data = {
    ...     "old": np.array([0, 0, 0, 0, 1, 1, 1, 1]),
    ...     "drug": np.array([1, 1, 1, 0, 1, 0, 0, 0]),
    ... }
    >>> data["pulse"] = 70 + 10 * data["old"] - 5 * data["drug"]
    >>> print(round(float(ipw(data, Roles("drug", "pulse", adjust="old")).value), 3))
    -5.0
    """
    if clip is not None and not (isinstance(clip, (int, float)) and 0 < clip < 0.5):
        raise ValueError(
            f"ipw: clip: None, or a number between 0 and 0.5, is wanted, given {clip!r}; "
            "write clip=0.01"
        )
    arms, fit, failures = _fitted(sample)
    if clip is not None:
        del failures["extreme_propensity"]
    low = 0.0 if clip is None else clip
    chance = jnp.clip(fit.chances, low, 1 - low)
    unit = power_of_two(sample.outcome)  # in which squares neither vanish nor overflow
    outcome = sample.outcome / unit
    weights = arms.weights / chance
    total = jnp.sum(weights, axis=1) if normalised else jnp.full_like(arms.n, sample.n)
    means = product(weights, outcome) / total
    value = means[0] - means[1]

    # Each arm's part of the influence function, and its derivative by the logit: e' = e (1 - e).
    centre = means if normalised else jnp.zeros_like(means)
    inverse = jnp.where(arms.weights > 0, 1 / chance, 0)
    part = inverse * (outcome[None, :] - centre[:, None]) * (sample.n / total)[:, None]
    moves = jnp.all(fit.chances >= low, axis=0)
    slope = -jnp.where(moves, jnp.sum(part * chance[::-1], axis=0), 0)
    gradient = product(sample.weights * slope, fit.basis) / sample.n
    influence = part[0] - part[1] - (0 if normalised else value)
    influence = influence + fit.contribution(arms.weights[0] > 0, gradient)
    return _concluded(sample, value, influence, unit, level, failures, fit)


@estimator(
    target="ATE",
    assumes=(
        _UNCONFOUNDED,
        _POSITIVITY,
        f"{_LOGISTIC}, or the outcome is linear in adjust within each arm",
    ),
    criterion="backdoor",
    needs=("adjust",),
    choices={"outcome_model": ("linear", "mean")},
    shared=True,
)
def aipw(sample: Sample, roles: Roles, level: float, *, outcome_model: str = "linear") -> Estimate:
    """Augmented inverse probability weighting: right if either of its two models is.

    ``mean(psi)``, with ``psi = m1 - m0 + T (Y - m1) / e - (1 - T) (Y - m0) / (1 - e)``: e the
    fitted logistic propensity, m1 and m0 the outcome regressions of the two arms, all on
    ``adjust``. ``se = sqrt(mean((psi - value)**2) / n)``, divisor n: exact in large samples if both
    models are right, and too large with right propensities beside a wrong outcome model. The
    interval is normal.

    Options:
        outcome_model: "linear", least squares within each arm; "mean", the mean of each arm, which
            ignores ``adjust``: wrong on purpose, to see what the propensities do alone.

    Roles: treatment (0 or 1), outcome, adjust.
    Diagnostics: ``converged``, ``iterations``, ``propensity_min``, ``propensity_max``.
    Failures: treatment_not_binary, constant_treatment, collinear (also within an arm), too_few_rows
    (an arm has no more rows than its regression has coefficients), separation, extreme_propensity.
    Source: J. M. Robins, A. Rotnitzky and L. P. Zhao, JASA 89 (1994), 846-866.

    >>> import numpy as np
    >>> data = {
    ...     "old": np.array([0, 0, 0, 0, 1, 1, 1, 1]),
    ...     "drug": np.array([1, 1, 0, 0, 1, 1, 0, 0]),
    ... }
    >>> data["pulse"] = 70 + 10 * data["old"] - 5 * data["drug"]
    >>> print(round(float(aipw(data, Roles("drug", "pulse", adjust="old")).value), 3))
    -5.0
    """
    arms, fit, failures = _fitted(sample)
    columns = sample.adjust if outcome_model == "linear" else sample.adjust[:, :0]
    unit = power_of_two(sample.outcome)
    outcome = sample.outcome / unit
    regress = jax.vmap(linear_fit, in_axes=(None, None, 0, None))
    fitted, free = regress(columns, outcome, arms.weights, sample.epsilon)
    failures["too_few_rows"] |= ~arms.constant & jnp.any(arms.n <= columns.shape[1] + 1)
    # A stratum without one arm makes that arm's columns collinear: separation says it better.
    failures["collinear"] |= fit.converged & ~jnp.all(free)
    inverse = jnp.where(arms.weights > 0, 1 / fit.chances, 0)
    corrected = fitted + inverse * (outcome[None, :] - fitted)
    psi = corrected[0] - corrected[1]
    value = product(sample.weights, psi) / sample.n
    return _concluded(sample, value, psi - value, unit, level, failures, fit)


def _fitted(sample: Sample) -> tuple[Arms, Propensity, dict[str, Array]]:
    """The arms, the propensities, and what can go wrong with either."""
    arms = arms_of(sample)
    fit = fit_propensity(arms.weights[0] > 0, sample.adjust, sample.weights, sample.epsilon)
    failures = {
        "treatment_not_binary": arms.not_binary,
        "constant_treatment": arms.constant,
        "too_few_rows": sample.n <= sample.adjust.shape[1] + 1,
        "collinear": fit.collinear,
        "separation": ~fit.converged & ~fit.collinear,
        "extreme_propensity": fit.extreme,
    }
    return arms, fit, failures


def _concluded(
    sample: Sample,
    value: Array,
    influence: Array,
    unit: Array,
    level: float,
    failures: dict[str, Array],
    fit: Propensity,
) -> Estimate:
    """The estimate whose influence function this is, both in these units of the outcome."""
    value, se = value * unit, jnp.sqrt(product(sample.weights, influence**2)) / sample.n * unit
    half = normal_quantile(level) * se
    present = sample.weights > 0
    diagnostics: dict[str, Any] = {
        "converged": fit.converged,
        "iterations": fit.iterations,
        "propensity_min": jnp.min(jnp.where(present, fit.chances[0], 1)),
        "propensity_max": jnp.max(jnp.where(present, fit.chances[0], 0)),
    }
    return conclude(
        sample,
        value,
        se,
        (value - half, value + half),
        failures=failures,
        diagnostics=diagnostics,
    )
