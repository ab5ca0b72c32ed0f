"""A tuned model's folder: open_clip's config and weights, and meta.json, which tells how it was made.

meta.json holds the SHA-256 of the config and of the weights, so it stands for the whole folder:
what reads a model takes meta.json as its input and the rest from beside it.
"""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from unscene.clip.models import (
    CONFIG_NAME,
    META_NAME,
    TOKENIZER_FILES,
    WEIGHTS_NAME,
    ClipError,
    embed_photos,
    embed_texts,
    load_clip,
)
from unscene.run.folders import replaced_folder
from unscene.run.shards import file_sha256
from unscene.run.tables import read_json, write_json, write_text

RELOAD_TOLERANCE = 1e-6
HASHED = {"config_sha256": CONFIG_NAME, "weights_sha256": WEIGHTS_NAME}


@dataclass(frozen=True)
class ModelNotes:
    """What stands beside a model's weights: meta.json's values, and more text files by name."""

    meta: dict
    files: dict[str, str] = field(default_factory=dict)


def save_clip(model, path_to_source: str | Path, path_to_folder: str | Path, notes: ModelNotes) -> None:
    """Write a model as an open_clip folder, whole or not at all: config, fp32 weights, tokenizer
    files, meta.json.

    path_to_source: the folder that the model was loaded from; its config describes the weights.
    Raises ClipError when the folder, read again, does not give the same embeddings: then the config
    does not describe the model (QuickGELU lost, another image size).
    """
    from safetensors.torch import save_file

    source = Path(path_to_source)
    with replaced_folder(path_to_folder) as folder:
        config = json.loads((source / CONFIG_NAME).read_text(encoding="utf-8"))
        write_text(json.dumps(config, indent=2) + "\n", folder / CONFIG_NAME)
        for pattern in TOKENIZER_FILES:
            for path in sorted(source.glob(pattern)):
                shutil.copyfile(path, folder / path.name)
        weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
        save_file(weights, folder / WEIGHTS_NAME)
        (folder / WEIGHTS_NAME).chmod(0o644)  # safetensors makes it readable for its writer alone
        for name, text in notes.files.items():
            write_text(text, folder / name)
        _check_reload(model, folder)
        hashes = {key: file_sha256(folder / name) for key, name in HASHED.items()}
        write_json({**notes.meta, **hashes}, folder / META_NAME)


def find_model(path_to_meta: str | Path) -> Path:
    """Return the folder of a model by its meta.json; ClipError when config or weights are not those
    that it names.
    """
    folder, meta = Path(path_to_meta).parent, read_json(path_to_meta)
    for key, name in HASHED.items():
        if not (folder / name).is_file() or file_sha256(folder / name) != meta.get(key):
            raise ClipError(
                f"{folder / name}: it is not the file that {path_to_meta} names; delete {folder} and "
                "run again"
            )
    return folder


def _check_reload(model, folder: Path) -> None:
    device = next(model.parameters()).device
    again, preprocess, tokenizer = load_clip(folder, str(device))
    resize = preprocess.transforms[-4]
    side = resize.size if hasattr(resize, "size") else model.visual.image_size
    height, width = (side, side) if isinstance(side, int) else side
    photos = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    texts = ["a photo of a dog", "a photo with no dog"]
    differences = (
        np.abs(embed_photos(model, preprocess, photos, 2) - embed_photos(again, preprocess, photos, 2)).max(),
        np.abs(embed_texts(model, tokenizer, texts, 2) - embed_texts(again, tokenizer, texts, 2)).max(),
    )
    if not max(differences) <= RELOAD_TOLERANCE:  # NaN fails, too
        raise ClipError(
            f"{folder}: read again, the model differs (photos {differences[0]:.2g}, texts "
            f"{differences[1]:.2g}); its {CONFIG_NAME} does not describe it (quick_gelu, image size) or its "
            "weights are not finite"
        )
