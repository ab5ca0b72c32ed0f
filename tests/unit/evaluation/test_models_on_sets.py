"""Models on a set: of an arm, of a name, of a bare file, and the embedded CLIP on real photos."""

import json

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import load_file, save_file

from set_files import evaluate, make_job, write_coco
from tiny_clip import make_clip, write_meta
from unscene.clip.models import ClipError, embed_texts
from unscene.evaluation.checkpoints import list_never_denied, load_checkpoint
from unscene.evaluation.columns.sets import SET_ITEMS
from unscene.evaluation.embedders import Embedder
from unscene.evaluation.evaluate_set import average_runs, evaluate_set
from unscene.evaluation.sets.formats import PATHS
from unscene.evaluation.sets.tasks import SetError
from unscene.run.tables import read_json, write_json
from unscene.words.coco80 import COCO80


def test_several_models_are_averaged_on_the_same_items(tmp_path):
    write_coco(tmp_path)
    entry = {"name": "mcq", "format": "coco_mcq", "instances": "instances.json", "images": "photos"}
    one, other = make_clip(tmp_path / "a"), make_clip(tmp_path / "b", scale=2)
    models = [write_meta(one, fold=0), write_meta(other, fold=1)]
    metrics, item = evaluate(tmp_path, entry, one, models)
    assert len(item) == 10 and metrics["n_models"] == 2 and metrics["n_items"] == 5
    assert metrics["accuracy"] == pytest.approx(np.mean([m["accuracy"] for m in metrics["models"]]))
    assert metrics["accuracy"] == pytest.approx(item["correct"].mean())
    assert sorted(item[item["fold"] == 0]["item"]) == sorted(item[item["fold"] == 1]["item"])


def test_photos_are_embedded_once_for_models_that_share_an_image_tower(tmp_path, monkeypatch):
    """As trainings with a frozen one do; what each says is what it says alone."""
    write_coco(tmp_path)
    entry = {"name": "mcq", "format": "coco_mcq", "instances": "instances.json", "images": "photos"}
    clips = [make_clip(tmp_path / name) for name in "abc"]
    change_weights(clips[1], "token_embedding")
    change_weights(clips[2], "visual.proj")
    alone = [evaluate(tmp_path, entry, clip)[1]["margin"].tolist() for clip in clips]
    assert alone[0] != alone[1] != alone[2] != alone[0]
    embed, shown = Embedder.embed_photos, []
    monkeypatch.setattr(Embedder, "embed_photos", lambda self, x: [shown.append(len(x)), embed(self, x)][1])
    item = evaluate(tmp_path, entry, clips[0], [write_meta(clip, fold=k) for k, clip in enumerate(clips)])[1]
    assert len(shown) == 2
    assert [item[item["fold"] == fold]["margin"].tolist() for fold in range(3)] == alone


def change_weights(clip, part):
    """Draw the weights of a part of a model anew."""
    torch.manual_seed(0)
    path = clip / "open_clip_model.safetensors"
    weights = load_file(path)
    assert any(part in name for name in weights)
    save_file({name: torch.randn_like(w) if part in name else w for name, w in weights.items()}, path)


def test_a_kind_that_one_model_never_chose_is_a_share_of_nought():
    runs = [
        {"fold": 0, "accuracy": 1.0, "n_items": 4},
        {"fold": 1, "accuracy": 0.5, "chosen_tie": 0.5, "n_items": 4},
    ]
    assert average_runs(runs) == {"accuracy": 0.75, "n_items": 4, "chosen_tie": 0.25}


def test_a_named_model_is_tested_with_its_own_weights(tmp_path):
    write_coco(tmp_path)
    entry = {"name": "mcq", "format": "coco_mcq", "instances": "instances.json", "images": "photos"}
    clip, named = make_clip(tmp_path / "a"), make_clip(tmp_path / "b", scale=2)
    of_clip, of_named = evaluate(tmp_path, entry, clip)[1], evaluate(tmp_path, entry, named)[1]
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
        evaluate(tmp_path, entry, make_clip(tmp_path / "clip"))


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
    bomb = tmp_path / "bomb.pt"
    torch.save({"state_dict": _Bomb()}, bomb)
    with pytest.raises(ClipError, match="bomb.pt: open_clip cannot load it"):
        load_checkpoint({**stated, "path": bomb, "architecture": "tiny-quickgelu"}, "cpu", clip)


class _Bomb:
    """What fails the test when a file with it is unpickled."""

    def __reduce__(self):
        return pytest.fail, ("code of a checkpoint ran",)


@pytest.mark.parametrize(("denied", "left"), [([], None), (None, None), (["dog"], 79)])
def test_a_training_that_denied_nothing_leaves_no_word_over(tmp_path, denied, left):
    write_json({} if denied is None else {"denied": denied}, tmp_path / "meta.json")
    found = list_never_denied(tmp_path / "meta.json", COCO80)
    assert found is None if left is None else len(found) == left


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
        metrics, _ = evaluate(tmp_path, entry | path_of, checkout / "resources/embedded/clip")
        print(entry["name"], {k: v for k, v in metrics.items() if isinstance(v, float)}, metrics["n_items"])
        if entry["name"] in chance:
            n = metrics["n_items"]
            spread = 4 * (chance[entry["name"]] * (1 - chance[entry["name"]]) / n) ** 0.5
            assert abs(metrics["accuracy"] - chance[entry["name"]]) < spread + 0.1
        if entry["name"] == "coco_retrieval":
            assert metrics["text_to_image_recall_at_1"] < 0.2  # 62 photos: chance is .016
