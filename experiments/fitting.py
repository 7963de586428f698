"""Whether the parts of a plan fit together: what only its models, estimators and data can tell.

Every finding is a key of the study's file and a message; what is wrong in several worlds alike is
one mistake.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from experiments import study as written
from experiments.method import Method, nearest
from experiments.toml_lines import KeyPath
from scm.estimands import InSample
from scm.estimands.values import support

if TYPE_CHECKING:
    from experiments.plan import Plan

__all__ = [
    "lost_columns",
    "lost_diagnostics",
    "lost_samples",
    "lost_variables",
    "too_large",
    "traced",
    "untaken",
]

Findings = Iterator[tuple[KeyPath, str]]

_TRACED: dict[Hashable, Any] = {}


def lost_variables(planned: Plan) -> Findings:
    """Variables that an estimand names and a world where it is asked has not."""
    known = {name: sorted(each.model.structure.order) for name, each in planned.worlds.items()}
    wanted = (
        (("estimands", name, *key), variable, asked.worlds)
        for name, asked in planned.study.estimands.items()
        for key, variable in _variables(asked)
    )
    yield from _lost("variable", wanted, {_world(name): each for name, each in known.items()})


def lost_columns(planned: Plan) -> Findings:
    """Columns that a method reads, and a world where it runs, or the real data, have not."""
    study = planned.study
    known: dict[str, Sequence[str]] = {
        _world(name): list(each.columns) for name, each in planned.worlds.items()
    }
    if planned.real is not None:
        known[_REAL] = list(planned.real.frame.columns)
    wanted = []
    for name, method in planned.methods.items():
        where = [world for world in planned.worlds if name in planned.named_in(world)]
        where += [_REAL] * (planned.real is not None)
        for role in written.Roles.model_fields:
            named = getattr(method.roles, role)
            inherited = getattr(study.methods[name], role) == getattr(study.roles, role)
            key: KeyPath = ("roles", role) if inherited else ("methods", name, role)
            if isinstance(named, str):
                wanted.append((key, named, where))
            else:
                wanted += [((*key, at), column, where) for at, column in enumerate(named)]
    yield from _lost("column", wanted, known)


_REAL = "the real data"


def _world(name: str) -> str:
    return f"the world {name!r}"


def _lost(
    what: str,
    wanted: Iterable[tuple[KeyPath, str, Sequence[str]]],
    known: Mapping[str, Sequence[str]],
) -> Findings:
    """Names that are not among the known ones of the places where they are wanted: a message for
    each, whatever number of places and of those who want it."""
    without: dict[tuple[KeyPath, str], dict[str, None]] = {}
    for key, name, places in wanted:
        for place in places:
            where = place if place in known else _world(place)
            if name not in known[where]:
                without.setdefault((key, name), {})[where] = None
    for (key, name), found in without.items():
        *others, last = found
        told = f"{', '.join(others)} and {last}" if others else last
        if len(others) > (last == _REAL):
            told = "the worlds " + told.replace("the world ", "")
        has = "have" if others else "has"
        there = dict.fromkeys(each for place in found for each in known[place])
        yield key, f"{told} {has} no {what} {name!r}{nearest(name, there)}"


def _variables(asked: written.Estimand) -> Iterator[tuple[KeyPath, str]]:
    """Every variable that an estimand's table names, and by which key."""
    for key in ("treatment", "outcome", "instrument"):
        if key in type(asked).model_fields:
            yield (key,), getattr(asked, key)
    for key in ("mediators", "adjust"):
        yield from (((key, at), name) for at, name in enumerate(getattr(asked, key, ())))
    for key in ("at", "given"):
        yield from (((key, name), name) for name in getattr(asked, key, ()))
    for at, edge in enumerate(getattr(asked, "edges", ())):
        yield from ((("edges", at, end), name) for end, name in enumerate(edge))


