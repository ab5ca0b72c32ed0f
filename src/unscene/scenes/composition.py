"""What a scene holds: the place, the light, the objects and where they stand. Nothing is drawn here."""

from dataclasses import dataclass, field

import numpy as np

from unscene.scenes.objects import HALF_WIDTH
from unscene.scenes.places import HEIGHTS, PLACES, SEVERAL
from unscene.scenes.vocabulary import BRIGHT


@dataclass(frozen=True)
class SceneObject:
    """One object: `x`, `y` is the point it stands on and `height` its height, in units of a 64 x 64 photo.

    `surface` is ground, water or sky; `look` holds kind, colour, pose and the like; `flip` = -1 faces left;
    `seed` decides the small things of its drawing, so that it looks the same whatever stands around it.
    """

    category: str
    x: float
    y: float
    height: float
    flip: int
    surface: str
    look: dict
    seed: int


@dataclass(frozen=True)
class Scene:
    """A photo to be drawn. `objects` are in the order of depth, farthest first."""

    seed: int
    index: int
    place: str
    horizon: float
    landmark: str | None
    light: str
    grain: float
    vignette: float
    tint: tuple
    light_side: int
    texture_seed: int
    objects: list = field(default_factory=list)


LIGHTS = ("day", "day", "day", "overcast", "dusk")


def compose_scene(seed, index):
    """Return the scene that the two numbers decide; one to four groups of objects, at most seven objects."""
    rng = np.random.default_rng([int(seed), int(index)])
    place_name = str(rng.choice(list(PLACES)))
    place = PLACES[place_name]
    landmark = str(rng.choice(place.landmarks)) if place.landmarks and rng.random() < 0.45 else None
    frame = dict(
        seed=int(seed),
        index=int(index),
        place=place_name,
        horizon=float(rng.uniform(*place.horizon)),
        landmark=landmark,
        light=str(rng.choice(LIGHTS)) if place_name != "room" else "day",
        grain=float(rng.choice([0.0, 0.008, 0.016])),
        vignette=float(rng.choice([0.0, 0.0, 0.25])),
        tint=tuple(float(t) for t in 1 + rng.uniform(-0.07, 0.07, 3)),
        light_side=int(rng.choice([-1, 1])),
        texture_seed=int(rng.integers(2**31)),
    )
    names = list(place.found)
    weights = np.array([place.found[name] for name in names], float)
    groups = min(int(rng.choice([1, 2, 3, 4], p=[0.27, 0.4, 0.25, 0.08])), len(names))
    objects = []
    for category in rng.choice(names, size=groups, replace=False, p=weights / weights.sum()):
        objects.extend(_compose_group(str(category), place, frame["horizon"], objects, rng))
    objects = _hand_umbrellas_over(objects[:7], rng)
    objects.sort(key=_depth)
    return Scene(objects=objects, **frame)


def _depth(thing):
    """Sort key, farthest first: the sky, then what stands higher up in the photo; a carried object is where
    its carrier is, and just before them."""
    if thing.surface == "hand":
        return (True, thing.look["carrier_y"] + 0.01)
    return (thing.surface != "sky", thing.y)


def _compose_group(category, place, horizon, others, rng):
    """One to four objects of a kind that share their looks, placed clear of each other where there
    is room.
    """
    count = 1
    if rng.random() < SEVERAL[category]:
        count = (
            int(rng.choice([2, 2, 3, 4])) if category in ("bird", "person") else int(rng.choice([2, 2, 3]))
        )
    shared = _choose_look(category, rng)
    same_colour = rng.random() < 0.5
    group = []
    for _ in range(count):
        look = dict(shared)
        if not same_colour and category != "sports ball":  # a soccer ball is white, a basketball orange
            look["colour"] = _choose_look(category, rng)["colour"]
        if category == "person":
            look = _choose_look(category, rng)
            if group:  # a group is of adults or of children
                look["kind"] = str(rng.choice(_of_one_age(group[0].look["kind"])))
        thing = _place_object(category, look, place, horizon, [*others, *group], rng)
        if thing is not None:
            group.append(thing)
    return group


def _of_one_age(kind):
    return ("boy", "girl") if kind in ("boy", "girl") else ("man", "woman")


