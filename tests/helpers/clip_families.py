"""CLIPs of other families than OpenAI's, small and random, as folders that open_clip writes."""

import json
from pathlib import Path

from tiny_clip import make_clip

# As open_clip's own configs of the families say, with fewer and narrower layers.
TEXT = {"vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
SIGLIP_TEXT = {
    "context_length": 16,
    "vocab_size": 300,
    "width": 32,
    "heads": 2,
    "layers": 2,
    "no_causal_mask": True,
    "proj_bias": True,
    "pool_type": "last",
    "norm_kwargs": {"eps": 1e-6},
    "act_kwargs": {"approximate": "tanh"},
    "tokenizer_kwargs": {"clean": "canonicalize"},
}


def make_trunk(name: str, pool: str, proj: str | None, side: int) -> dict:
    """Return the vision block of a tower from timm."""
    return {
        "image_size": side,
        "timm_model_name": name,
        "timm_model_pretrained": False,
        "timm_pool": pool,
        "timm_proj": proj,
    }


FAMILIES = {
    "timm ViT": {
        "embed_dim": 32,
        "vision_cfg": make_trunk("test_vit", "token", "linear", 160),
        "text_cfg": {"context_length": 77, **TEXT},
    },
    "SigLIP 2": {
        "embed_dim": 64,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": make_trunk("test_vit", "map", "none", 160),
        "text_cfg": SIGLIP_TEXT,
    },
    "MobileCLIP2": {
        "embed_dim": 32,
        "custom_text": True,
        "vision_cfg": make_trunk("fastvit_t8", "avg", None, 64),
        "text_cfg": {"context_length": 77, "no_causal_mask": True, **TEXT},
    },
    "PE-Core": {
        "embed_dim": 32,
        "custom_text": True,
        "vision_cfg": make_trunk("vit_pe_core_tiny_patch16_384", "map", None, 384),
        "text_cfg": {"context_length": 32, **TEXT},
    },
}


def make_family(name: str, folder: Path) -> Path:
    """Write a CLIP of a family (`OpenAI ViT`, or a key of FAMILIES) and return its folder."""
    if name == "OpenAI ViT":
        return make_clip(folder)
    import torch
    from open_clip.model import CLIP, CustomTextCLIP
    from safetensors.torch import save_file

    config = json.loads(json.dumps(FAMILIES[name]))
    torch.set_num_threads(1)
    torch.manual_seed(0)
    shape = {key: value for key, value in config.items() if key != "custom_text"}
    model = (CustomTextCLIP if config.get("custom_text") else CLIP)(**shape)
    folder.mkdir(parents=True)
    if "tokenizer_kwargs" in config["text_cfg"]:
        config["text_cfg"]["hf_tokenizer_name"] = "none/none"  # the folder's own is read
        make_tokenizer(folder, config["text_cfg"]["vocab_size"])
    save_file(
        {key: value.contiguous() for key, value in model.state_dict().items()},
        folder / "open_clip_model.safetensors",
    )
    preprocess = {
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
        "interpolation": "bicubic",
        "resize_mode": "squash",
    }
    told = {"model_cfg": config, "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(told))
    return folder


def make_tokenizer(folder: Path, size: int) -> None:
    """Write a tokenizer of Hugging Face's kind: byte pairs, padded, with no end-of-text token."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=["<pad>", "<eos>", "<bos>", "<unk>"])
    texts = ["a photo of a dog and a cat on a beach without people, an empty field with no car"]
    tokenizer.train_from_iterator(texts * 5, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    told = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "<pad>",
        "eos_token": "<eos>",
        "bos_token": "<bos>",
        "unk_token": "<unk>",
        "model_max_length": 16,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(told))
