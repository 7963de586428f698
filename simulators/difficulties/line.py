"""A straight line without any trouble in it: all of the trouble comes from its observation."""

from typing import Annotated

import numpy as np
from numpyro.distributions import Normal

from scm import SCM
from simulators.registry import Known, simulator


def known(slope: float, r2: float, intercept: float, centre: float) -> dict[str, Known]:
    """Slope, mean and variances."""
    _check(slope, r2)
    return {
        "TotalEffect(X -> Y)": Known(slope, "By construction; there is nothing else."),
        "limit of OLS(Y ~ X)": Known(slope, "Nobody confounds X."),
        "E[Y]": Known(intercept + slope * centre, "intercept + slope E[X]."),
        "var(Y)": Known(slope**2 / r2, "slope^2 var(X) is the share r2 of it."),
    }


@simulator(
    "line",
    title="A straight line, to be mismeasured, selected and lost",
    source="the regressions of Carroll et al. (2006), Measurement Error in Nonlinear Models, and "
    "of Little and Rubin (2019), Statistical Analysis with Missing Data; the numbers are ours",
    known=known,
    try_this="`observe(world, mismeasure('X', error=Normal(0, 1)))` halves the slope; "
    "`select(lambda Y: Y > 0)` shrinks it, `select(lambda X: X > 0)` does not.",
)
def line(
    slope: Annotated[float, "of Y on X, not 0"] = 0.5,
    r2: Annotated[float, "share of the variance of Y that X explains, above 0, at most 1"] = 0.2,
    intercept: Annotated[float, "the mean of Y where X is 0"] = 0.0,
    centre: Annotated[float, "the mean of X"] = 0.0,
) -> SCM:
    """X moves Y, and nothing else is there.

        X ~ N(centre, 1)
        Y := intercept + slope X + u,  u ~ N(0, slope^2 (1 - r2) / r2)

    >>> line().order
    ('X', 'Y')
    """
    _check(slope, r2)
    spread = float(abs(slope) * np.sqrt((1 - r2) / r2))
    return SCM(
        X=Normal(centre, 1),
        Y=lambda X, a=intercept, b=slope, s=spread, u=Normal(0, 1): a + b * X + s * u,
    )


def _check(slope: float, r2: float) -> None:
    if not 0 < r2 <= 1 or slope == 0:
        raise ValueError(f"line: slope={slope}, r2={r2}: a slope other than 0 and 0 < r2 <= 1")
