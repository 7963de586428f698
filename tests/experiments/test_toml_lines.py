"""The locator against tomllib, which knows the same keys, and against lines counted by hand."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.toml_lines import line_of, locate, repeated

ROOT = Path(__file__).parents[2]
HARD = r'''
# [not.a.table]  k = 1
plain = 1 # = 2
"quoted.key" = 2
'literal "key"' = 3
"esc\"aped\u00e9" = 4
dotted . "part two".end = 5
date = 1979-05-27 07:32:00
basic = "a \" # ] } , [x]"
literal = 'C:\'
long = """
[inside]
inside = 1 \
"""""
raw = """one \""" two"""
long_literal = \'\'\'
x = [1,
\'\'\'
array = [ 1, # ] comment
  "two]",
  [3, 4],

  { five = 5, six.seven = [7,
     8] },
]
inline = { a = 1, "b c" = { d = 2 } }

[table.inner]
k = 1
[table]
other = 2
[ spaced . "header" ]
k = 1

[[list]]
k = 1
[list.sub]
k = 2
[[list]]
[[list.nested]]
k = 3
[[list.nested]]
[list.nested.deep]
k = 4
quotes = ["""a""""", \'\'\'b\'\'\'\'\', """"c"""]
'''.replace(r"\'", "'")
LINES = {  # counted by hand
    ("plain",): 3,
    ("quoted.key",): 4,
    ('literal "key"',): 5,
    ('esc"apedé',): 6,
    ("dotted",): 7,
    ("dotted", "part two", "end"): 7,
    ("date",): 8,
    ("basic",): 9,
    ("literal",): 10,
    ("long",): 11,
    ("raw",): 15,
    ("long_literal",): 16,
    ("array",): 19,
    ("array", 0): 19,
    ("array", 1): 20,
    ("array", 2, 1): 21,
    ("array", 3): 23,
    ("array", 3, "six"): 23,
    ("array", 3, "six", "seven", 1): 24,
    ("inline",): 26,
    ("inline", "b c", "d"): 26,
    ("table", "inner"): 28,
    ("table", "inner", "k"): 29,
    ("table",): 30,
    ("table", "other"): 31,
    ("spaced",): 32,
    ("spaced", "header", "k"): 33,
    ("list",): 35,
    ("list", 0): 35,
    ("list", 0, "sub"): 37,
    ("list", 0, "sub", "k"): 38,
    ("list", 1): 39,
    ("list", 1, "nested", 0, "k"): 41,
    ("list", 1, "nested", 1): 42,
    ("list", 1, "nested", 1, "deep", "k"): 44,
    ("list", 1, "nested", 1, "deep", "quotes", 2): 45,
}


def paths(value, at=()):
    """Every key path of what tomllib has read."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inside:
        yield (*at, key)
        if isinstance(item, dict | list):
            yield from paths(item, (*at, key))


def test_lines_counted_by_hand():
    lines = locate(HARD)
    assert {path: lines.get(path) for path in LINES} == LINES


def test_the_hard_text_has_just_the_keys_that_tomllib_reads():
    assert set(locate(HARD)) == set(paths(tomllib.loads(HARD)))


@pytest.mark.parametrize("path", sorted((ROOT / "configs").rglob("*.toml")), ids=lambda p: p.stem)
def test_each_key_of_our_studies_is_on_its_line(path):
    text = path.read_text(encoding="utf-8")
    lines, rows = locate(text), text.splitlines()
    assert set(lines) == set(paths(tomllib.loads(text)))
    for key, line in lines.items():
        if isinstance(key[-1], str):
            assert key[-1] in rows[line - 1], (key, line)


TEXTS = ["", "#", "]", "}", "=", ",", "a.b", "[t]", "\n", "\n\n[t]\n", '"', '""', "'", "é", "\\"]
KEYS = st.sampled_from(["a", "b-1", '"a b"', "'c.d'", r'"\u0041"', "7", '"#"'])


@st.composite
def strings(draw):
    """A string in one of TOML's four forms."""
    text = "".join(draw(st.lists(st.sampled_from(TEXTS), max_size=4)))
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    form = draw(st.integers(0, 3))
    if form == 0:
        return '"' + escaped.replace("\n", "\\n") + '"'
    if form == 1:
        return '"""' + escaped + '"""'
    text = text.replace("'", "")
    return f"'''{text}'''" if form == 2 or "\n" in text else f"'{text}'"


SCALARS = strings() | st.sampled_from(["1", "1_0", "-1e3", "inf", "true", "1979-05-27 07:32:00"])
GAPS = st.sampled_from(["", " ", "\n", " # ] , }\n  "])


@st.composite
def arrays(draw, items):
    gaps = draw(st.lists(GAPS, min_size=2, max_size=2))
    inside = draw(st.lists(items, max_size=3))
    return "[" + gaps[0] + ("," + gaps[1]).join(inside) + gaps[1] + "]"


@st.composite
def inline_tables(draw, values):
    keys = draw(st.lists(KEYS, unique_by=key_of, max_size=3))
    return "{" + ", ".join(f"{key} = {draw(values)}" for key in keys) + "}"


def key_of(text):
    return next(iter(tomllib.loads(f"{text} = 1")))


VALUES = st.recursive(SCALARS, lambda inner: arrays(inner) | inline_tables(inner), max_leaves=6)


@st.composite
def documents(draw):
    """TOML text, and the line that each statement of it begins on."""
    text, lines, table = "", {}, ()
    for section in range(draw(st.integers(1, 3))):
        if section:
            name, dotted = f"s{section}", draw(st.booleans())
            table = (name, "in") if dotted else (name,)
            lines[table] = lines[table[:1]] = text.count("\n") + 1
            text += f"[{'.'.join(table)}]" + draw(st.sampled_from(["\n", " # [x]\n\n"]))
        for key in draw(st.lists(KEYS, unique_by=key_of, max_size=3)):
            lines[(*table, key_of(key))] = text.count("\n") + 1
            text += f"{key} = {draw(VALUES)}" + draw(st.sampled_from(["\n", " # = [\n\n"]))
    return text, lines


@given(documents())
def test_any_text_has_the_keys_that_tomllib_reads_on_the_lines_they_were_put(document):
    text, lines = document
    found = locate(text)
    assert set(found) == set(paths(tomllib.loads(text)))
    assert {path: found[path] for path in lines} == lines
    assert locate(text.replace("\n", "\r\n")) == found


def test_a_key_that_is_not_written_stands_where_its_table_does():
    lines = locate("a = 1\n[t]\nb = [\n1]\n")
    assert line_of(lines, ("t", "c", "d")) == 2
    assert line_of(lines, ("t", "b", 0)) == 4
    assert line_of(lines, ("t", "b", 1)) == 3
    assert line_of(lines, ("x",)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\nb = 2\na = 3\n", (("a",), 1, 3)),
        ("a.b = 1\n\na.b = 2", (("a", "b"), 1, 3)),
        ('a = 1\n"a" = 2', (("a",), 1, 2)),
        ("[t]\n[u]\n[t]\n", (("t",), 1, 3)),
        ("t = {\n", None),
        ("t = { a = 1, b = { c = 1, c = 2 } }", (("t", "b", "c"), 1, 1)),
        ("[[t]]\na = 1\n[[t]]\na = 1\n", None),
        ("a = 1\na.b = 2\n???", None),
    ],
)
def test_the_first_key_written_twice(text, expected):
    assert repeated(text) == expected
