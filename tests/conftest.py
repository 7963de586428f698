"""What every test runs under: no state of one test reaches another."""

import os
import pathlib

# As the command line does (experiments.device): before SciPy's OpenBLAS is there to read it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# No truth comes from an earlier run, or goes to the cache of whoever runs this.
os.environ["SCM_CACHE_DIR"] = "off"

import gc

import jax
import numpyro.distributions  # noqa: F401  (so that it is there to be frozen)
import pytest

import scm  # noqa: F401

# Most of the suite's time is XLA's, on programs that run for a millisecond. So they are compiled
# without optimisation, which changes no result beyond rounding; what speaks of bits runs as users
# run it too (`make test` sets AS_USERS_RUN_IT for that). XLA ends the process over a flag that its
# version does not know, and reads them when it is first used.
if "AS_USERS_RUN_IT" not in os.environ:
    flags = ["--xla_backend_optimization_level=0", "--xla_cpu_parallel_codegen_split_count=1"]
    if jax.__version_info__ < (0, 11):
        flags.append("--xla_cpu_use_fusion_emitters=false")
    os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *flags]).strip()

# Compiled programs are kept as the command line keeps them (experiments.device): found again by
# what they compute, by the versions of JAX and XLA and by their flags. Workers share them, and a
# second run compiles what has changed. Tests that count compilations count those read back as well.
PROGRAMS = pathlib.Path(__file__).parents[1] / ".jax_cache"
jax.config.update("jax_compilation_cache_dir", str(PROGRAMS))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)

# Traces make many objects that live on, and looking through them again and again is a twentieth
# of the suite's time: what was imported is never looked at, and the rest less often.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)


@pytest.fixture
def programs_kept() -> dict[str, str]:
    """What another process has to find in its environment to share this one's programs."""
    return {
        "JAX_COMPILATION_CACHE_DIR": str(PROGRAMS),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
    }


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
