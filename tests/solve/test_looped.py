"""Models of many like nodes: solved by a loop, and the same numbers as by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal, Uniform

from scm import SCM, NonFiniteError, UndefinedLawError, latent, node, param
from scm.core.pytree import pytree
from scm.solve import schedule


@pytree
class Weighted:
    """A callable whose numbers are its leaves."""

    weights: np.ndarray

    def __call__(self, *parents, u):
        return jnp.tanh(sum(w * x for w, x in zip(self.weights, parents, strict=True))) + u


NODES, UNITS = 60, 50  # of most models here: the loop's programs depend on little else


def random_model(nodes, seed, parents=2):
    rng = np.random.default_rng(seed)
    rhs, edges = {}, {}
    for at in range(nodes):
        chosen = rng.choice(at, size=min(at, parents), replace=False)
        weights = rng.normal(size=len(chosen))
        edges[at] = (chosen, weights)
        if at == 0:
            rhs["x0"] = Normal(0, 1)
        else:
            rhs[f"x{at}"] = node(
                Weighted(weights),
                parents=[f"x{each}" for each in chosen],
                noise={"u": Normal(0.5, 2.0)},
            )
    return SCM(rhs), edges


def test_against_numpy():
    model, edges = random_model(NODES, seed=1)
    world = model.sample(key=3, n=UNITS)
    x = {}
    for at, (chosen, weights) in edges.items():
        noise = np.asarray(world.noise[f"x{at}", "u"], np.float64)
        pull = sum(w * x[each] for w, each in zip(weights, chosen, strict=True))
        x[at] = np.tanh(pull) + noise if at else noise
        np.testing.assert_allclose(world[f"x{at}"], x[at], atol=2e-5)


def test_the_loop_is_used_and_its_programs_know_nothing_of_the_graph(compilations):
    one, _ = random_model(NODES, seed=1)
    other, _ = random_model(NODES, seed=2)
    assert schedule.schedule(one.system, {}, frozenset(one.order), UNITS) is not None
    one.sample(0, UNITS)
    before = compilations.count
    other.sample(0, UNITS)
    assert compilations.count == before


def test_a_million_units_of_some_dozens_of_nodes_take_straight_code():
    model, _ = random_model(60, seed=1)
    assert schedule.schedule(model.system, {}, frozenset(model.order), 10**6) is None
    wide, _ = random_model(120, seed=1)
    assert schedule.schedule(wide.system, {}, frozenset(wide.order), 10**6) is not None


def test_compilations_do_not_grow_with_the_nodes(compilations):
    counts = []
    for size in (90, 150):
        before = compilations.count
        random_model(size, seed=4)[0].sample(0, 40)
        counts.append(compilations.count - before)
    assert counts[0] == counts[1]


def mixed():
    """Literals, captured arrays, params, integers, booleans, vectors, returned laws, latents."""
    rhs = {
        "slope": param(0.5),
        "base": latent(Normal(0, 1)),
        "v0": Normal(jnp.zeros(3), 1).to_event(1),
    }
    shifts = jnp.linspace(-1, 1, 8)
    for at in range(8):
        before = "base" if at == 0 else f"y{at - 1}"
        rhs[f"y{at}"] = node(
            lambda x, slope, u, at=at: slope * x + shifts[at] + (0.1 + 0.01 * at) * u,
            parents=[before, "slope"],
            noise={"u": Normal(0, 1)},
        )
        rhs[f"t{at}"] = node(lambda y: Bernoulli(jax.nn.sigmoid(y)), parents=[f"y{at}"])
        rhs[f"k{at}"] = node(lambda t, y: t + (y > 0), parents=[f"t{at}", f"y{at}"])
        rhs[f"b{at}"] = node(
            lambda k, u: u < 0.3 * k, parents=[f"k{at}"], noise={"u": Uniform(0, 1)}
        )
        rhs[f"v{at + 1}"] = node(lambda v, y: 0.5 * v + y, parents=[f"v{at}", f"y{at}"])
    return SCM(rhs)


def straight(monkeypatch, make):
    with monkeypatch.context() as patch:
        patch.setattr(schedule, "_FEWEST", 10**9)
        return make()


@pytest.mark.parametrize("wide", [False, True])
def test_every_kind_of_node(monkeypatch, wide):
    with jax.enable_x64(wide):
        model = mixed()
        assert (
            schedule.schedule(model.system, {}, frozenset(model.structure.order), 300) is not None
        )
        world = model.sample(5, 300)
        plain = straight(monkeypatch, lambda: model.sample(5, 300))
        for name in model.order:
            assert world[name].dtype == plain[name].dtype
            np.testing.assert_allclose(world[name], plain[name], atol=1e-12 if wide else 1e-5)
        assert world.code == 0


def test_interventions_layers_and_what_is_carried_over(monkeypatch):
    model = mixed()
    world = model.sample(5, 300)
    change = {
        "y3": lambda y3: y3 + 1,
        "y5": 0.25,
        "t4": Bernoulli(0.5),
        "slope": 0.3,
        "y6": np.linspace(0, 1, 300),
    }
    for setting in ({k: change[k] for k in ("y3", "y5", "t4")}, change):
        forced = world.do(setting)
        plain = straight(monkeypatch, lambda setting=setting: model.do(setting).sample(5, 300))
        for name in model.order:
            np.testing.assert_allclose(forced[name], plain[name], atol=1e-5)
    early = world.do(y3=change["y3"])
    assert early.columns["y2"] is world.columns["y2"]


def test_one_value_for_each_unit_keeps_the_loop():
    model, edges = random_model(NODES, seed=1)
    values = np.linspace(-1, 1, UNITS)
    forced = model.do(x3=values, x5=lambda x5: x5 + 1).sample(2, UNITS)
    assert schedule.schedule(forced.model.system, {}, frozenset(model.order), UNITS) is not None
    np.testing.assert_allclose(forced["x3"], values, atol=1e-6)
    seen = {name: np.asarray(forced[name], float) for name in model.order}
    for at in (4, 6, 30, 59):
        chosen, weights = edges[at]
        pull = sum(w * seen[f"x{each}"] for w, each in zip(weights, chosen, strict=True))
        noise = np.asarray(forced.noise[f"x{at}", "u"])
        np.testing.assert_allclose(seen[f"x{at}"], np.tanh(pull) + noise, atol=2e-5)


def test_schedules_of_other_lengths_share_no_program_wrongly():
    """Rows are equal in number, all to be made or all but one, which is held: the loop must be as
    long."""
    model, _ = random_model(NODES, seed=9)
    world = model.sample(0, UNITS)
    again = world.do(x0=lambda x0: x0 + 0.0)
    for name in model.order:
        np.testing.assert_allclose(again[name], world[name], atol=1e-6)


def test_under_jit_vmap_and_grad(monkeypatch):
    model, _ = random_model(40, seed=7)
    keys = jnp.arange(3)
    last = lambda key: model.sample(key, 20)["x39"]
    stacked = jax.jit(jax.vmap(last))(keys)
    for at in range(3):
        np.testing.assert_allclose(stacked[at], last(int(keys[at])), atol=1e-5)
    slope = jax.grad(lambda x: model.do(x0=x).sample(0, 20)["x39"].mean())(0.1)
    plain = straight(
        monkeypatch,
        lambda: jax.grad(lambda x: model.do(x0=x).sample(0, 20)["x39"].mean())(0.1),
    )
    np.testing.assert_allclose(slope, plain, rtol=1e-4)


def test_a_fault_is_found_and_named():
    rhs = {"x0": Normal(0, 1)}
    for at in range(1, 40):
        rhs[f"x{at}"] = node(
            lambda x, u: 0.5 * x + u, parents=[f"x{at - 1}"], noise={"u": Normal(0, 1)}
        )
    rhs["x30"] = node(jnp.log, parents=["x29"])
    with pytest.raises(NonFiniteError, match="x30 is not finite"):
        SCM(rhs).sample(0, 100)
    rhs["x30"] = node(lambda x: Bernoulli(x), parents=["x29"])
    with pytest.raises(UndefinedLawError, match="x30: its law"):
        SCM(rhs).sample(0, 100)
