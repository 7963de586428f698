"""Numbers of formulas: on a finite joint distribution, or on the frequencies of data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from scm.graph.formulas.contraction import Operand, contract, sizes_of
from scm.graph.formulas.formula import Formula, Probability, Ratio, Sum, Variable, factors_of
from scm.graph.formulas.table import Table, check_size

Array = np.ndarray


@dataclass(frozen=True)
class Tensor:
    """Values over variables, an axis each.

    `undefined` marks where a condition has probability zero, so that there is no value; the value
    written there is 0.
    """

    over: tuple[Variable, ...]
    values: Array
    undefined: Array

    @property
    def live(self) -> Array:
        """Where it is not zero for sure."""
        return (self.undefined | (self.values != 0)).astype(float)


@dataclass(frozen=True)
class Evaluator:
    """Formulas on a table. `chosen` are the levels wanted of a free variable, by default all.

    A value is undefined where a condition that is needed has probability zero. It is not needed
    where it is multiplied by zero: P(y | t, z) P(z) is 0 where P(z) is.
    """

    table: Table
    chosen: Mapping[Variable, Sequence[int]]
    _made: dict[Formula, Tensor] = field(default_factory=dict, repr=False, compare=False)

    def tensor(self, formula: Formula) -> Tensor:
        """The formula at all values of its free variables."""
        if formula not in self._made:
            match formula:
                case Probability(of=of, given=given):
                    made = self._probability(of, given)
                case Ratio(top=top, bottom=bottom):
                    made = _divided(self.tensor(top), self.tensor(bottom))
                case _:
                    body = formula.body if isinstance(formula, Sum) else formula
                    factors = [self.tensor(factor) for factor in factors_of(body)]
                    made = _contracted(factors, _in_order(formula.free))
            self._made[formula] = made
        return self._made[formula]

    def culprit(self, formula: Formula, at: Mapping[Variable, int]) -> str:
        """What is zero, where the formula is undefined at these places of its free variables."""
        match formula:
            case Probability(given=given):
                told = ", ".join(f"{v.name}={self.level(v, at[v])}" for v in given)
                return f"{formula} is needed at {told}, where P({told}) is zero"
            case Ratio(top=top, bottom=bottom):
                for part in (bottom, top):
                    if _at(self.tensor(part), at).undefined.any():
                        return self.culprit(part, at)
                told = ", ".join(f"{v}={self.level(v, at[v])}" for v in _in_order(bottom.free))
                return f"{bottom} is zero{f' at {told}' if told else ''}, and is divided by"
        body = formula.body if isinstance(formula, Sum) else formula
        factors = [_at(self.tensor(factor), at) for factor in factors_of(body)]
        for factor, tensor, blamed in zip(factors_of(body), factors, _blame(factors), strict=True):
            where = np.argwhere(contract(blamed, tensor.over))
            if len(where):
                place = dict(zip(tensor.over, map(int, where[0]), strict=True))
                return self.culprit(factor, {**at, **place})
        raise AssertionError(f"{formula} is defined at {at}")

    def level(self, variable: Variable, place: int) -> object:
        """The value at a place of a variable's axis."""
        chosen = self.chosen.get(variable)
        return self.table.levels[variable.name][place if chosen is None else chosen[place]]

    def _probability(self, of: Sequence[Variable], given: Sequence[Variable]) -> Tensor:
        over = (*of, *given)
        joint = self.table.joint([v.name for v in over])
        known = joint.sum(axis=tuple(range(len(of))), keepdims=True)
        values = np.divide(joint, known, out=np.zeros_like(joint), where=known > 0)
        undefined = np.broadcast_to(known == 0, values.shape)
        for axis, variable in enumerate(over):
            if variable in self.chosen:
                values = np.take(values, self.chosen[variable], axis)
                undefined = np.take(undefined, self.chosen[variable], axis)
        return Tensor(over, values, undefined)


def spread(tensor: Tensor, over: Sequence[Variable], shape: Sequence[int]) -> Tensor:
    """The tensor with the axes `over`, constant along those it lacks."""
    order = [v for v in over if v in tensor.over]
    axes = [tensor.over.index(v) for v in order]
    fill = tuple(slice(None) if v in tensor.over else None for v in over)
    values, undefined = (
        np.broadcast_to(part.transpose(axes)[fill], shape)
        for part in (tensor.values, tensor.undefined)
    )
    return Tensor(tuple(over), values, undefined)


def _divided(top: Tensor, bottom: Tensor) -> Tensor:
    over = tuple(dict.fromkeys((*top.over, *bottom.over)))
    size = sizes_of([(t.over, t.values) for t in (top, bottom)])
    shape = [size[v] for v in over]
    check_size(prod(shape), over)
    top, bottom = spread(top, over, shape), spread(bottom, over, shape)
    undefined = top.undefined | bottom.undefined | (bottom.values == 0)
    values = np.divide(top.values, bottom.values, out=np.zeros(shape), where=~undefined)
    return Tensor(over, values, undefined)


def _contracted(factors: Sequence[Tensor], over: tuple[Variable, ...]) -> Tensor:
    """The product of the factors, summed over all variables but `over`."""
    values = contract([(f.over, f.values) for f in factors], over)
    undefined = np.zeros(values.shape, bool)
    for blamed, factor in zip(_blame(factors), factors, strict=True):
        if factor.undefined.any():
            undefined |= contract(blamed, over) > 0
    return Tensor(over, np.where(undefined, 0.0, values), undefined)


def _blame(factors: Sequence[Tensor]) -> list[list[Operand]]:
    """For each factor, a product that is positive where this factor alone spoils the whole.

    Only sums of what is not negative: rounding cannot make something of nothing, or the reverse.
    """
    return [
        [(f.over, f.undefined.astype(float) if f is factor else f.live) for f in factors]
        for factor in factors
    ]


def _at(tensor: Tensor, at: Mapping[Variable, int]) -> Tensor:
    """The tensor with the variables of `at` fixed."""
    place = tuple(at.get(v, slice(None)) for v in tensor.over)
    left = tuple(v for v in tensor.over if v not in at)
    return Tensor(left, np.asarray(tensor.values[place]), np.asarray(tensor.undefined[place]))


def _in_order(variables: Iterable[Variable]) -> tuple[Variable, ...]:
    return tuple(sorted(variables))
