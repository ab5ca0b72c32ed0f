"""Each format of evaluation sets on a tiny made file, and the harness on real photos with the
embedded CLIP.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tiny_clip import RUNTIME, make_clip, write_meta
from unscene.clip.models import ClipError, embed_texts
from unscene.evaluation.checkpoints import list_never_denied, load_checkpoint
from unscene.evaluation.columns.sets import SET_ITEMS
from unscene.evaluation.evaluate_set import average_runs, evaluate_set
from unscene.evaluation.set_comparison import list_values
from unscene.evaluation.set_metrics import list_photos, score_blind, score_task
from unscene.evaluation.sets.formats import FORMATS, PATHS, ROLES, find_role
from unscene.evaluation.sets.reading import read_set
from unscene.evaluation.sets.tasks import SetError
from unscene.machine.job import Job
from unscene.run.tables import read_json, write_json
from unscene.scenes.rendering import draw_dataset
from unscene.words.coco80 import COCO80


class FakeEmbedder:
    """Embeds a text as the row of a table; unknown texts get a random direction of their own."""

    def __init__(self, known=None, dim=8):
        self.known, self.dim = known or {}, dim

    def embed_texts(self, texts):
        rows = [self.known.get(text, draw(self.dim, sum(map(ord, text)))) for text in texts]
        return np.stack(rows).astype(np.float32)

    def find_long(self, texts):
        return np.array([len(text) > 200 for text in texts], bool)


def draw(dim, seed):
    row = np.random.default_rng(seed).normal(size=dim)
    return row / np.linalg.norm(row)


def save_photo(path, seed=0, side=40):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)).save(path)


def read(tmp_path, **entry):
    return read_set({"name": "test", **entry}, lambda path: tmp_path / path, 7)


def embed_all(task, dim=8):
    return {path: draw(dim, seed).astype(np.float32) for seed, path in enumerate(list_photos(task))}


@pytest.fixture
def mcq(tmp_path):
    rows = [
        (
            0,
            "This image features a dog and a cat.",
            "This image features a car, but not a dog.",
            "This image features a dog and a car.",
            "This image does not feature a dog.",
            "positive",
            "data/coco/1.jpg",
        ),
        (
            0,
            "This image does not feature a bus.",
            "This image features a bus, but not a cup.",
            "This image features a cup and a bus.",
            "This image does not feature a cup.",
            "negative",
            "data/coco/2.jpg",
        ),
        (
            0,
            "This image features a cup, but not a bus.",
            "This image features a bus, but not a cup.",
            "This image features a cup and a bus.",
            "This image does not feature a cup.",
            "hybrid",
            "data/coco/2.jpg",
        ),
    ]
    columns = ["correct_answer", *(f"caption_{i}" for i in range(4)), "correct_answer_template", "image_path"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "mcq.csv", index=False)
    return read(tmp_path, format="negbench_mcq", path="mcq.csv", images="photos")


def test_mcq_options_are_shuffled_and_keep_their_types(mcq):
    assert [str(path).split("/")[-1] for path in mcq.table["photo"]] == ["1.jpg", "2.jpg", "2.jpg"]
    for row in mcq.table.itertuples():
        assert row.option_kinds[row.answer] == row.kind
        assert sorted(row.option_kinds) == sorted([row.kind, "hybrid", "positive", "negative"])
    assert mcq.table["options"][0][mcq.table["answer"][0]] == "This image features a dog and a cat."
    assert len(set(mcq.table["answer"])) > 1 or mcq.table["answer"][0] != 0


def test_mcq_scores_equal_the_loop_and_ties_are_wrong(mcq):
    photo = embed_all(mcq)
    item, metrics = score_task(mcq, photo, FakeEmbedder())
    for row, scored in zip(mcq.table.itertuples(), item.itertuples(), strict=True):
        cosines = [float(FakeEmbedder().embed_texts([o])[0] @ photo[str(row.photo)]) for o in row.options]
        assert scored.chosen == int(np.argmax(cosines))
        assert scored.correct == all(
            cosines[row.answer] > c for at, c in enumerate(cosines) if at != row.answer
        )
        assert scored.chosen_kind == row.option_kinds[scored.chosen]
    assert metrics["accuracy"] == pytest.approx(item["correct"].mean())
    assert sum(
        metrics.get(f"chosen_{kind}", 0) for kind in ("positive", "negative", "hybrid")
    ) == pytest.approx(1)
    same = FakeEmbedder({text: np.ones(8) for options in mcq.table["options"] for text in options})
    item, metrics = score_task(mcq, photo, same)
    assert metrics["accuracy"] == 0 and metrics["chosen_tie"] == 1 and (item["chosen"] == -1).all()


def test_blind_readers_know_the_format(mcq):
    blind = score_blind(mcq.table)
    assert blind["blind_chance"] == 0.25 and blind["blind_doubled_type"] == pytest.approx(0.5)
    assert blind["blind_reader"] == 1
    assert blind["blind_one_type"] == pytest.approx(1 / 6)


def test_items_without_photo_or_with_a_cut_text_are_counted(mcq):
    photo = embed_all(mcq)
    photo.pop(str(mcq.table["photo"][0]))
    _, metrics = score_task(mcq, photo, FakeEmbedder())
    assert (metrics["n_items"], metrics["n_left_out"]) == (2, 1)


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


def test_sugarcrepe_folder_and_single_file_agree(tmp_path):
    subsets = {
        name: {"0": {"filename": f"{name}.jpg", "caption": "a dog", "negative_caption": "a cat"}}
        for name in ("add_obj", "swap_att")
    }
    (tmp_path / "all.json").write_text(json.dumps(subsets))
    for name, items in subsets.items():
        (tmp_path / "sets").mkdir(exist_ok=True)
        (tmp_path / "sets" / f"{name}.json").write_text(json.dumps(items))
    one = read(tmp_path, format="sugarcrepe", path="all.json", images=".")
    other = read(tmp_path, format="sugarcrepe", path="sets", images=".")
    pd.testing.assert_frame_equal(one.table, other.table)
    known = FakeEmbedder({"a dog": np.eye(8)[0], "a cat": np.eye(8)[1]})
    photo = {str(tmp_path / "add_obj.jpg"): np.eye(8)[0], str(tmp_path / "swap_att.jpg"): np.eye(8)[1]}
    _, metrics = score_task(one, photo, known)
    assert (metrics["accuracy_add_obj"], metrics["accuracy_swap_att"], metrics["accuracy_macro"]) == (
        1,
        0,
        0.5,
    )


def test_cc_neg_takes_the_last_items_of_either_file(tmp_path):
    import torch

    names, captions = [f"old/{i}.jpg" for i in range(5)], [f"caption {i}" for i in range(5)]
    annotations = [{"caption": text, "sop_data": {"negative-prompt": f"no {text}"}} for text in captions]
    torch.save({"image_paths": names, "annotations": annotations}, tmp_path / "ccneg.pt")
    frame = pd.DataFrame({"image_path": names, "caption": captions})
    frame.assign(negated_caption="no " + frame["caption"]).to_csv(tmp_path / "ccneg.csv", index=False)
    tables = [
        read(tmp_path, format="cc_neg", path=f"ccneg.{kind}", images="new", last=2).table
        for kind in ("pt", "csv")
    ]
    pd.testing.assert_frame_equal(*tables)
    assert [str(path) for path in tables[0]["photo"]] == [str(tmp_path / f"new/{i}.jpg") for i in (3, 4)]
    assert [row.options[row.answer] for row in tables[0].itertuples()] == ["caption 3", "caption 4"]


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


def test_class_folders_equal_open_clips_classifier(tmp_path):
    import open_clip
    import torch

    for name in ("dog", "hot_dog", "car"):
        for number in range(3):
            save_photo(tmp_path / "set" / name / f"{number}.png", seed=number + len(name))
    (tmp_path / "names.json").write_text(json.dumps({"dog": "dog", "hot_dog": "hot dog", "car": "car"}))
    task = read(tmp_path, format="class_folders", path="set", classes="names.json")
    assert list(task.classes) == ["car", "dog", "hot dog"] and len(task) == 9 and len(task.templates) == 80
    entry = {"name": "folders", "format": "class_folders", "path": "set"}
    clip = make_clip(tmp_path / "clip")
    metrics, item = run(tmp_path, entry, clip)
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{clip}")
    model.eval()
    classifier = open_clip.build_zero_shot_classifier(
        model, open_clip.get_tokenizer(f"local-dir:{clip}"), task.classes, open_clip.OPENAI_IMAGENET_TEMPLATES
    )
    with torch.no_grad():
        pixels = torch.stack([preprocess(Image.open(path).convert("RGB")) for path in task.paths])
        guess = (model.encode_image(pixels, normalize=True) @ classifier).argmax(dim=1).numpy()
    assert item["correct"].tolist() == (guess == task.class_at).tolist()
    assert metrics["top1"] == pytest.approx((guess == task.class_at).mean())


def test_clip_benchmark_folder(tmp_path):
    folder = tmp_path / "wds"
    (folder / "test").mkdir(parents=True)
    (folder / "classnames.txt").write_text("cat\ndog\n")
    (folder / "zeroshot_classification_templates.txt").write_text("a photo of a {c}.\n")
    with tarfile.open(folder / "test/0.tar", "w") as tar:
        for key, label in (("s1", 1), ("s0", 0)):
            buffer = io.BytesIO()
            Image.new("RGB", (20, 20), (label * 200, 0, 0)).save(buffer, "PNG")
            for suffix, content in (("png", buffer.getvalue()), ("cls", str(label).encode())):
                info = tarfile.TarInfo(f"{key}.{suffix}")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    task = read(tmp_path, format="clip_benchmark", path="wds")
    assert task.class_at.tolist() == [0, 1] and task.templates == ["a photo of a {}."]
    assert [Image.open(path).getpixel((0, 0))[0] for path in task.paths] == [0, 200]


def write_coco(folder):
    images = [{"id": i, "file_name": f"{i}.png", "height": 40, "width": 40} for i in range(6)]
    for image in images:
        save_photo(folder / "photos" / image["file_name"], seed=image["id"])
    labels = {0: [18, 17], 1: [18], 2: [3, 17], 3: [3, 18, 17], 4: [3]}
    annotations = [{"image_id": i, "category_id": c} for i, own in labels.items() for c in own]
    categories = [{"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}, {"id": 3, "name": "car"}]
    instances = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "instances.json").write_text(json.dumps(instances))
    captions = [{"image_id": i, "caption": f"picture {i} with a bus"} for i in range(6)]
    (folder / "captions.json").write_text(json.dumps({"images": images, "annotations": captions}))


def test_choices_rebuilt_from_labels_are_true_and_the_others_false(tmp_path):
    write_coco(tmp_path)
    entry = {
        "format": "coco_mcq",
        "instances": "instances.json",
        "captions": "captions.json",
        "images": "photos",
    }
    task = read(tmp_path, **entry)
    assert len(task) == 5  # the photo without a label is no question
    pd.testing.assert_frame_equal(task.table, read(tmp_path, **entry).table)
    from unscene.evaluation.query_arithmetic import find_denied
    from unscene.words.coco80 import COCO80

    here = {"0": {"dog", "cat"}, "1": {"dog"}, "2": {"car", "cat"}, "3": {"car", "dog", "cat"}, "4": {"car"}}
    for row in task.table.itertuples():
        truths = []
        for text in row.options:
            denied = set(find_denied(text, COCO80))
            affirmed = set(COCO80.find_words(text)) - denied
            assert "bus" not in denied | affirmed  # named in a caption, so not known to be absent
            truths.append(affirmed <= here[row.item] and not denied & here[row.item])
        assert truths == [at == row.answer for at in range(4)]
    assert score_blind(task.table)["blind_reader"] == 1


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
    metrics, item = run(tmp_path, entry, make_clip(tmp_path / "clip"))
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
    metrics, item = run(tmp_path, entry, make_clip(tmp_path / "clip2"), [tuned])
    known = item[item["kind"] == "class"].set_index("category")
    undenied = known[known["never_denied"].astype(bool)]
    assert "dog" not in undenied.index and len(undenied) >= 1
    assert metrics["absence_auc_never_denied"] == pytest.approx(undenied["absence_auc_known"].mean())
    assert metrics["absence_probe_auc"] is None
    assert metrics["reasons"]["absence_probe_auc"] == "fitted for the untuned image tower alone"


def make_job(folder, entry, clip, wildcards, models=()):
    """Return the job that evaluates an arm, or a named model, on a set. entry: with its paths below
    `folder`.
    """
    entry = entry | {key: str(folder / entry[key]) for key in PATHS if key in entry}
    return Job(
        inputs={"models": list(models)},
        outputs={"metrics": folder / "metrics.json", "item_table": folder / "items.parquet"},
        settings={"seed": 7, "words": "coco80"},
        runtime=RUNTIME,
        wildcards={"set": entry["name"], **wildcards},
        config={
            "evaluate": {"sets": [entry]},
            "train": {"clip": str(clip), "arms": {"zero_shot": {}, "paired": {}}},
        },
    )


def run(folder, entry, clip, models=()):
    """Evaluate train.clip (as zero_shot), or an arm's models, on a set; return (metrics, items)."""
    job = make_job(folder, entry, clip, {"arm": "paired" if models else "zero_shot"}, models)
    evaluate_set(job)
    return read_json(job.outputs.metrics), SET_ITEMS[FORMATS[entry["format"]].task].read(
        job.outputs.item_table
    )


