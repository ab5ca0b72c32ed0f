"""The ledger, what follows from an answer, and how files are cut."""

import errno
import json
import random
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from paid_answers import enter_answers, make_requests
from unscene.answers.batch_lines import build_answer
from unscene.answers.batches import ledger as ledger_module
from unscene.answers.batches.agenda import Asked
from unscene.answers.batches.collecting import Results
from unscene.answers.batches.ledger import Intent, Ledger, LedgerError, only_submitter
from unscene.answers.batches.ledger_format import explain
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
from unscene.answers.batches.replies import Batch
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


def restore_old(folder):
    """Write the ledger that the code of November 2026 left behind: an answered batch, one under way,
    and an intent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    base = sqlite3.connect(folder / "ledger.sqlite")
    base.executescript((Path(__file__).parent / "ledger_format_1.sql").read_text())
    base.close()


def test_a_ledger_of_the_first_format_is_brought_up_to_date(tmp_path):
    restore_old(tmp_path)
    for _ in range(2):
        ledger = Ledger(tmp_path)
        ledger.check()
        assert ledger.run == "f6f54a267400c99865dce2cebc5772bc"
        assert ledger.find_answer("w-1") == '{"a":1}' and ledger.sum_usd() == pytest.approx(0.01)
        assert ledger.sum_worst_usd() == 0.375 and ledger.list_under_way() == {"w-2", "w-3"}
        assert ledger.list_worst(2) == {"w-2": 0.125, "w-3": 0.125}
        assert ledger.list_free(1) == ["w-1"] and not ledger.find_batch(2)["first"]
        ledger.close()
    ledger = Ledger(tmp_path)
    ledger.record_upload(3, "file-3")
    ledger.settle(2, make_batch("batch_2", "completed"), [("w-3", OK, 1, 1, 0.5, "{}")])
    assert ledger.sum_by_batch() == {1: pytest.approx(0.01), 2: 0.5, 3: 0.0}
    ledger.close()


def test_a_ledger_of_a_newer_version_is_left_alone(tmp_path):
    base = sqlite3.connect(tmp_path / "ledger.sqlite")
    base.execute("PRAGMA user_version = 99")
    base.close()
    with pytest.raises(LedgerError, match="a newer version of unscene"):
        Ledger(tmp_path)


def test_a_damaged_page_is_one_message(tmp_path):
    ledger = Ledger(tmp_path)
    for n in range(400):
        ledger.add_answer("keywords", (f"w-{n}", OK, 1, 1, 0.1, "x" * 900))
    ledger.close()
    path = tmp_path / "ledger.sqlite"
    data = bytearray(path.read_bytes())
    data[40 * 4096 : 44 * 4096] = b"\xff" * 4 * 4096
    path.write_bytes(data)
    for use in (lambda ledger: ledger.check(), lambda ledger: ledger.list_outcomes()):
        with pytest.raises(LedgerError, match=r"is damaged.*Restore it from a copy.*batches adopt"):
            use(Ledger(tmp_path))


def test_a_state_that_cannot_be_locked_or_written_is_one_message(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(ledger_module, "wait_for_lock", refuse)
    with (
        pytest.raises(
            LedgerError, match=r"submitter.lock: cannot be locked \(No locks available\).*local disk"
        ),
        only_submitter(tmp_path / "api" / "gpu7"),
    ):
        pass
    for complaint, words in (
        ("attempt to write a readonly database", "cannot be written"),
        ("unable to open database file", "cannot be written"),
        ("database is locked", "cannot lock"),
        ("disk I/O error", "cannot lock"),
        ("database or disk is full", "disk is full"),
        ("database disk image is malformed", "is damaged"),
    ):
        assert words in str(explain(tmp_path, sqlite3.OperationalError(complaint)))


def test_calls_that_a_killed_process_left_open_are_booked_at_their_worst(tmp_path):
    ledger = Ledger(tmp_path)
    for name in ("w-1", "w-2", "w-3"):
        ledger.begin_call("keywords", name, "gpt-4o", 3, 0.25)
    ledger.end_call("keywords", ("w-1", OK, 1, 1, 0.01, "{}"))
    ledger.void_call("keywords", "w-2")
    assert Ledger(tmp_path).sum_worst_usd() == 0.25
    assert Ledger(tmp_path).lose_calls() == (1, 0.25) and Ledger(tmp_path).lose_calls() == (0, 0)
    assert ledger.sum_usd() == pytest.approx(0.26) and ledger.sum_worst_usd() == 0
    assert ledger.list_outcomes() == {"w-1": [OK], "w-3": [AWAY]}


PRICED = {"models": {"m": {"input": 1.0, "output": 1.0}}}
WORST = {"w-1": 5.0, "w-2": 6.0, "w-3": 7.0}


def book(tmp_path, lines, **told):
    """Return the entries of a result file and the dollars that no line tells."""
    path = tmp_path / "1.output.jsonl"
    path.write_bytes(
        b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    )
    results = Results([path], dict.fromkeys(WORST, 1), WORST)
    fault = results.find_fault()
    entries = list(results.enter("m", PRICED, lambda name: None))
    batch = Batch.model_validate({"id": "batch_1", "status": "completed"} | told)
    return fault, {entry[0]: entry[1] for entry in entries}, results.find_lost(batch, "m", PRICED)


def line_of(name, tokens=(1_000_000, 0), **changes):
    request = {"custom_id": name}
    line = build_answer(request, "m", [{"w": []}])
    line["response"]["body"]["usage"] = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}
    return line | changes


def test_what_no_line_tells_is_booked_by_the_batch_or_at_its_worst(tmp_path):
    all_three = [line_of(name) for name in WORST]
    assert book(tmp_path, all_three) == ("", dict.fromkeys(WORST, OK), 0.0)
    two = all_three[:2]
    assert book(tmp_path, two)[1:] == ({"w-1": OK, "w-2": OK, "w-3": AWAY}, 7.0)
    usage = {"input_tokens": 2_500_000, "output_tokens": 500_000}
    assert book(tmp_path, two, usage=usage)[2] == pytest.approx(1.0)
    # A usage below what the lines tell, or far above what they can cost, is not believed.
    for tokens in (100, 10**12):
        assert book(tmp_path, two, usage={"input_tokens": tokens, "output_tokens": 1})[2] == 7.0
    # Of an expired batch only what it counts as done can have been billed.
    counts = {"total": 3, "completed": 2, "failed": 0}
    assert book(tmp_path, two, status="expired", request_counts=counts)[2] == 0.0
    odd = line_of("w-3")
    odd["response"]["body"]["usage"] = {"prompt_tokens": "many"}
    assert book(tmp_path, [*two, odd])[2] == 7.0
    assert book(tmp_path, [*two, {"custom_id": "w-3", "response": None, "error": None}])[2] == 7.0
    expired = {"custom_id": "w-3", "response": None, "error": {"code": "batch_expired"}}
    assert book(tmp_path, [*two, expired])[1:] == ({"w-1": OK, "w-2": OK, "w-3": AWAY}, 0.0)


def test_a_file_is_believed_when_its_lines_are_the_batch_s(tmp_path):
    good = [line_of(name) for name in WORST]
    assert book(tmp_path, [b"\xef\xbb\xbf", *good])[:2] == ("", dict.fromkeys(WORST, OK))
    for lines in (
        [b"<!DOCTYPE html>\n", b"<html>\n", b"<body>blocked</body>\n"],
        [line_of("w-other"), line_of("w-another")],
        [b""],
        [b"\n\n"],
        [*good, b"\0\0\0\0"],
        [line_of("w-1"), b"<html>\n", b"<html>\n"],
    ):
        fault, outcomes, lost = book(tmp_path, lines)
        assert fault and OK not in {outcomes["w-2"], outcomes["w-3"]} or b"\0" in lines[-1]
        assert fault and (lost > 0 or OK in outcomes.values())


def test_no_line_keeps_the_others_from_being_booked(tmp_path):
    """Lines cut, doubled and mangled at random: every request has its entry, and nothing is raised."""
    draw = random.Random(5)
    good = json.dumps(line_of("w-2")).encode()
    for _ in range(1500):
        poison = bytearray(good)
        for _ in range(draw.randrange(1, 6)):
            place = draw.randrange(len(poison))
            what = draw.choice(
                [b"", b"null", b"[", b"{", b'"', b"\\ud83d", b"\xff", b"1e999", b"-1", b"[" * 3000]
            )
            poison[place : place + draw.randrange(12)] = what
        lines = [line_of("w-1"), bytes(poison).replace(b"\n", b" ") + b"\n", line_of("w-3")]
        _, outcomes, lost = book(tmp_path, lines)
        assert set(outcomes) >= set(WORST) and outcomes["w-1"] == outcomes["w-3"] == OK and lost >= 0


def test_a_file_in_which_no_line_answers_is_no_result(tmp_path):
    """The right size and the right names prove nothing: the batch's own input file has both."""
    requests = [{"custom_id": name, "method": "POST", "body": {"model": "m"}} for name in WORST]
    mute = [{"custom_id": name, "response": None, "error": None} for name in WORST]
    for lines in (requests, mute, [{**line_of("w-1"), "custom_id": None}] * 3):
        fault, outcomes, _ = book(tmp_path, lines)
        assert "0 of 3 lines are the batch's" in fault and set(outcomes.values()) <= {MISMATCH, AWAY}


