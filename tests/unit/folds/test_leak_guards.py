"""Leak guards and the check of the folds: what is in an evaluation set is found, and nothing
crosses a fold unseen.
"""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unscene.folds.checking import LeakError, Photos, Split, check_folds
from unscene.folds.columns import GUARDED, LEAKS
from unscene.folds.guard_hashes import hash_guarded_photos
from unscene.folds.leak_guards import (
    GuardError,
    drop_leaked,
    normalise_id,
    read_ids,
)
from unscene.folds.leaks import find_leaks
from unscene.machine.job import Job
from unscene.photos.images import perceptual_hash
from unscene.photos.near_hashes import match_hashes
from unscene.run.tables import read_json, read_table, write_table


@pytest.mark.parametrize(
    "name",
    [
        "285",
        285,
        "000000000285.jpg",
        "data/val2014/COCO_val2014_000000000285.jpg",
        "COCO_val2014_000000000285_03.png",
        "x\\000000000285.PNG",
    ],
)
def test_coco_names_have_one_form(name):
    assert normalise_id(name) == "285"


def test_other_names_keep_their_form():
    assert normalise_id("flickr/ab12_cd.jpg") == "ab12_cd" and normalise_id("0") == "0"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ids.txt", "285\n000000000724.jpg\n\n"),
        ("coco.json", json.dumps({"images": [{"id": 285, "file_name": "000000000285.jpg"}, {"id": 724}]})),
        (
            "karpathy.json",
            json.dumps(
                {
                    "images": [
                        {"filename": "COCO_val2014_000000000285.jpg", "split": "test", "cocoid": 285},
                        {"cocoid": 724, "split": "val"},
                        {"cocoid": 999, "split": "restval"},
                        {"cocoid": 998, "split": "train"},
                    ]
                }
            ),
        ),
        ("negbench.csv", "correct_answer,image_path\n0,data/000000000285.jpg\n0,data/000000000724.jpg\n"),
        (
            "sugarcrepe.json",
            json.dumps(
                {
                    "add": {"0": {"filename": "000000000285.jpg"}},
                    "swap": {"0": {"filename": "000000000724.jpg"}},
                }
            ),
        ),
        (
            "beaf.json",
            json.dumps(
                [
                    {"id": 0, "image": "COCO_val2014_000000000285.jpg"},
                    {"id": 1, "image": "COCO_val2014_000000000724_01.png"},
                ]
            ),
        ),
        ("plain.json", json.dumps([285, "724"])),
    ],
)
def test_every_layout_of_ids_is_read(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    assert read_ids(tmp_path / name) == {"285", "724"}


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", "x,y\n1,2\n"), ("a.txt", "\n"), ("a.json", "{"), ("b.json", '[{"x": 1}]')]
)
def test_a_list_without_ids_is_refused(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(GuardError, match="leak_guards"):
        read_ids(tmp_path / name)


def test_near_hashes_equal_the_loop():
    rng = np.random.default_rng(0)
    own = rng.integers(0, 2**63, 300, dtype=np.uint64)
    other = rng.integers(0, 2**63, 40, dtype=np.uint64)
    for row in range(30):  # near ones, at 0 to 9 bits
        flips = rng.choice(64, row % 10, replace=False)
        own[row] = other[row] ^ np.bitwise_or.reduce(
            np.array([1 << int(bit) for bit in flips], np.uint64), initial=np.uint64(0)
        )
    own[31] = own[0]
    sample = pd.DataFrame(
        {"image_id": [f"p{i}" for i in range(300)], "phash": [f"{value:016x}" for value in own]}
    )
    sample.loc[299, "phash"] = ""
    found = match_hashes(sample, pd.Series([f"{value:016x}" for value in other] + [None]), 6)

    def telling(value):
        return 22 <= int(value).bit_count() <= 42

    expected = {}
    for row in range(299):
        near = [int(own[row] ^ value).bit_count() for value in other if telling(value) and telling(own[row])]
        if near and min(near) <= 6:
            expected[f"p{row}"] = f"{min(near)} bits"
    assert dict(zip(found["image_id"], found["detail"], strict=True)) == expected
    assert len(expected) >= 20 and "p31" in expected


@pytest.mark.parametrize(("bits", "found"), [(5, True), (6, True), (7, False)])
def test_a_leak_is_at_most_so_many_bits_away(bits, found):
    own = 0x0F0F0F0F0F0F0F0F
    other = own ^ ((1 << bits) - 1) << 1
    sample = pd.DataFrame({"image_id": ["p"], "phash": [f"{own:016x}"]})
    hit = match_hashes(sample, pd.Series([f"{other:016x}"]), 6)
    assert hit["detail"].tolist() == ([f"{bits} bits"] if found else [])


@pytest.mark.parametrize(("bits", "stops"), [(5, True), (6, True), (7, False)])
def test_photos_that_look_alike_are_at_most_so_many_bits_apart(tmp_path, bits, stops):
    own = 0x0F0F0F0F0F0F0F0F
    phash = [f"{own:016x}", f"{own ^ ((1 << bits) - 1) << 1:016x}"]
    sample = pd.DataFrame({"image_id": ["p", "q"], "group": ["g0", "g1"], "phash": phash})
    write_table(sample, tmp_path / "samples.parquet")
    photos, found = Photos(tmp_path / "samples.parquet"), []
    for number, folds in enumerate(([0, 1], [1, 1])):
        write_table(sample[["group"]].assign(fold=folds), tmp_path / f"{number}.parquet")
        split = Split(tmp_path / f"{number}.parquet")
        found.append(photos.find_parted(photos.find_near(np.ones(2, bool), 6), split))
    assert bool(found[0]) == stops and not found[1]


@pytest.fixture
def world(tmp_path):
    rng = np.random.default_rng(5)
    (tmp_path / "guard" / "sub").mkdir(parents=True)
    rows = []
    for i in range(9):
        small = Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8))
        photo = small.resize((96, 96), Image.Resampling.BICUBIC)
        if i == 7:
            photo.save(tmp_path / "guard" / "sub" / "copy.jpg", quality=70)
        rows.append(
            {
                "image_id": f"coco_{i}",
                "group": f"g{i // 2}",
                "path": f"photos/{i}.jpg",
                "source": "coco" if i < 8 else "web",
                "source_key": str(i),
                "phash": perceptual_hash(photo),
                "sha256": f"bytes of {i}",
            }
        )
    (tmp_path / "guard" / "broken.jpg").write_bytes(b"no photo")
    write_table(pd.DataFrame(rows), tmp_path / "samples.parquet")
    (tmp_path / "ids.txt").write_text("COCO_val2014_000000000002.jpg\n8\n")
    return tmp_path


