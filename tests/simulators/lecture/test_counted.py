"""The worlds that can be counted: all their noises are laid out and pushed through the model."""

import itertools
from fractions import Fraction
from math import log2

import jax
import numpy as np
import pytest

from scm.estimate import Roles, stratification
from simulators import get


def known(name, **values):
    return {question: answer.value for question, answer in get(name).known(**values).items()}


def everybody(name, noises, **values):
    """The world in which each combination of noises is one unit."""
    grids = np.array(list(itertools.product(*noises.values()))).T
    given = {(each, "u"): grid for each, grid in zip(noises, grids, strict=True)}
    world = get(name).build(**values).evaluate(given)
    return {each: np.asarray(world[each]).astype(int) for each in world.data}


@pytest.mark.parametrize("top", [2, 3, 6])
def test_sum_of_two(top):
    units = everybody("sum_of_two", dict.fromkeys("AC", range(1, top + 1)), top=top)
    a, b, c = (units[name] for name in "ABC")
    answers = known("sum_of_two", top=top)
    for total in range(2, 2 * top + 1):
        assert answers[f"P(B={total})"] == Fraction(int((b == total).sum()), top**2)
    middle = b == top + 1
    corr = lambda x, y: np.corrcoef(x, y)[0, 1]
    assert corr(a[middle], c[middle]) == pytest.approx(answers[f"corr(A, C | B={top + 1})"])
    assert corr(a, b) == pytest.approx(answers["corr(A, B)"])
    # I(A; C | B) = sum P(a, c) log P(a, c | b) / (P(a | b) P(c | b)), and each pair has one b.
    same = [(b == total).sum() for total in b]
    bits = sum(log2((1 / n) / ((1 / n) * (1 / n))) for n in same) / top**2
    assert answers["I(A; C | B) in bits"] == pytest.approx(bits)


def test_sum_of_two_as_in_the_lecture():
    answers = known("sum_of_two")
    assert [answers[f"P(B={b})"] for b in range(2, 7)] == [Fraction(n, 9) for n in (1, 2, 3, 2, 1)]
    assert answers["I(A; C | B) in bits"] == pytest.approx(2 * log2(3) - 2.197160, abs=1e-6)


@pytest.mark.parametrize("threshold", range(3, 10))
def test_hiring(threshold):
    scores = dict.fromkeys(("coding", "cooperation"), range(1, 6))
    units = everybody("hiring", scores, threshold=threshold)
    coding, cooperation = units["coding"], units["cooperation"]
    answers = known("hiring", threshold=threshold)
    hired = units["hired"] == 1
    np.testing.assert_array_equal(hired, coding + cooperation >= threshold)
    assert answers["P(hired=1)"] == Fraction(int(hired.sum()), 25)
    for value, who in ((1, hired), (0, ~hired)):
        question = f"corr(coding, cooperation | hired={value})"
        if who.sum() > 1:
            corr = np.corrcoef(coding[who], cooperation[who])[0, 1]
            assert float(answers[question]) == pytest.approx(corr)
        else:
            assert question not in answers
    for score in range(1, 6):
        who = hired & (coding == score)
        question = f"E[cooperation | coding={score}, hired=1]"
        if who.any():
            assert float(answers[question]) == pytest.approx(cooperation[who].mean())
        else:
            assert question not in answers
    columns = np.column_stack([coding, hired, np.ones(25)])
    slope = np.linalg.lstsq(columns, cooperation)[0][0]
    pooled = answers["limit of OLS(cooperation ~ coding + hired)"]
    assert float(pooled) == pytest.approx(slope)


def test_hiring_as_in_the_lecture():
    answers = known("hiring")
    assert answers["P(hired=1)"] == Fraction(2, 5)
    assert answers["corr(coding, cooperation | hired=1)"] == Fraction(-1, 2)
    assert answers["corr(coding, cooperation | hired=0)"] == Fraction(-1, 2)
    means = [answers[f"E[cooperation | coding={score}, hired=1]"] for score in (2, 3, 4, 5)]
    assert means == [5, Fraction(9, 2), 4, Fraction(7, 2)]


def test_ladder():
    die = range(1, 11)
    grids = np.array(list(itertools.product((0, 1), die, die))).T
    noise = dict(zip((("frail", "u"), ("drug", "u"), ("recovered", "u")), grids, strict=True))
    model = get("ladder").build()
    seen, forced, kept = (m.evaluate(noise) for m in (model, model.do(drug=1), model.do(drug=0)))
    drug, recovered = (np.asarray(seen[name]) == 1 for name in ("drug", "recovered"))
    with_it, without = (np.asarray(world["recovered"]) == 1 for world in (forced, kept))
    share = lambda event, among: Fraction(int((event & among).sum()), int(among.sum()))
    all_ = np.ones(200, bool)
    assert known("ladder") == {
        "P(recovered | drug=1)": share(recovered, drug),
        "P(recovered | drug=1) - P(recovered | drug=0)": share(recovered, drug)
        - share(recovered, ~drug),
        "P(recovered | do(drug=1))": share(with_it, all_),
        "ATE(drug -> recovered)": share(with_it, all_) - share(without, all_),
        "PN(drug -> recovered)": share(~without, drug & recovered),
        "PS(drug -> recovered)": share(with_it, ~drug & ~recovered),
        "PNS(drug -> recovered)": share(with_it & ~without, all_),
    }


def test_ladder_has_three_answers():
    answers = known("ladder")
    assert answers["P(recovered | drug=1) - P(recovered | drug=0)"] == 0
    assert answers["ATE(drug -> recovered)"] == Fraction(3, 10)
    assert answers["PN(drug -> recovered)"] == Fraction(3, 5)


