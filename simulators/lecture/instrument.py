"""An instrument: something that moves the treatment and nothing else."""

from typing import Annotated

from numpyro.distributions import Normal

from scm import SCM, latent
from simulators.exact import exactly
from simulators.ranges import between
from simulators.registry import Known, simulator


def known(strength: float, confounding: float) -> dict[str, Known]:
    """The ratio that is right, and two regressions that are not."""
    between("instrument", 0, strength=strength)
    effect, s, c, u = exactly(0.8), exactly(strength), exactly(confounding), exactly(0.2)
    return {
        "TotalEffect(X -> Y)": Known(effect, "By construction."),
        "Wald: cov(Z, Y) / cov(Z, X)": Known(
            effect, "strength 0.8 / strength: Z moves Y through X alone."
        ),
        "limit of OLS(X ~ Z)": Known(s, "The first stage."),
        "limit of OLS(Y ~ Z)": Known(s * effect, "The reduced form."),
        "limit of OLS(Y ~ X)": Known(
            effect + c * u / (s**2 + u**2), "0.8 + 0.2 confounding / (strength^2 + 0.04)."
        ),
        "limit of OLS(Y ~ X + Z)": Known(
            effect + c / u,
            "0.8 + confounding / 0.2: given the instrument, all that moves X is the confounder.",
        ),
        "concentration for each unit": Known(
            s**2 / u**2, "strength^2 / 0.04: times n, and plus 1, the mean of the first stage's F."
        ),
    }


@simulator(
    "instrument",
    title="An instrumental variable: Z -> X -> Y, and something unseen behind X and Y",
    source="Molak (2023), Causal Inference and Discovery in Python, chapter 6",
    known=known,
    try_this="`strength=0.02` makes it weak: two-stage least squares is then biased towards OLS. "
    "Adjusting for Z instead of using it makes the bias worse, not better.",
)
def instrument(
    strength: Annotated[float, "of Z on X"] = 0.7,
    confounding: Annotated[float, "of the unseen U on Y; on X it is 0.2"] = 0.1,
) -> SCM:
    """Z moves X, X moves Y, U moves both X and Y and is not in the data.

        Z ~ N(0, 1)
        U ~ N(0, 1),    unseen
        X := strength Z + 0.2 U
        Y := 0.8 X + confounding U

    Raises ValueError for a strength that is not positive: without it there is no instrument.

    >>> instrument().graph.is_instrument("X", "Y", "Z").valid
    True
    """
    between("instrument", 0, strength=strength)
    return SCM(
        Z=Normal(0, 1),
        U=latent(Normal(0, 1)),
        X=lambda Z, U, strength=strength: strength * Z + 0.2 * U,
        Y=lambda X, U, c=confounding: 0.8 * X + c * U,
    )
