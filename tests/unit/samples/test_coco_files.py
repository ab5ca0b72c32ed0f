"""A large captions file is parsed once a run, and its shards are what the whole file says."""

import json
import random

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from unscene.machine.job import Job
from unscene.run import cuts
from unscene.run.tables import TableError
from unscene.samples.readers import SourceError, coco_files, cut_items, iterate_items
from unscene.samples.reading import read_samples
from unscene.samples.taking import Part

SOURCE = {"name": "coco", "format": "coco", "captions": "captions.json", "images": "images"}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run directory in which every captions file is a large one; returns the files that were parsed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cuts, "SMALL_BYTES", 0)
    monkeypatch.setattr(coco_files, "_ROWS_A_GROUP", 7)
    (tmp_path / "images").mkdir()
    parsed, load = [], coco_files.load_document
    monkeypatch.setattr(coco_files, "load_document", lambda *given: parsed.append(given) or load(*given))
    return parsed


def write_file(path, photos: int, seed: int = 0) -> dict:
    """Write a captions file with all that people's files have: ids of several kinds, some twice or
    missing, captions of no photo, and a byte order mark. Return its source.
    """
    rng = random.Random(seed)
    ids = rng.sample([*range(2, 4 * photos), "7", 2.5, True], photos - 4)
    ids += [ids[0], ids[-1], None, ids[0]]
    rng.shuffle(ids)
    images = [{"id": one, "file_name": f"{one}.png", "license": rng.choice([4, 9])} for one in ids]
    del images[5]["file_name"]
    del images[9]["id"]
    told = [
        {"image_id": rng.choice([*ids, -1, "2.5", 7]), "caption": f"a d\u00f6g {number} \ud83d"}
        | ({"mentions": ["dog"]} if rng.random() < 0.2 else {})
        for number in range(3 * photos)
    ]
    document = {"licenses": [{"id": 4, "name": "BY"}], "images": images, "annotations": told}
    path.write_text(json.dumps(document), encoding="utf-8-sig")
    return SOURCE | {"photos": photos}


def read_rows(path: str, columns: list[str]) -> list[dict]:
    return pq.read_table(path, columns=columns).to_pylist()


def tell(item) -> tuple:
    return item.key, item.captions, item.mentions, item.licence["license"], item.problem and item.problem[0]


def read_naively(path) -> list[tuple]:
    """Return what `tell` says of each photo of a file, by looking through all of it for each."""
    document = json.loads(path.read_text(encoding="utf-8-sig"))
    rows = []
    for position, image in enumerate(document["images"]):
        one, name = image.get("id"), image.get("file_name")
        told = [each for each in document["annotations"] if str(each["image_id"]) == str(one)]
        named = [each.get("mentions", []) for each in told]
        bad = one is None or not name
        again = any(str(each.get("id")) == str(one) for each in document["images"][:position])
        rows.append(
            (
                f"position {position}" if bad else str(one),
                [each["caption"] for each in told],
                named if any("mentions" in each for each in told) else None,
                "BY" if image["license"] == 4 else None,
                "malformed" if bad else "duplicate_id" if again else None,
            )
        )
    return rows


@pytest.mark.parametrize("seed", range(4))
def test_parts_are_what_the_whole_file_says_and_it_is_parsed_once(tmp_path, run, seed):
    source = write_file(tmp_path / "captions.json", 60, seed)
    whole = read_naively(tmp_path / "captions.json")
    assert [tell(item) for item in iterate_items(source, range(60), tmp_path)] == whole
    assert not (tmp_path / "state").exists()  # whoever only looks leaves nothing
    cut_items(source, tmp_path)
    run.clear()
    rng, read = random.Random(seed), coco_files.read_captions
    for wanted in [range(0, 7), range(6, 8), range(13, 41), range(50, 70), range(60, 61), range(60)]:
        found = [tell(item) for item in iterate_items(source, wanted, tmp_path)]
        assert found == whole[wanted.start : wanted.stop]
    located = source | {"captions": str(tmp_path / "captions.json")}
    for number in (0, 1, 20):
        some = sorted(rng.sample(range(60), number))
        assert [photo.position for photo in read(located, Part(np.array(some, int))).listed] == some
    cut_items(source, tmp_path)
    assert run == []


