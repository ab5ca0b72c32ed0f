"""The planted errors: each is there at its rate, nothing else changes, and the same seed gives the
same answers.
"""

import json

import pytest

from batch_server.answerers import OFF_LIST, Answerer, ErrorModel
from batch_server.prompts import UnknownTask
from plain_requests import make_request, read_rows
from unscene.words.coco80 import COCO80
from unscene.words.phrasings import PHRASINGS, explain_phrasing

NAMES = ("dog", "cat", "car", "cow", "bus", "kite", "cup", "bed", "boat", "horse")


def ask(captions):
    return make_request(list(captions))


def prompts(count, size):
    """Return prompts of captions that all differ; neighbours name different words."""
    return [ask(f"A {NAMES[i % 10]} on field {p} at noon {i}." for i in range(size)) for p in range(count)]


def words_of(answer):
    return [row["w"] for row in read_rows(answer).values()]


def test_right_answers_come_from_the_lexicon_and_the_offline_grammar():
    answer = Answerer().answer(ask(["A dog and two men near a bus stop.", "The sky."]))
    assert words_of(answer) == [["person", "dog"], []]
    phrasing = explain_phrasing("dog", sorted(PHRASINGS)[0], COCO80)
    item = {"caption": "A dog runs on the beach.", "object": "dog", "phrasing": phrasing}
    row = read_rows(Answerer().answer(make_request([item], ("negated", "without"))))[1]
    assert "dog" not in row["without"] and "dog" in COCO80.find_words(row["negated"])
    del item["phrasing"]
    assert set(read_rows(Answerer().answer(make_request([item], ("without",))))[1]) == {"i", "without"}


def test_items_are_read_as_a_model_would():
    quoted = [json.dumps("A dog, said 1. the man."), "2. is a cat, not a number", '"A bus" on a sign']
    assert words_of(Answerer().answer(ask(quoted))) == [["person", "dog"], ["cat"], ["bus"]]


def test_same_seed_same_answers_and_a_rate_of_one_error_moves_no_other():
    requests = prompts(40, 5)
    noisy = ErrorModel(noise=0.2, cut=0.1)
    first = [Answerer(noisy, seed=3).answer(r) for r in requests]
    assert first == [Answerer(noisy, seed=3).answer(r) for r in reversed(requests)][::-1]
    assert first != [Answerer(noisy, seed=4).answer(r) for r in requests]
    again = [{**r, "custom_id": r["custom_id"] + "-2"} for r in requests]
    assert first != [Answerer(noisy, seed=3).answer(r) for r in again]


@pytest.mark.parametrize(
    ("error", "shows"),
    [
        ("dropped_item", lambda rows, choice: rows is None or len(rows) < 3),
        ("duplicate_index", lambda rows, choice: rows is None),
        ("cut", lambda rows, choice: choice["finish_reason"] == "length"),
        ("refusal", lambda rows, choice: choice["message"]["refusal"] and not choice["message"]["content"]),
        ("content_filter", lambda rows, choice: choice["finish_reason"] == "content_filter"),
    ],
)
def test_errors_that_show_are_planted_at_their_rate(error, shows):
    requests, answerer = prompts(400, 3), Answerer(ErrorModel(**{error: 0.25}), seed=1)
    answers = [answerer.answer(request) for request in requests]
    broken = [answer for answer in answers if shows(read_rows(answer), answer["choices"][0])]
    assert len(broken) == answerer.planted[error] and 65 <= len(broken) <= 135  # 100, four standard errors


def test_a_shift_keeps_indices_and_moves_contents_to_neighbours():
    requests, answerer = prompts(60, 10), Answerer(ErrorModel(shift=0.5), seed=2)
    right = Answerer()
    shifted = 0
    for request in requests:
        got, true = words_of(answerer.answer(request)), words_of(right.answer(request))
        wrong = [i for i in range(10) if got[i] != true[i]]
        if wrong:
            shifted += 1
            # All wrong from the first on, but perhaps the last, each with a neighbour's words.
            assert wrong in (list(range(wrong[0], 10)), list(range(wrong[0], 9)))
            first = wrong[0]
            step = 1 if first < 9 and got[first] == true[first + 1] else -1
            assert all(got[i] == true[i + step] for i in wrong if 0 <= i + step < 10)
    assert shifted == answerer.planted["shift"] and 14 <= shifted <= 46
    small = Answerer(ErrorModel(shift=1.0, shift_from_size=11))
    assert small.answer(requests[0]) == right.answer(requests[0])


def test_recall_decays_beyond_the_planted_position_only():
    requests, answerer = prompts(200, 40), Answerer(ErrorModel(decay=0.05, decay_beyond=30), seed=5)
    missed = [0] * 40
    for request in requests:
        for place, words in enumerate(words_of(answerer.answer(request))):
            missed[place] += not words
    assert not any(missed[:30]) and sum(missed) == answerer.planted["decay"]
    assert 60 <= missed[39] <= 140 and missed[31] < missed[39]  # 100 of 200 at ten beyond


def test_errors_of_items():
    requests = prompts(100, 4)
    answerer, right = Answerer(ErrorModel(off_list=0.1, noise=0.2), seed=9), Answerer()
    off = noisy = 0
    for request in requests:
        for words, true in zip(
            words_of(answerer.answer(request)), words_of(right.answer(request)), strict=True
        ):
            if words and words[-1] == OFF_LIST:
                off += 1
                words.pop()
            noisy += words != true
    assert (off, noisy) == (answerer.planted["off_list"], answerer.planted["noise"])
    assert 16 <= off <= 64 and 48 <= noisy <= 112


def test_texts_that_are_refused_and_prompts_that_are_too_long():
    answerer = Answerer(ErrorModel(refused_texts=("gun",), cut_above=2))
    choices = [
        answerer.answer(ask(captions))["choices"][0]
        for captions in (["A dog.", "A gun."], ["A dog.", "A cat."], ["A dog."] * 3)
    ]
    assert [choice["message"]["refusal"] is not None for choice in choices] == [True, False, False]
    assert [choice["finish_reason"] for choice in choices] == ["stop", "stop", "length"]
    assert answerer.planted == {"refused_text": 1, "cut_above": 1}
    tight = ask(["A dog.", "A cat."])
    tight["body"]["max_completion_tokens"] = 5
    assert Answerer().answer(tight)["choices"][0]["finish_reason"] == "length"


def test_unknown_tasks_and_unknown_errors_are_named():
    request = ask(["A dog."])
    del request["body"]["response_format"]
    with pytest.raises(UnknownTask, match="no JSON schema"):
        Answerer().answer(request)
    assert ErrorModel.from_dict(json.loads('{"refused_texts": ["x"]}')).refused_texts == ("x",)
    with pytest.raises(ValueError, match="unknown errors: nosie"):
        ErrorModel.from_dict({"nosie": 1})
