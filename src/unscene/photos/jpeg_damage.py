"""JPEGs that were cut or have a hole, and that decoders show all the same.

Where coded data are missing, libjpeg meets a marker too early, fills in gray, and warns; Pillow
drops the warning. So Pillow's decoder is fed scan by scan here, each one without the marker behind
it: a whole scan then comes to its end, a short one asks for more. That costs no second decoding and
does not look at the pixels, so neither colours nor turns nor flat areas matter.

Data that are there but wrong are another matter. Where the file has what such damage leaves behind,
OpenCV, which prints the warnings, has the last word, in a process of its own.
"""

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFile

# The decoder's name in an image's `tile`.
WHOLE_JPEG = "whole jpeg"
_START_OF_SCAN, _END, _RESTART_INTERVAL = 0xDA, 0xD9, 0xDD
# Frames of Huffman codes: baseline, extended, progressive. Decoders of others cannot wait for data.
_SEQUENTIAL, _PROGRESSIVE = (0xC0, 0xC1), 0xC2
_NO_FRAMES = (0xC4, 0xC8, 0xCC)  # tables, and a marker kept for extensions
# libjpeg takes up to 8 bytes at a time and waits when there are fewer. No code has only ones
# (ITU T.81, C.2): a short scan cannot go on with these for more than four blocks.
_BEHIND = b"\xff\x00" * 8
# Bytes that a whole scan may leave over. Where foreign data got in, or of a chunk that was lost in a
# progressive scan, hundreds are: wrong codes there jump over many blocks.
_SLACK = 64
# Codes of a flat area can be zeros, too, hence the second look; a hole of a disk or a download has more.
_HOLE = bytes(32)
_WARNING = "Corrupt JPEG data"
_SECOND_LOOK = (
    "import sys, cv2, numpy; cv2.imdecode(numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8), 1)"
)


class JpegDamage(ValueError):
    """What is missing of a JPEG."""


@dataclass(frozen=True)
class _Scan:
    """A scan's header and its coded data, data[start:end].

    restarts: the numbers of the restart markers in it; expected: how many it should have.
    """

    header: bytes
    start: int
    end: int
    restarts: np.ndarray
    expected: int


@dataclass(frozen=True)
class _Layout:
    """What a JPEG has: the kind and content of its frame header, its scans, whether an end marker follows."""

    kind: int
    frame: bytes
    scans: list[_Scan]
    has_end: bool


class _WholeJpegDecoder(ImageFile.PyDecoder):
    """Pillow's decoder of JPEGs, which raises JpegDamage where it would fill in what is missing."""

    _pulls_fd = True

    def decode(self, buffer: Any) -> tuple[int, int]:
        assert self.fd is not None
        data = self.fd.read()
        layout = _survey(data)
        # No public name does this: ImageFile.Parser takes a JPEG as a whole.
        decoder = Image._getdecoder(self.mode, "jpeg", self.args)
        decoder.setimage(self.im, self.state.extents())
        try:
            error = _decode(decoder, data, layout)
        finally:
            decoder.cleanup()
        if _looks_damaged(data, layout) and (warning := _ask_opencv(data)):
            raise JpegDamage(f"a JPEG that was cut or has a hole ({warning})")
        return -1, error


Image.register_decoder(WHOLE_JPEG, _WholeJpegDecoder)


def _decode(decoder: Any, data: bytes, layout: _Layout) -> int:
    """Decode into the decoder's image; return libjpeg's error, 0 for none."""
    count = len(layout.scans)
    if not layout.has_end:
        raise JpegDamage("a JPEG that was cut: it has no end")
    position = 0
    if layout.kind in (*_SEQUENTIAL, _PROGRESSIVE):
        if missing := _count_missing(layout):
            name = "progressive JPEG" if layout.kind == _PROGRESSIVE else "JPEG"
            raise JpegDamage(f"a {name} that was cut: {missing} of 64 coefficients are not complete")
        for number, scan in enumerate(layout.scans, 1):
            part = data[position : scan.end]
            if not scan.expected and scan.end - scan.start > _SLACK:
                used, error = decoder.decode(part[:-_SLACK])
                if used < 0 and error:
                    return error
                # Of a baseline JPEG it has the whole picture, then, and looks for no marker.
                if used < 0 or _is_through(decoder, len(part) - _SLACK - used):
                    raise JpegDamage(f"a JPEG with a hole: scan {number} of {count} leaves data over")
                part = part[used:]
            part += _BEHIND
            used, error = decoder.decode(part)
            if used < 0:
                return error
            if not _is_through(decoder, len(part) - used):
                raise JpegDamage(f"a JPEG that was cut: scan {number} of {count} ends too early")
            position = scan.end
    used, error = decoder.decode(data[position:])
    if used >= 0:
        raise JpegDamage("a JPEG that was cut: it ends before its picture is complete")
    return error


