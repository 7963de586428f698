"""Whatever is wrong with a study, `scm check` and `scm run` say where and how to mend it.

One line a mistake. The studies and their lines are in wrong_configs.txt; here are those whose wrong
is no change of text.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from experiments.cli import main
from experiments.config import ConfigError, load

CASES = Path(__file__).with_name("wrong_configs.txt")
CODE = """\
from numpyro.distributions import Bernoulli, Normal
from scm import SCM

def world(strength=1.0):
    return SCM(
        female=Bernoulli(0.5),
        drug_a=lambda female, u=Normal(0, 1): female + u > 0.5,
        dose=Normal(0, 1),
        m=lambda drug_a, dose, u=Normal(0, 1): drug_a + dose + u,
        clot=lambda female, m, s=strength, u=Normal(0, 1): m + s * female + u > 0,
    )

def mean(data, roles, trim=0.0):
    return data[roles.outcome].mean()

def raises(strength=1.0):
    raise RuntimeError("no luck today")

def gives_three(strength=1.0):
    return 3

def needs_more(strength, weakness):
    return None

def nothing():
    return None

number = 3
"""
BROKEN = {
    "raises": "x = 1\nraise RuntimeError('at import')\n",
    "breaks": "import nonexistent_thing\n",
}
STUDY = """\
name = "trial"
title = "A small trial"
seed = 7
precision = "float32"
n = 60
replications = 20
failures = "report"

[roles]
treatment = "drug_a"
outcome = "clot"
adjust = ["female"]

[worlds.drug]
simulator = "simpson_drug"

[worlds.mine]
simulator = "wrong_code_of_a_test:world"
parameters = { strength = 0.5 }

[estimands.ate]
kind = "ATE"
treatment = "drug_a"
outcome = "clot"
levels = [0, 1]
worlds = ["drug", "mine"]

[estimands.women]
kind = "CATE"
treatment = "drug_a"
outcome = "clot"
given = { female = 1 }
worlds = ["mine"]

[estimands.held]
kind = "CDE"
treatment = "drug_a"
outcome = "clot"
at = { m = 0.5 }
worlds = ["mine"]

[estimands.by_m]
kind = "NDE"
treatment = "drug_a"
outcome = "clot"
mediators = ["m"]
worlds = ["mine"]

[estimands.median]
kind = "QTE"
treatment = "dose"
outcome = "m"
quantile = 0.9
worlds = ["mine"]

[methods.crude]
estimator = "difference_in_means"
adjust = []
estimands = ["ate"]

[methods.ipw]
estimator = "ipw"
options = { normalised = true, clip = 0.01 }
estimands = ["ate"]

[methods.own]
estimator = "wrong_code_of_a_test:mean"
options = { trim = 0.1 }
time_limit = 30
memory_limit = 2_000
estimands = ["ate"]

[methods.ols]
estimator = "ols"
options = { covariance = "HC3" }
estimands = ["ate"]

[real]
data = "simpson_drug"
source = "The lecture's table"

[[real.published]]
method = "ipw"
value = -0.05
se = 0.02
source = "by hand"

[engine]
kind = "in-process"
workers = 1

[stop]
measure = "bias"
error = 0.01
most = 100
methods = ["ipw"]

[[grids]]
n = [50, 60]
worlds.mine.parameters.strength = [0.5, 1.0]

[scenarios.plain]
methods.ipw.options.clip = 0.01

