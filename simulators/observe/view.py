"""Data on their way: what each step gets, and gives on to the next.

Every step adds to the units' world the variables that say what happened to their data, as
assignments like all others: ``X measured := X + X error``. So noise has an address as anywhere,
the law of what happened can be read off the world's model, and its graph is the missingness graph
(m-graph) or the selection diagram of the data.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from scm import World, latent
from scm.compile.codes import Code
from scm.compile.programs import traced
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
      code: what is wrong with the units or with a step's numbers, of `scm.compile.codes`.
      recorded: the first step that happened to records, "" if none has: from then on nothing may
        move the units any more.
      mixed: whether units of another world are among them: nothing may move them either.
    """

    world: World
    columns: Mapping[str, str] = static()
    lost: Mapping[str, tuple[str, ...]] = static()
    kept: tuple[str, ...] = static()
    most: int | None = static()
    code: Any = 0
    recorded: str = dataclasses.field(default="", metadata={"static": True})
    mixed: bool = dataclasses.field(default=False, metadata={"static": True})

    @classmethod
    def of(cls, world: World) -> View:
        """All that is observed of a world, before anything happens to it."""
        return cls(world, {name: name for name in world.model.observed}, {}, (), None, world.code)

    def to_units(self, who: str) -> View:
        """The same, for a step that moves units. Raises ValueError where that comes too late."""
        if self.recorded or self.mixed:
            before = self.recorded or "mix"
            raise ValueError(
                f"{who} moves the units themselves, and comes before what happens to their records "
                f"(mismeasure, discretise, select, lose, censor, hide) and before mix: put it "
                f"before {before}"
            )
        return self

    def to_records(self, who: str) -> View:
        """The same, for a step that happens to records."""
        return self if self.recorded else replace(self, recorded=who)

    def moved(self, world: World) -> View:
        """With the same units under something more."""
        return replace(self, world=world, code=jnp.maximum(self.code, world.code))

    def held(self, holds: jax.Array, message: str) -> View:
        """With a fault noted where something does not hold of every unit, (n,).

        Raises ValueError with the message and how many units, where it can be looked at; inside
        jit and vmap the code says it.
        """
        if not traced(holds) and not bool(holds.all()):
            count = int((~holds).sum())
            raise ValueError(f"{message}, and is not in {count:,} of {self.world.n:,} units")
        fault = jnp.where(holds.all(), 0, int(Code.NON_FINITE))
        return replace(self, code=jnp.maximum(self.code, fault))

    def node(self, column: str, who: str) -> str:
        """The variable that stands for a column. Raises ValueError if there is none."""
        if column not in self.columns:
            raise ValueError(
                f"{who}: the data have no column {column!r}{suggestion(column, self.columns)}"
            )
        return self.columns[column]

    def own(self, column: str, who: str) -> str:
        """The variable of a column that is still the world's own, which can be moved."""
        shown = self.node(column, who)
        if shown != column:
            raise ValueError(
                f"{who}: the column {column!r} shows {shown!r}, and no longer what the units have; "
                "let this step come before the Berkson error"
            )
        return shown

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
        return self.moved(self.world.assign({free: latent(rhs)})), free

    def with_rule(self, name: str, rule: Rule, who: str) -> tuple[View, str]:
        """With one more hidden variable, made of the columns as they stand by a rule."""
        for each in getattr(rule.leaf, "numbers", ()):
            if each in self.columns:
                raise ValueError(
                    f"{who}: numbers give a value to {each!r}, which is a column; call it otherwise"
                )
        return self.with_variable(name, rule.rhs([self.node(each, who) for each in rule.reads]))

    def with_probability(self, name: str, rule: Rule, who: str) -> tuple[View, str]:
        """The same of a rule that gives probabilities, or true and false: one for each unit."""
        view, free = self.with_rule(name, rule, who)
        shape = view.world.model.structure.out(free).shape
        if shape != ():
            raise ValueError(
                f"{who}: {name} has shape {shape} for one unit; one probability is wanted"
            )
        chance = view.world[free].astype(float)
        lawful = (chance >= 0) & (chance <= 1)  # NaN is neither
        return view.held(lawful, f"{who}: {name} has to be a probability, from 0 to 1"), free

    def with_values(self, name: str, values: jax.Array) -> tuple[View, str]:
        """With one more hidden variable whose values, one for each unit, are given."""
        view, free = self.with_variable(name, jnp.zeros(values.shape[1:], values.dtype))
        return view.moved(view.world.do({free: values})), free

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
