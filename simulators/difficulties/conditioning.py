"""Low power: the more is conditioned on, the less a test of independence sees."""

from typing import Annotated

import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Normal
from scipy import stats

from scm import SCM, node
from simulators.registry import Known, simulator


def power(correlation: float, people: int, conditioned: int) -> float:
    """The power of Fisher's z test at 5 percent of a partial correlation of this size.

    >>> round(power(0.2, 100, 10), 3)
    0.473
    """
    z = np.sqrt(people - conditioned - 3) * np.arctanh(correlation)
    cut = stats.norm.ppf(0.975)
    return float(stats.norm.cdf(z - cut) + stats.norm.cdf(-z - cut))


def known(conditioned: int, correlation: float, people: int) -> dict[str, Known]:
    """The slope, and how often a test sees it."""
    _check(conditioned, correlation)
    return {
        "TotalEffect(X -> Y)": Known(_slope(correlation), "By construction."),
        "power of Fisher's z": Known(
            power(correlation, people, conditioned),
            "Phi(-1.96 + sqrt(n - s - 3) atanh r) + Phi(-1.96 - sqrt(n - s - 3) atanh r).",
        ),
    }


@simulator(
    "conditioning",
    title="An association given ever more variables: tests lose their power",
    source="Fisher (1924), The distribution of the partial correlation coefficient, Metron 3; the "
    "numbers are ours",
    known=known,
    try_this="`--set conditioned=40`: of 100 people 57 degrees of freedom are left, and a partial "
    "correlation of 0.2 is seen in a third of all data sets.",
)
def conditioning(
    conditioned: Annotated[int, "how many variables S1, S2, ... are conditioned on"] = 10,
    correlation: Annotated[float, "of X and Y given all S, between -1 and 1"] = 0.2,
    people: Annotated[int, "n, for which the power is said"] = 100,
) -> SCM:
    """Every S moves X and Y a little; X moves Y so that corr(X, Y | S) is as asked.

        Sj ~ N(0, 1)
        X := 0.1 (S1 + ... + Sk) + u
        Y := slope X + 0.1 (S1 + ... + Sk) + u,    every u ~ N(0, 1), slope = r / sqrt(1 - r^2)

    >>> conditioning(conditioned=2).order
    ('S1', 'S2', 'X', 'Y')
    """
    _check(conditioned, correlation)
    names = [f"S{each + 1}" for each in range(conditioned)]
    total = lambda many: jnp.sum(jnp.stack(many)) if many else 0.0
    noise = {"u": Normal(0, 1)}
    return SCM(
        {name: Normal(0, 1) for name in names},
        X=node(lambda *s, u: 0.1 * total(s) + u, parents=names, noise=noise),
        Y=node(
            lambda X, *s, u, b=_slope(correlation): b * X + 0.1 * total(s) + u,
            parents=["X", *names],
            noise=noise,
        ),
    )


def _slope(correlation: float) -> float:
    return float(correlation / np.sqrt(1 - correlation**2))


def _check(conditioned: int, correlation: float) -> None:
    if conditioned < 0 or not -1 < correlation < 1:
        raise ValueError(
            f"conditioning: conditioned={conditioned}, correlation={correlation}: a number of "
            "variables from 0, and a correlation between -1 and 1"
        )
