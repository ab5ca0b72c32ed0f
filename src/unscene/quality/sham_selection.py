"""Decide which sham edits may be trained on, by the thresholds that judge a fill."""

import logging

import pandas as pd

from unscene.run.tables import join_tables, read_table, write_table

# A good fill of even background changes little and looks like it, and the object stays: only these can judge a sham edit.
USED_THRESHOLDS = ("max_outside_difference", "max_seam", "min_blur_ratio")
CAPTIONS = ["caption_original", "caption_without", "caption_negated", "caption_negated_held_out"]
COLUMNS = [
    "edit_id", "sham_of", "image_id", "category", "group", "original_path", "edited_path", *CAPTIONS,
    "mask_path", "original_sha256", "edited_sha256", "attempt",
]  # fmt: skip


def select_sham_edits(
    path_to_samples: str,
    path_to_sham: str,
    path_to_captions: str,
    paths_to_scores: list[str],
    path_to_table: str,
    thresholds: dict[str, float | None],
) -> None:
    """Write the accepted sham edits with the columns of the pairs, the captions being those of `sham_of`.

    The object is still in the picture: of the captions only `caption_original` is true of both photos.
    """
    sample = read_table(path_to_samples, ["image_id", "group", "path", "sha256"])
    sample = sample[["image_id", "group", "path", "sha256"]].rename(
        columns={"path": "original_path", "sha256": "original_sha256"}
    )
    sham = read_table(path_to_sham, ["edit_id", "sham_of", "image_id", "image_path", "mask_path", "status"])
    sham = sham.rename(columns={"image_path": "edited_path", "sha256": "edited_sha256"})
    caption = read_table(path_to_captions, ["edit_id", *CAPTIONS, "status"])
    caption = caption[["edit_id", *CAPTIONS, "status"]]
    caption = caption.rename(columns={"edit_id": "sham_of", "status": "caption_status"})
    score = join_tables(paths_to_scores).drop(columns="reason").rename(columns={"status": "score_status"})
    made = sham.merge(sample, on="image_id", how="left", validate="many_to_one")
    made = made.merge(caption, on="sham_of", how="left", validate="one_to_one")
    made = made.merge(score, on="edit_id", how="left", validate="one_to_one")
    reasons = decide(made, thresholds)
    accepted = made[reasons == ""]
    scores = [name for name in score.columns if name not in ("edit_id", "score_status")]
    write_table(accepted[[*COLUMNS, *scores]], path_to_table, COLUMNS)
    logging.getLogger("unscene").info(
        "%d sham edits, %d accepted; others: %s",
        len(made),
        len(accepted),
        reasons[reasons != ""].value_counts().to_dict(),
    )


def decide(made: pd.DataFrame, thresholds: dict[str, float | None]) -> pd.Series:
    """Return the first reason against each sham edit, empty for an accepted one. A score that is null never rejects."""
    reasons = pd.Series("", index=made.index, dtype=object)

    def refuse(rows: pd.Series, reason: str | pd.Series) -> None:
        rows = rows.fillna(True).astype(bool) & (reasons == "")
        reasons[rows] = reason if isinstance(reason, str) else reason[rows]

    refuse(made["status"] != "ok", "edit: " + made["reason"].fillna(made["status"]).astype(str))
    refuse(made["original_path"].isna(), "photo: duplicate")
    refuse(made["caption_status"] != "ok", "caption")
    refuse(made["score_status"] != "ok", "score")
    for key in USED_THRESHOLDS:
        limit, value = thresholds[key], made[key.partition("_")[2]]
        if limit is not None:
            refuse(value < limit if key.startswith("min_") else value > limit, f"quality: {key}")
    return reasons
