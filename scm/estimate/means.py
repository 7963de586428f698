"""Comparing two means: what the treated have on average, less what the others have."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from scm.estimate.least_squares import power_of_two, product
from scm.estimate.protocol import Estimate, Roles, conclude, estimator
from scm.estimate.quantiles import t_quantile
from scm.estimate.sample import Sample, arms_of

__all__ = ["difference_in_means"]


@estimator(target="ATE", assumes=("the treatment is as good as randomised",))
def difference_in_means(sample: Sample, roles: Roles, level: float) -> Estimate:
    """The difference of the two arms' means, with Welch's standard error.

    ``mean(Y | T=1) - mean(Y | T=0)``; ``se**2 = s1**2/n1 + s0**2/n0``, with s the arms' standard
    deviations of divisor n - 1. The interval is Student's t with Welch and Satterthwaite's degrees
    of freedom, ``se**4 / (s1**4/n1**2/(n1 - 1) + s0**4/n0**2/(n0 - 1))``.

    Roles: treatment (0 or 1), outcome. Columns to adjust for are ignored: that is the point of it.
    Diagnostics: ``dof``, ``n_treated``, ``n_control``.
    Failures: treatment_not_binary, constant_treatment, too_few_rows (an arm has fewer than two).
    Source: B. L. Welch, Biometrika 34 (1947), 28-35.

    >>> import numpy as np
    >>> data = {"drug": np.array([1, 1, 1, 0, 0, 0]), "pulse": np.array([60, 62, 64, 70, 71, 72.0])}
    >>> difference_in_means(data, Roles("drug", "pulse"))
    Estimate(-9, se 1.291, interval -13.1212 to -4.87879, n 6)
    """
    arms = arms_of(sample)
    unit = power_of_two(sample.outcome)  # in which squares neither vanish nor overflow
    mean1, var1, dof1 = _mean_and_its_variance(sample.outcome / unit, arms.treated)
    mean0, var0, dof0 = _mean_and_its_variance(sample.outcome / unit, arms.control)
    variance = var1 + var0
    share = jnp.where(variance > 0, var1 / jnp.where(variance > 0, variance, 1), 0.5)
    dof = 1 / (share**2 / dof1 + (1 - share) ** 2 / dof0)
    value, se = (mean1 - mean0) * unit, jnp.sqrt(variance) * unit
    half = t_quantile(level, dof) * se
    return conclude(
        sample,
        value,
        se,
        (value - half, value + half),
        failures={
            "treatment_not_binary": arms.not_binary,
            "constant_treatment": arms.constant,
            "too_few_rows": ~arms.constant & ((arms.n_treated < 2) | (arms.n_control < 2)),
        },
        diagnostics={"dof": dof, "n_treated": arms.n_treated, "n_control": arms.n_control},
    )


def _mean_and_its_variance(outcome: Array, weights: Array) -> tuple[Array, Array, Array]:
    """The weighted mean, the variance of that mean, and its degrees of freedom."""
    n = jnp.sum(weights)
    total = jnp.maximum(n, 1)
    mean = product(weights, outcome) / total
    centred = outcome - mean
    mean = mean + product(weights, centred) / total
    dof = jnp.maximum(n - 1, 1)
    return mean, product(weights, (outcome - mean) ** 2) / (dof * total), dof
