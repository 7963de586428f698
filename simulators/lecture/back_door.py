"""Back doors: two variables of which either shuts it, and one that must be left alone."""

from fractions import Fraction
from typing import Annotated, Literal

from numpyro.distributions import Normal, Uniform

from scm import SCM, latent
from simulators.exact import exactly
from simulators.registry import Known, simulator

Unseen = Literal["none", "A", "B"]


def known(
    effect: float, into_treatment: float, into_outcome: float, unseen: str
) -> dict[str, Known]:
    """Both right answers, how much they cost, and the wrong one."""
    tau, a, b = map(exactly, (effect, into_treatment, into_outcome))
    answers = {
        "TotalEffect(T -> Y)": Known(tau, "By construction."),
        "limit of OLS(Y ~ T)": Known(
            tau + a * b / (2 * a**2 + 1),
            "effect + a b cov(A, B) / var(T) with cov(A, B) = 1, var(T) = 2 a^2 + 1: the back door "
            "is open (a = into_treatment, b = into_outcome).",
        ),
    }
    half = exactly(1.5)  # the variance of A given B, and of B given A
    precision = {"A": half * b**2 + 1, "B": 1 / (half * a**2 + 1)}
    for each, variance in precision.items():
        if each != unseen:
            answers[f"limit of OLS(Y ~ T + {each})"] = Known(tau, f"{each} shuts the back door.")
            answers[f"n var of OLS(Y ~ T + {each})"] = Known(
                variance,
                "var(Y | T, adjusted) / var(T | adjusted): what lies near the outcome explains it, "
                "what lies near the treatment uses it up.",
            )
    return answers


@simulator(
    "back_door",
    title="A back door that A or B shuts, one of them perhaps unseen",
    source="the lecture's back-door graph; the numbers are ours",
    known=known,
    try_this="`model.graph.adjustment_sets('T', 'Y')` lists {A} and {B}; `unseen=A` leaves {B}. "
    "`model.do(T=Normal(0, 1))` is an experiment: the back door is gone.",
)
def back_door(
    effect: Annotated[float, "of T on Y"] = 0.5,
    into_treatment: Annotated[float, "of A on T"] = 0.8,
    into_outcome: Annotated[float, "of B on Y"] = 1.2,
    unseen: Annotated[Unseen, "which of A and B is not in the data"] = "none",
) -> SCM:
    """T <- A <- C -> B -> Y lies behind the arrow T -> Y; C is never in the data.

        C ~ N(0, 1)
        A := C + u
        B := C + u
        T := into_treatment A + u
        Y := effect T + into_outcome B + u,    every u ~ N(0, 1)

    >>> back_door(unseen="A").observed
    ('B', 'T', 'Y')
    """
    of_c = lambda C, u=Normal(0, 1): C + u
    return SCM(
        C=latent(Normal(0, 1)),
        A=latent(of_c) if unseen == "A" else of_c,
        B=latent(of_c) if unseen == "B" else of_c,
        T=lambda A, a=into_treatment, u=Normal(0, 1): a * A + u,
        Y=lambda T, B, tau=effect, b=into_outcome, u=Normal(0, 1): tau * T + b * B + u,
    )


def trap_known() -> dict[str, Known]:
    """In units of a uniform's variance, 1/12, which all of them share."""
    s, q = 1, exactly(0.2) ** 2 + exactly(0.67) ** 2  # variances of S and Q
    x = exactly(0.14) ** 2 * q + exactly(0.4) ** 2
    qx, sx = exactly(0.14) * q, exactly(0.14) * exactly(0.2) * s
    effect = exactly(0.7)
    # What is left of Y, given X and Q; and the slope once P has told a part of that.
    left = exactly(0.32) ** 2 * (s - exactly(0.2) ** 2 / q) + exactly(0.24) ** 2

    def trapped(left: Fraction) -> Fraction:
        told = exactly(0.21) * left / (exactly(0.21) ** 2 * left + exactly(0.22) ** 2)
        return effect - told * (exactly(0.43) + exactly(0.21) * effect)

    return {
        "TotalEffect(X -> Y)": Known(effect, "The coefficient of X in Y."),
        "limit of OLS(Y ~ X)": Known(
            effect + (exactly(0.11) * qx + exactly(0.32) * sx) / x,
            "0.7 + (0.11 cov(Q, X) + 0.32 cov(S, X)) / var(X): two back doors, both through Q.",
        ),
        "limit of OLS(Y ~ X + Q)": Known(effect, "Q shuts both back doors."),
        "limit of OLS(Y ~ X + Q + S)": Known(effect, "S does no harm, and makes it more precise."),
        "limit of OLS(Y ~ X + Q + P)": Known(
            trapped(left),
            "0.7 - k (0.43 + 0.21 0.7), k = 0.21 v / (0.21^2 v + 0.22^2) the coefficient of P and "
            "v = var(Y | X, Q): X and Y meet in P.",
        ),
        "limit of OLS(Y ~ X + Q + S + P)": Known(
            trapped(exactly(0.24) ** 2), "The same with v = var(Y | X, Q, S) = 0.24^2."
        ),
    }


@simulator(
    "back_door_trap",
    title="Two back doors and a trap: Q must be adjusted for, P must not",
    source="Molak (2023), Causal Inference and Discovery in Python, chapter 7",
    known=trap_known,
    try_this="`model.graph.is_adjustment_set('X', 'Y', ['Q', 'P']).reason` says what is wrong with "
    "P: 'adjust for all there is' is no rule.",
)
def back_door_trap() -> SCM:
    """Five variables; of S, Q and P an analyst has to choose.

        S ~ U(0, 1)
        Q := 0.2 S + 0.67 u
        X := 0.14 Q + 0.4 u
        Y := 0.7 X + 0.11 Q + 0.32 S + 0.24 u
        P := 0.43 X + 0.21 Y + 0.22 u,    every u ~ U(0, 1)

    >>> [set(found) for found in back_door_trap().graph.adjustment_sets("X", "Y")]
    [{'Q'}]
    """
    return SCM(
        S=Uniform(0, 1),
        Q=lambda S, u=Uniform(0, 1): 0.2 * S + 0.67 * u,
        X=lambda Q, u=Uniform(0, 1): 0.14 * Q + 0.4 * u,
        Y=lambda X, Q, S, u=Uniform(0, 1): 0.7 * X + 0.11 * Q + 0.32 * S + 0.24 * u,
        P=lambda X, Y, u=Uniform(0, 1): 0.43 * X + 0.21 * Y + 0.22 * u,
    )
