"""Random graphs: the matrix that is drawn is the model that is made, and effects are its paths."""

import numpy as np
import pytest

from scm.estimands import ATE, TotalEffect
from simulators import get
from simulators.random_dag import random_dag, total_effects, weights


@pytest.mark.parametrize("shape", ["linear", "saturating"])
def test_the_assignments_are_the_matrix(shape):
    matrix = weights(40, 2.0, 5)
    model = random_dag(nodes=40, degree=2.0, shape=shape, seed=5)
    world = model.sample(1, 100)
    x = np.stack([np.asarray(world[f"x{at}"], float) for at in range(40)])
    u = np.stack([np.asarray(world.noise[f"x{at}", "u"], float) for at in range(40)])
    pull = matrix @ x
    np.testing.assert_allclose(x, (pull if shape == "linear" else np.tanh(pull)) + u, atol=1e-5)
    assert {(a, b) for a, b in model.graph.directed} == {
        (f"x{j}", f"x{i}") for i, j in zip(*np.nonzero(matrix), strict=True)
    }


def test_effects_are_sums_over_paths():
    """(I - W)^-1 is the sum of all powers of W, whose entries are the paths of each length."""
    matrix = weights(9, 2.0, 3)
    paths = sum(np.linalg.matrix_power(matrix, length) for length in range(9))
    np.testing.assert_allclose(total_effects(matrix), paths, atol=1e-12)
    truth = ATE("x1", "x8").truth(random_dag(nodes=9, degree=2.0, seed=3))
    assert truth.method == "exact"
    assert truth.value == pytest.approx(paths[8, 1], abs=1e-12)
    shift = TotalEffect("x1", "x8").truth(random_dag(nodes=9, degree=2.0, seed=3))
    assert shift.value == pytest.approx(paths[8, 1], abs=1e-12)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nodes": 0}, "nodes=0: at least 1 is wanted"),
        ({"degree": -1.0}, "degree=-1.0: 20 nodes have between 0 and 9.5 edges a node"),
        ({"nodes": 3, "degree": 2.0}, "3 nodes have between 0 and 1 edges a node"),
    ],
)
def test_graphs_that_there_are_not(values, message):
    with pytest.raises(ValueError, match=message):
        get("random_dag").build(**values)


def test_mean_degree():
    """400 nodes: the number of edges is binomial around degree * nodes."""
    edges = get("random_dag").known(nodes=400, degree=3.0, seed=2)["edges"].value
    assert abs(edges - 1200) < 4 * 1200**0.5
