"""``scm schema``: the JSON schema of a study's file, so that editors complete and check its keys.

It is of draft 2020-12, made from the tables themselves. It says what a schema can say of the file;
`experiments.config.load` says more: which names there are, and what goes together.
"""

from __future__ import annotations

from typing import Any

from experiments.asked import KINDS
from experiments.happenings import STEPS
from experiments.study import Study

__all__ = ["schema"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_SPELT_OUT = {  # what a table may leave out, though a study always has it
    "World": ("label", "n"),
    "Method": ("label", "treatment", "outcome", "adjust", "instruments", "mediators", "estimands"),
    "Claim": ("worlds", "estimand"),
    **dict.fromkeys(KINDS, ("label", "worlds")),
}

_STEPS = {each.__name__ for each in STEPS.values()}

_KEYS = {  # by key, or by table and key where that is something else there
    "name": "The study's name: its results go to runs/NAME/.",
    "title": "What the study asks, as a line for people.",
    "aims": "What it is to find out.",
    "notes": "What a reader of its results has to know.",
    "seed": "Of all randomness.",
    "precision": "What numbers are held in.",
    "family": "A parameter and how many worlds it makes, from 0 on: one scenario of many worlds.",
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
    "observe": "What happens to its data on their way to the analyst: [worlds.NAME.observe.STEP].",
    "missing": "What it does with missing values.",
    "claims": "What the study claims, to be held against what it finds: [claims.NAME].",
    "severity": "How much of it happens: 0 is nothing, 1 as it is written.",
    "numbers": "Values of the names in formulas that are no columns.",
    "column": "The column that it happens to.",
    "columns": "The columns that it happens to.",
    "sd": "Standard deviation of normal noise, in units of the column.",
    "factor_sd": "Standard deviation of the logarithm of a factor of median 1.",
    "berkson": "Whether units really get another value than what is recorded.",
    "sensitivity": "P(recorded 1 | 1): a number, or a formula.",
    "specificity": "P(recorded 0 | 0): a number, or a formula.",
    "cuts": "Where classes meet.",
    "values": "What is recorded of each class; left out: 0, 1, 2.",
    "where": "A formula that is true of the units in the data, or their probability.",
    "chance": "The probability to go missing: a number, or a formula.",
    "monotone": "Whether what is lost in one column is lost in those after it.",
    "low": "Values below are recorded as this.",
    "high": "Values above are recorded as this.",
    "flag": "A new column that says which values are bounds.",
    "size": "Units of a group.",
    "spill": "How much the outcome moves per unit of the others' mean treatment.",
    "share": "The probability of a unit to be of the other world.",
    "says": "The claim, in words.",
    "because": "Why it should be so.",
    "estimand": "Of which estimand; left out: the study's first.",
    "within": "How far off it may be besides Monte Carlo error.",
    "equals": "What the measure is: a number, or a formula.",
    "known": "A known answer of the simulator that the measure equals.",
    "above": "What the measure is above: a number, or a formula.",
    "below": "What the measure is below: a number, or a formula.",
    "smaller_than": "A method of which the same measure is larger in size.",
    "Step.kind": "What happens.",
    "Step.n": "So many units are in the data, the first that are selected.",
    "Step.name": "Of the new column.",
    "Step.treatment": "The column that spills over.",
    "Step.outcome": "The column that moves.",
    "Step.error": "A formula that is added to the column: a differential error.",
    "Claim.measure": "The measure, as in summary.csv; or estimate, the mean of the estimates.",
    "Claim.method": "Of which method; naive and oracle are there always.",
    "Claim.worlds": "Where; left out: in every world where the estimand is asked.",
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
    for table, key in ((made, "estimands"), (definitions["World"], "observe")):
        for kinds in table["properties"][key]["patternProperties"].values():
            kinds.pop("discriminator")  # OpenAPI's, which no editor of TOML reads
    made["description"] = "A simulation study: estimators in worlds whose truth is known."
    return {"$schema": DRAFT, **made, "$defs": definitions}


def _described(table: str, key: str, told: dict[str, Any]) -> dict[str, Any]:
    """What is told of a key, with a description, and without null: TOML has none."""
    family = "Effect" if table in KINDS else "Step" if table in _STEPS else table
    kept = {name: value for name, value in told.items() if name not in ("title", "default")}
    if "default" in told and told["default"] is not None:
        kept["default"] = told["default"]
    given = [each for each in kept.pop("anyOf", ()) if each != {"type": "null"}]
    kept |= given[0] if len(given) == 1 else {"anyOf": given} if given else {}
    if "patternProperties" in kept:  # a key that is no name is none
        kept["additionalProperties"] = False
    description = _KEYS.get(f"{family}.{key}") or _KEYS.get(key)
    return {"description": description, **kept} if description else kept
