"""Dense relations: paths that cancel, so that no association shows where effects are."""

from typing import Annotated

from numpyro.distributions import Normal

from scm import SCM
from simulators.exact import exactly
from simulators.registry import Known, simulator


def known(first: float, second: float, direct: float) -> dict[str, Known]:
    """Total and direct effect."""
    a, b, c = map(exactly, (first, second, direct))
    return {
        "TotalEffect(X -> Y)": Known(c + a * b, "direct + first second."),
        "CDE(X -> Y; Z)": Known(c, "The direct arrow."),
        "limit of OLS(Y ~ X)": Known(c + a * b, "Nobody confounds X."),
        "limit of OLS(Y ~ X + Z)": Known(c, "Z held, the direct arrow is left."),
        "VIF(X)": Known(1 + a**2, "1 / (1 - R^2), R^2 = a^2 / (a^2 + 1) of X on Z."),
    }


@simulator(
    "cancelling",
    title="Two paths that cancel: no association, and an effect all the same",
    source="unfaithful laws, Spirtes, Glymour and Scheines (2000), Causation, Prediction, and "
    "Search, chapter 3; the numbers are ours",
    known=known,
    try_this="The total effect is 0: a test of independence passes, and X moves Y whenever Z is "
    "held: `model.do(Z=0.0)`.",
)
def cancelling(
    first: Annotated[float, "of X on Z"] = 0.8,
    second: Annotated[float, "of Z on Y"] = 0.5,
    direct: Annotated[float, "of X on Y"] = -0.4,
) -> SCM:
    """What X does through Z it undoes directly.

        X ~ N(0, 1)
        Z := first X + u
        Y := direct X + second Z + u,    every u ~ N(0, 1)

    >>> cancelling().order
    ('X', 'Z', 'Y')
    """
    return SCM(
        X=Normal(0, 1),
        Z=lambda X, a=first, u=Normal(0, 1): a * X + u,
        Y=lambda X, Z, c=direct, b=second, u=Normal(0, 1): c * X + b * Z + u,
    )
