"""Exact stratification: compare within the strata of discrete columns, then average over strata."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.ops import segment_sum

from scm.estimate.cells import in_order, positive
from scm.estimate.least_squares import power_of_two, product
from scm.estimate.protocol import Estimate, Roles, conclude, estimator
from scm.estimate.quantiles import normal_quantile
from scm.estimate.sample import Sample, arms_of

__all__ = ["stratification"]


@estimator(
    target="ATE",
    assumes=(
        "no unmeasured confounding given adjust",
        "positivity: every stratum holds units of both arms",
    ),
    criterion="backdoor",
    needs=("adjust",),
    choices={"target": ("ATE", "ATT"), "shares": ("estimated", "fixed")},
    shared=True,
)
def stratification(
    sample: Sample,
    roles: Roles,
    level: float,
    *,
    target: str = "ATE",
    shares: str = "estimated",
) -> Estimate:
    """The differences of means within strata, averaged over the strata's shares.

    A stratum s is one combination of values of all ``adjust`` columns. With d_s the difference of
    its arms' means and p_s its share, of all units for the ATE and of the treated for the ATT, the
    value is ``sum(p_s d_s)``, and

        se**2 = sum(p_s**2 (v1_s / n1_s + v0_s / n0_s))  +  sum(p_s (d_s - value)**2) / N

    with v the variances within arms, their divisors the arms' sizes n1_s and n0_s, and N the number
    of units the shares were counted on. The first sum is Neyman's variance given the strata's
    sizes. The second is what counting the shares adds when the units are themselves a sample.
    Together they are the variance of the influence function of the saturated model: aipw's, with a
    dummy for each stratum.

    Options:
        target: "ATE" or "ATT".
        shares: "estimated" takes both sums; "fixed" the first only, for strata whose shares are
            known or are the population of interest.

    The interval is normal. An arm of one unit in a stratum has variance 0 here, and the standard
    error is then too small: ``single_units`` counts them.

    Roles: treatment (0 or 1), outcome, adjust (any number of discrete columns; none: one stratum).
    Diagnostics: ``strata``, ``single_units``.
    Failures: treatment_not_binary, constant_treatment, too_few_rows, empty_stratum (a stratum lacks
    an arm; for the ATT, has treated units and no others).
    Source: G. W. Imbens and D. B. Rubin, Causal Inference (2015), chapters 9 and 17.

    >>> import numpy as np
    >>> data = {"old": np.array([0, 0, 0, 1, 1, 1]), "drug": np.array([1, 1, 0, 1, 0, 0])}
    >>> data["pulse"] = np.array([60, 62, 64, 73, 79, 81.0])
    >>> print(stratification(data, Roles("drug", "pulse", adjust="old")).value)
    -5.0
    """
    arms = arms_of(sample)
    order, stratum = in_order(sample.adjust)
    unit = power_of_two(sample.outcome)  # in which squares neither vanish nor overflow
    outcome, weights = sample.outcome[order] / unit, arms.weights[:, order]
    sizes, means, variances = _by_stratum(outcome, weights, stratum)
    size = sizes[:, 0] if target == "ATT" else jnp.sum(sizes, axis=1)
    counts = size > 0
    units = positive(jnp.sum(size))
    share = size / units
    difference = jnp.where(counts, means[:, 0] - means[:, 1], 0)
    value = product(share, difference)
    variance = product(share**2, jnp.sum(variances / positive(sizes), axis=1))
    if shares == "estimated":
        variance = variance + product(share, (difference - value) ** 2) / units
    value, se = value * unit, jnp.sqrt(variance) * unit
    half = normal_quantile(level) * se
    single = jnp.sum(counts[:, None] & (sizes == 1), dtype=jnp.int32)
    return conclude(
        sample,
        value,
        se,
        (value - half, value + half),
        failures={
            "treatment_not_binary": arms.not_binary,
            "constant_treatment": arms.constant,
            "too_few_rows": sample.n < 2,
            "empty_stratum": jnp.any(counts & jnp.any(sizes == 0, axis=1)),
        },
        diagnostics={"strata": jnp.sum(counts, dtype=jnp.int32), "single_units": single},
    )


def _by_stratum(outcome: Array, weights: Array, stratum: Array) -> tuple[Array, Array, Array]:
    """Size, mean, and variance (divisor: the size) of both arms (2, N) in each stratum: (N, 2)."""

    def summed(x: Array) -> Array:
        return segment_sum(x.T, stratum, num_segments=len(outcome), indices_are_sorted=True)

    def centred() -> Array:
        return outcome[None, :] - mean[stratum].T

    size = summed(weights)
    mean = summed(weights * outcome[None, :]) / positive(size)
    mean = mean + summed(weights * centred()) / positive(size)  # for float32
    return size, mean, summed(weights * centred() ** 2) / positive(size)
