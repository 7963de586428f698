"""Every kind of estimand that a study file may ask for is the estimand of that name."""

import pytest

from experiments.asked import KINDS
from experiments.config import ConfigError, load
from experiments.plan import estimand_of
from scm import Interval, estimands

OPTIONS = {
    "CATE": {"given": {"x": 1, "age": [40, 50]}},
    "CDE": {"at": {"m": 1}},
    "NDE": {"mediators": ["m"]},
    "NIE": {"mediators": ["m", "w"]},
    "TDE": {"mediators": ["m"]},
    "TIE": {"mediators": ["m"]},
    "PathSpecific": {"edges": [["t", "m"], ["m", "y"]]},
    "PN": {"event": 2},
    "LATE": {"instrument": "z"},
    "ACR": {"instrument": "z", "levels": [0, 1, 2]},
    "QTE": {"quantile": 0.9},
    "QTT": {"quantile": 0.25},
    "VarianceWeightedSlope": {"adjust": ["x"], "reference": 2},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_becomes_the_estimand(kind):
    keys = {"label": "l", "treatment": "t", "outcome": "y", "worlds": ["w"]}
    options = OPTIONS.get(kind, {})
    table = KINDS[kind].model_validate({"kind": kind, **keys, **options})
    if kind == "CATE":
        options = {"given": {"x": 1, "age": Interval(40, 50)}}
    assert estimand_of(table).definition == getattr(estimands, kind)("t", "y", **options).definition


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('kind = "SATEE"', 'given the string "SATEE"; did you mean "SATE"?'),
        ('kind = "QTE"\nquantile = 90', "quantile: a number between 0 and 1 is wanted, given 90"),
        ('kind = "QTE"\nquantle = 0.9', "quantle: unknown key; did you mean 'quantile'?"),
        ('kind = "CATE"', "given: missing; add given = { female = 1, age = [40, 50] }"),
        (
            'kind = "CATE"\ngiven = { x = [2, 1] }',
            "given.x: a number, or a list of two, the ends of an interval in increasing order, is "
            "wanted, given the list [2, 1]",
        ),
        (
            'kind = "ACR"\ninstrument = "z"\nlevels = [0, 2, 1]',
            "levels: a list of two numbers or more, in increasing order is wanted",
        ),
        ('kind = "NDE"', 'mediators: missing; add mediators = ["'),
        (
            'kind = "NDE"\nmediators = "m"',
            'mediators: a list of one string or more is wanted, given the string "m"; write ["m"]',
        ),
        (
            'kind = "PathSpecific"\nedges = ["t", "m", "y"]',
            'edges: a list of pairs like ["cause", "effect"] is wanted',
        ),
        ('kind = "SATT"\nstep = 1', 'unknown key for kind = "SATT"; it belongs to kind = "TotalE'),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, written, message):
    path = tmp_path / "toy.toml"
    path.write_text(
        'name = "toy"\ntitle = "A toy"\nn = 10\nreplications = 5\n'
        '[roles]\ntreatment = "t"\noutcome = "y"\n'
        '[worlds.one]\nsimulator = "simpson_drug"\n'
        f'[estimands.e]\ntreatment = "t"\noutcome = "y"\n{written}\n'
        '[methods.m]\nestimator = "ols"\n'
    )
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert message in str(caught.value)