def _choose_look(category, rng):
    def pick(*values):
        return str(rng.choice(values))

    if category == "person":
        holds = pick("hot dog", "lemonade", "teddy bear") if rng.random() < 0.22 else None
        return {
            "kind": pick("man", "woman", "boy", "girl"),
            "colour": pick(*BRIGHT, "white", "black"),
            "pose": pick("standing", "walking", "playing") if not holds else "standing",
            "holds": holds,
        }
    if category == "dog":
        return {
            "kind": pick("dog", "dog", "puppy"),
            "colour": pick("brown", "black", "white", "tan", "golden"),
            "pose": pick("standing", "running", "sitting"),
            "collar": pick("red", "blue", "green") if rng.random() < 0.4 else None,
        }
    if category == "cat":
        return {
            "kind": pick("cat", "cat", "kitten"),
            "colour": pick("orange", "gray", "black", "white"),
            "pose": pick("sitting", "sitting", "lying"),
        }
    if category == "car":
        return {"kind": pick("car", "car", "van"), "colour": pick(*BRIGHT[:6], "white", "black", "gray")}
    if category == "boat":
        return {
            "kind": pick("sailboat", "sailboat", "motorboat", "rowboat"),
            "colour": pick("red", "blue", "green", "white", "brown", "yellow"),
            "sail": pick("white", "white", "red", "yellow", "orange"),
        }
    if category == "bird":
        return {
            "kind": "bird",
            "colour": pick("white", "gray", "black", "blue", "red", "yellow"),
            "pose": pick("standing", "flying"),
        }
    if category == "umbrella":
        return {
            "kind": "umbrella",
            "colour": pick(*BRIGHT),
            "second": pick("white", "yellow", "white") if rng.random() < 0.5 else None,
        }
    if category == "bench":
        return {"kind": "bench", "colour": pick("brown", "brown", "green", "red", "gray", "white", "blue")}
    if category == "kite":
        first, second = rng.choice(BRIGHT, size=2, replace=False)
        return {"kind": "kite", "colour": str(first), "second": str(second)}
    if category == "potted plant":
        return {
            "kind": "potted plant",
            "colour": pick("brown", "orange", "white", "blue", "gray"),
            "flower": pick("red", "pink", "yellow", "purple") if rng.random() < 0.4 else None,
        }
    if category == "sports ball":
        kind = pick("soccer ball", "basketball", "beach ball", "ball")
        colour = {"soccer ball": "white", "basketball": "orange"}.get(kind) or pick(
            "red", "blue", "green", "purple"
        )
        return {"kind": kind, "colour": colour, "second": pick("red", "blue", "green")}
    return {"kind": category, "colour": "red"}


def _place_object(category, look, place, horizon, others, rng):
    """Try a dozen places and take the first that hides little of anything; None when there is no room."""
    for _ in range(14):
        surface, y, nearness = _choose_height_in_photo(category, look, place, horizon, rng)
        height = rng.uniform(*HEIGHTS[category]) * (0.78 + 0.4 * nearness)
        if look["kind"] in ("boy", "girl", "puppy", "kitten"):
            height *= 0.78
        if category == "boat" and look["kind"] != "sailboat":
            height *= 0.5
        reach = HALF_WIDTH[category] * height
        if surface == "sky":
            y = max(y, height + 1.5)
        height = min(height, y - 2)
        edge = min(reach + 1, 31)
        x = float(rng.uniform(edge, 64 - edge))
        box = (x - reach, y - height, x + reach, y)
        if all(_hidden_share(box, other) < (0.12 if other.category == category else 0.3) for other in others):
            return SceneObject(
                category,
                x,
                float(y),
                float(height),
                int(rng.choice([-1, 1])),
                surface,
                look,
                int(rng.integers(2**31)),
            )
    return None


def _choose_height_in_photo(category, look, place, horizon, rng):
    if category == "kite" or (category == "bird" and look["pose"] == "flying" and place.sky):
        return "sky", rng.uniform(12, max(20, horizon + 4)), 0.4
    if category == "bird":
        look["pose"] = "standing"
    low, high = place.ground
    surface = "ground"
    if category == "boat" or (category == "bird" and place.water and rng.random() < 0.5):
        (low, high), surface = place.water, "water"
        if category == "bird":
            look["pose"] = "swimming"
    share = rng.random()
    return surface, low + share * (high - low), share


def _hidden_share(box, other):
    """Overlap of two bounding boxes, as a share of the smaller one."""
    reach = HALF_WIDTH[other.category] * other.height
    left, top, right, bottom = other.x - reach, other.y - other.height, other.x + reach, other.y
    width = min(box[2], right) - max(box[0], left)
    height = min(box[3], bottom) - max(box[1], top)
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((box[2] - box[0]) * (box[3] - box[1]), (right - left) * (bottom - top))
    return width * height / smaller


def _hand_umbrellas_over(objects, rng):
    """Some umbrellas are carried: they move into the hand of a person whose hands are empty."""
    people = [thing for thing in objects if thing.category == "person" and not thing.look.get("holds")]
    result = []
    for thing in objects:
        if thing.category == "umbrella" and people and rng.random() < 0.6:
            person = people.pop()
            person.look["umbrella"] = True
            person.look["pose"] = "standing"
            height = float(max(12.0, min(0.62 * person.height, person.y - 0.45 * person.height - 1.5)))
            thing = SceneObject(
                "umbrella",
                person.x + person.flip * 0.19 * person.height,
                person.y - 0.66 * person.height + 0.12 * height,
                height,
                person.flip,
                "hand",
                {**thing.look, "held": True, "carrier_y": person.y},
                thing.seed,
            )
        result.append(thing)
    return result
