"""Which files of a repository are fetched, by listings as publishers make them."""

import pytest

from unscene.fetching.choosing import choose_files
from unscene.fetching.downloads import FetchError

SD15 = [
    ".gitattributes", "README.md", "config.json", "model_index.json", "sd-v1-5-inpainting.ckpt",
    "feature_extractor/preprocessor_config.json", "safety_checker/config.json",
    "safety_checker/model.safetensors",
    "safety_checker/model.fp16.safetensors", "scheduler/scheduler_config.json", "text_encoder/config.json",
    "text_encoder/model.fp16.safetensors", "text_encoder/model.safetensors", "text_encoder/pytorch_model.bin",
    "text_encoder/pytorch_model.fp16.bin", "tokenizer/merges.txt", "tokenizer/special_tokens_map.json",
    "tokenizer/tokenizer_config.json", "tokenizer/vocab.json", "unet/config.json",
    "unet/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.fp16.bin",
    "unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.non_ema.safetensors",
    "unet/diffusion_pytorch_model.safetensors", "vae/config.json", "vae/diffusion_pytorch_model.bin",
    "vae/diffusion_pytorch_model.fp16.safetensors", "vae/diffusion_pytorch_model.safetensors",
    "onnx/unet/model.onnx",
]  # fmt: skip


@pytest.mark.parametrize(("is_half", "middle"), [(True, ".fp16"), (False, "")])
def test_of_a_pipeline_one_set_of_weights_a_part_and_nothing_it_does_without(is_half, middle):
    chosen = choose_files("diffusers", SD15, "a/b", is_half)
    weights = [name for name in chosen if name.endswith(("safetensors", "bin", "ckpt", "onnx"))]
    assert weights == [
        f"text_encoder/model{middle}.safetensors",
        f"unet/diffusion_pytorch_model{middle}.safetensors",
        f"vae/diffusion_pytorch_model{middle}.safetensors",
    ]
    texts = set(chosen) - set(weights)
    assert {
        "model_index.json",
        "README.md",
        "tokenizer/merges.txt",
        "scheduler/scheduler_config.json",
    } <= texts
    assert not any(name.startswith(("safety", "feature", "onnx", "config")) for name in chosen)


def test_weights_in_parts_come_with_their_index_and_not_with_anothers():
    unet = "unet/diffusion_pytorch_model"
    names = ["model_index.json", f"{unet}.safetensors.index.json", f"{unet}.fp16.safetensors"]
    names += [f"{unet}-0000{n}-of-00002.safetensors" for n in (1, 2)]
    assert f"{unet}.fp16.safetensors" not in choose_files("diffusers", names, "a/b")
    assert len([name for name in choose_files("diffusers", names, "a/b") if name.startswith("unet")]) == 3
    half = choose_files("diffusers", names, "a/b", is_half=True)
    assert half == ["model_index.json", f"{unet}.fp16.safetensors"]


def test_of_transformers_folders_config_processor_and_one_set():
    names = ["README.md", "config.json", "model.safetensors", "preprocessor_config.json", "pytorch_model.bin"]
    names += ["tf_model.h5", "onnx/model.onnx", "flax_model.msgpack"]
    chosen = choose_files("transformers", names, "a/b")
    assert chosen == ["README.md", "config.json", "model.safetensors", "preprocessor_config.json"]
    assert "pytorch_model.bin" in choose_files("transformers", ["config.json", "pytorch_model.bin"], "a/b")


def test_of_a_clip_open_clips_own_form_before_that_of_transformers():
    names = ["config.json", "model.safetensors", "open_clip_config.json", "open_clip_pytorch_model.bin"]
    names += ["tokenizer.json", "vocab.json", "merges.txt", "pytorch_model.bin", "preprocessor_config.json"]
    chosen = choose_files("clip", names, "a/b")
    assert chosen == [
        "merges.txt",
        "open_clip_config.json",
        "open_clip_pytorch_model.bin",
        "tokenizer.json",
        "vocab.json",
    ]
    assert "open_clip_model.safetensors" in choose_files(
        "clip", [*names, "open_clip_model.safetensors"], "a/b"
    )
    assert choose_files("clip", ["config.json", "model.safetensors"], "a/b") == [
        "config.json",
        "model.safetensors",
    ]


@pytest.mark.parametrize("kind", ["diffusers", "transformers", "clip"])
def test_a_repository_of_another_kind_is_told(kind):
    with pytest.raises(FetchError, match=r"a/b: it has not .* \(there are: README.md, model.gguf\)"):
        choose_files(kind, ["model.gguf", "README.md"], "a/b")
