"""Random causal graphs of any size, linear or not: what benchmarks of methods are run on."""

from __future__ import annotations

import functools
import operator
from typing import Annotated, Any, Literal

import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Normal

from scm import SCM, node
from scm.core.pytree import pytree
from simulators.registry import Known, simulator

__all__ = ["random_dag", "total_effects", "weights"]


@pytree
class Linear:
    """``sum_j w_j x_j + u``."""

    w: tuple[Any, ...]

    def __call__(self, *parents: Any, u: Any) -> Any:
        return _pull(self.w, parents) + u


@pytree
class Saturating:
    """``tanh(sum_j w_j x_j) + u``."""

    w: tuple[Any, ...]

    def __call__(self, *parents: Any, u: Any) -> Any:
        return jnp.tanh(_pull(self.w, parents)) + u


def _pull(weights: tuple[Any, ...], parents: tuple[Any, ...]) -> Any:
    """``sum_j w_j x_j``, begun with its first term: equations are read by people."""
    terms = [weight * parent for weight, parent in zip(weights, parents, strict=True)]
    return functools.reduce(operator.add, terms)


def weights(nodes: int, degree: float, seed: int) -> np.ndarray:
    """The matrix W with ``x_i := sum_j W[i, j] x_j + u_i``, lower triangular, (nodes, nodes).

    Each pair is an edge with probability ``2 degree / (nodes - 1)``, which makes ``degree`` edges
    a node; weights are uniform on +-[0.3, 1], divided by the root of the number of parents, so that
    no variance explodes with size.

    Raises ValueError for no node at all, or a degree that the graph cannot have.
    """
    if nodes < 1:
        raise ValueError(f"random_dag: nodes={nodes}: at least 1 is wanted")
    most = (nodes - 1) / 2
    if not 0 <= degree <= max(most, 0) and nodes > 1:
        raise ValueError(
            f"random_dag: degree={degree}: {nodes} nodes have between 0 and {most:g} edges a node"
        )
    random = np.random.default_rng(seed)
    chance = 2 * degree / max(nodes - 1, 1)
    chosen = np.tril(random.random((nodes, nodes)) < chance, -1)
    sizes = random.uniform(0.3, 1, chosen.shape) * random.choice([-1, 1], chosen.shape)
    return chosen * sizes / np.sqrt(np.maximum(chosen.sum(axis=1, keepdims=True), 1))


def total_effects(matrix: np.ndarray) -> np.ndarray:
    """``(I - W)^-1``: entry [i, j] is the change of x_i for one unit more of x_j, by all paths."""
    return np.linalg.inv(np.eye(len(matrix)) - matrix)


def _known(nodes: int, degree: float, shape: str, seed: int) -> dict[str, Known]:
    matrix = weights(nodes, degree, seed)
    edges = int((matrix != 0).sum())
    found = {"edges": Known(edges, "The entries of W that are not zero.")}
    if shape == "linear":
        last, first = f"x{nodes - 1}", "x0"
        effect = float(total_effects(matrix)[-1, 0])
        found[f"ATE({first} -> {last})"] = Known(
            effect, "The entry of (I - W)^-1: all directed paths, weights multiplied along each."
        )
    return found


@simulator(
    "random_dag",
    title="A random acyclic graph with linear or saturating assignments",
    source="Erdos and Renyi (1959) graphs in a fixed causal order, as in Zheng et al. (2018), "
    "NOTEARS; weights kept from zero, scaled by the root of the number of parents",
    known=_known,
    try_this="`--set nodes=1000`: like nodes are compiled once, so a thousand take seconds. "
    "`shape=saturating` makes the effects depend on the level.",
)
def random_dag(
    nodes: Annotated[int, "the number of variables, x0 to x{nodes - 1}, in causal order"] = 20,
    degree: Annotated[float, "the mean number of edges a node"] = 2.0,
    shape: Annotated[Literal["linear", "saturating"], "of the assignments"] = "linear",
    seed: Annotated[int, "of graph and weights"] = 0,
) -> SCM:
    """A graph drawn at random, and assignments of one shape along it.

        x_i := sum_j W[i, j] x_j + u_i        (linear)
        x_i := tanh(sum_j W[i, j] x_j) + u_i  (saturating)

    with ``u_i ~ Normal(0, 1)``, j over the parents of i, all of them earlier.

    >>> random_dag(nodes=3, degree=1.0, seed=1).order
    ('x0', 'x1', 'x2')
    """
    matrix = weights(nodes, degree, seed)
    family = Linear if shape == "linear" else Saturating
    rhs: dict[str, Any] = {}
    for at, row in enumerate(matrix):
        parents = np.flatnonzero(row)
        if parents.size:
            rhs[f"x{at}"] = node(
                family(tuple(row[parents])),
                parents=[f"x{each}" for each in parents],
                noise={"u": Normal(0, 1)},
            )
        else:
            rhs[f"x{at}"] = Normal(0, 1)
    return SCM(rhs)