GUARDS = [{"name": "val2014", "ids": "ids.txt"}, {"name": "voc", "images": "guard"}]


def make_job(world, guards=(), **files):
    """Return a job whose config names guards in the world's folder, with the folds' settings."""
    sources = [{"name": "coco", "format": "coco"}, {"name": "web", "format": "table"}]
    paths = [
        {key: str(world / value) if key in ("ids", "images") else value for key, value in guard.items()}
        for guard in guards
    ]
    return Job(
        **files,
        settings={"folds": {"folds": 2, "duplicate_hash_distance": 6}},
        wildcards={"guard": "voc"},
        config={"folds": {"leak_guards": paths}, "samples": {"sources": sources}},
    )


def find(world):
    hash_guarded_photos(make_job(world, GUARDS, outputs={"hashes": world / "voc.parquet"}))
    inputs = {"samples": world / "samples.parquet", "hashes": [world / "voc.parquet"]}
    find_leaks(make_job(world, GUARDS, inputs=inputs, outputs={"leaks": world / "leaks.parquet"}))
    return LEAKS.read(world / "leaks.parquet")


def test_leaks_are_the_same_however_the_photos_are_cut(world, monkeypatch):
    find(world)
    whole = (world / "leaks.parquet").read_bytes()
    for rows in (1, 2, 4):
        monkeypatch.setattr("unscene.run.streaming.ROWS_A_GROUP", rows)
        assert len(find(world)) == 2 and (world / "leaks.parquet").read_bytes() == whole


def test_photos_of_evaluation_sets_are_found_and_counted(world):
    leak = find(world)
    found = list(leak[["image_id", "group", "guard", "reason"]].itertuples(index=False, name=None))
    # web_8 has the key 8, too, but its source is not COCO's; a recompressed copy of photo 7 is in the folder.
    assert found == [("coco_2", "g1", "val2014", "id"), ("coco_7", "g3", "voc", "hash")]
    assert GUARDED.read(world / "voc.parquet")["phash"].isna().sum() == 1


def test_no_guard_gives_an_empty_table(world):
    inputs = {"samples": world / "samples.parquet", "hashes": []}
    find_leaks(make_job(world, inputs=inputs, outputs={"leaks": world / "none.parquet"}))
    assert LEAKS.read(world / "none.parquet").empty
    pair = pd.DataFrame({"group": ["g0", "g1"]})
    assert len(drop_leaked(pair, world / "none.parquet")) == len(drop_leaked(pair, None)) == 2


