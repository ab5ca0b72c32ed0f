"""What the batch-size study measures in its answers: accuracy, structural errors, shifts, place; a
row a trial.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from unscene.batchsize.columns import BY_WORD
from unscene.batchsize.design import ONE, REPEAT, Trial
from unscene.batchsize.gold import Gold
from unscene.batchsize.noninferiority import bound_mean, get_mcnemar_p
from unscene.batchsize.observations import Observed
from unscene.batchsize.position import measure_position
from unscene.batchsize.sample_sizes import MARGINS_OF_DECLINE, get_detectable, get_power
from unscene.batchsize.shifts import count_shifts
from unscene.words.vocabulary import Vocabulary

DRAWS = 10_000


class Part(NamedTuple):
    """The observations of one trial whose captions have a gold: their table and words, whether the
    endpoint served the prompt, whether it had the right form (ok), and whether what a run would
    deliver for the caption is right: (observations, 2), once for each round at n = 1.

    Where these rounds are all that is known, the answer is held against each of them; elsewhere
    both columns are one.
    """

    table: pd.DataFrame
    words: np.ndarray
    served: np.ndarray
    ok: np.ndarray
    right: np.ndarray


def take_part(observed: Observed, trial: str, gold: Gold) -> Part:
    """Return the observations of a trial. Nothing delivered is wrong, whatever the gold is."""
    mine = (observed.table["trial"] == trial).to_numpy() & gold.known[observed.table["caption"].to_numpy()]
    table, words = observed.table[mine].reset_index(drop=True), observed.words[mine]
    status, at = table["status"].to_numpy(), table["caption"].to_numpy()
    delivered = np.isin(status, ("ok", "again")) & table["listed"].to_numpy()
    rounds = [gold.words, gold.words if gold.again is None else gold.again]
    if gold.again is not None and trial in (
        ONE,
        REPEAT,
    ):  # a round agrees with the other one, not with itself
        rounds = [rounds[trial == ONE]] * 2
    right = np.stack([(words == true[at]).all(axis=1) & delivered for true in rounds], axis=1)
    return Part(table, words, status != "unserved", status == "ok", right)


def measure_trial(
    trial: Trial,
    observed: Observed,
    gold: Gold,
    reference: np.ndarray,
    margin: float,
    seed: int,
    draws: int = DRAWS,
) -> dict:
    """Return the measures of one trial; NaN where it has no comparison.

    observed: all observations. reference: the answers at n = 1. The comparison is with the mean of
    the two rounds at n = 1. margin: that of the power.
    """
    own = take_part(observed, trial.name, gold)
    asked = observed.table[observed.table["trial"] == trial.name]
    # A prompt is served, and of right form, with all its captions or with none.
    faulty, unserved = (
        asked.loc[asked["status"].isin(status), "custom_id"].nunique()
        for status in (("again", "lost"), ("unserved",))
    )
    prompts = asked["custom_id"].nunique() - unserved
    served, at = own.served, own.table["caption"].to_numpy()
    base = find_base(trial, observed, gold)
    return {
        "trial": trial.name,
        "captions_per_prompt": trial.size,
        "permutations": trial.permutations,
        "captions": asked["caption"].nunique(),
        "prompts": prompts,
        "answered": int((asked["status"] == "ok").sum()),
        "again": int((asked["status"] == "again").sum()),
        "undelivered": int((asked["status"] == "lost").sum()),
        **_score(
            own.words[served], gold.words[at[served]], own.right[served].mean(axis=1), gold.weight[at[served]]
        ),
        **_compare(own, base, gold, margin, draws, seed),
        "detected_errors": faulty,
        "detected_rate": faulty / prompts if prompts else np.nan,
        "unserved": unserved,
        **_measure_shifts(trial, observed, reference, seed),
        **_measure_position(trial, own, base, margin),
        "permutation_range": _range_permutations(own),
    }


class Base(NamedTuple):
    """The two rounds at n = 1 by caption: `words` of the first, and `right` (captions, 2), NaN where
    a round was not served. Where they are all that is known, both columns say whether they agree.
    """

    words: np.ndarray
    right: np.ndarray


def find_base(trial: Trial, observed: Observed, gold: Gold) -> Base | None:
    """Return what a trial is compared with; None for n = 1 itself."""
    if trial.size == 1:
        return None
    words, right = np.zeros_like(gold.words), np.full((len(gold.words), 2), np.nan)
    for number, name in enumerate((ONE, REPEAT)):
        part = take_part(observed, name, gold)
        at = part.table["caption"].to_numpy()[part.served]
        right[at, number] = part.right[part.served, number]
        if name == ONE:
            words[at] = part.words[part.served]
    return Base(words, right)


def _range_permutations(own: Part) -> float:
    served = own.served
    if not served.any():
        return np.nan
    shares = (
        pd.Series(own.right[served].mean(axis=1)).groupby(own.table["permutation"].to_numpy()[served]).mean()
    )
    return float(shares.max() - shares.min())


def _score(answered: np.ndarray, true: np.ndarray, right: np.ndarray, weight: np.ndarray) -> dict:
    """Return exact match, micro precision, recall and F1, macro F1 over the words that occur, and
    words per caption.
    """
    if not weight.any():
        return dict.fromkeys(("exact", "precision", "recall", "f1", "f1_macro", "words_per_caption"), np.nan)
    by_word = {
        "hits": weight @ (answered & true),
        "extra": weight @ (answered & ~true),
        "missed": weight @ (~answered & true),
    }
    hits, extra, missed = (by_word[name].sum() for name in ("hits", "extra", "missed"))
    occurs = (by_word["hits"] + by_word["extra"] + by_word["missed"]) > 0
    f1 = 2 * by_word["hits"][occurs] / (2 * by_word["hits"] + by_word["extra"] + by_word["missed"])[occurs]
    # Weighted means by np.average, which rounds above and below the line alike: what is all right is 1, not
    # a bit more. `weight @ right` adds in another order than `weight.sum()`.
    return {
        "exact": float(np.average(right, weights=weight)),
        "precision": float(hits / (hits + extra)) if hits + extra else np.nan,
        "recall": float(hits / (hits + missed)) if hits + missed else np.nan,
        "f1": float(2 * hits / (2 * hits + extra + missed)) if hits + extra + missed else np.nan,
        "f1_macro": float(f1.mean()) if len(f1) else np.nan,
        "words_per_caption": float(np.average(answered.sum(axis=1), weights=weight)),
    }


def count_by_word(observed: Observed, gold: Gold, vocabulary: Vocabulary) -> pd.DataFrame:
    """Return a row a trial and word that occurs (columns.BY_WORD).

    Counts are weighted as the gold is; NaN where a denominator is zero.
    """
    rows = []
    for (size, trial), _ in observed.table.groupby(["captions_per_prompt", "trial"]):
        part = take_part(observed, trial, gold)
        at, found = part.table["caption"].to_numpy()[part.served], part.words[part.served]
        true, weight = gold.words[at], gold.weight[at]
        right, extra, missed = weight @ (found & true), weight @ (found & ~true), weight @ (~found & true)
        for place in np.flatnonzero(right + extra + missed):
            counts = right[place], extra[place], missed[place]
            rows.append((trial, size, vocabulary.words[place], *counts))
    table = pd.DataFrame(rows, columns=BY_WORD.names[:6])
    right, extra, missed = (table[name] for name in ("right", "extra", "missed"))
    return table.assign(
        precision=right / (right + extra),
        recall=right / (right + missed),
        f1=2 * right / (2 * right + extra + missed),
    )


def _compare(own: Part, base: Base | None, gold: Gold, margin: float, draws: int, seed: int) -> dict:
    """Return the difference to the baseline with its bounds and power, and McNemar's counts over the
    first permutation.
    """
    names = ("difference", "low", "high", "error", "widening", "power", "detectable", "discordance")
    nothing = dict.fromkeys((*names, "recall_difference", "recall_low"), np.nan)
    nothing |= {"lost": 0, "won": 0, "mcnemar_p": np.nan}
    at = own.table["caption"].to_numpy()
    if base is None:
        return nothing
    used = own.served & ~np.isnan(base.right[at]).any(axis=1)
    if not used.any():
        return nothing
    by_round = own.right[used] - base.right[at[used]]
    change = by_round.mean(axis=1)
    caption = pd.factorize(at[used])[0]
    prompt = pd.factorize(own.table["custom_id"].to_numpy()[used])[0]
    bound = bound_mean(change, caption, prompt, draws, seed)
    true = gold.words[at[used]]
    hits = (own.words[used] & true).sum(axis=1) - (base.words[at[used]] & true).sum(axis=1)
    recall = bound_mean(hits, caption, prompt, draws, seed, size=true.sum(axis=1))
    # McNemar's test is one of single answers: of the first order, against the first round.
    single = by_round[own.table["permutation"].to_numpy()[used] == 0, 0]
    of_first = prompt[own.table["permutation"].to_numpy()[used] == 0]
    return {
        **bound,
        "power": get_power(bound["error"], margin),
        "detectable": get_detectable(bound["error"]),
        "discordance": float((by_round != 0).mean()),
        "recall_difference": recall["difference"],
        "recall_low": recall["low"],
        "lost": int((single < 0).sum()),
        "won": int((single > 0).sum()),
        "mcnemar_p": get_mcnemar_p(np.bincount(of_first, weights=single)),
    }


def _measure_shifts(trial: Trial, observed: Observed, reference: np.ndarray, seed: int) -> dict:
    """Return how many prompts of right form hold an undetected shift, and the bound of their rate."""
    if trial.size == 1:
        return {"shifts": 0, "shift_sensitivity": np.nan, "shift_upper": np.nan}
    mine = ((observed.table["trial"] == trial.name) & (observed.table["status"] == "ok")).to_numpy()
    part, codes = observed.table[mine].reset_index(drop=True), {}
    answer = np.array([codes.setdefault(row.tobytes(), len(codes)) for row in observed.words[mine]])
    true = np.array([codes.setdefault(row.tobytes(), len(codes)) for row in reference])
    at, position = part["caption"].to_numpy(), part["position"].to_numpy()
    prompts = []
    for rows in part.groupby(["permutation", "custom_id"], sort=False).indices.values():
        rows = rows[np.argsort(position[rows])]
        prompts.append((answer[rows], true[at[rows]]))
    return count_shifts(prompts, seed)


def _measure_position(trial: Trial, own: Part, base: Base | None, margin: float) -> dict:
    if trial.size == 1 or base is None:
        names = ("first_tenth_error", "last_tenth_error", "decline", "decline_low", "decline_high")
        return dict.fromkeys((*names, "decline_error", "decline_power"), np.nan)
    at = own.table["caption"].to_numpy()
    measured = measure_position(own.table, own.ok, own.right.mean(axis=1), base.right[at].mean(axis=1))
    error = measured["decline_error"]
    return {**measured, "decline_power": get_power(error, MARGINS_OF_DECLINE * margin)}
