"""The sets of a drawn world that need photos of their own: removals and classes."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from unscene.photos.images import write_png
from unscene.run.tables import write_json
from unscene.scenes.render import render_scene
from unscene.scenes.vocabulary import CATEGORIES

if TYPE_CHECKING:
    from unscene.scenes.exam import Examined

# Of so many scenes one is taken for removals (BEAF takes 500 of COCO's 5,000 photos).
EVERY = 4
QUALITY = 95


def write_removals(scenes: Sequence["Examined"], path: str | Path, folder: Path) -> int:
    """Write scenes with and without an object in BEAF's form; return the number of removals.

    Names, keys and questions are those of https://github.com/postech-ami/BEAF: originals are
    `NAME.jpg`, edits `NAME_NN.png`; each photo is asked for the same objects; `removed_q` marks
    every object that some edit of the photo takes. The edit is the scene drawn without the
    category, and nothing was painted over. Both sides pass one and the same JPEG coding, so that
    an edit cannot be told by the lack of it. Asked for is what can be seen and what is not there at
    all.
    """
    rows: list[dict] = []
    removals = 0
    for one in scenes[::EVERY]:
        removable = [word for word in one.present if not _is_entangled(one, word)]
        if not removable:
            continue
        asked = [word for word in CATEGORIES if word in one.present or word in one.absent]
        stem = f"{one.number:012d}"
        original = f"{stem}.jpg"
        (folder / original).write_bytes(_encode_jpeg(one.rendered.rgb))
        photos = [(original, None)]
        for number, word in enumerate(removable, 1):
            edit = f"{stem}_{number:02d}.png"
            write_png(_pass_jpeg(render_scene(one.scene, without=word).rgb), folder / edit)
            photos.append((edit, word))
        removals += len(removable)
        for image, removed in photos:
            rows += [
                {
                    "id": len(rows) + position,
                    "image": image,
                    "question": f"Is there {'an' if word[0] in 'aeiou' else 'a'} {word} in the image?",
                    "orig_img": removed is None,
                    "removed_q": word in removable and removed is not None,
                    "gt": "yes" if word in one.present and word != removed else "no",
                }
                for position, word in enumerate(asked)
            ]
    write_json(rows, path)
    return removals


def write_classes(scenes: Sequence["Examined"], folder: Path, images: Path) -> dict[str, int]:
    """Write a folder of photos for each category that stands alone in some scene, as ImageNet's.

    Return the number of photos by class. Nothing else is drawn, held or named in such a scene.
    """
    counts: dict[str, int] = {}
    for one in scenes:
        drawn = {thing.category for thing in one.scene.objects}
        if len(one.present) == 1 and drawn | one.named == set(one.present) and not _holds_something(one):
            (word,) = one.present
            own = folder / word.replace(" ", "_")
            own.mkdir(exist_ok=True)
            shutil.copyfile(images / one.file_name, own / one.file_name)
            counts[word] = counts.get(word, 0) + 1
    return counts


def _is_entangled(one: "Examined", word: str) -> bool:
    """Tell whether a category holds or is held by another one: without it the other hangs in the air,
    or loses what it holds.
    """
    carries = any(thing.surface == "hand" for thing in one.scene.objects)
    return (word in ("person", "umbrella") and carries) or (word == "person" and _holds_something(one))


def _holds_something(one: "Examined") -> bool:
    return any(thing.look.get("holds") for thing in one.scene.objects)


def _encode_jpeg(rgb: np.ndarray) -> bytes:
    flags = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    flags += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), flags)[1].tobytes()


def _pass_jpeg(rgb: np.ndarray) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(_encode_jpeg(rgb), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
