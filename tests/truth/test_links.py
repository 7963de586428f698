"""Worlds that read each other: by every route one answer, and never another question's."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal
from scipy import stats

from scm import SCM, ModelError, node
from scm.estimands import Expectation
from scm.truth.account import account
from scm.truth.batches import asked
from scm.truth.exact import exact, gaussian_moments
from scm.truth.links import needed
from scm.truth.monte_carlo import monte_carlo
from scm.truth.quadrature import quadrature
from scm.truth.question import Mean, Quantile, Question
from scm.truth.sobol import sobol

U = Normal(0, 1)
WORLDS = {"off": {"t": 0.0}, "on": {"t": 1.0}}
CROSSED = {"on": {"y": {"m": "off"}}}


def question(model, links=CROSSED, statistics=None):
    worlds = {name: model.do(setting) for name, setting in WORLDS.items()}
    means = [Mean(lambda units, at=at: units[at]["y"]) for at in ("on", "off")]
    combine = lambda *values: values[0] - sum(values[1:])
    return Question("crossed", worlds, statistics or means, combine, links)


SMOOTH = SCM(
    t=U,
    m=lambda t, v=U: jnp.tanh(t + v),
    w=lambda m, v=U: m + v,
    y=lambda t, m, w: jnp.exp(t / 2) * m * w + t * w,
)


def by_gauss_hermite():
    """E[y(1, m(0)) - y(0)]: w(1) still hears of m(1), and both share their noise."""
    z, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    m0, m1 = np.tanh(z), np.tanh(1 + z)
    # w's noise has mean 0 and is in both linearly
    return weights @ (np.exp(0.5) * m0 * m1 + m1 - m0 * m0)


@pytest.mark.parametrize("route", [quadrature, sobol, monte_carlo])
def test_routes_agree(route):
    key = {} if route is quadrature else {"key": 1}
    with jax.enable_x64(True):
        ready = asked(question(SMOOTH))
        assert exact(ready) is None
        truth = route(ready, **key, tolerance=None, budget=1 << (20 if not key else 14))
    answer = by_gauss_hermite()
    assert abs(truth.value - answer) < 4.5 * truth.se + 1e-9
    assert truth.se < {quadrature: 1e-6, sobol: 2e-3, monte_carlo: 0.05}[route]


def test_the_units_of_a_world():
    """In every unit, and with a vector read across worlds; inside of a trace as well."""
    model = SCM(
        t=U,
        m=lambda t, v=U.expand([2]).to_event(1): t * v,
        y=lambda t, m, u=U: m @ jnp.array([1.0, 2.0]) + 10 * t + u,
    )
    swapped = Expectation(lambda units: units["on"]["y"], WORLDS, links=CROSSED)
    far = Expectation(
        lambda units: units["off"]["y"], {"on": {"t": 2.0}, "off": {"t": 1.0}},
        links={"off": {"y": {"m": "on", "t": "on"}}},
    )  # fmt: skip
    world = model.sample(key=0, n=30)
    v, u = (np.asarray(world.noise[each], float) for each in (("m", "v"), ("y", "u")))
    for estimand, expected in ((swapped, 10 + u), (far, 2 * v @ [1.0, 2.0] + 20 + u)):
        assert float(estimand.of(world)) == pytest.approx(expected.mean(), rel=1e-5)
        traced = jax.jit(lambda key, asked=estimand: asked.of(model.sample(key, 30)))(0)
        assert float(traced) == pytest.approx(expected.mean(), rel=1e-5)


def test_a_chain_of_worlds():
    """The third world reads the second, which reads the first; on the way every route is one."""
    model = SCM(x=U, a=lambda x: x, b=lambda a, x: 10 * a + x, c=lambda b, a: 100 * b + a)
    chained = Expectation(
        lambda units: units["three"]["c"],
        {"one": {"x": 1.0}, "two": {"x": 2.0}, "three": {"x": 3.0}},
        links={"two": {"b": {"a": "one"}}, "three": {"c": {"b": "two"}}},
    )
    assert chained.truth(model).value == 100 * (10 * 1 + 2) + 3
    assert float(chained.of(model.sample(0, 5))) == pytest.approx(1203)
    ready = asked(chained.question(model))
    assert ready.needed == {"one": ("x", "a"), "two": ("x", "b"), "three": ("x", "a", "c")}
    assert needed(ready.systems, {}, ready.read) == {"three": ("x", "a", "b", "c")}


def test_many_like_nodes():
    """A chain of 300 that is solved by a loop, cut in the middle by a link."""
    step = lambda before, u=U: 0.9 * before + u
    parts = {"n0": U} | {f"n{i}": node(step, parents=[f"n{i - 1}"], noise={"u": U})
                         for i in range(1, 300)}  # fmt: skip
    model, cut = SCM(parts), 150
    estimand = Expectation(
        lambda units: units["on"]["n299"],
        {"off": {"n0": 0.0}, "on": {"n0": 1e6}},
        links={"on": {f"n{cut}": {f"n{cut - 1}": "off"}}},
    )
    world = model.sample(0, 7)
    natural = np.array([world[f"n{i}"] for i in range(300)], float)
    expected = np.zeros(7)
    for u in natural[1:] - 0.9 * natural[:-1]:
        expected = 0.9 * expected + u
    assert float(estimand.of(world)) == pytest.approx(expected.mean(), rel=1e-4, abs=1e-4)


def test_exact_routes():
    """Finite noise, Gaussian moments, and a quantile: all of y(1, m(0))."""
    finite = SCM(
        t=Bernoulli(0.5), m=lambda t: Bernoulli(0.25 + t / 2), y=lambda t, m: 3.0 * t + m - t * m
    )
    linear = SCM(t=U, m=lambda t, u=U: 4 * t + 3 * u, y=lambda t, m, u=U: 10 * t + m + 4 * u)
    median = [Quantile(lambda units: units["on"]["y"], 0.8413447460685429)]
    with jax.enable_x64(True):
        found = exact(asked(question(finite)))
        assert found.value == pytest.approx(3 + 0.25 - 0.25 - 0.25, abs=1e-9)
        means, covariance = gaussian_moments(asked(question(linear)))
        np.testing.assert_allclose(means, [10, 0], atol=1e-12)
        np.testing.assert_allclose(covariance, [[25, 25], [25, 25]], atol=1e-12)
        top = exact(asked(question(linear, statistics=median)))
        assert top.value == pytest.approx(10 + 5, abs=1e-9)


def test_a_link_is_part_of_what_is_kept():
    """Neither a truth on disk nor a program is taken for one of other links."""
    none, empty = question(SMOOTH, {}), question(SMOOTH, {"on": {"y": {}}})
    others = [{"on": {"w": {"m": "off"}}}, {"on": {"y": {"w": "off"}}}, CROSSED]
    both = {"on": {"y": {"m": "off"}, "w": {"m": "off"}}}
    with jax.enable_x64(True):
        readies = [asked(each) for each in (none, *(question(SMOOTH, o) for o in [*others, both]))]
        accounts = [account(each, 0, None, 1 << 12) for each in readies]
        assert None not in accounts
        assert len(set(accounts)) == len({each.key for each in readies}) == 5
        assert account(asked(empty), 0, None, 1 << 12) == accounts[0]
        assert account(asked(question(SMOOTH)), 0, None, 1 << 12) == accounts[3]
        values = [sobol(each, 0, tolerance=None, budget=1 << 12).value for each in readies]
    values = [float(value) for value in values]
    assert values[1] == pytest.approx(values[2])  # w(m(0)) is w(0)
    assert len({round(value, 6) for value in values}) == 4


def test_smoothness_is_that_of_what_is_read():
    """m is smooth in both worlds but for the first, where it is made to jump, and only y reads it
    from there: no quadrature of y, whatever m is at home."""
    model = SCM(t=U, m=lambda t, v=U: t + v, y=lambda t, m: jnp.tanh(m + t))
    worlds = {
        "off": model.do(m=lambda v=U: jnp.where(v > 0.3, 1.0, 0.0)),
        "on": model.do(t=1.0),
    }
    mean = [Mean(lambda units: units["on"]["y"])]
    crossed = Question("jumps", worlds, mean, lambda value: value, CROSSED)
    with jax.enable_x64(True):
        assert quadrature(asked(crossed), tolerance=None, budget=1 << 20) is None
        truth = sobol(asked(crossed), 0, tolerance=None, budget=1 << 14)
        at_home = quadrature(
            asked(dataclasses.replace(crossed, links={})), tolerance=None, budget=1 << 20
        )
    assert at_home.method == "quadrature"
    share = stats.norm.sf(0.3)
    answer = share * np.tanh(2) + (1 - share) * np.tanh(1)
    assert abs(truth.value - answer) < 4.5 * truth.se


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ({"off": {"y": {"m": "on"}}}, "y in 'off' reads m from 'on', which is no earlier world"),
        ({"on": {"y": {"m": "on"}}}, "no earlier world; in order they are: off, on"),
        ({"on": {"y": {"m": "of"}}}, "no earlier world"),
        ({"onn": {"y": {"m": "off"}}}, "links of 'onn', no such world; did you mean 'on'"),
        ({"on": {"z": {"m": "off"}}}, "links of 'z', no such variable"),
        ({"on": {"y": {"x": "off"}}}, "in 'on' y does not read 'x', .* it reads: t, m, w"),
        ({"on": {"t": {"m": "off"}}}, "in 'on' t does not read 'm', .* it reads: nothing"),
    ],
)
def test_refusals(links, message):
    with pytest.raises(ModelError, match=message):
        question(SMOOTH, links)
