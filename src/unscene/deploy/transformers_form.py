"""A CLIP as a `transformers` folder: `CLIPModel`, its processor and a fast tokenizer."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from unscene.deploy.models import Model
from unscene.deploy.tokenizer_file import END, START, make_tokenizer
from unscene.run.tables import read_json, write_json

if TYPE_CHECKING:
    import torch

# What CLIPModel can be told. Any other key of open_clip's blocks that is set to another value than
# its default makes a network that CLIPModel is not.
TEXT_KEYS = {"context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio", "proj_type"}
VISION_KEYS = {"image_size", "layers", "width", "head_width", "mlp_ratio", "patch_size", "patch_dropout"}
# These decide how weights begin, how texts are split, or nothing at all here.
ASIDE = {"timm_model_pretrained", "hf_model_pretrained", "tokenizer_kwargs", "pad_id", "eos_id"}
# The parts of a block, and of a model outside its blocks: open_clip's names and transformers'.
PARTS = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2"}
PARTS |= {"attn.out_proj": "self_attn.out_proj"}
TOWERS = {
    "transformer.resblocks.": "text_model.encoder.layers.",
    "visual.transformer.resblocks.": "vision_model.encoder.layers.",
}
SINGLE = {
    "logit_scale": "logit_scale",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.ln_pre.weight": "vision_model.pre_layrnorm.weight",
    "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "visual.ln_post.weight": "vision_model.post_layernorm.weight",
    "visual.ln_post.bias": "vision_model.post_layernorm.bias",
}
PROJECTIONS = {"text_projection": "text_projection.weight", "visual.proj": "visual_projection.weight"}
RESAMPLING = {"bilinear": 2, "bicubic": 3}  # Pillow's numbers


def find_obstacle(model: Model) -> str | None:
    """Return why CLIPModel cannot be this model, in a few words; None when it can."""
    from open_clip.model import CLIPTextCfg, CLIPVisionCfg

    for name, kind, keys in (
        ("text_cfg", CLIPTextCfg, TEXT_KEYS),
        ("vision_cfg", CLIPVisionCfg, VISION_KEYS),
    ):
        default = vars(kind())
        for key, value in model.config[name].items():
            if key not in keys | ASIDE and value != default.get(key):
                return f"CLIPModel has no {name}.{key}: {value}"
    text, vision = _read_blocks(model)
    if not isinstance(vision.layers, int):
        return "CLIPModel has no ResNet"
    if model.config.get("init_logit_bias") is not None:
        return "CLIPModel has no logit bias"
    if model.preprocess_cfg["resize_mode"] == "longest":
        return "CLIPImageProcessor does not pad photos (resize_mode: longest)"
    if not hasattr(model.tokenizer, "eot_token_id"):
        return f"CLIPModel reads the end-of-text token, which {type(model.tokenizer).__name__} does not name"
    if text.proj_type == "none" and text.width != model.config["embed_dim"]:
        return "CLIPModel projects texts, and this model's text tower is of another width and does not"
    return None


def write_transformers(model: Model, folder: Path) -> None:
    """Write the folder: config, weights, tokenizer and photo processor.

    Raises RuntimeError when a weight is left over or missing: then the two are not one network.
    """
    import torch
    from transformers import CLIPConfig, CLIPModel

    with torch.device("meta"):
        made = CLIPModel(CLIPConfig(**_make_config(model)))
    made.load_state_dict(_convert_weights(model), assign=True)
    made.save_pretrained(folder)
    _make_tokenizer(model).save_pretrained(folder)
    _make_photo_processor(model).save_pretrained(folder)
    told = read_json(folder / "tokenizer_config.json")  # the class by the name that every version knows
    write_json({**told, "tokenizer_class": "PreTrainedTokenizerFast"}, folder / "tokenizer_config.json")


class TransformersClip:
    """The folder as `transformers` alone loads it, with photos prepared by Pillow."""

    def __init__(self, folder: Path):
        from transformers import AutoProcessor, CLIPModel

        self._network = CLIPModel.from_pretrained(folder).eval()
        self._processor = AutoProcessor.from_pretrained(folder, backend="pil")

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return normalised features (texts, dim)."""
        tokens = self._processor(text=list(texts), padding=True, truncation=True, return_tensors="pt")
        return self._normalise(self._network.get_text_features, tokens)

    def embed_photos(self, photos: Sequence) -> np.ndarray:
        """Return normalised features (photos, dim) of PIL images."""
        pixels = self._processor(images=list(photos), return_tensors="pt")
        return self._normalise(self._network.get_image_features, pixels)

    @staticmethod
    def _normalise(embed: Any, inputs: Any) -> np.ndarray:
        import torch
        from torch.nn import functional

        with torch.inference_mode():
            return functional.normalize(embed(**inputs).pooler_output, dim=-1).numpy()


