"""The twelve places, painted without any object: sky, ground and what goes on behind the objects."""

from itertools import pairwise

import numpy as np

from unscene.scenes.canvas import Canvas


def paint_background(scene, size):
    """Return the empty place as float32 RGB in 0..1, shape (size, size, 3)."""
    canvas = Canvas(scene, size)
    _PAINT[scene.place](canvas)
    if scene.landmark:
        _LANDMARKS[scene.landmark](canvas)
    return canvas.finished()


def _varied(canvas, colour, amount=14):
    return np.float32(colour) + canvas.rng.uniform(-amount, amount, 3).astype(np.float32)


def _beach(canvas):
    canvas.sky()
    shore = 34 + canvas.rng.uniform(-2, 3)
    canvas.water(canvas.horizon, shore, _varied(canvas, (60, 150, 190)), (35, 95, 160))
    sand = _varied(canvas, (228, 202, 150))
    canvas.gradient(shore, 64, sand * 0.95, sand * 1.04)
    canvas.line(0, shore, 64, shore, (245, 250, 250), 3)
    canvas.mottle(shore + 2, 64, (7, 9), 7)
    canvas.specks(shore + 3, 64, (sand * 0.8, sand * 1.08), 60, 0.4)


def _park(canvas):
    canvas.sky()
    canvas.trees(_varied(canvas, (60, 125, 60)), 7, 9)
    grass = _varied(canvas, (105, 165, 75))
    canvas.gradient(canvas.horizon, 64, grass * 0.85, grass * 1.1)
    canvas.mottle(canvas.horizon, 64, (6, 8), 8)
    if canvas.rng.random() < 0.5:
        left, right = np.sort(canvas.rng.uniform(5, 60, 2))
        canvas.polygon(
            [(30, canvas.horizon), (33, canvas.horizon), (right + 12, 64), (left - 6, 64)], (205, 190, 160)
        )
    canvas.blades(canvas.horizon + 2, 64, grass * 0.85, 130, 2.2)


