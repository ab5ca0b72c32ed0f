"""Selection: every wanted edit becomes a pair or a reason, and thresholds are the only judges."""

import logging

import numpy as np
import pandas as pd
import pytest

from partial_tables import write_some
from unscene.captions.columns import CAPTIONS
from unscene.edits.columns import EDITS
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.quality.columns import CONTROL_SCORES, EDIT_SCORES, HEAD_SCORES, PAIRS, REJECTED, UNFILTERED
from unscene.quality.makers import MAKERS
from unscene.quality.scores import THRESHOLDS as THRESHOLD_KEYS
from unscene.quality.selection import check_nothing_lost, select_pairs, shorten_reason
from unscene.run.tables import write_json
from unscene.samples.columns import SAMPLES

TABLES = {"samples": SAMPLES, "masks": MASKS, "edits": EDITS, "captions": CAPTIONS, "scores": EDIT_SCORES}
THRESHOLDS = {"max_residual": 0.3, "max_seam": 2.0, "min_change": 4.0}


def make_tables(folder, **changes):
    """Six wanted edits; `changes` maps edit number -> {"table.column": value}, or table -> None to
    lose the row.
    """
    frames = {name: [] for name in TABLES}
    for number in range(6):
        name, image_id = f"toy_{number}-dog", f"toy_{number}"
        rows = {
            "samples": {"image_id": image_id, "path": f"{image_id}.jpg", "group": image_id, "sha256": "aa"},
            "masks": {
                "edit_id": name,
                "image_id": image_id,
                "category": "dog",
                "area_fraction": 0.1,
                "mask_path": f"m{number}",
                "status": "ok",
                "reason": None,
            },
            "edits": {
                "edit_id": name,
                "image_id": image_id,
                "category": "dog",
                "image_path": f"e{number}.png",
                "mask_path": f"w{number}.png",
                "attempt": 1,
                "edited_sha256": "bb",
                "status": "ok",
                "reason": None,
            },
            "captions": {
                "edit_id": name,
                "caption_original": "a dog",
                "caption_without": "grass",
                "caption_negated": "no dog",
                "caption_negated_held_out": "dogless",
                "status": "ok",
            },
            "scores": {
                "edit_id": name,
                "status": "ok",
                "reason": None,
                "sane": 1.0,
                "change": 30.0,
                "seam": 1.0,
                "residual": 0.0,
                "sane_reason": None,
                "residual_reason": None,
            },
        }
        for key, value in changes.get(f"e{number}", {}).items():
            table, _, column = key.partition(".")
            if column:
                rows[table][column] = value
            else:
                del rows[table]
        for table, row in rows.items():
            frames[table].append(row)
    for name, rows in frames.items():
        write_some(TABLES[name], pd.DataFrame(rows), folder / f"{name}.parquet")


def make_job(folder, thresholds=THRESHOLDS, policy="fixed", unjudged="refuse", **inputs):
    """A job on the tables of a folder."""
    names = ("pairs", "rejected", "unfiltered")
    return Job(
        {name: folder / f"{name}.parquet" for name in TABLES}
        | {"controls": None, "calibration": None}
        | inputs,
        {name: folder / f"{name}.parquet" for name in names},
        {"quality": {"thresholds": thresholds, "policy": policy, "unjudged": unjudged}},
    )


def decide(job):
    """Run the rule; return the pairs, and the refused edits by their name."""
    select_pairs(job)
    pair, rejected = PAIRS.read(job.outputs.pairs), REJECTED.read(job.outputs.rejected)
    return pair, rejected.set_index("edit_id")


def select(folder, thresholds=THRESHOLDS, **changes):
    make_tables(folder, **changes)
    pair, rejected = decide(make_job(folder, thresholds))
    assert sorted([*pair["edit_id"], *rejected.index]) == [f"toy_{number}-dog" for number in range(6)]
    return pair, rejected


