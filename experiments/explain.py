"""Puts what pydantic finds wrong with a study into the words of its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from experiments.asked import KINDS, Effect
from experiments.claims import Claim
from experiments.happenings import STEPS, Step
from experiments.mistakes import key_text, nearest, shown, spelling
from experiments.study import Engine, Method, Published, Real, Roles, Stop, Study, World
from experiments.toml_lines import KeyPath

__all__ = ["explained"]

_A_KIND, _A_STEP = (
    " or ".join(", ".join(f'"{name}"' for name in kinds).rsplit(", ", 1))
    for kinds in (KINDS, STEPS)
)
_EXAMPLES = {  # what to add for each key that may not be left out
    "name": 'name = "college"',
    "title": 'title = "What is a year of schooling worth?"',
    "n": "n = 1_000",
    "replications": "replications = 1_000",
    "roles": "a table [roles]",
    "worlds": "a table [worlds.NAME]",
    "estimands": "a table [estimands.NAME]",
    "methods": "a table [methods.NAME]",
    "treatment": 'treatment = "educ"',
    "outcome": 'outcome = "lwage"',
    "simulator": 'simulator = "college"',
    "instrument": 'instrument = "nearc4"',
    "kind": f"kind = {_A_KIND}",
    "at": "at = { exper = 8 }",
    "mediators": 'mediators = ["exper"]',
    "edges": 'edges = [["educ", "exper"], ["exper", "lwage"]]',
    "given": "given = { female = 1, age = [40, 50] }",
    "estimator": 'estimator = "ols"',
    "data": 'data = "card"',
    "source": 'source = "Card (1995)"',
    "method": 'method = "ols"',
    "value": "value = 0.0747",
    "measure": 'measure = "bias"',
    "error": "error = 0.005",
    "most": "most = 100_000",
    "column": 'column = "X"',
    "columns": 'columns = ["X"]',
    "cuts": "cuts = [0.0]",
    "where": 'where = "X + Y > 1"',
    "chance": 'chance = "expit(X)"',
    "size": "size = 20",
    "sd": "sd = 0.5",
    "spill": "spill = 0.5",
    "says": 'says = "Measurement error shrinks the slope"',
}


def explained(errors: Iterable[Any], raw: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """A key path and a message for each of pydantic's ``errors`` about the file's tables ``raw``.

    A key that is missing because it is misspelt is one mistake, not two.
    """
    found = [each for error in errors for each in _findings(error)]
    missing = {path for path, sort, _ in found if sort == "missing"}
    meant = {}  # for each unknown key, the missing one that it seems to be
    for path, sort, _ in found:
        absent = [other[-1] for other in missing if other[:-1] == path[:-1]]
        if sort == "unknown" and (near := nearest(str(path[-1]), map(str, absent))):
            meant[path] = near
    for path, sort, message in found:
        if path in meant:
            yield path, f"unknown key; did you mean {meant[path]!r}?"
        elif sort == "unknown":
            yield path, _unknown(path, raw)
        elif sort == "missing":
            if not any(path == (*other[:-1], key) for other, key in meant.items()):
                yield path, f"missing; add {_example(path)}"
        else:
            yield path, message


def _example(path: KeyPath) -> str:
    """What to add for a key that is missing."""
    step = path[0] == "worlds" and path[-1] == "kind"
    return f"kind = {_A_STEP}" if step else _EXAMPLES[str(path[-1])]


def _findings(error: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str, str]]:
    """(path, "unknown", ""), (path, "missing", "") or (path, "refused", message)."""
    path, sort, given = _path(error["loc"]), error["type"], error["input"]
    if sort == "extra_forbidden":
        yield path, "unknown", ""
    elif sort == "missing":
        yield path, "missing", ""
    elif sort == "union_tag_not_found":  # pydantic looks no further into an estimand of no kind
        yield (*path, "kind"), "missing", ""
        known = {key for kind in _kinds(path).values() for key in kind.model_fields}
        yield from (((*path, key), "unknown", "") for key in given if key not in known)
    elif sort == "union_tag_invalid":
        near = nearest(str(given["kind"]), _kinds(path))
        steps = _kinds(path) is STEPS
        every, what = (_A_STEP, "step") if steps else (_A_KIND, "estimand")
        wanted = f"a kind of {what}" if near else every
        hint = f'; did you mean "{near}"?' if near else ""
        yield (*path, "kind"), "refused", f"{wanted} is wanted, given {shown(given['kind'])}{hint}"
    elif sort in ("model_type", "model_attributes_type", "dict_type"):
        yield path, "refused", f"a table [{key_text(path)}] is wanted, given {shown(given)}"
    else:
        yield (*path, *error.get("ctx", {}).get("at", ())), "refused", error["msg"]


def _path(loc: KeyPath) -> KeyPath:
    """The key path in the file: without pydantic's marks for kinds of estimand and for keys."""
    if loc[0] == "estimands" and len(loc) > 2 and loc[2] in KINDS:
        loc = (*loc[:2], *loc[3:])
    if loc[0] == "worlds" and len(loc) > 4 and loc[2] == "observe" and loc[4] in STEPS:
        loc = (*loc[:4], *loc[5:])
    return loc[:-1] if loc[-1] == "[key]" else loc


def _unknown(path: KeyPath, raw: Mapping[str, Any]) -> str:
    """What an unknown key may have meant: one of its table's, or a key of some other table."""
    *table, key = path
    model = _model(tuple(table), raw)
    near = nearest(str(key), model.model_fields)
    if not near and table and key in Study.model_fields:
        return "unknown key here; it belongs to the whole study: write it above the first [table]"
    kinds = _kinds(tuple(table))
    owners = [name for name, kind in kinds.items() if key in kind.model_fields]
    own = [name for name, kind in kinds.items() if kind is model]
    if not near and own and owners:
        return f'unknown key for kind = "{own[0]}"; it belongs to kind = "{owners[0]}"'
    return f"unknown key{spelling(str(key), model.model_fields)}"


def _kinds(table: KeyPath) -> Mapping[str, type[BaseModel]]:
    """The kinds that tables at this path may be of."""
    return STEPS if table[:1] == ("worlds",) else KINDS


def _model(table: KeyPath, raw: Mapping[str, Any]) -> type[BaseModel]:
    """What describes the table at this path."""
    match table:
        case ():
            return Study
        case ("roles",):
            return Roles
        case ("worlds", _):
            return World
        case ("worlds", world, "observe", step):
            return STEPS.get(raw["worlds"][world]["observe"][step].get("kind"), Step)
        case ("claims", _):
            return Claim
        case ("methods", _):
            return Method
        case ("estimands", name):
            return KINDS.get(raw["estimands"][name].get("kind"), Effect)
        case ("real",):
            return Real
        case ("engine",):
            return Engine
        case ("stop",):
            return Stop
    return Published
