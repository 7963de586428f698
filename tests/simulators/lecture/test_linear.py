"""The linear worlds, at their own numbers and at others: matrices against their formulas."""

import numpy as np
import pytest

from simulators import get


def known(name, **values):
    return {q: float(answer.value) for q, answer in get(name).known(**values).items()}


def same(found, expected):
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "values", [{}, {"exercise_by_age": 0.3, "effect": -1.0, "ageing": 0.7, "spread": 2.5}]
)
def test_simpson_exercise(values, linear):
    usual = {"exercise_by_age": 0.1, "effect": -5, "ageing": 2, "spread": 1}
    a, b, g, s = {**usual, **values}.values()
    system = linear(
        {"x": {"age": a}, "y": {"x": b, "age": g}},
        {"age": np.var([20, 30, 40, 50, 60]), "x": s**2, "y": 25},
    )
    answers = known("simpson_exercise", **values)
    same(answers["TotalEffect(exercise -> cholesterol)"], system.effect("x", "y"))
    same(answers["limit of OLS(cholesterol ~ exercise)"], system.ols("y", "x"))
    same(answers["limit of OLS(cholesterol ~ exercise + age)"], system.ols("y", "x", "age"))
    same(answers["confounding"], system.ols("y", "x") - b)


def test_the_slope_flips():
    answers = known("simpson_exercise")
    same(answers["limit of OLS(cholesterol ~ exercise)"], 25 / 3)
    same(answers["TotalEffect(exercise -> cholesterol)"], -5)
    assert known("simpson_exercise", spread=10.0)["limit of OLS(cholesterol ~ exercise)"] < 0


@pytest.mark.parametrize("strengths", [(0.9, 0.8), (-0.5, 0.3)])
def test_ice_cream(strengths, linear):
    a, b = strengths
    system = linear({"ice": {"t": a}, "acc": {"t": b}}, {"t": 1, "ice": 1 - a**2, "acc": 1 - b**2})
    answers = known("ice_cream", heat_on_ice_cream=a, heat_on_drownings=b)
    same(answers["corr(ice_cream, drownings)"], system.corr("ice", "acc"))
    same(
        answers["partial corr(ice_cream, drownings | temperature)"], system.corr("ice", "acc", "t")
    )
    same(answers["limit of OLS(drownings ~ ice_cream)"], system.ols("acc", "ice"))
    same(system.effect("ice", "acc"), 0)
    same(known("ice_cream")["corr(ice_cream, drownings)"], 0.72)


PATHS = {
    "chain": ({"B": {"A": 1}, "C": {"B": 1}}, ("B", "C")),
    "fork": ({"A": {"B": 1}, "C": {"B": 1}}, ("A", "C")),
    "collider": ({"B": {"A": 1, "C": 1}}, ("B",)),
}


@pytest.mark.parametrize("noise", [0.2, 1.5])
@pytest.mark.parametrize("name", list(PATHS))
def test_chain_fork_collider(name, noise, linear):
    equations, noisy = PATHS[name]
    system = linear(equations, {each: noise**2 if each in noisy else 1 for each in "ABC"})
    answers = known(name, noise=noise)
    same(answers["TotalEffect(A -> C)"], system.effect("A", "C"))
    same(answers["corr(A, C)"], system.corr("A", "C"))
    same(answers["partial corr(A, C | B)"], system.corr("A", "C", "B"))
    same(answers["limit of OLS(C ~ A)"], system.ols("C", "A"))
    same(answers["limit of OLS(C ~ A + B)"], system.ols("C", "A", "B"))


def test_chain_fork_collider_as_printed():
    """Molak (2023), chapter 5."""
    assert known("chain")["corr(A, C)"] == pytest.approx(0.96225, abs=5e-6)
    assert known("fork")["corr(A, C)"] == pytest.approx(0.96154, abs=5e-6)
    assert known("collider")["limit of OLS(C ~ A + B)"] == pytest.approx(-0.96154, abs=5e-6)


