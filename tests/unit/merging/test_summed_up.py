"""Paid answers of parts, summed up when their ledgers are joined: as one run tells it, nobody is asked."""

from contextlib import chdir
from pathlib import Path

import yaml

from paid_answers import CHECKOUT, Desk, api_config, make_requests
from unscene.answers.batch_lines import write_lines
from unscene.answers.batches.joining import join_ledgers
from unscene.plan.submitting import sum_up_if_answered
from unscene.run.tables import read_json


def sum_up(folder: Path, url: str, requests: list[dict]) -> bool:
    config = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text()) | {"api": api_config(url)}
    config["plan"]["prices"] = "src/unscene/resources/prices.yaml"
    folder.mkdir(exist_ok=True)
    with chdir(folder):
        write_lines(requests, "requests.jsonl")
        return sum_up_if_answered("submit_keywords", config, ["requests.jsonl"], "batches.json")


def test_the_joined_ledgers_tell_what_one_run_would(batch_server, tmp_path):
    first, second = make_requests(2), make_requests(3, first=2)
    told = [
        Desk(tmp_path / name, batch_server).submit(requests)
        for name, requests in (("one", first), ("two", second))
    ]
    whole = tmp_path / "whole"
    join_ledgers([tmp_path / "one/state", tmp_path / "two/state"], whole / "state")
    before = batch_server.bill()

    assert sum_up(whole, batch_server.url, [*first, *second])
    summary = read_json(whole / "batches.json")
    for name in ("usd", "requests", "input_tokens", "output_tokens"):
        assert round(summary[name], 6) == round(sum(one[name] for one in told), 6)
    assert len(summary["batches"]) == 2

    (whole / "batches.json").unlink()
    assert not sum_up(whole, batch_server.url, [*first, *make_requests(1, first=9)])
    assert not (whole / "batches.json").exists() and batch_server.bill() == before
