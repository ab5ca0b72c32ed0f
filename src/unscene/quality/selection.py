"""Decide which edits become pairs, and say for every other wanted edit why not."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pandas as pd

from unscene.machine.job import Job
from unscene.quality.calibration import SIZE_BINS, calibrate, get_limits
from unscene.quality.columns import (
    CONTROL_SCORES,
    EDIT_SCORES,
    LICENCES,
    PAIR_CAPTIONS,
    PAIRS,
    REJECTED,
    UNFILTERED,
)
from unscene.quality.makers import MAKERS
from unscene.quality.scores import SCORES, THRESHOLDS
from unscene.run.counts import tell_count
from unscene.run.streaming import Lookup, iterate_rows
from unscene.run.tables import read_json


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

    inputs: samples, masks, edits, captions, scores and what the policy decides by: controls,
    calibration or certificate; outputs: pairs, rejected, unfiltered.
    """
    quality = job.settings["quality"]
    thresholds, policy = quality["thresholds"], quality["policy"]
    check_thresholds(thresholds)
    calibration = read_calibration(job)
    certificate = read_certificate(job.inputs.certificate) if policy == "certified" else None
    must_know, counts = quality["unjudged"] == "refuse", Counts()
    with (
        PAIRS.open(job.outputs.pairs) as pairs,
        REJECTED.open(job.outputs.rejected) as refused,
        UNFILTERED.open(job.outputs.unfiltered) as unfiltered,
    ):
        for wanted in iterate_wanted(job):
            area = wanted["area_fraction"].fillna(0.0)
            limits = get_limits(policy, thresholds, calibration, area, SIZE_BINS)
            head = (certificate.find(wanted["edit_id"]), certificate.least) if certificate else None
            reasons, details = decide(wanted, limits, head, must_know)
            accepted = reasons.str.len() == 0
            complete = decide(wanted, {})[0].str.len() == 0
            named = wanted.rename(columns={f"score:{name}": name for name in SCORES})
            pair = named[accepted]
            rejected = wanted[~accepted].assign(
                reason=reasons[~accepted].str[0], all_reasons=reasons[~accepted], detail=details[~accepted]
            )
            check_nothing_lost(wanted["edit_id"], pair["edit_id"], rejected["edit_id"])
            counts.add(wanted, rejected, limits)
            pairs.write_frame(pair[PAIRS.names])
            refused.write_frame(rejected[REJECTED.names])
            unfiltered.write_frame(named.loc[complete, UNFILTERED.names])
    counts.log(thresholds)


def read_calibration(job: Job) -> dict:
    """Return the calibration that the thresholds take cuts from, empty where none does.

    Under `calibrated` it is the run's, whose reference may be sham edits. Else it is made of the
    controls: they are the reference of every threshold that can say `controls`.
    """
    if job.inputs.calibration:
        return read_json(job.inputs.calibration)
    if job.inputs.controls:
        percentile = job.settings["quality"]["control_percentile"]
        return calibrate(CONTROL_SCORES.read(job.inputs.controls), percentile, SIZE_BINS)
    return {}


def check_thresholds(thresholds: dict[str, float | str | None]) -> None:
    """Raise ValueError for a threshold that is on and that no score has."""
    for key, limit in thresholds.items():
        if limit is not None and key not in THRESHOLDS:
            raise ValueError(
                f"quality.thresholds.{key}: no score has this threshold; there are {', '.join(THRESHOLDS)}"
            )


def iterate_wanted(job: Job) -> Iterator[pd.DataFrame]:
    """Yield the wanted edits (the rows of the masks table) in pieces, with all that later stages say
    about each.

    Status and reason of a stage become `{stage}:status` and `{stage}:reason`, a score `score:{name}`.
    """
    told = ["status", "reason"]
    check_unique(Lookup([job.inputs.masks], "edit_id", []), job.inputs.masks)
    sample = Lookup([job.inputs.samples], "image_id", ["path", "group", "sha256", *LICENCES])
    columns = {
        "edit": ["image_path", "mask_path", "attempt", "edited_sha256", *told],
        "caption": [*PAIR_CAPTIONS, "words", *told],
        "score": [name for name in EDIT_SCORES.names if name not in ("edit_id", "batch_shape")],
    }
    stages = {}
    for stage, names in columns.items():
        stages[stage] = Lookup([job.inputs[f"{stage}s"]], "edit_id", names)
        check_unique(stages[stage], job.inputs[f"{stage}s"])
    for piece in iterate_rows(
        [job.inputs.masks], ["edit_id", "image_id", "category", "area_fraction", *told]
    ):
        mask = piece.to_pandas()
        photo = sample.find(mask["image_id"])
        parts = [
            mask.rename(columns={name: f"mask:{name}" for name in told}),
            photo.rename(columns={"path": "original_path", "sha256": "original_sha256"}),
        ]
        for stage, table in stages.items():
            renamed = {"score": columns["score"], "caption": [*told, "words"]}.get(stage, told)
            found = table.find(mask["edit_id"]).rename(columns={"image_path": "edited_path"})
            parts.append(found.rename(columns={name: f"{stage}:{name}" for name in renamed}))
        yield pd.concat(parts, axis=1)


