"""Weights of removers as they are found in the wild: each works, or is refused with the key and the
way out before anything is painted. Nothing crashes deep in a library, and nothing is ignored.
"""

import json
import re
import shutil
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

from tiny_inpainter import save_tiny_inpainter, save_tiny_vae, save_tiny_xl_inpainter
from unscene.edits.removers import REMOVERS, RemovalError, Weights, load_remover

SETTINGS = {
    "backend": "diffusers",
    "scheduler": None,
    "size": 16,
    "context": 0.33,
    "smallest_crop": None,
    "steps": 2,
    "guidance": 1.0,
    "strength": 1.0,
    "prompt": "background",
    "negative_prompt": "",
    "feather_px": 1,
}
LAYER = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory) -> dict[str, Path]:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("pipelines")
    return {
        "sd": save_tiny_inpainter(folder / "sd"),
        "sdxl": save_tiny_xl_inpainter(folder / "sdxl"),
        "tiny_vae": save_tiny_vae(folder / "tiny_vae"),
    }


def paint(main: Path, lora: Path | None = None, tiny_vae: Path | None = None) -> np.ndarray:
    photo = np.random.default_rng(0).integers(0, 255, (40, 56, 3), dtype=np.uint8)
    mask = np.zeros((40, 56), bool)
    mask[10:25, 12:30] = True
    return load_remover(SETTINGS, Weights(main, lora, tiny_vae)).fill([photo], [mask], [3])[0]


# --- LoRA: how trainers spell the layer `LAYER` of the UNet ---------------------------------------------

PEFT = ("lora_A.weight", "lora_B.weight")
SPELLINGS = {
    "diffusers and peft": (f"unet.{LAYER}.", PEFT),
    "diffusers of old": (f"unet.{LAYER}.", ("lora.down.weight", "lora.up.weight")),
    "attention processors": (
        f"unet.{LAYER.removesuffix('to_q')}processor.to_q_lora.",
        ("down.weight", "up.weight"),
    ),
    "kohya": (f"lora_unet_{LAYER.replace('.', '_')}.", ("lora_down.weight", "lora_up.weight")),
    "no tower": (f"{LAYER}.", PEFT),
    "peft's model": (f"base_model.model.{LAYER}.", PEFT),
    "peft's model of a UNet": (f"base_model.model.unet.{LAYER}.", PEFT),
    "diffusion_model": (f"diffusion_model.{LAYER}.", PEFT),
    "transformer": (f"transformer.{LAYER}.", PEFT),
    "a wrapped module": (f"module.{LAYER}.", PEFT),
    "a compiled network": (f"unet._orig_mod.{LAYER}.", PEFT),
    "peft's model within the tower": (f"unet.base_model.model.{LAYER}.", PEFT),
    "a named adapter": (f"unet.{LAYER}.", ("lora_A.default.weight", "lora_B.default.weight")),
    "parameters": (f"unet.{LAYER}.", ("lora_A", "lora_B")),
    "kohya's endings": (f"unet.{LAYER}.", ("lora_down.weight", "lora_up.weight")),
    "diffusers of between": (
        f"unet.{LAYER}.",
        ("lora_linear_layer.down.weight", "lora_linear_layer.up.weight"),
    ),
    "processors without a tower": (
        f"{LAYER.removesuffix('to_q')}processor.to_q_lora.",
        ("down.weight", "up.weight"),
    ),
}


def save_lora(path: Path, prefix: str, endings: tuple[str, str], scale: float = 3.0, **further) -> Path:
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn(4, 16, generator=generator), torch.randn(16, 4, generator=generator))
    state = {f"{prefix}{endings[0]}": first * scale, f"{prefix}{endings[1]}": second * scale}
    save_file(state | further, path)
    return path


