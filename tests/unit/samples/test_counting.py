"""How many photos a run reads: counted once, kept, and a seeded part where the config takes one."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from unscene.run.configuration import ConfigError
from unscene.run.lineage import fingerprint
from unscene.run.questions import questioning
from unscene.samples import counting
from unscene.samples.counting import COUNTS, complete_sources
from unscene.samples.readers import iterate_items
from unscene.samples.taking import choose_positions


def make_config(*sources, **samples):
    return {"seed": 7, "samples": {"sources": [dict(source) for source in sources], "take": None} | samples}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A checkout with sources of 30 items in each format, and a run directory beside it."""
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")
    checkout = tmp_path / "checkout"
    (checkout / "folder").mkdir(parents=True)
    names = [f"{number:02}.jpg" for number in range(30)]
    (checkout / "t.csv").write_text("path,caption\n" + "".join(f"{name},a dog\n" for name in names))
    (checkout / "cc.tsv").write_text("a dog\thttp://u\n" * 30)
    images = [{"id": f"{number:02}", "file_name": name} for number, name in enumerate(names)]
    (checkout / "c.json").write_text(json.dumps({"images": images, "annotations": []}))
    for name in names:
        (checkout / "folder" / name).write_bytes(b"")
    (checkout / "tars").mkdir()
    for half in range(2):
        with tarfile.open(checkout / "tars" / f"{half:05}.tar", "w") as tar:
            for name in names[half * 15 : half * 15 + 15]:
                tar.add(checkout / "folder" / name, name)
    return checkout


SOURCES = {
    "table": {"name": "own", "format": "table", "table": "t.csv"},
    "cc_tsv": {"name": "own", "format": "cc_tsv", "table": "cc.tsv", "images": "folder"},
    "coco": {"name": "own", "format": "coco", "captions": "c.json", "images": "folder"},
    "folder": {"name": "own", "format": "folder", "folder": "folder"},
    "webdataset": {"name": "own", "format": "webdataset", "tars": "tars"},
}


def test_a_question_counts_and_keeps_nothing(place, capsys):
    config = make_config(SOURCES["table"])
    with questioning():
        complete_sources(config, place)
    assert config["samples"]["sources"][0]["photos"] == 30
    assert "30 photos\n" in capsys.readouterr().err and not COUNTS.exists()
    complete_sources(make_config(SOURCES["table"]), place)
    assert COUNTS.exists()


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_is_counted_once_and_said(place, kind, capsys, monkeypatch):
    config = make_config(SOURCES[kind])
    complete_sources(config, place)
    assert (
        config["samples"]["sources"] == [SOURCES[kind] | {"photos": 30}] and "take" not in config["samples"]
    )
    told = capsys.readouterr().err
    assert "Counting the photos of source own" in told and "30 photos" in told
    monkeypatch.setattr(counting, "count_items", lambda *_: pytest.fail("counted twice"))
    again = make_config(SOURCES[kind])
    complete_sources(again, place)
    assert again == config and capsys.readouterr().err == ""


@pytest.mark.parametrize("kind", SOURCES)
def test_a_part_is_the_same_however_it_is_read_and_a_larger_one_contains_it(place, kind):
    def take(number, skip=0):
        config = make_config(SOURCES[kind] | {"take": number, "skip": skip})
        complete_sources(config, place)
        (source,) = config["samples"]["sources"]
        assert source["photos"] == min(number, 30 - skip)
        keys = [item.key for item in iterate_items(source, range(source["photos"]), place)]
        parts = [
            item.key
            for start in range(0, 30, 4)
            for item in iterate_items(source, range(start, start + 4), place)
        ]
        assert keys == parts == sorted(keys) and len(keys) == source["photos"]
        return set(keys)

    small, large, rest = take(7), take(19), take(40, skip=19)
    assert small < large and not large & rest and len(large | rest) == 30


def test_a_take_for_all_leaves_pools_and_drawn_scenes_alone(place):
    scenes = {"name": "scenes", "format": "embedded", "photos": 50, "seed": 1}
    config = make_config(
        SOURCES["table"], SOURCES["coco"] | {"name": "few", "take": 3}, scenes,
        SOURCES["folder"] | {"name": "pool", "pool": True}, take=5,
    )  # fmt: skip
    complete_sources(config, place)
    assert [source["photos"] for source in config["samples"]["sources"]] == [5, 3, 50, 30]
    assert config["samples"]["sources"][2] == scenes


def test_nothing_changes_for_sources_that_say_their_photos(place):
    config = make_config(SOURCES["table"] | {"photos": 12}, {"name": "s", "format": "embedded", "photos": 5})
    before = json.loads(json.dumps(config))
    complete_sources(config, place)
    assert config["samples"]["sources"] == before["samples"]["sources"] and not COUNTS.exists()


def append(path, line):
    with open(path, "a") as file:
        file.write(line)
    fingerprint.cache_clear()  # each start of the workflow is a process of its own


