"""The fresh world: its files have the published forms, say what was drawn, and are read by the readers
of the published sets.
"""

import ast
import csv
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unscene.evaluation.sets.exam import list_exam_sets
from unscene.evaluation.sets.formats import FORMATS, ROLES, find_role
from unscene.evaluation.sets.reading import read_set
from unscene.machine.job import Job
from unscene.photos.images import perceptual_hash
from unscene.run.tables import write_table
from unscene.scenes import compose_scene, render_scene
from unscene.scenes.exam import render_exam
from unscene.words.coco80 import COCO80

SEED, PHOTOS = 31, 160
SEEN = 5  # the scene that a photo of the run looks like
WORLD = {"name": "fresh", "photos": PHOTOS, "seed": SEED}
SETS = {entry["name"].removeprefix("fresh_"): entry for entry in list_exam_sets(WORLD)}


def draw(folder: Path) -> Path:
    """Draw the world into a run directory, beside a run with one photo of the same scene as SEEN."""
    photo = Image.fromarray(render_scene(compose_scene(SEED, SEEN)).rgb)
    write_table(pd.DataFrame({"phash": [perceptual_hash(photo)]}), folder / "shard.parquet")
    paths = {key: SETS["objects"][key] for key in ("captions", "instances", "images")}
    paths |= {name: SETS[name]["path"] for name in ("choices", "negated_retrieval", "removals", "classes")}
    paths |= {"removal_images": SETS["removals"]["images"], "counts": "results/exam/fresh/counts.json"}
    settings = {"evaluate": {"world": WORLD}, "folds": {"duplicate_hash_distance": 6}}
    outputs = {name: folder / path for name, path in paths.items()}
    render_exam(Job({"tables": [folder / "shard.parquet"]}, outputs, settings))
    return folder


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    return draw(tmp_path_factory.mktemp("exam"))


def read(world: Path, name: str):
    return read_set(SETS[name], lambda path: world / path)


def load(world: Path, file: str):
    return json.loads((world / "results/exam/fresh" / file).read_text())


