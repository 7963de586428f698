"""What has no meaning is refused, by a message that names the culprit and the corrected line."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Categorical, Normal, Uniform

from scm import SCM, CycleError, ModelError, NonFiniteError, UnknownNameError, latent, node, param

Z = Normal(0, 1)


def refused(kind, make, *parts):
    with pytest.raises(kind) as caught:
        make()
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message, f"{part!r} is not in {message!r}"


def test_unknown_parent():
    refused(
        UnknownNameError,
        lambda: SCM(ability=Z, wage=lambda abilty, u=Z: abilty + u),
        "wage: its function names 'abilty' as a parent",
        "did you mean 'ability'?",
    )


def test_cycle_prints_its_path():
    refused(
        CycleError,
        lambda: SCM(a=lambda b: b, b=lambda c: c, c=lambda a: a, d=lambda a: a),
        "a -> c -> b -> a",
    )
    refused(CycleError, lambda: SCM(a=lambda a: a), "a -> a")
    refused(CycleError, lambda: SCM(x=Z, y=lambda x: x).do(x=lambda y: y), "x -> y -> x")


def test_unknown_name_in_do_and_undo():
    model = SCM(education=Z)
    refused(UnknownNameError, lambda: model.do(eduction=1), "do:", "did you mean 'education'?")
    refused(UnknownNameError, lambda: model.undo("eduction"), "undo:", "'education'")
    refused(UnknownNameError, lambda: model.sample(0, 1)["eduction"], "'education'")
    refused(UnknownNameError, lambda: model.sample(0, 1).noise["education", "v"], "education/u")


def test_wrong_per_unit_length():
    model = SCM(x=Z).do(x=np.arange(5.0))
    refused(ModelError, lambda: model.sample(0, 4), "do(x=...)", "each of 5 units", "n=4")
    refused(ModelError, lambda: list(model.stream(0, 6)), "n=6")
    refused(ModelError, lambda: model.expect(lambda unit: unit["x"], 0, 6), "n=6")


def test_wrong_shape():
    model = SCM(x=Normal(jnp.zeros(3), 1).to_event(1), y=Z)
    refused(ModelError, lambda: model.do(x=0.0), "x has shape (3,)", "given shape ()")
    refused(ModelError, lambda: model.do(y=np.ones((2, 2))), "(units)", "given shape (2, 2)")
    refused(ModelError, lambda: model.do(y=lambda x: x), "do(y=...)", "shape (3,)")


def test_batch_shaped_root():
    refused(ModelError, lambda: SCM(x=Normal(np.zeros(3), 1)), "batch_shape (3,)", ".to_event(1)")
    refused(
        ModelError, lambda: SCM(x=lambda u=Normal(np.zeros(3), 1): u), "noise 'u'", ".to_event(1)"
    )
    refused(ModelError, lambda: SCM(x=Z, y=lambda x: Normal(jnp.zeros(2), 1)), "y:", ".to_event(1)")


@pytest.mark.parametrize(
    ("variable", "value"),
    [(Bernoulli(0.5), 0.5), (Bernoulli(0.5), lambda u=Z: u), (Bernoulli(0.5), Z), (Z, 2**24 + 1),
     (lambda u=Z: u > 0, 2), (3, np.array([0.5, 1.0]))],
)  # fmt: skip
def test_dtype_that_would_be_lost(variable, value):
    refused(ModelError, lambda: SCM(x=variable).do(x=value), "do(x=", "holds" if True else "")


def test_values_that_fit_another_dtype_are_taken():
    assert SCM(x=Bernoulli(0.5)).do(x=1.0).sample(0, 1)["x"].dtype == jnp.int32
    assert SCM(x=Z).do(x=16).sample(0, 1)["x"].dtype == jnp.float32
    assert SCM(x=lambda u=Z: u > 0).do(x=1).sample(0, 1)["x"].dtype == jnp.bool_


def test_non_finite_values_name_variable_count_and_first_unit():
    model = SCM(x=Z, y=lambda x: jnp.log(x), z=lambda y: 2 * y)
    x = np.asarray(SCM(x=Z).sample(0, 100)["x"])
    refused(
        NonFiniteError,
        lambda: model.sample(0, 100),
        f"y is not finite in {(x <= 0).sum()} of 100 units",
        f"the first is unit {np.flatnonzero(x <= 0)[0]}",
    )
    positive = SCM(x=Z, y=lambda x: jnp.log(x)).do(x=np.where(np.arange(100) < 60, 1.0, -1.0))
    refused(NonFiniteError, lambda: list(positive.stream(0, 100, block=50)), "is unit 60,")
    refused(ModelError, lambda: SCM(x=Z).do(x=math.nan), "x: a finite value is wanted, given nan")
    refused(ModelError, lambda: SCM(x=math.inf), "given inf")
    refused(NonFiniteError, lambda: model.expect(lambda unit: unit["y"], 0, 100), "not finite")


def test_inside_jit_a_code_travels_instead():
    model = SCM(x=Z, y=lambda x: jnp.log(x))
    assert jax.jit(lambda m: m.sample(0, 100).code)(model) == 1
    assert jax.jit(lambda m: m.sample(0, 100).code)(SCM(x=Z)) == 0


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "ten", None])
def test_number_of_units(n):
    refused(ModelError, lambda: SCM(x=Z).sample(0, n), "n = ", "at least 1")


@pytest.mark.parametrize("key", ["a", None, 1.5, -1, 2**64, np.zeros(2, np.uint32)])
def test_key(key):
    refused((TypeError, ValueError), lambda: SCM(x=Z).sample(key, 1), "key: ")


def test_python_branch_on_a_traced_value_explains_where():
    refused(ModelError, lambda: SCM(x=Z, y=lambda x: 1.0 if x > 0 else 0.0), "y:", "jnp.where(")
    refused(ModelError, lambda: SCM(x=Z, y=lambda x: x and 1.0), "y:", "&, |, ~")
    refused(ModelError, lambda: SCM(x=Z, y=lambda x: math.exp(x)), "y:", "jnp.exp")
    refused(ModelError, lambda: SCM(x=Z, y=lambda x: np.exp(x)), "y:", "jnp.exp")


def test_unordered_category_with_inverse_cdf():
    def make(**options):
        return SCM(x=Z, y=lambda x: Categorical(logits=jnp.stack([x, -x])), **options)

    refused(
        ModelError, lambda: make(coupling="inverse_cdf"), "y: coupling='inverse_cdf'", "gumbel_max"
    )
    refused(
        ModelError,
        lambda: SCM(y=node(lambda: Categorical(jnp.ones(2) / 2), coupling="inverse_cdf")),
        "unordered categories",
    )
    refused(
        ModelError,
        lambda: SCM(x=Z, y=node(lambda x: Normal(x, 1), parents=["x"], coupling="gumbel_max")),
        "finitely many values",
    )
    refused(ModelError, lambda: make(coupling="gumble"), "'inverse_cdf' or 'gumbel_max'")


def test_changed_family_under_the_same_noise_name():
    model = SCM(x=lambda u=Normal(0, 1): u)
    refused(
        ModelError,
        lambda: model.do(x=lambda u=Uniform(0, 1): u),
        "the noise 'u' of x is Normal in the model, given Uniform",
        "u_new",
    )
    refused(ModelError, lambda: SCM(x=Z).do(x=lambda u=Uniform(0, 1): u), "'u' of x is Normal")


@pytest.mark.parametrize(
    ("rhs", "part"),
    [(Normal, "write x=Normal(...)"), ("a", "no right-hand side"), ([1, 2], "jnp.array"),
     (lambda: None, "return"), (lambda u=Z: (u, u), "jnp.stack"), (lambda *xs: 1, "parents=[...]"),
     (lambda **xs: 1, "parents=[...]"), (lambda b=param(1): b, "b=param(...)"), (None, "NoneType")],
)  # fmt: skip
def test_what_is_no_right_hand_side(rhs, part):
    refused(ModelError, lambda: SCM(x=rhs), "x", part)


def test_marks_where_they_have_no_meaning():
    refused(ModelError, lambda: SCM(x=Z).do(x=latent(Z)), "do(x=latent(...))")
    refused(ModelError, lambda: latent(param(1)), "one mark")
    refused(
        ModelError, lambda: param(Z) if False else param(lambda: 1), "param(...) takes a number"
    )


def test_a_constant_must_not_hide_a_variable():
    refused(ModelError, lambda: SCM(x=Z, y=lambda x=1.0: x), "parameter 'x' has a default")


def test_names_given_twice_or_not_at_all():
    def x(u=Z):
        return u

    refused(ModelError, lambda: SCM(x, x=Z), "x is given twice")
    refused(ModelError, lambda: SCM(lambda u=Z: u), "by position")
    refused(ModelError, lambda: SCM(), "at least one variable")
    refused(ModelError, lambda: SCM({1: Z}), "string")


def test_node_that_does_not_fit_its_function():
    refused(
        ModelError,
        lambda: SCM(x=Z, y=node(lambda a, b: a, parents=["x"])),
        "y: node(...)", "1 parents by position (x)",
    )  # fmt: skip
    refused(
        ModelError, lambda: SCM(y=node(lambda u: u, noise={"u": 1.0})), "must be a distribution"
    )


def test_noise_given_to_evaluate():
    model = SCM(x=Z, y=lambda x, u=Z: x + u)
    good = {("x", "u"): [1.0, 2.0], ("y", "u"): [0.0, 0.0]}
    np.testing.assert_allclose(model.evaluate(good)["y"], [1, 2])
    refused(ModelError, lambda: model.evaluate({("x", "u"): [1.0]}), "the noise 'u' of y")
    refused(UnknownNameError, lambda: model.evaluate({**good, ("x", "v"): [1.0]}), "x/v", "'x/u'")
    refused(ModelError, lambda: model.evaluate({**good, ("x", "u"): [1.0]}), "x/u: 1, y/u: 2")
    refused(ModelError, lambda: model.evaluate({**good, ("x", "u"): [math.nan, 1]}), "finite")
    refused(ModelError, lambda: model.evaluate({**good, ("x", "u"): [[1.0]]}), "(units)")


def test_where_wants_booleans_for_all_units():
    world = SCM(x=Z).sample(0, 5)
    refused(ModelError, lambda: world.where(np.ones(5)), "booleans of shape (5,)")
    refused(ModelError, lambda: world.where(np.ones(4, bool)), "booleans of shape (5,)")
