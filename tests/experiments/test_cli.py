"""The command line: what it answers, and how it takes a user's mistakes."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import types
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest
from numpyro.distributions import Normal
from rich.console import Console

import experiments.device
from experiments.cli import main
from experiments.sampling import Head, write
from experiments.store import StoreError
from scm import SCM, ModelError
from simulators import SIMULATORS

ROOT = Path(__file__).parents[2]
STUDIES = [path.name for path in (ROOT / "configs").glob("*.toml")]
COLLEGE = ROOT / "configs" / "college.toml"
COMMAND = [sys.executable, "-c", "import sys; from experiments.cli import main; sys.exit(main())"]


@pytest.fixture
def scm(monkeypatch, capsys):
    """Runs a command line in this process: (exit status, stdout, stderr)."""
    monkeypatch.setenv("COLUMNS", "100")

    def command(*words):
        status = main([str(word) for word in words])
        return status, *capsys.readouterr()

    return command


@pytest.fixture
def prepared(monkeypatch):
    """The precisions that JAX was asked for, which stays as it is in this process."""
    asked: list[str] = []
    monkeypatch.setattr(experiments.device, "prepare", asked.append)
    return asked


@pytest.fixture
def ran(monkeypatch, prepared):
    """A stand-in for the runner: what it was called with; ``result`` is returned or raised."""
    calls = types.SimpleNamespace(studies=[], keywords=[], result=0)

    def run(study, **keywords):
        calls.studies.append(study)
        calls.keywords.append(keywords)
        if isinstance(calls.result, BaseException):
            raise calls.result
        return calls.result

    module = types.ModuleType("experiments.run")
    module.run = run
    monkeypatch.setitem(sys.modules, "experiments.run", module)
    return calls


# Answers


def test_help_names_every_command(scm):
    for words in ([], ["--help"]):
        status, out, err = scm(*words)
        assert (status, err) == (0, "")
        told = ["run", "list", "show", "sample", "check", "schema", "replay", "diff"]
        told += ["export", "merge", "power", "check-estimator"]
        assert re.findall(r"^  (\w[\w-]*)  +[A-Z]", out, re.M) == told
        assert "..." not in out.replace("[ARGS]...", "")  # no line of help is cut off


def test_version(scm):
    assert scm("--version") == (0, f"scm {version('scm')}\n", "")


def test_help_comes_before_anything_heavy_is_imported():
    code = (
        "import sys; from experiments.cli import main; main(['--help']); "
        "print({'jax', 'numpy', 'pandas', 'pydantic', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_run_passes_the_study_on(scm, ran, prepared, tmp_path):
    assert scm("run", COLLEGE, "--out", tmp_path)[0] == 0
    (study,), (keywords,) = ran.studies, ran.keywords
    assert (study.name, study.replications, prepared) == ("college", 1000, ["float64"])
    assert study.where(("methods", "tsls")) == study.where(("methods", "tsls", "adjust"))
    assert (keywords["quick"], keywords["out"]) == (False, tmp_path)
    assert isinstance(keywords["console"], Console)


@pytest.mark.parametrize(
    ("words", "replications", "quick"),
    [
        (["--quick"], 50, True),
        (["--replications", "7"], 7, False),
        (["--replications", "1e3"], 1000, False),
    ],
)
def test_run_with_other_replications(scm, ran, words, replications, quick):
    assert scm("run", COLLEGE, *words)[0] == 0
    assert (ran.studies[0].replications, ran.keywords[0]["quick"]) == (replications, quick)


def test_the_runner_s_status_is_the_command_s(scm, ran):
    ran.result = 3
    assert scm("run", COLLEGE)[0] == 3


def test_list(scm, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    status, out, err = scm("list")
    assert (status, err) == (0, "")
    for text in ("college ", "simpson_drug ", "configs/college.toml", "6 methods in 2 worlds"):
        assert text in out
    (tmp_path / "configs").mkdir()
    monkeypatch.chdir(tmp_path)
    assert "none in configs/" in scm("list")[1]
    (tmp_path / "configs" / "broken.toml").write_text("n = 0\n")
    shown = " ".join(scm("list")[1].split())
    assert 'configs/broken.toml:1: name: missing; add name = "college" (and 7 more)' in shown


def test_show(scm):
    status, out, err = scm("show", "simpson_drug")
    assert (status, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "female ~ Bernoulli(0.5)" in lines
    assert "ATE(drug_a -> clot) -13/240 = -0.0541667" in lines  # 244 patients, by hand
    assert "P(clot | drug_a=1) - P(clot | drug_a=0) 2/61 = 0.0327869" in lines
    assert max(map(len, out.splitlines())) <= 100


def test_show_with_parameters(scm):
    textbook, life = (scm("show", "college", *words)[1] for words in ([], ["--set", "story=life"]))
    assert "story = textbook" in textbook
    assert "story = life" in life
    assert re.search(r"age +:= exper \+ educ \+ 6", textbook)
    assert re.search(r"exper +:= age - educ - 6", life)
    assert re.search(r"CDE\(educ -> lwage; exper\) +0\.1315", textbook)  # as published


def test_sample_shows_the_first_units_whatever_their_number(scm, prepared):
    status, out, err = scm("sample", "simpson_drug")
    assert (status, err, prepared) == (0, "", ["float32"])
    *rows, last = out.splitlines()
    assert rows[0].split() == ["unit", "female", "drug_a", "clot"]
    assert last == "10 of 1,000 units; --out PATH writes them all"
    world = SIMULATORS["simpson_drug"].build().sample(key=0, n=10).to_pandas()
    assert [list(map(int, row.split()[1:])) for row in rows[1:]] == world.values.tolist()
    more = scm("sample", "simpson_drug", "-n", "1e12")[1].splitlines()
    assert more == [*rows, "10 of 1,000,000,000,000 units; --out PATH writes them all"]
    assert scm("sample", "simpson_drug", "--key", "1")[1] != out


def test_units_stand_in_columns_where_the_console_is_narrow():
    frame = pd.DataFrame(
        {f"variable_{i}": [i + 0.01 * unit for unit in range(10)] for i in range(12)}
    )
    for width, units in ((60, 6), (80, 8), (200, 10)):
        console = Console(width=width, highlight=False, record=True, file=io.StringIO())
        console.print(Head(frame, 10))
        lines = console.export_text().splitlines()
        assert max(map(len, lines)) <= width
        if width < 200:
            assert lines[0].split()[:3] == ["variable", "unit", "0"]
            values = [f"{11 + 0.01 * unit:.5g}" for unit in range(units)]
            assert lines[-2].split() == ["variable_11", *values]
        else:
            assert lines[2].split() == ["1", *(f"{i}.01" for i in range(12))]
        assert lines[-1].startswith(f"{units} of 10 units")


@pytest.mark.parametrize("n", ["2500", "2_500", "2.5e3"])
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".PARQUET"])
def test_sample_writes_what_the_library_samples(scm, prepared, tmp_path, n, ending):
    file = tmp_path / f"drug{ending}"
    status, out, err = scm("sample", "simpson_drug", "-n", n, "--key", "3", "--out", file)
    assert (status, err) == (0, "")
    said = f"{file}: 2,500 units of 3 variables, key 3"
    assert "".join(out.split()) == "".join(said.split())  # a long path is wrapped
    expected = SIMULATORS["simpson_drug"].build().sample(key=3, n=2500).to_pandas()
    read = pd.read_csv if ending == ".csv" else pd.read_parquet
    pd.testing.assert_frame_equal(read(file), expected, check_dtype=ending != ".csv")
    assert [each.name for each in tmp_path.iterdir()] == [file.name]  # and nothing beside it


@pytest.mark.parametrize("out", ["drug/", "drug", "drug.d/", "here.csv"])
def test_a_directory_takes_parts_and_goes_on(scm, prepared, tmp_path, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scm.storage._PART_ROWS", 1024)
    (tmp_path / "here.csv").mkdir()
    words = ["sample", "simpson_drug", "-n", "2.5e3", "--key", "3", "--out", out]
    said = f"{out.rstrip('/')}: 2,500 units of 3 variables in 3 parts, key 3\n"
    assert scm(*words) == (0, said, "")
    expected = SIMULATORS["simpson_drug"].build().sample(key=3, n=2500).to_pandas()
    pd.testing.assert_frame_equal(pd.read_parquet(out), expected, check_exact=True)
    Path(out, "part-00001.parquet").unlink()
    assert scm(*words) == (0, said, "")
    pd.testing.assert_frame_equal(pd.read_parquet(out), expected, check_exact=True)
    status, _, err = scm(*words, "--key", "4")
    assert (status, err.count("\n")) == (2, 1)
    assert "holds another world (key=3, not 4); choose another directory" in err


@pytest.mark.parametrize("out", ["drug/", "drug.csv"])
def test_progress_is_shown_on_terminals_only(tmp_path, out):
    shown = {}
    for terminal in (True, False):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
        model = SIMULATORS["simpson_drug"].build()
        write(model, 0, 1000, f"{tmp_path}/{terminal}-{out}", console)
        shown[terminal] = console.file.getvalue()
    assert "1,000 of 1,000 units" in shown[True]
    assert shown[False] == ""


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_blocks_make_one_file(tmp_path, ending):
    model = SCM(x=Normal(0, 1), y=lambda x: x > 0, z=lambda x: x + 1)
    blocks = types.SimpleNamespace(stream=lambda key, n: model.stream(key, n, block=400))
    write(blocks, 0, 1000, tmp_path / f"a{ending}")
    whole = model.sample(key=0, n=1000).to_pandas()
    if ending == ".csv":
        read = pd.read_csv(tmp_path / "a.csv").astype(dict(whole.dtypes))
    else:
        read = pd.read_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(read, whole, rtol=1e-6)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_sample_that_is_stopped_leaves_what_was_there(tmp_path, ending):
    def stream(key, n):
        yield SIMULATORS["simpson_drug"].build().sample(key, 10)
        assert len(list(tmp_path.iterdir())) == 2  # what was there, and the unfinished one
        raise KeyboardInterrupt

    file = tmp_path / f"a{ending}"
    file.write_text("as it was")
    with pytest.raises(KeyboardInterrupt):
        write(types.SimpleNamespace(stream=stream), 0, 1000, file)
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
    assert file.read_text() == "as it was"


# Mistakes: one line on stderr, status 2


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["rnu"], "scm: No such command 'rnu'. Did you mean 'run'? (see scm --help)"),
        (["run"], "scm run: Missing argument 'CONFIG' (see scm run --help)"),
        (["show"], "scm show: Missing argument 'NAME' (see scm show --help)"),
        (
            ["run", "configs/colege.toml"],
            "configs/colege.toml: no such file; did you mean 'configs/college.toml'?",
        ),
        (
            ["run", "configs"],
            f"configs: a folder; name a file in it: {', '.join(sorted(STUDIES))}",
        ),
        (
            ["run", "configs/college.toml", "--quick", "--replications", "3"],
            "--quick is --replications 50: give one or the other",
        ),
        (
            ["show", "colege"],
            "no simulator is called 'colege'; did you mean 'college'?",
        ),
        (
            ["sample", "simpson"],
            "no simulator is called 'simpson'; did you mean 'simpson_drug'?",
        ),
        (
            ["show", "college", "--set", "story=lief"],
            "college: story='lief' is not allowed; did you mean 'life'?",
        ),
        (
            ["sample", "college", "--set", "stroy=life"],
            "college has no parameter 'stroy'; did you mean 'story'?",
        ),
        (
            ["sample", "college", "--set", "story"],
            "--set story: NAME=VALUE is wanted, such as --set story=life",
        ),
        (
            ["sample", "college", "--set", "story=life", "--set", "story=textbook"],
            "--set story=textbook: story is set twice",
        ),
        (
            ["sample", "college", "--out", "men.xlsx"],
            "men.xlsx: a name that ends in .parquet or .csv is wanted, or a directory as in men/, "
            "given '.xlsx'",
        ),
        (
            ["sample", "college", "--out", "README.md/"],
            "README.md: is a file; name a directory",
        ),
        (
            ["sample", "college", "--out", ".ci"],
            ".ci: holds run, no part of this world; choose another directory, or move it away",
        ),
        (
            ["sample", "college", "--out", "nowhere/men.csv"],
            "nowhere/men.csv: cannot be written to: No such file or directory",
        ),
    ],
)
def test_a_mistake_is_one_line(scm, prepared, monkeypatch, words, line):
    monkeypatch.chdir(ROOT)
    assert scm(*words) == (2, "", line + "\n")


@pytest.mark.parametrize("n", ["0", "-5", "1.5", "1e-3", "many", "", "nan", "1e400"])
def test_numbers_of_units(scm, prepared, n):
    for command, option in ((["sample", "college"], "-n"), (["run", "x.toml"], "--replications")):
        status, out, err = scm(*command, f"{option}={n}" if option != "-n" else f"-n{n}")
        if n == "" and option == "-n":
            continue  # then -n has no value at all
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert option in err
        assert f"such as 1000, 1_000 or 1e6, given '{n}'" in err


@pytest.mark.parametrize("key", ["-1", "1.5", "x", str(2**64)])
def test_keys(scm, prepared, key):
    status, _, err = scm("sample", "college", f"--key={key}")
    assert status == 2
    assert f"an integer from 0 to 2**64 - 1 is wanted, given '{key}'" in err


def test_mistakes_that_come_up_in_a_run(scm, ran):
    for error in (StoreError("runs/college: holds a thesis"), ModelError("x: 3 values are inf")):
        ran.result = error
        assert scm("run", COLLEGE) == (2, "", f"{error}\n")


def test_every_mistake_of_a_file_is_shown(scm, tmp_path):
    file = tmp_path / "toy.toml"
    text = COLLEGE.read_text(encoding="utf-8").replace("n = 3_010", "n = 0", 1)
    file.write_text(text.replace('estimator = "tsls"', 'estimater = "tsls"', 1), encoding="utf-8")
    status, out, err = scm("run", file)
    assert (status, out) == (2, "")
    size, line = (1 + text[: text.index(key)].count("\n") for key in ("\nn =", 'estimator = "tsls'))
    assert err.splitlines() == [
        f"{file}:{size + 1}: n: an integer of at least 1 is wanted, given 0",
        f"{file}:{line}: methods.tsls.estimater: unknown key; did you mean 'estimator'?",
    ]


def test_mistakes_of_ours_keep_their_traceback(scm, ran):
    ran.result = RuntimeError("a bug")
    with pytest.raises(RuntimeError, match="a bug"):
        scm("run", COLLEGE)
    ran.result = ValueError("not a user's")
    with pytest.raises(ValueError, match="not a user's"):
        scm("run", COLLEGE)


def test_ctrl_c(scm, ran):
    ran.result = KeyboardInterrupt()
    assert scm("run", COLLEGE) == (130, "", "scm: stopped\n")


# The whole of it, in a process of its own


def process(*words, cwd, **environment):
    return subprocess.run(
        [*COMMAND, *words], cwd=cwd, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **environment},
    )  # fmt: skip


def test_parameters_and_precision_reach_the_model_and_programs_are_kept(tmp_path):
    words = [
        "sample",
        "college",
        "--set",
        "story=life",
        "--precision",
        "float64",
        "-n",
        "20",
        "--out",
        "men.parquet",
    ]
    done = process(*words, cwd=tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "men.parquet: 20 units of 19 variables, key 0\n"
    men = pd.read_parquet(tmp_path / "men.parquet")
    assert (men.lwage.dtype, len(men)) == ("float64", 20)
    assert (men.age % 1 == 0).all()  # in life age is a root, in whole years as in the data
    assert (men.exper % 1 != 0).any()
    assert any((tmp_path / "cache" / "scm" / "jax").iterdir())


def test_a_process_that_is_mistaken_has_no_traceback(tmp_path):
    done = process("run", "nothing.toml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "nothing.toml: no such file\n"


WAITING = """
import sys, time
import experiments.listing
from experiments.cli import main

def wait(simulator, given):
    print("waiting", flush=True)
    time.sleep(60)

experiments.listing.shown = wait
sys.exit(main(["show", "simpson_drug"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_process_that_is_stopped_says_so():
    command = [sys.executable, "-c", WAITING]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout.readline() == "waiting\n"
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (130, "scm: stopped\n")


def test_small_matrices_are_factored_on_one_thread():
    """Set before SciPy is there to read it, and left alone where somebody has chosen."""
    script = (
        "import os, sys; from experiments.device import prepare; assert 'scipy' not in sys.modules;"
        "prepare('float32'); print(os.environ['OPENBLAS_NUM_THREADS'])"
    )
    for chosen, expected in ((None, "1"), ("2", "2")):
        env = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
        env |= {"OPENBLAS_NUM_THREADS": chosen} if chosen else {}
        done = subprocess.run(
            [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == expected
