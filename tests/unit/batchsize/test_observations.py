"""What a run would deliver for a caption: also where its prompt came back in a wrong form."""

import numpy as np
import pandas as pd
import pytest

from unscene.answers.batch_lines import build_answer
from unscene.answers.batches.outcomes import split_request
from unscene.answers.prompts import keyword_request
from unscene.batchsize.design import Trial
from unscene.batchsize.gold import Gold, encode_words
from unscene.batchsize.measures import _score, measure_trial, take_part
from unscene.batchsize.observations import (
    Observed,
    Sent,
    describe_answers,
    find_differing,
    is_asked_model,
    list_followups,
    pick_answers,
    read_observations,
)
from unscene.words.coco80 import COCO80

TEXTS = ["A dog.", "A cat.", "A cow.", "A bus."]
TRUE = [["dog"], ["cat"], ["cow"], ["bus"]]


def answer(request, words):
    return build_answer(request, "gpt-4o", [{"w": found} for found in words])


def cut(request):
    line = answer(request, [])
    line["response"]["body"]["choices"][0]["finish_reason"] = "length"
    return line


def expire(request):
    return {
        "custom_id": request["custom_id"],
        "response": None,
        "error": {"code": "batch_expired", "message": ""},
    }


def ask(texts, replicate=0):
    return keyword_request("gpt-4o", texts, COCO80, replicate=replicate)


def read(requests, lines, followups=()):
    """The observations of prompts over TEXTS, in trials `1` and `1 again` (one caption) and `4`."""
    rows = []
    for number, (request, texts) in enumerate(requests):
        trial = "1 again" if 4 <= number < 8 else str(len(texts))
        rows += [
            (trial, len(texts), 0, request["custom_id"], place, len(texts), str(TEXTS.index(text)))
            for place, text in enumerate(texts)
        ]
    names = ["trial", "captions_per_prompt", "permutation", "custom_id", "position", "size", "caption_id"]
    captions = pd.DataFrame({"caption_id": [str(i) for i in range(4)], "caption": TEXTS})
    answers = {line["custom_id"]: line for line in lines}
    return read_observations(
        pd.DataFrame(rows, columns=names), Sent(answers, list(followups)), captions, COCO80
    )


def make_trials():
    """Two rounds of four prompts of one, rightly answered; and one of four, its halves and quarters."""
    ones = [(ask([text], replicate), [text]) for replicate in (0, 1) for text in TEXTS]
    four = ask(TEXTS)
    halves = split_request(four, (2, 2))
    singles = split_request(halves[1], (1, 1))
    lines = [answer(request, [words]) for (request, _), words in zip(ones, TRUE * 2, strict=True)]
    return ones, four, halves, singles, lines


def test_a_caption_of_a_faulty_prompt_is_what_its_part_says():
    ones, four, halves, singles, lines = make_trials()
    lines += [cut(four), answer(halves[0], [["dog"], ["bird"]]), cut(halves[1])]
    single = {line["custom_id"]: line for line in lines}
    single[singles[1]["custom_id"]] = answer(singles[1], [["bus", "car"]])
    observed = read([*ones, (four, TEXTS)], single.values(), [*halves, *singles])
    mine = observed.table["trial"] == "4"
    # Single items are the prompts of one caption: asked, and paid, once.
    assert singles[0]["custom_id"] == ones[2][0]["custom_id"]
    assert observed.table[mine]["status"].tolist() == ["again"] * 4
    said = [["dog"], ["bird"], ["cow"], ["bus", "car"]]
    assert (observed.words[mine.to_numpy()] == encode_words(said, COCO80)).all()


