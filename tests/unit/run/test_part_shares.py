"""Parts: which machine works on which shards, and what of the budget it has."""

import pytest
import yaml

from unscene.run.checkout import CHECKOUT
from unscene.run.configuration import ConfigError
from unscene.run.parts import (
    check_chosen,
    check_number,
    choose_shards,
    choose_targets,
    count_photos,
    divide_budget,
    read_part,
)

DEFAULT = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())
SOURCES = [
    {"name": "coco", "format": "coco", "photos": 997},
    {"name": "cc", "format": "webdataset", "photos": 230},
    {"name": "pool", "format": "coco", "photos": 310, "pool": True},
]


def make_config(part: str | None, size: int = 100, **others) -> dict:
    samples = DEFAULT["samples"] | {"sources": SOURCES, "shard_size": size}
    return DEFAULT | {"part": part, "samples": samples} | others


@pytest.mark.parametrize("pool", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_every_shard_has_one_owner_and_shares_are_even(count, pool):
    shares = [choose_shards(make_config(f"{index}/{count}"), pool) for index in range(1, count + 1)]
    dealt = [shard for share in shares for shard in share]
    assert sorted(dealt) == sorted(choose_shards(make_config(None), pool))
    loads = [sum(count_photos(make_config(None), shard) for shard in share) for share in shares]
    assert sum(loads) == (310 if pool else 1227) and max(loads) - min(loads) <= 100


def test_a_tail_shard_weighs_what_it_holds():
    shards = ("coco-0-of-10", "coco-9-of-10", "cc-2-of-3")
    assert [count_photos(make_config(None), shard) for shard in shards] == [100, 97, 30]


@pytest.mark.parametrize(("part", "way_out"), [("5/4", "from 1/4 to 4/4"), ("0/2", "from 1/2 to 2/2")])
def test_a_number_that_no_part_has_says_which_there_are(part, way_out):
    (told,) = check_number(part)
    assert told.startswith(f"part: {part}: ") and way_out in told
    assert not list(check_number("2/4"))


def test_more_parts_than_shards_say_how_many_can_be():
    with pytest.raises(ConfigError, match="at most"):
        read_part(make_config("1/99"))


def test_the_budget_is_divided_and_the_config_stays_as_it_is():
    config = make_config("2/4")
    assert divide_budget(config)["budget_usd"] == config["api"]["budget_usd"] / 4
    assert config["api"] == DEFAULT["api"] == divide_budget(make_config(None))


def test_a_part_ends_with_the_files_of_single_shards():
    files = [
        "results/masks/coco-1-of-10",
        "results/masks/coco-1-of-10.parquet",
        "results/keywords/raw/coco-1-of-10.jsonl",
        "results/masks/masks.parquet",
        "results/report.html",
        "results/batchsize/chosen.json",
    ]
    assert choose_targets(files, None) == files
    assert choose_targets(files, read_part(make_config("1/2"))) == [*files[:3], files[5]]


def test_parts_without_the_studys_choice_say_where_it_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    auto = {"keywords": DEFAULT["keywords"] | {"backend": "openai", "captions_per_prompt": "auto"}}
    check_chosen(make_config("1/2", **auto))
    with pytest.raises(ConfigError, match="Part 1/2 makes the batch-size study"):
        check_chosen(make_config("2/2", **auto))
    (tmp_path / "results/batchsize").mkdir(parents=True)
    (tmp_path / "results/batchsize/chosen.json").write_text("{}")
    check_chosen(make_config("2/2", **auto))