def test_good_edits_are_pairs_with_all_that_later_stages_read(tmp_path):
    pair, rejected = select(tmp_path)
    assert rejected.empty
    first = pair.iloc[0]
    assert first["original_path"] == "toy_0.jpg"
    assert first["edited_path"] == "e0.png"
    assert first["mask_path"] == "w0.png"  # the mask really used
    assert first[
        ["caption_original", "caption_without", "caption_negated", "caption_negated_held_out"]
    ].tolist() == ["a dog", "grass", "no dog", "dogless"]
    assert first["seam"] == 1.0
    assert {"group", "area_fraction", "original_sha256", "edited_sha256"} <= set(pair.columns)


def test_every_stage_that_can_refuse_gives_its_own_reason(tmp_path):
    pair, rejected = select(
        tmp_path,
        e0={
            "masks.status": "skipped",
            "masks.reason": "too_small: 0.1 %",
            "edits": None,
            "captions": None,
            "scores": None,
        },
        e1={"edits.status": "failed", "edits.reason": "out_of_memory", "scores.status": "skipped"},
        e2={"captions.status": "failed"},
        e3={"samples": None},
        e4={"scores.status": "failed", "scores.reason": "unreadable: gone"},
    )
    assert pair["edit_id"].tolist() == ["toy_5-dog"]
    assert rejected["reason"].to_dict() == {
        "toy_0-dog": "mask: too_small",
        "toy_1-dog": "edit: out_of_memory",
        "toy_2-dog": "caption: failed",
        "toy_3-dog": "photo: duplicate",
        "toy_4-dog": "score: unreadable",
    }
    assert all(len(reasons) == 1 for reasons in rejected["all_reasons"])  # consequences are no reasons
    assert rejected.loc["toy_0-dog", "detail"] == "mask: too_small: 0.1 %"
    assert UNFILTERED.read(tmp_path / "unfiltered.parquet")["edit_id"].tolist() == ["toy_5-dog"]


def test_unfiltered_pairs_hold_what_scores_alone_refuse(tmp_path):
    bad = {"scores.residual": 0.9, "scores.seam": 9.0}
    pair, _ = select(
        tmp_path, e1=bad, e2={"scores.sane": 0.0, "scores.sane_reason": "torn"}, e3={"captions": None}
    )
    unfiltered = UNFILTERED.read(tmp_path / "unfiltered.parquet")
    assert pair["edit_id"].tolist() == ["toy_0-dog", "toy_4-dog", "toy_5-dog"]
    assert unfiltered["edit_id"].tolist() == ["toy_0-dog", "toy_1-dog", "toy_4-dog", "toy_5-dog"]
    assert unfiltered.columns.tolist() == pair.columns.tolist()
    kept = unfiltered[unfiltered["edit_id"] != "toy_1-dog"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, pair, check_dtype=False)


def test_thresholds_reject_in_the_order_of_the_scores_and_all_are_listed(tmp_path):
    pair, rejected = select(
        tmp_path,
        e0={"scores.residual": 0.31},
        e1={"scores.change": 3.9, "scores.residual": 0.9},
        e2={"scores.seam": 2.1, "captions.status": "failed"},
        e3={
            "scores.sane": 0.0,
            "scores.sane_reason": "every value is 0",
            "scores.change": np.nan,
            "scores.seam": np.nan,
        },
        e4={"scores.residual": 0.3, "scores.seam": 2.0, "scores.change": 4.0},  # on the limit: passes
    )
    assert pair["edit_id"].tolist() == ["toy_4-dog", "toy_5-dog"]
    assert rejected.loc["toy_0-dog", "reason"] == "quality: max_residual"
    assert "0.31" in rejected.loc["toy_0-dog", "detail"]
    assert list(rejected.loc["toy_1-dog", "all_reasons"]) == ["quality: min_change", "quality: max_residual"]
    assert list(rejected.loc["toy_2-dog", "all_reasons"]) == ["caption: failed", "quality: max_seam"]
    assert rejected.loc["toy_3-dog", "reason"] == "quality: broken file"


