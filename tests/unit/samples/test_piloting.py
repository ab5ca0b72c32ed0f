"""The pilot's part of a source: the first shard, chosen by a seed, with nothing lost and nothing twice."""

import json

import numpy as np
import pytest

from unscene.run.configuration import ConfigError
from unscene.run.shard_names import list_shards
from unscene.samples.piloting import (
    add_pilot,
    check_not_begun,
    iterate_shard,
    keep_pilot_shards,
    list_positions,
    prepare_pilot,
    share_photos,
    start_pilot,
)

SOURCE = {"name": "web", "format": "cc_tsv", "photos": 1000, "pilot": {"photos": 60, "seed": 7}}


def make_config(*photos):
    sources = [{"name": f"s{number}", "photos": count} for number, count in enumerate(photos)]
    return {"seed": 7, "samples": {"sources": sources, "shard_size": 100}}


def test_the_shards_of_a_cut_source_hold_each_item_once_and_the_first_is_spread_over_it():
    shards = list_shards(SOURCE, 100)
    assert shards[0] == "web-0-of-11" and keep_pilot_shards(shards) == shards[:1]
    parts = [list_positions(SOURCE, shard, 100) for shard in shards]
    assert [len(part) for part in parts] == [60, *[100] * 9, 40]
    assert sorted(np.concatenate(parts).tolist()) == list(range(1000))
    # Tenths of the source: of 60 chosen at random none is empty (probability .018), nor full.
    tenths = np.bincount(parts[0] // 100, minlength=10)
    assert tenths.min() >= 1 and tenths.max() <= 15
    assert (list_positions(SOURCE, shards[0], 50) == parts[0]).all()  # not for shard_size to decide


def test_a_source_that_was_not_cut_is_read_as_before():
    plain = {"name": "web", "photos": 250}
    assert list_shards(plain, 100) == [f"web-{index}-of-3" for index in range(3)]
    assert list_positions(plain, "web-2-of-3", 100).tolist() == list(range(200, 250))


def test_items_come_from_the_reader_in_the_sources_order(tmp_path):
    rows = [f"caption {number}\thttp://x/{number}\n" for number in range(1000)]
    (tmp_path / "web.tsv").write_text("".join(rows))
    source = SOURCE | {"table": "web.tsv", "images": "."}
    for shard in ("web-0-of-11", "web-4-of-11"):
        keys = [int(item.key) for item in iterate_shard(source, shard, 100, tmp_path)]
        assert keys == list_positions(source, shard, 100).tolist()


def test_photos_are_shared_in_proportion_and_each_source_has_some():
    edited = make_config(900, 100, 10)["samples"]["sources"]
    assert share_photos(edited, 200) == {"s0": 178, "s1": 20, "s2": 10}
    pools = [{"name": "a", "photos": 500}, {"name": "b", "photos": 5000, "pool": True}]
    assert share_photos(pools, 200) == {"a": 200, "b": 200}


def test_a_pilot_of_another_size_than_asked_for_says_so(tmp_path, monkeypatch, capsys):
    def say(photos, *sources):
        (tmp_path / "state/pilot.json").unlink(missing_ok=True)
        prepare_pilot(make_config(*sources), photos)
        return capsys.readouterr().err

    monkeypatch.chdir(tmp_path)
    assert say(10, 400) == "The pilot has 20 photos, not 10: at least 20 of each source.\n"
    assert say(200, 30) == "The pilot has all 30 photos: the whole run will add none.\n"
    assert say(100, 400) == ""


def test_no_pilot_waits_for_the_batch_size_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = make_config(400) | {"keywords": {"captions_per_prompt": "auto"}}
    with pytest.raises(SystemExit, match="captions_per_prompt: auto waits for the batch-size study"):
        start_pilot(config, "20")
    assert not list(tmp_path.iterdir())
    start_pilot(config, None)  # of the whole run it is the study that chooses


def test_a_run_is_cut_once_and_not_after_its_photos_were_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = make_config(900, 300)
    add_pilot(config)
    assert "pilot" not in config["samples"]["sources"][0]
    prepare_pilot(config, 200)
    add_pilot(config)
    assert config["samples"]["sources"][0]["pilot"] == {"photos": 150, "seed": 7}
    assert json.loads((tmp_path / "state/pilot.json").read_text())["photos"] == {"s0": 150, "s1": 50}
    read = tmp_path / "results/samples"
    read.mkdir(parents=True)
    (read / "s0-0-of-9.parquet").touch()
    prepare_pilot(config, 200)  # the same again
    check_not_begun(config)
    with pytest.raises(ConfigError, match="a run directory of its own"):
        prepare_pilot(config, 100)
    (read / "s0-3-of-9.parquet").touch()
    with pytest.raises(ConfigError, match="the whole run has begun here"):
        check_not_begun(config)
