"""What every test runs under: no state of one test reaches another."""

import os

# As the command line does (experiments.device): before SciPy's OpenBLAS is there to read it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# No truth comes from an earlier run, or goes to the cache of whoever runs this.
os.environ["SCM_CACHE_DIR"] = "off"

import gc

import jax
import numpyro.distributions  # noqa: F401  (so that it is there to be frozen)
import pytest

import scm  # noqa: F401

# Traces make many objects that live on, and looking through them again and again is a twentieth
# of the suite's time: what was imported is never looked at, and the rest less often.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)


@pytest.fixture
def x64():
    """Double precision for one test."""
    with jax.enable_x64(True):
        yield


class Compilations:
    """Counts what XLA compiled, by JAX's own monitoring and not by ours."""

    EVENT = "/jax/core/compile/backend_compile_duration"

    def __init__(self):
        self.count = 0

    def __call__(self, event, duration, **_):
        self.count += event == self.EVENT


@pytest.fixture
def compilations():
    """A counter of XLA compilations in this test."""
    counter = Compilations()
    jax.monitoring.register_event_duration_secs_listener(counter)
    yield counter
    jax.monitoring.unregister_event_duration_listener(counter)