def _street(canvas):
    top = canvas.horizon
    x = 0.0
    while x < 64:
        width = canvas.rng.uniform(16, 30)
        wall = _varied(
            canvas,
            ((190, 120, 95), (215, 195, 160), (150, 165, 180), (225, 215, 205))[canvas.rng.integers(4)],
        )
        canvas.box(x, 0, x + width, top, wall)
        canvas.line(x, 0, x, top, wall * 0.7, 2)
        glass = (250, 225, 140) if canvas.scene.light == "dusk" else (95, 120, 145)
        columns = max(1, int(width // 8))
        for column in range(columns):
            for y in np.arange(3, top - 9, 10):
                left = x + (column + 0.5) * width / columns - 2.2
                canvas.box(left - 0.6, y - 0.6, left + 5, y + 6.6, wall * 1.12)
                canvas.box(left, y, left + 4.4, y + 6, glass)
        x += width
    pavement = _varied(canvas, (185, 182, 176))
    kerb = top + 9
    canvas.gradient(top, kerb, pavement * 0.9, pavement)
    for x in np.arange(canvas.rng.uniform(0, 6), 64, 7):
        canvas.line(x, top, x - 2, kerb, pavement * 0.78)
    canvas.line(0, kerb, 64, kerb, pavement * 1.15, 2)
    road = _varied(canvas, (95, 96, 102), 8)
    canvas.gradient(kerb + 0.8, 64, road * 0.92, road * 1.08)
    canvas.mottle(kerb + 1, 64, (8, 14), 4)
    for x in np.arange(canvas.rng.uniform(-8, 4), 64, 15):
        canvas.box(x, kerb + 9, x + 8, kerb + 10.4, (235, 230, 205))


def _room(canvas):
    wall = _varied(
        canvas, ((215, 205, 180), (170, 195, 200), (205, 170, 165), (180, 195, 165))[canvas.rng.integers(4)]
    )
    floor = canvas.horizon
    canvas.gradient(0, floor, wall, wall * 0.96)
    if canvas.rng.random() < 0.6:
        for x in np.arange(canvas.rng.uniform(0, 4), 64, canvas.rng.uniform(4, 7)):
            canvas.line(x, 0, x, floor, wall * 0.88, 3)
    left = canvas.rng.uniform(4, 38)
    if canvas.rng.random() < 0.7:
        canvas.box(left - 1.2, 4.8, left + 19.2, 25.2, (245, 242, 235))
        canvas.box(left, 6, left + 18, 24, (150, 200, 235))
        canvas.line(left + 9, 6, left + 9, 24, (245, 242, 235), 2)
        canvas.line(left, 15, left + 18, 15, (245, 242, 235), 2)
    canvas.box(0, floor - 1.8, 64, floor, (240, 236, 228))
    canvas.planks_across(floor, 64, _varied(canvas, (172, 122, 78)), 4)
    if canvas.rng.random() < 0.5:
        rug = _varied(canvas, ((165, 60, 65), (65, 85, 150), (95, 130, 100))[canvas.rng.integers(3)])
        x, y = canvas.rng.uniform(20, 44), canvas.rng.uniform(53, 57)
        canvas.ellipse(x, y, 20, 5.5, rug)
        canvas.ellipse(x, y, 16, 4, rug * 1.25)


def _lake(canvas):
    canvas.sky()
    canvas.hills(_varied(canvas, (95, 120, 130)), 12)
    canvas.hills(_varied(canvas, (65, 105, 75)), 6, 5)
    shore = 51 + canvas.rng.uniform(-1, 2)
    canvas.water(canvas.horizon, shore, _varied(canvas, (70, 125, 160)), (120, 165, 190))
    bank = _varied(canvas, (120, 140, 80))
    canvas.gradient(shore, 64, bank * 0.9, bank * 1.08)
    canvas.specks(shore, 64, ((150, 145, 140), (120, 115, 110)), 12, 1.0)
    canvas.blades(shore + 1, 64, bank * 0.8, 60, 2.6)


def _snow(canvas):
    canvas.sky()
    canvas.hills((215, 225, 238), 10)
    for x in np.sort(canvas.rng.uniform(0, 64, 8)):
        tall = canvas.rng.uniform(7, 14)
        for layer in (0.0, 0.3, 0.6):
            half = tall * 0.3 * (1.1 - layer)
            base = canvas.horizon + 1 - layer * tall
            canvas.polygon(
                [(x - half, base), (x + half, base), (x, base - tall * 0.5)], (45, 90 - 20 * layer, 75)
            )
    snow = _varied(canvas, (236, 240, 246), 6)
    canvas.gradient(canvas.horizon + 0.5, 64, snow * 0.94, snow)
    canvas.mottle(canvas.horizon + 1, 64, (6, 5), 7)
    for _ in range(4):
        y = canvas.rng.uniform(canvas.horizon + 4, 63)
        x = canvas.rng.uniform(-10, 50)
        canvas.line(x, y, x + canvas.rng.uniform(10, 30), y + canvas.rng.uniform(-1, 1), (200, 212, 228), 2)


def _courtyard(canvas):
    brick = _varied(canvas, ((175, 85, 65), (190, 150, 120), (150, 95, 80))[canvas.rng.integers(3)])
    canvas.bricks(0, canvas.horizon, brick, (205, 195, 182), 7, 3.6)
    if canvas.rng.random() < 0.5:
        x = canvas.rng.uniform(6, 46)
        canvas.box(x - 1, canvas.horizon - 24, x + 13, canvas.horizon, (225, 220, 210))
        canvas.box(x, canvas.horizon - 23, x + 12, canvas.horizon, _varied(canvas, (60, 110, 105), 30))
    stone = _varied(canvas, (188, 180, 168))
    canvas.gradient(canvas.horizon, 64, stone * 0.85, stone * 1.05)
    y = canvas.horizon
    step = 2.4
    while y < 64:
        canvas.line(0, y, 64, y, stone * 0.7)
        y, step = y + step, step * 1.25
    for x in np.arange(-40, 105, 9):
        canvas.line(32 + (x - 32) * 0.6, canvas.horizon, x, 64, stone * 0.72)


def _desert(canvas):
    canvas.sky()
    rock = _varied(canvas, (185, 105, 75))
    for _ in range(3):
        x, half, tall = canvas.rng.uniform(0, 64), canvas.rng.uniform(5, 12), canvas.rng.uniform(4, 12)
        base = canvas.horizon + 1
        canvas.polygon(
            [
                (x - half * 1.4, base),
                (x - half, base - tall),
                (x + half * 0.8, base - tall),
                (x + half * 1.3, base),
            ],
            rock * canvas.rng.uniform(0.85, 1.1),
        )
    sand = _varied(canvas, (222, 170, 105))
    canvas.gradient(canvas.horizon, 64, sand * 0.92, sand * 1.06)
    for y in np.arange(canvas.horizon + 4, 64, 6):
        points = [(x, y + 1.6 * np.sin(x / 9 + y)) for x in range(-2, 68, 4)]
        for (x0, y0), (x1, y1) in pairwise(points):
            canvas.line(x0, y0, x1, y1, sand * 0.84, 2)
    canvas.specks(canvas.horizon + 3, 64, (rock * 0.8, rock), 14, 0.8)


def _harbour(canvas):
    canvas.sky()
    for x in np.arange(0, 64, 7):
        tall = canvas.rng.uniform(3, 10)
        canvas.box(
            x, canvas.horizon - tall, x + 6.6, canvas.horizon + 1, _varied(canvas, (205, 180, 165), 40)
        )
    edge = 44 + canvas.rng.uniform(-1, 2)
    canvas.water(canvas.horizon, edge, _varied(canvas, (45, 105, 135)), (80, 140, 165))
    canvas.planks_across(edge, 64, _varied(canvas, (150, 125, 100)), 3.4)
    for x in (canvas.rng.uniform(3, 25), canvas.rng.uniform(38, 61)):
        canvas.box(x - 1.2, edge - 4, x + 1.2, edge + 2, (95, 75, 60))


def _garden(canvas):
    canvas.sky()
    fence = _varied(canvas, ((235, 230, 222), (165, 120, 80), (140, 160, 150))[canvas.rng.integers(3)])
    top = canvas.horizon - 15
    for x in np.arange(canvas.rng.uniform(-3, 0), 64, 4.5):
        canvas.polygon(
            [
                (x, canvas.horizon + 1),
                (x, top + 1.5),
                (x + 1.9, top),
                (x + 3.8, top + 1.5),
                (x + 3.8, canvas.horizon + 1),
            ],
            fence * canvas.rng.uniform(0.92, 1.05),
        )
    canvas.box(0, top + 5, 64, top + 6.2, fence * 0.8)
    grass = _varied(canvas, (90, 150, 70))
    canvas.gradient(canvas.horizon, 64, grass * 0.85, grass * 1.1)
    canvas.blades(canvas.horizon + 1, 64, grass * 0.8, 110, 2.0)
    canvas.specks(canvas.horizon + 1, 64, ((245, 120, 150), (250, 225, 95), (250, 250, 250)), 26, 0.7)


def _parking_lot(canvas):
    canvas.sky()
    wall = _varied(canvas, (190, 195, 200))
    canvas.box(0, canvas.horizon - 11, 64, canvas.horizon, wall)
    for x in np.arange(2, 64, 9):
        canvas.box(x, canvas.horizon - 8, x + 6, canvas.horizon - 3, wall * 0.6)
    tar = _varied(canvas, (105, 106, 112), 8)
    canvas.gradient(canvas.horizon, 64, tar * 0.95, tar * 1.08)
    canvas.mottle(canvas.horizon, 64, (9, 14), 5)
    for x in np.arange(-30, 100, 17):
        canvas.line(32 + (x - 32) * 0.7, canvas.horizon + 6, x, 58, (240, 235, 200), 2)


def _field(canvas):
    canvas.sky()
    canvas.hills(_varied(canvas, (110, 150, 100)), 7)
    wheat = _varied(canvas, ((200, 180, 85), (125, 175, 80))[canvas.rng.integers(2)])
    canvas.gradient(canvas.horizon, 64, wheat * 0.88, wheat * 1.08)
    for number, y in enumerate(np.geomspace(2, 64 - canvas.horizon, 9)):
        if number % 2:
            start, end = canvas.row(canvas.horizon + y), canvas.row(canvas.horizon + y * 1.3)
            canvas.image[start:end] *= 0.93
    canvas.blades(canvas.horizon + 2, 64, wheat * 0.85, 110, 2.8)
    canvas.specks(canvas.horizon + 4, 64, ((225, 60, 60), (245, 240, 240)), 12, 0.6)


def _bus_stop(canvas):
    x, base = canvas.rng.uniform(8, 52), canvas.horizon + 4
    canvas.box(x - 5, base - 17, x + 7, base - 15.5, (60, 85, 120))
    canvas.box(x - 4, base - 15.5, x + 6, base - 3, (170, 200, 215))
    for side in (-4.4, 5.6):
        canvas.box(x + side, base - 16, x + side + 0.8, base, (70, 80, 95))
    canvas.box(x - 3.6, base - 20.5, x + 0.5, base - 17, (40, 90, 190))


def _bird_bath(canvas):
    x, base = canvas.rng.uniform(8, 56), canvas.horizon + 8
    stone = (172, 170, 165)
    canvas.box(x - 1.1, base - 8, x + 1.1, base, stone)
    canvas.ellipse(x, base, 3, 1, (150, 148, 143))
    canvas.ellipse(x, base - 8.5, 5, 1.7, stone)
    canvas.ellipse(x, base - 9, 4, 1, (120, 175, 205))


def _train_station(canvas):
    left, base = canvas.rng.uniform(4, 30), canvas.horizon + 0.5
    canvas.box(left, base - 17, left + 30, base, (185, 120, 90))
    canvas.polygon([(left - 1, base - 17), (left + 15, base - 24), (left + 31, base - 17)], (110, 70, 65))
    for x in np.arange(left + 2, left + 27, 6.5):
        canvas.box(x, base - 13, x + 4, base - 3, (75, 85, 105))
        canvas.ellipse(x + 2, base - 13, 2, 2, (75, 85, 105))


def _boat_dock(canvas):
    x = canvas.rng.uniform(6, 46)
    canvas.polygon([(x + 4, 40), (x + 8, 40), (x + 13, 54), (x, 54)], (150, 112, 78))
    for y in (42, 44.5, 47.5, 51):
        share = (y - 40) / 14
        canvas.line(x + 4 - 4 * share, y, x + 8 + 5 * share, y, (110, 80, 55))
    for side in (0.5, 11):
        canvas.box(x + side, 49, x + side + 1.4, 55, (95, 70, 50))


_PAINT = {
    "beach": _beach,
    "park": _park,
    "street": _street,
    "room": _room,
    "lake": _lake,
    "snow": _snow,
    "courtyard": _courtyard,
    "desert": _desert,
    "harbour": _harbour,
    "garden": _garden,
    "parking lot": _parking_lot,
    "field": _field,
}
_LANDMARKS = {
    "bus stop": _bus_stop,
    "bird bath": _bird_bath,
    "train station": _train_station,
    "boat dock": _boat_dock,
}
