"""Random finite models of a graph, by enumeration: what formulas and rules are held against."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from scm.graph import Graph


class FiniteModel:
    """Each observed node a table given its parents; each `<->` a latent with 3 or 4 states.

    Two states would not do: they make some effects look identified that are not.
    """

    def __init__(self, graph, seed, states=2, hidden=(3, 4)):
        rng = np.random.default_rng(seed)
        self.graph = graph
        self.observed = [name for name in graph.nodes if name not in graph.latent]
        arcs = [f"{a} <-> {b}" for a, b in graph.bidirected]
        self.latents = [*graph.latent, *arcs]
        self.index = {name: i for i, name in enumerate([*graph.nodes, *arcs])}
        self.size = dict.fromkeys(self.observed, states)
        self.size |= {name: int(rng.choice(hidden)) for name in self.latents}
        self.parents = {name: list(graph.parents(name)) for name in graph.nodes}
        for arc, edge in zip(arcs, graph.bidirected, strict=True):
            self.parents[arc] = []
            for name in edge:
                self.parents[name].append(arc)
        self.tables = {
            name: rng.dirichlet(
                np.full(self.size[name], 1.0), [self.size[parent] for parent in parents]
            )
            for name, parents in self.parents.items()
        }

    def forced(self, do=(), tables=None):
        """P(observed | do(do)) at all values, an axis for each observed node (`do` too)."""
        tables = tables or self.tables
        told = []
        for name, parents in self.parents.items():
            if name not in do:
                told += [tables[name], [self.index[n] for n in (*parents, name)]]
        for name in do:  # so that every axis is there
            told += [np.ones(self.size[name]), [self.index[name]]]
        return np.einsum(*told, [self.index[n] for n in self.observed], optimize=True)

    def effect(self, outcome, do=(), given=(), tables=None):
        """P(outcome | do(do), given), axes in the order do, given, outcome."""
        kept = [*do, *given, *outcome]
        gone = [i for i, name in enumerate(self.observed) if name not in kept]
        left = [name for name in self.observed if name in kept]
        values = self.forced(do, tables).sum(axis=tuple(gone))
        values = values.transpose([left.index(name) for name in kept])
        last = tuple(range(len(kept) - len(outcome), len(kept)))
        return values / values.sum(axis=last, keepdims=True)

    def frame(self):
        """The observed joint as value columns and `p`."""
        joint = self.forced()
        values = np.array(list(itertools.product(*map(range, joint.shape))))
        columns = dict(zip(self.observed, values.T, strict=True))
        return pd.DataFrame({**columns, "p": joint.ravel()})


@pytest.fixture(scope="session")
def finite_model():
    """The class: `finite_model(graph, seed)`."""
    return FiniteModel


class Paths:
    """All simple paths of a graph, as node, edge, node, ..., and whether they are open."""

    def __init__(self, graph):
        self.graph = graph
        self.edges = {name: [] for name in graph.nodes}
        for a, b in graph.directed:
            self.edges[a].append(("->", b))
            self.edges[b].append(("<-", a))
        for a, b in graph.bidirected:
            self.edges[a].append(("<->", b))
            self.edges[b].append(("<->", a))

    def between(self, start, end):
        found, waiting = [], [(start,)]
        while waiting:
            path = waiting.pop()
            if path[-1] == end:
                found.append(path)
                continue
            steps = self.edges[path[-1]]
            waiting += [(*path, edge, other) for edge, other in steps if other not in path[::2]]
        return found

    def is_open(self, path, given):
        """By the definition: colliders are above `given`, and nothing else is in it."""
        above = set(self.graph.ancestors(given))
        return all(
            path[i] in above
            if path[i - 1].endswith(">") and path[i + 1].startswith("<")
            else path[i] not in given
            for i in range(2, len(path) - 2, 2)
        )

    def connected(self, x, y, given=()):
        return any(self.is_open(path, given) for path in self.between(x, y))

    @staticmethod
    def is_causal(path):
        return set(path[1::2]) <= {"->"}


@pytest.fixture(scope="session")
def paths():
    """The class: `paths(graph)`."""
    return Paths


def draw_graph(data, most=6, latents=True):
    """A mixed graph of up to `most` nodes; the order of nodes is not that of causes."""
    names = data.draw(st.permutations([f"v{i}" for i in range(most)]), label="order")
    names = names[: data.draw(st.integers(3, most), label="size")]
    pairs = list(itertools.combinations(names, 2))
    bits = st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs))
    rare = st.lists(st.sampled_from([0, 0, 1]), min_size=len(pairs), max_size=len(pairs))
    directed = [p for p, kept in zip(pairs, data.draw(bits), strict=True) if kept]
    bidirected = [p for p, kept in zip(pairs, data.draw(rare), strict=True) if kept]
    hidden = data.draw(st.sampled_from([0, 0, 1]), label="latents") if latents else 0
    latent = data.draw(st.permutations(names))[:hidden]
    return Graph(directed, bidirected, latent, nodes=sorted(names))


@pytest.fixture(scope="session", name="draw_graph")
def _draw_graph():
    """The function: `draw_graph(data, most, latents)` with hypothesis's `data`."""
    return draw_graph
