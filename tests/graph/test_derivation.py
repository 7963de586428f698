"""Derivations: the doors as in the book, every step true; elsewhere the lines that fired."""

import numpy as np
import pytest

from scm.graph import Graph

BACK_DOOR = Graph([("Z", "T"), ("Z", "Y"), ("T", "Y")])
FRONT_DOOR = Graph([("T", "M"), ("M", "Y")], [("T", "Y")])
NAPKIN = Graph([("W", "Z"), ("Z", "X"), ("X", "Y")], [("W", "X"), ("W", "Y")])


def steps(derivation):
    return [(line.told, line.rule.number if line.rule else None) for line in derivation]


def test_the_back_door():
    """Pearl (2009), section 3.3.1."""
    derivation = BACK_DOOR.identify("Y", do="T").derivation()
    assert derivation.kind == "back door"
    assert steps(derivation) == [
        ("P(Y | do(T)) = sum_{Z} P(Y | do(T), Z) P(Z | do(T))", None),
        ("P(Y | do(T), Z) = P(Y | Z, T)", 2),
        ("P(Z | do(T)) = P(Z)", 3),
    ]
    assert str(derivation).endswith("so P(Y | do(T)) = sum_{Z} P(Y | T, Z) P(Z)")


def test_the_front_door():
    """Pearl (2009), section 3.4.3: tasks 1, 2 and 3."""
    derivation = FRONT_DOOR.identify("Y", do="T").derivation()
    assert derivation.kind == "front door"
    assert steps(derivation) == [
        ("P(M | do(T)) = P(M | T)", 2),
        ("P(Y | do(M)) = sum_{T} P(Y | do(M), T) P(T | do(M))", None),
        ("P(T | do(M)) = P(T)", 3),
        ("P(Y | do(M), T) = P(Y | T, M)", 2),
        ("P(Y | do(T)) = sum_{M} P(Y | do(T), M) P(M | do(T))", None),
        ("P(Y | do(T), M) = P(Y | do(T, M))", 2),
        ("P(Y | do(T, M)) = P(Y | do(M))", 3),
    ]
    separations = [line.rule.graph for line in derivation if line.rule]
    assert separations[0] == FRONT_DOOR.cut(out_of="T")
    assert separations[3] == FRONT_DOOR.cut(into="T", out_of="M")
    assert separations[4] == FRONT_DOOR.cut(into=["T", "M"])


def spread(model, of, do, given, names):
    """P(of | do(do), given) with the axes `names`, of length one for those it lacks."""
    axes = [*do, *given, *of]
    values = model.effect(of, do, given).transpose(
        [axes.index(name) for name in names if name in axes]
    )
    return np.expand_dims(values, [i for i, name in enumerate(names) if name not in axes])


@pytest.mark.parametrize("graph", [BACK_DOOR, FRONT_DOOR])
def test_each_step_by_a_rule_is_true_in_numbers(graph, finite_model):
    model = finite_model(graph, seed=4)
    for line in graph.identify("Y", do="T").derivation():
        if rule := line.rule:
            left, right = (
                spread(model, rule.outcome, *side, graph.nodes) for side in (rule.left, rule.right)
            )
            assert np.abs(left - right).max() < 1e-12


def test_one_rule_is_enough():
    seeing = Graph([("T", "Y")]).identify("Y", do="T").derivation()
    assert (seeing.kind, steps(seeing)) == ("rule 2", [("P(Y | do(T)) = P(Y | T)", 2)])
    nothing = Graph([("Y", "T")], [("T", "Y")]).identify("Y", do="T").derivation()
    assert (nothing.kind, steps(nothing)) == ("rule 3", [("P(Y | do(T)) = P(Y)", 3)])


def test_elsewhere_the_lines_of_the_algorithm():
    derivation = NAPKIN.identify("Y", do="X").derivation()
    assert derivation.kind == "ID"
    assert [line.because for line in derivation] == [
        "ID line 3",
        "ID line 7",
        "ID line 2",
        "ID line 6",
    ]
    assert "{W, Z}" in derivation.lines[0].told
    assert "{W, X, Y}" in derivation.lines[1].told
    bow = Graph([("T", "Y")], [("T", "Y")]).identify("Y", do="T").derivation()
    assert [line.because for line in bow] == ["ID line 5"]
    assert "is not identified" in str(bow)


def test_conditional_effects_tell_what_became_of_the_condition():
    moved = Graph([("X", "M"), ("M", "Y"), ("X", "Z"), ("Z", "M")], [("X", "Y")])
    told = moved.identify("Y", do="X", given="M").steps
    assert told[0].line == "IDC line 1"
    assert "M becomes do(M) by rule 2" in told[0].told
