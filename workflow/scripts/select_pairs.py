"""Decide which edits become pairs, and say for every other wanted edit why not."""

import logging

import pandas as pd

from unscene.tables import read_table, write_table

PAIR_COLUMNS = [
    "edit_id", "image_id", "category", "group", "original_path", "edited_path",
    "caption_original", "caption_without", "caption_negated", "caption_negated_held_out",
]  # fmt: skip
PAIR_EXTRAS = ["mask_path", "original_sha256", "edited_sha256", "area_fraction", "attempt"]
REJECTED_COLUMNS = [
    "edit_id", "image_id", "category", "reason", "all_reasons", "detail", "original_path", "edited_path", "mask_path",
]  # fmt: skip
NOT_SCORES = {"edit_id", "status", "reason"}


def select_pairs(
    path_to_samples: str,
    path_to_masks: str,
    path_to_edits: str,
    path_to_captions: str,
    path_to_scores: str,
    path_to_pairs: str,
    path_to_rejected: str,
    thresholds: dict[str, float | None],
) -> None:
    """Write the accepted pairs and the refused edits; together they hold every wanted edit exactly once.

    thresholds: `min_{score}` and `max_{score}`, null is off. A score that is null never rejects; how often
    that happens is logged.
    """
    wanted = join_wanted(path_to_samples, path_to_masks, path_to_edits, path_to_captions, path_to_scores)
    score_names = [
        name
        for name in wanted.columns
        if name.startswith("score:") and pd.api.types.is_float_dtype(wanted[name])
    ]
    reasons, details = decide(wanted, thresholds)
    accepted = reasons.str.len() == 0
    pair = wanted[accepted].rename(columns={name: name.removeprefix("score:") for name in score_names})
    pair = pair[[*PAIR_COLUMNS, *PAIR_EXTRAS, *(name.removeprefix("score:") for name in score_names)]]
    rejected = wanted[~accepted].assign(
        reason=reasons[~accepted].str[0], all_reasons=reasons[~accepted], detail=details[~accepted]
    )[REJECTED_COLUMNS]
    check_nothing_lost(wanted["edit_id"], pair["edit_id"], rejected["edit_id"])
    log_counts(wanted, pair, rejected, thresholds)
    write_table(pair, path_to_pairs, PAIR_COLUMNS)
    write_table(rejected, path_to_rejected, REJECTED_COLUMNS)


def join_wanted(
    path_to_samples, path_to_masks, path_to_edits, path_to_captions, path_to_scores
) -> pd.DataFrame:
    """Return one row a wanted edit (the rows of the masks table) with all that later stages say about it.

    Status and reason of a stage become `{stage}:status` and `{stage}:reason`, a score `score:{name}`.
    """
    mask = read_unique(
        path_to_masks, ["edit_id", "image_id", "category", "area_fraction", "status", "reason"]
    )
    mask = mask[["edit_id", "image_id", "category", "area_fraction", "status", "reason"]]
    mask = mask.rename(columns={"status": "mask:status", "reason": "mask:reason"})
    sample = read_table(path_to_samples, ["image_id", "path", "group", "sha256"])
    sample = sample[["image_id", "path", "group", "sha256"]]
    sample = sample.rename(columns={"path": "original_path", "sha256": "original_sha256"})
    edit = read_unique(
        path_to_edits, ["edit_id", "image_path", "mask_path", "attempt", "sha256", "status", "reason"]
    )
    edit = edit.rename(columns={"image_path": "edited_path", "sha256": "edited_sha256"})
    edit = edit.rename(columns={"status": "edit:status", "reason": "edit:reason"})
    edit = edit[
        ["edit_id", "edited_path", "mask_path", "edited_sha256", "attempt", "edit:status", "edit:reason"]
    ]
    caption = read_unique(path_to_captions, ["edit_id", *PAIR_COLUMNS[6:], "status"])
    caption["caption:reason"] = caption.get("reason")
    caption = caption.rename(columns={"status": "caption:status"})
    caption = caption[["edit_id", *PAIR_COLUMNS[6:], "caption:status", "caption:reason"]]
    score = read_unique(path_to_scores, ["edit_id", "status", "reason"])
    score = score.rename(columns={name: f"score:{name}" for name in score.columns if name != "edit_id"})
    wanted = mask.merge(sample, on="image_id", how="left", validate="many_to_one")
    for frame in (edit, caption, score):
        wanted = wanted.merge(frame, on="edit_id", how="left", validate="one_to_one")
    return wanted


def read_unique(path: str, columns: list[str]) -> pd.DataFrame:
    """Read a table with one row an edit; ValueError names the file and the edit that stands in it twice."""
    frame = read_table(path, columns)
    twice = frame.loc[frame["edit_id"].duplicated(), "edit_id"]
    if len(twice):
        raise ValueError(
            f"{path}: {len(twice)} edits stand in it twice, {twice.iloc[0]!r} for one; two sources share ids"
        )
    return frame


