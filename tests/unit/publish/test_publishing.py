"""The published dataset, read by the library that its users read it with."""

import io
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from fake_run import CHECKOUT
from unscene.edits.columns import EDITS
from unscene.folds.columns import FOLDS
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.publish import parts
from unscene.publish.card import list_thresholds
from unscene.publish.publishing import publish_pairs
from unscene.quality.columns import CONTROL_SCORES, PAIRS, REJECTED
from unscene.run.left_out import LeftOut
from unscene.run.shards import file_sha256
from unscene.run.tables import write_json
from unscene.samples.columns import SAMPLES

CC = "http://creativecommons.org/licenses"


def test_a_threshold_without_measured_controls_is_told_as_none():
    cuts = {"thresholds": {"max_residual": {"cuts": [{"cut": None}, {"cut": None}]}}}
    ((name, limit, _),) = list_thresholds({"max_residual": "controls", "max_seam": None}, cuts)
    assert name == "max_residual" and limit == "none: no control was measured"
    cuts["thresholds"]["max_residual"]["cuts"][0]["cut"] = 0.25
    ((_, limit, _),) = list_thresholds({"max_residual": "controls"}, cuts)
    assert limit == "0.25 (what the controls give)"


LICENCES = [
    ("Attribution License", f"{CC}/by/2.0/"),
    ("Attribution-NonCommercial-NoDerivs License", f"{CC}/by-nc-nd/2.0/"),
    (None, None),
]


