"""An unmeasured confounder: the first reason why causal inference is difficult."""

from typing import Annotated

from numpyro.distributions import Normal

from scm import SCM
from simulators.exact import exactly
from simulators.registry import Known, simulator


def known(into_treatment: float, effect: float, into_outcome: float) -> dict[str, Known]:
    """What finds the effect, and what the naive slope tends to."""
    a, b, g = map(exactly, (into_treatment, effect, into_outcome))
    return {
        "TotalEffect(X -> Y)": Known(b, "By construction."),
        "limit of OLS(Y ~ X)": Known(
            b + g * a / (a**2 + 1),
            "effect + g a / (a^2 + 1), the omitted-variable bias: g times the slope of U on X "
            "(a = into_treatment, g = into_outcome).",
        ),
        "limit of OLS(Y ~ X + U)": Known(b, "U shuts the only back door."),
        "corr(X, U)^2": Known(a**2 / (a**2 + 1), "var(a U) / var(X)."),
    }


@simulator(
    "hidden_cause",
    title="A common cause, measured or not, well or badly",
    source="the lecture's first difficulty; omitted-variable bias as in Cinelli and Hazlett "
    "(2020), Making sense of sensitivity, JRSS B 82; the numbers are ours",
    known=known,
    try_this="`observe(world, hide('U'))` takes U out of the data; `mismeasure('U', "
    "error=Normal(0, 0.8))` or `discretise('U', cuts=[0.0])` leave a part of the bias.",
)
def hidden_cause(
    into_treatment: Annotated[float, "of U on X"] = 1.0,
    effect: Annotated[float, "of X on Y"] = 0.5,
    into_outcome: Annotated[float, "of U on Y"] = 0.8,
) -> SCM:
    """U moves both X and Y. It is in the data until somebody hides it.

        U ~ N(0, 1)
        X := into_treatment U + u
        Y := effect X + into_outcome U + u,    every u ~ N(0, 1)

    >>> hidden_cause().graph
    Graph(directed=[('U', 'X'), ('X', 'Y'), ('U', 'Y')])
    """
    return SCM(
        U=Normal(0, 1),
        X=lambda U, a=into_treatment, u=Normal(0, 1): a * U + u,
        Y=lambda X, U, b=effect, g=into_outcome, u=Normal(0, 1): b * X + g * U + u,
    )
