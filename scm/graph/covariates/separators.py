"""Sets of nodes that separate two others: whether there is one, the minimal, the smallest, all.

m-separation of `x` from `y` is turned into separation in an undirected graph, the augmented
(moral) graph of the ancestors, in which minimal separators are found one after the other. Every
iterator here is lazy, runs in a fixed order, and takes polynomial time to its next set.

Source: van der Zander, Liskiewicz and Textor (2019), Separators and adjustment sets in causal
    graphs, section 3; Richardson (2003) for the augmented graph.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scm.graph.covariates.masks import Masks, between, ones, spread, union


@dataclass(frozen=True)
class Separators:
    """The question for sets Z, `include` <= Z <= `within`, that separate `x` from `y`."""

    form: Masks
    x: int
    y: int
    within: int
    include: int = 0

    def exist(self, include: int, within: int) -> bool:
        """Whether there is one between two sets: then the ancestors that are allowed are one.

        Source: van der Zander et al. (2019), FindSep.
        """
        largest = self.form.ancestors(self.x | self.y | include) & within
        return not self.form.reached(self.x, largest) & self.y

    def all(self) -> Iterator[int]:
        """Every such set, by branching on one node in or out (ListSep)."""
        return between(self.include, self.within | self.include, self.exist)

    def minimal(self) -> Iterator[int]:
        """Those no node outside `include` can be taken from; the one nearest to `y` comes first.

        A separator is told by its near side: the nodes still joined to `x` when it is taken out.
        `side` is part of the near side and `shut` is not. Of the separators that allow that, one
        is nearest to `x`: the border of what is still joined to `y` when the border of `side` is
        taken out. Its near side is contained in all the others', so that there are none when it
        holds a node of `shut`. Otherwise each node of this separator may be on the near side of
        another one, or not.

        Source: Takata (2010), Space-optimal, backtracking algorithms to list the minimal vertex
            separators of a graph; ListMinSep in van der Zander et al. (2019).
        """
        near = self._undirected()
        touching = union(near, self.y)
        waiting = [(self.x, 0)]
        while waiting:
            side, shut = waiting.pop()
            border = union(near, side) & ~side
            if border & self.y:
                continue
            far = spread(near, self.y, ~(side | border))
            separator = union(near, far) & ~far
            side = spread(near, side, ~separator)
            if side & shut:
                continue
            movable = separator & ~shut & ~touching
            if not movable:
                yield separator | self.include
                continue
            node = movable & -movable
            waiting += [(side, shut | node), (side | node, shut)]

    def smallest(self) -> Iterator[int]:
        """Those with the fewest nodes.

        Their size is the greatest number of disjoint paths (Menger). A node belongs to one of them
        if without it one path fewer is left; it can be spared if making it passable adds none.
        """
        near = self._undirected()
        if union(near, self.x) & self.y:
            return
        size = disjoint_paths(near, self.x, self.y)
        undecided = union(near, (1 << len(near)) - 1) & ~(self.x | self.y)
        waiting = [(near, size, self.include, undecided)]
        while waiting:
            near, size, chosen, undecided = waiting.pop()
            if not size:
                yield chosen
                continue
            node = undecided & -undecided
            place = node.bit_length() - 1
            spared = passable(near, node)
            taken = [n & ~node if i != place else 0 for i, n in enumerate(near)]
            if not union(spared, self.x) & self.y and (
                disjoint_paths(spared, self.x, self.y) == size
            ):
                waiting.append((spared, size, chosen, undecided & ~node))
            if disjoint_paths(taken, self.x, self.y) == size - 1:
                waiting.append((taken, size - 1, chosen | node, undecided & ~node))

    def _undirected(self) -> list[int]:
        """Neighbours in the graph whose separators within `within` are the ones asked for.

        Two ancestors are neighbours where a path of colliders joins them: every district with its
        parents is a clique. What is given anyway is taken out; what may not be given is passable.
        """
        form = self.form
        kept = form.ancestors(self.x | self.y | self.include)
        near = [0] * len(form.nodes)
        left = kept
        while left:
            district = spread(form.siblings, left & -left, kept)
            left &= ~district
            clique = district | union(form.parents, district)
            for i in ones(clique):
                near[i] |= clique & ~(1 << i)
        near = [n & ~self.include if not self.include >> i & 1 else 0 for i, n in enumerate(near)]
        return passable(near, kept & ~(self.x | self.y | self.within | self.include))


def passable(near: Sequence[int], nodes: int) -> list[int]:
    """The undirected graph without `nodes`, which leave their neighbours joined to each other."""
    joined = list(near)
    for gone in ones(nodes):
        ends = joined[gone]
        for i in ones(ends):
            joined[i] = (joined[i] | ends) & ~(1 << i | 1 << gone)
        joined[gone] = 0
    return joined


def disjoint_paths(near: Sequence[int], x: int, y: int) -> int:
    """How many paths without a common node join `x` to `y`, which are not neighbours.

    Ford and Fulkerson's augmenting paths, where every node carries at most one path: `before[v]`
    is what precedes node v on the path through it (-1 for a node of `x`).
    """
    before: dict[int, int] = {}
    count = 0
    while (found := _augmented(near, x, y, before)) is not None:
        before = found
        count += 1
    return count


def _augmented(
    near: Sequence[int], x: int, y: int, before: dict[int, int]
) -> dict[int, int] | None:
    """The paths rearranged so that there is one more, or None where there cannot be.

    The search stands before a node (v, False) or behind it (v, True). A node in use is not passed:
    from before it the search backs up along its path to behind the node that precedes it, and from
    there goes on elsewhere, or backs up further, which frees that node.
    """
    came: dict[tuple[int, bool], tuple[int, bool] | None] = {}
    came |= {(v, False): None for v in ones(union(near, x) & ~x)}
    ahead = deque(came)
    while ahead:
        here = ahead.popleft()
        node, behind = here
        if behind and near[node] & y:
            return _rerouted(before, came, here)
        if behind:
            steps = [(v, False) for v in ones(near[node] & ~x)]
            steps += [(node, False)] if node in before else []
        elif node in before:
            steps = [(before[node], True)] if before[node] >= 0 else []
        else:
            steps = [(node, True)]
        for step in steps:
            if step not in came:
                came[step] = here
                ahead.append(step)
    return None


def _rerouted(
    before: dict[int, int],
    came: dict[tuple[int, bool], tuple[int, bool] | None],
    last: tuple[int, bool],
) -> dict[int, int]:
    rerouted = dict(before)
    here: tuple[int, bool] | None = last
    while here is not None:
        node, behind = here
        there = came[here]
        if not behind and there == (node, True):
            del rerouted[node]
        elif not behind:
            rerouted[node] = -1 if there is None else there[0]
        here = there
    return rerouted
