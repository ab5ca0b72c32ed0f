"""How each of the twelve categories is drawn. A function gets a pen, the object's attributes and a
generator.
"""

import numpy as np

from unscene.scenes.pens import jitter, shade
from unscene.scenes.vocabulary import COLOURS

SKIN = ((245, 205, 170), (225, 175, 135), (170, 115, 80), (115, 75, 50))
HAIR = ((40, 28, 22), (95, 60, 35), (205, 165, 90), (150, 70, 40), (120, 120, 125))
TROUSERS = ((40, 50, 90), (60, 60, 65), (110, 90, 65), (90, 120, 170), (45, 45, 50))


def draw_person(pen, look, rng):
    skin = SKIN[rng.integers(len(SKIN))]
    hair = HAIR[rng.integers(len(HAIR))]
    shirt = jitter(COLOURS[look["colour"]], rng)
    trousers = jitter(TROUSERS[rng.integers(len(TROUSERS))], rng)
    child = look["kind"] in ("boy", "girl")
    long_hair = look["kind"] in ("woman", "girl")
    head = 0.115 if child else 0.085
    neck = 1 - 2.1 * head
    hip = 0.40 if child else 0.46
    stride = {"standing": 0.045, "walking": 0.12, "playing": 0.15}[look["pose"]]
    if long_hair:
        pen.polygon(
            [
                (-head * 1.15, 1 - head),
                (head * 1.15, 1 - head),
                (head * 1.25, neck - 0.09),
                (-head * 1.25, neck - 0.09),
            ],
            hair,
        )
    dress = long_hair and rng.random() < 0.5
    legs = skin if dress else trousers
    for side, tone in ((-1, 0.82), (1, 1.0)):
        pen.line([(side * 0.05, hip), (side * stride, 0.03)], 0.095, shade(legs, tone))
        pen.ellipse(side * stride + 0.02, 0.025, 0.06, 0.028, (45, 35, 35))
    if dress:
        pen.polygon([(-0.09, neck), (0.09, neck), (0.17, hip - 0.12), (-0.17, hip - 0.12)], shirt)
    else:
        pen.polygon([(-0.135, neck), (0.135, neck), (0.11, hip - 0.03), (-0.11, hip - 0.03)], shirt)
    pen.polygon([(-0.13, neck), (-0.06, neck), (-0.05, hip), (-0.11, hip)], shade(shirt, 0.8))
    hand_left = (-0.2, hip + 0.02)
    hand_right = (0.2, hip + 0.02)
    if look["pose"] == "playing":
        hand_left, hand_right = (-0.27, neck + 0.06), (0.28, neck - 0.05)
    if look.get("holds") or look.get("umbrella"):
        hand_right = (0.19, neck - 0.14)
    for shoulder, hand, tone in (
        ((-0.12, neck - 0.03), hand_left, 0.8),
        ((0.12, neck - 0.03), hand_right, 0.95),
    ):
        elbow = tuple(0.55 * np.array(shoulder) + 0.45 * np.array(hand))
        pen.line([elbow, hand], 0.06, shade(skin, tone))
        pen.line([shoulder, elbow], 0.075, shade(shirt, tone))
        pen.circle(*hand, 0.035, skin)
    pen.box(-0.03, neck - 0.03, 0.03, neck + 0.04, shade(skin, 0.85))
    pen.ellipse(0, 1 - head, head * 0.9, head, skin)
    pen.ellipse(0, 1 - head * 0.75, head, head * 0.78, hair, sector=(-8, 188))
    _draw_hand_item(pen, look.get("holds"), hand_right)


