"""Sham edits and true pictures: what a fill does where nothing is missing, and what is left of a
score where nothing was painted.
"""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from partial_tables import write_some
from tiny_clip import make_evaluation
from unscene.evaluation.columns.pairs import ITEMS, TRUE_PICTURES
from unscene.evaluation.columns.shams import SHAM_PULLS, SHAMS
from unscene.evaluation.comparison import Design, compare_values, take_shams
from unscene.evaluation.embedders import Embedder
from unscene.evaluation.evaluate_fold import evaluate_clip
from unscene.evaluation.evaluate_sham import carry_fills, evaluate_sham
from unscene.evaluation.sham_metrics import carry_fill, score_shams, summarise_shams
from unscene.evaluation.true_pictures import list_true_pictures
from unscene.machine.job import Job
from unscene.photos.images import read_photo
from unscene.run.shards import file_sha256
from unscene.run.tables import read_json, read_table, write_table
from unscene.scenes import compose_scene, render_scene
from unscene.scenes.rendering import draw_dataset


def make_hole(top, left, mirrored=False):
    """A shape that is not its own mirror image, in a photo of 30 x 40."""
    shape = np.array([[1, 1, 1, 0], [0, 0, 1, 0], [0, 0, 1, 1]], bool)
    hole = np.zeros((30, 40), bool)
    hole[top : top + 3, left : left + 4] = shape[:, ::-1] if mirrored else shape
    return hole


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_carried_fill_is_the_edits_own_pixels_elsewhere(mirrored):
    rng = np.random.default_rng(0)
    original, edited = rng.integers(0, 255, (2, 30, 40, 3), dtype=np.uint8)
    mask, hole = make_hole(2, 3), make_hole(20, 30, mirrored)
    carried = carry_fill(original, edited, mask, hole)
    assert np.array_equal(carried[~hole], original[~hole])
    for row in range(3):
        own = edited[2 + row, 3:7][mask[2 + row, 3:7]]
        found = carried[20 + row, 30:34][hole[20 + row, 30:34]]
        assert np.array_equal(found, own[::-1] if mirrored else own)


def test_only_the_same_shape_can_take_a_fill():
    original = np.zeros((30, 40, 3), np.uint8)
    other = np.zeros((30, 40), bool)
    other[5:8, 5:9] = True
    assert carry_fill(original, original, make_hole(2, 3), other) is None
    assert carry_fill(original, original, make_hole(2, 3), np.zeros_like(other)) is None
    assert carry_fill(original, original, make_hole(2, 3), other[:, :20]) is None


def evaluate(world, folder, entry=evaluate_sham, **inputs):
    job = make_evaluation(folder, world[0], world[1] | inputs)
    entry(job)
    return job.outputs


def test_pulls_are_those_of_the_cosines_and_a_carried_fill_is_a_picture_like_any_other(world, tmp_path):
    written = evaluate(world, tmp_path)
    metrics = read_json(written.metrics)
    sham = SHAMS.read(written.sham_table).set_index("sham_of")
    evaluate(world, tmp_path, evaluate_clip)
    item = ITEMS.read(tmp_path / "zero_shot1.item_table.parquet").set_index("edit_id")
    interaction = item.loc[sham.index, "interaction"]
    assert sham["edit_pull"].to_numpy() == pytest.approx(4 * interaction.to_numpy(), abs=1e-6)
    excess = sham["sham_pull"] - sham["edit_pull"] / 2
    assert sham["sham_excess"].to_numpy() == pytest.approx(excess.to_numpy())
    assert sham["carried_pull"].notna().all() and (sham["carried_pull"] != sham["sham_pull"]).all()
    assert metrics["n_carried"] == metrics["n_shams"] == 8
    assert metrics["carried_pull"] == pytest.approx(sham["carried_pull"].mean())
    # An edit whose fill is the sham edit's own grey: carried, it is the sham edit.
    pair = read_table(world[1]["pairs"])
    for row in pair.index:
        pixels = np.asarray(Image.open(pair.loc[row, "original_path"])).copy()
        pixels[8:24, 12:28] = 128
        pair.loc[row, "edited_path"] = str(tmp_path / f"grey{row}.png")
        Image.fromarray(pixels).save(pair.loc[row, "edited_path"])
    write_table(pair, tmp_path / "grey.parquet")
    grey = SHAMS.read(evaluate(world, tmp_path, pairs=tmp_path / "grey.parquet").sham_table)
    assert grey["carried_pull"].to_numpy() == pytest.approx(grey["sham_pull"].to_numpy(), abs=1e-6)
    assert grey["carried_flip"].equals(grey["sham_flip"])  # nulls, too


