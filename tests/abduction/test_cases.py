"""Worked cases: models as they stand in the literature, with answers as fractions.

Finite models are translated from Python expressions, twice: with every exogenous variable a latent
root, and with those that enter one equation as that equation's own noise. The first makes abduction
infer noises together, the second finds most of them equation by equation.
"""

import ast
import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Categorical, Gumbel, Normal, OrderedLogistic, Uniform

from scm import SCM, latent

CASES = {
    case["id"]: case
    for case in map(json.loads, (Path(__file__).parent / "cases.jsonl").read_text().splitlines())
}
DRAWS = 4_000
FINITE = [name for name, case in CASES.items() if case["scm"]["type"] == "discrete"]

FIRST = list({str(CASES[name]["scm"]): name for name in FINITE}.values())  # one of each model


# ------------------------------------------------------------------------------- translation


class _Traceable(ast.NodeTransformer):
    """Python's choices as functions of arrays: ``and``, ``or``, ``not``, ``if``, ``int``."""

    def _call(self, name, *arguments):
        return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])

    def visit_BoolOp(self, node):
        name = "_and" if isinstance(node.op, ast.And) else "_or"
        first, *rest = map(self.visit, node.values)
        for each in rest:
            first = self._call(name, first, each)
        return first

    def visit_UnaryOp(self, node):
        operand = self.visit(node.operand)
        if isinstance(node.op, ast.Not):
            return self._call("_not", operand)
        return ast.UnaryOp(node.op, operand)

    def visit_IfExp(self, node):
        return self._call("_if", *map(self.visit, (node.test, node.body, node.orelse)))

    def visit_Compare(self, node):
        return self._call("_int", self.generic_visit(node))

    def visit_Call(self, node):
        return self._call("_int", *map(self.visit, node.args))


_WORDS = {
    "_and": lambda a, b: jnp.where(a != 0, b, a),
    "_or": lambda a, b: jnp.where(a != 0, a, b),
    "_not": lambda a: (a == 0).astype(int),
    "_if": lambda test, body, orelse: jnp.where(test != 0, body, orelse),
    "_int": lambda a: jnp.asarray(a).astype(int),
}


def names_in(expression):
    return sorted(
        {n.id for n in ast.walk(ast.parse(expression)) if isinstance(n, ast.Name)} - {"int"}
    )


def function_of(expression, noises):
    """``lambda parents, noise=law: expression``, traceable."""
    tree = _Traceable().visit(ast.parse(expression, mode="eval"))
    body = ast.unparse(ast.fix_missing_locations(tree))
    names = names_in(expression)
    parameters = [name for name in names if name not in noises]
    parameters += [f"{name}=_laws[{name!r}]" for name in names if name in noises]
    return eval(f"lambda {', '.join(parameters)}: {body}", {**_WORDS, "_laws": noises})


def law_of(chances):
    """A law on the whole numbers from 0 on."""
    shares = {int(value): _number(chance) for value, chance in chances.items()}
    return Categorical(jnp.array([shares.get(value, 0.0) for value in range(max(shares) + 1)]))


def _number(text):
    above, _, below = str(text).partition("/")
    return float(above) / float(below or 1)


def model_of(case, spelling):
    """A finite case as a model."""
    laws = {name: law_of(law) for name, law in case["scm"]["exogenous"].items()}
    equations = dict(case["scm"]["equations"])
    used = {name: sum(name in names_in(e) for e in equations.values()) for name in laws}
    own = {name for name in laws if spelling == "own noise" and used[name] == 1}
    roots = {name: latent(law) for name, law in laws.items() if name not in own}
    noises = {name: law for name, law in laws.items() if name in own}
    return SCM({**roots, **{n: function_of(e, noises) for n, e in equations.items()}})


# ----------------------------------------------------------------------------------- answers


class Asked:
    """Worlds of one posterior, or of the population where nothing is given."""

    def __init__(self, model, given, key):
        settings = [setting for *_, setting in given]
        assert all(each == settings[0] for each in settings)
        if given:
            forced = model.do(settings[0]) if settings[0] else model
            evidence = {name: value for name, value, _ in given}
            self.posterior = forced.abduct(evidence, key, draws=DRAWS)
            self.under = self.posterior.undo(*settings[0]) if settings[0] else self.posterior
        else:
            self.under = model.sample(key, 4 * DRAWS)

    def values(self, name, setting):
        """A variable in the world under a setting, whose values may be taken from other worlds."""
        setting = {
            each: self.values(*value) if isinstance(value, list) else value
            for each, value in setting.items()
        }
        world = self.under.do(setting) if setting else self.under
        world = world.sample() if hasattr(world, "sample") else world
        return np.asarray(world[name])


def answer(asked, query):
    """What the query is about, for each draw."""
    match query["kind"]:
        case "prob":
            events = [asked.values(name, do) == value for name, value, do in query["event"]]
            return np.all(events, axis=0)
        case "mean":
            return asked.values(query["of"], query["do"])
        case "diff":
            a, b = (asked.values(*query[side]) for side in "ab")
            return a.astype(float) - b


@pytest.mark.parametrize(
    ("name", "spelling"),
    [(name, "latent roots") for name in FINITE] + [(name, "own noise") for name in FIRST],
)
def test_finite_models(name, spelling, near):
    """Firing squads, betting, mediation, Simpson-like confounding: P, E and differences given."""
    case = CASES[name]
    asked = Asked(model_of(case, spelling), case["query"].get("given", []), key=4)
    found = answer(asked, case["query"])
    near(found, case["answer"])
    if case["answer_exact"] in ("0", "1"):
        assert (found == case["answer"]).all()


