"""Photos and masks on disk, as files of their own or in a shard's pack."""

import contextlib
import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from unscene.photos.avif_damage import find_avif_damage
from unscene.photos.colours import describes_srgb, is_deep, to_bytes, to_rgb
from unscene.photos.jpeg_damage import WHOLE_JPEG, JpegDamage
from unscene.photos.png_damage import find_png_damage
from unscene.photos.tiff_damage import find_tiff_damage
from unscene.photos.webp_damage import find_webp_damage
from unscene.run.packs import is_stored, open_stored, read_stored
from unscene.run.tables import replaced_atomically

# What photos come in (MPO is read as JPEG). Pillow knows more, and would hand a PostScript file
# that is called .jpg to Ghostscript, a program.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF")
# How iPhones' photos begin, which are often called .jpg: Pillow lacks a decoder for them.
HEIC = tuple(b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc"))
_HEAD_BYTES = 12
# Pillow's own: ultralytics puts one in its place that asks for another package on every file that
# Pillow cannot read.
open_image = Image.open


class PhotoError(ValueError):
    """A photo that cannot be used; `reason` is one word for the table, `detail` tells the rest."""

    def __init__(self, reason: str, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def read_photo(path: str | Path, max_pixels: int | None = None) -> Image.Image:
    """Read a photo as upright 8-bit sRGB: EXIF turn applied, colour profile, CMYK, palette, gray
    and 16-bit converted, alpha on white.

    Raises PhotoError with reason `missing`, `empty`, `huge` (more than `max_pixels`, told from the
    header alone) or `broken`: so is a JPEG that was cut or has a hole, a PNG that lacks rows, a WebP
    or AVIF with a hole and a deflated TIFF with another check sum, though decoders show them all.
    Where pixels are stored as they are (BMP, PPM, most TIFFs) a hole of zeros is black, and nothing
    tells it from black. Of several frames or pages the first is read.
    """
    path = Path(path)
    with _told_as_photo_errors(path):
        if not is_stored(path):
            raise PhotoError("missing", f"{path} is not there, or is no file")
        with open_stored(path) as file, _open(file, path) as image:
            if max_pixels and image.width * image.height > max_pixels:
                raise PhotoError("huge", f"{path} is {image.width}x{image.height}")
            if image.format in ("JPEG", "MPO"):
                image.tile = [tile._replace(codec_name=WHOLE_JPEG) for tile in image.tile]
            found = _widen_depth(image, path)
            rgb = to_rgb(ImageOps.exif_transpose(found))
            if damage := _find_damage(file, image, found):
                raise PhotoError("broken", f"{path}: {damage}")
            return rgb


def measure_photo(source: str | Path | bytes) -> tuple[int, int]:
    """Return the width and height of a photo, a file or its content, told from its header. Raises
    PhotoError as `read_photo` does.
    """
    path = None if isinstance(source, bytes) else Path(source)
    with _told_as_photo_errors(path or "it"):
        if path and not os.path.isfile(path):  # to open a named pipe is to wait for ever
            raise PhotoError("missing", f"{path} is not there, or is no file")
        with open(path, "rb") if path else io.BytesIO(source) as file, _open(file, path or "it") as image:
            return image.size


def _find_damage(file: BinaryIO, image: Image.Image, found: Image.Image) -> str | None:
    """Say what is wrong with the data of a photo that can be decoded, or return None."""
    match image.format:
        case "PNG":
            return find_png_damage(file, found)
        case "WEBP":
            return find_webp_damage(file)
        case "AVIF":
            return find_avif_damage(file, found)
        case "TIFF":
            return find_tiff_damage(file, image)
    return None


def _open(file: BinaryIO, path: Path | str) -> Image.Image:
    head = file.read(_HEAD_BYTES)
    if not head:
        raise PhotoError("empty", f"{path} has no bytes")
    if head[4:12] in HEIC:
        raise PhotoError("broken", f"{path} is a HEIC photo, which is not read: convert it to JPEG")
    file.seek(0)
    return open_image(file, formats=FORMATS)


@contextlib.contextmanager
def _told_as_photo_errors(path: Path | str) -> Iterator[None]:
    """Raise whatever opening and decoding a photo raises as PhotoError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except PhotoError:
        raise
    except JpegDamage as error:
        raise PhotoError("broken", f"{path}: {error}") from error
    except Image.DecompressionBombError as error:
        raise PhotoError("huge", f"{path}: {error}") from error
    except UnidentifiedImageError as error:
        raise PhotoError("broken", f"{path} is no image that Pillow knows") from error
    except Exception as error:  # decoders raise nearly anything on hostile bytes; it means one thing here
        raise PhotoError("broken", f"{path}: {type(error).__name__}: {error}") from error


def is_upright_rgb(path: str | Path) -> bool:
    """Tell whether a photo can be used in place: three 8-bit channels of sRGB and no EXIF turn."""
    with open_image(path, formats=FORMATS) as image:
        is_plain = image.mode == "RGB" and not is_deep(image) and "transparency" not in image.info
        is_upright = image.getexif().get(0x0112, 1) == 1
        return is_plain and is_upright and describes_srgb(image.info.get("icc_profile"))


def read_mask(path: str | Path) -> np.ndarray:
    """Read a mask PNG as a bool array (height, width)."""
    with open_stored(path) as file, open_image(file, formats=FORMATS) as image:
        return np.asarray(image.convert("L")) > 127


def write_png(pixels: np.ndarray | Image.Image, path: str | Path) -> None:
    """Write uint8 pixels, (height, width) or (height, width, 3) RGB, as PNG; a bool array becomes 0/255."""
    import cv2

    values = np.asarray(pixels)
    if values.dtype == bool:
        values = values.astype(np.uint8) * 255
    if values.ndim == 3:
        values = cv2.cvtColor(values, cv2.COLOR_RGB2BGR)
    # A third of the time of Pillow at its level 4, and files of the same size: docs/BENCHMARKS.md.
    flags = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    encoded = cv2.imencode(".png", values, flags)[1]
    with replaced_atomically(path) as temporary:
        Path(temporary).write_bytes(encoded.tobytes())


def perceptual_hash(image: Image.Image) -> str:
    """Return the 64-bit DCT perceptual hash (pHash) of an image as 16 hex digits."""
    import imagehash

    return str(imagehash.phash(image))


def _widen_depth(image: Image.Image, path: Path) -> Image.Image:
    """Return 16-bit colours brought to 8 bits by the depth that their values have; other pictures as
    they are.
    """
    if not is_deep(image):
        return image
    import cv2

    values = cv2.imdecode(np.frombuffer(read_stored(path), np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16 or values.ndim != 3:
        raise PhotoError("broken", f"{path}: 16-bit colours that cannot be decoded")
    order = [2, 1, 0, 3][: values.shape[2]]
    shallow = Image.fromarray(to_bytes(values[..., order], values[..., :3].max()))
    # What else the file says still counts: its turn and its colour profile.
    shallow.info.update(image.info)
    shallow.info.pop("transparency", None)  # a colour of 16 bits
    return shallow
