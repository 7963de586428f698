"""Densities of observations against SciPy and by hand; declared inverses are checked."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal, Uniform
from scipy import stats

from scm import SCM, ModelError, latent, node, param

BENT = SCM(
    x=Normal(0, 1), s=param(2.0), y=lambda x, s, u=Normal(0, 0.5): s * x + jnp.exp(u)
)  # fmt: skip


def test_change_of_variables():
    """y - s x is log-normal."""
    found = BENT.log_prob({"x": [0.0, 1.0], "y": [2.0, 3.0]})
    wanted = stats.norm.logpdf([0, 1]) + stats.lognorm.logpdf([2.0, 1.0], 0.5)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert BENT.log_prob({"x": 0.0, "y": -1.0}) == -jnp.inf


def test_its_derivative_in_a_param():
    """d/ds of log p(y - s x): at y - s x = 1 the normal term rests, and -log(y - s x) gives x."""
    data = {"x": jnp.array([1.0]), "y": jnp.array([3.0])}
    slope = jax.grad(lambda s: BENT.do(s=s).log_prob(data).sum())(2.0)
    assert abs(slope - 1.0) < 1e-4


def test_what_was_not_seen_is_integrated_out():
    """A latent Gaussian cause, with both and with one of its effects seen."""
    model = SCM(
        U=latent(Normal(0, 1)),
        x=lambda U, u=Normal(0, 1): U + u,
        y=lambda U, x, u=Normal(0, 1): U + x + u,
    )
    both = stats.multivariate_normal.logpdf([1, 2], [0, 0], [[2, 3], [3, 6]])
    assert abs(model.log_prob({"x": 1.0, "y": 2.0}) - both) < 1e-5
    assert abs(model.log_prob({"y": 2.0}) - stats.norm.logpdf(2, 0, 6**0.5)) < 1e-5


def test_finite_causes_are_summed_over():
    """P(Y = 1) = .7 .2 + .3 .7, with holes in the column of T."""
    model = SCM(T=Bernoulli(0.3), Y=lambda T, u=Uniform(0, 1): (u < 0.2 + 0.5 * T) * 1)
    found = jnp.exp(model.log_prob({"Y": [0, 1, 1], "T": [np.nan, np.nan, 1]}))
    np.testing.assert_allclose(found, [0.65, 0.35, 0.21], rtol=1e-5)
    data = {"T": jnp.array([1]), "Y": jnp.array([1])}
    jumps = SCM(p=param(0.4), T=Bernoulli(0.5), Y=lambda p, T, u=Uniform(0, 1): (u < p + T) * 1)
    with pytest.raises(ModelError, match="derivative"):
        jax.grad(lambda p: jumps.do(p=p).log_prob(data).sum())(0.3)


def test_a_declared_inverse_is_held_against_the_evidence():
    """u = y - x inverts x + u; u = y does not, and what it finds is not believed."""

    def model(inverse):
        fn = node(
            lambda x, u: x + jnp.sinh(u) * 0 + u,
            parents=["x"],
            noise={"u": Normal(0, 1)},
            inverse=inverse,
        )
        return SCM(x=Normal(0, 1), y=fn)

    right = model(lambda y, x: y - x).abduct({"x": 1.0, "y": 3.0}, key=0)
    assert right.methods["y"] == "declared inverse"
    wrong = model(lambda y, x: y).abduct({"x": 1.0, "y": 3.0}, key=0)
    assert "declared inverse" not in wrong.methods["y"]
    for posterior in (right, wrong):
        assert abs(posterior.sample().noise["y", "u"][0] - 2.0) < 1e-5