@pytest.fixture(scope="module")
def painted(pipelines, tmp_path_factory):
    """{kind: (without a LoRA, with the one of peft's spelling)}."""
    path = tmp_path_factory.mktemp("loras") / "reference.safetensors"
    lora = save_lora(path, *SPELLINGS["diffusers and peft"])
    found = {kind: (paint(pipelines[kind]), paint(pipelines[kind], lora)) for kind in ("sd", "sdxl")}
    assert not any(np.array_equal(*pair) for pair in found.values())
    return found


@pytest.mark.parametrize(
    ("kind", "spelling"), [("sdxl", "kohya"), ("sdxl", "no tower"), *(("sd", each) for each in SPELLINGS)]
)
def test_a_lora_paints_the_same_however_its_layers_are_spelt(pipelines, painted, tmp_path, kind, spelling):
    lora = save_lora(tmp_path / "lora.safetensors", *SPELLINGS[spelling])
    assert np.array_equal(paint(pipelines[kind], lora), painted[kind][1])


@pytest.mark.parametrize("prefix", ["unet.", "lora_unet_"])
def test_an_alpha_scales_the_update_in_every_spelling(pipelines, tmp_path, prefix):
    layer = f"{prefix}{LAYER if prefix == 'unet.' else LAYER.replace('.', '_')}."
    ends = ("lora_down.weight", "lora_up.weight")
    (alpha, scaled, plain) = (tmp_path / f"{name}.safetensors" for name in ("alpha", "scaled", "plain"))
    save_lora(alpha, layer, ends, **{f"{layer}alpha": torch.tensor(1.0)})  # over a rank of 4
    save_lora(plain, layer, ends)
    state = load_file(plain)
    save_file(state | {f"{layer}{ends[1]}": state[f"{layer}{ends[1]}"] / 4}, scaled)
    unets = [
        load_remover(SETTINGS, Weights(pipelines["sd"], each))._pipeline.unet for each in (alpha, scaled)
    ]
    one, other = (unet.get_submodule(LAYER).weight for unet in unets)
    assert torch.allclose(one, other, rtol=1e-6)
    assert not np.array_equal(paint(pipelines["sd"], alpha), paint(pipelines["sd"], plain))


def test_a_lora_of_the_text_tower_is_taken_without_its_tower_in_the_name(pipelines, tmp_path):
    whole = load_remover(SETTINGS, Weights(pipelines["sd"]))._pipeline.text_encoder
    layer = next(name for name, _ in whole.named_modules() if name.endswith("self_attn.q_proj")) + "."
    width, generator = whole.config.hidden_size, torch.Generator().manual_seed(0)
    shapes = dict(zip(PEFT, ((4, width), (width, 4)), strict=True))
    state = {f"{layer}{name}": torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    save_file(state, tmp_path / "lora.safetensors")
    assert not np.array_equal(paint(pipelines["sd"], tmp_path / "lora.safetensors"), paint(pipelines["sd"]))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: save_lora(path, "blocks.7.attn.to_q.", PEFT), "part of the pipeline has such a layer"),
        (lambda path: save_lora(path, "lora_unet_blocks_7_attn_to_q.", PEFT), "edits.lora"),
        (lambda path: save_lora(path, f"unet.{LAYER}.", PEFT, scale=0.0), "changes no weight"),
        (lambda path: save_file({"unet.conv_in.weight": torch.ones(2)}, path), "holds no LoRA"),
        (lambda path: save_lora(path, f"unet.{LAYER}.", PEFT, scale=float("nan")), "NaN or infinity"),
        (lambda path: save_lora(path, f"unet.{LAYER}.", (PEFT[0], "lora_other.weight")), "spelt as neither"),
        (lambda path: save_file({f"unet.{LAYER}.lora_A.weight": torch.ones(4, 16)}, path), "one of the two"),
        (lambda path: save_file({"lora_unet_x.hada_w1_a": torch.ones(4, 4)}, path), "holds a LoHa"),
        (lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n"), "Git LFS"),
        (lambda path: path.write_bytes(b"<!DOCTYPE html><title>Log in</title>"), "web page"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (
            lambda path: path.write_bytes(
                save_lora(path, f"unet.{LAYER}.", PEFT).read_bytes()[:-40]
            ),
            "is cut off",
        ),
        (
            lambda path: save_lora(path, f"unet.{LAYER}.", PEFT, **{
                "unet.nowhere.to_q.lora_A.weight": torch.ones(4, 16),
                "unet.nowhere.to_q.lora_B.weight": torch.ones(16, 4),
            }),
            "edits.lora",
        ),
    ],
    ids=[
        *("another model", "kohya of another", "zero", "no lora", "nan", "spelling", "half", "loha"),
        *("lfs", "page", "empty", "cut", "half fits"),
    ],
)  # fmt: skip
def test_a_lora_that_cannot_be_used_is_refused(pipelines, tmp_path, make, told):
    path = tmp_path / "lora.safetensors"
    make(path)
    with pytest.raises(RemovalError, match="edits.lora") as caught:
        paint(pipelines["sd"], path)
    assert told in str(caught.value) and str(path) in str(caught.value)


