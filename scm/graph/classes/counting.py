"""How many DAGs a class holds, counted without listing them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from math import factorial, prod

from scm.graph.checks import Edge
from scm.graph.classes.meek import Skeleton

# Sets of nodes are the bits of an int: node i is `1 << i`.
Nodes = int


def count_members(skeleton: Skeleton, essential: Iterable[Edge], arrows: Iterable[Edge]) -> int:
    """The DAGs with this skeleton, these essential arrows and, beyond them, these `arrows`.

    What the essential arrows leave open falls into parts that are turned independently of each
    other; each is a chordal graph, turned without a cycle and without a collider.

    Source: Andersson, Madigan and Perlman (1997), A characterization of Markov equivalence
        classes for acyclic digraphs, theorem 4.1.
    """
    fixed, place = set(essential), {name: i for i, name in enumerate(skeleton.nodes)}
    near, into = [0] * len(place), [0] * len(place)
    for a, b in skeleton.edges:
        if (a, b) not in fixed and (b, a) not in fixed:
            near[place[a]] |= 1 << place[b]
            near[place[b]] |= 1 << place[a]
    for tail, head in arrows:
        if (tail, head) not in fixed:
            into[place[head]] |= 1 << place[tail]
    return count_orientations(near, into)


def count_orientations(near: Sequence[Nodes], into: Sequence[Nodes]) -> int:
    """The ways to turn a chordal graph without cycle or collider, `into[i]` pointing to node i.

    Where nothing is told, by picking cliques, in polynomial time. Where something is, by picking
    roots: each way has one node in each part from which all others are reached, and what this
    root leaves open falls into smaller parts. What is told is closed under Meek's rules, so that
    whatever it does not point into may be the root, and stays closed within the parts. Counting is
    #P-hard then, and this may be slow where much is open and little is told; parts met again are
    counted once.

    Source: Wienoebst, Bannach and Liskiewicz (2021), Polynomial-time algorithms for counting and
        sampling Markov equivalent DAGs; He, Jia and Yu (2015), Counting and exploring sizes of
        Markov equivalence classes of directed acyclic graphs, for roots.
    """

    @cache
    def count(part: Nodes) -> int:
        told = [i for i in _each(part) if into[i] & part]
        if not told:
            return _count_free(near, part, count)
        touched = 0
        for i in told:
            touched |= 1 << i | into[i] & part
        if all(near[i] & part == part & ~(1 << i) for i in _each(part)) and touched != part:
            # Of a clique the ways are its orders, and nodes not told of may stand anywhere.
            return count(touched) * factorial(part.bit_count()) // factorial(touched.bit_count())
        total = 0
        for root in _each(part):
            if not into[root] & part:
                layers = _layers(near, part, 1 << root)
                total += prod(count(p) for layer in layers for p in _parts(near, layer))
        return total

    return prod(count(part) for part in _parts(near, (1 << len(near)) - 1))


def _count_free(near: Sequence[Nodes], part: Nodes, count: Callable[[Nodes], int]) -> int:
    """Each way has one maximal clique that comes first, if cliques that share their first nodes
    are told apart by a tree of cliques: the orders of a clique that do not start with what it
    shares with a clique nearer to the root of the tree, times the ways of what they leave open.
    """
    total = 0
    for clique, shared in _cliques(near, part):
        sizes = tuple(sorted({each.bit_count() for each in shared if each & clique == each}))
        orders = _orders(clique.bit_count(), sizes)
        rest = (p for layer in _layers(near, part, clique) for p in _parts(near, layer))
        total += orders * prod(map(count, rest))
    return total


@cache
def _orders(size: int, starts: tuple[int, ...]) -> int:
    """Orders of `size` nodes that begin with none of the nested sets of these sizes."""
    begun = (factorial(size - s) * _orders(s, starts[:i]) for i, s in enumerate(starts))
    return factorial(size) - sum(begun)


def _cliques(near: Sequence[Nodes], part: Nodes) -> list[tuple[Nodes, list[Nodes]]]:
    """The maximal cliques of a connected chordal part, and what is shared along the way to each
    from the root of a tree of them.

    Source: Blair and Peyton (1993), An introduction to chordal graphs and clique trees,
        algorithm 4.2: maximum cardinality search.
    """
    cliques: list[tuple[Nodes, list[Nodes]]] = []
    home: dict[int, int] = {}
    seen = before = 0
    while seen != part:
        node = max(_each(part & ~seen), key=lambda i: (near[i] & seen).bit_count())
        met = near[node] & seen
        if not cliques:
            cliques.append((1 << node, []))
        elif met.bit_count() <= before:
            above = home[next(i for i in reversed(home) if met >> i & 1)]
            cliques.append((met | 1 << node, [*cliques[above][1], met]))
        else:
            cliques[-1] = (cliques[-1][0] | 1 << node, cliques[-1][1])
        home[node] = len(cliques) - 1
        seen, before = seen | 1 << node, met.bit_count()
    return cliques


def _layers(near: Sequence[Nodes], part: Nodes, first: Nodes) -> Iterator[Nodes]:
    """What stays open when the nodes of a clique come first: within a layer, never between two.

    Source: Wienoebst, Bannach and Liskiewicz (2021), algorithm 1: lexicographic breadth-first
        search from the clique; a set of equals becomes a layer when its first node is visited.
    """
    equals, laid = [first, part & ~first], first
    while equals:
        now = equals[0]
        if not now:
            equals.pop(0)
            continue
        node = now & -now
        if not node & laid:
            laid |= now
            yield now
        equals[0] = now & ~node
        at = near[node.bit_length() - 1]
        equals = [half for each in equals for half in (each & at, each & ~at) if half]


def _parts(near: Sequence[Nodes], of: Nodes) -> Iterator[Nodes]:
    """The connected parts of the graph that these nodes induce."""
    while of:
        part, ahead = 0, of & -of
        while ahead:
            part |= ahead
            ahead = _union(near[i] for i in _each(ahead)) & of & ~part
        yield part
        of &= ~part


def _union(sets: Iterable[Nodes]) -> Nodes:
    met = 0
    for each in sets:
        met |= each
    return met


def _each(nodes: Nodes) -> Iterator[int]:
    while nodes:
        lowest = nodes & -nodes
        yield lowest.bit_length() - 1
        nodes ^= lowest
