"""Laws of many units against NumPyro's laws of one, family by family."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro import distributions as dist
from numpyro.distributions import biject_to

from scm.program.laws import batched

SHARES = jnp.array([0.2, 0.3, 0.5])

LAWS = {
    "Normal": lambda x: dist.Normal(x, 1.0),
    "Bernoulli": lambda x: dist.Bernoulli(x),
    "Multinomial": lambda x: dist.Multinomial(5, jnp.array([x, 1 - x])),
    "NegativeBinomial2": lambda x: dist.NegativeBinomial2(x, 3.0),
    "Uniform": lambda x: dist.Uniform(0.0, x),
    "truncated": lambda x: dist.TruncatedNormal(x, 1.0, low=0.0),
    "mixture": lambda x: dist.MixtureSameFamily(
        dist.Categorical(SHARES), dist.Normal(jnp.arange(3.0) + x, 1.0)
    ),
    "MultivariateNormal": lambda x: dist.MultivariateNormal(jnp.array([x, 0.0]), jnp.eye(2)),
    "independent": lambda x: dist.Normal(jnp.array([1.0, 1.0, 2.0]), x).to_event(1),
    "independent truncated": lambda x: dist.TruncatedNormal(
        jnp.array([x, 1.0]), 1.0, low=jnp.array([0.0, 0.1])
    ).to_event(1),
    "expanded": lambda x: dist.HalfNormal(x).expand([3, 2]).to_event(2),
}

UNITS = jnp.array([[0.2], [0.4]]) + 0.05 * jnp.arange(3)  # axes of units, and of something else


@pytest.mark.parametrize("name", LAWS)
def test_law_of_many_units_is_that_of_each(name):
    law = LAWS[name]
    batch, shape = UNITS.shape, law(0.5).event_shape
    many = jax.eval_shape(lambda: batched(jax.vmap(jax.vmap(law))(UNITS), batch))
    assert many.batch_shape == batch

    @jax.jit
    def run():
        many = batched(jax.vmap(jax.vmap(law))(UNITS), batch)
        values = many.expand((4, *batch)).sample(jax.random.key(0))
        each = [
            [law(UNITS[i, j]).log_prob(values[:, i, j]) for j in range(batch[1])]
            for i in range(batch[0])
        ]
        there = None if many.support.is_discrete else biject_to(many.support)
        back = values if there is None else there(there.inv(values))
        return values, back, many.log_prob(values), each, many.support(values)

    values, back, logs, each, inside = run()
    assert values.shape == (4, *batch, *shape)
    np.testing.assert_allclose(logs, np.moveaxis(each, -1, 0), rtol=1e-4, atol=1e-5)
    assert inside.all()
    np.testing.assert_allclose(back, values, rtol=1e-3, atol=1e-4)  # as samplers move
    if not law(0.5).support.is_discrete:  # no unit has another's draw
        assert len(np.unique(np.asarray(values).reshape(24, -1)[:, 0])) == 24


def test_usual_families_stay_themselves():
    """So that handlers which look for a location and a scale find them."""
    for name, family in {"Normal": dist.Normal, "Uniform": dist.Uniform}.items():
        assert type(batched(jax.vmap(LAWS[name])(UNITS[0]), (3,))) is family
