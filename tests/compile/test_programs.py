"""Compile once: programs are kept by what they compute, not by which functions were written."""

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Normal

from scm import SCM, param
from scm.compile.fingerprint import fingerprint


def build(slope=2.0, spread=1.0, table=None):
    table = np.arange(4.0) if table is None else table
    return SCM(
        x=Normal(0, spread),
        b=param(slope),
        y=lambda x, b, u=Normal(0, 1), c=1.5: (
            b * jax.nn.softplus(x) + c + u + jnp.asarray(table)[0]
        ),
    )


def test_rebuilding_the_same_model_compiles_nothing(compilations):
    build().sample(0, 77)
    before = compilations.count
    assert before > 0
    build().sample(1, 77)
    build(slope=3.0, spread=0.5, table=np.ones(4)).sample(2, 77)
    assert compilations.count == before


def test_a_sweep_compiles_once(compilations):
    model = build()
    model.do(x=0.0).sample(0, 78)
    model.do(b=0.5).sample(0, 78)
    before = compilations.count
    for value in np.linspace(0, 1, 50):
        model.do(x=value).sample(0, 78)
        model.do(b=value).sample(0, 78)
        model.do(x=0.1).do(x=value).sample(int(100 * value), 78)
    assert compilations.count == before


def test_expect_compiles_once_for_what_it_computes(compilations):
    build().expect(lambda unit: unit["y"] ** 2, 0, 500, block=100)
    before = compilations.count
    build(slope=1.0).expect(lambda unit: unit["y"] ** 2, 1, 500, block=100)
    assert compilations.count == before


def test_fingerprints_tell_models_apart():
    same = [build(), build(slope=5.0), build().do(x=1.0).undo("x")]
    assert len({fingerprint(model.structure) for model in same}) == 1
    different = [
        build(),
        build().do(x=1.0),
        build().do(x=lambda x: x + 1),
        build().assign(y=lambda x, u=Normal(0, 1): x + u),
        build().assign(y=lambda x, u=Normal(0, 1): x - u),
        build().assign(y=lambda x, u=Normal(0, 1): x - 2 * u),
        build().assign(y=lambda x, v=Normal(0, 1): x - v),
        build().assign(z=0.0),
    ]
    assert len({fingerprint(model.structure) for model in different}) == len(different)


def test_callbacks_are_told_apart_though_they_print_alike():
    def make(sign):
        def host(x):
            return np.asarray(sign * x)

        shape = jax.ShapeDtypeStruct((), jnp.float32)
        return SCM(
            x=Normal(0, 1), y=lambda x: jax.pure_callback(host, shape, x, vmap_method="sequential")
        )

    up, down = make(1.0).sample(0, 4), make(-1.0).sample(0, 4)
    np.testing.assert_allclose(up["y"], -np.asarray(down["y"]))


def test_derivatives_use_the_models_own_rules():
    """Two functions with one value and two derivative rules share a program, not a gradient."""

    def make(factor):
        @jax.custom_jvp
        def f(x):
            return x * 1.0

        f.defjvp(lambda primals, tangents: (f(primals[0]), factor * tangents[0]))
        return SCM(b=param(1.0), y=lambda b: f(b))

    make(1.0).sample(0, 2)
    for factor in (1.0, 5.0):
        model = make(factor)
        assert jax.grad(lambda b, m=model: m.do(b=b).sample(0, 2)["y"][0])(1.0) == factor