# --- folders ---------------------------------------------------------------------------------------------


def copy(pipelines, kind, tmp_path) -> Path:
    return Path(shutil.copytree(pipelines[kind], tmp_path / kind))


def rename_weights(folder: Path, old: str, new: str) -> None:
    for path in list(folder.rglob(f"*{old}")):
        path.rename(path.with_name(path.name.replace(old, new)))


@pytest.mark.parametrize("kind", ["sd", "sdxl"])
@pytest.mark.parametrize("parts", [("unet", "vae", "text_encoder", "text_encoder_2"), ("unet",), ("vae",)])
def test_weights_under_their_fp16_name_are_the_weights(pipelines, tmp_path, kind, parts):
    folder = copy(pipelines, kind, tmp_path)
    for part in parts:
        rename_weights(folder / part, ".safetensors", ".fp16.safetensors")
    assert np.array_equal(paint(folder), paint(pipelines[kind]))


def test_a_tiny_vae_under_its_fp16_name_is_the_tiny_vae(pipelines, tmp_path):
    folder = copy(pipelines, "tiny_vae", tmp_path)
    rename_weights(folder, ".safetensors", ".fp16.safetensors")
    expected = paint(pipelines["sd"], tiny_vae=pipelines["tiny_vae"])
    assert np.array_equal(paint(pipelines["sd"], tiny_vae=folder), expected)


@pytest.mark.parametrize("name", ["feature_extractor", "safety_checker", "image_encoder"])
def test_parts_that_nobody_needs_may_be_named_and_missing(pipelines, tmp_path, name):
    folder = copy(pipelines, "sd", tmp_path)
    index = folder / "model_index.json"
    told = json.loads(index.read_text()) | {name: ["transformers", "CLIPImageProcessor"]}
    index.write_text(json.dumps(told))
    assert np.array_equal(paint(folder), paint(pipelines["sd"]))


def break_index(folder: Path, **changes) -> None:
    index = folder / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | changes))


def change_json(path: Path, **changes) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_tensors(folder: Path, change) -> None:
    """Write what `change` makes of each tensor of a part, without those of which it makes None."""
    path = next(folder.glob("*.safetensors"))
    changed = {name: change(name, value) for name, value in load_file(path).items()}
    kept = {name: value.contiguous() for name, value in changed.items() if value is not None}
    save_file(kept, path, metadata={"format": "pt"})


