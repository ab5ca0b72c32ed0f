"""What the batch-size study measures in its answers: accuracy, structural errors, position, cost, a
row a trial.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from unscene.answers.backends import is_offline
from unscene.answers.prices import bill_answers, estimate_cost, find_price
from unscene.answers.prompts import ANSWER_TOKENS, KEYWORD_TOKENS
from unscene.answers.results import judge_answer, may_try_again
from unscene.batchsize.columns import BY_WORD
from unscene.batchsize.design import REPEAT, Trial
from unscene.batchsize.gold import Gold
from unscene.batchsize.noninferiority import bound_mean, get_mcnemar_p, get_upper_bound
from unscene.words.vocabulary import Vocabulary

DRAWS = 10_000
LEAST_GAIN = 3  # answers that a run of neighbours explains better before it counts as a shift
LOCAL_MARK = "unscene-lexicon"  # system_fingerprint of answers that the local Batch server made


class Observed(NamedTuple):
    """What was answered to each caption in each prompt: `table` (a row an observation) and `words`
    (observations, words) booleans.
    """

    table: pd.DataFrame
    words: np.ndarray


def read_observations(
    design: pd.DataFrame, answers: dict[str, dict], captions: pd.DataFrame, vocabulary: Vocabulary
) -> Observed:
    """Return the design with `caption` (row of the captions), `status` and `listed`, and the answered words.

    status: ok; detected (a structural error of the prompt, which production sees and asks again in
    halves); unserved (no line, expired, server error: says nothing about n). A word that is not
    listed makes its own caption wrong, not the prompt.
    """
    place = {caption_id: row for row, caption_id in enumerate(captions["caption_id"])}
    observed = design.assign(caption=design["caption_id"].map(place).astype(int), status="ok")
    words = np.zeros((len(design), len(vocabulary)), bool)
    listed = np.ones(len(design), bool)
    status = np.full(len(design), "ok", object)
    sizes = design.groupby("custom_id")["size"].first()
    verdicts = {key: judge_answer(answers.get(key), size) for key, size in sizes.items()}
    keys, positions = design["custom_id"].to_numpy(), design["position"].to_numpy()
    for row, (key, position) in enumerate(zip(keys, positions, strict=True)):
        verdict = verdicts[key]
        if verdict.status != "ok":
            answer = answers.get(key)
            status[row] = "unserved" if answer is None or may_try_again(answer) else "detected"
            continue
        found = verdict.items[position + 1].get("w")
        for word in found if isinstance(found, list) else [None]:
            if isinstance(word, str) and word in vocabulary:
                words[row, vocabulary.places[word]] = True
            else:
                listed[row] = False
    return Observed(observed.assign(status=status, listed=listed), words)


def pick_answers(observed: Observed, trial: str, captions: int) -> tuple[np.ndarray, np.ndarray]:
    """Return an unpermuted trial's answers (captions, words), and which captions have one."""
    table, words = observed
    rows = np.flatnonzero(((table["trial"] == trial) & (table["status"] == "ok")).to_numpy())
    at = table["caption"].to_numpy()[rows]
    answers, there = np.zeros((captions, words.shape[1]), bool), np.zeros(captions, bool)
    answers[at], there[at] = words[rows], True
    return answers, there


def find_differing(observed: Observed, reference: np.ndarray) -> np.ndarray:
    """Return (captions,): whether any trial's answer to the caption differs from the one at n = 1."""
    table, words = observed
    differs = np.zeros(len(reference), bool)
    ok = (table["status"] == "ok").to_numpy()
    at = table["caption"].to_numpy()
    unequal = ok & ((words != reference[at]).any(axis=1) | ~table["listed"].to_numpy())
    differs[at[unequal]] = True
    return differs


class _Part(NamedTuple):
    """The observations of one trial: their table and words, and whether each has an answer of right
    form (ok) and a right one.
    """

    table: pd.DataFrame
    words: np.ndarray
    ok: np.ndarray
    right: np.ndarray


def measure_trial(
    trial: Trial, observed: Observed, gold: Gold, reference: np.ndarray, seed: int, draws: int = DRAWS
) -> dict:
    """Return the measures of one trial; NaN where it has no comparison.

    observed: all observations. reference: the answers at n = 1. The comparison is with n = 1, or,
    where n = 1 is itself the reference, with its repeat.
    """
    mine = (observed.table["trial"] == trial.name).to_numpy()
    part, answered = observed.table[mine].reset_index(drop=True), observed.words[mine]
    ok, at = (part["status"] == "ok").to_numpy(), part["caption"].to_numpy()
    right = (answered == gold.words[at]).all(axis=1) & part["listed"].to_numpy()
    own = _Part(part, answered, ok, right)
    prompts = part.groupby("custom_id")["status"].first()
    served = prompts[prompts != "unserved"]
    detected = int((served == "detected").sum())
    measured = {
        "trial": trial.name,
        "captions_per_prompt": trial.size,
        "permutations": trial.permutations,
        "captions": len(set(at)),
        "prompts": len(served),
        "answered": int(ok.sum()),
        **_score(answered[ok], gold.words[at[ok]], right[ok], gold.weight[at[ok]]),
        **_compare(trial, own, observed, gold, seed, draws),
        "detected_errors": detected,
        "detected_rate": detected / len(served) if len(served) else np.nan,
        "unserved": int((prompts == "unserved").sum()),
        **_measure_shifts(trial, own, reference),
        **_measure_position(trial, own),
    }
    by_permutation = pd.Series(right[ok]).groupby(part["permutation"].to_numpy()[ok]).mean()
    measured["permutation_range"] = float(by_permutation.max() - by_permutation.min()) if ok.any() else np.nan
    return measured


