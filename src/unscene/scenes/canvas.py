"""The canvas that a place is painted on: brushes in units of a 64 x 64 photo."""

import cv2
import numpy as np

_SCALE = 2  # painted at twice the photo's size with cv2's own anti-aliasing, then averaged down

SKIES = {
    "day": ((95, 165, 235), (205, 230, 250)),
    "overcast": ((165, 172, 182), (210, 214, 218)),
    "dusk": ((85, 65, 135), (250, 165, 105)),
}


class Canvas:
    """A float RGB image in 0..255 with brushes that take units of a 64 x 64 photo."""

    def __init__(self, scene, size):
        self.scene, self.size = scene, size
        self.side = size * _SCALE
        self.unit = self.side / 64
        self.rng = np.random.default_rng(scene.texture_seed)
        self.image = np.zeros((self.side, self.side, 3), np.float32)
        self.horizon = scene.horizon

    def finished(self):
        small = cv2.resize(self.image, (self.size, self.size), interpolation=cv2.INTER_AREA)
        return np.clip(small * (1 / 255), 0, 1)

    def row(self, y):
        return int(np.clip(round(y * self.unit), 0, self.side))

    def gradient(self, top, bottom, first, last):
        """Fill the rows from `top` to `bottom` with colours from `first` to `last`."""
        start, end = self.row(top), self.row(bottom)
        if end > start:
            ramp = np.linspace(0, 1, end - start, dtype=np.float32)[:, None, None]
            self.image[start:end] = (1 - ramp) * np.float32(first) + ramp * np.float32(last)

    def mottle(self, top, bottom, cells, strength):
        """Lighten and darken in soft spots, `cells` = (down, across) over the band."""
        start, end = self.row(top), self.row(bottom)
        if end > start:
            spots = self.rng.normal(0, strength, cells).astype(np.float32)
            spots = cv2.resize(spots, (self.side, end - start), interpolation=cv2.INTER_CUBIC)
            self.image[start:end] += spots[..., None]

    def polygon(self, points, colour):
        points = np.round(np.asarray(points, np.float64) * self.unit * 8).astype(np.int32)
        cv2.fillPoly(self.image, [points], _rgb(colour), cv2.LINE_8, 3)

    def box(self, left, top, right, bottom, colour):
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def ellipse(self, x, y, radius_x, radius_y, colour):
        point = (round(x * self.unit), round(y * self.unit))
        axes = (max(1, round(radius_x * self.unit)), max(1, round(radius_y * self.unit)))
        cv2.ellipse(self.image, point, axes, 0, 0, 360, _rgb(colour), -1)

    def line(self, x0, y0, x1, y1, colour, width=1):
        """`width` in pixels of the doubled canvas."""
        ends = [(round(x * self.unit), round(y * self.unit)) for x, y in ((x0, y0), (x1, y1))]
        cv2.line(self.image, *ends, _rgb(colour), width)

    def sky(self):
        first, last = SKIES[self.scene.light]
        self.gradient(0, self.horizon + 1, first, last)
        clouds = {"day": (250, 250, 252), "overcast": (225, 227, 230), "dusk": (240, 150, 130)}[
            self.scene.light
        ]
        for _ in range(int(self.rng.integers(0, 4))):
            x, y = self.rng.uniform(0, 64), self.rng.uniform(2, max(4, self.horizon - 6))
            for _ in range(3):
                self.ellipse(
                    x + self.rng.uniform(-5, 5),
                    y + self.rng.uniform(-1, 1),
                    self.rng.uniform(3, 6),
                    self.rng.uniform(1, 2.2),
                    clouds,
                )
        if self.scene.light == "dusk" and self.rng.random() < 0.6:
            self.ellipse(
                self.rng.uniform(8, 56), self.horizon - self.rng.uniform(0, 4), 4, 4, (255, 225, 150)
            )

    def hills(self, colour, height, step=8):
        xs = np.arange(-step, 64 + 2 * step, step)
        ys = self.horizon - self.rng.uniform(0.2, 1, len(xs)) * height
        self.polygon(
            [(-step, self.horizon + 1), *zip(xs, ys, strict=True), (64 + step, self.horizon + 1)], colour
        )

    def trees(self, colour, count, size):
        for x in np.sort(self.rng.uniform(-2, 66, count)):
            radius = self.rng.uniform(0.7, 1.2) * size
            self.box(x - 0.5, self.horizon - radius, x + 0.5, self.horizon + 1.5, (95, 70, 50))
            tone = np.float32(colour) * self.rng.uniform(0.8, 1.15)
            self.ellipse(x, self.horizon - radius * 1.1, radius * 0.8, radius, tone)

    def blades(self, top, bottom, colour, count, reach):
        """Short upright strokes that grow towards the viewer."""
        for _ in range(count):
            share = self.rng.random()
            x, y = self.rng.uniform(0, 64), top + share * (bottom - top)
            tone = np.float32(colour) * self.rng.uniform(0.7, 1.3)
            length = reach * (0.4 + share)
            self.line(x, y, x + self.rng.uniform(-0.7, 0.7), y - length, tone)

    def specks(self, top, bottom, colours, count, radius):
        for _ in range(count):
            share = self.rng.random()
            colour = colours[self.rng.integers(len(colours))]
            self.ellipse(
                self.rng.uniform(0, 64),
                top + share * (bottom - top),
                radius * (0.6 + share * 0.6),
                radius * (0.4 + share * 0.4),
                colour,
            )

    def water(self, top, bottom, near, far):
        self.gradient(top, bottom, far, near)
        y = top + 1.2
        while y < bottom:
            gap = 1.6 + 2.6 * (y - top) / max(bottom - top, 1)
            x = self.rng.uniform(-8, 0)
            while x < 64:
                length = self.rng.uniform(4, 12)
                tone = np.float32(far) * 0.5 + 118 if self.rng.random() < 0.6 else np.float32(near) * 0.8
                self.line(x, y, x + length, y, tone)
                x += length + self.rng.uniform(2, 8)
            y += gap

    def planks_across(self, top, bottom, colour, gap):
        """Boards that run across, wider towards the viewer."""
        self.gradient(top, bottom, np.float32(colour) * 0.86, np.float32(colour) * 1.06)
        y, number = top, 0
        while y < bottom:
            step = gap * (0.55 + 0.9 * (y - top) / max(bottom - top, 1))
            if number % 2:
                start, end = self.row(y), self.row(y + step)
                self.image[start:end] *= 0.93
            self.line(0, y, 64, y, np.float32(colour) * 0.6)
            for x in self.rng.uniform(0, 64, 2):
                self.line(x, y, x, y + step, np.float32(colour) * 0.66)
            y, number = y + step, number + 1

    def bricks(self, top, bottom, colour, mortar, width, height):
        self.gradient(top, bottom, mortar, mortar)
        y, number = top, 0
        while y < bottom:
            for x in np.arange(-(number % 2) * width / 2, 64, width):
                tone = np.float32(colour) * self.rng.uniform(0.85, 1.12)
                self.box(x + 0.35, y + 0.35, x + width - 0.15, min(y + height, bottom) - 0.15, tone)
            y, number = y + height, number + 1


def _rgb(colour):
    return tuple(float(channel) for channel in colour)
