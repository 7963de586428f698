"""The numbers of a model come in one order in every process, and with them its programs."""

import json
import os
import subprocess
import sys

import jax
import numpy as np
from numpyro import distributions as dist

from scm.core.leaves import flatten, unflatten

PROGRAM = """
import json
import jax
from numpyro.distributions import Beta, Gamma, Normal, StudentT, TruncatedNormal
from scm import SCM
from scm.noise.identity import noise_names
from scm.noise.source import Run
from scm.noise.words import stream_of
from scm.solve.acyclic import push

model = SCM(
    a=Normal(1, 2),
    b=lambda a, u=Gamma(3, 4), v=Beta(5, 6): a + u * v,
    c=lambda b, u=TruncatedNormal(7, 8, low=9, high=10): b + u,
    d=lambda c: StudentT(11, c, 12),
)
structure = model.structure
source = Run(stream_of(0), (0, 0), 4).source(noise_names(structure))
program = lambda numbers: push(model.system.given(numbers), source, {}, frozenset("abcd")).columns
print(json.dumps([
    [str(each) for each in jax.tree.leaves(model.numbers)],
    str(jax.make_jaxpr(program)(model.numbers)),
]))
"""


def told(seed):
    """What a process with this salt says of the model's numbers and of its sampling program."""
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "JAX_PLATFORMS": "cpu"}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=True, text=True
    )
    return json.loads(ran.stdout)


def test_every_process_has_the_same_order_of_numbers_and_the_same_program():
    """Seeds under which numpyro itself has loc and scale both ways round."""
    (leaves, program), *others = (told(seed) for seed in (0, 1, 2))
    for each in others:
        assert each[0] == leaves
        assert each[1] == program


def test_fields_come_by_name_at_every_depth():
    low = dist.LeftTruncatedDistribution(dist.Normal(1.0, 2.0), 3.0)
    numbers, structure = flatten(
        [dist.Gamma(4.0, 5.0), {"b": dist.StudentT(6.0, 7.0, 8.0), "a": low}]
    )
    held = [float(each) for each in numbers]
    assert held[:2] == [4.0, 5.0]
    assert held[2:6] == [3.0, 1.0, 2.0, 3.0]  # _support, base_dist (loc, scale), low
    assert held[-3:] == [6.0, 7.0, 8.0]  # _chi2, df, loc, scale
    assert sorted(held) == sorted(map(float, jax.tree.leaves(jax.tree.unflatten(structure, held))))


def test_what_is_flattened_comes_back():
    laws = [dist.Beta(1.0, 2.0), dist.Normal(np.zeros(3), 1.0).to_event(1), None, (4.0,)]
    numbers, structure = flatten(laws)
    back = unflatten(structure, numbers)
    assert jax.tree.structure(back) == jax.tree.structure(laws)
    for one, other in zip(jax.tree.leaves(back), jax.tree.leaves(laws), strict=True):
        np.testing.assert_array_equal(one, other)
