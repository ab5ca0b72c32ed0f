"""Agreement with the truth, on scenes whose truth is made by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from unscene.evaluation.edit_truth import measure_edit
from unscene.evaluation.truth import score_against_truth
from unscene.machine.job import Job
from unscene.photos.coco_instances import decode_segmentation, decompress_runs, read_instances
from unscene.photos.images import write_png
from unscene.run import agreement
from unscene.run.shards import file_sha256
from unscene.run.tables import TableError, read_json, write_table

SOURCE = {"name": "toy", "format": "embedded", "photos": 8, "seed": 1}


def encode_runs(mask):
    """Run lengths of a mask, the slow and obvious way."""
    counts, value, length = [], False, 0
    for pixel in mask.T.reshape(-1):
        if pixel != value:
            counts.append(length)
            value, length = pixel, 0
        length += 1
    return [*counts, length]


def compress_runs(counts):
    """COCO's text form, written from the format's description: differences to the last but one,
    five bits a character.
    """
    text = ""
    for position, count in enumerate(counts):
        value = count - counts[position - 2] if position > 2 else count
        while True:
            bits, value = value & 31, value >> 5
            more = value != (-1 if bits & 16 else 0)
            text += chr(bits + (32 if more else 0) + 48)
            if not more:
                break
    return text


class TestSegmentations:
    mask = np.random.default_rng(0).random((37, 53)) > 0.6
    mask[5:30, 10:40] = True

    def test_run_lengths_and_their_text(self):
        counts = encode_runs(self.mask)
        for form in (counts, compress_runs(counts)):
            decoded = decode_segmentation({"counts": form, "size": [37, 53]}, 37, 53)
            assert (decoded == self.mask).all()

    def test_text_of_the_cocoapi(self):
        # A 3 x 3 photo with its middle pixel set, and long runs, as pycocotools 2.0 writes them.
        assert decompress_runs("414") == [4, 1, 4]
        assert decompress_runs(compress_runs([100000, 70, 3, 71, 99999])) == [100000, 70, 3, 71, 99999]

    def test_runs_that_do_not_fill_the_photo_are_an_error(self):
        with pytest.raises(ValueError, match="7 pixels"):
            decode_segmentation({"counts": [3, 4]}, 3, 3)

    def test_polygon_covers_its_area(self):
        drawn = decode_segmentation([[10, 10, 30, 10, 30, 20, 10, 20], [40, 0, 45, 0, 45, 5, 40, 5]], 40, 50)
        assert drawn[10:20, 10:30].all()
        assert drawn[0:5, 40:45].all()
        assert drawn.sum() == 20 * 10 + 25


@pytest.mark.parametrize(
    "document",
    [
        {"images": [], "annotations": []},
        [],
        {"categories": [], "images": [{"id": 1}], "annotations": []},
        {
            "categories": [],
            "images": [{"id": 1, "file_name": "a", "height": 3, "width": 3}],
            "annotations": [{"image_id": 1, "category_id": 7, "segmentation": [[0, 0, 1, 1, 2, 0]]}],
        },
    ],
)
def test_a_file_that_holds_no_instances_is_named(tmp_path, document):
    (tmp_path / "labels.json").write_text(json.dumps(document))
    with pytest.raises(TableError, match=r"labels\.json.*instances format"):
        read_instances(tmp_path / "labels.json")


def test_real_labels_have_the_areas_that_coco_states(real_data):
    path = real_data / "coco_sample" / "instances.json"
    photos = read_instances(path)
    compared = 0
    for annotation in json.loads(path.read_text())["annotations"]:
        photo = photos[str(annotation["image_id"])]
        if annotation["iscrowd"] or annotation["area"] < 2000:
            continue
        drawn = decode_segmentation(annotation["segmentation"], photo.height, photo.width).sum()
        assert drawn == pytest.approx(annotation["area"], rel=0.04)
        compared += 1
    assert compared > 50


class TestAgreement:
    def test_wilson(self):
        share = agreement.count_share(9, 10)
        assert (share["low"], share["high"]) == (
            pytest.approx(0.5958, abs=1e-3),
            pytest.approx(0.9821, abs=1e-3),
        )
        assert agreement.count_share(0, 5)["low"] == 0
        assert agreement.count_share(0, 0)["share"] is None

    def test_auc_equals_counting_pairs(self):
        rng = np.random.default_rng(1)
        positive, negative = rng.integers(0, 6, 40).astype(float), rng.integers(0, 5, 30).astype(float)
        plain = np.mean([(p > n) + 0.5 * (p == n) for p in positive for n in negative])
        auc = agreement.get_auc([*positive, np.nan], negative)
        assert auc["auc"] == pytest.approx(plain)
        assert auc["low"] < plain < auc["high"]
        assert auc["n_positive"] == 40
        assert agreement.get_auc([], [1.0])["auc"] is None

    def test_words(self):
        counted = agreement.count_words([({"dog", "cat"}, {"dog"}), (set(), {"car"}), (set(), set())])
        assert (counted["precision"], counted["recall"], counted["f1"]) == (0.5, 0.5, 0.5)

    def test_summary_leaves_nulls_out(self):
        summary = agreement.summarise([1.0, None, 3.0, float("nan")])
        assert (summary["mean"], summary["median"], summary["n"]) == (2, 2, 2)
        assert agreement.summarise([])["mean"] is None


class TestOneEdit:
    rng = np.random.default_rng(2)
    truth = rng.integers(80, 120, (40, 40, 3), dtype=np.uint8)
    true_object = np.zeros((40, 40), bool)
    true_object[12:28, 12:28] = True
    hole = np.zeros((40, 40), bool)
    hole[10:30, 10:30] = True
    original = np.where(true_object[..., None], np.uint8(220), truth)

    def measure(self, edited):
        return measure_edit(self.original, edited, self.truth, self.hole, self.true_object)

    def test_perfect_untouched_and_half_left(self):
        perfect, untouched = self.measure(self.truth), self.measure(self.original)
        assert (perfect["error_ratio"], perfect["object_left"]) == (0, 0)
        assert perfect["psnr_edit"] == 99
        assert untouched["error_ratio"] == untouched["object_left"] == 1
        assert untouched["psnr_edit"] == untouched["psnr_untouched"]
        ghost = ((self.truth.astype(int) + self.original) // 2).astype(np.uint8)
        assert self.measure(ghost)["object_left"] == pytest.approx(0.5, abs=0.01)

    def test_another_texture_is_no_object_left(self):
        other = np.where(
            self.hole[..., None], self.rng.integers(80, 120, self.truth.shape, dtype=np.uint8), self.truth
        )
        measured = self.measure(other)
        assert abs(measured["object_left"]) < 0.05
        assert 0 < measured["error_ratio"] < 0.3
        assert measured["variance_edit"] < measured["variance_telea"]
        assert measured["sharpness_edit"] < measured["sharpness_telea"]

    def test_fills_are_ordered(self):
        measured = self.measure(self.truth)
        assert measured["psnr_untouched"] < measured["psnr_mean_fill"] < 99
        assert measured["psnr_untouched"] < measured["psnr_telea"] < 99

    def test_an_object_that_another_hides_wholly_cannot_be_measured(self):
        nothing = measure_edit(self.original, self.truth, self.truth, self.hole, np.zeros_like(self.hole))
        assert np.isnan(nothing["error_ratio"])


def make_run(folder, with_truth=True):
    """Eight photos of one dog each: edits 0-3 perfect, 4-7 untouched; 0-2 and 7 were accepted."""
    scenes = folder / "results" / "scenes" / "toy"
    true_object = TestOneEdit.true_object
    tables = {name: [] for name in ("samples", "keywords", "masks", "edits", "scores", "pairs")}
    instances = {
        "images": [],
        "annotations": [],
        "categories": [{"id": 18, "name": "dog"}, {"id": 2, "name": "bicycle"}],
    }
    for number in range(8):
        image_id, name = f"toy_{number}", f"toy_{number}-dog"
        paths = {kind: folder / f"{kind}_{number}.png" for kind in ("photo", "edit", "hole", "object")}
        write_png(TestOneEdit.original, paths["photo"])
        write_png(TestOneEdit.truth if number < 4 else TestOneEdit.original, paths["edit"])
        write_png(TestOneEdit.hole, paths["hole"])
        write_png(true_object, paths["object"])
        (scenes / "truth").mkdir(parents=True, exist_ok=True)
        write_png(TestOneEdit.truth, scenes / "truth" / f"{number}-dog.png")
        instances["images"].append({"id": number, "file_name": f"{number}.png", "height": 40, "width": 40})
        instances["annotations"].append(
            {
                "image_id": number,
                "category_id": 18,
                "iscrowd": 0,
                "segmentation": {"counts": encode_runs(true_object)},
            }
        )
        tables["samples"].append(
            {
                "image_id": image_id,
                "path": str(paths["photo"]),
                "shard": "toy-0-of-1",
                "source_key": str(number),
                "mentions": [["dog"], []],
            }
        )
        found = [["dog"], ["dog"] if number == 0 else []]
        for position, words in enumerate(found):
            tables["keywords"].append(
                {"image_id": image_id, "caption_id": f"{image_id}-{position}", "words": words, "status": "ok"}
            )
        here = {"edit_id": name, "image_id": image_id, "category": "dog", "status": "ok"}
        tables["masks"].append(
            here
            | {
                "mask_path": str(paths["hole"]),
                "object_path": str(paths["object"]),
                "found_by": "detector",
                "listed_instances": None,
            }
        )
        tables["edits"].append(here | {"mask_path": str(paths["hole"]), "image_path": str(paths["edit"])})
        tables["scores"].append(
            {"edit_id": name, "status": "ok", "residual": 0.0 if number < 4 else 0.9, "blind": 0.5}
        )
        if number in (0, 1, 2, 7):
            tables["pairs"].append({"edit_id": name, "image_id": image_id})
    (scenes / "instances_toy.json").write_text(json.dumps(instances))
    truths = [scenes / "truth" / f"{number}-dog.png" for number in range(8)]
    listed = {
        "file_name": [f"{number}.png" for number in range(8)],
        "category": "dog",
        "truth_path": [f"truth/{path.name}" for path in truths],
        "truth_sha256": [file_sha256(path) for path in truths],
    }
    write_table(pd.DataFrame(listed), scenes / "truth.parquet")
    paths = {}
    for name, rows in tables.items():
        frame = pd.DataFrame(rows)
        if name == "samples" and not with_truth:
            frame["mentions"] = None
        paths[name] = folder / f"{name}.parquet"
        write_table(frame, paths[name])
    return paths


def score(paths, source=SOURCE):
    """Return what truth.json says of the source; the run lies in the working directory."""
    config = {"samples": {"sources": [source]}}
    score_against_truth(Job(inputs=paths, outputs={"truth": "truth.json"}, config=config))
    return read_json("truth.json")[source["name"]]


def test_truth_of_an_embedded_source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = make_run(tmp_path)
    truth = score(paths)
    assert truth["keywords"]["recall"] == 1
    assert truth["keywords"]["precision"] == pytest.approx(8 / 9)
    assert truth["keywords"]["exact"]["share"] == pytest.approx(15 / 16)
    assert truth["keyword_agreement_with_instances"]["share"] == 1
    assert truth["masks"]["iou"]["mean"] == truth["masks"]["recall"]["mean"] == 1
    assert truth["masks"]["spill"]["mean"] == pytest.approx(20**2 / 16**2)
    assert truth["edits"]["psnr_db"]["edit"]["n"] == 8
    assert truth["edits"]["object_left"]["mean"] == pytest.approx(0.5)
    acceptance = truth["acceptance"]
    assert acceptance["precision"]["share"] == 0.75
    assert acceptance["recall"]["share"] == 0.75
    assert acceptance["accepted_of_masks"]["share"] == 0.5
    assert len(acceptance["by_cut"]) >= 5
    assert truth["scores_against_truth"]["residual"]["auc"] == 0
    assert truth["scores_against_truth"]["residual"]["separates"]
    assert not truth["scores_against_truth"]["blind"]["separates"]


def test_a_class_that_the_scene_lacks_counts_as_not_removed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = make_run(tmp_path)
    for name in ("masks", "edits", "scores", "pairs"):
        frame = pd.read_parquet(paths[name])
        frame.loc[frame["edit_id"] == "toy_0-dog", "category"] = "bicycle"
        write_table(frame, paths[name])
    truth = score(paths)
    assert truth["acceptance"]["precision"]["share"] == 0.5
    assert truth["masks"]["without_instance_of_class"] == 1
    assert truth["edits"]["psnr_db"]["edit"]["n"] == 7


def test_a_source_without_truth_gives_nulls_with_reasons(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = make_run(tmp_path, with_truth=False)
    truth = score(paths, {"name": "toy", "format": "table", "photos": 8})
    for section in ("keywords", "keyword_agreement_with_instances", "masks", "edits", "scores_against_truth"):
        assert truth[section]["reason"]
    assert truth["acceptance"]["precision"] is None
    assert truth["acceptance"]["accepted_of_masks"]["share"] == 0.5


def test_the_detectors_recall_and_masks_that_hold_the_instances(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = make_run(tmp_path)
    frame = pd.read_parquet(paths["masks"])
    frame["found_by"] = ["both", "detector", "both", "both", "detector", "detector", "instances", None]
    # A bicycle that is no instance does not count.
    frame["category"] = ["dog"] * 4 + ["bicycle"] + ["dog"] * 3
    frame.loc[3, "status"] = "failed"
    frame["listed_instances"] = pd.array([None] * 8, "Int64")
    write_table(frame, paths["masks"])
    truth = score(paths)
    assert truth["detector_recall"]["share"] == pytest.approx(4 / 6)
    assert list(truth["detector_recall"]["by_class"]) == ["dog"] and truth["masks"]["iou"]["mean"] < 1
    frame["listed_instances"] = 1
    write_table(frame, paths["masks"])
    truth = score(paths)
    assert truth["masks"]["iou"] is None and "union" in truth["masks"]["reason"]
    assert truth["detector_recall"]["share"] == pytest.approx(4 / 6)


def test_crowds_count_on_neither_side(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = make_run(tmp_path)
    path = tmp_path / "results/scenes/toy/instances_toy.json"
    document = json.loads(path.read_text())
    crowd = np.zeros((40, 40), bool)
    crowd[:, 20:] = True
    for annotation in list(document["annotations"]):
        annotation["segmentation"] = {"counts": encode_runs(TestOneEdit.true_object & ~crowd)}
        document["annotations"].append(
            annotation | {"iscrowd": 1, "segmentation": {"counts": encode_runs(crowd)}}
        )
    path.write_text(json.dumps(document))
    masks = score(paths)["masks"]
    assert masks["iou"]["mean"] == masks["precision"]["mean"] == 1


def test_masks_table_without_object_masks_says_what_was_compared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = make_run(tmp_path)
    write_table(pd.read_parquet(paths["masks"]).drop(columns="object_path"), paths["masks"])
    masks = score(paths)["masks"]
    assert "dilated" in masks["compared"]
    assert masks["iou"]["mean"] == pytest.approx(16**2 / 20**2)