BREAKS = {
    "no index": (lambda f: (f / "model_index.json").unlink(), "model_index.json is missing"),
    "index cut": (lambda f: (f / "model_index.json").write_text('{"unet": ['), "fetch it again"),
    "no vae": (lambda f: shutil.rmtree(f / "vae"), "lacks vae/"),
    "no tokenizer": (lambda f: shutil.rmtree(f / "tokenizer"), "lacks tokenizer/"),
    "no scheduler": (lambda f: shutil.rmtree(f / "scheduler"), "lacks scheduler/"),
    "no weights": (lambda f: next((f / "unet").glob("*.safetensors")).unlink(), "has no weights"),
    "a transformer": (
        lambda f: break_index(f, unet=[None, None], transformer=["diffusers", "FluxTransformer2DModel"],
                              _class_name="FluxInpaintPipeline"),
        "FluxInpaintPipeline, which has no UNet",
    ),
    "lfs pointer": (
        lambda f: next((f / "vae").glob("*.safetensors")).write_text("version https://git-lfs.github.com\n"),
        "Git LFS",
    ),
    "cut weights": (
        lambda f: (p := next((f / "unet").glob("*.safetensors"))).write_bytes(p.read_bytes()[:-100]),
        "is cut off",
    ),
    "half a header": (
        lambda f: (p := next((f / "unet").glob("*.safetensors"))).write_bytes(p.read_bytes()[:100]),
        "is cut off",
    ),
    "config cut": (lambda f: (f / "unet/config.json").write_text("{"), "cannot be read as JSON"),
    "config a list": (lambda f: (f / "vae/config.json").write_text("[]"), "not a JSON object"),
    "scheduler's config a pointer": (
        lambda f: (f / "scheduler/scheduler_config.json").write_text("version https://git-lfs.github.com\n"),
        "Git LFS",
    ),
    "index of parts cut": (
        lambda f: (f / "unet/diffusion_pytorch_model.safetensors.index.json").write_text('{"weight_map": {'),
        "cannot be read as JSON",
    ),
    "no vocabulary": (lambda f: [p.unlink() for p in (f / "tokenizer").iterdir()], "has no vocabulary"),
    "vocabulary cut": (
        lambda f: [p.write_text(p.read_text()[:-9]) for p in (f / "tokenizer").glob("[tv]o*[rb].json")],
        "is cut off",
    ),
    "tokenizer of longer texts": (
        lambda f: change_json(f / "tokenizer/tokenizer_config.json", model_max_length=77),
        "allows texts of 77 tokens",
    ),
    "text tower of another model": (
        lambda f: CLIPTextModel(
            CLIPTextConfig.from_pretrained(f / "text_encoder", hidden_size=8)
        ).save_pretrained(f / "text_encoder"),
        "they are of two models",
    ),
    "a class that is not known": (
        lambda f: break_index(f, unet=["mine", "MyUNet"]), "the class mine.MyUNet, which is not known"
    ),
    "config of another shape": (
        lambda f: (p := f / "unet/config.json").write_text(
            json.dumps(json.loads(p.read_text()) | {"cross_attention_dim": 24})
        ),
        "cannot be loaded as UNet2DConditionModel",
    ),
}  # fmt: skip


