"""PNGs whose picture ends early, or whose data have another check sum: decoders leave the rest black, or
show whatever comes out.
"""

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

_HEADER = struct.Struct(">II5B")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
# First column and row, steps between columns and rows of the seven passes (PNG, 8.2).
_PLAIN = ((0, 0, 1, 1),)
_ADAM7 = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip


def find_png_damage(file: io.BufferedIOBase, image: Image.Image) -> str | None:
    """Say what is wrong with the data of a PNG, or return None. image: the file's picture, not turned.

    Inflating the data once more costs a third of the decoding, so it is done only where data can be
    missing: where the last row is black, or transparent, or where rows are interlaced.
    """
    file.seek(0)
    data = file.read()
    try:
        parts = list(_iterate_data(data))
    except ValueError as error:
        return str(error)
    last_row = image.crop((0, image.height - 1, image.width, image.height))
    if np.asarray(last_row).any() and not image.info.get("interlace"):
        return None
    expected = _count_bytes(*_HEADER.unpack_from(data, 16))
    inflated = len(zlib.decompressobj().decompress(b"".join(parts), expected))
    return None if inflated == expected else f"a PNG with {inflated} of the {expected} bytes of its picture"


def _count_bytes(width: int, height: int, depth: int, colours: int, *methods: int) -> int:
    """Return the bytes of a picture before deflating: each row of a pass after a byte for its filter."""
    bits = depth * _CHANNELS[colours]
    total = 0
    for left, top, step, leap in _ADAM7 if methods[-1] else _PLAIN:
        columns, rows = -((left - width) // step), -((top - height) // leap)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


def _iterate_data(data: bytes) -> Iterator[bytes]:
    """Yield the content of the IDAT chunks. Raises ValueError where one is not what its check sum says."""
    position = 8
    while position < len(data):
        end = position + 8 + int.from_bytes(data[position : position + 4], "big")
        if data[position + 4 : position + 8] == b"IDAT":
            # Pillow passes over it; zeros, where a download broke off, inflate to black rows.
            if zlib.crc32(data[position + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
                raise ValueError("a PNG whose data have another check sum")
            yield data[position + 8 : end]
        position = end + 4
