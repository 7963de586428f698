"""Complicated distributions: dependence without correlation, noises that are not normal."""

from typing import Annotated, Literal

import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Bernoulli, Exponential, Laplace, Normal, StudentT, Uniform

from scm import SCM
from simulators.registry import Known, simulator

Noise = Literal["normal", "heavy", "two-sided", "skewed", "zeros"]

PARABOLA = {
    "corr(X, Y)": Known(0, "X is symmetric about 0, and its square is even."),
    "limit of OLS(Y ~ X)": Known(0, "cov(X, X^2) = E[X^3] = 0."),
    "E[Y | do(X=2)] - E[Y | do(X=0)]": Known(4, "2^2 - 0^2."),
}


@simulator(
    "parabola",
    title="A parabola: no correlation, and nothing but dependence",
    source="the lecture's complicated distributions; the numbers are ours",
    known=PARABOLA,
    try_this="`model.do(X=2.0)` against `model.do(X=0.0)`: four units, where a regression line "
    "sees nothing.",
)
def parabola() -> SCM:
    """Y is the square of X, nearly.

        X ~ Uniform(-2, 2)
        Y := X^2 + u,  u ~ N(0, 0.2^2)

    >>> parabola().order
    ('X', 'Y')
    """
    return SCM(X=Uniform(-2, 2), Y=lambda X, u=Normal(0, 0.2): X**2 + u)


def known(noise: str) -> dict[str, Known]:
    """The same effect whatever the noise; Student's t with 2 degrees of freedom has no variance."""
    answers = {"ATE(T -> Y)": Known(1, "By construction.")}
    if noise != "heavy":
        answers["var(Y | T)"] = Known(1, "All of these noises have variance 1.")
    return answers


@simulator(
    "odd_noise",
    title="A trial with noise that is not normal",
    source="the lecture's complicated distributions; the numbers are ours",
    known=known,
    try_this="`--set noise=heavy`: the difference in means is unbiased, and its standard error "
    "settles on nothing.",
)
def odd_noise(
    noise: Annotated[
        Noise,
        "normal; heavy: Student's t, 2 degrees of freedom; two-sided: Laplace; skewed: exponential "
        "less its mean; zeros: 0 nine times in ten, else normal with ten times the variance",
    ] = "normal",
) -> SCM:
    """A randomised treatment, an effect of 1, and a noise to choose.

        T ~ Bernoulli(1/2)
        Y := T + e

    >>> odd_noise(noise="skewed").order
    ('T', 'Y')
    """
    outcome = {
        "normal": lambda T, e=Normal(0, 1): T + e,
        "heavy": lambda T, e=StudentT(2, 0, 1): T + e,
        "two-sided": lambda T, e=Laplace(0, float(np.sqrt(0.5))): T + e,
        "skewed": lambda T, e=Exponential(1.0): T + e - 1,
        "zeros": lambda T, some=Bernoulli(0.1), e=Normal(0, float(np.sqrt(10))): (
            T + jnp.where(some == 1, e, 0.0)
        ),
    }[noise]
    return SCM(T=Bernoulli(0.5), Y=outcome)