def _score(answered: np.ndarray, true: np.ndarray, right: np.ndarray, weight: np.ndarray) -> dict:
    """Return exact match, micro precision, recall and F1, macro F1 over the words that occur, and
    words per caption.
    """
    total = weight.sum()
    if not total:
        return dict.fromkeys(("exact", "precision", "recall", "f1", "f1_macro", "words_per_caption"), np.nan)
    by_word = {
        "hits": weight @ (answered & true),
        "extra": weight @ (answered & ~true),
        "missed": weight @ (~answered & true),
    }
    hits, extra, missed = (by_word[name].sum() for name in ("hits", "extra", "missed"))
    occurs = (by_word["hits"] + by_word["extra"] + by_word["missed"]) > 0
    f1 = 2 * by_word["hits"][occurs] / (2 * by_word["hits"] + by_word["extra"] + by_word["missed"])[occurs]
    return {
        "exact": float(weight @ right / total),
        "precision": float(hits / (hits + extra)) if hits + extra else np.nan,
        "recall": float(hits / (hits + missed)) if hits + missed else np.nan,
        "f1": float(2 * hits / (2 * hits + extra + missed)) if hits + extra + missed else np.nan,
        "f1_macro": float(f1.mean()) if len(f1) else np.nan,
        "words_per_caption": float(weight @ answered.sum(axis=1) / total),
    }


def count_by_word(observed: Observed, gold: Gold, vocabulary: Vocabulary) -> pd.DataFrame:
    """Return a row a trial and word that occurs (columns.BY_WORD).

    Counts are weighted as the gold is; NaN where a denominator is zero.
    """
    rows, words = [], observed.words
    for (size, trial), part in observed.table.groupby(["captions_per_prompt", "trial"]):
        used = part.index[part["status"] == "ok"].to_numpy()
        at = part.loc[used, "caption"].to_numpy()
        found, true, weight = words[used], gold.words[at], gold.weight[at]
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


def _compare(trial: Trial, own: _Part, observed: Observed, gold: Gold, seed: int, draws: int) -> dict:
    """Return the difference to the baseline with its bound, and McNemar's counts over the first
    permutation.
    """
    names = ("difference", "low", "error", "widening", "discordance", "recall_difference", "recall_low")
    nothing = {**dict.fromkeys(names, np.nan), "lost": 0, "won": 0, "mcnemar_p": np.nan}
    baseline = REPEAT if gold.kind == "reference" else "1"
    if trial.name in ("1", baseline):
        return nothing
    base, there = pick_answers(observed, baseline, len(gold.words))
    part, at = own.table, own.table["caption"].to_numpy()
    base_right = (base == gold.words).all(axis=1)
    used = own.ok & there[at]
    if not used.any():
        return nothing
    change = own.right[used].astype(float) - base_right[at[used]]
    caption = pd.factorize(at[used])[0]
    prompt = pd.factorize(part["custom_id"].to_numpy()[used])[0]
    bound = bound_mean(change, caption, prompt, draws, seed)
    true = gold.words[at[used]]
    hits = (own.words[used] & true).sum(axis=1) - (base[at[used]] & true).sum(axis=1)
    recall = bound_mean(hits, caption, prompt, draws, seed, size=true.sum(axis=1))
    first = part["permutation"].to_numpy()[used] == 0
    lost, won = int((change[first] < 0).sum()), int((change[first] > 0).sum())
    return {
        **bound,
        "discordance": float((change != 0).mean()),
        "recall_difference": recall["difference"],
        "recall_low": recall["low"],
        "lost": lost,
        "won": won,
        "mcnemar_p": get_mcnemar_p(lost, won),
    }


def _measure_shifts(trial: Trial, own: _Part, reference: np.ndarray) -> dict:
    """Return how many prompts hold an undetected shift, and the 95 % upper bound of their rate."""
    if trial.size == 1:
        return {"shifts": 0, "shift_upper": np.nan}
    part, ok, codes = own.table, own.ok, {}
    answer_code = np.array([codes.setdefault(row.tobytes(), len(codes)) for row in own.words])
    reference_code = np.array([codes.setdefault(row.tobytes(), len(codes)) for row in reference])
    shifts = checked = 0
    at, position = part["caption"].to_numpy(), part["position"].to_numpy()
    for rows in part.groupby("custom_id", sort=False).indices.values():
        if ok[rows[0]]:
            rows = rows[np.argsort(position[rows])]
            checked += 1
            shifts += is_shifted(answer_code[rows], reference_code[at[rows]])
    return {"shifts": int(shifts), "shift_upper": get_upper_bound(int(shifts), checked)}


