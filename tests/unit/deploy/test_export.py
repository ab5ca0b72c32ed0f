"""The deployed folder: every form is the evaluated model, is loaded as its card says, and shares files."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file, save_file

from clip_families import make_family
from fake_run import CHECKOUT, make_run
from tiny_clip import RUNTIME, make_clip, make_pairs, write_meta
from unscene.deploy.card import list_figures
from unscene.deploy.export import export_clip
from unscene.deploy.files import READ
from unscene.deploy.forms import FORMS
from unscene.deploy.models import load_model
from unscene.machine.job import Job
from unscene.report.run import read_run
from unscene.run.configuration import list_sources
from unscene.run.tables import read_json, read_table, write_table

ARM = "paired_rank_keep"
TEXTS = ["a beach with a dog", "a beach with no dog"]


def make_job(folder: Path, model: Path | None, clip: Path, forms=None, **deploy) -> Job:
    config = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())
    config["deploy"] |= {"arm": ARM, "forms": forms, **deploy}
    config["train"]["clip"] = str(clip)
    settings = {name: config[name] for name in ("words", "evaluate", "deploy")}
    settings["samples"] = {
        "sources": list_sources(config, pool=False),
        "pools": list_sources(config, pool=True),
    }
    run = make_run(folder / "run")
    inputs = {name: folder / "run" / run[name] for name in READ}
    pairs, _ = make_pairs(folder / "data")
    pair = read_table(pairs)
    write_table(pair.assign(license=["Attribution License", None] * (len(pair) // 2)), pairs)
    return Job(
        inputs={**inputs, "model": model, "pairs": pairs},
        outputs={"folder": folder / "deploy"},
        settings=settings,
        runtime=RUNTIME,
        config=config,
    )


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """The folder of an arm that froze the image tower: its text tower alone differs from the base."""
    folder = tmp_path_factory.mktemp("deploy")
    base, tuned = make_clip(folder / "base"), make_clip(folder / "tuned")
    weights = load_file(tuned / "open_clip_model.safetensors")
    weights["text_projection"] = weights["text_projection"].flip(1).contiguous()
    save_file(weights, tuned / "open_clip_model.safetensors")
    meta = write_meta(tuned, pairs=24, denied=["dog", "cat"], arm_settings={"freeze": "image"})
    export_clip(make_job(folder, meta, base))
    return folder / "deploy"


@pytest.fixture
def photo(deployed, monkeypatch):
    """A photo beside the deployed folder, which is the working directory. It is not square, and an
    even number of pixels is too many, so every library takes the same middle.
    """
    monkeypatch.chdir(deployed)
    monkeypatch.syspath_prepend(deployed)
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("photo.jpg", quality=95)
    yield Image.open("photo.jpg")
    Path("photo.jpg").unlink()


def test_the_folder_has_the_names_that_others_rely_on(deployed):
    names = {str(path.relative_to(deployed)) for path in deployed.rglob("*") if path.is_file()}
    onnx = {"text.onnx", "visual.onnx", "tokenizer.json", "preprocess_cfg.json", "config.json"}
    immich = {"config.json", "visual/model.onnx", "visual/preprocess_cfg.json"}
    immich |= {f"textual/{name}" for name in ("model.onnx", "tokenizer.json", "tokenizer_config.json")}
    wanted = {f"onnx/{name}" for name in onnx} | {f"immich/{name}" for name in immich}
    wanted |= {f"open_clip/open_clip_{name}" for name in ("config.json", "model.safetensors")}
    wanted |= {f"transformers/{name}" for name in ("config.json", "model.safetensors", "tokenizer.json")}
    assert wanted | {f"base/{name}" for name in wanted} <= names
    assert {
        "README.md",
        "parity.json",
        "onnx_clip.py",
        "server/__main__.py",
        "server/page/index.html",
    } <= names
    assert not any("__pycache__" in name for name in names)


def test_every_form_is_the_evaluated_model(deployed):
    parity = read_json(deployed / "parity.json")
    assert parity["photos"] == 32 and parity["texts"] > 48
    for model in ("tuned", "base"):
        assert list(parity[model]) == sorted(FORMS)
        for told in parity[model].values():
            assert max(told["max_difference_photos"], told["max_difference_texts"]) <= 1e-4
            assert told["widest_swap"] <= 1e-5


def test_what_is_equal_is_one_file(deployed):
    def linked(one: str, other: str) -> bool:
        return (deployed / one).samefile(deployed / other)

    assert linked("immich/visual/model.onnx", "onnx/visual.onnx")
    assert linked("base/onnx/visual.onnx", "onnx/visual.onnx")  # the image tower was frozen
    assert not linked("base/onnx/text.onnx", "onnx/text.onnx")
    assert linked("base/transformers/tokenizer.json", "transformers/tokenizer.json")


def test_onnx_files_name_no_path_of_the_machine_that_made_them(deployed):
    content = (deployed / "onnx/text.onnx").read_bytes()
    assert b"site-packages" not in content and str(CHECKOUT).encode() not in content


def test_each_snippet_of_the_card_gives_the_same_cosines(deployed, photo):
    """As a reader would run them: one after the other, in the folder."""
    model = load_model("open_clip")
    with torch.no_grad():
        features = model.network.encode_image(model.preprocess(photo)[None], normalize=True)
        expected = model.network.encode_text(model.tokenizer(TEXTS), normalize=True) @ features.T
    snippets = re.findall(r"```python\n(.*?)```", Path("README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(snippets) == 4  # open_clip, transformers, sentence-transformers, onnxruntime
    for snippet in snippets:
        printed: list = []
        exec(compile(snippet, "README.md", "exec"), {"print": printed.append})
        assert np.abs(np.asarray(printed[0]) - expected.numpy()).max() < 1e-5


def test_the_card_says_what_is_true_of_this_model(deployed):
    from huggingface_hub import ModelCard

    card = ModelCard.load(deployed / "README.md")
    told = card.data.to_dict()
    assert told["license"] == "other" and told["license_name"]  # a base that nobody knows
    assert told["pipeline_tag"] == "zero-shot-image-classification" and told["library_name"] == "open_clip"
    assert told["datasets"] == ["scenes", "pool"] and told["language"] == "en"
    figures = {result.metric_type: result.metric_value for result in card.data.eval_results}
    assert 0 < figures["group_score"] < 1
    places = {result.dataset_name for result in card.data.eval_results}
    assert places == {f"{what} of the held-out folds" for what in ("ordinary photos", "edited pairs")}
    text = card.content.split("---\n", 2)[2]
    assert text.startswith("*Your image index stays valid*")
    assert "Attribution License | 12" in text and "not stated by the source | 12" in text
    assert "denied 2 of the 80 words of its list: dog, cat" in text
    assert "Worse than zero_shot" in text or "No figure" in text


def test_an_arm_that_is_not_trained_is_its_own_base(tmp_path):
    clip = make_clip(tmp_path / "clip")
    export_clip(make_job(tmp_path, None, clip, forms=["open_clip"]))
    deployed = tmp_path / "deploy"
    assert sorted(path.name for path in deployed.iterdir() if path.is_dir()) == ["base", "open_clip"]
    weights = "open_clip/open_clip_model.safetensors"
    assert (deployed / weights).samefile(deployed / "base" / weights)
    text = (deployed / "README.md").read_text(encoding="utf-8")
    assert "is not trained" in text and "index stays valid" not in text


def test_figures_of_a_fresh_world_are_not_told_as_those_of_the_folds(tmp_path):
    job = make_job(tmp_path, None, make_clip(tmp_path / "clip"), forms=["open_clip"])
    job.settings["evaluate"]["world"] = {"name": "fresh", "photos": 7000, "seed": 9001}
    run = read_run({name: job.inputs[name] for name in READ}, job.settings, job.lineage)
    own = run.summary.assign(set="fresh_objects").rename(columns={"arm": "model"})
    sets = run.comparison.assign(set="fresh_objects")
    run.tables |= {"set_summary": own, "sets": sets}
    assert [title for title, rows in list_figures(run, ARM) if rows] == [
        "ordinary photos of a fresh world, 7,000 of them",
        "edited pairs of the held-out folds",
    ]


def test_the_card_names_base_and_photos_as_a_hub_does(tmp_path):
    from huggingface_hub import ModelCard

    names = {"base_model": "openai/clip-vit-base-patch32", "datasets": ["someone/holidays"]}
    export_clip(make_job(tmp_path, None, make_clip(tmp_path / "clip"), forms=["open_clip"], **names))
    told = ModelCard.load(tmp_path / "deploy/README.md").data.to_dict()
    assert names.items() <= told.items()


def test_the_arithmetic_of_an_arm_is_told_with_the_score_without_it(tmp_path):
    job = make_job(tmp_path, None, make_clip(tmp_path / "clip"), forms=["open_clip"])
    job.settings["train"] = {"arms": {"zero_shot": {}, ARM: {"query_weight": 1.9}}}
    export_clip(job)
    told = read_json(tmp_path / "deploy/parity.json")["query_arithmetic"]
    assert (told["weight"], told["arm_without"]) == (1.9, "zero_shot")
    summary = pd.read_csv(job.inputs.summary).set_index(["arm", "metric"])["mean"]
    (row,) = (row for row in told["scores"] if row["metric"] == "group_score")
    assert (
        row["with"] == summary[ARM, "group_score"] and row["without"] == summary["zero_shot", "group_score"]
    )
    text = (tmp_path / "deploy/README.md").read_text(encoding="utf-8")
    assert "## What no form holds" in text and "Without it the forms have those of arm `zero_shot`" in text


def test_nothing_is_left_when_a_form_is_another_model(tmp_path, monkeypatch):
    from unscene.deploy import open_clip_form

    other = load_model(make_clip(tmp_path / "other", quick_gelu=False))
    write = open_clip_form.write_open_clip
    monkeypatch.setattr(open_clip_form, "write_open_clip", lambda model, folder: write(other, folder))
    job = make_job(tmp_path, None, make_clip(tmp_path / "clip"), forms=["open_clip"])
    with pytest.raises(RuntimeError, match="open_clip embeds photos"):
        export_clip(job)
    assert not list(tmp_path.glob("*deploy*"))


def test_a_model_that_cannot_take_a_form_gets_the_others(tmp_path, monkeypatch):
    """An exporter that fails and a family that CLIPModel is not: both are told, nothing half is left."""
    import torch.onnx

    def fail(*_, **__):
        raise torch.onnx.OnnxExporterError("Failed to export the model\nwith many lines")

    monkeypatch.setattr(torch.onnx, "export", fail)
    clip = make_family("timm ViT", tmp_path / "clip")
    export_clip(make_job(tmp_path, None, clip))
    told = read_json(tmp_path / "deploy/parity.json")["tuned"]
    assert "timm_model_name" in told["transformers"]["not_possible"]
    assert told["onnx"]["not_possible"].startswith("torch.onnx does not understand its text tower (Failed")
    assert told["immich"] == told["onnx"] and told["open_clip"]["max_difference_photos"] <= 1e-6
    folders = sorted(path.name for path in (tmp_path / "deploy").iterdir() if path.is_dir())
    assert folders == ["base", "open_clip"]
    text = (tmp_path / "deploy/README.md").read_text(encoding="utf-8")
    assert "not possible: CLIPModel has no vision_cfg.timm_model_name" in text and "### Immich" not in text
