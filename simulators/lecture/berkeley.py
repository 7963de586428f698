"""Were women discriminated against?  Berkeley, 1973, and what a department is in the story."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Literal

import numpy as np
from numpyro.distributions import Bernoulli, Categorical

from scm import SCM
from simulators.datasets.berkeley import COUNTS
from simulators.registry import Known, simulator

MEN = [sum(row[:2]) for row in COUNTS]
WOMEN = [sum(row[2:]) for row in COUNTS]
ALL = [men + women for men, women in zip(MEN, WOMEN, strict=True)]
RATES = [(Fraction(m, m + n), Fraction(f, f + g)) for m, n, f, g in COUNTS]
"""Of the men and of the women who apply to a department, how many are admitted."""


def _standardised(weights: Sequence[int | Fraction]) -> Fraction:
    """Women's rate less men's, the departments weighted as given."""
    gaps = [women - men for men, women in RATES]
    weighted = [w * gap for w, gap in zip(weights, gaps, strict=True)]
    return sum(weighted, Fraction(0)) / sum(weights)


def _rate(sex: int, weights: list[int]) -> Fraction:
    """The rate of one sex, if its applicants were spread over the departments as given."""
    return sum(w * r[sex] for w, r in zip(weights, RATES, strict=True)) / Fraction(sum(weights))


CRUDE = _rate(1, WOMEN) - _rate(0, MEN)
OVERLAP = [Fraction(m * f, m + f) for m, f in zip(MEN, WOMEN, strict=True)]


def known(story: str) -> dict[str, Known]:
    """What the counts say, and what sex does to admission if they came about by this story."""
    if story == "confounder":
        effects = {
            "ATE(female -> admitted)": Known(
                _standardised(ALL), "The departments weighted as among all applicants."
            ),
            "ATT(female -> admitted)": Known(_standardised(WOMEN), "As among the women."),
            "ATU(female -> admitted)": Known(_standardised(MEN), "As among the men."),
        }
    else:
        effects = {
            "ATE(female -> admitted)": Known(
                CRUDE, "Nothing comes before sex: the crude difference is the total effect."
            ),
            "NDE(female -> admitted; dept)": Known(
                _standardised(MEN), "Women who apply where the men do, against men."
            ),
            "NIE(female -> admitted; dept)": Known(
                _rate(0, WOMEN) - _rate(0, MEN), "Men who apply where the women do, against men."
            ),
            "TDE(female -> admitted; dept)": Known(
                _standardised(WOMEN), "Women, against men who apply where the women do."
            ),
            "TIE(female -> admitted; dept)": Known(
                _rate(1, WOMEN) - _rate(1, MEN), "Women, against women who apply where the men do."
            ),
        }
    return {
        "P(admitted | female=1) - P(admitted | female=0)": Known(CRUDE, "557/1835 - 1198/2691."),
        **effects,
        "women less men, departments weighted as among the women": Known(
            _standardised(WOMEN), "sum_d P(d | woman) (women's rate - men's rate)."
        ),
        "women less men, departments weighted by m f / (m + f)": Known(
            _standardised(OVERLAP),
            "By m men and f women: Mantel and Haenszel, and least squares with a constant for each "
            "department.",
        ),
        "women less men, departments weighted as among all": Known(
            _standardised(ALL), "sum_d P(d) (women's rate - men's rate)."
        ),
        "women less men, departments weighted as among the men": Known(
            _standardised(MEN), "sum_d P(d | man) (women's rate - men's rate)."
        ),
    }


@simulator(
    "berkeley",
    title="Admissions at Berkeley, 1973: sex, department, admission",
    source="Bickel, Hammel and O'Connell (1975), Sex bias in graduate admissions: evidence from "
    "Berkeley; counts of the six largest departments",
    known=known,
    try_this="Compare `model.do(female=1)` with `model.do(female=0)` under both stories: the same "
    "table, and effects of opposite sign. With `story=mediator`, `NDE` asks what the committees "
    "do, `NIE` what the choice of department does.",
)
def berkeley(
    story: Annotated[
        Literal["mediator", "confounder"],
        "mediator: sex moves the choice of department; confounder: the department comes first",
    ] = "mediator",
) -> SCM:
    """The counts of six departments as shares, read by one of two stories.

    "mediator": an applicant's sex moves where she applies, and both move admission.

        female   ~ Bernoulli(1835/4526)
        dept     ~ Categorical(where that sex applies)
        admitted ~ Bernoulli(rate[dept, female])

    "confounder": the department comes first, each with a crowd of its own; it moves which sex
    applies, and admission.

        dept     ~ Categorical(where people apply)
        female   ~ Bernoulli(share of women among that department's applicants)
        admitted ~ Bernoulli(rate[dept, female])

    `dept` is 0 to 5 for the departments A to F. No data tell the two apart. In both nothing
    unseen moves department and admission; in life (preparation, say) it may.

    >>> [len(berkeley(story).graph.parents("dept")) for story in ("mediator", "confounder")]
    [1, 0]
    """
    rates = np.array(RATES, dtype=float)
    admitted = lambda dept, female, rate=rates: Bernoulli(rate[dept, female])
    if story == "mediator":
        choice = np.array([MEN, WOMEN]) / [[sum(MEN)], [sum(WOMEN)]]
        return SCM(
            female=Bernoulli(sum(WOMEN) / sum(ALL)),
            dept=lambda female, choice=choice: Categorical(choice[female]),
            admitted=admitted,
        )
    women = np.array(WOMEN) / np.array(ALL)
    return SCM(
        dept=Categorical(np.array(ALL) / sum(ALL)),
        female=lambda dept, share=women: Bernoulli(share[dept]),
        admitted=admitted,
    )
