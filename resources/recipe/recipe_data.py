"""Scenes for the recipe: rendered once per seed and kept in the work folder, so that every training
shares them.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from unscene.run.offline import stay_offline

stay_offline()
from unscene.scenes import compose_scene, render_scene

cv2.setNumThreads(1)

# Seeds 1000-1999 are for training, 2000-2999 for held-out figures; a run of the workflow uses others.
SEEDS = {"removal": 1000, "detector": 1001, "judge": 1002, "clip": 1003, "held_out": 2001}


def load_removals(work, seed, scenes):
    """Photos and what is behind their objects.

    Returns a dict of arrays: `photos` uint8 (scenes, 64, 64, 3); one row per photo and category in it:
    `photo` (its index), `category`, `mask` bool (64, 64) of all visible objects of that category, and `truth`
    uint8 (64, 64, 3), the scene drawn without them.
    """
    path = Path(work) / f"removals-{seed}-{scenes}.npz"
    if not path.exists():
        photos, photo, category, masks, truths = [], [], [], [], []
        for index in range(scenes):
            scene = compose_scene(seed, index)
            rendered = render_scene(scene)
            photos.append(rendered.rgb)
            for name in sorted({thing.category for thing in rendered.objects}):
                union = np.zeros((64, 64), bool)
                for thing, mask in zip(rendered.objects, rendered.masks, strict=True):
                    if thing.category == name:
                        union |= mask
                photo.append(index)
                category.append(name)
                masks.append(union)
                truths.append(render_scene(scene, without=name).rgb)
        _save(
            path,
            photos=np.stack(photos),
            photo=np.array(photo),
            category=np.array(category),
            mask=np.stack(masks),
            truth=np.stack(truths),
        )
    with np.load(path) as data:
        return dict(data)


def load_photos(work, seed, scenes):
    """uint8 photos (scenes, 64, 64, 3) without truths."""
    path = Path(work) / f"photos-{seed}-{scenes}.npz"
    if not path.exists():
        _save(path, photos=np.stack([render_scene(compose_scene(seed, i)).rgb for i in range(scenes)]))
    with np.load(path) as data:
        return data["photos"]


def _save(path, **arrays):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp.npz")
    np.savez(temporary, **arrays)
    temporary.replace(path)