def untaken(planned: Plan) -> Findings:
    """Values that an estimand sets a variable to, or is given of it, and that it never takes: of
    variables that take few values, and say which."""
    for name, asked in planned.study.estimands.items():
        told: set[KeyPath] = set()
        for world in asked.worlds:
            model = planned.worlds[world].model
            for key, variable, value in _values(asked):
                values = (
                    support(model, variable) if model.structure.out(variable).shape == () else None
                )
                if values is None or key in told or any(_fits(value, x) for x in values.tolist()):
                    continue
                told.add(key)
                takes = ", ".join(f"{each:g}" for each in values[:10])
                more = ", ..." if len(values) > 10 else ""
                yield (
                    ("estimands", name, *key),
                    f"{variable} is never {_shown(value)} in {_world(world)}; it takes "
                    f"{takes}{more}",
                )


def _values(asked: written.Estimand) -> Iterator[tuple[KeyPath, str, Any]]:
    """Every value in an estimand's table, with its key and the variable that it is one of."""
    levels = [("levels", "treatment"), ("instrument_levels", "instrument"), ("event", "outcome")]
    for key, variable in levels:
        given = getattr(asked, key, ())
        for at, value in enumerate(given if isinstance(given, tuple) else (given,)):
            place: KeyPath = (key, at) if isinstance(given, tuple) else (key,)
            yield place, getattr(asked, variable), value
    for key in ("at", "given"):
        for variable, value in getattr(asked, key, {}).items():
            yield (key, variable), variable, value


def _fits(value: Any, taken: float) -> bool:
    """Whether a value that is taken is the one that is named, or in the interval."""
    if isinstance(value, list | tuple):
        return bool(value[0] <= taken <= value[1])
    return bool(value == taken)


def _shown(value: Any) -> str:
    return f"from {value[0]} to {value[1]}" if isinstance(value, list | tuple) else str(value)


def lost_samples(planned: Plan) -> Findings:
    """Estimands of a sample's own units where these are not the units of the data."""
    told: set[str] = set()
    for world, name in planned.questions():
        each = planned.worlds[world]
        if (
            name in told
            or not isinstance(planned.estimands[name], InSample)
            or not (each.selected or each.moving)
        ):
            continue
        why = (
            "the data are of some of the units only"
            if each.selected
            else (f"the units of the data are others (observe.{', observe.'.join(each.moving)})")
        )
        kind = planned.study.estimands[name].kind
        yield (
            ("estimands", name, "kind"),
            f"{kind} is of the units of the world {world!r}, and {why}; ask for {kind[1:]}, or in "
            "worlds without that",
        )
        told.add(name)


def too_large(planned: Plan) -> Findings:
    """Data sets that are larger than the memory of this machine, which is to make them."""
    engine = planned.study.engine
    if engine.address:
        return
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    told: set[KeyPath] = set()
    for name, world in planned.worlds.items():
        columns = len(world.columns)
        size = 8 * world.n * columns
        key: KeyPath = ("n",) if world.n == planned.study.n else ("worlds", name, "n")
        if size > memory and key not in told:
            told.add(key)
            yield (
                key,
                f"a data set of {world.n:,} units and {columns} columns is {size / 1e9:,.0f} GB, "
                f"and this machine has {memory / 1e9:,.0f} GB",
            )


def lost_diagnostics(planned: Plan) -> Findings:
    """Published diagnostics that their method does not give."""
    for at, each in enumerate(planned.real.published if planned.real is not None else ()):
        method = planned.methods[each.method]
        known: list[str] = []
        if not method.plain and each.diagnostics:
            known += traced(method, next(iter(planned.worlds.values())).n).diagnostics
        for name in each.diagnostics:
            if name not in known:
                there = nearest(name, known) if known else "; there are none"
                key = ("real", "published", at, "diagnostics", name)
                yield key, f"{each.method} gives no diagnostic {name!r}{there}"


def traced(method: Method, n: int) -> Any:
    """The shapes of a method's estimate, from columns of the right names: a bad call is found now.

    ``n`` is a number of units that there will be: then JAX need not trace the estimator once more.
    Raises what the estimator raises.
    """
    dtype = jnp.result_type(float)
    if (method.key, dtype) not in _TRACED:
        column = jax.ShapeDtypeStruct((n,), dtype)
        shapes = jax.eval_shape(method, dict.fromkeys(method.columns, column))
        _TRACED[method.key, dtype] = shapes
    return _TRACED[method.key, dtype]
