"""Bounds on effects: closed forms, programmes over units, and models that attain them."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from scm.sensitivity import (
    instrument_bounds,
    monotone_instrument_bounds,
    monotone_response_bounds,
    no_assumption_bounds,
)


def ends(objective, equal=(), at_most=(), bounds=(0, None)):
    """The least and the greatest of a linear form, and the points that attain them."""
    size = len(objective)
    a_eq, b_eq = (
        ([row for row, _ in equal], [total for _, total in equal]) if equal else (None,) * 2
    )
    a_ub, b_ub = (
        ([row for row, _ in at_most], [total for _, total in at_most]) if at_most else (None,) * 2
    )
    found = [
        linprog(
            sign * np.asarray(objective, float),
            A_eq=a_eq,
            b_eq=b_eq,
            A_ub=a_ub,
            b_ub=b_ub,
            bounds=bounds if isinstance(bounds, list) else [bounds] * size,
        )
        for sign in (1, -1)
    ]
    if any(each.status == 2 for each in found):  # nothing fits
        return None
    assert all(each.status == 0 for each in found)
    return found[0].fun, -found[1].fun, [each.x for each in found]


def assert_bounds(found, low, high):
    assert found.low == pytest.approx(low, abs=1e-7)
    assert found.high == pytest.approx(high, abs=1e-7)


# --------------------------------------------------------------------- outcomes with bounds

SUPPORT = (-1.0, 3.0)


def units(seed: int, treatments=(0, 1, 2), n: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    drawn = {
        "Z": rng.permutation(np.arange(n) % 3),
        "T": rng.permutation(np.arange(n) % len(treatments)),
        "Y": rng.uniform(*SUPPORT, n),
    }
    return pd.DataFrame(drawn)


def programme(data, levels, monotone):
    """E[Y(from)], E[Y(to)], E[Y(to) - Y(from)] over all units' potential outcomes that fit."""
    treatments = sorted(data["T"].unique())
    place = {(i, t): k for k, (i, t) in enumerate(itertools.product(data.index, treatments))}
    size, n = len(place), len(data)
    fixed = [SUPPORT] * size
    order = []
    for i, row in data.iterrows():
        fixed[place[i, row["T"]]] = (row["Y"], row["Y"])
        for s, t in itertools.pairwise(treatments):
            rising = np.zeros(size)
            rising[place[i, s]], rising[place[i, t]] = 1, -1
            order.append((rising, 0.0))
    mean = np.zeros((2, size))
    for (_, t), k in place.items():
        for which, level in enumerate(levels):
            mean[which, k] = (t == level) / n
    rows = order if monotone else ()
    return [ends(row, at_most=rows, bounds=fixed) for row in (*mean, mean[1] - mean[0])]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("levels", [(0, 1), (0, 2), (2, 1)])
@pytest.mark.parametrize("ask", [no_assumption_bounds, monotone_response_bounds])
def test_all_that_units_may_be_attains_the_bounds(ask, levels, seed):
    data = units(seed)
    wanted = programme(data, levels, monotone=ask is monotone_response_bounds)
    table = data.groupby(["T", "Y"], as_index=False).size().rename(columns={"size": "p"})
    for given in (data, data.to_dict("list"), table.assign(p=table.p / len(data))):
        found = ask(given, "T", "Y", levels=levels, support=SUPPORT)
        for each, (low, high, _) in zip([*found.means, found.ate], wanted, strict=True):
            assert_bounds(each, low, high)
        assert found.levels == levels


def test_binary_closed_form():
    """Manski (1990): of width 1 and about zero, whatever the data."""
    table = {"T": [0, 0, 1, 1], "Y": [0, 1, 0, 1], "p": [0.3, 0.2, 0.1, 0.4]}
    found = no_assumption_bounds(table, "T", "Y")
    assert_bounds(found.ate, 0.4 - (0.2 + 0.5), 0.4 + 0.5 - 0.2)
    assert found.ate.rests_on == ("observation", "support 0 to 1")
    assert_bounds(monotone_response_bounds(table, "T", "Y").ate, 0, 0.7)
    named = no_assumption_bounds(
        {"T": ["none", "drug"], "Y": [0, 1], "p": [0.5, 0.5]}, "T", "Y", levels=("none", "drug")
    )
    assert_bounds(named.ate, 0, 1)


