"""The Wald estimator: what a coin did to the outcome over what it did to the treatment."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from scm.estimate.influence import conclude_by_influence
from scm.estimate.least_squares import product, standardise
from scm.estimate.protocol import Estimate, Roles, estimator
from scm.estimate.sample import Sample

__all__ = ["wald"]


def _moments(roles: Roles, **_: Any) -> float:
    """None: the denominator may be 0."""
    _check_one(roles)
    return 0.0


@estimator(
    target="LATE",
    assumes=(
        "the instrument moves the outcome only through the treatment",
        "the instrument is as good as randomised",
        "the instrument moves the treatment",
        "monotonicity: no unit's treatment is moved the other way",
    ),
    criterion="instrument",
    needs=("instruments",),
    moments=_moments,
    shared=True,
)
def wald(sample: Sample, roles: Roles, level: float) -> Estimate:
    """The ratio of two differences of means, by the arms of one instrument that is 0 or 1.

    ``(E[Y|Z=1] - E[Y|Z=0]) / (E[T|Z=1] - E[T|Z=0])``: two-stage least squares with this instrument
    and no covariates. ``se**2`` is the delta method's, the mean square over n of

        (1[Z=1] / P(Z=1) - 1[Z=0] / P(Z=0)) (Y - E[Y|Z] - value (T - E[T|Z])) / denominator

    which is that of `tsls` with covariance "HC0". The interval is normal; with a weak first stage
    neither it nor the standard error means much, and `anderson_rubin` gives a set that does.

    Moments: none, as the denominator may come arbitrarily near 0.

    Roles: treatment (any numbers), outcome, instruments (one, 0 or 1). Columns to adjust for are
    ignored.
    Diagnostics: ``first_stage_f``, the squared t of the regression of the treatment on the
    instrument; ``reduced_form`` and ``first_stage``, numerator and denominator.
    Failures: too_few_rows (n <= 2), constant_treatment, collinear (a constant instrument),
    instrument_not_binary, irrelevant_instruments (the denominator is 0, as far as rounding tells).
    Source: A. Wald, Annals of Mathematical Statistics 11 (1940), 284-300; as LATE, G. W. Imbens and
    J. D. Angrist, Econometrica 62 (1994), 467-475.

    >>> import numpy as np
    >>> z, u = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 2, 1, 0, 1, 1, 2.0])
    >>> data = {"z": z, "t": 2 * z + u, "y": 1.5 * (2 * z + u) - 3 * u}
    >>> print(round(float(wald(data, Roles("t", "y", instruments="z")).value), 3))
    1.5
    """
    _check_one(roles)
    z, weights = sample.instruments[:, 0], sample.weights
    arms = jnp.stack([z == 1, z == 0])
    columns = jnp.stack([z, sample.treatment, sample.outcome], axis=1)
    all_ = standardise(columns, weights, sample.epsilon)
    rows = all_.rows[:, 1:]
    arm_weights = jnp.where(arms, weights[None, :], 0)
    sizes = jnp.sum(arm_weights, axis=1)
    divisors = jnp.where(sizes > 0, sizes, 1)
    n = jnp.where(sample.n > 0, sample.n, 1)
    means = product(arm_weights, rows) / divisors[:, None]
    first_stage, reduced_form = means[0] - means[1]
    value = reduced_form / first_stage

    own = jnp.where(arms[0][:, None], means[0][None, :], means[1][None, :])
    rest = rows - own
    sign = jnp.where(arms[0], n / divisors[0], 0) - jnp.where(arms[1], n / divisors[1], 0)
    influence = sign * (rest[:, 1] - value * rest[:, 0]) / first_stage
    explained = sizes[0] * sizes[1] / n**2 * first_stage**2  # of a mean square of 1
    unexplained = product(weights, rest[:, 0] ** 2) / n
    return conclude_by_influence(
        sample,
        value,
        influence,
        all_.scale[2] / all_.scale[1],
        level,
        failures={
            "too_few_rows": sample.n <= 2,
            "constant_treatment": all_.constant[1],
            "collinear": all_.constant[0],
            "instrument_not_binary": jnp.any((weights > 0) & ~jnp.any(arms, axis=0)),
            "irrelevant_instruments": ~(jnp.sqrt(explained) > all_.noise[1]),
        },
        diagnostics={
            "first_stage_f": explained * jnp.maximum(sample.n - 2, 1) / unexplained,
            "first_stage": first_stage * all_.scale[1],
            "reduced_form": reduced_form * all_.scale[2],
        },
    )


def _check_one(roles: Roles) -> None:
    """Refuse any number of instruments but one."""
    if len(roles.instruments) != 1:
        raise ValueError(
            f"wald: one instrument is wanted, and roles.instruments names {len(roles.instruments)} "
            f"({', '.join(roles.instruments) or 'none'}); use tsls for several"
        )
