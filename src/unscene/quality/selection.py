"""Decide which edits become pairs, and say for every other wanted edit why not."""

import logging

import pandas as pd

from unscene.captions.columns import CAPTIONS
from unscene.edits.columns import EDITS
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.quality.calibration import SIZE_BINS, get_limits
from unscene.quality.columns import (
    EDIT_SCORES,
    HEAD_SCORES,
    LICENCES,
    PAIR_CAPTIONS,
    PAIRS,
    REJECTED,
    UNFILTERED,
)
from unscene.quality.scores import MAKERS, SCORES, THRESHOLDS
from unscene.run.tables import read_json
from unscene.samples.columns import SAMPLES


def select_pairs(job: Job) -> None:
    """Write the accepted pairs, the refused edits and the unfiltered pairs.

    The first two hold every wanted edit exactly once; unfiltered is every edit that has all a pair
    needs, whatever its scores.

    thresholds: `min_{score}` and `max_{score}`, null is off, `controls` is the cut that controls
    gave. A score that is null never rejects, unless `unjudged` is `refuse` and the score is one
    that an edit needs; how often that happens is logged. policy: `fixed` applies the thresholds as
    they are; `calibrated` takes their limits from the calibration's cuts, by bin of mask size, and
    leaves out those that do not earn their cost; `certified` accepts by the learned head at the
    certified operating point, after the invariants. Raises ValueError when nothing was certified.

    inputs: samples, masks, edits, captions, scores and what the policy decides by: calibration or
    certificate; outputs: pairs, rejected, unfiltered.
    """
    quality = job.settings["quality"]
    thresholds, policy = quality["thresholds"], quality["policy"]
    check_thresholds(thresholds)
    wanted = join_wanted(job)
    calibration = read_json(job.inputs.calibration) if job.inputs.calibration else {}
    limits = get_limits(policy, thresholds, calibration, wanted["area_fraction"].fillna(0.0), SIZE_BINS)
    head = read_head(wanted, job.inputs.certificate) if policy == "certified" else None
    must_know = quality["unjudged"] == "refuse"
    reasons, details = decide(wanted, limits, head, must_know)
    accepted = reasons.str.len() == 0
    complete = decide(wanted, {})[0].str.len() == 0
    named = wanted.rename(columns={f"score:{name}": name for name in SCORES})
    pair = named[accepted]
    rejected = wanted[~accepted].assign(
        reason=reasons[~accepted].str[0], all_reasons=reasons[~accepted], detail=details[~accepted]
    )
    check_nothing_lost(wanted["edit_id"], pair["edit_id"], rejected["edit_id"])
    log_counts(wanted, pair, rejected)
    log_thresholds(wanted, thresholds, limits)
    PAIRS.write(pair[PAIRS.names], job.outputs.pairs)
    REJECTED.write(rejected[REJECTED.names], job.outputs.rejected)
    UNFILTERED.write(named.loc[complete, UNFILTERED.names], job.outputs.unfiltered)


def check_thresholds(thresholds: dict[str, float | str | None]) -> None:
    """Raise ValueError for a threshold that is on and that no score has."""
    for key, limit in thresholds.items():
        if limit is not None and key not in THRESHOLDS:
            raise ValueError(
                f"quality.thresholds.{key}: no score has this threshold; there are {', '.join(THRESHOLDS)}"
            )


def join_wanted(job: Job) -> pd.DataFrame:
    """Return one row a wanted edit (the rows of the masks table) with all that later stages say about it.

    Status and reason of a stage become `{stage}:status` and `{stage}:reason`, a score `score:{name}`.
    """
    told = ["status", "reason"]
    mask = MASKS.read(job.inputs.masks, ["edit_id", "image_id", "category", "area_fraction", *told])
    sample = SAMPLES.read(job.inputs.samples, ["image_id", "path", "group", "sha256", *LICENCES])
    sample = sample.rename(columns={"path": "original_path", "sha256": "original_sha256"})
    edit = EDITS.read(
        job.inputs.edits, ["edit_id", "image_path", "mask_path", "attempt", "edited_sha256", *told]
    )
    edit = edit.rename(columns={"image_path": "edited_path"})
    caption = CAPTIONS.read(job.inputs.captions, ["edit_id", *PAIR_CAPTIONS, *told])
    score = EDIT_SCORES.read(job.inputs.scores).drop(columns="batch_shape")
    score = score.rename(columns={name: f"score:{name}" for name in score.columns if name != "edit_id"})
    frames = {"mask": mask, "edit": edit, "caption": caption, "score": score}
    for stage, frame in frames.items():
        check_unique(frame, job.inputs[f"{stage}s"])
        frames[stage] = frame.rename(columns={name: f"{stage}:{name}" for name in told})
    wanted = frames.pop("mask").merge(sample, on="image_id", how="left", validate="many_to_one")
    for frame in frames.values():
        wanted = wanted.merge(frame, on="edit_id", how="left", validate="one_to_one")
    return wanted


