"""Mediation: how much of an effect goes through the mediator, and how much past it."""

from typing import Annotated, Any, Literal

from numpyro.distributions import Bernoulli, Normal

from scm import SCM
from simulators.exact import exactly
from simulators.registry import Known, simulator

Way = Literal["partial", "full"]


def known(
    kind: str, treatment_on_mediator: float, mediator_on_outcome: float, direct: float
) -> dict[str, Known]:
    """Linear without interaction: pure and total effects are the same."""
    a, b, c = map(exactly, (treatment_on_mediator, mediator_on_outcome, direct))
    c = c if kind == "partial" else exactly(0)
    past = "The arrow T -> Y." if kind == "partial" else "There is no arrow T -> Y."
    through = "T -> M times M -> Y."
    return {
        "ATE(T -> Y)": Known(c + a * b, "The direct and the indirect effect."),
        "NDE(T -> Y; M)": Known(c, past),
        "TDE(T -> Y; M)": Known(c, past),
        "NIE(T -> Y; M)": Known(a * b, through),
        "TIE(T -> Y; M)": Known(a * b, through),
        "limit of OLS(Y ~ T)": Known(c + a * b, "The total effect: T is randomised."),
        "limit of OLS(Y ~ T + M)": Known(c, "The direct effect: nothing unseen moves M and Y."),
        "limit of OLS(M ~ T)": Known(a, "The first of two regressions."),
        "limit of OLS(Y ~ M + T)": Known(
            b, "The second; the product of both is the indirect effect."
        ),
    }


@simulator(
    "mediation",
    title="Mediation, partial or full: T -> M -> Y, and past M or not",
    source="Baron and Kenny (1986), The moderator-mediator variable distinction; Pearl (2001), "
    "Direct and indirect effects; the numbers are ours",
    known=known,
    try_this="`model.do(M=0.0)` holds the mediator: what is left of the effect of T is the direct "
    "one. `kind=full` leaves nothing: T and Y are independent given M.",
)
def mediation(
    kind: Annotated[Way, "partial: T also moves Y past M; full: only through M"] = "partial",
    treatment_on_mediator: Annotated[float, "of T on M"] = 0.8,
    mediator_on_outcome: Annotated[float, "of M on Y"] = 0.5,
    direct: Annotated[float, "of T on Y past M; where kind is full there is none"] = 0.3,
) -> SCM:
    """A treatment given at random, a mediator, an outcome; linear.

        T ~ Bernoulli(1/2)
        M := treatment_on_mediator T + u,    u ~ N(0, 1)
        Y := direct T + mediator_on_outcome M + u,    u ~ N(0, 1);  full: without T

    >>> mediation(kind="full").parents["Y"]
    ('M',)
    """
    outcome: Any = lambda T, M, c=direct, b=mediator_on_outcome, u=Normal(0, 1): c * T + b * M + u
    if kind == "full":
        outcome = lambda M, b=mediator_on_outcome, u=Normal(0, 1): b * M + u
    return SCM(
        T=Bernoulli(0.5),
        M=lambda T, a=treatment_on_mediator, u=Normal(0, 1): a * T + u,
        Y=outcome,
    )
