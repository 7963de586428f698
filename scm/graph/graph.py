"""A causal graph: directed edges, bidirected edges, and marks on the nodes that are hidden."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from os import PathLike
from typing import TYPE_CHECKING, Literal

from scm.formats import catalogue, plain
from scm.formats.specification import Specification
from scm.graph.checks import (
    Edge,
    Names,
    find_cycle,
    read_edges,
    read_names,
    read_nodes,
    refuse_overlap,
    refuse_unknown,
)
from scm.graph.claims.independences import Independence, implied
from scm.graph.classes.equivalence import Equivalence, compare
from scm.graph.covariates.adjustment import Adjustment, adjustment_sets, forbidden_nodes
from scm.graph.covariates.adjustment import check as check_adjustment
from scm.graph.covariates.causal import refuse_latent
from scm.graph.covariates.frontdoor import FrontDoor, frontdoor_sets
from scm.graph.covariates.frontdoor import check as check_frontdoor
from scm.graph.covariates.instruments import Instrument, instruments
from scm.graph.covariates.instruments import check as check_instrument
from scm.graph.covariates.mediation import Mediation, mediation
from scm.graph.projection import project
from scm.graph.separation import Separation, separate
from scm.graph.surgery import cut, districts, induced

if TYPE_CHECKING:
    import networkx

    from scm.formats.networks import Bidirected
    from scm.graph.claims.columns import Data
    from scm.graph.claims.falsification import Falsification
    from scm.graph.classes.cpdag import CPDAG
    from scm.graph.identification.answer import Identification
    from scm.graph.identification.docalculus import Rule


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Graph:
    """An acyclic graph of causes: `A -> B` (A acts on B), `A <-> B` (an unseen common cause).

    Args:
        directed: pairs (cause, effect). Together they must be free of cycles.
        bidirected: pairs with an unseen common cause, in either order. A pair may have both edges.
        latent: nodes that exist but are never in the data.
        nodes: all nodes, in the order wanted. May be left out when every node has an edge; the
            order is then that of appearance.

    Names are strings of any kind. All answers come in the order of `nodes`, whatever the hash
    seed. Two graphs are equal when they have the same nodes, edges and latents, in whatever order
    these were written. `A <-> B` stands for a hidden cause that has no name, `latent` marks one
    that has: `latent_projection` turns the second into the first.

    Raises:
        ValueError: a loop, a cycle (shown as a path), a repeated or unknown name (with the nearest
            known one).
        TypeError: a name that is not a string, an edge that is not a pair.

    Source: Richardson (2003), Markov properties for acyclic directed mixed graphs.

    >>> graph = Graph(directed=[("Z", "T"), ("T", "Y")], bidirected=[("T", "Y")])
    >>> print(graph)
    Z -> T; T -> Y; T <-> Y
    >>> graph.ancestors("T")
    ('Z', 'T')
    >>> graph.parents("t")
    Traceback (most recent call last):
    ValueError: parents: 't' is no node of this graph; did you mean 'T'?
    """

    nodes: tuple[str, ...]
    directed: tuple[Edge, ...]
    bidirected: tuple[Edge, ...]
    latent: tuple[str, ...]

    def __init__(
        self,
        directed: Iterable[Edge] = (),
        bidirected: Iterable[Edge] = (),
        latent: Iterable[str] = (),
        nodes: Iterable[str] | None = None,
    ) -> None:
        arrows = read_edges("directed", "->", directed)
        arcs = read_edges("bidirected", "<->", bidirected)
        hidden = read_names("latent", latent)
        met = tuple(dict.fromkeys(name for edge in (*arrows, *arcs) for name in edge))
        named = met if nodes is None else read_names("nodes", nodes)
        refuse_unknown("directed", (name for edge in arrows for name in edge), named)
        refuse_unknown("bidirected", (name for edge in arcs for name in edge), named)
        refuse_unknown("latent", hidden, named)
        place = {name: i for i, name in enumerate(named)}
        # A frozen dataclass sets its own fields this way.
        object.__setattr__(self, "nodes", named)
        object.__setattr__(self, "directed", arrows)
        object.__setattr__(self, "bidirected", tuple(_ordered(arc, place) for arc in arcs))
        object.__setattr__(self, "latent", tuple(sorted(hidden, key=place.__getitem__)))
        cycle = find_cycle(self.nodes, self._children)
        if cycle:
            raise ValueError(f"directed: the edges run in a circle: {' -> '.join(cycle)}")

    def parents(self, of: Names) -> tuple[str, ...]:
        """The nodes with an edge into `of` (one name or several), in the order of `nodes`."""
        return self._step("parents", of, self._parents)

    def children(self, of: Names) -> tuple[str, ...]:
        """The nodes with an edge from `of` (one name or several), in the order of `nodes`."""
        return self._step("children", of, self._children)

    def siblings(self, of: Names) -> tuple[str, ...]:
        """The nodes with a bidirected edge to `of` (one name or several)."""
        return self._step("siblings", of, self._siblings)

    def ancestors(self, of: Names) -> tuple[str, ...]:
        """`of` and all nodes with a directed path into it: a node is an ancestor of itself."""
        return self._closure("ancestors", of, self._parents)

    def descendants(self, of: Names) -> tuple[str, ...]:
        """`of` and all nodes with a directed path from it: a node is a descendant of itself."""
        return self._closure("descendants", of, self._children)

    def topological_order(self) -> tuple[str, ...]:
        """Causes before effects; among those that are free to come next, the first in `nodes`.

        >>> Graph(directed=[("C", "A"), ("B", "A")], nodes=["A", "B", "C"]).topological_order()
        ('B', 'C', 'A')
        """
        place = {name: i for i, name in enumerate(self.nodes)}
        waiting = {name: len(self._parents[name]) for name in self.nodes}
        ready = [place[name] for name, parents in waiting.items() if not parents]
        order: list[str] = []
        while ready:
            order.append(self.nodes[heappop(ready)])
            for child in self._children[order[-1]]:
                waiting[child] -= 1
                if not waiting[child]:
                    heappush(ready, place[child])
        return tuple(order)

    def latent_projection(self) -> "Graph":
        """The same graph without its latents: what they do is told by edges among the others.

        `A -> B` stays or appears when a directed path runs from A to B through latents only;
        `A <-> B` when a path through latents only, without colliders, points into both. The two
        graphs say the same about every separation and every effect among the observed.

        Source: Verma and Pearl (1990), Equivalence and synthesis of causal models, section 3.

        >>> print(
        ...     Graph(
        ...         directed=[("U", "T"), ("U", "Y"), ("T", "Y")], latent=["U"]
        ...     ).latent_projection()
        ... )
        T -> Y; T <-> Y
        """
        directed, bidirected = project(self.nodes, self.directed, self.bidirected, self.latent)
        observed = [name for name in self.nodes if name not in self.latent]
        return Graph(directed, bidirected, nodes=observed)

    # ------------------------------------------------------------------------------ surgery

    def cut(self, into: Names = (), out_of: Names = ()) -> "Graph":
        """Without the edges with a head at `into` and without the arrows that leave `out_of`.

        `cut(into=X)` is the graph under do(X); `cut(out_of=X)` keeps the back doors of X only.

        Source: Pearl (2009), Causality, section 3.4: G with X overlined, X underlined.

        >>> print(Graph(directed=[("Z", "T"), ("T", "Y")], bidirected=[("T", "Y")]).cut(into="T"))
        T -> Y; Z
        """
        return cut(self, self._several("cut(into)", into), self._several("cut(out_of)", out_of))

    def subgraph(self, nodes: Names) -> "Graph":
        """The nodes named, in the order of this graph's `nodes`, and the edges among them."""
        return induced(self, self._several("subgraph", nodes))

    def districts(self) -> tuple[tuple[str, ...], ...]:
        """The parts that bidirected edges hold together (c-components), latents as nodes.

        Source: Tian and Pearl (2002), A general identification condition for causal effects.

        >>> Graph(directed=[("X", "Z"), ("Z", "Y")], bidirected=[("X", "Y")]).districts()
        (('X', 'Y'), ('Z',))
        """
        return districts(self)

    # ---------------------------------------------------------------------------- separation

    def separated(self, x: Names, y: Names, given: Names = ()) -> Separation:
        """Whether `given` separates `x` from `y` (d-separation; m-separation with `<->`).

        Args:
            x, y, given: one name or several, no name in two of them; `x` and `y` not empty.
                Latent nodes may be asked about like any other.

        Returns:
            A `Separation`: true when they are separated; its `reason` names an open path, or the
            nodes at which every path is blocked.

        Raises:
            ValueError: an unknown name, a name in two places, nothing on one side.

        Source: Pearl (2009), Causality, definition 1.2.3; Richardson (2003) for `<->`.

        >>> collider = Graph(directed=[("A", "B"), ("C", "B")])
        >>> print(collider.separated("A", "C"))
        separated: every path is blocked: at B (a collider)
        >>> print(collider.separated("A", "C", given="B"))
        connected: A -> B <- C is open: the collider B is given
        """
        asked = self._apart("separated", x=x, y=y, given=given)
        return separate(self, asked["x"], asked["y"], asked["given"])

    # ------------------------------------------------- adjustment, front door, instruments

    def is_adjustment_set(self, treatment: Names, outcome: Names, given: Names = ()) -> Adjustment:
        """Whether the effect is the mean, over `given`, of P(outcome | treatment, given).

        P(y | do(x)) = sum_z P(y | x, z) P(z) in every model of this graph: the generalised
        adjustment criterion, sound and complete.

        Args:
            treatment, outcome, given: one name or several, no name in two of them; `treatment` and
                `outcome` not empty and in the data.

        Returns:
            An `Adjustment`: true if it is; else its `latent` or `forbidden` nodes or the open
            `path`, and the `reason` in words.

        Raises:
            ValueError: an unknown name, a name in two places, nothing on one side, a latent
                treatment or outcome.

        Source: Shpitser, VanderWeele and Robins (2010); Perkovic et al. (2018).

        >>> graph = Graph([("Z", "T"), ("Z", "Y"), ("T", "M"), ("M", "Y")])
        >>> print(graph.is_adjustment_set("T", "Y"))
        no adjustment set: T <- Z -> Y is open, and not causal
        >>> print(graph.is_adjustment_set("T", "Y", given=["Z", "M"]))
        no adjustment set: M is on, or after, a causal path from T to Y
        >>> print(graph.is_adjustment_set("T", "Y", given="Z"))
        an adjustment set: apart from causal paths, every path is blocked: at Z (given)
        """
        asked = self._question("is_adjustment_set", treatment, outcome, given=given)
        return check_adjustment(self, asked["treatment"], asked["outcome"], asked["given"])

    def forbidden(self, treatment: Names, outcome: Names) -> tuple[str, ...]:
        """The nodes that no adjustment set may hold: those on, or after, a causal path.

        Descendants of the nodes, other than the treatment, on directed paths from `treatment` to
        `outcome` that meet `treatment` only at their start; treatment and outcome are not listed.
        Else as `is_adjustment_set`.

        >>> Graph([("T", "M"), ("M", "Y"), ("M", "D"), ("Y", "E"), ("T", "C")]).forbidden("T", "Y")
        ('M', 'D', 'E')
        """
        asked = self._question("forbidden", treatment, outcome)
        return forbidden_nodes(self, asked["treatment"], asked["outcome"])

    def adjustment_sets(
        self,
        treatment: Names,
        outcome: Names,
        kind: Literal["minimal", "all", "smallest", "optimal"] = "minimal",
    ) -> Iterator[frozenset[str]]:
        """The adjustment sets of a kind, lazily, in an order that depends on `nodes` alone.

        Args:
            treatment, outcome: one name or several, no name in both.
            kind: `minimal` (no node can be left out; the one nearest the outcome first), `all`,
                `smallest` (the fewest nodes), or `optimal`: the one set, if there is one, with
                which the effect has the least asymptotic variance in every linear model of the
                graph. With unseen common causes there may be none; nor is one offered where
                consequences of an outcome that the treatment does not act on could be given.

        Returns:
            An iterator: without elements if there is no such set, and with `frozenset()` among
            them if nothing need be given. There can be exponentially many; each takes polynomial
            time.

        Raises:
            ValueError: as `is_adjustment_set`, or an unknown kind.

        Source: van der Zander, Liskiewicz and Textor (2019), Separators and adjustment sets in
            causal graphs; Henckel, Perkovic and Maathuis (2022), and Runge (2021), for `optimal`.

        >>> graph = Graph([("A", "T"), ("A", "B"), ("B", "Y"), ("T", "Y"), ("P", "Y")])
        >>> [sorted(given) for given in graph.adjustment_sets("T", "Y")]
        [['B'], ['A']]
        >>> [sorted(given) for given in graph.adjustment_sets("T", "Y", kind="optimal")]
        [['B', 'P']]
        >>> list(Graph([("T", "Y")], [("T", "Y")]).adjustment_sets("T", "Y"))
        []
        """
        asked = self._question("adjustment_sets", treatment, outcome)
        return adjustment_sets(self, asked["treatment"], asked["outcome"], kind)

    def is_frontdoor_set(self, treatment: Names, outcome: Names, given: Names) -> FrontDoor:
        """Whether `given` fulfils the front-door criterion.

        P(y | do(x)) = sum_z P(z | x) sum_x' P(y | x', z) P(x'): `given` meets every directed path
        from `treatment` to `outcome`, and no back-door path is open from `treatment` to it, nor
        from it to `outcome` given `treatment`. The empty set is none.

        Args:
            treatment, outcome, given: as for `is_adjustment_set`.

        Returns:
            A `FrontDoor`: true if it is; else the `condition` that fails, the `path` that breaks
            it, and the `reason` in words.

        Raises:
            ValueError: as `is_adjustment_set`.

        Source: Pearl (2009), Causality, definition 3.3.3.

        >>> graph = Graph([("T", "M"), ("M", "Y")], [("T", "Y")])
        >>> bool(graph.is_frontdoor_set("T", "Y", given="M"))
        True
        >>> print(Graph([("T", "M"), ("M", "Y")], [("M", "Y")]).is_frontdoor_set("T", "Y", "M"))
        no front-door set: the back-door path M <-> Y is open, with T given
        """
        asked = self._question("is_frontdoor_set", treatment, outcome, given=given)
        return check_frontdoor(self, asked["treatment"], asked["outcome"], asked["given"])

    def frontdoor_sets(
        self, treatment: Names, outcome: Names, kind: Literal["minimal", "all"] = "minimal"
    ) -> Iterator[frozenset[str]]:
        """The sets that fulfil the front-door criterion, lazily, in an order that is fixed.

        Each of `all`, and the first of `minimal`, takes polynomial time. An iterator without
        elements says that there is none. Else as `is_frontdoor_set`.

        Source: Jeong, Tian and Bareinboim (2022), Finding and listing front-door adjustment sets.

        >>> graph = Graph([("T", "M"), ("M", "Y"), ("W", "M")], [("T", "Y")])
        >>> [sorted(found) for found in graph.frontdoor_sets("T", "Y", kind="all")]
        [['M'], ['M', 'W']]
        """
        asked = self._question("frontdoor_sets", treatment, outcome)
        return frontdoor_sets(self, asked["treatment"], asked["outcome"], kind)

    def is_instrument(
        self, treatment: str, outcome: str, instrument: str, given: Names = ()
    ) -> Instrument:
        """Whether a node is an instrument for an effect, given some covariates.

        It is one if `treatment` acts neither on it nor on `given`, it is connected to `treatment`,
        and `given` separates it from `outcome` once the treatment's effect on it is cut.

        Returns:
            An `Instrument`: true if it is; the `path` that makes it relevant, or spoils it, and
            the `reason` in words.

        Raises:
            ValueError: as `is_adjustment_set`, or several treatments, outcomes or instruments.

        Source: Pearl (2009), Causality, definition 7.4.1; Brito and Pearl (2002).

        >>> graph = Graph([("W", "Z"), ("W", "Y"), ("Z", "T"), ("T", "Y")], [("T", "Y")])
        >>> bool(graph.is_instrument("T", "Y", "Z", given="W"))
        True
        >>> print(graph.is_instrument("T", "Y", "Z"))
        Z: no instrument, apart from T's effect on Y, Z <- W -> Y is open
        """
        asked = self._question(
            "is_instrument", treatment, outcome, instrument=instrument, given=given
        )
        return check_instrument(
            self, asked["treatment"], asked["outcome"], asked["instrument"], asked["given"]
        )

    def instruments(
        self, treatment: str, outcome: str, kind: Literal["minimal", "one"] = "minimal"
    ) -> Iterator[Instrument]:
        """The instruments for an effect, with what must be given, lazily.

        Z is one given W if `treatment` acts on neither, W leaves Z connected to `treatment`, and W
        separates Z from `outcome` once the treatment's effect on it is cut. In a linear model
        cov(Z, outcome | W) / cov(Z, treatment | W) is then the total effect.

        Args:
            treatment, outcome: two nodes in the data.
            kind: `minimal` gives every minimal W of each instrument (there may be exponentially
                many); `one` gives one W for each, in polynomial time. `one` leaves out nodes that
                are connected to the treatment only by colliders that are opened on purpose, and
                `minimal` follows these up to two such openings. Where any instrument exists both
                have one.

        Returns:
            An iterator of `Instrument` records: `instrument`, `given`, `path`, `reason`.

        Raises:
            ValueError: as `is_adjustment_set`, several treatments or outcomes, an unknown kind.

        Source: Brito and Pearl (2002), Generalized instrumental variables; van der Zander, Textor
            and Liskiewicz (2015), Efficiently finding conditional instruments.

        >>> graph = Graph([("W", "Z"), ("W", "Y"), ("Z", "T"), ("T", "Y")], [("T", "Y")])
        >>> for found in graph.instruments("T", "Y"):
        ...     print(found)
        Z given {W}: Z -> T is open; apart from T's effect on Y, every path is blocked: at W
            (given), T (a collider)
        """
        asked = self._question("instruments", treatment, outcome)
        return instruments(self, asked["treatment"], asked["outcome"], kind)

    def mediators(self, treatment: Names, outcome: Names) -> Mediation:
        """The observed nodes on directed paths from `treatment` to `outcome`, and what avoids them.

        Returns:
            A `Mediation`: true if there are any. It has the `mediators`, whether mediation is
            `full` (nothing goes around them all), those that mediate everything `alone`, and else
            the `path` that avoids them: the direct edge, or one through latent nodes.

        Raises:
            ValueError: as `separated`.

        >>> print(Graph([("T", "M"), ("M", "Y"), ("T", "Y")]).mediators("T", "Y"))
        partial mediation by M: T -> Y meets none
        """
        asked = self._apart("mediators", treatment=treatment, outcome=outcome)
        return mediation(self, asked["treatment"], asked["outcome"])

    # --------------------------------------------------------------------------- do-calculus

    def rule1(self, y: Names, do: Names, z: Names, w: Names = ()) -> "Rule":
        """Whether rule 1 drops a condition: P(y | do(do), z, w) = P(y | do(do), w).

        It does where `do` and `w` separate `y` from `z` in the graph without edges into `do`.

        Args:
            y, do, z, w: one name or several, no name in two of them; `y` and `z` not empty.

        Returns:
            A `Rule`: true when it holds; it has the `graph` after the surgery, the `reason` and
            the `equation`, `latex()` too.

        Raises:
            ValueError: an unknown name, a name in two places, no `y` or no `z`.

        Source: Pearl (2009), Causality, theorem 3.4.1.

        >>> print(Graph([("Z", "T"), ("T", "Y")]).rule1("Y", do="T", z="Z"))
        rule 1 (drops the condition) holds: P(Y | do(T), Z) = P(Y | do(T)): Y and Z are separated
            given T in the graph without the edges into T: no path joins them
        """
        return self._rule(1, y, do, z, w)

    def rule2(self, y: Names, do: Names, z: Names, w: Names = ()) -> "Rule":
        """Whether rule 2 exchanges doing for seeing: P(y | do(do), do(z), w) = P(y | do(do), z, w).

        It does where `do` and `w` separate `y` from `z` in the graph without edges into `do` and
        without the arrows out of `z`: what is left are the back doors of `z`. Else as `rule1`.

        >>> back_door = Graph([("Z", "T"), ("Z", "Y"), ("T", "Y")])
        >>> bool(back_door.rule2("Y", do=(), z="T")), bool(back_door.rule2("Y", (), "T", w="Z"))
        (False, True)
        """
        return self._rule(2, y, do, z, w)

    def rule3(self, y: Names, do: Names, z: Names, w: Names = ()) -> "Rule":
        """Whether rule 3 drops an intervention: P(y | do(do), do(z), w) = P(y | do(do), w).

        It does where `do` and `w` separate `y` from `z` in the graph without edges into `do` and
        into those of `z` that are, so far, no ancestors of `w`. Else as `rule1`.

        >>> print(Graph([("T", "Y")]).rule3("T", do=(), z="Y").equation)
        P(T | do(Y)) = P(T)
        """
        return self._rule(3, y, do, z, w)

    def identify(self, outcome: Names, do: Names, given: Names = ()) -> "Identification":
        """Whether P(outcome | do(do), given) can be told from what is seen, and by which formula.

        The algorithms are complete: where there is no formula two models agree on all that is seen
        and differ in the effect, and a `hedge` certifies it. Latent nodes are projected out first.

        Args:
            outcome, do, given: one name or several, no name in two of them; `outcome` not empty.
                `do=()` asks for a conditional of what is seen.

        Returns:
            An `Identification`: true when there is a formula. It has `formula` or `hedge`,
            `reason`, `latex()`, `derivation()`, and `evaluate(frame)` for its numbers.

        Raises:
            ValueError: an unknown or latent name, a name in two places, no outcome.

        Source: Shpitser and Pearl (2006), Identification of joint interventional distributions in
            recursive semi-Markovian causal models (ID); Identification of conditional
            interventional distributions (IDC).

        >>> print(Graph([("T", "M"), ("M", "Y")], [("T", "Y")]).identify("Y", do="T"))
        P(Y | do(T)) = sum_{M} P(M | T) sum_{T'} P(Y | M, T') P(T')
        >>> print(Graph([("T", "Y")], [("T", "Y")]).identify("Y", do="T"))
        P(Y | do(T)) is not identified: the C-forests F = {T, Y} and F' = {Y} with the roots {Y}
            are a hedge: hidden common causes hold both together, and only F meets do(T)
        """
        from scm.graph.identification.answer import identify

        named = {"outcome": outcome, "do": do, "given": given}
        asked = {role: self._several(f"identify({role})", n) for role, n in named.items()}
        refuse_overlap("identify", asked, filled=1)
        return identify(self, **asked)

    def _rule(self, number: int, y: Names, do: Names, z: Names, w: Names) -> "Rule":
        from scm.graph.identification.docalculus import ask

        asked = self._apart(f"rule{number}", y=y, z=z, do=do, w=w)
        return ask(number, self, **asked)

    # --------------------------------------------------------------- equivalence and data

    def cpdag(self) -> "CPDAG":
        """The class of DAGs that imply the same separations: common arrows, and edges left open.

        Raises:
            ValueError: a graph with latents or bidirected edges, whose class has other marks.

        Source: Meek (1995), Causal inference and causal explanation with background knowledge.

        >>> print(Graph([("A", "B"), ("B", "D"), ("C", "D"), ("D", "E")]).cpdag())
        B -> D; D -> E; C -> D; A - B
        """
        from scm.graph.classes.cpdag import class_of

        return class_of(self)

    def equivalent(self, other: "Graph") -> Equivalence:
        """Whether another DAG over the same nodes implies the same separations.

        Returns:
            An `Equivalence`: true if the same pairs are joined and the same colliders have ends
            that are not; its `reason` names what differs.

        Raises:
            ValueError: latents or bidirected edges in one of them, or other nodes.
            TypeError: not a graph.

        Source: Verma and Pearl (1990), Equivalence and synthesis of causal models, theorem 1.

        >>> chain, fork = Graph([("A", "B"), ("B", "C")]), Graph([("B", "A"), ("B", "C")])
        >>> bool(chain.equivalent(fork))
        True
        >>> print(chain.equivalent(Graph([("A", "B"), ("C", "B")])))
        not equivalent: A -> B <- C is a collider in one graph only
        """
        if not isinstance(other, Graph):
            raise TypeError(f"equivalent: {other!r} is a {type(other).__name__}; a Graph is wanted")
        return compare(self, other)

    def independences(self) -> tuple[Independence, ...]:
        """The independences that the graph implies among the observed, one for a pair.

        In a DAG, for every two nodes that are not joined, given the parents of both: a basis, from
        which all others follow where independences compose (as in Gaussian models), and whose
        tests are independent of each other. With latents or `<->`, for every two observed nodes
        that some set separates, given a minimal one. What a graph implies besides (equalities
        other than independences, inequalities) is not among them.

        Source: Shipley (2000), A new inferential test for path models based on directed acyclic
            graphs; Richardson (2003) for `<->`.

        >>> for claim in Graph([("A", "B"), ("B", "C"), ("C", "D")]).independences():
        ...     print(claim)
        A _||_ C | B
        A _||_ D | C
        B _||_ D | A, C
        >>> Graph([("A", "B"), ("B", "C")], [("A", "C")]).independences()
        ()
        """
        return tuple(implied(self))

    def falsify(
        self, data: "Data", *, level: float = 0.05, against: float = 0.1
    ) -> "Falsification":
        """Hold every implied independence against data, and say what was rejected.

        Each claim of `independences()` is tested by its partial correlation, with Fisher's z;
        Holm's procedure keeps the probability that any true claim is rejected below `level`.
        A partial correlation is 0 under independence when relations are linear; it sees no
        dependence of another kind, and where they are not linear it may differ from 0 under
        independence. What is not rejected is not thereby proven: the power is told.

        Args:
            data: columns of numbers, one for each observed node that a claim names.
            level: bound on the probability that any true claim is rejected.
            against: the partial correlation for which the power is told.

        Returns:
            A `Falsification`: true if a claim is rejected; `.table`, `.rejected`, `.reason`.

        Raises:
            ValueError: a column that is missing, not numeric, constant, not finite, or a linear
                function of those given; too few rows; a level not between 0 and 1.

        Source: Fisher (1924), The distribution of the partial correlation coefficient; Holm (1979).

        >>> data = {"A": [0, 0, 1, 1] * 2, "B": [0, 1, 0, 1] * 2}
        >>> print(Graph(nodes=["A", "B"]).falsify(data))
        not rejected: A _||_ B is not rejected at level 0.05; that does not prove the graph: a
        partial correlation of 0.1 would have been found with probability 0.06, and other graphs
        imply the same
        """
        from scm.graph.claims.falsification import falsify

        return falsify(self, data, self.independences(), level, against)

    # ------------------------------------------------------------------------ text and files

    @classmethod
    def parse(cls, text: str, format: str | None = None) -> "Graph":  # noqa: A002
        """The graph that a text tells, be it `Z -> T <-> Y`, dagitty, DOT, GML or lavaan.

        Args:
            text: our own text has statements apart by `;` or new lines: edges `->`, `<-`, `<->`
                in chains, sets `{A, B} -> C`, `latent U`, nodes alone, comments after `#`, names
                of any kind in double quotes. The others are described in `scm.formats`.
            format: `"text"`, `"dagitty"`, `"dot"`, `"gml"` or `"lavaan"`; found by the text's
                first word, or by a `~`, where it is left out.

        What is no part of a graph is left out: positions, styles, coefficients, and the question
        of a dagitty text (exposure, outcome, adjusted), which `scm.formats.parse` keeps.

        Raises:
            FormatError (a ValueError): with line, column, what was found and what was expected.

        >>> print(Graph.parse("Z -> T -> Y; T <-> Y"))
        Z -> T; T -> Y; T <-> Y
        >>> Graph.parse("T -- Y")
        Traceback (most recent call last):
        scm.formats.mistake.FormatError: line 1, column 3: found '--', expected '->', '<-' or '<->'
          1 | T -- Y
            |   ^^
        an edge says which is the cause: T -> Y, T <- Y, or T <-> Y
        """
        return _specified(catalogue.parse(text, format))

    @classmethod
    def read(cls, path: str | PathLike[str], format: str | None = None) -> "Graph":  # noqa: A002
        """The graph in a file: `.txt`, `.dag`, `.dagitty`, `.dot`, `.gv`, `.gml` or `.lav`.

        A file that begins as one of these formats (`digraph {`) is read as it, whatever its
        ending. Raises as `parse` does, with the name of the file.
        """
        return _specified(catalogue.read_file(path, format))

    @classmethod
    def from_networkx(cls, graph: "networkx.DiGraph") -> "Graph":
        """The graph that a networkx `DiGraph` or `MultiDiGraph` holds: see `scm.formats.networks`.

        >>> import networkx
        >>> print(Graph.from_networkx(networkx.DiGraph([("Z", "T"), ("T", "Y")])))
        Z -> T; T -> Y
        """
        from scm.formats.networks import read

        return _specified(read(graph))

    def write(self, path: str | PathLike[str], format: str | None = None) -> None:  # noqa: A002
        """Write the graph into a file, in the format of its ending, for `read` to read."""
        catalogue.write_file(self._specification(), path, format)

    def to_dagitty(self, exposure: Names = (), outcome: Names = (), adjusted: Names = ()) -> str:
        """The text of dagitty.net, with the nodes of a question marked if there is one."""
        marked = {"exposure": exposure, "outcome": outcome, "adjusted": adjusted}
        read = {mark: self._several(f"to_dagitty({mark})", of) for mark, of in marked.items()}
        return catalogue.FORMATS["dagitty"].write(self._specification(**read))

    def to_dot(self) -> str:
        """DOT for Graphviz; `A <-> B` is drawn with heads at both ends, latents dashed."""
        return catalogue.FORMATS["dot"].write(self._specification())

    def to_gml(self) -> str:
        """GML for networkx and DoWhy; `A <-> B` is a hidden node with two children."""
        return catalogue.FORMATS["gml"].write(self._specification())

    def to_lavaan(self) -> str:
        """A model of the R package lavaan. Raises ValueError for names that are none in R."""
        return catalogue.FORMATS["lavaan"].write(self._specification())

    def to_networkx(self, bidirected: "Bidirected" = "latent") -> "networkx.DiGraph":
        """The graph for networkx, in which latents have the attribute `latent=True`.

        `A <-> B` becomes a hidden node with the attribute `common_cause=True`, so that every
        algorithm of networkx is right; with `bidirected="edge"`, an edge with the attribute
        `bidirected=True` in a `MultiDiGraph`. `from_networkx` reads both.

        >>> Graph(bidirected=[("T", "Y")]).to_networkx().edges
        OutEdgeView([('U(T, Y)', 'T'), ('U(T, Y)', 'Y')])
        """
        from scm.formats.networks import write

        return write(self._specification(), bidirected)

    def _specification(self, **roles: tuple[str, ...]) -> Specification:
        return Specification(self.nodes, self.directed, self.bidirected, self.latent, **roles)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    def __str__(self) -> str:
        return plain.write(self._specification())

    def __repr__(self) -> str:
        shown = {"directed": self.directed, "bidirected": self.bidirected, "latent": self.latent}
        # Named only where edges do not already tell them, so that the usual graph reads shortly.
        met = tuple(dict.fromkeys(n for edge in (*self.directed, *self.bidirected) for n in edge))
        if self.nodes != met:
            shown["nodes"] = self.nodes
        return f"Graph({', '.join(f'{k}={list(v)!r}' for k, v in shown.items() if v)})"

    @cached_property
    def _content(self) -> tuple[frozenset, ...]:
        return tuple(map(frozenset, (self.nodes, self.directed, self._arcs, self.latent)))

    @cached_property
    def _arcs(self) -> tuple[frozenset[str], ...]:
        return tuple(map(frozenset, self.bidirected))

    @cached_property
    def _parents(self) -> dict[str, tuple[str, ...]]:
        return self._neighbours((head, tail) for tail, head in self.directed)

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        return self._neighbours(self.directed)

    @cached_property
    def _siblings(self) -> dict[str, tuple[str, ...]]:
        return self._neighbours(edge for a, b in self.bidirected for edge in ((a, b), (b, a)))

    def _neighbours(self, pairs: Iterable[Edge]) -> dict[str, tuple[str, ...]]:
        met: dict[str, list[str]] = {name: [] for name in self.nodes}
        for one, other in pairs:
            met[one].append(other)
        return {name: tuple(others) for name, others in met.items()}

    def _several(self, asked: str, of: Names) -> tuple[str, ...]:
        return read_nodes(asked, of, self.nodes)

    def _apart(self, asked: str, **named: Names) -> dict[str, tuple[str, ...]]:
        """What a question names: all known, none in two places, and something on both sides."""
        read = {role: self._several(f"{asked}({role})", names) for role, names in named.items()}
        refuse_overlap(asked, read)
        return read

    def _question(
        self, asked: str, treatment: Names, outcome: Names, **more: Names
    ) -> dict[str, tuple[str, ...]]:
        """A question about an effect: as `_apart`, and treatment and outcome are in the data."""
        read = self._apart(asked, treatment=treatment, outcome=outcome, **more)
        refuse_latent(asked, {role: read[role] for role in ("treatment", "outcome")}, self.latent)
        return read

    def _step(self, asked: str, of: Names, to: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        met = {other for name in self._several(asked, of) for other in to[name]}
        return tuple(name for name in self.nodes if name in met)

    def _closure(self, asked: str, of: Names, to: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        ahead = list(self._several(asked, of))
        met = set(ahead)
        while ahead:
            fresh = [name for name in to[ahead.pop()] if name not in met]
            met.update(fresh)
            ahead += fresh
        return tuple(name for name in self.nodes if name in met)


def _ordered(arc: Edge, place: Mapping[str, int]) -> Edge:
    """An arc has no direction: written with the node that comes first in `nodes` first."""
    first, second = sorted(arc, key=place.__getitem__)
    return first, second


def _specified(told: Specification) -> Graph:
    return Graph(told.directed, told.bidirected, told.latent, told.nodes)
