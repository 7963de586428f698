"""The model: assignments written down, and all that can be asked of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from scm.arguments import count, first_unit, named_rhs
from scm.core.cycles import path
from scm.core.dependence import unused
from scm.core.equations import equation
from scm.core.errors import CycleError, ModelError, UnknownNameError, suggestion
from scm.core.intervention import assigned, done, hidden, merged, undone, written
from scm.core.marks import Coupling
from scm.core.structure import Structure, System, structure_of
from scm.frames import Columns
from scm.noise.given import given
from scm.noise.identity import check_noises
from scm.noise.laws.numbers import canonical
from scm.noise.source import Run
from scm.noise.words import stream_of
from scm.skeleton import Skeleton
from scm.solve.draws import laws_of
from scm.solve.equilibrium import check_affine
from scm.solve.expectation import moments
from scm.solve.spread import check_block
from scm.stream import Stream
from scm.world import Mean, World, solved

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from scm.abduction.imagined import Imagined
    from scm.abduction.posterior import Posterior
    from scm.graph import Graph
    from scm.program.program import Program

__all__ = ["SCM"]

_BLOCK = 1 << 17  # units of a block that is handed out
_EXPECTED = 1 << 16  # of one that is only averaged: it fits the cache


@jax.tree_util.register_pytree_node_class
class SCM:
    """A structural causal model: ``variable := function(parents, noise)``, for each variable.

    Right-hand sides are given by keyword; functions may be given by position under their own
    names, and a dict serves for names that are not identifiers:

      a distribution: a root variable; its own noise is called ``u``.
      a function (or a callable pytree, such as an equinox module): its parameter names are its
        parents; a distribution as default is this variable's own noise; any other default is a
        constant. It is written for one unit. It may return a distribution, whose noise the model
        supplies (see ``coupling``).
      a number or an array: a deterministic variable.
      `latent` of any of these: exists, is never in the data.
      `param` of a number: a number to be varied; neither in the data nor in the graph.
      `node`: the explicit form of all of them.
      `equilibrium` of a function or a node: it may stand on a loop, whose equations hold at once.

    ``coupling`` says how supplied noise makes the values of discrete distributions that functions
    return: ``"inverse_cdf"`` or ``"gumbel_max"``; by default each law's own.

    A model is a value: nothing mutates it, and functions are traced when it is made. It is a
    pytree whose leaves are its numbers, so it goes through jit, grad and vmap.

    Raises `ModelError` (a ValueError) for what has no meaning, naming the variable: an unknown
    parent, a cycle, a batch-shaped root, a Python branch on a traced value, ...

    >>> from numpyro.distributions import Bernoulli, Normal
    >>> from scm import latent, param
    >>> model = SCM(
    ...     ability=latent(Normal(0, 1)),
    ...     near_college=Bernoulli(0.5),
    ...     education=lambda near_college, ability, u=Normal(0, 1): (
    ...         12 + 0.8 * near_college + ability + u
    ...     ),
    ...     slope=param(0.1),
    ...     log_wage=lambda education, ability, slope, u=Normal(0, 0.4): (
    ...         1.0 + slope * education + 0.2 * ability + u
    ...     ),
    ... )
    >>> print(model.equations())
    ability ~ Normal(0, 1)  (latent)
    near_college ~ Bernoulli(0.5)
    education := 12 + 0.8 * near_college + ability + u,  u ~ Normal(0, 1)
    slope := 0.1  (param)
    log_wage := 1 + slope * education + 0.2 * ability + u,  u ~ Normal(0, 0.4)
    """

    def __init__(
        self,
        /,
        *functions: Callable | Mapping[str, Any],
        coupling: Coupling | None = None,
        **rhs: Any,
    ) -> None:
        if not (coupling is None or str(coupling) in ("inverse_cdf", "gumbel_max")):
            raise ModelError(
                f"coupling={coupling!r}: 'inverse_cdf' or 'gumbel_max' is wanted; a variable that "
                "is itself called coupling goes into a dict, SCM({'coupling': ...})"
            )
        named = named_rhs(functions, rhs)
        if not named:
            raise ModelError("a model has at least one variable: SCM(x=Normal(0, 1))")
        structure = structure_of(written(named, canonical))
        self._set(structure, structure.numbers(), coupling)

    def _set(self, structure: Structure, numbers: Any, coupling: Coupling | None) -> None:
        check_noises(structure, coupling)
        self.coupling = coupling
        self.numbers = numbers
        self._structures = {_precision(): structure}
        self._systems: dict[Any, System] = {}
        if structure.loops:
            from scm.exact.equilibria import check_unique

            check_affine(structure)
            check_unique(self.system)

    @property
    def structure(self) -> Structure:
        """The traced structure, in the present float precision."""
        if _precision() not in self._structures:
            variables = next(iter(self._structures.values())).variables
            self._structures[_precision()] = structure_of(variables)
        return self._structures[_precision()]

    @property
    def system(self) -> System:
        """The structure with this model's numbers in it: what solvers and truths work on."""
        known = self._systems.get(_precision())
        if known is None or known.structure is not self.structure:
            known = System(self.structure, self.coupling, self.numbers)
            self._systems[_precision()] = known
        return known

    # ------------------------------------------------------------------------------- reading

    @property
    def order(self) -> tuple[str, ...]:
        """The variables, causes first; params left out."""
        roles = self.structure.variables
        return tuple(name for name in self.structure.order if roles[name].role != "param")

    @property
    def observed(self) -> tuple[str, ...]:
        """The variables in the data, in order of writing."""
        return self._with_role("observed")

    @property
    def latents(self) -> tuple[str, ...]:
        """The hidden variables, in order of writing."""
        return self._with_role("latent")

    @property
    def params(self) -> dict[str, Any]:
        """The params and their values."""
        return {name: self.numbers[name][-1][0] for name in self._with_role("param")}

    def _with_role(self, role: str) -> tuple[str, ...]:
        return tuple(n for n, v in self.structure.variables.items() if v.role == role)

    @property
    def parents(self) -> dict[str, tuple[str, ...]]:
        """The parents of each variable, as the model stands: params left out."""
        variables = self.structure.variables
        return {
            name: tuple(p for p in variables[name].parents if variables[p].role != "param")
            for name in variables
            if variables[name].role != "param"
        }

    @property
    def graph(self) -> Graph:
        """The causal graph as the model stands: interventions cut the arrows they cut.

        Raises `CycleError` for a model with a loop, of which no such graph can speak.
        """
        from scm.graph import Graph

        parents, structure = self.parents, self.structure
        for loop in structure.loops.values():
            raise CycleError(
                f"graph: {' and '.join(loop)} stand on a loop, {path(parents, loop, loop[0])}, and "
                "a Graph is acyclic: what it says of independence and of effects (d-separation, "
                "adjustment, identification) does not hold with loops in general. Cut it, "
                f"model.do({loop[0]}=...).graph, or read the arrows off model.parents"
            )
        edges = [(parent, name) for name in parents for parent in parents[name]]
        return Graph(directed=edges, latent=self.latents, nodes=tuple(parents))

    @property
    def unused_edges(self) -> tuple[tuple[str, str], ...]:
        """The arrows of `graph` that no code stands for: (parent, child), in order of writing.

        The child's function names the parent, but the parent's value cannot reach the child's, by
        what is computed: `0 * x` still counts as use, `jnp.zeros_like(x)` does not.

        >>> from numpyro.distributions import Normal
        >>> SCM(x=Normal(0, 1), y=lambda x, u=Normal(0, 1): 2 * u).unused_edges
        (('x', 'y'),)
        """
        return unused(self.structure)

    def equations(self) -> str:
        """The assignments as they stand, one line each, read off what is computed."""
        structure = self.structure
        return "\n".join(
            equation(variable, structure.mechanisms[name], self.numbers[name])
            for name, variable in structure.variables.items()
        )

    def draw(self, ax: Axes | None = None) -> Axes:
        """Draw the graph: latents dashed, intervened variables squared. Returns the Axes."""
        from scm.graph.pictures.drawing import draw

        variables = self.structure.variables
        forced = [n for n, v in variables.items() if len(v.layers) > 1 and v.role != "param"]
        return draw(self.graph, ax=ax, highlight=forced)

    # ---------------------------------------------------------------------------- intervening

    def do(self, interventions: Mapping[str, Any] | None = None, /, **rhs: Any) -> SCM:
        """The model under interventions: a new model; this one stays as it is.

        Each takes what a model's right-hand side takes (not `latent` or `param`): a constant of
        the variable's shape; an array with a leading axis of units; a distribution (randomise); a
        function of non-descendants and noise (a policy). A function that names the variable itself
        receives the value it would have had just before: ``do(dose=lambda dose: dose + 1)``. Noise
        under a name that the variable has already keeps each unit's value of it.

        >>> from numpyro.distributions import Normal
        >>> model = SCM(x=Normal(0, 1), y=lambda x, u=Normal(0, 1): 2 * x + u)
        >>> print(model.do(x=1.0).equations())
        x := 1  (do)
        y := 2 * x + u,  u ~ Normal(0, 1)
        """
        named = merged("do", interventions, rhs)
        shapes = {name: self.structure.out(name) for name in self.structure.order}
        return self._with(done(self.structure.variables, shapes, named, canonical))

    def undo(self, *names: str) -> SCM:
        """The model with all interventions on the named variables taken back."""
        return self._with(undone(self.structure.variables, names))

    def assign(self, assignments: Mapping[str, Any] | None = None, /, **rhs: Any) -> SCM:
        """The model with other mechanisms, or more variables: a new model, not an intervention.

        A variable that is not marked anew keeps its role; interventions on it are dropped.
        """
        named = merged("assign", assignments, rhs)
        return self._with(assigned(self.structure.variables, named, canonical))

    def hide(self, *names: str) -> SCM:
        """The model with these variables latent: they are there, and never in the data.

        >>> from numpyro.distributions import Normal
        >>> SCM(U=Normal(0, 1), X=lambda U: 2 * U).hide("U").observed
        ('X',)
        """
        return self._with(hidden(self.structure.variables, names))

    def _with(self, variables: Mapping[str, Any]) -> SCM:
        """A model of these variables; what this one has already is neither traced nor copied."""
        structure = self.structure
        mechanisms, numbers = {}, {}
        for name in structure.order:
            for depth, mechanism in enumerate(structure.mechanisms[name]):
                assignment = structure.variables[name].layers[depth]
                mechanisms[assignment] = mechanism
                numbers[assignment] = self.numbers[name][depth]
        changed = structure_of(variables, mechanisms)
        merged = {
            name: [
                numbers[each] if each in numbers else changed.numbers_of(name, depth)
                for depth, each in enumerate(changed.variables[name].layers)
            ]
            for name in changed.order
        }
        model = SCM.__new__(SCM)
        model._set(changed, merged, self.coupling)
        return model

    def rows(self, rows: Any) -> SCM:
        """The model with the given rows of every value that was set one for each unit."""
        layers = (a for v in self.structure.variables.values() for a in v.layers)
        if not any(each.form == "per unit" for each in layers):
            return self
        numbers = {
            name: [
                [each[rows] for each in layer] if assignment.form == "per unit" else layer
                for layer, assignment in zip(
                    self.numbers[name], self.structure.variables[name].layers, strict=True
                )
            ]
            for name in self.structure.order
        }
        model = SCM.__new__(SCM)
        model.coupling, model.numbers, model._structures = self.coupling, numbers, self._structures
        model._systems = {}
        return model

    # -------------------------------------------------------------------------------- sampling

    def sample(self, key: Any, n: int, *, sharding: Any = None) -> World:
        """A world of ``n`` units.

        Arguments:
          key: an int or a typed JAX key. All randomness comes from it: unit i's noise is a pure
            function of (key, variable, noise, i), so ``sample(key, 10)`` is the head of
            ``sample(key, 10**6)``, and interventions and other variables leave it alone.
          n: the number of units, at least 1.
          sharding: a `jax.sharding.Sharding` over the axis of units, to spread them over devices.

        Raises `NonFiniteError` naming the variable, how many units and the first.

        >>> from numpyro.distributions import Normal
        >>> SCM(x=Normal(0, 1)).sample(key=0, n=3).to_pandas().shape
        (3, 1)
        """
        n = count("n", n)
        self.check_units(n)
        return solved(self, Run(stream_of(key), first_unit(0), n), {}, sharding)

    def stream(self, key: Any, n: int, *, block: int = _BLOCK, sharding: Any = None) -> Stream:
        """The world of `sample` in blocks of units, one after the other, in constant memory.

        Arguments:
          key, n: as in `sample`.
          block: the units of one block; the last may be smaller.
          sharding: as in `sample`, for every block that its devices divide evenly.

        Returns an iterator over worlds. ``model.stream(key, n).to_parquet("people/")`` writes them
        into a directory, and goes on where it was interrupted: see `scm.stream.Stream`.

        >>> from numpyro.distributions import Normal
        >>> [world.n for world in SCM(x=Normal(0, 1)).stream(key=0, n=10, block=4)]
        [4, 4, 2]
        """
        n, block = count("n", n), count("block", block)
        self.check_units(n)
        check_block(sharding, block)
        return Stream(self, key, n, block, sharding)

    def expect(
        self,
        fn: Callable[[Mapping[str, Any]], Any],
        key: Any,
        n: int,
        *,
        block: int = _EXPECTED,
        sharding: Any = None,
    ) -> Mean:
        """The mean of ``fn(unit)`` over ``n`` units, with its standard error, in constant memory.

        ``fn`` sees one unit, a mapping from every variable to its value, and returns a number or
        an array. Units, noise and randomness are those of `sample`; what ``fn`` does not use is
        not computed. Any ``block`` gives the same mean to rounding; ``sharding`` spreads each
        block over devices, as in `sample`.

        Its derivatives in params, do-values or all the model's numbers are those of the
        expectation, in forward and reverse mode: jumps (returned or declared discrete laws,
        comparisons affine in a scalar real noise) are integrated out, at the price of two to four
        more worlds for each threshold and one for each value of a law; laws with too many values
        by their score. What cannot be is refused by name with a `ModelError`, as are second
        derivatives through jumps. See `scm.solve.smoothing`.

        >>> from numpyro.distributions import Bernoulli
        >>> mean = SCM(x=Bernoulli(0.25)).expect(lambda unit: unit["x"], key=0, n=100_000)
        >>> bool(abs(mean.value - 0.25) < 5 * mean.se)
        True
        """
        n, block = count("n", n), count("block", block)
        self.check_units(n)
        check_block(sharding, block)
        part = lambda rows: self.rows(rows).system
        found = moments(part, stream_of(key), fn, n, block, sharding)
        return Mean(found.mean, found.standard_error, n)

    def evaluate(self, noise: Mapping[tuple[str, str], Any]) -> World:
        """The world that given noise makes: ``{("y", "u"): values, ...}``, each of shape (n, ...).

        What a variable's mechanism needs must be there; `World.noise` shows the form.

        >>> from numpyro.distributions import Normal
        >>> model = SCM(x=Normal(0, 1), y=lambda x, u=Normal(0, 1): 2 * x + u)
        >>> model.evaluate({("x", "u"): [1.0], ("y", "u"): [0.5]})["y"]
        Array([2.5], dtype=float32)
        """
        laws = laws_of(self.system)
        source = given(self.structure, self.coupling, laws, noise)
        self.check_units(source.n)
        return solved(self, source, {})

    # -------------------------------------------------------------------------------- imagining

    def abduct(self, evidence: Any, key: Any, *, draws: int = 1_000) -> Posterior:
        """What the noises of some units may be, given what was seen of them.

        Abduction, the first step to a counterfactual; ``.do(...).sample()`` of the posterior are
        the other two, action and prediction.

        Arguments:
          evidence: a dict of scalars (one unit), or of arrays, a data frame, or a `World` (many).
            Variables may be left out; NaN, None and masked cells were not seen. `Interval` and
            `Rounded` stand for values of which bounds are known.
          key: an int or a typed JAX key, for what the evidence leaves open. It may be the key that
            the world was sampled with: the posterior's randomness is apart from that.
          draws: how many draws of each unit's noises; one where evidence leaves nothing open.

        Returns a `scm.abduction.posterior.Posterior`. Every variable's noises are found by the
        first of these that applies, and `Posterior.methods` says which: a declared inverse, the
        place in a returned law, an inverse read off the jaxpr, Gumbel noise from the top down,
        enumeration, a search in the normal score; where noises are shared, exact inference for
        finite and linear Gaussian parts, else weighted draws or chains.

        Raises `ModelError` for evidence of other names, shapes or types,
        `scm.abduction.impossible.ImpossibleEvidenceError` for evidence of probability zero.

        >>> from numpyro.distributions import Bernoulli, Normal
        >>> model = SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(0, 1): 2 * T + u)
        >>> person = model.abduct({"T": 1, "Y": 2.5}, key=0)
        >>> person.do(T=0).sample()["Y"]
        Array([0.5], dtype=float32)
        """
        from scm.abduction.abduct import abduct

        return abduct(self, evidence, key, draws)

    def counterfactual(
        self, evidence: Any, key: Any = 0, *, do: Mapping[str, Any], draws: int = 1_000
    ) -> World | Imagined:
        """The units of the evidence, had things been otherwise: ``abduct``, ``do``, ``sample``.

        >>> from numpyro.distributions import Normal
        >>> model = SCM(x=Normal(0, 1), y=lambda x, u=Normal(0, 1): 2 * x + u)
        >>> model.counterfactual({"x": 1.0, "y": 2.5}, do={"x": 0.0})["y"]
        Array([0.5], dtype=float32)
        """
        return self.abduct(evidence, key, draws=draws).do(do).sample()

    def log_prob(self, data: Any) -> jax.Array:
        """The log density of what was seen of each unit; a probability where values are discrete.

        Arguments:
          data: as the evidence of `abduct`. What is left out is summed or integrated out where that
            is exact (finite, or linear and Gaussian); `Interval` gives the probability of bounds.

        Returns an array of shape (units,), or a scalar for one unit given by scalars; -inf where
        the model cannot make the data. It can be differentiated in params and data where noises
        are found by inverses.

        Raises `ModelError` where what is left out cannot be integrated out exactly.

        >>> from numpyro.distributions import Normal
        >>> model = SCM(x=Normal(0, 1), y=lambda x, u=Normal(0, 1): 2 * x + u)
        >>> round(float(model.log_prob({"x": 0.0, "y": 0.0})), 4)  # -log(2 pi)
        -1.8379
        """
        from scm.abduction.abduct import log_density

        return log_density(self, data)

    def to_numpyro(self, *, plate: str = "units") -> Program:
        """The model as a NumPyro model function, for inference on it or in a larger program.

        ``program(data)`` or ``program(n=100)``, run inside NumPyro's handlers, makes these sites
        for all units, and returns every variable's value by name:

          a root law, a law that a function returns: ``numpyro.sample``, under the variable's name.
          a function with declared noise: the noise is sampled as ``"variable/noise"``, and the
            variable is ``numpyro.deterministic``. If it is in the data its noise is eliminated:
            the variable's site has the density of its value (the noise's, by change of variables)
            and the noise is deterministic; a finite noise is summed over.
          anything else, such as what `do` has set: ``numpyro.deterministic``.
          a law whose parameters depend on what is sampled: also the factor ``"variable/defined"``,
            minus infinity where they leave their domain.

        Params are numbers, not sites. A prior on one comes from the program around, with `do`:

        >>> import jax
        >>> import numpyro
        >>> from numpyro.distributions import Normal
        >>> from numpyro.infer import MCMC, NUTS
        >>> from scm import param
        >>> model = SCM(
        ...     x=Normal(0, 1), slope=param(0.0), y=lambda x, slope, u=Normal(0, 1): slope * x + u
        ... )
        >>> def program(data):
        ...     slope = numpyro.sample("slope", Normal(0, 1))
        ...     model.do(slope=slope).to_numpyro()(data)
        >>> data = model.do(slope=2.0).sample(key=0, n=100).data
        >>> mcmc = MCMC(NUTS(program), num_warmup=100, num_samples=100, progress_bar=False)
        >>> mcmc.run(jax.random.key(1), data=data)
        >>> round(float(mcmc.get_samples()["slope"].mean()))
        2

        Arguments:
          plate: the name of the plate over units. It has the last axis: a plate around the program
            has ``dim=-2``.

        The joint law of all sites is that of `sample`; randomness is NumPyro's, not of this
        library's keys. Values that a variable cannot have have log density minus infinity.

        The program raises `ModelError`, naming the variable, for data with holes or bounds; for
        values that no law of the family has; and where noise cannot be eliminated exactly.
        """
        from scm.program.program import Program

        return Program(self, plate)

    def potential_outcomes(
        self, levels: Mapping[str, Any], *, of: str, key: Any, n: int
    ) -> Columns:
        """Every unit's outcome under each combination of levels: columns ``Y[T=0]``, ``Y[T=1]``.

        >>> from numpyro.distributions import Bernoulli, Normal
        >>> model = SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(0, 1): 2 * T + u)
        >>> list(model.potential_outcomes({"T": [0, 1]}, of="Y", key=0, n=5))
        ['Y[T=0]', 'Y[T=1]']
        """
        if of not in self.structure.variables:
            raise UnknownNameError(
                f"potential_outcomes: of={of!r} is not in the model"
                + suggestion(of, self.structure.variables)
            )
        world = self.sample(key, n)
        columns = Columns()
        for name, each in levels.items():
            if np.ndim(each) == 0:
                raise ModelError(
                    f"potential_outcomes: {name}: a list of levels is wanted, given {each!r}; "
                    f"write {{{name!r}: [0, {each!r}]}}"
                )
        for combination in itertools.product(*levels.values()):
            setting = dict(zip(levels, combination, strict=True))
            label = ", ".join(f"{name}={value}" for name, value in setting.items())
            columns[f"{of}[{label}]"] = world.do(setting)[of]
        return columns

    def check_units(self, n: int) -> None:
        """Refuse a number of units other than that for which values were given one by one."""
        for name, variable in self.structure.variables.items():
            for assignment, numbers in zip(variable.layers, self.numbers[name], strict=True):
                if assignment.form == "per unit" and len(numbers[0]) != n:
                    raise ModelError(
                        f"do({name}=...) gives one value for each of {len(numbers[0])} units, but "
                        f"n={n}; give {n} values, or n={len(numbers[0])}"
                    )

    # ---------------------------------------------------------------------------------- pytree

    def tree_flatten(self) -> tuple[tuple[Any], Skeleton]:
        return (self.numbers,), Skeleton(self)

    @classmethod
    def tree_unflatten(cls, skeleton: Skeleton, children: tuple[Any]) -> SCM:
        model = cls.__new__(cls)
        model.numbers = children[0]
        model.coupling = skeleton.coupling
        model._structures = skeleton.structures
        model._systems = {}
        return model

    def __repr__(self) -> str:
        variables = self.structure.variables
        forced = [name for name, variable in variables.items() if len(variable.layers) > 1]
        head = f"SCM of {len(self.order)} variables"
        if forced:
            head += f" under do({', '.join(forced)})"
        return f"{head}\n" + "\n".join(f"  {line}" for line in self.equations().splitlines())

    def _repr_html_(self) -> str:
        import html

        rows = "".join(
            f"<tr><td style='text-align:left'><code>{html.escape(line)}</code></td></tr>"
            for line in self.equations().splitlines()
        )
        head = html.escape(repr(self).splitlines()[0])
        return f"<table><caption>{head}</caption><tbody>{rows}</tbody></table>"


def _precision() -> bool:
    return bool(jax.config.jax_enable_x64)  # type: ignore[attr-defined]
