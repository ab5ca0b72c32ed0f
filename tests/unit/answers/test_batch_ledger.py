"""The ledger, what follows from an answer, and how files are cut."""

import json
import random
from types import SimpleNamespace

import pytest

from paid_answers import enter_answers, make_requests
from unscene.answers.batch_lines import build_answer
from unscene.answers.batches.agenda import Asked
from unscene.answers.batches.ledger import Intent, Ledger, LedgerError
from unscene.answers.batches.outcomes import (
    AWAY,
    AWAY_AT_MOST,
    FAULTY,
    LENGTH,
    MISMATCH,
    OK,
    REFUSED,
    UNSERVED,
    Step,
    classify,
    decide,
    split_request,
)
from unscene.answers.batches.terms import Limits
from unscene.answers.batches.waves import TooLarge, cut
from unscene.answers.prompts import keyword_request, read_captions
from unscene.words.coco80 import COCO80


def make_batch(name, status="in_progress", file_id="file-1"):
    return SimpleNamespace(
        id=name,
        status=status,
        created_at=10,
        expires_at=20,
        request_counts=None,
        usage=None,
        input_file_id=file_id,
    )


def intend(ledger, names=("w-1", "w-2"), worst=0.5):
    intent = Intent(
        "keywords", "shard", "gpt-4o", [(name, 3, worst / len(names)) for name in names], 100, 100, worst
    )
    return ledger.intend(intent, 1.0)


def test_a_ledger_says_after_a_crash_what_may_have_been_paid(tmp_path):
    ledger = Ledger(tmp_path)
    number = intend(ledger)
    run = ledger.run
    for step in (
        lambda ledger: ledger.record_upload(number, "file-1"),
        lambda ledger: ledger.record_try(number, 2.0),
        lambda ledger: ledger.record_batches(number, [make_batch("batch_1")], 3.0),
    ):
        step(ledger)
        ledger = Ledger(tmp_path)  # as a new process sees it, whatever the old one still holds
        assert ledger.sum_worst_usd() == 0.5 and ledger.sum_usd() == 0 and ledger.run == run
    entries = [("w-1", OK, 10, 5, 0.01, '{"a":1}'), ("w-2", UNSERVED, 0, 0, 0.0, None)]
    ledger.settle(number, make_batch("batch_1", "completed"), entries)
    ledger = Ledger(tmp_path)
    assert ledger.sum_worst_usd() == 0 and ledger.sum_usd() == pytest.approx(0.01)
    assert (
        ledger.list_outcomes()
        == {"w-1": [OK], "w-2": [UNSERVED]}
        == ledger.list_outcomes(["w-1", "w-2", "w-3"])
    )
    assert (ledger.find_answer("w-1"), ledger.find_answer("w-2")) == ('{"a":1}', None)


def test_a_settlement_is_whole_or_absent(tmp_path):
    ledger = Ledger(tmp_path)
    number = intend(ledger)
    ledger.record_batches(number, [make_batch("batch_1")], 3.0)

    def break_off():
        yield ("w-1", OK, 10, 5, 0.01, "{}")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.settle(number, make_batch("batch_1", "completed"), break_off())
    assert ledger.list_outcomes() == {} and ledger.find_batch(number)["state"] == "submitted"


def test_copies_of_a_batch_are_booked_and_marked_for_the_end(tmp_path):
    ledger = Ledger(tmp_path)
    number = intend(ledger)
    ledger.record_batches(number, [make_batch("batch_1"), make_batch("batch_2")], 3.0)
    first, copy = ledger.list_batches("submitted")
    assert (first["batch_id"], first["cancel_at"]) == ("batch_1", None)
    assert (copy["batch_id"], copy["cancel_at"], copy["duplicate_of"]) == ("batch_2", 3.0, number)
    assert ledger.sum_worst_usd() == 1.0 and ledger.list_members(copy["number"]) == {"w-1": 3, "w-2": 3}


def test_the_first_accepted_answer_counts(tmp_path):
    ledger = Ledger(tmp_path)
    for outcome, line in ((MISMATCH, "a"), (OK, "b"), (OK, "c"), (UNSERVED, "d")):
        ledger.add_answer("keywords", ("w-1", outcome, 0, 0, 0.0, line))
    assert ledger.find_answer("w-1") == "b"
    for line in ("x", "y"):
        ledger.add_answer("keywords", ("w-2", UNSERVED, 0, 0, 0.0, line))
    assert ledger.find_answer("w-2") == "y"


def test_a_broken_ledger_says_so(tmp_path):
    (tmp_path / "ledger.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite.*Restore it from a copy.*batches adopt"):
        Ledger(tmp_path)


