"""The independences that a graph implies among what is observed: one claim for every pair."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from scm.graph.covariates.masks import read
from scm.graph.covariates.separators import Separators

if TYPE_CHECKING:
    from scm.graph.graph import Graph


@dataclass(frozen=True)
class Independence:
    """`x` and `y` are independent given `given`, in every model with the graph."""

    x: str
    y: str
    given: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.x} _||_ {self.y}" + (f" | {', '.join(self.given)}" if self.given else "")


def implied(graph: "Graph") -> Iterator[Independence]:
    """The claims, pair by pair in the order of `nodes`, after latents are projected out."""
    seen = graph.latent_projection()
    form = read(seen)
    for x, y in combinations(range(len(seen.nodes)), 2):
        if (form.parents[x] | form.children[x] | form.siblings[x]) >> y & 1:
            continue
        given: int | None = form.parents[x] | form.parents[y]
        if seen.bidirected:
            given = next(Separators(form, 1 << x, 1 << y, form.observed).minimal(), None)
        if given is not None:
            yield Independence(seen.nodes[x], seen.nodes[y], form.names(given))
