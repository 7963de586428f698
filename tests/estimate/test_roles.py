from __future__ import annotations

import re

import pytest

from scm.estimate import Roles


def test_sequences_become_tuples_and_a_bare_string_is_one_name() -> None:
    roles = Roles("t", "y", adjust=["a", "b"], instruments="zulu", mediators=(n for n in ("m",)))
    assert (roles.adjust, roles.instruments, roles.mediators) == (("a", "b"), ("zulu",), ("m",))


def test_sets_are_sorted_so_that_the_hash_seed_changes_nothing() -> None:
    assert Roles("t", "y", adjust={"c", "a", "b"}).adjust == ("a", "b", "c")


def test_equal_roles_are_one_static_argument() -> None:
    assert hash(Roles("t", "y", ["a"])) == hash(Roles("t", "y", "a"))
    assert Roles("t", "y", ["a"]) == Roles("t", "y", "a")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"outcome": "t"}, "'t' has two: it is given as treatment and as outcome"),
        ({"adjust": ["a", "t"]}, "'t' has two: it is given as treatment and as adjust"),
        ({"adjust": ["y"]}, "'y' has two: it is given as outcome and as adjust"),
        (
            {"adjust": "a", "instruments": "a"},
            "'a' has two: it is given as adjust and as instruments",
        ),
        ({"adjust": ["a", "a"]}, "'a' has two: adjust names it twice"),
        ({"instruments": "m", "mediators": "m"}, "given as instruments and as mediators"),
    ],
)
def test_a_column_has_one_part(parts: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Roles(**{"treatment": "t", "outcome": "y", **parts})


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"treatment": ["t"]}, "treatment: the name of one column is wanted, given ['t']"),
        ({"outcome": 3}, "outcome: the name of one column is wanted, given 3 of type int"),
        ({"adjust": 3}, "adjust: names of columns are wanted, given 3"),
        ({"adjust": ["a", 3]}, "adjust: names of columns are wanted, but it holds 3 of type int"),
    ],
)
def test_what_is_not_a_name_is_refused(parts: dict, message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        Roles(**{"treatment": "t", "outcome": "y", **parts})
