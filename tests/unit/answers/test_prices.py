"""The price table: which names have a price, and what is wrong with a table."""

from datetime import date

import pytest
import yaml

from paid_answers import PRICES
from unscene.answers.prices import PriceError, bill_answers, find_price, need_price, read_prices


def write_table(path, **changes):
    table = {"date": "2026-11-22", "max_age_days": 90, "models": {"m": {"input": 1.0, "output": 4.0}}}
    path.write_text(yaml.safe_dump(table | changes))
    return path


def test_a_dated_model_has_its_own_price_or_none():
    row = {"input": 1.0, "output": 4.0, "snapshots": ["m-2026-01-01"]}
    dear = {"input": 2.5, "output": 7.5}
    prices = {"models": {"m": row, "m-2025-05-13": dear, "m-mini": {"input": 0.1, "output": 0.4}}}
    assert find_price(prices, "m") is find_price(prices, "m-2026-01-01") is row
    assert find_price(prices, "m-2025-05-13") is dear
    for name in ("m-2026-02-02", "m-mini-2026-01-01", "m2", "m-2", "M", ""):
        assert find_price(prices, name) is None
    with pytest.raises(PriceError, match="add it to the `snapshots` of m"):
        need_price(prices, "m-2026-02-02")
    with pytest.raises(PriceError, match="'m2' has no price in plan.prices"):
        need_price(prices, "m2")


def test_an_answer_of_a_snapshot_without_a_price_costs_what_the_model_asked_does():
    prices = {"models": {"m": {"input": 1.0, "output": 4.0}}}
    body = {"model": "m-2026-02-02", "usage": {"prompt_tokens": 1000, "completion_tokens": 10}}
    answer = {"response": {"status_code": 200, "body": body}}
    assert bill_answers([answer], prices)["usd"] is None
    assert bill_answers([answer], prices, "m")["usd"] == pytest.approx(0.00104)


def test_the_table_names_an_end_and_a_successor_that_outlives_it():
    models = read_prices(PRICES)["models"]
    for name, row in models.items():
        if row["shutdown"]:
            assert isinstance(row["shutdown"], date)
        if row["successor"]:
            ends = models[row["successor"]]["shutdown"]
            assert ends is None or ends > row["shutdown"], name
    assert models["gpt-5-mini"]["successor"] == "gpt-6.1-terra"
    assert models["gpt-5-nano"]["successor"].startswith("gpt-6")


@pytest.mark.parametrize(
    "changes",
    [
        {"date": "soon"},
        {"date": None},
        {"max_age_days": "many"},
        {"max_age_days": 10**30},
        {"models": ["m"]},
        {"models": {"m": {"input": -1, "output": 1}}},
        {"models": {"m": {"input": "1", "output": 1}}},
        {"models": {"m": {"input": float("nan"), "output": 1}}},
        {"models": {"m": {"input": float("inf"), "output": 1}}},
        {"models": {"m": {"output": 1}}},
        {"models": {"m": None}},
    ],
)
def test_a_table_that_cannot_be_used_is_named(tmp_path, changes):
    path = write_table(tmp_path / "prices.yaml", **changes)
    with pytest.raises(PriceError, match=r"prices\.yaml: "):
        read_prices(path)
    assert read_prices(write_table(tmp_path / "prices.yaml"))["date"] == "2026-11-22"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"{", b"", b"- 1"])
def test_a_file_that_is_no_table_is_named(tmp_path, data):
    (tmp_path / "p.yaml").write_bytes(data)
    with pytest.raises(PriceError, match=r"p\.yaml"):
        read_prices(tmp_path / "p.yaml")
