"""Files of evaluation sets come from elsewhere: names that lead out of the folder, and torn files."""

import csv
import json
import sys

import pandas as pd
import pytest

from set_files import FakeEmbedder, embed_all, read, save_photo, write_coco
from unscene.evaluation.set_metrics import score_task
from unscene.evaluation.sets.tasks import SetError

QUESTION = "Is there a dog in the image?"
REMOVAL = {"id": 1, "question": QUESTION, "orig_img": False, "removed_q": True, "gt": "no"}


def write_csv(path, row):
    with open(path, "w", newline="") as handle:
        csv.writer(handle).writerows([row.keys(), row.values()])


def read_naming(folder, form, name):
    """Read a set of one photo of this name."""
    save_photo(folder / "photos/in.png")
    save_photo(folder / "secret.png")
    if form.startswith("coco"):
        write_coco(folder)
        for kind in ("instances", "captions"):
            document = json.loads((folder / f"{kind}.json").read_text())
            document["images"][0]["file_name"] = name
            (folder / f"{kind}.json").write_text(json.dumps(document))
        return read(
            folder, format=form, instances="instances.json", captions="captions.json", images="photos"
        )
    if form == "sugarcrepe":
        row = {"filename": name, "caption": "A dog.", "negative_caption": "A cat."}
        (folder / "set.json").write_text(json.dumps({"swap": {"0": row}}))
    elif form == "beaf":
        original = {**REMOVAL, "image": "in.jpg", "orig_img": True, "gt": "yes"}
        (folder / "set.json").write_text(json.dumps([original, {**REMOVAL, "image": name}]))
    elif form == "cc_neg":
        write_csv(folder / "set.csv", {"image_path": name, "caption": "A dog.", "negated_caption": "No dog."})
        return read(folder, format=form, path="set.csv", images="photos")
    else:
        row = {"filepath": name, "image_id": 1, "captions": "['A dog.']"}
        write_csv(folder / "set.csv", row)
        return read(folder, format=form, path="set.csv", images="photos")
    return read(folder, format=form, path="set.json", images="photos")


@pytest.mark.parametrize("form", ["coco_retrieval", "coco_objects", "coco_mcq", "sugarcrepe", "beaf"])
@pytest.mark.parametrize("name", ["../secret.png", "a/../../secret.png", "{}/secret.png"])
def test_a_photo_outside_of_the_folder_is_an_error(tmp_path, form, name):
    with pytest.raises(SetError, match="evaluate.sets, 'test': .* lies outside of .*`images`"):
        read_naming(tmp_path, form, name.format(tmp_path))


@pytest.mark.parametrize("form", ["cc_neg", "negbench_retrieval"])
def test_of_a_published_path_the_name_alone_counts(tmp_path, form):
    assert len(read_naming(tmp_path, form, "/home/somebody/data/in.png")) == 1
    with pytest.raises(SetError, match="lies outside"):
        read_naming(tmp_path, form, "/home/..")


@pytest.mark.parametrize("name", [None, "", 7, ["in.png"], "a\0b.png"])
def test_what_is_no_name_is_an_error(tmp_path, name):
    with pytest.raises(SetError, match="is no name of a photo"):
        read_naming(tmp_path, "coco_objects", name)


@pytest.mark.parametrize(
    ("form", "file", "content"),
    [
        ("sugarcrepe", "set.json", '{"swap": [1]}'),
        ("sugarcrepe", "set.json", "[" * 100_000),
        ("negbench_mcq", "set.csv", "a,b\n1,2\n"),
        ("negbench_retrieval", "set.csv", "filepath,image_id,captions\nin.png,1,['A dog\n"),
        ("beaf", "set.json", "[[]]"),
        ("cc_neg", "set.pt", "no torch file"),
    ],
)
def test_a_torn_file_is_told_with_its_set(tmp_path, form, file, content):
    (tmp_path / file).write_text(content)
    with pytest.raises(SetError, match=f"evaluate.sets, 'test': torn, or not in the format {form}"):
        read(tmp_path, format=form, path=file, images="photos")


@pytest.mark.parametrize(("form", "file"), [("beaf", "set.json"), ("negbench_mcq", "set.csv")])
def test_a_file_that_is_not_there_has_no_format(tmp_path, form, file):
    with pytest.raises(SetError, match=f"'test': .*No such file.*{file}") as told:
        read(tmp_path, format=form, path=file, images="photos")
    assert "format" not in str(told.value)


def test_what_the_machine_lacks_is_no_fault_of_the_file(tmp_path, monkeypatch):
    (tmp_path / "set.pt").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError):
        read(tmp_path, format="cc_neg", path="set.pt", images="photos")


@pytest.mark.parametrize("form", ["coco_retrieval", "sugarcrepe", "beaf"])
def test_photos_of_two_folders_with_one_name_are_two_photos(tmp_path, form):
    """Intervals are by photo: two photos taken for one would be one trial."""
    for folder in "ab":
        for name in ("1.jpg", "1_1.png"):
            save_photo(tmp_path / "photos" / folder / name)
    if form == "coco_retrieval":
        images = [{"id": at, "file_name": f"{folder}/1.jpg"} for at, folder in enumerate("ab")]
        captions = [{"image_id": at, "caption": "A dog."} for at in range(2)]
        (tmp_path / "set.json").write_text(json.dumps({"images": images, "annotations": captions}))
        task = read(tmp_path, format=form, captions="set.json", images="photos")
    else:
        named = {"filename": "{}/1.jpg", "caption": "A dog.", "negative_caption": "A cat."}
        rows = {folder: named | {"filename": f"{folder}/1.jpg"} for folder in "ab"}
        document = {"swap": rows}
        if form == "beaf":
            asked = {**REMOVAL, "orig_img": True, "gt": "yes"}
            document = [asked | {"image": f"{folder}/1.jpg"} for folder in "ab"]
            document += [REMOVAL | {"id": folder, "image": f"{folder}/1_1.png"} for folder in "ab"]
        (tmp_path / "set.json").write_text(json.dumps(document))
        task = read(tmp_path, format=form, path="set.json", images="photos")
    item, _ = score_task(task, embed_all(task), FakeEmbedder())
    assert sorted(item["photo"].unique()) == ["a/1.jpg", "b/1.jpg"]


def test_captions_that_all_are_too_long_are_named(tmp_path):
    save_photo(tmp_path / "photos/in.png")
    rows = pd.DataFrame({"filepath": ["in.png"], "image_id": [1], "captions": [str(["A dog. " * 40])]})
    rows.to_csv(tmp_path / "set.csv", index=False)
    task = read(tmp_path, format="negbench_retrieval", path="set.csv", images="photos")
    with pytest.raises(SetError, match="fits the model's context"):
        score_task(task, embed_all(task), FakeEmbedder())


def test_a_photo_in_two_rows_of_a_retrieval_set_is_one_photo(tmp_path):
    """Under two ids: intervals are by photo, so a copied row must not narrow them."""
    save_photo(tmp_path / "photos/in.png")
    rows = pd.DataFrame({"filepath": ["in.png"] * 2, "image_id": [1, 2], "captions": ["['A dog.']"] * 2})
    rows.to_csv(tmp_path / "set.csv", index=False)
    task = read(tmp_path, format="negbench_retrieval", path="set.csv", images="photos")
    item, _ = score_task(task, embed_all(task), FakeEmbedder())
    assert len(item) == 4 and list(item["photo"].unique()) == ["in.png"]
