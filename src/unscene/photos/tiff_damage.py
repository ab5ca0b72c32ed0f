"""TIFFs whose deflated data have another check sum: libtiff stops before it gets there."""

import io
import zlib

from PIL.TiffImagePlugin import (
    COMPRESSION,
    STRIPBYTECOUNTS,
    STRIPOFFSETS,
    TILEBYTECOUNTS,
    TILEOFFSETS,
    TiffImageFile,
)

_DEFLATED = (8, 32946)


def find_tiff_damage(file: io.BufferedIOBase, image: TiffImageFile) -> str | None:
    """Say what is wrong with the data of a TIFF that can be decoded, or return None. Other
    compressions have no check sum.
    """
    tags = image.tag_v2
    if tags.get(COMPRESSION) not in _DEFLATED:
        return None
    offsets = tags.get(TILEOFFSETS) or tags.get(STRIPOFFSETS) or ()
    counts = tags.get(TILEBYTECOUNTS) or tags.get(STRIPBYTECOUNTS) or ()
    for offset, count in zip(offsets, counts, strict=False):
        file.seek(offset)
        try:
            zlib.decompress(file.read(count))
        except zlib.error as error:
            return f"a TIFF whose data are not whole ({error})"
    return None
