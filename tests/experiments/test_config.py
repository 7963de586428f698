"""Every mistake in a study's file is one line: the key, where it is written, and the way out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from experiments import asked, explain, happenings, study
from experiments.config import ConfigError, Mistake, Study, load

ROOT = Path(__file__).parents[2]
KINDS = (
    '"ATE", "ATT", "ATC", "SATE", "SATT", "CATE", "CDE", "NDE", "NIE", "TDE", "TIE", '
    '"PathSpecific", "TotalEffect", "RiskRatio", "OddsRatio", "QTE", "QTT", "UnitEffectQuantile", '
    '"LATE", "ACR", "PN", "PS", "PNS", "VarianceWeightedSlope" or "OLSLimit"'
)

TOY = """\
name = "toy"
title = "A toy"
seed = 7
precision = "float32"
n = 100
replications = 20

[roles]
treatment = "t"
outcome = "y"
adjust = ["a", "b"]

[worlds.plain]
label = "nothing hidden"
simulator = "toy"
parameters = { slope = 0.5 }

[worlds.hidden]
simulator = "toy"
n = 50

[estimands.ate]
kind = "ATE"
treatment = "t"
outcome = "y"

[estimands.direct]
kind = "CDE"
treatment = "t"
outcome = "y"
at = { a = 8 }
worlds = ["plain"]

[methods.crude]
estimator = "difference"
adjust = []

[methods.ols]
estimator = "ols"
options = { hc = 3 }
estimands = ["ate"]

[real]
data = "toy"
source = "nowhere"

