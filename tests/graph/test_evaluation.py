"""Formulas in numbers: joints and data, positivity, what is refused."""

import itertools

import numpy as np
import pandas as pd
import pytest

from scm.graph import Graph
from scm.graph.formulas.evaluation import Evaluator
from scm.graph.formulas.formula import Probability, Product, Ratio, Sum, Variable
from scm.graph.formulas.table import read_table

BACK_DOOR = Graph([("Z", "T"), ("Z", "Y"), ("T", "Y")])
NAPKIN = Graph([("W", "Z"), ("Z", "X"), ("X", "Y")], [("W", "X"), ("W", "Y")])
ADJUSTED = BACK_DOOR.identify("Y", do="T")


def joint(table):
    """A frame from {(z, t, y): p}."""
    rows = [(*cell, p) for cell, p in table.items()]
    return pd.DataFrame(rows, columns=["Z", "T", "Y", "p"])


def backdoor_joint(seed=0, shape=(2, 2, 2)):
    cells = itertools.product(*map(range, shape))
    p = np.random.default_rng(seed).dirichlet(np.ones(np.prod(shape)))
    return joint(dict(zip(cells, p, strict=True)))


def test_a_joint_by_hand():
    """P(z=1) = 1/2, P(t | z) = 1/4, 3/4; P(y=1 | t, z) = (1 + t + 2 z) / 5."""
    table = {}
    for z, t, y in itertools.product((0, 1), repeat=3):
        chance = (1 + t + 2 * z) / 5
        takes = (1 + 2 * z) / 4
        table[z, t, y] = 0.5 * (takes if t else 1 - takes) * (chance if y else 1 - chance)
    found = ADJUSTED.evaluate(joint(table))
    expected = pd.DataFrame(
        {"T": [0, 0, 1, 1], "Y": [0, 1, 0, 1], "p": [3 / 5, 2 / 5, 2 / 5, 3 / 5]}
    )
    pd.testing.assert_frame_equal(found, expected)


def test_data_are_counted():
    rng = np.random.default_rng(3)
    z = rng.integers(0, 3, 500)
    t = rng.integers(0, 2, 500)
    data = pd.DataFrame({"Z": z, "T": t, "Y": (rng.random(500) < 0.2 + 0.2 * z) & (t == 1)})
    found = ADJUSTED.evaluate(data, at={"T": 1, "Y": True})
    by_hand = sum(
        data[(data["T"] == 1) & (data["Z"] == k)]["Y"].mean() * (data["Z"] == k).mean()
        for k in range(3)
    )
    assert found["p"].item() == pytest.approx(by_hand, abs=1e-14)
    # The same rows as a joint, and as a mapping of arrays.
    counts = data.value_counts(normalize=True).rename("p").reset_index()
    pd.testing.assert_frame_equal(ADJUSTED.evaluate(counts, at={"T": 1, "Y": True}), found)
    pd.testing.assert_frame_equal(
        ADJUSTED.evaluate(dict(data.items()), at={"T": 1, "Y": True}), found
    )


def test_values_keep_their_kind():
    data = pd.DataFrame(
        {
            "Z": ["low", "high", "low", "high"] * 4,
            "T": pd.Categorical(["old", "old", "new", "new"] * 4, categories=["old", "new", "no"]),
            "Y": [True, False, False, True] * 2 + [True] * 8,
        }
    )
    found = ADJUSTED.evaluate(data)
    assert list(found["T"]) == ["old", "old", "new", "new"]
    assert list(found["Y"]) == [False, True, False, True]
    assert found["Y"].dtype == bool
    assert found["p"].dtype == np.float64


def test_float32_probabilities_are_summed_in_float64():
    frame = backdoor_joint(seed=5)
    exact = ADJUSTED.evaluate(frame)
    found = ADJUSTED.evaluate(frame.astype({"p": np.float32}))
    assert found["p"].dtype == np.float64
    np.testing.assert_allclose(found["p"], exact["p"], atol=1e-6)