def test_several_models_are_averaged_on_the_same_items(tmp_path):
    write_coco(tmp_path)
    entry = {"name": "mcq", "format": "coco_mcq", "instances": "instances.json", "images": "photos"}
    one, other = make_clip(tmp_path / "a"), make_clip(tmp_path / "b", scale=2)
    models = [write_meta(one, fold=0), write_meta(other, fold=1)]
    metrics, item = run(tmp_path, entry, one, models)
    assert len(item) == 10 and metrics["n_models"] == 2 and metrics["n_items"] == 5
    assert metrics["accuracy"] == pytest.approx(np.mean([m["accuracy"] for m in metrics["models"]]))
    assert metrics["accuracy"] == pytest.approx(item["correct"].mean())
    assert sorted(item[item["fold"] == 0]["item"]) == sorted(item[item["fold"] == 1]["item"])


def test_a_named_model_is_tested_with_its_own_weights(tmp_path):
    write_coco(tmp_path)
    entry = {"name": "mcq", "format": "coco_mcq", "instances": "instances.json", "images": "photos"}
    clip, named = make_clip(tmp_path / "a"), make_clip(tmp_path / "b", scale=2)
    of_clip, of_named = run(tmp_path, entry, clip)[1], run(tmp_path, entry, named)[1]
    job = make_job(tmp_path, entry, clip, {"model": "b"})
    job.config["evaluate"]["models"] = [{"name": "a", "path": str(clip)}, {"name": "b", "path": str(named)}]
    evaluate_set(job)
    item = SET_ITEMS["choices"].read(job.outputs.item_table)
    assert set(item["model"]) == {"b"} and item["fold"].isna().all()
    assert np.allclose(item["margin"], of_named["margin"]) and not np.allclose(
        item["margin"], of_clip["margin"]
    )


