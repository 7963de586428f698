"""Bounds of causation: worked cases, the truth between them, linear programmes that attain them."""

import itertools
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpyro.distributions import Bernoulli
from scipy.optimize import linprog

from scm import SCM, latent
from scm.estimands import PN, PNS, PS, DoseResponse, Expectation
from scm.sensitivity import bounds_of_causation

CASES = {
    case["id"]: case
    for case in map(json.loads, (Path(__file__).parent / "cases.jsonl").read_text().splitlines())
}
TYPES = list(itertools.product((0, 1), (0, 1), (0, 1)))
"""What a unit may be: its X, its Y_0 and its Y_1."""
MASKS = {
    "pns": (lambda x, y0, y1: y1 > y0, lambda x, y0, y1: True),
    "pn": (lambda x, y0, y1: y1 > y0 and x, lambda x, y0, y1: x and y1),
    "ps": (lambda x, y0, y1: y1 > y0 and not x, lambda x, y0, y1: not x and not y0),
}
"""The units that count for each, and those among whom they are counted."""


def shown(of):
    """A vector over the types: 1 for those for which this holds."""
    return np.array([float(bool(of(*each))) for each in TYPES])


def data_of(shares):
    """What an experiment and an observation show of a population of these types."""
    risks = [shares @ shown(lambda x, *y, at=at: y[at]) for at in (0, 1)]
    joint = [
        [shares @ shown(lambda x, *y, a=a, b=b: (x, y[x]) == (a, b)) for b in (0, 1)]
        for a in (0, 1)
    ]
    return np.array(risks), np.array(joint)


def share_of(shares, what):
    above, below = (shares @ shown(mask) for mask in MASKS[what])
    return above / below if below > 1e-12 else None


def extremes(what, experiment, observation, *, exogeneity=False, monotonicity=False, treated=None):
    """The least and the most that a share can be, by linear programmes over the types.

    A ratio is made linear as Charnes and Cooper (1962) do: variables are scaled so that what is
    below the line is 1, and the scale is one more variable.
    """
    rows = [(np.ones(8), 1.0)]
    if experiment is not None:
        rows += [(shown(lambda x, *y, at=at: y[at]), experiment[at]) for at in (0, 1)]
    if observation is not None:
        for a, b in itertools.product((0, 1), (0, 1)):
            rows.append((shown(lambda x, *y, a=a, b=b: (x, y[x]) == (a, b)), observation[a][b]))
    if exogeneity:  # each response is as frequent among X = 1 as among all, if P(X = 1) is this
        for pair in itertools.product((0, 1), (0, 1)):
            alike = shown(lambda x, *y, pair=pair: y == pair)
            rows.append((shown(lambda x, *y, pair=pair: x and y == pair) - treated * alike, 0.0))
    if monotonicity:
        rows.append((shown(lambda x, y0, y1: y0 > y1), 0.0))
    above, below = map(shown, MASKS[what])
    scaled = [np.append(row, -total) for row, total in rows]
    found = [
        linprog(
            sign * np.append(above, 0.0),
            A_eq=np.array([*scaled, np.append(below, 0.0)]),
            b_eq=np.array([*np.zeros(len(scaled)), 1.0]),
            bounds=[(0, None)] * 9,
        )
        for sign in (1, -1)
    ]
    if any(each.status == 2 for each in found):  # nobody to count among
        return None
    assert all(each.status == 0 for each in found)
    return found[0].fun, -found[1].fun


def populations():
    """Random populations; some of few types only, so that much has probability 0."""
    rng = np.random.default_rng(4)
    for _ in range(8):
        yield rng.dirichlet(np.ones(8))
    for kept in (2, 3, 3, 4, 5, 6):
        shares = np.zeros(8)
        shares[rng.choice(8, kept, replace=False)] = rng.dirichlet(np.ones(kept))
        yield shares
    yield np.eye(8)[7]


def made(shares, *, exogeneity, monotonicity):
    """A population made to keep to the assumptions."""
    table = shares.reshape(2, 2, 2).copy()
    if monotonicity:
        table[:, 0, 1] += table[:, 1, 0]
        table[:, 1, 0] = 0
    if exogeneity:
        table = table.sum(axis=(1, 2), keepdims=True) * table.sum(axis=0, keepdims=True)
    return table.reshape(8)


@pytest.mark.parametrize("exogeneity", [False, True])
@pytest.mark.parametrize("monotonicity", [False, True])
@pytest.mark.parametrize("known", ["both", "experiment", "observation"])
def test_sharp_and_true(known, exogeneity, monotonicity):
    assumed = {"exogeneity": exogeneity, "monotonicity": monotonicity}
    for drawn in populations():
        shares = made(drawn, **assumed)
        experiment, observation = data_of(shares)
        treated = observation[1].sum()
        if exogeneity and known != "experiment" and not 0 < treated < 1:
            continue
        given = {"experiment": experiment, "observation": observation}
        if known != "both":
            given = {known: given[known]}
        found = bounds_of_causation(**given, **assumed)
        for what in MASKS:
            between, truth = getattr(found, what), share_of(shares, what)
            data = [given.get(each) for each in ("experiment", "observation")]
            if exogeneity and observation is not None and not 0.01 < treated < 0.99:
                treated = 0.5  # which an experiment alone leaves open
            sharp = extremes(what, *data, **assumed, treated=treated)
            assert (between is None) == (sharp is None), (what, shares)
            if between is None:
                continue
            assert (between.low, between.high) == pytest.approx(sharp, abs=1e-7), (what, shares)
            if truth is not None:
                assert between.low - 1e-9 <= truth <= between.high + 1e-9
            assert set(between.rests_on) <= {*given, *(each for each in assumed if assumed[each])}