def test_front_door_table():
    """Sums over the law, with the fractions typed from the docstring."""
    tenths = lambda *parts: [Fraction(part, 10) for part in parts]
    smokes, tar = tenths(2, 8), tenths(1, 9)
    cancer = {(0, 0): 1, (0, 1): 5, (1, 0): 3, (1, 1): 9}
    of = lambda p, event: p if event else 1 - p
    law = {
        (u, x, z): Fraction(1, 2) * of(smokes[u], x) * of(tar[x], z)
        for u, x, z in itertools.product((0, 1), repeat=3)
    }
    risk = lambda u, z: Fraction(cancer[z, u], 10)
    done = [
        sum(Fraction(1, 2) * of(tar[x], z) * risk(u, z) for u in (0, 1) for z in (0, 1))
        for x in (0, 1)
    ]
    total = lambda keep: sum(p for key, p in law.items() if keep(*key))
    mean = lambda keep: (
        sum(p * risk(u, z) for (u, x, z), p in law.items() if keep(u, x, z)) / total(keep)
    )
    crude = mean(lambda u, x, z: x) - mean(lambda u, x, z: not x)
    within = sum(
        total(lambda u, x, t, z=z: t == z)
        * (mean(lambda u, x, t, z=z: x and t == z) - mean(lambda u, x, t, z=z: not x and t == z))
        for z in (0, 1)
    )
    front = sum(  # Pearl's formula, from what is seen alone
        (of(tar[1], z) - of(tar[0], z))
        * sum(
            total(lambda u, s, t, x=x: s == x) * mean(lambda u, s, t, x=x, z=z: (s, t) == (x, z))
            for x in (0, 1)
        )
        for z in (0, 1)
    )
    answers = known("front_door_table")
    assert answers["ATE(smokes -> cancer)"] == done[1] - done[0] == front == Fraction(24, 100)
    assert answers["P(cancer | do(smokes=1))"] == done[1]
    assert answers["P(cancer | do(smokes=0))"] == done[0]
    assert answers["P(cancer | smokes=1) - P(cancer | smokes=0)"] == crude
    assert answers["adjusted for tar"] == within


@pytest.mark.parametrize("selection", [0.6, 0.0, -0.3])
def test_treatment(selection):
    """A table of who is ill and treated, and their outcomes in the mean."""
    share = Fraction(str(selection))
    law, gain, base = {}, {0: 1, 1: 4}, {0: 10, 1: 4}
    for ill, treated in itertools.product((0, 1), repeat=2):
        chance = Fraction(1, 2) + share * (ill - Fraction(1, 2))
        of_ill = Fraction(2, 5) if ill else Fraction(3, 5)
        law[ill, treated] = of_ill * (chance if treated else 1 - chance)

    def mean(value, who=lambda ill, treated: True):
        among = {cell: p for cell, p in law.items() if who(*cell)}
        return sum(p * value(*cell) for cell, p in among.items()) / sum(among.values())

    effect = lambda ill, treated: gain[ill]
    health = lambda ill, treated: base[ill] + treated * gain[ill]
    treated, untreated = (lambda ill, t: t == 1), (lambda ill, t: t == 0)
    answers = known("treatment", selection=selection)
    assert answers["ATE(treatment -> health)"] == mean(effect)
    assert answers["ATT(treatment -> health)"] == mean(effect, treated)
    assert answers["ATU(treatment -> health)"] == mean(effect, untreated)
    naive = mean(health, treated) - mean(health, untreated)
    assert answers["E[health | treatment=1] - E[health | treatment=0]"] == naive
    bias = mean(lambda ill, t: base[ill], treated) - mean(lambda ill, t: base[ill], untreated)
    assert answers["baseline bias"] == bias
    assert naive == answers["ATT(treatment -> health)"] + bias


def test_both_outcomes_of_a_person_are_in_the_world_and_one_is_in_the_data():
    world = get("treatment").build().sample(key=0, n=2_000)
    assert set(world.data) == {"ill", "treatment", "health"}
    untreated, treated = (np.asarray(world[name]) for name in ("untreated", "treated"))
    taken = np.asarray(world["treatment"]) == 1
    np.testing.assert_array_equal(world["health"], np.where(taken, treated, untreated))
    forced = np.asarray(world.do(treatment=1)["health"])
    np.testing.assert_array_equal(forced, treated)
    assert (treated - untreated > 0.99).all()
    gap = np.asarray(world["health"])[taken].mean() - np.asarray(world["health"])[~taken].mean()
    assert gap < 0  # and yet it helps everybody


def test_adjusting_for_tar_is_what_stratification_makes_of_it():
    units, weights = [], []
    for u, x, z, y in itertools.product((0, 1), repeat=4):
        p = [0.2, 0.8][u] if x else [0.8, 0.2][u]
        p *= [0.1, 0.9][x] if z else [0.9, 0.1][x]
        risk = {(0, 0): 0.1, (0, 1): 0.5, (1, 0): 0.3, (1, 1): 0.9}[z, u]
        units.append((x, z, y))
        weights.append(p * (risk if y else 1 - risk) * 1000)
    data = dict(zip("XZY", np.array(units).T, strict=True))
    with jax.enable_x64(True):
        found = stratification(data, Roles("X", "Y", adjust="Z"), weights=np.array(weights))
    answer = known("front_door_table")["adjusted for tar"]
    assert float(found.value) == pytest.approx(float(answer), abs=1e-9)
