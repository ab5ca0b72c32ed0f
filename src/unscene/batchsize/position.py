"""Do answers get worse towards the end of a prompt? The place in the batch-size study."""

import numpy as np
import pandas as pd

from unscene.batchsize.gold import Gold
from unscene.batchsize.noninferiority import bound_decline
from unscene.batchsize.observations import Observed


def measure_position(part: pd.DataFrame, ok: np.ndarray, right: np.ndarray, base: np.ndarray) -> dict:
    """Return the error in the first and last tenth of the prompts, and the decline of accuracy from
    the first place to the last, each answer held against that to the same caption at n = 1.

    part: the observations of one trial. ok: answers of prompts of right form, the only ones with a
    place. right: whether right. base: right at n = 1, NaN where that is not known.
    """
    size, position = part["size"].to_numpy(), part["position"].to_numpy()
    ok = ok & (size > 1)
    tenth = np.maximum(size / 10, 1)
    measured = {"first_tenth_error": np.nan, "last_tenth_error": np.nan}
    for name, place in (
        ("first_tenth_error", position < tenth),
        ("last_tenth_error", position >= size - tenth),
    ):
        if (ok & place).any():
            measured[name] = float(1 - right[ok & place].mean())
    used = ok & ~np.isnan(base)
    if not used.any():
        return {
            **measured,
            **dict.fromkeys((f"decline{end}" for end in ("", "_low", "_high", "_error")), np.nan),
        }
    bound = bound_decline(
        right[used] - base[used],
        position[used] / (size[used] - 1),
        pd.factorize(part["caption"].to_numpy()[used])[0],
        pd.factorize(part["custom_id"].to_numpy()[used])[0],
    )
    return {
        **measured,
        "decline": bound["decline"],
        "decline_low": bound["low"],
        "decline_high": bound["high"],
        "decline_error": bound["error"],
    }


def fit_position(observed: Observed, gold: Gold, length: np.ndarray) -> dict:
    """Return the coefficients of error ~ log2 n + place + place^2 + length over all sizes above 1,
    or null with a reason.

    Logistic regression with errors clustered by prompt and by caption (Cameron, Gelbach & Miller
    2011), in place of a mixed model with a caption intercept. place = position / size, length in
    ten characters. It describes; no gate rests on it.
    """
    used = (observed.table["captions_per_prompt"] > 1) & (observed.table["status"] == "ok")
    used &= gold.known[observed.table["caption"].to_numpy()]
    part, words = observed.table[used], observed.words[used]
    at = part["caption"].to_numpy()
    wrong = (words != gold.words[at]).any(axis=1) | ~part["listed"].to_numpy()
    if not 0 < wrong.sum() < len(wrong):
        return {
            "coefficients": None,
            "reason": "no answer differs" if not wrong.any() else "all answers differ",
        }
    if part["captions_per_prompt"].nunique() < 2:
        sizes = {}
    else:
        sizes = {"log2_n": np.log2(part["captions_per_prompt"].to_numpy())}
    import statsmodels.api as sm

    place = (part["position"] / part["size"]).to_numpy()
    table = pd.DataFrame(
        {"intercept": 1.0, **sizes, "place": place, "place_squared": place**2, "length": length[at] / 10}
    )
    clusters = np.stack([pd.factorize(part["custom_id"])[0], at], axis=1)
    try:
        fit = sm.GLM(wrong.astype(float), table, family=sm.families.Binomial()).fit(
            cov_type="cluster", cov_kwds={"groups": clusters}
        )
    except (np.linalg.LinAlgError, sm.tools.sm_exceptions.PerfectSeparationError, ValueError) as error:
        return {"coefficients": None, "reason": f"the model has no solution ({error})"}
    return {
        "coefficients": {
            name: {
                "estimate": float(fit.params[name]),
                "error": float(fit.bse[name]),
                "p": float(fit.pvalues[name]),
            }
            for name in table
        },
        "observations": len(table),
    }
