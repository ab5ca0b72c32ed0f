"""A deploy folder that is made in milliseconds and searches by colour, and photos for it.

Its text tower adds what it knows of each word (red, green, blue, photo), its image tower sees a
photo's mean colour. So what a search must find can be told by eye, and nothing needs torch.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

WORDS = ["[pad]", "[other]", "red", "green", "blue", "photo", "not"]
# What the text tower knows of each word: red, green, blue, and how much it is a photo.
VALUES = [[0, 0, 0, 0], [0, 0, 0, 0.1], [2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
CONTEXT, SIDE = 16, 32
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 40, 220)}


def make_deploy(folder: Path, tuned_knows_not: bool = True) -> Path:
    """Write `onnx/` and `base/onnx/` with equal image towers; the tuned text tower has learned that
    `not` turns the colours around.
    """
    for place, knows_not in ((folder / "base" / "onnx", False), (folder / "onnx", tuned_knows_not)):
        place.mkdir(parents=True)
        _write_text_tower(place / "text.onnx", knows_not)
        _write_image_tower(place / "visual.onnx")
        _write_tokenizer(place / "tokenizer.json")
        preprocess = {
            "size": [SIDE, SIDE],
            "mode": "RGB",
            "mean": [0.0, 0.0, 0.0],
            "std": [1.0, 1.0, 1.0],
            "interpolation": "bicubic",
            "resize_mode": "squash",
            "fill_color": 0,
        }
        (place / "preprocess_cfg.json").write_text(json.dumps(preprocess))
    return folder


def make_photos(folder: Path, count: int = 12) -> Path:
    """Write JPEG photos, red, green and blue by turns: `red-000.jpg`; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(COLOURS)
    for number in range(count):
        name = names[number % len(names)]
        colour = tuple(max(0, min(255, part + number)) for part in COLOURS[name])
        photo = Image.new("RGB", (80, 60), colour)
        photo.putpixel((number, 0), (255, 255, 255))
        photo.save(folder / f"{name}-{number:03}.jpg", quality=95)
    return folder


def _write_text_tower(path: Path, knows_not: bool) -> None:
    from onnx import TensorProto, helper, numpy_helper

    table = np.array(VALUES, np.float32)
    # A text with `not` has its colours times 1 - 2 = -1, where the tower has learned it.
    flip = np.zeros((len(WORDS), 1), np.float32)
    flip[WORDS.index("not")] = -2.0 if knows_not else 0.0
    colours = np.array([1, 1, 1, 0], np.float32)
    one, axes = np.array([1.0], np.float32), np.array([1], np.int64)
    arrays = {"table": table, "flip": flip, "colours": colours, "one": one, "axes": axes}
    nodes = [
        helper.make_node("Gather", ["table", "text"], ["known"]),
        helper.make_node("ReduceSum", ["known", "axes"], ["summed"], keepdims=0),
        helper.make_node("Gather", ["flip", "text"], ["flips"]),
        helper.make_node("ReduceSum", ["flips", "axes"], ["flipped"], keepdims=0),
        helper.make_node("Mul", ["flipped", "colours"], ["turned"]),
        helper.make_node("Add", ["turned", "one"], ["factor"]),
        helper.make_node("Mul", ["summed", "factor"], ["raw"]),
        helper.make_node("LpNormalization", ["raw"], ["features"], axis=1, p=2),
    ]
    graph = helper.make_graph(
        nodes,
        "text",
        [helper.make_tensor_value_info("text", TensorProto.INT32, ["batch", "length"])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 4])],
        [numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )
    _save(graph, path)


def _write_image_tower(path: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper

    project = np.concatenate([np.eye(3, dtype=np.float32), np.full((3, 1), 0.2, np.float32)], axis=1)
    arrays = {"project": project, "axes": np.array([2, 3], np.int64)}
    nodes = [
        helper.make_node("ReduceMean", ["image", "axes"], ["colour"], keepdims=0),
        helper.make_node("MatMul", ["colour", "project"], ["raw"]),
        helper.make_node("LpNormalization", ["raw"], ["features"], axis=1, p=2),
    ]
    graph = helper.make_graph(
        nodes,
        "visual",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 4])],
        [numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )
    _save(graph, path)


def _save(graph, path: Path) -> None:
    import onnx
    from onnx import helper

    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _write_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import WordLevel

    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[other]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_truncation(CONTEXT)
    tokenizer.enable_padding(length=CONTEXT, pad_id=0, pad_token="[pad]")
    tokenizer.save(str(path))