def test_leaked_groups_are_kept_out_of_training(world):
    find(world)
    pair = pd.DataFrame({"edit_id": list("abcde"), "group": ["g0", "g1", "g1", "g3", "g4"]})
    assert drop_leaked(pair, world / "leaks.parquet")["edit_id"].tolist() == ["a", "e"]
    with pytest.raises(GuardError, match="every training pair"):
        drop_leaked(pair[1:4], world / "leaks.parquet")


def check(world, fold, sham_group="g0", near=False, pairs=None, refused=(), repeats=()):
    sample = read_table(world / "samples.parquet")
    if near:
        sample.loc[8, "phash"] = f"{int(sample['phash'][0], 16) ^ 5:016x}"
        write_table(sample, world / "samples.parquet")
    pair = (
        pairs
        if pairs is not None
        else pd.DataFrame(
            {
                "edit_id": ["a", "b", "c"],
                "image_id": ["coco_0", "coco_3", "coco_8"],
                "group": ["g0", "g1", "g4"],
            }
        )
    )
    sham = pd.DataFrame({"edit_id": ["a-sham"], "sham_of": ["a"], "group": [sham_group]})
    find(world)
    unfiltered = pd.concat([pair, pd.DataFrame(refused, columns=pair.columns)])
    for name, frame in (
        ("pairs", pair),
        ("unfiltered", unfiltered),
        ("folds", pd.DataFrame(fold, columns=["group", "fold"])),
        ("sham", sham),
    ):
        write_table(frame, world / f"{name}.parquet")
    names = ("samples", "pairs", "unfiltered", "folds", "leaks", "sham")
    inputs = {name: world / f"{name}.parquet" for name in names}
    inputs |= {"repeats": None, "pool": None, "dropped": None}
    if repeats:
        inputs["repeats"] = world / "repeats.parquet"
        write_table(pd.DataFrame(repeats, columns=["repeat", "group", "fold"]), inputs["repeats"])
    check_folds(make_job(world, inputs=inputs, outputs={"check": world / "check.json"}))
    return read_json(world / "check.json")


FOLDS = [("g0", 0), ("g1", 1), ("g2", 0), ("g3", 1), ("g4", 1)]


def test_sound_folds_pass_and_are_counted(world):
    found = check(world, FOLDS, refused=[("d", "coco_1", "g0")])
    assert found["unfiltered_pairs"] == 4
    assert found["problems"] == 0 and (found["groups"], found["pairs"], found["shams"]) == (5, 3, 1)
    assert found["pairs_kept_out_of_training"] == 1 and found["photos_by_guard"] == {"val2014": 1, "voc": 1}


def repeat(seed, fold):
    return [(seed, *row) for row in fold]


def test_every_split_is_checked(world):
    sound = [(group, 1 - fold) for group, fold in FOLDS]
    assert check(world, FOLDS, repeats=repeat(1, sound) + repeat(2, FOLDS))["splits"] == 3
    with pytest.raises(LeakError, match="split of seed 2: group g0 is in 2 folds"):
        check(world, FOLDS, repeats=repeat(1, sound) + repeat(2, [*FOLDS, ("g0", 1)]))
    with pytest.raises(LeakError, match="split of seed 1: group g2 has a fold in one split alone"):
        check(world, FOLDS, repeats=repeat(1, [row for row in sound if row[0] != "g2"]))
    # Photos 0 and 8 look alike: their groups share a fold in the first split, and not in the second.
    together = [("g0", 1), *FOLDS[1:]]
    with pytest.raises(LeakError, match="1 problem, first: split of seed 3: photos coco_0 and coco_8"):
        check(world, together, near=True, sham_group="g0", repeats=repeat(3, FOLDS))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fold": [*FOLDS, ("g0", 1)]}, "group g0 is in 2 folds"),
        ({"fold": [*FOLDS[:-1], ("g4", 2)]}, "fold 2 of 2"),
        ({"fold": FOLDS[:-1]}, "pair c has no fold"),
        ({"fold": FOLDS, "refused": [("d", "coco_1", "g4")]}, "pair d is not in the group"),
        ({"fold": FOLDS, "near": True}, "coco_0 and coco_8 look alike"),
        ({"fold": FOLDS, "sham_group": "g1"}, "a-sham is in another fold"),
        (
            {
                "fold": FOLDS,
                "pairs": pd.DataFrame({"edit_id": ["a"], "image_id": ["coco_0"], "group": ["g1"]}),
            },
            "pair a is not in the group",
        ),
    ],
)
def test_what_crosses_a_fold_stops_the_run(world, changes, message):
    with pytest.raises(LeakError, match=message):
        check(world, **changes)
    assert not (world / "check.json").exists()