@pytest.mark.parametrize(
    ("outcomes", "items", "cause", "step"),
    [
        ([], 5, "", Step("ask")),
        ([UNSERVED] * 3, 5, "", Step("ask")),
        ([UNSERVED] * 4, 5, "", Step("end", cause=UNSERVED)),
        ([AWAY] * (AWAY_AT_MOST - 1) + [UNSERVED] * 3, 5, "", Step("ask")),
        ([AWAY] * AWAY_AT_MOST, 5, "", Step("end", cause=UNSERVED)),
        ([FAULTY], 3, "", Step("split", (1, 1, 1), FAULTY)),
        ([FAULTY], 1, FAULTY, Step("end", cause=FAULTY)),
        (["rejected"] * 9, 5, "", Step("ask")),
        (["no credit"] * 9, 5, "", Step("ask")),
        ([UNSERVED, OK], 5, "", Step("done")),
        ([LENGTH, OK], 5, "", Step("done")),
        ([UNSERVED, LENGTH], 5, "", Step("split", (3, 2), LENGTH)),
        ([REFUSED], 3, "", Step("split", (1, 1, 1), REFUSED)),
        ([MISMATCH], 5, "", Step("split", (3, 2), MISMATCH)),
        ([MISMATCH], 5, LENGTH, Step("split", (3, 2), MISMATCH)),
        ([MISMATCH], 3, MISMATCH, Step("split", (1, 1, 1), MISMATCH)),
        ([LENGTH], 1, LENGTH, Step("end", cause=LENGTH)),
        ([REFUSED], 1, REFUSED, Step("end", cause=REFUSED)),
    ],
)
def test_what_follows_from_outcomes(outcomes, items, cause, step):
    assert decide(outcomes, items, cause, attempts=4) == step


def test_outcomes_of_answer_lines():
    request = make_requests(1, size=2)[0]
    good = build_answer(request, "gpt-4o", [{"w": []}, {"w": []}])
    assert classify(good, 2) == OK and classify(good, 3) == MISMATCH and classify(None, 2) == AWAY

    def changed(**fields):
        answer = json.loads(json.dumps(good))
        answer["response"]["body"]["choices"][0] |= fields
        return answer

    assert classify(changed(finish_reason="length"), 2) == LENGTH
    assert classify(changed(finish_reason="content_filter"), 2) == REFUSED
    for status, body, outcome in (
        (500, {}, UNSERVED),
        (429, {"error": {"code": "rate_limit_exceeded"}}, UNSERVED),
        (429, {"error": {"code": "insufficient_quota"}}, "no credit"),
        (0, {}, UNSERVED),
        (400, {"error": {"message": "x"}}, "rejected"),
    ):
        assert classify({"response": {"status_code": status, "body": body}, "error": None}, 2) == outcome
    assert classify({"response": None, "error": {"code": "batch_expired"}}, 2) == AWAY


def test_parts_of_a_prompt_are_what_the_builder_builds():
    request = make_requests(1, size=5)[0]
    parts = split_request(request, (3, 2))
    captions = read_captions(request)
    assert parts == [
        keyword_request("gpt-4o", captions[:3], COCO80),
        keyword_request("gpt-4o", captions[3:], COCO80),
    ]
    replicate = {**request, "custom_id": "w-replicate"}
    again = split_request(replicate, (3, 2))
    assert [part["body"] for part in again] == [part["body"] for part in parts]
    assert not {part["custom_id"] for part in again} & {part["custom_id"] for part in parts}
    with pytest.raises(ValueError, match="5 items"):
        split_request(request, (3, 3))


def make_asked(draw, count):
    return [
        Asked(
            f"w-{n}",
            1,
            draw.randrange(50, 200),
            draw.randrange(10, 40),
            0.001,
            draw.uniform(0.001, 0.004),
            "",
            b"",
        )
        for n in range(count)
    ]


def test_files_never_break_a_limit_and_everything_is_sent_in_order():
    """A queue where batches end in the order in which they were sent, with limits drawn at random."""
    for seed in range(40):
        draw = random.Random(seed)
        waiting = make_asked(draw, 60)
        limits = Limits(
            draw.randrange(1, 30), draw.randrange(200, 3000), draw.randrange(40, 2000), draw.uniform(0.1, 1)
        )
        queue, sent, spent = [], [], 0.0
        while waiting or queue:
            queued = sum(asked.tokens for batch in queue for asked in batch)
            committed = spent + sum(asked.usd_worst for batch in queue for asked in batch)
            chosen = cut(waiting, limits, queued, committed)
            if chosen:
                assert len(chosen) <= limits.requests_per_file
                assert sum(asked.size for asked in chosen) <= limits.bytes_per_file
                assert queued + sum(asked.tokens for asked in chosen) <= limits.enqueued_tokens
                assert committed + sum(asked.usd_worst for asked in chosen) <= limits.budget_usd
                waiting, sent = waiting[len(chosen) :], sent + chosen
                queue.append(chosen)
            else:
                assert queue, f"seed {seed}: nothing is under way and nothing is sent"
                spent += sum(asked.usd for asked in queue.pop(0))
        assert [asked.custom_id for asked in sent] == [f"w-{n}" for n in range(60)]


def test_a_request_that_no_file_takes_is_named():
    with pytest.raises(TooLarge, match="w-0 has"):
        cut(make_asked(random.Random(1), 1), Limits(10, 20, 1000, 1), 0, 0)


def test_answers_that_were_entered_are_found_by_their_bodies(tmp_path):
    requests = make_requests(2)
    enter_answers(tmp_path, requests, [build_answer(r, "gpt-4o", [{"w": []}] * 4) for r in requests])
    assert Ledger(tmp_path).list_outcomes() == {request["custom_id"]: [OK] for request in requests}
