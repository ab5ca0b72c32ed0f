"""Photos whose numbers do not mean what they seem to: colour profiles, deep values."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from colour_profiles import ADOBE
from unscene.photos.colours import describes_srgb
from unscene.photos.images import is_upright_rgb, read_photo

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

# From B. Lindbloom's matrices of both spaces (D65): Adobe RGB to XYZ, XYZ to sRGB.
ADOBE_TO_SRGB = np.array([[1.39836, -0.39836, 0], [0, 1, 0], [0, -0.04293, 1.04293]])


@pytest.mark.parametrize("profile", [None, b"", b"no profile at all", SRGB])
def test_without_a_profile_that_says_otherwise_a_photo_is_srgb(tmp_path, profile):
    assert describes_srgb(profile)
    Image.new("RGB", (40, 40), (200, 40, 40)).save(tmp_path / "a.png", icc_profile=profile)
    assert is_upright_rgb(tmp_path / "a.png")
    photo = read_photo(tmp_path / "a.png")
    assert photo.getpixel((5, 5)) == (200, 40, 40) and "icc_profile" not in photo.info


def test_other_colours_are_converted(tmp_path):
    colour = (150, 120, 100)
    Image.new("RGB", (40, 40), colour).save(tmp_path / "a.png", icc_profile=ADOBE)
    assert not is_upright_rgb(tmp_path / "a.png")
    photo = read_photo(tmp_path / "a.png")
    # Without a profile's machinery: both spaces share their white, so linear light goes by a matrix.
    linear = ADOBE_TO_SRGB @ (np.array(colour) / 255) ** 2.2
    expected = 255 * (1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(np.array(photo.getpixel((5, 5))) - expected).max() <= 1.5
    assert np.abs(expected - colour).max() > 8
    assert "icc_profile" not in photo.info
    faint = Image.new("RGBA", (40, 40), (*colour, 255))
    faint.save(tmp_path / "b.png", icc_profile=ADOBE)
    assert read_photo(tmp_path / "b.png").getpixel((5, 5)) == photo.getpixel((5, 5))


def test_gray_stays_gray_under_a_profile_of_colours(tmp_path):
    Image.new("L", (40, 40), 90).save(tmp_path / "a.png", icc_profile=ADOBE)
    assert read_photo(tmp_path / "a.png").getpixel((5, 5)) == (90, 90, 90)


@pytest.mark.parametrize(("bits", "top"), [(8, 255), (10, 1023), (12, 4095), (16, 65535)])
@pytest.mark.parametrize("channels", [1, 3])
def test_deep_values_have_the_depth_that_they_use(tmp_path, bits, top, channels):
    ramp = np.linspace(0, top, 64).round().astype(np.uint16)
    values = np.repeat(np.tile(ramp, (40, 1))[..., None], channels, axis=2)
    if channels == 3:
        values[..., 1] //= 2
    path = tmp_path / "deep.png"
    cv2.imwrite(str(path), values[..., ::-1].squeeze())
    assert not is_upright_rgb(path)
    seen = np.asarray(read_photo(path)).astype(int)
    assert seen[0, -1, 0] == 255 and abs(seen[0, 32, 0] - 130) <= 1
    assert abs(seen[0, -1, 1] - (127 if channels == 3 else 255)) <= 1


@pytest.mark.parametrize(("mode", "clear"), [("RGB", (0, 0, 0)), ("L", 0), ("P", 0), ("1", 0)])
def test_one_clear_colour_is_white(tmp_path, mode, clear):
    photo = Image.new("RGB", (40, 40), "black")
    photo.paste((255, 255, 255) if mode == "1" else (90, 90, 90), (0, 0, 20, 40))
    photo.convert(mode).save(tmp_path / "a.png", transparency=clear)
    assert not is_upright_rgb(tmp_path / "a.png")
    seen = read_photo(tmp_path / "a.png")
    assert seen.getpixel((30, 5)) == (255, 255, 255) and seen.getpixel((5, 5)) != (0, 0, 0)