@pytest.mark.parametrize("key", THRESHOLD_KEYS)
def test_each_threshold_lets_its_limit_and_null_pass(tmp_path, key):
    column = f"scores.{THRESHOLD_KEYS[key].score.name}"
    values = {"e0": 0.49, "e1": 0.5, "e2": 0.51, "e3": np.nan}
    changes = {edit: {column: value} for edit, value in values.items()}
    changes |= {edit: {column: 1.0 if key.startswith("min_") else 0.0} for edit in ("e4", "e5")}
    if THRESHOLD_KEYS[key].score.is_needed:
        changes["e3"][f"{column}_reason"] = MAKERS["judge"].absent
    _, rejected = select(tmp_path, dict.fromkeys(THRESHOLD_KEYS) | {key: 0.5}, **changes)
    assert rejected["reason"].to_dict() == {
        f"toy_{0 if key.startswith('min_') else 2}-dog": f"quality: {key}"
    }


def test_null_score_never_rejects_but_is_counted(tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="unscene"):
        logging.getLogger("unscene").propagate = True
        pair, rejected = select(tmp_path, e0={"scores.seam": np.nan}, e1={"scores.residual": 0.9})
    assert "toy_0-dog" in set(pair["edit_id"])
    assert rejected.index.tolist() == ["toy_1-dog"]
    assert "max_seam could not judge 1 of 6" in caplog.text
    assert "5 accepted (83.3 %)" in caplog.text


def test_an_edit_that_the_judge_cannot_speak_of_is_refused_unless_the_config_says_otherwise(tmp_path):
    unseen = {"scores.residual": np.nan, "scores.residual_reason": "the judge never saw the object"}
    no_judge = unseen | {"scores.residual_reason": MAKERS["judge"].absent}
    make_tables(tmp_path, e0=unseen, e1=no_judge, e2=unseen | {"scores.sane": 0.0})
    pair, rejected = decide(make_job(tmp_path))
    assert rejected.index.tolist() == ["toy_0-dog", "toy_2-dog"]
    assert rejected["reason"].tolist() == ["quality: unjudged", "quality: broken file"]
    assert (
        rejected.loc["toy_0-dog", "detail"] == "quality: unjudged: residual: the judge never saw the object"
    )
    pair, _ = decide(make_job(tmp_path, unjudged="accept"))
    assert set(pair["edit_id"]) == {f"toy_{n}-dog" for n in (0, 1, 3, 4, 5)}
    pair, _ = decide(make_job(tmp_path, {"max_residual": None}))
    assert "toy_0-dog" in set(pair["edit_id"])


def test_the_frame_is_asked_where_the_source_says_nothing(tmp_path):
    """What its labels list decides; where there are none, judge and segmenter look at the whole frame."""
    seen = {"scores.residual_frame": 0.4, "scores.left_confidence": 0.2}
    thresholds = {"max_residual_frame": 0, "max_left_confidence": 0, "max_listed_left": 0}
    _, rejected = select(
        tmp_path,
        {**THRESHOLDS, **thresholds},
        e0=seen | {"scores.listed_left": 0.0},
        e1=seen,
        e2={"scores.residual_frame": 0.0, "scores.left_confidence": 0.0, "scores.listed_left": 1.0},
        **{f"e{n}": {"scores.residual_frame": 0.0, "scores.left_confidence": 0.0} for n in (3, 4, 5)},
    )
    assert rejected["reason"].to_dict() == {
        "toy_1-dog": "quality: max_residual_frame",
        "toy_2-dog": "quality: max_listed_left",
    }
    assert rejected.loc["toy_1-dog", "all_reasons"].tolist() == [
        "quality: max_residual_frame",
        "quality: max_left_confidence",
    ]


def test_a_caption_that_names_what_went_along_is_refused(tmp_path):
    """By the judge, by the source's instances; what the caption does not name is no matter."""
    named = {"captions.words": ["cell phone", "bench"]}
    _, rejected = select(
        tmp_path,
        e0=named | {"scores.lost": ["cell phone", "car"]},
        e1=named | {"scores.listed_taken": ["bench"], "scores.lost": ["cell phone"]},
        e2=named | {"scores.lost": ["car"], "scores.listed_taken": []},
        e3={"captions.words": [], "scores.lost": ["cell phone"]},
    )
    assert rejected["reason"].to_dict() == dict.fromkeys(
        ("toy_0-dog", "toy_1-dog"), "caption: names what is gone"
    )
    assert rejected["detail"].tolist() == [
        "caption: names what is gone: cell phone",
        "caption: names what is gone: cell phone, bench",
    ]
    assert len(UNFILTERED.read(tmp_path / "unfiltered.parquet")) == 4  # its caption is not true


