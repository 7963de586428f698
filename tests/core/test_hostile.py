"""Silent wrong answers that were once possible, each held down."""

import copy

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import (
    Bernoulli,
    Categorical,
    DiscreteUniform,
    Distribution,
    Normal,
    Poisson,
    Uniform,
    constraints,
)

from scm import SCM, ModelError, NonFiniteError, UndefinedLawError, latent, node, param
from scm.compile.codes import Code

Z, COIN = Normal(0, 1), Bernoulli(0.5)


@pytest.mark.parametrize(
    "law",
    [
        lambda x: Bernoulli(jnp.sqrt(x)),
        lambda x: Bernoulli(0.2 + 0.4 * x),
        lambda x: Poisson(jnp.log(x)),
        lambda x: Normal(0, x),
        lambda x: Uniform(0, x),
        lambda x: Categorical(logits=jnp.stack([jnp.log(x), x])),
    ],
)
def test_parameters_outside_a_laws_domain(law):
    model = SCM(x=Z, y=law)
    with pytest.raises(UndefinedLawError, match=r"y: its law .* of 100 units; the first is"):
        model.sample(0, 100)
    with pytest.raises(UndefinedLawError):
        model.expect(lambda unit: unit["y"], 0, 100)
    assert jax.jit(lambda m: m.sample(0, 100).code)(model) == Code.UNDEFINED_LAW


def test_parameters_of_declared_laws_too():
    tripled = jax.tree.map(lambda leaf: 3 * leaf, SCM(y=COIN))
    with pytest.raises(UndefinedLawError, match="5 of 5 units"):
        tripled.sample(0, 5)


def test_a_model_does_not_change_with_the_arrays_it_was_given():
    given = np.array([1.0, 2.0])
    model = SCM(x=given, y=lambda x, w=given: (x * w).sum()).do(x=given)
    given[:] = 7
    np.testing.assert_allclose(model.sample(0, 1)["y"], [5.0])


def test_jit_tells_roles_and_orders_of_writing_apart():
    seen = jax.jit(lambda m: jnp.stack(list(m.sample(0, 4).data.values())))
    assert seen(SCM(x=Z, y=lambda x: x)).shape == (2, 4)
    assert seen(SCM(x=latent(Z), y=lambda x: x)).shape == (1, 4)
    first = seen(SCM(a=Z, b=Normal(50, 1)))
    second = seen(SCM(b=Normal(50, 1), a=Z))
    np.testing.assert_array_equal(first, second[::-1])


def test_jit_tells_derivative_rules_apart():
    def make(factor):
        @jax.custom_jvp
        def f(x):
            return x * 1.0

        f.defjvp(lambda primals, tangents: (f(primals[0]), factor * tangents[0]))
        return SCM(b=param(1.0), y=lambda b: f(b))

    slope = jax.jit(jax.grad(lambda model: model.sample(0, 2)["y"][0]))
    assert [jax.tree.leaves(slope(make(k))) for k in (1.0, 50.0)] == [[1.0], [50.0]]


def test_a_class_defined_again_is_another_law():
    def make(scale):
        class Mine(Distribution):
            arg_constraints = {"loc": constraints.real}  # noqa: RUF012
            support = constraints.real
            pytree_data_fields = ("loc",)

            def __init__(self, loc):
                self.loc = loc
                super().__init__(batch_shape=(), event_shape=())

            def icdf(self, u):
                return self.loc + scale * u

        return SCM(x=Mine(0.0)).sample(0, 3)["x"]

    np.testing.assert_allclose(make(100.0), 100 * np.asarray(make(1.0)), rtol=1e-5)


def test_values_per_unit_are_counted_and_cut_wherever_they_stand():
    world = SCM(t=COIN, y=lambda t, u=Z: 2.0 * t + u).sample(0, 5)
    with pytest.raises(ModelError, match="each of 3 units, but n=5"):
        world.do(t=np.ones(3, int))
    shifted = SCM(x=Z, y=lambda x: x * 2).do(x=np.arange(6.0)).do(x=lambda x: x + 1)
    blocks = [np.asarray(block["y"]) for block in shifted.stream(0, 6, block=4)]
    np.testing.assert_allclose(np.concatenate(blocks), 2 * np.arange(1.0, 7.0))
    late = shifted.sample(0, 6).where(np.arange(6) > 3).do(x=lambda x: 10 * x)
    np.testing.assert_allclose(late["y"], [100, 120])