def test_translation():
    """The translation of expressions is right: compared with Python on all values."""
    for name in FINITE:
        case = CASES[name]["scm"]
        for _, expression in case["equations"]:
            names = names_in(expression)
            made = function_of(expression, {})
            for values in np.ndindex(*(2,) * len(names)):
                unit = dict(zip(names, values, strict=True))
                wanted = eval(expression, {"__builtins__": {}, "int": int}, unit)
                found = made(**{each: jnp.asarray(value) for each, value in unit.items()})
                assert int(found) == int(wanted), (expression, unit)


# ------------------------------------------------------------------------- linear, and others

JOE = SCM(
    X=lambda UX=Normal(0, 1): UX,
    H=lambda X, UH=Normal(0, 1): 0.5 * X + UH,
    Y=lambda X, H, UY=Normal(0, 1): 0.7 * X + 0.4 * H + UY,
)


def test_joe():
    """All of Joe is seen: a point, and each number of the Primer."""
    joe = JOE.abduct(CASES["joe-h2"]["query"]["evidence"], key=0)
    assert joe.draws == 1
    noise = joe.sample().noise
    found = [noise["X", "UX"], noise["H", "UH"], noise["Y", "UY"]]
    np.testing.assert_allclose(np.ravel(found), [0.5, 0.75, 0.75], rtol=1e-6)
    np.testing.assert_allclose(joe.do(H=2.0).sample()["Y"], [1.9], rtol=1e-6)
    as_it_was = joe.sample()["H"]
    np.testing.assert_allclose(joe.do(X=1.0, H=as_it_was).sample()["Y"], [1.85], rtol=1e-6)


def test_joe_without_outcome(near):
    """Only X and H are seen: Y is 1.15 with the variance of its noise, 1, not 0."""
    draws = 20_000
    unseen = JOE.abduct({"X": 0.5, "H": 1.0}, key=0, draws=draws).do(H=2.0).sample()["Y"]
    near(unseen, 1.15)
    assert abs(np.var(unseen) - 1) < 5 * (2 / draws) ** 0.5


def test_child_of_the_outcome(near):
    """What is seen of a child tells of its parent's noise."""
    case = CASES["lin-ett-child"]
    model = SCM(
        X=Normal(0, 1),
        Y=lambda X, u=Normal(0, 1): X + u,
        S=lambda Y, u=Normal(0, 1): Y + u,
    )
    posterior = model.abduct({"S": 4.0}, key=1, draws=DRAWS)
    near(posterior.do(X=0.0).sample()["Y"], case["answer"])


def test_noise_that_multiplies():
    """Y = X (1 + u): the noise is 0.5, and Y would have been 6, not 3 + (4 - 2)."""
    case = CASES["mult-noise"]
    model = SCM(X=Normal(0, 1), Y=lambda X, u=Uniform(0, 1): X * (1 + u))
    posterior = model.abduct(case["query"]["evidence"], key=0)
    np.testing.assert_allclose(posterior.do(X=4.0).sample()["Y"], [case["answer"]], rtol=1e-6)


@pytest.mark.parametrize("name", ["lin-nde", "lin-te"])
def test_mediation_of_units(name, near):
    """With an interaction, direct and total effects averaged over abducted units."""
    model = SCM(
        T=Normal(0, 1),
        M=lambda T, u=Normal(0, 1): 2 * T + u,
        Y=lambda T, M, u=Normal(0, 1): 1 + 0.5 * T + 3 * M + 0.25 * T * M + u,
    )
    people = model.abduct(model.sample(key=3, n=DRAWS), key=3)
    untreated = people.do(T=0.0).sample()
    mediator = {"M": untreated["M"]} if name == "lin-nde" else {}
    effect = people.do(T=1.0, **mediator).sample()["Y"] - untreated["Y"]
    assert people.draws == 1
    near(np.ravel(effect), CASES[name]["answer"])


# ------------------------------------------------------------------------------- categories


def of_categories(case):
    """A categorical variable that has one law without treatment and another with it."""
    p, q = (jnp.array([_number(x) for x in case["scm"][each]]) for each in "pq")

    def returned(T):
        return Categorical(jnp.where(T == 1, q, p))

    def written(T, g=Gumbel(jnp.zeros(len(p)), jnp.ones(len(p))).to_event(1)):
        return jnp.argmax(jnp.log(jnp.where(T == 1, q, p)) + g)

    def threshold(T, u=Uniform(0, 1)):
        return jnp.sum(u > jnp.cumsum(jnp.where(T == 1, q, p))[:-1])

    def ordered(T):
        below = jnp.cumsum(jnp.where(T == 1, q, p))[:-1]
        return OrderedLogistic(0.0, jnp.log(below) - jnp.log1p(-below))

    if case["scm"]["type"] == "categorical threshold":
        return [SCM(T=0, Y=threshold), SCM(T=0, Y=ordered, coupling="inverse_cdf")]
    return [SCM(T=0, Y=returned, coupling="gumbel_max"), SCM(T=0, Y=written)]


@pytest.mark.parametrize("way", [0, 1])
@pytest.mark.parametrize("name", [n for n, c in CASES.items() if "categorical" in c["scm"]["type"]])
def test_categories(name, way, near):
    """Gumbel-max and threshold couplings, returned and written by hand (Oberst and Sontag 2019)."""
    case = CASES[name]
    posterior = of_categories(case)[way].abduct(case["query"]["evidence"], key=2, draws=DRAWS)
    found = np.asarray(posterior.do(T=1).sample()["Y"])
    expected = case["answer"]
    if not isinstance(expected, list):
        expected = [1 - expected, expected]
    for value, chance in enumerate(expected):
        near(found == value, chance)
        if chance in (0, 1):
            assert (found == value).mean() == chance
    assert (np.asarray(posterior.sample()["Y"]) == case["query"]["evidence"]["Y"]).all()
    assert posterior.couplings
