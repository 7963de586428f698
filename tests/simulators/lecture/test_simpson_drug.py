"""The drug worlds: their answers by enumeration of one table, and samples against them."""

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from numpyro.distributions import Bernoulli

import simulators
from scm.estimands import ATE

# Counts of the table, (female, drug_a): (with a clot, without one); typed from its source.
TABLE = {(1, 1): (24, 56), (1, 0): (17, 25), (0, 1): (3, 39), (0, 0): (6, 74)}
N = 200_000


def share(female, drug_a) -> Fraction:
    clot, none = TABLE[female, drug_a]
    return Fraction(clot, clot + none)


def standardised(weight_of_women: Fraction) -> Fraction:
    """The effect of A against B with the sexes weighted as given."""
    women, men = (share(sex, 1) - share(sex, 0) for sex in (1, 0))
    return weight_of_women * women + (1 - weight_of_women) * men


def among(drug_a) -> Fraction:
    """The share of women among takers of a drug."""
    women, men = sum(TABLE[1, drug_a]), sum(TABLE[0, drug_a])
    return Fraction(women, women + men)


def crude(drug_a) -> Fraction:
    clot = TABLE[1, drug_a][0] + TABLE[0, drug_a][0]
    return Fraction(clot, sum(TABLE[1, drug_a]) + sum(TABLE[0, drug_a]))


def forced(drug_a) -> Fraction:
    return (share(1, drug_a) + share(0, drug_a)) / 2


def at_pressures_of(drug_a) -> tuple[Fraction, Fraction]:
    """Clots on B and on A, if the third variable were spread as it is under a drug."""
    raised = among(drug_a)
    low, high = (raised * share(1, on) + (1 - raised) * share(0, on) for on in (0, 1))
    return low, high


CRUDE = {"P(clot | drug_a=1) - P(clot | drug_a=0)": crude(1) - crude(0)}
ANSWERS = {
    "ATE(drug_a -> clot)": standardised(Fraction(1, 2)),
    "P(clot | do(drug_a=1))": forced(1),
    "P(clot | do(drug_a=0))": forced(0),
    "ATT(drug_a -> clot)": standardised(among(1)),
    "ATU(drug_a -> clot)": standardised(among(0)),
    **CRUDE,
    "confounding bias": crude(1) - crude(0) - standardised(Fraction(1, 2)),
}
MEDIATED = {
    "ATE(drug_a -> clot)": crude(1) - crude(0),
    "P(clot | do(drug_a=1))": crude(1),
    "P(clot | do(drug_a=0))": crude(0),
    "NDE(drug_a -> clot; high_pressure)": at_pressures_of(0)[1] - at_pressures_of(0)[0],
    "NIE(drug_a -> clot; high_pressure)": at_pressures_of(1)[0] - at_pressures_of(0)[0],
    "TDE(drug_a -> clot; high_pressure)": at_pressures_of(1)[1] - at_pressures_of(1)[0],
    "TIE(drug_a -> clot; high_pressure)": at_pressures_of(1)[1] - at_pressures_of(0)[1],
    **CRUDE,
    "adjusted for high_pressure": standardised(Fraction(1, 2)),
}


@cache
def model():
    return simulators.get("simpson_drug").build()


@pytest.mark.parametrize(("third", "answers"), [("confounder", ANSWERS), ("mediator", MEDIATED)])
def test_known_answers_by_enumeration(third, answers):
    known = simulators.get("simpson_drug").known(third=third)
    assert {name: answer.value for name, answer in known.items()} == answers


def test_known_answers_as_printed():
    known = simulators.get("simpson_drug").known()
    assert known["ATE(drug_a -> clot)"].value == Fraction(-13, 240)
    assert known["P(clot | do(drug_a=1))"].value == Fraction(13, 70)
    assert known["P(clot | do(drug_a=0))"].value == Fraction(403, 1680)
    assert known["P(clot | drug_a=1) - P(clot | drug_a=0)"].value == Fraction(2, 61)
    known = simulators.get("simpson_drug").known(third="mediator")
    assert known["ATE(drug_a -> clot)"].value == Fraction(2, 61)
    assert float(known["NDE(drug_a -> clot; high_pressure)"].value) == pytest.approx(-0.0384075)
    assert float(known["NIE(drug_a -> clot; high_pressure)"].value) == pytest.approx(0.1027127)


def test_both_stories_have_one_law(law, x64):
    """Each cell of the table, in each world."""
    cells = [(third, drug_a, clot) for third in (0, 1) for drug_a in (0, 1) for clot in (0, 1)]
    counts = [TABLE[third, drug_a][1 - clot] for third, drug_a, clot in cells]
    for story, column in (("confounder", "female"), ("mediator", "high_pressure")):
        world = simulators.get("simpson_drug").build(third=story)
        found = law(world, [column, "drug_a", "clot"], cells)
        np.testing.assert_allclose(found, np.array(counts) / 244, atol=1e-12)


def test_identical_data_have_opposite_answers(x64):
    worlds = [simulators.get("simpson_drug").build(third=t) for t in ("confounder", "mediator")]
    truths = [ATE("drug_a", "clot").truth(world) for world in worlds]
    assert [truth.method for truth in truths] == ["exact", "exact"]
    assert truths[0].value == pytest.approx(-13 / 240, abs=1e-12)
    assert truths[1].value == pytest.approx(2 / 61, abs=1e-12)


def test_cells_of_a_sample_have_the_tables_shares():
    frame = model().sample(key=0, n=N).to_pandas()
    assert list(frame.columns) == ["female", "drug_a", "clot"]
    for (female, drug_a), (clot, none) in TABLE.items():
        cell = frame[(frame["female"] == female) & (frame["drug_a"] == drug_a)]
        size, risk = (clot + none) / 244, clot / (clot + none)
        assert abs(len(cell) / N - size) < 4 * np.sqrt(size * (1 - size) / N)
        assert abs(cell["clot"].mean() - risk) < 4 * np.sqrt(risk * (1 - risk) / len(cell))


@pytest.mark.parametrize("drug_a", [0, 1])
def test_forcing_the_drug(drug_a):
    clots = np.asarray(model().do(drug_a=drug_a).sample(key=1, n=N)["clot"], dtype=float)
    truth = float(ANSWERS[f"P(clot | do(drug_a={drug_a}))"])
    assert abs(clots.mean() - truth) < 4 * np.sqrt(truth * (1 - truth) / N)


def test_seeing_and_doing_have_opposite_signs():
    world = model().sample(key=2, n=N)
    frame = world.to_pandas()
    rates = frame.groupby("drug_a")["clot"].mean()
    se = np.sqrt(sum(0.25 / n for n in frame["drug_a"].value_counts()))
    assert abs(rates[1] - rates[0] - 2 / 61) < 4 * se
    change = np.asarray(world.do(drug_a=1)["clot"]) * 1.0 - np.asarray(world.do(drug_a=0)["clot"])
    assert abs(change.mean() + 13 / 240) < 4 * change.std() / np.sqrt(N)
    taken = np.asarray(world["drug_a"]) == 1
    for who, name in ((taken, "ATT"), (~taken, "ATU")):
        truth = float(ANSWERS[f"{name}(drug_a -> clot)"])
        assert abs(change[who].mean() - truth) < 4 * change[who].std() / np.sqrt(who.sum())


def test_a_trial_has_no_paradox():
    frame = model().do(drug_a=Bernoulli(0.5)).sample(key=3, n=N).to_pandas()
    rates = frame.groupby("drug_a")["clot"].mean()
    assert abs(rates[1] - rates[0] + 13 / 240) < 4 * np.sqrt(4 * 0.25 / N)
