"""Random worlds of confounding: one structure, and as many sets of numbers as there are seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Bernoulli, Normal

from scm import SCM, node
from scm.core.pytree import pytree
from simulators.registry import Known, simulator

__all__ = ["Drawn", "drawn", "random_confounding"]

_FEWEST = 2


@dataclass(frozen=True)
class Drawn:
    """The numbers of one world, of p covariates.

    Arguments:
        strength: the deviation of the logit of treatment: how strongly the covariates tell who is
            treated, and so how little the treated and the others overlap.
        direction: (p,) which of them do, of length 1.
        bias: the logit where all covariates are 0.
        rise, bend, slope: (p,) of the outcome's odd waves ``rise tanh(bend x) + slope x``.
        level, effect: the outcome without treatment, and its mean effect.
        tilt: (p,) by how much the effect changes with each covariate.
    """

    strength: float
    direction: np.ndarray
    bias: float
    rise: np.ndarray
    bend: np.ndarray
    slope: np.ndarray
    level: float
    effect: float
    tilt: np.ndarray


def drawn(covariates: int, seed: int) -> Drawn:
    """The numbers of a world, by NumPy's generator of this seed, in this order.

    ``strength ~ U(0, 2)``; ``direction`` uniform on the sphere; ``bias ~ U(-1/2, 1/2)``;
    ``rise, slope ~ N(0, 1/p)``; ``bend ~ U(1/2, 3)``; ``level ~ N(0, 1)``;
    ``effect ~ N(1, 1/4)``; ``tilt ~ N(0, 1/(4p))``.

    Raises ValueError for fewer than two covariates, or a seed below 0.
    """
    if covariates < _FEWEST or seed < 0:
        raise ValueError(
            f"random_confounding: covariates={covariates}, seed={seed}: at least {_FEWEST} "
            "covariates and a seed of 0 or more are wanted"
        )
    random, p = np.random.default_rng(seed), covariates
    strength, towards = random.uniform(0, 2), random.normal(size=p)
    return Drawn(
        strength=strength,
        direction=towards / np.linalg.norm(towards),
        bias=random.uniform(-0.5, 0.5),
        rise=random.normal(size=p) / math.sqrt(p),
        bend=random.uniform(0.5, 3, size=p),
        slope=random.normal(size=p) / math.sqrt(p),
        level=random.normal(),
        effect=random.normal(1, 0.5),
        tilt=random.normal(size=p) / (2 * math.sqrt(p)),
    )


@pytree
class Chosen:
    """``Bernoulli(expit(bias + sum_j w_j x_j))``."""

    w: Any
    bias: Any

    def __call__(self, *covariates: Any) -> Any:
        score = self.bias + jnp.dot(self.w, jnp.stack(covariates))
        return Bernoulli(1 / (1 + jnp.exp(-score)))


@pytree
class Response:
    """``level + sum_j (a_j tanh(b_j x_j) + c_j x_j) + T (effect + sum_j d_j x_j) + u``."""

    a: Any
    b: Any
    c: Any
    level: Any
    effect: Any
    d: Any

    def __call__(self, T: Any, *covariates: Any, u: Any) -> Any:
        x = jnp.stack(covariates)
        waves = jnp.dot(self.a, jnp.tanh(self.b * x)) + jnp.dot(self.c, x)
        return self.level + waves + T * (self.effect + jnp.dot(self.d, x)) + u


def _known(covariates: int, seed: int) -> dict[str, Known]:
    numbers = drawn(covariates, seed)
    return {
        "ATE(T -> Y)": Known(
            numbers.effect, "The effect is linear in covariates whose mean is 0: effect + d'E[X]."
        ),
        "sd(logit P(T=1 | X))": Known(
            numbers.strength, "w has length strength, and covariates are independent of variance 1."
        ),
    }


@simulator(
    "random_confounding",
    title="A random world of confounding: who is treated, and what comes of it, are drawn",
    source="laws written here; in the manner of the data challenges of Dorie, Hill, Shalit, Scott "
    "and Cervone (2019), Statistical Science 34, which draw worlds so that none is chosen",
    known=_known,
    try_this="`family = { seed = 50 }` in a study makes fifty worlds one scenario: what a method "
    "does in worlds that nobody has picked.",
)
def random_confounding(
    covariates: Annotated[int, "how many there are, x0 to x{covariates - 1}, at least 2"] = 4,
    seed: Annotated[int, "of all numbers; worlds of all seeds are built alike"] = 0,
) -> SCM:
    """Covariates that move a binary treatment and, by waves, an outcome whose effect they change.

        x_j   ~ Normal(0, 1)
        group := (x0 > 0) + 2 (x1 > 0)
        T     ~ Bernoulli(expit(bias + w'x))
        Y     := level + sum_j (a_j tanh(b_j x_j) + c_j x_j) + T (effect + d'x) + u

    with u ~ Normal(0, 1) and the numbers of `drawn`, w being ``strength`` times ``direction``. All
    covariates are in the data; ``group`` is what is left of two of them when they are only known
    by their signs.

    >>> random_confounding(seed=3).parents["T"]
    ('x0', 'x1', 'x2', 'x3')
    """
    numbers = drawn(covariates, seed)
    names = [f"x{at}" for at in range(covariates)]
    chosen = Chosen(numbers.strength * numbers.direction, numbers.bias)
    response = Response(
        numbers.rise, numbers.bend, numbers.slope, numbers.level, numbers.effect, numbers.tilt
    )
    return SCM(
        {
            **{name: Normal(0, 1) for name in names},
            "group": lambda x0, x1: (x0 > 0).astype(int) + 2 * (x1 > 0).astype(int),
            "T": node(chosen, parents=names),
            "Y": node(response, parents=["T", *names], noise={"u": Normal(0, 1)}),
        }
    )