def _read_blocks(model: Model) -> tuple[Any, Any]:
    from open_clip.model import CLIPTextCfg, CLIPVisionCfg

    return CLIPTextCfg(**model.config["text_cfg"]), CLIPVisionCfg(**model.config["vision_cfg"])


def _make_config(model: Model) -> dict:
    text, vision = _read_blocks(model)
    width = model.config["embed_dim"]
    shared = {
        "projection_dim": width,
        "hidden_act": "quick_gelu" if model.config.get("quick_gelu") else "gelu",
    }
    end = model.tokenizer.eot_token_id
    return {
        "projection_dim": width,
        "text_config": {
            **shared,
            **_size_tower(text, text.heads),
            "vocab_size": text.vocab_size,
            "max_position_embeddings": text.context_length,
            "bos_token_id": model.tokenizer.sot_token_id,
            "eos_token_id": end,
            "pad_token_id": end,
        },
        "vision_config": {
            **shared,
            **_size_tower(vision, vision.width // vision.head_width),
            "image_size": model.preprocess_cfg["size"][0],
            "patch_size": vision.patch_size,
        },
    }


def _size_tower(block: Any, heads: int) -> dict:
    return {
        "hidden_size": block.width,
        "intermediate_size": int(block.width * block.mlp_ratio),
        "num_hidden_layers": block.layers,
        "num_attention_heads": heads,
    }


def _convert_weights(model: Model) -> "dict[str, torch.Tensor]":
    import torch

    weights: dict[str, torch.Tensor] = {}
    for full, value in model.network.state_dict().items():
        name = full.removeprefix("text.")  # of a CustomTextCLIP
        value = value.detach().contiguous()
        tower = next((start for start in TOWERS if name.startswith(start)), None)
        if tower:
            number, part = name.removeprefix(tower).split(".", 1)
            weights |= _convert_block(f"{TOWERS[tower]}{number}.", part, value)
        elif name.removesuffix(".weight") in PROJECTIONS:  # a matrix, or a linear layer: its transpose
            matrix = value if name.endswith(".weight") else value.T.contiguous()
            weights[PROJECTIONS[name.removesuffix(".weight")]] = matrix
        else:
            weights[SINGLE.get(name, full)] = value.reshape(()) if name == "logit_scale" else value
    unit = torch.eye(model.config["embed_dim"])
    return {target: unit for target in PROJECTIONS.values()} | weights


def _convert_block(target: str, part: str, value: "torch.Tensor") -> "dict[str, torch.Tensor]":
    if part.startswith("attn.in_proj_"):  # queries, keys and values, one below the other
        kind = part.removeprefix("attn.in_proj_")
        pieces = zip("qkv", value.chunk(3), strict=True)
        return {f"{target}self_attn.{letter}_proj.{kind}": piece.contiguous() for letter, piece in pieces}
    name, kind = part.rsplit(".", 1)
    return {f"{target}{PARTS.get(name, name)}.{kind}": value}


def _make_tokenizer(model: Model) -> Any:
    """Return the fast tokenizer. It is of the general class: CLIPTokenizer would drop the cleaning
    of tokenizer.json and build its own.
    """
    from transformers import PreTrainedTokenizerFast

    made = make_tokenizer(model.tokenizer, model.context)
    made.no_padding()
    made.no_truncation()
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token=START,
        eos_token=END,
        unk_token=END,
        pad_token=END,  # the tower is causal: what follows the end of a text is not read
        model_max_length=model.context,
    )


def _make_photo_processor(model: Model) -> Any:
    from transformers import CLIPImageProcessorPil

    cfg = model.preprocess_cfg
    height, width = cfg["size"]
    squash = cfg["resize_mode"] == "squash"
    return CLIPImageProcessorPil(
        size={"height": height, "width": width} if squash else {"shortest_edge": height},
        do_center_crop=not squash,
        crop_size={"height": height, "width": width},
        resample=RESAMPLING[cfg["interpolation"]],
        image_mean=list(cfg["mean"]),
        image_std=list(cfg["std"]),
    )
