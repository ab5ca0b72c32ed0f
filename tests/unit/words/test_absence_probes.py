"""The probes of the evaluation: their file, their sentences, and that training texts say none of them."""

import copy
import re
from collections import Counter
from importlib.resources import files

import numpy as np
import pytest
import yaml

from unscene.words.absence_probes import (
    KINDS,
    ProbeError,
    find_twins,
    hold_out,
    name_forms,
    parse_probes,
    read_held_out,
    read_probes,
)
from unscene.words.coco80 import COCO80
from unscene.words.denial_grammar import read_grammar

FILE = files("unscene.resources") / "absence_probes_en.yaml"
SCENE = "a quiet street"


def read_yaml():
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def squeeze(text):
    """The words of a text, in this test's own way: small, no marks, no articles, one word for a picture."""
    text = re.sub(r"[^a-z' ]", " ", text.lower())
    words = [word for word in text.split() if word not in ("a", "an", "the", "this", "any")]
    return " ".join(
        "picture" if word in ("photo", "image", "shot", "snapshot", "scene") else word for word in words
    )


def draw_texts(grammar, word, draw):
    """Everything that one draw writes of a word, in both polarities."""
    for denied in (True, False):
        states = iter([np.random.default_rng(draw) for _ in range(3)])
        yield grammar.write_bare(word, denied, next(states), COCO80)
        yield grammar.write_scene(SCENE, word, denied, next(states), COCO80)
        yield grammar.write_query("bus", word, next(states), COCO80)


@pytest.mark.parametrize("word", ["dog", "person", "broccoli"])
def test_no_text_of_the_grammar_is_a_probe(word):
    """Drawn, as training draws them, not listed as `find_twins` does."""
    grammar = read_grammar()
    written = {squeeze(text): text for draw in range(2500) for text in draw_texts(grammar, word, draw)}
    forms = name_forms(COCO80, word, "cat", "bus")
    probes = {
        squeeze(probe.write(forms, SCENE if "scene" in probe.kind else None)): probe
        for probe in read_held_out()
    }
    twins = {probes[text].name: written[text] for text in probes.keys() & written.keys()}
    assert not twins
    assert len(written) > 600


def test_enough_wordings_are_left_of_each_kind():
    left = Counter(probe.kind for probe in read_held_out())
    assert set(left) == set(KINDS)
    assert left["known"] >= 20 and left["scene"] >= 12 and left["two"] >= 6 and left["query"] >= 10
    assert left["unseen_words"] >= 10 and left["affirmative"] >= 10


def test_a_twin_is_found_whatever_the_article_the_picture_or_the_count():
    document = read_yaml()
    document["known"] += [
        {"name": "one", "word": "no", "text": "A snapshot with no view of any {no}"},
        {
            "name": "two",
            "word": "no",
            "text": "{scene}".replace("{scene}", "In the image, a view of {a}: no."),
        },
    ]
    document["scene"].append({"name": "three", "word": "no", "text": "{scene}, no {many}"})
    found = {probe.name for probe in find_twins(parse_probes(document, "x"), read_grammar())}
    assert "one" in found and "three" in found and "two" not in found


def test_a_word_of_the_grammar_is_a_known_word_whatever_the_file_says():
    document = read_yaml()
    document["unseen_words"].append({"name": "new", "word": "never", "text": "never ever {a} there"})
    document["known"].append({"name": "odd", "word": "sans", "text": "sans {a}, so to say"})
    asked = {probe.name: probe.kind for probe in hold_out(parse_probes(document, "x"), read_grammar())}
    assert asked["new"] == "known" and asked["odd"] == "unseen_words"
    assert asked["missing"] == "known" and asked["devoid"] == asked["sans"] == "unseen_words"
    assert {"no", "not", "n't", "without", "free of", "never"} <= read_held_out().known_words


@pytest.mark.parametrize(
    ("word", "kind", "name", "text"),
    [
        ("person", "known", "there_isnt_any", "There aren't any people in this picture."),
        ("broccoli", "known", "nowhere_to_be_seen", "broccoli is nowhere to be seen here"),
        ("dog", "two", "no_and_no", "no dog and no orange in this picture"),
        ("dog", "query", "find_me_dont_show", "Find me a bus, and don't show me dogs."),
        ("dog", "scene", "scene_no_in_sight", "A quiet street, but no dog in sight"),
        ("dog", "scene", "also_show_no", "Does the photo of a quiet street also show a dog? No."),
    ],
)
def test_sentences(word, kind, name, text):
    (probe,) = [probe for probe in read_probes().of(kind) if probe.name == name]
    scene = "A quiet street." if kind == "scene" else None
    assert probe.write(name_forms(COCO80, word, "orange", "bus"), scene) == text


def test_every_wording_names_its_object_and_is_written_of_every_word():
    for probe in read_probes():
        for word in COCO80:
            text = probe.write(
                name_forms(COCO80, word, "dog", "cat"), SCENE if "scene" in probe.kind else None
            )
            forms = COCO80.name_object(word)
            assert "{" not in text and (
                forms["no"] in text.lower()
                or forms["many"].lower() in text.lower()
                or forms["no"] in text
                or forms["many"] in text
            ), text
    assert not [probe for probe in read_probes().of("nonsense") if probe.word in read_probes().known_words]


def broken(change):
    document = copy.deepcopy(read_yaml())
    change(document)
    return document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("two"), "x.yaml: it must have the keys"),
        (lambda d: d.update(more=[]), "x.yaml: it must have the keys"),
        (lambda d: d["known"][0].pop("word"), "x.yaml, known: .*must have name, text, word"),
        (lambda d: d["known"][0].update(tricky=True), "and no other key"),
        (lambda d: d["known"][0].update(word=None), "there_isnt_any: `word` is empty"),
        (lambda d: d["known"][0].update(text="nothing is here"), "do not fit"),
        (lambda d: d["known"][0].update(text="no {dog}"), "do not fit"),
        (lambda d: d["scene"][0].update(text="no {no}"), "scene_no_in_sight: the fields"),
        (lambda d: d["query"][0].update(text="no {no}"), "but_not_with: the fields"),
        (lambda d: d["two"][0].update(text="no {no}"), "neither_nor: the fields"),
        (
            lambda d: d["known"][1].update(name="there_isnt_any"),
            "the name 'there_isnt_any' stands there twice",
        ),
        (lambda d: d["known"][1].update(text=d["known"][0]["text"]), "the text .* stands there twice"),
        (lambda d: d["known"].append("no {no}"), "must have name, text, word"),
    ],
)
def test_a_broken_file_says_what_and_where(change, message):
    with pytest.raises(ProbeError, match=message):
        parse_probes(broken(change), "x.yaml")
    with pytest.raises(ProbeError, match="it has list"):
        parse_probes([], "x.yaml")
