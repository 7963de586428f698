"""All graphs of a handful of variables, scored by BIC, and the effect that the best of them has."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

Parents = tuple[tuple[int, ...], ...]
"""Of each variable, by number, the variables that its arrows come from."""


@functools.cache
def graphs(count: int) -> tuple[Parents, ...]:
    """Every acyclic graph of so many variables.

    >>> [len(graphs(count)) for count in (1, 2, 3)]
    [1, 3, 25]
    """
    others = [[each for each in range(count) if each != child] for child in range(count)]
    sets = [[*_subsets(each)] for each in others]
    return tuple(each for each in itertools.product(*sets) if _order(each) is not None)


def best_graph(data: pd.DataFrame, roles) -> float:
    """The slope that the treatment has in the best graph, adjusted for its parents there.

    The graphs are of treatment, outcome and what is in ``adjust``.

    Raises ValueError where graphs of one and the same score have different effects.
    """
    names = list(data.columns)
    treatment, outcome = names.index(roles.treatment), names.index(roles.outcome)
    moments, n = np.cov(data.to_numpy(float).T, bias=True), len(data)
    local = functools.cache(lambda child, parents: _score(moments, n, child, parents))
    scores = [sum(itertools.starmap(local, enumerate(each))) for each in graphs(len(names))]
    best = [
        each
        for each, score in zip(graphs(len(names)), scores, strict=True)
        if score > max(scores) - 1e-6  # equivalent graphs differ by rounding
    ]
    effects = [_effect(moments, each, treatment, outcome) for each in best]
    if max(effects) - min(effects) > 1e-9:
        raise ValueError(f"{len(best)} graphs are best, with effects from {min(effects):.3g}")
    return effects[0]


best_graph.target = "TotalEffect"
best_graph.assumes = ("linear and normal", "no unmeasured common cause", "no cancelling paths")


def _score(moments: np.ndarray, n: int, child: int, parents: tuple[int, ...]) -> float:
    """The part of a graph's BIC that is a variable's: its log-likelihood less log(n)/2 an arrow."""
    left = moments[child, child] - moments[child, parents] @ _slopes(moments, child, parents)
    return -0.5 * n * math.log(left) - 0.5 * len(parents) * math.log(n)


def _slopes(moments: np.ndarray, child: int, parents: tuple[int, ...]) -> np.ndarray:
    return np.linalg.solve(moments[np.ix_(parents, parents)], moments[parents, child])


def _effect(moments: np.ndarray, graph: Parents, treatment: int, outcome: int) -> float:
    """By the back door: the treatment's parents shut it, unless the outcome is one of them."""
    if outcome in graph[treatment]:
        return 0.0
    return float(_slopes(moments, outcome, (treatment, *graph[treatment]))[0])


def _order(graph: Parents) -> list[int] | None:
    """The variables with causes first; None where there is a loop."""
    order: list[int] = []
    while len(order) < len(graph):
        free = [
            each
            for each, parents in enumerate(graph)
            if each not in order and set(parents) <= set(order)
        ]
        if not free:
            return None
        order += free
    return order


def _subsets(values: list[int]) -> Iterator[tuple[int, ...]]:
    for size in range(len(values) + 1):
        yield from itertools.combinations(values, size)
