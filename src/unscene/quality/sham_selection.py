"""Decide which sham edits may be trained on, by the thresholds that judge a fill."""

import logging

import pandas as pd

from unscene.captions.columns import CAPTIONS
from unscene.edits.columns import SHAM_EDITS
from unscene.machine.job import Job
from unscene.quality.columns import PAIR_CAPTIONS, SHAM_PAIRS
from unscene.quality.scores import SHAM_THRESHOLDS, THRESHOLDS
from unscene.run.tables import join_tables
from unscene.samples.columns import SAMPLES


def select_sham_edits(job: Job) -> None:
    """Write the accepted sham edits with the columns of the pairs, the captions being those of `sham_of`.

    The object is still in the picture: of the captions only `caption_original` is true of both photos.
    inputs: samples, sham, captions, scores (by shard); outputs: table.
    """
    made = join_sham(job)
    reasons = decide(made, job.settings["quality"]["thresholds"])
    accepted = made[reasons == ""]
    SHAM_PAIRS.write(accepted[SHAM_PAIRS.names], job.outputs.table)
    logging.getLogger("unscene").info(
        "%d sham edits, %d accepted; others: %s",
        len(made),
        len(accepted),
        reasons[reasons != ""].value_counts().to_dict(),
    )


def join_sham(job: Job) -> pd.DataFrame:
    """Return one row a sham edit with its photo, its captions and its scores."""
    sample = SAMPLES.read(job.inputs.samples, ["image_id", "group", "path", "sha256"])
    sample = sample.rename(columns={"path": "original_path", "sha256": "original_sha256"})
    sham = SHAM_EDITS.read(job.inputs.sham)
    sham = sham.rename(columns={"image_path": "edited_path"})
    caption = CAPTIONS.read(job.inputs.captions, ["edit_id", *PAIR_CAPTIONS, "status"])
    caption = caption.rename(columns={"edit_id": "sham_of", "status": "caption_status"})
    score = join_tables(job.inputs.scores)
    score = score.drop(columns="reason").rename(columns={"status": "score_status"})
    made = sham.merge(sample, on="image_id", how="left", validate="many_to_one")
    made = made.merge(caption, on="sham_of", how="left", validate="one_to_one")
    return made.merge(score, on="edit_id", how="left", validate="one_to_one")


def decide(made: pd.DataFrame, thresholds: dict[str, float | None]) -> pd.Series:
    """Return the first reason against each sham edit, empty for an accepted one. A score that is
    null never rejects.
    """
    reasons = pd.Series("", index=made.index, dtype=object)

    def refuse(rows: pd.Series, reason: str | pd.Series) -> None:
        rows = rows.fillna(True).astype(bool) & (reasons == "")
        reasons[rows] = reason if isinstance(reason, str) else reason[rows]

    refuse(made["status"] != "ok", "edit: " + made["reason"].fillna(made["status"]).astype(str))
    refuse(made["original_path"].isna(), "photo: duplicate")
    refuse(made["caption_status"] != "ok", "caption")
    refuse(made["score_status"] != "ok", "score")
    for key in SHAM_THRESHOLDS:
        limit, value = thresholds.get(key), made[THRESHOLDS[key].score.name]
        if limit is not None:
            refuse(THRESHOLDS[key].fails(value, limit), f"quality: {key}")
    return reasons
