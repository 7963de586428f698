"""Ice cream and drowning: neither does anything to the other; the heat moves both."""

from math import sqrt
from typing import Annotated

from numpyro.distributions import Normal

from scm import SCM
from simulators.exact import exactly
from simulators.ranges import between
from simulators.registry import Known, simulator


def known(heat_on_ice_cream: float, heat_on_drownings: float) -> dict[str, Known]:
    """A correlation that is the product of two others, and no effect."""
    _check(heat_on_ice_cream, heat_on_drownings)
    product = exactly(heat_on_ice_cream) * exactly(heat_on_drownings)
    return {
        "corr(ice_cream, drownings)": Known(
            product, "The product of both correlations with temperature."
        ),
        "partial corr(ice_cream, drownings | temperature)": Known(
            0, "At one temperature they have nothing in common."
        ),
        "TotalEffect(ice_cream -> drownings)": Known(
            0, "No arrow leads from ice cream to drowning."
        ),
        "limit of OLS(drownings ~ ice_cream)": Known(
            product, "The correlation: both have variance 1."
        ),
        "limit of OLS(drownings ~ ice_cream + temperature)": Known(
            0, "Temperature is all that confounds."
        ),
    }


@simulator(
    "ice_cream",
    title="Ice cream and drowning: a common cause",
    source="the classic example of a common cause; the strengths are ours",
    known=known,
    try_this="`model.do(ice_cream=0.0)`, an ice cream ban, leaves every drowning as it was; "
    "`model.do(temperature=2.0)` changes both.",
)
def ice_cream(
    heat_on_ice_cream: Annotated[float, "correlation of temperature and ice cream"] = 0.9,
    heat_on_drownings: Annotated[float, "correlation of temperature and drownings"] = 0.8,
) -> SCM:
    """Days at the sea: temperature, ice cream sold, accidents; all standardised.

        temperature ~ N(0, 1)
        ice_cream   := a temperature + u,    u ~ N(0, sqrt(1 - a^2)),    a = heat_on_ice_cream
        drownings   := b temperature + u,    u ~ N(0, sqrt(1 - b^2)),    b = heat_on_drownings

    Raises ValueError for a correlation that is not between -1 and 1.

    >>> ice_cream().graph
    Graph(directed=[('temperature', 'ice_cream'), ('temperature', 'drownings')])
    """
    _check(heat_on_ice_cream, heat_on_drownings)
    a, b = heat_on_ice_cream, heat_on_drownings
    return SCM(
        temperature=Normal(0, 1),
        ice_cream=lambda temperature, a=a, u=Normal(0, sqrt(1 - a**2)): a * temperature + u,
        drownings=lambda temperature, b=b, u=Normal(0, sqrt(1 - b**2)): b * temperature + u,
    )


def _check(heat_on_ice_cream: float, heat_on_drownings: float) -> None:
    between(
        "ice_cream", -1, 1,
        heat_on_ice_cream=heat_on_ice_cream, heat_on_drownings=heat_on_drownings,
    )  # fmt: skip