def _draw_hand_item(pen, item, hand):
    x, y = hand
    if item == "hot dog":
        pen.ellipse(x + 0.04, y + 0.03, 0.095, 0.042, (225, 170, 95), angle=20)
        pen.ellipse(x + 0.045, y + 0.045, 0.1, 0.022, (170, 60, 40), angle=20)
    elif item == "lemonade":
        pen.polygon(
            [(x, y - 0.03), (x + 0.07, y - 0.03), (x + 0.085, y + 0.11), (x - 0.015, y + 0.11)],
            (245, 225, 110),
        )
        pen.box(x + 0.03, y + 0.1, x + 0.045, y + 0.16, (225, 60, 80))
    elif item == "teddy bear":
        fur = (165, 110, 60)
        pen.ellipse(x + 0.03, y - 0.03, 0.07, 0.085, fur)
        pen.circle(x + 0.03, y + 0.075, 0.058, fur)
        pen.circle(x - 0.02, y + 0.125, 0.024, shade(fur, 0.8))
        pen.circle(x + 0.08, y + 0.125, 0.024, shade(fur, 0.8))


def draw_dog(pen, look, rng):
    fur = jitter(COLOURS[look["colour"]], rng)
    dark = shade(fur, 0.75) if look["colour"] != "black" else (62, 60, 64)
    puppy = look["kind"] == "puppy"
    belly = 0.36 if not puppy else 0.28
    sitting = look["pose"] == "sitting"
    tail = rng.uniform(0.1, 0.3)
    pen.line([(-0.5, belly + 0.25), (-0.66, belly + 0.35 + tail), (-0.72, belly + 0.42 + tail)], 0.085, fur)
    if sitting:
        pen.ellipse(-0.3, 0.2, 0.26, 0.2, dark)
        pen.ellipse(-0.12, 0.42, 0.22, 0.4, fur, angle=-28)
        for x in (0.1, 0.22):
            pen.line([(x - 0.05, 0.45), (x, 0.04)], 0.11, dark if x < 0.2 else fur)
    else:
        swing = 0.1 if look["pose"] == "running" else 0.0
        for x, tone in ((-0.38, dark), (-0.5, fur), (0.2, dark), (0.33, fur)):
            lean = swing if tone is fur else -swing
            pen.line([(x, belly + 0.1), (x + lean, 0.05)], 0.11, tone)
            pen.ellipse(x + lean + 0.03, 0.04, 0.075, 0.045, tone)
        pen.ellipse(-0.09, belly + 0.17, 0.5, 0.2, fur)
        pen.ellipse(-0.09, belly + 0.08, 0.4, 0.1, dark)
    pen.polygon([(0.18, belly + 0.2), (0.42, belly + 0.16), (0.52, 0.72), (0.26, 0.78)], fur)
    radius = 0.2 if not puppy else 0.24
    pen.circle(0.42, 1 - radius, radius, fur)
    pen.ellipse(0.62, 0.9 - radius, 0.15, 0.1, shade(fur, 1.15))
    pen.circle(0.75, 0.94 - radius, 0.045, (25, 22, 24))
    pen.ellipse(0.3, 0.95 - radius, 0.08, 0.18, shade(dark, 0.85), angle=12)
    pen.circle(0.5, 1.04 - radius, 0.035, (20, 18, 20))
    if look.get("collar"):
        pen.line([(0.24, 0.68), (0.48, 0.58)], 0.075, COLOURS[look["collar"]])


