"""CLIPs as they are published become open_clip folders that compute what their own library computes."""

import json

import numpy as np
import pytest
import torch
from torch.nn import functional

from tiny_clip import make_clip
from unscene.clip.models import (
    CONFIG_NAME,
    WEIGHTS_NAME,
    embed_photos,
    embed_texts,
    get_normalisation,
    load_clip,
    to_pixels,
)
from unscene.fetching import clip_forms
from unscene.fetching.clip_forms import make_open_clip_folder
from unscene.fetching.downloads import FetchError

PHOTOS = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
TEXTS = ["a dog on a beach", "a beach, no dog", "two cats"]


def embed(folder):
    model, preprocess, tokenizer = load_clip(folder)
    return embed_photos(model, preprocess, PHOTOS, 3), embed_texts(model, tokenizer, TEXTS, 3)


def read_activation(folder):
    return json.loads((folder / CONFIG_NAME).read_text())["model_cfg"]["quick_gelu"]


def make_transformers_clip(folder, act):
    import transformers

    torch.manual_seed(1)
    tower = {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 2, "num_hidden_layers": 2}
    vision = tower | {"image_size": 32, "patch_size": 16, "hidden_act": act}
    text = tower | {"vocab_size": 49408, "max_position_embeddings": 77, "hidden_act": act}
    text |= {"eos_token_id": 49407}
    config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=48)
    model = transformers.CLIPModel(config).eval()
    with torch.no_grad():  # values large enough that the activations differ
        for parameter in model.parameters():
            parameter.mul_(4 if parameter.ndim > 1 else 1)
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("act", ["quick_gelu", "gelu"])
def test_a_clip_of_transformers_computes_the_same_as_open_clip(tmp_path, act):
    theirs = make_transformers_clip(tmp_path / "raw", act)
    told = make_open_clip_folder(tmp_path / "raw", tmp_path / "clip")
    assert told == {"quick_gelu": "QuickGELU", "gelu": "GELU"}[act] + ", by transformers' config"
    model, preprocess, tokenizer = load_clip(tmp_path / "clip")
    found = embed(tmp_path / "clip")
    pixels = to_pixels(torch.from_numpy(PHOTOS), *get_normalisation(preprocess))
    tokens = tokenizer(TEXTS)
    with torch.inference_mode():
        photos = theirs.visual_projection(theirs.vision_model(pixel_values=pixels).pooler_output)
        texts = theirs.text_projection(theirs.text_model(input_ids=tokens).pooler_output)
    assert np.abs(functional.normalize(photos, dim=-1).numpy() - found[0]).max() < 1e-5
    assert np.abs(functional.normalize(texts, dim=-1).numpy() - found[1]).max() < 1e-5


def test_the_comparison_tells_a_wrong_activation(tmp_path, monkeypatch):
    make_transformers_clip(tmp_path / "raw", "quick_gelu")
    write = clip_forms._write_config

    def write_wrong(config, folder):
        write({**config, "model_cfg": config["model_cfg"] | {"quick_gelu": False}}, folder)

    monkeypatch.setattr(clip_forms, "_write_config", write_wrong)
    with pytest.raises(FetchError, match="open_clip and transformers differ by"):
        make_open_clip_folder(tmp_path / "raw", tmp_path / "clip")
    assert not (tmp_path / "clip").exists()


def make_archive(tmp_path):
    """Write a TorchScript archive with OpenAI's names and numbers, and return the folder it came from."""
    folder = make_clip(tmp_path / "model", width=64)
    config = json.loads((folder / CONFIG_NAME).read_text())
    config["model_cfg"]["vision_cfg"]["head_width"] = 64  # as all of OpenAI's
    config["model_cfg"]["text_cfg"]["heads"] = 1
    config["preprocess_cfg"] |= dict(clip_forms._OPENAI_PREPROCESSING)
    (folder / CONFIG_NAME).write_text(json.dumps(config))
    model, _, _ = load_clip(folder)
    (tmp_path / "raw").mkdir()

    class Archive(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for name, value in model.state_dict().items():
                holder = self
                *parents, leaf = name.split(".")
                for parent in parents:
                    if not hasattr(holder, parent):
                        holder.add_module(parent, torch.nn.Module())
                    holder = getattr(holder, parent)
                holder.register_buffer(leaf, value.clone())
            for name in ("input_resolution", "context_length", "vocab_size"):
                self.register_buffer(name, torch.tensor(1))

        def forward(self, x):
            return x

    archive = torch.jit.trace(Archive(), torch.zeros(1))
    archive.save(str(tmp_path / "raw/ViT-B-32.pt"))
    return folder


def test_an_archive_of_openai_has_quickgelu_whatever_it_is_called(tmp_path):
    source = make_archive(tmp_path)
    told = make_open_clip_folder(tmp_path / "raw", tmp_path / "clip")
    assert told == "QuickGELU, as all of OpenAI's own" and read_activation(tmp_path / "clip") is True
    for ours, theirs in zip(embed(tmp_path / "clip"), embed(source), strict=True):
        assert np.abs(ours - theirs).max() < 1e-6


def test_a_checkpoint_says_nothing_of_its_activation_so_its_row_must(tmp_path):
    model, _, _ = load_clip(make_clip(tmp_path / "model"))
    (tmp_path / "raw").mkdir()
    weights = {f"module.{name}": value for name, value in model.state_dict().items()}
    torch.save({"state_dict": weights}, tmp_path / "raw/epoch.pt")
    with pytest.raises(FetchError, match="does not say its activation; name its model"):
        make_open_clip_folder(tmp_path / "raw", tmp_path / "clip")
    with pytest.raises(FetchError, match="'ViT-nothing' is not known"):
        make_open_clip_folder(tmp_path / "raw", tmp_path / "clip", model="ViT-nothing")


@pytest.mark.parametrize(
    ("repo", "has", "gets"),
    [
        ("timm/vit_base_patch32_clip_224.openai", False, True),
        ("apple/DFN2B-CLIP-ViT-B-16", False, True),
        ("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", True, False),
        ("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", False, False),
        ("someone/tuned", True, True),
        ("someone/tuned", False, False),
    ],
)
def test_an_open_clip_repository_gets_the_activation_of_open_clips_table(tmp_path, repo, has, gets):
    raw = make_clip(tmp_path / "raw", quick_gelu=has)
    told = make_open_clip_folder(raw, tmp_path / "clip", repo)
    assert read_activation(tmp_path / "clip") is gets
    assert ("against its own config" in told) == (has != gets)


def test_pickled_weights_of_open_clip_become_safetensors(tmp_path):
    raw = make_clip(tmp_path / "raw")
    before = embed(raw)
    model, _, _ = load_clip(raw)
    torch.save(model.state_dict(), raw / "open_clip_pytorch_model.bin")
    (raw / WEIGHTS_NAME).unlink()
    make_open_clip_folder(raw, tmp_path / "clip")
    assert all((a == b).all() for a, b in zip(embed(tmp_path / "clip"), before, strict=True))
