"""The collider that can be counted on one's fingers: two numbers and their sum."""

from collections import Counter
from fractions import Fraction
from itertools import product
from math import log2, sqrt
from typing import Annotated

from numpyro.distributions import DiscreteUniform

from scm import SCM
from simulators.ranges import between
from simulators.registry import Known, simulator


def known(top: int) -> dict[str, Known]:
    """All pairs are counted."""
    between("sum_of_two", 1, top=top)
    pairs = Counter(a + c for a, c in product(range(1, top + 1), repeat=2))
    shares = {total: Fraction(count, top**2) for total, count in pairs.items()}
    information = sum(float(shares[b]) * log2(count) for b, count in pairs.items())
    counted = f"How many of the {top**2} pairs have this sum."
    return {
        **{f"P(B={total})": Known(share, counted) for total, share in shares.items()},
        "corr(A, C)": Known(0, "They are drawn apart."),
        "corr(A, B)": Known(1 / sqrt(2), "1 / sqrt(2): half of the variance of B is A's."),
        f"corr(A, C | B={top + 1})": Known(-1, f"C = {top + 1} - A."),
        "I(A; C | B) in bits": Known(
            information,
            "sum_b P(b) log2(pairs with this sum) = 2 log2(top) - H(B): given B, A tells all of C.",
        ),
        "ATE(A -> C)": Known(0, "No arrow leads from A to C."),
        "limit of OLS(C ~ A)": Known(0, "Right as it is."),
        "limit of OLS(C ~ A + B)": Known(-1, "C = B - A: given B, A is not a cause but a clue."),
    }


@simulator(
    "sum_of_two",
    title="Two numbers and their sum: independent until the sum is known",
    source="the lecture's collider; enumerated",
    known=known,
    try_this="`world.where(world['B'] == 4)` leaves (1, 3), (2, 2), (3, 1): a perfect correlation "
    "of two numbers that know nothing of one another.",
)
def sum_of_two(
    top: Annotated[int, "the largest of the numbers that A and C may be, 2 or more"] = 3,
) -> SCM:
    """A and C are drawn apart, B is their sum.

        A ~ uniform on 1, ..., top
        C ~ uniform on 1, ..., top
        B := A + C

    Raises ValueError for a top below 2.

    >>> print(sum_of_two().equations())
    A ~ DiscreteUniform(1, 3)
    C ~ DiscreteUniform(1, 3)
    B := A + C
    """
    between("sum_of_two", 1, top=top)
    return SCM(A=DiscreteUniform(1, top), C=DiscreteUniform(1, top), B=lambda A, C: A + C)
