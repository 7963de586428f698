"""Feedback: two variables that move each other at once, so that neither regression is an effect."""

from fractions import Fraction
from typing import Annotated

from numpyro.distributions import Normal

from scm import SCM, equilibrium
from simulators.exact import exactly
from simulators.registry import Known, simulator


def known(forward: float, back: float, spread_x: float, spread_y: float) -> dict[str, Known]:
    """Both effects, the gain of the loop, and what regressions find instead."""
    a, b, sx, sy = map(exactly, (forward, back, spread_x, spread_y))
    loop = 1 - a * b
    gain = {"gain of the loop": Known(1 / loop, "1 / (1 - forward back).")} if loop else {}
    return {
        "ATE(X -> Y)": Known(a, "do(X) cuts the way back: forward."),
        "ATE(Y -> X)": Known(b, "do(Y) cuts the way there: back."),
        **gain,
        **_regressions(a, b, sx**2, sy**2),
    }


def _regressions(a: Fraction, b: Fraction, vx: Fraction, vy: Fraction) -> dict[str, Known]:
    covariance = a * vx + b * vy
    return {
        "limit of OLS(Y ~ X)": Known(
            covariance / (vx + b**2 * vy),
            "(a sx^2 + b sy^2) / (sx^2 + b^2 sy^2), a = forward, b = back: what the noise of Y "
            "sends back to X counts as if X had sent it.",
        ),
        "limit of OLS(X ~ Y)": Known(
            covariance / (vy + a**2 * vx), "(a sx^2 + b sy^2) / (sy^2 + a^2 sx^2)."
        ),
    }


@simulator(
    "feedback",
    title="Feedback: X raises Y, Y lowers X, and the regression has the wrong sign",
    source="Haavelmo (1943), The statistical implications of a system of simultaneous equations, "
    "Econometrica 11; the numbers are ours",
    known=known,
    try_this="`model.do(X=1.0)` against `model.do(X=0.0)`: Y rises by 0.5; among units as they are "
    "it falls by 0.76 for each unit of X. `--set back=2` has no solution, and is refused.",
)
def feedback(
    forward: Annotated[float, "of X on Y"] = 0.5,
    back: Annotated[float, "of Y on X; forward back = 1 has no solution"] = -0.8,
    spread_x: Annotated[float, "standard deviation of X's own noise"] = 1.0,
    spread_y: Annotated[float, "standard deviation of Y's own noise"] = 2.0,
) -> SCM:
    """Two equations that hold at once.

        X = back Y + u,       u ~ N(0, spread_x^2)
        Y = forward X + u,    u ~ N(0, spread_y^2)

    Intervening on either replaces its equation and leaves the other. A push at X's own noise comes
    round and arrives 1 / (1 - forward back) times.

    >>> feedback().parents
    {'X': ('Y',), 'Y': ('X',)}
    """
    return SCM(
        X=equilibrium(lambda Y, b=back, u=Normal(0, spread_x): b * Y + u),
        Y=equilibrium(lambda X, a=forward, u=Normal(0, spread_y): a * X + u),
    )
