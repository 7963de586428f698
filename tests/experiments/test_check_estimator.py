"""What is asked of a person's own estimator, and how those answer that are wrong in one way."""

import itertools

import numpy as np
import pytest

from experiments.check_estimator import found_for, trials
from experiments.cli import main
from experiments.own_estimators import OwnEstimator
from scm.estimate import ESTIMATORS


def sound(data, roles):
    """The difference of means, which refuses what it cannot be had from."""
    t, y = data[roles.treatment], data[roles.outcome]
    if y.isna().any():
        raise ValueError("an outcome is missing")
    return y[t == 1].mean() - y[t == 0].mean()


def verdicts(function) -> dict[str, str]:
    return {each.name: each.verdict for each in trials(OwnEstimator("a:b", function))}


def test_a_sound_estimator_passes_all():
    found = verdicts(sound)
    assert len(found) == 12
    assert [name for name, verdict in found.items() if verdict != "passes"] == [
        "twice the outcome", "speed"
    ]  # fmt: skip


def test_an_estimator_of_ours_passes_all(x64):
    found = list(trials(ESTIMATORS["aipw"]))
    assert len(found) == 12
    assert not [str(each) for each in found if each.fails]


def first_row(data, roles):
    return sound(data, roles) + data[roles.outcome].iloc[0]


def every_column(data, roles):
    return sound(data, roles) + data.to_numpy().sum()


def writes(data, roles):
    data["centred"] = data[roles.outcome] - data[roles.outcome].mean()
    return sound(data, roles)


def writes_in_place(data, roles):
    data.loc[data.index[0], roles.outcome] = 0.0
    return sound(data, roles)


def silent(data, roles):
    return float(np.nan_to_num(sound(data, roles)))


def drops_rows(data, roles):
    return sound(data.dropna(), roles)


def limited(data, roles):
    if data[roles.outcome].abs().max() > 1e6:
        raise ValueError("too large")
    return sound(data, roles)


counter = itertools.count()


@pytest.mark.parametrize(
    ("function", "wrong"),
    [
        (first_row, {"rows in another order"}),
        (every_column, {"a column that is no role", "that column left out"}),
        (writes, {"the data are left alone"}),
        (writes_in_place, {"the data are left alone"}),
        (silent, {"a constant treatment", "one row"}),
        (limited, {"an outcome in huge units"}),
        (lambda data, roles: "text", {"ordinary data"}),
        (lambda data, roles: (sound(data, roles), -1.0), {"ordinary data"}),
        (
            lambda data, roles: {"value": sound(data, roles), "low": 90, "high": 99},
            {"ordinary data"},
        ),
    ],
)
def test_each_fault_is_found_and_no_other(function, wrong):
    found = verdicts(function)
    assert wrong <= {name for name, verdict in found.items() if verdict == "fails"}
    extra = {name for name, verdict in found.items() if verdict == "fails"} - wrong
    assert extra <= ({"rows in another order"} if function is writes_in_place else set())


def test_what_is_told_and_not_demanded():
    assert verdicts(drops_rows)["a NaN in the outcome"] == "note"
    told = {t.name: t.told for t in trials(OwnEstimator("a:b", lambda d, r: sound(d, r) ** 2))}
    assert told["twice the outcome"].endswith("not linear")
    [negative] = trials(OwnEstimator("a:b", lambda data, roles: (sound(data, roles), -1.0)))
    assert negative.told == "negative standard error: se -1"
    unsteady = verdicts(lambda data, roles: sound(data, roles) + next(counter))
    assert unsteady["called twice"] == "fails"


def test_the_command_line_says_it_by_its_status(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("experiments.device.prepare", lambda precision: None)
    (tmp_path / "mine_to_check.py").write_text(
        "def good(data, roles):\n"
        "    t, y = data[roles.treatment], data[roles.outcome]\n"
        "    return y[t == 1].mean() - y[t == 0].mean()\n"
        "def poor(data, roles):\n    return 1.0\n"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["check-estimator", "mine_to_check:good"]) == 0
    assert capsys.readouterr().out.startswith("passes  ordinary data: ")
    assert main(["check-estimator", "mine_to_check:poor"]) == 1
    assert "fails   one row: a number all the same: 1" in capsys.readouterr().out
    assert main(["check-estimator", "mine_to_check:god"]) == 2
    assert "did you mean 'good'?" in capsys.readouterr().err
    with pytest.raises(ValueError, match="MODULE:FUNCTION is wanted"):
        found_for("good")
