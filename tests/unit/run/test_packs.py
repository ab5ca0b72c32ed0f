"""Packs: pictures of a shard in one tar are read as loose ones are, by our door and by other programs."""

import os
import random
import subprocess
import tarfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unscene.photos.images import PhotoError, read_mask, read_photo, write_png
from unscene.run.packs import (
    PackError,
    check_pack,
    find_pack,
    is_stored,
    list_stored,
    open_stored,
    pack_folder,
    read_stored,
    unpack_folder,
)
from unscene.run.records import find_damage, hash_content
from unscene.run.shards import ShardWriter, check_file, file_sha256
from unscene.run.tables import Column, Table

LONG = "s_" + "long_" * 30 + "1-dog.png"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A shard's folder with pictures of several kinds, loose."""
    chance = np.random.default_rng(7)
    folder = tmp_path / "results/edits/s-0-of-2"
    folder.mkdir(parents=True)
    for number in range(4):
        write_png(chance.integers(0, 256, (9, 7, 3), np.uint8), folder / f"s_{number}-hot_dog.png")
        write_png(chance.random((9, 7)) > 0.5, folder / f"s_{number}-hot_dog.mask.png")
    Image.new("RGB", (64, 64), (200, 30, 30)).save(folder / "s_4.jpg")
    (folder / LONG).write_bytes(b"a name that a tar's own head has no room for")
    (folder / "s_5.png").write_bytes(b"")
    (folder / ".snakemake_timestamp").touch()
    return folder


def read_all(folder: Path) -> dict[str, bytes]:
    return {name: read_stored(folder / name) for name, _ in list_stored(folder)}


def test_a_packed_folder_reads_as_the_loose_one(folder):
    before, sizes = read_all(folder), dict(list_stored(folder))
    photo, mask = np.asarray(read_photo(folder / "s_4.jpg")), read_mask(folder / "s_0-hot_dog.mask.png")
    content, digest = hash_content(folder), file_sha256(folder / LONG)
    assert pack_folder(folder) == len(before) == 11
    assert sorted(path.name for path in folder.iterdir()) == [".snakemake_timestamp", "s-0-of-2.tar"]
    assert read_all(folder) == before and dict(list_stored(folder)) == sizes
    assert np.array_equal(read_photo(folder / "s_4.jpg"), photo)
    assert np.array_equal(read_mask(folder / "s_0-hot_dog.mask.png"), mask)
    assert hash_content(folder) == content
    check_file(folder / LONG, digest)
    assert is_stored(folder / "s_4.jpg") and not is_stored(folder / "s_6.jpg")
    with pytest.raises(FileNotFoundError, match=r"s_6\.jpg"):
        open_stored(folder / "s_6.jpg")
    with pytest.raises(PhotoError, match="missing"):
        read_photo(folder / "s_6.jpg")
    with pytest.raises(PhotoError, match="empty"):
        read_photo(folder / "s_5.png")
    assert unpack_folder(folder, {}) == 11 and not find_pack(folder).exists()
    assert read_all(folder) == before


def test_other_programs_read_a_pack(folder, tmp_path):
    webdataset = pytest.importorskip("webdataset")
    before = read_all(folder)
    pack_folder(folder)
    pack = str(find_pack(folder))
    with tarfile.open(pack) as file:
        assert {m.name: file.extractfile(m).read() for m in file if m.name != "__index__"} == before
    told = subprocess.run(["tar", "-xvf", pack, "-C", tmp_path], capture_output=True, text=True, check=True)
    assert told.stderr == "" and {name: (tmp_path / name).read_bytes() for name in before} == before
    samples = list(webdataset.WebDataset(pack, shardshuffle=False, empty_check=False))
    keys = [sample["__key__"] for sample in samples]
    assert sorted(keys) == sorted({name.split(".")[0] for name in before}) and len(set(keys)) == len(keys)
    found = {f"{s['__key__']}.{kind}": s[kind] for s in samples for kind in s if not kind.startswith("__")}
    assert found == before


def test_datasets_reads_a_pack_without_its_index(folder, tmp_path):
    datasets = pytest.importorskip("datasets")
    for name in (LONG, "s_5.png", "s_4.jpg"):
        (folder / name).unlink()
    pack_folder(folder)
    loaded = datasets.load_dataset(
        "webdataset", data_files={"train": str(find_pack(folder))}, split="train", cache_dir=str(tmp_path)
    )
    assert sorted(loaded["__key__"]) == [f"s_{number}-hot_dog" for number in range(4)]
    assert {"png", "mask.png"} <= set(loaded.column_names)
    assert np.array_equal(loaded[1]["png"], read_photo(folder / f"{loaded[1]['__key__']}.png"))


def test_the_same_pictures_give_the_same_bytes(folder, tmp_path):
    other = tmp_path / "elsewhere/s-0-of-2"
    other.mkdir(parents=True)
    for name in sorted(os.listdir(folder), reverse=True):
        (other / name).write_bytes((folder / name).read_bytes())
        os.utime(other / name, (7, 7))
    pack_folder(folder)
    pack_folder(other)
    assert find_pack(folder).read_bytes() == find_pack(other).read_bytes()


