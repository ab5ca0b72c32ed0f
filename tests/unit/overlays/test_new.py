"""`unscene new`: what lies at a path is found, and the overlay that it writes reads it."""

import csv
import io
import json
import os
import re
import shutil
import struct
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from unscene.cli import new
from unscene.cli.command import main
from unscene.config.checks import list_warnings
from unscene.config.checks.toy import check_toy
from unscene.config.reading import read_config
from unscene.overlays import machine
from unscene.overlays.looking import Found
from unscene.overlays.machine import Gpu
from unscene.overlays.writing import Place, write_overlay
from unscene.run.checkout import CHECKOUT
from unscene.run.tables import write_text
from unscene.samples.counting import complete_sources
from unscene.samples.readers import iterate_items

CAPTIONS = {
    f"{number:02}.jpg": [f"A dog {number}; on a beach, at noon.", f"Dogs {number}."] for number in range(12)
}
ROWS = [(name, caption) for name, captions in CAPTIONS.items() for caption in captions]
A100 = Gpu("NVIDIA A100-SXM4-40GB", 40, 8.0)


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder of photos, with a space in its path, and no GPU to be found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(machine, "find_gpu", lambda: None)
    folder = tmp_path / "my data" / "photos"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in CAPTIONS:
        Image.fromarray(rng.integers(0, 256, (48, 64, 3), np.uint8)).save(folder / name)
    return folder


def begin(*arguments):
    """Call `unscene new runs/mine`; return its exit status."""
    return main(["new", "runs/mine", *map(str, arguments)])


def read_back(monkeypatch):
    """Return {file name: captions} of the photos that the run's edited and pooled sources read."""
    config = read_config(CHECKOUT, [Path("runs/mine/config.yaml")])
    assert not [*check_toy(config, CHECKOUT)]
    monkeypatch.chdir("runs/mine")
    complete_sources(config, CHECKOUT)
    read = {}
    for source in config["samples"]["sources"]:
        for item in iterate_items(source, range(source["photos"]), CHECKOUT):
            assert item.problem is None and (item.content or item.path.is_file())
            read[item.path.name if item.path else item.name] = item.captions
    return read


def write_csv(path, separator=",", head=("path", "caption"), encoding="utf-8", folder=""):
    with open(path, "w", encoding=encoding, newline="") as file:
        rows = [(folder + name, caption) for name, caption in ROWS]
        csv.writer(file, delimiter=separator).writerows([head, *rows] if head else rows)
    return path


def write_coco(path):
    images = [{"id": name[:-4], "file_name": name} for name in CAPTIONS]
    annotations = [{"image_id": name[:-4], "caption": caption} for name, caption in ROWS]
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return path


def write_beside(folder, kind):
    for name, captions in CAPTIONS.items():
        text = "\n".join(captions) if kind == "txt" else json.dumps({"captions": captions})
        (folder / name).with_suffix(f".{kind}").write_text(text)


def write_tars(folder):
    folder.mkdir()
    with tarfile.open(folder / "00000.tar", "w") as tar:
        for name, captions in CAPTIONS.items():
            tar.add(folder.parent / "photos" / name, name)
            text = captions[0].encode()
            member = tarfile.TarInfo(f"{name[:-4]}.txt")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    return folder


