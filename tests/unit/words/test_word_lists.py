"""Word lists: a list of three words goes through the text stages, and what is said of the shipped
one holds.
"""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from text_jobs import (
    answer_stage,
    build_captions,
    build_keywords,
    parse_caption_answers,
    parse_keyword_answers,
    write_wanted,
)
from unscene.answers.batch_lines import read_lines
from unscene.answers.prices import read_prices
from unscene.answers.prompts import keyword_system
from unscene.batchsize.gold import encode_words
from unscene.captions.columns import CAPTIONS
from unscene.config.registries import list_choices
from unscene.keywords.columns import KEYWORDS
from unscene.masks.wanted_objects import list_wanted
from unscene.plan.estimate import make_plan, read_throughput
from unscene.run.tables import write_table
from unscene.words.coco80 import COCO80
from unscene.words.lexicon import LexiconError
from unscene.words.vocabulary import Vocabulary, choose_article
from unscene.words.word_lists import WORD_LISTS, find_vocabulary

LEXICON = {
    "rules": ["Mentioned: a noun names the object, also as a plural."],
    "examples": [{"caption": "A gnome under a willow.", "words": ["gnome", "willow"]}],
    "words": {
        "gnome": {"forms": ["gnome(|s)", "garden dwar(f|ves)"]},
        "wheelbarrow": {"forms": ["(wheel|)barrow(|s)"]},
        "willow": {"forms": ["willow(|s|tree|trees)"]},
    },
}
TEXTS = ["A gnome beside a willow.", "Two garden dwarves.", "A dog on a bench.", "A barrow under the willow."]


@pytest.fixture
def garden(tmp_path, monkeypatch) -> Vocabulary:
    """A list of three words, as an entry of the registry: none of them is COCO's."""
    path = tmp_path / "garden.yaml"
    path.write_text(yaml.safe_dump(LEXICON))
    made = Vocabulary(
        name="garden",
        title="three words",
        words=("gnome", "wheelbarrow", "willow"),
        lexicon=str(path),
        names={"gnome": ("garden gnome", "garden gnomes")},
        people=frozenset({"gnome"}),
        animate=frozenset({"gnome"}),
    )
    monkeypatch.setitem(WORD_LISTS, "garden", made)
    return made


def test_three_words_go_through_all_text_stages(garden, tmp_path):
    sample = pd.DataFrame({"image_id": list("abcd"), "captions": [[text] for text in TEXTS]})
    write_table(sample, tmp_path / "samples.parquet")
    build_keywords(tmp_path / "samples.parquet", tmp_path / "req.jsonl", 10, words="garden")
    (request,) = read_lines(tmp_path / "req.jsonl")
    schema = request["body"]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["r"]["items"]["properties"]["w"]["items"]["enum"] == list(garden)
    assert keyword_system(garden) == request["body"]["messages"][0]["content"]
    assert "Words: gnome, wheelbarrow, willow.\n" in keyword_system(garden)
    assert '{"r":[{"i":1,"w":["gnome","willow"]}]}' in keyword_system(garden)
    assert not any(word in keyword_system(garden) for word in ("person", "hot dog", "80"))
    answer_stage(tmp_path, "keywords", "lexicon", "garden")
    keyword = KEYWORDS.read(parse_keyword_answers(tmp_path, words="garden"))
    found = [list(words) for words in keyword["words"]]
    assert found == [["gnome", "willow"], ["gnome"], [], ["wheelbarrow", "willow"]]
    (tmp_path / "table.parquet").rename(tmp_path / "keywords.parquet")
    wanted = [("a-gnome", "a", "gnome", "ok", 0), ("d-willow", "d", "willow", "ok", 0)]
    write_wanted(tmp_path, wanted)
    build_captions(tmp_path, "garden")
    answer_stage(tmp_path, "captions", "template", "garden")
    caption = CAPTIONS.read(parse_caption_answers(tmp_path, words="garden")).set_index("edit_id")
    assert caption["caption_without"].to_dict() == {"a-gnome": "A willow.", "d-willow": "A barrow."}
    assert "garden gnome" in caption.loc["a-gnome", "caption_negated"]
    assert set(caption["source"]) == {"template"}


