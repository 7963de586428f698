"""``scm schema``: the JSON schema of a study's file, so that editors complete and check its keys.

It is of draft 2020-12, made from the tables themselves. It says what a schema can say of the file;
`experiments.config.load` says more: which names there are, and what goes together.
"""

from __future__ import annotations

from typing import Any

from experiments.asked import KINDS
from experiments.study import Study

__all__ = ["schema"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_SPELT_OUT = {  # what a table may leave out, though a study always has it
    "World": ("label", "n"),
    "Method": ("label", "treatment", "outcome", "adjust", "instruments", "mediators", "estimands"),
    **dict.fromkeys(KINDS, ("label", "worlds")),
}

_KEYS = {  # by key, or by table and key where that is something else there
    "name": "The study's name: its results go to runs/NAME/.",
    "title": "What the study asks, as a line for people.",
    "aims": "What it is to find out.",
    "notes": "What a reader of its results has to know.",
    "seed": "Of all randomness.",
    "precision": "What numbers are held in.",
    "n": "People in each data set, in all worlds that do not say otherwise.",
    "replications": "Data sets in each world and cell.",
    "roles": "Which columns play which part, for all methods that do not say otherwise.",
    "worlds": "Models whose truth is known: [worlds.NAME].",
    "estimands": "What is asked: [estimands.NAME].",
    "methods": "The estimators that are compared: [methods.NAME].",
    "real": "Real data that the worlds stand for; every method is run on them first.",
    "engine": "Who does the work; no result depends on it.",
    "grids": "Factors and their levels: all combinations of a grid are cells of the study.",
    "scenarios": "Changes of this file that go together, each crossed with the grids.",
    "failures": "What measures make of data sets on which a method failed.",
    "stop": "Replications go on until a measure is known well enough.",
    "label": "Its name for people; left out: its name.",
    "treatment": "The column whose effect is asked for.",
    "outcome": "The column on which the effect is.",
    "adjust": "Columns that are adjusted for; left out: the best set of each world's graph.",
    "instruments": "Columns that move the outcome through the treatment only.",
    "mediators": "Columns on the way from the treatment to the outcome.",
    "kind": "Which effect it is.",
    "levels": "Levels of the treatment that are compared, the reference first.",
    "given": "Properties of the units: values, or the two ends of an interval.",
    "at": "Variables that are held fixed by intervention, and at what.",
    "edges": "The edges by which the effect arrives: pairs of cause and effect.",
    "step": "How much more of the treatment each unit is given.",
    "quantile": "Which quantile: 0.5 is the median.",
    "instrument": "The column that moves the treatment.",
    "instrument_levels": "Levels of the instrument, the reference first.",
    "event": "The value of the outcome that is the event.",
    "reference": "The level of the treatment that others are compared with.",
    "simulator": "A simulator's name (scm list tells which there are), or MODULE:NAME.",
    "parameters": "The simulator's parameters: scm show NAME tells which it has.",
    "estimator": "The estimator's name, or MODULE:NAME of a function.",
    "options": "The estimator's options.",
    "time_limit": "Seconds for one data set, of an estimator in plain Python.",
    "memory_limit": "Megabytes for one data set, of an estimator in plain Python.",
    "data": "The name of the data.",
    "source": "Where it is from.",
    "published": "Estimates that were printed for the real data: [[real.published]].",
    "method": "The method that it is set beside.",
    "value": "The estimate.",
    "se": "Its standard error.",
    "diagnostics": "Other numbers that were printed with it.",
    "measure": "The measure, as summary.csv names it: bias, coverage.",
    "error": "The Monte Carlo standard error that is wanted, of every method in every cell.",
    "most": "Replications beyond which nothing goes on.",
    "workers": "How many; left out: one for each core.",
    "address": "Of a Dask scheduler; left out: a cluster of this machine.",
    "World.n": "People in each data set; left out: the study's.",
    "Effect.worlds": "Where it is asked; left out: in every world.",
    "Effect.adjust": "Columns that the regression adjusts for.",
    "Engine.kind": "This process, other processes of this machine, or a Dask cluster.",
    "Stop.methods": "Of which methods; left out: all.",
    "Method.estimands": "What it is held against; left out: every estimand.",
}


def schema() -> dict[str, Any]:
    """The schema of a study's file.

    >>> made = schema()
    >>> made["properties"]["n"]["type"], made["$defs"]["World"]["required"]
    ('integer', ['simulator'])
    """
    made = Study.model_json_schema()
    definitions = made.pop("$defs")
    tables = {"Study": made, **definitions}
    for name, table in tables.items():
        spelt_out = _SPELT_OUT.get(name, ())
        required = [key for key in table.get("required", ()) if key not in spelt_out]
        table.pop("required", None)
        if required:
            table["required"] = required
        table["properties"] = {
            key: _described(name, key, each) for key, each in table["properties"].items()
        }
    for kinds in made["properties"]["estimands"]["patternProperties"].values():
        kinds.pop("discriminator")  # OpenAPI's, which no editor of TOML reads
    made["description"] = "A simulation study: estimators in worlds whose truth is known."
    return {"$schema": DRAFT, **made, "$defs": definitions}


def _described(table: str, key: str, told: dict[str, Any]) -> dict[str, Any]:
    """What is told of a key, with a description, and without null: TOML has none."""
    family = "Effect" if table in KINDS else table
    kept = {name: value for name, value in told.items() if name not in ("title", "default")}
    if "default" in told and told["default"] is not None:
        kept["default"] = told["default"]
    given = [each for each in kept.pop("anyOf", ()) if each != {"type": "null"}]
    kept |= given[0] if len(given) == 1 else {"anyOf": given} if given else {}
    if "patternProperties" in kept:  # a key that is no name is none
        kept["additionalProperties"] = False
    description = _KEYS.get(f"{family}.{key}") or _KEYS.get(key)
    return {"description": description, **kept} if description else kept
