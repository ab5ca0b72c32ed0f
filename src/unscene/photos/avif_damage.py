"""AVIFs with a hole of zeros, as a broken disk or a download leaves: decoders go on with whatever comes out.

Coded pictures have no run of zeros, not even flat ones: of 12,000 x 12,000 black pixels no more than
three bytes in a row are zero. What a file says besides can have one, and so can another frame.
"""

import io
import re

import numpy as np
from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile

_HOLE = re.compile(rb"\0{32,}")
# What Pillow and libavif raise on data that are none.
_UNREADABLE = (EOFError, OSError, RuntimeError, SyntaxError, ValueError)


def find_avif_damage(file: io.BufferedIOBase, image: Image.Image) -> str | None:
    """Say what is wrong with the data of an AVIF that can be decoded, or return None.

    image: the file's picture, not turned. Only a file with a run of zeros is decoded once more, with
    something else in its place: the picture shows whether the run is a part of it.
    """
    file.seek(0)
    filled, runs = _HOLE.subn(lambda run: b"\x55" * len(run[0]), file.read())
    if not runs:
        return None
    try:
        other = AvifImageFile(io.BytesIO(filled))
    except _UNREADABLE:  # the run belongs to the head, and the head was read
        return None
    try:
        is_same = np.array_equal(np.asarray(other), np.asarray(image))
    except _UNREADABLE:
        is_same = False
    return None if is_same else "an AVIF with a hole: its picture has a run of zeros"
