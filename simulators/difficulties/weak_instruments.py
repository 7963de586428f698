"""Weak instruments: two-stage least squares drifts to least squares."""

from typing import Annotated, Any

import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Normal
from scipy import special

from scm import SCM, latent, node
from simulators.registry import Known, simulator


def relative_bias(instruments: int, concentration: float) -> float:
    """The bias of 2SLS over that of OLS, normal noises: e^(-m/2) 1F1(K/2 - 1; K/2; m/2).

    Richardson (1968), The exact distribution of a structural coefficient estimator, JASA 63; the
    mean exists for two instruments or more.

    >>> round(relative_bias(4, 5.0), 4)
    0.3672
    """
    half = concentration / 2
    return float(np.exp(-half) * special.hyp1f1(instruments / 2 - 1, instruments / 2, half))


def known(instruments: int, concentration: float, people: int) -> dict[str, Known]:
    """The truth, and where the estimators go at this many people."""
    pull = _pull(instruments, concentration, people)
    treatment = instruments * pull**2 + 1
    ols = _CORRELATION / treatment
    answers = {
        "TotalEffect(X -> Y)": Known(0, "By construction: X does nothing."),
        "limit of OLS(Y ~ X)": Known(
            ols, "cov(v, noise of Y) / var(X), var(X) = concentration / people + 1."
        ),
        "expected F": Known(
            1 + concentration / instruments, "1 + concentration / instruments, for many people."
        ),
    }
    if instruments >= 2:
        answers["bias of 2SLS / bias of OLS"] = Known(
            relative_bias(instruments, concentration),
            "e^(-m/2) 1F1(K/2 - 1; K/2; m/2), exact for fixed instruments and normal noise; 1/F "
            "overstates it for few instruments.",
        )
    return answers


_CORRELATION = 0.8  # of v with the noise of Y


@simulator(
    "weak_instruments",
    title="Instruments that hardly move the treatment",
    source="Bound, Jaeger and Baker (1995), JASA 90; Staiger and Stock (1997), Econometrica 65; "
    "exact bias: Richardson (1968), JASA 63",
    known=known,
    try_this="`--set concentration=2`: 2SLS is biased towards OLS, and its intervals do not cover.",
)
def weak_instruments(
    instruments: Annotated[int, "how many, Z1 to Zk, all alike"] = 4,
    concentration: Annotated[
        float, "people times the variance that they move X by; about K (F - 1)"
    ] = 10.0,
    people: Annotated[int, "n, for which the concentration is meant"] = 500,
) -> SCM:
    """The instruments move X by sqrt(concentration / (people instruments)) each; X does nothing.

        Zj ~ N(0, 1)
        v ~ N(0, 1), never in the data
        X := pull (Z1 + ... + Zk) + v
        Y := 0.8 v + 0.6 u,  u ~ N(0, 1)

    >>> weak_instruments(instruments=2).observed
    ('Z1', 'Z2', 'X', 'Y')
    """
    pull = _pull(instruments, concentration, people)
    names = [f"Z{each + 1}" for each in range(instruments)]
    return SCM(
        {name: Normal(0, 1) for name in names},
        v=latent(Normal(0, 1)),
        X=_treatment(names, pull),
        Y=lambda v, c=_CORRELATION, s=0.6, u=Normal(0, 1): c * v + s * u,
    )


def _treatment(names: list[str], pull: float) -> Any:
    return node(lambda v, *z, c=pull: c * jnp.sum(jnp.stack(z)) + v, parents=["v", *names])


def _pull(instruments: int, concentration: float, people: int) -> float:
    if instruments < 1 or concentration < 0 or people < 1:
        raise ValueError(
            f"weak_instruments: instruments={instruments}, concentration={concentration}, "
            f"people={people}: at least 1, 0 and 1 are wanted"
        )
    return float(np.sqrt(concentration / (people * instruments)))