def test_another_file_under_the_name_is_another_file(tmp_path, run):
    for seed in (0, 1):
        source = write_file(tmp_path / "captions.json", 20, seed)
        cut_items(source, tmp_path)
        found = [tell(item) for item in iterate_items(source, range(5, 15), tmp_path)]
        assert found == read_naively(tmp_path / "captions.json")[5:15]
    assert len(run) == 2


def test_a_damaged_cut_is_named_and_a_lost_one_is_made_again(tmp_path, run):
    source = write_file(tmp_path / "captions.json", 20)
    cut_items(source, tmp_path)
    (table,) = (tmp_path / "state/captions").glob("*.parquet")
    content = table.read_bytes()
    table.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    with pytest.raises(TableError, match=f"{table.name}.*delete it and run again"):
        list(iterate_items(source, range(5), tmp_path))
    table.unlink()
    cut_items(source, tmp_path)
    assert table.read_bytes() == content


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"images": []}', "not in COCO's captions format.*annotations"),
        ('{"images": [{"id": [1]}], "annotations": []}', "`id` holds a list"),
        ('{"images": [], "annotations": [{"image_id": {}, "caption": "a dog"}]}', "`image_id` holds a dict"),
        ('{"images": [3], "annotations": []}', "an entry is no object"),
        ('{"images": [], "annotations": [{"image_id": 1, "bbox": []}]}', "is an instances file"),
    ],
)
def test_a_broken_file_is_named_and_nothing_is_kept(tmp_path, run, text, message):
    (tmp_path / "captions.json").write_text(text)
    with pytest.raises(SourceError, match=f"'coco', key captions.*{message}"):
        cut_items(SOURCE | {"photos": 1}, tmp_path)
    assert not list(tmp_path.glob("state/captions/*.parquet"))


def test_shards_of_a_run_are_read_from_the_cut_and_a_single_shard_makes_none(tmp_path, run):
    images = [{"id": number, "file_name": f"{number}.png"} for number in range(4)]
    told = [{"image_id": number, "caption": f"dog {number}"} for number in (3, 1, 0, 2, 1)]
    (tmp_path / "captions.json").write_text(json.dumps({"images": images, "annotations": told}))
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"images/{number}.png")
    source = SOURCE | {
        "photos": 4,
        "captions": str(tmp_path / "captions.json"),
        "images": str(tmp_path / "images"),
    }
    limits = {"captions_per_photo": 0, "min_side": 32, "max_pixels": 10_000}

    def read(shard: str, shard_size: int) -> None:
        out = {"folder": f"results/samples/{shard}", "table": f"results/samples/{shard}.parquet"}
        read_samples(
            Job(
                outputs=out | {"rejected": f"results/samples/{shard}.rejected.parquet"},
                settings={"samples": limits | {"shard_size": shard_size}},
                runtime={"workers": 1, "max_failed_share": 0.5},
                wildcards={"shard": shard},
                config={"samples": {"sources": [source]}, "storage": {"pack": False}},
            )
        )

    read("coco-0-of-1", 4)
    assert not (tmp_path / "state/captions").exists()
    run.clear()
    for shard in ("coco-0-of-2", "coco-1-of-2"):
        read(shard, 2)
    assert len(run) == 1
    names = ["image_id", "captions"]
    tables = [read_rows(f"results/samples/coco-{shard}.parquet", names) for shard in ("0-of-2", "1-of-2")]
    assert sum(tables, []) == read_rows("results/samples/coco-0-of-1.parquet", names)
