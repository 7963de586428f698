"""One table, two stories: what a drug does depends on whether the third variable comes first."""

from fractions import Fraction
from typing import Annotated, Literal

import numpy as np
from numpyro.distributions import Bernoulli

from scm import SCM
from simulators.registry import Known, simulator

# The table's shares: with the third variable, of all and of those on B and on A; on drug A, of
# those without it and with it; with a clot, at [third, drug_a].
ON_A = np.array([42 / 122, 80 / 122])
THIRD = np.array([42 / 122, 80 / 122])
CLOTS = np.array([[6 / 80, 3 / 42], [17 / 42, 24 / 80]])

SEEN = {
    "P(clot | drug_a=1) - P(clot | drug_a=0)": Known(
        Fraction(2, 61), "27/122 - 23/122: the crude comparison, the same in both stories."
    ),
}
CONFOUNDER = {
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
    **SEEN,
    "confounding bias": Known(
        Fraction(2, 61) + Fraction(13, 240), "The crude comparison less the ATE."
    ),
}
MEDIATOR = {
    "ATE(drug_a -> clot)": Known(
        Fraction(2, 61), "27/122 - 23/122: nothing comes before the drug, so seeing is doing."
    ),
    "P(clot | do(drug_a=1))": Known(Fraction(27, 122), "As seen among those on A."),
    "P(clot | do(drug_a=0))": Known(Fraction(23, 122), "As seen among those on B."),
    "NDE(drug_a -> clot; high_pressure)": Known(
        Fraction(-82, 2135),
        "sum_z (P(clot | A, z) - P(clot | B, z)) P(z | B): what A does while pressure stays as "
        "under B.",
    ),
    "NIE(drug_a -> clot; high_pressure)": Known(
        Fraction(5263, 51240),
        "sum_z P(clot | B, z) (P(z | A) - P(z | B)): what A does by raising pressure.",
    ),
    "TDE(drug_a -> clot; high_pressure)": Known(
        Fraction(-3583, 51240), "The direct effect while pressure stays as under A: ATE - NIE."
    ),
    "TIE(drug_a -> clot; high_pressure)": Known(
        Fraction(152, 2135), "The indirect effect under A: ATE - NDE."
    ),
    **SEEN,
    "adjusted for high_pressure": Known(
        Fraction(-13, 240),
        "What the other story calls the effect; here it blocks the way that the drug takes.",
    ),
}


def known(third: str) -> dict[str, Known]:
    """The answers of one of the two stories."""
    return CONFOUNDER if third == "confounder" else MEDIATOR


@simulator(
    "simpson_drug",
    title="Simpson's paradox: a drug, blood clots, and a third variable",
    source="Molak (2023), Causal Inference and Discovery in Python, chapter 1: the cell "
    "frequencies of a table of 244 patients; the second story as in Pearl (2014), Understanding "
    "Simpson's paradox",
    known=known,
    try_this="Give the same people A, then B: `model.do(drug_a=1)`, `model.do(drug_a=0)`; fewer "
    "have clots with A, though of those who chose A more had. "
    "`model.do(drug_a=Bernoulli(0.5))` is a trial: no paradox. `third=mediator` has the same "
    "table and the opposite answer.",
)
def simpson_drug(
    third: Annotated[
        Literal["confounder", "mediator"],
        "confounder: sex, before the drug; mediator: blood pressure, after it",
    ] = "confounder",
) -> SCM:
    """The same law of a table from two worlds, in which drug A has opposite effects.

    "confounder": sex moves both the drug and the clots; in each sex drug A prevents some.

        female ~ Bernoulli(1/2)
        drug_a ~ Bernoulli(80/122 if female else 42/122)
        clot   ~ Bernoulli(24/80 or 17/42 for women on A or B, 3/42 or 6/80 for men)

    "mediator": the drug, taken by half at random, raises blood pressure, and that makes clots; at
    each pressure drug A prevents some, and on the whole it causes more than it prevents.

        drug_a        ~ Bernoulli(1/2)
        high_pressure ~ Bernoulli(80/122 if drug_a else 42/122)
        clot          ~ Bernoulli(as above, with high_pressure for female)

    All are 0 or 1; `drug_a = 0` is drug B. No data tell the two apart: each cell of the table of
    three columns has the same probability in both.

    >>> simpson_drug().graph
    Graph(directed=[('female', 'drug_a'), ('female', 'clot'), ('drug_a', 'clot')])
    """
    if third == "confounder":
        return SCM(
            female=Bernoulli(0.5),
            drug_a=lambda female, on_a=ON_A: Bernoulli(on_a[female]),
            clot=lambda female, drug_a, rate=CLOTS: Bernoulli(rate[female, drug_a]),
        )
    return SCM(
        drug_a=Bernoulli(0.5),
        high_pressure=lambda drug_a, share=THIRD: Bernoulli(share[drug_a]),
        clot=lambda high_pressure, drug_a, rate=CLOTS: Bernoulli(rate[high_pressure, drug_a]),
    )