[scenarios.clipped]
methods.ipw.options.clip = 0.1
"""


def cases() -> list[tuple[str, list[str], list[str], list[str]]]:
    """What is wrong, the lines as they were, as they are, and the lines that are said of them."""
    found = []
    for block in CASES.read_text(encoding="utf-8").split("\n\n")[1:]:
        marked = [(line[:1], line[2:]) for line in block.splitlines()]
        if any(mark == "=" for mark, _ in marked):
            old, new, said = ([t for m, t in marked if m in keep] for keep in ("- ", "+ ", "="))
            found.append((" / ".join(t for m, t in marked if m in "+-"), old, new, said))
    return found


def changed(old: list[str], new: list[str]) -> str:
    """The study with the first place of some lines changed."""
    lines = STUDY.splitlines()
    at = next(i for i in range(len(lines)) if lines[i : i + len(old)] == old)
    return "\n".join([*lines[:at], *new, *lines[at + len(old) :], ""])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the code that the study names."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "wrong_code_of_a_test.py").write_text(CODE)
    (folder / "syntax_of_a_test.py").write_text("def f(:\n")
    for name, code in BROKEN.items():
        (folder / f"{name}_of_a_test.py").write_text(code)
    return folder


@pytest.fixture
def refused(folder, monkeypatch, capsys):
    """What the two commands say of a study, without its name: the same, and nothing is begun."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("experiments.device.prepare", lambda precision: None)

    def refused(text: str | bytes) -> list[str]:
        Path("trial.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        said = []
        for words in (["check", "trial.toml"], ["run", "trial.toml", "--out", "runs"]):
            assert main(words) == 2
            out, err = capsys.readouterr()
            assert (out, Path("runs").exists()) == ("", False)
            said.append(err.splitlines())
        assert said[0] == said[1]
        assert all(line.startswith("trial.toml:") for line in said[0])
        return [line.removeprefix("trial.toml:") for line in said[0]]

    return refused


def is_said(line: str, wanted: str) -> bool:
    return line.startswith(wanted[:-3]) if wanted.endswith("...") else line == wanted


def test_the_study_itself_is_right(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    monkeypatch.setattr("experiments.device.prepare", lambda precision: None)
    Path("trial.toml").write_text(STUDY)
    assert main(["check", "trial.toml"]) == 0
    assert "A small trial" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "said"), [c[1:] for c in cases()], ids=[c[0] for c in cases()]
)
def test_what_is_wrong_is_one_line(refused, old, new, said):
    found = refused(changed(old, new))
    assert len(found) == len(said), found
    assert all(map(is_said, found, said)), found


def test_there_are_more_than_was_promised():
    assert len(cases()) >= 200
    assert len({(tuple(old), tuple(new)) for _, old, new, _ in cases()}) == len(cases())


def test_a_data_set_larger_than_the_machine(refused, monkeypatch):
    monkeypatch.setattr(os, "sysconf", lambda name: 100_000)  # 10 GB
    assert refused(changed(["n = [50, 60]"], ["n = [50, 1_000_000_000]"])) == [
        "99: grids[0].n[1]: a data set of 1,000,000,000 units and 3 columns is 24 GB, and this "
        "machine has 10 GB"
    ]


def test_bytes_that_are_no_text(refused):
    assert refused(STUDY.replace("small", "café").encode("latin-1")) == [
        "2:15: not UTF-8: the byte 0xe9; save the file as UTF-8"
    ]


@pytest.mark.parametrize("text", ["", "# to be written\n"])
def test_a_file_with_nothing_in_it(refused, text):
    assert refused(text) == [" empty; configs/ has whole studies to start from"]


def test_places_where_there_is_no_study(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    (folder / "shelf").mkdir(exist_ok=True)
    (folder / "shelf" / "trial.toml").write_text(STUDY)
    for given, said in {
        "shelf": "shelf: a folder; name a file in it: trial.toml",
        "shelf/trail.toml": "shelf/trail.toml: no such file; did you mean 'shelf/trial.toml'?",
        "shelf/trial.toml/x": "shelf/trial.toml/x: cannot be read: Not a directory",
    }.items():
        for command in ("check", "run"):
            assert main([command, given]) == 2
            assert capsys.readouterr() == ("", said + "\n")


def test_a_file_that_may_not_be_read(folder, monkeypatch, capsys):
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.chdir(folder)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    for command in ("check", "run"):
        assert main([command, "trial.toml"]) == 2
        assert capsys.readouterr() == ("", "trial.toml: cannot be read: Permission denied\n")


JUNK = (
    "3",
    '"?"',
    "-1.5",
    "nan",
    "true",
    "[]",
    "[[]]",
    "[3, {}]",
    "{}",
    "{ a = { b = [] } }",
    "1979-05-27",
)


@pytest.mark.parametrize("junk", JUNK)
def test_no_value_of_any_key_ends_in_a_traceback(tmp_path, junk):
    lines = STUDY.splitlines()
    for at, line in enumerate(lines):
        if " = " not in line:
            continue
        key = line.split(" = ")[0]
        (tmp_path / "junk.toml").write_text(
            "\n".join([*lines[:at], f"{key} = {junk}", *lines[at + 1 :], ""])
        )
        try:
            load(tmp_path / "junk.toml")
        except ConfigError as error:
            for told in str(error).splitlines():
                assert told.startswith(f"{tmp_path}/junk.toml:"), (line, told)


def test_the_process_ends_with_status_2_and_the_line(folder):
    (folder / "one.toml").write_text(STUDY.replace("seed = 7", "sede = 7"))
    code = "import sys; from experiments.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "check", "one.toml"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "one.toml:3: sede: unknown key; did you mean 'seed'?\n"


def test_the_cases_change_a_study_that_is_toml():
    assert tomllib.loads(STUDY)["name"] == "trial"
