"""Abduction inside programs: result codes, gradients, maps; and what is kept between questions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Normal, Uniform

from scm import SCM, ModelError, node
from scm.compile.codes import Code

MODEL = SCM(x=Normal(0, 1), y=lambda x, u=Uniform(0, 1): 2 * x + u)


@jax.jit
def without(evidence):
    """What had been without x."""
    return MODEL.abduct(evidence, 0).do(x=0.0).sample()


def test_impossible_evidence_travels_as_a_code():
    """y - 2 x is in (0, 1), or no u gives it: nothing can be raised inside jit."""
    good = without({"x": jnp.array([1.0, 2.0]), "y": jnp.array([2.5, 4.25])})
    np.testing.assert_allclose(good["y"], [[0.5, 0.25]], rtol=1e-5)
    assert good.code == Code.OK
    bad = without({"x": jnp.array([1.0, 2.0]), "y": jnp.array([2.5, 5.25])})
    assert bad.code == Code.UNTOLD_NOISE
    with pytest.raises(ModelError, match="outside of jit"):
        bad.do(x=1.0)


def test_settings_of_each_unit_are_checked_there_too():
    """Evidence on a variable that was set, one value for each unit, to something else."""

    @jax.jit
    def code(seen):
        model = MODEL.do(x=jnp.array([1.0, 2.0]))
        evidence = {"x": seen, "y": jnp.array([2.5, 4.5])}
        return model.abduct(evidence, 0, draws=2).sample().code

    assert code(jnp.array([1.0, 2.0])) == Code.OK
    assert code(jnp.array([1.0, 3.0])) == Code.UNTOLD_NOISE


def test_derivative_in_the_evidence():
    """Y under do(x=0) is y - 2 x."""

    def outcome(x):
        evidence = {"x": x[None], "y": jnp.array([2.5])}
        return MODEL.abduct(evidence, 0).do(x=0.0).sample()["y"][0, 0]

    assert abs(jax.jit(jax.grad(outcome))(jnp.asarray(1.0)) + 2) < 1e-6


def test_a_declaration_is_not_lent_to_a_model_without_it():
    """Two models that compute the same, one of which says that it is monotone: plans are kept."""
    bent = lambda u: jnp.sin(u) + 1.5 * u
    build = lambda monotone: SCM(y=node(bent, noise={"u": Normal(0, 1)}, monotone=monotone))
    notes = [build(says).abduct({"y": 1.0}, key=0).couplings for says in ({"u": 1}, None)]
    assert not notes[0]
    assert "assumed" in notes[1][0]


def test_what_no_memory_holds_is_refused_at_once():
    """1,000 draws of ten million units."""
    model = SCM(y=lambda u=Uniform(0, 1): u < 0.5)
    with pytest.raises(ModelError, match="draws=214"):
        model.abduct({"y": np.ones(10**7, bool)}, key=0)


def test_shifts_of_values_given_one_by_one_are_refused():
    """They are not read: better no answer than that of another unit."""
    model = MODEL.do(x=jnp.array([1.0, 2.0])).do(x=lambda x: x + 1)
    with pytest.raises(ModelError, match="in one do"):
        model.abduct({"y": [4.5, 6.5]}, key=0)