def make_run(folder, count=9, format="coco", further=()):
    """Write the tables of a run with `count` accepted pairs and as many refused edits; return a job."""
    rng = np.random.default_rng(0)
    rows = []
    for index in range(count):
        pixels = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)
        mask = np.zeros((30, 40), np.uint8)
        mask[5:15, 8:20] = 255
        edited = pixels.copy()
        edited[mask > 0] = 90
        paths = {name: folder / f"{name}{index}" for name in ("original", "edited", "mask")}
        paths["original"] = paths["original"].with_suffix(".jpg" if index % 2 else ".png")
        paths["edited"], paths["mask"] = (paths[name].with_suffix(".png") for name in ("edited", "mask"))
        for name, picture in (("original", pixels), ("edited", edited), ("mask", mask)):
            Image.fromarray(picture).save(paths[name], quality=95)
        name, url = LICENCES[index % 3]
        row = {"edit_id": f"s_{index}-dog", "image_id": f"s_{index}", "category": "dog", "group": f"g{index}"}
        row |= {f"{name}_path": str(path) for name, path in paths.items()}
        row |= {f"{name}_sha256": file_sha256(path) for name, path in paths.items()}
        row |= {"caption_original": "a dog", "caption_without": "a field", "caption_negated": "no dog"}
        rows.append(
            {**row, "license": name, "license_url": url, "author_url": f"http://a/{index}", "ssim": 0.25}
        )
    pair = pd.DataFrame(rows)
    refused = pair.assign(
        edit_id=pair["edit_id"] + "2", reason="quality: max_seam", detail="broken: /home/me/x.png"
    )
    refused["all_reasons"] = [["quality: max_seam"]] * count
    edit = pair.assign(seed=7, model="telea", status="ok", attempt=1)
    calibration = {"kinds": {"half": "one half is left"}, "thresholds": {}}
    control = [
        {"kind": kind, "ssim": value, "area_fraction": 0.1} for kind, value in (("half", 0.9), ("perfect", 0))
    ]
    tables = {
        "samples": (SAMPLES, pair.assign(source="mine").to_dict("records")),
        "masks": (MASKS, [{"status": "ok"}] * count + [{"status": "skipped"}]),
        "edits": (EDITS, edit.to_dict("records")),
        "pairs": (PAIRS, rows),
        "rejected": (REJECTED, refused.to_dict("records")),
        "folds": (FOLDS, [{"group": f"g{index}", "fold": index % 2} for index in range(count)]),
        "controls": (CONTROL_SCORES, control),
    }
    inputs = {name: folder / f"{name}.parquet" for name in tables}
    for name, (table, records) in tables.items():
        known = [{key: row[key] for key in row if key in table.names} for row in records]
        table.write(table.frame(known).astype(object), inputs[name])
    for name, told in (("calibration", calibration), ("truth", {"mine": {"acceptance": None}})):
        inputs[name] = folder / f"{name}.json"
        write_json(told, inputs[name])
    config = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())
    quality = {"policy": "fixed", "thresholds": {"max_ssim": 0.7, "min_change": None}}
    return Job(
        inputs={**inputs, "labels": None},
        outputs={"folder": folder / "publish"},
        settings={
            "samples": {"sources": [{"name": "mine", "format": format}]},
            "quality": quality,
            "publish": {"further_licences": list(further)},
        },
        config=config,
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    publish_pairs(make_run(folder))
    return folder / "publish"


def test_datasets_shows_three_pictures_a_row(published, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import Image as Picture
    from datasets import load_dataset

    pairs = load_dataset(str(published), split="train", cache_dir=str(tmp_path))
    assert all(isinstance(pairs.features[name], Picture) for name in ("original", "edited", "mask"))
    rows = {row["edit_id"]: row for row in pairs}
    assert len(rows) == 9
    shown, forbidden, unstated = rows["s_0-dog"], rows["s_1-dog"], rows["s_2-dog"]
    original, edited, mask = (np.asarray(shown[name]) for name in ("original", "edited", "mask"))
    assert original.shape == (30, 40, 3) and mask.shape == (30, 40)
    assert np.array_equal(original[mask == 0], edited[mask == 0]) and (edited[mask > 0] == 90).all()
    assert (shown["fold"], shown["seed"], shown["remover"], shown["ssim"]) == (0, 7, "telea", 0.25)
    assert shown["author_url"] == "http://a/0" and shown["license"] == "Attribution License"
    assert all(row[name] is None for row in (forbidden, unstated) for name in ("original", "edited", "mask"))
    assert "no edits" in forbidden["withheld"] and "states no licence" in unstated["withheld"]
    assert forbidden["caption_negated"] == "no dog"
    refused = load_dataset(str(published), "rejected", split="train", cache_dir=str(tmp_path))
    assert refused[0]["reason"] == "quality: max_seam" and refused[0]["license"] == "Attribution License"


def test_no_path_of_this_machine_is_shared(published):
    for path in published.rglob("*"):
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            names = [name for name in table.column_names if name not in ("original", "edited", "mask")]
            assert "/home/" not in json.dumps(table.select(names).to_pylist())
            assert str(published.parent) not in json.dumps(table.select(names).to_pylist())
    assert str(published.parent) not in (published / "README.md").read_text(encoding="utf-8")


def test_the_card_counts_what_is_there(published):
    from huggingface_hub import DatasetCard

    card = DatasetCard.load(published / "README.md")
    assert card.data.to_dict()["configs"][0]["data_files"][0]["path"] == "data/pairs-*.parquet"
    assert "3 of 9 rows have their pictures" in card.content
    assert "| Attribution-NonCommercial-NoDerivs License | 3 | 0 |" in card.content
    assert "| found on the photo, with a mask | 9 | 90.0" in card.content
    assert "precision is not measured" in card.content and "drawn scenes" not in card.content
    assert (
        "| one half is left | 100.0" in card.content and "| none: the true background | 0.0" in card.content
    )


def test_a_jpeg_becomes_the_png_of_what_the_workflow_read(published):
    """Photo 3 is a JPEG under a licence that allows edits."""
    row = next(row for row in pq.read_table(published / "data").to_pylist() if row["edit_id"] == "s_3-dog")
    picture = Image.open(io.BytesIO(row["original"]["bytes"]))
    assert picture.format == "PNG" and row["original"]["path"] == "s_3-dog-original.png"
    assert np.array_equal(np.asarray(picture), np.asarray(Image.open(published.parent / "original3.jpg")))


@pytest.mark.parametrize(("format", "further"), [("embedded", ()), ("coco", ("not stated",))])
def test_drawn_scenes_and_photos_that_their_owner_shares_have_pictures(tmp_path, format, further):
    publish_pairs(make_run(tmp_path, 3, format, further))
    rows = pq.read_table(tmp_path / "publish/data").to_pylist()
    assert rows[2]["withheld"] is None and rows[2]["edited"] is not None
    assert (rows[1]["withheld"] is None) == (format == "embedded")  # drawn: no photographer forbids it


def test_a_file_that_changed_since_stops_it(tmp_path):
    job = make_run(tmp_path, 3)
    Image.new("RGB", (40, 30)).save(tmp_path / "edited0.png")
    with pytest.raises(ValueError, match=r"edited0\.png: its content changed"):
        publish_pairs(job)
    assert not (tmp_path / "publish").exists()


def test_parts_are_cut_by_size_and_rows_keep_their_order(tmp_path):
    rows = [
        {
            **{name: None for name in parts.make_schema().names},
            "edit_id": f"e{index:04d}",
            "original": np.random.default_rng(index).bytes(2000),  # nothing to compress
        }
        for index in range(4 * parts.GROUP_ROWS)
    ]
    assert parts.write_parts(iter(rows), tmp_path, part_bytes=100_000) == 4
    names = sorted(path.name for path in (tmp_path / "data").iterdir())
    assert names[0] == "pairs-00000-of-00004.parquet"
    read = [row for name in names for row in pq.read_table(tmp_path / "data" / name)["edit_id"].to_pylist()]
    assert read == [row["edit_id"] for row in rows]


def test_memory_does_not_grow_with_the_number_of_rows(tmp_path):
    """Arrow's own count of what is held, while many rows go through."""
    import pyarrow as pa

    held = []

    def make_rows(count):
        for index in range(count):
            if index % 64 == 0:
                held.append(pa.total_allocated_bytes())
            content = np.random.default_rng(index).bytes(20_000)
            yield {
                **{name: None for name in parts.make_schema().names},
                "edit_id": f"e{index}",
                "original": content,
            }

    parts.write_parts(make_rows(1500), tmp_path, part_bytes=4_000_000)
    assert max(held[12:]) <= max(held[:12]) + 2_000_000


def test_without_a_pair_nothing_is_published_and_the_reason_is_told(tmp_path):
    job = make_run(tmp_path, count=3)
    PAIRS.write(PAIRS.read(job.inputs.pairs).head(0), job.inputs.pairs)
    with pytest.raises(LeftOut, match="no pair was accepted, so there is nothing to publish"):
        publish_pairs(job)
    assert not (tmp_path / "publish").exists()
