"""What a photo's numbers mean, by its depth and its colour profile, and the same colours as 8-bit sRGB.

An exported folder has a copy of this file, so that its server reads photos as a run does: it imports
nothing of the package.
"""

import contextlib
import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

# The most that a profile may move any colour (0-255) and still be sRGB's: the common variants of
# the sRGB profile differ by rounding, Adobe RGB and Display P3 by tens.
NO_DIFFERENCE = 3
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def describes_srgb(profile: bytes | None) -> bool:
    """Tell whether the numbers of an RGB photo with this profile are sRGB's anyway: without a
    profile, with one that cannot be read, and with one that moves no colour.
    """
    return not profile or _find_transform(profile, "RGB") is None


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a photo as RGB in sRGB; `profile` is what its file says of its colours, None for nothing.

    A profile for another kind of picture than this one (a gray one in an RGB file) is passed over.
    """
    if image.mode not in _MODES.values():
        image = image.convert("RGB")
    transform = _find_transform(profile, image.mode) if profile else None
    converted = image.convert("RGB") if transform is None else ImageCms.applyTransform(image, transform)
    # Pillow would write it into whatever the photo is saved as.
    converted.info.pop("icc_profile", None)
    return converted


def to_rgb(image: Image.Image) -> Image.Image:
    """Return a picture of any mode as 8-bit sRGB: CMYK, palette, gray, deep gray and floats converted,
    alpha on white. Colours of 16 bits are for the caller (`is_deep`).
    """
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # 16-bit gray
        values = np.clip(np.asarray(image), 0, 65535).astype(np.uint16)
        image = Image.fromarray(to_bytes(values, values.max(initial=0)))
    elif image.mode == "F":
        values = np.nan_to_num(np.asarray(image, dtype=np.float64))
        top = max(float(values.max(initial=0)), 1e-9)
        image = Image.fromarray((np.clip(values / top, 0, 1) * 255).round().astype(np.uint8))
    # Programs that make PNGs smaller write one clear colour in place of an alpha channel.
    has_clear = "transparency" in image.info and image.mode in ("1", "L", "P", "RGB")
    if has_clear or image.mode in ("LA", "PA", "La", "RGBa"):
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        opaque = Image.new("RGBA", image.size, (255, 255, 255, 255))
        seen = to_srgb(image.convert("RGB"), profile)
        seen.putalpha(image.getchannel("A"))
        return Image.alpha_composite(opaque, seen).convert("RGB")
    with contextlib.suppress(SyntaxError):
        image.load()
    return to_srgb(image, profile)


def is_deep(image: Image.Image) -> bool:
    """Tell whether Pillow would drop the lower byte of 16-bit colours, since it has no mode for them.
    To be asked before the picture is decoded.
    """
    return image.mode in ("RGB", "RGBA") and any(";16" in str(tile[3]) for tile in image.tile)


def to_bytes(values: np.ndarray, largest: float) -> np.ndarray:
    """Return 16-bit values as 8 bits. Cameras store 10 or 12 bits in 16 without shifting them, so the
    depth is the smallest common one that holds the largest value.
    """
    top = next(top for top in (255, 1023, 4095, 65535) if largest <= top)
    # By a table, since a large photo as floats would take eight times its memory.
    scaled = np.clip(np.arange(65536) / top, 0, 1) * 255
    return scaled.round().astype(np.uint8)[values]


@lru_cache(maxsize=64)
def _find_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return what turns pictures of a mode with this profile into sRGB; None when nothing would
    change, or the profile says nothing of them.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if _MODES.get(source.profile.xcolor_space.strip()) != mode:
            return None
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    if mode == "CMYK":
        return transform
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    probe = Image.fromarray(cube if mode == "RGB" else cube[..., 0])
    moved = np.asarray(ImageCms.applyTransform(probe, transform)).astype(int)
    return transform if np.abs(moved - np.asarray(probe.convert("RGB"))).max() > NO_DIFFERENCE else None
