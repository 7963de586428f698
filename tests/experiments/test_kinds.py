"""Every kind of estimand that a study file may ask for is the estimand of that name."""

import pytest

from experiments import study as written
from experiments.plan import _estimand
from scm import estimands

OPTIONS = {
    "CDE": {"at": {"m": 1}},
    "LATE": {"instrument": "z"},
    "QTE": {"quantile": 0.9},
}


@pytest.mark.parametrize(
    "kind", ["ATE", "ATT", "ATC", "CDE", "LATE", "OddsRatio", "QTE", "RiskRatio", "TotalEffect"]
)
def test_a_table_becomes_the_estimand(kind):
    keys = {"label": "l", "treatment": "t", "outcome": "y", "worlds": ("w",)}
    options = OPTIONS.get(kind, {})
    table = getattr(written, kind)(kind=kind, **keys, **options)
    assert _estimand(table) == getattr(estimands, kind)("t", "y", **options)