def test_columns_of_no_concern_are_summed_over():
    frame = backdoor_joint(seed=1, shape=(3, 2, 2))
    twice = pd.concat([frame.assign(E=e, p=frame["p"] * w) for e, w in ((0, 0.3), (1, 0.7))])
    np.testing.assert_allclose(ADJUSTED.evaluate(twice)["p"], ADJUSTED.evaluate(frame)["p"])


def test_at_takes_one_value_or_several_in_the_order_given():
    frame = backdoor_joint(seed=2, shape=(2, 3, 2))
    whole = ADJUSTED.evaluate(frame).set_index(["T", "Y"])["p"]
    some = ADJUSTED.evaluate(frame, at={"T": [2, 0], "Y": 1})
    assert list(some["T"]) == [2, 0]
    np.testing.assert_allclose(some["p"], [whole[2, 1], whole[0, 1]], atol=1e-15)
    for several in (np.array([2, 0]), (2, 0), pd.Series([2, 0]), pd.Index([2, 0])):
        pd.testing.assert_frame_equal(ADJUSTED.evaluate(frame, at={"T": several, "Y": 1}), some)


def test_a_condition_of_probability_zero_is_refused_by_name():
    frame = backdoor_joint()
    frame.loc[(frame["Z"] == 1) & (frame["T"] == 0), "p"] = 0.0
    frame["p"] /= frame["p"].sum()
    with pytest.raises(
        ValueError, match=r"no value at T=0, Y=0: P\(Y \| .*where P\(.*Z=1.*is zero"
    ):
        ADJUSTED.evaluate(frame)
    assert np.isfinite(ADJUSTED.evaluate(frame, at={"T": 1})["p"]).all()
    # In data the combination is simply not there.
    data = frame[frame["p"] > 0].drop(columns="p")
    with pytest.raises(ValueError, match="Z=1"):
        ADJUSTED.evaluate(data)


def test_what_is_multiplied_by_zero_is_not_needed():
    """No row has Z=2: neither P(Z=2) nor P(Y | T, Z=2) matters."""
    frame = backdoor_joint(seed=4)
    idle = joint({(2, t, y): 0.0 for t in (0, 1) for y in (0, 1)})
    found = ADJUSTED.evaluate(pd.concat([frame, idle]))
    np.testing.assert_allclose(found["p"], ADJUSTED.evaluate(frame)["p"], atol=1e-15)


def test_a_zero_deep_inside_is_named():
    graph = Graph([("T", "M"), ("M", "Y")], [("T", "Y")])
    rng = np.random.default_rng(0)
    cells = np.array(list(itertools.product((0, 1), repeat=3)))
    frame = pd.DataFrame(cells, columns=["T", "M", "Y"]).assign(p=rng.dirichlet(np.ones(8)))
    frame.loc[(frame["T"] == 1) & (frame["M"] == 0), "p"] = 0.0
    frame["p"] /= frame["p"].sum()
    found = graph.identify("Y", do="T")
    # Nobody with T=1 has M=0: at T=0 half of the sum over T' is missing, at T=1 it is no matter.
    with pytest.raises(ValueError, match=r"at T=0, Y=0: P\(Y \| .*where P\(.*M=0"):
        found.evaluate(frame, at={"T": 0})
    p = frame.set_index(["T", "M", "Y"])["p"]
    chance = [sum(p[t, :, :]) for t in (0, 1)]
    by_hand = sum(p[t, 1, 1] / sum(p[t, 1, :]) * chance[t] for t in (0, 1))
    assert found.evaluate(frame, at={"T": 1, "Y": 1})["p"].item() == pytest.approx(by_hand)


