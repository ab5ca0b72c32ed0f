"""What the prompts of a size cost, and what the run's captions would cost in such prompts."""

import numpy as np
import pandas as pd

from unscene.answers.prices import bill_answers, estimate_cost, find_price
from unscene.answers.prompts import ANSWER_TOKENS, KEYWORD_TOKENS
from unscene.batchsize.observations import Sent, list_followups


def price_trial(
    part: pd.DataFrame, requests: dict[str, dict], sent: Sent, prices: dict, model: str, run: int
) -> dict:
    """Return what the prompts of one trial were billed, those that their faulty ones were split into
    included, and what `run` captions would cost at its n.

    part: the trial's observations, with the `text` of each caption. Without billed tokens (offline
    answers) the requests are estimated, faulty ones twice; `usd_source` says which. Dollars are NaN
    for a model without a price.
    """
    keys = part["custom_id"].drop_duplicates().tolist()
    faulty = part[part["status"].isin(("again", "lost"))]
    smaller = [
        key
        for _, prompt in faulty.groupby("custom_id", sort=False)
        for key in list_followups(prompt["text"], sent.followups)
    ]
    billed = bill_answers(
        (sent.answers[key] for key in dict.fromkeys([*keys, *smaller]) if key in sent.answers), prices
    )
    tokens = billed["input_tokens"], billed["output_tokens"]
    usd, source = billed["usd"], "billed tokens"
    if not any(tokens):
        source = "estimate"
        if find_price(prices, model) is None:
            usd = None
        else:
            estimate = estimate_cost(
                (requests[key] for key in keys), prices, model, KEYWORD_TOKENS, ANSWER_TOKENS
            )
            twice = 1 + faulty["custom_id"].nunique() / max(len(keys), 1)
            usd = estimate["usd"] * twice
            tokens = estimate["input_tokens"] * twice, estimate["output_tokens"] * twice
    asked = max(len(part), 1)
    each = np.nan if usd is None else usd / asked
    return {
        "input_tokens_per_caption": tokens[0] / asked,
        "output_tokens_per_caption": tokens[1] / asked,
        "usd_billed": billed["usd"],
        "usd_per_1000": 1000 * each,
        "usd": run * each,
        "usd_source": source,
    }