def decide(wanted: pd.DataFrame, thresholds: dict[str, float | None]) -> tuple[pd.Series, pd.Series]:
    """Return for each wanted edit the list of reasons against it, first one first, and the first one's full text.

    A stage that could not work because an earlier one had skipped the edit adds no reason of its own; the thresholds
    are applied to edits that were made.
    """
    reasons = pd.Series([[] for _ in range(len(wanted))], index=wanted.index, dtype=object)
    details = pd.Series([None] * len(wanted), index=wanted.index, dtype=object)

    def refuse(rows: pd.Series, texts: pd.Series) -> None:
        for index, text in texts[rows].items():
            if not reasons[index]:
                details[index] = text
            reasons[index].append(shorten_reason(text))

    no_mask = ~is_ok(wanted["mask:status"])
    no_photo = wanted["original_path"].isna()
    no_edit = ~is_ok(wanted["edit:status"])
    refuse(no_mask, explain("mask", wanted))
    refuse(no_photo, pd.Series("photo: duplicate", index=wanted.index))
    refuse(no_edit & ~no_mask, explain("edit", wanted))
    refuse(~is_ok(wanted["caption:status"]) & ~no_mask, explain("caption", wanted))
    refuse(~is_ok(wanted["score:status"]) & ~no_edit, explain("score", wanted))
    insane = wanted["score:sane"] == 0
    refuse(insane & ~no_edit, "quality: broken file: " + wanted["score:sane_reason"].fillna("").astype(str))
    for key, column in list_checks(thresholds, wanted.columns):
        limit, value = thresholds[key], wanted[column]
        fails = value < limit if key.startswith("min_") else value > limit
        refuse(
            fails & ~no_edit,
            f"quality: {key}: " + value.map("{:.4g}".format).astype(object) + f", limit {limit:g}",
        )
    return reasons, details


def list_checks(thresholds: dict[str, float | None], columns) -> list[tuple[str, str]]:
    """Return (threshold's key, score's column) of the thresholds that are on, in the order of the scores' columns."""
    at = {name: position for position, name in enumerate(columns)}
    checks = [(key, get_score_column(key, columns)) for key, limit in thresholds.items() if limit is not None]
    return sorted(checks, key=lambda check: (at[check[1]], check[0]))


def get_score_column(key: str, columns) -> str:
    """Return the column that a threshold is about; ValueError names the key when there is no such score."""
    side, _, name = key.partition("_")
    column = f"score:{name}"
    if side not in ("min", "max") or column not in columns or name in NOT_SCORES:
        raise ValueError(
            f"quality.thresholds.{key}: there is no score {name!r}; the columns of scores.parquet are scores"
        )
    return column


def is_ok(status: pd.Series) -> pd.Series:
    """True where a stage's status is ok; a missing row is not."""
    return (status == "ok").fillna(False).astype(bool)


def explain(stage: str, wanted: pd.DataFrame) -> pd.Series:
    """Return "{stage}: {reason}" for each row; the status where no reason was given, `missing` where there is no row."""
    status = wanted[f"{stage}:status"].astype(object)
    told = wanted[f"{stage}:reason"].astype(object)
    told = told.where(told.notna() & (told != ""), status)
    return f"{stage}: " + told.where(told.notna(), "missing").astype(str)


def shorten_reason(text: str) -> str:
    """Return the countable head of a reason: "mask: too_small: .3 %" becomes "mask: too_small"."""
    return ": ".join(part.strip() for part in text.split(": ")[:2])


def check_nothing_lost(wanted: pd.Series, accepted: pd.Series, rejected: pd.Series) -> None:
    """Raise RuntimeError unless every wanted edit is in exactly one of the two tables."""
    decided = [*accepted, *rejected]
    if len(decided) != len(set(decided)) or set(decided) != set(wanted):
        raise RuntimeError(
            f"selection lost count: {len(wanted)} edits wanted, {len(accepted)} accepted, {len(rejected)} rejected, "
            f"{len(set(decided))} different ones"
        )


def log_counts(wanted: pd.DataFrame, pair: pd.DataFrame, rejected: pd.DataFrame, thresholds: dict) -> None:
    """Log how many edits were accepted, why the others were not, and which thresholds could not judge."""
    logger = logging.getLogger("unscene")
    share = len(pair) / max(len(wanted), 1)
    logger.info(
        "%d wanted edits: %d accepted (%.1f %%), %d rejected",
        len(wanted),
        len(pair),
        100 * share,
        len(rejected),
    )
    for reason, count in rejected["reason"].value_counts().items():
        logger.info("rejected %5d  %s", count, reason)
    failing = rejected["all_reasons"].explode().value_counts()
    logger.info("with all reasons counted, not only the first: %s", failing.to_dict())
    made = wanted[is_ok(wanted["score:status"])]
    for key, limit in thresholds.items():
        if limit is None:
            logger.info("quality.thresholds.%s is off", key)
            continue
        unknown = int(made[get_score_column(key, wanted.columns)].isna().sum())
        if unknown:
            logger.info(
                "quality.thresholds.%s could not judge %d of %d scored edits (null)", key, unknown, len(made)
            )
    if not len(pair):
        logger.warning("no edit was accepted: look at the reasons above and at quality.thresholds")


if __name__ == "__main__":
    from unscene.logs import log_job

    with log_job(snakemake):
        select_pairs(
            path_to_samples=snakemake.input.samples,
            path_to_masks=snakemake.input.masks,
            path_to_edits=snakemake.input.edits,
            path_to_captions=snakemake.input.captions,
            path_to_scores=snakemake.input.scores,
            path_to_pairs=snakemake.output.pairs,
            path_to_rejected=snakemake.output.rejected,
            thresholds=snakemake.params.lineage["settings"]["quality"]["thresholds"],
        )
