"""Natural effects by enumeration and algebra; what their decomposition says; routes agree."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal

from scm import SCM, ModelError, latent
from scm.estimands import ATE, CDE, NDE, NIE, TDE, TIE, InSample

FOUR = (NDE, NIE, TDE, TIE)
LEVELS = {
    NDE: ((1, 0), (0, 0)),
    NIE: ((0, 1), (0, 0)),
    TDE: ((1, 1), (0, 1)),
    TIE: ((1, 1), (1, 0)),
}
"""Of the two outcomes Y(t, M(s)) that are compared: (t, s)."""


def by_enumeration(model, kind, mediators=("M",)):
    (a, b), (c, d) = LEVELS[kind]
    outcome = lambda of, t, s: of("Y", {"T": t} | {m: [m, {"T": s}] for m in mediators})
    return model.mean(lambda of: outcome(of, a, b) - outcome(of, c, d))


def bits(**chances):
    return {name: latent(Bernoulli(chance)) for name, chance in chances.items()}


MEDIATED = SCM(
    **bits(T0=1 / 2, M0=2 / 5, M1=3 / 4, Y00=1 / 5, Y01=3 / 10, Y10=2 / 5, Y11=4 / 5),
    T=lambda T0: T0,
    M=lambda T, M0, M1: jnp.where(T == 1, M1, M0),
    Y=lambda T, M, Y00, Y01, Y10, Y11: jnp.where(
        T == 1, jnp.where(M == 1, Y11, Y10), jnp.where(M == 1, Y01, Y00)
    ),
)


def test_the_worked_case(enumerated, cases):
    model = enumerated.case("med-nde")
    for name in ("med-nde", "med-nie-rev", "med-cde1"):
        assert str(model.answer(cases[name]["query"])) == cases[name]["answer_exact"]
    for kind in FOUR:
        truth = kind("T", "Y", "M").truth(MEDIATED)
        assert truth.method == "exact"
        assert truth.value == pytest.approx(float(by_enumeration(model, kind)), abs=1e-7)
    assert NDE("T", "Y", "M").truth(MEDIATED).value == pytest.approx(8 / 25, abs=1e-7)
    assert TIE("T", "Y", "M").truth(MEDIATED).value == pytest.approx(7 / 50, abs=1e-7)  # -nie-rev
    assert CDE("T", "Y", at={"M": 1}).truth(MEDIATED).value == pytest.approx(1 / 2, abs=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_random_finite_models(enumerated, seed):
    """Two mediators, one a cause of the other, and a latent cause of both and the outcome."""
    rng = np.random.default_rng(seed)
    w, m, y = (rng.integers(0, 3, shape) for shape in ((2, 2), (2, 3, 2, 2), (2, 3, 3, 2)))
    model = SCM(
        **bits(C=1 / 4, A=1 / 2, B=1 / 8),
        T=Bernoulli(0.5),
        W=lambda T, C: jnp.asarray(w)[T, C],
        M=lambda T, W, C, A: jnp.asarray(m)[T, W, C, A],
        Y=lambda T, W, M, C, B: jnp.asarray(y)[T, W, M, C] + 2 * B * M,
    )
    law = lambda chance: {"1": chance, "0": f"{1 - eval(chance)}"}
    plain = enumerated(
        {"C": law("1/4"), "A": law("1/2"), "B": law("1/8"), "T0": law("1/2")},
        [
            ("T", "T0"),
            ("W", lambda v: int(w[v["T"], v["C"]])),
            ("M", lambda v: int(m[v["T"], v["W"], v["C"], v["A"]])),
            ("Y", lambda v: int(y[v["T"], v["W"], v["M"], v["C"]]) + 2 * v["B"] * v["M"]),
        ],
    )
    for mediators in (["M"], ["W"], ["W", "M"]):
        found = {kind: kind("T", "Y", mediators).truth(model) for kind in FOUR}
        for kind, truth in found.items():
            assert truth.method == "exact"
            assert truth.value == float(by_enumeration(plain, kind, mediators))
        total = ATE("T", "Y").truth(model).value
        assert total == found[NDE].value + found[TIE].value == found[TDE].value + found[NIE].value


def test_returned_laws_by_the_mediation_formula():
    """Unconfounded, E[Y(t, M(s))] = sum_m E[Y | t, m] P(m | s): Pearl (2001), equation 9."""
    pm, py = np.array([0.25, 0.75]), np.array([[0.125, 0.5], [0.25, 0.875]])
    model = SCM(
        T=Bernoulli(0.5),
        M=lambda T: Bernoulli(jnp.asarray(pm)[T]),
        Y=lambda T, M: Bernoulli(jnp.asarray(py)[T, M]),
    )
    for kind in FOUR:
        mean = lambda t, s: py[t] @ [1 - pm[s], pm[s]]
        these, those = LEVELS[kind]
        truth = kind("T", "Y", "M").truth(model)
        assert truth.method == "exact"
        assert truth.value == pytest.approx(mean(*these) - mean(*those), abs=1e-12)


U = Normal(0, 1)
LINEAR = SCM(
    T=U,
    M=lambda T, u=U: 2 * T + u,
    Y=lambda T, M, u=U: 1 + 0.5 * T + 3 * M + 0.25 * T * M + u,
)


def test_linear_with_interaction():
    """NDE = 1/2, TE = 7; Y(t, M(s)) has mean 1 + t/2 + 6 s + t s / 2."""
    found = {kind: kind("T", "Y", "M").truth(LINEAR) for kind in FOUR}
    answers = {NDE: 0.5, NIE: 6, TDE: 1, TIE: 6.5}
    assert {kind: truth.value for kind, truth in found.items()} == pytest.approx(answers)
    assert {truth.method for truth in found.values()} == {"exact"}
    assert ATE("T", "Y").truth(LINEAR).value == pytest.approx(7)
    wide = TDE("T", "Y", ["M"], levels=(-1, 3)).truth(LINEAR)
    assert wide.value == pytest.approx(2 + 2 * 3)


def test_interventions_on_the_model_come_along():
    """A shift of M, M(s) = 2 s + u + 1, and one of Y that reads M once more."""
    shifted = LINEAR.do(M=lambda M: M + 1, Y=lambda Y, M: Y + 4 * M)
    assert NDE("T", "Y", "M").truth(shifted).value == pytest.approx(0.5 + 0.25)
    assert NIE("T", "Y", "M").truth(shifted).value == pytest.approx(14)
    with pytest.raises(ModelError, match="no path of arrows leads from T to M"):
        NDE("T", "Y", "M").truth(LINEAR.do(M=1.0))


def test_what_a_mediator_causes_reads_it_nested():
    """T -> M -> W -> Y: with M held, W is what M(t0) makes of it, though it is no mediator."""
    model = SCM(T=U, M=lambda T: 2 * T, W=lambda M, T: M * 10 + T, Y=lambda W, T, M: W + 100 * T)
    assert NDE("T", "Y", "M").truth(model).value == pytest.approx(101)
    assert NIE("T", "Y", "M").truth(model).value == pytest.approx(20)
    assert NDE("T", "Y", ["M", "W"]).truth(model).value == pytest.approx(100)


def test_of_the_units_of_a_world():
    world = LINEAR.sample(key=3, n=40)
    u = {name: np.asarray(world.noise[name, "u"], float) for name in ("M", "Y")}
    y = lambda t, s: 1 + 0.5 * t + 3 * (2 * s + u["M"]) + 0.25 * t * (2 * s + u["M"]) + u["Y"]
    for kind in FOUR:
        these, those = LEVELS[kind]
        expected = (y(*these) - y(*those)).mean()
        estimand = kind("T", "Y", "M")
        assert float(estimand.of(world)) == pytest.approx(expected, rel=1e-5)
        traced = jax.jit(lambda key, asked=estimand: asked.of(LINEAR.sample(key, 40)))(3)
        assert float(traced) == pytest.approx(expected, rel=1e-5)
    assert float(InSample(NDE("T", "Y", "M")).of(world)) == pytest.approx(
        0.5 + 0.25 * u["M"].mean(), rel=1e-5
    )


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: NDE("T", "Y", []), r'mediators=\["M"\]; with none the whole effect is direct'),
        (lambda: NDE("T", "Y", "m"), "no variable 'm'; did you mean 'M'"),
        (lambda: NIE("T", "Y", "Y"), "Y is named twice"),
        (lambda: TDE("T", "Y", ["M", "M"]), "M is named twice"),
        (lambda: TIE("T", "Y", "C"), r"C is no mediator: no path of arrows leads from T to C"),
        (lambda: TIE("T", "Y", "S"), r"S is no mediator: no path of arrows leads from S to Y"),
        (lambda: NDE("T", "V", "M"), "a scalar is wanted"),
        (lambda: NDE("T", "Y", "M", levels=(0, 1, 2)), "two levels"),
    ],
)
def test_refusals(build, message):
    model = SCM(
        C=U, T=lambda C: C, M=lambda T: T, Y=lambda M, T, C: M * T + C, S=lambda Y: Y,
        V=lambda M: jnp.stack([M, M]),
    )  # fmt: skip
    with pytest.raises(ModelError, match=message):
        build().truth(model)


def test_definitions():
    assert NDE("T", "Y", "M").definition == "E[Y(1, M(0)) - Y(0)]"
    assert NIE("T", "Y", "M").definition == "E[Y(0, M(1)) - Y(0)]"
    assert TDE("T", "Y", ["M", "W"]).definition == "E[Y(1) - Y(0, (M, W)(1))]"
    assert TIE("T", "Y", "M", levels=(2, 5)).definition == "E[Y(5) - Y(5, M(2))]"
    assert len({NDE("T", "Y", "M"), NDE("T", "Y", ["M"]), NIE("T", "Y", "M")}) == 2