PARTS = ("unet", "vae", "text_encoder", "text_encoder_2", "tiny_vae")
DAMAGES = {
    "half": (lambda name, value: value if len(name) % 2 else None, "are missing"),
    "infinite": (lambda name, value: value / 0 if value.is_floating_point() else value, "NaN or infinity"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("part", PARTS)
def test_a_network_of_which_tensors_are_missing_or_no_numbers_never_loads(pipelines, tmp_path, part, damage):
    change, told = DAMAGES[damage]
    folder = copy(pipelines, "sdxl", tmp_path)
    own = copy(pipelines, "tiny_vae", tmp_path) if part == "tiny_vae" else folder / part
    change_tensors(own, change)
    weights = Weights(folder, None, own if part == "tiny_vae" else None)
    with pytest.raises(RemovalError, match=re.escape(str(own))) as caught:
        load_remover(SETTINGS, weights)
    key = "edits.tiny_vae" if part == "tiny_vae" else "edits.weights"
    assert str(caught.value).startswith(f"{key}: ") and told in str(caught.value)
    if damage == "half":  # the headers alone tell it
        with pytest.raises(RemovalError, match=told):
            REMOVERS["diffusers"].open(SETTINGS, weights)


@pytest.mark.parametrize("part", ["vae", "text_encoder"])
def test_a_network_with_the_weights_of_another_never_loads(pipelines, tmp_path, part):
    folder = copy(pipelines, "sd", tmp_path)
    shutil.copy(next((folder / "unet").glob("*.safetensors")), next((folder / part).glob("*.safetensors")))
    with pytest.raises(RemovalError, match=f"{part}: its files and config.json are not of one") as caught:
        paint(folder)
    assert "are missing" in str(caught.value) and "are unknown" in str(caught.value)


def test_names_of_older_versions_and_of_a_whole_clip_are_the_weights(pipelines, tmp_path):
    """Position numbers, a tower's prefix and a VAE's attention, as the files of SD 1.5 name them."""
    folder = copy(pipelines, "sd", tmp_path)
    path = folder / "text_encoder/model.safetensors"
    tower = {
        f"text_model.{name.removeprefix('text_model.')}": value for name, value in load_file(path).items()
    }
    others = {"visual_projection.weight": torch.ones(2, 2), "logit_scale": torch.ones(1)}
    others["text_model.embeddings.position_ids"] = torch.arange(16)[None]
    save_file(tower | others, path, metadata={"format": "pt"})
    old = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}
    path = next((folder / "vae").glob("*.safetensors"))
    renamed = {}
    for name, value in load_file(path).items():
        for new, former in old.items():
            name = name.replace(new, former)
        renamed[name] = value
    assert any(".proj_attn." in name for name in renamed)
    save_file(renamed, path)
    assert np.array_equal(paint(folder), paint(pipelines["sd"]))
    assert "9 input channels" in REMOVERS["diffusers"].open(SETTINGS, Weights(folder))


@pytest.mark.parametrize("kind", BREAKS)
def test_a_folder_that_is_not_whole_is_refused(pipelines, tmp_path, kind):
    folder = copy(pipelines, "sd", tmp_path)
    change, told = BREAKS[kind]
    change(folder)
    with pytest.raises(RemovalError, match="edits.weights") as caught:
        paint(folder)
    assert told in str(caught.value) and str(folder) in str(caught.value), caught.value


def test_a_single_file_tells_how_to_convert_it(pipelines, tmp_path):
    path = tmp_path / "sd-v1-5-inpainting.safetensors"
    save_file({"model.diffusion_model.input_blocks.0.0.weight": torch.ones(2)}, path)
    with pytest.raises(RemovalError, match="from_single_file") as caught:
        paint(path)
    named = set(re.findall(r"StableDiffusion\w+", str(caught.value)))
    assert len(named) == 2  # and diffusers has what the way out names
    assert all(hasattr(getattr(diffusers, name), "from_single_file") for name in named)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda f: f.parent / "taesd.safetensors", "name the folder"),
        (lambda f: f, "AutoencoderKL, not an AutoencoderTiny"),
        (lambda f: (change_json(f / "config.json", _class_name="AutoencoderTiny", latent_channels=16), f)[1],
         "16 latent channels"),
        (lambda f: ((f / "config.json").write_text("{"), f)[1], "cannot be read as JSON"),
        (lambda f: ((f / "config.json").write_text("[]"), f)[1], "not a JSON object"),
    ],
    ids=["file", "whole vae", "of another family", "config cut", "config a list"],
)  # fmt: skip
def test_a_tiny_vae_that_is_none_is_refused(pipelines, tmp_path, make, told):
    folder = copy(pipelines, "sd", tmp_path)
    path = make(folder / "vae")
    if not path.exists():
        save_file({"encoder.layers.0.weight": torch.ones(2)}, path)
    with pytest.raises(RemovalError, match="edits.tiny_vae") as caught:
        paint(pipelines["sd"], tiny_vae=path)
    assert told in str(caught.value)


def test_no_weights_were_changed_by_looking_at_them(pipelines):
    state = load_file(next((pipelines["sd"] / "unet").glob("*.safetensors")))
    assert all(torch.isfinite(value).all() for value in state.values())