def test_a_null_threshold_is_off(tmp_path):
    pair, _ = select(tmp_path, {**THRESHOLDS, "max_residual": None}, e0={"scores.residual": 0.9})
    assert len(pair) == 6


def test_a_threshold_without_a_score_names_its_key(tmp_path):
    make_tables(tmp_path)
    for key in ("max_beauty", "status", "min_reason", "max_change", "min_original_confidence"):
        with pytest.raises(ValueError, match=f"quality.thresholds.{key}"):
            select_pairs(make_job(tmp_path, {key: 1.0}))


def test_an_edit_that_stands_twice_is_an_error(tmp_path):
    make_tables(tmp_path)
    score = EDIT_SCORES.read(tmp_path / "scores.parquet")
    EDIT_SCORES.write(pd.concat([score, score.head(1)]), tmp_path / "scores.parquet")
    with pytest.raises(ValueError, match=r"scores\.parquet.*toy_0-dog"):
        select_pairs(make_job(tmp_path))


def test_lost_or_doubled_edits_are_noticed():
    check_nothing_lost(pd.Series(["a", "b"]), pd.Series(["a"]), pd.Series(["b"]))
    for accepted, rejected in ((["a"], []), (["a"], ["a", "b"]), (["a", "c"], ["b"])):
        with pytest.raises(RuntimeError, match="lost count"):
            check_nothing_lost(pd.Series(["a", "b"]), pd.Series(accepted), pd.Series(rejected))


def test_nothing_wanted_gives_empty_tables_with_columns(tmp_path):
    make_tables(tmp_path)
    for name, table in TABLES.items():
        path = tmp_path / f"{name}.parquet"
        table.write(table.read(path).head(0), path)
    pair, rejected = decide(make_job(tmp_path))
    assert len(pair) == len(rejected) == 0


def test_reasons_are_countable():
    assert shorten_reason("mask: too_small: 0.1 %") == "mask: too_small"
    assert shorten_reason("caption: failed") == "caption: failed"


def make_calibration(kept=True):
    cuts = [
        {"bin": name, "n": 50, "pooled": False, "cut": cut}
        for name, cut in (("0-0.02", 0.2), ("0.02-0.08", 0.5), ("0.08-1", 0.6))
    ]
    return {
        "thresholds": {
            "max_residual": {"kept": kept, "cuts": cuts},
            "max_seam": {"kept": False, "cuts": cuts},
        }
    }


def select_by_policy(folder, thresholds=THRESHOLDS, policy="calibrated"):
    """Select by the calibration or certificate in c.json."""
    changes = {
        f"e{n}": {"scores.residual": n / 10, "masks.area_fraction": 0.01 if n < 3 else 0.1} for n in range(6)
    }
    make_tables(folder, **changes)
    by = {"calibrated": "calibration", "certified": "certificate"}[policy]
    return decide(make_job(folder, thresholds, policy, **{by: folder / "c.json"}))


def test_calibrated_policy_takes_the_cut_of_the_masks_size(tmp_path):
    write_json(make_calibration(), tmp_path / "c.json")
    thresholds = {"max_residual": 0.0, "max_seam": 0.1, "max_outside_difference": None}
    pair, rejected = select_by_policy(tmp_path, thresholds)
    # residuals 0, .1, .2 in the small bin (cut .2), .3, .4, .5 in the large one (cut .6); seam 1.0
    # > .1 is not used
    assert len(pair) == 6
    write_json(
        make_calibration()
        | {
            "thresholds": {
                "max_residual": make_calibration()["thresholds"]["max_residual"]
                | {"cuts": [{"cut": 0.05}, {"cut": 9.0}, {"cut": 0.45}]}
            }
        },
        tmp_path / "c.json",
    )
    pair, rejected = select_by_policy(tmp_path, thresholds)
    assert sorted(rejected.index) == ["toy_1-dog", "toy_2-dog", "toy_5-dog"]
    assert set(rejected["reason"]) == {"quality: max_residual"}
    assert rejected.loc["toy_5-dog", "detail"] == "quality: max_residual: 0.5, limit 0.45"