def test_an_answer_with_a_word_of_another_list_is_a_failed_row(garden, tmp_path):
    write_table(
        pd.DataFrame({"image_id": ["a"], "captions": [["A dog on a bench."]]}), tmp_path / "samples.parquet"
    )
    build_keywords(tmp_path / "samples.parquet", tmp_path / "req.jsonl")
    answer_stage(tmp_path, "keywords", "lexicon")  # COCO's words
    keyword = KEYWORDS.read(parse_keyword_answers(tmp_path, words="garden"))
    assert keyword["status"].tolist() == ["failed"] and "is not in the list" in keyword["reason"][0]


def test_the_study_s_arrays_the_masks_order_and_the_plan_follow_the_list(garden, checkout):
    config = yaml.safe_load((checkout / "config/config.yaml").read_text())
    prices = read_prices(checkout / "src/unscene/resources/prices.yaml")
    assert encode_words([["willow"], []], garden).tolist() == [[False, False, True], [False] * 3]
    sample = pd.DataFrame({"image_id": ["a"], "path": ["p"], "sha256": ["0"], "width": [1], "height": [1]})
    keyword = pd.DataFrame(
        [("a", "a-0", ["willow", "gnome"], "ok"), ("a", "a-1", ["wheelbarrow"], "ok")],
        columns=["image_id", "caption_id", "words", "status"],
    )
    (photo,) = list_wanted(sample, keyword, garden)
    assert list(photo.wanted) == ["gnome", "willow", "wheelbarrow"]
    large = make_plan(config, prices, read_throughput())["api"]["keywords"]
    small = make_plan(config | {"words": "garden"}, prices, read_throughput())["api"]["keywords"]
    assert small["input_tokens"] < 0.5 * large["input_tokens"]


def test_the_rules_of_nouns_hold_for_every_list(garden):
    """The list has neither blocks nor patterns: what is right here is right by the rules alone."""
    said = {
        "A gnome village": [],
        "A gnome-shaped jar": [],
        "A couple gnomes in a bed": ["gnome"],
        "Two gnomes guarding a gate": ["gnome"],
        "The gnome's hat": ["gnome"],
        "The gnomes' room": [],
        "A barrow wheel": ["wheelbarrow"],
        "A barrow boy": [],
        "Willows crowd the bank": ["willow"],
        "A willow stands there": ["willow"],
        "A willow stand": [],
        "See gnome.com and #willow": [],
    }
    assert {caption: garden.find_words(caption) for caption in said} == said


def test_a_lexicon_of_other_words_is_refused(garden):
    other = Vocabulary("x", "two words", ("gnome", "pond"), garden.lexicon)
    with pytest.raises(LexiconError, match=r"unknown \['wheelbarrow', 'willow'\], missing \['pond'\]"):
        other.find_words("A gnome.")


def test_the_config_can_name_what_is_registered(garden):
    assert [choice.name for choice in list_choices("word_lists")] == ["coco80", "garden"]
    assert find_vocabulary({"words": "garden"}) is garden and find_vocabulary({"words": "coco80"}) is COCO80


@pytest.mark.parametrize(
    "noun", ["egg", "Easel", "hourglass", "urn", "usher", "SUV", "X-ray", "onion", "heirloom"]
)
def test_an_before_a_vowel_s_sound(noun):
    assert choose_article(noun) == "an"


@pytest.mark.parametrize(
    "noun", ["unicorn", "urinal", "ukulele", "one-way sign", "UFO", "TV", "house", "ewe"]
)
def test_a_before_other_sounds(noun):
    assert choose_article(noun) == "a"


def test_coco_s_list():
    assert len(COCO80) == 80 == len(set(COCO80)) and COCO80.places["toothbrush"] == 79
    assert COCO80.sort(["dog", "person", "dog"]) == ["person", "dog"]
    assert "dog" in COCO80 and "gnome" not in COCO80 and json.dumps(list(COCO80))
    for group in (COCO80.names, COCO80.plural_only, COCO80.mass, COCO80.people, COCO80.animate):
        assert set(group) <= set(COCO80)
    assert COCO80.name_object("person") == {
        "a": "people",
        "A": "People",
        "no": "people",
        "one": "person",
        "many": "people",
        "is": "are",
    }
    assert COCO80.name_object("sheep")["is"] == "is" and COCO80.name_object("umbrella")["a"] == "an umbrella"
    # Of another list.
    several = {"lighthouse": "lighthouses", "beach": "beaches", "city": "cities", "key": "keys"}
    assert {noun: COCO80.name_object(noun)["many"] for noun in several} == several
    assert np.array_equal(
        encode_words([COCO80.sort(["dog", "person", "dog"])], COCO80)[0].nonzero()[0], [0, 16]
    )
