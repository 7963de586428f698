"""The code in the documents runs as it stands, and does what the text says."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from simulators import SIMULATORS

ROOT = pathlib.Path(__file__).parent.parent

CHECKS = {
    "README.md": """
import math
from scm.estimate import Estimate
assert truth.method == "exact" and abs(truth.value - 0.4) < 1e-6, truth
assert seen.shape == (1000, 3)
assert abs(slope + math.exp(-0.125) / math.sqrt(2 * math.pi)) < 1e-4, slope
assert (forced["education"] == 16).all()
print(effect.mean()); assert abs(float(effect.mean()) - 0.1) < 1e-5
big = model.sample(key=1, n=200_000).data
assert abs(ols(big, roles).value - (0.1 + 0.2 / 2.16)) < 0.005   # cov / var = 0.2 / (0.16 + 2)
assert abs(tsls(big, roles).value - 0.1) < 4 * tsls(big, roles).se
import pandas as pd
assert len(pd.read_parquet("people")) == 50_000
found = ATT("T", "Y").truth(trial)
assert abs(found.value - (1 + 1 / math.pi**0.5)) < 4 * found.se  # 1 + E[X | X + u > 0]
""",
    # The lecture checks itself: what is left are numbers that it prints without an assert.
    "docs/lecture.md": """
table = [float(found["A"].mean()) for found in (picked, forced)]
assert abs(table[0] - 25 / 26) < 0.02 and abs(table[1]) < 0.02   # var(A | B) and the mean of A
split = simulators.get("hidden_cause").build().sample(key=1, n=50_000)
from simulators.observe import discretise
coarse = ols(observe(split, discretise("U", cuts=[0.0])).to_pandas(), Roles("X", "Y", adjust=["U"]))
stays = (1 - 2 / np.pi) / (1 - 2 / np.pi / 2)                   # lambda = 2 / pi, r^2 = 1/2: 53 %
assert abs(coarse.value - 0.5 - 0.4 * stays) < 4 * coarse.se and round(stays, 2) == 0.53
weak = [simulators.get("instrument").build(strength=0.02).sample(key=k, n=200) for k in range(10)]
tries = [float(tsls(each.to_pandas(), Roles("X", "Y", instruments=["Z"])).value) for each in weak]
assert max(tries) - min(tries) > 1
""",
    "CONTRIBUTING.md": """
import numpy as np
from scipy import stats
from scm.estimate import Roles
world = storks().sample(0, 50_000)
assert abs(np.corrcoef(world["storks"], world["babies"])[0, 1] - 0.72) < 0.02
rng = np.random.default_rng(0)
data = {"t": rng.integers(0, 2, 50), "y": rng.normal(size=50)}
found = pooled_difference(data, Roles("t", "y"))
other = stats.ttest_ind(data["y"][data["t"] == 1], data["y"][data["t"] == 0])
assert abs(float(found.value / found.se) - other.statistic) < 1e-4
""",
}


@pytest.mark.parametrize("document", sorted(CHECKS))
def test_snippets_run(document, tmp_path, programs_kept):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    assert len(blocks) >= 2
    script = "\n".join([*blocks, CHECKS[document]])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True, text=True, cwd=tmp_path, check=False,
        env={**os.environ, **programs_kept},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_readmes_files_exist():
    for target in re.findall(r"\]\(([\w./-]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target
    for config in re.findall(r"configs/\w+\.toml", (ROOT / "README.md").read_text()):
        assert (ROOT / config).exists(), config


def test_the_lecture_has_ten_chapters_each_with_code_a_picture_and_an_exercise():
    text = (ROOT / "docs/lecture.md").read_text()
    titles = re.findall(r"^## (\d+)\. ", text, re.MULTILINE)
    assert titles == [str(n) for n in range(1, 11)]
    for chapter in re.split(r"^## ", text, flags=re.MULTILINE)[1:11]:
        (code,) = re.findall(r"```python\n(.*?)```", chapter, re.DOTALL)
        assert 5 <= len(code.strip().splitlines()) <= 15, chapter
        assert "assert " in code.strip().splitlines()[-1]
        assert "](lecture/" in chapter
        assert "**Try.**" in chapter


def test_what_the_lecture_names_is_there():
    text = (ROOT / "docs/lecture.md").read_text()
    for target in re.findall(r"\]\(([\w./-]+)\)", text):
        assert (ROOT / "docs" / target).exists(), target
    assert all((ROOT / config).exists() for config in re.findall(r"configs/\w+\.toml", text))
    table = text[text.index("| difficulty |") :]
    worlds = re.findall(r"`(\w+)`", table[: table.index("```")])
    assert set(worlds) <= set(SIMULATORS), set(worlds) - set(SIMULATORS)