def instrument_programme(data, levels):
    """Over E[Y(t) | Z=z, T=u], u != t free in the support, with E[Y(t) | Z=z] rising in z."""
    zs, ts = sorted(data["Z"].unique()), sorted(data["T"].unique())
    place = {key: k for k, key in enumerate(itertools.product(levels, zs, ts))}
    share = data.groupby(["Z", "T"]).size() / len(data)
    fixed = [SUPPORT] * len(place)
    mean = {(level, z): np.zeros(len(place)) for level in levels for z in zs}
    total = {z: (data["Z"] == z).mean() for z in zs}
    for (level, z, u), k in place.items():
        weight = share.get((z, u), 0.0)
        mean[level, z][k] = weight / total[z]
        if u == level and weight:
            seen = data.loc[(data["Z"] == z) & (data["T"] == u), "Y"].mean()
            fixed[k] = (seen, seen)
    rising = [
        (mean[level, a] - mean[level, b], 0.0)
        for level in levels
        for a, b in itertools.pairwise(zs)
    ]
    parts = [sum(mean[level, z] * total[z] for z in zs) for level in levels]
    return [ends(row, at_most=rising, bounds=fixed) for row in (*parts, parts[1] - parts[0])]


def test_monotone_instrument_against_a_programme():
    refused = 0
    for seed in range(12):
        data = units(seed, n=24)
        if seed % 2:  # few have the other level, so that little is left open
            data["T"] = np.where(data.index % 8 == 0, 2, 0)
            data["Y"] = np.where(data["Y"] > 1, 3.0, -1.0)
        wanted = instrument_programme(data, (0, 2))
        if None in wanted:
            refused += 1
            with pytest.raises(ValueError, match="the data refute that"):
                monotone_instrument_bounds(data, "T", "Y", "Z", levels=(0, 2), support=SUPPORT)
            continue
        found = monotone_instrument_bounds(data, "T", "Y", "Z", levels=(0, 2), support=SUPPORT)
        for each, (low, high, _) in zip([*found.means, found.ate], wanted, strict=True):
            assert_bounds(each, low, high)
    assert 0 < refused < 12


def test_monotone_instrument_refuted():
    table = {"Z": [0, 1], "T": [1, 1], "Y": [1, 0], "p": [0.5, 0.5]}
    table = {k: [*v, v[0]] for k, v in table.items()} | {"T": [1, 1, 0], "p": [0.45, 0.5, 0.05]}
    with pytest.raises(
        ValueError, match=r"refute that E\[Y\(1\) \| Z=z\] .* at Z=0 it is at least"
    ):
        monotone_instrument_bounds(table, "T", "Y", "Z")


# ------------------------------------------------------------------------------ instruments


def closed_form(table):
    """Balke and Pearl (1997), equation 5 and 6, from P(y, d | z)."""

    def p(y, d, z):
        return table[z, d, y]

    low = max(
        p(1, 1, 1) + p(0, 0, 0) - 1,
        p(1, 1, 0) + p(0, 0, 1) - 1,
        p(1, 1, 0) - p(1, 1, 1) - p(1, 0, 1) - p(0, 1, 0) - p(1, 0, 0),
        p(1, 1, 1) - p(1, 1, 0) - p(1, 0, 0) - p(0, 1, 1) - p(1, 0, 1),
        -p(0, 1, 1) - p(1, 0, 1),
        -p(0, 1, 0) - p(1, 0, 0),
        p(0, 0, 1) - p(0, 1, 1) - p(1, 0, 1) - p(0, 1, 0) - p(0, 0, 0),
        p(0, 0, 0) - p(0, 1, 0) - p(1, 0, 0) - p(0, 1, 1) - p(0, 0, 1),
    )
    high = min(
        1 - p(0, 1, 1) - p(1, 0, 0),
        1 - p(0, 1, 0) - p(1, 0, 1),
        -p(0, 1, 0) + p(0, 1, 1) + p(0, 0, 1) + p(1, 1, 0) + p(0, 0, 0),
        -p(0, 1, 1) + p(1, 1, 1) + p(0, 0, 1) + p(0, 1, 0) + p(0, 0, 0),
        p(1, 1, 1) + p(0, 0, 1),
        p(1, 1, 0) + p(0, 0, 0),
        -p(1, 0, 1) + p(1, 1, 1) + p(0, 0, 1) + p(1, 1, 0) + p(1, 0, 0),
        -p(1, 0, 0) + p(1, 1, 0) + p(0, 0, 0) + p(1, 1, 1) + p(1, 0, 1),
    )
    return low, high


def types(zs, ts, ys):
    """A unit's treatment at each z, and its outcome under each t."""
    return list(
        itertools.product(
            itertools.product(range(ts), repeat=zs), itertools.product(range(ys), repeat=ts)
        )
    )


def shown(kinds, shares, zs, ts, ys):
    """P(T, Y | Z) of a population."""
    table = np.zeros((zs, ts, ys))
    for (takes, has), share in zip(kinds, shares, strict=True):
        for z in range(zs):
            table[z, takes[z], has[takes[z]]] += share
    return table


