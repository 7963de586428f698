"""The ladder of causation: one world, three questions, three answers."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from numpyro.distributions import Bernoulli, DiscreteUniform

from scm import SCM
from simulators.registry import Known, simulator

DICE = range(1, 11)


@dataclass(frozen=True)
class Person:
    """One of the 200 equally likely people: what they took, and what becomes of them with each."""

    drug: bool
    without: bool
    with_it: bool

    @property
    def recovered(self) -> bool:
        """What is seen of them."""
        return self.with_it if self.drug else self.without


PEOPLE = [
    Person(u <= 2 + 6 * frail, v <= 6 - 5 * frail, v <= 9 - 5 * frail)
    for frail, u, v in product((0, 1), DICE, DICE)
]


def share(
    event: Callable[[Person], bool], among: Callable[[Person], bool] = lambda each: True
) -> Fraction:
    """P(event | among), counted."""
    counted = [each for each in PEOPLE if among(each)]
    return Fraction(sum(map(event, counted)), len(counted))


def _known() -> dict[str, Known]:
    took, not_took = (lambda p: p.drug), (lambda p: not p.drug)
    seen = share(lambda p: p.recovered, took), share(lambda p: p.recovered, not_took)
    done = share(lambda p: p.with_it), share(lambda p: p.without)
    necessary = share(lambda p: not p.without, lambda p: p.drug and p.recovered)
    enough = share(lambda p: p.with_it, lambda p: not (p.drug or p.recovered))
    return {
        "P(recovered | drug=1)": Known(seen[0], "Seeing: 8 in 10 of those who took it are frail."),
        "P(recovered | drug=1) - P(recovered | drug=0)": Known(
            seen[0] - seen[1], "Seeing: as if it did nothing."
        ),
        "P(recovered | do(drug=1))": Known(done[0], "Doing: half of everybody is frail."),
        "ATE(drug -> recovered)": Known(done[0] - done[1], "Doing: it helps 3 in 10."),
        "PN(drug -> recovered)": Known(
            necessary, "Imagining: of those who took it and recovered, how many owe it to the drug."
        ),
        "PS(drug -> recovered)": Known(
            enough,
            "Imagining: of those who neither took it nor recovered, how many would have with it.",
        ),
        "PNS(drug -> recovered)": Known(
            share(lambda p: p.with_it and not p.without),
            "Imagining: whom it helps. It harms nobody, so this is the ATE.",
        ),
    }


@simulator(
    "ladder",
    title="The ladder: seeing, doing, imagining, in one world",
    source="Pearl and Mackenzie (2018), The Book of Why, chapter 1, for the ladder; the world is "
    "ours, and enumerated",
    known=_known,
    try_this="Seeing: `model.sample(0, 10_000)`. Doing: `model.do(drug=1)`. Imagining: "
    "`model.abduct({'drug': 0, 'recovered': 0}, key=1).do(drug=1)`, and 6 in 10 recover.",
)
def ladder() -> SCM:
    """A drug that helps is taken by the frail, so that those who took it seem no better off.

        frail     ~ Bernoulli(1/2)
        drug      := u <= 2 + 6 frail,               u uniform on 1, ..., 10
        recovered := u <= 6 - 5 frail + 3 drug,      u uniform on 1, ..., 10

    Seen, the drug does nothing (difference 0); done, it helps (difference 3/10); and of those who
    took it and recovered 6 in 10 owe it to the drug. All 200 cases are equally likely, so every
    answer is a count.

    >>> print(ladder().equations().splitlines()[1])
    drug := u <= 2 + 6 * frail,  u ~ DiscreteUniform(1, 10)
    """
    die = DiscreteUniform(1, 10)
    return SCM(
        frail=Bernoulli(0.5),
        drug=lambda frail, u=die: u <= 2 + 6 * frail,
        recovered=lambda frail, drug, u=die: u <= 6 - 5 * frail + 3 * drug,
    )