def test_stacked_worlds_and_models_are_not_misread():
    model = SCM(p=param(1.0), t=COIN, y=lambda p, t, u=Z: p * t + u)
    worlds = jax.vmap(lambda p: model.do(p=p, t=1).sample(0, 3))(jnp.arange(3.0))
    with pytest.raises(ModelError, match="stacked by vmap"):
        worlds["t"]
    with pytest.raises(ModelError, match="stacked by vmap"):
        worlds.expect(lambda unit: unit["y"])
    one = jax.tree.map(lambda leaf: leaf[2], worlds)
    np.testing.assert_allclose(one["y"], model.do(p=2.0, t=1).sample(0, 3)["y"], rtol=1e-6)
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), model.do(p=1.0), model.do(p=2.0))
    with pytest.raises(ModelError, match=r"jax\.vmap"):
        stacked.sample(0, 2)


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: SCM(x=2**31), "does not fit int32"),
        (lambda: SCM(x=2**70), "does not fit 64 bits"),
        (lambda: SCM(x=DiscreteUniform(0, 2**33)), "does not fit int32"),
        (lambda: SCM(x=lambda k=2**40: k), "does not fit int32"),
        (lambda: SCM(x=np.int8(3)).do(x=lambda: jnp.int32(300)), "the variable holds int8"),
        (lambda: SCM(x=Z).do(x=lambda: 1 + 2j), "complex"),
        (lambda: SCM(a=Z, b=lambda a=None: 1.0), "'a' has a default"),
        (lambda: SCM(x=Z).do({"x": 1.0}, x=2.0), "x is given twice"),
        (lambda: SCM(x=Z).do(5), "do(x=1.0)"),
        (lambda: SCM(y=lambda u=Normal: u), "write u=Normal(...)"),
        (lambda: SCM(y=lambda u=Bernoulli: u), "write u=Bernoulli(...)"),
        (lambda: SCM(a=param(1.0)).assign(a=lambda: 1.0), "a is a param"),
        (lambda: SCM(x=Z).sample(0, 5).where(np.zeros(5, bool)), "none of the 5 units"),
        (lambda: SCM({"x[0]": 7.0}, x=jnp.ones(2)).sample(0, 1).to_pandas(), "'x[0]'"),
        (lambda: SCM(wage=Z).expect(lambda unit: unit["wag"], 0, 5), "did you mean 'wage'?"),
        (lambda: SCM(x=Z).potential_outcomes({"x": 1}, of="x", key=0, n=1), "{'x': [0, 1]}"),
    ],
)
def test_refused_by_name(make, part):
    with pytest.raises(ModelError) as caught:
        make()
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_errors_of_the_users_own_name_the_variable():
    with pytest.raises(TypeError) as caught:
        SCM(x=Z, y=lambda x: x @ "text")
    assert "(in the assignment of y)" in caught.value.__notes__


def test_means_of_what_is_not_finite_are_refused():
    with pytest.raises(NonFiniteError, match="fn is not finite in"):
        SCM(x=Z).sample(0, 50).expect(lambda unit: jnp.log(unit["x"]))


def test_given_scores_and_given_values_are_told_apart():
    model = SCM(x=Z, y=lambda x: Normal(x, 1))
    wider = {"y": lambda y, u=Normal(0, 2): u}
    world = model.sample(0, 20)
    again = model.evaluate(world.noise).do(wider)
    np.testing.assert_allclose(again["y"], world.do(wider)["y"], rtol=1e-5)
    np.testing.assert_allclose(again["y"], 2 * np.asarray(world.noise["y", "u"]), rtol=1e-5)


@pytest.mark.parametrize(
    ("law", "values"), [(COIN, [0.7]), (COIN, [5]), (Uniform(0, 1), [-3.0]), (Z, np.zeros(0))]
)
def test_given_noise_that_its_law_cannot_take(law, values):
    with pytest.raises(ModelError, match="the noise 'u' of b"):
        SCM(b=law).evaluate({("b", "u"): values})


def test_one_noise_name_under_two_couplings():
    model = SCM(t=node(lambda: COIN, coupling="gumbel_max"))
    with pytest.raises(ModelError, match="by gumbel in the model, given Bernoulli"):
        model.do(t=lambda t, u=Bernoulli(0.5): t + 10 * u)


def test_odd_names_and_copies():
    assert SCM(self=Z).sample(0, 1)["self"].shape == (1,)
    model = SCM(x=Z)
    np.testing.assert_array_equal(copy.deepcopy(model).sample(0, 3)["x"], model.sample(0, 3)["x"])


def test_equations_follow_the_numbers_and_print_what_is_computed():
    scaled = jax.tree.map(lambda leaf: 10 * leaf, SCM(a=2.0, b=Z, c=lambda a, k=3.0: a * k))
    assert scaled.equations().splitlines() == ["a := 20", "b ~ Normal(0, 10)", "c := a * 30"]
    model = SCM(x=Z, y=lambda x: jnp.where(x < 0, x + 1, x), z=Bernoulli(logits=0.0))
    assert model.equations().splitlines()[1:] == [
        "y := where(x < 0, x + 1, x)",
        "z ~ Bernoulli(logits=0)",
    ]
