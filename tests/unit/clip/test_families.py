"""CLIPs of other families than OpenAI's: loaded, trained with adapters, saved and read again."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from clip_families import FAMILIES, TEXT, make_family
from tiny_clip import ARMS, make_caches, make_pairs, make_training
from unscene.clip.models import ClipError, embed_photos, embed_texts, load_clip, resize_photo
from unscene.clip.tokens import find_long_texts
from unscene.folds.columns import LEAKS
from unscene.machine.job import Job
from unscene.run.configuration import ConfigError
from unscene.training.clip_check import check_clip, list_checked_arms
from unscene.training.optimisation import TowerError, add_lora, check_towers, freeze, list_lora_targets
from unscene.training.train_fold import train_clip

TEXTS = ["a photo of a dog", "an empty field with no car", "a cat on a beach"]


@pytest.fixture(scope="module", params=["OpenAI ViT", *FAMILIES])
def family(request, tmp_path_factory):
    """The folder of a CLIP of each family."""
    return make_family(request.param, tmp_path_factory.mktemp("families") / "clip")


def test_embeddings_are_open_clips_own(family):
    model, preprocess, tokenizer = load_clip(family)
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8))
    with torch.no_grad():
        texts = model.encode_text(tokenizer(TEXTS), normalize=True).numpy()
        photos = model.encode_image(preprocess(photo)[None], normalize=True).numpy()
    assert np.abs(embed_texts(model, tokenizer, TEXTS, 2) - texts).max() < 1e-5
    resized = resize_photo(preprocess, photo)[None]
    assert np.abs(embed_photos(model, preprocess, resized, 2) - photos).max() < 1e-5


def test_a_folder_without_its_own_tokenizer_is_told(tmp_path, monkeypatch):
    few = {**FAMILIES["timm ViT"], "text_cfg": {"context_length": 32, **TEXT, "vocab_size": 32000}}
    monkeypatch.setitem(FAMILIES, "few", few)
    with pytest.raises(ClipError, match="knows 32,000 tokens, and its tokenizer gives number 49,407; put"):
        load_clip(make_family("few", tmp_path / "clip"))


def test_a_tokenizer_of_the_hub_that_is_not_in_the_folder_is_named(tmp_path):
    folder = make_family("SigLIP 2", tmp_path / "clip")
    for file in folder.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(ClipError, match="its tokenizer is none/none of the hub .*; put the files of that"):
        load_clip(folder)


def test_a_pooler_with_narrow_queries_gets_no_adapter(tmp_path, monkeypatch):
    tower = {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16}
    pooled = {"embed_dim": 32, "vision_cfg": {**tower, "attentional_pool": True, "attn_pooler_heads": 2}}
    pooled["text_cfg"] = {"context_length": 77, **TEXT}
    monkeypatch.setitem(FAMILIES, "pooled", pooled)
    model = load_clip(make_family("pooled", tmp_path / "clip"))[0]
    assert not any("attn_pool" in name for name in list_lora_targets(model))
    add_lora(model, 2, 0)
    assert any(weight.requires_grad for weight in model.visual.parameters())


def test_a_text_beyond_the_context_is_found(family):
    """To the word: the longest text that fits is none, whether or not the family ends texts with a token."""
    tokenizer = load_clip(family)[2]
    texts = [" ".join(["dog"] * count) for count in range(1, 2 * tokenizer.context_length)]
    long = find_long_texts(tokenizer, texts)
    assert not long[0] and long[-1] and (np.diff(long.astype(int)) >= 0).all()
    longest = int(np.flatnonzero(~long)[-1])
    shorter, fitting, cut, cut_too = tokenizer(texts[longest - 1 : longest + 3])
    assert torch.equal(cut, cut_too) and not torch.equal(shorter, fitting)


@pytest.mark.parametrize("arm", [{"lora_rank": 4}, {"lora_rank": 2, "freeze": "image"}, {"freeze": "text"}])
def test_an_arm_trains_the_towers_that_it_names(family, tmp_path, arm):
    before = load_clip(family)[0].state_dict()
    pairs, folds = make_pairs(tmp_path / "data")
    leaks = tmp_path / "leaks.parquet"
    LEAKS.write(LEAKS.frame([]), leaks)
    inputs = {"pairs": pairs, "folds": folds, "leaks": leaks}
    inputs |= make_caches(tmp_path / "data", family, pairs)
    entry = ARMS["paired_rank_keep"] | arm
    train_clip(
        make_training(entry, tmp_path / "model", family, inputs, steps=2, batch_pairs=2, learning_rate=1e-2)
    )
    after = load_clip(tmp_path / "model")[0].state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert before.keys() == after.keys()
    towers = {name.startswith("visual.") for name in changed}
    frozen = {"image": {True}, "text": {False}}.get(arm.get("freeze"), set())
    assert towers == {True, False} - frozen


def test_adapters_are_in_every_block_of_both_towers(family):
    model = load_clip(family)[0]
    targets = list_lora_targets(model)
    blocks = {
        ".".join(name.split(".")[: index + 2])
        for name, module in model.named_modules()
        for index, piece in enumerate(name.split("."))
        if piece in ("resblocks", "blocks") and len(name.split(".")) > index + 1
        and name.split(".")[index + 1].isdigit()
    }  # fmt: skip
    assert len(blocks) >= 4
    for block in blocks:
        assert any(name.startswith(f"{block}.") for name in targets), f"{block} has no adapter"
    freeze(model, None, train_temperature=False)
    add_lora(model, 2, 0)
    assert all(
        "lora_" in name for name, value in model.named_parameters() if value.requires_grad
    )  # and nothing beside them is trained


def test_a_tower_without_such_layers_is_told_at_the_start(tmp_path):
    model = load_clip(make_family("OpenAI ViT", tmp_path / "clip"))[0]
    model.visual = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Flatten())
    check_towers(model, {"lora_rank": 2, "freeze": "image"})
    with pytest.raises(TowerError, match="lora_rank: the image tower"):
        check_towers(model, {"lora_rank": 2})
    with pytest.raises(TowerError, match="unlocked"):
        check_towers(model, {"unlocked": {"image": 1}})


def test_a_run_tries_its_clip_before_anything_is_made(tmp_path, monkeypatch):
    """An arm that the CLIP cannot be trained by stops the run, and is named."""
    clip = make_family("OpenAI ViT", tmp_path / "clip")
    arms = {"zero_shot": {}, "plain": {"loss": {"infonce": 1}}, "lora": {"loss": {}, "lora_rank": 2}}
    assert list_checked_arms(arms) == {"lora": arms["lora"]}
    job = Job(
        outputs={"report": tmp_path / "clip.json"},
        settings={"train": {"arms": arms}},
        config={"train": {"clip": str(clip)}},
    )
    check_clip(job)
    told = json.loads((tmp_path / "clip.json").read_text())
    assert told["context_length"] == 77 and min(told["layers_with_adapters"].values()) > 0
    monkeypatch.setattr("unscene.training.optimisation.list_lora_targets", lambda model: [])
    with pytest.raises(ConfigError, match=r"train\.arms\.lora: lora_rank"):
        check_clip(job)
