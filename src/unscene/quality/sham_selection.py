"""Decide which sham edits may be trained on, by the thresholds that judge a fill."""

import logging
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from unscene.edits.columns import SHAM_EDITS
from unscene.machine.job import Job
from unscene.quality.columns import PAIR_CAPTIONS, SHAM_EDIT_SCORES, SHAM_PAIRS
from unscene.quality.scores import SHAM_THRESHOLDS, THRESHOLDS
from unscene.run.counts import tell_count
from unscene.run.streaming import Lookup, iterate_rows


def select_sham_edits(job: Job) -> None:
    """Write the accepted sham edits with the columns of the pairs, the captions being those of `sham_of`.

    The object is still in the picture: of the captions only `caption_original` is true of both photos.
    inputs: samples, sham, captions, scores (by shard); outputs: table.
    """
    seen, refused = 0, Counter[str]()
    with SHAM_PAIRS.open(job.outputs.table) as pairs:
        for made in iterate_shams(job):
            reasons = decide(made, job.settings["quality"]["thresholds"])
            pairs.write_frame(made.loc[reasons == "", SHAM_PAIRS.names])
            seen += len(made)
            refused.update(reasons[reasons != ""])
    logging.getLogger("unscene").info(
        "%s, %d accepted; others: %s", tell_count(seen, "sham edit"), pairs.rows, dict(refused.most_common())
    )


def iterate_shams(job: Job) -> Iterator[pd.DataFrame]:
    """Yield the sham edits in pieces, each with its photo, its captions and its scores."""
    sample = Lookup([job.inputs.samples], "image_id", ["group", "path", "sha256"])
    caption = Lookup([job.inputs.captions], "edit_id", [*PAIR_CAPTIONS, "status"])
    names = [name for name in SHAM_EDIT_SCORES.names if name not in ("edit_id", "reason")]
    score = Lookup(job.inputs.scores, "edit_id", names)
    for piece in iterate_rows([job.inputs.sham], SHAM_EDITS.names):
        sham = piece.to_pandas()
        photo = sample.find(sham["image_id"])
        parts = [
            sham.rename(columns={"image_path": "edited_path"}),
            photo.rename(columns={"path": "original_path", "sha256": "original_sha256"}),
            caption.find(sham["sham_of"]).rename(columns={"status": "caption_status"}),
            score.find(sham["edit_id"]).rename(columns={"status": "score_status"}),
        ]
        yield pd.concat(parts, axis=1)


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