[[real.published]]
method = "ols"
value = 0.5
source = "nowhere"
"""
METHODS = TOY[TOY.index("[methods.crude]") : TOY.index("[real]")]
ATE = 'kind = "ATE"'
AT = "at = { a = 8 }"
NAME = 'a name of letters, digits, "_" and "-" is wanted'
PLAIN = "a string, boolean, finite number, list or table of these is wanted"
ROOT_KEYS = (
    "aims, claims, engine, estimands, failures, grids, methods, n, name, notes, precision, real, "
    "replications, roles, scenarios, seed, stop, title, worlds"
)
METHOD_KEYS = (
    "adjust, estimands, estimator, instruments, label, mediators, memory_limit, missing, options, "
    "outcome, time_limit, treatment"
)

WRONG = [  # the old text, the new text, the lines of the refusal after "toy.toml:"
    # Keys misspelt, at every level.
    ("seed = 7", "sede = 7", ["3: sede: unknown key; did you mean 'seed'?"]),
    ("title =", "titel =", ["2: titel: unknown key; did you mean 'title'?"]),
    ("n = 100", "N = 100", ["5: N: unknown key; did you mean 'n'?"]),
    ("seed = 7", "colour = 7", [f"3: colour: unknown key; there are: {ROOT_KEYS}"]),
    ("[roles]", "[rolls]", ["8: rolls: unknown key; did you mean 'roles'?"]),
    ('adjust = ["a"', 'ajust = ["a"', ["11: roles.ajust: unknown key; did you mean 'adjust'?"]),
    (
        "simulator",
        "simulater",
        ["15: worlds.plain.simulater: unknown key; did you mean 'simulator'?"],
    ),
    (ATE, 'knid = "ATE"', ["23: estimands.ate.knid: unknown key; did you mean 'kind'?"]),
    (
        'estimator = "ols"',
        'estimater = "ols"',
        ["39: methods.ols.estimater: unknown key; did you mean 'estimator'?"],
    ),
    (
        'estimator = "ols"',
        'estimator = "ols"\nhc = 3',
        [f"40: methods.ols.hc: unknown key; there are: {METHOD_KEYS}"],
    ),
    (
        'estimator = "ols"',
        'estimator = "ols"\nseed = 3',
        [
            "40: methods.ols.seed: unknown key here; it belongs to the whole study: "
            "write it above the first [table]"
        ],
    ),
    (
        "[[real.published]]",
        "[[real.publshed]]",
        ["47: real.publshed: unknown key; did you mean 'published'?"],
    ),
    (
        "value = 0.5",
        "vale = 0.5",
        ["49: real.published[0].vale: unknown key; did you mean 'value'?"],
    ),
    # Keys that belong to another kind of estimand.
    (
        ATE,
        f"{ATE}\nat = {{ a = 1 }}",
        ['24: estimands.ate.at: unknown key for kind = "ATE"; it belongs to kind = "CDE"'],
    ),
    (
        ATE,
        f"{ATE}\nstep = 1",
        [
            '24: estimands.ate.step: unknown key for kind = "ATE"; '
            'it belongs to kind = "TotalEffect"'
        ],
    ),
    # Keys missing.
    ("n = 100\n", "", ["1: n: missing; add n = 1_000"]),
    (
        ATE + "\n",
        "",
        ["22: estimands.ate.kind: missing; add kind = " + KINDS],
    ),
    (AT + "\n", "", ["27: estimands.direct.at: missing; add at = { exper = 8 }"]),
    ('estimator = "ols"\n', "", ['38: methods.ols.estimator: missing; add estimator = "ols"']),
    ("value = 0.5\n", "", ["47: real.published[0].value: missing; add value = 0.0747"]),
    (METHODS, "", ["1: methods: missing; add a table [methods.NAME]"]),
    # Numbers.
    ("n = 100", "n = 0", ["5: n: an integer of at least 1 is wanted, given 0"]),
    ("n = 100", "n = true", ["5: n: an integer of at least 1 is wanted, given true"]),
    ("n = 100", "n = 1.5", ["5: n: an integer of at least 1 is wanted, given 1.5"]),
    ("n = 100", "n = 1e2", ["5: n: an integer of at least 1 is wanted, given 100.0; write 100"]),
    (
        "n = 100",
        'n = "100"',
        ['5: n: an integer of at least 1 is wanted, given the string "100"; write 100'],
    ),
    (
        "n = 50",
        "n = 50.0",
        ["20: worlds.hidden.n: an integer of at least 1 is wanted, given 50.0; write 50"],
    ),
    (
        "replications = 20",
        "replications = -20",
        ["6: replications: an integer of at least 1 is wanted, given -20"],
    ),
    ("seed = 7", "seed = -1", ["3: seed: an integer from 0 to 2**64 - 1 is wanted, given -1"]),
    (
        AT,
        'at = { a = "8" }',
        ['31: estimands.direct.at.a: a finite number is wanted, given the string "8"; write 8'],
    ),
    (
        AT,
        "at = { a = true }",
        ["31: estimands.direct.at.a: a finite number is wanted, given true"],
    ),
    (AT, "at = { a = inf }", ["31: estimands.direct.at.a: a finite number is wanted, given inf"]),
    (
        "slope = 0.5",
        "slope = nan",
        [f"16: worlds.plain.parameters.slope: {PLAIN}, given nan"],
    ),
    (
        "value = 0.5",
        "value = 0.5\nse = 0",
        ["50: real.published[0].se: a number above 0 is wanted, given 0"],
    ),
    (
        ATE,
        'kind = "TotalEffect"\nstep = 0',
        ["24: estimands.ate.step: a number other than 0 is wanted, given 0"],
    ),
    (
        ATE,
        f"{ATE}\nlevels = [1, 1]",
        [
            "24: estimands.ate.levels: a list of two different numbers is wanted, "
            "given the list [1, 1]"
        ],
    ),
    (
        ATE,
        f"{ATE}\nlevels = [false, true]",
        [
            "24: estimands.ate.levels: a list of two different numbers is wanted, "
            "given the list [false, true]"
        ],
    ),
    # Strings, names, choices.
    ('"A toy"', '""', ['2: title: a string that is not empty is wanted, given the string ""']),
    ('name = "toy"', 'name = "../toy"', [f'1: name: {NAME}, given the string "../toy"']),
    (
        "[worlds.hidden]",
        '[worlds."not seen"]',
        [f'18: worlds."not seen": {NAME}, given the string "not seen"'],
    ),
    (
        '"float32"',
        '"flaot32"',
        [
            '4: precision: "float32" or "float64" is wanted, given the string "flaot32"; '
            'did you mean "float32"?'
        ],
    ),
    ('"float32"', "32", ['4: precision: "float32" or "float64" is wanted, given 32']),
    (
        ATE,
        'kind = "CED"',
        [
            '23: estimands.ate.kind: a kind of estimand is wanted, given the string "CED"; '
            'did you mean "CDE"?'
        ],
    ),
    (
        "slope = 0.5",
        "slope = 2020-01-01",
        [f"16: worlds.plain.parameters.slope: {PLAIN}, given the date or time 2020-01-01"],
    ),
    # Lists and tables.
    (
        '["a", "b"]',
        '"a"',
        ['11: roles.adjust: a list of strings is wanted, given the string "a"; write ["a"]'],
    ),
    (
        '["a", "b"]',
        '[\n  "a",\n  3,\n]',
        ["13: roles.adjust[1]: a string that is not empty is wanted, given 3"],
    ),
    (
        "options = { hc = 3 }",
        "options = 3",
        ["40: methods.ols.options: a table [methods.ols.options] is wanted, given 3"],
    ),
    (
        METHODS,
        "[methods]\n",
        ["34: methods: at least one table [methods.NAME] is wanted, given an empty table"],
    ),
    (
        AT,
        "at = {}",
        ["31: estimands.direct.at: a table like { exper = 8 } is wanted, given an empty table"],
    ),
    (
        "[[real.published]]",
        "[real.published]",
        ["47: real.published: a list of tables [[real.published]] is wanted, given a table"],
    ),
    # Names that point at nothing, or come twice.
    (
        'worlds = ["plain"]',
        'worlds = ["plian"]',
        ["32: estimands.direct.worlds[0]: no world is called 'plian'; did you mean 'plain'?"],
    ),
    (
        'worlds = ["plain"]',
        "worlds = []",
        ["32: estimands.direct.worlds: an empty list; leave the key out to mean all of them"],
    ),
    (
        'estimands = ["ate"]',
        'estimands = ["ate", "nothing"]',
        ["41: methods.ols.estimands[1]: no estimand is called 'nothing'; there are: ate, direct"],
    ),
    (
        'estimands = ["ate"]',
        'estimands = ["ate", "ate"]',
        ["41: methods.ols.estimands[1]: 'ate' is listed twice"],
    ),
    (
        'method = "ols"',
        'method = "osl"',
        ["48: real.published[0].method: no method is called 'osl'; did you mean 'ols'?"],
    ),
    # Columns with two parts to play.
    ('["a", "b"]', '["a", "a"]', ["11: roles.adjust[1]: 'a' is listed twice"]),
    (
        '["a", "b"]',
        '["a", "y"]',
        ["11: roles.adjust[1]: 'y' is the outcome: it cannot be in adjust as well"],
    ),
    ('outcome = "y"', 'outcome = "t"', ["10: roles.outcome: 't' is the treatment as well"]),
    (
        "adjust = []",
        'treatment = "a"',
        ["34: methods.crude: 'a' is the treatment: it cannot be in adjust as well"],
    ),
    (
        AT,
        "at = { y = 8 }",
        ["31: estimands.direct.at.y: 'y' is the outcome: it cannot be held fixed"],
    ),
    # What is not TOML.
    ("seed = 7", "seed = 7\nseed = 8", ["4: seed: given twice, first on line 3"]),
    ("[worlds.hidden]", "[worlds.plain]", ["18: worlds.plain: given twice, first on line 13"]),
    (
        "slope = 0.5",
        "slope = 0.5, slope = 1",
        ["16: worlds.plain.parameters.slope: given twice, first on line 16"],
    ),
    (
        '"float32"',
        "float32",
        ["4:13: not TOML: invalid value, in: precision = float32; strings need quotes"],
    ),
    (
        '"A toy"',
        '"A toy',
        [
            "2:15: not TOML: illegal character '\\n', in: title = \"A toy; "
            "the string has no closing quote"
        ],
    ),
    (
        "[roles]",
        "[roles",
        ["8:7: not TOML: expected ']' at the end of a table declaration, in: [roles"],
    ),
    # Several at once, in the order of the file.
    (
        "n = 100\nreplications = 20",
        'n = 0\nreplications = "20"\nnots = []',
        [
            "5: n: an integer of at least 1 is wanted, given 0",
            '6: replications: an integer of at least 1 is wanted, given the string "20"; write 20',
            "7: nots: unknown key; did you mean 'notes'?",
        ],
    ),
]


def loaded(folder: Path, text: str | bytes) -> Study:
    path = folder / "toy.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(path)


def refusal(folder: Path, text: str | bytes) -> list[str]:
    """The lines of the refusal, without the name of the folder."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return str(caught.value).replace(f"{folder}{os.sep}", "").splitlines()


