"""Sets of photos with their objects, of captions to find, and of removals that are asked about."""

import json

import numpy as np
import pandas as pd
import pytest

from set_files import FakeEmbedder, embed_all, evaluate, read, write_coco
from tiny_clip import make_clip, write_meta
from unscene.evaluation.set_comparison import list_values
from unscene.evaluation.set_metrics import score_task
from unscene.evaluation.sets.tasks import SetError
from unscene.scenes.rendering import draw_dataset


def test_negbench_retrieval_reads_python_lists(tmp_path):
    rows = [("x/1.jpg", 1, "['a dog', \"it's a cat\"]"), ("x/2.jpg", 2, "['a car']")]
    frame = pd.DataFrame(rows, columns=["filepath", "image_id", "captions"])
    frame.assign(positive_objects="['dog']", negative_objects="['cat']").to_csv(
        tmp_path / "r.csv", index=False
    )
    task = read(tmp_path, format="negbench_retrieval", path="r.csv", images="photos")
    assert task.captions == [["a dog", "it's a cat"], ["a car"]]
    photo = embed_all(task)
    item, metrics = score_task(task, photo, FakeEmbedder())
    assert metrics["n_captions"] == 3 and len(item) == 5 and metrics["text_to_image_recall_at_5"] == 1
    (tmp_path / "bad.csv").write_text("filepath,image_id,captions\na.jpg,1,__import__('os').getcwd()\n")
    with pytest.raises(SetError, match="test"):
        read(tmp_path, format="negbench_retrieval", path="bad.csv", images="photos")


def test_objects_and_retrieval_of_coco(tmp_path):
    write_coco(tmp_path)
    task = read(tmp_path, format="coco_objects", instances="instances.json", images="photos")
    dog = list(task.categories).index("dog")
    assert task.has[:, dog].tolist() == [True, True, False, True, False, False] and task.has.sum() == 9
    assert task.lacks[:, dog].tolist() == [False, False, True, False, True, True]
    task = read(tmp_path, format="coco_retrieval", captions="captions.json", images="photos")
    assert len(task) == 6 and task.captions[2] == ["picture 2 with a bus"]


def test_an_object_set_knows_the_categories_of_its_file_alone(tmp_path):
    write_coco(tmp_path)
    entry = {"format": "coco_objects", "instances": "instances.json", "images": "photos"}
    bare = read(tmp_path, **entry)
    listed = [bare.categories.index(word) for word in ("dog", "cat", "car")]
    assert (
        bare.lacks[:, listed].sum() == 18 - 9 and bare.lacks.sum() == 9
    )  # of any other word nothing is known
    assert bare.captions == [[]] * 6
    told = read(tmp_path, **entry, captions="captions.json")
    bus = told.categories.index("bus")
    assert told.has[:, bus].all() and not told.lacks[:, bus].any()  # captions alone tell of it
    document = json.loads((tmp_path / "captions.json").read_text())
    document["annotations"][1]["caption"] = "a car, or so they say"  # nobody labelled it on photo 1
    (tmp_path / "captions.json").write_text(json.dumps(document))
    car, told = told.categories.index("car"), read(tmp_path, **entry, captions="captions.json")
    assert not told.has[1, car] and not told.lacks[1, car]


def test_fresh_scenes_are_asked_as_an_object_set(tmp_path):
    """The whole way: scenes drawn anew, a tiny CLIP, the table, and what the comparison reads of it."""
    draw_dataset(tmp_path / "scenes", "fresh", 60, seed=4242, size=32)
    files = {name: f"scenes/{name}_fresh.json" for name in ("captions", "instances")}
    entry = {"name": "fresh_objects", "format": "coco_objects", **files, "images": "scenes/images"}
    metrics, item = evaluate(tmp_path, entry, make_clip(tmp_path / "clip"))
    kinds = item["kind"].value_counts()
    assert set(kinds.index) == {"photo", "class", "construction"} | (
        {"query"} if metrics["n_queries"] else set()
    )
    assert kinds["class"] == metrics["n_classes"] >= 3
    value = list_values("objects", item)
    means = value.groupby("metric")["value"].mean()
    for name in (
        "absence_auc_known",
        "absence_auc_scene",
        "absence_own_photo",
        "affirmative_auc",
        "nonsense_auc",
    ):
        assert means[name] == pytest.approx(metrics[name]), name
        assert len(value[value["metric"] == name]) == 60
    assert metrics["absence_probe_auc"] > 0 and set(metrics["reasons"]) >= {"absence_auc_never_denied"}
    assert metrics["absence_auc_never_denied"] is None
    tuned = write_meta(make_clip(tmp_path / "tuned", scale=2), denied=["dog", "car"])
    metrics, item = evaluate(tmp_path, entry, make_clip(tmp_path / "clip2"), [tuned])
    known = item[item["kind"] == "class"].set_index("category")
    undenied = known[known["never_denied"].astype(bool)]
    assert "dog" not in undenied.index and len(undenied) >= 1
    assert metrics["absence_auc_never_denied"] == pytest.approx(undenied["absence_auc_known"].mean())
    assert metrics["absence_probe_auc"] is None
    assert metrics["reasons"]["absence_probe_auc"] == "fitted for the untuned image tower alone"


def test_beaf_measures_by_their_definition(tmp_path):
    def ask(number, image, thing, removed, truth):
        question = f"Is there a {thing} in the image?"
        return {
            "id": number,
            "image": image,
            "question": question,
            "orig_img": image.endswith("jpg"),
            "removed_q": removed,
            "gt": truth,
        }

    things = {"dog": True, "cat": True, "car": False}
    rows = [ask(i, "v_1.jpg", thing, removed, "yes") for i, (thing, removed) in enumerate(things.items())]
    rows += [ask(3, "v_1_00.png", "dog", True, "no"), ask(4, "v_1_00.png", "cat", True, "yes")]
    rows += [ask(5, "v_1_00.png", "car", False, "yes"), ask(6, "v_1_01.png", "cat", True, "no")]
    (tmp_path / "qna.json").write_text(json.dumps(rows))
    task = read(tmp_path, format="beaf", path="qna.json", images="photos")
    assert task.table["removed"].tolist() == [True, False, False, True]
    axis = {"dog": 0, "cat": 1, "car": 2}
    known = {}
    for thing, at in axis.items():
        known[f"a photo with a {thing}"], known[f"a photo with no {thing}"] = np.eye(8)[at], -np.eye(8)[at]

    def see(dog, cat, car):
        return np.array([dog, cat, car, 0, 0, 0, 0, 0], np.float32)

    folder = tmp_path / "photos"
    photo = {
        str(folder / "v_1.jpg"): see(1, 1, 1),
        str(folder / "v_1_00.png"): see(-1, 1, -1),
        str(folder / "v_1_01.png"): see(1, 1, 1),
    }
    _, metrics = score_task(task, photo, FakeEmbedder(known))
    assert metrics["true_understanding"] == 0.5  # the dog's removal is seen, the cat's is not
    assert (metrics["stubbornness_positive"], metrics["ignorance"], metrics["stubbornness_negative"]) == (
        0.5,
        0,
        0,
    )
    assert metrics["indecision"] == 1 and metrics["f1"] == 0  # the car's answer changed
    assert (metrics["n_removals"], metrics["n_others"]) == (2, 1)
    assert metrics["accuracy"] == pytest.approx(5 / 7)
