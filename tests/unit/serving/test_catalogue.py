"""What a run tells the server, from its tables."""

import json
from pathlib import Path

import pytest
from PIL import Image

from unscene.cli.command import main
from unscene.evaluation.columns.pairs import ITEMS
from unscene.evaluation.columns.photos import PHOTOS
from unscene.quality.columns import PAIRS, REJECTED
from unscene.run.left_out import write_left_out
from unscene.run.tables import write_json
from unscene.samples.columns import SAMPLES
from unscene.serving.catalogue import RunError, read_scores, write_catalogue
from unscene.serving.server.query import Forms
from unscene.serving.server.sources import Catalogue, resolve_all

COSINES = {"original_present": 0.3, "original_negated": 0.2, "edited_present": 0.1, "edited_negated": 0.4}


EMPTY = {"texts": [], "lists of texts": [], "boolean": False, "integer": 0, "number": 0.0}


def write(table, rows, path):
    """Write rows with something of its kind in every column that they leave out."""
    empty = {column.name: EMPTY.get(column.kind) for column in table.columns}
    table.write(table.frame([empty | row for row in rows]), path)


@pytest.fixture
def run(tmp_path):
    """A run of thirty photos with dogs, boats or both, one pair that two seeds tested, two refused edits."""
    results = tmp_path / "run/results"
    (results / "photos").mkdir(parents=True)
    photos = []
    for number in range(30):
        objects = [["dog", "boat"], ["dog"], ["boat"]][number % 3]
        path = f"results/photos/{number}.png"
        Image.new("RGB", (8, 8)).save(tmp_path / "run" / path)
        photos.append({"image_id": f"p_{number}", "path": path, "objects": objects, "captions": ["A dog."]})
    metrics, quality = results / "metrics", results / "quality"
    write(PHOTOS, [{"fold": 0, **photo} for photo in photos], metrics / "photos.parquet")
    samples = [
        {"image_id": photo["image_id"], "license": "CC BY 4.0", "author_url": "a.example"} for photo in photos
    ]
    write(SAMPLES, samples, results / "samples/samples.parquet")
    pair = {"edit_id": "p_0-dog", "image_id": "p_0", "category": "dog", "edited_path": "e.png"}
    pair |= {"original_path": photos[0]["path"], "mask_path": "m.png"}
    pair |= {"caption_original": "A dog.", "caption_negated": "No dog."}
    write(PAIRS, [pair], quality / "pairs.parquet")
    unpainted = {"edit_id": "p_1-dog", "image_id": "p_1", "category": "dog", "reason": "mask: not_chosen"}
    painted = {"edit_id": "p_2-boat", "image_id": "p_2", "category": "boat", "edited_path": "f.png"}
    write(REJECTED, [unpainted, {"reason": "quality: seam", **painted}], quality / "rejected.parquet")
    cosines = {f"cos_{name}": value for name, value in COSINES.items()}
    items = [
        {"arm": arm, "seed": seed, "edit_id": "p_0-dog", "text_score": True, **cosines}
        | {"group_score": arm == "absence", "image_score": seed == 0}
        for arm in ("zero_shot", "absence", "other")
        for seed in (0, 1)
    ]
    write(ITEMS, items, metrics / "items.parquet")
    write_json({"arm": "absence"}, results / "deploy/parity.json")
    return tmp_path / "run"


def test_a_run_is_told_whole(run):
    path = write_catalogue(run, run / "state/serving")
    known = json.loads(path.read_text())
    assert len(known["photos"]) == 30 and known["photos"][0]["credit"] == "CC BY 4.0, a.example"
    (pair,) = known["pairs"]
    assert pair["scores"]["tuned"]["cos_edited_negated"] == 0.4
    assert pair["scores"]["tuned"]["group_score"] and not pair["scores"]["base"]["group_score"]
    assert not pair["scores"]["tuned"]["image_score"]  # one seed of two is no majority
    assert [row["edit_id"] for row in known["refused"]] == ["p_2-boat", "p_1-dog"]  # painted ones first
    # The whole list: a hot dog would be a dog where no photo has one.
    forms = known["forms"]
    assert forms["puppies"] == "dog" and forms["hot dog"] == "hot dog" and forms["corn dog"] is None
    assert Forms(forms).find_denied("a beach with no hot dog and no corn dog") == ["hot dog"]
    told = Forms(forms, known["plurals"], known["followers"])
    assert told.find_denied("no bus stop, no car") == ["car"]
    assert known["examples"] == ["a boat, no dog", "a dog, no boat"]
    listed = list(Catalogue.read(path).list_photos())
    assert len(listed) == 30 and all(Path(photo.path).is_file() for photo in listed)


def test_the_same_run_gives_the_same_bytes(run):
    path = write_catalogue(run, run / "state/serving")
    before = path.read_bytes()
    assert write_catalogue(run, run / "state/serving").read_bytes() == before


def test_what_lacks_is_told(tmp_path, capsys):
    with pytest.raises(RunError, match="run the workflow first"):
        write_catalogue(tmp_path, tmp_path / "index")
    assert main(["serve", "--directory", str(tmp_path)]) == 1
    assert "there is no such folder" in capsys.readouterr().err
    write_left_out("paired batches need 16 photo groups", [tmp_path / "results/deploy"])
    assert main(["serve", "--directory", str(tmp_path)]) == 1
    assert "for want of pairs: paired batches need 16 photo groups" in capsys.readouterr().err


def test_pairs_that_nothing_was_trained_on_have_no_scores(tmp_path):
    write_left_out("paired batches need 16 photo groups", [tmp_path / "items.parquet"])
    assert read_scores(tmp_path / "items.parquet", "absence") == {}


def test_links_of_files_and_folders_are_followed_as_by_the_system(tmp_path):
    photos, elsewhere = tmp_path / "run/photos", tmp_path / "elsewhere/deep"
    photos.mkdir(parents=True)
    elsewhere.mkdir(parents=True)
    for path in (photos / "a.jpg", elsewhere / "b.jpg"):
        path.touch()
    (photos / "linked.jpg").symlink_to(elsewhere / "b.jpg")
    (photos / "twice.jpg").symlink_to("linked.jpg")
    (tmp_path / "run/folder").symlink_to(elsewhere)
    names = [f"photos/{name}.jpg" for name in ("a", "linked", "twice", "missing", "../photos/a")]
    names += ["folder/b.jpg", "folder/../up.jpg", str(elsewhere / "b.jpg")]
    run = tmp_path / "run"
    assert resolve_all(run, names) == {str((run / name).resolve()) for name in names}