def check_unique(table: Lookup, path: str) -> None:
    """Raise ValueError, which names the file and the edit, when an edit stands in a table twice."""
    twice = table.find_twice()
    if twice:
        raise ValueError(
            f"{path}: {len(twice)} edits stand in it twice, {twice[0]!r} for one; two sources share ids"
        )


@dataclass(frozen=True)
class Certificate:
    """What `certified` accepts by: the head's probability of each edit, and the certified operating
    point, the least one that is accepted.
    """

    head: Lookup
    least: float

    def find(self, edit_ids: pd.Series) -> pd.Series:
        """Return the head's probability of these edits; NaN where it has none."""
        return self.head.find(edit_ids)["accept_probability"].astype(float)


def read_certificate(path: str) -> Certificate:
    """Return the certificate of a file; ValueError when it certifies no operating point."""
    certificate = read_json(path)
    point = certificate["operating_point"]["threshold"]
    if point is None:
        raise ValueError(
            f"quality.policy is certified, but {path} certifies no operating point: "
            f"{certificate['operating_point']['reason']}; label more edits, raise "
            "quality.max_defect_rate, or choose another policy"
        )
    return Certificate(Lookup([certificate["head_scores"]], "edit_id", ["accept_probability"]), float(point))


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
    gone = find_gone(wanted)
    refuse((gone != "") & ~no_edit, "caption: names what is gone: " + gone)
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


def find_gone(wanted: pd.DataFrame) -> pd.Series:
    """Return for each edit the words, joined by commas, that its caption names although they went with
    the object: by the judge, or by the source's instances; empty where there is none.
    """
    columns = [wanted[name] for name in ("caption:words", "score:lost", "score:listed_taken")]
    gone = [
        ", ".join(word for word in named if word in {*lost, *taken})
        for named, lost, taken in zip(*(map(_as_list, column) for column in columns), strict=True)
    ]
    return pd.Series(gone, index=wanted.index, dtype=object)


def _as_list(words: Any) -> list[str]:
    """Return a cell of words; a null one, of a row that is missing or was not made, has none."""
    return [] if words is None or isinstance(words, float) else list(words)


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


class Counts:
    """What the selection tells of all edits, counted a piece at a time."""

    def __init__(self) -> None:
        self._wanted = self._scored = 0
        self._first: Counter[str] = Counter()
        self._all: Counter[str] = Counter()
        self._limits: dict[str, set[str]] = {}
        self._unknown: Counter[str] = Counter()

    def add(self, wanted: pd.DataFrame, rejected: pd.DataFrame, limits: dict[str, pd.Series]) -> None:
        """Count a piece of the wanted edits, those of it that are rejected, and the limits that it met."""
        self._wanted += len(wanted)
        self._first.update(rejected["reason"])
        self._all.update(chain.from_iterable(rejected["all_reasons"]))
        scored = wanted[is_ok(wanted["score:status"])]
        self._scored += len(scored)
        for key, limit in limits.items():
            self._limits.setdefault(key, set()).update(f"{value:g}" for value in limit.unique())
            self._unknown[key] += int(scored[f"score:{THRESHOLDS[key].score.name}"].isna().sum())

    def log(self, thresholds: dict) -> None:
        """Log how many edits were accepted, why the others were not, each threshold's limit, and how
        many edits it could not judge.
        """
        logger = logging.getLogger("unscene")
        rejected = self._first.total()
        accepted = self._wanted - rejected
        share = 100 * accepted / max(self._wanted, 1)
        logger.info(
            "%s: %d accepted (%.1f %%), %d rejected",
            tell_count(self._wanted, "wanted edit"),
            accepted,
            share,
            rejected,
        )
        for reason, count in self._first.most_common():
            logger.info("rejected %5d  %s", count, reason)
        logger.info("with all reasons counted, not only the first: %s", dict(self._all.most_common()))
        if not accepted:
            logger.warning("no edit was accepted: look at the reasons above and at quality.thresholds")
        for key, limit in thresholds.items():
            if limit is None:
                logger.info("quality.thresholds.%s is off", key)
            elif key not in self._limits:
                logger.info("quality.thresholds.%s is not used under this policy", key)
            else:
                logger.info("quality.thresholds.%s: limit %s", key, sorted(self._limits[key]))
                if unknown := self._unknown[key]:
                    logger.info(
                        "quality.thresholds.%s could not judge %d of %d scored edits (null)",
                        key,
                        unknown,
                        self._scored,
                    )
