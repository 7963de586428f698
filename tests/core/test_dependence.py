"""Arrows that no code stands for: what is called unused is, and what is used never is."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal

from scm import SCM, latent, node, param
from scm.core.dependence import reaching


def scanned(x, y, z, n):
    """The first round reads x into the second carry, and only the second round lets it out."""
    step = lambda carry, s: ((carry[1] + s, y), carry[0])
    (_, _), out = jax.lax.scan(step, (jnp.zeros(()), x), jnp.arange(3.0))
    return out


def counted(x, y, z, n):
    """How often is decided by n; z is carried along and forgotten."""
    while_true = lambda carry: carry[0] < n
    step = lambda carry: (carry[0] + 1, carry[1] * y, z)
    return jax.lax.while_loop(while_true, step, (0, x, z))[1]


def carried_round(x, y, z, n):
    """x moves through the carries one a round: two rounds until it is in the first."""
    step = lambda _, c: (c[1], c[2], c[2])
    return jax.lax.fori_loop(0, 5, step, (y, y, x))[0]


@jax.custom_vjp
def ruled(x, y):
    return 2 * x


ruled.defvjp(lambda x, y: (2 * x, ()), lambda _, g: (2 * g, 0 * g))

PROGRAMS = {
    "arithmetic": (lambda x, y, z, n: x + y * 2, "xy"),
    "times zero still reads": (lambda x, y, z, n: 0 * x + y, "xy"),
    "shapes are no values": (lambda x, y, z, n: jnp.zeros_like(x) + jnp.ones(jnp.shape(y)), ""),
    "computed and thrown away": (lambda x, y, z, n: (jnp.exp(z), x)[1], "x"),
    "where": (lambda x, y, z, n: jnp.where(x > 0, y, 1.0), "xy"),
    "within jit": (lambda x, y, z, n: jax.jit(lambda a, b: a)(x, y), "x"),
    "jit in jit": (lambda x, y, z, n: jax.jit(lambda a, b: jax.jit(jnp.sin)(b))(x, y), "y"),
    "custom jvp": (lambda x, y, z, n: jax.nn.relu(x) + 1, "x"),
    "custom vjp": (lambda x, y, z, n: ruled(x, y), "x"),
    "remat": (lambda x, y, z, n: jax.checkpoint(lambda a, b: jnp.sin(b))(x, y), "y"),
    "cond": (lambda x, y, z, n: jax.lax.cond(x > 0, lambda a, b: a, lambda a, b: 1.0, y, z), "xy"),
    "switch": (
        lambda x, y, z, n: jax.lax.switch(n, [lambda a: a, lambda a: z, lambda a: 0.0], y),
        "yzn",
    ),
    "scan": (scanned, "xy"),
    "while": (counted, "xyn"),
    "for": (carried_round, "xy"),
    "stopped gradients are values": (lambda x, y, z, n: jax.lax.stop_gradient(x), "x"),
    "constants": (lambda x, y, z, n: jnp.asarray(1.0), ""),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_reaches_the_output(name):
    function, expected = PROGRAMS[name]
    closed = jax.make_jaxpr(function)(1.0, 2.0, 3.0, 2)
    used = "".join(each for each, used in zip("xyzn", reaching(closed), strict=True) if used)
    assert used == expected


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_called_unused_does_not_move_the_output(name):
    """The other way round, by running: an input that changes the value must be among the used."""
    function, _ = PROGRAMS[name]
    base = (1.0, 2.0, 3.0, 2)
    uses = reaching(jax.make_jaxpr(function)(*base))
    for i, used in enumerate(uses):
        if not used:
            for other in (-5, 0, 1):
                moved = [*base]
                moved[i] = type(base[i])(other)
                np.testing.assert_array_equal(function(*moved), function(*base))


def test_the_unused_arrows_of_a_model():
    model = SCM(
        U=latent(Normal(0, 1)),
        Z=Bernoulli(0.5),
        slope=param(2.0),
        idle=param(1.0),
        T=lambda Z, U, u=Normal(0, 1): Z + u,
        Y=lambda T, Z, U, slope, idle, u=Normal(0, 1): slope * T + U + u,
        W=lambda Y, T: Bernoulli(jax.nn.sigmoid(T)),
    )
    assert model.unused_edges == (("U", "T"), ("Z", "Y"), ("Y", "W"))
    assert set(model.unused_edges) <= set(model.graph.directed)


def test_a_model_whose_arrows_are_all_used_has_none():
    assert SCM(x=Normal(0, 1), y=lambda x, u=Normal(0, 1): x + u).unused_edges == ()


def test_interventions_change_what_is_used():
    model = SCM(
        A=Normal(0, 1),
        B=Normal(0, 1),
        Y=lambda A, B, u=Normal(0, 1): A + u,
    )
    assert model.unused_edges == (("B", "Y"),)
    assert model.do(Y=1.0).unused_edges == ()
    assert model.do(Y=lambda Y, B: Y + B).unused_edges == ()
    # An intervention that reads what would have been keeps the arrows; one that forgets it, none.
    assert model.do(Y=lambda Y: Y + 1).unused_edges == (("B", "Y"),)
    forgetful = model.do(Y=lambda Y, B: B)
    assert forgetful.unused_edges == (("A", "Y"),)
    assert forgetful.undo("Y").unused_edges == (("B", "Y"),)


def test_modules_and_explicit_nodes():
    class Linear(eqx.Module):
        weight: jax.Array

        def __call__(self, x, z):
            return self.weight * x

    model = SCM(
        {"x (1)": Normal(0, 1)},
        x=Normal(0, 1),
        z=Normal(0, 1),
        y=Linear(jnp.asarray(2.0)),
        w=node(lambda a, b: b, parents=["x (1)", "y"]),
    )
    assert model.unused_edges == (("z", "y"), ("x (1)", "w"))


def test_it_is_read_in_either_precision(x64):
    assert SCM(x=Normal(0, 1), y=lambda x: jnp.zeros(())).unused_edges == (("x", "y"),)
