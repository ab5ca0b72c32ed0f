"""Controls: each kind is what it says, and a run's own photos and masks give them."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest

from partial_tables import write_some
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.photos.images import write_png
from unscene.quality import control_scoring, control_source
from unscene.quality.columns import CONTROL_SCORES
from unscene.quality.control_source import Source
from unscene.quality.controls import (
    FAILURES,
    KINDS,
    PERFECT,
    Placed,
    blur_hole,
    cut_out,
    invent_texture,
    leave_ghost,
    make_controls,
    paint_over,
    place,
    shift_tone,
)
from unscene.quality.edit_scores import Judge, measure_pixels
from unscene.run.seeds import derive_seed
from unscene.run.shards import file_sha256
from unscene.run.tables import read_table, write_table
from unscene.samples.columns import SAMPLES

RUNTIME = {"batch_size": 4, "workers": 1, "max_failed_share": 0.5, "precision": "float32"}


def draw_disc(shape, centre, radius):
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2


def make_cutout(category="dog", colour=(220, 20, 30), shape=(80, 100)):
    rng = np.random.default_rng(3)
    photo = rng.integers(90, 130, (*shape, 3), dtype=np.uint8)
    object_mask, mask = draw_disc(shape, (50, 30), 12), draw_disc(shape, (50, 30), 16)
    photo[object_mask] = colour
    return cut_out(photo, mask, object_mask, category)


@pytest.fixture
def ground():
    return np.random.default_rng(1).integers(60, 100, (80, 100, 3), dtype=np.uint8)


def make_all(ground):
    placed = place(make_cutout(), ground, np.zeros((0, 4)), seed=5)
    return placed, dict(make_controls(placed, make_cutout("cat", (20, 200, 40))))


def test_the_object_is_pasted_whole_and_at_its_height(ground):
    placed, _ = make_all(ground)
    red = (placed.with_object == (220, 20, 30)).all(axis=2)
    assert (red == placed.object_mask).all()
    assert red.sum() == draw_disc((80, 100), (50, 30), 12).sum()
    assert abs(np.flatnonzero(placed.mask.any(axis=1))[0] - 34) <= 8
    assert not (placed.object_mask & ~placed.mask).any()
    assert (placed.with_object[~placed.mask] == ground[~placed.mask]).all()


def test_the_object_keeps_away_from_what_was_seen(ground):
    boxes = np.array([[0, 0, 60, 80]])
    for seed in range(10):
        placed = place(make_cutout(), ground, boxes, seed)
        assert not placed.mask[:, :60].any()
    assert place(make_cutout(), ground, np.array([[20, 0, 80, 80]]), 0) is None


def test_the_object_takes_the_same_share_of_a_larger_ground():
    ground = np.zeros((160, 200, 3), np.uint8)
    placed = place(make_cutout(), ground, np.zeros((0, 4)), 0)
    assert placed.object_mask.mean() == pytest.approx(draw_disc((80, 100), (50, 30), 12).mean(), rel=0.05)
    assert place(make_cutout(), np.zeros((800, 1000, 3), np.uint8), np.zeros((0, 4)), 0) is None


@pytest.mark.parametrize(("factor", "fits"), [(3, True), (3.1, False), (1 / 3, True), (1 / 3.1, False)])
def test_photos_differ_in_size_by_three_times_at_most(ground, factor, fits):
    grown = cv2.resize(ground, None, fx=3, fy=3)
    cutout = replace(make_cutout(), photo_size=grown.shape[0] * grown.shape[1] / factor**2)
    assert (place(cutout, grown, np.zeros((0, 4)), 0) is not None) == fits


def test_each_kind_spoils_the_perfect_one_in_its_own_way(ground):
    placed, made = make_all(ground)
    assert set(made) == set(KINDS) - {"untouched", "neighbour"}
    for views in made.values():
        assert (views.original == placed.with_object).all()
        assert (views.edited[~placed.mask] == ground[~placed.mask]).all()
        assert views.edited.dtype == np.uint8
    assert (made[PERFECT].edited == ground).all()
    objects = placed.object_mask.sum()
    for kind in ("half", "rim"):
        left = (made[kind].edited == placed.with_object).all(axis=2) & placed.object_mask
        assert left.sum() == pytest.approx(objects / 2, rel=0.15)
        assert (made[kind].edited[~left] == ground[~left]).all()
    rim = (made["rim"].edited == placed.with_object).all(axis=2) & placed.object_mask
    rows, columns = np.nonzero(placed.object_mask)
    assert not rim[int(rows.mean()), int(columns.mean())]
    assert (made["pasted"].edited == (20, 200, 40)).all(axis=2).sum() > 50
    score = {kind: measure_pixels(views) for kind, views in made.items()}
    assert score["blurred"]["blur_ratio"] < 0.3 < score[PERFECT]["blur_ratio"]
    assert score["toned"]["seam"] > 1.3 * score[PERFECT]["seam"]
    assert np.abs(
        made["toned"].edited[placed.mask].astype(int) - ground[placed.mask]
    ).mean() == pytest.approx(20)
    assert all(values["outside_difference"] == 0 for values in score.values())


@pytest.mark.parametrize(("gray", "shift"), [(127, 20), (128, -20)])
def test_a_tone_moves_away_from_the_nearer_end(gray, shift):
    placed = place(make_cutout(), np.full((80, 100, 3), gray, np.uint8), np.zeros((0, 4)), seed=5)
    assert (shift_tone(placed)[placed.mask] == gray + shift).all()


@pytest.mark.parametrize(("side", "sigma"), [(60, 2), (300, 6)])
def test_a_blur_is_two_percent_of_the_long_side_and_two_pixels_at_least(side, sigma):
    ground = np.random.default_rng(1).integers(60, 100, (side, side, 3), dtype=np.uint8)
    hole = draw_disc((side, side), (30, 30), 20)
    blurred = blur_hole(Placed(ground, ground, hole, hole))
    assert (blurred[hole] == cv2.GaussianBlur(ground, (0, 0), sigma)[hole]).all()
    assert (blurred[~hole] == ground[~hole]).all()


def test_the_object_stays_within_a_tenth_of_the_height(ground):
    tops = [
        np.flatnonzero(place(make_cutout(), ground, np.zeros((0, 4)), seed).mask.any(axis=1))[0]
        for seed in range(60)
    ]
    assert min(tops) >= 34 - 8 and max(tops) <= 34 + 8 and max(tops) - min(tops) > 8


def test_six_grounds_are_tried_and_none_that_names_the_object(tmp_path):
    make_run(tmp_path, count=20)
    source = Source(tmp_path / "samples.parquet", tmp_path / "masks.parquet", seed=7)
    grounds, more = (source.list_grounds("dog", "toy_1", turn) for turn in (0, 1))
    assert len(set(grounds)) == 6
    assert more and not set(grounds) & set(more)  # another round has other grounds
    assert all(int(name[4:]) % 2 == 1 and name != "toy_1" for name in grounds)


def list_naively(mask, image_ids, seed, bins, tries):
    """Return the edits in their order, with the grounds of two rounds of each: from whole tables."""
    mask = mask[mask["image_id"].isin(image_ids)]
    usable = [row for row in mask.to_dict("records") if row["status"] == "ok"]
    usable.sort(key=lambda row: derive_seed(seed, "control", row["edit_id"]))
    by_bin = {}
    for row in usable:
        by_bin.setdefault(sum(row["area_fraction"] >= edge for edge in bins), []).append(row)
    longest = max(map(len, by_bin.values()))
    order = [
        by_bin[one][turn] for turn in range(longest) for one in sorted(by_bin) if turn < len(by_bin[one])
    ]
    grounds = sorted(set(mask["image_id"]), key=lambda name: derive_seed(seed, "ground", name))
    found = []
    for row in order:
        named = set(mask.loc[mask["category"] == row["category"], "image_id"])
        start = derive_seed(seed, row["category"], row["image_id"]) % len(grounds)
        turned = [*grounds[start:], *grounds[:start]]
        free = [name for name in turned if name != row["image_id"] and name not in named]
        found.append((row["edit_id"], free[:tries], free[tries : 2 * tries]))
    return found


@pytest.mark.parametrize("rows_a_group", [5, 2**15])
def test_masks_and_grounds_are_those_of_whole_tables(tmp_path, monkeypatch, rows_a_group):
    monkeypatch.setattr("unscene.run.tables.ROWS_A_GROUP", rows_a_group)
    monkeypatch.setattr("unscene.run.streaming.ROWS_A_GROUP", rows_a_group)
    monkeypatch.setattr(control_source, "ROWS_A_GROUP", rows_a_group)
    monkeypatch.setattr(control_source, "_MASKS_A_READING", 4)
    rng = np.random.default_rng(2)
    samples = [{"image_id": f"a_{n}", "path": f"{n}.png", "sha256": "x"} for n in range(40) if n % 9]
    masks = [
        {"edit_id": f"a_{n}-{category}", "image_id": f"a_{n}", "category": category, "mask_path": f"{n}.png"}
        | {
            "status": ("ok", "skipped")[int(rng.random() < 0.3)],
            "area_fraction": rng.choice([0.01, 0.05, 0.2]),
        }
        | {"seen_boxes": rng.random(4 * rng.integers(3)).tolist()}
        for n in rng.permutation(40)
        for category in ("dog", "cat", "kite")
        if rng.random() < 0.4
    ]
    write_some(SAMPLES, pd.DataFrame(samples), tmp_path / "samples.parquet")
    write_some(MASKS, pd.DataFrame(masks), tmp_path / "masks.parquet")
    source = Source(tmp_path / "samples.parquet", tmp_path / "masks.parquet", seed=7)
    found = [
        (row["edit_id"], *(source.list_grounds(row["category"], row["image_id"], turn) for turn in (0, 1)))
        for row in source.iterate_masks([0.02, 0.08])
    ]
    image_ids = {row["image_id"] for row in samples}
    assert found == list_naively(pd.DataFrame(masks), image_ids, 7, [0.02, 0.08], control_source.TRIES)
    for image_id in image_ids & {row["image_id"] for row in masks}:
        first = next(row for row in masks if row["image_id"] == image_id)
        boxes = np.reshape(np.array(first["seen_boxes"], np.float32), (-1, 4))
        np.testing.assert_array_equal(source.read_boxes(image_id), boxes)


def test_bins_of_mask_size_take_turns(tmp_path):
    make_run(tmp_path)
    mask = read_table(tmp_path / "masks.parquet")
    mask["area_fraction"] = [0.01] * 9 + [0.02, 0.05, 0.3]  # an edge belongs to the bin above it
    write_table(mask, tmp_path / "masks.parquet")
    source = Source(tmp_path / "samples.parquet", tmp_path / "masks.parquet", seed=7)
    sizes = [row["area_fraction"] for row in source.iterate_masks([0.02, 0.08])]
    assert sizes[0] == 0.01 and sizes[1] in (0.02, 0.05) and sizes[2] == 0.3
    assert sizes[3] == 0.01 and {sizes[1], sizes[4]} == {0.02, 0.05} and sizes[5:] == [0.01] * 7


def test_the_neighbour_is_gone_and_everything_else_is_perfect(ground):
    neighbour = draw_disc((80, 100), (60, 85), 10)
    ground[draw_disc((80, 100), (60, 85), 8)] = (20, 200, 40)
    placed = place(make_cutout(), ground, np.array([[75, 50, 95, 70]]), seed=5)
    edited = dict(make_controls(placed, None, neighbour))["neighbour"].edited
    assert (edited[~neighbour] == ground[~neighbour]).all()
    assert not (edited == (20, 200, 40)).all(axis=2).any()
    assert paint_over(placed, placed.mask) is None


class ColourJudge:
    """Sees a dog where something is red and a cat where something is green."""

    categories = ("dog", "cat")

    def detect(self, photos, confidence):
        found = []
        for photo in photos:
            boxes, names = [], []
            for name, channel in (("dog", 0), ("cat", 1)):
                others = np.delete(photo, channel, axis=2).max(axis=2).astype(int)
                coloured = (photo[..., channel].astype(int) - others > 80).astype(np.uint8)
                for x, y, width, height, area in cv2.connectedComponentsWithStats(coloured)[2][1:]:
                    if area > 20:
                        boxes.append([x, y, x + width, y + height])
                        names.append(name)
            found.append(
                SimpleNamespace(
                    boxes=np.array(boxes, float).reshape(-1, 4),
                    confidences=np.full(len(names), 0.9),
                    categories=names,
                )
            )
        return found


def make_run(folder, count=12):
    """Photos of dogs and cats as discs; the tables that a run would have of them."""
    rng = np.random.default_rng(0)
    sample, masks = [], []
    for number in range(count):
        name, category = f"toy_{number}", ("dog", "cat")[number % 2]
        photo = rng.integers(90, 130, (80, 100, 3), dtype=np.uint8)
        centre = (50, 25)
        object_mask, mask = draw_disc((80, 100), centre, 10), draw_disc((80, 100), centre, 13)
        photo[object_mask] = (220, 20, 30) if category == "dog" else (20, 200, 40)
        paths = {kind: str(folder / f"{name}.{kind}.png") for kind in ("photo", "mask", "object")}
        for path, pixels in zip(paths.values(), (photo, mask, object_mask), strict=True):
            write_png(pixels, path)
        sample.append({"image_id": name, "path": paths["photo"], "sha256": file_sha256(paths["photo"])})
        masks.append(
            {
                "edit_id": f"{name}-{category}",
                "image_id": name,
                "category": category,
                "area_fraction": float(object_mask.mean()),
                "mask_path": paths["mask"],
                "object_path": paths["object"],
                "mask_sha256": file_sha256(paths["mask"]),
                "seen_boxes": np.array([15, 40, 35, 60], np.float32),
                "status": "ok",
            }
        )
    write_table(pd.DataFrame(sample), folder / "samples.parquet")
    write_table(pd.DataFrame(masks), folder / "masks.parquet")


@pytest.fixture
def run(monkeypatch):
    """A function that makes and scores the controls of a folder."""

    def score(folder, controls=8, judge=None, rule="", **runtime):
        runtime = RUNTIME | runtime
        judge = judge and Judge(judge, 0.1, runtime["batch_size"])
        monkeypatch.setattr(control_scoring, "load_models", lambda job: {"judge": judge})
        job = Job(
            {name: folder / f"{name}.parquet" for name in ("samples", "masks")},
            {"table": folder / "controls.parquet"},
            {"quality": {"controls": controls}, "seed": 7},
            runtime,
            rule=rule,
        )
        control_scoring.score_controls(job)
        return CONTROL_SCORES.read(job.outputs.table)

    return score


def test_a_run_gives_controls_and_the_judge_sees_what_they_are(tmp_path, run):
    make_run(tmp_path)
    control = run(tmp_path, judge=ColourJudge())
    counts = control["kind"].value_counts()
    assert {kind: counts[kind] for kind in KINDS if kind != "pasted"} == dict.fromkeys(
        set(KINDS) - {"pasted"}, 8
    )
    assert 6 <= counts["pasted"] <= 8  # the first object has no other one before it
    residual = control.groupby("kind")["residual"].mean()
    assert residual[PERFECT] == residual["blurred"] == 0
    assert residual["untouched"] == residual["half"] == pytest.approx(0.9)
    assert control.groupby("kind")["new_object"].mean()["pasted"] > 0.8
    assert (control[control["kind"] == "untouched"]["change"] == 0).all()
    assert (
        control[control["kind"] != "untouched"]["ground_id"].str[4:].astype(int) % 2
        != control[control["kind"] != "untouched"]["edit_id"].str.extract(r"toy_(\d+)")[0].astype(int) % 2
    ).all()
    assert control["control_id"].is_unique
    collateral = control.groupby("kind")["collateral"].agg(["min", "max"])
    assert collateral.loc[PERFECT].tolist() == [1, 1]
    assert collateral.loc["neighbour"].tolist() == [0, 0]
    assert control[control["kind"] == "neighbour"]["outside_difference"].min() > 20


def test_few_objects_stand_on_several_grounds_after_each_has_stood_on_one(tmp_path, run):
    make_run(tmp_path, count=16)
    perfect = run(tmp_path, controls=99).query("kind == 'perfect'").reset_index()
    first = perfect["edit_id"].duplicated().argmax()
    assert 8 <= first < len(perfect)
    assert not perfect.duplicated(["edit_id", "ground_id"]).any()
    assert set(perfect["edit_id"][first:]) <= set(perfect["edit_id"][:first])


def test_ghosts_and_textures_lie_inside_the_hole_and_look_like_neither_side(ground):
    placed = place(make_cutout(), ground, np.zeros((0, 4)), 1)
    for edited in (leave_ghost(placed), invent_texture(placed)):
        assert (edited[~placed.mask] == placed.ground[~placed.mask]).all()
        assert (edited[placed.object_mask] != placed.ground[placed.object_mask]).any()
    ghost = leave_ghost(placed)[placed.object_mask].astype(int)
    object_, below = (each[placed.object_mask].astype(int) for each in (placed.with_object, placed.ground))
    assert np.abs(ghost - (object_ + 2 * below) / 3).max() <= 1


def test_batches_and_repeats_change_nothing(tmp_path, run):
    make_run(tmp_path)
    pd.testing.assert_frame_equal(
        run(tmp_path, judge=ColourJudge()), run(tmp_path, judge=ColourJudge(), batch_size=64)
    )


@pytest.mark.parametrize("batch", [0, 1, 2])
def test_a_killed_run_goes_on_from_its_last_whole_batch(tmp_path, run, monkeypatch, batch):
    make_run(tmp_path)
    monkeypatch.chdir(tmp_path)
    whole = run(tmp_path, controls=10, judge=ColourJudge(), rule="score_controls", batch_size=4)
    assert not Path("state/scratch/score_controls/score_controls").exists()
    asked, killed_at = [], batch

    def count(objects, *args):
        if len(asked) == killed_at:
            raise KeyboardInterrupt
        asked.append(len(objects))
        return score(objects, *args)

    score = control_scoring.score_objects
    monkeypatch.setattr(control_scoring, "score_objects", count)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, controls=10, judge=ColourJudge(), rule="score_controls", batch_size=4)
    killed_at = None
    again = run(tmp_path, controls=10, judge=ColourJudge(), rule="score_controls", batch_size=4)
    assert sum(asked) == 10
    pd.testing.assert_frame_equal(again, whole)


def test_a_ground_with_the_class_is_left_out_and_bad_photos_do_no_harm(tmp_path, run):
    make_run(tmp_path)
    all_dogs = read_table(tmp_path / "masks.parquet")
    write_table(all_dogs.assign(category="dog"), tmp_path / "masks.parquet")
    assert run(tmp_path).empty  # every photo names a dog
    write_table(all_dogs, tmp_path / "masks.parquet")
    (tmp_path / "toy_3.photo.png").write_bytes(b"broken")
    control = run(tmp_path, controls=99)
    assert not control["ground_id"].eq("toy_3").any()
    assert control["kind"].eq("untouched").sum() == 11
    assert run(tmp_path, controls=0).empty
    assert run(tmp_path, controls=0).dtypes.astype(str).to_dict() == control.dtypes.astype(str).to_dict()


def test_every_failure_is_described():
    assert all(len(text) > 10 for text in FAILURES.values())
