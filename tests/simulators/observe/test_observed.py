"""What holds of all steps: order, noise, severity 0, transformations of JAX, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, DiscreteUniform, LogNormal, Normal

from scm import SCM, latent
from simulators.observe import (
    censor,
    cluster,
    discretise,
    hide,
    interfere,
    lose,
    mismeasure,
    mix,
    observe,
    select,
)
from simulators.observe.expression import expression

MODEL = SCM(
    H=latent(Normal(0, 1)),
    T=Bernoulli(0.4),
    X=lambda H, u=Normal(0, 1): H + u,
    Y=lambda T, X, u=Normal(0, 1): T + X + u,
)
STEPS = {
    "added": lambda s: mismeasure("X", error=Normal(0, 1), severity=s),
    "differential": lambda s: mismeasure("X", error=lambda Y, v=Normal(0, 1): Y * v, severity=s),
    "multiplied": lambda s: mismeasure("X", factor=LogNormal(0, 1), severity=s),
    "berkson": lambda s: mismeasure("X", error=Normal(0, 1), berkson=True, severity=s),
    "misclassified": lambda s: mismeasure("T", sensitivity=0.5, specificity=0.5, severity=s),
    "discretised": lambda s: discretise("X", cuts=[0.0], values=[-1.0, 1.0], severity=s),
    "selected": lambda s: select(lambda X: X > 0, severity=s),
    "lost": lambda s: lose("X", "Y", chance=lambda T: T == 1, severity=s),
    "censored": lambda s: censor("Y", low=-0.5, high=0.5, severity=s),
    "clustered": lambda s: cluster("Y", size=4, effect=Normal(0, 1), severity=s),
    "interfered": lambda s: interfere("Y", treatment="T", size=4, spill=1.0, severity=s),
    "mixed": lambda s: mix(MODEL.do(X=5.0), severity=s),
    "hidden": lambda s: hide("X", severity=s),
}


@pytest.fixture(scope="module")
def world():
    return MODEL.sample(key=0, n=64)


def frame_of(seen):
    return {name: np.asarray(seen[name]) for name in seen} | {"kept": np.asarray(seen.kept)}


class TestEveryStep:
    @pytest.mark.parametrize("name", STEPS)
    def test_severity_0_leaves_the_data_as_they_are(self, world, name):
        seen = observe(world, STEPS[name](0.0))
        for column in world.data:
            np.testing.assert_array_equal(seen[column], world[column])
        assert np.asarray(seen.kept).all()

    @pytest.mark.parametrize("name", STEPS)
    def test_severity_1_does_not_and_the_truth_stays_beside_it(self, world, name):
        before = {column: np.asarray(world[column]) for column in world}
        seen = observe(world, STEPS[name](1.0))
        same = [np.array_equal(seen[c], world[c]) if c in seen else False for c in world.data]
        moved = not np.array_equal(seen.world["X"], world["X"])  # what Berkson moves is real
        assert not all(same) or not np.asarray(seen.kept).all() or moved
        for column, values in before.items():
            np.testing.assert_array_equal(seen.clean[column], values)

    @pytest.mark.parametrize("name", STEPS)
    def test_under_jit_with_the_severity_traced_it_is_the_same(self, world, name):
        made = lambda s: frame_of_arrays(observe(world, STEPS[name](s)))
        eager, compiled = made(0.7), jax.jit(made)(0.7)
        for column, values in compiled.items():
            np.testing.assert_allclose(values, eager[column], rtol=1e-5, atol=1e-5)

    def test_other_numbers_compile_nothing_anew(self, compilations):
        made = jax.jit(
            lambda key, step: frame_of_arrays(observe(MODEL.sample(key, 16), step)),
        )
        key = jax.random.key(0)
        made(key, mismeasure("X", error=Normal(0, 0.5), severity=0.2))
        before = compilations.count
        made(key, mismeasure("X", error=Normal(0, 1.5), severity=0.9))
        assert compilations.count == before


def frame_of_arrays(seen):
    return {name: seen[name] for name in seen} | {"kept": seen.kept}


class TestTogether:
    def test_a_step_reads_the_columns_as_they_stand(self, world):
        coarse = discretise("X", cuts=[0.0], values=[-1.0, 1.0])
        after = observe(world, coarse, select(lambda X: X == 1.0))
        np.testing.assert_array_equal(after.kept, np.asarray(world["X"]) >= 0)
        before = observe(world, select(lambda X: X == 1.0), coarse)
        assert not np.asarray(before.kept).any()

    def test_steps_leave_each_others_noise_alone(self, world):
        error = mismeasure("X", error=Normal(0, 1))
        alone = observe(world, error)
        amid = observe(world, lose("Y", chance=0.5), select(lambda T: T == 1), error, hide("T"))
        np.testing.assert_array_equal(amid["X"], alone["X"])

    def test_the_same_step_twice_errs_twice_and_apart(self):
        error = mismeasure("X", error=Normal(0, 1))
        big = MODEL.sample(key=0, n=50_000)
        seen = observe(big, error, error)
        assert np.var(np.asarray(seen["X"] - big["X"])) == pytest.approx(2.0, abs=0.07)

    def test_losses_and_selections_add_up(self, world):
        seen = observe(
            world,
            lose("Y", chance=lambda T: T == 1),
            lose("Y", chance=lambda X: X > 0),
            select(lambda X: X > -1),
            select(lambda X: X < 1),
        )
        t, x = np.asarray(world["T"]), np.asarray(world["X"])
        np.testing.assert_array_equal(seen.missing("Y"), (t == 1) | (x > 0))
        np.testing.assert_array_equal(seen.kept, (x > -1) & (x < 1))
        frame = seen.to_pandas()
        assert len(frame) == ((x > -1) & (x < 1)).sum()
        assert frame["Y"].isna().sum() == (((t == 1) | (x > 0)) & (x > -1) & (x < 1)).sum()

    def test_missing_integers_become_floats(self, world):
        seen = observe(world, lose("T", chance=0.5))
        assert jnp.issubdtype(seen["T"].dtype, jnp.floating)
        assert np.isnan(np.asarray(seen["T"])).any()

    def test_latent_variables_are_not_in_the_data_and_neither_is_what_happened(self, world):
        seen = observe(world, mismeasure("X", error=Normal(0, 1)), lose("Y", chance=0.1))
        assert list(seen) == ["T", "X", "Y"]
        assert {"X measured", "Y lost"} <= set(seen.world)

    def test_the_first_units_do_not_depend_on_how_many_there_are(self, world):
        first = ["clustered", "mixed"]  # what moves units; the last group of others is not whole
        rest = [name for name in STEPS if name not in (*first, "berkson", "interfered")]
        steps = [STEPS[name](0.7) for name in (*first, *rest)]
        few, many = (frame_of(observe(MODEL.sample(0, n), *steps)) for n in (32, 64))
        for column, values in few.items():
            np.testing.assert_allclose(many[column][:32], values, rtol=1e-5, atol=1e-5)

    def test_replications_by_vmap_are_those_one_by_one(self):
        step = mismeasure("X", error=Normal(0, 1)), select(lambda Y: Y > 0)
        one = lambda key: frame_of_arrays(observe(MODEL.sample(key, 16), *step))
        keys = jax.random.split(jax.random.key(3), 4)
        many = jax.vmap(one)(keys)
        for at, key in enumerate(keys):
            for column, values in one(key).items():
                np.testing.assert_allclose(many[column][at], values, rtol=1e-5, atol=1e-5)

    def test_derivatives_go_through_the_severity(self, world):
        mean = lambda s: observe(world, mismeasure("X", error=Normal(2, 1), severity=s))["X"].mean()
        slope = jax.grad(mean)(0.5)
        error = observe(world, mismeasure("X", error=Normal(2, 1)))["X"] - world["X"]
        assert slope == pytest.approx(float(error.mean()), rel=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [lambda w: observe(MODEL), lambda w: observe(w.to_pandas()), lambda w: observe(w, "X"),
     lambda w: observe(w, hide)],
)  # fmt: skip
def test_what_is_no_world_or_no_step_is_named(world, wrong):
    with pytest.raises(TypeError, match=r"observe: a (world|step) is wanted"):
        wrong(world)


def test_a_bound_between_the_values_of_a_column_stays_what_it_is():
    counts = SCM(K=DiscreteUniform(0, 5)).sample(key=0, n=100)
    seen = np.asarray(observe(counts, censor("K", high=2.5))["K"])
    np.testing.assert_allclose(seen, np.minimum(np.asarray(counts["K"]), 2.5))
    whole = observe(counts, censor("K", high=2))["K"]
    assert whole.dtype == counts["K"].dtype


def test_inside_jit_a_chance_that_is_none_is_told_by_the_code():
    code = jax.jit(
        lambda s: observe(MODEL.sample(0, 16), lose("Y", chance=lambda X: s * jnp.sqrt(X))).code
    )
    assert code(1.0) != 0
    assert jax.jit(lambda s: observe(MODEL.sample(0, 16), lose("Y", chance=s)).code)(0.5) == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda w: observe(w, hide("Z")), "hide: the data have no column 'Z'"),
        (lambda w: observe(w, lose("Yy", chance=0.1)), "did you mean 'Y'"),
        (lambda w: observe(w, select(lambda W: W > 0)), "no column 'W'"),
        (lambda w: observe(w, select(lambda H: H > 0)), "no column 'H'"),
        (lambda w: mismeasure("X"), "one kind of error is wanted"),
        (lambda w: mismeasure("X", error=Normal(0, 1), factor=1.0), "one kind of error"),
        (lambda w: mismeasure("X", factor=1.0, berkson=True), "goes with error"),
        (lambda w: mismeasure("X", sensitivity=90), "is a probability, from 0 to 1"),
        (lambda w: mismeasure("X", error=Normal(0, 1), severity=-1), "0 or more is wanted"),
        (lambda w: lose("X", chance=0.2, severity=1.5), "a number from 0 to 1"),
        (lambda w: lose(chance=0.2), "names of columns are wanted"),
        (lambda w: select(0.5, n=0), "at least 1, is wanted"),
        (lambda w: censor("X"), "a bound is wanted"),
        (lambda w: censor("X", low=2, high=1), "low=2 is not below high=1"),
        (lambda w: observe(w, censor("X", low=2, flag="T")), "is a column already"),
        (lambda w: discretise("X", cuts=[1, 1]), "increasing numbers"),
        (lambda w: discretise("X", cuts=[1], values=[1]), "1 cuts make 2 classes"),
        (lambda w: cluster("X", size=0, effect=Normal(0, 1)), "at least 1"),
        (lambda w: observe(w, cluster("X", size=2, effect=lambda T: T)), "does not depend on one"),
        (lambda w: interfere("Y", treatment="T", size=1, spill=1), "has no others"),
        (lambda w: observe(w, mix(SCM(T=Bernoulli(0.5)))), "the other world has no column 'X'"),
        (lambda w: observe(w, STEPS["added"](1.0), STEPS["berkson"](1.0)), "put it before mism"),
        (lambda w: observe(w, STEPS["lost"](1.0), STEPS["clustered"](1.0)), "put it before lose"),
        (lambda w: observe(w, STEPS["mixed"](1.0), STEPS["clustered"](1.0)), "put it before mix"),
        (
            lambda w: observe(w, STEPS["berkson"](1.0), cluster("X", size=2, effect=Normal(0, 1))),
            "let this step come before the Berkson error",
        ),
        (lambda w: observe(w, lose("Y", chance=lambda X: X * jnp.nan)), "Y chance of loss"),
        (lambda w: observe(w, lose("Y", chance=lambda X: 2 + 0 * X)), "has to be a probability"),
        (lambda w: observe(w, mismeasure("X", sensitivity=0.8)), "has to be 0 or 1"),
        (
            lambda w: observe(w, lose("Y", chance=expression("0.5 * (X > 0)", {"X": 1.0}))),
            "numbers give a value to 'X', which is a column",
        ),
        (lambda w: hide(["X", "Y"]), "names of columns are wanted"),
        (lambda w: observe(w, mix(SCM(T=1.5, X=1.0, Y=1.0))), "T holds int32"),
        (lambda w: observe(w, hide("T", "X", "Y")).to_pandas(), "all columns are hidden"),
        (lambda w: expression("9**9**9**9")(), "has no value"),
    ],
)
def test_a_mistake_is_named(world, wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong(world)


class TestExpressions:
    @pytest.mark.parametrize(
        ("text", "python"),
        [
            ("1 + 2 * X - Y / 4", lambda X, Y: 1 + 2 * X - Y / 4),
            ("X ** 2 % 3", lambda X, Y: X**2 % 3),
            ("-1 < X <= Y", lambda X, Y: -1 < X <= Y),
            ("X > 0 and not Y > 0 or X == Y", lambda X, Y: (X > 0 and not Y > 0) or X == Y),
            ("X if X > Y else Y * 2", lambda X, Y: X if X > Y else Y * 2),
            ("max(X, min(Y, 0.5)) + abs(X)", lambda X, Y: max(X, min(Y, 0.5)) + abs(X)),
            ("expit(X) + exp(-Y)", lambda X, Y: 1 / (1 + np.exp(-X)) + np.exp(-Y)),
        ],
    )
    def test_it_means_what_python_means(self, text, python):
        function = expression(text)
        for x, y in [(0.3, 1.7), (-2.0, 0.5), (1.5, -0.2), (1.0, 1.0)]:
            given = {"X": x, "Y": y}
            value = function(*[given[name] for name in function.names])
            assert float(value) == pytest.approx(float(python(x, y)), rel=1e-5)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("X +", "is no expression"),
            ("__import__('os')", "there is no function '__import__'"),
            ("X.real", "'X.real' is not of the language"),
            ("[X]", "is not of the language"),
            ("lambda: 1", "is not of the language"),
            ("min(X)", "min takes 2 arguments, given 1"),
            ("'text'", "is not of the language"),
            ("X @ Y", "is not of the language"),
            ("", "is no expression"),
        ],
    )
    def test_nothing_else_is_read(self, text, message):
        with pytest.raises(ValueError, match=message):
            expression(text)

    def test_a_number_that_is_not_used_is_a_mistake(self):
        with pytest.raises(ValueError, match="has no 'cutt'; did you mean 'cut'"):
            expression("X > cut", {"cutt": 1.0})

    def test_it_is_a_step_of_its_own_kind(self):
        world = MODEL.sample(key=0, n=64)
        by_text = observe(world, select(expression("X > c", {"c": 0.5})))
        by_function = observe(world, select(lambda X: X > 0.5))
        np.testing.assert_array_equal(by_text.kept, by_function.kept)
