"""Two hundred image files that a crawl brings home: cut, mislabelled, gigantic, exotic or no images
at all.
"""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

COUNT = 200


def make_hostile_files(folder: Path) -> list[Path]:
    """Write COUNT files (and a few things that are no files) into a folder; return their paths, the
    same each time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []

    def put(name: str, content: bytes) -> None:
        path = folder / f"{len(made):03d}_{name}"
        path.write_bytes(content)
        made.append(path)

    rng = np.random.default_rng(0)
    photo = _blotches(rng, 96, 128)
    jpeg, png = encode(photo, "JPEG", quality=90), encode(photo, "PNG")
    progressive = encode(photo, "JPEG", quality=90, progressive=True)
    for share in np.linspace(0.02, 0.98, 12):
        put("cut.jpg", jpeg[: int(share * len(jpeg))])
        put("cut.png", png[: int(share * len(png))])
        put("progressive_cut.jpg", progressive[: int(share * len(progressive))])
    for seed in range(30):
        put("flipped.jpg", _flip_bytes(jpeg, seed, 12))
        put("flipped.png", _flip_bytes(png, seed, 3))
    for name in ("zero.jpg", "zero.png", "zero.webp"):
        put(name, b"")
    for kind, name in (
        ("PNG", "png.jpg"),
        ("JPEG", "jpeg.png"),
        ("GIF", "gif.jpg"),
        ("WEBP", "webp.jpg"),
        ("BMP", "bmp.jpg"),
    ):
        put(name, encode(photo, kind))
    put("tiff.jpg", encode(photo, "TIFF", compression="tiff_lzw"))
    for name, content in _no_images(rng):
        put(name, content)
    for name, content in _bombs():
        put(name, content)
    for name, content in _modes(photo):
        put(name, content)
    for turn in (*range(1, 9), 0, 99):
        exif = Image.Exif()
        exif[0x0112] = turn
        put(f"exif_turn_{turn}.jpg", encode(photo, "JPEG", exif=exif.tobytes()))
    put("exif_garbage.jpg", encode(photo, "JPEG", exif=b"Exif\x00\x00" + rng.bytes(400)))
    put("icc_garbage.jpg", encode(photo, "JPEG", icc_profile=rng.bytes(3000)))
    put("comment_60k.jpg", encode(photo, "JPEG", comment=b"x" * 60_000))
    for name, shape in (
        ("thread.png", (33, 9000)),
        ("pillar.png", (9000, 33)),
        ("pixel.png", (1, 1)),
        ("line.png", (1, 4000)),
    ):
        put(name, encode(_blotches(rng, *shape), "PNG"))
    put("flat_white.png", encode(np.full((64, 64, 3), 255, np.uint8), "PNG"))
    put("fifty_megapixels.png", encode(np.zeros((7000, 7200, 3), np.uint8), "PNG", compress_level=1))
    put("spaces and ünïcode \N{SNOWMAN}.jpg", jpeg)
    _put_no_files(folder, made)
    while len(made) < COUNT:
        put("twin.jpg", encode(_blotches(rng, 64 + len(made) % 50, 80), "JPEG"))
    if len(made) != COUNT:
        raise AssertionError(f"{len(made)} hostile files, {COUNT} are wanted")
    return made


def encode(pixels: np.ndarray | Image.Image, kind: str, **options) -> bytes:
    """Return an image as the bytes of a file of this kind."""
    buffer = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def _blotches(rng, height: int, width: int) -> np.ndarray:
    small = rng.integers(0, 256, (max(1, height // 16), max(1, width // 16), 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def _flip_bytes(content: bytes, seed: int, count: int) -> bytes:
    rng, changed = np.random.default_rng(seed), bytearray(content)
    for place in rng.integers(2, len(changed), count):
        changed[place] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _no_images(rng):
    yield "text.jpg", b"a photo of a dog\n" * 50
    yield "page.jpg", b"<!DOCTYPE html><html><body>404 not found</body></html>"
    yield (
        "vector.jpg",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="/etc/passwd"/></svg>',
    )
    yield (
        "postscript.jpg",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n(/etc/passwd) (r) file\nshowpage\n",
    )
    yield "script.jpg", b"#!/bin/sh\nexit 1\n"
    yield "archive.jpg", b"PK\x03\x04" + rng.bytes(500)
    yield "video.jpg", b"\x00\x00\x00\x18ftypmp42" + rng.bytes(500)
    yield "magic_only.jpg", b"\xff\xd8\xff"
    yield "magic_only.png", b"\x89PNG\r\n\x1a\n"
    for _ in range(5):
        yield "noise.jpg", rng.bytes(3000)
    yield "newlines.jpg", b"\n" * 5000


def _bombs():
    """Small files that promise, or really hold, far more pixels than anyone has memory for."""
    yield (
        "bomb_header.png",
        _png_head(30_000, 30_000, 8, 2) + _chunk(b"IDAT", zlib.compress(b"\0" * 100)) + _chunk(b"IEND", b""),
    )
    rows = zlib.compressobj(9)
    row = b"\0" * (1 + 30_000 // 8)
    body = b"".join(rows.compress(row * 1000) for _ in range(30)) + rows.flush()
    yield "bomb_whole.png", _png_head(30_000, 30_000, 1, 0) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    yield (
        "bomb_text.png",
        _png_head(64, 64, 8, 2)
        + _chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 200_000_000, 9))
        + _chunk(b"IEND", b""),
    )
    size = struct.pack(">HH", 65_500, 65_500)
    yield (
        "bomb_header.jpg",
        b"\xff\xd8\xff\xc0\x00\x11\x08" + size + b"\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00\xff\xd9",
    )
    yield (
        "bomb_screen.gif",
        b"GIF89a"
        + struct.pack("<HH", 65_535, 65_535)
        + b"\x00\x00\x00"
        + b","
        + struct.pack("<HHHH", 0, 0, 65_535, 65_535)
        + b"\x00\x02\x00;",
    )
    yield (
        "bomb_header.bmp",
        b"BM"
        + struct.pack("<IHHI", 100, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, 30_000, 30_000, 1, 24, 0, 0, 0, 0, 0, 0),
    )
    yield (
        "negative.bmp",
        b"BM"
        + struct.pack("<IHHI", 100, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, -64, -64, 1, 24, 0, 0, 0, 0, 0, 0),
    )
    yield "zero_sized.png", _png_head(0, 64, 8, 2) + _chunk(b"IEND", b"")
    yield (
        "bomb_loop.tif",
        b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", 0) + struct.pack("<I", 8),
    )  # its next page is itself


def _modes(photo: np.ndarray):
    """Sound files in modes that are not 8-bit RGB."""
    image = Image.fromarray(photo)
    gray, shape = image.convert("L"), photo.shape[:2]
    wide = (np.asarray(gray).astype(np.uint16) * 257).copy()
    numbers = np.linspace(-1, 2, shape[0] * shape[1], dtype=np.float32).reshape(shape).copy()
    numbers[::7] = np.nan
    numbers[3::11] = np.inf
    clear = np.dstack([photo, np.linspace(0, 255, shape[1], dtype=np.uint8)[None].repeat(shape[0], 0)])
    yield "cmyk.jpg", encode(image.convert("CMYK"), "JPEG")
    yield "cmyk.tif", encode(image.convert("CMYK"), "TIFF")
    yield "lab.tif", encode(image.convert("LAB"), "TIFF")
    yield "ycbcr.tif", encode(image.convert("YCbCr"), "TIFF")
    yield "gray.jpg", encode(gray, "JPEG")
    yield "gray_16.png", encode(Image.fromarray(wide), "PNG")
    yield "gray_16.tif", encode(Image.fromarray(wide), "TIFF")
    yield "signed_32.tif", encode(Image.fromarray(wide.astype(np.int32) - 30_000), "TIFF")
    yield "nan.tif", encode(Image.fromarray(numbers), "TIFF")
    yield "all_nan.tif", encode(Image.fromarray(np.full(shape, np.nan, np.float32)), "TIFF")
    yield "one_bit.png", encode(image.convert("1"), "PNG")
    yield "gray_alpha.png", encode(gray.convert("LA"), "PNG")
    yield "alpha.png", encode(Image.fromarray(clear), "PNG")
    yield "alpha.webp", encode(Image.fromarray(clear), "WEBP", lossless=True)
    yield "invisible.png", encode(Image.fromarray(clear * 0), "PNG")
    palette = image.convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    yield "palette.png", encode(palette, "PNG")
    yield "palette_transparent.png", encode(palette, "PNG", transparency=3)
    yield "palette_transparent.gif", encode(palette, "GIF", transparency=3)
    frames = [Image.fromarray(np.roll(photo, 9 * step, 1)) for step in range(5)]
    for kind, name in (
        ("GIF", "animated.gif"),
        ("PNG", "animated.png"),
        ("WEBP", "animated.webp"),
        ("TIFF", "pages.tif"),
    ):
        yield name, encode(frames[0], kind, save_all=True, append_images=frames[1:])
    animated = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    yield "animated_cut.gif", animated[: len(animated) // 3]
    yield "sixteen_bit_rgb.png", _sixteen_bit_rgb(48, 64)
    yield "subsampled.jpg", encode(image, "JPEG", subsampling=2, quality=1)
    yield "icon.jpg", encode(image, "ICO", sizes=[(64, 64)])
    yield "pixmap.jpg", encode(image, "PPM")


def _put_no_files(folder: Path, made: list[Path]) -> None:
    directory = folder / f"{len(made):03d}_folder.jpg"
    directory.mkdir(exist_ok=True)
    made.append(directory)
    pipe = folder / f"{len(made):03d}_pipe.jpg"  # opening it would wait for ever
    if not pipe.exists():
        os.mkfifo(pipe)
    made.append(pipe)
    for name, target in (("dangling.jpg", "nowhere.jpg"), ("loop.jpg", None)):
        link = folder / f"{len(made):03d}_{name}"
        if not link.is_symlink():
            link.symlink_to(target or link.name)
        made.append(link)
    made.append(folder / f"{len(made):03d}_absent.jpg")


def _sixteen_bit_rgb(height: int, width: int) -> bytes:
    ramp = np.linspace(0, 65_535, height * width * 3).astype(">u2").reshape(height, width * 3)
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in ramp))
    return _png_head(width, height, 16, 2) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _png_head(width: int, height: int, bits: int, colours: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + _chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