def test_a_sham_edit_whose_edit_is_no_pair_has_no_edit_to_stand_beside(world, tmp_path):
    pair = read_table(world[1]["pairs"])
    write_table(pair.iloc[[1]], tmp_path / "one.parquet")
    written = evaluate(world, tmp_path, pairs=tmp_path / "one.parquet")
    sham = SHAMS.read(written.sham_table)
    for name in ("edit_pull", "sham_excess", "carried_flip", "carried_pull", "carried_excess"):
        assert set(sham.loc[sham[name].notna(), "sham_of"]) <= {pair["edit_id"][1]}, name
    assert sham["sham_pull"].notna().all() and read_json(written.metrics)["n_carried"] <= 1


def test_sham_scores_equal_the_loop():
    rng = np.random.default_rng(0)
    original, sham, present, negated = (rng.normal(size=(50, 5)) for _ in range(4))
    item = score_shams(original, sham, present, negated)
    for row in range(50):
        before, after = (
            original[row] @ present[row] > original[row] @ negated[row],
            sham[row] @ present[row] > sham[row] @ negated[row],
        )
        assert (item["presence"][row], item["sham_presence"][row]) == (before, after)
        assert item["sham_flip"][row] is pd.NA if not before else item["sham_flip"][row] == (not after)
        pull = (sham[row] - original[row]) @ (negated[row] - present[row])
        assert item["sham_pull"][row] == pytest.approx(pull)


def test_flips_are_counted_by_kind():
    item = pd.DataFrame(
        {
            "sham_kind": ["free", "free", "busy", "edge", "edge"],
            "of_attempt": [1, 2, 1, 2, 1],
            "presence": [True, True, True, True, False],
            "sham_presence": [False, True, True, False, True],
            "sham_flip": pd.array([True, False, False, True, pd.NA], dtype="boolean"),
            "carried_flip": pd.array([pd.NA] * 5, dtype="boolean"),
            **dict.fromkeys(SHAM_PULLS, 0.5),
        }
    )
    found = summarise_shams(item)
    assert found["sham_flip_rate"] == 0.5
    assert [found[f"sham_flip_rate_{kind}"] for kind in ("free", "busy", "edge", "retried")] == [
        0.5,
        0,
        1,
        0.5,
    ]
    assert np.isnan(found["carried_flip_rate"]) and found["sham_pull"] == 0.5
    nothing = summarise_shams(item.head(0))
    assert nothing.pop("n_shams") == nothing.pop("n_carried") == 0
    assert all(np.isnan(value) for value in nothing.values())


