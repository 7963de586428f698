"""Feedback and reversibility: known answers against closed forms, samples and exact truths."""

import numpy as np
import pytest

from scm import UnsolvableError
from scm.estimands import ATE
from simulators import get

N = 100_000


def slope(y, x):
    """The regression's slope and its standard error."""
    y, x = (np.asarray(each, float) - np.mean(each) for each in (y, x))
    found = (x @ y) / (x @ x)
    return found, np.sqrt(np.mean((y - found * x) ** 2) / (x @ x))


@pytest.mark.parametrize(("name", "x", "y"), [("feedback", "X", "Y"), ("reversible", "A", "B")])
def test_effects_are_exact_and_regressions_miss_them(name, x, y):
    known, model = get(name).known(), get(name).build()
    world = model.sample(key=0, n=N)
    for cause, effect in ((x, y), (y, x)):
        truth = ATE(cause, effect).truth(model)
        assert truth.method == "exact"
        assert truth.value == pytest.approx(
            float(known[f"ATE({cause} -> {effect})"].value), abs=1e-6
        )
        found, se = slope(world[effect], world[cause])
        assert abs(found - float(known[f"limit of OLS({effect} ~ {cause})"].value)) < 5 * se
        assert abs(found - truth.value) > 10 * se


def test_feedback_has_the_published_numbers():
    known = get("feedback").known()
    assert float(known["limit of OLS(Y ~ X)"].value) == pytest.approx(-0.758427, abs=1e-6)
    assert float(known["gain of the loop"].value) == pytest.approx(1 / 1.4)
    world = get("feedback").build().sample(key=0, n=100)
    pushed = (
        get("feedback")
        .build()
        .evaluate({("X", "u"): world.noise["X", "u"] + 1, ("Y", "u"): world.noise["Y", "u"]})
    )
    np.testing.assert_allclose(pushed["X"] - world["X"], 1 / 1.4, atol=1e-5)
    with pytest.raises(UnsolvableError, match="X and Y"):
        get("feedback").build(back=2.0)


def test_reversible_approaches_the_closed_vessel():
    """With hardly any leak do(A=1) gives kf / kr, do(B=1) its inverse; so do the regressions."""
    known = get("reversible").known(forward=3.0, backward=0.5, leak=1e-6)
    for name in ("ATE(A -> B)", "limit of OLS(B ~ A)"):
        assert float(known[name].value) == pytest.approx(6, rel=1e-4)
    for name in ("ATE(B -> A)", "limit of OLS(A ~ B)"):
        assert float(known[name].value) == pytest.approx(1 / 6, rel=1e-4)
    world = get("reversible").build().sample(key=0, n=N)
    for name, of in (("E[A]", "A"), ("E[B]", "B")):
        column = np.asarray(world[of], float)
        expected = float(get("reversible").known()[name].value)
        assert abs(column.mean() - expected) < 5 * column.std() / np.sqrt(N)
    with pytest.raises(ValueError, match="closed vessel"):
        get("reversible").build(leak=0.0)