@pytest.mark.parametrize(("old", "new", "lines"), WRONG)
def test_a_mistake_is_one_line(tmp_path, old, new, lines):
    assert old in TOY
    assert refusal(tmp_path, TOY.replace(old, new, 1)) == [f"toy.toml:{line}" for line in lines]


def test_the_toy_itself_is_right(tmp_path):
    toy = loaded(tmp_path, TOY)
    assert (toy.name, toy.n, toy.replications, toy.seed) == ("toy", 100, 20, 7)


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n"])
def test_an_empty_file(tmp_path, text):
    assert refusal(tmp_path, text) == ["toy.toml: empty; configs/ has whole studies to start from"]


def test_a_file_that_is_not_utf8(tmp_path):
    text = TOY.replace("nothing hidden", "café").encode("latin-1")
    assert refusal(tmp_path, text) == [
        "toy.toml:14:13: not UTF-8: the byte 0xe9; save the file as UTF-8"
    ]


def test_no_such_file(tmp_path, monkeypatch):
    loaded(tmp_path, TOY)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "tiy.toml")
    assert str(caught.value) == (
        f"{tmp_path / 'tiy.toml'}: no such file; did you mean '{tmp_path / 'toy.toml'}'?"
    )
    monkeypatch.chdir(ROOT)  # and those in ./configs are looked at as well
    with pytest.raises(ConfigError) as caught:
        load("colege")
    assert str(caught.value) == "colege: no such file; did you mean 'configs/college.toml'?"
    with pytest.raises(ConfigError) as caught:
        load("zzz.toml")
    assert str(caught.value) == "zzz.toml: no such file"


