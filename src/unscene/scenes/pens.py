"""Drawing primitives: an object is drawn on its own supersampled canvas, in units of its height."""

import cv2
import numpy as np

SUPERSAMPLING = 4
_SHIFT = 3  # fractional bits of cv2 coordinates


class Pen:
    """Draws one object at (x, y) of a photo of 64 x 64 units.

    Coordinates of the drawing calls are in object heights: (0, 0) is the point where the object stands, y
    points up, `flip` = -1 mirrors x. Colours are RGB in 0..255. The canvas starts empty, and each call
    paints opaque pixels, so the area average taken by `pixels` is colour premultiplied by coverage.
    """

    def __init__(self, x, y, height, flip, size):
        self.unit = size * SUPERSAMPLING / 64
        self.x, self.y, self.height, self.flip, self.size = x, y, height, flip, size
        side = size * SUPERSAMPLING
        self.canvas = np.zeros((side, side, 4), np.uint8)

    def _points(self, points):
        points = np.asarray(points, np.float64) * (self.flip * self.height, -self.height) + (self.x, self.y)
        return np.round(points * (self.unit * (1 << _SHIFT))).astype(np.int32)

    def polygon(self, points, colour):
        cv2.fillPoly(self.canvas, [self._points(points)], _opaque(colour), cv2.LINE_8, _SHIFT)

    def box(self, left, bottom, right, top, colour):
        self.polygon([(left, bottom), (right, bottom), (right, top), (left, top)], colour)

    def ellipse(self, x, y, radius_x, radius_y, colour, angle=0.0, sector=(0.0, 360.0)):
        """A filled ellipse or its `sector` (from, to); angles in degrees, counter-clockwise,
        `angle` turns the axes.
        """
        start, end = sector
        centre = self._points([(x, y)])[0]
        scale = self.height * self.unit * (1 << _SHIFT)
        axes = (max(1, round(radius_x * scale)), max(1, round(radius_y * scale)))
        if self.flip < 0:  # a mirrored sector runs between the mirrored angles
            angle, start, end = -angle, 180 - end, 180 - start
        cv2.ellipse(
            self.canvas, centre.tolist(), axes, -angle, -end, -start, _opaque(colour), -1, cv2.LINE_8, _SHIFT
        )

    def circle(self, x, y, radius, colour):
        self.ellipse(x, y, radius, radius, colour)

    def line(self, points, width, colour):
        """An open polyline; `width` in object heights, at least a third of a photo pixel."""
        thickness = max(1, round(width * self.height * self.unit))
        cv2.polylines(
            self.canvas, [self._points(points)], False, _opaque(colour), thickness, cv2.LINE_8, _SHIFT
        )

    def pixels(self):
        """Float arrays: colour premultiplied by coverage (size, size, 3) in 0..1, and coverage
        (size, size).
        """
        small = cv2.resize(self.canvas, (self.size, self.size), interpolation=cv2.INTER_AREA)
        small = small.astype(np.float32) * (1 / 255)
        return small[..., :3], small[..., 3]


def _opaque(colour):
    red, green, blue = colour
    return (int(min(255, max(0, red))), int(min(255, max(0, green))), int(min(255, max(0, blue))), 255)


def shade(colour, factor):
    """A darker (factor < 1) or lighter (factor > 1, towards white) RGB colour."""
    if factor <= 1:
        return tuple(channel * factor for channel in colour)
    return tuple(channel + (255 - channel) * (factor - 1) for channel in colour)


def jitter(colour, rng, amount=10):
    """The colour moved by up to `amount` of 255 in each channel."""
    return tuple(np.clip(np.asarray(colour) + rng.uniform(-amount, amount, 3), 0, 255))
