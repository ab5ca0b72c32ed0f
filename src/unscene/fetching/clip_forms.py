"""A CLIP as it is published becomes an open_clip folder, with the activation that its weights need.

The same weights load without a word under either activation, and score wrongly under one of them.
So the activation is never guessed:

* an open_clip repository says it in its config. Where open_clip's own table of models knows the
  repository and says otherwise, the table counts;
* OpenAI's own files are TorchScript archives, all trained with QuickGELU;
* transformers' config says it (`hidden_act`), and what the folder computes is compared with what
  transformers computes;
* any other checkpoint says nothing, so its row must name the `model`.
"""

import json
import shutil
from pathlib import Path

import numpy as np

from unscene.clip.models import CONFIG_NAME, TOKENIZER_FILES, WEIGHTS_NAME, load_clip
from unscene.fetching.choosing import OPEN_CLIP_WEIGHTS
from unscene.fetching.downloads import FetchError
from unscene.run.folders import replaced_folder
from unscene.run.offline import stay_offline
from unscene.run.tables import write_text

MAX_DIFFERENCE = 1e-4  # of normalised features, against the library that the weights came for
_OPENAI_PREPROCESSING = {
    "mean": [0.48145466, 0.4578275, 0.40821073],
    "std": [0.26862954, 0.26130258, 0.27577711],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}


def make_open_clip_folder(raw: Path, path: Path, repo: str | None = None, model: str | None = None) -> str:
    """Write the open_clip folder of what was fetched, whole or not at all; return in a few words
    which activation it has, and who says so.

    raw: a folder with an open_clip repository, a CLIP of transformers, or one checkpoint.
    repo: the hub's name of it. model: open_clip's name of the model, for a checkpoint without a config.
    Raises FetchError when it is none of these, and ClipError when what was made does not load.
    """
    stay_offline()
    with replaced_folder(path) as folder:
        if (raw / CONFIG_NAME).is_file():
            told = _take_open_clip(raw, folder, repo)
        elif (raw / "config.json").is_file():
            told = _take_transformers(raw, folder)
        else:
            (checkpoint,) = [one for one in raw.iterdir() if not one.name.startswith(".")]
            told = _take_checkpoint(checkpoint, folder, model)
        for name in ("README.md", "LICENSE"):
            if (raw / name).is_file():
                shutil.copyfile(raw / name, folder / name)
        load_clip(folder)
        if (raw / "config.json").is_file() and not (raw / CONFIG_NAME).is_file():
            _compare_with_transformers(raw, folder)
    return told


def _take_open_clip(raw: Path, folder: Path, repo: str | None) -> str:
    config = json.loads((raw / CONFIG_NAME).read_text(encoding="utf-8"))
    model = config.get("model_cfg", config)
    told, known = "by its own config", _find_known_activation(repo)
    if known is not None and known != bool(model.get("quick_gelu")):
        model["quick_gelu"] = known
        told = "by open_clip's table of models, against its own config"
    weights = next(raw / name for name in OPEN_CLIP_WEIGHTS if (raw / name).is_file())
    for pattern in TOKENIZER_FILES:
        for file in raw.glob(pattern):
            shutil.copyfile(file, folder / file.name)
    _write_config(config, folder)
    if weights.suffix == ".safetensors":
        shutil.copyfile(weights, folder / WEIGHTS_NAME)
    else:
        _save(_load_pickle(weights), folder)
    return f"{_name_activation(model)}, {told}"


def _find_known_activation(repo: str | None) -> bool | None:
    """Return whether open_clip's table says that a repository has QuickGELU; None for a repository
    that it does not know.
    """
    import open_clip

    for model, tag in open_clip.list_pretrained():
        one = open_clip.get_pretrained_cfg(model, tag)
        if repo and one.get("hf_hub", "").strip("/").lower() == repo.lower():
            config = open_clip.get_model_config(model) or {}
            return bool(one.get("quick_gelu", config.get("quick_gelu", False)))
    return None


def _take_checkpoint(checkpoint: Path, folder: Path, model: str | None) -> str:
    """Take OpenAI's own archive, or a checkpoint of the model that is named."""
    import open_clip

    state = None if model else _read_archive(checkpoint)
    if state is not None:
        config = {"model_cfg": describe_openai(state), "preprocess_cfg": dict(_OPENAI_PREPROCESSING)}
        told = "as all of OpenAI's own"
    else:
        model_cfg = open_clip.get_model_config(model) if model else None
        if model_cfg is None:
            raise FetchError(
                f"{checkpoint.name}: a checkpoint does not say its activation; name its model as open_clip"
                f" does, in a catalogue of your own: model: ViT-B-32-quickgelu"
                + (f" ({model!r} is not known)" if model else "")
            )
        state, told = _load_pickle(checkpoint), f"by the name {model}"
        config = {"model_cfg": model_cfg, "preprocess_cfg": dict(_OPENAI_PREPROCESSING)}
    _write_config(config, folder)
    _save(state, folder)
    return f"{_name_activation(config['model_cfg'])}, {told}"


