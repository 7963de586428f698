"""Assignments, not equations: := has a direction, and noise comes from outside."""

from math import sqrt
from typing import Annotated

from numpyro.distributions import Normal

from scm import SCM
from simulators.exact import exactly
from simulators.registry import Known, simulator


def known(a: float, b: float) -> dict[str, Known]:
    """Variances add; forcing an effect leaves its causes alone."""
    first, second = exactly(a), exactly(b)
    variance = first**2 + second**2 + 1
    return {
        "TotalEffect(A -> C)": Known(first, "The coefficient of A."),
        "TotalEffect(B -> C)": Known(second, "The coefficient of B."),
        "TotalEffect(C -> A)": Known(0, "A is exogenous: nothing in the model moves it."),
        "corr(A, B)": Known(0, "Their noises are independent."),
        "var(C)": Known(variance, "a^2 + b^2 + 1."),
        "E[C | do(A=1)]": Known(first, "a 1."),
        "limit of OLS(C ~ A)": Known(first, "Seeing an exogenous cause is doing it."),
        "limit of OLS(A ~ C)": Known(
            first / variance, "a / (a^2 + b^2 + 1): seeing an effect is not doing it."
        ),
    }


@simulator(
    "assignments",
    title="A := f(u), B := f(u), C := f(A, B, u)",
    source="the lecture's slide on causal graphs; the numbers are ours",
    known=known,
    try_this="`model.do(C=3.0)` leaves A and B as they were; among units that have C near 3 by "
    "themselves A is high, and B a little low.",
)
def assignments(
    a: Annotated[float, "of A on C"] = 2.0,
    b: Annotated[float, "of B on C"] = -0.5,
) -> SCM:
    """Two exogenous variables and one that they make.

        A := u
        B := u
        C := a A + b B + u,    every u ~ N(0, 1), each variable its own

    >>> assignments().parents["C"]
    ('A', 'B')
    """
    return SCM(
        A=lambda u=Normal(0, 1): u,
        B=lambda u=Normal(0, 1): u,
        C=lambda A, B, a=a, b=b, u=Normal(0, 1): a * A + b * B + u,
    )


def operator_known(gain: float) -> dict[str, Known]:
    """One arrow: what is seen is symmetric, what is done is not."""
    g = exactly(gain)
    return {
        "TotalEffect(A -> B)": Known(g, "The coefficient of A."),
        "TotalEffect(B -> A)": Known(0, "B := gain A + u says nothing of A."),
        "var(B)": Known(g**2 + 1, "gain^2 + 1."),
        "corr(A, B)": Known(float(g) / sqrt(g**2 + 1), "gain / sqrt(gain^2 + 1)."),
        "E[B | do(A=1.5)]": Known(exactly(1.5) * g, "1.5 gain."),
        "var(B | do(A=1.5))": Known(1, "Only B's own noise is left."),
        "E[A | do(B=5)]": Known(0, "As without do: A stays as it was."),
        "var(A | do(B=5))": Known(1, "As without do."),
        "limit of OLS(B ~ A)": Known(g, "The effect."),
        "limit of OLS(A ~ B)": Known(
            g / (g**2 + 1), "gain / (gain^2 + 1): a good prediction, and no effect."
        ),
    }


@simulator(
    "assignment_operator",
    title="B := 5 A + u is not A := (B - u) / 5",
    source="Molak (2023), Causal Inference and Discovery in Python, chapter 2",
    known=operator_known,
    try_this="`model.do(A=1.5)` moves B to 7.5; `model.do(B=Normal(0, 5))` leaves A alone, and "
    "ends the correlation.",
)
def assignment_operator(gain: Annotated[float, "of A on B"] = 5.0) -> SCM:
    """A cause and its effect.

        A ~ N(0, 1)
        B := gain A + u,    u ~ N(0, 1)

    >>> print(assignment_operator().equations())
    A ~ Normal(0, 1)
    B := 5 * A + u,  u ~ Normal(0, 1)
    """
    return SCM(A=Normal(0, 1), B=lambda A, gain=gain, u=Normal(0, 1): gain * A + u)
