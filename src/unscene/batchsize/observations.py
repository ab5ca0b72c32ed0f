"""What was answered to each caption in each prompt of the batch-size study, and by whom."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from unscene.answers.backends import is_offline
from unscene.answers.envelopes import may_try_again
from unscene.answers.prompts import read_captions
from unscene.answers.verdicts import judge_answer
from unscene.words.vocabulary import Vocabulary

LOCAL_MARK = "unscene-lexicon"  # system_fingerprint of answers that the local Batch server made
_YEAR_2200 = 7_258_118_400  # in seconds since 1970; a later day is none


class Observed(NamedTuple):
    """`table` (a row an observation) and the answered `words` (observations, words), booleans."""

    table: pd.DataFrame
    words: np.ndarray


class Sent(NamedTuple):
    """What was sent and what came back: `answers` by custom_id, and the `followups`, requests for
    parts of prompts whose own answer had a wrong form.
    """

    answers: dict[str, dict]
    followups: list[dict]


def read_observations(
    design: pd.DataFrame, sent: Sent, captions: pd.DataFrame, vocabulary: Vocabulary
) -> Observed:
    """Return the design with `caption` (row of the captions), `status` and `listed`, and the answered words.

    status: ok; again (the prompt had a structural error, which a run sees, and the caption came
    with a smaller prompt); lost (it came with none: a run delivers nothing); unserved (no line,
    expired, server error: says nothing about n). A word that is not listed makes its own caption
    wrong, not the prompt.
    """
    place = {caption_id: row for row, caption_id in enumerate(captions["caption_id"])}
    caption = design["caption_id"].map(place).to_numpy(int)
    texts = captions["caption"].to_numpy(object)
    words = np.zeros((len(design), len(vocabulary)), bool)
    listed = np.ones(len(design), bool)
    status = np.full(len(design), "ok", object)
    smaller = _index_followups(sent.followups)
    position = design["position"].to_numpy()
    # A last prompt of one caption is a prompt of n = 1, too: one request, and a prompt in each trial.
    prompts = design.groupby(["trial", "permutation", "custom_id"], sort=False).indices
    for (_, _, key), rows in prompts.items():
        answer = sent.answers.get(key)
        verdict = judge_answer(answer, len(rows))
        prompt = frozenset(texts[caption[rows]])
        for row in rows:
            if verdict.status == "ok":
                item = verdict.items[position[row] + 1]
            elif answer is None or may_try_again(answer):
                status[row] = "unserved"
                continue
            else:
                item = _find_again(texts[caption[row]], prompt, smaller, sent.answers)
                status[row] = "lost" if item is None else "again"
                if item is None:
                    continue
            found = item.get("w")
            for word in found if isinstance(found, list) else [None]:
                if isinstance(word, str) and word in vocabulary:
                    words[row, vocabulary.places[word]] = True
                else:
                    listed[row] = False
    return Observed(design.assign(caption=caption, status=status, listed=listed), words)


def _index_followups(followups: Iterable[dict]) -> dict[str, list[tuple[list[str], str]]]:
    """Return for each caption text the follow-ups that ask for it, as texts and custom_id, the
    largest first: the order in which a run comes down to them.
    """
    asked: dict[str, list[tuple[list[str], str]]] = {}
    for request in sorted(followups, key=lambda request: -len(read_captions(request))):
        items = read_captions(request)
        for item in items:
            asked.setdefault(item, []).append((items, request["custom_id"]))
    return asked


def _find_again(text: str, prompt: frozenset[str], smaller: dict, answers: dict[str, dict]) -> dict | None:
    """Return the answered item of a caption whose prompt had a wrong form, from the largest part of
    this prompt that came well; None when no part did.
    """
    for items, key in smaller.get(text, ()):
        if prompt.issuperset(items):
            verdict = judge_answer(answers.get(key), len(items))
            if verdict.status == "ok":
                return verdict.items[items.index(text) + 1]
    return None


def list_followups(prompt: Iterable[str], followups: Iterable[dict]) -> list[str]:
    """Return the custom_ids of the follow-ups whose captions all stand in a prompt."""
    texts = set(prompt)
    return [request["custom_id"] for request in followups if texts.issuperset(read_captions(request))]


def pick_answers(observed: Observed, trial: str, captions: int) -> tuple[np.ndarray, np.ndarray]:
    """Return an unpermuted trial's answers (captions, words), and which captions have one."""
    table, words = observed
    delivered = table["status"].isin(("ok", "again"))
    rows = np.flatnonzero(((table["trial"] == trial) & delivered).to_numpy())
    at = table["caption"].to_numpy()[rows]
    answers, there = np.zeros((captions, words.shape[1]), bool), np.zeros(captions, bool)
    answers[at], there[at] = words[rows], True
    return answers, there


def find_differing(observed: Observed, reference: np.ndarray) -> np.ndarray:
    """Return (captions,): whether what any trial delivers for the caption differs from the answer at
    n = 1. Where it delivers nothing, it differs.
    """
    table, words = observed
    differs = np.zeros(len(reference), bool)
    served = (table["status"] != "unserved").to_numpy()
    lost = (table["status"] == "lost").to_numpy()
    at = table["caption"].to_numpy()
    unequal = served & ((words != reference[at]).any(axis=1) | ~table["listed"].to_numpy() | lost)
    differs[at[unequal]] = True
    return differs


def describe_answers(answers: Iterable[dict]) -> dict:
    """Return who answered: `models`, the days, and whether any answer is simulated (made offline or
    by the local server).
    """
    models, created, simulated = set(), [], False
    for answer in answers:
        response = answer.get("response")
        body = response.get("body") if isinstance(response, dict) else None
        if not isinstance(body, dict):
            continue
        if isinstance(body.get("model"), str) and body["model"]:
            models.add(body["model"])
        if type(body.get("created")) is int and 0 < body["created"] < _YEAR_2200:
            created.append(body["created"])
        simulated |= is_simulated(body)
    days = sorted({pd.Timestamp(second, unit="s").date().isoformat() for second in created})
    return {"models": sorted(models), "days": days, "simulated": simulated}


def is_simulated(body: dict) -> bool:
    """Return whether an answer's body was made from the lexicon: by an offline backend, or by the
    local Batch server.
    """
    return is_offline(str(body.get("model") or "")) or str(body.get("system_fingerprint") or "").startswith(
        LOCAL_MARK
    )


def is_asked_model(answered: str, asked: str) -> bool:
    """Return whether an answer's model is the one that was asked, or a dated form of it
    (`gpt-4o-2024-08-06`).
    """
    return answered == asked or answered.startswith(f"{asked}-2")
