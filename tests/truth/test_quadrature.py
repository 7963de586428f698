"""Quadrature against closed forms, within the error it claims; and refused where not proved."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import (
    Bernoulli,
    Binomial,
    Cauchy,
    Exponential,
    Gumbel,
    Laplace,
    Logistic,
    LogNormal,
    MultivariateNormal,
    Normal,
    Poisson,
    StudentT,
    Uniform,
)
from scipy import special, stats

from scm import SCM
from scm.estimands import ATE, QTE, TotalEffect
from scm.truth import BudgetWarning
from scm.truth.batches import asked
from scm.truth.quadrature import quadrature
from scm.truth.smooth import Grade, graded

pytestmark = pytest.mark.usefixtures("x64")

COIN = Bernoulli(0.5)
EFFECT = ATE("t", "y")


def found(model, estimand=EFFECT, *, tolerance=None, budget=1 << 20):
    return quadrature(asked(estimand.question(model)), tolerance=tolerance, budget=budget)


CLOSED = {
    "lognormal": (SCM(t=COIN, y=lambda t, u=Normal(0, 1): jnp.exp(t * u)), np.exp(0.5) - 1),
    "its own law": (SCM(t=COIN, y=lambda t, u=LogNormal(0, 1.5): t * u), np.exp(1.125)),
    "uniform": (SCM(t=COIN, y=lambda t, u=Uniform(0, 1): jnp.exp(3 * t * u)), np.expm1(3) / 3 - 1),
    "two": (
        SCM(t=COIN, a=Exponential(1.0), y=lambda t, a, u=Normal(0, 1): jnp.exp(t * u / 2) * a),
        np.expm1(1 / 8),
    ),
    "three": (
        SCM(
            t=COIN,
            v=MultivariateNormal(jnp.zeros(2), scale_tril=jnp.array([[1.0, 0.0], [0.5, 1.0]])),
            y=lambda t, v, u=Gumbel(0, 1): jnp.cos(v[0] + t * v[1]) * jnp.exp(-t * u),
        ),
        np.exp(-(1 + 1.25 + 1) / 2) * special.gamma(2) - np.exp(-1 / 2),
    ),
    "bounded of a heavy tail": (
        SCM(t=COIN, y=lambda t, u=Cauchy(0, 1): 1 / (1 + t * u**2)),
        -0.5,
    ),
    "between the nodes": (
        SCM(t=COIN, y=lambda t, u=Normal(0, 1): jnp.cos(4 * jnp.pi * u * t)),
        np.exp(-8 * np.pi**2) - 1,
    ),
    "softplus": (SCM(t=COIN, y=lambda t, u=Logistic(0, 1): t * jax.nn.softplus(u)), 1.0),
    "finite": (
        SCM(
            t=COIN,
            k=Binomial(4, 0.3),
            y=lambda t, k, u=Normal(0, 1): t * jnp.where(k > 2, u**2, jnp.exp(-u)),
        ),
        (p := stats.binom.sf(2, 4, 0.3)) + (1 - p) * np.exp(0.5),
    ),
    "returned": (
        SCM(t=COIN, x=Normal(0, 1), y=lambda t, x: LogNormal(t * x, 0.5)),
        np.exp(0.625) - np.exp(0.125),
    ),
}


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms(name):
    model, answer = CLOSED[name]
    truth = found(model)
    assert abs(truth.value - answer) <= truth.se
    assert 0 < truth.se < 1e-11
    assert truth.method == "quadrature"


def test_steep_but_smooth():
    """E sigmoid(c u) = 1/2 by symmetry; under a tolerance, and to rounding with a fine grid."""
    model = SCM(t=COIN, y=lambda t, u=Normal(0, 1): jax.nn.sigmoid(200 * u * t))
    for tolerance, worst in ((None, 1e-12), (1e-3, 1e-3)):
        truth = found(model.do(t=1), TotalEffect("t", "y", step=1), tolerance=tolerance)
        assert truth.se <= worst
        assert abs(truth.value) <= truth.se
    shifted = SCM(t=COIN, y=lambda t, u=Normal(0, 1): jax.nn.sigmoid(200 * (u - t)))
    truth = found(shifted, tolerance=1e-3)
    # E sigmoid(200 (u - 1)) is P(u + logistic/200 > 1): the normal tail to second order
    tail = stats.norm.sf(1) + stats.norm.pdf(1) * np.pi**2 / 3 / 200**2 / 2
    assert abs(truth.value - (tail - 0.5)) <= 1.96 * truth.se
    assert truth.se <= 1e-3


@pytest.mark.parametrize("scale", [2.5, 3.0, 3.5])
def test_what_the_ends_hide_is_part_of_the_error(scale):
    """The mean of a wide lognormal lies far out: beyond the grid's end at 10, Phi(scale - 10)."""
    model = SCM(t=COIN, y=lambda t, u=Normal(0, 1), s=scale: t * jnp.exp(s * u))
    truth = found(model)
    missing = np.exp(scale**2 / 2) * stats.norm.sf(10 - scale)
    assert missing <= truth.se < 100 * missing + 1e-11 * truth.value
    assert abs(truth.value - np.exp(scale**2 / 2)) <= truth.se
    with pytest.warns(BudgetWarning, match="quadrature comes no nearer"):
        ATE("t", "y").truth(model, tolerance=missing / 2)


