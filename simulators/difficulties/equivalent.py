"""Equivalent models: the same law of the data, and opposite answers to what a do does."""

from typing import Annotated, Literal

import numpy as np
from numpyro.distributions import Normal

from scm import SCM, latent
from simulators.registry import Known, simulator

Direction = Literal["X causes Y", "Y causes X", "neither"]


def known(direction: str, correlation: float) -> dict[str, Known]:
    """One law, three effects."""
    _check(correlation)
    effect = correlation if direction == "X causes Y" else 0.0
    return {
        "TotalEffect(X -> Y)": Known(effect, f"{direction}."),
        "limit of OLS(Y ~ X)": Known(correlation, "The law of the data is the same in all three."),
        "corr(X, Y)": Known(correlation, "By construction."),
    }


@simulator(
    "equivalent",
    title="Three worlds that no data can tell apart",
    source="Verma and Pearl (1990), Equivalence and synthesis of causal models: linear normal "
    "models of one skeleton without colliders; the numbers are ours",
    known=known,
    try_this="`model.sample(...)` has the same law for every direction; `model.do(X=1.0)` has not.",
)
def equivalent(
    direction: Annotated[Direction, "which way the arrow goes, or a common cause"] = "X causes Y",
    correlation: Annotated[float, "of X and Y, from 0 to below 1"] = 0.6,
) -> SCM:
    """X and Y are standard normal with the given correlation r, whichever way.

        X causes Y:  X ~ N(0, 1);  Y := r X + sqrt(1 - r^2) u
        Y causes X:  Y ~ N(0, 1);  X := r Y + sqrt(1 - r^2) u
        neither:     C ~ N(0, 1), never in the data;  X, Y := sqrt(r) C + sqrt(1 - r) u

    >>> equivalent("Y causes X").parents
    {'Y': (), 'X': ('Y',)}
    """
    _check(correlation)
    along, rest = float(correlation), float(np.sqrt(1 - correlation**2))
    half, other = float(np.sqrt(correlation)), float(np.sqrt(1 - correlation))
    if direction == "X causes Y":
        return SCM(X=Normal(0, 1), Y=lambda X, r=along, s=rest, u=Normal(0, 1): r * X + s * u)
    if direction == "Y causes X":
        return SCM(Y=Normal(0, 1), X=lambda Y, r=along, s=rest, u=Normal(0, 1): r * Y + s * u)
    return SCM(
        C=latent(Normal(0, 1)),
        X=lambda C, r=half, s=other, u=Normal(0, 1): r * C + s * u,
        Y=lambda C, r=half, s=other, u=Normal(0, 1): r * C + s * u,
    )


def _check(correlation: float) -> None:
    if not 0 <= correlation < 1:
        raise ValueError(f"equivalent: correlation={correlation}: from 0 to below 1 is wanted")
