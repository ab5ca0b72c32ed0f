"""open_clip folders: loading, saving, and embeddings that do not depend on batch-mates or length."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tiny_clip import make_clip
from unscene.clip.folders import ModelNotes, find_model, save_clip
from unscene.clip.models import (
    ClipError,
    embed_photos,
    embed_texts,
    encode_texts,
    load_clip,
    resize_photo,
    to_pixels,
)
from unscene.clip.tokens import find_long_texts, get_text_lengths, tokenize

TEXTS = ["a dog", "a photo of a very big dog on a wide green field", "no dog", "a dog"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A tiny QuickGELU model: (folder, model, preprocess, tokenizer)."""
    folder = make_clip(tmp_path_factory.mktemp("clip") / "tiny")
    return folder, *load_clip(folder)


def draw_photos(count, side=32):
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def test_short_texts_give_the_features_of_full_length(clip):
    _, model, _, tokenizer = clip
    tokens = tokenize(tokenizer, TEXTS)
    cut = int(get_text_lengths(tokens).max())
    assert cut == 14 and tokens.shape[1] == 77
    with torch.no_grad():
        full = model.encode_text(tokens, normalize=True)
        short = encode_texts(model, tokens[:, :cut])
    assert torch.allclose(full, short, atol=1e-5)
    assert not torch.allclose(full[0], full[1], atol=1e-2)


def test_short_texts_are_padded_for_towers_of_another_kind(clip):
    _, model, _, tokenizer = clip

    class Other:
        context_length = 77

        def encode_text(self, tokens, normalize):
            assert tokens.shape[1] == 77
            return model.encode_text(tokens, normalize=normalize)

    tokens = tokenize(tokenizer, TEXTS)
    with torch.no_grad():
        assert torch.equal(encode_texts(Other(), tokens[:, :14]), model.encode_text(tokens, normalize=True))


def test_embeddings_are_those_of_open_clip_and_independent_of_batch_mates(clip):
    _, model, preprocess, tokenizer = clip
    photos = draw_photos(7)
    images = embed_photos(model, preprocess, photos, batch_size=4)
    texts = embed_texts(model, tokenizer, TEXTS, batch_size=4)
    with torch.no_grad():
        pixels = to_pixels(torch.from_numpy(photos), [0.5, 0.4, 0.3], [0.2, 0.25, 0.3])
        assert np.allclose(images, model.encode_image(pixels, normalize=True).numpy(), atol=1e-5)
        assert np.allclose(texts, model.encode_text(tokenizer(TEXTS), normalize=True).numpy(), atol=1e-5)
    assert np.array_equal(images[:2], embed_photos(model, preprocess, photos[:2], batch_size=4))
    assert np.array_equal(texts[1:2], embed_texts(model, tokenizer, TEXTS[1:2], batch_size=4))
    assert np.array_equal(texts[0], texts[3])
    assert np.linalg.norm(images, axis=1) == pytest.approx(1, abs=1e-5)


def test_pixels_are_those_of_the_models_preprocessing(clip):
    from PIL import Image

    _, _, preprocess, _ = clip
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (50, 70, 3), dtype=np.uint8))
    small = torch.from_numpy(resize_photo(preprocess, image))[None]
    assert torch.allclose(
        to_pixels(small, [0.5, 0.4, 0.3], [0.2, 0.25, 0.3])[0], preprocess(image), atol=1e-6
    )


def test_long_texts_are_found(clip):
    tokenizer = clip[3]
    words = ["dog " * count for count in (1, 75, 76, 200)]  # 75 words and two marks fill the context of 77
    assert find_long_texts(tokenizer, words).tolist() == [False, False, True, True]


def test_save_and_load_round_trip_keeps_quick_gelu(clip, tmp_path):
    folder, model, preprocess, tokenizer = clip
    save_clip(model, folder, tmp_path / "saved", ModelNotes({"seed": 3}, {"loss.csv": "step\n"}))
    names = {path.name for path in (tmp_path / "saved").iterdir()}
    assert names == {"open_clip_config.json", "open_clip_model.safetensors", "meta.json", "loss.csv"}
    assert (
        json.loads((tmp_path / "saved/open_clip_config.json").read_text())["model_cfg"]["quick_gelu"] is True
    )
    again, preprocess_again, _ = load_clip(tmp_path / "saved")
    assert type(again.visual.transformer.resblocks[0].mlp.gelu).__name__ == "QuickGELU"
    photos = draw_photos(3)
    assert np.array_equal(
        embed_photos(model, preprocess, photos), embed_photos(again, preprocess_again, photos)
    )
    assert np.array_equal(embed_texts(model, tokenizer, TEXTS), embed_texts(again, tokenizer, TEXTS))


