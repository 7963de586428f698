"""Instrumental variables against linearmodels, statsmodels' F tests, and published numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from linearmodels.iv import IV2SLS

from scm.estimate import Roles, anderson_rubin, tsls

SPECS = {
    "just identified": (("nearc4",), ()),
    "overidentified": (("nearc2", "nearc4"), ()),
    "experience by age": (("nearc4", "age", "agesq"), ("exper", "expersq")),
}


def roles_of(instruments: tuple[str, ...], controls: tuple[str, ...]) -> Roles:
    return Roles("educ", "lwage", controls, instruments)


@pytest.mark.parametrize(
    ("spec", "covariance"),
    [(spec, "classical") for spec in SPECS]
    + [("overidentified", "HC0"), ("experience by age", "HC1")],
)
def test_against_linearmodels(
    x64: None, card: pd.DataFrame, controls: tuple, spec: str, covariance: str
) -> None:
    instruments, endogenous = SPECS[spec]
    exogenous = [name for name in controls if name not in endogenous]
    fit = IV2SLS(
        card.lwage,
        sm.add_constant(card[exogenous].astype(float)),
        card[["educ", *endogenous]],
        card[list(instruments)],
    ).fit(
        cov_type="unadjusted" if covariance == "classical" else "robust",
        debiased=covariance != "HC0",
    )
    found = tsls(
        card, roles_of(instruments, controls), covariance=covariance, endogenous=endogenous
    )
    np.testing.assert_allclose(
        [found.value, found.se], [fit.params["educ"], fit.std_errors["educ"]], rtol=1e-7
    )
    if covariance != "HC0":  # linearmodels takes the normal law unless debiased
        ends = fit.conf_int().loc["educ"]
        np.testing.assert_allclose([found.low, found.high], ends, rtol=1e-7)
    if spec == "overidentified":
        np.testing.assert_allclose(found.diagnostics["sargan"], fit.sargan.stat, rtol=1e-7)


@pytest.mark.parametrize(
    ("spec", "value", "se", "f"),
    [
        ("just identified", 0.131504, 0.054964, 13.256),
        ("overidentified", 0.157059, 0.052578, 7.893),
        ("experience by age", 0.122390, 0.046464, None),
    ],
)
def test_published(
    x64: None,
    card: pd.DataFrame,
    controls: tuple,
    spec: str,
    value: float,
    se: float,
    f: float | None,
) -> None:
    instruments, endogenous = SPECS[spec]
    found = tsls(card, roles_of(instruments, controls), endogenous=endogenous)
    np.testing.assert_allclose([found.value, found.se], [value, se], atol=5.1e-7)
    if f:
        np.testing.assert_allclose(found.diagnostics["first_stage_f"], f, atol=5e-4)


@pytest.mark.parametrize("spec", SPECS)
def test_first_stage_f_against_statsmodels(
    x64: None, card: pd.DataFrame, controls: tuple, spec: str
) -> None:
    instruments, endogenous = SPECS[spec]
    exogenous = [name for name in controls if name not in endogenous]
    wide = sm.add_constant(card[[*exogenous, *instruments]].astype(float))
    fit = sm.OLS(card.educ, wide).fit()
    narrow = sm.OLS(card.educ, wide.drop(columns=list(instruments))).fit()
    expected, _, _ = fit.compare_f_test(narrow)
    found = tsls(card, roles_of(instruments, controls), endogenous=endogenous)
    np.testing.assert_allclose(found.diagnostics["first_stage_f"], expected, rtol=1e-8)


def test_float32(card: pd.DataFrame, controls: tuple) -> None:
    found = tsls(card, roles_of(("nearc4",), controls))
    assert found.value.dtype == np.float32
    np.testing.assert_allclose([found.value, found.se], [0.131504, 0.054964], rtol=2e-3)
    np.testing.assert_allclose(found.diagnostics["first_stage_f"], 13.256, rtol=1e-3)


def test_wald(x64: None, card: pd.DataFrame) -> None:
    """One binary instrument, nothing else: a quotient of two differences of means."""
    near, far = card[card.nearc4 == 1], card[card.nearc4 == 0]
    wald = (near.lwage.mean() - far.lwage.mean()) / (near.educ.mean() - far.educ.mean())
    for estimator in (tsls, anderson_rubin):
        found = estimator(card, Roles("educ", "lwage", instruments="nearc4"))
        np.testing.assert_allclose(found.value, wald, rtol=1e-10)
        np.testing.assert_allclose(found.value, 0.188063, atol=5e-7)


def test_the_treatment_as_its_own_instrument_is_least_squares(
    x64: None, card: pd.DataFrame, controls: tuple
) -> None:
    data = card.assign(same=card.educ)
    found = tsls(data, Roles("educ", "lwage", controls, "same"))
    np.testing.assert_allclose([found.value, found.se], [0.074693, 0.003498], atol=5e-7)


def test_ten_rows_by_hand(x64: None, small: dict) -> None:
    """Cov(z1, y) / Cov(z1, x) = 58/24."""
    found = tsls(small, Roles("x", "y", instruments="z1"))
    np.testing.assert_allclose(found.value, 29 / 12, rtol=1e-12)


@pytest.fixture(scope="module")
def small() -> dict[str, np.ndarray]:
    z1, z2 = np.repeat(np.arange(5.0), 2), np.array([1, 2, 1, 3, 1, 4, 2, 3, 5, 1.0])
    x = np.array([1, 2, 2, 3, 3, 5, 5, 4, 7, 6.0])
    return {"z1": z1, "z2": z2, "x": x, "y": np.array([2, 1, 4, 3, 7, 6, 9, 10, 11, 15.0])}


class TestAndersonRubin:
    def p_value(self, data: dict, roles: Roles, effect: float) -> float:
        """Of the F test of the instruments in a regression of ``y - effect t``."""
        frame = pd.DataFrame(data)
        wide = sm.add_constant(frame[[*roles.adjust, *roles.instruments]].astype(float))
        left = frame[roles.outcome] - effect * frame[roles.treatment]
        narrow = sm.OLS(left, wide.drop(columns=list(roles.instruments))).fit()
        return sm.OLS(left, wide).fit().compare_f_test(narrow)[1]

    @pytest.mark.parametrize(
        ("instruments", "level"), [(("nearc4",), 0.95), (("nearc2", "nearc4"), 0.8)]
    )
    def test_the_ends_are_where_the_test_turns(
        self, x64: None, card: pd.DataFrame, controls: tuple, instruments: tuple, level: float
    ) -> None:
        roles = roles_of(instruments, controls)
        found = anderson_rubin(card, roles, level=level)
        assert found.diagnostics["shape"] == 0
        for end in (found.low, found.high):
            assert self.p_value(card, roles, float(end)) == pytest.approx(1 - level, rel=1e-6)
        assert self.p_value(card, roles, float(found.low + found.high) / 2) > 1 - level

    def test_card(self, x64: None, card: pd.DataFrame, controls: tuple) -> None:
        found = anderson_rubin(card, roles_of(("nearc4",), controls))
        np.testing.assert_allclose(found.value, 0.131504, atol=5e-7)
        np.testing.assert_allclose([found.low, found.high], [0.0250, 0.2845], atol=5e-4)
        np.testing.assert_allclose(found.diagnostics["first_stage_f"], 13.256, atol=5e-4)
        assert np.isnan(found.se)
        assert found.failure is None

    def weak(self, seed: int, strength: float, n: int = 60, misfit: float = 0.0) -> dict:
        rng = np.random.default_rng(seed)
        z, v, u = rng.normal(size=(n, 2)), rng.normal(size=n), rng.normal(size=n)
        t = z @ [strength, strength] + u + 0.3 * v
        return {"z1": z[:, 0], "z2": z[:, 1], "t": t, "y": t + u + misfit * z[:, 0] + v}

    def test_two_rays(self, x64: None) -> None:
        data = self.weak(0, 0.0)
        data["y"] = data["y"] + 2 * data["z1"]
        roles = Roles("t", "y", instruments="z1")
        found = anderson_rubin(data, roles)
        assert found.diagnostics["shape"] == 1
        assert (found.low, found.high, found.failure) == (-np.inf, np.inf, None)
        low, high = (float(found.diagnostics[name]) for name in ("gap_low", "gap_high"))
        assert low < high
        assert self.p_value(data, roles, low) == pytest.approx(0.05, rel=1e-6)
        assert self.p_value(data, roles, high) == pytest.approx(0.05, rel=1e-6)
        assert self.p_value(data, roles, (low + high) / 2) < 0.05
        assert self.p_value(data, roles, 10 * high) > 0.05

    def test_the_whole_line(self, x64: None) -> None:
        data, roles = self.weak(1, 0.0), Roles("t", "y", instruments="z1")
        found = anderson_rubin(data, roles)
        assert found.diagnostics["shape"] == 2
        assert (found.low, found.high, found.failure) == (-np.inf, np.inf, None)
        assert np.isnan(found.diagnostics["gap_low"])
        for effect in (-100, -3, -1, 0, 0.5, 1, 2, 5, 100):
            assert self.p_value(data, roles, effect) > 0.05

    def test_empty(self, x64: None) -> None:
        data = self.weak(2, 1.0, n=400, misfit=1.0)
        roles = Roles("t", "y", instruments=("z1", "z2"))
        found = anderson_rubin(data, roles)
        assert found.diagnostics["shape"] == 3
        assert (found.low, found.high, found.failure) == (np.inf, -np.inf, None)
        for effect in np.linspace(-10, 10, 41):
            assert self.p_value(data, roles, effect) < 0.05

    def test_shapes_in_a_batch(self, x64: None) -> None:
        """Whatever the shape, a point is in the set just when its F test does not reject."""
        roles = Roles("t", "y", instruments=("z1", "z2"))
        shapes = set()
        for seed in range(12):
            data = self.weak(seed, 0.15, n=50, misfit=0.1 * (seed % 3))
            found = anderson_rubin(data, roles)
            shapes.add(int(found.diagnostics["shape"]))
            for effect in (-8.0, -1.0, 0.5, 1.0, 1.7, 3.0, 9.0):
                gap = (found.diagnostics["gap_low"] < effect) & (
                    effect < found.diagnostics["gap_high"]
                )
                inside = bool((found.low <= effect) & (effect <= found.high) & ~gap)
                assert inside == (self.p_value(data, roles, effect) >= 0.05)
        assert len(shapes) >= 3


class TestFailures:
    def data(self) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(14)
        w, z, u = rng.normal(size=(3, 80))
        t = z + w + u
        return {
            "w": w,
            "z": z,
            "t": t,
            "y": t - u + rng.normal(size=80),
            "odd": np.tile([1, -1], 40),
        }

    @pytest.mark.parametrize("estimator", [tsls, anderson_rubin])
    def test_rank(self, either_precision: bool, estimator: object) -> None:
        data = self.data()
        roles = Roles("t", "y", adjust="w", instruments=("z", "v"))

        def failure(**columns: np.ndarray) -> str | None:
            return estimator({**data, **columns}, roles).failure  # type: ignore[operator]

        other = np.random.default_rng(15).normal(size=80)
        assert failure(v=other) is None
        assert failure(v=data["z"] * 3) == "collinear"
        assert failure(v=data["w"] + 1) == "collinear"
        assert failure(v=np.ones(80)) == "collinear"
        assert failure(v=other, t=2 * data["w"]) == "collinear"
        assert failure(v=other, t=np.full(80, 2.5)) == "constant_treatment"

    @pytest.mark.parametrize("estimator", [tsls, anderson_rubin])
    def test_instruments_that_explain_nothing(
        self, either_precision: bool, estimator: object
    ) -> None:
        z = np.tile([1, 1, -1, -1], 20)
        t = np.tile([1, -1], 40) * np.repeat([1, 2, 3, 4], 20)  # orthogonal to z, exactly
        data = {"z": z, "t": t, "y": np.random.default_rng(16).normal(size=80)}
        found = estimator(data, Roles("t", "y", instruments="z"))  # type: ignore[operator]
        assert found.failure == "irrelevant_instruments"
        assert np.isnan(found.diagnostics["first_stage_f"])

    def test_two_endogenous_variables_that_one_instrument_moves(
        self, either_precision: bool
    ) -> None:
        """The order condition holds, the rank condition does not: the second instrument is idle."""
        n = 80
        z1, z2 = np.tile([1, 1, -1, -1], n // 4), np.tile([1, 1, 1, 1, -1, -1, -1, -1], n // 8)
        odd = np.tile([1, -1], n // 2)
        size = np.repeat([1, 2, 3, 4], n // 4)
        data = {"z1": z1, "z2": z2, "t": z1 + odd, "x": 2 * z1 + odd * (size == 2), "y": odd * size}
        roles = Roles("t", "y", adjust="x", instruments=("z1", "z2"))
        assert tsls(data, roles, endogenous="x").failure == "irrelevant_instruments"
