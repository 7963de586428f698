"""Inverting a jaxpr: from what it returned to the noise that went in, equation by equation.

From the outputs backwards, each equation with one operand that is not known yet gives the value of
that operand; what is found so is known to all others, so that several noises are found one after
the other. Nothing is searched: where an equation has no inverse, or more than one branch of it is
possible, the attempt is given up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal

from scm.abduction.inverses import INVERSES, Asked, NotInvertibleError
from scm.abduction.opened import bound, is_logaddexp
from scm.abduction.ranges import EVERYWHERE, Range, range_of
from scm.abduction.rules import declared
from scm.solve.steps import affine

__all__ = ["inverted"]


def inverted(
    closed: ClosedJaxpr,
    known: Mapping[int, Any],
    ranges: Mapping[int, Range],
    targets: Sequence[Any],
) -> dict[int, Any]:
    """The inputs that are not ``known``, by position, such that the outputs are ``targets``.

    Arguments:
      closed: a jaxpr without calls (`scm.abduction.opened.opened`).
      known: the other inputs, by position.
      ranges: ranges of inputs, by position, where they are known.
      targets: a value for each output.

    Raises `NotInvertibleError` where that cannot be read off.
    """
    job = _Inversion(closed, known, ranges)
    found = job.solved(list(zip(closed.jaxpr.outvars, targets, strict=True)), {})
    missing = [at for at, v in enumerate(closed.jaxpr.invars) if at not in known and v not in found]
    if missing:
        raise NotInvertibleError("a noise that the value does not tell")
    places = {v: at for at, v in enumerate(closed.jaxpr.invars)}
    return {places[v]: value for v, value in found.items() if v in places}


class _Inversion:
    def __init__(
        self, closed: ClosedJaxpr, known: Mapping[int, Any], ranges: Mapping[int, Range]
    ) -> None:
        jaxpr = closed.jaxpr
        self.jaxpr = jaxpr
        self.made = {v: e for e in jaxpr.eqns for v in e.outvars}
        self.given = dict(zip(jaxpr.constvars, closed.consts, strict=True))
        self.given |= {v: known[at] for at, v in enumerate(jaxpr.invars) if at in known}
        self.unknown = [v for at, v in enumerate(jaxpr.invars) if at not in known]
        self.ranges = {v: ranges.get(at, EVERYWHERE) for at, v in enumerate(jaxpr.invars)}
        self.behind: dict[Any, frozenset[Any]] = {v: frozenset([v]) for v in self.unknown}
        for equation in jaxpr.eqns:
            behind = frozenset().union(*(self._behind(v) for v in equation.invars))
            self.behind |= dict.fromkeys(equation.outvars, behind)

    def _behind(self, variable: Any) -> frozenset[Any]:
        """The unknown inputs that a variable depends on."""
        return frozenset() if isinstance(variable, Literal) else self.behind.get(variable, _NONE)

    def solved(self, goals: list[tuple[Any, Any]], found: dict[Any, Any]) -> dict[Any, Any]:
        """What is found of unknown inputs when variables have these values."""
        found = dict(found)
        parts: dict[Any, Any] = {}
        waiting = list(goals)
        while waiting:
            later: list[tuple[Any, Any]] = []
            moved, reason = False, "two noises in one equation"
            for variable, value in waiting:
                try:
                    more = self._step(variable, value, found, parts)
                except NotInvertibleError as error:
                    reason = str(error)
                    more = None
                if more is None:
                    later.append((variable, value))
                else:
                    moved = True
                    later += more
            if not moved and not self._line(later, found):
                raise NotInvertibleError(reason)
            waiting = later
        return found

    def _missing(self, variable: Any, found: Mapping[Any, Any]) -> frozenset[Any]:
        return frozenset(v for v in self._behind(variable) if v not in found)

    def _step(
        self, variable: Any, value: Any, found: dict[Any, Any], parts: dict[Any, Any]
    ) -> list[tuple[Any, Any]] | None:
        """The goals that a goal comes down to; None while it has to wait."""
        if not self._missing(variable, found):
            return []
        if variable in self.unknown:
            found[variable] = jnp.asarray(value).astype(_kind(variable))
            return []
        equation = self.made[variable]
        name = equation.primitive.name
        if name in ("concatenate", "stack"):
            return _pieces(equation, value)
        if name == "slice":
            return self._part(equation, value, parts)
        if name == "select_n":
            return self._branches(equation, value, found)
        open_ = [at for at, v in enumerate(equation.invars) if self._missing(v, found)]
        squared = name == "mul" and equation.invars[0] is equation.invars[1]
        if squared:
            open_, name = [0], "square"
        if len(open_) != 1 or len(equation.outvars) != 1:
            raise NotInvertibleError("two noises in one equation")
        (at,) = open_
        operand = equation.invars[at]
        others = [
            None if i == at or squared else self._value(v, found)
            for i, v in enumerate(equation.invars)
        ]
        asked = Asked(
            at,
            value,
            others,
            range_of(operand, self.made, self.ranges),
            operand.aval,
            equation.params,
        )
        inverse = INVERSES[name] if squared else self._inverse(equation)
        return [(operand, inverse(asked))]

    def _inverse(self, equation: Any) -> Any:
        own = declared(equation)
        if own is not None:

            def by_rule(asked: Asked) -> Any:
                if asked.at != 0:
                    raise NotInvertibleError("a rule inverts in its first argument")
                return own.inverse(asked.value, *asked.others[1:])  # type: ignore[misc]

            return by_rule
        name = "logaddexp" if is_logaddexp(equation) else equation.primitive.name
        if name not in INVERSES:
            raise NotInvertibleError(f"no inverse of {name} is known")
        return INVERSES[name]

    def _value(self, variable: Any, found: Mapping[Any, Any]) -> Any:
        """The value of a variable all of whose unknown inputs are found."""
        if isinstance(variable, Literal):
            return jnp.asarray(variable.val, _kind(variable))
        if variable in found:
            return found[variable]
        if variable in self.given:
            return self.given[variable]
        equation = self.made[variable]
        outputs = bound(equation, [self._value(v, found) for v in equation.invars])
        held = found if self._behind(variable) else self.given
        for v, each in zip(equation.outvars, outputs, strict=True):
            held[v] = each  # type: ignore[index]
        return held[variable]

    def _part(self, equation: Any, value: Any, parts: dict[Any, Any]) -> list[tuple[Any, Any]]:
        """A slice: the whole is found when all of it was met."""
        (whole,), params = equation.invars, equation.params
        shape, dtype = whole.aval.shape, whole.aval.dtype
        array, mask = parts.get(whole, (jnp.zeros(shape, dtype), np.zeros(shape, bool)))
        strides = params["strides"] or (1,) * len(shape)
        where = tuple(map(slice, params["start_indices"], params["limit_indices"], strides))
        mask = mask.copy()
        mask[where] = True
        array = array.at[where].set(value)
        parts[whole] = (array, mask)
        return [(whole, array)] if mask.all() else []

    def _branches(self, equation: Any, value: Any, found: dict[Any, Any]) -> list[tuple[Any, Any]]:
        """A choice by what is known: each branch is inverted on its own."""
        which, *cases = equation.invars
        if self._missing(which, found):
            raise NotInvertibleError("a choice by the noise itself")
        chosen = self._value(which, found)
        solved = [self.solved([(case, value)], found) for case in cases]
        news = [{v for v in each if v in self.unknown and v not in found} for each in solved]
        if not news[0] or any(each != news[0] for each in news):
            raise NotInvertibleError("a choice of which one branch does not have the noise")
        for v in sorted(news[0], key=self.unknown.index):
            each = [case[v] for case in solved]
            shape = v.aval.shape
            pick = jnp.broadcast_to(chosen, shape) if jnp.shape(chosen) in ((), shape) else None
            if pick is None:
                raise NotInvertibleError("a choice of another shape than the noise")
            if len(each) == 2:
                found[v] = jnp.where(pick.astype(bool), each[1], each[0])
            else:
                found[v] = jax.lax.select_n(pick, *each)
        return []

    def _straight(self, variable: Any, noise: Any) -> bool:
        """Whether a variable is affine in an input."""
        inputs = [*self.jaxpr.constvars, *self.jaxpr.invars]
        kinds: list[Any] = [1 if v is noise else 0 for v in inputs]
        return affine(self.jaxpr.replace(constvars=[], invars=inputs), kinds).get(variable) == 1

    def _line(self, goals: list[tuple[Any, Any]], found: dict[Any, Any]) -> bool:
        """A goal that is affine in one scalar noise: a line through two points of it."""
        for at, (variable, value) in enumerate(goals):
            missing = self._missing(variable, found)
            if len(missing) != 1 or variable.aval.shape != ():
                continue
            (noise,) = missing
            if noise.aval.shape != () or not jnp.issubdtype(noise.aval.dtype, jnp.floating):
                continue
            if not self._straight(variable, noise):
                continue
            zero, one = (
                self._value(variable, {**found, noise: jnp.asarray(x, noise.aval.dtype)})
                for x in (0.0, 1.0)
            )
            found[noise] = (value - zero) / (one - zero)
            goals.pop(at)
            return True
        return False


_NONE: frozenset[Any] = frozenset()


def _kind(variable: Any) -> Any:
    return variable.aval.dtype


def _pieces(equation: Any, value: Any) -> list[tuple[Any, Any]]:
    """The parts of what was put together."""
    if equation.primitive.name == "stack":
        axis = equation.params["axis"]
        return [(v, jnp.take(value, at, axis=axis)) for at, v in enumerate(equation.invars)]
    axis, goals, start = equation.params["dimension"], [], 0
    for v in equation.invars:
        size = v.aval.shape[axis]
        goals.append((v, jax.lax.slice_in_dim(value, start, start + size, axis=axis)))
        start += size
    return [(v, x) for v, x in goals]
