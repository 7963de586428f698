"""Formulas of probabilities as values: conditionals, products, sums over variables, ratios."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import final


@final
@dataclass(frozen=True, order=True)
class Variable:
    """A column in a formula; `primes` tell a summed copy of a column from the column itself.

    >>> print(Variable("T"), Variable("T", primes=1))
    T T'
    """

    name: str
    primes: int = 0

    def __str__(self) -> str:
        return self.name + "'" * self.primes


Names = str | Variable | Iterable[str | Variable]


class Formula(ABC):
    """What is made of probabilities of what is seen. Frozen; equal in whatever order written.

    `str(formula)` is its text and `latex()` its LaTeX. `free` are the variables on whose values it
    depends, which a sum binds. Equality is of form, not of meaning: the names of bound variables
    count.
    """

    @cached_property
    @abstractmethod
    def free(self) -> frozenset[Variable]:
        """The variables whose values it depends on."""

    @cached_property
    @abstractmethod
    def content(self) -> Hashable:
        """What two formulas of one kind have in common when they are equal."""

    @property
    @abstractmethod
    def parts(self) -> tuple[Formula, ...]:
        """The formulas it is made of, none for a probability."""

    def latex(self) -> str:
        r"""The formula as LaTeX, for math mode.

        >>> print(Sum("Z", Product([Probability("Y", ["T", "Z"]), Probability("Z")])).latex())
        \sum_{Z} P(Y \mid T, Z)\, P(Z)
        """
        from scm.graph.formulas.printing import LATEX, write

        return write(self, LATEX)

    @cached_property
    def size(self) -> int:
        """How many probabilities are written in it.

        >>> Ratio(Sum("Z", Probability(["Z", "Y"])), Probability("T")).size
        2
        """
        return sum(part.size for part in self.parts) if self.parts else 1

    def __str__(self) -> str:
        from scm.graph.formulas.printing import TEXT, write

        return write(self, TEXT)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Formula)
            and type(self) is type(other)
            and self._hash == other._hash
            and self.content == other.content
        )

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((type(self).__name__, self.content))


@final
@dataclass(frozen=True, eq=False, init=False)
class Probability(Formula):
    """P(of | given), a function of the values of both.

    >>> print(Probability(["Y", "Z"], given=["T"]))
    P(Y, Z | T)
    >>> Probability(["Y", "Z"]) == Probability(["Z", "Y"])
    True
    """

    of: tuple[Variable, ...]
    given: tuple[Variable, ...]

    def __init__(self, of: Names, given: Names = ()) -> None:
        left, right = _variables(of), _variables(given)
        if not left:
            raise ValueError("Probability: `of` is empty; name at least one variable")
        twice = [str(v) for v, count in Counter((*left, *right)).items() if count > 1]
        if twice:
            raise ValueError(f"Probability: {twice[0]} is written twice; a variable has one place")
        object.__setattr__(self, "of", left)
        object.__setattr__(self, "given", right)

    @cached_property
    def free(self) -> frozenset[Variable]:
        return frozenset((*self.of, *self.given))

    @cached_property
    def content(self) -> Hashable:
        return frozenset(self.of), frozenset(self.given)

    @property
    def parts(self) -> tuple[Formula, ...]:
        return ()


@final
@dataclass(frozen=True, eq=False, init=False)
class Product(Formula):
    """The product of its factors; of none, it is 1.

    >>> print(Product([Probability("Y", "T"), Probability("T")]), "and", Product())
    P(Y | T) P(T) and 1
    """

    factors: tuple[Formula, ...]

    def __init__(self, factors: Iterable[Formula] = ()) -> None:
        object.__setattr__(self, "factors", tuple(factors))

    @cached_property
    def free(self) -> frozenset[Variable]:
        return frozenset(v for factor in self.factors for v in factor.free)

    @cached_property
    def content(self) -> Hashable:
        return frozenset(Counter(self.factors).items())

    @property
    def parts(self) -> tuple[Formula, ...]:
        return self.factors

    @cached_property
    def size(self) -> int:
        return sum(factor.size for factor in self.factors)


@final
@dataclass(frozen=True, eq=False, init=False)
class Sum(Formula):
    """The sum of `body` over all values of the variables `over`, which it binds.

    >>> print(Sum(["Z"], Product([Probability("Y", ["T", "Z"]), Probability("Z")])))
    sum_{Z} P(Y | T, Z) P(Z)
    """

    over: tuple[Variable, ...]
    body: Formula

    def __init__(self, over: Names, body: Formula) -> None:
        bound = _variables(over)
        idle = [str(v) for v in bound if v not in body.free]
        if idle or not bound:
            what = f"{idle[0]} is not in {body}" if idle else "`over` is empty"
            raise ValueError(f"Sum: {what}; sum over variables of the body")
        object.__setattr__(self, "over", bound)
        object.__setattr__(self, "body", body)

    @cached_property
    def free(self) -> frozenset[Variable]:
        return self.body.free.difference(self.over)

    @cached_property
    def content(self) -> Hashable:
        return frozenset(self.over), self.body

    @property
    def parts(self) -> tuple[Formula, ...]:
        return (self.body,)


@final
@dataclass(frozen=True, eq=False)
class Ratio(Formula):
    """`top` over `bottom`.

    >>> print(Ratio(Probability(["Y", "Z"]), Probability("Z")))
    P(Y, Z) / P(Z)
    """

    top: Formula
    bottom: Formula

    @cached_property
    def free(self) -> frozenset[Variable]:
        return self.top.free | self.bottom.free

    @cached_property
    def content(self) -> Hashable:
        return self.top, self.bottom

    @property
    def parts(self) -> tuple[Formula, ...]:
        return self.top, self.bottom


ONE = Product()


def factors_of(formula: Formula) -> tuple[Formula, ...]:
    """The factors of a product; anything else is its own only factor."""
    return formula.factors if isinstance(formula, Product) else (formula,)


def _variables(names: Names) -> tuple[Variable, ...]:
    several = (names,) if isinstance(names, str | Variable) else names
    return tuple(Variable(name) if isinstance(name, str) else name for name in several)


def columns_of(formula: Formula) -> frozenset[str]:
    """The columns that a formula reads, of bound variables too."""
    if isinstance(formula, Probability):
        return frozenset(v.name for v in formula.free)
    return frozenset(name for part in formula.parts for name in columns_of(part))