@pytest.mark.parametrize(
    "line",
    [
        {"response": None, "error": None},
        {"response": "done", "error": None},
        {"response": [], "error": []},
        {"response": {"status_code": None, "body": {}}, "error": {}},
        {"response": None, "error": 7},
    ],
)
def test_a_line_that_says_nothing_is_paid_and_of_no_use(tmp_path, line):
    """It is not asked again as it is, and costs its worst case."""
    _, outcomes, lost = book(tmp_path, [line_of("w-1"), line_of("w-2"), {"custom_id": "w-3"} | line])
    assert outcomes["w-3"] == MISMATCH and lost == 7.0


@pytest.mark.parametrize("status", [200, None, True, 0, "200", 1e99, 500])
@pytest.mark.parametrize("error", [None, "server_error", [1], 7, True, {"code": "batch_expired"}])
def test_an_answer_in_an_odd_envelope_is_an_answer(tmp_path, status, error):
    odd = line_of("w-3", error=error)
    odd["response"]["status_code"] = status
    assert book(tmp_path, [line_of("w-1"), line_of("w-2"), odd]) == ("", dict.fromkeys(WORST, OK), 0.0)


def test_a_line_that_comes_twice_is_booked_once(tmp_path):
    lines = [json.dumps(line_of(name) | {"id": f"batch_req_{name}"}) + "\n" for name in WORST]
    for ends in ("\n", "\r", "\r\n"):
        path = tmp_path / "1.output.jsonl"
        path.write_text("".join(lines * 2).replace("\n", ends), newline="")
        results = Results([path], dict.fromkeys(WORST, 1), WORST)
        assert results.find_fault() == ""
        entries = list(results.enter("m", PRICED, lambda name: None))
        assert len(entries) == 3 and sum(entry[4] for entry in entries) == pytest.approx(3.0)
