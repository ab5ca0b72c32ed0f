"""CLIP models: load open_clip folders, and embed photos and texts.

A model is always a folder that plain open_clip loads by `local-dir:`, since only its config tells
which activation the weights were trained with: the same weights under another activation load
without a warning and score wrongly.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unscene.clip.tokens import get_text_lengths, tokenize
from unscene.run.loaded_weights import check_numbers, check_whole, shorten
from unscene.run.weight_files import WeightsError, find_broken_weights, read_config

if TYPE_CHECKING:
    import torch

CONFIG_NAME, WEIGHTS_NAME, META_NAME = "open_clip_config.json", "open_clip_model.safetensors", "meta.json"
TOKENIZER_FILES = ("tokenizer*", "special_tokens_map.json", "vocab*", "merges.txt", "*.model")
# Texts are embedded at lengths rounded up to this, so that batch-mates do not change a shape.
LENGTH_STEP = 16


class ClipError(ValueError):
    """A folder that is no usable open_clip model, or a model that does not survive being saved."""


def load_clip(path_to_folder: str | Path, device: str = "cpu") -> tuple:
    """Load an open_clip folder and return (model in eval mode with fp32 weights, preprocess, tokenizer).

    `preprocess` turns a PIL image into a float tensor (3, side, side). Raises ClipError when the
    folder lacks its config or weights or when they do not fit each other.
    """
    from unscene.run.offline import stay_offline

    stay_offline()
    import open_clip

    folder = Path(path_to_folder).absolute()
    for name in (CONFIG_NAME, WEIGHTS_NAME):
        if not (folder / name).is_file():
            raise ClipError(
                f"{folder}: {name} is not there; an open_clip folder has {CONFIG_NAME} and {WEIGHTS_NAME}"
            )
    if fault := find_broken_weights(folder):
        raise ClipError(fault)
    try:
        model, _, preprocess = open_clip.create_model_and_transforms(
            f"local-dir:{folder}", precision="fp32", device=device
        )
        tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
        _check_shapes(model, folder)
        _check_vocabulary(model, tokenizer, folder)
        check_numbers(model, folder)
    except WeightsError as error:
        raise ClipError(str(error)) from error
    except Exception as error:  # open_clip, timm and torch each raise their own
        raise ClipError(f"{folder}: {_explain(error, folder)}") from error
    return model.eval(), preprocess, tokenizer


def _explain(error: Exception, folder: Path) -> str:
    """Return why open_clip cannot load a folder, in its words unless they lead astray."""
    cfg = read_config(folder / CONFIG_NAME).get("model_cfg")
    text = cfg.get("text_cfg") if isinstance(cfg, dict) else None
    hub = text.get("hf_model_name") if isinstance(text, dict) else None
    if hub and isinstance(error, OSError):
        return (
            f"its text tower is {hub} of the hub (text_cfg.hf_model_name in {CONFIG_NAME}), and a run"
            " fetches nothing; take a CLIP whose text tower is open_clip's own"
        )
    own = text.get("hf_tokenizer_name") if isinstance(text, dict) else None
    if own and not any(path for pattern in TOKENIZER_FILES for path in folder.glob(pattern)):
        return (
            f"its tokenizer is {own} of the hub (text_cfg.hf_tokenizer_name in {CONFIG_NAME}), and a run"
            " fetches nothing; put the files of that tokenizer (tokenizer.json, tokenizer_config.json)"
            " into the folder"
        )
    told = re.findall(r"(Missing|Unexpected) key\(s\) in state_dict: (.*?)\.\s", f"{error} ")
    if told:
        named = {kind: re.findall('"([^"]+)"', names) for kind, names in told}
        try:
            check_whole(
                f"{WEIGHTS_NAME} and {CONFIG_NAME} are not of one model",
                missing=named.get("Missing", ()),
                unknown=named.get("Unexpected", ()),
            )
        except WeightsError as fault:
            return str(fault)
    return f"open_clip cannot load it ({shorten(error)})"


def _check_shapes(model, folder: Path) -> None:
    """Raise WeightsError where open_clip has stretched position embeddings to the size in the config."""
    from safetensors import safe_open

    own = {name: tuple(value.shape) for name, value in model.state_dict().items() if value.numel() > 1}
    with safe_open(folder / WEIGHTS_NAME, "numpy") as weights:
        for name in sorted(own.keys() & weights.keys()):
            if (shape := tuple(weights.get_slice(name).get_shape())) != own[name]:
                raise WeightsError(
                    f"{folder}: {name} has the shape {shape} in {WEIGHTS_NAME}, and {own[name]} by"
                    f" {CONFIG_NAME}; give the sizes in the config that the weights were trained with"
                )


def _check_vocabulary(model, tokenizer, folder: Path) -> None:
    """Raise WeightsError where the tokenizer has more tokens than the text tower knows: without a tokenizer
    of its own a folder gets CLIP's.
    """
    embedding = getattr(model, "token_embedding", None) or getattr(
        getattr(model, "text", None), "token_embedding", None
    )
    largest = int(tokenizer(["a photo of a dog"]).max())
    if embedding is not None and largest >= embedding.num_embeddings:
        raise WeightsError(
            f"{folder}: its text tower knows {embedding.num_embeddings:,} tokens, and its tokenizer gives"
            f" number {largest:,}; put this model's own tokenizer files (tokenizer.json,"
            " tokenizer_config.json) into the folder, and hf_tokenizer_name into text_cfg of its config"
        )


def encode_texts(model, tokens: "torch.Tensor") -> "torch.Tensor":
    """Return normalised text features (texts, dim) of tokens cut to any length that holds each
    end-of-text token.

    The text tower of CLIP is causal and reads its feature at the end-of-text token, so what follows
    does not matter: 13 tokens cost a sixth of 77 and give the same values. Towers of another kind
    are run at full length.
    """
    import torch
    from torch.nn import functional

    length, context = tokens.shape[1], getattr(model, "context_length", tokens.shape[1])
    if length == context or not can_cut_texts(model):
        if length < context:
            tokens = functional.pad(tokens, (0, context - length))
        return model.encode_text(tokens, normalize=True)
    dtype = model.transformer.get_cast_dtype()
    features = model.token_embedding(tokens).to(dtype) + model.positional_embedding[:length].to(dtype)
    features = model.transformer(features, attn_mask=model.attn_mask[:length, :length])
    features = model.ln_final(features)
    features = features[torch.arange(len(tokens), device=tokens.device), tokens.argmax(dim=-1)]
    if model.text_projection is not None:
        linear = isinstance(model.text_projection, torch.nn.Linear)
        features = model.text_projection(features) if linear else features @ model.text_projection
    return functional.normalize(features, dim=-1)


def can_cut_texts(model) -> bool:
    """Tell whether a model's text tower is CLIP's own: causal, with the feature at the highest token."""
    return (
        all(
            hasattr(model, name) for name in ("token_embedding", "transformer", "ln_final", "text_projection")
        )
        and getattr(model, "text_pool_type", None) == "argmax"
        and getattr(model, "attn_mask", None) is not None
    )


def get_normalisation(preprocess) -> tuple[list[float], list[float]]:
    """Return the channel means and deviations (in 0..1) of a model's preprocessing."""
    normalise = preprocess.transforms[-1]
    return [float(value) for value in normalise.mean], [float(value) for value in normalise.std]