def test_a_folder_without_photos_says_which_key(tmp_path):
    write_coco(tmp_path)
    entry = {"name": "mcq", "format": "coco_mcq", "instances": "instances.json", "images": "elsewhere"}
    with pytest.raises(SetError, match="check `images`"):
        run(tmp_path, entry, make_clip(tmp_path / "clip"))


def test_the_activation_of_a_bare_file_must_be_stated_and_right(tmp_path):
    clip = make_clip(tmp_path / "clip")
    wrong = make_clip(tmp_path / "wrong", quick_gelu=False)  # the same weights under the other activation
    with pytest.raises(ClipError, match="its weights are those of"):
        load_checkpoint({"path": wrong}, "cpu", clip)
    load_checkpoint({"path": clip}, "cpu", clip)
    file = clip / "open_clip_model.safetensors"
    with pytest.raises(ClipError, match="needs `architecture`"):
        load_checkpoint({"path": file}, "cpu", clip)
    with pytest.raises(ClipError, match="with -quickgelu"):
        load_checkpoint({"path": file, "architecture": "ViT-B-32", "quick_gelu": True}, "cpu", clip)
    import open_clip

    config = read_json(clip / "open_clip_config.json")["model_cfg"]
    for name, width in (("tiny-quickgelu", 32), ("wide-quickgelu", 64)):
        config["text_cfg"]["width"] = width
        (tmp_path / f"{name}.json").write_text(json.dumps(config))
        open_clip.add_model_config(tmp_path / f"{name}.json")
    stated = {"path": file, "quick_gelu": True}
    model, _, tokenizer = load_checkpoint({**stated, "architecture": "tiny-quickgelu"}, "cpu", clip)
    texts = ["a dog", "no dog here"]
    of_folder = embed_texts(load_checkpoint({"path": clip}, "cpu")[0], tokenizer, texts)
    assert np.abs(embed_texts(model, tokenizer, texts) - of_folder).max() < 1e-6
    with pytest.raises(ClipError, match="cannot load"):
        load_checkpoint({**stated, "architecture": "wide-quickgelu"}, "cpu", clip)


