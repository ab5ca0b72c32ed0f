"""What a query asks for, and agreement with the rules that the evaluation reads denials by."""

import pytest

from unscene.evaluation.query_arithmetic import find_denied
from unscene.serving.catalogue import list_forms
from unscene.serving.server.query import Forms, Query, parse_query
from unscene.words.coco80 import COCO80

FORMS = Forms(list_forms(COCO80))


@pytest.mark.parametrize(
    ("query", "parsed"),
    [
        ("a beach", Query("a beach", ())),
        ("a beach -dog", Query("a beach", ("dog",))),
        ('-"beach umbrella" a beach - dog', Query("a beach", ("beach umbrella", "dog"))),
        ("a t-shirt on a x-ray", Query("a t-shirt on a x-ray", ())),
        ("-dog", Query("", ("dog",))),
        ("beach -dog -dog", Query("beach", ("dog",))),
        ('beach -"', Query('beach -"', ())),
        ("- ", Query("-", ())),
        ("", Query("", ())),
    ],
)
def test_terms_behind_a_minus_are_taken_out(query, parsed):
    assert parse_query(query) == parsed


@pytest.mark.parametrize(
    "text",
    [
        "a beach with no dog",
        "a beach without any dogs",
        "a street, no cars and a bus",
        "a table with no cup or bowl",
        "there is no wine glass on the table",
        "a photo that does not contain a cat",
        "a dog that isn't here",
        "a park free of people",
        "a dog and a cat",
        "the bench is missing",
        "a kitchen lacking an oven",
        "not a hot dog",
        "a road with a truck, but no car",
        "no sign of a bear",
    ],
)
def test_denials_are_read_as_the_evaluation_reads_them(text):
    assert FORMS.find_denied(text) == find_denied(text, COCO80)


def test_terms_name_words_by_any_form():
    assert [FORMS.find_word(term) for term in ("puppies", "a Dog", "wine-glass", "people", "unicorn")] == [
        "dog",
        "dog",
        "wine glass",
        "person",
        None,
    ]
