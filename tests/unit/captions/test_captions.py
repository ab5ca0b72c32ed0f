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
        [
            ("a-kite", "a", "kite", "ok", 1),
            ("b-dog", "b", "dog", "ok", None),
            ("c-cat", "c", "cat", "ok", 0),
            ("d-bird", "d", "bird", "skipped", 0),
            ("d-dog", "d", "dog", "ok", None),
        ],
        columns=["edit_id", "image_id", "category", "status", "caption_position"],
    )
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


@pytest.mark.parametrize(
    ("without", "negated", "fault"),
    [
        ("A bench.", "A bench without a dog.", None),
        (" ", "A bench without a dog.", "nothing of the scene"),
        ("A bench.", " ", "no negated caption"),
        ("A puppy on a bench.", "A bench without a dog.", "names the object"),
        ("A bench.", "No dog.", "same others"),
        ("A bench.", "A bench and a dog.", "denies nothing"),
        ("A bench.", "A bench, no dog.", "held-out"),
    ],
)
def test_each_check_of_an_answer(without, negated, fault):
    found = find_fault(without, negated, "dog", ["comma_no"], COCO80)
    assert found is None if fault is None else fault in found


@pytest.mark.parametrize(("edits", "prompts"), [(9, [9]), (10, [10]), (11, [10, 1])])
def test_ten_edits_in_a_prompt(tmp_path, edits, prompts):
    names = [f"p{n}" for n in range(edits)]
    texts = [[f"A dog near rock {n}."] for n in range(edits)]
    write_table(pd.DataFrame({"image_id": names, "captions": texts}), tmp_path / "samples.parquet")
    keyword = [(name, text[0], ["dog"]) for name, text in zip(names, texts, strict=True)]
    write_table(
        pd.DataFrame(keyword, columns=["image_id", "caption", "words"]), tmp_path / "keywords.parquet"
    )
    mask = [(f"{name}-dog", name, "dog", "ok", 0) for name in names]
    columns = ["edit_id", "image_id", "category", "status", "caption_position"]
    write_table(pd.DataFrame(mask, columns=columns), tmp_path / "masks.parquet")
    build_captions(tmp_path)
    assert [len(read_items(request)) for request in read_lines(tmp_path / "req.jsonl")] == prompts


@pytest.mark.parametrize(("share", "count"), [(0, 0), (0.01, 1), (0.124, 1), (0.126, 2), (0.25, 3), (1, 11)])
def test_a_share_of_the_phrasings_is_held_out(share, count):
    assert len(hold_out(share, 7)) == count


def test_the_old_caption_is_the_mask_s_or_the_first_that_names_the_object(run):
    answer_stage(run, "captions", "template")
    table = parse(run)
    assert table.loc["a-kite", "caption_original"] == CAPTIONS["a"][1]
    for position, wanted in ((2, CAPTIONS["a"][1]), (1, CAPTIONS["a"][1]), (0, CAPTIONS["a"][0])):
        mask = pd.DataFrame(
            [("a-kite", "a", "kite", "ok", position)],
            columns=["edit_id", "image_id", "category", "status", "caption_position"],
        )
        write_table(mask, run / "masks.parquet")
        build_captions(run)
        answer_stage(run, "captions", "template")
        assert parse(run).loc["a-kite", "caption_original"] == wanted  # position 2: there is none