def _is_through(decoder: Any, left: int) -> bool:
    """Tell whether a decoder that did not take `left` of the bytes that it got is through with its scan.

    Then it looks for a marker and passes over all else. One that wants codes does not touch a byte
    before it has eight.
    """
    return left == 0 and decoder.decode(b"\0")[0] == 1


def _survey(data: bytes) -> _Layout:
    """Return a file's layout up to its end marker; what follows it is not the picture's."""
    values = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(values[:-1] == 0xFF)
    followers = values[places + 1]
    is_restart = (followers & 0xF8) == 0xD0
    ends = places[(followers != 0x00) & (followers != 0xFF) & ~is_restart]
    restarts, numbers = places[is_restart], followers[is_restart] & 7
    kind, frame, scans, interval, position = 0, b"", [], 0, 2
    while 0 <= (position := data.find(b"\xff", position)) < len(data) - 1:
        marker = data[position + 1]
        if marker == _END:
            return _Layout(kind, frame, scans, True)
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker < _END:  # stuffed byte, fill, restart, start
            position += 1 if marker == 0xFF else 2
            continue
        content = data[position + 4 : position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")]
        position += 4 + len(content)
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES:
            kind, frame = marker, content
        if marker == _RESTART_INTERVAL:
            interval = int.from_bytes(content[:2], "big")
        if marker == _START_OF_SCAN:
            later = np.searchsorted(ends, position)
            end = int(ends[later]) if later < len(ends) else len(data)
            first, last = np.searchsorted(restarts, (position, end))
            expected = (_count_units(frame, content) - 1) // interval if interval else 0
            if last - first > expected:  # what no restart is due at ends a scan as any marker does
                last = first + expected
                end = int(restarts[last])
            scans.append(_Scan(content, position, end, numbers[first:last], expected))
            position = end
    return _Layout(kind, frame, scans, False)


def _count_units(frame: bytes, header: bytes) -> int:
    """Return how many units (MCUs) a scan codes (ITU T.81, A.2): blocks of its only channel, or groups of
    blocks of all its channels.
    """
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    factors = {frame[6 + 3 * n]: divmod(frame[7 + 3 * n], 16) for n in range(frame[5])}
    most_across, most_down = (max(factor) for factor in zip(*factors.values(), strict=True))
    across, down = factors[header[1]] if header[0] == 1 else (1, 1)
    columns, rows = -(-width * across // most_across), -(-height * down // most_down)
    return -(-columns // 8) * -(-rows // 8)


def _count_missing(layout: _Layout) -> int:
    """Return how many of the 64 coefficients lack their last bits in some channel.

    A scan names its channels and, in a progressive JPEG, its first and last coefficient and the bit
    down to which they are complete (ITU T.81, B.2.3 and G.1.1.1).
    """
    lowest = {layout.frame[6 + 3 * n]: np.full(64, 99) for n in range(layout.frame[5])}
    for header in (scan.header for scan in layout.scans):
        count = header[0]
        first, last, bits = 0, 63, 0
        if layout.kind == _PROGRESSIVE:
            first, last, bits = header[1 + 2 * count], header[2 + 2 * count], header[3 + 2 * count] & 15
        for channel in header[1 : 1 + 2 * count : 2]:
            lowest[channel][first : last + 1] = bits
    return int((np.stack(list(lowest.values())) > 0).any(axis=0).sum())


def _looks_damaged(data: bytes, layout: _Layout) -> bool:
    """Tell whether a scan has a hole of zeros, too few restart markers, or restart markers that skip a
    number: they count from 0 to 7 over and over.
    """
    return any(
        data.find(_HOLE, scan.start, scan.end) >= 0
        or len(scan.restarts) < scan.expected
        or ((np.diff(scan.restarts.astype(int), prepend=-1) % 8) != 1).any()
        for scan in layout.scans
    )


def _ask_opencv(data: bytes) -> str | None:
    """Return libjpeg's warning about a JPEG, or None."""
    told = subprocess.run(
        [sys.executable, "-c", _SECOND_LOOK], input=data, capture_output=True, check=False
    ).stderr
    lines = told.decode(errors="replace").splitlines()
    return next((line.strip() for line in lines if _WARNING in line), None)
