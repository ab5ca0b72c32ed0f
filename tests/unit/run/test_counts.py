"""Numbers of things in messages."""

import re

import pytest

from unscene.answers.prices import read_prices
from unscene.config.checks import list_warnings
from unscene.config.files import read_files
from unscene.config.preparation import complete_config
from unscene.overlays.looking import Found
from unscene.overlays.writing import Place, write_overlay
from unscene.plan.estimate import describe_plan, make_plan, read_throughput
from unscene.run.checkout import CHECKOUT
from unscene.run.counts import tell_count

# "1 photos", "1 sham edits"; not "1 of 1 photos", nor what ends in s by itself.
ONE_OF_MANY = re.compile(r"(?<![\d.,/=-])\b1 (?:(?:sham|accepted|photo) )?[a-z]{3,}s\b")


@pytest.mark.parametrize(
    ("number", "names", "told"),
    [
        (0, ("photo",), "0 photos"),
        (1, ("photo",), "1 photo"),
        (1234, ("photo",), "1,234 photos"),
        (1, ("batch", "batches"), "1 batch"),
        (2, ("batch", "batches"), "2 batches"),
    ],
)
def test_one_is_one_thing(number, names, told):
    assert tell_count(number, *names) == told


@pytest.mark.parametrize("photos", [1, 2])
def test_a_run_of_one_photo_is_told_in_english(tmp_path, monkeypatch, photos):
    monkeypatch.chdir(tmp_path)
    source = {"name": "mine", "format": "folder", "folder": str(tmp_path)}
    text = write_overlay(Found(source, photos, sizes=[(64, 48)]), Place(CHECKOUT, "telea", None), [])
    (tmp_path / "mine.yaml").write_text(text)
    config = read_files([CHECKOUT / "config/config.yaml", tmp_path / "mine.yaml"])
    complete_config(config)
    config["keywords"]["backend"] = config["captions"]["backend"] = "openai"
    plan = make_plan(config, read_prices(CHECKOUT / config["plan"]["prices"]), read_throughput())
    told = "\n".join([text.splitlines()[0], *list_warnings(config), describe_plan(plan)])
    assert ("1 photo, 1 caption each" in told and "1 photo and 0 of a pool in 1 shard," in told) is (
        photos == 1
    )
    assert "1 request in 1 file, 1 wave;" in told
    assert not ONE_OF_MANY.findall(told) and ONE_OF_MANY.findall("1 photos, 1 sham edits")
