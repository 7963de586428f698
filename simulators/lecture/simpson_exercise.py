"""Simpson's paradox without a table: two lines that slope in opposite directions."""

from typing import Annotated

from numpyro.distributions import DiscreteUniform, Normal

from scm import SCM
from simulators.exact import exactly
from simulators.ranges import between
from simulators.registry import Known, simulator

VARIANCE = 200
"""Of an age that is 20, 30, 40, 50 or 60."""


def known(exercise_by_age: float, effect: float, ageing: float, spread: float) -> dict[str, Known]:
    """The slope within an age, the slope of everybody, and what lies between them."""
    between("simpson_exercise", 0, spread=spread)
    a, b, g, s = map(exactly, (exercise_by_age, effect, ageing, spread))
    confounding = g * a * VARIANCE / (a**2 * VARIANCE + s**2)
    return {
        "TotalEffect(exercise -> cholesterol)": Known(b, "By construction."),
        "limit of OLS(cholesterol ~ exercise + age)": Known(b, "The slope within an age."),
        "limit of OLS(cholesterol ~ exercise)": Known(
            b + confounding,
            "effect + ageing a V / (a^2 V + spread^2), a = exercise_by_age, V = 200 the variance "
            "of age.",
        ),
        "confounding": Known(
            confounding,
            "ageing a V / (a^2 V + spread^2): the slope flips where this is more than |effect|, "
            "and of the opposite sign.",
        ),
    }


@simulator(
    "simpson_exercise",
    title="Simpson's paradox with slopes: exercise and cholesterol, by age",
    source="after the figure of Pearl, Glymour and Jewell (2016), Causal Inference in Statistics, "
    "section 1.2; the numbers are ours",
    known=known,
    try_this="Draw cholesterol over exercise, coloured by age: each age slopes down, all together "
    "slope up. `model.do(exercise=lambda exercise: exercise + 1)` lowers everybody by 5. "
    "`spread=10` ends the paradox: age then says little about exercise.",
)
def simpson_exercise(
    exercise_by_age: Annotated[float, "hours a week more with each year of age"] = 0.1,
    effect: Annotated[float, "mg/dl of cholesterol for an hour a week more"] = -5.0,
    ageing: Annotated[float, "mg/dl of cholesterol with each year of age"] = 2.0,
    spread: Annotated[float, "of exercise within an age, hours a week, standard deviation"] = 1.0,
) -> SCM:
    """Exercise lowers cholesterol at every age, and the old exercise more.

        age         := 20, 30, 40, 50 or 60 years, equally often
        exercise    := 1 + exercise_by_age age + u        hours a week,  u ~ N(0, spread)
        cholesterol := 150 + effect exercise + ageing age + u      mg/dl,  u ~ N(0, 5)

    Raises ValueError for a spread that is not positive.

    >>> simpson_exercise().parents["cholesterol"]
    ('exercise', 'age')
    """
    between("simpson_exercise", 0, spread=spread)
    return SCM(
        age=lambda decade=DiscreteUniform(2, 6): 10 * decade,
        exercise=lambda age, a=exercise_by_age, u=Normal(0, spread): 1 + a * age + u,
        cholesterol=lambda exercise, age, b=effect, g=ageing, u=Normal(0, 5): (
            150 + b * exercise + g * age + u
        ),
    )