@pytest.mark.parametrize("values", [(0.5, 0.8, 1.2), (-1.0, 2.0, 0.5)])
def test_back_door(values, linear):
    effect, a, b = values
    system = linear(
        {"A": {"C": 1}, "B": {"C": 1}, "T": {"A": a}, "Y": {"T": effect, "B": b}},
        dict.fromkeys("CABTY", 1),
    )
    given = dict(zip(("effect", "into_treatment", "into_outcome"), values, strict=True))
    answers = known("back_door", **given)
    same(answers["TotalEffect(T -> Y)"], system.effect("T", "Y"))
    same(answers["limit of OLS(Y ~ T)"], system.ols("Y", "T"))
    for each in "AB":
        same(answers[f"limit of OLS(Y ~ T + {each})"], system.ols("Y", "T", each))
        cost = system.left("Y", "T", each) / system.left("T", each)
        same(answers[f"n var of OLS(Y ~ T + {each})"], cost)
        unseen = known("back_door", **given, unseen=each)
        assert not any(f"+ {each})" in question for question in unseen)
        assert set(unseen.items()) < set(answers.items())


def test_back_door_trap(linear):
    own = {"S": 1, "Q": 0.67, "X": 0.4, "Y": 0.24, "P": 0.22}
    system = linear(
        {
            "Q": {"S": 0.2}, "X": {"Q": 0.14}, "Y": {"X": 0.7, "Q": 0.11, "S": 0.32},
            "P": {"X": 0.43, "Y": 0.21},
        },
        {name: w**2 / 12 for name, w in own.items()},
    )  # fmt: skip
    answers = known("back_door_trap")
    same(answers["TotalEffect(X -> Y)"], system.effect("X", "Y"))
    for adjust in ((), ("Q",), ("Q", "S"), ("Q", "P"), ("Q", "S", "P")):
        question = f"limit of OLS(Y ~ {' + '.join(('X', *adjust))})"
        same(answers[question], system.ols("Y", "X", *adjust))
    assert answers["limit of OLS(Y ~ X)"] == pytest.approx(0.797233, abs=5e-7)


@pytest.mark.parametrize("values", [(-0.6, 0.7, 0.7, 0.25), (0.5, -1.0, 2.0, 1.0)])
def test_front_door(values, linear):
    b, c, a, d = values
    folded = 1 - 2 / np.pi
    system = linear(
        {"gps": {"u": a}, "hip": {"gps": b}, "mem": {"hip": c, "u": d}},
        {"u": 16 * folded, "gps": 25 * folded, "hip": 0.25, "mem": 0},
    )
    names = (
        "gps_on_hippocampus", "hippocampus_on_memory", "motivation_on_gps", "motivation_on_memory",
    )  # fmt: skip
    answers = known("front_door", **dict(zip(names, values, strict=True)))
    same(answers["TotalEffect(gps -> memory)"], system.effect("gps", "mem"))
    same(answers["limit of OLS(memory ~ gps)"], system.ols("mem", "gps"))
    same(answers["limit of OLS(memory ~ gps + hippocampus)"], system.ols("mem", "gps", "hip"))
    same(answers["limit of OLS(hippocampus ~ gps)"], system.ols("hip", "gps"))
    same(answers["limit of OLS(memory ~ hippocampus + gps)"], system.ols("mem", "hip", "gps"))


def test_front_door_as_published():
    answers = known("front_door")
    same(answers["TotalEffect(gps -> memory)"], -0.42)
    assert answers["limit of OLS(memory ~ gps)"] == pytest.approx(-0.334738, abs=5e-7)
    assert answers["E[memory | do(gps=0)]"] == pytest.approx(0.797885, abs=5e-7)