def test_every_format_is_tested():
    tested = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert all(f'"{name}"' in tested for name in FORMATS)


def test_a_format_says_all_about_itself():
    for name, of_format in FORMATS.items():
        assert callable(of_format.find_reader()) and of_format.task in SET_ITEMS, name
        assert of_format.role in (None, *ROLES) and bool(of_format.source) == bool(of_format.licence), name
    assert find_role({"format": "coco_mcq"}) == "mcq"
    assert find_role({"format": "coco_mcq", "role": "zero_shot"}) == "zero_shot"
    assert find_role({"format": "cc_neg"}) is None
    used = {key for of_format in FORMATS.values() for key in (*of_format.needs, *of_format.allows)}
    assert set(PATHS) < used


def test_the_schema_asks_of_a_set_what_its_format_says(checkout):
    schema = json.loads((checkout / "workflow/schemas/config.schema.yaml").read_text())
    validator = jsonschema.Draft202012Validator(
        {**schema["$defs"]["evaluation_set"], "$defs": schema["$defs"]}
    )
    for name, of_format in FORMATS.items():
        entry = {"name": "x", "format": name, **{key: "p" for key in of_format.needs}}
        assert validator.is_valid(entry) and validator.is_valid({**entry, "role": "mcq"}), name
        for key in of_format.needs:
            assert not validator.is_valid({k: v for k, v in entry.items() if k != key}), (name, key)
        for key in set(PATHS) - {*of_format.needs, *of_format.allows}:
            assert not validator.is_valid({**entry, key: "p"}), (name, key)