def test_a_flipped_bit_and_a_cut_are_seen_wherever_they_are(folder):
    record, before = hash_content(folder), read_all(folder)
    pack_folder(folder)
    pack = find_pack(folder)
    whole, chance = pack.read_bytes(), random.Random(11)
    blocks = range(0, len(whole), 512)
    spoiled = []
    for start in blocks:  # each head, padding and content
        position = start + chance.randrange(512)
        content = bytearray(whole)
        content[position] ^= 1 << chance.randrange(8)
        spoiled.append(bytes(content))
    spoiled += [whole[:-1], whole[:-512], whole[: len(whole) // 2], whole[:700], b"", whole + b"\0"]
    for number, content in enumerate(spoiled):
        pack.write_bytes(content)
        os.utime(pack, ns=(number, number))  # as a copy would; bits do not flip between two reads
        assert find_damage(folder, record), number
        for name in before:  # what is read all the same is right, or its SHA-256 tells
            try:
                check_file(folder / name, sha256(before[name]).hexdigest())
            except (ValueError, FileNotFoundError):
                continue
            assert read_stored(folder / name) == before[name]
    pack.write_bytes(whole)
    assert find_damage(folder, record) is None


def test_a_pack_that_is_no_longer_found_whole_says_which_and_the_way_out(folder):
    pack_folder(folder)
    pack = find_pack(folder)
    pack.write_bytes(pack.read_bytes()[:9000])
    with pytest.raises(PackError, match=r"s-0-of-2\.tar: it was cut or changed.*copy it anew, or remove"):
        check_pack(pack)
    with pytest.raises(PhotoError, match="broken.*cut or changed"):
        read_photo(folder / "s_4.jpg")


def test_a_call_that_was_killed_is_made_again(folder, monkeypatch):
    before, removed, unlink = read_all(folder), [], Path.unlink

    def kill(path, **given):
        if removed.append(path) or len(removed) > 5:
            raise KeyboardInterrupt
        unlink(path, **given)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "unlink", kill)
        pack_folder(folder)
    (folder / ".s-0-of-2.tar.12345678.tmp").write_bytes(b"half")
    assert len(list(folder.glob("*.png"))) > 0 and read_all(folder) == before | {
        ".s-0-of-2.tar.12345678.tmp": b"half"
    }
    assert pack_folder(folder) > 0
    assert sorted(path.name for path in folder.iterdir()) == [".snakemake_timestamp", "s-0-of-2.tar"]
    assert read_all(folder) == before
    assert pack_folder(folder) == 0


def test_what_a_table_does_not_know_is_not_packed(folder):
    before = read_all(folder)
    hashes = {name: sha256(content).hexdigest() for name, content in before.items()}
    for expected, told in (
        (hashes | {"s_4.jpg": "0" * 64}, "not what its table tells"),
        (hashes | {"s_9.png": "0" * 64}, "s_9.png is not there"),
    ):
        with pytest.raises(PackError, match=told):
            pack_folder(folder, expected=expected)
        assert not find_pack(folder).exists() and read_all(folder) == before
    pack_folder(folder, expected=hashes)
    with pytest.raises(PackError, match=r"s_4\.jpg is not what its table tells"):
        unpack_folder(folder, hashes | {"s_4.jpg": "0" * 64})
    assert find_pack(folder).exists() and read_all(folder) == before


def test_damage_of_a_jpeg_and_depth_are_seen_in_a_pack_too(tmp_path):
    import cv2

    folder = tmp_path / "s-0-of-1"
    folder.mkdir()
    chance = np.random.default_rng(3)
    cv2.imwrite(str(folder / "deep.png"), chance.integers(0, 4096, (9, 7, 3), np.uint16))
    cv2.imwrite(str(folder / "cut.jpg"), chance.integers(0, 256, (64, 64, 3), np.uint8))
    content = bytearray((folder / "cut.jpg").read_bytes())
    content[-400:-300] = bytes(100)
    (folder / "cut.jpg").write_bytes(content)
    deep = np.asarray(read_photo(folder / "deep.png"))
    with pytest.raises(PhotoError) as loose:
        read_photo(folder / "cut.jpg")
    pack_folder(folder)
    assert np.array_equal(read_photo(folder / "deep.png"), deep)
    with pytest.raises(PhotoError) as packed:
        read_photo(folder / "cut.jpg")
    assert str(packed.value) == str(loose.value)


@pytest.mark.parametrize("packs", [False, True])
def test_a_shards_writer_packs_when_it_is_told_to(tmp_path, packs):
    table = Table("edits/{shard}.parquet", "a picture", (Column("path", "text", "where"),))
    folder = tmp_path / "results/edits/s-1-of-2"
    with ShardWriter(folder, f"{folder}.parquet", packs) as writer:
        (writer.folder / "a.png").write_bytes(b"a")
        writer.finish(table.frame([{"path": writer.final_path("a.png")}]), table)
    assert [path.name for path in folder.iterdir()] == (["s-1-of-2.tar"] if packs else ["a.png"])
    assert read_stored(table.read(f"{folder}.parquet")["path"][0]) == b"a"
