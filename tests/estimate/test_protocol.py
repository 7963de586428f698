"""Calls: what is accepted, what is refused and in which words, and the registry."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scm.estimate import (
    ESTIMATORS,
    FAILURES,
    Estimate,
    Roles,
    Sample,
    conclude,
    difference_in_means,
    estimator,
    ipw,
    ols,
    stratification,
    tsls,
)
from scm.estimate.failures import failure_of

DATA = {
    "educ": np.arange(8.0),
    "wage": np.array([1, 3, 2, 5, 4, 7, 6, 8.0]),
    "age": np.arange(8) ** 2,
}
ROLES = Roles("educ", "wage")


def refused(kind: type[Exception], message: str, call: Any) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        call()


class TestRefusals:
    def test_a_missing_column_gets_the_nearest_name_and_its_part(self) -> None:
        refused(
            ValueError,
            "ols: the data have no column 'edcu', which roles give as treatment (did you mean "
            "'educ'?); the columns are: educ, wage, age",
            lambda: ols(DATA, Roles("edcu", "wage")),
        )
        refused(
            ValueError,
            "tsls: the data have no column 'Quarter', which roles give as instruments; the columns",
            lambda: tsls(DATA, Roles("educ", "wage", instruments="Quarter")),
        )

    def test_a_column_that_no_one_reads_may_be_missing(self) -> None:
        data = {**DATA, "educ": DATA["educ"] > 3}
        assert difference_in_means(data, Roles("educ", "wage", adjust="nowhere")).failure is None

    def test_columns_of_unequal_length(self) -> None:
        refused(
            ValueError,
            "ols: all columns must have the same length, given: 'educ' 8, 'wage' 5, weights 5",
            lambda: ols({**DATA, "wage": np.ones(5)}, ROLES),
        )
        refused(
            ValueError,
            "given: 'educ' 8, 'wage' 8, weights 3",
            lambda: ols(DATA, ROLES, weights=np.ones(3)),
        )

    def test_columns_that_are_not_columns(self) -> None:
        refused(
            ValueError,
            "column 'educ' has shape (4, 2), and one value a row, shape (n,), is wanted",
            lambda: ols({**DATA, "educ": np.ones((4, 2))}, ROLES),
        )
        refused(
            TypeError,
            "column 'educ' holds <U1, and numbers are wanted; code its values as numbers",
            lambda: ols({**DATA, "educ": np.array(list("abcdefgh"))}, ROLES),
        )
        refused(
            TypeError,
            "column 'wage' holds complex128",
            lambda: ols({**DATA, "wage": 1j * DATA["wage"]}, ROLES),
        )
        refused(TypeError, "data: a mapping from names to columns", lambda: ols([1, 2], ROLES))

    def test_roles_that_are_not_roles(self) -> None:
        refused(
            TypeError,
            "ols: roles: Roles are wanted, given dict; write Roles(",
            lambda: ols(DATA, {"treatment": "educ"}),  # type: ignore[arg-type]
        )

    @pytest.mark.parametrize("level", [0, 1, 95, -0.5, math.nan])
    def test_levels(self, level: float) -> None:
        refused(
            ValueError,
            f"ols: level: a plain number between 0 and 1 is wanted, given {level!r}",
            lambda: ols(DATA, ROLES, level=level),
        )

    def test_unknown_options_and_values(self) -> None:
        refused(
            TypeError,
            "ols: there is no option 'covarience' (did you mean 'covariance'?); the options are: "
            "covariance",
            lambda: ols(DATA, ROLES, covarience="HC1"),
        )
        refused(
            ValueError,
            "ols: covariance='hc1' is not one of 'classical', 'HC0', 'HC1', 'HC2', 'HC3' (did you "
            "mean 'HC1'?)",
            lambda: ols(DATA, ROLES, covariance="hc1"),
        )
        refused(
            ValueError,
            "ipw: normalised='no' is not one of True, False",
            lambda: ipw(DATA, ROLES, normalised="no"),
        )
        refused(
            TypeError,
            "difference_in_means: there is no option 'clip'; the options are: none",
            lambda: difference_in_means(DATA, ROLES, clip=0.1),
        )

    @pytest.mark.parametrize("clip", [0, 0.5, -1, "some", True])
    def test_clip(self, clip: Any) -> None:
        refused(
            ValueError,
            f"ipw: clip: None, or a number between 0 and 0.5, is wanted, given {clip!r}",
            lambda: ipw(DATA, ROLES, clip=clip),
        )

    def test_instruments_are_needed_and_enough_of_them(self) -> None:
        refused(ValueError, "tsls: roles.instruments is empty", lambda: tsls(DATA, ROLES))
        roles = Roles("educ", "wage", adjust="age", instruments="near")
        data = {**DATA, "near": np.ones(8)}
        refused(
            ValueError,
            "tsls: 2 endogenous variables (educ, age) need as many instruments, and "
            "roles.instruments names 1 (near)",
            lambda: tsls(data, roles, endogenous="age"),
        )
        refused(
            ValueError,
            "tsls: endogenous: 'agee' must be named once here and once in roles.adjust (did you "
            "mean 'age'?)",
            lambda: tsls(data, roles, endogenous="agee"),
        )


def test_a_column_called_weights_is_a_column_like_any_other() -> None:
    data = {"weights": DATA["educ"], "wage": DATA["wage"]}
    found = ols(data, Roles("weights", "wage"), weights=np.ones(8))
    np.testing.assert_allclose(found.value, ols(DATA, ROLES).value)


def test_integers_beyond_float32_and_int32_are_not_wrapped() -> None:
    big = {**DATA, "educ": (np.arange(8) + 1).astype(np.int64) * 2**40}
    found = ols(big, ROLES)
    np.testing.assert_allclose(found.value * 2.0**40, ols(DATA, ROLES).value, rtol=1e-5)


def test_what_float32_cannot_hold_fails_by_name() -> None:
    assert ols({**DATA, "wage": DATA["wage"] * 1e300}, ROLES).failure == "non_finite"


def test_float32_columns_stay_float32_in_what_counts_as_collinear(x64: None) -> None:
    """In float64 arithmetic a float32 sum of float32 columns misses the exact one by rounding."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 100)).astype(np.float32)
    data = {"t": a + b, "a": a, "b": b, "y": rng.normal(size=100)}
    assert ols(data, Roles("t", "y", adjust=("a", "b"))).failure == "collinear"