def draw_cat(pen, look, rng):
    fur = jitter(COLOURS[look["colour"]], rng)
    dark = shade(fur, 0.72) if look["colour"] != "black" else (68, 66, 72)
    curl = rng.uniform(0.0, 0.12)
    pen.line([(-0.25, 0.1), (-0.46, 0.12), (-0.56, 0.32), (-0.48 - curl, 0.52), (-0.5, 0.62)], 0.085, dark)
    if look["pose"] == "lying":
        pen.ellipse(-0.05, 0.26, 0.5, 0.26, fur)
        pen.ellipse(0.25, 0.07, 0.28, 0.07, shade(fur, 1.2))
        centre = (0.34, 0.6)
    else:
        pen.ellipse(-0.03, 0.28, 0.3, 0.29, fur)
        pen.ellipse(0.03, 0.42, 0.2, 0.3, fur)
        pen.ellipse(0.05, 0.3, 0.1, 0.2, shade(fur, 1.3))
        pen.ellipse(-0.08, 0.05, 0.1, 0.055, dark)
        pen.ellipse(0.14, 0.05, 0.1, 0.055, shade(fur, 1.1))
        centre = (0.06, 0.69)
    for offset in (-0.17, -0.07):
        pen.line([(offset - 0.05, 0.44), (offset - 0.1, 0.3)], 0.05, dark)
    x, y = centre
    for side in (-1, 1):
        pen.polygon(
            [(x + side * 0.05, y + 0.14), (x + side * 0.23, y + 0.06), (x + side * 0.2, y + 0.33)], dark
        )
        pen.polygon(
            [(x + side * 0.1, y + 0.13), (x + side * 0.19, y + 0.1), (x + side * 0.18, y + 0.24)],
            (235, 160, 165),
        )
    pen.ellipse(x, y, 0.24, 0.2, fur)
    pen.ellipse(x, y - 0.08, 0.1, 0.07, shade(fur, 1.4))
    eye = (95, 190, 80) if rng.random() < 0.6 else (240, 200, 60)
    for side in (-1, 1):
        pen.ellipse(x + side * 0.1, y + 0.03, 0.05, 0.055, eye)
        pen.ellipse(x + side * 0.1, y + 0.03, 0.02, 0.05, (15, 15, 15))
    pen.circle(x, y - 0.05, 0.028, (225, 120, 130))


def draw_car(pen, look, rng):
    paint = jitter(COLOURS[look["colour"]], rng)
    glass = (150, 190, 215)
    van = look["kind"] == "van"
    if van:
        pen.polygon([(-1.0, 0.2), (1.0, 0.2), (1.02, 0.5), (0.78, 1.0), (-1.0, 1.0)], paint)
        windows = (
            [(-0.88, 0.6), (-0.3, 0.6), (-0.3, 0.9), (-0.88, 0.9)],
            [(-0.2, 0.6), (0.3, 0.6), (0.3, 0.9), (-0.2, 0.9)],
            [(0.4, 0.6), (0.9, 0.6), (0.72, 0.9), (0.4, 0.9)],
        )
    else:
        pen.polygon([(-0.72, 0.55), (0.62, 0.55), (0.3, 1.0), (-0.48, 1.0)], shade(paint, 0.88))
        pen.polygon(
            [(-1.06, 0.2), (1.06, 0.2), (1.08, 0.46), (0.72, 0.6), (-0.98, 0.64), (-1.08, 0.5)], paint
        )
        windows = (
            [(-0.56, 0.62), (-0.1, 0.62), (-0.1, 0.92), (-0.42, 0.92)],
            [(0.0, 0.62), (0.46, 0.62), (0.25, 0.92), (0.0, 0.92)],
        )
    for window in windows:
        pen.polygon(window, glass)
        pen.polygon([window[0], window[1], window[0]] + [window[3]], shade(glass, 0.8))
    pen.box(-1.06, 0.2, 1.06, 0.3, shade(paint, 0.62))
    pen.line([(-0.9, 0.47), (0.9, 0.45)], 0.03, shade(paint, 1.35))
    pen.ellipse(1.0, 0.44, 0.07, 0.07, (255, 240, 170))
    pen.ellipse(-1.02, 0.46, 0.05, 0.07, (215, 40, 40))
    for x in (-0.62, 0.62):
        pen.circle(x, 0.22, 0.225, (30, 30, 34))
        pen.circle(x, 0.22, 0.11, (175, 178, 185))


