"""One program serves data of other names and lengths, and nothing can be told from that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from scm.estimate import ESTIMATORS, Estimate, Roles, Sample, conclude, estimator, ols, tsls, wald
from scm.estimate.programs import rows_kept


def frame(n: int, names: str, seed: int = 0) -> dict[str, np.ndarray]:
    """A treatment, an outcome, two columns to adjust for and two instruments, called so."""
    rng = np.random.default_rng(seed)
    a, b, z, v = rng.normal(size=(4, n))
    t = a + z + v + rng.normal(size=n)
    y = 2 * t + a - b + rng.normal(size=n)
    return dict(zip(names, (t, y, a, b, z, v), strict=True))


def roles(names: str) -> Roles:
    t, y, *adjust, z, v = names
    return Roles(t, y, adjust, instruments=(z, v))


def slope(data: dict[str, np.ndarray], names: str) -> float:
    """By NumPy's least squares."""
    x = np.column_stack(
        [np.ones(len(data[names[0]])), *(data[name] for name in names[0] + names[2:4])]
    )
    return float(np.linalg.lstsq(x, data[names[1]], rcond=None)[0][1])


def test_another_frame_of_the_same_width_compiles_nothing(compilations: Any) -> None:
    ols(frame(70, "tyabzv"), roles("tyabzv"))
    frames = [
        (names, kind(frame(n, names, seed=n)), slope(frame(n, names, seed=n), names))
        for n, names in ((71, "tyabzv"), (255, "pqrsuw"), (130, "bazyvt"))
        for kind in (dict, pd.DataFrame, lambda data: jax.tree.map(jnp.asarray, data))
    ]
    before = compilations.count
    for names, data, expected in frames:
        found, n = ols(data, roles(names)), len(data[names[0]])
        np.testing.assert_allclose(found.value, expected, rtol=1e-5)
        assert (float(found.n), float(found.diagnostics["dof"])) == (n, n - 4)
        assert found.failure is None
    assert compilations.count == before


def test_either_precision_has_its_own(x64: None) -> None:
    data = frame(90, "tyabzv")
    with jax.enable_x64(False):
        assert ols(data, roles("tyabzv")).value.dtype == np.float32
    found = ols(data, roles("tyabzv"))
    assert found.value.dtype == np.float64
    np.testing.assert_allclose(found.value, slope(data, "tyabzv"), rtol=1e-12)


def test_errors_speak_of_the_columns_of_whoever_made_them() -> None:
    for names in ("tyabzv", "pqrsuw"):
        data = frame(80, names)
        with pytest.raises(ValueError, match=rf"names 2 \({names[4]}, {names[5]}\)"):
            wald(data, roles(names))
        with pytest.raises(ValueError, match=rf"3 endogenous variables \({names[0]}, "):
            tsls(data, roles(names), endogenous=(names[2], names[3]))


def test_names_in_options_are_meant_by_place() -> None:
    """The same name, and another column; another name, and the same column."""
    one, other = frame(100, "tyabzv"), frame(100, "tybazv")
    first = tsls(one, roles("tyabzv"), endogenous="a")
    same = tsls(other, roles("tybazv"), endogenous="b")
    another = tsls(other, roles("tybazv"), endogenous="a")
    assert first.value == same.value
    assert first.value != another.value
    np.testing.assert_allclose(another.value, tsls(one, roles("tyabzv"), endogenous="b").value)


def test_numbers_inside_a_program_that_is_traced() -> None:
    data = frame(60, "tyabzv")
    found = jax.jit(lambda x: ols(data, roles("tyabzv")).value + x)(1.0)
    np.testing.assert_allclose(found, 1 + ols(data, roles("tyabzv")).value, rtol=1e-6)


def test_what_lies_on_a_device_by_order_stays_there() -> None:
    device = jax.devices()[0]
    data = {name: jax.device_put(x, device) for name, x in frame(60, "tyabzv").items()}
    found = ols(data, roles("tyabzv"))
    assert found.value.committed
    np.testing.assert_allclose(found.value, ols(frame(60, "tyabzv"), roles("tyabzv")).value, 1e-5)


@pytest.fixture
def tidy() -> Iterator[None]:
    before = dict(ESTIMATORS)
    yield
    ESTIMATORS.clear()
    ESTIMATORS.update(before)


def test_an_own_estimator_sees_its_own_rows_and_names(tidy: None) -> None:
    """It may count rows without their weights: nobody told it not to."""

    @estimator(target="the largest outcome", assumes=())
    def largest(sample: Sample, roles: Roles, level: float, *, powers: Any = 1.0) -> Estimate:
        """The largest outcome, raised to powers that are added."""
        top = jnp.max(sample.outcome)
        value = sum((top**power for power in np.atleast_1d(powers).tolist()), jnp.zeros_like(top))
        rows = {f"rows of {roles.outcome}": jnp.asarray(len(sample.outcome))}
        return conclude(sample, value, top * 0, (value, value), failures={}, diagnostics=rows)

    for name in ("y", "x"):
        data = {"t": np.arange(3.0), name: np.array([-5.0, -2.0, -9.0])}
        found = largest(data, Roles("t", name))
        assert (found.value, found.diagnostics) == (-2, {f"rows of {name}": 3})
    # a list cannot be part of a key by which a program is kept, and serves all the same
    assert largest(data, Roles("t", "x"), powers=[1, 2]).value == 2


def test_the_lengths_that_are_kept() -> None:
    n = np.arange(1, 200_000, 37)
    kept = np.array([rows_kept(int(each)) for each in n])
    assert (kept >= n).all()
    assert (kept <= np.maximum(64, 4 * n)).all()
    assert (kept <= 1.25 * n)[n > 65_536].all()
    assert all(rows_kept(each) == each for each in set(kept.tolist()))
    assert len(set(kept.tolist())) <= 20
