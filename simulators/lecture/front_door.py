"""The front door: an effect that nobody can adjust for, found through what carries it."""

from fractions import Fraction
from math import pi, sqrt
from typing import Annotated

import numpy as np
from numpyro.distributions import Bernoulli, HalfNormal, Normal

from scm import SCM, latent
from simulators.exact import exactly
from simulators.registry import Known, simulator


def known(
    gps_on_hippocampus: float,
    hippocampus_on_memory: float,
    motivation_on_gps: float,
    motivation_on_memory: float,
) -> dict[str, Known]:
    """Linear, so that variances say all; the variance of |N(0, s)| is s^2 (1 - 2/pi)."""
    shrinks = exactly(gps_on_hippocampus)
    effect = shrinks * exactly(hippocampus_on_memory)
    motivation = 16 * (1 - 2 / pi)
    gps = motivation_on_gps**2 * motivation + 25 * (1 - 2 / pi)
    confounding = motivation_on_memory * motivation_on_gps * motivation / gps
    mean = motivation_on_memory * 4 * sqrt(2 / pi)
    return {
        "TotalEffect(gps -> memory)": Known(effect, "gps_on_hippocampus hippocampus_on_memory."),
        "E[memory | do(gps=0)]": Known(
            mean, "motivation_on_memory 4 sqrt(2/pi): what motivation adds in the mean."
        ),
        "E[memory | do(gps=10)]": Known(float(10 * effect) + mean, "The same, and 10 effects."),
        "limit of OLS(memory ~ gps)": Known(
            float(effect) + confounding,
            "effect + motivation_on_memory motivation_on_gps var(motivation) / var(gps).",
        ),
        "limit of OLS(memory ~ gps + hippocampus)": Known(
            confounding, "The way is blocked, the confounding stays: not the effect at all."
        ),
        "limit of OLS(hippocampus ~ gps)": Known(shrinks, "The first of two regressions."),
        "limit of OLS(memory ~ hippocampus + gps)": Known(
            exactly(hippocampus_on_memory),
            "The second: gps blocks the back door. Their product is the effect.",
        ),
    }


@simulator(
    "front_door",
    title="Front door: GPS, hippocampus, spatial memory, and unseen motivation",
    source="Molak (2023), Causal Inference and Discovery in Python, chapter 6, after Dahmani and "
    "Bohbot (2020), Habitual use of GPS negatively impacts spatial memory during self-guided "
    "navigation",
    known=known,
    try_this="`model.graph.frontdoor_sets('gps', 'memory')` finds {hippocampus}. Two regressions, "
    "one product: `front_door_regression`. `model.do(motivation=0.0)` makes the naive slope right.",
)
def front_door(
    gps_on_hippocampus: Annotated[float, "hippocampal volume for an hour of GPS more"] = -0.6,
    hippocampus_on_memory: Annotated[float, "memory for a unit of volume more"] = 0.7,
    motivation_on_gps: Annotated[float, "hours of GPS for a unit of motivation more"] = 0.7,
    motivation_on_memory: Annotated[float, "memory for a unit of motivation more"] = 0.25,
) -> SCM:
    """GPS use shrinks the hippocampus, which holds spatial memory; motivation confounds.

        motivation  ~ |N(0, 4)|,    unseen
        gps         := 0.7 motivation + u,    u ~ |N(0, 5)|
        hippocampus := -0.6 gps + 0.25 u,     u ~ N(0, 2)
        memory      := 0.7 hippocampus + 0.25 motivation

    Units are arbitrary. Memory has no noise of its own but motivation.

    >>> front_door().latents
    ('motivation',)
    """
    return SCM(
        motivation=latent(HalfNormal(4)),
        gps=lambda motivation, a=motivation_on_gps, u=HalfNormal(5): a * motivation + u,
        hippocampus=lambda gps, b=gps_on_hippocampus, u=Normal(0, 2): b * gps + 0.25 * u,
        memory=lambda hippocampus, motivation, c=hippocampus_on_memory, d=motivation_on_memory: (
            c * hippocampus + d * motivation
        ),
    )


SMOKES = np.array([0.2, 0.8])
TAR = np.array([0.1, 0.9])
CANCER = np.array([[0.1, 0.5], [0.3, 0.9]])

TABLE = {
    "ATE(smokes -> cancer)": Known(
        Fraction(6, 25), "0.57 - 0.33; the front-door formula gives the same."
    ),
    "P(cancer | do(smokes=1))": Known(
        Fraction(57, 100), "0.9 (0.3 + 0.9)/2 + 0.1 (0.1 + 0.5)/2: tar follows, the gene does not."
    ),
    "P(cancer | do(smokes=0))": Known(Fraction(33, 100), "0.1 (0.3 + 0.9)/2 + 0.9 (0.1 + 0.5)/2."),
    "P(cancer | smokes=1) - P(cancer | smokes=0)": Known(
        Fraction(27, 50), "0.744 - 0.204: of smokers 80 % have the gene, of others 20 %."
    ),
    "adjusted for tar": Known(
        Fraction(3, 10),
        "1/2 0.24 + 1/2 0.36: what is left is confounding, and not the effect of smoking at all.",
    ),
}


@simulator(
    "front_door_table",
    title="Front door, all variables 0 or 1: smoking, tar, cancer, and an unseen gene",
    source="Pearl (2009), Causality, section 3.3.3, for the story; the numbers are ours",
    known=TABLE,
    try_this="`model.graph.identify('cancer', do='smokes')` prints the formula; "
    "`scm.identify.verify` holds it against the truth.",
)
def front_door_table() -> SCM:
    """A gene makes people smoke and gives them cancer; smoking gives cancer by tar alone.

        gene   ~ Bernoulli(0.5),    unseen
        smokes ~ Bernoulli(0.8 if gene else 0.2)
        tar    ~ Bernoulli(0.9 if smokes else 0.1)
        cancer ~ Bernoulli(0.1, 0.5, 0.3, 0.9 at (tar, gene) = (0, 0), (0, 1), (1, 0), (1, 1))

    >>> front_door_table().parents["cancer"]
    ('tar', 'gene')
    """
    return SCM(
        gene=latent(Bernoulli(0.5)),
        smokes=lambda gene, rate=SMOKES: Bernoulli(rate[gene]),
        tar=lambda smokes, rate=TAR: Bernoulli(rate[smokes]),
        cancer=lambda tar, gene, rate=CANCER: Bernoulli(rate[tar, gene]),
    )
