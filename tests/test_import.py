"""Importing the package is cheap and changes nothing."""

import json
import subprocess
import sys

import pytest


def run(script):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_import_has_no_side_effects():
    before_and_after = run(
        """
import json, logging, os, random, sys, warnings
import numpy as np
import jax, numpyro.distributions
def state():
    return [
        str(random.getstate())[:200], str(np.random.get_state())[:200], repr(warnings.filters),
        sorted(os.environ.items()), [str(h) for h in logging.root.handlers], logging.root.level,
        sorted((k, str(v)) for k, v in jax.config.values.items()), sys.path,
        np.geterr(), jax._src.xla_bridge.backends_are_initialized(),
    ]
before = state()
import scm
after = state()
print(json.dumps([str(before), str(after), [m for m in ("pandas", "matplotlib", "networkx",
      "scipy.stats", "arviz", "numpyro.infer") if m in sys.modules]]))
"""
    )
    assert before_and_after[0] == before_and_after[1]


@pytest.mark.parametrize("module", ["simulators", "experiments", "scm.estimate", "scm.graph"])
def test_rooms_import_without_computing(module):
    started = "jax._src.xla_bridge.backends_are_initialized()"
    assert run(f"import json, jax, {module}; print(json.dumps({started}))") is False
