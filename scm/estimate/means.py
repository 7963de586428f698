"""Comparing two means: what the treated have on average, less what the others have."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from scm.estimate.least_squares import power_of_two, product
from scm.estimate.protocol import Estimate, Roles, conclude, estimator
from scm.estimate.quantiles import t_quantile
from scm.estimate.sample import Sample, arms_of

__all__ = ["difference_in_means"]


@estimator(
    target="ATE",
    assumes=("the treatment is as good as randomised",),
    criterion="backdoor",
    shared=True,
)
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
    Estimate(-9, se 1.291, interval -13.15... to -4.844..., n 6)
    """
    arms = arms_of(sample)
    unit = power_of_two(sample.outcome)  # in which squares neither vanish nor overflow
    mean, variance, degrees = _means_and_their_variances(sample.outcome / unit, arms.weights)
    total = jnp.sum(variance)
    share = jnp.where(total > 0, variance / jnp.where(total > 0, total, 1), 0.5)
    dof = 1 / jnp.sum(share**2 / degrees)
    value, se = (mean[0] - mean[1]) * unit, jnp.sqrt(total) * unit
    half = t_quantile(level, dof) * se
    return conclude(
        sample,
        value,
        se,
        (value - half, value + half),
        failures={
            "treatment_not_binary": arms.not_binary,
            "constant_treatment": arms.constant,
            "too_few_rows": ~arms.constant & jnp.any(arms.n < 2),
        },
        diagnostics={"dof": dof, "n_treated": arms.n[0], "n_control": arms.n[1]},
    )


def _means_and_their_variances(outcome: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Of each arm (2, N): the mean, the variance of that mean, its degrees of freedom, all (2,)."""
    n = jnp.sum(weights, axis=1)
    size, degrees = jnp.maximum(n, 1), jnp.maximum(n - 1, 1)
    mean = product(weights, outcome) / size
    mean = (
        mean + jnp.sum(weights * (outcome[None, :] - mean[:, None]), axis=1) / size
    )  # for float32
    squares = jnp.sum(weights * (outcome[None, :] - mean[:, None]) ** 2, axis=1)
    return mean, squares / (degrees * size), degrees
