"""Finite models by enumeration in plain Python: another way to every answer, in fractions."""

import itertools
import json
from fractions import Fraction
from pathlib import Path

import pytest

CASES = {
    case["id"]: case
    for case in map(json.loads, (Path(__file__).parent / "cases.jsonl").read_text().splitlines())
}


class Enumerated:
    """A model whose exogenous variables are finite and independent.

    Equations are Python expressions of what comes before, or functions of the dict of all that.
    A setting is a number, or ``[name, settings]``: what ``name`` is under other settings.
    """

    def __init__(self, exogenous, equations):
        self.exogenous = {
            name: [(int(value), Fraction(chance)) for value, chance in law.items()]
            for name, law in exogenous.items()
        }
        self.equations = dict(equations)

    @classmethod
    def case(cls, name):
        return cls(CASES[name]["scm"]["exogenous"], CASES[name]["scm"]["equations"])

    def units(self):
        """Every unit: its noise and its probability."""
        for states in itertools.product(*self.exogenous.values()):
            chance = Fraction(1)
            for _, each in states:
                chance *= each
            yield dict(zip(self.exogenous, (value for value, _ in states), strict=True)), chance

    def value(self, name, noise, do=None):
        """A variable of one unit under some settings."""
        do, found = do or {}, dict(noise)
        for each, equation in self.equations.items():
            if each in do:
                setting = do[each]
                nested = isinstance(setting, list | tuple)
                found[each] = self.value(setting[0], noise, setting[1]) if nested else setting
            elif callable(equation):
                found[each] = equation(found)
            else:
                found[each] = int(eval(equation, {"int": int}, found))
        return found[name]

    def mean(self, fn, given=lambda unit: True):
        """E[fn | given], each a function of ``of(name, do) -> value``, a unit's counterfactuals."""
        above = below = Fraction(0)
        for noise, chance in self.units():
            of = lambda name, do=None, noise=noise: self.value(name, noise, do)
            if given(of):
                above, below = above + chance * fn(of), below + chance
        return above / below

    def answer(self, query):
        """The answer to a query as the cases spell it: a probability, or a difference of means."""
        holds = lambda of, events: all(of(name, do) == value for name, value, do in events)
        given = lambda of: holds(of, query.get("given", []))
        if query["kind"] == "prob":
            return self.mean(lambda of: holds(of, query["event"]), given)
        (a, do_a), (b, do_b) = query["a"], query["b"]
        return self.mean(lambda of: of(a, do_a) - of(b, do_b), given)


@pytest.fixture(scope="session")
def enumerated():
    return Enumerated


@pytest.fixture(scope="session")
def cases():
    return CASES
