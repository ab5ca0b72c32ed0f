"""Draw a scene: the empty place, then each object with its shadow from far to near, then light and grain."""

from dataclasses import dataclass

import numpy as np

from unscene.scenes.backgrounds import paint_background
from unscene.scenes.objects import DRAW, HALF_WIDTH
from unscene.scenes.pens import Pen

MASK_COVERAGE = 0.5  # an object's mask holds the pixels of which it covers at least this share
LIGHT_COLOURS = {"day": (1.0, 1.0, 1.0), "overcast": (0.93, 0.95, 0.98), "dusk": (0.92, 0.78, 0.76)}


@dataclass
class Rendered:
    """`rgb` uint8 (size, size, 3); `masks` one bool (size, size) an object kept, of its visible
    part; `objects`.
    """

    rgb: np.ndarray
    masks: list
    objects: list


def render_scene(scene, size=64, without=None):
    """Draw `scene` as a photo of size x size pixels, leaving out every object of the category `without`.

    The same scene drawn with and without a category is equal in every pixel that neither its objects nor
    their shadows touch, grain included. Raises ValueError when no object has that category.
    """
    kept = [thing for thing in scene.objects if thing.category != without]
    if without is not None and len(kept) == len(scene.objects):
        raise ValueError(f"the scene has no {without!r}")
    image = paint_background(scene, size)
    coverages = []
    for thing in kept:
        image *= (1 - _shadow(thing, scene.light_side, scene.light, size))[..., None]
        colour, coverage = _draw_object(thing, scene.light_side, size)
        image *= (1 - coverage)[..., None]
        image += colour
        coverages = [earlier * (1 - coverage) for earlier in coverages]
        coverages.append(coverage)
    masks = [coverage >= MASK_COVERAGE for coverage in coverages]
    return Rendered(_develop(image, scene, size), masks, kept)


def _draw_object(thing, light_side, size):
    pen = Pen(thing.x, thing.y, thing.height, thing.flip, size)
    DRAW[thing.category](pen, thing.look, np.random.default_rng(thing.seed))
    colour, coverage = pen.pixels()
    # Lit from one side and from above: +- 12 % across the width, +- 6 % over the height.
    unit = size / 64
    across = (np.arange(size, dtype=np.float32) - thing.x * unit) / (
        HALF_WIDTH[thing.category] * thing.height * unit
    )
    down = (np.arange(size, dtype=np.float32) - (thing.y - thing.height / 2) * unit) / (thing.height * unit)
    light = 1 + 0.12 * light_side * np.clip(across, -1, 1)[None, :] - 0.12 * np.clip(down, -0.5, 0.5)[:, None]
    return np.minimum(colour * light[..., None], coverage[..., None]), coverage


def _shadow(thing, light_side, light, size):
    """Darkness (size, size) in 0..1 of a soft ellipse under the object; it ends 2 to 3 photo units
    beyond it.
    """
    if thing.surface in ("sky", "hand"):
        return np.zeros((size, size), np.float32)
    unit = size / 64
    reach = HALF_WIDTH[thing.category] * thing.height
    if thing.category in ("umbrella", "stop sign", "person"):
        reach = min(reach, 0.12 * thing.height + 1)
    strength = {"day": 0.42, "overcast": 0.25, "dusk": 0.35}[light]
    x = (np.arange(size, dtype=np.float32) + 0.5) / unit - (thing.x - 0.8 * light_side)
    y = (np.arange(size, dtype=np.float32) + 0.5) / unit - thing.y
    distance = (x / (reach + 1.2))[None, :] ** 2 + (y / 1.9)[:, None] ** 2
    return strength * np.clip(1 - distance, 0, 1)


def _develop(image, scene, size):
    """Light, tint, vignette and grain: each looks at its own pixel only, so an absent object
    changes nothing.
    """
    image = image * (np.float32(LIGHT_COLOURS[scene.light]) * np.float32(scene.tint))
    if scene.vignette:
        axis = np.linspace(-1, 1, size, dtype=np.float32) ** 2
        image *= (1 - scene.vignette * 0.5 * (axis[:, None] + axis[None, :]))[..., None]
    if scene.grain:
        rng = np.random.default_rng([scene.texture_seed, 1])
        image += rng.standard_normal((size, size, 1), dtype=np.float32) * scene.grain
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
