"""Means over units: one answer for any block, in constant memory, without loss of precision."""

import os
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal

from scm import SCM, ModelError, NonFiniteError, param
from scm.core.errors import UndefinedLawError

MODEL = SCM(
    x=Normal(0, 1),
    a=param(0.5),
    t=lambda x: Bernoulli(jax.nn.sigmoid(x)),
    y=lambda x, t, a, u=Normal(0, 0.5): a * x + t + u,
)
N = 10_000


def fn(unit):
    return jnp.stack([unit["y"], unit["x"] * unit["t"]])


@pytest.mark.parametrize("block", [N, 128, 999, 70 * N])
def test_any_block_gives_the_same_numbers(block):
    values = np.asarray(jax.vmap(fn)(dict(MODEL.sample(0, N).columns) | {"a": np.full(N, 0.5)}))
    mean = MODEL.expect(fn, 0, N, block=block)
    np.testing.assert_allclose(mean.value, values.mean(0, dtype=np.float64), rtol=2e-7)
    spread = values.std(0, ddof=1, dtype=np.float64)
    np.testing.assert_allclose(mean.se, spread / N**0.5, rtol=1e-6)
    assert mean.n == N


def test_more_blocks_than_one_run_of_the_program_takes():
    """130 blocks are three runs, whatever is written into the 64 slots of the last."""
    short = MODEL.expect(fn, 0, 130 * 8, block=8)
    whole = MODEL.expect(fn, 0, 130 * 8)
    np.testing.assert_allclose(short.value, whole.value, rtol=1e-6)
    np.testing.assert_allclose(short.se, whole.se, rtol=1e-6)


def test_a_mean_far_from_zero_keeps_its_digits():
    """In float32 a running sum of a million thousands is right to a hundredth at best."""
    model = SCM(x=Normal(0, 1))
    near = model.expect(lambda unit: unit["x"], 0, 1 << 20)
    far = model.expect(lambda unit: 5000 + 2.0**-8 * unit["x"], 0, 1 << 20)
    rounding = 2.0**-12 / 2  # of one value; it is unbiased, and so averages out
    assert abs(far.value - 5000 - 2.0**-8 * near.value) < 6 * rounding / (1 << 20) ** 0.5
    assert far.se == pytest.approx(2.0**-8 * near.se, rel=1e-2)


def test_one_program_takes_any_number_of_blocks(compilations):
    traces = []

    def cubed():
        def fn(unit):
            traces.append(unit)
            return unit["y"] ** 3

        return fn

    MODEL.expect(cubed(), 0, 6400, block=64)
    before = compilations.count
    assert len(traces) == 1
    for key, n in enumerate((640, 6400 - 64, 9600)):
        MODEL.expect(cubed(), key, n, block=64)
    assert len(traces) == 4
    assert compilations.count == before


def test_values_given_one_by_one_are_taken_block_by_block():
    given = np.linspace(-1, 1, 1000, dtype=np.float32)
    forced = MODEL.do(x=given)
    mean = forced.expect(lambda unit: unit["x"] ** 2, 0, 1000, block=96)
    assert mean.value == pytest.approx(np.mean(given.astype(np.float64) ** 2), rel=1e-6)


def test_a_gradient_goes_through_the_blocks():
    """d/da E[a x + t + u] over units is their mean of x."""

    def loss(a):
        return MODEL.do(a=a).expect(lambda unit: unit["y"], 0, 1000, block=96).value

    slope = jax.grad(loss)(0.3)
    assert slope == pytest.approx(float(MODEL.sample(0, 1000)["x"].mean()), rel=1e-5)


def test_what_is_wrong_is_said_of_which_units():
    poles = SCM(x=Normal(0, 1), y=lambda x: jnp.log(x + 3.0))
    bad = int(np.flatnonzero(np.asarray(SCM(x=Normal(0, 1)).sample(0, 4096)["x"]) < -3.0)[0])
    first = bad // 100 * 100
    with pytest.raises(NonFiniteError, match=rf"units {first:,} to {first + 99:,}; find"):
        poles.expect(lambda unit: unit["y"], 0, 4096, block=100)
    lawless = SCM(x=Normal(0, 1), t=lambda x: Bernoulli((x + 3.0) / 20))
    with pytest.raises(UndefinedLawError, match=rf"units {first:,} to {first + 99:,}; find"):
        lawless.expect(lambda unit: unit["t"], 0, 4096, block=100)


def test_complex_values_are_refused():
    with pytest.raises(ModelError, match="fn returns complex64"):
        MODEL.expect(lambda unit: unit["x"] * 1j, 0, 10)


def test_four_host_devices():
    """Streams and means spread over four devices, in a process of its own."""
    script = """
        import jax, numpy as np
        from jax.sharding import Mesh, NamedSharding, PartitionSpec
        from numpyro.distributions import Normal
        from scm import SCM, ModelError
        model = SCM(x=Normal(0, 1), y=lambda x, u=Normal(0, 2): jax.numpy.tanh(x) + u, c=2.0)
        sharding = NamedSharding(Mesh(jax.devices(), "units"), PartitionSpec("units"))
        n, block = 1002, 256
        whole, start = model.sample(0, n), 0
        for world in model.stream(0, n, block=block, sharding=sharding):
            rows = slice(start, start + world.n)
            spread = world.n % 4 == 0  # the last block, of 234, stays on one device
            assert len(world["y"].sharding.device_set) == (4 if spread else 1)
            for address in whole.noise:
                assert (np.asarray(world.noise[address]) == whole.noise[address][rows]).all()
            assert (np.asarray(world["x"]) == whole["x"][rows]).all()
            np.testing.assert_allclose(world["y"], whole["y"][rows], rtol=1e-6, atol=1e-6)
            start += world.n
        assert start == n
        fn = lambda unit: unit["y"] ** 2 + unit["c"]
        one = model.expect(fn, 0, n, block=block)
        four = model.expect(fn, 0, n, block=block, sharding=sharding)
        np.testing.assert_allclose(four.value, one.value, rtol=1e-6)
        np.testing.assert_allclose(four.se, one.se, rtol=1e-6)
        for ask in (model.stream, lambda *a, **k: model.expect(fn, *a, **k)):
            try:
                ask(0, n, block=255, sharding=sharding)
            except ModelError as error:
                assert "block = 255" in str(error) and "write block=252" in str(error)
            else:
                raise AssertionError("not refused")
        print("same")
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
            "JAX_PLATFORMS": "cpu",
        },
        check=False,
    )
    assert run.stdout.strip() == "same", run.stderr[-2000:]
