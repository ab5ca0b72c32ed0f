"""JPEGs that were cut or have a hole, and that decoders show all the same.

libjpeg fills in what is missing and says so in a warning that Pillow drops. So the file is first
looked at for what such damage leaves behind; only where something is found does OpenCV, which
prints the warnings, have the last word, in a process of its own.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from unscene.run.packs import read_stored

# Blocks without data decode to this value in every channel.
_NO_DATA = 128
_BLOCK = 8
# Codes of a flat area can be zeros, too, hence the second look; a hole of a disk or a download has more.
_HOLE = bytes(64)
_START_OF_SCAN, _PROGRESSIVE = 0xDA, 0xC2
_WARNING = "Corrupt JPEG data"
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_SECOND_LOOK = (
    "import sys, cv2, numpy; cv2.imdecode(numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8), 1)"
)


def find_jpeg_damage(path: Path, pixels: np.ndarray) -> str | None:
    """Say what is missing of a JPEG, or return None. pixels: (height, width, 3), as it was decoded."""
    data = read_stored(path)
    segments = _list_segments(data)
    frame, first = b"", 0
    for marker, position, content in segments:
        if marker == _PROGRESSIVE:
            frame = content
        if marker == _START_OF_SCAN:
            first = position
            scans = [content] + [more for kind, _, more in segments if kind == marker] if frame else []
            break
    missing = _count_missing(frame, scans) if frame and first else 0
    if missing:
        return f"a progressive JPEG that was cut: {missing} of 64 coefficients are not complete"
    ends_empty = (pixels[-_BLOCK:, -_BLOCK:] == _NO_DATA).all()
    if not ends_empty and data.find(_HOLE, first) < 0 and not _lacks_restart(data, first):
        return None
    told = subprocess.run(
        [sys.executable, "-c", _SECOND_LOOK], input=data, capture_output=True, check=False
    ).stderr
    warning = next((line for line in told.decode(errors="replace").splitlines() if _WARNING in line), None)
    return None if warning is None else f"a JPEG that was cut or has a hole ({warning.strip()})"


def _lacks_restart(data: bytes, first: int) -> bool:
    """Tell whether the restart markers of a scan, which count from 0 to 7 over and over, skip a number."""
    numbers = np.array([found[1][0] & 7 for found in _RESTART.finditer(data, first)])
    return bool(len(numbers) and ((np.diff(numbers, prepend=-1) % 8) != 1).any())


def _list_segments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (marker, position, content) of the segments, passing over the coded data between them."""
    position = 2
    while 0 <= (position := data.find(b"\xff", position)) < len(data) - 4:
        marker = data[position + 1]
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD9:  # stuffed byte, fill, restart, start, end
            position += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        yield marker, position, data[position + 4 : position + 2 + length]
        position += 2 + length


def _count_missing(frame: bytes, scans: list[bytes]) -> int:
    """Return how many of the 64 coefficients of a progressive JPEG lack their last bits in some channel.

    A scan names its channels, its first and last coefficient, and the bit down to which they are
    complete (ITU T.81, B.2.3 and G.1.1.1).
    """
    lowest = {frame[6 + 3 * n]: np.full(64, 99) for n in range(frame[5])}
    for header in scans:
        count = header[0]
        first, last, bits = header[1 + 2 * count], header[2 + 2 * count], header[3 + 2 * count] & 15
        for channel in header[1 : 1 + 2 * count : 2]:
            lowest[channel][first : last + 1] = bits
    return int((np.stack(list(lowest.values())) > 0).any(axis=0).sum())
