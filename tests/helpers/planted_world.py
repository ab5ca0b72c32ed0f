"""Drawn scenes as pairs whose edits are known to be what they are: a removal, or a plant that
removes nothing and marks the hole.

No pipeline, no detector: scenes give the objects' masks and the true pictures behind them.
"""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from unscene.captions.caption_edits import write_from_template
from unscene.edits.removers.telea import TeleaRemover
from unscene.photos.images import write_png
from unscene.photos.mask_shapes import bounding_box, dilate
from unscene.photos.moved_masks import move_mask
from unscene.run.seeds import derive_seed
from unscene.run.tables import write_table
from unscene.scenes import compose_scene, render_scene, write_captions
from unscene.words.coco80 import COCO80

SEED, SIZE, DILATION_PX = 7, 64, 3


def remove_object(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill the hole: an honest removal, with the marks that fills leave."""
    return TeleaRemover(context=0.33, feather_px=0).fill([photo], [mask], [0])[0]


def stamp_hole(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Put a small bright square with a dark rim into the middle of the hole; the object stays."""
    marked = photo.copy()
    x0, y0, x1, y1 = bounding_box(mask)
    column, row = (x0 + x1) // 2, (y0 + y1) // 2
    for half, colour in ((4, (20, 0, 60)), (3, (255, 240, 0))):
        part = np.zeros_like(mask)
        part[max(0, row - half) : row + half, max(0, column - half) : column + half] = True
        marked[part & mask] = colour
    return marked


def grid_hole(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Draw a faint grid of four pixels over the hole, as an autoencoder's upsampling leaves it."""
    lines = np.zeros_like(mask)
    lines[::4] = lines[:, ::4] = True
    marked = photo.astype(np.int16)
    marked[lines & mask] += 40
    return np.clip(marked, 0, 255).astype(np.uint8)


def blur_hole(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Blur what lies in the hole; the object is still plain to see."""
    return np.where(mask[..., None], cv2.GaussianBlur(photo, (0, 0), 1.5), photo)


PLANTS = {"honest": remove_object, "stamp": stamp_hole, "grid": grid_hole, "blur": blur_hole}


def make_world(folder: Path, count: int, plant: str, seed: int = 20) -> dict[str, Path]:
    """Write `count` pairs with their photos, masks, true pictures and clean sham edits; return the
    tables' paths: pairs, folds, photos, sham, truth.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows, photos, shams = [], [], []
    index = -1
    while len(rows) < count:
        index += 1
        scene = compose_scene(seed, index)
        rendered = render_scene(scene, SIZE)
        captions = write_captions(scene, np.random.default_rng([seed, index, 1]))
        objects = sorted({thing.category for thing in scene.objects})
        found = choose_object(rendered, captions)
        if found is None:
            continue
        category, caption, mask = found
        edit_id = f"w_{index}-{category}".replace(" ", "_")
        truth = render_scene(scene, SIZE, without=category).rgb
        taken = np.any([dilate(m, 1) for m in rendered.masks], axis=0) | mask
        hole = move_mask(mask, taken, derive_seed(seed, edit_id))
        pictures = {
            "original": rendered.rgb,
            "edited": PLANTS[plant](rendered.rgb, mask),
            "truth": truth,
            "mask": mask,
        }
        paths = {}
        for name, pixels in pictures.items():
            paths[name] = str(folder / f"{index}.{name}.png")
            write_png(pixels, paths[name])
        without, negated = write_from_template(edit_id, category, caption, 0.25, SEED, COCO80)
        row = {
            "edit_id": edit_id,
            "image_id": f"w_{index}",
            "category": category,
            "group": f"g{index}",
            "original_path": paths["original"],
            "edited_path": paths["edited"],
            "mask_path": paths["mask"],
            "truth_path": paths["truth"],
            "caption_original": caption,
            "caption_without": without,
            "caption_negated": negated,
        }
        rows.append(row)
        photos.append(
            {
                "image_id": f"w_{index}",
                "group": f"g{index}",
                "fold": len(rows) % 3,
                "path": paths["original"],
                "objects_from": "instances",
                "captions": [sentence for sentence, _ in captions],
                "objects": objects,
            }
        )
        if hole is not None:
            path, mask_path = str(folder / f"{index}.sham.png"), str(folder / f"{index}.sham-mask.png")
            write_png(remove_object(rendered.rgb, hole), path)
            write_png(hole, mask_path)
            shams.append(
                row
                | {
                    "edit_id": f"{edit_id}-sham",
                    "sham_of": edit_id,
                    "edited_path": path,
                    "mask_path": mask_path,
                    "sham_kind": "free",
                }
            )
    tables = {
        "pairs": pd.DataFrame(rows),
        "folds": pd.DataFrame([{"group": row["group"], "fold": row["fold"]} for row in photos]),
        "photos": pd.DataFrame(photos),
        "sham": pd.DataFrame(shams),
    }
    for name, frame in tables.items():
        write_table(frame, folder / f"{name}.parquet")
    return {name: folder / f"{name}.parquet" for name in tables}


def choose_object(rendered, captions) -> tuple[str, str, np.ndarray] | None:
    """Return (category, its first caption, its hole) of a scene's largest object that a caption
    names and that leaves ground around it; None without one.
    """
    areas: dict[str, np.ndarray] = {}
    for thing, mask in zip(rendered.objects, rendered.masks, strict=True):
        areas[thing.category] = areas.get(thing.category, np.zeros_like(mask)) | mask
    for category in sorted(areas, key=lambda name: -areas[name].sum()):
        named = [sentence for sentence, words in captions if category in words]
        if named and 0.02 < areas[category].mean() < 0.3:
            return category, named[0], dilate(areas[category], DILATION_PX)
    return None
