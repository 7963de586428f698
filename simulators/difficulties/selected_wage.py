"""Wages are seen of those who work, and who works is no accident: Heckman's selection."""

from typing import Annotated

import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Normal
from scipy import stats

from scm import SCM, latent
from simulators.registry import Known, simulator

_BASE, _OF_X = 0.3, 0.8  # of the index of working


def known(rho: float) -> dict[str, Known]:
    """The slope, and what the workers alone show."""
    return {
        "TotalEffect(x -> wage)": Known(0.5, "By construction."),
        "limit of OLS(wage ~ x | works)": Known(
            _naive(rho),
            "E[wage | x, z, works] = x / 2 + rho l(0.3 + 0.8 x + z), l = phi / Phi: the slope of "
            "its best linear predictor in x among the workers, by quadrature.",
        ),
        "limit of OLS(wage ~ x + l | works)": Known(
            0.5, "With the inverse Mills ratio l as a regressor the expectation is linear."
        ),
    }


def _naive(rho: float, points: int = 96) -> float:
    """Moments over x and z by Gauss and Hermite's rule."""
    at, weight = np.polynomial.hermite_e.hermegauss(points)
    x, z = np.meshgrid(at, at, indexing="ij")
    index = _BASE + _OF_X * x + z
    works = np.outer(weight, weight) * stats.norm.cdf(index)
    works /= works.sum()
    wage = 0.5 * x + rho * stats.norm.pdf(index) / stats.norm.cdf(index)
    mean = lambda values: float((works * values).sum())
    covariance = mean(x * wage) - mean(x) * mean(wage)
    return covariance / (mean(x**2) - mean(x) ** 2)


@simulator(
    "selected_wage",
    title="Wages of those who work: Heckman's selection",
    source="Heckman (1979), Sample selection bias as a specification error, Econometrica 47; the "
    "numbers are ours",
    known=known,
    try_this="`observe(world, select(lambda works: works == 1))`; z moves who works and nothing "
    "else, which is what a correction lives on.",
)
def selected_wage(
    rho: Annotated[float, "correlation of the noises of wage and working, in [-1, 1]"] = 0.6,
) -> SCM:
    """What makes people work more than x and z say also moves their wage.

        x, z ~ N(0, 1);  v ~ N(0, 1), never in the data
        works := 1{0.3 + 0.8 x + z + v > 0}
        wage  := x / 2 + rho v + sqrt(1 - rho^2) u,  u ~ N(0, 1)

    `wage` is there for everybody; only an observer loses it.

    >>> selected_wage().observed
    ('x', 'z', 'works', 'wage')
    """
    if not -1 <= rho <= 1:
        raise ValueError(f"selected_wage: rho={rho} is a correlation, from -1 to 1")
    rest = float(np.sqrt(1 - rho**2))
    return SCM(
        x=Normal(0, 1),
        z=Normal(0, 1),
        v=latent(Normal(0, 1)),
        works=lambda x, z, v, a=_BASE, b=_OF_X: (a + b * x + z + v > 0).astype(jnp.int32),
        wage=lambda x, v, r=rho, s=rest, u=Normal(0, 1): 0.5 * x + r * v + s * u,
    )