def test_a_folder(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert str(caught.value) == f"{tmp_path}: a folder, not a file"
    loaded(tmp_path, TOY)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert str(caught.value) == f"{tmp_path}: a folder; name a file in it: toy.toml"


def test_a_file_that_cannot_be_read(tmp_path):
    loaded(tmp_path, TOY)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "toy.toml" / "inner.toml")
    assert str(caught.value).endswith("inner.toml: cannot be read: Not a directory")


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    text = TOY.replace("\n", "\r\n").encode("utf-8-sig")
    assert loaded(tmp_path, text).where(("methods", "ols", "options")) == 40
    broken = TOY.replace("seed = 7", "sede = 7").replace("\n", "\r\n").encode("utf-8-sig")
    assert refusal(tmp_path, broken) == ["toy.toml:3: sede: unknown key; did you mean 'seed'?"]


def test_what_the_file_leaves_out_is_spelt_out(tmp_path):
    toy = loaded(tmp_path, TOY)
    assert toy.worlds["plain"].n == 100
    assert toy.worlds["hidden"].n == 50
    assert toy.worlds["hidden"].label == "hidden"
    assert toy.worlds["plain"].label == "nothing hidden"
    assert toy.estimands["ate"].worlds == ("plain", "hidden")
    assert toy.estimands["direct"].worlds == ("plain",)
    assert toy.estimands["ate"].levels == (0, 1)
    assert toy.methods["crude"].roles == study.Roles(treatment="t", outcome="y", adjust=())
    assert toy.methods["ols"].roles.adjust == ("a", "b")
    assert toy.methods["crude"].estimands == ("ate", "direct")
    assert (toy.aims, toy.notes) == ("", ())
    assert loaded(tmp_path, TOY[: TOY.index("[real]")]).real is None


@pytest.mark.parametrize(("column", "part"), [("t", "treatment"), ("y", "outcome")])
def test_an_instrument_plays_no_other_part(tmp_path, column, part):
    text = TOY.replace('adjust = ["a", "b"]', f'instruments = ["{column}", "z"]')
    assert refusal(tmp_path, text) == [
        f"toy.toml:11: roles.instruments[0]: '{column}' is the {part}: "
        "it cannot be in instruments as well"
    ]


def test_numbers_are_kept_as_they_are_written(tmp_path):
    toy = loaded(tmp_path, TOY.replace(AT, "at = { a = 8, b = 8.0 }"))
    assert [type(value) for value in toy.estimands["direct"].at.values()] == [int, float]


def test_a_study_is_frozen(tmp_path):
    toy = loaded(tmp_path, TOY)
    with pytest.raises(ValidationError, match="frozen"):
        toy.n = 3
    with pytest.raises(ValidationError, match="frozen"):
        toy.methods["ols"].label = "x"


def test_later_rooms_point_at_lines_too(tmp_path):
    toy = loaded(tmp_path, TOY)
    assert toy.where(("methods", "ols", "estimator")) == 39
    assert toy.where(("methods", "ols", "adjust")) == 38  # not written: its table
    assert toy.where(("real", "published", 0, "value")) == 49
    assert toy.where(()) == 1
    mistake = toy.mistake(("methods", "ols", "estimator"), "no estimator is called 'osl'")
    assert mistake == Mistake(toy.path, ("methods", "ols", "estimator"), 39, mistake.message)
    error = ConfigError(mistake, toy.mistake(("n",), "too few"))
    assert str(error).splitlines() == [
        f"{tmp_path}/toy.toml:5: n: too few",
        f"{tmp_path}/toy.toml:39: methods.ols.estimator: no estimator is called 'osl'",
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "configs").rglob("*.toml")), ids=lambda p: p.stem)
def test_every_study_that_we_ship_loads(path):
    assert load(path).name == path.stem


def test_every_key_that_may_be_missing_has_an_example():
    given_by_the_study = {
        "label", "n", "worlds", "estimand", "estimands", *study.Roles.model_fields
    }  # fmt: skip
    for model in (*vars(study).values(), *asked.KINDS.values(), *happenings.STEPS.values()):
        if isinstance(model, type) and issubclass(model, BaseModel):
            for key, field in model.model_fields.items():
                assert (
                    not field.is_required()
                    or key in explain._EXAMPLES
                    or (model is not Study and key in given_by_the_study)
                ), (model, key)


def test_reading_a_study_does_not_import_jax():
    code = (
        "import sys, experiments.config; sys.exit('jax' in sys.modules or 'pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
