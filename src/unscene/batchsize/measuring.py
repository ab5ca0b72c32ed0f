"""Measure the batch-size study: accuracy, form, position and cost of every size, and the number
that they allow.
"""

import logging
from typing import NamedTuple

import numpy as np
import pandas as pd

from unscene.answers.backends import find_backend
from unscene.answers.batch_lines import index_answers, read_lines
from unscene.answers.prices import find_price, read_prices
from unscene.batchsize.choice import choose, judge_sizes, measure_noise
from unscene.batchsize.columns import ACCURACY, BY_WORD, CAPTIONS, DESIGN
from unscene.batchsize.costs import price_trial
from unscene.batchsize.design import ONE, REPEAT, list_trials
from unscene.batchsize.gold import Reference, choose_gold, draw_sheet, read_labels
from unscene.batchsize.measures import DRAWS, count_by_word, measure_trial
from unscene.batchsize.observations import (
    Sent,
    describe_answers,
    find_differing,
    is_asked_model,
    pick_answers,
    read_observations,
)
from unscene.batchsize.position import fit_position
from unscene.machine.job import Job
from unscene.run.configuration import ConfigError
from unscene.run.tables import read_json, write_json, write_text
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary


class Answered(NamedTuple):
    """What was asked and what came back. requests: by custom_id. facts: study.json."""

    design: pd.DataFrame
    captions: pd.DataFrame
    requests: dict[str, dict]
    sent: Sent
    facts: dict


class Measured(NamedTuple):
    """What the study came to: the trials' measures, the choice, the sheet for raters, and the
    counts by word.
    """

    accuracy: pd.DataFrame
    chosen: dict
    sheet: pd.DataFrame
    by_word: pd.DataFrame


def measure_batchsize(job: Job) -> None:
    """Write a row a trial, the choice with its reasons, and the sheet for raters.

    inputs: requests, design, captions, facts, answers, followups (the parts of prompts that had to
    be split); outputs: accuracy, by_word, chosen, sheet. ConfigError when the study asked another
    model than the run.
    """
    answered = Answered(
        DESIGN.read(job.inputs.design),
        CAPTIONS.read(job.inputs.captions),
        index_answers(job.inputs.requests),
        Sent(index_answers(job.inputs.answers), list(read_lines(job.inputs.followups))),
        read_json(job.inputs.facts),
    )
    asked, model = answered.facts["model"], find_backend(job.settings).name_model(job.settings)
    if asked != model:
        raise ConfigError(
            f"api.model: the run asks {model}, but the batch-size study in {job.inputs.facts} asked {asked};"
            " delete that file and run again"
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
    raters, if there are any.

    model: whose prices count where answers were not billed. Without prices, dollars are NaN.
    """
    design, captions, requests, sent, facts = answered
    seed, margin = facts["seed"], settings["margin"]
    observed = read_observations(design, sent, captions, vocabulary)
    words, there = pick_answers(observed, ONE, len(captions))
    again, there_again = pick_answers(observed, REPEAT, len(captions))
    twice = there & there_again
    differs = find_differing(observed, words)
    gold = choose_gold(captions, labels, Reference(words, again, twice, differs), vocabulary)
    texts = captions["caption"].to_numpy(object)
    rows = []
    for trial in list_trials(settings):
        row = measure_trial(trial, observed, gold, words, margin, seed, draws)
        part = observed.table[observed.table["trial"] == trial.name]
        mine = (sent.answers[key] for key in part["custom_id"].unique() if key in sent.answers)
        row["models"] = ", ".join(describe_answers(mine)["models"])
        if prices is None:
            row |= {"usd": np.nan}
        else:
            part = part.assign(text=texts[part["caption"]])
            row |= price_trial(part, requests, sent, prices, model, facts["captions_of_run"])
        rows.append(row)
    trials = pd.DataFrame(rows)
    judged = judge_sizes(trials, margin, gold.measure)
    noise = (words != again).any(axis=1)[twice]
    who = describe_answers(sent.answers.values())
    chosen = {
        **choose(trials, judged, margin),
        "measure": gold.measure,
        "gold": {"kind": gold.kind, **gold.facts},
        "noise": measure_noise(trials, float(noise.mean()) if len(noise) else np.nan, len(noise)),
        "position": fit_position(observed, gold, captions["caption"].str.len().to_numpy()),
        "differing_captions": int(differs.sum()),
        "bootstrap": {"draws": draws, "unit": "prompt, widened for captions in several prompts"},
        "prices": _name_price(prices, model),
        "other_models": [name for name in who["models"] if not is_asked_model(name, facts["model"])],
        **who,
        "study": facts,
    }
    verdicts = judged.set_index("captions_per_prompt")[["verdict", "reason"]]
    trials = trials.join(verdicts, on="captions_per_prompt")
    trials = trials.assign(gold=gold.kind, measure=gold.measure, simulated=who["simulated"])
    by_word = count_by_word(observed, gold, vocabulary)
    return Measured(trials, chosen, draw_sheet(captions, differs, seed), by_word)


def _name_price(prices: dict | None, model: str) -> dict | None:
    """Return the model whose price counts, its dollars a million tokens, and the table's date."""
    price = find_price(prices, model) if prices else None
    if prices is None or price is None:
        return None
    return {"model": model, "input": price["input"], "output": price["output"], "date": prices["date"]}
