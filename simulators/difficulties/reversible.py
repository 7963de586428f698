"""Reversibility: A turns into B and B into A, and which of them is the cause has no answer."""

from typing import Annotated

from numpyro.distributions import Normal

from scm import SCM, equilibrium
from simulators.exact import exactly
from simulators.registry import Known, simulator

SUPPLY, SPREAD = 1.0, 0.2


def known(forward: float, backward: float, leak: float) -> dict[str, Known]:
    """Both effects, and the regressions, which tell no direction."""
    _check(forward, backward, leak)
    f, r, d, m = map(exactly, (forward, backward, leak, SUPPLY))
    p, q = f + d, r + d
    loop = p * q - f * r
    because = "f = forward, r = backward, d = leak, p = f + d, q = r + d."
    return {
        "ATE(A -> B)": Known(
            f / q, "forward / (backward + leak): held at a, A keeps B at f a / q."
        ),
        "ATE(B -> A)": Known(
            r / p, "backward / (forward + leak): held at b, B keeps A at r b / p."
        ),
        "E[A]": Known(m * (q + r) / loop, f"(q + r) / (p q - f r), with {because}"),
        "E[B]": Known(m * (p + f) / loop, f"(p + f) / (p q - f r), with {because}"),
        "limit of OLS(B ~ A)": Known(
            (q * f + p * r) / (q**2 + r**2), f"(q f + p r) / (q^2 + r^2), with {because}"
        ),
        "limit of OLS(A ~ B)": Known(
            (q * f + p * r) / (p**2 + f**2), f"(q f + p r) / (p^2 + f^2), with {because}"
        ),
    }


@simulator(
    "reversible",
    title="A reversible reaction A <-> B: each is the cause of the other",
    source="mass action in the steady state; Blom, Bongers and Mooij (2019), Beyond structural "
    "causal models: causal constraints models (arXiv 1805.06539), for the closed vessel",
    known=known,
    try_this="`model.do(A=1.0)` makes B follow, `model.do(B=1.0)` makes A follow: both arrows are "
    "there, and `--set leak=0.001` brings both regressions to them. `--set leak=0` closes the "
    "vessel: its equations determine the ratio alone, and are refused.",
)
def reversible(
    forward: Annotated[float, "rate of A -> B"] = 2.0,
    backward: Annotated[float, "rate of B -> A"] = 1.0,
    leak: Annotated[float, "rate at which both wash out; 0 closes the vessel"] = 0.1,
) -> SCM:
    """The steady state of a vessel through which both substances flow.

        0 = supply_A - (forward + leak) A + backward B
        0 = supply_B - (backward + leak) B + forward A

    Each balance is the assignment of its own substance, A := (supply_A + backward B) /
    (forward + leak), and both hold at once. The supplies are N(1, 0.2^2), independent. Whoever
    holds one substance at a value leaves the balance of the other: with little leak B = A forward /
    backward under do(A), and A = B backward / forward under do(B). The data have that same ratio,
    and no direction.

    In a closed vessel (leak = 0) what is kept is A + B, of which do(A) knows nothing: the two
    balances are one equation, and no structural causal model says both what is seen and what is
    done (Blom et al., section 2).

    >>> reversible().do(A=1.0).parents["B"]
    ('A',)
    """
    _check(forward, backward, leak)
    out_a, out_b = forward + leak, backward + leak
    return SCM(
        A=equilibrium(lambda B, r=backward, p=out_a, u=Normal(SUPPLY, SPREAD): (u + r * B) / p),
        B=equilibrium(lambda A, f=forward, q=out_b, u=Normal(SUPPLY, SPREAD): (u + f * A) / q),
    )


def _check(forward: float, backward: float, leak: float) -> None:
    if not (forward > 0 and backward > 0 and leak > 0):
        raise ValueError(
            f"reversible: forward={forward}, backward={backward}, leak={leak}: rates above 0 are "
            "wanted; in a closed vessel (leak=0) the two balances are one equation, and A and B "
            "are not determined"
        )