def is_shifted(answer: np.ndarray, reference: np.ndarray, least_gain: int = LEAST_GAIN) -> bool:
    """Return whether a run of a prompt's answers fits the captions before, or after, better than their own.

    answer, reference: (size,) codes, equal where the word sets are; reference is the answer at n =
    1. The gain of a run is how many of its answers equal the neighbour's reference minus how many
    equal their own; the best run is Kadane's maximum.
    """
    own = (answer == reference).astype(int)
    after, before = np.zeros_like(own), np.zeros_like(own)
    after[:-1] = answer[:-1] == reference[1:]
    before[1:] = answer[1:] == reference[:-1]
    return any(_get_best_run(other - own) >= least_gain for other in (after, before))


def _get_best_run(gain: np.ndarray) -> int:
    sums = np.concatenate([[0], np.cumsum(gain)])
    return int((sums - np.minimum.accumulate(sums)).max())


def _measure_position(trial: Trial, own: _Part) -> dict:
    """Return the error in the first and last tenth of the prompts, and their difference with a
    one-sided 95 % lower bound.
    """
    names = ("first_tenth_error", "last_tenth_error", "position_difference", "position_low")
    if trial.size == 1:
        return dict.fromkeys(names, np.nan)
    part, ok, wrong = own.table, own.ok, ~own.right
    size, position = part["size"].to_numpy(), part["position"].to_numpy()
    tenth = np.maximum(size / 10, 1)
    first, last = ok & (size > 1) & (position < tenth), ok & (size > 1) & (position >= size - tenth)
    if not (first.any() and last.any()):
        return dict.fromkeys(names, np.nan)
    start, end = wrong[first].mean(), wrong[last].mean()
    prompt = pd.factorize(part["custom_id"])[0]
    influence = np.bincount(prompt, weights=last * (wrong - end)) / last.sum()
    influence -= np.bincount(prompt, weights=first * (wrong - start)) / first.sum()
    error = float(np.sqrt((influence**2).sum()))
    values = (start, end, end - start, end - start - 1.645 * error)
    return dict(zip(names, map(float, values), strict=True))


def fit_position(observed: Observed, gold: Gold, length: np.ndarray) -> dict:
    """Return the coefficients of error ~ log2 n + place + place^2 + length over all sizes above 1,
    or null with a reason.

    Logistic regression with errors clustered by caption: GEE with an independence working
    correlation (Liang & Zeger 1986, Biometrika 73), in place of a mixed model with a caption
    intercept. place = position / size, length in ten characters.
    """
    used = (observed.table["captions_per_prompt"] > 1) & (observed.table["status"] == "ok")
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
    try:
        fit = sm.GLM(wrong.astype(float), table, family=sm.families.Binomial()).fit(
            cov_type="cluster", cov_kwds={"groups": at}
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


def price_trial(
    trial: Trial,
    design: pd.DataFrame,
    requests: dict[str, dict],
    answers: dict[str, dict],
    prices: dict,
    model: str,
    run: int,
) -> dict:
    """Return what the trial's own prompts were billed, and what `run` captions would cost at its n:
    C(n) (1 + f_n).

    Without billed tokens (offline answers) the requests are estimated; `usd_source` says which.
    Dollars are NaN for a model without a price.
    """
    keys = design.loc[design["trial"] == trial.name, "custom_id"].drop_duplicates()
    asked = int((design["trial"] == trial.name).sum())
    billed = bill_answers((answers[key] for key in keys if key in answers), prices)
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
            usd, tokens = estimate["usd"], (estimate["input_tokens"], estimate["output_tokens"])
    each = np.nan if usd is None else usd / max(asked, 1)
    return {
        "input_tokens_per_caption": tokens[0] / max(asked, 1),
        "output_tokens_per_caption": tokens[1] / max(asked, 1),
        "usd_billed": billed["usd"],
        "usd_per_1000": 1000 * each,
        "usd": run * each,
        "usd_source": source,
    }


def describe_answers(answers: Iterable[dict]) -> dict:
    """Return who answered: `models`, the days, and whether any answer is simulated (made offline or
    by the local server).
    """
    models, created, simulated = set(), [], False
    for answer in answers:
        body = (answer.get("response") or {}).get("body") or {}
        if body.get("model"):
            models.add(body["model"])
        if body.get("created"):
            created.append(int(body["created"]))
        simulated |= is_simulated(body)
    days = sorted({pd.Timestamp(second, unit="s").date().isoformat() for second in created})
    return {"models": sorted(models), "days": days, "simulated": simulated}


def is_simulated(body: dict) -> bool:
    """Return whether an answer's body was made from the lexicon: by an offline backend, or by the
    local Batch server.
    """
    return is_offline(body.get("model") or "") or str(body.get("system_fingerprint") or "").startswith(
        LOCAL_MARK
    )
