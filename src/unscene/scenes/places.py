"""The places: where their ground, water and sky are, what is found there, and how large things are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Bands of a place in units of a 64 x 64 photo (y grows downwards), and what is found there how often."""

    horizon: tuple
    ground: tuple
    water: tuple | None
    sky: bool
    found: dict
    landmarks: tuple = ()


PLACES = {
    "beach": Place(
        (16, 22),
        (45, 61),
        (24, 31),
        True,
        {
            "person": 4,
            "dog": 2,
            "umbrella": 3,
            "kite": 2,
            "bird": 1.5,
            "sports ball": 2,
            "boat": 1.5,
            "bench": 0.5,
        },
    ),
    "park": Place(
        (22, 30),
        (42, 61),
        None,
        True,
        {
            "person": 3,
            "dog": 3,
            "cat": 0.8,
            "bench": 3,
            "kite": 1.5,
            "bird": 1.5,
            "sports ball": 1.5,
            "umbrella": 0.8,
        },
        ("bird bath",),
    ),
    "street": Place(
        (30, 36),
        (46, 61),
        None,
        False,
        {
            "person": 3,
            "car": 4,
            "stop sign": 2.5,
            "dog": 1.5,
            "bird": 0.8,
            "cat": 0.8,
            "umbrella": 1.2,
            "bench": 1,
            "potted plant": 1,
        },
        ("bus stop",),
    ),
    "room": Place(
        (36, 42),
        (48, 62),
        None,
        False,
        {
            "cat": 3,
            "dog": 2,
            "potted plant": 3,
            "person": 2,
            "sports ball": 1.2,
            "umbrella": 0.6,
            "bench": 0.6,
        },
    ),
    "lake": Place(
        (18, 26),
        (54, 62),
        (30, 47),
        True,
        {"boat": 4, "bird": 3, "person": 2, "dog": 1.2, "bench": 0.8, "kite": 0.6},
        ("boat dock",),
    ),
    "snow": Place(
        (22, 30),
        (42, 61),
        None,
        True,
        {"person": 3, "dog": 3, "bird": 1.5, "car": 1.5, "bench": 1.2, "stop sign": 1.5, "kite": 1},
    ),
    "courtyard": Place(
        (32, 40),
        (47, 62),
        None,
        False,
        {
            "potted plant": 3.5,
            "cat": 3,
            "person": 2,
            "bench": 2,
            "umbrella": 1.5,
            "bird": 1.2,
            "sports ball": 1,
            "dog": 1,
        },
    ),
    "desert": Place(
        (24, 32),
        (43, 61),
        None,
        True,
        {"car": 3, "person": 2, "stop sign": 2, "dog": 1.2, "bird": 1.2, "kite": 1.2},
    ),
    "harbour": Place(
        (16, 22),
        (50, 62),
        (28, 40),
        True,
        {"boat": 4, "person": 2.5, "bird": 2.5, "dog": 1.2, "umbrella": 0.8, "cat": 1},
    ),
    "garden": Place(
        (28, 35),
        (44, 62),
        None,
        True,
        {
            "cat": 2.5,
            "potted plant": 3,
            "bird": 2,
            "bench": 1.5,
            "umbrella": 1.2,
            "sports ball": 1.5,
            "dog": 1.5,
            "person": 1.5,
        },
        ("bird bath",),
    ),
    "parking lot": Place(
        (24, 31),
        (42, 61),
        None,
        True,
        {"car": 4, "stop sign": 2.5, "person": 2, "dog": 1, "bird": 1, "umbrella": 0.8},
        ("train station",),
    ),
    "field": Place(
        (22, 32),
        (42, 61),
        None,
        True,
        {"kite": 3, "person": 3, "dog": 2, "sports ball": 2, "bird": 1.2, "car": 0.7, "umbrella": 0.5},
    ),
}

# Height in photo units at middle depth: (least, most).
HEIGHTS = {
    "person": (22, 33),
    "dog": (12, 18),
    "cat": (12, 19),
    "car": (11, 16),
    "boat": (15, 25),
    "bird": (9, 13),
    "umbrella": (20, 30),
    "bench": (11, 15),
    "kite": (15, 24),
    "potted plant": (15, 25),
    "stop sign": (22, 33),
    "sports ball": (8, 12),
}

SEVERAL = {
    "person": 0.4,
    "dog": 0.3,
    "cat": 0.3,
    "car": 0.35,
    "boat": 0.35,
    "bird": 0.5,
    "umbrella": 0.25,
    "bench": 0.15,
    "kite": 0.35,
    "potted plant": 0.35,
    "stop sign": 0.05,
    "sports ball": 0.25,
}
