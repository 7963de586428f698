"""Derivatives of expectations through jumps, against closed forms, enumeration and quadrature."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Categorical, Normal, Poisson, Uniform
from scipy import stats

from scm import SCM, ModelError, param

N, KEYS, A = 2_000, 16, 0.5
POINTS, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


def over_normal(f):
    return float(WEIGHTS @ f(POINTS))


def chain(a):
    """E[exp(a t) + 3 m t] by enumeration of two coins."""
    total = 0.0
    for t in (0, 1):
        for m in (0, 1):
            coins = (sigmoid(a) if t else 1 - sigmoid(a)) * (
                sigmoid(a - t) if m else 1 - sigmoid(a - t)
            )
            total += coins * (np.exp(a * t) + 3 * m * t)
    return total


def cells(a):
    cuts = np.array([-a, a, 2 * a])
    return float(np.diff(stats.norm.cdf([-np.inf, *cuts, np.inf])) @ [0, 1, 4, 9])


CASES = {
    "a returned coin": (
        {"z": Normal(0, 1), "t": lambda a, z: Bernoulli(jax.nn.sigmoid(a * z + 0.3))},
        lambda unit: unit["t"] * (1 + unit["z"]),
        lambda a: over_normal(lambda z: sigmoid(a * z + 0.3) * (1 + z)),
    ),
    "a logit threshold": (
        {"z": Normal(1, 1), "t": lambda a, z, u=Uniform(0, 1): u < jax.nn.sigmoid(a * z)},
        lambda unit: unit["t"],
        lambda a: over_normal(lambda z: sigmoid(a * (z + 1))),
    ),
    "a threshold inside a real assignment": (
        {"y": lambda a, u=Normal(0, 1): jnp.where(u > a, 2.0 + a * u, 0.0)},
        lambda unit: unit["y"],
        lambda a: 2 * stats.norm.sf(a) + a * stats.norm.pdf(a),
    ),
    "a cutoff in a parent": (
        {"x": Normal(0, 1), "t": lambda a, x: x > a, "y": lambda x, t: x + 2 * t * x},
        lambda unit: unit["y"],
        lambda a: 2 * stats.norm.pdf(a),
    ),
    "a jump in fn": (
        {"x": lambda a: Normal(1, jnp.exp(a))},
        lambda unit: unit["x"] > 0,
        lambda a: stats.norm.cdf(np.exp(-a)),
    ),
    "several thresholds of one noise": (
        {"y": lambda a, u=Normal(0, 1): (u > jnp.stack([-a, a, 2 * a])).sum()},
        lambda unit: unit["y"] ** 2,
        cells,
    ),
    "two thresholds at the same place": (
        {"x": Normal(0, 1), "s": lambda a, x: x > a, "t": lambda a, x: 2 * (a - x) < 0},
        lambda unit: unit["s"] * unit["t"] * (1.0 + unit["x"]),
        lambda a: stats.norm.sf(a) + stats.norm.pdf(a),
    ),
    "categories": (
        {"k": lambda a: Categorical(logits=jnp.stack([0 * a, a, 2 * a]))},
        lambda unit: unit["k"] ** 2,
        lambda a: softmax(np.array([0, a, 2 * a])) @ [0, 1, 4],
    ),
    "counts": (
        {"k": lambda a: Poisson(jnp.exp(a))},
        lambda unit: unit["k"] * (unit["k"] - 1.0),
        lambda a: np.exp(2 * a),
    ),
    "two jumps in a row": (
        {
            "t": lambda a: Bernoulli(jax.nn.sigmoid(a)),
            "m": lambda a, t, u=Uniform(0, 1): u < jax.nn.sigmoid(a - t),
            "y": lambda a, t, m: jnp.exp(a * t) + 3 * m * t,
        },
        lambda unit: unit["y"],
        chain,
    ),
    "a rectifier": (
        {"x": Normal(0, 1), "y": lambda a, x: jnp.where(a + x > 0, a + x, 0.0)},
        lambda unit: unit["y"],
        lambda a: a * stats.norm.cdf(a) + stats.norm.pdf(a),
    ),
    "abs and clip": (
        {"x": Normal(0, 1), "y": lambda a, x: jnp.abs(a * x) + jnp.clip(x + a, -1.0, 1.0)},
        lambda unit: unit["y"],
        lambda a: (
            abs(a) * np.sqrt(2 / np.pi)
            + stats.norm.expect(lambda x: np.clip(x + a, -1, 1))
        ),
    ),
}  # fmt: skip


def mean(name, a, key=0, n=N):
    rhs, fn, _ = CASES[name]
    return SCM(a=param(A), **rhs).do(a=a).expect(fn, key, n)


@pytest.mark.parametrize("name", CASES)
def test_the_derivative_is_that_of_the_exact_expectation(name):
    exact = CASES[name][2]
    slope = (exact(A + 1e-4) - exact(A - 1e-4)) / 2e-4
    both = jax.jit(lambda a, key: jax.value_and_grad(lambda a: mean(name, a, key).value)(a))
    found = np.array([both(A, key)[1] for key in range(KEYS)], float)
    error = found.std(ddof=1) / KEYS**0.5
    assert abs(found.mean() - slope) < 4.5 * error + 1e-4 * (1 + abs(slope))  # rounding


@pytest.mark.parametrize("name", ["a jump in fn", "counts", "two jumps in a row"])
def test_forward_is_reverse_in_double_precision(name, x64):
    f = lambda a: mean(name, a, n=200).value
    forward, reverse = jax.jit(lambda a: (jax.jacfwd(f)(a), jax.grad(f)(a)))(A)
    assert forward == pytest.approx(float(reverse), rel=1e-9)


def test_every_number_of_a_model_at_once():
    """d/dp of 2 E[t] is 2; d/dloc and d/dscale of P(x > 0.4) are a density and its product."""
    model = SCM(t=Bernoulli(0.3), x=Normal(0.2, 2.0))
    fn = lambda unit: 2.0 * unit["t"] + (unit["x"] > 0.4)
    slope = jax.grad(lambda m: m.expect(fn, 0, 100).value, allow_int=True)(model).numbers
    density = stats.norm.pdf(0.1) / 2
    np.testing.assert_allclose(slope["t"][0][0], 2.0, rtol=1e-4)
    np.testing.assert_allclose(slope["x"][0], [density, 0.1 * density], rtol=1e-4)


def test_the_standard_error_has_its_derivative_too():
    """The variance of 2 t is 4 p (1 - p)."""
    model = SCM(p=param(0.2), t=lambda p: Bernoulli(p))
    se = lambda p: model.do(p=p).expect(lambda unit: 2.0 * unit["t"], 0, 20_000).se
    exact = lambda p: (4 * p * (1 - p) / 20_000) ** 0.5
    slope = (exact(0.2 + 1e-5) - exact(0.2 - 1e-5)) / 2e-5
    assert jax.grad(se)(0.2) == pytest.approx(slope, rel=0.05)


def test_vmap_and_another_value_compile_nothing(compilations):
    model = SCM(p=param(0.2), t=lambda p, u=Uniform(0, 1): u < p**2)
    slope = jax.jit(jax.grad(lambda p: model.do(p=p).expect(lambda unit: unit["t"], 0, 64).value))
    points = jnp.array([0.2, 0.4, 0.6])
    np.testing.assert_allclose(jax.vmap(slope)(points), 2 * points, rtol=1e-5)
    slope(points[0])
    one = points[1]
    before = compilations.count
    slope(one)
    assert compilations.count == before


@pytest.mark.parametrize(
    ("rhs", "words"),
    [
        (lambda a, x: jnp.floor(a * x), "takes floor"),
        (lambda a, x: (a * x).astype(int), "makes a whole number of a real one"),
        (lambda a, x: 1.0 * jnp.argmax(jnp.stack([a, x])), "takes argmax"),
        (lambda a, x: jnp.where(a * x**2 > 1, 1.0, 0.0), "compares real numbers"),
        (lambda a, x: 1.0 * jnp.argsort(jnp.stack([a, x]))[0], "sorts one thing by another"),
    ],
)
def test_what_cannot_be_integrated_is_refused_by_name(rhs, words):
    model = SCM(a=param(0.5), x=Normal(0, 1), y=rhs)
    with pytest.raises(ModelError, match=f"expect: y: .* {words}, which cannot be integrated"):
        jax.grad(lambda a: model.do(a=a).expect(lambda unit: unit["y"], 0, 8).value)(0.5)
    with pytest.raises(ModelError, match=f"y: a derivative is asked through a jump: it {words}"):
        jax.grad(lambda a: model.do(a=a).sample(0, 8)["y"].sum())(0.5)


def test_worlds_refuse_a_jump_that_ends_as_a_real_number():
    model = SCM(a=param(0.5), y=lambda a, u=Uniform(0, 1): (u < a) * 1.0)
    with pytest.raises(ModelError, match=r"y: .*\.expect\(fn, key, n\)"):
        jax.jit(jax.grad(lambda a: model.do(a=a).sample(0, 8)["y"].sum()))(0.5)


def test_second_derivatives_are_right_or_refused(x64):
    coin = SCM(a=param(0.5), t=lambda a: Bernoulli(a), y=lambda a, u=Normal(0, 1): jnp.exp(a * u))
    for second in (
        jax.hessian,
        lambda f: jax.jacfwd(jax.jacfwd(f)),
        lambda f: jax.grad(jax.grad(f)),
    ):
        with pytest.raises(ModelError, match="t: a second derivative of an expectation"):
            second(lambda a: coin.do(a=a).expect(lambda unit: unit["t"], 0, 8).value)(0.5)
    smooth = lambda a: coin.do(a=a).expect(lambda unit: unit["y"], 0, 1_000).value
    u = coin.sample(0, 1_000).noise["y", "u"]
    assert jax.jit(jax.hessian(smooth))(0.5) == pytest.approx(
        float((u**2 * jnp.exp(0.5 * u)).mean()), rel=1e-9
    )
