"""The driver against the local Batch server: every answer comes, and is paid for, once."""

from pathlib import Path

import pytest

from batch_server.running import run_server
from paid_answers import Desk, judge_items, make_requests
from unscene.answers.answering import collect_answers
from unscene.answers.batch_lines import canonical_json, estimate_tokens, hash_body
from unscene.answers.batches.driver import ComeBackLater, Stopped
from unscene.answers.endpoints import find_folder


def test_all_is_answered_once(desk, server):
    requests = make_requests(10)
    summary = desk.submit(requests)
    assert desk.list_answered(requests) == {request["custom_id"] for request in requests}
    bill = server.bill()
    assert bill["double_billed"] == 0 and not bill["open_batches"]
    assert summary["usd"] == pytest.approx(bill["usd"], abs=1e-6) and len(summary["batches"]) == 1
    assert summary["ends"]["done"] == 10 and summary["simulated"]
    calls = len(server.calls()["calls"])
    assert desk.submit(requests) == summary
    assert len(server.calls()["calls"]) == calls, "what is answered needs no call"


def test_identical_bodies_of_two_files_are_sent_once(desk, server, tmp_path):
    requests = make_requests(3)
    summary = desk.submit([*requests, *requests])
    assert summary["requests"] == 3 and server.bill()["charges"] == 3
    desk.submit(requests, stage="captions")
    assert server.bill()["charges"] == 3, "another stage asks the same"


def test_replicates_are_asked_on_purpose(desk, server):
    request = make_requests(1)[0]
    replicate = {**request, "custom_id": hash_body(request["body"], 1)}
    desk.submit([request, replicate])
    assert server.bill()["charges"] == 2


def test_files_are_cut_by_requests_bytes_and_tokens(desk, server):
    requests = make_requests(12)
    size = len(canonical_json(requests[0])) + 1
    assert len(desk.submit(requests, requests_per_file=5)["batches"]) == 3
    by_bytes = desk.submit(make_requests(12, first=20), bytes_per_file=4 * size + 200)["batches"][3:]
    assert [batch["requests"] for batch in by_bytes] == [4, 4, 4]
    tokens = estimate_tokens(requests[0], 3) + 20
    server.set(enqueued_tokens=8 * tokens)
    by_tokens = desk.submit(make_requests(12, first=40), enqueued_tokens=8 * tokens)["batches"][6:]
    assert len(by_tokens) >= 3 and {batch["status"] for batch in by_tokens} == {"completed"}
    assert server.bill()["double_billed"] == 0 and server.bill()["charges"] == 36


def test_a_refused_queue_is_sent_in_parts(desk, server):
    """The account's limit is a fifth of the configured one: nothing is charged for finding out."""
    requests = make_requests(12)
    server.set(enqueued_tokens=sum(estimate_tokens(request) for request in requests) // 3)
    summary = desk.submit(requests)
    assert server.bill()["charges"] == 12 and summary["ends"]["done"] == 12
    assert {batch["status"] for batch in summary["batches"]} == {"failed", "completed"}


def test_a_prompt_that_no_queue_takes_stops(desk, server):
    server.set(enqueued_tokens=10)
    with pytest.raises(Stopped, match="no room for a batch in 25 hours"):
        desk.submit(make_requests(2), poll_seconds=1800)
    assert server.bill()["charges"] == 0
    with pytest.raises(Stopped, match="no more than 10 may be enqueued"):
        desk.submit(make_requests(2), enqueued_tokens=10)


def test_without_waiting_the_next_run_collects(desk, server):
    requests = make_requests(6)
    with pytest.raises(ComeBackLater, match=r"come back later, nothing is lost: 0 of 6 .* 6 are under way"):
        desk.submit(requests, wait=False)
    with pytest.raises(ComeBackLater):
        desk.submit(requests, wait=False)
    server.advance(3600)
    assert desk.submit(requests, wait=False)["ends"]["done"] == 6
    assert server.bill()["charges"] == 6


def test_runs_that_do_not_wait_come_to_an_end_together(desk, server):
    """A file with a line that nobody can read, on the disk of the provider: each run looks once."""
    requests = make_requests(4)
    server.plant("line_html")
    ends = []
    for _ in range(12):
        try:
            desk.submit(requests, wait=False)
        except ComeBackLater as later:
            ends.append(str(later))
        else:
            break
        server.advance(400)
    assert desk.submit(requests)["ends"]["done"] == 4 and len(ends) < 8
    assert any("what came is not its results" in end for end in ends)
    bill = server.bill()
    assert bill["double_billed"] == 0 and bill["lost"] == {"line_html": 1}
    assert desk.ledger().sum_usd() == pytest.approx(bill["usd"], abs=1e-6)


def test_split_prompts_come_to_an_answer_for_every_caption(desk, server):
    server.plant_errors(seed=3, cut=0.2, refusal=0.1, dropped_item=0.1, refused_texts=["scene 2-1"])
    requests = make_requests(12)
    summary = desk.submit(requests)
    assert summary["followups"] > 0 and server.bill()["double_billed"] == 0
    followups: list[dict] = []
    answers = {
        line["custom_id"]: line for line in collect_answers(iter(requests), followups, desk.ledger_folder)
    }
    assert len(followups) == summary["followups"]
    verdicts = judge_items([*requests, *followups], answers)
    assert len(verdicts) == 48 and "ok" in {verdict.status for verdict in verdicts.values()}
    for verdict in verdicts.values():
        assert verdict.status == "ok" or verdict.reason
    assert verdicts['"An empty road, scene 2-1."'].status == "refused"


def test_an_endpoint_without_batches_is_asked_request_by_request(desk, server):
    server.set(batches=False)
    requests = make_requests(9)
    server.plant_fault("chat.completions", "status", nth=2, status=409)
    server.plant_fault("chat.completions", "status", nth=4, status=429, retry_after="3")
    summary = desk.submit(requests, concurrency=3, mode="requests")
    assert summary["ends"]["done"] == 9 and summary["batches"] == []
    bill = server.bill()
    assert bill["charges"] == 9 and summary["usd"] == pytest.approx(bill["usd"], abs=1e-6)
    assert desk.submit(requests, mode="requests")["ends"]["done"] == 9 and server.bill() == bill


def test_answers_of_one_endpoint_never_stand_in_for_another_s():
    assert find_folder("http://127.0.0.1:8009/v1", Path("s")) == find_folder(
        "http://localhost:1/v1", Path("s")
    )
    folders = {find_folder(url, Path("s")) for url in (None, "http://gpu7:8000/v1", "http://[::1]:5/v1")}
    assert {folder.name for folder in folders} == {"api.openai.com", "gpu7", "localhost"}


def test_a_local_server_that_was_started_anew_is_asked_anew(desk, server):
    requests = make_requests(4)
    with pytest.raises(ComeBackLater):
        desk.submit(requests, wait=False)
    with run_server() as other:
        other.advance(3600)
        later = Desk(desk.folder, other)
        assert later.submit(requests)["ends"]["done"] == 4
        assert other.bill()["charges"] == 4