def frame(table, shares=None):
    zs = len(table)
    shares = np.full(zs, 1 / zs) if shares is None else shares
    rows = [(*at, table[at] * shares[at[0]]) for at in np.ndindex(table.shape)]
    return pd.DataFrame(rows, columns=["Z", "T", "Y", "p"])


@pytest.mark.parametrize("seed", range(30))
def test_two_levels_are_the_closed_form(seed):
    rng = np.random.default_rng(seed)
    kinds = types(2, 2, 2)
    shares = rng.dirichlet(np.full(16, 0.3))
    table = shown(kinds, shares, 2, 2, 2)
    found = instrument_bounds(frame(table, shares=(0.3, 0.7)), "T", "Y", "Z")
    assert_bounds(found.ate, *closed_form(table))
    truth = sum(q * (has[1] - has[0]) for (_, has), q in zip(kinds, shares, strict=True))
    assert found.ate.low - 1e-9 <= truth <= found.ate.high + 1e-9


def test_the_cholestyramine_trial():
    """Balke and Pearl (1997), section 4.1: between 39.2 and 78.0 points."""
    table = np.array([[[0.919, 0.081], [0.0, 0.0]], [[0.315, 0.073], [0.139, 0.473]]])
    found = instrument_bounds(frame(table), "T", "Y", "Z")
    assert_bounds(found.ate, 0.392, 0.780)
    assert found.ate.rests_on == ("observation", "instrument")
    counts = (frame(table).assign(p=lambda rows: (rows.p * 2000).round().astype(int))).values
    people = pd.DataFrame(np.repeat(counts[:, :3], counts[:, 3].astype(int), axis=0))
    people.columns = ["Z", "T", "Y"]
    assert_bounds(instrument_bounds(people, "T", "Y", "Z").ate, 0.392, 0.780)


@pytest.mark.parametrize("monotonicity", [False, True])
@pytest.mark.parametrize(("zs", "ts", "ys"), [(2, 3, 2), (3, 2, 2), (2, 2, 3), (4, 2, 2)])
def test_more_levels_are_attained_by_models(zs, ts, ys, monotonicity):
    """A programme of our own finds populations at the ends; they show the same data."""
    rng = np.random.default_rng(zs + 10 * ts)
    kinds = [k for k in types(zs, ts, ys) if not monotonicity or list(k[0]) == sorted(k[0])]
    shares = rng.dirichlet(np.full(len(kinds), 0.3))
    table = shown(kinds, shares, zs, ts, ys)
    outcomes = np.array([-1.0, 0.5, 4.0][:ys])
    data = frame(table)
    data["Y"] = outcomes[data["Y"]]
    found = instrument_bounds(
        data,
        "T",
        "Y",
        "Z",
        levels=(0, ts - 1),
        outcomes=outcomes,
        monotonicity=monotonicity,
    )
    rows = []
    for z, t, y in np.ndindex(table.shape):
        row = [float(takes[z] == t and has[t] == y) for takes, has in kinds]
        rows.append((row, table[z, t, y]))
    means = np.array([[outcomes[has[t]] for _, has in kinds] for t in (0, ts - 1)])
    for each, objective in zip(
        [*found.means, found.ate], [*means, means[1] - means[0]], strict=True
    ):
        low, high, populations = ends(objective, equal=rows)
        assert_bounds(each, low, high)
        for attained, end in zip(populations, (each.low, each.high), strict=True):
            np.testing.assert_allclose(shown(kinds, attained, zs, ts, ys), table, atol=1e-8)
            assert objective @ attained == pytest.approx(end, abs=1e-7)


def test_without_defiers_the_effect_on_those_who_comply_is_within():
    """Monotonicity leaves the bounds of the effect as they are (Balke and Pearl 1997, section 3.4),
    which are then E[Y | z=1] - E[Y | z=0] less and plus what never-takers and always-takers may."""
    table = np.array([[[0.5, 0.3], [0.1, 0.1]], [[0.2, 0.2], [0.2, 0.4]]])
    found = instrument_bounds(frame(table), "T", "Y", "Z", monotonicity=True)
    effect = 0.6 - 0.4
    always, never = table[0, 1], table[1, 0]
    assert_bounds(found.ate, effect - always[0] - never[1], effect + always[1] + never[0])
    assert_bounds(instrument_bounds(frame(table), "T", "Y", "Z").ate, *closed_form(table))


def test_the_instrumental_inequality_is_named():
    """Pearl (1995): sum_y max_z P(t, y | z) <= 1."""
    table = np.array([[[0.1, 0.0], [0.9, 0.0]], [[0.1, 0.1], [0.1, 0.7]]])
    with pytest.raises(
        ValueError,
        match=r"'Z' as instrument has these data, .*: P\(T=1, Y=0 \| Z=0\) \+ P\(T=1, Y=1 \| Z=1\) "
        r"= 1.6, and is at most 1 \(instrumental inequality\)",
    ):
        instrument_bounds(frame(table), "T", "Y", "Z")