TOLD = ("path=photo_file", "caption=words")
FRAME = pd.DataFrame({"file_name": list(CAPTIONS), "text": list(CAPTIONS.values())})
FORMS = {
    "txt beside": (lambda f: write_beside(f, "txt"), lambda f: [f]),
    "json beside": (lambda f: write_beside(f, "json"), lambda f: [f]),
    "csv in the folder": (lambda f: write_csv(f / "captions.csv"), lambda f: [f]),
    "txt table in the folder": (lambda f: write_csv(f / "captions.txt"), lambda f: [f]),
    "semicolons beside the folder": (
        lambda f: write_csv(f.parent / "t.csv", ";", ("File", "Title"), "utf-8-sig"),
        lambda f: [f, "--captions", f.parent / "t.csv"],
    ),
    "tsv without a head": (
        lambda f: write_csv(f.parent / "t.tsv", "\t", None),
        lambda f: [f.parent / "t.tsv"],
    ),
    "csv with the folder in its paths": (
        lambda f: write_csv(f.parent / "t.csv", folder="photos/"),
        lambda f: [f.parent / "t.csv"],
    ),
    "the parent of both": (lambda f: write_csv(f.parent / "t.csv"), lambda f: [f.parent]),
    "metadata.jsonl": (
        lambda f: FRAME.to_json(f / "metadata.jsonl", orient="records", lines=True),
        lambda f: [f],
    ),
    "parquet": (lambda f: FRAME.to_parquet(f.parent / "t.parquet"), lambda f: [f.parent / "t.parquet"]),
    "coco": (
        lambda f: write_coco(f.parent / "captions_x.json"),
        lambda f: [f, "--captions", f.parent / "captions_x.json"],
    ),
    "coco alone": (lambda f: write_coco(f.parent / "c.json"), lambda f: [f.parent / "c.json"]),
    "tars": (lambda f: write_tars(f.parent / "tars"), lambda f: [f.parent / "tars"]),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_the_overlay_reads_what_is_there(photos, monkeypatch, capsys, form):
    make, name = FORMS[form]
    make(photos)
    assert begin("--photos", *name(photos)) == 0
    text = Path("runs/mine/config.yaml").read_text()
    assert len(text.splitlines()) <= 40 and text.startswith("# 12 photos, ")
    config = yaml.safe_load(text)
    assert config["samples"]["sources"][0]["photos"] == 12
    told = capsys.readouterr().out
    assert "unscene plan --configfile runs/mine/config.yaml --directory runs/mine" in told
    assert "snakemake --snakefile" in told and "--resources gpu=1" in told
    one = form in ("tars",)
    assert config.get("captions") == (None if one else {"choose": "clearest"})
    assert read_back(monkeypatch) == {name: texts[:1] if one else texts for name, texts in CAPTIONS.items()}


def test_cc_tsv_is_told_from_a_table(photos, monkeypatch):
    for number, name in enumerate(CAPTIONS):
        (photos / name).rename(photos / f"{number:08}.jpg")
    lines = [f"{captions[0]}\thttp://a/{name}" for name, captions in CAPTIONS.items()]
    (photos.parent / "cc.tsv").write_text("\n".join(lines))
    assert begin("--photos", photos, "--captions", photos.parent / "cc.tsv") == 0
    assert list(read_back(monkeypatch).values()) == [captions[:1] for captions in CAPTIONS.values()]


@pytest.mark.parametrize("folder", ["../photos/", "absolute"])
def test_names_that_lead_out_of_a_list_s_folder_are_seen_from_that_of_the_photos(photos, monkeypatch, folder):
    (photos.parent / "lists").mkdir()
    path = write_coco(photos.parent / "lists/captions_x.json")
    folder = f"{photos}/" if folder == "absolute" else folder
    path.write_text(path.read_text().replace('"file_name": "', f'"file_name": "{folder}'))
    assert begin("--photos", path) == 0
    assert read_back(monkeypatch) == CAPTIONS


def test_columns_are_told(photos, monkeypatch):
    write_csv(photos.parent / "t.csv", head=("photo_file", "words"))
    assert begin("--photos", photos, "--captions", photos.parent / "t.csv", "--columns", *TOLD) == 0
    assert read_back(monkeypatch) == CAPTIONS


def test_columns_are_told_of_a_table_in_the_folder_too(photos, monkeypatch, capsys):
    write_csv(photos / "t.csv", head=("photo_file", "words"))
    assert begin("--photos", photos, "--columns", *TOLD) == 0
    assert read_back(monkeypatch) == CAPTIONS
    write_csv(photos / "t.csv")
    assert begin("--photos", photos, "--columns", "caption=txet", "--force") == 1
    told = capsys.readouterr().err
    assert "no column 'txet'" in told and "there are: path, caption" in told
    assert "samples.sources" not in told and "have captions" not in told


def test_columns_of_no_table_are_an_error(photos, capsys):
    write_beside(photos, "txt")
    assert begin("--photos", photos, "--columns", *TOLD) == 1
    assert "--columns tells of a table" in capsys.readouterr().err


def test_absolute_paths_are_found(photos, monkeypatch):
    table = photos.parent / "t.csv"
    write_csv(table, folder=f"{photos}/")
    assert begin("--photos", table) == 0
    assert read_back(monkeypatch) == {str(name): captions for name, captions in CAPTIONS.items()}


def test_no_photo_stops_the_look_at_the_others(photos, capsys):
    write_beside(photos, "txt")
    os.mkfifo(photos / "pipe.jpg")  # who opens it waits for ever
    (photos / "loop.jpg").symlink_to("loop.jpg")
    huge = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    head = b"IHDR" + huge + zlib.crc32(b"IHDR" + huge).to_bytes(4, "big")
    (photos / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + len(huge).to_bytes(4, "big") + head)
    assert begin("--photos", photos) == 0
    assert "3 of 15 looked at cannot be used" in Path("runs/mine/config.yaml").read_text().splitlines()[0]


@pytest.mark.parametrize(
    "document",
    [
        {"images": None, "annotations": None},
        {"images": {"1": {}}, "annotations": {}},
        {"images": [{"id": 1, "file_name": "x" * 5000}], "annotations": [{"image_id": 1, "caption": "A."}]},
    ],
)
def test_files_of_other_shapes_are_told_in_words(photos, capsys, document):
    (photos / "t.json").write_text(json.dumps(document))
    assert begin("--photos", photos, "--captions", photos / "t.json") == 1
    assert capsys.readouterr().err.startswith("unscene: ")


def test_nothing_is_written_over(photos, capsys):
    write_csv(photos / "captions.csv")
    assert begin("--photos", photos) == 0
    first = Path("runs/mine/config.yaml").read_text()
    Path("runs/mine/config.yaml").write_text("mine")
    assert begin("--photos", photos) == 1
    assert "is there; edit it, or have it written anew with --force" in capsys.readouterr().err
    assert Path("runs/mine/config.yaml").read_text() == "mine"
    assert begin("--photos", photos, "--force") == 0
    assert Path("runs/mine/config.yaml").read_text() == first


def test_what_cannot_be_a_source_says_what_to_do(photos, capsys):
    def refuse(*arguments):
        assert begin("--photos", *arguments) == 1
        told = capsys.readouterr().err
        assert not Path("runs").exists() and len(told.splitlines()) <= 8
        return told

    told = refuse(photos)
    assert "has 12 photos and no captions; captions are needed" in told
    assert "dog.jpg and dog.txt" in told and "--captions mine.csv" in told
    assert "is not there" in refuse(photos / "no")
    write_csv(photos / "t.csv", encoding="utf-16")
    assert "no captions" in (told := refuse(photos)) and "looks like UTF-16" in told
    write_csv(photos / "t.csv", folder="elsewhere/")
    assert "none of the first 12 lies in or beside" in refuse(photos)
    write_csv(photos / "t.csv")
    write_csv(photos / "u.csv")
    assert "several files of captions" in refuse(photos)
    (photos / "u.csv").unlink()
    assert "there is no 'sd3'; there are lama, rorem" in refuse(photos, "--preset", "sd3")
    (photos / "t.csv").write_text("photo_file,words\n00.jpg,A dog.\n")
    assert "say which one it is: --columns path=NAME caption=NAME" in refuse(photos / "t.csv")
    assert "'foto' is not NAME=COLUMN" in refuse(photos / "t.csv", "--columns", "foto=x")
    write_csv(photos / "t.csv")
    for name in CAPTIONS:
        (photos / name).write_bytes(b"no photo")
    assert "00.jpg is no image that Pillow knows" in refuse(photos)


def test_one_photo_is_no_source_and_says_so(photos, capsys):
    assert begin("--photos", photos / "00.jpg") == 1
    assert "is one photo; give the folder that it lies in" in capsys.readouterr().err


def test_what_was_looked_at_and_cannot_be_used_is_told(photos, capsys):
    write_beside(photos, "txt")
    assert begin("--photos", photos) == 0
    assert "cannot be used" not in capsys.readouterr().out
    (photos / "03.txt").write_bytes(b"Un caf\xe9 \xe0 c\xf4t\xe9 d'un \xe9l\xe8ve.")
    (photos / "04.jpg").write_bytes(b"no photo")
    assert begin("--photos", photos, "--force") == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("2 of 12 photos looked at cannot be used, for instance: ")
    assert "03.txt is not UTF-8 text" in first


def test_a_gpu_and_many_photos_get_another_overlay(photos, monkeypatch):
    write_beside(photos, "txt")
    for number in range(2400):
        shutil.copy(photos / "00.jpg", photos / f"more{number:04}.jpg")
        shutil.copy(photos / "00.txt", photos / f"more{number:04}.txt")
    monkeypatch.setattr(machine, "find_gpu", lambda: A100)
    assert begin("--photos", photos, "--preset", "rorem") == 0
    text = Path("runs/mine/config.yaml").read_text()
    assert len(text.splitlines()) <= 40 and "for NVIDIA A100-SXM4-40GB, 40 GiB" in text
    config = yaml.safe_load(text)
    assert config["masks"]["dilation_px"] == 8  # the preset's own
    preset = yaml.safe_load((CHECKOUT / "config/presets/rorem.yaml").read_text())
    assert config["edits"] == preset["edits"]
    assert config["runtime"]["precision"] == "bfloat16" and config["runtime"]["batch_size"] == 16
    assert config["train"]["arms"]["absence"]["learning_rate"] == config["train"]["learning_rate"] == 5e-6
    assert config["deploy"] == {"arm": "absence"}
    assert len(read_back(monkeypatch)) == 2412
    edited, pool = read_config(CHECKOUT, [Path("config.yaml")])["samples"]["sources"]
    assert edited["take"] == pool["skip"] == 2412 - 804 and pool["pool"]


@pytest.mark.parametrize("gpu", [None, A100])
def test_pairs_are_called_few_as_the_plan_calls_them(photos, gpu):
    source = {"name": "mine", "format": "folder", "folder": str(photos)}
    judged = set()
    for items in (1, 6, 12, 30, 60, 200, 500, 900, 3000):
        found = Found(source, items, sizes=[(64, 48)])
        write_text(write_overlay(found, Place(CHECKOUT, "telea", gpu), []), Path("mine.yaml"))
        told = re.search(r"# expected: about ([\d,]+ pairs?)(?:; (.*))?", Path("mine.yaml").read_text())
        config = read_config(CHECKOUT, [Path("mine.yaml")])
        warnings = [one for one in list_warnings(config) if one.startswith("train")]
        assert len(warnings) == bool(told[2])
        for warning in warnings:
            assert told[2] in warning and f"expected: about {told[1]}," in warning
        judged.add(told[2])
    assert len(judged) == 3  # training may stop; too few to learn from; nothing to be said


def test_few_photos_of_several_captions_do_not_count_as_one_each(photos):
    """`choose: clearest` stands below: beside `1 caption each` it would have no reason."""
    source = {"name": "mine", "format": "table", "table": "t.csv"}
    for captions, told in {1.0: "1 caption each,", 1.02: "1 caption each, some photos more,"}.items():
        found = Found(source, items=200, seen=200, there=200, sizes=[(640, 480)], captions=captions)
        text = write_overlay(found, Place(CHECKOUT, "telea", None), [])
        assert text.startswith(f"# 200 photos, {told} 640 pixels") and ("clearest" in text) == (captions > 1)


def test_the_driver_is_asked_for_the_gpu(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.find_gpu() is None
    (tmp_path / "nvidia-smi").write_text(
        "#!/bin/sh\necho 'Tesla T4, 15360, 7.5'\necho 'Tesla T4, 15360, 7.5'\n"
    )
    (tmp_path / "nvidia-smi").chmod(0o755)
    gpu = machine.find_gpu()
    assert gpu == Gpu("Tesla T4", 15, 7.5) and gpu.precision == "float16" and gpu.batch_size == 4


@pytest.mark.parametrize(
    ("path", "name"),
    [("my photos/", "my_photos"), ("Straße 5", "Stra_e_5"), ("写真", "mine"), ("x" * 90, "x" * 30)],
)
def test_a_sources_name_comes_from_its_folder(tmp_path, path, name):
    assert new.make_name(tmp_path / path) == name
