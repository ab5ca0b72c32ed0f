"""Pictures from outside: hostile ones are refused with a sentence, odd ones are read."""

import base64
import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from faults import faults_serve
from hostile_images import make_hostile_files
from unscene.serving.server.images import ImageError, find_media_type, read_data_uri, read_image


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