def _read_archive(checkpoint: Path) -> dict | None:
    """Return the weights of a TorchScript archive in fp32, None of another file."""
    import torch

    try:
        state = torch.jit.load(str(checkpoint), map_location="cpu").state_dict()
    except RuntimeError:
        return None
    drop = (
        "input_resolution",
        "context_length",
        "vocab_size",
    )  # numbers that OpenAI keeps beside the weights
    return {name: value.float() for name, value in state.items() if name not in drop}


def _load_pickle(checkpoint: Path) -> dict:
    from open_clip.factory import load_state_dict

    return load_state_dict(str(checkpoint))  # weights only: nothing in the file is run


def describe_openai(state: dict) -> dict:
    """Return open_clip's model_cfg of OpenAI's weights, told from their shapes; QuickGELU, as all of them."""
    if "visual.conv1.weight" not in state or "text_projection" not in state:
        raise FetchError("the archive holds no CLIP of OpenAI")
    if "visual.proj" in state:
        patch = state["visual.conv1.weight"].shape[-1]
        side = round((state["visual.positional_embedding"].shape[0] - 1) ** 0.5)
        vision = {
            "image_size": patch * side,
            "layers": sum(
                name.startswith("visual.") and name.endswith("attn.in_proj_weight") for name in state
            ),
            "width": state["visual.conv1.weight"].shape[0],
            "patch_size": patch,
        }
    else:
        side = round((state["visual.attnpool.positional_embedding"].shape[0] - 1) ** 0.5)
        layers = [
            len({n.split(".")[2] for n in state if n.startswith(f"visual.layer{k}.")}) for k in (1, 2, 3, 4)
        ]
        width = state["visual.layer1.0.conv1.weight"].shape[0]
        vision = {"image_size": side * 32, "layers": layers, "width": width, "patch_size": None}
    width = state["ln_final.weight"].shape[0]
    text = {
        "context_length": state["positional_embedding"].shape[0],
        "vocab_size": state["token_embedding.weight"].shape[0],
        "width": width,
        "heads": width // 64,
        "layers": len({name.split(".")[2] for name in state if name.startswith("transformer.resblocks.")}),
    }
    embed_dim = state["text_projection"].shape[1]
    return {"embed_dim": embed_dim, "quick_gelu": True, "vision_cfg": vision, "text_cfg": text}


def _take_transformers(raw: Path, folder: Path) -> str:
    import transformers

    config = transformers.AutoConfig.from_pretrained(str(raw), local_files_only=True)
    if config.model_type != "clip":
        raise FetchError(
            f"{raw.name}: a {config.model_type} of transformers; only its CLIP can be taken over"
        )
    vision, text = config.vision_config, config.text_config
    if vision.hidden_act != text.hidden_act or vision.hidden_act not in ("quick_gelu", "gelu"):
        raise FetchError(
            f"{raw.name}: activations {vision.hidden_act} and {text.hidden_act}; open_clip has one for both,"
            " QuickGELU or GELU"
        )
    model = {
        "embed_dim": config.projection_dim,
        "quick_gelu": vision.hidden_act == "quick_gelu",
        "vision_cfg": {
            "image_size": vision.image_size,
            "layers": vision.num_hidden_layers,
            "width": vision.hidden_size,
            "head_width": vision.hidden_size // vision.num_attention_heads,
            "mlp_ratio": vision.intermediate_size / vision.hidden_size,
            "patch_size": vision.patch_size,
        },
        "text_cfg": {
            "context_length": text.max_position_embeddings,
            "vocab_size": text.vocab_size,
            "width": text.hidden_size,
            "heads": text.num_attention_heads,
            "layers": text.num_hidden_layers,
            "mlp_ratio": text.intermediate_size / text.hidden_size,
        },
    }
    _write_config({"model_cfg": model, "preprocess_cfg": _read_preprocessing(raw)}, folder)
    theirs = transformers.CLIPModel.from_pretrained(str(raw), local_files_only=True, dtype="float32")
    _save(_rename_weights(theirs.state_dict()), folder)
    return f"{_name_activation(model)}, by transformers' config"


