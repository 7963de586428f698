"""Path-specific effects by enumeration and path algebra; the edges that do not make one."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal

from scm import SCM, ModelError, latent
from scm.estimands import ATE, NDE, NIE, PathSpecific

X_W, X_M, X_Y, W_M, W_Y, M_Y = ALL = [
    ("X", "W"), ("X", "M"), ("X", "Y"), ("W", "M"), ("W", "Y"), ("M", "Y"),
]  # fmt: skip
MODEL = SCM(
    **{n: latent(Bernoulli(p)) for n, p in {"NW": 1 / 3, "NM": 1 / 4, "NY": 1 / 5}.items()},
    X=Bernoulli(0.5),
    W=lambda X, NW: (X != NW).astype(int),
    M=lambda X, W, NM: jnp.where(NM == 1, X, W),
    Y=lambda X, W, M, NY: ((X + W + M >= 2) != (NY == 1)).astype(int),
)


def through(model, edges):
    """E[Y(g) - Y(X=0)] by a walk of its own: the dict of a unit twice, as moved and as not."""

    def effect(noise):
        plain, moved = dict(noise), dict(noise)
        for name, equation in model.equations.items():
            if name == "X":
                plain["X"], moved["X"] = 0, 1
                continue
            plain[name] = int(eval(equation, {"int": int}, plain))
            seen = {p: moved[p] if (p, name) in edges else value for p, value in plain.items()}
            moved[name] = int(eval(equation, {"int": int}, seen))
        return moved["Y"] - plain["Y"]

    return sum(chance * effect(noise) for noise, chance in model.units())


def test_the_worked_cases(enumerated, cases):
    model = enumerated.case("pse-x-m-y")
    for name, edges, paths in (
        ("pse-x-m-y", [X_M, M_Y], [("X", "M", "Y")]),
        ("pse-through-w", [X_W, W_Y, W_M, M_Y], [("X", "W", "Y"), ("X", "W", "M", "Y")]),
    ):
        answer = cases[name]["answer_exact"]
        assert str(model.answer(cases[name]["query"])) == str(through(model, edges)) == answer
        along = PathSpecific("X", "Y", edges=edges)
        assert along == PathSpecific("X", "Y", paths=paths)
        truth = along.truth(MODEL)
        assert truth.method == "exact"
        assert truth.value == pytest.approx(cases[name]["answer"], abs=1e-7)


def test_every_set_of_edges(enumerated):
    model, asked = enumerated.case("pse-x-m-y"), 0
    for size in range(1, 7):
        for edges in itertools.combinations(ALL, size):
            try:
                along = PathSpecific("X", "Y", edges=edges)
            except ModelError:
                continue
            asked += 1
            assert along.truth(MODEL).value == pytest.approx(float(through(model, edges)), abs=1e-7)
    assert asked == 2**4 - 1  # each of the four paths has an edge of its own


def test_extremes():
    """All edges: the total effect. All that pass no mediator: natural and direct; the others of
    one mediator alone: natural and indirect."""
    assert PathSpecific("X", "Y", edges=ALL).truth(MODEL).value == ATE("X", "Y").truth(MODEL).value
    direct = PathSpecific("X", "Y", edges=[X_W, W_Y, X_Y])
    assert direct.truth(MODEL).value == NDE("X", "Y", "M").truth(MODEL).value
    only_m = PathSpecific("X", "Y", edges=[X_W, W_M, X_M, M_Y])
    assert only_m.truth(MODEL).value == NIE("X", "Y", "M").truth(MODEL).value


def test_linear_models_by_path_products():
    """Wright's rule: without interaction the effect is the sum, over paths, of their products."""
    rng = np.random.default_rng(0)
    c = {edge: float(rng.integers(1, 9)) for edge in ALL}
    u = Normal(0, 1)
    model = SCM(
        C=latent(u),
        X=lambda C, u=u: C + u,
        W=lambda X, C, u=u: c[X_W] * X + C + u,
        M=lambda X, W, u=u: c[X_M] * X + c[W_M] * W + u,
        Y=lambda X, W, M, C: c[X_Y] * X + c[W_Y] * W + c[M_Y] * M + C,
    )
    paths = {
        ("X", "Y"): c[X_Y],
        ("X", "M", "Y"): c[X_M] * c[M_Y],
        ("X", "W", "Y"): c[X_W] * c[W_Y],
        ("X", "W", "M", "Y"): c[X_W] * c[W_M] * c[M_Y],
    }
    for path, product in paths.items():
        found = PathSpecific("X", "Y", paths=[path], levels=(1, 3)).truth(model)
        assert found.method == "exact"
        assert found.value == pytest.approx(2 * product)
    two = PathSpecific("X", "Y", paths=[("X", "Y"), ("X", "W", "M", "Y")])
    assert two.truth(model).value == pytest.approx(paths["X", "Y"] + paths["X", "W", "M", "Y"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "either edges= or paths= is wanted"),
        ({"edges": [X_Y], "paths": [("X", "Y")]}, "either edges= or paths= is wanted"),
        ({"edges": ["XY"]}, "edges='XY': names of variables"),
        ({"edges": [("X", "M", "Y")]}, r"a longer chain is a path: paths=\[\('X', 'M', 'Y'\)\]"),
        ({"edges": [X_M]}, "nothing passes along X -> M: no listed edges lead from M to Y"),
        ({"edges": [X_Y, W_Y]}, "nothing passes along W -> Y: no listed edges lead from X to W"),
        ({"edges": [("X", "NY"), ("NY", "Y")]}, "no edge X -> NY; NY reads: nothing"),
        ({"edges": [("X", "Z"), ("Z", "Y")]}, "no variable 'Z'"),
        ({"paths": [("X", "M")]}, "the path X -> M does not lead from X to Y"),
        (
            {"paths": [("X", "W", "M", "Y"), ("X", "M", "Y"), ("X", "W", "Y"), ("W", "Y")]},
            "the path W -> Y does not lead",
        ),
        ({"edges": [X_Y], "levels": (1,)}, "two levels"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ModelError, match=message):
        PathSpecific("X", "Y", **options).truth(MODEL)


def test_paths_whose_edges_make_another():
    """A -> M of the one and M -> D of the other make a third path."""
    paths = [("X", "A", "M", "B", "Y"), ("X", "C", "M", "D", "Y")]
    with pytest.raises(ModelError, match="also make X -> A -> M -> D -> Y: list it too"):
        PathSpecific("X", "Y", paths=paths)
    crossed = [("X", "A", "M", "D", "Y"), ("X", "C", "M", "B", "Y")]
    assert len(PathSpecific("X", "Y", paths=paths + crossed).edges) == 8


def test_edges_that_an_intervention_cut():
    with pytest.raises(ModelError, match="no edge W -> M; M reads: nothing"):
        PathSpecific("X", "Y", edges=[X_W, W_M, M_Y]).truth(MODEL.do(M=1))
    assert PathSpecific("X", "Y", edges=[X_M, M_Y]).definition == (
        "E[Y(X=1 along M -> Y, X -> M)] - E[Y(X=0)]"
    )
