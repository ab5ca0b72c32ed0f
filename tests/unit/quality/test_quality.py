"""Scoring the edits of a shard, and drawing them: tables in, a row for every edit out."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unscene.machine.job import Job
from unscene.photos.images import write_png
from unscene.quality import scoring
from unscene.quality.columns import EDIT_SCORES
from unscene.quality.edit_scores import (
    Judge,
    Views,
    ask_judge,
    load_clip_scorer,
    load_dino,
    load_judge,
    load_models,
)
from unscene.quality.scores import SCORES
from unscene.run.shards import file_sha256
from unscene.run.tables import read_table, write_table

RUNTIME = {"batch_size": 3, "workers": 2, "max_failed_share": 0.5, "precision": "float32"}
BOX = ["box_x0", "box_y0", "box_x1", "box_y1"]
NOTHING = SimpleNamespace(boxes=np.zeros((0, 4)), confidences=np.zeros(0), categories=[])


class RedJudge:
    """Sees a dog wherever a photo is red enough in the middle; notes how often it was asked."""

    categories = ("dog",)

    def __init__(self):
        self.asked = []

    def detect(self, photos, confidence):
        self.asked.append(len(photos))
        dog = SimpleNamespace(
            boxes=np.array([[20, 20, 40, 40]]), confidences=np.array([0.9]), categories=["dog"]
        )
        return [dog if int(photo[30, 30, 0]) - int(photo[30, 30, 2]) > 100 else NOTHING for photo in photos]


def score_redness(crops, categories):
    return np.array([[crop[..., 0].mean(), crop[..., 1].mean(), crop[..., 2].mean()] for crop in crops])


class GreyScorer:
    """Stands for DINOv2: the darker the hole, the better."""

    def score(self, photos, masks):
        return np.array([1 - photo[mask].mean() / 255 for photo, mask in zip(photos, masks, strict=True)])


def make_shard(folder, count=4):
    """Photos with a red square; edit 0 clean, 1 all but unchanged, 2 constant (a failed decode), 3 was
    never made. The segmenter saw three dogs, and masked two.
    """
    rng = np.random.default_rng(0)
    sample, mask, edit = [], [], []
    hole = np.zeros((64, 64), bool)
    hole[18:42, 18:42] = True
    for number in range(count):
        image_id = f"toy_{number}"
        ground = rng.integers(90, 130, (64, 64, 3), dtype=np.uint8)
        photo = ground.copy()
        photo[20:40, 20:40] = (220, 20, 30)
        faint = np.where(hole[..., None], np.maximum(photo, 1) - 1, photo)
        edited = [ground, faint, np.zeros_like(ground), None][number % 4]
        paths = {kind: str(folder / f"{kind}_{number}.png") for kind in ("photo", "mask", "edit")}
        write_png(photo, paths["photo"])
        write_png(hole, paths["mask"])
        if edited is not None:
            write_png(edited, paths["edit"])
        made = edited is not None
        sample.append(
            {
                "image_id": image_id,
                "source_key": str(number),
                "path": paths["photo"],
                "sha256": file_sha256(paths["photo"]),
                "width": 64,
                "height": 64,
            }
        )
        mask.append(
            {
                "edit_id": f"{image_id}-dog",
                "mask_path": paths["mask"],
                "mask_sha256": file_sha256(paths["mask"]),
                "object_path": paths["mask"],
                "instance_confidences": np.array([0.9, 0.4, 0.3], np.float32),
                "instance_joined": np.array([1, 0, 1], np.float32),
                **dict(zip(BOX, (20, 20, 40, 40), strict=True)),
            }
        )
        edit.append(
            {
                "edit_id": f"{image_id}-dog",
                "image_id": image_id,
                "category": "dog",
                "image_path": paths["edit"] if made else None,
                "mask_path": paths["mask"] if made else None,
                "status": "ok" if made else "failed",
                "reason": None if made else "out_of_memory",
                "edited_sha256": file_sha256(paths["edit"]) if made else None,
                "mask_sha256": file_sha256(paths["mask"]) if made else None,
                "attempt": 1,
            }
        )
    for name, rows in (("samples", sample), ("masks", mask), ("edits", edit)):
        write_table(pd.DataFrame(rows), folder / f"{name}.parquet")


@pytest.fixture
def run(monkeypatch):
    """A function that scores the edits of a folder by the given models."""

    def score(folder, judge=None, clip=None, dino=None, listed=None, **runtime):
        runtime = RUNTIME | runtime
        judge = judge and Judge(judge, 0.1, runtime["batch_size"])
        models = {"judge": judge, "clip": clip, "dino": dino}
        monkeypatch.setattr(scoring, "load_models", lambda job: models)
        inputs = {name: folder / f"{name}.parquet" for name in ("samples", "masks", "edits")}
        source = {"name": "toy", "format": "coco", "images": str(folder)} | (
            {"instances": listed} if listed else {}
        )
        scoring.score_edits(
            Job(
                inputs,
                {"table": folder / "scores.parquet"},
                runtime=runtime,
                wildcards={"shard": "toy-0-of-1"},
                config={"samples": {"sources": [source]}},
            )
        )
        return EDIT_SCORES.read(folder / "scores.parquet").set_index("edit_id")

    return score


def test_every_edit_gets_a_row_and_raw_scores(tmp_path, run):
    make_shard(tmp_path)
    score = run(tmp_path, RedJudge(), score_redness, GreyScorer())
    assert list(score.index) == [f"toy_{number}-dog" for number in range(4)]
    clean, unchanged, broken, failed = (score.loc[name] for name in score.index)
    assert clean["outside_difference"] == 0
    assert clean["change"] > 50
    assert clean["residual"] == 0
    assert clean["original_confidence"] == pytest.approx(0.9)
    assert clean["clip_drop"] == pytest.approx(110, abs=10)
    assert (
        clean["clip_present"] < 0.99 < unchanged["clip_present"]
    )  # a red square is surely there, a grey ground is not
    assert clean["rc_s"] == pytest.approx(1 - 110 / 255, abs=0.05)
    assert unchanged["change"] == pytest.approx(1, abs=0.05)
    assert unchanged["ssim"] == pytest.approx(1, abs=0.01)
    assert clean["left_confidence"] == pytest.approx(0.4)
    assert np.isnan(clean["listed_left"]) and "says nothing of this photo" in clean["listed_left_reason"]
    assert unchanged["residual"] == pytest.approx(0.9)
    assert (broken["status"], broken["sane"]) == ("ok", 0)
    assert "every value is 0" in broken["sane_reason"]
    assert np.isnan(broken["seam"])
    assert failed["status"] == "skipped"
    assert "out_of_memory" in failed["reason"]
    assert np.isnan(failed[list(SCORES)].to_numpy(float)).all()


def test_the_sources_instances_say_what_is_left_and_whether_the_mask_is_one(tmp_path, run):
    """A dog that the mask covers, one beside it, a crowd of dogs; and a cat alone."""
    make_shard(tmp_path, count=9)
    dog, far = [[20, 20, 40, 20, 40, 40, 20, 40]], [[50, 50, 60, 50, 60, 60, 50, 60]]
    rows = {
        0: [(1, dog, 0)],
        1: [(1, dog, 0), (1, far, 0)],
        4: [(1, dog, 0), (1, far, 1)],
        5: [(2, dog, 0)],
    }
    document = {
        "images": [{"id": n, "file_name": f"photo_{n}.png", "width": 64, "height": 64} for n in rows],
        "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}],
        "annotations": [
            {"image_id": n, "category_id": kind, "segmentation": where, "iscrowd": crowd}
            for n, each in rows.items()
            for kind, where, crowd in each
        ],
    }
    (tmp_path / "instances.json").write_text(json.dumps(document))
    score = run(tmp_path, listed=str(tmp_path / "instances.json"))
    score.index = [int(name[4]) for name in score.index]
    assert score.loc[[0, 1, 4, 5], "listed_left"].tolist() == [0, 1, 1, 0]
    share = 400 / 24**2
    assert score.loc[[0, 1, 4, 5], "listed_share"].tolist() == pytest.approx([share, share, share, 0])
    assert score["listed_left_reason"].notna().tolist() == [n == 8 for n in range(9)]
    taken = [None if words is None else list(words) for words in score["listed_taken"]]
    assert taken == [[], [], None, None, [], ["cat"], None, None, None]
    near, away = [20, 20, 20, 20], [50, 50, 10, 10]
    document["annotations"] = [
        {"image_id": n, "category_id": 1, "bbox": box} for n, box in [(0, near), (1, near), (1, away)]
    ]
    (tmp_path / "instances.json").write_text(json.dumps(document))
    boxed = run(tmp_path, listed=str(tmp_path / "instances.json"))
    assert boxed["listed_left"].iloc[:2].tolist() == [0, 1]
    document["annotations"] = [{"image_id": 0, "category_id": 1}]
    document["annotations"][0]["segmentation"] = {"size": [1, 2], "counts": [2]}
    (tmp_path / "instances.json").write_text(json.dumps(document))
    broken = run(tmp_path, listed=str(tmp_path / "instances.json")).iloc[0]
    assert np.isnan(broken["listed_left"]) and "are broken" in broken["listed_left_reason"]


def test_a_word_that_the_judge_does_not_know_has_no_verdict(tmp_path, run):
    make_shard(tmp_path)
    judge = RedJudge()
    judge.categories = ("cat",)
    clean = run(tmp_path, judge).loc["toy_0-dog"]
    assert clean[["residual", "residual_frame", "original_confidence"]].isna().all()
    assert "does not know the word 'dog'" in clean["residual_reason"]


@pytest.mark.parametrize("damage", ["whole", "nothing"])
def test_a_mask_of_the_whole_photo_and_an_unchanged_hole_are_no_removals(tmp_path, run, damage):
    make_shard(tmp_path)
    edit = read_table(tmp_path / "edits.parquet")
    if damage == "whole":
        write_png(np.ones((64, 64), bool), tmp_path / "mask_0.png")
        edit.loc[0, "mask_sha256"] = file_sha256(tmp_path / "mask_0.png")
    else:
        (tmp_path / "edit_0.png").write_bytes((tmp_path / "photo_0.png").read_bytes())
        edit.loc[0, "edited_sha256"] = file_sha256(tmp_path / "edit_0.png")
    write_table(edit, tmp_path / "edits.parquet")
    clean = run(tmp_path, RedJudge()).loc["toy_0-dog"]
    assert clean["sane"] == 0
    assert (
        clean["sane_reason"]
        == {
            "whole": "the mask covers 100 % of the photo",
            "nothing": "nothing was changed inside the mask",
        }[damage]
    )


def test_without_models_their_scores_are_null_and_say_why(tmp_path, run):
    make_shard(tmp_path)
    clean = run(tmp_path).loc["toy_0-dog"]
    assert np.isnan(clean["residual"])
    assert "quality.judge is null" in clean["residual_reason"]
    assert np.isnan(clean["clip_drop"])
    assert "train.clip" in clean["clip_drop_reason"]
    assert np.isnan(clean["rc_s"])
    assert "quality.dino is null" in clean["rc_s_reason"]
    assert clean["seam"] > 0


def test_batches_change_nothing_and_originals_are_judged_once(tmp_path, run):
    make_shard(tmp_path, count=12)
    judge = RedJudge()
    alone, together = (
        run(tmp_path, RedJudge(), score_redness, batch_size=1),
        run(tmp_path, judge, score_redness),
    )
    assert set(alone["batch_shape"].dropna()) == {"1"} and set(together["batch_shape"].dropna()) == {"3"}
    pd.testing.assert_frame_equal(alone.drop(columns="batch_shape"), together.drop(columns="batch_shape"))
    assert max(judge.asked) <= RUNTIME["batch_size"]
    assert sum(judge.asked) == 2 * 6  # of twelve edits three were not made and three were broken


def test_an_original_of_two_edits_is_looked_at_once():
    photo, mask = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), bool)
    photo[20:40, 20:40], mask[18:42, 18:42] = (220, 20, 30), True
    detector = RedJudge()
    usable = [
        ({"image_id": "toy", "category": "dog"}, Views(photo, edited, mask, (20, 20, 40, 40)), {})
        for edited in (photo, np.zeros_like(photo))
    ]
    ask_judge(usable, Judge(detector, 0.1, 8))
    assert detector.asked == [3]
    assert [values["residual"] for _, _, values in usable] == [0.9, 0]
    assert [values["original_confidence"] for _, _, values in usable] == [0.9, 0.9]


def test_an_exchanged_edit_stops_the_run(tmp_path, run):
    make_shard(tmp_path)
    Image.new("RGB", (64, 64), (1, 2, 3)).save(tmp_path / "edit_0.png")
    with pytest.raises(ValueError, match=r"edit_0\.png.*changed"):
        run(tmp_path)


def test_a_photo_that_is_gone_is_a_failed_row_and_many_stop_the_run(tmp_path, run):
    make_shard(tmp_path)
    (tmp_path / "photo_0.png").unlink()
    score = run(tmp_path)
    assert score.loc["toy_0-dog", "status"] == "failed"
    assert "missing" in score.loc["toy_0-dog", "reason"]
    many = tmp_path / "many"
    many.mkdir()
    make_shard(many, count=24)
    for path in many.glob("photo_*.png"):
        path.unlink()
    with pytest.raises(RuntimeError, match="max_failed_share"):
        run(many)


def test_an_empty_shard_has_the_same_columns(tmp_path, run):
    make_shard(tmp_path)
    full = run(tmp_path)
    for name in ("samples", "masks", "edits"):
        write_table(read_table(tmp_path / f"{name}.parquet").head(0), tmp_path / f"{name}.parquet")
    empty = run(tmp_path)
    assert empty.empty
    assert empty.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()


def test_no_path_means_no_model():
    assert load_judge(None, {}, "cpu", RUNTIME) is None
    assert load_clip_scorer(None, "cpu", 4) is None
    assert load_dino(None, "cpu", 4) is None


def test_without_a_model_no_device_is_leased_and_no_torch_imported(monkeypatch):
    monkeypatch.setattr(Job, "device", property(lambda job: pytest.fail("a device was leased")))
    config = {"quality": dict.fromkeys(("judge", "judge_sha256", "dino")), "train": {"clip": None}}
    assert load_models(Job(config=config)) == dict.fromkeys(("judge", "clip", "dino"))


@pytest.mark.real
def test_real_detector_judges_a_real_removal(tmp_path, real_data):
    """A real YOLO sees the object before and not after a crude fill of its mask."""
    import cv2

    from unscene.photos.coco_instances import read_instances

    photos = read_instances(real_data / "coco_sample" / "instances.json")
    photo = next(p for p in photos.values() if p.file_name == "000000525891.jpg")
    category = "stop sign"
    original = np.asarray(Image.open(real_data / "coco_sample" / "images" / photo.file_name).convert("RGB"))
    mask = cv2.dilate(photo.draw_objects(category).astype(np.uint8), np.ones((15, 15))) > 0
    edited = cv2.inpaint(original, mask.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    settings = {"judge_image_size": 320}
    judge = load_judge(real_data / "models" / "yolo11n-seg.pt", settings, "cpu", RUNTIME | {"batch_size": 2})
    from unscene.quality.image_scores import judge_removal

    before, after = judge.detect([original, edited])
    result = judge_removal(before, after, category, mask)
    assert result["original_confidence"] > 0.5
    assert result["residual"] < result["original_confidence"] / 2
