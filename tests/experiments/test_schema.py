"""The schema that editors read: valid, complete, and one that the studies here fulfil."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from experiments.cli import main
from experiments.schema import schema

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").rglob("*.toml"))
TYPES = {
    "string": str, "boolean": bool, "array": list, "object": dict, "integer": int,
    "number": (int, float),
}  # fmt: skip


def wrong(value, told, defs, at="study"):
    """What a value breaks of as much of JSON Schema as this schema uses, by hand."""
    if "$ref" in told:
        return wrong(value, defs[told["$ref"].rsplit("/", 1)[1]], defs, at)
    if "oneOf" in told:
        found = [wrong(value, each, defs, at) for each in told["oneOf"]]
        kind = [each for each in found if f"{at}.kind: const" not in each]
        return [] if [] in found else min(kind, key=len)
    types = told.get("type", [])
    types = [types] if isinstance(types, str) else types
    truth = isinstance(value, bool)  # which Python takes for an integer
    fits = [isinstance(value, TYPES[each]) and truth == (each == "boolean") for each in types]
    if types and not any(fits):
        return [f"{at}: {types}"]
    found = [f"{at}: {key}" for key in told.get("required", ()) if key not in value]
    if "const" in told and value != told["const"]:
        found.append(f"{at}: const")
    if "enum" in told and value not in told["enum"]:
        found.append(f"{at}: enum")
    if isinstance(value, str) and not re.search(told.get("pattern", ""), value):
        found.append(f"{at}: pattern")
    if isinstance(value, (int, float)) and value < told.get("minimum", value):
        found.append(f"{at}: minimum")
    if isinstance(value, dict):
        for key, each in value.items():
            named = [
                each
                for pattern, each in told.get("patternProperties", {}).items()
                if re.search(pattern, key)
            ]
            other = named[0] if named else told.get("additionalProperties", {})
            inner = told.get("properties", {}).get(key, other)
            if inner is False:
                found.append(f"{at}.{key}: unknown")
            elif inner is not True:
                found += wrong(each, inner, defs, f"{at}.{key}")
    if isinstance(value, list):
        for each in value:
            found += wrong(each, told.get("items", {}), defs, f"{at}[]")
    return found


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_study_here_fulfils_it(path):
    made = schema()
    assert wrong(tomllib.loads(path.read_text()), made, made["$defs"]) == []


def test_it_refuses_what_a_study_may_not_hold():
    made = schema()

    def broken(**changes):
        table = tomllib.loads(CONFIGS[0].read_text())
        return wrong({**table, **changes}, made, made["$defs"])

    assert broken(n="3") == ["study.n: ['integer']"]
    assert broken(replications=0) == ["study.replications: minimum"]
    assert broken(sead=1) == ["study.sead: unknown"]
    assert broken(precision="double") == ["study.precision: enum"]
    assert broken(worlds={"a": {"n": 5}}) == ["study.worlds.a: simulator"]
    effect = {"kind": "CATE", "treatment": "t", "outcome": "y"}
    assert broken(methods={"a b": {"estimator": "ols"}}) == ["study.methods.a b: unknown"]
    assert broken(estimands={"a": effect}) == ["study.estimands.a: given"]


def test_every_key_has_a_description():
    made = schema()
    for name, table in {"Study": made, **made["$defs"]}.items():
        for key, told in table["properties"].items():
            assert told.get("description", "").endswith("."), f"{name}.{key}"
            assert set(told) > {"description"}, f"{name}.{key}"


def test_it_is_printed_and_of_the_draft_it_names(capsys):
    assert main(["schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(json.dumps(schema()))
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    validators = pytest.importorskip("jsonschema")
    validators.Draft202012Validator.check_schema(printed)
    for path in CONFIGS:
        validators.Draft202012Validator(printed).validate(tomllib.loads(path.read_text()))