def read_rows(world: Path, file: str) -> list[dict]:
    with open(world / "results/exam/fresh" / file, newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def objects(world) -> dict[str, set[str]]:
    """What instances and captions say of each photo, by its file name."""
    document = load(world, "instances_fresh.json")
    names = {each["id"]: each["name"] for each in document["categories"]}
    files = {image["id"]: image["file_name"] for image in document["images"]}
    found: dict[str, set[str]] = {name: set() for name in files.values()}
    for annotation in document["annotations"]:
        found[files[annotation["image_id"]]].add(names[annotation["category_id"]])
    for annotation in load(world, "captions_fresh.json")["annotations"]:
        found[files[annotation["image_id"]]].update(COCO80.find_words(annotation["caption"]))
    return found


def test_a_scene_that_looks_like_a_photo_of_the_run_is_left_out_and_counted(world):
    counts = load(world, "counts.json")
    assert counts["photos"] == PHOTOS
    assert counts["left_out_since_they_look_like_photos_of_the_run"] >= 1
    seen = render_scene(compose_scene(SEED, SEEN)).rgb
    images = sorted((world / "results/exam/fresh/images").iterdir())
    assert len(images) == PHOTOS
    assert not any((np.asarray(Image.open(path)) == seen).all() for path in images)


def test_every_role_of_the_pass_rule_has_a_set_and_every_set_is_read(world):
    assert {find_role(entry) for entry in SETS.values()} >= set(ROLES)
    for name, entry in SETS.items():
        assert set(FORMATS[entry["format"]].needs) <= set(entry)
        assert len(read(world, name)), name


def test_the_coco_files_hold_nothing_that_cocos_do_not(world):
    captions, instances = load(world, "captions_fresh.json"), load(world, "instances_fresh.json")
    assert {frozenset(each) for each in captions["annotations"]} == {frozenset(("id", "image_id", "caption"))}
    wanted = {"id", "image_id", "category_id", "segmentation", "area", "bbox", "iscrowd"}
    assert {frozenset(each) for each in instances["annotations"]} == {frozenset(wanted)}
    assert captions["images"] == instances["images"]


def is_true(statement: str, here: set[str]) -> bool:
    """Tell whether one of NegBench's templates is true of a photo, by its words alone."""
    form = re.fullmatch(
        r"This image (?:features (?P<yes>.*?)(?:, but not (?P<no>.*))?|does not feature (?P<none>.*))",
        statement,
    )
    yes = set(COCO80.find_words(form["yes"])) if form["yes"] else set()
    no = set(COCO80.find_words(form["no"] or form["none"] or ""))
    assert yes or no
    return yes <= here and not no & here


KIND = {
    "positive": re.compile(r"This image features (?!.*but not)"),
    "hybrid": re.compile(r"This image features .*, but not "),
    "negative": re.compile(r"This image does not feature "),
}


def test_the_choices_are_negbenchs_and_only_the_first_answer_is_true(world, objects):
    rows = read_rows(world, "choices.csv")
    head = "correct_answer,caption_0,caption_1,caption_2,caption_3,correct_answer_template,image_path"
    assert list(rows[0]) == head.split(",")
    for row in rows:
        here = objects[Path(row["image_path"]).name]
        truths = [is_true(row[f"caption_{option}"], here) for option in range(4)]
        assert (row["correct_answer"], truths) == ("0", [True, False, False, False]), row
        kinds = [row["correct_answer_template"], "hybrid", "positive", "negative"]
        assert all(KIND[kind].match(row[f"caption_{place}"]) for place, kind in enumerate(kinds)), row
    kinds = pd.Series([row["correct_answer_template"] for row in rows]).value_counts()
    assert set(kinds.index) == set(KIND) and kinds.max() - kinds.min() <= 1
    assert len({row["image_path"] for row in rows}) == len(rows) > PHOTOS / 3


def test_the_negated_captions_deny_what_is_not_there(world, objects):
    rows = read_rows(world, "negated_retrieval.csv")
    assert list(rows[0]) == ["positive_objects", "negative_objects", "filepath", "image_id", "captions"]
    plain = {}
    for annotation in load(world, "captions_fresh.json")["annotations"]:
        plain.setdefault(str(annotation["image_id"]), []).append(annotation["caption"].rstrip("."))
    before = 0
    for row in rows:
        here = objects[Path(row["filepath"]).name]
        (denied,) = ast.literal_eval(row["negative_objects"])
        assert denied not in here and set(ast.literal_eval(row["positive_objects"])) <= here
        captions = ast.literal_eval(row["captions"])
        assert len(captions) == len(plain[row["image_id"]]) == 5
        for caption, own in zip(captions, plain[row["image_id"]], strict=True):
            denial = re.search(r"There (?:is|are) no (.+?) in the image\.", caption)
            assert COCO80.find_words(denial[1]) == [denied]
            assert caption.replace(denial[0], "").strip() == f"{own}."
            before += caption.startswith(denial[0])
    assert 0.3 < before / (5 * len(rows)) < 0.7


def test_the_removals_can_be_scored_as_beaf_scores_them(world, objects):
    """What `beaf_metric.py` does, with a reader who knows every answer: 100 % TU, no ID."""
    asked = load(world, "removals.json")
    assert [set(row) for row in asked] == [
        {"id", "image", "question", "orig_img", "removed_q", "gt"} for _ in asked
    ]
    assert [row["id"] for row in asked] == list(range(len(asked)))
    original = {(row["image"], row["question"]): row["gt"] for row in asked if row["orig_img"]}
    understood = others = changed = 0
    for row in asked:
        if row["orig_img"]:
            continue
        before = original[row["image"][:-7] + ".jpg", row["question"]]
        if row["removed_q"]:
            assert before == "yes"
            understood += row["gt"] == "no"
        else:
            others += 1
            changed += before != row["gt"]
    assert understood == load(world, "counts.json")["removals"] and others and not changed
    for (image, question), answer in original.items():
        word = re.search("Is there an? (.+) in the image", question)[1]
        assert (word in objects[image.replace(".jpg", ".png")]) == (answer == "yes")


def test_an_edit_differs_from_its_original_about_the_removed_object_alone(world):
    task = read(world, "removals")
    removed = task.table[task.table["removed"]]
    assert len(removed) > 20 and not removed["present"].any()
    masks = {}
    instances = load(world, "instances_fresh.json")
    names = {each["id"]: each["name"] for each in instances["categories"]}
    for one in instances["annotations"]:
        runs = np.repeat(
            np.arange(len(one["segmentation"]["counts"])) % 2 == 1, one["segmentation"]["counts"]
        )
        mask = runs.reshape(64, 64).T
        key = (one["image_id"], names[one["category_id"]])
        masks[key] = masks.get(key, False) | mask
    for row in removed.itertuples():
        before, after = (np.asarray(Image.open(path), int) for path in (row.original, row.edited))
        changed = np.abs(before - after).max(axis=2) > 8
        mask = masks[int(Path(row.original).stem), row.category]
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        near = np.zeros((64, 64), bool)  # its shadow and whole JPEG blocks change with it
        near[
            max(rows[0] - 10, 0) : rows[-1] + 12,
            max(columns[0] - 14, 0) : columns[-1] + 15,
        ] = True
        assert changed[mask].mean() > 0.3, row
        assert not changed[~near].any(), row


def test_a_photo_of_a_class_shows_nothing_else(world, objects):
    task = read(world, "classes")
    assert len(task.classes) >= 8
    for path, at in zip(task.paths, task.class_at, strict=True):
        assert objects[path.name] == {task.classes[at]}


def test_the_same_world_has_the_same_bytes(world, tmp_path):
    again = draw(tmp_path)
    files = [path.relative_to(world) for path in world.rglob("*") if path.is_file()]
    assert len(files) > 2 * PHOTOS
    assert all((world / file).read_bytes() == (again / file).read_bytes() for file in files)