def test_a_caption_that_nothing_came_to_is_wrong_and_stays():
    ones, four, halves, _, lines = make_trials()
    observed = read(
        [*ones, (four, TEXTS)], [*lines, cut(four), answer(halves[0], [["dog"], ["cat"]])], halves
    )
    mine = observed.table["trial"] == "4"
    assert observed.table[mine]["status"].tolist() == ["again", "again", "lost", "lost"]
    every = np.ones(4, bool)
    # Even where no word is right: nothing delivered is no right answer.
    gold = Gold("mentions", encode_words([["dog"], ["cat"], ["cow"], []], COCO80), every * 1.0, every, {})
    assert take_part(observed, "4", gold).right.tolist() == [[True] * 2, [True] * 2, [False] * 2, [False] * 2]
    reference, _ = pick_answers(observed, "1", 4)
    found = measure_trial(Trial("4", 4, 1, 0), observed, gold, reference, 0.01, seed=1, draws=50)
    assert found["exact"] == 0.5 and found["detected_errors"] == 1 and found["detected_rate"] == 1
    assert (found["answered"], found["again"], found["undelivered"]) == (0, 2, 2)
    # At n = 1 three of four are right: what is lost at n = 4 counts in the difference, too.
    assert found["difference"] == -0.25
    assert find_differing(observed, reference).tolist() == [False, False, True, True]


def test_a_last_prompt_of_one_caption_is_that_of_one_too():
    """The same body has one id and one answer; each trial has its own prompt."""
    ones, _, _, _, lines = make_trials()
    captions = pd.DataFrame({"caption_id": [str(i) for i in range(4)], "caption": TEXTS})
    names = ["trial", "captions_per_prompt", "permutation", "custom_id", "position", "size", "caption_id"]
    shared = ones[3][0]["custom_id"]
    rows = [
        ("1", 1, 0, shared, 0, 1, "3"),
        ("10", 10, 0, shared, 0, 1, "3"),
        ("10", 10, 1, shared, 0, 1, "3"),
    ]
    answers = {line["custom_id"]: line for line in lines}
    observed = read_observations(pd.DataFrame(rows, columns=names), Sent(answers, []), captions, COCO80)
    assert observed.table["status"].tolist() == ["ok"] * 3
    assert (observed.words == encode_words([["bus"]] * 3, COCO80)).all()


def test_parts_of_other_prompts_tell_nothing():
    ones, four, halves, _, lines = make_trials()
    other = ask(["A dog.", "A cow."])
    followups = [*halves, other]
    observed = read([*ones, (four, TEXTS)], [*lines, cut(four), answer(other, [["dog"], ["cow"]])], followups)
    assert observed.table["status"].tolist()[8:] == ["again", "lost", "again", "lost"]
    observed = read([*ones, (halves[0], TEXTS[:2])], [*lines, cut(halves[0])], [other])
    assert observed.table["status"].tolist()[8:] == ["lost", "lost"]
    assert list_followups(TEXTS[:2], followups) == [halves[0]["custom_id"]]


def test_a_prompt_that_was_not_served_says_nothing():
    ones, four, _, _, lines = make_trials()
    observed = read([*ones, (four, TEXTS)], [*lines, expire(four)])
    assert observed.table["status"].tolist()[8:] == ["unserved"] * 4
    reference, there = pick_answers(observed, "1", 4)
    assert there.all() and not find_differing(observed, reference).any()
    every = np.ones(4, bool)
    gold = Gold("mentions", encode_words(TRUE, COCO80), every * 1.0, every, {})
    found = measure_trial(Trial("4", 4, 1, 0), observed, gold, reference, 0.01, seed=1, draws=50)
    assert (found["prompts"], found["unserved"], found["detected_errors"]) == (0, 1, 0)
    assert np.isnan(found["exact"]) and np.isnan(found["low"])


def test_a_word_off_the_list_makes_its_caption_wrong_at_one_as_at_n():
    ones, four, _, _, lines = make_trials()
    lines[0], lines[4] = (answer(ones[place][0], [["dog", "unicorn"]]) for place in (0, 4))
    observed = read([*ones, (four, TEXTS)], [*lines, answer(four, [["dog", "unicorn"], *TRUE[1:]])])
    every = np.ones(4, bool)
    gold = Gold("mentions", encode_words(TRUE, COCO80), every * 1.0, every, {})
    reference, _ = pick_answers(observed, "1", 4)
    found = measure_trial(Trial("4", 4, 1, 0), observed, gold, reference, 0.01, seed=1, draws=50)
    assert found["exact"] == 0.75 and found["difference"] == 0


