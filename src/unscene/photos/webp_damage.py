"""WebPs with a hole of zeros, as a broken disk or a download leaves: libwebp decodes it as a picture.

Zeros are codes like others, and whole pictures with flat areas have long runs of them. But they use
up little data, so the decoder ends before its data do. A whole picture needs its last bytes.
"""

import io
import struct

from PIL.WebPImagePlugin import WebPImageFile

_FIRST_CHUNK = 12
_PICTURES = (b"VP8 ", b"VP8L")
_FRAME, _FRAME_HEAD = b"ANMF", 16
_HOLE = bytes(32)
# What the last codes of a picture can do without: bytes that fill up a word.
_SLACK = 16


def find_webp_damage(file: io.BufferedIOBase) -> str | None:
    """Say what is wrong with the data of a WebP that can be decoded, or return None.

    Only a picture with a run of zeros is decoded once more, without its last bytes. Of several frames
    it is the first.
    """
    file.seek(0)
    data = file.read()
    found = _find_picture(data)
    if found is None:
        return None
    kind, start, length = found
    picture = data[start : start + length]
    if _HOLE not in picture:
        return None
    try:
        with WebPImageFile(io.BytesIO(_wrap(kind, picture[:-_SLACK]))) as shorter:
            shorter.load()
    except (OSError, SyntaxError, ValueError):
        return None
    return "a WebP with a hole: its picture leaves data over"


def _find_picture(data: bytes) -> tuple[bytes, int, int] | None:
    """Return the kind of the first picture's chunk, and the start and length of its content."""
    position = _FIRST_CHUNK
    while position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        if kind in _PICTURES:
            return kind, position + 8, length
        # A frame holds its chunks behind a head of its own.
        position += 8 + (_FRAME_HEAD if kind == _FRAME else length + length % 2)
    return None


def _wrap(kind: bytes, picture: bytes) -> bytes:
    """Return a file of this picture alone."""
    chunk = kind + struct.pack("<I", len(picture)) + picture + bytes(len(picture) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