def test_a_ratio_over_zero_has_no_value():
    frame = backdoor_joint()
    frame.loc[frame["T"] == 1, "p"] = 0.0
    frame["p"] /= frame["p"].sum()
    evaluator = Evaluator(read_table(frame, ["T", "Y"], "p"), {})
    formula = Ratio(Probability(["T", "Y"]), Probability("T"))
    found = evaluator.tensor(formula)
    assert found.over == (Variable("T"), Variable("Y"))
    assert found.undefined.tolist() == [[False, False], [True, True]]
    told = evaluator.culprit(formula, {Variable("T"): 1, Variable("Y"): 0})
    assert told == "P(T) is zero at T=1, and is divided by"
    weighted = evaluator.tensor(Sum("T", Product([formula, Probability("T")])))
    assert not weighted.undefined.any()
    p = frame[frame["T"] == 0].groupby("Y")["p"].sum()
    np.testing.assert_allclose(weighted.values, p)


def test_a_value_that_matters_not_is_averaged_over(finite_model):
    found = NAPKIN.identify("Y", do="X")
    assert found.anywhere == ("Z",)
    model = finite_model(NAPKIN, seed=9)
    frame, truth = model.frame(), model.effect(["Y"], ["X"]).ravel()
    np.testing.assert_allclose(found.evaluate(frame)["p"], truth, atol=1e-12)
    for z in (0, 1):
        np.testing.assert_allclose(found.evaluate(frame, at={"Z": z})["p"], truth, atol=1e-12)
    # Where the formula has no value at Z=1 it is taken at Z=0.
    frame.loc[(frame["Z"] == 1) & (frame["W"] == 1), "p"] = 0.0
    frame["p"] /= frame["p"].sum()
    at_zero = found.evaluate(frame, at={"Z": 0})
    pd.testing.assert_frame_equal(found.evaluate(frame), at_zero)
    with pytest.raises(ValueError, match="W=1"):
        found.evaluate(frame, at={"Z": 1})
    with pytest.raises(ValueError, match="Z may have any value; give one"):
        found.evaluate(frame, at={"Z": [0, 1]})


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda f: f.drop(columns="Z"), ValueError, "no column 'Z'; its columns: T, Y, p"),
        (lambda f: f.assign(p=f["p"] * 2), ValueError, "the column p sums to 2, and"),
        (lambda f: f.assign(p=-f["p"]), ValueError, "p=-0.* in row 0 is no probability"),
        (lambda f: f.assign(p=f["p"].where(f.index > 2)), ValueError, "p=nan in row 0"),
        (lambda f: f.assign(p="much"), TypeError, "not probabilities"),
        (lambda f: f.assign(T=f["T"].where(f.index != 3)), ValueError, "T has no value in 1 of 8"),
        (lambda f: f.assign(Y=[None, *"abcabca"]), ValueError, "Y has no value in 1 of 8"),
        (lambda f: f.iloc[:0], ValueError, "the frame has no rows"),
        (lambda f: pd.concat([f, f["T"]], axis=1), ValueError, "two columns 'T'"),
        (lambda f: f.to_numpy(), TypeError, "a ndarray is no frame"),
    ],
)
def test_frames_that_are_no_distribution_are_refused(change, error, match):
    with pytest.raises(error, match=match):
        ADJUSTED.evaluate(change(backdoor_joint()))


def test_data_may_have_a_column_called_p():
    data = pd.DataFrame(
        {"Z": [0, 0, 1, 1], "T": [0, 1, 0, 1], "Y": [0, 1, 1, 1], "p": [7, 8, 9, 9]}
    )
    with pytest.raises(ValueError, match="evaluate\\(frame, p=None\\)"):
        ADJUSTED.evaluate(data)
    assert ADJUSTED.evaluate(data, p=None)["p"].sum() == pytest.approx(2)
    graph = Graph([("T", "p")])
    with pytest.raises(ValueError, match="'p' is a node of the graph"):
        graph.identify("p", do="T").evaluate(data)
    found = graph.identify("p", do="T").evaluate(data.assign(weight=0.25), p="weight")
    assert list(found.columns) == ["T", "p", "weight"]
    counted = graph.identify("p", do="T").evaluate(data, at={"T": 1, "p": 9}, p=None)
    assert counted.to_dict("list") == {"T": [1], "p": [9], "p_": [0.5]}


