"""The same person treated and not: both outcomes exist in the world, one of them in the data."""

from fractions import Fraction
from typing import Annotated

import jax.numpy as jnp
from numpyro.distributions import Bernoulli, Normal

from scm import SCM, latent
from simulators.exact import exactly
from simulators.ranges import between
from simulators.registry import Known, simulator

ILL = Fraction(2, 5)


def known(selection: float) -> dict[str, Known]:
    """The gain is 1 for the well and 4 for the ill, so an average gain is 1 + 3 P(ill)."""
    between("treatment", -1, 1, selection=selection)
    of_ill, of_well = (1 + exactly(selection)) / 2, (1 - exactly(selection)) / 2
    treated = ILL * of_ill / (ILL * of_ill + (1 - ILL) * of_well)
    untreated = ILL * (1 - of_ill) / (ILL * (1 - of_ill) + (1 - ILL) * (1 - of_well))
    att, bias = 1 + 3 * treated, -6 * (treated - untreated)
    return {
        "ATE(treatment -> health)": Known(1 + 3 * ILL, "2 in 5 people are ill."),
        "ATT(treatment -> health)": Known(att, f"{treated} of the treated are ill."),
        "ATU(treatment -> health)": Known(
            1 + 3 * untreated, f"{untreated} of the untreated are ill."
        ),
        "E[health | treatment=1] - E[health | treatment=0]": Known(
            att + bias, "The ATT and the baseline bias."
        ),
        "baseline bias": Known(
            bias,
            "E[untreated | treatment=1] - E[untreated | treatment=0]: how the treated would have "
            "been worse off anyway.",
        ),
        "limit of OLS(health ~ treatment)": Known(att + bias, "The difference in means."),
        "limit of OLS(health ~ treatment + ill)": Known(
            1 + 3 * ILL,
            "The ATE: treatment varies as much among the ill as among the well, so least squares "
            "weights them by their numbers.",
        ),
    }


@simulator(
    "treatment",
    title="Treatment effects: the same person treated and not",
    source="Rubin (1974), Estimating causal effects of treatments in randomized and nonrandomized "
    "studies; Holland (1986), Statistics and causal inference; the numbers are ours",
    known=known,
    try_this="`model.potential_outcomes({'treatment': [0, 1]}, of='health', key=0, n=10)` shows "
    "what no data can: both outcomes of each person. `selection=0.0` is a trial: all agree.",
)
def treatment(
    selection: Annotated[
        float, "share of the ill who are treated less that of the well; 0: at random"
    ] = 0.6,
) -> SCM:
    """It helps everybody, the ill most; it is mostly the ill who take it.

        ill       ~ Bernoulli(0.4)
        treatment ~ Bernoulli(0.5 + selection (ill - 0.5))
        untreated := 10 - 6 ill + u,            u ~ N(0, 1); never in the data
        treated   := untreated + 1 + 3 ill,     never in the data
        health    := treated if treatment else untreated

    Health in points. `untreated` and `treated` are the potential outcomes of each person.

    Raises ValueError for a selection that is not between -1 and 1.

    >>> treatment().latents
    ('untreated', 'treated')
    """
    between("treatment", -1, 1, selection=selection)
    return SCM(
        ill=Bernoulli(0.4),
        treatment=lambda ill, selection=selection: Bernoulli(0.5 + selection * (ill - 0.5)),
        untreated=latent(lambda ill, u=Normal(0, 1): 10 - 6 * ill + u),
        treated=latent(lambda ill, untreated: untreated + 1 + 3 * ill),
        health=lambda treatment, treated, untreated: jnp.where(treatment, treated, untreated),
    )
