"""Measure the batch-size study: accuracy, form, position and cost of every arm, and the number that they allow."""

import logging

import numpy as np
import pandas as pd

from unscene.answers.batch_lines import index_answers
from unscene.answers.prices import read_prices
from unscene.batchsize.choice import choose, judge_arms, measure_noise
from unscene.batchsize.design import REPEAT, list_arms
from unscene.batchsize.gold import choose_gold, draw_sheet, read_labels
from unscene.batchsize.measures import (
    DRAWS,
    count_by_word,
    describe_answers,
    find_differing,
    fit_position,
    measure_arm,
    pick_answers,
    price_arm,
    read_observations,
)
from unscene.run.tables import read_json, read_table, write_json, write_table, write_text

COLUMNS = ["captions_per_prompt", "exact", "precision", "recall", "f1", "usd"]


def measure_batchsize(paths: dict, settings: dict, path_to_prices, model: str, path_to_labels=None) -> dict:
    """Write a row an arm, the choice with its reasons, and the sheet for people; return the choice.

    paths: inputs `requests design captions facts answers`, outputs `accuracy by_word chosen sheet`. settings: the config block
    `batchsize`. model: whose prices count where answers were not billed. path_to_labels: see study_gold.
    """
    design, captions = read_table(paths["design"]), read_table(paths["captions"])
    facts, answers = read_json(paths["facts"]), index_answers(paths["answers"])
    labels = read_labels(path_to_labels) if path_to_labels else None
    arms, chosen, sheet, by_word = measure_study(
        design, captions, answers, facts, settings, labels, index_answers(paths["requests"]), read_prices(path_to_prices), model
    )  # fmt: skip
    write_table(arms, paths["accuracy"], COLUMNS)
    write_table(by_word, paths["by_word"])
    write_text(sheet.to_csv(index=False), paths["sheet"])
    write_json(chosen, paths["chosen"])
    logging.getLogger("unscene").info(
        "%s captions per prompt%s: %s",
        chosen["captions_per_prompt"],
        " (simulated)" if chosen["simulated"] else "",
        chosen["reason"],
    )
    return chosen


def measure_study(
    design: pd.DataFrame,
    captions: pd.DataFrame,
    answers: dict[str, dict],
    facts: dict,
    settings: dict,
    labels: pd.DataFrame | None,
    requests: dict[str, dict] | None,
    prices: dict | None,
    model: str,
    draws: int = DRAWS,
) -> tuple[pd.DataFrame, dict, pd.DataFrame, pd.DataFrame]:
    """Return the arms' measures, the choice, the labelling sheet and the counts by word. Without prices, dollars are NaN."""
    seed, margin = facts["seed"], settings["margin"]
    observed, words = read_observations(design, answers, captions)
    reference, _ = pick_answers(observed, words, "1", len(captions))
    repeat, repeated = pick_answers(observed, words, REPEAT, len(captions))
    differs = find_differing(observed, words, reference)
    gold = choose_gold(captions, labels, reference, differs)
    rows = []
    for arm in list_arms(settings):
        row = measure_arm(arm, observed, words, gold, reference, margin, seed, draws)
        if prices is None:
            row |= {"usd": np.nan}
        else:
            row |= price_arm(arm, design, requests, answers, prices, model, facts["captions_of_run"])
            row["usd"] *= 1 + (row["detected_rate"] if row["detected_rate"] > 0 else 0)
        rows.append(row)
    arms = pd.DataFrame(rows)
    judged = judge_arms(arms, margin)
    noise = (reference != repeat).any(axis=1)[repeated]
    who = describe_answers(answers.values())
    chosen = {
        **choose(arms, judged, margin),
        "gold": {"kind": gold.kind, **gold.facts},
        "noise": measure_noise(arms, float(noise.mean()) if len(noise) else np.nan, len(noise)),
        "position": fit_position(observed, words, gold, captions["caption"].str.len().to_numpy()),
        "differing_captions": int(differs.sum()),
        "bootstrap": {"draws": draws, "unit": "prompt, widened for captions in several prompts"},
        **who,
        "study": facts,
    }
    verdicts = judged.set_index("captions_per_prompt")[["verdict", "reason"]]
    arms = arms.join(verdicts, on="captions_per_prompt").assign(gold=gold.kind, simulated=who["simulated"])
    return arms, chosen, draw_sheet(captions, differs, seed), count_by_word(observed, words, gold)