def check_unique(frame: pd.DataFrame, path: str) -> None:
    """Raise ValueError, which names the file and the edit, when an edit stands in a table twice."""
    twice = frame.loc[frame["edit_id"].duplicated(), "edit_id"]
    if len(twice):
        raise ValueError(
            f"{path}: {len(twice)} edits stand in it twice, {twice.iloc[0]!r} for one; two sources share ids"
        )


def read_head(wanted: pd.DataFrame, path_to_certificate: str) -> tuple[pd.Series, float]:
    """Return the head's probability of each wanted edit and the certified operating point."""
    certificate = read_json(path_to_certificate)
    point = certificate["operating_point"]["threshold"]
    if point is None:
        raise ValueError(
            f"quality.policy is certified, but {path_to_certificate} certifies no operating point: "
            f"{certificate['operating_point']['reason']}; label more edits, raise "
            "quality.max_defect_rate, or choose another policy"
        )
    head = HEAD_SCORES.read(certificate["head_scores"])
    return wanted["edit_id"].map(head.set_index("edit_id")["accept_probability"]).astype(float), float(point)


def decide(
    wanted: pd.DataFrame,
    limits: dict[str, pd.Series],
    head: tuple[pd.Series, float] | None = None,
    must_know: bool = False,
) -> tuple[pd.Series, pd.Series]:
    """Return for each wanted edit the list of reasons against it, first one first, and the first
    one's full text.

    A stage that could not work because an earlier one had skipped the edit adds no reason of its
    own; the thresholds are applied to edits that were made. head: (probability of each edit, least
    one that is accepted); without one an edit is refused, since the certificate speaks of edits
    that have it. must_know: whether an edit is refused when a score that it needs is null, although
    there was a model to measure it.
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
    for key, column in list_checks(limits):
        score = THRESHOLDS[key].score
        limit, value = limits[key], wanted[column]
        counts = ~no_edit
        if score.stands_in_for:
            counts &= wanted[f"score:{score.stands_in_for}"].isna()
        fails = THRESHOLDS[key].fails(value, limit)
        shown = (
            value.map("{:.4g}".format).astype(object) + ", limit " + limit.map("{:g}".format).astype(object)
        )
        refuse(fails & counts, f"quality: {key}: " + shown)
        if must_know and score.is_needed:
            why = wanted[f"{column}_reason"]
            unknown = value.isna() & (wanted["score:sane"] == 1) & (why != MAKERS[score.maker].absent)
            told = f"quality: unjudged: {score.name}: " + why.fillna("null").astype(object)
            refuse(unknown & counts, told)
    if head is not None:
        probability, least = head
        shown = probability.map("{:.4g}".format).astype(object) + f", least {least:.4g}"
        refuse(~(probability >= least) & ~no_edit & ~insane, "quality: head: " + shown)
    return reasons, details


def list_checks(limits: dict[str, pd.Series]) -> list[tuple[str, str]]:
    """Return (threshold's key, score's column) of the limits, in the order of the scores."""
    return [(key, f"score:{one.score.name}") for key, one in THRESHOLDS.items() if key in limits]


def is_ok(status: pd.Series) -> pd.Series:
    """True where a stage's status is ok; a missing row is not."""
    return (status == "ok").fillna(False).astype(bool)


def explain(stage: str, wanted: pd.DataFrame) -> pd.Series:
    """Return "{stage}: {reason}" for each row; the status where no reason was given, `missing`
    where there is no row.
    """
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
            f"selection lost count: {len(wanted)} edits wanted, {len(accepted)} accepted, "
            f"{len(rejected)} rejected, "
            f"{len(set(decided))} different ones"
        )


def log_counts(wanted: pd.DataFrame, pair: pd.DataFrame, rejected: pd.DataFrame) -> None:
    """Log how many edits were accepted, and why the others were not."""
    logger = logging.getLogger("unscene")
    share = len(pair) / max(len(wanted), 1)
    counts = len(wanted), len(pair), 100 * share, len(rejected)
    logger.info("%d wanted edits: %d accepted (%.1f %%), %d rejected", *counts)
    for reason, count in rejected["reason"].value_counts().items():
        logger.info("rejected %5d  %s", count, reason)
    failing = rejected["all_reasons"].explode().value_counts()
    logger.info("with all reasons counted, not only the first: %s", failing.to_dict())
    if not len(pair):
        logger.warning("no edit was accepted: look at the reasons above and at quality.thresholds")


def log_thresholds(wanted: pd.DataFrame, thresholds: dict, limits: dict[str, pd.Series]) -> None:
    """Log each threshold's limit, and how many edits it could not judge."""
    logger = logging.getLogger("unscene")
    made = wanted[is_ok(wanted["score:status"])]
    for key, limit in thresholds.items():
        if limit is None:
            logger.info("quality.thresholds.%s is off", key)
            continue
        if key not in limits:
            logger.info("quality.thresholds.%s is not used under this policy", key)
            continue
        logger.info("quality.thresholds.%s: limit %s", key, sorted({f"{value:g}" for value in limits[key]}))
        unknown = int(made[f"score:{THRESHOLDS[key].score.name}"].isna().sum())
        if unknown:
            logger.info(
                "quality.thresholds.%s could not judge %d of %d scored edits (null)", key, unknown, len(made)
            )
