"""do, undo, assign, natural values, and which noise is whose."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal, Uniform

from scm import SCM, latent, param

Z = Normal(0, 1)


def same(a, b):
    np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def near(a, b):
    """Equal to rounding: values that programs of other shapes compute."""
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-6, atol=1e-7)


@pytest.fixture
def model():
    return SCM(
        c=latent(Z),
        x=lambda c, u=Z: c + u,
        b=param(2.0),
        y=lambda x, c, b, u=Normal(0, 0.5): b * x + c + u,
        side=lambda c, u=Z: c * u,
    )


def test_nothing_is_mutated(model):
    before = model.equations()
    model.do(x=1.0).undo("x")
    model.assign(y=0.0)
    assert model.equations() == before


def test_constants_reach_descendants_only(model):
    seen, forced = model.sample(0, 100), model.do(x=1.0).sample(0, 100)
    same(forced["x"], np.ones(100))
    same(forced["side"], seen["side"])
    expected = 2.0 + np.asarray(seen["c"]) + np.asarray(seen.noise["y", "u"])
    np.testing.assert_allclose(forced["y"], expected, atol=1e-6)


def test_per_unit_values(model):
    values = np.linspace(-1, 1, 100)
    forced = model.do(x=values).sample(0, 100)
    np.testing.assert_allclose(forced["x"], values, rtol=1e-6)
    blocks = [np.asarray(w["y"]) for w in model.do(x=values).stream(0, 100, block=30)]
    np.testing.assert_allclose(np.concatenate(blocks), forced["y"], rtol=1e-5)


def test_putting_the_values_of_another_world_in(model):
    seen = model.sample(0, 100)
    other = model.do(x=seen["x"], b=0.0).sample(0, 100)
    expected = np.asarray(seen["c"]) + np.asarray(seen.noise["y", "u"])
    np.testing.assert_allclose(other["y"], expected, atol=1e-6)


def test_randomising_draws_fresh_noise_and_the_same_each_time(model):
    forced = model.do(x=Z)
    same(forced.sample(0, 50)["x"], model.do(x=Z).sample(0, 50)["x"])
    assert abs(np.corrcoef(forced.sample(0, 4000)["x"], forced.sample(0, 4000)["c"])[0, 1]) < 0.08
    assert ("x", "do") in forced.sample(0, 5).noise


def test_shifts_accumulate_and_a_plain_value_replaces(model):
    seen = np.asarray(model.sample(0, 20)["x"])
    twice = model.do(x=lambda x: x + 1).do(x=lambda x: 10 * x)
    np.testing.assert_allclose(twice.sample(0, 20)["x"], 10 * (seen + 1), rtol=1e-5)
    same(twice.do(x=3.0).sample(0, 20)["x"], np.full(20, 3.0))
    np.testing.assert_allclose(
        twice.do(x=3.0).do(x=lambda x: x + 1).sample(0, 20)["x"], np.full(20, 4.0)
    )


def test_undo_takes_all_of_it_back(model):
    seen = model.sample(0, 20)
    same(model.do(x=1.0).do(x=lambda x: x + 1).undo("x").sample(0, 20)["y"], seen["y"])


def test_natural_is_what_would_have_been(model):
    seen, forced = model.sample(0, 20), model.do(x=1.0).do(x=lambda x: x + 1).sample(0, 20)
    same(forced["x"], np.full(20, 2.0))
    near(forced.natural["x"], seen["x"])
    same(forced.natural["y"], forced["y"])


def test_natural_value_follows_its_own_parents_in_the_world_it_is_in():
    model = SCM(z=Z, x=lambda z, u=Z: z + u)
    world = model.do(z=5.0, x=0.0).sample(0, 10)
    np.testing.assert_allclose(world.natural["x"], 5 + np.asarray(world.noise["x", "u"]), rtol=1e-6)


def test_a_policy_may_name_any_non_descendant():
    model = SCM(x=Z, y=lambda x, u=Z: x + u, z=Z)
    world = model.do(x=lambda z: (z > 0) * 1.0).sample(0, 50)
    same(world["x"], (np.asarray(world["z"]) > 0) * 1.0)


def test_order_may_turn_round():
    model = SCM(x=Z, y=lambda x: 2 * x)
    world = model.do(y=1.0).do(x=lambda y: y + 1).sample(0, 3)
    same(world["x"], np.full(3, 2.0))
    same(world.natural["y"], np.full(3, 4.0))


def test_the_same_noise_with_other_parameters_keeps_its_score(model):
    seen = model.sample(0, 30)
    wide = model.do(y=lambda x, u=Normal(1, 5): x + u).sample(0, 30)
    score = np.asarray(seen.noise["y", "u"]) / 0.5
    np.testing.assert_allclose(wide.noise["y", "u"], 1 + 5 * score, rtol=1e-5)


def test_another_noise_name_is_another_noise(model):
    fresh = model.do(y=lambda x, v=Normal(0, 0.5): x + v).sample(0, 2000)
    assert abs(np.corrcoef(fresh.noise["y", "v"], fresh.noise["y", "u"])[0, 1]) < 0.1


def test_do_on_params_and_latents(model):
    near(model.do(b=0.0, c=0.0).sample(0, 9)["y"], model.sample(0, 9).noise["y", "u"])
    per_unit = model.do(b=np.arange(9.0), c=0.0, x=1.0).sample(0, 9)
    noise = np.asarray(per_unit.noise["y", "u"])
    np.testing.assert_allclose(per_unit["y"], np.arange(9) + noise, rtol=1e-6)


def test_composition_is_left_to_right(model):
    one = model.do(x=1.0).do(y=lambda x, u=Normal(0, 0.5): x + u)
    other = model.do(x=1.0, y=lambda x, u=Normal(0, 0.5): x + u)
    same(one.sample(0, 10)["y"], other.sample(0, 10)["y"])


def test_assign_replaces_mechanisms_adds_variables_and_keeps_roles(model):
    changed = model.assign(c=Normal(5, 1), w=lambda y: y / 2)
    assert changed.latents == ("c",)
    assert changed.observed == ("x", "y", "side", "w")
    same(changed.sample(0, 10)["w"], np.asarray(changed.sample(0, 10)["y"]) / 2)
    vector = model.assign(x=Normal(jnp.zeros(2), 1).to_event(1), y=lambda x: x.sum(), side=0.0)
    assert vector.sample(0, 3)["x"].shape == (3, 2)


def test_world_do_is_the_same_as_sampling_the_forced_model(model):
    forced = model.sample(0, 100).do(x=1.0)
    direct = model.do(x=1.0).sample(0, 100)
    for name in model.observed:
        np.testing.assert_allclose(forced[name], direct[name], atol=1e-6)
    np.testing.assert_allclose(forced.undo("x")["y"], model.sample(0, 100)["y"], atol=1e-6)


def test_world_do_carries_over_what_is_not_a_descendant(model):
    world = model.sample(0, 100)
    forced = world.do(x=1.0)
    assert forced.columns["side"] is world.columns["side"]
    assert forced.columns["c"] is world.columns["c"]


def test_selected_units_keep_their_noise(model):
    world = model.sample(0, 200)
    chosen = world.where(lambda unit: unit["x"] > 0)
    rows = np.flatnonzero(np.asarray(world["x"]) > 0)
    same(chosen["y"], np.asarray(world["y"])[rows])
    same(chosen.noise["y", "u"], np.asarray(world.noise["y", "u"])[rows])
    np.testing.assert_allclose(
        chosen.do(x=0.0)["y"], np.asarray(world.do(x=0.0)["y"])[rows], atol=1e-6
    )
    values = np.arange(200.0)
    per_unit = model.do(b=values).sample(0, 200).where(np.arange(200) >= 190)
    np.testing.assert_allclose(
        per_unit.do(x=1.0, c=0.0)["y"] - np.asarray(per_unit.noise["y", "u"]),
        values[190:],
        rtol=1e-5,
    )


def test_evaluate_pushes_given_noise_and_do_works_on_it(model):
    world = model.sample(0, 50)
    again = model.evaluate(world.noise)
    for name in ("x", "y", "side"):
        np.testing.assert_allclose(again[name], world[name], atol=1e-6)
    forced, direct = again.do(x=1.0), world.do(x=1.0)
    np.testing.assert_allclose(forced["y"], direct["y"], atol=1e-6)
    wide = again.do(y=lambda x, u=Normal(1, 5): x + u)
    np.testing.assert_allclose(
        wide["y"], world.do(y=lambda x, u=Normal(1, 5): x + u)["y"], rtol=1e-4, atol=1e-4
    )


def test_evaluate_takes_scores_for_returned_distributions():
    model = SCM(x=Z, y=lambda x: Bernoulli(jax.nn.sigmoid(x)), k=lambda x: Normal(x, 2.0))
    world = model.sample(0, 500)
    again = model.evaluate(world.noise)
    same(again["y"], world["y"])
    np.testing.assert_allclose(again["k"], world["k"], atol=1e-5)


def test_potential_outcomes_are_the_same_units():
    model = SCM(
        T=lambda u=Uniform(0, 1): (u < 0.3) * 1.0,
        M=Bernoulli(0.5),
        Y=lambda T, M, u=Z: T * (1 + M) + u,
    )
    columns = model.potential_outcomes({"T": [0, 1], "M": [0, 1]}, of="Y", key=0, n=40)
    assert list(columns) == ["Y[T=0, M=0]", "Y[T=0, M=1]", "Y[T=1, M=0]", "Y[T=1, M=1]"]
    np.testing.assert_allclose(
        columns["Y[T=1, M=1]"] - columns["Y[T=0, M=1]"], np.full(40, 2.0), atol=1e-6
    )
    assert columns.to_pandas().shape == (40, 4)


def test_models_are_pytrees():
    model = SCM(b=param(2.0), x=Normal(0, 3), y=lambda b, x: b * x)
    doubled = jax.tree.map(lambda leaf: 2 * leaf, model)
    np.testing.assert_allclose(doubled.sample(0, 5)["y"], 4 * np.asarray(model.sample(0, 5)["y"]))
    slope = jax.grad(lambda b: model.do(b=b).sample(0, 100)["y"].sum())(1.0)
    np.testing.assert_allclose(slope, np.asarray(model.sample(0, 100)["x"]).sum(), rtol=1e-5)
    swept = jax.vmap(lambda b: model.do(b=b).sample(0, 10)["y"])(jnp.arange(3.0))
    np.testing.assert_allclose(swept[2], 2 * np.asarray(swept[1]), rtol=1e-6)
