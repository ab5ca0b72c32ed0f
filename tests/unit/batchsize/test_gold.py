"""What is right in the study: who labelled, what is settled, and how the measure is called."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from unscene.batchsize.gold import (
    COLUMNS,
    Gold,
    Reference,
    choose_gold,
    draw_sheet,
    encode_words,
    rate_agreement,
    read_labels,
    settle_labels,
)
from unscene.batchsize.text import describe_raters
from unscene.run.tables import TableError, write_table
from unscene.words.coco80 import COCO80

HEAD = ",".join(COLUMNS)
ANNA, BEN, MODEL = "person anna", "person ben", "model gpt-6-luna"


def write(path, *rows):
    path.write_text("\n".join([HEAD, *rows]) + "\n")
    return path


def test_labels_are_settled(tmp_path):
    path = write(
        tmp_path / "labels.csv",
        f"a,dog; cat,{ANNA},cat;dog,{BEN},,",
        f"b,dog,{ANNA},-,{BEN},-,person carl",
        f"c,dog,{ANNA},cat,{BEN},,",
        "d,,,,,,",
        f"e,dog,{ANNA},,,,",
    )
    labels = read_labels(path, COCO80)
    settled = settle_labels(labels)
    assert settled["a"] == ["cat", "dog"] and settled["b"] == []
    assert settled["c"] is None and settled["d"] is None and settled["e"] is None
    facts = rate_agreement(labels, COCO80)
    assert facts["read_by"] == {ANNA: 4, BEN: 3, "person carl": 1}
    assert facts["rated_twice"] == 3 and facts["raters_agree"] == pytest.approx(1 / 3)
    first, second = (
        encode_words(words, COCO80).ravel()
        for words in ([["dog", "cat"], ["dog"], ["dog"]], [["dog", "cat"], [], ["cat"]])
    )
    assert facts["kappa"] == pytest.approx(cohen_kappa_score(first, second))
    write_table(labels, tmp_path / "labels.parquet")
    assert settle_labels(read_labels(tmp_path / "labels.parquet", COCO80)).equals(settled)


def test_one_rater_settles_alone_only_where_there_is_no_second(tmp_path):
    labels = read_labels(write(tmp_path / "one.csv", f"a,dog,{ANNA},,,,", f"b,-,{ANNA},,,,"), COCO80)
    assert settle_labels(labels).tolist() == [["dog"], []]
    facts = rate_agreement(labels, COCO80) | {"labelled": 2, "concordant_labelled": 1}
    told = describe_raters(facts)
    assert "labels of 1 person" in told and "no caption was read twice" in told and "person anna: 2" in told


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"a,doggo,{ANNA},,,,", r"a, rater_1: 'doggo' is not one of COCO's 80 words"),
        ("a,dog,,,,,", r"a, rater_1_by: who read this caption is not said; write `person NAME`, or `model"),
        ("a,dog,anna,,,,", r"a, rater_1_by: who read"),
        ("a,dog,model,,,,", r"a, rater_1_by: who read"),
        (f"a,dog,{ANNA},cat,{BEN},dog,", r"a, adjudicated_by: who read"),
        (f"a,dog,{ANNA},dog, person  anna,,", r"a, rater_2_by: 'person anna' is rater_1, too"),
        (f"a,dog,{ANNA},,,,\na,dog,{ANNA},,,,", r"a is there twice"),
    ],
)
def test_faults_of_labels_are_named(tmp_path, row, message):
    with pytest.raises(TableError, match=message):
        read_labels(write(tmp_path / "labels.csv", row), COCO80)


def test_labels_that_do_not_say_who_read_are_refused(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("caption_id,rater_1,rater_2,adjudicated\na,dog,dog,\n")
    with pytest.raises(TableError, match="rater_1_by, rater_2_by, adjudicated_by is missing"):
        read_labels(path, COCO80)


def make_labels(first=ANNA, second=BEN, ids=("a", "b")):
    return pd.DataFrame(
        {
            "caption_id": list(ids),
            "rater_1": [["cat"]] * len(ids),
            "rater_1_by": first,
            "rater_2": [["cat"]] * len(ids),
            "rater_2_by": second,
            "adjudicated": None,
            "adjudicated_by": None,
        }
    )


CAPTIONS = pd.DataFrame({"caption_id": list("abcd"), "caption": list("abcd"), "mentions": [["dog"]] * 4})
REFERENCE = Reference(
    encode_words([["dog"], ["cat"], [], []], COCO80),
    encode_words([["dog"], [], [], []], COCO80),
    np.array([True, True, True, False]),
    np.array([True, False, False, False]),
)


def test_gold_is_labels_then_mentions_then_the_reference():
    gold = choose_gold(CAPTIONS, make_labels(), REFERENCE, COCO80)
    assert gold.kind == "labels" and gold.weight.tolist() == [1, 3, 0, 0] and gold.known.all()
    assert (gold.words[0] == encode_words([["cat"]], COCO80)[0]).all()
    assert gold.facts["raters_agree"] == 1 and gold.facts["kappa"] == 1
    lacking = choose_gold(CAPTIONS, make_labels(ids=("b",)), REFERENCE, COCO80)
    assert lacking.kind == "mentions" and lacking.facts["discordant_without_label"] == 1
    none = choose_gold(CAPTIONS.assign(mentions=None), None, REFERENCE, COCO80)
    assert none.kind == "reference" and none.facts["without_reference"] == 1
    assert none.known.tolist() == [True, True, True, False]
    assert none.again is REFERENCE.again and lacking.again is None


@pytest.mark.parametrize(
    ("first", "second", "measure"),
    [
        (ANNA, BEN, "accuracy"),
        (MODEL, "model gpt-4o", "agreement with model gpt-4o, model gpt-6-luna"),
        (ANNA, MODEL, "agreement with people and model gpt-6-luna"),
    ],
)
def test_only_what_people_say_makes_it_accuracy(first, second, measure):
    gold = choose_gold(CAPTIONS, make_labels(first, second), REFERENCE, COCO80)
    assert gold.measure == measure
    told = describe_raters(gold.facts)
    assert ("language model" in told) is (MODEL in (first, second))
    assert ("2 people" in told) is (measure == "accuracy")


def test_without_labels_it_is_agreement_with_one():
    nothing = np.zeros((1, 1))
    assert Gold("reference", nothing, nothing, nothing, {}).measure == "agreement with n = 1"
    assert Gold("mentions", nothing, nothing, nothing, {}).measure == "accuracy"


def test_the_sheet_is_blind():
    texts = [f"caption {i}" for i in range(1000)]
    captions = pd.DataFrame({"caption_id": texts, "caption": texts})
    differs = np.zeros(1000, bool)
    differs[:50] = True
    sheet = draw_sheet(captions, differs, seed=1)
    assert list(sheet) == ["caption_id", "caption", *COLUMNS[1:]]
    assert len(sheet) == 350 and set(texts[:50]) <= set(sheet["caption_id"])
    assert (sheet[COLUMNS[1:]] == "").all(axis=None)
    places = np.flatnonzero(sheet["caption_id"].isin(texts[:50]))
    assert 120 < places.mean() < 230  # mixed, not in front