def read_back(told):
    """An inequality of cells as weights of P(T=t, Y=y | Z=z), and what they may sum to at most."""
    left, right = told.split("assumed: ")[1].split("; or")[0].split(", and is at most ")
    weights = np.zeros((3, 2, 2))
    for sign, weight, t, y, z in re.findall(
        r"([+-]?) ?([\d.]*) ?P\(T=(\d), Y=(\d) \| Z=(\d)\)", left.split(" = ")[0]
    ):
        weights[int(z), int(t), int(y)] += float(weight or 1) * (-1 if sign == "-" else 1)
    return weights, float(left.split(" = ")[1]), float(right.split(" ")[0])


@pytest.mark.parametrize("monotonicity", [False, True])
def test_inequalities_are_named_that_types_satisfy_and_the_data_do_not(monotonicity):
    """The instrumental one is not enough for three values of Z (Bonet 2001), or without defiers."""
    rng = np.random.default_rng(0)
    kinds = [k for k in types(3, 2, 2) if not monotonicity or list(k[0]) == sorted(k[0])]
    named = set()
    for _ in range(60):
        table = rng.dirichlet(np.full(4, 0.8), size=3).reshape(3, 2, 2)
        try:
            instrument_bounds(frame(table), "T", "Y", "Z", monotonicity=monotonicity)
        except ValueError as refused:
            told = str(refused)
        else:
            continue
        weights, total, most = read_back(told)
        assert (weights * table).sum() > most + 1e-7
        assert (weights * table).sum() == pytest.approx(total, rel=1e-4)
        for kind in kinds:
            assert (weights * shown([kind], [1.0], 3, 2, 2)).sum() <= most + 1e-9
        named.add(("instrumental" in told, most != 0))
    assert {(True, True), (False, True)} <= named


# -------------------------------------------------------------------------------- refusals

TABLE = {"Z": [0, 0, 1, 1], "T": [0, 1, 0, 1], "Y": [0, 1, 1, 0], "p": [0.25] * 4}


@pytest.mark.parametrize(
    ("change", "asked", "says"),
    [
        ({"p": [0.5] * 4}, {}, "column 'p' is of probabilities.* its sum 2"),
        ({"p": [-0.5, 0.5, 0.5, 0.5]}, {}, "its least is -0.5"),
        ({"T": [0, 1, 0, np.nan]}, {}, "column 'T' is missing in row 3"),
        ({"Y": list("abab")}, {}, "column 'Y' is not of numbers"),
        ({"Y": [0, 1, 1, np.inf]}, {}, "column 'Y' is inf in row 3"),
        ({"Y": [0, 1, 1, 7]}, {}, "7.* support=|7.* outcomes="),
        ({}, {"levels": (0, 2)}, r"no unit has T=2; its values are 0, 1"),
        ({}, {"levels": (1, 1)}, "two different values of 'T'"),
    ],
)
def test_what_cannot_be_bounded_is_refused(change, asked, says):
    data = TABLE | change
    with pytest.raises(ValueError, match=f"no_assumption_bounds: .*{says}"):
        no_assumption_bounds(data, "T", "Y", **asked)
    with pytest.raises(ValueError, match=f"instrument_bounds: .*{says}"):
        instrument_bounds(data, "T", "Y", "Z", **asked)


def test_more_refusals():
    with pytest.raises(ValueError, match="no column 'W'; they have Z, T, Y, p"):
        no_assumption_bounds(TABLE, "W", "Y")
    with pytest.raises(ValueError, match="'T' is named twice"):
        instrument_bounds(TABLE, "T", "Y", "T")
    with pytest.raises(ValueError, match=r"support=\(1, 0\); the least and the greatest"):
        no_assumption_bounds(TABLE, "T", "Y", support=(1, 0))
    with pytest.raises(ValueError, match="column 'T' is not of numbers"):
        monotone_response_bounds(TABLE | {"T": list("abab")}, "T", "Y", levels=("a", "b"))
    with pytest.raises(ValueError, match="the data have no rows"):
        no_assumption_bounds({"T": [], "Y": []}, "T", "Y")
    many = pd.DataFrame({"Z": range(30), "T": [0, 1] * 15, "Y": [0, 1, 1] * 10})
    with pytest.raises(ValueError, match="types of response, above 200000; make groups"):
        instrument_bounds(many, "T", "Y", "Z")


def test_a_variable_called_p_is_data_when_it_is_asked_about():
    data = {"p": [0, 1, 0, 1], "Y": [0, 1, 1, 1]}
    assert_bounds(no_assumption_bounds(data, "p", "Y").ate, 0.5 - 0.75, 1.0 - 0.25)
