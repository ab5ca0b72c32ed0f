"""Pictures from outside: hostile ones are refused with a sentence, odd ones are read."""

import base64
import contextlib
import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from colour_profiles import ADOBE
from faults import faults_serve
from hostile_images import make_hostile_files
from unscene.photos.images import read_photo
from unscene.samples.readers.items import PHOTOS
from unscene.serving.server.images import (
    ON_DISK,
    SUFFIXES,
    ImageError,
    find_media_type,
    read_data_uri,
    read_image,
)


def encode(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format=form, **options)
    return buffer.getvalue()


def make_bomb(side):
    """A PNG of side x side pixels in a few kilobytes."""
    rows = zlib.compress(bytes((side // 8 + 1) * side), 9)

    def chunk(name, content):
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_from_its_header():
    for side in (12_000, 30_000):
        with pytest.raises(ImageError, match="pixels"):
            read_image(make_bomb(side), 50_000_000)


def test_odd_pictures_become_upright_rgb():
    turned = Image.new("RGB", (4, 2), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read_image(encode(turned, "JPEG", exif=exif), 100).size == (2, 4)
    clear = Image.new("RGBA", (2, 2), (0, 0, 0, 0))
    assert read_image(encode(clear), 100).getpixel((0, 0)) == (255, 255, 255)
    deep = Image.fromarray(np.full((2, 2), 65535, np.uint16))
    assert read_image(encode(deep), 100).getpixel((0, 0)) == (255, 255, 255)
    palette = Image.new("P", (2, 2), 0)
    assert read_image(encode(palette, "GIF"), 100).mode == "RGB"


@pytest.mark.parametrize(
    "uri",
    [
        "data:",
        "data:image/png;base64,",
        "data:image/png;base64,!!!",
        "data:image/png;base64,AAAA",
        "data:image/png,AAAA",
        "data:text/html;base64,AAAA",
        "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"x" * 50).decode(),
        "data:image/svg+xml;base64," + base64.b64encode(b"<svg onload='x'/>").decode(),
        "data:image/png;base64,\ud800",
    ],
)
def test_a_bad_uri_is_told_in_one_sentence(uri):
    with pytest.raises(ImageError) as told:
        read_data_uri(uri, 10**6)
    assert "\n" not in str(told.value)


RAMP = np.linspace(0, 1, 64 * 48).reshape(48, 64)
COLOURS = np.stack([RAMP, RAMP[::-1], RAMP[:, ::-1]], axis=2)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def to_depth(values, top, kind=np.uint16):
    return (values * top).round().astype(kind)


def list_odd_photos(folder):
    """Photos of one scene in the forms that cameras and programs write: name -> path."""
    photo = Image.fromarray(to_depth(COLOURS, 255, np.uint8))
    turn = Image.Exif()
    turn[0x0112] = 6
    clear = photo.convert("RGBA")
    clear.putalpha(Image.fromarray(to_depth(RAMP, 255, np.uint8)))
    pictures = {
        "float.tif": (Image.fromarray(RAMP.astype(np.float32)), {}),
        "float_counts.tif": (Image.fromarray((RAMP * 3000).astype(np.float32)), {}),
        "gray16.png": (Image.fromarray(to_depth(RAMP, 65535)), {}),
        "gray12.tif": (Image.fromarray(to_depth(RAMP, 4095)), {}),
        "gray32.tif": (Image.fromarray(to_depth(RAMP, 65535, np.int32)), {}),
        "cmyk.jpg": (photo.convert("CMYK"), {"quality": 95}),
        "palette.gif": (photo.quantize(64), {}),
        "clear_palette.png": (photo.quantize(64), {"transparency": 3}),
        "turned.jpg": (photo, {"exif": turn, "quality": 95}),
        "clear.png": (clear, {}),
        "gray_clear.png": (clear.convert("LA"), {}),
        "bits.png": (photo.convert("1"), {}),
        "profiled.png": (photo, {"icc_profile": ADOBE}),
        "profiled_clear.png": (clear, {"icc_profile": ADOBE}),
        "srgb.jpg": (photo, {"icc_profile": SRGB}),
        "no_profile.jpg": (photo, {"icc_profile": LAB}),
    }
    for name, (picture, options) in pictures.items():
        picture.save(folder / name, **options)
    deep = to_depth(COLOURS, 65535)
    cv2.imwrite(str(folder / "colours16.png"), deep)
    cv2.imwrite(str(folder / "colours16.tif"), deep)
    return {path.name: path for path in folder.iterdir()}


def test_photos_are_read_as_a_run_reads_them(tmp_path):
    photos = list_odd_photos(tmp_path)
    assert len(photos) == 18
    for name, path in photos.items():
        expected, seen = (
            np.asarray(image).astype(int) for image in (read_photo(path), read_image(path, 10**6, ON_DISK))
        )
        assert seen.shape == expected.shape and expected.std() > 20, name
        # Of 16-bit colours the upper byte is read, which may differ by rounding.
        assert np.abs(seen - expected).max() <= ("colours16" in name), name


def test_colours_whose_upper_byte_says_nothing_are_refused(tmp_path):
    for name in ("colours12.png", "colours12.tif"):
        cv2.imwrite(str(tmp_path / name), to_depth(COLOURS, 4095))
        with pytest.raises(ImageError, match="uses 12 bits or less of its 16-bit colours: save it with 8"):
            read_image(tmp_path / name, 10**6, ON_DISK)


DEEP_FORMS = [
    ("a.png", []),
    ("stored.tif", [cv2.IMWRITE_TIFF_COMPRESSION, 1]),
    ("deflated.tif", [cv2.IMWRITE_TIFF_COMPRESSION, 8]),
]


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(("name", "options"), DEEP_FORMS)
def test_of_16_bit_colours_black_is_read_and_8_bits_are_not(tmp_path, name, options, channels):
    path, pixels = tmp_path / name, np.zeros((8, 8, channels), np.uint16)
    pixels[..., 3:] = 65535
    cv2.imwrite(str(path), pixels, options)
    for source in (path, path.read_bytes()):
        assert np.array_equal(read_image(source, 10**6, ON_DISK), read_photo(path))
    pixels[5, 5, 1] = 1
    cv2.imwrite(str(path), pixels, options)
    for source in (path, path.read_bytes()):
        with pytest.raises(ImageError, match="save it with 8 bits"):
            read_image(source, 10**6, ON_DISK)


def test_a_folder_has_the_photos_that_a_source_has():
    # HEIC is listed there to be rejected with its reason.
    assert {f".{ending}" for ending in PHOTOS} - SUFFIXES == {".heic", ".heif"}


def test_programs_are_not_started(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    with pytest.raises(ImageError):
        find_media_type(path)
    with pytest.raises(ImageError):
        read_image(path, 10**6)


def test_hostile_files_raise_nothing_else(tmp_path):
    for path in make_hostile_files(tmp_path):
        if not path.is_file():
            continue
        for look in (lambda: read_image(path.read_bytes() or b"x", 10**6), lambda: find_media_type(path)):  # noqa: B023
            with contextlib.suppress(ImageError):
                look()


def test_the_run_of_hostile_requests_finds_what_it_takes_from_here(tmp_path):
    attacks = faults_serve.list_attacks(tmp_path)
    assert len(attacks) > 400 and {method for method, *_ in attacks} >= {"GET", "POST"}
