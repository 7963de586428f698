"""Every known answer of every world of the lecture, against what the toolkit makes of the model.

A question is written as a person would ask it, and read here: effects, limits of regressions, means
and probabilities, moments. What has a name of its own is checked in the test of its world.
"""

import functools
import itertools
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal

from scm import estimands as e
from simulators import SIMULATORS

OWN_NAMES = {
    "confounding bias", "adjusted for high_pressure", "adjusted for tar", "confounding",
    "baseline bias", "I(A; C | B) in bits", "Wald: cov(Z, Y) / cov(Z, X)",
    "concentration for each unit", "n var of OLS(Y ~ T + A)", "n var of OLS(Y ~ T + B)",
    "women less men, departments weighted as among the women",
    "women less men, departments weighted by m f / (m + f)",
    "women less men, departments weighted as among all",
    "women less men, departments weighted as among the men",
}  # fmt: skip


def variants():
    """The worlds of the lecture, under every value of what they list."""
    for name, entry in SIMULATORS.items():
        if entry.function.__module__.startswith("simulators.lecture."):
            listed = {p.name: p.allowed for p in entry.parameters if p.allowed}
            for values in itertools.product(*listed.values()):
                yield name, dict(zip(listed, values, strict=True))


VARIANTS = list(variants())


def settings(text):
    """``"coding=2, hired=1"`` as a dict."""
    pairs = (each.split("=") for each in text.split(", ") if text)
    return {name: float(value) for name, value in pairs}


def exact(estimand, model):
    """Its value, which the toolkit has to find exactly in worlds like these."""
    truth = estimand.truth(model)
    assert truth.method == "exact", estimand
    return truth.value


class Moments:
    """Means, and products in the mean, of all that is observed in one world: one program for it."""

    def __init__(self, model, do="", given=""):
        self.names = names = list(model.observed)
        inside = settings(given)
        pairs = list(itertools.combinations_with_replacement(range(len(names)), 2))

        def counted(units):
            unit = units["natural"]
            x = [jnp.asarray(unit[name]) * 1.0 for name in names]
            holds = jnp.array(True)
            for name, value in inside.items():
                holds &= unit[name] == value
            powers = jnp.stack([*x, *(x[i] * x[j] for i, j in pairs), jnp.ones(())])
            return jnp.where(holds, powers, 0.0)

        found = exact(e.Expectation(counted, {"natural": settings(do)}), model)
        found = found / found[-1]
        self.mean = dict(zip(names, found, strict=False))
        self.covariance = np.zeros((len(names), len(names)))
        for (i, j), product in zip(pairs, found[len(names) : -1], strict=True):
            centred = product - found[i] * found[j]
            self.covariance[i, j] = self.covariance[j, i] = centred

    def of(self, *names):
        """The covariance matrix of some of them."""
        at = [self.names.index(name) for name in names]
        return self.covariance[np.ix_(at, at)]


class Asked:
    """Questions to one model."""

    def __init__(self, model):
        self.model = model
        self.moments = functools.cache(lambda do="", given="": Moments(model, do, given))

    def effect(self, kind, treatment, outcome, mediators):
        estimand = getattr(e, {"ATU": "ATC"}.get(kind, kind))
        arguments = (mediators.split(", "),) if mediators else ()
        return exact(estimand(treatment, outcome, *arguments), self.model)

    def regression(self, outcome, treatment, adjust):
        names = [treatment, *filter(None, adjust.split(" + ")), outcome]
        matrix = self.moments().of(*names)
        return np.linalg.solve(matrix[:-1, :-1], matrix[:-1, -1])[0]

    def correlation(self, x, y, among, given):
        moments = self.moments(given=given)
        if not among:
            matrix = moments.of(x, y)
            return matrix[0, 1] / np.sqrt(matrix[0, 0] * matrix[1, 1])
        precision = np.linalg.inv(moments.of(x, y, *among.split(", ")))
        return -precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1])

    def mean(self, outcome, do, given):
        return self.moments(do, given).mean[outcome]

    def difference(self, outcome, one, other):
        return self.mean(outcome, "", one) - self.mean(outcome, "", other)

    def chance(self, name, value):
        return exact(
            e.Expectation(lambda units: units["natural"][name] == float(value)), self.model
        )

    def variance(self, name, do):
        return self.moments(do).of(name)[0, 0]


GRAMMAR = [
    (r"(ATE|ATT|ATU|NDE|NIE|TDE|TIE|PNS?|PS|TotalEffect)\((\w+) -> (\w+)(?:; (.+))?\)", "effect"),
    (r"limit of OLS\((\w+) ~ (\w+)(?: \+ (.+))?\)", "regression"),
    (r"[EP][\[(](\w+) \| do\((.+)\)[\])]()", "mean"),
    (r"[EP][\[(](\w+) \| ([^()]+)[\])] - [EP][\[(]\1 \| ([^()]+)[\])]", "difference"),
    (r"[EP][\[(](\w+) \|() ([^()]+)[\])]", "mean"),
    (r"P\((\w+)=(\d+)\)", "chance"),
    (r"var\((\w+)(?: \| do\((.+)\))?\)", "variance"),
    (r"partial corr\((\w+), (\w+) \| (.+)\)()", "correlation"),
    (r"corr\((\w+), (\w+)()(?: \| (.+))?\)", "correlation"),
]


@pytest.mark.parametrize(("name", "values"), VARIANTS)
def test_known_answers_are_what_the_toolkit_finds(name, values):
    entry = SIMULATORS[name]
    with jax.enable_x64(True):
        asked = Asked(entry.build(**values))
        for question, answer in entry.known(**values).items():
            if question in OWN_NAMES:
                continue
            found = ((re.fullmatch(pattern, question), ask) for pattern, ask in GRAMMAR)
            match, ask = next(each for each in found if each[0])
            value = getattr(asked, ask)(*(part or "" for part in match.groups()))
            assert value == pytest.approx(float(answer.value), abs=1e-6), question


def test_names_of_their_own_are_still_in_use():
    used = {q for name, values in VARIANTS for q in SIMULATORS[name].known(**values)}
    assert used >= OWN_NAMES


@pytest.mark.parametrize("name", sorted({name for name, _ in VARIANTS}))
def test_what_is_to_be_tried_can_be(name):
    """Every `model. ...` and `world. ...` of the text runs, on the world as it is by default."""
    model = SIMULATORS[name].build()
    known = {"model": model, "world": model.sample(0, 50), "Normal": Normal, "Bernoulli": Bernoulli}
    for code in re.findall(r"`((?:model|world)\..+?)`", SIMULATORS[name].try_this):
        assert eval(code, known) is not None
