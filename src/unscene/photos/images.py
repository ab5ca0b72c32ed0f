"""Photos and masks on disk."""

import contextlib
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from unscene.run.tables import replaced_atomically

# What photos come in (MPO is read as JPEG). Pillow knows more, and would hand a PostScript file
# that is called .jpg to Ghostscript, a program.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "ICO", "AVIF")
# Pillow's own: ultralytics puts one in its place that asks for another package on every file that
# Pillow cannot read.
open_image = Image.open


class PhotoError(ValueError):
    """A photo that cannot be used; `reason` is one word for the table, `detail` tells the rest."""

    def __init__(self, reason: str, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def read_photo(path: str | Path, max_pixels: int | None = None) -> Image.Image:
    """Read a photo as upright 8-bit RGB: EXIF turn applied, CMYK, palette, gray and 16-bit
    converted, alpha on white.

    Raises PhotoError with reason `missing`, `empty`, `huge` (more than `max_pixels`, told from the
    header alone) or `broken`.
    """
    path = Path(path)
    if not path.is_file():
        raise PhotoError("missing", f"{path} is not there")
    if path.stat().st_size == 0:
        raise PhotoError("empty", f"{path} has no bytes")
    try:
        with warnings.catch_warnings(), open_image(path, formats=FORMATS) as image:
            warnings.simplefilter("ignore")
            if max_pixels and image.width * image.height > max_pixels:
                raise PhotoError("huge", f"{path} is {image.width}x{image.height}")
            return _to_rgb(ImageOps.exif_transpose(image))
    except PhotoError:
        raise
    except Image.DecompressionBombError as error:
        raise PhotoError("huge", f"{path}: {error}") from error
    except UnidentifiedImageError as error:
        raise PhotoError("broken", f"{path} is no image that Pillow knows") from error
    except (
        Exception
    ) as error:  # decoders raise nearly anything on hostile bytes; all of it means one thing here
        raise PhotoError("broken", f"{path}: {type(error).__name__}: {error}") from error


def is_upright_rgb(path: str | Path) -> bool:
    """Tell whether a photo can be used in place: three 8-bit channels and no EXIF turn."""
    with open_image(path, formats=FORMATS) as image:
        return image.mode == "RGB" and image.getexif().get(0x0112, 1) == 1


def read_mask(path: str | Path) -> np.ndarray:
    """Read a mask PNG as a bool array (height, width)."""
    with open_image(path, formats=FORMATS) as image:
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


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":  # 16-bit gray and the like: scale by the full range
        values = np.nan_to_num(np.asarray(image, dtype=np.float64))
        top = 65535.0 if image.mode.startswith("I") else max(float(values.max(initial=0)), 1e-9)
        return Image.fromarray((np.clip(values / top, 0, 1) * 255).round().astype(np.uint8)).convert("RGB")
    if image.mode == "P" and "transparency" in image.info or image.mode in ("LA", "PA", "La", "RGBa"):
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, image).convert("RGB")
    with contextlib.suppress(SyntaxError):
        image.load()
    return image.convert("RGB")