def test_arms_are_compared_on_their_sham_edits(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for arm, rise in (("zero_shot", 0.0), ("main", 0.1)):
        frame = pd.DataFrame({"edit_id": [f"e{i}-sham" for i in range(90)], "arm": arm, "seed": 0})
        frame["fold"], frame["group"] = frame.index % 3, [f"g{i // 2}" for i in range(90)]
        frame = frame.assign(**{name: rise + 0.02 * rng.normal(size=90) for name in SHAM_PULLS})
        frame.loc[0, "carried_pull"] = np.nan
        paths.append(tmp_path / f"{arm}.parquet")
        write_some(SHAMS, frame, paths[-1])
    settings, design = {"bootstrap_draws": 200, "confidence": 0.95}, Design({"main": 0.5})
    found = compare_values(take_shams(paths), [("main", "zero_shot")], settings, 0, design)
    found = found.set_index("metric").loc[SHAM_PULLS]
    assert found.loc["carried_pull", "n"] == 89 and found.loc["sham_pull", "n"] == 90
    assert found["difference"].to_numpy() == pytest.approx(0.1, abs=0.02) and (found["low"] > 0).all()


def test_true_pictures_are_listed_by_photo_and_category(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw_dataset("results/scenes/scenes", "scenes", 5, 3)
    sample = pd.DataFrame(
        {
            "image_id": [*(f"scenes_{n}" for n in (1, 2, 4)), "photo_1"],
            "source": ["scenes"] * 3 + ["photo"],
            "source_key": ["1", "2", "4", "1"],
        }
    )
    write_table(sample, "samples.parquet")
    sources = [{"name": "scenes", "format": "embedded", "photos": 5, "seed": 3}]
    config = {"samples": {"sources": sources}}
    list_true_pictures(Job({"samples": "samples.parquet"}, {"truth": "truth.parquet"}, config=config))
    truth = TRUE_PICTURES.read("truth.parquet")
    assert set(truth["image_id"]) <= {"scenes_1", "scenes_2", "scenes_4"} and len(truth) > 3
    for row in truth.itertuples():
        scene = compose_scene(3, int(row.image_id.removeprefix("scenes_")) - 1)
        without = render_scene(scene, without=row.category).rgb
        assert np.array_equal(np.asarray(read_photo(row.truth_path)), without)
        assert row.truth_sha256 == file_sha256(row.truth_path)


def test_the_true_picture_takes_the_edits_place(world, tmp_path):
    pair = read_table(world[1]["pairs"])
    own = pd.DataFrame({"image_id": pair["image_id"], "category": pair["category"]})
    # The true picture of every other pair is its original: nothing is gone, so no score is left.
    paths = pair["edited_path"].where(pair.index % 2 == 0, pair["original_path"])
    truth = own.assign(truth_path=paths, truth_sha256=[file_sha256(path) for path in paths])
    TRUE_PICTURES.write(truth.iloc[4:], tmp_path / "truth.parquet")
    written = evaluate(world, tmp_path, evaluate_clip, truth=tmp_path / "truth.parquet")
    item = ITEMS.read(written.item_table).set_index("edit_id")
    of_pair = pair.set_index("edit_id").assign(at=range(len(pair))).loc[item.index, "at"]
    for name, row in item.iterrows():
        if of_pair[name] < 4:
            assert pd.isna(row["group_score_true"]) and pd.isna(row["true_shortfall"])
            continue
        expected = row["group_score"] if of_pair[name] % 2 == 0 else False
        assert row["group_score_true"] == expected
        assert row["true_shortfall"] == row["group_score"] / 2 - expected
    mean = item["group_score_true"].astype(float).mean()
    assert read_json(written.metrics)["group_score_true"] == pytest.approx(mean)
    nothing = ITEMS.read(evaluate(world, tmp_path, evaluate_clip).item_table)
    assert nothing["group_score_true"].isna().all() and nothing["true_shortfall"].isna().all()
    (tmp_path / "changed.png").write_bytes(b"other")
    truth.loc[:, "truth_path"] = str(tmp_path / "changed.png")
    TRUE_PICTURES.write(truth, tmp_path / "changed.parquet")
    with pytest.raises(ValueError, match="changed.png"):
        evaluate(world, tmp_path, evaluate_clip, truth=tmp_path / "changed.parquet")


def test_carrying_keeps_photos_without_a_pair_as_they_are(world):
    embedder = Embedder.load(world[0], "cpu", 8)
    sham = read_table(world[1]["sham"]).head(3)
    pair = read_table(world[1]["pairs"]).head(3)[["edited_path", "mask_path"]]
    pair.loc[1] = None
    original = np.zeros((3, 32, 32, 3), np.uint8)
    shown, is_carried = carry_fills(embedder, sham, pair, original, 1)
    assert is_carried.tolist() == [True, False, True] and not shown[1].any() and shown[0].any()
