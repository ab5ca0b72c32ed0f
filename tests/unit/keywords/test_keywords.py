"""The keyword steps, from samples to a table and a price, with both backends."""

import json

import pandas as pd
import pytest

from paid_answers import enter_answers
from text_jobs import answer_stage, build_keywords, parse_keyword_answers
from unscene.answers.answering import AnswersMissing
from unscene.answers.batch_lines import build_answer, read_items, read_lines, write_lines
from unscene.answers.batches.outcomes import split_request
from unscene.answers.endpoints import find_folder
from unscene.answers.prices import PriceError, find_price, read_prices
from unscene.answers.pricing import price_requests
from unscene.answers.prompts import KEYWORD_TOKENS_CAP, keyword_request, read_captions
from unscene.answers.verdicts import Verdict
from unscene.keywords.columns import KEYWORDS
from unscene.keywords.parsing import read_words
from unscene.machine.job import Job
from unscene.run.configuration import ConfigError
from unscene.run.tables import read_json, write_json, write_table
from unscene.words.coco80 import COCO80

CAPTIONS = [["A dog on a bench.", "A man\nwith a dog", "  "], ["A cat.", "A dog on a bench."], ["Sky."]]


@pytest.fixture
def run(tmp_path):
    sample = pd.DataFrame({"image_id": ["a", "b", "c"], "captions": CAPTIONS})
    write_table(sample, tmp_path / "samples.parquet")
    build_keywords(tmp_path / "samples.parquet", tmp_path / "req.jsonl")
    return tmp_path


def parse(run, share=0.5):
    return KEYWORDS.read(parse_keyword_answers(run, share)).set_index("caption_id")


def test_lexicon_from_samples_to_table(run):
    asked = [text for request in read_lines(run / "req.jsonl") for text in read_captions(request)]
    assert sorted(asked) == ["A cat.", "A dog on a bench.", "A man with a dog", "Sky."]
    answer_stage(run, "keywords", "lexicon")
    table = parse(run)
    assert list(table.index) == ["a-0", "a-1", "a-2", "b-0", "b-1", "c-0"]
    assert [list(words) for words in table["words"]] == [
        ["bench", "dog"],
        ["person", "dog"],
        [],
        ["cat"],
        ["bench", "dog"],
        [],
    ]
    assert table.loc["a-1", "caption"] == "A man\nwith a dog" and table.loc["b-0", "source"] == "lexicon"
    assert (table.loc["a-2", "status"], table.loc["a-2", "reason"]) == ("failed", "empty caption")
    assert set(table["status"].drop("a-2")) == {"ok"}
    first = [(run / name).read_bytes() for name in ("req.jsonl", "raw.jsonl", "table.parquet")]
    build_keywords(run / "samples.parquet", run / "req.jsonl")
    answer_stage(run, "keywords", "lexicon")
    parse(run)
    assert first == [(run / name).read_bytes() for name in ("req.jsonl", "raw.jsonl", "table.parquet")]