def test_a_changed_file_is_counted_anew_until_it_was_read(place, capsys):
    complete_sources(make_config(SOURCES["table"]), place)
    append(place / "t.csv", "new.jpg,a cat\n")
    config = make_config(SOURCES["table"])
    complete_sources(config, place)
    assert config["samples"]["sources"][0]["photos"] == 31
    capsys.readouterr()
    Path("results/samples").mkdir(parents=True)
    Path("results/samples/own-0-of-1.parquet").touch()
    complete_sources(make_config(SOURCES["table"]), place)
    append(place / "t.csv", "newer.jpg,a cat\n")
    for _ in range(2):
        with pytest.raises(
            ConfigError, match=r"'own': .*t.csv changed since its 31 photos.*state/sources.json"
        ):
            complete_sources(make_config(SOURCES["table"]), place)


def test_a_touched_or_moved_file_is_no_change(place, capsys):
    complete_sources(make_config(SOURCES["table"]), place)
    Path("results/samples").mkdir(parents=True)
    Path("results/samples/own-0-of-1.parquet").touch()
    (place / "t.csv").rename(place / "u.csv")
    capsys.readouterr()
    config = make_config(SOURCES["table"] | {"table": "u.csv"})
    complete_sources(config, place)
    assert config["samples"]["sources"][0]["photos"] == 30 and capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            {"name": "own", "format": "table", "table": "no.csv"},
            "key table: .*no.csv is not there.*photos: N",
        ),
        ({"name": "own", "format": "embedded", "seed": 1}, "needs the key photos"),
        ({"name": "own", "format": "embedded", "photos": 9, "seed": 1, "take": 3}, "scenes are drawn"),
        (SOURCES["table"] | {"skip": 30}, "key skip: the source has 30 photos.*lower it"),
    ],
)
def test_what_cannot_be_counted_stops_with_the_way_out(place, source, message):
    with pytest.raises(ConfigError, match=message):
        complete_sources(make_config(source), place)
    assert not COUNTS.exists() or "skip" in source


def test_a_plan_needs_no_file_of_what_is_taken(place):
    config = make_config({"name": "own", "format": "table", "table": "no.csv", "take": 9})
    complete_sources(config, place, is_plan=True)
    assert config["samples"]["sources"][0]["photos"] == 9


def test_an_empty_table_stops_before_anything_runs(place):
    (place / "t.csv").write_text("path,caption\n")
    with pytest.raises(ConfigError, match="'own': .*t.csv has no photo at all"):
        complete_sources(make_config(SOURCES["table"]), place)


@pytest.mark.parametrize("text", ["{", "[]", '{"own": 5}', '{"own": {"photos": 30}}'])
def test_damaged_counts_say_the_way_out(place, text):
    COUNTS.parent.mkdir()
    COUNTS.write_text(text)
    with pytest.raises(ConfigError, match="run/state/sources.json is damaged; delete it, and"):
        complete_sources(make_config(SOURCES["table"]), place)


def test_positions_are_those_of_the_formula_and_look_random():
    def mix(position, seed):
        mask = 2**64 - 1
        mixed = ((position + 1) * 0x9E3779B97F4A7C15 + seed) & mask
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        return mixed ^ (mixed >> 31)

    from unscene.run.seeds import derive_seed

    order = sorted(range(500), key=lambda position: mix(position, derive_seed("take", 7)))
    assert choose_positions(500, 40, 10, 7).tolist() == sorted(order[10:50])
    chosen = choose_positions(100_000, 10_000, 0, 7)
    assert len(set(chosen.tolist())) == 10_000
    per_block = np.bincount(chosen // 1000, minlength=100)
    assert per_block.min() > 60 and per_block.max() < 140  # 100 +- 10 expected
    assert choose_positions(100_000, 10_000, 0, 8).tolist() != chosen.tolist()


@pytest.mark.parametrize("images", [{}, {"images": "not_yet"}])
def test_a_plan_says_what_a_run_would_of_a_table_that_is_there(place, images):
    (place / "t.csv").write_text("foto,words\na.jpg,a dog\n")
    source = SOURCES["table"] | {"photos": 30, "take": 5} | images
    with pytest.raises(
        ConfigError, match="source 'own', key table: .* has no column path and no column capt"
    ):
        complete_sources(make_config(source), place, is_plan=True)
    told = source | {"columns": {"path": "foto", "caption": "wordz"}}
    with pytest.raises(ConfigError, match="key columns: .* has no column 'wordz'"):
        complete_sources(make_config(told), place, is_plan=True)
    complete_sources(make_config(told | {"columns": {"path": "foto", "caption": "words"}}), place, True)
    complete_sources(make_config(source), place)  # a run has its preflight


@pytest.mark.parametrize("kind", SOURCES)
def test_a_plan_takes_every_source_that_a_run_takes_and_one_that_is_not_there(place, kind):
    complete_sources(make_config(SOURCES[kind] | {"photos": 30}), place, is_plan=True)
    absent = {
        key: "nowhere" for key in ("table", "captions", "images", "folder", "tars") if key in SOURCES[kind]
    }
    complete_sources(make_config(SOURCES[kind] | absent | {"photos": 30}), place, is_plan=True)
