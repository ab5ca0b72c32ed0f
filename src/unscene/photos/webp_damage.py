"""WebPs with a hole of zeros, as a broken disk or a download leaves: libwebp decodes it as a picture.

Zeros are codes like others, and whole pictures with flat areas have long runs of them. But they use
up little data, so the decoder ends before its data do. A whole picture needs its last bytes.
"""

import io
import struct

from PIL.WebPImagePlugin import WebPImageFile

_FIRST_CHUNK = 12
_PICTURES = (b"VP8 ", b"VP8L")
_HOLE = bytes(32)
# What the last codes of a picture can do without: bytes that fill up a word.
_SLACK = 16


def find_webp_damage(file: io.BufferedIOBase) -> str | None:
    """Say what is wrong with the data of a WebP that can be decoded, or return None.

    Only a file with a run of zeros is decoded once more. Those with several frames are passed over.
    """
    file.seek(0)
    data = file.read()
    found = _find_picture(data)
    if found is None:
        return None
    start, length = found
    if data.find(_HOLE, start, start + length) < 0:
        return None
    try:
        with WebPImageFile(io.BytesIO(_shorten(data, start, length))) as shorter:
            shorter.load()
    except (OSError, SyntaxError, ValueError):
        return None
    return "a WebP with a hole: its picture leaves data over"


def _find_picture(data: bytes) -> tuple[int, int] | None:
    """Return start and length of the content of the picture's chunk."""
    position = _FIRST_CHUNK
    while position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        if kind in _PICTURES:
            return position + 8, length
        position += 8 + length + length % 2
    return None


def _shorten(data: bytes, start: int, length: int) -> bytes:
    """Return the file without the last bytes of its picture, with sizes that fit."""
    kept = length - _SLACK
    chunk = struct.pack("<I", kept) + data[start : start + kept] + bytes(kept % 2)
    shorter = data[: start - 4] + chunk + data[start + length + length % 2 :]
    return shorter[:4] + struct.pack("<I", len(shorter) - 8) + shorter[8:]