def test_answers_stop_clearly_and_faults_become_rows(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ledger = find_folder(None)
    with pytest.raises(AnswersMissing, match="2 of 2"):
        answer_stage(run, "keywords", "openai")
    assert not (run / "raw.jsonl").exists()
    first, second = read_lines(run / "req.jsonl")
    answers = [build_answer(first, "gpt-4o-2024-08-06", [{"w": ["unicorn"]}, {"w": ["dog", "bench"]}])]
    answers.append(build_answer(second, "gpt-4o-2024-08-06", [{"w": []}, {"w": []}]))
    answers[1]["response"]["body"]["choices"][0]["message"] = {"content": None, "refusal": "no"}
    enter_answers(ledger, [first, second], answers)
    with pytest.raises(
        AnswersMissing, match="1 of 2"
    ):  # the refused prompt was split, and nobody asked its parts
        answer_stage(run, "keywords", "openai")
    parts = split_request(second, (1, 1))
    refused = [build_answer(part, "gpt-4o-2024-08-06", [{"w": []}]) for part in parts]
    refused[0]["response"]["body"]["choices"][0]["message"] = {"content": None, "refusal": "no"}
    enter_answers(ledger, parts, refused)
    answer_stage(run, "keywords", "openai")
    assert list(read_lines(run / "followups.jsonl")) == parts
    assert list(read_lines(run / "raw.jsonl")) == [*answers, *refused]
    table = parse(run)
    assert table["status"].value_counts().to_dict() == {"ok": 1, "failed": 4, "refused": 1}
    assert table.loc["a-0", "reason"] == "'unicorn' is not in the list"
    assert table.loc["c-0", "reason"] == "2 words for a caption of 1"
    assert set(table.loc[table["status"] == "ok", "source"]) == {"gpt-4o-2024-08-06"}


def test_a_systematic_failure_stops(tmp_path):
    sample = pd.DataFrame(
        {"image_id": [f"i{n}" for n in range(30)], "captions": [[f"Caption {n}."] for n in range(30)]}
    )
    write_table(sample, tmp_path / "samples.parquet")
    build_keywords(tmp_path / "samples.parquet", tmp_path / "req.jsonl", 10)
    write_lines([], tmp_path / "raw.jsonl")
    write_lines([], tmp_path / "followups.jsonl")
    with pytest.raises(RuntimeError, match="30 of 30 items failed"):
        parse(tmp_path)


def test_one_long_caption_changes_no_prompt_of_many():
    """Such a prompt has room for it, and its paid answer lies under the body that it was asked by."""
    captions = [", ".join(COCO80), *["A man walks two dogs past a bench."] * 19]
    request = keyword_request("gpt-4o", captions, COCO80)
    assert request["body"]["max_completion_tokens"] == 64 + 20 * KEYWORD_TOKENS_CAP
    few = keyword_request("gpt-4o", captions[:3], COCO80)
    assert few["body"]["max_completion_tokens"] >= 3 * len(COCO80) + 3 * 16


@pytest.mark.parametrize("joined", [", ", ",", " "])
def test_a_caption_that_lists_all_words_has_room_for_its_answer(joined):
    """Alone in a prompt, at three tokens a word; and all its words are believed."""
    caption = joined.join(COCO80)
    request = keyword_request("gpt-4o", [caption], COCO80)
    assert request["body"]["max_completion_tokens"] >= 3 * len(COCO80) + 16
    verdict = Verdict("ok", "", "gpt-4o", {1: {"i": 1, "w": list(COCO80)}})
    assert read_words(caption, verdict, COCO80) == (list(COCO80), "ok", "")
    short = keyword_request("gpt-4o", ["A dog,cat,bus", "A man walks two dogs past a bench."], COCO80)
    assert short["body"]["max_completion_tokens"] == 64 + 2 * KEYWORD_TOKENS_CAP
    verdict = Verdict("ok", "", "gpt-4o", {1: {"i": 1, "w": ["cat", "dog", "bus"]}})
    assert read_words("dog,cat,bus", verdict, COCO80)[1] == "ok"


def test_auto_says_that_the_study_comes_first(run):
    with pytest.raises(ConfigError, match="batchsize"):
        build_keywords(
            run / "samples.parquet", run / "req.jsonl", "auto", chosen=run / "results/batchsize/chosen.json"
        )
    write_json({"captions_per_prompt": 1, "study": {"model": "gpt-4o"}}, run / "chosen.json")
    build_keywords(run / "samples.parquet", run / "req.jsonl", "auto", chosen=run / "chosen.json")
    assert [len(read_items(request)) for request in read_lines(run / "req.jsonl")] == [1, 1, 1, 1]


def test_auto_takes_no_number_of_another_model(run):
    write_json({"captions_per_prompt": 1, "study": {"model": "gpt-6-luna"}}, run / "chosen.json")
    with pytest.raises(ConfigError, match="study asked gpt-6-luna; the keywords ask gpt-4o"):
        build_keywords(run / "samples.parquet", run / "req.jsonl", "auto", chosen=run / "chosen.json")


def price(run, backend, times=1):
    inputs = {"requests": [run / "req.jsonl"] * times, "answers": [run / "raw.jsonl"] * times, "summary": []}
    settings = {"api": {"model": "gpt-4o"}, "keywords": {"backend": backend}}
    config = {"plan": {"prices": "src/unscene/resources/prices.yaml"}}
    price_requests(Job(inputs, {"cost": run / "cost.json"}, settings, config=config))
    return read_json(run / "cost.json")


def test_cost_counts_equal_requests_once(run):
    answer_stage(run, "keywords", "lexicon")
    cost = price(run, "lexicon", times=2)
    assert (cost["requests"], cost["captions"], cost["model"], cost["price_date"]) == (
        2,
        4,
        "gpt-4o",
        "2026-11-22",
    )
    assert cost["billed"] == {"input_tokens": 0, "output_tokens": 0, "usd": 0}
    estimate = cost["estimate"]
    expected = (estimate["input_tokens"] * 1.25 + estimate["output_tokens"] * 5.0) / 1e6
    assert (
        estimate["usd"] == pytest.approx(expected, abs=1e-6) and estimate["usd_worst"] > estimate["usd"] > 0
    )


def test_paid_usage_is_billed_at_the_model_s_price(run):
    answer_stage(run, "keywords", "lexicon")
    lines = list(read_lines(run / "raw.jsonl"))
    for line in lines:
        line["response"]["body"]["model"] = "gpt-4o-2024-08-06"
        line["response"]["body"]["usage"] = {"prompt_tokens": 1000, "completion_tokens": 100}
    (run / "raw.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert price(run, "openai")["billed"] == {"input_tokens": 2000, "output_tokens": 200, "usd": 0.0035}


def test_price_table(checkout, tmp_path):
    prices = read_prices(checkout / "src/unscene/resources/prices.yaml")
    assert find_price(prices, "gpt-4o-mini-2024-07-18")["input"] == 0.075
    assert find_price(prices, "gpt-4o-2024-08-06")["successor"] == "gpt-6-luna"
    assert find_price(prices, "gpt-4oh") is None
    (tmp_path / "p.yaml").write_text("models: {}")
    with pytest.raises(PriceError, match=r"p\.yaml"):
        read_prices(tmp_path / "p.yaml")
