"""Berkson's paradox: two things that have nothing to do with each other, among the selected."""

from typing import Annotated

import numpy as np
from numpyro.distributions import Normal
from scipy import stats

from scm import SCM
from simulators.registry import Known, simulator


def known(threshold: float) -> dict[str, Known]:
    """The correlation in everybody, and among those who pass."""
    a = threshold / np.sqrt(2)
    tail = float(stats.norm.pdf(a) / stats.norm.sf(a))
    narrower = tail * (tail - a)
    return {
        "TotalEffect(A -> B)": Known(0, "There is no arrow."),
        "corr(A, B)": Known(0, "Nothing joins them."),
        "corr(A, B | passed)": Known(
            -narrower / (2 - narrower),
            "-d / (2 - d) with d = l (l - a), l = phi(a) / (1 - Phi(a)), a = threshold / sqrt(2): "
            "the sum is a normal variable cut off below; the difference is not touched.",
        ),
        "P(passed)": Known(float(stats.norm.sf(a)), "A + B ~ N(0, 2)."),
    }


@simulator(
    "talents",
    title="Berkson's paradox: two talents, and who gets in",
    source="Berkson (1946), Limitations of the application of fourfold table analysis to hospital "
    "data, Biometrics Bulletin 2; normal version, moments of the truncated normal",
    known=known,
    try_this="`observe(world, select(lambda passed: passed == 1))`: among those who passed, the "
    "more of one talent the less of the other.",
)
def talents(
    threshold: Annotated[float, "of A + B to pass, in standard deviations of one talent"] = 0.0,
) -> SCM:
    """A and B are independent; who has enough of both together passes.

        A, B ~ N(0, 1)
        passed := A + B > threshold

    >>> talents().graph
    Graph(directed=[('A', 'passed'), ('B', 'passed')], nodes=['A', 'B', 'passed'])
    """
    return SCM(
        A=Normal(0, 1),
        B=Normal(0, 1),
        passed=lambda A, B, c=threshold: (A + B - c > 0).astype(int),
    )
