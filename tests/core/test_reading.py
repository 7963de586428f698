"""Every right-hand side of the table in the README, and how it is read."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from numpyro.distributions import Bernoulli, Categorical, Normal, Poisson, Uniform

from scm import SCM, latent, node, param

Z = Normal(0, 1)


def college(**changes):
    rhs = {
        "ability": latent(Normal(0, 1)),
        "near_college": Bernoulli(0.5),
        "education": lambda near_college, ability, u=Normal(0, 1): (
            12 + 0.8 * near_college + ability + u
        ),
        "slope": param(0.1),
        "log_wage": lambda education, ability, slope, u=Normal(0, 0.4): (
            1.0 + slope * education + 0.2 * ability + u
        ),
    }
    return SCM(**{**rhs, **changes})


def test_world_satisfies_its_equations():
    world = college().sample(key=0, n=500)
    noise = {address: np.asarray(value, np.float64) for address, value in world.noise.items()}
    ability, college_near = noise["ability", "u"], noise["near_college", "u"]
    education = 12 + 0.8 * college_near + ability + noise["education", "u"]
    wage = 1 + 0.1 * education + 0.2 * ability + noise["log_wage", "u"]
    np.testing.assert_allclose(world["education"], education, rtol=1e-6)
    np.testing.assert_allclose(world["log_wage"], wage, rtol=1e-5)


def test_roles():
    model = college()
    assert model.observed == ("near_college", "education", "log_wage")
    assert model.latents == ("ability",)
    assert dict(model.params) == {"slope": 0.1}
    assert model.parents["log_wage"] == ("education", "ability")
    world = model.sample(0, 4)
    assert list(world.data) == ["near_college", "education", "log_wage"]
    assert set(world.data) == set(world.to_pandas().columns)
    np.testing.assert_allclose(world["slope"], np.full(4, 0.1), rtol=1e-6)


def test_graph_keeps_latents_and_leaves_params_out():
    graph = college().graph
    assert set(graph.directed) == {
        ("near_college", "education"),
        ("ability", "education"),
        ("education", "log_wage"),
        ("ability", "log_wage"),
    }
    assert set(graph.latent) == {"ability"}
    assert "slope" not in graph.nodes


def test_functions_by_position_under_their_own_names():
    def education(near, u=Z):
        return 12 + near + u

    model = SCM(education, near=Bernoulli(0.5))
    assert model.parents == {"near": (), "education": ("near",)}


def test_names_that_are_not_identifiers():
    model = SCM(
        {"blood pressure": Z, "a/b": 2.0},
        y=node(lambda p, q: p * q, parents=["blood pressure", "a/b"]),
    )
    world = model.sample(0, 5)
    np.testing.assert_allclose(world["y"], 2 * world["blood pressure"])
    assert list(model.do({"a/b": 3.0}).sample(0, 1).data) == ["blood pressure", "a/b", "y"]


def test_constants_in_a_loop_belong_to_their_variable():
    model = SCM({f"x{i}": lambda u=Uniform(0, 1), i=i: i + u for i in range(3)})
    world = model.sample(0, 50)
    for i in range(3):
        assert ((world[f"x{i}"] >= i) & (world[f"x{i}"] <= i + 1)).all()


def test_vectors_have_their_own_shape():
    model = SCM(
        x=Normal(jnp.zeros(3), 1).to_event(1),
        m=np.eye(3),
        y=lambda x, m, u=Normal(jnp.zeros(3), 1).to_event(1): m @ x + u,
        size=lambda y: jnp.sqrt((y**2).sum()),
    )
    world = model.sample(0, 7)
    assert world["x"].shape == (7, 3)
    assert world["m"].shape == (7, 3, 3)
    np.testing.assert_allclose(
        world["y"], np.asarray(world["x"]) + np.asarray(world.noise["y", "u"]), rtol=1e-5
    )
    assert list(world.to_pandas().columns)[:3] == ["x[0]", "x[1]", "x[2]"]


@pytest.mark.parametrize("typed", [1, 1.0, np.int64(1), np.float32(1), jnp.array(1)])
def test_a_param_is_a_float_whatever_it_was_typed_as(typed):
    model = SCM(a=param(typed), y=lambda a, u=Z: a * u)
    assert jnp.issubdtype(model.sample(0, 2)["a"].dtype, jnp.floating)
    moved = model.do(a=0.5).sample(0, 3)["y"]
    np.testing.assert_allclose(moved, 0.5 * np.asarray(model.sample(0, 3)["y"]))


def test_numbers_may_come_from_pandas_and_numpy():
    frame = pd.DataFrame({"t": [0.0, 1.0, 2.0]})
    world = SCM(t=Z, y=lambda t: 10 * t).do(t=frame["t"]).sample(0, 3)
    np.testing.assert_allclose(world["y"], [0, 10, 20])


class Line(eqx.Module):
    slope: float
    bend: jax.Array
    name: str = eqx.field(static=True, default="line")

    def __call__(self, x, u=Normal(0, 1)):
        return self.slope * x + self.bend * x**2 + u


def test_callable_pytrees_lend_their_numbers():
    model = SCM(x=Z, y=Line(2.0, jnp.array(0.5)))
    assert model.parents["y"] == ("x",)
    world = model.sample(0, 10)
    x, u = np.asarray(world["x"]), np.asarray(world.noise["y", "u"])
    np.testing.assert_allclose(world["y"], 2 * x + 0.5 * x**2 + u, rtol=1e-5, atol=1e-6)
    assert len(jax.tree.leaves(model)) == 2 + 2 + 2  # two laws of two numbers, slope and bend


def test_partial_and_jitted_functions():
    scaled = functools.partial(lambda x, by: by * x, by=3.0)
    model = SCM(x=Z, y=scaled, z=jax.jit(lambda x: x + 1))
    world = model.sample(0, 4)
    np.testing.assert_allclose(world["y"], 3 * world["x"])
    np.testing.assert_allclose(world["z"], world["x"] + 1)


def test_a_function_that_returns_a_distribution():
    model = SCM(x=Z, y=lambda x: Normal(2 * x, 0.5), k=lambda x: Poisson(jnp.exp(x)))
    world = model.sample(0, 1000)
    score = np.asarray(world.noise["y", "u"])
    np.testing.assert_allclose(world["y"], 2 * np.asarray(world["x"]) + 0.5 * score, atol=1e-5)
    assert world["k"].dtype == jnp.int32
    assert (world["k"] >= 0).all()


def test_gumbel_max_is_the_argmax_of_its_noise():
    logits = jnp.array([0.0, 1.0, -1.0])
    model = SCM(x=Z, y=lambda x, logits=logits: Categorical(logits=logits * x))
    world = model.sample(0, 200)
    noise = np.asarray(world.noise["y", "u"])
    best = (np.asarray(world["x"])[:, None] * np.asarray(logits) + noise).argmax(1)
    np.testing.assert_array_equal(world["y"], best)


def test_equations_are_read_off_what_is_computed():
    model = SCM(
        x=Z,
        y=lambda x, u=Normal(0, 0.4): -2.5 * (x + 1) ** 2 / 3 + jnp.where(x > 0, u, 0.0),
        z=lambda y: Bernoulli(probs=jax.nn.sigmoid(y)),
    )
    assert model.equations().splitlines() == [
        "x ~ Normal(0, 1)",
        "y := -2.5 * (x + 1)**2 / 3 + where(x > 0, u, 0),  u ~ Normal(0, 0.4)",
        "z ~ Bernoulli(sigmoid(y))",
    ]
    assert "x := 1  (do)" in model.do(x=1.0).equations()


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: (x**2) ** x - (x - 1 - x), "(x**2) ** x - (x - 1 - x)"),
        (lambda x: -(x**2) + x * -2, "-x**2 + x * -2"),
        (lambda x: ((x > 0) == (x < 1)) & (x > 2) | ~(x < 0),
         "(((x > 0) == (x < 1)) & (x > 2)) | ~(x < 0)"),
        (lambda x: x.astype(int) * 2, "int(x) * 2"),
        (lambda x: x / (2 * x) / 3, "x / (2 * x) / 3"),
        (lambda x, t=np.array([1.5, -2.0, 3.0]): t[0] * x + t[1] * x + t[2], "1.5 * x - 2 * x + 3"),
        (lambda x: jnp.exp(jnp.sin(x)), "exp(sin(x))"),
        (lambda x, table=np.arange(20.0): table[(x > 0).astype(int)], "table[int(x > 0)]"),
    ],
)  # fmt: skip
def test_formulas_mean_what_is_computed(function, text):
    """Read as Python, with jax.numpy's names, the text gives the values that the model gives."""
    model = SCM(x=Z, y=function)
    assert model.equations().splitlines()[1] == f"y := {text}"
    x = model.sample(0, 50)["x"]
    scope = {"x": x, "exp": jnp.exp, "sin": jnp.sin, "int": lambda v: v.astype(int),
             "table": np.arange(20.0)}  # fmt: skip
    np.testing.assert_allclose(eval(text, scope), model.sample(0, 50)["y"], rtol=1e-5)


def test_repr_and_html_name_what_is_there():
    model = college().do(education=16.0)
    assert repr(model).startswith("SCM of 4 variables under do(education)")
    assert "education := 16" in repr(model)
    assert "<table>" in model._repr_html_()
    assert "&" not in SCM(x=Z)._repr_html_()
    world = model.sample(0, 1234)
    assert (
        repr(world) == "World of 1,234 units: near_college, education, log_wage (latent: ability)"
    )
    assert "1,234 units" in world._repr_html_()


def test_drawing_marks_latents_and_interventions():
    axes = college().do(education=16.0).draw()
    shown = {text.get_text() for text in axes.texts}
    assert {"ability", "near_college", "education", "log_wage"} <= shown