def test_a_model_is_found_by_its_meta_and_only_whole(clip, tmp_path):
    folder, model, *_ = clip
    save_clip(model, folder, tmp_path / "saved", ModelNotes({"seed": 3}))
    path_to_meta = tmp_path / "saved/meta.json"
    assert find_model(path_to_meta) == tmp_path / "saved"
    for name, at in (("open_clip_model.safetensors", 5000), ("open_clip_config.json", 30)):
        path, content = tmp_path / "saved" / name, (tmp_path / "saved" / name).read_bytes()
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(ClipError, match=f"{name}: it is not the file"):
            find_model(path_to_meta)
        path.unlink()
        with pytest.raises(ClipError, match=f"{name}: it is not the file"):
            find_model(path_to_meta)
        path.write_bytes(content)
    # Files that another run left stay beside the new ones; a meta.json is only there with its own files.
    save_clip(model, folder, tmp_path / "saved", ModelNotes({"seed": 4}))
    assert json.loads(path_to_meta.read_text())["seed"] == 4 and find_model(path_to_meta)


def test_a_config_that_lost_quick_gelu_is_refused(clip, tmp_path):
    folder, model, *_ = clip
    config = json.loads((folder / "open_clip_config.json").read_text())
    del config["model_cfg"]["quick_gelu"]
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(ClipError, match="quick_gelu"):
        save_clip(model, tmp_path, tmp_path / "saved", ModelNotes({}))
    assert [path.name for path in tmp_path.iterdir()] == ["open_clip_config.json"]


def test_broken_folders_are_named(clip, tmp_path):
    with pytest.raises(ClipError, match=r"open_clip_config\.json is not there"):
        load_clip(tmp_path)
    (tmp_path / "open_clip_config.json").write_text("{}")
    (tmp_path / "open_clip_model.safetensors").write_bytes(
        (clip[0] / "open_clip_model.safetensors").read_bytes()
    )
    with pytest.raises(ClipError, match="model_cfg"):
        load_clip(tmp_path)


def test_weights_that_do_not_fit_or_are_no_numbers_are_named(clip, tmp_path):
    weights, config = "open_clip_model.safetensors", "open_clip_config.json"
    state, told = load_file(clip[0] / weights), json.loads((clip[0] / config).read_text())
    vision = told["model_cfg"]["vision_cfg"]
    larger = vision | {"image_size": 2 * vision["image_size"]}
    hub = told["model_cfg"]["text_cfg"] | {"hf_model_name": "roberta-base"}
    cases = (
        (dict(list(state.items())[::2]), told["model_cfg"], "not of one model: .*are missing"),
        (
            {f"model.{key}": value for key, value in state.items()},
            told["model_cfg"],
            r"unknown to it \(model",
        ),
        ({}, told["model_cfg"], "holds no tensors"),
        (state | {"logit_scale": torch.tensor(float("nan"))}, told["model_cfg"], "logit_scale holds NaN"),
        (state, told["model_cfg"] | {"vision_cfg": larger}, r"positional_embedding has the shape"),
        (state, told["model_cfg"] | {"text_cfg": hub}, "roberta-base of the hub"),
    )
    for changed, model_cfg, expected in cases:
        shutil.copytree(clip[0], tmp_path / "clip", dirs_exist_ok=True)
        save_file(changed, tmp_path / "clip" / weights)
        (tmp_path / "clip" / config).write_text(json.dumps(told | {"model_cfg": model_cfg}))
        with pytest.raises(ClipError, match=expected) as caught:
            load_clip(tmp_path / "clip")
        assert str(tmp_path / "clip") in str(caught.value) and len(str(caught.value)) < 700
    (tmp_path / "clip" / config).write_text("[]")
    with pytest.raises(ClipError, match=f"{config} holds a list"):
        load_clip(tmp_path / "clip")
