"""Principle 1: noise is a pure function of its address, and of nothing else."""

import subprocess
import sys
import textwrap

import jax
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Exponential, Normal, Uniform

from scm import SCM

Z = Normal(0, 1)


def model(**more):
    return SCM(
        x=Z,
        t=lambda x: Bernoulli(jax.nn.sigmoid(x)),
        y=lambda x, t, u=Normal(0, 0.5), v=Uniform(0, 2): x + t + u * v,
        k=lambda y: Normal(y, 0.1),
        **more,
    )


ADDRESSES = [("x", "u"), ("t", "u"), ("y", "u"), ("y", "v"), ("k", "u")]


def bits(array):
    return np.asarray(array).tobytes()


def assert_same_noise(one, other, addresses=ADDRESSES, rows=slice(None)):
    for address in addresses:
        assert bits(one.noise[address][rows]) == bits(other.noise[address][rows]), address


@pytest.mark.parametrize("n", [1, 7, 128, 1000])
def test_prefix_in_n(n):
    long = model().sample(0, 5000)
    short = model().sample(0, n)
    assert_same_noise(long, short, rows=slice(0, n))
    for name in ("x", "y"):
        np.testing.assert_allclose(short[name], long[name][:n], rtol=1e-6, atol=1e-6)
    assert bits(short["x"]) == bits(long["x"][:n])  # a root's value is its noise


def test_any_block_of_a_stream():
    long = model().sample(0, 1000)
    start = 0
    for world in model().stream(0, 1000, block=333):
        for address in ADDRESSES:
            assert bits(world.noise[address]) == bits(long.noise[address][start : start + world.n])
        start += world.n
    assert start == 1000


def test_order_of_writing():
    backwards = SCM(
        {
            "k": lambda y: Normal(y, 0.1),
            "y": lambda x, t, v=Uniform(0, 2), u=Normal(0, 0.5): x + t + u * v,
            "t": lambda x: Bernoulli(jax.nn.sigmoid(x)),
            "x": Z,
        }
    )
    assert_same_noise(model().sample(3, 500), backwards.sample(3, 500))


def test_extra_variables():
    more = model(a=Z, b=lambda a, k, u=Exponential(2.0): a + k + u)
    assert_same_noise(model().sample(3, 500), more.sample(3, 500))


def test_interventions_elsewhere():
    seen = model().sample(3, 500)
    for forced in (
        model().do(t=1),
        model().do(x=lambda x: x + 1),
        model().do(y=Z),
        model().do(t=lambda x, e=Uniform(0, 1): e < 0.2),
    ):
        assert_same_noise(seen, forced.sample(3, 500))
        assert_same_noise(seen, seen.do(t=0))


def test_a_changed_parameter_of_the_same_noise():
    seen = model().sample(3, 500)
    wide = model().do(y=lambda x, t, u=Normal(2, 3): x + t + u).sample(3, 500)
    assert_same_noise(seen, wide, [("x", "u"), ("t", "u"), ("k", "u"), ("y", "v")])
    score = np.asarray(seen.noise["y", "u"]) / np.float32(0.5)
    np.testing.assert_allclose(wide.noise["y", "u"], 2 + 3 * score, rtol=1e-5, atol=1e-5)


def test_precision_refines(x64):
    fine = {address: np.asarray(v) for address, v in model().sample(3, 500).noise.items()}
    with jax.enable_x64(False):
        coarse = model().sample(3, 500).noise
        for address in ADDRESSES:
            np.testing.assert_allclose(fine[address], coarse[address], rtol=2e-6, atol=2e-6)
    assert fine["x", "u"].dtype == np.float64


def test_keys_and_noises_are_independent():
    n = 20_000
    world = SCM(x=Z, y=lambda u=Z, v=Z: u + v).sample(0, n)
    other = SCM(x=Z).sample(1, n)
    columns = [world["x"], world.noise["y", "u"], world.noise["y", "v"], other["x"]]
    correlations = np.corrcoef(np.asarray(columns))[np.triu_indices(4, 1)]
    assert (abs(correlations) < 5 / n**0.5).all()


def test_four_host_devices_make_the_same_noise():
    """Sharded over four devices, in a process of its own: device counts are fixed at start."""
    script = """
        import jax, numpy as np
        from jax.sharding import Mesh, NamedSharding, PartitionSpec
        from numpyro.distributions import Normal
        from scm import SCM
        model = SCM(x=Normal(0, 1), y=lambda x, u=Normal(0, 2): jax.numpy.tanh(x) + u)
        assert len(jax.devices()) == 4
        sharding = NamedSharding(Mesh(jax.devices(), "units"), PartitionSpec("units"))
        spread, whole = model.sample(0, 4096, sharding=sharding), model.sample(0, 4096)
        assert len(spread["y"].sharding.device_set) == 4
        for address in whole.noise:
            same = np.asarray(spread.noise[address]) == np.asarray(whole.noise[address])
            assert same.all(), address
        assert (np.asarray(spread["x"]) == np.asarray(whole["x"])).all()
        np.testing.assert_allclose(spread["y"], whole["y"], rtol=1e-6)
        print("same")
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        env={
            **__import__("os").environ,
            "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
            "JAX_PLATFORMS": "cpu",
        },
        check=False,
    )
    assert run.stdout.strip() == "same", run.stderr[-2000:]
