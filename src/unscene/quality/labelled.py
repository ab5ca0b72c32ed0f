"""Calibrate acceptance on people's labels: agreement, the learned head, and the operating point
that a defect rate allows.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.edits.columns import EDITS
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.quality.accept_head import apply_numbers, cross_fit, describe_head, get_features, train_head
from unscene.quality.certification import certify, count_needed, list_thresholds
from unscene.quality.columns import DISAGREEMENTS, EDIT_SCORES, HEAD_SCORES
from unscene.quality.labels import QUESTIONS, list_disagreements, measure_agreement, read_labels, settle
from unscene.run.agreement import count_share, get_auc
from unscene.run.counts import tell_count
from unscene.run.seeds import derive_seed
from unscene.run.tables import write_json
from unscene.samples.columns import SAMPLES


def calibrate_thresholds(job: Job) -> None:
    """Write the certificate (JSON), the head's probability of every edit, and the edits that raters
    disagree on.

    Labels hold for the very file that was looked at: those of an edit that was made anew since are
    left out. Photo groups are split into halves by their hash: one trains the head and sets the
    grid, the other one certifies. inputs: labels, scores, masks, edits, samples; outputs:
    certificate, head_scores, disagreements.
    """
    max_defect_rate = job.settings["quality"]["max_defect_rate"]
    label = read_labels([path for path in job.inputs.labels if Path(path).suffix == ".jsonl"])
    edit = join_edits(job)
    verdict = settle(label).merge(edit, on=["edit_id", "edited_sha256"], how="inner", validate="one_to_one")
    stale = label["edit_id"].nunique() - len(verdict)
    half = verdict["group"].map(lambda group: derive_seed("certify", group) % 2)
    train, held_out = verdict[half == 0], verdict[half == 1]
    certificate = {
        "labels": len(label),
        "raters": sorted(set(label["rater"])),
        "labelled_edits": len(verdict),
        "labels_of_other_files": int(stale),
        "by_two_or_more": int((verdict["raters"] >= 2).sum()),
        "disagreements": int((~verdict["agreed"]).sum()),
        "yes": {name: count_share(int(label[name].sum()), len(label)) for name in (*QUESTIONS, "accept")},
        "agreement": measure_agreement(label),
        "needed": {f"{bad} bad": count_needed(max_defect_rate, bad) for bad in (0, 3, 10)},
        "head_scores": str(job.outputs.head_scores),
        **certify_head(train, held_out, max_defect_rate),
    }
    numbers = certificate["head"]["numbers"]
    probability = np.full(len(edit), np.nan) if numbers is None else apply_numbers(numbers, edit)
    head_scores = edit[["edit_id"]].assign(accept_probability=probability)
    HEAD_SCORES.write(head_scores, job.outputs.head_scores)
    DISAGREEMENTS.write(list_disagreements(label), job.outputs.disagreements)
    write_json(certificate, job.outputs.certificate)
    log_certificate(certificate)


def join_edits(job: Job) -> pd.DataFrame:
    """Return the edits that were scored, with scores, `area_fraction`, `edited_sha256` and `group`."""
    score = EDIT_SCORES.read(job.inputs.scores)
    score = score[score["status"] == "ok"]
    mask = MASKS.read(job.inputs.masks, ["edit_id", "area_fraction"])
    edit = EDITS.read(job.inputs.edits, ["edit_id", "image_id", "edited_sha256"])
    group = SAMPLES.read(job.inputs.samples, ["image_id", "group"])
    edit = edit.merge(group, on="image_id", validate="many_to_one")
    return score.merge(mask, on="edit_id", validate="one_to_one").merge(
        edit, on="edit_id", validate="one_to_one"
    )


def certify_head(train: pd.DataFrame, held_out: pd.DataFrame, max_defect_rate: float) -> dict:
    """Return `head` and `operating_point`: the head is trained on one half of the labels and
    certified on the other.
    """
    accept = train["accept"].to_numpy(bool)
    try:
        head = train_head(train, accept)
    except ValueError as error:
        point: dict = {
            "threshold": None,
            "reason": str(error),
            "max_defect_rate": max_defect_rate,
            "tests": [],
        }
        return {"head": {"numbers": None, "reason": str(error)}, "operating_point": point}
    reference = head.predict_proba(get_features(train))[:, 1]
    probability = head.predict_proba(get_features(held_out))[:, 1] if len(held_out) else np.zeros(0)
    crossed = cross_fit(train, accept, train["group"].to_numpy())
    is_bad = ~held_out["accept"].to_numpy(bool)
    thresholds = list_thresholds(reference, len(held_out), max_defect_rate)
    return {
        "head": {
            "numbers": describe_head(head),
            "reason": None,
            "trained_on": len(train),
            "auc_cross_fitted": get_auc(crossed[accept], crossed[~accept]),
            "auc_held_out": get_auc(probability[~is_bad], probability[is_bad]),
        },
        "operating_point": certify(probability, is_bad, thresholds, max_defect_rate),
    }


def log_certificate(certificate: dict) -> None:
    """Log what a person wants to know first."""
    logger = logging.getLogger("unscene")
    logger.info("%s by %s", tell_count(certificate["labels"], "label"), ", ".join(certificate["raters"]))
    for row in certificate["agreement"]:
        logger.info(
            "%s, %s: %s equal, kappa %s", row["raters"], row["question"], row["equal"]["share"], row["kappa"]
        )
    point = certificate["operating_point"]
    if point["threshold"] is None:
        logger.warning(
            "no operating point is certified for %g: %s", point["max_defect_rate"], point["reason"]
        )
    else:
        values = point["threshold"], point["bad"], point["accepted"], point["upper_limit"]
        logger.info("accept at %.4g: %d bad of %d, at most %.3g with 95 %%", *values)