class TestEstimate:
    def test_it_reads_well(self, x64: None) -> None:
        # Sxx = Syy = 42, Sxy = 39: slope 39/42, se^2 = (42 - 39^2/42) / 6 / 42
        found = repr(ols(DATA, ROLES))
        half = 2.446912 * 0.151523  # t of 6 degrees of freedom
        ends = f"{39 / 42 - half:.4f}\\d* to {39 / 42 + half:.4f}\\d*"
        assert re.fullmatch(rf"Estimate\(0\.928571, se 0\.1515, interval {ends}, n 8\)", found)
        failed = ols({**DATA, "educ": np.ones(8)}, ROLES)
        assert repr(failed) == "Estimate(failed, constant_treatment: The treatment does not vary.)"

    def test_a_batch_has_codes_and_no_single_failure(self) -> None:
        stacked = {name: np.stack([x, x * 0, x]) for name, x in DATA.items()}
        found = jax.vmap(lambda data: ols(data, ROLES))(stacked)
        assert repr(found) == "Estimate(3 of shape (3,), 1 failed)"
        names = [f.name if (f := failure_of(code)) else None for code in found.code]
        assert names == [None, "constant_treatment", None]
        refused(ValueError, "failure: one concrete estimate", lambda: found.failure)

    def test_under_jit_there_is_a_code_and_no_failure(self) -> None:
        def asks(data: dict) -> None:
            found = ols(data, ROLES)
            assert "code=" in repr(found)
            _ = found.failure

        refused(ValueError, "use estimate.code", lambda: jax.jit(asks)(DATA))


def test_failures_have_distinct_codes_and_sentences() -> None:
    codes = [failure.code for failure in FAILURES.values()]
    assert sorted(codes) == list(range(1, len(codes) + 1))
    for name, failure in FAILURES.items():
        assert failure.name == name
        assert failure.sentence.endswith(".")
        assert failure_of(failure.code) is failure


class TestEstimator:
    @pytest.fixture
    def tidy(self) -> Iterator[None]:
        before = dict(ESTIMATORS)
        yield
        ESTIMATORS.clear()
        ESTIMATORS.update(before)

    def test_what_it_says_of_itself(self) -> None:
        assert ols.name == "ols"
        assert dict(ols.options) == {"covariance": "classical"}
        assert "no unmeasured confounding given adjust" in ols.assumes
        assert list(inspect.signature(ols).parameters) == [
            "data",
            "roles",
            "weights",
            "level",
            "covariance",
        ]
        assert ols.__doc__.startswith("The least-squares coefficient")  # type: ignore[union-attr]

    def test_targets(self) -> None:
        assert stratification.target == "ATE"
        assert stratification.target_of(target="ATT") == "ATT"
        assert tsls.target_of() == "LATE"

    def test_moments(self) -> None:
        assert ols.moments(ROLES) == math.inf
        many = Roles("t", "y", adjust=("a", "b"), instruments=("z", "v", "w"))
        assert tsls.moments(Roles("t", "y", instruments="z")) == 0
        assert tsls.moments(many) == 2
        assert tsls.moments(many, endogenous=["a", "b"]) == 0
        assert ESTIMATORS["anderson_rubin"].moments(many) == 2
        refused(ValueError, "need as many instruments", lambda: tsls.moments(ROLES))
        refused(TypeError, "no option 'x'", lambda: tsls.moments(many, x=1))

    def test_one_can_be_added_and_defined_again_but_not_taken(self, tidy: None) -> None:
        def define() -> Any:
            @estimator(target="the largest outcome", assumes=("nothing",))
            def largest(
                sample: Sample, roles: Roles, level: float, *, power: float = 1.0
            ) -> Estimate:
                """The largest outcome."""
                top = jnp.max(sample.outcome) ** power
                failures = {"too_few_rows": sample.n < 1}
                interval = (top, top)
                return conclude(sample, top, top * 0, interval, failures=failures, diagnostics={})

            return largest

        define()
        again = define()
        assert ESTIMATORS["largest"] is again
        assert again(DATA, ROLES, power=2.0).value == 64

        def ols(sample: Sample, roles: Roles, level: float) -> Estimate:
            raise NotImplementedError

        refused(
            ValueError,
            "an estimator is already called 'ols' (in scm.estimate.ols.ols); rename this one",
            lambda: estimator(target="?", assumes=())(ols),
        )

    def test_numbers_that_are_not_finite_do_not_get_out(self, tidy: None) -> None:
        @estimator(target="a quotient", assumes=())
        def quotient(sample: Sample, roles: Roles, level: float) -> Estimate:
            """A quotient by zero."""
            value = jnp.sum(sample.outcome) / jnp.sum(sample.outcome * 0)
            interval = (value, value)
            return conclude(sample, value, value, interval, failures={}, diagnostics={})

        assert quotient(DATA, ROLES).failure == "overflow"
