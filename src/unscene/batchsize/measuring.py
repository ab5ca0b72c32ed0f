"""Measure the batch-size study: accuracy, form, position and cost of every size, and the number
that they allow.
"""

import logging
from typing import NamedTuple

import numpy as np
import pandas as pd

from unscene.answers.batch_lines import index_answers
from unscene.answers.prices import read_prices
from unscene.batchsize.choice import choose, judge_sizes, measure_noise
from unscene.batchsize.columns import ACCURACY, BY_WORD, CAPTIONS, DESIGN
from unscene.batchsize.design import REPEAT, list_trials
from unscene.batchsize.gold import choose_gold, draw_sheet, read_labels
from unscene.batchsize.measures import (
    DRAWS,
    count_by_word,
    describe_answers,
    find_differing,
    fit_position,
    measure_trial,
    pick_answers,
    price_trial,
    read_observations,
)
from unscene.machine.job import Job
from unscene.run.tables import read_json, write_json, write_text
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary


class Answered(NamedTuple):
    """What was asked and what came back. requests, answers: by custom_id. facts: study.json."""

    design: pd.DataFrame
    captions: pd.DataFrame
    requests: dict[str, dict]
    answers: dict[str, dict]
    facts: dict


class Measured(NamedTuple):
    """What the study came to: the trials' measures, the choice, the sheet for people, and the
    counts by word.
    """

    accuracy: pd.DataFrame
    chosen: dict
    sheet: pd.DataFrame
    by_word: pd.DataFrame


def measure_batchsize(job: Job) -> None:
    """Write a row a trial, the choice with its reasons, and the sheet for people.

    inputs: requests, design, captions, facts, answers; outputs: accuracy, by_word, chosen, sheet.
    """
    answered = Answered(
        DESIGN.read(job.inputs.design),
        CAPTIONS.read(job.inputs.captions),
        index_answers(job.inputs.requests),
        index_answers(job.inputs.answers),
        read_json(job.inputs.facts),
    )
    vocabulary = find_vocabulary(job.settings)
    path_to_labels = job.find("batchsize.labels")
    measured = measure_study(
        answered,
        job.settings["batchsize"],
        labels=read_labels(path_to_labels, vocabulary) if path_to_labels else None,
        prices=read_prices(job.find("plan.prices")),
        model=job.settings["api"]["model"],
        vocabulary=vocabulary,
    )
    ACCURACY.write(measured.accuracy, job.outputs.accuracy)
    BY_WORD.write(measured.by_word, job.outputs.by_word)
    write_text(measured.sheet.to_csv(index=False), job.outputs.sheet)
    write_json(measured.chosen, job.outputs.chosen)
    logging.getLogger("unscene").info(
        "%s captions per prompt%s: %s",
        measured.chosen["captions_per_prompt"],
        " (simulated)" if measured.chosen["simulated"] else "",
        measured.chosen["reason"],
    )


def measure_study(
    answered: Answered,
    settings: dict,
    labels: pd.DataFrame | None,
    prices: dict | None,
    model: str,
    vocabulary: Vocabulary,
    draws: int = DRAWS,
) -> Measured:
    """Return the measures and the choice. settings: the config block `batchsize`. labels: those of
    people, if there are any.

    model: whose prices count where answers were not billed. Without prices, dollars are NaN.
    """
    design, captions, requests, answers, facts = answered
    seed, margin = facts["seed"], settings["margin"]
    observed = read_observations(design, answers, captions, vocabulary)
    reference, _ = pick_answers(observed, "1", len(captions))
    repeat, repeated = pick_answers(observed, REPEAT, len(captions))
    differs = find_differing(observed, reference)
    gold = choose_gold(captions, labels, reference, differs, vocabulary)
    rows = []
    for trial in list_trials(settings):
        row = measure_trial(trial, observed, gold, reference, seed, draws)
        if prices is None:
            row |= {"usd": np.nan}
        else:
            row |= price_trial(trial, design, requests, answers, prices, model, facts["captions_of_run"])
            row["usd"] *= 1 + (row["detected_rate"] if row["detected_rate"] > 0 else 0)
        rows.append(row)
    trials = pd.DataFrame(rows)
    judged = judge_sizes(trials, margin)
    noise = (reference != repeat).any(axis=1)[repeated]
    who = describe_answers(answers.values())
    chosen = {
        **choose(trials, judged, margin),
        "gold": {"kind": gold.kind, **gold.facts},
        "noise": measure_noise(trials, float(noise.mean()) if len(noise) else np.nan, len(noise)),
        "position": fit_position(observed, gold, captions["caption"].str.len().to_numpy()),
        "differing_captions": int(differs.sum()),
        "bootstrap": {"draws": draws, "unit": "prompt, widened for captions in several prompts"},
        **who,
        "study": facts,
    }
    verdicts = judged.set_index("captions_per_prompt")[["verdict", "reason"]]
    trials = trials.join(verdicts, on="captions_per_prompt")
    trials = trials.assign(gold=gold.kind, simulated=who["simulated"])
    by_word = count_by_word(observed, gold, vocabulary)
    return Measured(trials, chosen, draw_sheet(captions, differs, seed), by_word)