def test_without_labels_answers_are_held_against_both_rounds():
    """The rounds agree on two of four captions. The prompt of four agrees with each on three."""
    ones, four, _, _, lines = make_trials()
    lines[5], lines[6] = answer(ones[5][0], [["bird"]]), answer(ones[6][0], [["car"]])
    observed = read([*ones, (four, TEXTS)], [*lines, answer(four, [["dog"], ["cat"], ["car"], ["bus"]])])
    words, there = pick_answers(observed, "1", 4)
    again, _ = pick_answers(observed, "1 again", 4)
    gold = Gold("reference", words, there * 1.0, there, {}, again)
    trials = [Trial("1", 1, 1, 0), Trial("1 again", 1, 1, 1), Trial("4", 4, 1, 0)]
    found = [measure_trial(trial, observed, gold, words, 0.01, seed=1, draws=50) for trial in trials]
    # dog and bus agree with both; cat with the first, car with the second round.
    assert [row["exact"] for row in found] == [0.5, 0.5, 0.75]
    assert found[2]["difference"] == 0.25 and np.isnan(found[0]["difference"])
    assert (found[2]["lost"], found[2]["won"]) == (0, 1) and found[2]["discordance"] == 0.25


def test_with_labels_the_rounds_are_averaged():
    ones, four, _, _, lines = make_trials()
    lines[5] = answer(ones[5][0], [["bird"]])
    observed = read([*ones, (four, TEXTS)], [*lines, answer(four, [["dog"], ["cat"], ["car"], ["bus"]])])
    every = np.ones(4, bool)
    gold = Gold("mentions", encode_words(TRUE, COCO80), every * 1.0, every, {})
    reference, _ = pick_answers(observed, "1", 4)
    found = measure_trial(Trial("4", 4, 1, 0), observed, gold, reference, 0.01, seed=1, draws=50)
    assert found["difference"] == pytest.approx(0.75 - (1 + 0.75) / 2)
    assert (found["lost"], found["won"]) == (1, 0)  # against the first round
    assert found["discordance"] == pytest.approx((2 + 1) / 8)


@pytest.mark.parametrize("captions", range(1, 60))
def test_what_is_all_right_is_one_whatever_the_weights(captions):
    """One caption in three was labelled for being different, the others stand for 320 in 300."""
    weight = np.where(np.arange(captions) % 3, 320 / 300, 1.0)
    true = np.arange(80) == np.arange(captions)[:, None]
    scores = _score(true, true, np.ones(captions), weight)
    assert scores == dict.fromkeys(scores, 1)


def test_what_differs_is_what_a_rater_must_see():
    table = pd.DataFrame(
        {
            "caption": [0, 1, 2, 3, 4],
            "status": ["ok", "lost", "ok", "ok", "unserved"],
            "listed": [True, True, False, True, True],
        }
    )
    words = np.array([[True], [False], [False], [False], [True]])
    found = find_differing(Observed(table, words), np.zeros((5, 1), bool))
    assert found.tolist() == [True, True, True, False, False]


def test_answers_that_are_no_models_are_told():
    local = {
        "response": {"body": {"model": "gpt-4o", "system_fingerprint": "unscene-lexicon", "created": 86_400}}
    }
    real = {"response": {"body": {"model": "gpt-4o", "system_fingerprint": "fp_1", "created": 86_400}}}
    assert describe_answers([real, local])["simulated"] and not describe_answers([real])["simulated"]
    assert describe_answers([real]) == {"models": ["gpt-4o"], "days": ["1970-01-02"], "simulated": False}


@pytest.mark.parametrize(
    ("answered", "same"),
    [("gpt-4o", True), ("gpt-4o-2024-08-06", True), ("gpt-4o-mini", False), ("gpt-6-luna", False)],
)
def test_a_dated_model_is_the_one_that_was_asked(answered, same):
    assert is_asked_model(answered, "gpt-4o") is same
