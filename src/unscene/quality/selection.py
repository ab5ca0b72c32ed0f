"""Decide which edits become pairs, and say for every other wanted edit why not."""

import logging

import pandas as pd

from unscene.quality.calibration import get_limits
from unscene.run.tables import read_json, read_table, write_table

PAIR_COLUMNS = [
    "edit_id", "image_id", "category", "group", "original_path", "edited_path",
    "caption_original", "caption_without", "caption_negated", "caption_negated_held_out",
]  # fmt: skip
PAIR_EXTRAS = ["mask_path", "original_sha256", "edited_sha256", "area_fraction", "attempt"]
REJECTED_COLUMNS = [
    "edit_id", "image_id", "category", "reason", "all_reasons", "detail", "original_path", "edited_path", "mask_path",
]  # fmt: skip
NOT_SCORES = {"edit_id", "status", "reason"}
# Not a matter of taste: a pixel that changed outside the mask is an error of the paste-back.
INVARIANTS = ("max_outside_difference",)


def select_pairs(
    path_to_samples: str,
    path_to_masks: str,
    path_to_edits: str,
    path_to_captions: str,
    path_to_scores: str,
    path_to_pairs: str,
    path_to_rejected: str,
    path_to_unfiltered: str,
    thresholds: dict[str, float | None],
    policy: str = "fixed",
    size_bins: list[float] | None = None,
    path_to_calibration: str | None = None,
    path_to_certificate: str | None = None,
) -> None:
    """Write the accepted pairs, the refused edits and the unfiltered pairs.

    The first two hold every wanted edit exactly once; unfiltered is every edit that has all a pair needs, whatever its scores.

    thresholds: `min_{score}` and `max_{score}`, null is off. A score that is null never rejects; how often
    that happens is logged. policy: `fixed` applies the thresholds as they are; `calibrated` takes their limits from the
    calibration's cuts, by bin of mask size, and leaves out the ones whose score does not separate; `certified` accepts by the
    learned head at the certified operating point, after the invariant. Raises ValueError when nothing was certified.
    """
    wanted = join_wanted(path_to_samples, path_to_masks, path_to_edits, path_to_captions, path_to_scores)
    score_names = [
        name
        for name in wanted.columns
        if name.startswith("score:") and pd.api.types.is_float_dtype(wanted[name])
    ]
    for key, limit in thresholds.items():
        if limit is not None:
            get_score_column(key, wanted.columns)
    limits = choose_limits(wanted, thresholds, policy, size_bins or [], path_to_calibration)
    head = read_head(wanted, path_to_certificate) if policy == "certified" else None
    reasons, details = decide(wanted, limits, head)
    accepted = reasons.str.len() == 0
    complete = decide(wanted, {})[0].str.len() == 0
    named = wanted.rename(columns={name: name.removeprefix("score:") for name in score_names})
    named = named[[*PAIR_COLUMNS, *PAIR_EXTRAS, *(name.removeprefix("score:") for name in score_names)]]
    pair = named[accepted]
    rejected = wanted[~accepted].assign(
        reason=reasons[~accepted].str[0], all_reasons=reasons[~accepted], detail=details[~accepted]
    )[REJECTED_COLUMNS]
    check_nothing_lost(wanted["edit_id"], pair["edit_id"], rejected["edit_id"])
    log_counts(wanted, pair, rejected, thresholds, limits)
    write_table(pair, path_to_pairs, PAIR_COLUMNS)
    write_table(rejected, path_to_rejected, REJECTED_COLUMNS)
    write_table(named[complete], path_to_unfiltered, PAIR_COLUMNS)


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


def choose_limits(
    wanted: pd.DataFrame,
    thresholds: dict,
    policy: str,
    size_bins: list[float],
    path_to_calibration: str | None,
) -> dict[str, pd.Series]:
    """Return {threshold's key: limit of each wanted edit} of the thresholds that decide under the policy."""
    if policy == "calibrated":
        calibration = read_json(path_to_calibration)
        return get_limits(calibration, thresholds, wanted["area_fraction"].fillna(0.0), size_bins)
    used = INVARIANTS if policy == "certified" else thresholds
    return {
        key: pd.Series(float(thresholds[key]), index=wanted.index)
        for key in used
        if thresholds.get(key) is not None
    }


def read_head(wanted: pd.DataFrame, path_to_certificate: str) -> tuple[pd.Series, float]:
    """Return the head's probability of each wanted edit and the certified operating point."""
    certificate = read_json(path_to_certificate)
    point = certificate["operating_point"]["threshold"]
    if point is None:
        raise ValueError(
            f"quality.policy is certified, but {path_to_certificate} certifies no operating point: "
            f"{certificate['operating_point']['reason']}; label more edits, raise quality.max_defect_rate, or choose another policy"
        )
    head = read_table(certificate["head_scores"], ["edit_id", "accept_probability"])
    return wanted["edit_id"].map(head.set_index("edit_id")["accept_probability"]).astype(float), float(point)


def decide(
    wanted: pd.DataFrame, limits: dict[str, pd.Series], head: tuple[pd.Series, float] | None = None
) -> tuple[pd.Series, pd.Series]:
    """Return for each wanted edit the list of reasons against it, first one first, and the first one's full text.

    A stage that could not work because an earlier one had skipped the edit adds no reason of its own; the thresholds
    are applied to edits that were made. head: (probability of each edit, least one that is accepted); without one an
    edit is refused, since the certificate speaks of edits that have it.
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
    for key, column in list_checks(limits, wanted.columns):
        limit, value = limits[key], wanted[column]
        fails = value < limit if key.startswith("min_") else value > limit
        shown = (
            value.map("{:.4g}".format).astype(object) + ", limit " + limit.map("{:g}".format).astype(object)
        )
        refuse(fails & ~no_edit, f"quality: {key}: " + shown)
    if head is not None:
        probability, least = head
        shown = probability.map("{:.4g}".format).astype(object) + f", least {least:.4g}"
        refuse(~(probability >= least) & ~no_edit & ~insane, "quality: head: " + shown)
    return reasons, details


def list_checks(limits: dict[str, pd.Series], columns) -> list[tuple[str, str]]:
    """Return (threshold's key, score's column) of the limits, in the order of the scores' columns."""
    at = {name: position for position, name in enumerate(columns)}
    checks = [(key, get_score_column(key, columns)) for key in limits]
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


def log_counts(
    wanted: pd.DataFrame, pair: pd.DataFrame, rejected: pd.DataFrame, thresholds: dict, limits: dict
) -> None:
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
        if key not in limits:
            logger.info("quality.thresholds.%s is not used under this policy", key)
            continue
        logger.info("quality.thresholds.%s: limit %s", key, sorted({f"{value:g}" for value in limits[key]}))
        unknown = int(made[get_score_column(key, wanted.columns)].isna().sum())
        if unknown:
            logger.info(
                "quality.thresholds.%s could not judge %d of %d scored edits (null)", key, unknown, len(made)
            )
    if not len(pair):
        logger.warning("no edit was accepted: look at the reasons above and at quality.thresholds")
