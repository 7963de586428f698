"""A made-up experiment: what a study of schooling would find, drawn from laws written here."""

from __future__ import annotations

import math
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from experiments.findings import Estimand, Findings, Method, World
from experiments.measures import summarise

REPLICATIONS = 400
TRUTHS = {("textbook", "direct"): (0.1315, 0.0), ("life", "direct"): (0.1224, 0.0),
          ("life", "total"): (0.0781, 0.0004)}  # fmt: skip

METHODS = (
    Method("ols_crude", "OLS, no controls", "ols", "slope", ("no common cause",)),
    Method("ols", "OLS, Card's <controls> & regions", "ols", "slope", ("no unmeasured cause",)),
    Method("tsls", "2SLS, as published", "tsls", "LATE", ("exclusion", "relevance"), 0.0),
    Method("tsls_age", "2SLS, experience instrumented by age", "tsls", "LATE",
           ("exclusion", "relevance"), 0.0),
    Method("anderson_rubin", "Anderson-Rubin, as published", "anderson_rubin", "LATE",
           ("exclusion",), 0.0),
)  # fmt: skip


def runs(world: str, method: str, values: np.ndarray, se: np.ndarray) -> pd.DataFrame:
    """Attempts that all succeeded, with normal intervals."""
    return pd.DataFrame({
        "world": world, "method": method, "replicate": range(len(values)), "value": values,
        "se": se, "low": values - 1.96 * se, "high": values + 1.96 * se, "n": 3010, "failure": "",
    })  # fmt: skip


def drawn(world: str, random: np.random.Generator) -> list[pd.DataFrame]:
    """Two precise but biased methods, two whose law has no moments, and one of intervals only."""
    size, truth = REPLICATIONS, TRUTHS[world, "direct"][0]
    weak = random.normal(1, 0.28, (2, size))
    ratio = truth + random.normal(0, 0.05, (2, size)) / weak
    parts = [
        runs(world, "ols_crude", random.normal(0.052, 0.0034, size), np.full(size, 0.0034)),
        runs(world, "ols", random.normal(0.0747, 0.0035, size), np.full(size, 0.0035)),
        runs(world, "tsls", ratio[0], 0.05 / weak[0] ** 2),
        runs(world, "tsls_age", ratio[1], 0.05 / weak[1] ** 2),
    ]
    broken = parts[3].replicate < 7
    parts[3].loc[broken, ["value", "se", "low", "high"]] = math.nan
    parts[3].loc[broken, "failure"] = "singular design"
    rubin = parts[2].assign(method="anderson_rubin", value=math.nan, se=math.nan)
    rubin["low"] -= 0.01
    rubin.loc[rubin.replicate < 20, "high"] = math.inf
    return [*parts, rubin]


