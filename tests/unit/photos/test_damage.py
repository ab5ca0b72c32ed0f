"""Photos that lack data and that decoders show all the same; and whole ones that look as if they did."""

import io
import struct
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from unscene.photos import jpeg_damage
from unscene.photos.images import PhotoError, read_photo
from unscene.photos.tiff_damage import find_tiff_damage

LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def draw():
    rng = np.random.default_rng(0)
    smooth = cv2.resize(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8), (320, 240))
    noisy = np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)
    return Image.fromarray(noisy)


def encode(photo, **options):
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=90, **options)
    return buffer.getvalue()


def turn(place):
    exif = Image.Exif()
    exif[0x112] = place
    return exif


def cut(data, share, end=b"\xff\xd9"):
    """Cut within the coded data."""
    start = data.find(b"\xff\xda") + 14
    return data[: start + int((len(data) - start) * share)] + end


def zero(data, start, length):
    start = int(len(data) * start)
    return data[:start] + bytes(length) + data[start + length :]


def refuses(tmp_path, data):
    (tmp_path / "a.jpg").write_bytes(data)
    try:
        read_photo(tmp_path / "a.jpg")
    except PhotoError as error:
        return error.reason == "broken"
    return False


# What a JPEG may be besides: none of it changes whether its data are all there.
KINDS = {
    "plain": ("RGB", {}),
    "optimised": ("RGB", {"optimize": True}),
    "4:4:4": ("RGB", {"subsampling": 0}),
    "gray": ("L", {}),
    "four colours": ("CMYK", {}),
    "upside down": ("RGB", {"exif": turn(3)}),
    "on its side": ("RGB", {"exif": turn(6)}),
    "a profile": ("RGB", {"icc_profile": LAB}),
    "restarts": ("RGB", {"restart_marker_rows": 2}),
    "progressive": ("RGB", {"progressive": True}),
    "progressive gray": ("L", {"progressive": True}),
    "progressive on its side": ("RGB", {"progressive": True, "exif": turn(6)}),
    "progressive with restarts": ("RGB", {"progressive": True, "restart_marker_rows": 4}),
}
END = b"\xff\xd9"
TAILS = [END, b"", b"\xff\xd3" + END, b"<html>404</html>" + END, END + b"more" * 99]


@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_that_was_cut_is_broken_whatever_it_is_else(tmp_path, monkeypatch, kind):
    # OpenCV is asked in test_holes: each question costs an import of it.
    monkeypatch.setattr(jpeg_damage, "_ask_opencv", lambda data: "asked")
    mode, options = KINDS[kind]
    data = encode(draw().convert(mode), **options)
    assert not refuses(tmp_path, data)
    shares = (0.1, 0.5, 0.7, 0.9, 0.97)
    accepted = [share for share in shares if not refuses(tmp_path, cut(data, share))]
    accepted += [tail for tail in TAILS if not refuses(tmp_path, cut(data, 0.6, tail))]
    assert accepted == []


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 2}])
def test_the_pixels_are_those_of_pillow(tmp_path, options):
    for photo in (draw(), draw().convert("L"), draw().crop((0, 0, 1, 1)), draw().crop((0, 0, 33, 7))):
        data = encode(photo, **options)
        (tmp_path / "a.jpg").write_bytes(data)
        expected = Image.open(io.BytesIO(data)).convert("RGB")
        assert np.array_equal(np.asarray(read_photo(tmp_path / "a.jpg")), np.asarray(expected))


@pytest.mark.parametrize(
    "factor", [value for name, value in vars(cv2).items() if name.startswith("IMWRITE_JPEG_SAMPLING_FACTOR_")]
)
def test_every_sampling_has_the_restart_markers_that_are_counted(tmp_path, monkeypatch, factor):
    asked = []
    monkeypatch.setattr(jpeg_damage, "_ask_opencv", asked.append)
    for progressive in (0, 1):
        flags = [cv2.IMWRITE_JPEG_RST_INTERVAL, 5, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor]
        flags += [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive]
        data = cv2.imencode(".jpg", np.asarray(draw())[:101, :203], flags)[1].tobytes()
        assert not refuses(tmp_path, data) and asked == []
        assert refuses(tmp_path, cut(data, 0.5)) or asked
        asked.clear()