def resize_photo(preprocess, image) -> np.ndarray:
    """Return a PIL image as the model sees it before normalisation, uint8 (side, side, 3)."""
    for transform in preprocess.transforms[:-2]:  # the last two make it a float tensor and normalise it
        image = transform(image)
    return np.array(image)


def to_pixels(photos: "torch.Tensor", mean: Sequence[float], std: Sequence[float]) -> "torch.Tensor":
    """Turn uint8 (photos, side, side, 3) into normalised floats (photos, 3, side, side) in
    channels-last memory.
    """
    import torch

    pixels = photos.permute(0, 3, 1, 2).to(torch.float32).div_(255)
    shape = (1, 3, 1, 1)
    return pixels.sub_(pixels.new_tensor(mean).view(shape)).div_(pixels.new_tensor(std).view(shape))


def embed_photos(model, preprocess, photos: np.ndarray, batch_size: int = 64) -> np.ndarray:
    """Embed uint8 photos (photos, side, side, 3) in fp32 and return normalised features (photos, dim).

    The last batch is padded, so a photo's feature does not depend on how many others there are.
    """
    import torch

    mean, std = get_normalisation(preprocess)
    device = next(model.parameters()).device
    features = []
    with _exact_inference(model):
        for start in range(0, len(photos), batch_size):
            part = photos[start : start + batch_size]
            batch = torch.from_numpy(part[np.arange(batch_size) % len(part)]).to(device)
            embedded = model.encode_image(to_pixels(batch, mean, std), normalize=True)
            features.append(embedded[: len(part)].float().cpu().numpy())
    return np.concatenate(features) if features else np.zeros((0, 0), np.float32)


