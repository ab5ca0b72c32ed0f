"""Pictures that came from outside: decoded within limits, or refused with one clear sentence."""

import base64
import binascii
import io
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from .colours import is_deep, to_rgb

# Pillow knows more formats; some of them start other programs or have seen little hostile input.
SENT = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
ON_DISK = (*SENT, "TIFF", "AVIF", "MPO")
MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
}
SUFFIXES = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"),
}
UPPER_BYTE_OF_12_BITS = 15
THUMBNAIL_SIDE, THUMBNAIL_QUALITY = 256, 80
_DATA_URI = re.compile(r"data:image/[a-z0-9.+-]{1,40};base64,", re.IGNORECASE)


class ImageError(ValueError):
    """A picture that cannot be used; the message says why, in one sentence."""


def is_data_uri(text: str) -> bool:
    """Tell whether an input is meant as a picture."""
    return text[:5].lower() == "data:"


def read_data_uri(uri: str, max_pixels: int) -> Image.Image:
    """Return the picture of a `data:image/...;base64,` URI, upright RGB. Raises ImageError."""
    head = _DATA_URI.match(uri)
    if not head:
        raise ImageError("a picture is sent as data:image/...;base64,...")
    try:
        content = base64.b64decode(uri[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise ImageError("the picture is not valid base64") from None
    return read_image(content, max_pixels)


def read_image(source: bytes | Path, max_pixels: int, formats: tuple[str, ...] = SENT) -> Image.Image:
    """Return a picture upright and in 8-bit sRGB as a run reads it, transparency on white; its first
    frame. Raises ImageError.

    max_pixels: told from the header, before anything is decoded.
    """
    if not source:
        raise ImageError("the picture has no bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = io.BytesIO(source) if isinstance(source, bytes) else source
            with Image.open(file, formats=formats) as image:
                width, height = image.size
                if width * height > max_pixels:
                    raise ImageError(
                        f"the picture has {width}x{height} pixels; at most {max_pixels:,} are read"
                    )
                return _to_upright_rgb(image, lambda: _is_black(file, formats))
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageError(f"the picture has too many pixels; at most {max_pixels:,} are read") from None
    except MemoryError:
        raise ImageError("the picture is too large for this machine's memory") from None
    except Exception:  # decoders raise nearly anything on hostile bytes; all of it means one thing here
        raise ImageError(f"not a readable picture ({', '.join(formats)} are read)") from None


def _to_upright_rgb(image: Image.Image, is_black: Callable[[], bool]) -> Image.Image:
    deep, turned = is_deep(image), ImageOps.exif_transpose(image)
    if deep:
        # Pillow keeps the upper byte: of 16 bits all that can be seen, of 12 nearly nothing.
        largest = np.asarray(turned)[..., :3].max()
        if largest <= UPPER_BYTE_OF_12_BITS and (largest or not is_black()):
            raise ImageError("the picture uses 12 bits or less of its 16-bit colours: save it with 8 bits")
        turned.info.pop("transparency", None)  # a colour of 16 bits
    return to_rgb(turned)


def _is_black(file: io.BytesIO | Path, formats: tuple[str, ...]) -> bool:
    """Tell whether 16-bit colours are zero in their lower bytes, too: read in the other order of bytes,
    Pillow keeps those.
    """
    with Image.open(file, formats=formats) as image:
        image.tile = [tile._replace(args=_swap_bytes(tile.args)) for tile in image.tile]
        return not np.asarray(image)[..., :3].any()


def _swap_bytes(args: str | tuple) -> str | tuple:
    mode, *others = (args,) if isinstance(args, str) else args
    order = {"L": "B", "B": "L", "N": "L" if sys.byteorder == "big" else "B"}
    swapped = mode[:-1] + order[mode[-1]]
    return swapped if isinstance(args, str) else (swapped, *others)


def make_thumbnail(photo: Image.Image) -> bytes:
    """Return a photo as a small JPEG, at most THUMBNAIL_SIDE pixels wide and high."""
    small = photo.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BICUBIC, reducing_gap=3.0)
    buffer = io.BytesIO()
    small.save(buffer, format="JPEG", quality=THUMBNAIL_QUALITY)
    return buffer.getvalue()


def find_media_type(source: bytes | Path) -> str:
    """Return the media type of a picture, from its content. ImageError where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = io.BytesIO(source) if isinstance(source, bytes) else source
            with Image.open(file, formats=ON_DISK) as image:
                return MEDIA_TYPES[image.format or ""]
    except Exception:
        raise ImageError("not a readable picture") from None
