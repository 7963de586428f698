"""What a study is: the tables and keys of its TOML file, and what each may hold.

A study asks how some estimators behave in worlds whose truth is known, and on the real data that
these worlds stand for. Every value here is as it will be used: what the file leaves out has been
spelt out (a method's roles are the study's unless it names its own, an estimand is asked in every
world unless it names some). Only the models can tell whether a simulator, an estimator or a column
exists: that is for the plan to see, which says it in the same words by `Study.mistake`.

Nothing here imports JAX. `experiments.config.load` reads a study from its file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from experiments.asked import Estimand
from experiments.claims import Claim
from experiments.factors import Cell, cells, changed
from experiments.family import Family, family_of, member
from experiments.happenings import Happening
from experiments.mistakes import Mistake
from experiments.names import not_taken
from experiments.toml_lines import KeyPath, line_of
from experiments.values import (
    Changes,
    Count,
    EngineKind,
    FailurePolicy,
    Grid,
    Megabytes,
    Missing,
    Name,
    Number,
    Plain,
    Positive,
    Precision,
    Seconds,
    Seed,
    Table,
    Text,
    Texts,
    Words,
    a_list,
    some,
)

__all__ = ["Estimand", "Method", "Published", "Real", "Roles", "Study", "World"]


MethodName = Annotated[Name, AfterValidator(not_taken)]


class Roles(Table):
    """Which columns play which part: all that an estimator is told of the data."""

    treatment: Text
    outcome: Text
    adjust: Texts | None = None  # left out: the best adjustment set of each world's graph
    instruments: Texts = ()
    mediators: Texts = ()


class World(Table):
    """A model whose truth is known: a named simulator and its parameters."""

    label: Text  # left out: the world's name
    simulator: Text
    parameters: Mapping[str, Plain] = {}
    family: Family | None = None  # { seed = 50 }: fifty worlds, seed = 0 ... 49, shown as one
    n: Count  # people in each replicated data set; left out: the study's
    observe: Mapping[Name, Happening] = {}  # what happens to the data, in this order

    @model_validator(mode="after")
    def _varies_what_is_free(self) -> World:
        for key in self.family or {}:
            if key in self.parameters:
                message = "it is in parameters as well; leave it to the family"
                told = {"message": message, "at": ("family", key)}
                raise PydanticCustomError("refused", "{message}", told)
        return self


class Method(Table):
    """An estimator, the roles it is given, and its options."""

    label: Text  # left out: the method's name
    estimator: Text
    treatment: Text  # left out: the study's, as each of the roles
    outcome: Text
    adjust: Texts | None
    instruments: Texts
    mediators: Texts
    options: Mapping[str, Plain] = {}
    missing: Missing = "refuse"  # what it does with missing values
    time_limit: Seconds | None = None  # seconds for one data set, of an estimator in plain Python
    memory_limit: Megabytes | None = None  # megabytes, of the same
    estimands: Texts  # what it is held against; left out: every estimand

    @property
    def roles(self) -> Roles:
        """The roles it is given."""
        return Roles(**{role: getattr(self, role) for role in Roles.model_fields})


class Published(Table):
    """An estimate that somebody has printed for the real data, to be set beside ours."""

    method: Text
    value: Number
    se: Positive | None = None
    diagnostics: Mapping[Text, Number] = {}
    source: Text


class Engine(Table):
    """Who does the work: this process, others of this machine, or a Dask cluster."""

    kind: EngineKind = "in-process"
    workers: Count | None = None  # left out: as many as there are cores
    address: Words = ""  # of a Dask scheduler; left out: a cluster of this machine


class Stop(Table):
    """Replications go on until a measure is known well enough, or there are ``most`` of them."""

    measure: Text  # as in summary.csv: "bias", "coverage"
    error: Positive  # the Monte Carlo standard error that is wanted, of every method in every cell
    most: Count
    methods: Texts = ()  # of which methods; left out: all


class Real(Table):
    """The real data that the worlds stand for."""

    data: Text
    source: Text
    published: Annotated[tuple[Published, ...], a_list("tables [[real.published]]")] = ()


class Study(Table):
    """A whole study. Built by hand, it raises pydantic's ValidationError where `load` explains.

    >>> study = Study.model_validate(
    ...     dict(
    ...         name="toy",
    ...         title="A toy",
    ...         n=100,
    ...         replications=10,
    ...         roles={"treatment": "t", "outcome": "y"},
    ...         worlds={"one": {"simulator": "simpson_drug"}},
    ...         estimands={"ate": {"kind": "ATE", "treatment": "t", "outcome": "y"}},
    ...         methods={"crude": {"estimator": "difference_in_means"}},
    ...     )
    ... )
    >>> study.methods["crude"].outcome, study.estimands["ate"].worlds, study.worlds["one"].n
    ('y', ('one',), 100)
    """

    name: Name
    title: Text
    aims: Words = ""
    notes: Texts = ()
    seed: Seed = 0
    precision: Precision = "float64"
    n: Count
    replications: Count
    roles: Roles
    worlds: Annotated[Mapping[Name, World], some("at least one table [worlds.NAME]")]
    estimands: Annotated[Mapping[Name, Estimand], some("at least one table [estimands.NAME]")]
    methods: Annotated[Mapping[MethodName, Method], some("at least one table [methods.NAME]")]
    real: Real | None = None
    engine: Engine = Engine()
    failures: FailurePolicy = "report"
    stop: Stop | None = None
    grids: Annotated[tuple[Grid, ...], a_list("tables [[grids]]")] = ()
    scenarios: Mapping[Name, Changes] = {}
    claims: Mapping[Name, Claim] = {}

    _raw: Mapping[str, Any] = PrivateAttr(default_factory=dict)
    _path: Path = PrivateAttr(default=Path("study.toml"))
    _lines: Mapping[KeyPath, int] = PrivateAttr(default_factory=dict)

    # Pydantic validates fields in order. Where an earlier one is wrong the study is refused for
    # that, and what stands in for it here is never seen.
    @field_validator("worlds", mode="before")
    @classmethod
    def _spell_out_worlds(cls, tables: Any, info: ValidationInfo) -> Any:
        return _spell_out(tables, {"n": info.data.get("n", 1)})

    @field_validator("estimands", mode="before")
    @classmethod
    def _spell_out_estimands(cls, tables: Any, info: ValidationInfo) -> Any:
        return _spell_out(tables, {"worlds": tuple(info.data.get("worlds", ()))})

    @field_validator("methods", mode="before")
    @classmethod
    def _spell_out_methods(cls, tables: Any, info: ValidationInfo) -> Any:
        roles = info.data.get("roles", Roles(treatment="-", outcome="-"))
        estimands = tuple(info.data.get("estimands", ()))
        return _spell_out(tables, {**roles.model_dump(), "estimands": estimands})

    @field_validator("claims", mode="before")
    @classmethod
    def _spell_out_claims(cls, tables: Any, info: ValidationInfo) -> Any:
        asked = info.data.get("estimands", {})
        first = next(iter(asked), "-")
        if not isinstance(tables, dict):
            return tables
        made: dict[str, Any] = {}
        for name, table in tables.items():
            named = table.get("estimand", first) if isinstance(table, dict) else first
            worlds = asked[named].worlds if isinstance(named, str) and named in asked else ()
            made |= _spell_out({name: table}, {"estimand": first, "worlds": worlds}, label=False)
        return made

    def read_from(self, path: Path, lines: Mapping[KeyPath, int], raw: Mapping[str, Any]) -> Study:
        """The same study, that knows the file, its tables, and the lines its keys stand on."""
        study = self.model_copy()
        study._path, study._lines, study._raw = path, lines, raw
        return study

    def cells(self) -> Iterator[Cell]:
        """All settings of its factors; one, without changes, where there are none."""
        return cells(self.grids, self.scenarios)

    def within(self, cell: Cell) -> Study:
        """The study that one cell is: without factors, and with the members of its families.

        Raises pydantic's ValidationError for a value that its key does not take.
        """
        if not cell.changes and not self.grids and not self.scenarios:
            return self._with_members()
        study = Study.model_validate(changed(self.tables(), cell.changes))
        return study.read_from(self._path, self._lines, {})._with_members()

    def _with_members(self) -> Study:
        """The same with a world for every member of a family, asked whatever the family is."""
        if all(each.family is None for each in self.worlds.values()):
            return self
        members: dict[str, dict[str, World]] = {}
        for name, each in self.worlds.items():
            members[name] = {name: each}
            for parameter, count in (each.family or {}).items():
                members[name] = {
                    member(name, at): each.model_copy(
                        update={"family": None, "parameters": {**each.parameters, parameter: at}}
                    )
                    for at in range(count)
                }
        update: dict[str, Any] = {
            "worlds": {name: world for each in members.values() for name, world in each.items()}
        }
        for tables in ("estimands", "claims"):
            update[tables] = {
                name: each.model_copy(
                    update={"worlds": tuple(w for world in each.worlds for w in members[world])}
                )
                for name, each in getattr(self, tables).items()
            }
        return self.model_copy(update=update)

    def tables(self) -> dict[str, Any]:
        """Its file's tables: with every default spelt out, if nothing is varied; else as they are,
        for what they leave out follows what is varied."""
        raw = self._raw if self.grids or self.scenarios else {}
        if not raw:
            return self.model_dump(exclude_none=True)
        # what a run was asked for on its command line is not in the file
        engine = self.engine.model_dump(exclude_none=True)
        return {**raw, "replications": self.replications, "engine": engine}

    @property
    def path(self) -> Path:
        """The file it was read from."""
        return self._path

    def where(self, key: KeyPath) -> int:
        """The line of ``key``, or of the nearest enclosing table: ``("methods", "ols", "n")``."""
        return line_of(self._lines, key)

    def mistake(self, key: KeyPath, message: str) -> Mistake:
        """A mistake at ``key``, for ``raise ConfigError(study.mistake(...), ...)``."""
        if key[:1] == ("worlds",) and len(key) > 1:
            key = ("worlds", family_of(str(key[1])), *key[2:])  # members are no tables
        return Mistake(self.path, key, self.where(key), message)


def _spell_out(tables: Any, defaults: Mapping[str, Any], *, label: bool = True) -> Any:
    """Each named table with the keys it leaves out; what is no table is left to pydantic."""
    if not isinstance(tables, dict):
        return tables
    named = lambda name: {"label": name or "-"} if label else {}
    return {
        name: {**named(name), **defaults, **table} if isinstance(table, dict) else table
        for name, table in tables.items()
    }