def draw_boat(pen, look, rng):
    hull = jitter(COLOURS[look["colour"]], rng)
    if look["kind"] == "sailboat":
        sail = COLOURS[look["sail"]]
        pen.line([(0, 0.15), (0, 1.0)], 0.035, (110, 80, 55))
        pen.polygon([(0.04, 0.97), (0.04, 0.28), (0.46, 0.28)], sail)
        pen.polygon([(0.04, 0.6), (0.04, 0.28), (0.46, 0.28)], shade(sail, 0.85))
        pen.polygon([(-0.04, 0.9), (-0.04, 0.3), (-0.33, 0.3)], shade(sail, 1.25))
        pen.polygon([(-0.5, 0.24), (0.56, 0.24), (0.38, 0.0), (-0.36, 0.0)], hull)
        pen.line([(-0.47, 0.2), (0.53, 0.2)], 0.04, shade(hull, 1.5))
        pen.polygon([(-0.4, 0.06), (0.43, 0.06), (0.38, 0.0), (-0.36, 0.0)], shade(hull, 0.6))
        return
    pen.polygon([(-1.0, 0.5), (1.15, 0.56), (0.85, 0.0), (-0.8, 0.0)], hull)
    pen.polygon([(-0.88, 0.16), (0.96, 0.18), (0.85, 0.0), (-0.8, 0.0)], shade(hull, 0.6))
    pen.line([(-0.98, 0.46), (1.1, 0.51)], 0.08, shade(hull, 1.5))
    if look["kind"] == "motorboat":
        pen.polygon([(-0.45, 0.5), (0.35, 0.52), (0.22, 1.0), (-0.45, 1.0)], (238, 238, 232))
        pen.box(-0.34, 0.66, -0.1, 0.88, (90, 140, 180))
        pen.box(0.0, 0.66, 0.18, 0.88, (90, 140, 180))
    else:  # a rowing boat: two boards across and an oar
        pen.box(-0.55, 0.5, -0.3, 0.6, (150, 110, 70))
        pen.box(0.15, 0.52, 0.4, 0.62, (150, 110, 70))
        pen.line([(-0.1, 0.95), (0.4, 0.2)], 0.08, (190, 150, 95))


def draw_bird(pen, look, rng):
    body = jitter(COLOURS[look["colour"]], rng)
    wing = shade(body, 0.7) if look["colour"] != "black" else (75, 75, 85)
    beak = (245, 165, 40)
    if look["pose"] == "flying":
        lift = rng.uniform(0.75, 1.0)
        pen.polygon([(-0.02, 0.35), (-0.3, 0.75 * lift), (-0.85, lift), (-0.55, 0.55), (-0.25, 0.25)], wing)
        pen.polygon(
            [(0.0, 0.35), (0.25, 0.75 * lift), (0.75, lift), (0.5, 0.5), (0.2, 0.25)], shade(wing, 1.2)
        )
        pen.ellipse(0.02, 0.28, 0.36, 0.15, body, angle=8)
        pen.polygon([(-0.28, 0.32), (-0.62, 0.3), (-0.58, 0.14), (-0.25, 0.2)], wing)
        pen.circle(0.38, 0.37, 0.135, body)
        pen.polygon([(0.48, 0.42), (0.68, 0.35), (0.48, 0.31)], beak)
        pen.circle(0.42, 0.41, 0.035, (15, 15, 15))
        return
    if look["pose"] == "standing":
        for x in (-0.06, 0.08):
            pen.line([(x, 0.3), (x + 0.03, 0.02)], 0.055, beak)
    pen.polygon([(-0.3, 0.55), (-0.72, 0.5), (-0.68, 0.34), (-0.25, 0.3)], wing)
    pen.ellipse(-0.02, 0.45, 0.4, 0.25, body, angle=14)
    pen.ellipse(-0.1, 0.46, 0.27, 0.15, wing, angle=8)
    pen.circle(0.3, 0.79, 0.2, body)
    pen.polygon([(0.46, 0.87), (0.74, 0.76), (0.46, 0.7)], beak)
    pen.circle(0.36, 0.84, 0.045, (15, 15, 15))


