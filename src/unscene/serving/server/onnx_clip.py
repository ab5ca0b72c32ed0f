"""A CLIP of two ONNX files: embed texts and photos with numpy, Pillow, tokenizers and onnxruntime alone.

    from onnx_clip import OnnxClip

    clip = OnnxClip("onnx")
    texts = clip.embed_texts(["a beach with no dog"])
    photos = clip.embed_photos([Image.open("photo.jpg")])
    print(texts @ photos.T)

The folder holds text.onnx, visual.onnx, tokenizer.json and preprocess_cfg.json. This file needs
nothing else of the package, so it is copied beside the folder as it stands.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tokenizers import Tokenizer

RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


class OnnxClip:
    """The two towers of a CLIP. Features have length 1, so a dot product is a cosine."""

    def __init__(self, folder: str | Path, threads: int = 0, visual: Any = None, tokenizer: Any = None):
        """folder: as above. threads: of one call; 0 leaves the number to onnxruntime. visual,
        tokenizer: equal ones that are loaded already.
        """
        folder = Path(folder)
        self.text = load_tower(folder / "text.onnx", threads)
        self.visual = visual or load_tower(folder / "visual.onnx", threads)
        self.tokenizer = tokenizer or Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.preprocess = json.loads((folder / "preprocess_cfg.json").read_text(encoding="utf-8"))

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return the features of texts, float32 (texts, dim)."""
        return self.text.run(None, {"text": self.tokenize(texts)})[0]

    def embed_photos(self, photos: Sequence[Image.Image]) -> np.ndarray:
        """Return the features of PIL images, float32 (photos, dim)."""
        return self.visual.run(None, {"image": np.stack([self.prepare(photo) for photo in photos])})[0]

    def tokenize(self, texts: Sequence[str]) -> np.ndarray:
        """Return the tokens of texts, int32 (texts, context): cleaned, cut and padded by tokenizer.json."""
        return np.array([encoded.ids for encoded in self.tokenizer.encode_batch(list(texts))], np.int32)

    def prepare(self, photo: Image.Image) -> np.ndarray:
        """Return a photo as the image tower reads it, float32 (3, height, width)."""
        pixels = np.asarray(resize(photo.convert("RGB"), self.preprocess), np.float32) / np.float32(255)
        mean, std = (np.array(self.preprocess[key], np.float32) for key in ("mean", "std"))
        return ((pixels - mean) / std).transpose(2, 0, 1)


def load_tower(path: Path, threads: int = 0) -> Any:
    """Return the onnxruntime session of a tower's file, on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Idle threads that spin take twice the processor time, and all of it from whoever works beside.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Weights in memory of their own, and not in an arena that grows by doubling.
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def resize(photo: Image.Image, preprocess: dict) -> Image.Image:
    """Return a photo at the model's size, to the pixel as open_clip does.

    preprocess: open_clip's own keys. `resize_mode`: `squash` ignores the aspect, `shortest` crops
    what is too long, `longest` pads what is too short.
    """
    height, width = preprocess["size"]
    resampling = RESAMPLING.get(preprocess["interpolation"], Image.Resampling.BICUBIC)
    if preprocess["resize_mode"] == "squash":
        return photo.resize((width, height), resampling)
    if preprocess["resize_mode"] == "longest":
        ratio = max(photo.height / height, photo.width / width)
        scaled = round(photo.width / ratio), round(photo.height / ratio)
    elif height == width:
        short = min(photo.size)
        scaled = int(height * photo.width / short), int(height * photo.height / short)
    else:  # open_clip takes bicubic here, whatever the model says
        ratio, resampling = min(photo.height / height, photo.width / width), Image.Resampling.BICUBIC
        scaled = round(photo.width / ratio), round(photo.height / ratio)
    return _crop_or_pad(photo.resize(scaled, resampling), width, height, preprocess["fill_color"])


def _crop_or_pad(photo: Image.Image, width: int, height: int, fill: int) -> Image.Image:
    pad_x, pad_y = max(0, width - photo.width), max(0, height - photo.height)
    if pad_x or pad_y:
        canvas = Image.new("RGB", (photo.width + pad_x, photo.height + pad_y), (fill,) * 3)
        canvas.paste(photo, (pad_x // 2, pad_y // 2))
        photo = canvas
    left, top = round((photo.width - width) / 2), round((photo.height - height) / 2)
    return photo.crop((left, top, left + width, top + height))
