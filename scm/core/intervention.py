"""Interventions as layers: what do, undo and assign make of a model's variables."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from scm.core.assignment import Variable
from scm.core.errors import ModelError, UnknownNameError, suggestion
from scm.core.fit import fitted_constant
from scm.core.marks import Marked
from scm.core.mechanism import Shape
from scm.core.read import Canonical, read, unmark

__all__ = ["assigned", "done", "hidden", "merged", "undone", "written"]


def merged(verb: str, named: Mapping[str, Any] | None, rhs: Mapping[str, Any]) -> dict[str, Any]:
    """A dict by position and keywords as one; the same name in both is refused."""
    if named is not None and not isinstance(named, Mapping):
        raise ModelError(
            f"{verb}: a dict by position or names by keyword are wanted, given {named!r}; write "
            f"{verb}(x=1.0) or {verb}({{'x': 1.0}})"
        )
    twice = [name for name in named or {} if name in rhs]
    if twice:
        raise ModelError(f"{verb}: {twice[0]} is given twice")
    return {**(named or {}), **rhs}


def written(written_as: Mapping[str, Any], canonical: Canonical) -> dict[str, Variable]:
    """The variables of a model as it is first written."""
    return {name: _variable(name, rhs, canonical) for name, rhs in written_as.items()}


def _variable(name: str, rhs: Any, canonical: Canonical) -> Variable:
    bare, role = unmark(rhs)
    assignment = read(name, bare, fresh="u", canonical=canonical)
    if role == "param":
        if assignment.form != "constant":
            raise ModelError(
                f"{name} is a param, a number or an array; to make it a variable, mark it anew: "
                f"{name}=latent(...)"
            )
        value = assignment.numbers[0]
        if value.dtype.kind in "iub" or value.dtype.itemsize < 4:  # whatever it was typed as
            value = value.astype(float)
        assignment = dataclasses.replace(assignment, numbers=(value,))
    return Variable(name, role, (assignment,))


def done(
    variables: Mapping[str, Variable],
    shapes: Mapping[str, Shape],
    interventions: Mapping[str, Any],
    canonical: Canonical,
) -> dict[str, Variable]:
    """The variables with one more layer on each that is named; what it replaces is dropped."""
    result = dict(variables)
    for name, rhs in interventions.items():
        variable = _known(variables, name, "do")
        if isinstance(rhs, Marked):
            raise ModelError(
                f"do({name}={rhs.role}(...)): a mark says what a variable is in the model and "
                f"cannot be done to it; write do({name}=...) with what stands inside the mark"
            )
        layer = read(name, rhs, fresh="do", canonical=canonical, where=f"do({name}=...)")
        if layer.form == "constant":
            layer = fitted_constant(name, layer, shapes[name])
        above = dataclasses.replace(variable, layers=(*variable.layers, layer))
        live = [above.layers[depth] for depth in above.live if depth > 0]
        result[name] = dataclasses.replace(variable, layers=(variable.layers[0], *live))
    return result


def undone(variables: Mapping[str, Variable], names: Iterable[str]) -> dict[str, Variable]:
    """The variables with all interventions on those named taken back."""
    result = dict(variables)
    for name in names:
        variable = _known(variables, name, "undo")
        result[name] = dataclasses.replace(variable, layers=variable.layers[:1])
    return result


def hidden(variables: Mapping[str, Variable], names: Iterable[str]) -> dict[str, Variable]:
    """The variables with those named latent."""
    result = dict(variables)
    for name in names:
        variable = _known(variables, name, "hide")
        if variable.role == "param":
            raise ModelError(f"hide: {name} is a param, which is in no data as it is")
        result[name] = dataclasses.replace(variable, role="latent")
    return result


def assigned(
    variables: Mapping[str, Variable], rhs: Mapping[str, Any], canonical: Canonical
) -> dict[str, Variable]:
    """The variables with new mechanisms, or new variables; an unmarked one keeps its role."""
    result = dict(variables)
    for name, each in rhs.items():
        fresh = _variable(name, each, canonical)
        if name in variables and not isinstance(each, Marked):
            role = variables[name].role
            fresh = _variable(name, Marked(each, role), canonical) if role != "observed" else fresh
        result[name] = fresh
    return result


def _known(variables: Mapping[str, Variable], name: str, verb: str) -> Variable:
    if name not in variables:
        raise UnknownNameError(
            f"{verb}: the model has no variable {name!r}{suggestion(name, variables)}"
        )
    return variables[name]