def _read_preprocessing(raw: Path) -> dict:
    told = dict(_OPENAI_PREPROCESSING)
    path = raw / "preprocessor_config.json"
    if path.is_file():
        given = json.loads(path.read_text(encoding="utf-8"))
        told["mean"], told["std"] = given.get("image_mean", told["mean"]), given.get("image_std", told["std"])
    return told


def _rename_weights(theirs: dict) -> dict:
    """Return transformers' CLIP weights under open_clip's names: q, k and v in one, projections turned."""
    import torch

    towers = {"text_model.": "", "vision_model.": "visual."}
    names = {
        "embeddings.token_embedding.weight": "token_embedding.weight",
        "embeddings.class_embedding": "class_embedding",
        "embeddings.patch_embedding.weight": "conv1.weight",
        "embeddings.position_embedding.weight": "positional_embedding",
        "pre_layrnorm.": "ln_pre.",
        "post_layernorm.": "ln_post.",
        "final_layer_norm.": "ln_final.",
        "encoder.layers.": "transformer.resblocks.",
        ".layer_norm1.": ".ln_1.",
        ".layer_norm2.": ".ln_2.",
        ".self_attn.out_proj.": ".attn.out_proj.",
        ".mlp.fc1.": ".mlp.c_fc.",
        ".mlp.fc2.": ".mlp.c_proj.",
    }
    ours = {
        "logit_scale": theirs["logit_scale"],
        "text_projection": theirs["text_projection.weight"].T,
        "visual.proj": theirs["visual_projection.weight"].T,
    }
    for name, value in theirs.items():
        tower = next((one for one in towers if name.startswith(one)), None)
        if tower is None or name.endswith("position_ids"):
            continue
        new = name.removeprefix(tower)
        for old, replaced in names.items():
            new = new.replace(old, replaced)
        if ".self_attn.q_proj." in new:
            parts = [theirs[name.replace("q_proj", one)] for one in ("q_proj", "k_proj", "v_proj")]
            ours[towers[tower] + new.replace("self_attn.q_proj.", "attn.in_proj_")] = torch.cat(parts)
        elif ".self_attn." not in new:
            ours[towers[tower] + new] = value
    return ours


def _compare_with_transformers(raw: Path, folder: Path) -> None:
    """Raise FetchError when the folder computes something else than transformers with these weights."""
    import torch
    import transformers
    from torch.nn import functional

    theirs = transformers.CLIPModel.from_pretrained(str(raw), local_files_only=True, dtype="float32").eval()
    ours, _, _ = load_clip(folder)
    config, draw = theirs.config, torch.Generator().manual_seed(0)
    photos = torch.randn((2, 3, *[config.vision_config.image_size] * 2), generator=draw)
    length, words = config.text_config.max_position_embeddings, config.text_config.vocab_size
    texts = torch.randint(1, words - 2, (2, length), generator=draw)
    texts[:, length // 2] = words - 1  # the end, from which open_clip reads, has the highest number
    texts[:, length // 2 + 1 :] = 0
    with torch.inference_mode():
        wanted = [
            theirs.visual_projection(theirs.vision_model(pixel_values=photos).pooler_output),
            theirs.text_projection(theirs.text_model(input_ids=texts).last_hidden_state[:, length // 2]),
        ]
        found = [ours.encode_image(photos, normalize=True), ours.encode_text(texts, normalize=True)]
    pairs = zip(wanted, found, strict=True)
    differences = [float((functional.normalize(a, dim=-1) - b).abs().max()) for a, b in pairs]
    if not np.max(differences) <= MAX_DIFFERENCE:
        raise FetchError(
            f"{raw.name}: open_clip and transformers differ by {differences[0]:.2g} on photos and"
            f" {differences[1]:.2g} on texts; this CLIP cannot be taken over"
        )


def _name_activation(model: dict) -> str:
    return "QuickGELU" if model.get("quick_gelu") else "GELU"


def _write_config(config: dict, folder: Path) -> None:
    whole = config if "model_cfg" in config else {"model_cfg": config, "preprocess_cfg": {}}
    write_text(json.dumps(whole, indent=2) + "\n", folder / CONFIG_NAME)


def _save(state: dict, folder: Path) -> None:
    from safetensors.torch import save_file

    save_file(
        {name: value.detach().clone().contiguous() for name, value in state.items()}, folder / WEIGHTS_NAME
    )
    (folder / WEIGHTS_NAME).chmod(0o644)  # safetensors makes it readable for its writer alone
