"""A CLIP as an open_clip folder: the form in which the workflow keeps it."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unscene.clip.models import CONFIG_NAME, META_NAME, TOKENIZER_FILES, WEIGHTS_NAME
from unscene.deploy.models import Model


def write_open_clip(model: Model, folder: Path) -> None:
    """Copy what the folder needs to be loaded, and its meta.json where it has one."""
    for pattern in (CONFIG_NAME, WEIGHTS_NAME, META_NAME, *TOKENIZER_FILES):
        for path in sorted(model.folder.glob(pattern)):
            shutil.copyfile(path, folder / path.name)


class OpenClip:
    """The folder as open_clip alone loads it, by the calls that its own users make."""

    def __init__(self, folder: Path):
        import open_clip

        name = f"local-dir:{folder.resolve()}"
        network, _, self._preprocess = open_clip.create_model_and_transforms(name)
        self._network, self._tokenizer = network.eval(), open_clip.get_tokenizer(name)

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return normalised features (texts, dim)."""
        import torch

        with torch.inference_mode():
            return self._network.encode_text(self._tokenizer(list(texts)), normalize=True).numpy()

    def embed_photos(self, photos: Sequence) -> np.ndarray:
        """Return normalised features (photos, dim) of PIL images."""
        import torch

        pixels = torch.stack([self._preprocess(photo) for photo in photos])
        with torch.inference_mode():
            return self._network.encode_image(pixels, normalize=True).numpy()
