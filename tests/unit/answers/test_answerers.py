"""The planted errors: each is there at its rate, nothing else changes, and the same seed gives the
same answers.
"""

import json

import pytest

from batch_server.answerers import OFF_LIST, Answerer, ErrorModel, UnknownTask
from unscene.answers.prompts import caption_item, caption_request, keyword_request
from unscene.answers.results import judge_answer
from unscene.words.coco80 import COCO80
from unscene.words.phrasings import PHRASINGS, explain_phrasing

NAMES = ("dog", "cat", "car", "cow", "bus", "kite", "cup", "bed", "boat", "horse")


def ask(captions, model="gpt-4o"):
    return keyword_request(model, list(captions), COCO80)


def prompts(count, size):
    """Return prompts of captions that all differ; neighbours name different words."""
    return [ask(f"A {NAMES[i % 10]} on field {p} at noon {i}." for i in range(size)) for p in range(count)]


def judge(request, body):
    size = len(request["body"]["messages"][-1]["content"].split("\n"))
    line = {"custom_id": request["custom_id"], "response": {"status_code": 200, "body": body}, "error": None}
    return judge_answer(line, size)


def test_right_answers_come_from_the_lexicon_and_the_offline_grammar():
    request = ask(["A dog and two men near a bus stop.", "The sky."])
    verdict = judge(request, Answerer().answer(request))
    assert verdict.status == "ok" and verdict.items[1]["w"] == COCO80.find_words(
        "A dog and two men near a bus stop."
    )
    assert verdict.items[1]["w"] == ["person", "dog"] and verdict.items[2]["w"] == []
    phrasing = explain_phrasing("dog", sorted(PHRASINGS)[0], COCO80)
    wanted = caption_request("gpt-4o", [caption_item("A dog runs on the beach.", "dog", phrasing)])
    item = judge(wanted, Answerer().answer(wanted)).items[1]
    assert "dog" not in item["without"] and "dog" in COCO80.find_words(item["negated"])


def test_same_seed_same_answers_and_a_rate_of_one_error_moves_no_other():
    requests = prompts(40, 5)
    noisy = ErrorModel(noise=0.2, cut=0.1)
    first = [Answerer(noisy, seed=3).answer(r) for r in requests]
    assert first == [Answerer(noisy, seed=3).answer(r) for r in reversed(requests)][::-1]
    assert first != [Answerer(noisy, seed=4).answer(r) for r in requests]
    again = [{**r, "custom_id": r["custom_id"] + "-2"} for r in requests]
    assert first != [Answerer(noisy, seed=3).answer(r) for r in again]


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        ("dropped_item", "failed", "items for"),
        ("duplicate_index", "failed", "indices"),
        ("cut", "failed", "finish_reason length"),
        ("refusal", "refused", "refusal"),
        ("content_filter", "refused", "content_filter"),
    ],
)
def test_detected_errors_are_planted_at_their_rate(error, status, reason):
    requests, answerer = prompts(400, 3), Answerer(ErrorModel(**{error: 0.25}), seed=1)
    verdicts = [judge(request, answerer.answer(request)) for request in requests]
    broken = [verdict for verdict in verdicts if verdict.status != "ok"]
    assert len(broken) == answerer.planted[error] and 65 <= len(broken) <= 135  # 100, four standard errors
    assert all(verdict.status == status and reason in verdict.reason for verdict in broken)


def test_a_shift_keeps_indices_and_moves_contents_to_neighbours():
    requests, answerer = prompts(60, 10), Answerer(ErrorModel(shift=0.5), seed=2)
    right = Answerer()
    shifted = 0
    for request in requests:
        verdict, truth = judge(request, answerer.answer(request)), judge(request, right.answer(request))
        assert verdict.status == "ok"
        got = [verdict.items[i]["w"] for i in range(1, 11)]
        true = [truth.items[i]["w"] for i in range(1, 11)]
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
    missed = [0] * 41
    for request in requests:
        for i, item in judge(request, answerer.answer(request)).items.items():
            missed[i] += not item["w"]
    assert not any(missed[:31]) and sum(missed) == answerer.planted["decay"]
    assert 60 <= missed[40] <= 140 and missed[32] < missed[40]  # 100 of 200 at ten beyond


def test_errors_of_items():
    requests = prompts(100, 4)
    answerer, right = Answerer(ErrorModel(off_list=0.1, noise=0.2), seed=9), Answerer()
    off = noisy = 0
    for request in requests:
        got, true = judge(request, answerer.answer(request)), judge(request, right.answer(request))
        for i in range(1, 5):
            words = list(got.items[i]["w"])
            if words and words[-1] == OFF_LIST:
                off += 1
                words.pop()
            noisy += words != true.items[i]["w"]
    assert (off, noisy) == (answerer.planted["off_list"], answerer.planted["noise"])
    assert 16 <= off <= 64 and 48 <= noisy <= 112


def test_texts_that_are_refused_and_prompts_that_are_too_long():
    answerer = Answerer(ErrorModel(refused_texts=("gun",), cut_above=2))
    for captions, status in (
        (["A dog.", "A gun."], "refused"),
        (["A dog.", "A cat."], "ok"),
        (["A dog."] * 3, "failed"),
    ):
        request = ask(captions)
        assert judge(request, answerer.answer(request)).status == status
    assert answerer.planted == {"refused_text": 1, "cut_above": 1}
    tight = ask(["A dog.", "A cat."])
    tight["body"]["max_completion_tokens"] = 5
    assert "length" in judge(tight, Answerer().answer(tight)).reason


def test_unknown_tasks_and_unknown_errors_are_named():
    request = ask(["A dog."])
    del request["body"]["response_format"]
    with pytest.raises(UnknownTask, match="no JSON schema"):
        Answerer().answer(request)
    assert ErrorModel.from_dict(json.loads('{"refused_texts": ["x"]}')).refused_texts == ("x",)
    with pytest.raises(ValueError, match="unknown errors: nosie"):
        ErrorModel.from_dict({"nosie": 1})
