"""The answer to whether an effect can be told from what is seen: its formula, or the hedge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scm.graph.covariates.causal import refuse_latent
from scm.graph.formulas.binding import distinct
from scm.graph.formulas.evaluation import Evaluator, spread
from scm.graph.formulas.formula import Formula, Variable, columns_of
from scm.graph.formulas.printing import LATEX, TEXT, write_query
from scm.graph.formulas.table import Table, check_size, read_table
from scm.graph.identification.derivation import Derivation, derive
from scm.graph.identification.hedge import Hedge
from scm.graph.identification.idc import Step, idc

if TYPE_CHECKING:
    from scm.graph.graph import Graph

_SEVERAL = (list, tuple, set, frozenset, range, np.ndarray, pd.Series, pd.Index)


@dataclass(frozen=True)
class Identification:
    """Whether P(outcome | do(do), given) is identified, and how: true if it is.

    `formula` is what it equals in every model with this graph, or None; `hedge` certifies that
    there is none, or is None. `graph` is the graph asked about, its latents projected. `anywhere`
    are columns that the formula has and the question has not: the formula is the same at every
    value of them.
    """

    outcome: tuple[str, ...]
    do: tuple[str, ...]
    given: tuple[str, ...]
    graph: Graph
    formula: Formula | None
    hedge: Hedge | None
    steps: tuple[Step, ...] = field(repr=False)

    @property
    def identified(self) -> bool:
        """Whether there is a formula."""
        return self.formula is not None

    @property
    def anywhere(self) -> tuple[str, ...]:
        """The columns at any value of which the formula may be taken, in the order of the nodes."""
        free = {v.name for v in self.formula.free} if self.formula else set()
        return tuple(n for n in self.graph.nodes if n in free and n not in self._asked)

    @property
    def query(self) -> str:
        """What was asked, as text."""
        return write_query(TEXT, self.outcome, self.do, self.given)

    @property
    def reason(self) -> str:
        """Why it is identified, or why not, in a sentence."""
        if self.formula is None:
            return f"{self.query} is not identified: {self.hedge}"
        at = f", at any value of {', '.join(self.anywhere)}" if self.anywhere else ""
        return f"{self.query} = {self.formula}{at}"

    def latex(self) -> str:
        """The question and its formula as LaTeX, for math mode.

        Raises:
            ValueError: it is not identified.
        """
        query = write_query(LATEX, self.outcome, self.do, self.given)
        return f"{query} = {self._formula('latex').latex()}"

    def derivation(self) -> Derivation:
        """How the formula, or the hedge, comes about, step by step: `print(...)` it.

        By the rules of do-calculus where seeing is doing and for back doors and front doors, as in
        Pearl (2009), sections 3.3 and 3.4; else the lines of the algorithms ID and IDC that fired.
        """
        return derive(
            self.graph, self.outcome, self.do, self.given, self.formula, self.steps, self.reason
        )

    def evaluate(
        self,
        frame: pd.DataFrame | Mapping[str, Any],
        at: Mapping[str, Any] | None = None,
        p: str | None = "p",
    ) -> pd.DataFrame:
        """P(outcome | do(do), given) in numbers: exact on a joint distribution, plug-in on data.

        Args:
            frame: a column of values for each variable of the formula and of the question. With a
                column `p` it is a joint distribution, each row a cell and its probability; without
                one it is data, and probabilities are relative frequencies.
            at: values wanted, one or several a name, as in `{"T": 1, "Z": [0, 1]}`; by default all
                that the frame has. A name of `anywhere` takes one value.
            p: the name of the column of probabilities; None for data that happen to have it.

        Returns:
            A frame with the columns of `do`, `given` and `outcome`, and `p` (`p_` if one of them
            is called `p`): a row for each combination of their values, the outcome's changing
            fastest. Columns of `anywhere` are averaged over, by their probabilities, where the
            formula has a value at all.

        Raises:
            ValueError: it is not identified; a column is missing or has holes; probabilities that
                do not sum to one; a condition that has probability zero although it is needed: then
                the formula has no value, and the condition is named. (Where it is multiplied by
                zero it is not needed.)
            TypeError: what is no frame, or holds no probabilities.

        >>> from scm.graph import Graph
        >>> joint = pd.DataFrame({"T": [0, 0, 1, 1], "Y": [0, 1, 0, 1], "p": [0.3, 0.2, 0.1, 0.4]})
        >>> found = Graph([("T", "Y")]).identify("Y", do="T")
        >>> print(found.evaluate(joint, at={"T": 1}).to_string(index=False))
         T  Y   p
         1  0 0.2
         1  1 0.8
        """
        formula = self._formula("evaluate")
        needed = {*self._asked, *columns_of(formula)}
        table = read_table(frame, [name for name in self.graph.nodes if name in needed], p)
        asked = [*self.do, *self.given, *self.outcome]
        chosen = self._places(table, {} if at is None else at)
        over = [Variable(name) for name in (*asked, *self.anywhere)]
        shape = [len(chosen[v]) for v in over]
        check_size(prod(shape), over)
        evaluator = Evaluator(table, chosen)
        found = spread(evaluator.tensor(formula), over, shape)
        weights = _weights(table, chosen, over[len(asked) :], len(asked))
        weights = np.where(found.undefined, 0.0, weights)
        beyond = tuple(range(len(asked), len(over)))
        total = weights.sum(axis=beyond)
        if not total.all():
            place = np.unravel_index(int(np.argmin(total > 0)), total.shape)
            first = dict(zip(over, map(int, place), strict=False))
            spoilt = np.argwhere(found.undefined[tuple(place)])[0]
            first |= dict(zip(over[len(asked) :], map(int, spoilt), strict=True))
            raise ValueError(self._undefined(evaluator, formula, first))
        values = (found.values * weights).sum(axis=beyond) / total
        return _frame(table, chosen, over[: len(asked)], values, p)

    def _places(self, table: Table, at: Mapping[str, Any]) -> dict[Variable, list[int]]:
        """Which levels are wanted of the columns of the question and of `anywhere`."""
        known = (*self.do, *self.given, *self.outcome, *self.anywhere)
        if not isinstance(at, Mapping):
            raise TypeError(f"at={at!r} is no mapping; write at={{{known[0]!r}: value}}")
        for name in at:
            if name not in known:
                raise ValueError(f"at: {name!r} is none of {', '.join(known)}")
        chosen = {}
        for name in known:
            if name not in at:
                chosen[Variable(name)] = list(range(len(table.levels[name])))
                continue
            wanted = at[name]
            several = list(wanted) if isinstance(wanted, _SEVERAL) else [wanted]
            if name in self.anywhere and len(several) != 1:
                raise ValueError(f"at: {name} may have any value; give one, not {several}")
            if not several:
                raise ValueError(f"at: no value of {name} is given")
            chosen[Variable(name)] = [table.place(name, value) for value in several]
        return chosen

    def _undefined(self, evaluator: Evaluator, formula: Formula, at: Mapping[Variable, int]) -> str:
        told = ", ".join(f"{v.name}={evaluator.level(v, place)}" for v, place in at.items())
        culprit = evaluator.culprit(formula, at)
        return (
            f"evaluate: {self.query} has no value at {told}: {culprit}; "
            "ask at other values, evaluate(frame, at={...}), or put values together in groups"
        )

    def _formula(self, asked: str) -> Formula:
        if self.formula is None:
            raise ValueError(f"{asked}: {self.reason}")
        return self.formula

    @property
    def _asked(self) -> frozenset[str]:
        return frozenset((*self.outcome, *self.do, *self.given))

    def __bool__(self) -> bool:
        return self.identified

    def __str__(self) -> str:
        return self.reason


def identify(
    graph: Graph, outcome: Sequence[str], do: Sequence[str], given: Sequence[str]
) -> Identification:
    """P(outcome | do(do), given) from what is seen of the nodes that are not latent."""
    refuse_latent("identify", {"outcome": outcome, "do": do, "given": given}, graph.latent)
    seen = graph.latent_projection()
    asked = (*outcome, *do, *given)
    found = idc(seen, outcome, do, given)
    formula = found.formula and distinct(found.formula, map(Variable, asked))
    return Identification(
        tuple(outcome), tuple(do), tuple(given), seen, formula, found.hedge, found.steps
    )


def _weights(
    table: Table, chosen: Mapping[Variable, list[int]], anywhere: Sequence[Variable], before: int
) -> np.ndarray:
    """P(anywhere) at the levels chosen, after as many axes of length one as the question has."""
    if all(len(chosen[v]) == 1 for v in anywhere):
        return np.ones((1,) * (before + len(anywhere)))
    weights = table.joint([v.name for v in anywhere])
    weights = weights[np.ix_(*(chosen[v] for v in anywhere))]
    return weights.reshape((1,) * before + weights.shape)


def _frame(
    table: Table,
    chosen: Mapping[Variable, list[int]],
    over: Sequence[Variable],
    values: np.ndarray,
    p: str | None,
) -> pd.DataFrame:
    places = np.indices(values.shape).reshape(len(over), -1)
    columns = {
        v.name: table.levels[v.name].take(np.take(chosen[v], place))
        for v, place in zip(over, places, strict=True)
    }
    name = p or ("p_" if "p" in columns else "p")
    return pd.DataFrame({**columns, name: values.ravel()})