@pytest.mark.parametrize("kind", ["partial", "full"])
def test_mediation(kind, linear):
    a, b, c = 1.5, -0.4, 2.0
    direct = {"T": c} if kind == "partial" else {}
    system = linear({"M": {"T": a}, "Y": {"M": b, **direct}}, {"T": 0.25, "M": 1, "Y": 1})
    answers = known(
        "mediation", kind=kind, treatment_on_mediator=a, mediator_on_outcome=b, direct=c
    )
    same(answers["ATE(T -> Y)"], system.effect("T", "Y"))
    same(answers["limit of OLS(Y ~ T)"], system.ols("Y", "T"))
    same(answers["limit of OLS(Y ~ T + M)"], system.ols("Y", "T", "M"))
    same(answers["limit of OLS(Y ~ M + T)"], system.ols("Y", "M", "T"))
    same(answers["limit of OLS(M ~ T)"], system.ols("M", "T"))
    same(answers["NDE(T -> Y; M)"] + answers["TIE(T -> Y; M)"], system.effect("T", "Y"))
    same(answers["TDE(T -> Y; M)"] + answers["NIE(T -> Y; M)"], system.effect("T", "Y"))
    same(answers["NIE(T -> Y; M)"], a * b)


@pytest.mark.parametrize("values", [(0.7, 0.1), (0.05, -0.6)])
def test_instrument(values, linear):
    strength, confounding = values
    system = linear(
        {"X": {"Z": strength, "U": 0.2}, "Y": {"X": 0.8, "U": confounding}},
        {"Z": 1, "U": 1, "X": 0, "Y": 0},
    )
    answers = known("instrument", strength=strength, confounding=confounding)
    same(answers["TotalEffect(X -> Y)"], system.effect("X", "Y"))
    same(answers["Wald: cov(Z, Y) / cov(Z, X)"], system.cov("Z", "Y") / system.cov("Z", "X"))
    for question in ("Y ~ X", "X ~ Z", "Y ~ Z", "Y ~ X + Z"):
        outcome, right = question.split(" ~ ")
        same(answers[f"limit of OLS({question})"], system.ols(outcome, *right.split(" + ")))
    explained = system.cov("X", "X") - system.left("X", "Z")
    same(answers["concentration for each unit"], explained / system.left("X", "Z"))
    assert known("instrument")["limit of OLS(Y ~ X)"] == pytest.approx(0.837736, abs=5e-7)


def test_assignments(linear):
    system = linear({"C": {"A": 3, "B": 0.25}}, dict.fromkeys("ABC", 1))
    answers = known("assignments", a=3, b=0.25)
    for cause, effect in (("A", "C"), ("B", "C"), ("C", "A")):
        same(answers[f"TotalEffect({cause} -> {effect})"], system.effect(cause, effect))
    same(answers["var(C)"], system.cov("C", "C"))
    same(answers["limit of OLS(C ~ A)"], system.ols("C", "A"))
    same(answers["limit of OLS(A ~ C)"], system.ols("A", "C"))


def test_assignment_operator(linear):
    system = linear({"B": {"A": 5}}, {"A": 1, "B": 1})
    answers = known("assignment_operator")
    same(answers["var(B)"], 26)
    assert answers["corr(A, B)"] == pytest.approx(0.9806, abs=5e-5)
    same(answers["corr(A, B)"], system.corr("A", "B"))
    same(answers["E[B | do(A=1.5)]"], 7.5)
    same(answers["limit of OLS(A ~ B)"], system.ols("A", "B"))
    same(answers["TotalEffect(B -> A)"], system.effect("B", "A"))


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("simpson_exercise", {"spread": 0.0}, "spread=0.0: more than 0 is wanted"),
        ("chain", {"noise": -1.0}, "noise=-1.0: more than 0"),
        ("fork", {"noise": 0.0}, "noise=0.0: more than 0"),
        ("collider", {"noise": 0.0}, "noise=0.0: more than 0"),
        ("ice_cream", {"heat_on_ice_cream": 1.0}, "more than -1 and less than 1 is wanted"),
        ("instrument", {"strength": 0.0}, "strength=0.0: more than 0 is wanted"),
        ("hiring", {"threshold": 10}, "threshold=10: more than 2 and less than 10 is wanted"),
        ("sum_of_two", {"top": 1}, "top=1: more than 1 is wanted"),
        ("treatment", {"selection": 1.0}, "selection=1.0: more than -1 and less than 1"),
    ],
)
@pytest.mark.parametrize("ask", ["build", "known"])
def test_parameters_that_make_no_world_are_refused(name, values, says, ask):
    with pytest.raises(ValueError, match=f"{name}: .*{says}"):
        getattr(get(name), ask)(**values)
