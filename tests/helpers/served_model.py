"""A deploy folder that is made in milliseconds and searches by colour, and photos for it.

Its text tower adds what it knows of each word (red, green, blue, photo), its image tower sees a
photo's mean colour. So what a search must find can be told by eye, and nothing needs torch.
"""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from unscene.serving.server.app import Service
from unscene.serving.server.command import build_service, make_server
from unscene.serving.server.limits import Limits
from unscene.serving.server.options import Wanted

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


def make_catalogue(folder: Path, run: Path, count: int = 12) -> Path:
    """Write a run's photos, two pairs and a refused edit, and the catalogue that tells of them."""
    make_photos(run / "photos", count)
    Image.new("RGB", (80, 60), (200, 200, 200)).save(run / "edit.png")
    Image.new("L", (80, 60), 255).save(run / "mask.png")
    names = sorted(path.name for path in (run / "photos").iterdir())
    photos = [
        {
            "image_id": f"p_{name.partition('.')[0].replace('-', '_')}",
            "path": f"photos/{name}",
            "objects": [name.partition("-")[0]],
            "unknown": [],
            "captions": [f"A <b>{name.partition('-')[0]}</b> photo & more <script>alert(1)</script>"],
            "credit": "CC BY 4.0",
        }
        for name in names
    ]
    cosines = {
        "cos_original_present": 0.3,
        "cos_original_negated": 0.2,
        "cos_edited_present": 0.1,
        "cos_edited_negated": 0.4,
        "interaction": 0.1,
        "text_score": True,
        "image_score": True,
        "group_score": True,
    }
    pairs = [
        {
            "edit_id": f"{photo['image_id']}-{photo['objects'][0]}",
            "image_id": photo["image_id"],
            "category": photo["objects"][0],
            "original_path": photo["path"],
            "edited_path": "edit.png",
            "mask_path": "mask.png",
            "area_fraction": 0.2,
            "captions": {"original": photo["captions"][0], "negated": "No <i>colour</i>."},
            "measured": {"residual": 0.0, "change": 9.5},
            "scores": {"base": cosines | {"group_score": False}, "tuned": cosines},
            "credit": "",
        }
        for photo in photos[:2]
    ]
    refused = [
        {
            "edit_id": "p_red_000-red",
            "image_id": "p_red_000",
            "category": "red",
            "reason": "quality: max_residual",
            "detail": "quality: max_residual: 0.5, limit 0.1",
            "original_path": "photos/red-000.jpg",
            "edited_path": None,
            "mask_path": None,
        }
    ]
    known = {
        "root": str(run.resolve()),
        "about": {"arm": "absence", "meanings": {"residual": "what is left of the object"}},
        "forms": {form: name for name in COLOURS for form in (name, f"{name}s")},
        "examples": ["photo -red", "not red"],
        "photos": photos,
        "pairs": pairs,
        "refused": refused,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalogue.json").write_text(json.dumps(known))
    return folder


def make_service(folder: Path, limits: Limits = Limits(), photos: Path | None = None) -> Service:  # noqa: B008
    """Return a service with a finished index, of a folder of photos or of a small run."""
    if not (folder / "deploy").exists():
        make_deploy(folder / "deploy")
    if photos is None and not (folder / "index/catalogue.json").exists():
        make_catalogue(folder / "index", folder / "run")
    service = build_service(Wanted(folder / "deploy", photos, folder / "index"), limits)
    service.index.refresh()
    return service


@contextmanager
def stop_index_half_way(folder: Path) -> Iterator[tuple[Service, threading.Event]]:
    """Yield a service whose first index stands still at 16 of 40 photos, and what lets it go on."""
    photos = make_photos(folder / "photos", 40)
    service = build_service(Wanted(make_deploy(folder / "deploy"), photos, folder / "index"), Limits())
    goes_on, stands = threading.Event(), threading.Event()
    (model,) = service.index._models
    embed, batches = model.embed_prepared, []

    def wait(pixels):
        batches.append(len(pixels))
        if len(batches) > 1:
            stands.set()
            goes_on.wait(600)
        return embed(pixels)

    model.embed_prepared = wait
    indexing = service.index.keep_fresh(3600)
    assert stands.wait(120)
    yield service, goes_on
    goes_on.set()
    service.index.stop()
    indexing.join(20)


@contextmanager
def serve(service: Service, token: str | None = None) -> Iterator[str]:
    """Run a service's real server on a free port of this machine; yield its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        server = make_server(service, service.limits, token)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 120
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


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