def hash_image_tower(model) -> str:
    """Return a SHA-256 of the image tower's weights: equal ones embed a photo alike."""
    digest = hashlib.sha256()
    for name, weight in sorted(model.visual.state_dict().items()):
        digest.update(f"{name} {weight.dtype} {tuple(weight.shape)}".encode())
        digest.update(weight.detach().cpu().contiguous().float().numpy().tobytes())
    return digest.hexdigest()


def embed_texts(model, tokenizer, texts: Sequence[str], batch_size: int = 64) -> np.ndarray:
    """Embed texts in fp32 and return normalised features (texts, dim); equal texts are embedded once.

    Texts of like length share batches of a fixed shape, so a text's feature does not depend on the others.
    """

    device = next(model.parameters()).device
    unique, position = np.unique(np.asarray(list(texts), dtype=object).astype(str), return_inverse=True)
    if not len(unique):
        return np.zeros((0, 0), np.float32)
    tokens = tokenize(tokenizer, unique)
    context = tokens.shape[1]
    rounded = np.full(len(unique), context)
    if can_cut_texts(model):
        steps = -(-get_text_lengths(tokens).numpy() // LENGTH_STEP)
        rounded = np.minimum(steps * LENGTH_STEP, context)
    features: np.ndarray | None = None
    with _exact_inference(model):
        for length in np.unique(rounded):
            rows = np.flatnonzero(rounded == length)
            for start in range(0, len(rows), batch_size):
                part = rows[start : start + batch_size]
                batch = tokens[part[np.arange(batch_size) % len(part)], : int(length)].to(device)
                embedded = encode_texts(model, batch)[: len(part)].float().cpu().numpy()
                if features is None:
                    features = np.zeros((len(unique), embedded.shape[1]), np.float32)
                features[part] = embedded
    return features[position]


class _exact_inference:
    """No gradients, eval mode, and no TF32: scores are compared to each other, so they are computed
    in full fp32.
    """

    def __init__(self, model):
        self._model = model

    def __enter__(self) -> None:
        import torch

        self._was_training, self._tf32 = self._model.training, torch.backends.cudnn.allow_tf32
        torch.backends.cudnn.allow_tf32 = False
        self._model.eval()
        # Not inference_mode: adapters write their sum into a layer's weights as it runs, and no saved
        # state of a training could be put into weights that were written so.
        self._mode = torch.no_grad()
        self._mode.__enter__()

    def __exit__(self, *error) -> None:
        import torch

        self._mode.__exit__(*error)
        torch.backends.cudnn.allow_tf32 = self._tf32
        self._model.train(self._was_training)
