"""A CLIP as two ONNX files, and the same files by the names that Immich reads."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from unscene.deploy.forms import FormError
from unscene.deploy.models import Model
from unscene.deploy.packed_text import can_pack, make_packed_text
from unscene.deploy.tokenizer_file import make_tokenizer
from unscene.run.tables import read_json, write_json

# One file of the protocol holds 2 GB; above this, weights lie in a file beside it.
MAX_FILE_BYTES = 1_900_000_000
# The output is no `embedding`: a value inside the text tower has that name, and two of one name make
# a model that no runtime loads.
OUTPUT = "features"


def find_obstacle(model: Model) -> str | None:
    """Return why a model has no ONNX form, in a few words; None when nothing is known against it."""
    try:
        make_tokenizer(model.tokenizer, model.context)
    except ValueError as error:
        return str(error)
    return None


def write_onnx(model: Model, folder: Path) -> None:
    """Write text.onnx, visual.onnx, tokenizer.json, preprocess_cfg.json and config.json.

    Raises FormError on a network that the exporter does not understand.
    """
    for tower, name in (("text", "text"), ("image", "visual")):
        export_tower(model, tower, folder / f"{name}.onnx")
    make_tokenizer(model.tokenizer, model.context).save(str(folder / "tokenizer.json"))
    write_json(model.preprocess_cfg, folder / "preprocess_cfg.json")
    write_json(model.config, folder / "config.json")


def write_immich(model: Model, folder: Path) -> None:
    """Write Immich's layout from the folder `onnx/` beside it, which must be there."""
    source = folder.parent / "onnx"
    for tower, name in (("textual", "text"), ("visual", "visual")):
        (folder / tower).mkdir()
        shutil.copyfile(source / f"{name}.onnx", folder / tower / "model.onnx")
        if (source / f"{name}.onnx.data").exists():
            shutil.copyfile(source / f"{name}.onnx.data", folder / tower / f"{name}.onnx.data")
    shutil.copyfile(source / "tokenizer.json", folder / "textual" / "tokenizer.json")
    shutil.copyfile(source / "preprocess_cfg.json", folder / "visual" / "preprocess_cfg.json")
    shutil.copyfile(source / "config.json", folder / "config.json")
    padding = read_json(source / "tokenizer.json")["padding"]
    write_json({"pad_token": padding["pad_token"]}, folder / "textual" / "tokenizer_config.json")


def find_immich_obstacle(model: Model) -> str | None:
    """Return why Immich cannot hold a model, in a few words; None when it can."""
    height, width = model.preprocess_cfg["size"]
    return find_obstacle(model) or ("Immich takes square photos only" if height != width else None)


def export_tower(model: Model, tower: str, path: Path) -> None:
    """Write the `text` or the `image` tower of a model as a file of any batch, and of any length of
    its texts where the tower allows (see `packed_text`). Raises FormError.
    """
    import torch

    class Text(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = model.network

        def forward(self, text):
            return self.network.encode_text(text, normalize=True)

    class Image(Text):
        def forward(self, image):
            return self.network.encode_image(image, normalize=True)

    shape = {0: torch.export.Dim("batch")}
    if tower == "image":
        module, example = Image(), torch.zeros((2, 3, *model.preprocess_cfg["size"]))
    elif can_pack(model.network):
        # An example at the full context would fix the length.
        module, example = make_packed_text(model.network), torch.ones((2, 8), dtype=torch.int32)
        shape[1] = torch.export.Dim("length", min=4, max=model.context)
    else:
        module, example = Text(), torch.zeros((2, model.context), dtype=torch.int32)
    for name in ("onnxscript", "onnx_ir"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        program = torch.onnx.export(
            module.eval(),
            (example,),
            dynamo=True,
            dynamic_shapes=(shape,),
            input_names=[tower],
            output_names=[OUTPUT],
            verbose=False,
        )
    except torch.onnx.OnnxExporterError as error:
        told = str(error).strip().splitlines()[0]
        raise FormError(f"torch.onnx does not understand its {tower} tower ({told})") from error
    # The exporter notes which line of which file made each node: paths of this machine.
    for part in (program.model, program.model.graph, *program.model.graph.all_nodes()):
        part.metadata_props.clear()
    weights = sum(value.nbytes for value in model.network.parameters())
    program.save(path, external_data=weights > MAX_FILE_BYTES)


class ImmichClip:
    """Immich's layout, read as Immich's own code reads it."""

    def __init__(self, folder: Path):
        import onnxruntime
        from tokenizers import Tokenizer

        self._text, self._visual = (
            onnxruntime.InferenceSession(folder / tower / "model.onnx") for tower in ("textual", "visual")
        )
        context = read_json(folder / "config.json")["text_cfg"].get("context_length", 77)
        pad = read_json(folder / "textual" / "tokenizer_config.json")["pad_token"]
        self._tokenizer = Tokenizer.from_file(str(folder / "textual" / "tokenizer.json"))
        number = self._tokenizer.token_to_id(pad)
        self._tokenizer.enable_padding(length=context, pad_token=pad, pad_id=number)
        self._tokenizer.enable_truncation(max_length=context)
        self._preprocess = read_json(folder / "visual" / "preprocess_cfg.json")

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return normalised features (texts, dim), a text a call."""
        tokens = [np.array([self._tokenizer.encode(text).ids], np.int32) for text in texts]
        return np.concatenate([self._text.run(None, {"text": row})[0] for row in tokens])

    def embed_photos(self, photos: Sequence) -> np.ndarray:
        """Return normalised features (photos, dim) of PIL images, a photo a call."""
        return np.concatenate([self._visual.run(None, {"image": self._prepare(x)})[0] for x in photos])

    def _prepare(self, photo: Any) -> np.ndarray:
        """Shortest side to the model's size, then the middle: Immich knows no other way."""
        from PIL.Image import Resampling

        size = self._preprocess["size"]
        side = size[0] if isinstance(size, list) else size
        aspect = photo.width / photo.height
        upright = photo.width < photo.height
        scaled = (side, int(photo.height / photo.width * side)) if upright else (int(aspect * side), side)
        photo = photo.resize(scaled, Resampling.BICUBIC)
        left, top = int(photo.width / 2 - side / 2), int(photo.height / 2 - side / 2)
        photo = photo.crop((left, top, left + side, top + side))
        mean, std = (np.array(self._preprocess[key], np.float32) for key in ("mean", "std"))
        pixels = np.asarray(photo, np.float32) / 255
        return ((pixels - mean) / std).transpose(2, 0, 1)[None]
