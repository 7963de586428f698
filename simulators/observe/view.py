"""Data on their way: what each step gets, and gives on to the next.

Every step adds to the units' world the variables that say what happened to their data, as
assignments like all others: ``X measured := X + X error``. So noise has an address as anywhere,
the law of what happened can be read off the world's model, and its graph is the missingness graph
(m-graph) or the selection diagram of the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from scm import World, latent
from scm.core.errors import suggestion
from scm.core.pytree import pytree, static
from simulators.observe.rules import Rule

__all__ = ["View"]


@pytree
class View:
    """Units, and what of them is in the data so far.

    Attributes:
      world: the units, with a variable for all that happened to their data.
      columns: by column of the data, the variable of the world that it shows.
      lost: by column, the variables that say, where they are true, that a value is missing.
      kept: the variables that are all true of a unit that is in the data.
      most: no more than so many units are in the data, the first; None for no bound.
    """

    world: World
    columns: Mapping[str, str] = static()
    lost: Mapping[str, tuple[str, ...]] = static()
    kept: tuple[str, ...] = static()
    most: int | None = static()

    def node(self, column: str, who: str) -> str:
        """The variable that stands for a column. Raises ValueError if there is none."""
        if column not in self.columns:
            raise ValueError(
                f"{who}: the data have no column {column!r}{suggestion(column, self.columns)}"
            )
        return self.columns[column]

    def value(self, column: str, who: str) -> jax.Array:
        """A column's values as they stand, (n, ...), also those that are lost."""
        return self.world[self.node(column, who)]

    def named(self, name: str) -> str:
        """This name, or with a number after it where the world has one of this name."""
        number, free = 2, name
        while free in self.world:
            free, number = f"{name} {number}", number + 1
        return free

    def with_variable(self, name: str, rhs: Any) -> tuple[View, str]:
        """With one more hidden variable, and what it is called."""
        free = self.named(name)
        return replace(self, world=self.world.assign({free: latent(rhs)})), free

    def with_rule(self, name: str, rule: Rule, who: str) -> tuple[View, str]:
        """With one more hidden variable, made of the columns as they stand by a rule."""
        return self.with_variable(name, rule.rhs([self.node(each, who) for each in rule.reads]))

    def with_values(self, name: str, values: jax.Array) -> tuple[View, str]:
        """With one more hidden variable whose values, one for each unit, are given."""
        view, free = self.with_variable(name, jnp.zeros(values.shape[1:], values.dtype))
        return replace(view, world=view.world.do({free: values})), free

    def showing(self, column: str, variable: str) -> View:
        """With a column that shows another variable; a new column comes last."""
        return replace(self, columns={**self.columns, column: variable})

    def without(self, columns: Sequence[str]) -> View:
        """Without these columns."""
        left = {name: shown for name, shown in self.columns.items() if name not in columns}
        return replace(self, columns=left)

    def losing(self, column: str, where: str) -> View:
        """With the values of a column missing where a variable is true."""
        return replace(self, lost={**self.lost, column: (*self.lost.get(column, ()), where)})

    def keeping(self, where: str, most: int | None) -> View:
        """With no units but those of which a variable is true."""
        bounds = [each for each in (self.most, most) if each is not None]
        return replace(self, kept=(*self.kept, where), most=min(bounds, default=None))