def found(**changes: object) -> Findings:
    """The made-up findings, with some fields changed."""
    random = np.random.default_rng(7)
    estimates = pd.concat(
        [part for world in ("textbook", "life") for part in drawn(world, random)],
        ignore_index=True,
    )
    truths = pd.DataFrame([
        {"world": world, "estimand": estimand, "value": value, "se": se,
         "method": "monte carlo" if se else "exact", "n": 1_000_000 if se else 0}
        for (world, estimand), (value, se) in TRUTHS.items()
    ])  # fmt: skip
    methods = [
        Method(m.name, m.label, m.estimator, m.target, m.assumes, m.moments,
               ("direct",) if m.name == "ols_crude" else ("direct", "total"))
        for m in METHODS
    ]  # fmt: skip
    seconds = pd.DataFrame([
        {"world": world, "method": m.name, "seconds": 0.214 * (i + 1), "compile_seconds": 1.73}
        for world in ("textbook", "life") for i, m in enumerate(methods)
    ])  # fmt: skip
    fields: dict = {
        "title": "What is a year of schooling worth?",
        "aims": "How do least squares and instrumental variables behave in worlds like the one "
        "Card's 3,010 men came from, when an unmeasured cause moves both schooling and wages?",
        "notes": [
            "The truths below hold by construction: each world was calibrated so that its effect "
            "equals a 2SLS estimate from the real data.",
            "The unmeasured cause raises schooling & lowers wages, so it is not 'ability'.",
        ],
        "worlds": {
            "textbook": World("(a) textbook: experience is a root", EQUATIONS, "Card (1995)"),
            "life": World("(b) life: experience = age - schooling - 6", EQUATIONS),
        },
        "estimands": {
            "direct": Estimand(
                "A year of schooling at fixed experience",
                "The mean change of lwage when educ is set to 13 rather than 12, exper held at 8.",
            ),
            "total": Estimand("A year of schooling, experience following"),
        },
        "methods": methods,
        "estimates": estimates,
        "truths": truths,
        "summary": summarise(estimates, truths, methods, seconds),
        "real": real(),
        "real_source": "Card (1995): 3,010 men of the National Longitudinal Survey of Young Men",
        "provenance": {
            "command": "scm run configs/college.toml", "config": "sha256:9f2c41d0", "seed": 1995,
            "replications": REPLICATIONS, "n": 3010, "device": "cpu, 2 cores", "dtype": "float64",
            "versions": {"scm": "0.1.0", "jax": "0.10.0", "numpy": "2.2.1"},
        },
    }  # fmt: skip
    return Findings(**{**fields, **changes})


def real() -> pd.DataFrame:
    """The estimators on the real data, with two of Card's numbers."""
    nan = math.nan
    columns = ["method", "label", "value", "se", "low", "high", "published_value",
               "published_se", "source", "first_stage_f", "published_first_stage_f"]  # fmt: skip
    rows = [
        ("ols_crude", "OLS, no controls", 0.05209, 0.00287, 0.0464, 0.0577, nan, nan, "", nan, nan),
        ("ols", "OLS, Card's <controls> & regions", 0.0746932, 0.0034983, 0.0678, 0.0816, 0.0747,
         0.0035, "Card (1995), table 2", nan, nan),
        ("tsls", "2SLS, as published", 0.1315038, 0.0549637, 0.0237, 0.2393, 0.1315, 0.0550,
         "Card (1995); Wooldridge, example 15.4", 13.2558, 13.26),
        ("anderson_rubin", "Anderson-Rubin, as published", nan, nan, 0.0245, 0.2849, nan, nan, "",
         nan, nan),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


EQUATIONS = """\
unmeasured   ~ Normal(0, 1)                              (hidden)
near_college ~ Bernoulli(0.682)
educ        := 16.6 + 0.32 near_college - 0.41 exper + 0.9 unmeasured + u,   u ~ Normal(0, 1.7)
lwage       := 3.67 + 0.1315 educ + 0.108 exper - 0.0023 expersq < 0.2 unmeasured & u"""


VOID = {"meta", "link", "br", "hr", "img", "input"}


class Element:
    """A node of the page: its name, attributes, parts and text."""

    def __init__(self, name: str, attributes: dict[str, str | None]) -> None:
        self.name, self.attributes = name, attributes
        self.parts: list[Element | str] = []

    def all(self, *names: str) -> list[Element]:
        """Every element of these names inside, in order."""
        found = []
        for part in self.parts:
            if isinstance(part, Element):
                found += [part] * (part.name in names) + part.all(*names)
        return found

    def every(self) -> list[Element]:
        """Every element inside."""
        return [inner for part in self.parts if isinstance(part, Element)
                for inner in (part, *part.every())]  # fmt: skip

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)


class Reader(HTMLParser):
    """Builds the tree and refuses what is not well nested."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].parts.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].parts.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def tree_of(html: str) -> Element:
    """The tree of a page."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


@pytest.fixture(scope="session")
def findings() -> Findings:
    """The made-up findings as they are."""
    return found()


@pytest.fixture(scope="session")
def build():  # a factory, since test files cannot import one another
    """The made-up findings with some fields changed."""
    return found


@pytest.fixture(scope="session")
def read():
    """The tree of a page of HTML."""
    return tree_of