REFUSED = {
    "a jump": SCM(t=COIN, y=lambda t, u=Normal(0, 1): (u > t) * 1.0),
    "a bend": SCM(t=COIN, y=lambda t, u=Normal(0, 1): jax.nn.relu(u + t)),
    "a bend in its law": SCM(t=COIN, y=lambda t, u=Laplace(0, 1): jnp.exp(-t * u**2)),
    "a rounded value": SCM(t=COIN, y=lambda t, u=Normal(0, 1): t * jnp.floor(u)),
    "half precision": SCM(t=COIN, y=lambda t, u=Normal(0, 1): (t * u**2).astype(jnp.float16)),
    "a narrower float": SCM(t=COIN, y=lambda t, u=Normal(0, 1): (t * u**2).astype(jnp.float32)),
    "a count": SCM(t=COIN, y=lambda t, k=Poisson(2.0), u=Normal(0, 1): t * k * u**2),
    "a drawn treatment": SCM(
        t=COIN,
        x=Normal(0, 1),
        s=lambda x: Bernoulli(jax.nn.sigmoid(x)),
        y=lambda t, s, x: t * s * x,
    ),
    "four": SCM(
        t=COIN,
        v=Normal(0, 1).expand([3]).to_event(1),
        y=lambda t, v, u=Normal(0, 1): t * jnp.exp(u + v.sum()),
    ),
    "no mean": SCM(t=COIN, y=lambda t, u=Cauchy(0, 1): t * u),
    "a mean not reached": SCM(t=COIN, y=lambda t, u=StudentT(1.2, 0.0, 1.0): t * u),
    "a pole": SCM(t=COIN, y=lambda t, u=Normal(0, 1): t / (u - 0.3)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    assert found(REFUSED[name], budget=1 << 14) is None


def test_quantiles_are_not_its_business():
    model = SCM(t=COIN, y=lambda t, u=Normal(0, 1): jnp.exp(t * u))
    assert found(model, QTE("t", "y")) is None


def test_what_does_not_matter_need_not_be_smooth():
    model = SCM(
        t=COIN,
        w=lambda t, u=Normal(0, 1): (u > t) * 1.0,
        x=Normal(0, 1),
        y=lambda t, x, k=Binomial(2, 0.5): jnp.exp(t * x) * jnp.where(k > 0, 1.0, 0.0),
    )
    truth = found(model)
    assert abs(truth.value - 0.75 * np.expm1(0.5)) <= truth.se


def test_it_stands_in_the_route_and_does_not_need_the_key():
    model, answer = CLOSED["two"]
    some, other = (ATE("t", "y").truth(model, key=key) for key in (0, 1))
    assert some == other
    assert some.method == "quadrature"
    assert some.value == pytest.approx(answer, abs=1e-12)


@pytest.mark.parametrize(
    ("fn", "grade"),
    [
        (lambda fixed, noise: jnp.sin(noise) ** 2 / (1 + fixed), Grade.SMOOTH),
        (lambda fixed, noise: jnp.where(fixed > 0, noise, jnp.exp(noise)), Grade.SMOOTH),
        (lambda fixed, noise: jnp.where(noise > 0, noise, -noise), Grade.ROUGH),
        (lambda fixed, noise: jnp.sign(noise) * 0 + noise, Grade.ROUGH),
        (lambda fixed, noise: jnp.stack([fixed, noise])[fixed.astype(int)], Grade.SMOOTH),
        (lambda fixed, noise: jnp.arange(3.0)[noise.astype(int)], Grade.ROUGH),
        (lambda fixed, noise: jnp.floor(fixed), Grade.FIXED),
        (lambda fixed, noise: jnp.logaddexp(noise, fixed), Grade.SMOOTH),
        (lambda fixed, noise: jnp.maximum(noise, fixed), Grade.ROUGH),
        (lambda fixed, noise: jax.lax.fori_loop(0, 3, lambda _, x: x * noise, 1.0), Grade.ROUGH),
    ],
)
def test_reading_smoothness(fn, grade):
    closed = jax.make_jaxpr(fn)(1.0, 1.0)
    constants = [Grade.FIXED] * len(closed.jaxpr.constvars)
    opened = closed.jaxpr.replace(
        invars=[*closed.jaxpr.constvars, *closed.jaxpr.invars], constvars=[]
    )
    assert graded(opened, [*constants, Grade.FIXED, Grade.SMOOTH]) == [grade]


def test_levels_compile_once(compilations):
    model = SCM(t=Normal(0, 1), y=lambda t, u=Normal(0, 1): jnp.exp(u / 3) * jnp.tanh(t + u))
    ATE("t", "y", levels=(0, 2)).truth(model)
    before = compilations.count
    for level in range(5):
        ATE("t", "y", levels=(level, 7)).truth(model)
    assert compilations.count == before
