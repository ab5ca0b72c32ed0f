"""Reading samples: every format, hostile files, stable shards, and the join."""

import hashlib
import io
import json
import struct
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from in_memory_joins import group_samples, read_all
from unscene.machine.job import Job
from unscene.run.shard_names import list_shards
from unscene.samples import reading
from unscene.samples.columns import REJECTED, SAMPLES, SHARD_REJECTED, SHARD_SAMPLES
from unscene.samples.joining import ImageIdError, join_samples
from unscene.samples.readers import SourceError, iterate_items
from unscene.samples.readers.cc_tsv import count_lines
from unscene.samples.reading import clean_captions, clean_text, make_image_id, map_in_order, read_samples

LIMITS = {"shard_size": 100, "captions_per_photo": 0, "min_side": 32, "max_pixels": 100_000_000}


def make_photo(seed: int = 0, size: tuple[int, int] = (64, 48)) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize(
        size, Image.Resampling.BICUBIC
    )


def encode(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def run(tmp_path, monkeypatch, source, shard=None, max_failed_share=1.0, **limits):
    """Read one shard in `tmp_path` as run directory and checkout; return (samples, rejected)."""
    monkeypatch.chdir(tmp_path)
    limits = {**LIMITS, **limits}
    shard = shard or list_shards(source, limits["shard_size"])[0]
    monkeypatch.setattr(reading, "CHECKOUT", tmp_path)
    stem = f"results/samples/{shard}"
    job = Job(
        outputs={"table": f"{stem}.parquet", "folder": stem, "rejected": f"{stem}.rejected.parquet"},
        settings={"samples": limits},
        runtime={"workers": 2, "max_failed_share": max_failed_share},
        wildcards={"shard": shard},
        config={"samples": {"sources": [source]}},
    )
    read_samples(job)
    return SHARD_SAMPLES.read(job.outputs.table), SHARD_REJECTED.read(job.outputs.rejected)


def join(parts: list[str], distance: int = 4) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join the parts (paths without suffix); return (samples, rejected)."""
    inputs = {"tables": [f"{part}.parquet" for part in parts]}
    inputs["rejected"] = [f"{part}.rejected.parquet" for part in parts]
    outputs = {"samples": "samples.parquet", "rejected": "rejected.parquet"}
    join_samples(Job(inputs, outputs, {"samples": {"duplicate_hash_distance": distance}}))
    return SAMPLES.read("samples.parquet"), REJECTED.read("rejected.parquet")


def write_table_source(
    folder: Path, rows: list[tuple], name: str = "photos.csv", columns=("path", "caption")
) -> dict:
    frame = pd.DataFrame(rows, columns=list(columns))
    path = folder / name
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if name.endswith(".tsv") else ",")
    return {"name": "own", "format": "table", "photos": 100, "table": name}


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

    sample, rejected = run(tmp_path, monkeypatch, source)

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
    _, rejected = run(tmp_path, monkeypatch, source, max_pixels=2000)
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
    sample, rejected = run(tmp_path, monkeypatch, source, **{limit: value})
    assert rejected["reason"].tolist() == ([reason] if reason else []) and len(sample) == 1 + (not reason)


def test_a_wrong_folder_stops_the_run(tmp_path, monkeypatch):
    source = write_table_source(tmp_path, [(f"{i}.jpg", "a dog") for i in range(20)])
    with pytest.raises(
        SourceError, match="'own': none of 20 items .* .missing 20.*0.jpg is not there.*below"
    ):
        run(tmp_path, monkeypatch, source, max_failed_share=1.0)
    assert not Path("results/samples/own-0-of-1.parquet").exists()
    make_photo().save(tmp_path / "0.jpg")
    with pytest.raises(RuntimeError, match="19 of 20 items failed.*missing"):
        run(tmp_path, monkeypatch, source, max_failed_share=0.5)
    assert not Path("results/samples/own-0-of-1.parquet").exists()


def test_no_usable_photo_stops_a_run_however_few_there_are(tmp_path, monkeypatch):
    make_photo(0, (20, 20)).save(tmp_path / "0.png")
    source = write_table_source(tmp_path, [("0.png", "a dog"), ("1.png", "a cat")])
    with pytest.raises(SourceError, match="none of 2 items is a usable photo .too_small 1, missing 1"):
        run(tmp_path, monkeypatch, source)
    (tmp_path / "photos.csv").write_text("path,caption\n")
    with pytest.raises(SourceError, match="'own': it has no items at all"):
        run(tmp_path, monkeypatch, source)


def test_a_last_shard_without_a_photo_passes_and_the_join_stops_when_all_are_so(tmp_path, monkeypatch):
    make_photo().save(tmp_path / "0.png")
    source = {**write_table_source(tmp_path, [("0.png", "a dog"), ("1.png", "a cat")]), "photos": 2}
    parts = [f"results/samples/{shard}" for shard in list_shards(source, 1)]
    for shard in list_shards(source, 1):
        run(tmp_path, monkeypatch, source, shard, shard_size=1)
    assert len(join(parts)[0]) == 1
    with pytest.raises(SourceError, match="none of 1 items is a usable photo .missing 1"):
        join(parts[1:])


@pytest.mark.parametrize("name", ["photos.csv", "photos.tsv", "photos.parquet"])
def test_table_gathers_the_captions_of_a_path(tmp_path, monkeypatch, name):
    for number in range(3):
        make_photo(number).save(tmp_path / f"{number}.png")
    rows = [
        ("0.png", 'a "dog", \n sitting'),
        ("1.png", "  a  cat "),
        ("0.png", ""),
        ("0.png", "two dogs"),
        ("2.png", "x"),
    ]
    sample, _ = run(tmp_path, monkeypatch, write_table_source(tmp_path, rows, name))
    assert sample["image_id"].tolist() == ["own_0", "own_1", "own_2"]
    assert [list(c) for c in sample["captions"]] == [['a "dog", sitting', "two dogs"], ["a cat"], ["x"]]
    sample, _ = run(tmp_path, monkeypatch, write_table_source(tmp_path, rows, name), captions_per_photo=1)
    assert [list(c) for c in sample["captions"]] == [['a "dog", sitting'], ["a cat"], ["x"]]


def test_table_keys_stay_unique(tmp_path, monkeypatch):
    names = ["a/1.png", "b/1.png", "1.jpg", "a_1.png", "é 1.png", "é_1.png"]
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        make_photo(number).save(tmp_path / name)
    sample, _ = run(tmp_path, monkeypatch, write_table_source(tmp_path, [(name, "x") for name in names]))
    assert len(sample) == len(names) and sample["image_id"].is_unique
    assert sample["image_id"].str.fullmatch("[A-Za-z0-9_]+").all()
    assert sample["image_id"].tolist()[3] == "own_a_1"


def test_table_rows_of_another_width_are_rejected(tmp_path, monkeypatch):
    make_photo().save(tmp_path / "a.png")
    (tmp_path / "t.csv").write_text("path,caption\na.png,a dog\nb.png\na.png,a,cat\n,nothing\n")
    source = {"name": "own", "format": "table", "photos": 10, "table": "t.csv"}
    sample, rejected = run(tmp_path, monkeypatch, source)
    assert len(sample) == 1
    assert sorted(rejected["reason"]) == ["malformed", "malformed", "no_path"]
    assert rejected["detail"].str.contains("row 3 has 1 columns, not 2").any()


def test_table_errors_name_file_and_key(tmp_path):
    (tmp_path / "t.csv").write_text("photo_no,words\n1,2\n")
    (tmp_path / "t.doc").write_bytes(b"")
    (tmp_path / "l.csv").write_bytes("path,caption\na.png,café\n".encode("latin-1"))
    (tmp_path / "t.xlsx").write_bytes(b"")
    for name, message in {
        "t.csv": "no column path and no column caption .there are: photo_no, words.*columns: .path: NAME",
        "l.csv": "l.csv is not UTF-8 text.*Save As",
        "t.xlsx": "is a spreadsheet; save it as CSV",
        "t.doc": "must end in one of .csv",
        "n.csv": "n.csv is not there",
    }.items():
        source = {"name": "own", "format": "table", "photos": 10, "table": name}
        with pytest.raises(SourceError, match=f"'own', key table.*{message}"):
            list(iterate_items(source, range(10), tmp_path))


def write_coco(folder: Path, images: list[dict], annotations: list[dict]) -> dict:
    (folder / "captions.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    (folder / "images").mkdir(exist_ok=True)
    return {"name": "coco", "format": "coco", "photos": 10, "captions": "captions.json", "images": "images"}


def test_coco_keeps_order_mentions_and_rejects_twins(tmp_path, monkeypatch):
    images = [{"id": i, "file_name": f"{i}.png", "flickr_url": f"http://f/{i}#x"} for i in (7, 3, 7)] + [
        {"id": 9}
    ]
    annotations = [
        {"image_id": 3, "caption": "a\ud800 dog\n"},
        {"image_id": 7, "caption": " ", "mentions": ["cat"]},
        {"image_id": 7, "caption": "a dog", "mentions": ["dog"]},
        {"image_id": 7, "caption": None},
        {"image_id": 44, "caption": "of no photo"},
    ]
    source = write_coco(tmp_path, images, annotations)
    for i in (7, 3):
        make_photo(i).save(tmp_path / "images" / f"{i}.png")
    sample, rejected = run(tmp_path, monkeypatch, source)
    assert sample["image_id"].tolist() == ["coco_7", "coco_3"]
    assert sample["captions"].map(list).tolist() == [["a dog"], ["a? dog"]]
    assert [list(words) for words in sample["mentions"][0]] == [["dog"]]
    assert sample["mentions"][1] is None
    assert sample["url"].tolist() == ["http://f/7", "http://f/3"]
    assert sorted(rejected["reason"]) == ["duplicate_id", "malformed"]


def test_coco_errors_name_file_and_key(tmp_path):
    source = write_coco(tmp_path, [], [])
    (tmp_path / "captions.json").write_text('{"images": []')
    with pytest.raises(SourceError, match="'coco', key captions.*not in COCO's captions format"):
        list(iterate_items(source, range(10), tmp_path))
    write_coco(tmp_path, [], [])
    with pytest.raises(SourceError, match="'coco', key instances.*is not there"):
        list(iterate_items({**source, "instances": "i.json"}, range(10), tmp_path))


def test_embedded_source_is_read_by_the_coco_reader(tmp_path, monkeypatch):
    folder = tmp_path / "results" / "scenes" / "toy"
    folder.mkdir(parents=True)
    write_coco(
        folder, [{"id": 1, "file_name": "1.png"}], [{"image_id": 1, "caption": "a dog", "mentions": ["dog"]}]
    )
    (folder / "captions.json").rename(folder / "captions_toy.json")
    (folder / "instances_toy.json").write_text(json.dumps({"images": [], "annotations": []}))
    make_photo().save(folder / "images" / "1.png")
    sample, _ = run(tmp_path, monkeypatch, {"name": "toy", "format": "embedded", "photos": 1, "seed": 1})
    assert sample.loc[0, ["image_id", "path"]].tolist() == ["toy_1", "results/scenes/toy/images/1.png"]


LICENCE_COLUMNS = ["license", "license_url", "author_url", "source_url"]


def read_licences(frame):
    told = frame.set_index("source_key")[LICENCE_COLUMNS].astype(object)
    return {
        key: tuple(row)
        for key, row in zip(told.index, told.where(told.notna(), None).to_numpy(), strict=True)
    }


@pytest.mark.parametrize("where", ["captions", "instances"])
def test_licences_come_from_cocos_files(tmp_path, monkeypatch, where):
    told = [
        {"id": 1, "file_name": "1.png", "license": 4, "flickr_url": "http://f/1", "coco_url": "http://c/1"},
        {"id": 2, "file_name": "2.png", "license": 9, "flickr_url": 3},
        {"id": 3, "file_name": "3.png"},
    ]
    known = [{"id": 4, "name": " Attribution  License", "url": "http://l/4"}]
    bare = [{"id": image["id"], "file_name": image["file_name"]} for image in told]
    source = write_coco(
        tmp_path,
        told if where == "captions" else bare,
        [{"image_id": image["id"], "caption": "a dog"} for image in told],
    )
    files = {
        "captions": json.loads((tmp_path / "captions.json").read_text()),
        "instances": {"images": told, "annotations": []},
    }
    files[where]["licenses"] = known
    for name, document in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    for number in (1, 2, 3):
        make_photo(number).save(tmp_path / "images" / f"{number}.png")
    sample, _ = run(tmp_path, monkeypatch, source | {"instances": "instances.json"})
    nothing = (None, None, None, None)
    assert read_licences(sample) == {
        "1": ("Attribution License", "http://l/4", "http://f/1", "http://c/1"),
        "2": nothing,
        "3": nothing,
    }
    joined, _ = join(["results/samples/coco-0-of-1"])
    assert read_licences(joined) == read_licences(sample)
    if where == "instances":  # without them nothing is known
        assert set(read_licences(run(tmp_path, monkeypatch, source)[0]).values()) == {nothing}


@pytest.mark.parametrize("name", ["photos.csv", "photos.parquet"])
def test_licences_come_from_a_tables_columns(tmp_path, monkeypatch, name):
    for number in range(2):
        make_photo(number).save(tmp_path / f"{number}.png")
    rows = [
        ("0.png", "a dog", "", "http://s/0"),
        ("0.png", "a pet", "CC0", "http://s/x"),
        ("1.png", "a cat", "", ""),
    ]
    source = write_table_source(tmp_path, rows, name, ("path", "caption", "license", "source_url"))
    sample, _ = run(tmp_path, monkeypatch, source)
    assert read_licences(sample) == {"0": ("CC0", None, None, "http://s/0"), "1": (None, None, None, None)}


def test_cc_tsv_finds_photos_by_line_or_third_column(tmp_path, monkeypatch):
    (tmp_path / "images").mkdir()
    make_photo(0).save(tmp_path / "images" / "00000000.jpg")
    make_photo(1).save(tmp_path / "images" / "own.png")
    lines = ['\ufeffa "dog\thttp://a/0', "a cat\thttp://a/1\town.png", "", "lost \udcff\thttp://a/3"]
    (tmp_path / "t.tsv").write_bytes("\r\n".join(lines).encode("utf-8", "surrogateescape"))
    source = {"name": "cc", "format": "cc_tsv", "photos": 4, "table": "t.tsv", "images": "images"}
    sample, rejected = run(tmp_path, monkeypatch, source)
    assert sample["image_id"].tolist() == ["cc_00000000", "cc_00000001"]
    assert sample["captions"].map(list).tolist() == [['a "dog'], ["a cat"]]
    assert sample["url"].tolist() == ["http://a/0", "http://a/1"]
    assert rejected["reason"].tolist() == ["no_caption", "missing"]


@pytest.mark.parametrize(("content", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\n\nb", 3)])
def test_count_lines(tmp_path, content, lines):
    (tmp_path / "t").write_bytes(content)
    assert count_lines(tmp_path / "t") == lines


def write_tar(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def write_tars(folder: Path, per_tar: int = 3) -> dict:
    """Write two tars as img2dataset does; item 1 is CMYK, item 2 broken, item 4 has its caption in
    the JSON alone.
    """
    (folder / "tars").mkdir()
    for shard in range(2):
        files = {}
        for number in range(per_tar):
            item = shard * per_tar + number
            photo = make_photo(item)
            content = encode(photo.convert("CMYK") if item == 1 else photo)
            key = f"{shard:05d}{number:04d}"
            files[f"{key}.jpg"] = content[:200] if item == 2 else content
            files[f"{key}.json"] = json.dumps({"url": f"http://w/{item}", "caption": f"json {item}"}).encode()
            if item != 4:
                files[f"{key}.txt"] = f"text {item}".encode()
        write_tar(folder / "tars" / f"{shard:05d}.tar", files)
        (folder / "tars" / f"{shard:05d}.parquet").write_bytes(b"ignored")
    return {"name": "web", "format": "webdataset", "photos": 6, "tars": "tars"}


def test_webdataset_writes_its_photos_out(tmp_path, monkeypatch):
    source = write_tars(tmp_path)
    sample, rejected = run(tmp_path, monkeypatch, source)
    assert sample["image_id"].tolist() == [
        "web_000000000",
        "web_000000001",
        "web_000010000",
        "web_000010001",
        "web_000010002",
    ]
    assert sample["captions"].map(list).tolist() == [
        ["text 0"],
        ["text 1"],
        ["text 3"],
        ["json 4"],
        ["text 5"],
    ]
    assert sample["url"].tolist() == [f"http://w/{i}" for i in (0, 1, 3, 4, 5)]
    assert rejected["reason"].tolist() == ["broken"]
    folder = Path("results/samples/web-0-of-1")
    assert sorted(p.name for p in folder.iterdir()) == sorted(Path(path).name for path in sample["path"])
    assert (folder / "web_000000000.jpg").read_bytes() == encode(make_photo(0))
    assert sample["path"][1].endswith("web_000000001.png")
    assert rejected["detail"][0].startswith("web_000000002.jpg")  # no word of the temporary folder


def test_webdataset_shards_cover_each_item_once(tmp_path, monkeypatch):
    source = write_tars(tmp_path)
    whole, _ = run(tmp_path, monkeypatch, source)
    parts = [run(tmp_path, monkeypatch, source, shard, shard_size=2)[0] for shard in list_shards(source, 2)]
    assert pd.concat(parts)["image_id"].tolist() == whole["image_id"].tolist()


def test_webdataset_counts_from_stats_and_checks_them(tmp_path):
    source = write_tars(tmp_path)
    stats = tmp_path / "tars" / "00000_stats.json"
    stats.write_text('{"successes": 3}')
    assert len(list(iterate_items(source, range(6), tmp_path))) == 6
    stats.write_text('{"successes": 2}')
    with pytest.raises(SourceError, match="has 3 items, its stats file says 2; delete 00000_stats.json"):
        list(iterate_items(source, range(6), tmp_path))


@pytest.mark.parametrize("with_stats", [True, False])
def test_a_tar_that_is_cut_off_ends_in_rows(tmp_path, monkeypatch, with_stats):
    source = write_tars(tmp_path)
    path = tmp_path / "tars" / "00001.tar"
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"000010001.jpg") + 700])
    if with_stats:
        (tmp_path / "tars" / "00001_stats.json").write_text('{"successes": 3}')
    sample, rejected = run(tmp_path, monkeypatch, source)
    assert sample["image_id"].tolist() == ["web_000000000", "web_000000001", "web_000010000"]
    assert len(rejected) == 3 and set(rejected["reason"]) <= {"broken", "no_caption"}


def test_keys_of_other_tars_get_the_tar_name(tmp_path, monkeypatch):
    (tmp_path / "tars").mkdir()
    for number, name in enumerate(("a.tar", "b.tar")):
        write_tar(tmp_path / "tars" / name, {"x.jpg": encode(make_photo(number)), "x.txt": b"a dog"})
    sample, _ = run(
        tmp_path, monkeypatch, {"name": "web", "format": "webdataset", "photos": 2, "tars": "tars"}
    )
    assert len(sample) == 2 and sample["image_id"].is_unique


def test_more_items_than_photos_stop_with_the_way_out(tmp_path):
    table = write_table_source(tmp_path, [(f"{i}.png", "x") for i in range(5)])
    coco = write_coco(tmp_path, [{"id": i, "file_name": "a"} for i in range(5)], [])
    (tmp_path / "t.tsv").write_text("a\tb\n" * 5)
    cc = {"name": "cc", "format": "cc_tsv", "photos": 4, "table": "t.tsv", "images": "images"}
    for source in ({**table, "photos": 4}, {**coco, "photos": 4}, cc, {**write_tars(tmp_path), "photos": 4}):
        with pytest.raises(SourceError, match="`photos` is 4.*write photos: [56]"):
            list(iterate_items(source, range(2), tmp_path))


def test_shards_partition_a_source_and_an_addition_changes_nothing(tmp_path, monkeypatch):
    for i in range(7):
        make_photo(i).save(tmp_path / f"{i}.png")
    source = {**write_table_source(tmp_path, [(f"{i}.png", "x") for i in range(7)]), "photos": 7}
    parts = [run(tmp_path, monkeypatch, source, shard, shard_size=3)[0] for shard in list_shards(source, 3)]
    assert [len(part) for part in parts] == [3, 3, 1]
    assert pd.concat(parts)["image_id"].tolist() == [f"own_{i}" for i in range(7)]
    first = Path("results/samples/own-0-of-3.parquet").read_bytes()
    run(tmp_path, monkeypatch, source, "own-0-of-3", shard_size=3)
    assert Path("results/samples/own-0-of-3.parquet").read_bytes() == first


def test_shards_of_two_sources_never_share_a_name():
    old, new = ({"name": name, "photos": 5} for name in ("old", "new"))
    assert set(list_shards(old, 2)).isdisjoint(list_shards(new, 2))


def test_join_rejects_duplicates_and_groups(tmp_path, monkeypatch):
    for i in range(4):
        make_photo(i).save(tmp_path / f"{i}.png")
    make_photo(0).save(tmp_path / "again.png")
    make_photo(1).resize((32, 32)).resize((64, 48)).save(tmp_path / "near.png")
    one = write_table_source(tmp_path, [(f"{i}.png", "x") for i in range(4)], "one.csv")
    rows = [("again.png", "y", "http://u/2"), ("near.png", "y", ""), ("3.png", "z", "")]
    two = write_table_source(tmp_path, rows, "two.csv", ("path", "caption", "url"))
    one, two = {**one, "name": "one"}, {**two, "name": "two"}
    for source in (one, two):
        run(tmp_path, monkeypatch, source)
    names = ["one-0-of-1", "two-0-of-1"]
    sample, rejected = join([f"results/samples/{name}" for name in names], distance=6)
    assert sample["image_id"].tolist() == ["one_0", "one_1", "one_2", "one_3", "two_near"]
    assert sample["group"].tolist() == ["one_0", "one_1", "one_2", "one_3", "one_1"]
    assert rejected["reason"].tolist() == ["duplicate", "duplicate"]
    assert rejected["detail"].tolist() == ["has the bytes of one_0", "has the bytes of one_3"]


def test_join_stops_when_source_names_make_ids_collide(tmp_path, monkeypatch):
    make_photo(0).save(tmp_path / "1.png")
    make_photo(1).save(tmp_path / "b_1.png")
    for name, photo in (("a_b", "1.png"), ("a", "b_1.png")):
        run(
            tmp_path,
            monkeypatch,
            {**write_table_source(tmp_path, [(photo, "x")], f"{name}.csv"), "name": name},
        )
    parts = [f"results/samples/{name}-0-of-1" for name in ("a", "a_b")]
    with pytest.raises(ImageIdError, match="'a_b_1' comes from a and a_b; rename"):
        join(parts)


def test_image_ids_never_collide():
    keys = ["a/1", "a_1", "a 1", "a__1", "ä1", "1", "", "_", "x" * 300, "x" * 301]
    ids = [make_image_id("s", key) for key in keys]
    assert len(set(ids)) == len(keys) and all(len(i) < 120 for i in ids)
    assert make_image_id("coco", "285") == "coco_285"


def test_captions_are_cleaned_with_their_mentions():
    assert clean_captions([" a\tb ", None, "", "c", "d"], [[1], [2], [3], [4], [5]], 2) == (
        ["a b", "c"],
        [[1], [4]],
    )
    assert clean_captions([], None, 0) == ([], None)
    assert clean_text("a\x00b\u00a0 c\ud83d") == "a b c?"


def test_map_in_order_keeps_order_and_few_in_flight():
    taken, most = [], 0

    def feed():
        for i in range(50):
            taken.append(i)
            yield i

    for done, value in enumerate(map_in_order(lambda i: i * i, feed(), workers=2)):
        assert value == done * done
        most = max(most, len(taken) - done)
    assert done == 49 and most <= 9


@pytest.mark.real
def test_real_coco_photos_are_used_in_place_but_for_other_colours(real_data, tmp_path, monkeypatch):
    folder = real_data / "coco_sample"
    source = {"name": "coco", "format": "coco", "photos": 62, "captions": str(folder / "captions.json")}
    source |= {"images": str(folder / "images"), "instances": str(folder / "instances.json")}
    sample, rejected = run(tmp_path, monkeypatch, source)
    assert len(sample) == 62 and len(rejected) == 0
    assert sample["captions"].map(len).sum() == 310
    converted = ~sample["path"].str.startswith("/")
    assert converted.sum() == 11  # Adobe RGB and cameras' own; told by the profiles' descriptions
    assert sample.loc[converted, "path"].str.endswith(".png").all()


@pytest.mark.real
def test_real_cc3m_lines_without_photos_are_rows(real_data, tmp_path, monkeypatch):
    source = {"name": "cc", "format": "cc_tsv", "photos": 2000, "images": str(tmp_path)}
    source["table"] = str(real_data / "text" / "cc3m_validation_head.tsv")
    make_photo().save(tmp_path / "00001007.jpg")
    sample, rejected = run(tmp_path, monkeypatch, source, "cc-1-of-2", shard_size=1000)
    assert sample["source_key"].tolist() == ["00001007"] and len(rejected) == 999
    assert set(rejected["reason"]) == {"missing"}
    assert rejected["source_key"].tolist() == [f"{i:08d}" for i in range(1000, 2000) if i != 1007]


def test_a_join_in_pieces_groups_as_comparing_all_with_all_does(tmp_path, monkeypatch):
    """Photos whose bytes, URLs, keys and hashes meet at random, over shards of uneven sizes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("unscene.run.streaming.ROWS_A_GROUP", 16)
    rng = np.random.default_rng(5)
    base = rng.integers(0, 2**63, 400, dtype=np.uint64)
    rows = []
    for number in range(240):
        value = int(base[rng.integers(400)])
        for bit in rng.choice(64, rng.integers(0, 4), replace=False):
            value ^= 1 << int(bit)
        row = dict.fromkeys(SHARD_SAMPLES.names) | {
            "image_id": f"s_{number}",
            "source": "s",
            "source_key": str(number),
            "sha256": hashlib.sha256(str(rng.integers(700)).encode()).hexdigest(),
            "phash": rng.choice([f"{value:016x}", f"{value:016x}", "", None]),
            "url": rng.choice([f"https://x/{rng.integers(900)}", "", None]),
            "group_key": rng.choice([f"k{rng.integers(500)}", None, None]),
            "captions": [f"photo {number}"],
            "mentions": [["dog"], []] if number % 2 else None,
            "width": 9,
            "height": 9,
        }
        rows.append(row)
    parts, start = [], 0
    for size in (1, 0, 50, 3, 120, 66):
        name = f"s-{len(parts)}-of-6"
        frame = SHARD_SAMPLES.frame(rows[start : start + size]).assign(shard=name)
        SHARD_SAMPLES.write(frame, f"{name}.parquet")
        refused = SHARD_REJECTED.frame([{"source": "s", "reason": "broken", "shard": name}] * (size % 3))
        SHARD_REJECTED.write(refused, f"{name}.rejected.parquet")
        parts.append(name)
        start += size
    sample, rejected = join(parts, distance=3)
    whole = read_all([f"{name}.parquet" for name in parts])
    whole["group"] = group_samples(whole, 3)
    first = whole.groupby("sha256")["image_id"].transform("first")
    kept = whole[whole["image_id"] == first]
    assert 20 < kept["group"].nunique() < len(kept) < len(whole) - 20
    expected = kept[SAMPLES.names].reset_index(drop=True)
    pd.testing.assert_frame_equal(sample, expected, check_dtype=False)
    twice = whole[whole["image_id"] != first]
    assert list(rejected["reason"]) == ["broken"] * 3 + ["duplicate"] * len(twice)
    assert list(rejected["source_key"][3:]) == list(twice["source_key"])
    assert list(rejected["detail"][3:]) == ["has the bytes of " + name for name in first[twice.index]]