def test_a_threshold_that_is_not_kept_is_not_used_and_null_stays_off(tmp_path):
    write_json(make_calibration(kept=False), tmp_path / "c.json")
    pair, _ = select_by_policy(tmp_path, {"max_residual": 0.1})
    assert len(pair) == 6
    write_json(make_calibration(), tmp_path / "c.json")
    pair, _ = select_by_policy(tmp_path, {"max_residual": None})
    assert len(pair) == 6


def test_a_fixed_threshold_takes_its_cut_from_controls(tmp_path):
    controls = [("perfect", 0.25), ("perfect", 0.15), ("untouched", 0.9)] * 40
    frame = pd.DataFrame(controls, columns=["kind", "residual"]).assign(area_fraction=0.1)
    write_some(CONTROL_SCORES, frame, tmp_path / "controls.parquet")
    make_tables(tmp_path, **{f"e{n}": {"scores.residual": n / 10} for n in range(6)})
    job = make_job(tmp_path, {"max_residual": "controls"}, controls=tmp_path / "controls.parquet")
    for percentile, limit, accepted in ((1.0, 0.25, 3), (0.4, 0.15, 2)):
        job.settings["quality"]["control_percentile"] = percentile
        pair, rejected = decide(job)
        assert len(pair) == accepted
        assert rejected.loc["toy_5-dog", "detail"] == f"quality: max_residual: 0.5, limit {limit:g}"


def test_certified_policy_accepts_by_the_head_and_refuses_what_has_no_probability(tmp_path):
    head = pd.DataFrame(
        {"edit_id": [f"toy_{n}-dog" for n in range(5)], "accept_probability": [0.9, 0.8, 0.7, 0.2, np.nan]}
    )
    HEAD_SCORES.write(head, tmp_path / "head.parquet")
    certificate = {
        "operating_point": {"threshold": 0.7, "reason": None},
        "head_scores": str(tmp_path / "head.parquet"),
    }
    write_json(certificate, tmp_path / "c.json")
    pair, rejected = select_by_policy(tmp_path, policy="certified")
    assert pair["edit_id"].tolist() == [
        "toy_0-dog",
        "toy_1-dog",
        "toy_2-dog",
    ]  # residual .2 and no threshold asks
    assert set(rejected["reason"]) == {"quality: head"}
    assert rejected.loc["toy_3-dog", "detail"] == "quality: head: 0.2, least 0.7"


def test_certified_policy_keeps_the_invariant_and_no_other_threshold(tmp_path):
    names = [f"toy_{n}-dog" for n in range(6)]
    HEAD_SCORES.write(pd.DataFrame({"edit_id": names, "accept_probability": 1.0}), tmp_path / "head.parquet")
    point = {"threshold": 0.7, "reason": None}
    write_json({"operating_point": point, "head_scores": str(tmp_path / "head.parquet")}, tmp_path / "c.json")
    make_tables(tmp_path, e0={"scores.outside_difference": 1.0}, e1={"scores.outside_difference": 0.0})
    thresholds = dict.fromkeys(THRESHOLD_KEYS) | {"max_outside_difference": 0, "max_seam": 0.1}
    pair, rejected = decide(make_job(tmp_path, thresholds, "certified", certificate=tmp_path / "c.json"))
    assert rejected["reason"].to_dict() == {"toy_0-dog": "quality: max_outside_difference"}
    assert len(pair) == 5


def test_certified_policy_without_a_certificate_stops_and_says_how_to_go_on(tmp_path):
    write_json(
        {"operating_point": {"threshold": None, "reason": "too few"}, "head_scores": "x"}, tmp_path / "c.json"
    )
    with pytest.raises(ValueError, match="too few; label more edits"):
        select_by_policy(tmp_path, policy="certified")