def draw_umbrella(pen, look, rng):
    first = jitter(COLOURS[look["colour"]], rng)
    second = COLOURS[look["second"]] if look.get("second") else shade(first, 0.78)
    base, radius = 0.6, 0.52
    pen.line([(0, 0.0), (0, 1.0)], 0.045, (120, 95, 75))
    if look.get("held"):
        pen.line([(0, 0.02), (0.05, -0.01), (0.08, 0.04)], 0.045, (90, 65, 50))
    edges = np.linspace(180, 0, 7)
    for part in range(6):
        start, end = edges[part + 1], edges[part]
        angles = np.radians(np.linspace(start, end, 6))
        arc = [(radius * np.cos(a), base + 0.38 * np.sin(a)) for a in angles]
        # Panels meet at the top of the pole; their lower edge is scalloped.
        left, right = radius * np.cos(np.radians(end)), radius * np.cos(np.radians(start))
        low = [
            (left, base + 0.38 * np.sin(np.radians(end))),
            (right, base + 0.38 * np.sin(np.radians(start))),
        ]
        pen.polygon([(0, 0.98), *arc], first if part % 2 == 0 else second)
        pen.polygon([low[0], low[1], (0, 0.98)], first if part % 2 == 0 else second)
    for part in range(6):
        left, right = -radius + part * radius / 3, -radius + (part + 1) * radius / 3
        colour = first if part % 2 == 0 else second
        pen.polygon(
            [
                (left, base - 0.03),
                (right, base - 0.03),
                (right * 0.72, base + 0.27),
                (left * 0.72, base + 0.27),
            ],
            colour,
        )
    pen.line([(-radius, base - 0.03), (radius, base - 0.03)], 0.025, shade(first, 0.6))
    pen.box(-0.02, 0.96, 0.02, 1.03, (90, 70, 60))


def draw_bench(pen, look, rng):
    wood = jitter(COLOURS[look["colour"]], rng)
    metal = (60, 62, 68)
    for x in (-0.86, 0.86):
        pen.box(x - 0.06, 0.0, x + 0.06, 0.98, metal)
    for x in (-0.7, 0.7):
        pen.box(x - 0.05, 0.0, x + 0.05, 0.4, shade(metal, 0.8))
    pen.box(-1.05, 0.8, 1.05, 1.0, wood)
    pen.box(-1.05, 0.56, 1.05, 0.74, shade(wood, 0.9))
    pen.polygon([(-1.05, 0.46), (1.05, 0.46), (1.14, 0.34), (-1.14, 0.34)], shade(wood, 1.15))
    pen.box(-1.14, 0.26, 1.14, 0.35, shade(wood, 0.7))


def draw_kite(pen, look, rng):
    first = jitter(COLOURS[look["colour"]], rng)
    second = COLOURS[look["second"]]
    top, left, right, bottom, middle = (0.05, 1.0), (-0.3, 0.72), (0.34, 0.76), (0.0, 0.34), (0.03, 0.75)
    sway = rng.uniform(-0.1, 0.1)
    tail = [bottom, (0.09 + sway, 0.24), (-0.05 + sway, 0.13), (0.06 + sway, 0.0)]
    pen.line(tail, 0.035, shade(second, 0.8))
    for x, y in tail[1:]:
        pen.polygon(
            [(x - 0.08, y + 0.04), (x + 0.08, y - 0.04), (x + 0.08, y + 0.04), (x - 0.08, y - 0.04)], first
        )
    pen.polygon([top, left, middle], first)
    pen.polygon([top, right, middle], second)
    pen.polygon([bottom, left, middle], second)
    pen.polygon([bottom, right, middle], shade(first, 0.85))
    pen.line([left, middle, right], 0.02, (70, 60, 55))


