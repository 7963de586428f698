"""The three ways that three variables can be joined: chain, fork, collider."""

from math import sqrt
from typing import Annotated

from numpyro.distributions import Normal

from scm import SCM
from simulators.exact import exactly
from simulators.ranges import between
from simulators.registry import Known, simulator

SOURCE = "Molak (2023), Causal Inference and Discovery in Python, chapter 5"
Noise = Annotated[float, "standard deviation of the noise"]


def chain_known(noise: float) -> dict[str, Known]:
    """A reaches C through B, and only through B."""
    between("chain", 0, noise=noise)
    return {
        "TotalEffect(A -> C)": Known(1, "Every unit of A goes through B into C."),
        "corr(A, C)": Known(1 / sqrt(1 + 2 * noise**2), "1 / sqrt(1 + 2 noise^2)."),
        "partial corr(A, C | B)": Known(0, "B blocks the chain."),
        "limit of OLS(C ~ A)": Known(1, "The total effect."),
        "limit of OLS(C ~ A + B)": Known(0, "B is held, and with it all that A does."),
    }


@simulator(
    "chain",
    title="Chain: A -> B -> C",
    source=SOURCE,
    known=chain_known,
    try_this="`model.do(B=0.0)` cuts the chain: A and C are independent then, as they are among "
    "people of one B. Its neighbour `fork` has the same independences.",
)
def chain(noise: Noise = 0.2) -> SCM:
    """A moves B, B moves C: A and C are dependent, and independent given B.

        A ~ N(0, 1)
        B := A + u,    u ~ N(0, noise)
        C := B + u,    u ~ N(0, noise)

    Raises ValueError for noise that is not positive.

    >>> chain().graph.separated("A", "C", given="B").reason
    'every path is blocked: at B (given)'
    """
    between("chain", 0, noise=noise)
    return SCM(
        A=Normal(0, 1),
        B=lambda A, u=Normal(0, noise): A + u,
        C=lambda B, u=Normal(0, noise): B + u,
    )


def fork_known(noise: float) -> dict[str, Known]:
    """A and C have a common cause, and do nothing to one another."""
    between("fork", 0, noise=noise)
    shared = 1 / (1 + exactly(noise) ** 2)
    return {
        "TotalEffect(A -> C)": Known(0, "No arrow leads from A to C."),
        "corr(A, C)": Known(shared, "1 / (1 + noise^2)."),
        "partial corr(A, C | B)": Known(0, "B is all that they have in common."),
        "limit of OLS(C ~ A)": Known(shared, "1 / (1 + noise^2): confounding, and nothing else."),
        "limit of OLS(C ~ A + B)": Known(0, "B is adjusted for."),
    }


@simulator(
    "fork",
    title="Fork: A <- B -> C",
    source=SOURCE,
    known=fork_known,
    try_this="`model.do(A=0.0)` leaves every C as it was: correlation without causation.",
)
def fork(noise: Noise = 0.2) -> SCM:
    """B moves A and C: they are dependent, and independent given B.

        B ~ N(0, 1)
        A := B + u,    u ~ N(0, noise)
        C := B + u,    u ~ N(0, noise)

    Raises ValueError for noise that is not positive.

    >>> fork().graph.separated("A", "C", given="B").reason
    'every path is blocked: at B (given)'
    """
    between("fork", 0, noise=noise)
    return SCM(
        B=Normal(0, 1),
        A=lambda B, u=Normal(0, noise): B + u,
        C=lambda B, u=Normal(0, noise): B + u,
    )


def collider_known(noise: float) -> dict[str, Known]:
    """A and C are independent until one looks at what they have brought about."""
    between("collider", 0, noise=noise)
    trap = -1 / (1 + exactly(noise) ** 2)
    return {
        "TotalEffect(A -> C)": Known(0, "No arrow leads from A to C."),
        "corr(A, C)": Known(0, "They have no common cause."),
        "partial corr(A, C | B)": Known(trap, "-1 / (1 + noise^2): of one sum, more A is less C."),
        "limit of OLS(C ~ A)": Known(0, "Right as it is."),
        "limit of OLS(C ~ A + B)": Known(
            trap, "-1 / (1 + noise^2): adjusting for a common effect makes what it should remove."
        ),
    }


@simulator(
    "collider",
    title="Collider: A -> B <- C",
    source=SOURCE,
    known=collider_known,
    try_this="Among units with B near 0, `world.where(abs(world['B']) < 0.1)`, A and C are almost "
    "one another's opposite.",
)
def collider(noise: Noise = 0.2) -> SCM:
    """A and C move B: they are independent, and dependent given B.

        A ~ N(0, 1)
        C ~ N(0, 1)
        B := A + C + u,    u ~ N(0, noise)

    Raises ValueError for noise that is not positive.

    >>> collider().graph.separated("A", "C").reason
    'every path is blocked: at B (a collider)'
    """
    between("collider", 0, noise=noise)
    return SCM(
        A=Normal(0, 1),
        C=Normal(0, 1),
        B=lambda A, C, u=Normal(0, noise): A + C + u,
    )
