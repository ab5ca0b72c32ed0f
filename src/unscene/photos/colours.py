"""Colour profiles: what a photo's numbers mean, and the same colours as sRGB."""

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