def test_the_registry_imports_no_reader(checkout):
    code = "import sys, unscene.evaluation.sets.formats; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": "src"},
        cwd=checkout,
        capture_output=True,
        check=True,
    )
    loaded = told.stdout.decode().split()
    assert not {"torch", "open_clip", "pandas", "unscene.evaluation.sets.negbench"} & set(loaded)


@pytest.mark.real
def test_real_photos_with_the_embedded_clip(checkout, real_data, tmp_path):
    """The harness on real COCO photos: nothing fails, and a CLIP that has never seen a photo is
    near chance.
    """
    coco = {name: f"coco_sample/{name}.json" for name in ("captions", "instances")}
    images, chance = "coco_sample/images", {"sugarcrepe": 0.5, "coco_mcq": 0.25}
    entries = [
        {
            "name": "sugarcrepe",
            "format": "sugarcrepe",
            "path": "text/sugarcrepe_sample.json",
            "images": images,
        },
        {"name": "coco_mcq", "format": "coco_mcq", **coco, "images": images},
        {
            "name": "coco_retrieval",
            "format": "coco_retrieval",
            "captions": coco["captions"],
            "images": images,
        },
        {"name": "coco_objects", "format": "coco_objects", **coco, "images": images},
    ]
    for entry in entries:
        path_of = {key: str(real_data / value) for key, value in entry.items() if key in PATHS}
        metrics, _ = run(tmp_path, entry | path_of, checkout / "resources/embedded/clip")
        print(entry["name"], {k: v for k, v in metrics.items() if isinstance(v, float)}, metrics["n_items"])
        if entry["name"] in chance:
            n = metrics["n_items"]
            spread = 4 * (chance[entry["name"]] * (1 - chance[entry["name"]]) / n) ** 0.5
            assert abs(metrics["accuracy"] - chance[entry["name"]]) < spread + 0.1
        if entry["name"] == "coco_retrieval":
            assert metrics["text_to_image_recall_at_1"] < 0.2  # 62 photos: chance is .016


def test_a_kind_that_one_model_never_chose_is_a_share_of_nought():
    runs = [
        {"fold": 0, "accuracy": 1.0, "n_items": 4},
        {"fold": 1, "accuracy": 0.5, "chosen_tie": 0.5, "n_items": 4},
    ]
    assert average_runs(runs) == {"accuracy": 0.75, "n_items": 4, "chosen_tie": 0.25}


@pytest.mark.parametrize(("denied", "left"), [([], None), (None, None), (["dog"], 79)])
def test_a_training_that_denied_nothing_leaves_no_word_over(tmp_path, denied, left):
    write_json({} if denied is None else {"denied": denied}, tmp_path / "meta.json")
    found = list_never_denied(tmp_path / "meta.json", COCO80)
    assert found is None if left is None else len(found) == left