def draw_potted_plant(pen, look, rng):
    pot = jitter(COLOURS[look["colour"]], rng)
    leaf = jitter((50, 135, 60), rng, 22)
    count = int(rng.integers(7, 11))
    for number, angle in enumerate(np.linspace(-75, 75, count)[rng.permutation(count)]):
        reach = rng.uniform(0.36, 0.56)
        lean = np.radians(angle)
        tip = (np.sin(lean) * reach * 0.8, 0.42 + np.cos(lean) * reach)
        middle = (tip[0] * 0.55, 0.4 + (tip[1] - 0.4) * 0.6)
        tone = shade(leaf, (0.72, 0.9, 1.05, 1.2)[number % 4])
        pen.line([(0, 0.36), middle], 0.03, shade(leaf, 0.6))
        pen.ellipse(*middle, reach * 0.44, 0.085, tone, angle=90 - angle)
    if look.get("flower"):
        for _ in range(5):
            x, y = rng.uniform(-0.3, 0.3), rng.uniform(0.6, 0.92)
            pen.circle(x, y, 0.07, COLOURS[look["flower"]])
            pen.circle(x, y, 0.028, (250, 225, 90))
    pen.polygon([(-0.23, 0.34), (0.23, 0.34), (0.17, 0.0), (-0.17, 0.0)], pot)
    pen.polygon([(-0.23, 0.34), (-0.1, 0.34), (-0.08, 0.0), (-0.17, 0.0)], shade(pot, 0.78))
    pen.box(-0.26, 0.32, 0.26, 0.42, shade(pot, 1.15))


def draw_stop_sign(pen, look, rng):
    pen.box(-0.03, 0.0, 0.03, 0.7, (150, 152, 158))
    turn = np.radians(np.arange(22.5, 360, 45))
    for radius, colour in ((0.285, (205, 205, 205)), (0.265, (245, 242, 240)), (0.235, (200, 30, 38))):
        pen.polygon([(radius * np.cos(a), 0.72 + radius * np.sin(a)) for a in turn], colour)
    for x in (-0.14, -0.045, 0.05, 0.145):  # the four letters are a row of white strokes at this size
        pen.box(x - 0.026, 0.66, x + 0.026, 0.78, (245, 235, 235))
        pen.box(x - 0.008, 0.69, x + 0.012, 0.735, (200, 60, 65))


def draw_sports_ball(pen, look, rng):
    colour = jitter(COLOURS[look["colour"]], rng, 6)
    kind = look["kind"]
    pen.circle(0, 0.5, 0.5, colour)
    turn = rng.uniform(0, 72)
    if kind == "soccer ball":
        pen.circle(0, 0.5, 0.17, (35, 35, 40))
        for angle in np.radians(np.arange(0, 360, 72) + turn):
            pen.circle(0.4 * np.cos(angle), 0.5 + 0.4 * np.sin(angle), 0.11, (35, 35, 40))
    elif kind == "basketball":
        seam = (75, 40, 20)
        pen.line([(-0.49, 0.5), (0.49, 0.5)], 0.05, seam)
        pen.line([(0, 0.01), (0, 0.99)], 0.05, seam)
        for side in (-1, 1):
            pen.line([(side * 0.34, 0.15), (side * 0.2, 0.5), (side * 0.34, 0.85)], 0.05, seam)
    elif kind == "beach ball":
        colours = (COLOURS["white"], COLOURS[look["second"]], COLOURS["yellow"])
        for part in range(3):
            pen.ellipse(0, 0.5, 0.5, 0.5, colours[part], angle=turn, sector=(part * 120, part * 120 + 60))
        pen.circle(0, 0.5, 0.1, COLOURS["white"])
    else:
        pen.ellipse(-0.14, 0.66, 0.15, 0.12, shade(colour, 1.5))


DRAW = {
    "person": draw_person,
    "dog": draw_dog,
    "cat": draw_cat,
    "car": draw_car,
    "boat": draw_boat,
    "bird": draw_bird,
    "umbrella": draw_umbrella,
    "bench": draw_bench,
    "kite": draw_kite,
    "potted plant": draw_potted_plant,
    "stop sign": draw_stop_sign,
    "sports ball": draw_sports_ball,
}

# Half width of each drawing in object heights: for placing, shading and the shadow it casts.
HALF_WIDTH = {
    "person": 0.22,
    "dog": 0.65,
    "cat": 0.42,
    "car": 1.05,
    "boat": 0.6,
    "bird": 0.6,
    "umbrella": 0.52,
    "bench": 1.1,
    "kite": 0.32,
    "potted plant": 0.4,
    "stop sign": 0.28,
    "sports ball": 0.5,
}
