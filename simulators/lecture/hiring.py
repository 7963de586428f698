"""Why good programmers seem to be bad colleagues: both were hired for the sum of two scores."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated

from numpyro.distributions import DiscreteUniform

from scm import SCM
from simulators.ranges import between
from simulators.registry import Known, simulator

TOP = 5
Pair = tuple[int, int]


def known(threshold: int) -> dict[str, Known]:
    """All 25 pairs of scores are counted."""
    between("hiring", 2, 2 * TOP, threshold=threshold)
    scores = range(1, TOP + 1)
    pairs = [(coding, cooperation) for coding in scores for cooperation in scores]
    hired = [pair for pair in pairs if sum(pair) >= threshold]
    rejected = [pair for pair in pairs if sum(pair) < threshold]
    counted = f"Counted among {len(hired)} of the 25 pairs of scores."
    answers = {
        "P(hired=1)": Known(Fraction(len(hired), 25), "Pairs whose sum reaches the threshold."),
        "corr(coding, cooperation)": Known(0, "The scores are drawn apart."),
        "corr(coding, cooperation | hired=1)": Known(_slope(hired), counted),
    }
    if len(rejected) > 1:
        answers["corr(coding, cooperation | hired=0)"] = Known(
            _slope(rejected), "Counted among the others: rejection selects too."
        )
    for coding in sorted({coding for coding, _ in hired}):
        others = [cooperation for each, cooperation in hired if each == coding]
        answers[f"E[cooperation | coding={coding}, hired=1]"] = Known(
            Fraction(sum(others), len(others)), "Less coding needs more cooperation to be hired."
        )
    together, alone = (_centred(hired), _centred(rejected))
    return answers | {
        "ATE(coding -> cooperation)": Known(0, "No arrow leads from one to the other."),
        "limit of OLS(cooperation ~ coding)": Known(0, "Among all who applied: right as it is."),
        "limit of OLS(cooperation ~ coding + hired)": Known(
            (together[0] + alone[0]) / (together[1] + alone[1]),
            "Slopes within the hired and within the rejected, pooled: the same selection twice.",
        ),
    }


@simulator(
    "hiring",
    title="Hiring: coding, cooperation, and who is in the office",
    source="the lecture's selection bias; Berkson (1946), Limitations of the application of "
    "fourfold table analysis to hospital data; enumerated",
    known=known,
    try_this="`world.where(world['hired'])` is the office: there each point of coding costs half a "
    "point of cooperation. So it does for any higher threshold: what is hired is a triangle of "
    "the square. `threshold=3` almost ends it.",
)
def hiring(
    threshold: Annotated[int, "the least sum of both scores that is hired, 3 to 9"] = 7,
) -> SCM:
    """Two scores that have nothing to do with one another, and a decision on their sum.

        coding      ~ uniform on 1, ..., 5
        cooperation ~ uniform on 1, ..., 5
        hired       := coding + cooperation >= threshold

    The world is everybody who applied; who looks only at the hired looks at a collider.

    Raises ValueError for a threshold that hires everybody or only (5, 5), of whom there is no
    correlation.

    >>> hiring().graph.separated("coding", "cooperation", given="hired").reason
    'coding -> hired <- cooperation is open: the collider hired is given'
    """
    between("hiring", 2, 2 * TOP, threshold=threshold)
    return SCM(
        coding=DiscreteUniform(1, TOP),
        cooperation=DiscreteUniform(1, TOP),
        hired=lambda coding, cooperation, threshold=threshold: coding + cooperation >= threshold,
    )


def _centred(pairs: Sequence[Pair]) -> tuple[Fraction, Fraction]:
    """Sums over pairs, about their means: of products of both scores, and of squares of one."""
    mean = Fraction(sum(coding for coding, _ in pairs), len(pairs))  # of either: all is symmetric
    products = sum(((a - mean) * (b - mean) for a, b in pairs), Fraction(0))
    return products, sum(((a - mean) ** 2 for a, _ in pairs), Fraction(0))


def _slope(pairs: Sequence[Pair]) -> Fraction:
    """The slope of one score on the other; their correlation too, as both have one variance."""
    products, squares = _centred(pairs)
    return products / squares
