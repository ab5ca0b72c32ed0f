"""The caption steps: requests, offline answers, checks and the plain fallback."""

import json

import pandas as pd
import pytest

from paid_answers import enter_answers
from text_jobs import answer_stage, build_captions, parse_caption_answers
from unscene.answers.answering import AnswersMissing
from unscene.answers.batch_lines import build_answer, read_items, read_lines
from unscene.answers.endpoints import find_folder
from unscene.captions.caption_edits import find_fault, write_from_template
from unscene.captions.columns import CAPTIONS as EDIT_CAPTIONS
from unscene.run.tables import write_table
from unscene.words.coco80 import COCO80
from unscene.words.phrasings import hold_out, is_negated

CAPTIONS = {
    "a": ["The sky.", "A man holding a kite on the beach."],
    "b": ["A dog and a ball on the grass."],
    "c": ["A cat."],
    "d": ["A bird."],
}


@pytest.fixture
def run(tmp_path):
    write_table(
        pd.DataFrame({"image_id": list(CAPTIONS), "captions": list(CAPTIONS.values())}),
        tmp_path / "samples.parquet",
    )
    keyword = pd.DataFrame(
        [
            (image, caption, COCO80.find_words(caption))
            for image, captions in CAPTIONS.items()
            for caption in captions
        ],
        columns=["image_id", "caption", "words"],
    )
    write_table(keyword, tmp_path / "keywords.parquet")
    mask = pd.DataFrame(
        [("a-kite", "a", "kite", "ok", 1), ("b-dog", "b", "dog", "ok", None), ("c-cat", "c", "cat", "ok", 0),
         ("d-bird", "d", "bird", "skipped", 0), ("d-dog", "d", "dog", "ok", None)],
        columns=["edit_id", "image_id", "category", "status", "caption_position"],
    )  # fmt: skip
    write_table(mask, tmp_path / "masks.parquet")
    build_captions(tmp_path)
    return tmp_path


def parse(run):
    return EDIT_CAPTIONS.read(parse_caption_answers(run)).set_index("edit_id")


def test_template_backend(run):
    answer_stage(run, "captions", "template")
    table = parse(run)
    assert list(table.index) == ["a-kite", "b-dog", "c-cat", "d-dog"]
    assert table.loc["a-kite", "caption_original"] == "A man holding a kite on the beach."
    assert table.loc["a-kite", "caption_without"] == "A man on the beach."
    assert table.loc["b-dog", "caption_without"] == "A ball on the grass."
    assert list(table["source"])[:3] == ["template", "template", "template_fallback"]
    assert table.loc["c-cat", "caption_without"] == "A photo." and "nothing" in table.loc["c-cat", "reason"]
    assert (table.loc["d-dog", "status"], table.loc["d-dog", "reason"]) == ("failed", "no caption names it")
    held_out = hold_out(0.25, 7)
    for edit, row in table.iloc[:3].iterrows():
        category = edit.split("-")[1]
        for column in ("caption_negated", "caption_negated_held_out"):
            assert category in COCO80.find_words(row[column]) and is_negated(row[column])
        assert (
            row["phrasing"] not in held_out and row["phrasing_held_out"] in held_out and not row["held_out"]
        )
        own = write_from_template(edit, category, row["caption_original"], 0.25, 7, COCO80)
        assert own == (
            row["caption_without"],
            row["caption_negated"],
        )  # what an arm with captions: template tells
    first = [(run / name).read_bytes() for name in ("req.jsonl", "raw.jsonl", "table.parquet")]
    build_captions(run)
    answer_stage(run, "captions", "template")
    parse(run)
    assert first == [(run / name).read_bytes() for name in ("req.jsonl", "raw.jsonl", "table.parquet")]


def test_answers_are_checked(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AnswersMissing, match="1 of 1"):
        answer_stage(run, "captions", "openai")
    (request,) = read_lines(run / "req.jsonl")
    assert request["body"]["response_format"]["json_schema"]["strict"]
    said = {
        "kite": {"without": "A man on the beach.", "negated": "A man on the beach, kite-free."},
        "dog": {"without": "A ball on the grass.", "negated": "A ball on the grass, lacking a dog."},
        "cat": {"without": "A kitten.", "negated": "No cat."},
    }
    items = [said[json.loads(item)["object"]] for item in read_items(request)]
    enter_answers(find_folder(None), [request], [build_answer(request, "gpt-6-luna", items)])
    answer_stage(run, "captions", "openai")
    table = parse(run)
    assert table.loc["b-dog", "source"] == "gpt-6-luna" and table.loc["b-dog", "phrasing"] == "free"
    assert (
        table.loc["a-kite", "source"] == "template_fallback"
        and "denies nothing" in table.loc["a-kite", "reason"]
    )
    assert (
        table.loc["c-cat", "source"] == "template_fallback"
        and "names the object" in table.loc["c-cat", "reason"]
    )


def test_faults():
    assert find_fault("A bench.", "A bench without a dog.", "dog", [], COCO80) is None
    assert "held-out" in find_fault("A bench.", "A bench without a dog.", "dog", ["without"], COCO80)
    assert "same others" in find_fault("A bench.", "A cat without a dog.", "dog", [], COCO80)
    assert "same others" in find_fault("A bench.", "A bench without a cow.", "dog", [], COCO80)