@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 2}, {"restart_marker_blocks": 3}])
def test_holes(tmp_path, options):
    data = encode(draw(), **options)
    assert refuses(tmp_path, zero(data, 0.5, 4096)) and refuses(tmp_path, zero(data, 0.4, 512))
    assert refuses(tmp_path, data[: len(data) // 2] + data[len(data) // 2 + 4096 :])
    assert refuses(tmp_path, cut(data, 0.3))


def test_a_jpeg_with_foreign_data_in_it_leaves_data_over(tmp_path):
    data = encode(draw())
    half = len(data) // 2
    assert refuses(tmp_path, data[:half] + data[half - 4096 : half] + data[half:])  # a block that came twice
    assert refuses(tmp_path, data.replace(b"\n", b"\r\n"))  # taken for text by a transfer
    assert not refuses(tmp_path, data[:-2] + b"some bytes" + data[-2:])


def test_a_progressive_jpeg_that_lost_a_chunk_has_too_few_or_too_many_codes(tmp_path):
    data = encode(draw(), progressive=True)
    starts = range(len(data) // 8, len(data) * 7 // 8, len(data) // 16)
    seen = sum(refuses(tmp_path, data[:start] + data[start + 1000 :]) for start in starts)
    assert seen >= 0.7 * len(starts)


def test_a_progressive_jpeg_that_lacks_scans_says_so(tmp_path):
    (tmp_path / "a.jpg").write_bytes(cut(encode(draw(), progressive=True), 0.2))
    with pytest.raises(PhotoError, match="progressive"):
        read_photo(tmp_path / "a.jpg")


def test_a_jpeg_of_a_scan_per_channel_needs_all_of_them(tmp_path):
    channels = [encode(channel) for channel in draw().convert("YCbCr").split()]
    start = channels[0].find(b"\xff\xda")
    # Three channels in the frame header of the first, each with the only table.
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, 240, 320, 3) + bytes([1, 17, 0, 2, 17, 0, 3, 17, 0])
    single = channels[0].find(b"\xff\xc0")
    head = channels[0][:single] + frame + channels[0][single + 13 : start]
    scans = [
        bytes([0xFF, 0xDA, 0, 8, 1, number, 0, 0, 63, 0]) + data[start + 10 : -2]
        for number, data in enumerate(channels, 1)
    ]
    assert not refuses(tmp_path, head + b"".join(scans) + END)
    difference = np.asarray(read_photo(tmp_path / "a.jpg")).astype(int) - np.asarray(draw())
    assert np.abs(difference).mean() < 8  # of the coding, not of colours mixed up
    for left in (
        scans[:1],
        scans[:2],
        scans[1:],
        [*scans[:2], scans[2][:-400]],
        [scans[0][:-400], *scans[1:]],
    ):
        assert refuses(tmp_path, head + b"".join(left) + END)


def test_a_whole_jpeg_may_be_flat_or_full_of_zeros(tmp_path):
    (tmp_path / "a.jpg").write_bytes(encode(Image.new("RGB", (640, 480), (128,) * 3), optimize=True))
    assert read_photo(tmp_path / "a.jpg").getpixel((0, 0)) == (128,) * 3
    for shade in (0, 1, 127, 128, 255):
        for options in ({"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}):
            assert not refuses(tmp_path, encode(Image.new("RGB", (81, 67), (shade,) * 3), **options))


def test_what_follows_the_end_is_not_the_pictures(tmp_path):
    data = encode(draw())
    assert not refuses(tmp_path, data + b"\xff\xda" + bytes(900))
    assert not refuses(tmp_path, data[:-2] + b"\xff\xff\xff\xd9")
    assert not refuses(tmp_path, data[:-2] + b"\xff\xd0\xff\xd9")


def write_png(path, rows, header, **chunks):
    """Write a PNG of these deflated rows, whatever the header says, with the right check sums."""
    parts = {"IHDR": struct.pack(">II5B", *header), "IDAT": zlib.compress(rows), **chunks, "IEND": b""}
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(content)) + name.encode() + content
            + struct.pack(">I", zlib.crc32(name.encode() + content))
            for name, content in parts.items()
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("depth", "colours", "row"), [(8, 2, 30), (16, 2, 60), (8, 0, 10), (16, 0, 20), (1, 0, 2), (8, 6, 40)]
)
def test_a_png_without_its_last_rows_is_broken(tmp_path, depth, colours, row):
    path, header = tmp_path / "a.png", (10, 8, depth, colours, 0, 0, 0)
    light, dark = b"\0" + b"\x7f" * row, bytes(row + 1)
    for last in (light, dark):  # black to the end is no damage
        write_png(path, light * 4 + last * 4, header)
        assert read_photo(path).size == (10, 8)
    for rows in (4, 7):
        write_png(path, light * rows, header)
        with pytest.raises(PhotoError, match="a PNG with|cannot be decoded"):
            read_photo(path)


@pytest.mark.parametrize("place", [0.6, 0.9, 0.97])
def test_a_png_whose_download_broke_off_after_room_was_made_is_broken(tmp_path, place):
    draw().save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    kept = int(place * len(data))
    (tmp_path / "a.png").write_bytes(data[:kept] + bytes(len(data) - kept))  # zeros inflate to black rows
    with pytest.raises(PhotoError, match="^broken"):
        read_photo(tmp_path / "a.png")


def test_interlaced_pngs_are_counted_by_their_passes(tmp_path):
    # 5 x 3: passes of 1x1, 1x1, none, 1x1, 3x1, 2x2 and 5x1 pixels
    widths = (1, 1, 1, 3, 2, 2, 5)
    rows = [b"\0" + b"\x7f" * width for width in widths]
    header = (5, 3, 8, 0, 0, 0, 1)
    write_png(tmp_path / "a.png", b"".join(rows), header)
    assert (np.asarray(read_photo(tmp_path / "a.png")) == 0x7F).all()
    for count in (4, 6):
        write_png(tmp_path / "a.png", b"".join(rows[:count]), header)
        with pytest.raises(PhotoError, match="broken"):
            read_photo(tmp_path / "a.png")


def encode_webp(pixels, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", **options)
    return buffer.getvalue()


WEBPS = [{"quality": 80}, {"quality": 10}, {"lossless": True}, {"lossless": True, "method": 0}]


@pytest.mark.parametrize("options", WEBPS)
def test_a_webp_with_a_hole_is_broken(tmp_path, options):
    pixels = np.asarray(draw())
    clear = np.full(pixels.shape[:2], 90, np.uint8)
    for data in (encode_webp(pixels, **options), encode_webp(np.dstack([pixels, clear]), **options)):
        assert not refuses(tmp_path, data)
        assert refuses(tmp_path, zero(data, 0.4, 512))
        for place in (0.3, 0.6, 0.9):
            start = int(len(data) * place)
            assert refuses(tmp_path, data[:start] + bytes(len(data) - start)), place


@pytest.mark.parametrize("options", WEBPS)
@pytest.mark.parametrize("rows", [slice(0, 20), slice(200, 240), slice(0, 0)])
def test_a_whole_webp_may_be_flat_and_full_of_zeros(tmp_path, rows, options):
    pixels = np.full((240, 320, 3), 130, np.uint8)
    pixels[rows] = np.random.default_rng(0).integers(0, 256, pixels[rows].shape)
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0" + bytes(999)
    assert not refuses(tmp_path, encode_webp(pixels, exif=exif, **options))


MOVING = [("WEBP", {}), ("WEBP", {"lossless": True}), ("AVIF", {}), ("GIF", {}), ("PNG", {}), ("TIFF", {})]


@pytest.mark.parametrize(("kind", "options"), MOVING)
def test_of_several_frames_the_first_is_read_and_looked_at(tmp_path, kind, options):
    first = draw()
    later = [first.rotate(180), first.transpose(Image.Transpose.FLIP_TOP_BOTTOM)]
    data = encode_as(kind, first, save_all=True, append_images=later, **options)
    (tmp_path / "a.img").write_bytes(data)
    difference = np.abs(np.asarray(read_photo(tmp_path / "a.img")).astype(int) - np.asarray(first))
    assert difference.mean() < 12  # of the coding; another frame differs by some 80
    accepted = [place for place in (0.1, 0.15, 0.2) if not refuses(tmp_path, zero(data, place, 512))]
    assert accepted == [] or kind == "TIFF"  # its pixels are stored as they are
    assert refuses(tmp_path, data[: len(data) // 8])
    assert not refuses(tmp_path, zero(data, 0.8, 512))


def encode_as(kind, photo, **options):
    buffer = io.BytesIO()
    photo.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("quality", [10, 75, 100])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_an_avif_with_a_hole_is_broken(tmp_path, quality, mode):
    data = encode_as("AVIF", draw().convert(mode), quality=quality, speed=10)
    assert not refuses(tmp_path, data)
    for place in (0.3, 0.6, 0.9):
        assert refuses(tmp_path, zero(data, place, 64)), place
        start = int(len(data) * place)
        assert refuses(tmp_path, data[:start] + bytes(len(data) - start)), place
        assert refuses(tmp_path, data[:start]), place


@pytest.mark.parametrize("shade", [0, 130, 255])
def test_a_whole_avif_may_be_flat_and_say_much_that_is_zero(tmp_path, shade):
    flat = Image.new("RGB", (640, 480), (shade,) * 3)
    for turned in (1, 6):
        exif = Image.Exif()
        exif[0x0112], exif[0x9286] = turned, bytes(900)
        data = encode_as("AVIF", flat, exif=exif.tobytes(), xmp=b"<x>" + bytes(900), speed=10)
        assert bytes(900) in data and not refuses(tmp_path, data)
        free = struct.pack(">I4s", 908, b"free") + bytes(900)
        assert not refuses(tmp_path, data + free)


def test_a_deflated_tiff_with_a_hole_is_broken(tmp_path):
    data = encode_as("TIFF", draw(), compression="tiff_adobe_deflate")
    assert not refuses(tmp_path, data)
    accepted = [place for place in (0.2, 0.3, 0.5, 0.7, 0.9) if not refuses(tmp_path, zero(data, place, 100))]
    assert accepted == []


def write_deflated_tiff(path, data, count=None, order=1):
    """Write a gray TIFF of 64 x 64 in one strip. order: of the bits; 2 turns each byte round."""
    fields = [(256, 64), (257, 64), (258, 8), (259, 8), (262, 1), (266, order), (273, 0), (277, 1), (278, 64)]
    fields.append((279, len(data) if count is None else count))
    start = 10 + 12 * len(fields) + 4
    entries = [struct.pack("<HHII", tag, 4, 1, start if tag == 273 else value) for tag, value in fields]
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, len(fields)) + b"".join(entries) + bytes(4) + data)


def test_deflated_tiffs_that_libtiff_decodes_are_whole(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)
    data = zlib.compress(pixels.tobytes())
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)
    forms = [(data, {}), (turned, {"order": 2}), (data, {"count": 0}), (data + b"more", {})]
    for content, options in forms:
        write_deflated_tiff(tmp_path / "a.tif", content, **options)
        assert (np.asarray(read_photo(tmp_path / "a.tif"))[..., 0] == pixels).all(), options


def test_what_lies_behind_the_picture_of_a_tiff_takes_no_memory(tmp_path):
    deflater = zlib.compressobj()
    data = deflater.compress(np.random.default_rng(0).integers(0, 255, 4096, dtype=np.uint8).tobytes())
    data += b"".join(deflater.compress(bytes(2**20)) for _ in range(64)) + deflater.flush()
    write_deflated_tiff(tmp_path / "a.tif", data)
    assert measure_memory(tmp_path / "a.tif") < 2**20


def test_an_honest_tiff_is_looked_at_in_small_blocks(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (1000, 1000, 3), dtype=np.uint8)
    options = {"compression": "tiff_adobe_deflate", "tiffinfo": {278: 1000}}
    (tmp_path / "a.tif").write_bytes(encode_as("TIFF", Image.fromarray(noise), **options))
    assert measure_memory(tmp_path / "a.tif") < 2**20


def measure_memory(path):
    """Return the most bytes that the look at a TIFF's data takes at once; Pillow's own are not counted."""
    with open(path, "rb") as file, Image.open(file) as image:
        image.load()
        tracemalloc.start()
        try:
            assert find_tiff_damage(file, image) is None
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_the_check_sum_of_every_strip_is_looked_at(tmp_path):
    for mode in ("1", "L", "RGB", "RGBA", "CMYK"):
        data = encode_as("TIFF", draw().convert(mode), compression="tiff_adobe_deflate", tiffinfo={278: 100})
        (tmp_path / "a.tif").write_bytes(data)
        with Image.open(tmp_path / "a.tif") as image:
            ends = [sum(ends) for ends in zip(image.tag_v2[273], image.tag_v2[279], strict=True)]
        assert len(ends) == 3
        assert not refuses(tmp_path, data)
        wrong = [data[: end - 1] + bytes([data[end - 1] ^ 1]) + data[end:] for end in ends]
        assert all(refuses(tmp_path, one) for one in wrong), mode


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "PPM"])
@pytest.mark.parametrize("mode", ["RGB", "L", "1"])
def test_stored_pixels_that_were_cut_are_broken(tmp_path, kind, mode):
    data = encode_as(kind, draw().convert(mode))
    assert not refuses(tmp_path, data)
    places = [0.001, 0.1, 0.5, 0.9, 0.999]
    assert [place for place in places if not refuses(tmp_path, data[: int(len(data) * place)])] == []
