"""A drug that was given in no trial: women take drug A more often, and have more blood clots."""

from fractions import Fraction

import numpy as np
from numpyro.distributions import Bernoulli

from scm import SCM
from simulators.registry import Known, simulator

# The table's shares: of each sex on drug A, and of each cell with a clot, at [female, drug_a].
ON_A = np.array([42 / 122, 80 / 122])
CLOTS = np.array([[6 / 80, 3 / 42], [17 / 42, 24 / 80]])

KNOWN = {
    "ATE(drug_a -> clot)": Known(
        Fraction(-13, 240),
        "1/2 (3/10 - 17/42) + 1/2 (1/14 - 3/40): the sexes weighted as in everybody.",
    ),
    "P(clot | do(drug_a=1))": Known(
        Fraction(13, 70), "1/2 3/10 + 1/2 1/14: everybody takes A, half of them women."
    ),
    "P(clot | do(drug_a=0))": Known(
        Fraction(403, 1680), "1/2 17/42 + 1/2 3/40: everybody takes B, half of them women."
    ),
    "ATT(drug_a -> clot)": Known(
        Fraction(-3583, 51240), "The sexes weighted as among takers of A: 80 women in 122."
    ),
    "ATU(drug_a -> clot)": Known(
        Fraction(-82, 2135), "The sexes weighted as among takers of B: 42 women in 122."
    ),
    "P(clot | drug_a=1) - P(clot | drug_a=0)": Known(
        Fraction(2, 61), "27/122 - 23/122: the crude comparison, on the wrong side of zero."
    ),
}


@simulator(
    "simpson_drug",
    title="Simpson's paradox: a drug, blood clots, and who takes it",
    source="Molak (2023), Causal Inference and Discovery in Python, chapter 1: the cell "
    "frequencies of a table of 244 patients",
    known=KNOWN,
    try_this="Give the same people A, then B: `model.do(drug_a=1)`, `model.do(drug_a=0)`; fewer "
    "have clots with A, though of those who chose A more had. "
    "`model.do(drug_a=Bernoulli(0.5))` is a trial: no paradox.",
)
def simpson_drug() -> SCM:
    """Sex moves both the drug and the clots; in each sex drug A prevents some.

        female ~ Bernoulli(1/2)
        drug_a ~ Bernoulli(80/122 if female else 42/122)
        clot   ~ Bernoulli(24/80 or 17/42 for women on A or B, 3/42 or 6/80 for men)

    All are 0 or 1; `drug_a = 0` is drug B.

    >>> simpson_drug().graph
    Graph(directed=[('female', 'drug_a'), ('female', 'clot'), ('drug_a', 'clot')])
    """
    return SCM(
        female=Bernoulli(0.5),
        drug_a=lambda female, rate=ON_A: Bernoulli(rate[female]),
        clot=lambda female, drug_a, rate=CLOTS: Bernoulli(rate[female, drug_a]),
    )
