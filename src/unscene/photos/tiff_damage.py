"""TIFFs whose deflated data have another check sum: libtiff stops before it gets there."""

import io
import zlib

from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    COMPRESSION,
    FILLORDER,
    IMAGELENGTH,
    IMAGEWIDTH,
    SAMPLESPERPIXEL,
    STRIPBYTECOUNTS,
    STRIPOFFSETS,
    TILEBYTECOUNTS,
    TILELENGTH,
    TILEOFFSETS,
    TILEWIDTH,
    TiffImageFile,
)

_DEFLATED = (8, 32946)
_BLOCK = 2**16


def find_tiff_damage(file: io.BufferedIOBase, image: TiffImageFile) -> str | None:
    """Say what is wrong with the data of a TIFF that can be decoded, or return None. Other
    compressions have no check sum.

    Data that end early are not judged: libtiff found the picture whole, and takes wrong counts. Nor
    are bytes that lie in the other order of bits.
    """
    tags = image.tag_v2
    if tags.get(COMPRESSION) not in _DEFLATED or tags.get(FILLORDER, 1) != 1:
        return None
    offsets = tags.get(TILEOFFSETS) or tags.get(STRIPOFFSETS) or ()
    counts = tags.get(TILEBYTECOUNTS) or tags.get(STRIPBYTECOUNTS) or ()
    room = _count_bytes(image)
    for offset, count in zip(offsets, counts, strict=False):
        file.seek(offset)
        try:
            room = _inflate(file, count, room)
        except zlib.error as error:
            return f"a TIFF whose data are not whole ({error})"
        if room < 0:  # more than the picture: nothing that libtiff reads
            return None
    return None


def _inflate(file: io.BufferedIOBase, count: int, room: int) -> int:
    """Inflate the next `count` bytes of a file in small blocks, to the check sum, as long as `room` bytes
    hold it. Return how much room is left. Raises zlib.error.
    """
    inflater, block = zlib.decompressobj(), b""
    while room >= 0 and not inflater.eof:
        if not block:
            block = file.read(min(count, _BLOCK))
            count -= len(block)
        if not block:
            break
        room -= len(inflater.decompress(block, _BLOCK))
        block = inflater.unconsumed_tail
    return room


def _count_bytes(image: TiffImageFile) -> int:
    """Return the bytes of a picture before deflating, at most: tiles at its edges are whole."""
    tags = image.tag_v2
    sides = ((IMAGEWIDTH, TILEWIDTH), (IMAGELENGTH, TILELENGTH))
    across, down = (-(-tags[side] // tags.get(tile, 1)) * tags.get(tile, 1) for side, tile in sides)
    bits = max(tags.get(BITSPERSAMPLE, (1,)))
    return -(-across * bits // 8) * down * tags.get(SAMPLESPERPIXEL, 1)