def fraction(text):
    return float(Fraction(text))


def table_of(scm):
    cells = [[scm["px0y0"], scm["px0y"]], [scm["pxy0"], scm["pxy"]]]
    observation = [[fraction(each) for each in row] for row in cells]
    return {"experiment": (fraction(scm["pyx0"]), fraction(scm["pyx"])), "observation": observation}


def test_the_lawsuit():
    found = bounds_of_causation(**table_of(CASES["legal-pns"]["scm"]))
    assert (found.pns.low, found.pns.high) == pytest.approx((1 / 500, 2 / 125))
    assert (found.ps.low, found.ps.high) == pytest.approx((1 / 486, 5 / 162))
    assert (found.pn.low, found.pn.high) == pytest.approx((1, 1))  # Pearl (2009), section 9.3.4
    for name, bounds in (("legal-pns", found.pns), ("legal-ps", found.ps)):
        assert list(CASES[name]["answer"].values()) == pytest.approx([bounds.low, bounds.high])
        assert bounds.rests_on == ("experiment", "observation")


def test_the_fallout():
    scm = CASES["fallout-ps"]["scm"]
    risks = fraction(scm["p_y_x0"]), fraction(scm["p_y_x"])
    found = bounds_of_causation(experiment=risks, exogeneity=True, monotonicity=True).ps
    assert found.low == found.high == pytest.approx(CASES["fallout-ps"]["answer"], rel=1e-9)
    assert found.rests_on == ("experiment", "exogeneity", "monotonicity")


def test_exogeneity_alone():
    found = bounds_of_causation(experiment=(1 / 5, 3 / 5), exogeneity=True)
    for name, (low, high) in CASES["exog-bounds"]["answer"].items():
        bounds = getattr(found, name.lower())
        assert (bounds.low, bounds.high) == pytest.approx((low, high))
    assert found.pns.rests_on == ("experiment",)  # of randomised units it is no assumption
    assert found.pn.rests_on == ("experiment", "exogeneity")


def test_the_truth_of_a_model_lies_between():
    """Confounded and monotone: PS = 3/25 is the lower bound, and the number under monotonicity."""
    model = SCM(
        **{n: latent(Bernoulli(p)) for n, p in {"U": 0.5, "A": 0.6, "R": 0.1, "N": 0.2}.items()},
        X=lambda U, N: (U != N).astype(int),
        Y=lambda X, A, U, R: (X & A & U) | R,
    )
    cell = lambda x, y: Expectation(
        lambda units: (units["natural"]["X"] == x) & (units["natural"]["Y"] == y)
    )
    observation = [[cell(x, y).truth(model).value for y in (0, 1)] for x in (0, 1)]
    data = {
        "experiment": DoseResponse("X", "Y").truth(model).value,
        "observation": np.array(observation) / np.sum(observation),
    }
    found, narrow = bounds_of_causation(**data), bounds_of_causation(**data, monotonicity=True)
    assert (found.ps.low, found.ps.high) == pytest.approx((3 / 25, 52 / 225), abs=1e-6)
    for kind, what in ((PN, "pn"), (PS, "ps"), (PNS, "pns")):
        truth = kind("X", "Y").truth(model).value
        wide, point = getattr(found, what), getattr(narrow, what)
        assert wide.low - 1e-6 <= truth <= wide.high + 1e-6
        assert (point.low, point.high) == pytest.approx((truth, truth), abs=1e-6)


TRIAL, SEEN = (0.2, 0.6), [[0.3, 0.2], [0.2, 0.3]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "no data: experiment="),
        ({"experiment": (0.2, 1.6)}, r"experiment=\(0.2, 1.6\): probabilities are wanted, exp"),
        ({"experiment": (0.2, np.nan)}, "probabilities are wanted"),
        ({"experiment": "half"}, "probabilities are wanted"),
        ({"observation": [0.1, 0.9]}, r"observation=\[\[P\(X=0,Y=0\), P"),
        ({"observation": [[0.1, 0.2], [0.3, 0.5]]}, "sum to 1.1, not to 1"),
        ({"observation": [[10, 20], [30, 40]]}, "probabilities are wanted"),
        ({"experiment": (0.2, 0.9), "observation": SEEN}, r"P\(X=1,Y=1\) = 0.3 and 1 - .* = 0.8"),
        ({"experiment": TRIAL, "observation": SEEN, "exogeneity": True}, "exogeneity is refuted"),
        ({"experiment": TRIAL[::-1], "monotonicity": True}, "0.6 is above .* = 0.2"),
        (
            {"experiment": (0.3, 0.4), "observation": SEEN, "monotonicity": True},
            r"monotonicity is refuted: P\(Y=1\) = 0.5 is not between",
        ),
        ({"observation": [[0.5, 0.5], [0, 0]], "exogeneity": True}, "nobody has X=1"),
    ],
)
def test_refusals(given, message):
    with pytest.raises(ValueError, match=message):
        bounds_of_causation(**given)
