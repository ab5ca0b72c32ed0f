"""Photos that cannot be used end as rows with a reason; a source of nothing else stops the run."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sample_sources import encode, join_parts, make_photo, read_shard, write_table_source
from unscene.run.shard_names import list_shards
from unscene.samples.readers import SourceError


def write_bomb(path: Path) -> None:
    """Write a PNG of a hundred bytes whose header says 30000x30000."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    )


def test_hostile_files_all_end_as_rows(tmp_path, monkeypatch):
    photo = make_photo()
    whole = encode(photo)
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = Image.fromarray(np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16))
    clear = photo.convert("RGBA")
    clear.putalpha(0)
    files = {
        "good.jpg": whole,
        "cut.jpg": whole[: len(whole) // 2],
        "empty.jpg": b"",
        "text.jpg": b"this is no photo",
        "page.png": b"<html>404</html>",
        "wrong_name.txt": encode(make_photo(1), "PNG"),
        "cmyk.jpg": encode(make_photo(2).convert("CMYK")),
        "gray.jpg": encode(make_photo(3).convert("L")),
        "deep.png": encode(deep, "PNG"),
        "palette.png": encode(make_photo(4).convert("P"), "PNG"),
        "turned.jpg": encode(make_photo(5), exif=exif),
        "alpha.png": encode(clear, "PNG"),
        "moving.gif": encode(
            make_photo(6).convert("P"), "GIF", save_all=True, append_images=[make_photo(7).convert("P")]
        ),
        "small.png": encode(make_photo(8, (64, 20)), "PNG"),
        "silent.jpg": encode(make_photo(9)),
        "twin.jpg": whole,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    write_bomb(tmp_path / "bomb.png")
    (tmp_path / "folder.jpg").mkdir()
    names = [*files, "bomb.png", "folder.jpg", "absent.jpg"]
    source = write_table_source(
        tmp_path, [(name, " " if name == "silent.jpg" else f"a {name}") for name in names]
    )

    sample, rejected = read_shard(tmp_path, monkeypatch, source)

    assert len(sample) + len(rejected) == len(names)
    reason = dict(zip(rejected["source_key"], rejected["reason"], strict=True))
    assert reason == {
        "cut": "broken",
        "empty": "empty",
        "text": "broken",
        "page": "broken",
        "small": "too_small",
        "silent": "no_caption",
        "twin": "duplicate",
        "bomb": "huge",
        "folder": "missing",
        "absent": "missing",
    }
    assert rejected.set_index("source_key").loc["twin", "detail"] == "has the bytes of own_good"
    sample = sample.set_index("source_key")
    for key in sample.index:
        with Image.open(sample.loc[key, "path"]) as image:
            assert image.mode == "RGB" and image.getexif().get(0x0112, 1) == 1
            assert image.size == (sample.loc[key, "width"], sample.loc[key, "height"])
    copies = {"cmyk", "gray", "deep", "palette", "turned", "alpha", "moving"}
    in_shard = sample["path"].str.startswith("results/samples/own-0-of-1/")
    assert set(sample.index[in_shard]) == copies
    assert sorted(p.name for p in Path("results/samples/own-0-of-1").iterdir()) == sorted(
        f"own_{k}.png" for k in copies
    )
    assert sample.loc["good", "path"] == "good.jpg"
    assert tuple(sample.loc["turned", ["width", "height"]]) == (48, 64)
    with Image.open(sample.loc["alpha", "path"]) as image:
        assert np.asarray(image).min() == 255
    with Image.open(sample.loc["deep", "path"]) as image:
        assert np.asarray(image).min() == 0 and np.asarray(image).max() == 255
    assert not list(Path("results/samples").glob(".*"))


def test_photos_above_max_pixels_are_huge(tmp_path, monkeypatch):
    make_photo().save(tmp_path / "a.png")
    make_photo(1, (32, 32)).save(tmp_path / "b.png")
    source = write_table_source(tmp_path, [("a.png", "x"), ("b.png", "x")])
    _, rejected = read_shard(tmp_path, monkeypatch, source, max_pixels=2000)
    assert rejected["reason"].tolist() == ["huge"]


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("min_side", 47, None),
        ("min_side", 48, None),
        ("min_side", 49, "too_small"),  # the shorter side has 48
        ("max_pixels", 64 * 48 - 1, "huge"),
        ("max_pixels", 64 * 48, None),
        ("max_pixels", 64 * 48 + 1, None),
    ],
)
def test_each_limit_of_a_photos_size(tmp_path, monkeypatch, limit, value, reason):
    make_photo().save(tmp_path / "a.png")
    good = (49, 49)  # passes all of them
    make_photo(1, good).save(tmp_path / "b.png")
    source = write_table_source(tmp_path, [("a.png", "x"), ("b.png", "x")])
    sample, rejected = read_shard(tmp_path, monkeypatch, source, **{limit: value})
    assert rejected["reason"].tolist() == ([reason] if reason else []) and len(sample) == 1 + (not reason)


def test_a_wrong_folder_stops_the_run(tmp_path, monkeypatch):
    source = write_table_source(tmp_path, [(f"{i}.jpg", "a dog") for i in range(20)])
    with pytest.raises(
        SourceError, match="'own': none of 20 items .* .missing 20.*0.jpg is not there.*below"
    ):
        read_shard(tmp_path, monkeypatch, source, max_failed_share=1.0)
    assert not Path("results/samples/own-0-of-1.parquet").exists()
    make_photo().save(tmp_path / "0.jpg")
    with pytest.raises(RuntimeError, match="19 of 20 items failed.*missing"):
        read_shard(tmp_path, monkeypatch, source, max_failed_share=0.5)
    assert not Path("results/samples/own-0-of-1.parquet").exists()


def test_no_usable_photo_stops_a_run_however_few_there_are(tmp_path, monkeypatch):
    make_photo(0, (20, 20)).save(tmp_path / "0.png")
    source = write_table_source(tmp_path, [("0.png", "a dog"), ("1.png", "a cat")])
    with pytest.raises(SourceError, match="none of 2 items is a usable photo .too_small 1, missing 1"):
        read_shard(tmp_path, monkeypatch, source)
    (tmp_path / "photos.csv").write_text("path,caption\n")
    with pytest.raises(SourceError, match="'own': it has no items at all"):
        read_shard(tmp_path, monkeypatch, source)


def test_a_last_shard_without_a_photo_passes_and_the_join_stops_when_all_are_so(tmp_path, monkeypatch):
    make_photo().save(tmp_path / "0.png")
    source = {**write_table_source(tmp_path, [("0.png", "a dog"), ("1.png", "a cat")]), "photos": 2}
    parts = [f"results/samples/{shard}" for shard in list_shards(source, 1)]
    for shard in list_shards(source, 1):
        read_shard(tmp_path, monkeypatch, source, shard, shard_size=1)
    assert len(join_parts(parts)[0]) == 1
    with pytest.raises(SourceError, match="none of 1 items is a usable photo .missing 1"):
        join_parts(parts[1:])