def test_a_column_of_probabilities_that_is_named_has_to_be_there():
    with pytest.raises(ValueError, match=r"no column 'weigth'; its columns: .*weight"):
        ADJUSTED.evaluate(backdoor_joint().rename(columns={"p": "weight"}), p="weigth")


@pytest.mark.parametrize(
    ("at", "match"),
    [
        ({"Q": 1}, "at: 'Q' is none of T, Y"),
        ({"T": 7}, "at: T=7 is not among its values: 0, 1"),
        ({"T": []}, "at: no value of T"),
        ({"T": [[0]]}, r"at: T=\[0\] is not among its values: 0, 1"),
    ],
)
def test_values_that_are_not_there_are_refused(at, match):
    with pytest.raises(ValueError, match=match):
        ADJUSTED.evaluate(backdoor_joint(), at=at)


def test_texts_that_look_like_numbers_are_told_from_numbers():
    frame = backdoor_joint().assign(T=lambda f: f["T"].map({0: "0", 1: "1"}))
    with pytest.raises(ValueError, match="at: T=1 is not among its values: '0', '1'"):
        ADJUSTED.evaluate(frame, at={"T": 1})
    with pytest.raises(TypeError, match=r"at='T' is no mapping; write at=\{'T': value\}"):
        ADJUSTED.evaluate(frame, at="T")


def test_columns_of_a_mapping_are_of_one_length():
    with pytest.raises(ValueError, match="one length, and Z has 1, T has 2, Y has 2"):
        ADJUSTED.evaluate({"Z": [1], "T": [0, 1], "Y": [0, 1]})


def test_what_is_not_identified_has_no_numbers():
    bow = Graph([("T", "Y")], [("T", "Y")]).identify("Y", do="T")
    for ask in (bow.latex, lambda: bow.evaluate(backdoor_joint())):
        with pytest.raises(ValueError, match=r"P\(Y \| do\(T\)\) is not identified: .*hedge"):
            ask()


def test_conditionals_of_what_is_seen():
    frame = backdoor_joint(seed=6)
    found = BACK_DOOR.identify("Y", do=(), given=["T"]).evaluate(frame)
    groups = frame.groupby(["T", "Y"])["p"].sum()
    by_hand = (groups / frame.groupby("T")["p"].sum()).reset_index()
    pd.testing.assert_frame_equal(found, by_hand)


def test_long_formulas_are_summed_a_variable_at_a_time():
    """A chain of 60 columns: its cross product has 2^60 cells, its transition tables 4."""
    rng = np.random.default_rng(0)
    names = [f"V{i}" for i in range(60)]
    columns = [rng.integers(0, 2, 400)]
    for _ in names[1:]:
        columns.append(np.where(rng.random(400) < 0.8, columns[-1], rng.integers(0, 2, 400)))
    data = pd.DataFrame(dict(zip(names, columns, strict=True)))
    steps = [Probability(after, [before]) for before, after in itertools.pairwise(names)]
    formula = Sum(names[1:-1], Product(steps))
    found = Evaluator(read_table(data, names, None), {}).tensor(formula)
    expected = np.eye(2)
    for before, after in itertools.pairwise(names):
        expected = expected @ pd.crosstab(data[before], data[after], normalize="index").to_numpy()
    order = [found.over.index(Variable(name)) for name in (names[0], names[-1])]
    np.testing.assert_allclose(found.values.transpose(order), expected, atol=1e-12)
    assert not found.undefined.any()


def test_too_many_values_are_refused():
    n = 20_000
    data = pd.DataFrame({name: np.arange(n) * 1.0 for name in ("Z", "T", "Y")})
    with pytest.raises(ValueError, match=r"the table of .* cells, more than"):
        ADJUSTED.evaluate(data, at={"T": 1.0})
