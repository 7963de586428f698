"""Linear regression with a posterior: least squares, believed under the reference prior."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from scm.estimate.failures import failure_named
from scm.estimate.ols import ols
from scm.estimate.protocol import Estimate, Roles, conclude, estimator
from scm.estimate.quantiles import t_quantiles
from scm.estimate.sample import Sample

__all__ = ["bayesian_linear"]


@estimator(
    target="variance-weighted slope",
    assumes=(
        "no unmeasured confounding given adjust",
        "the outcome, or the treatment, is linear in adjust",
        "normal errors of one variance",
    ),
    criterion="backdoor",
    needs=("adjust",),
    shared=True,
)
def bayesian_linear(sample: Sample, roles: Roles, level: float, *, draws: int = 200) -> Estimate:
    """The posterior of the treatment's coefficient in a normal linear regression.

    ``Y = a + b T + c'W + e``, ``e ~ Normal(0, s**2)``, with the reference prior
    ``p(a, b, c, s**2) = 1 / s**2``. Then b has Student's t with n - k degrees of freedom about the
    least-squares coefficient, scaled by its classical standard error. The value is the posterior's
    mean, ``se`` its standard deviation ``se_ols sqrt((n - k) / (n - k - 2))``, and the interval is
    central: it is that of `ols`.

    Options:
        draws: how many draws of b are given, at least 2: in order, the posterior's quantiles at
            ``i / (draws + 1)``. No chance is in them, so that the same data give the same draws in
            any batch; and the rank of a truth among them is as it is among random ones: each of
            the draws + 1 gaps has the same probability.

    Roles: treatment (any numbers), outcome, adjust.
    Diagnostics: ``draws`` of shape (draws,), ``dof`` = n - k.
    Failures: as `ols`; too_few_rows also where n - k is 2 or less: the deviation is infinite there.
    Source: Gelman et al. (2013), Bayesian Data Analysis, section 14.2.

    >>> import numpy as np
    >>> data = {"t": np.array([0, 1, 2, 3, 4]), "y": np.array([1, 3, 4, 7, 8.0])}
    >>> found = bayesian_linear(data, Roles("t", "y"), draws=4)
    >>> found
    Estimate(1.8, se 0.2828, interval 1.28... to 2.319..., n 5)
    >>> [round(float(each), 3) for each in found.diagnostics["draws"]]
    [1.64, 1.755, 1.845, 1.96]
    """
    if not isinstance(draws, int) or draws < 2:
        raise ValueError(
            f"bayesian_linear: draws: a whole number of at least 2 is wanted, given {draws!r}; "
            "write draws=200"
        )
    fit = ols.__wrapped__(sample, roles, level)  # type: ignore[attr-defined]
    dof = fit.diagnostics["dof"]
    degrees = jnp.maximum(dof, 1)
    deviation = fit.se * jnp.sqrt(degrees / jnp.maximum(dof - 2, 1))
    return conclude(
        sample,
        fit.value,
        deviation,
        (fit.low, fit.high),
        failures=_failures(fit, dof),
        diagnostics={"draws": fit.value + fit.se * _scores(draws, degrees), "dof": dof},
    )


def _scores(draws: int, dof: Array) -> Array:
    """The quantiles of Student's t at ``i / (draws + 1)``: (draws,), in order."""
    inside = tuple((2 * i + 1 + draws % 2) / (draws + 1) for i in range(draws // 2))
    half = t_quantiles(inside, dof)
    middle = jnp.zeros(draws % 2, half.dtype)
    return jnp.concatenate([-half[::-1], middle, half])


def _failures(fit: Estimate, dof: Array) -> dict[str, Array]:
    """Whether least squares failed, by each name that it may fail by, or leaves too few rows."""
    names = ("too_few_rows", "constant_treatment", "collinear")
    failed = {name: fit.code == failure_named(name).code for name in names}
    return {**failed, "too_few_rows": failed["too_few_rows"] | (dof <= 2)}
