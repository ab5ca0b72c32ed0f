"""The driver against the local Batch server: every answer comes, and is paid for, once."""

import json
import logging
import re
import threading
import traceback
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from batch_server.running import run_server
from paid_answers import PRICES, Desk, SharedClock, make_requests
from unscene.answers.answering import collect_answers
from unscene.answers.batch_lines import canonical_json, estimate_tokens, hash_body
from unscene.answers.batches.agenda import AgendaError
from unscene.answers.batches.client import AccessDenied, ApiClient, ApiError
from unscene.answers.batches.command import main as batches_main
from unscene.answers.batches.driver import ComeBackLater, Stopped
from unscene.answers.batches.ledger import Intent
from unscene.answers.batches.preflight import PreflightError, check_model, check_prices
from unscene.answers.endpoints import find_folder
from unscene.answers.prices import PriceError, read_prices
from unscene.answers.results import judge_items


@pytest.fixture
def server():
    with run_server() as control:
        yield control


@pytest.fixture
def desk(server, tmp_path):
    return Desk(tmp_path, server)


def list_answered(desk, requests) -> set[str]:
    ledger = desk.ledger()
    try:
        outcomes = ledger.list_outcomes(request["custom_id"] for request in requests)
    finally:
        ledger.close()
    return {name for name, values in outcomes.items() if "ok" in values}


def test_all_is_answered_once(desk, server):
    requests = make_requests(10)
    summary = desk.submit(requests)
    assert list_answered(desk, requests) == {request["custom_id"] for request in requests}
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


@pytest.mark.parametrize("error", ["status_500", "status_429", "status_0", "request_timeout"])
def test_lines_that_were_not_served_are_asked_again_alone(desk, server, error):
    server.set(line_errors=0.5, line_error=error, troubled_batches=1)
    summary = desk.submit(make_requests(12))
    first, second = summary["batches"]
    assert first["requests"] == 12 and 0 < second["requests"] < 12 and summary["ends"]["done"] == 12
    assert server.bill()["charges"] == 12 and server.bill()["double_billed"] == 0


def test_attempts_are_counted_and_the_rest_are_rows(desk, server):
    server.set(line_errors=0.4)
    requests = make_requests(12)
    summary = desk.submit(requests, attempts=1)
    (batch,) = summary["batches"]
    assert batch["requests"] == 12 and 0 < summary["ends"]["unserved"] < 6
    assert summary["ends"]["done"] + summary["ends"]["unserved"] == 12


def test_an_outage_of_the_endpoint_uses_up_no_request_s_attempts(desk, server):
    """Whole batches come back with server errors: pauses get longer, and nothing becomes a row."""
    server.set(line_errors=1.0, troubled_batches=6)
    started = desk.clock.now()
    summary = desk.submit(make_requests(3), attempts=1)
    assert summary["ends"]["done"] == 3 and len(summary["batches"]) == 7
    assert desk.clock.now() - started > 3600
    server.set(line_errors=1.0, troubled_batches=None)
    with pytest.raises(Stopped, match="8 batches in a row came back without an answer"):
        desk.submit(make_requests(3, first=10), attempts=1)
    server.set(line_errors=0.0)
    assert desk.submit(make_requests(3, first=10), attempts=1)["ends"]["done"] == 3


@pytest.mark.parametrize("error", ["status_500", "status_429"])
def test_a_request_that_always_fails_at_the_server_ends_as_a_row(desk, server, error):
    """It goes alone when the others are answered; then its whole batch fails, and that is no outage."""
    server.set(line_errors=0.15, line_error=error, troubled_batches=1)
    server.plant("lines_fail", part=1.0, code=error, nth=2, times=None)
    summary = desk.submit(make_requests(12))
    ends, batches = summary["ends"], summary["batches"]
    assert 1 <= ends["unserved"] <= 3 and ends["done"] + ends["unserved"] == 12
    assert [batch["requests"] for batch in batches] == [12] + 3 * [ends["unserved"]]
    assert server.bill()["charges"] == ends["done"]


def test_batches_without_an_answer_stop_with_the_request_and_what_came(desk, server):
    desk.submit(make_requests(3))
    (request,) = make_requests(1, first=10)
    server.set(line_errors=1.0)
    with pytest.raises(Stopped, match=f"request {request['custom_id']}; what came: .*500") as stop:
        desk.submit([request])
    assert "3 requests of stage keywords are answered" in str(stop.value)
    assert str(desk.ledger_folder / "ledger.sqlite") in str(stop.value)


def test_expiry_keeps_what_was_done(desk, server):
    server.set(stall_share=0.4, troubled_batches=1)
    summary = desk.submit(make_requests(10), poll_seconds=1800)
    assert [(batch["status"], batch["requests"]) for batch in summary["batches"]] == [
        ("expired", 10),
        ("completed", 6),
    ]
    assert server.bill()["charges"] == 10 and server.bill()["double_billed"] == 0


def test_a_stuck_batch_is_cancelled_an_hour_after_its_end_and_never_before(desk, server):
    server.set(stall_share=0.4, expires=False, troubled_batches=1)
    started = desk.clock.now()
    summary = desk.submit(make_requests(10), poll_seconds=1800)
    assert [batch["status"] for batch in summary["batches"]] == ["cancelled", "completed"]
    assert desk.clock.now() - started > 25 * 3600
    assert server.bill()["charges"] == 10 and server.bill()["double_billed"] == 0


def test_a_batch_that_somebody_cancelled_is_not_sent_again_at_once(desk, server):
    requests = make_requests(4)
    with pytest.raises(ComeBackLater):
        desk.submit(requests, wait=False)
    (row,) = desk.ledger().list_batches()
    desk.api().cancel_batch(row["batch_id"])
    server.advance(600)
    with pytest.raises(Stopped, match="cancelled by somebody"):
        desk.submit(requests)
    assert desk.submit(requests)["ends"]["done"] == 4


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


def test_a_caption_that_is_flagged_becomes_a_row_and_stops_nothing(desk, server):
    """A status 400 for one caption: its prompt is split until it stands alone."""
    for first, code, end in ((0, "invalid_prompt", "refused"), (20, "string_above_max_length", "faulty")):
        server.set(flagged_texts=[f"scene {first + 2}-1"], flag_code=code)
        summary = desk.submit(make_requests(8, first=first))
        assert summary["ends"] == {"refused": 0, "done": 7 + 3} | {end: 1} and summary["followups"] == 4
    assert server.bill()["double_billed"] == 0


def test_requests_that_are_all_called_wrong_stop_with_the_reason(desk, server):
    requests = make_requests(8)
    server.set(refused_fields=["temperature"])
    for _ in range(2):
        with pytest.raises(Stopped, match="calls 8 of 8 requests wrong"):
            desk.submit(requests)
    server.set(refused_fields=[])
    assert desk.submit(requests)["ends"]["done"] == 8 and server.bill()["charges"] == 8


@pytest.mark.parametrize("count", [1, 2, 8, 120])
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("said_by", ["response", "error", "validation"])
def test_a_field_that_is_refused_is_no_request_s_fault(desk, server, said_by, is_first, count):
    """Whoever is refused for it is asked again when the server is mended, however few they are."""
    if not is_first:
        desk.submit(make_requests(4, first=500))
    before = server.bill()["charges"]
    requests = make_requests(count, size=1)
    server.set(refused_fields=["temperature"], refused_by=said_by)
    for _ in range(2):
        with pytest.raises(Stopped, match="requests wrong|refused as a whole"):
            desk.submit(requests)
    assert server.bill()["charges"] == before
    server.set(refused_fields=[])
    assert desk.submit(requests)["ends"] == {"done": count, "refused": 0}


@pytest.mark.parametrize("said_by", ["response", "validation"])
def test_a_first_refusal_that_names_no_field_is_not_remembered_either(desk, server, said_by):
    server.set(refused_fields=["temperature"], refused_by=said_by, refused_param=False)
    for _ in range(2):
        with pytest.raises(Stopped, match="requests wrong|refused as a whole"):
            desk.submit(make_requests(1, size=1))
    server.set(refused_fields=[])
    assert desk.submit(make_requests(1, size=1))["ends"]["done"] == 1


def test_no_credit_stops_submitting_and_the_rest_is_asked_later(desk, server):
    requests = make_requests(12)
    server.plant_fault("batches.create", "status", nth=2, times=99, status=429, code="insufficient_quota")
    with pytest.raises(Stopped, match="no money left"):
        desk.submit(requests, requests_per_file=4)
    assert server.bill()["charges"] == 4 and server.calls()["calls"].count("batches.create") == 2
    server.clear_faults()
    assert desk.submit(requests, requests_per_file=4)["ends"]["done"] == 12
    assert server.bill()["charges"] == 12 and server.bill()["double_billed"] == 0


def test_a_hard_limit_in_the_middle_stops(desk, server):
    server.set(hard_limit_usd=0.0001)
    requests = make_requests(8)
    with pytest.raises(Stopped, match="no money left"):
        desk.submit(requests, requests_per_file=4, enqueued_tokens=4000)
    server.set(hard_limit_usd=None)
    assert desk.submit(requests)["ends"]["done"] == 8 and server.bill()["double_billed"] == 0


def test_the_budget_holds_whatever_happens(desk, server):
    """What is sent can never cost more than the budget, even if every answer is as long as allowed."""
    requests = make_requests(30)
    with pytest.raises(PreflightError, match=r"api.budget_usd \$0.01: 30 requests are expected"):
        desk.submit(requests, budget_usd=0.01)
    assert server.calls()["calls"].count("files.create") == 0
    summary = desk.submit(requests, budget_usd=0.06)
    assert summary["ends"]["done"] == 30 and len(summary["batches"]) > 1, (
        "the worst case of all is above the budget"
    )
    assert server.bill()["usd"] <= 0.06


def test_a_plan_above_the_budget_refuses(desk, server):
    with pytest.raises(PreflightError, match=r"whole run is expected to cost \$11.00"):
        desk.submit(make_requests(2), plan={"api": {"usd": 11.0}})
    assert desk.submit(make_requests(2), plan={"api": {"usd": 11.0}}, budget_usd=12)["ends"]["done"] == 2


def test_models_that_are_gone_or_unknown_stop_before_an_upload(desk, server):
    with pytest.raises(PreflightError, match="no model 'gpt-5-nano'"):
        desk.clock.sleep(20 * 24 * 3600)
        desk.submit(make_requests(2, model="gpt-5-nano"))
    with pytest.raises(PriceError, match="'gpt-99' has no price"):
        desk.submit(make_requests(2, model="gpt-99"))
    with pytest.raises(AgendaError, match="one model"):
        desk.submit([*make_requests(1), *make_requests(1, model="gpt-6-luna")])
    assert "files.create" not in server.calls()["calls"]


def test_the_end_of_a_model_is_announced_with_its_successor(caplog):
    class Api:
        def find_model(self, model):
            return True, "2027-01-14"

    prices = read_prices(PRICES)
    logging.getLogger("unscene").propagate = True
    with caplog.at_level("WARNING", "unscene"):
        check_model(Api(), prices, "gpt-4o", date(2026, 11, 24))
    assert "ends on 2027-01-14, in 51 days; its successor is gpt-6-luna" in caplog.text
    with pytest.raises(PreflightError, match="was shut down on 2027-01-14; its successor is gpt-6-luna"):
        check_model(Api(), prices, "gpt-4o", date(2027, 1, 14))
    check_prices(prices, "gpt-4o", date(2027, 2, 20), paid=True)
    with pytest.raises(PreflightError, match="91 days old"):
        check_prices(prices, "gpt-4o", date(2027, 2, 21), paid=True)
    check_prices(prices, "gpt-4o", date(2027, 2, 21), paid=False)


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


def test_the_live_host_is_refused_and_a_key_is_needed(desk, monkeypatch, tmp_path):
    with pytest.raises(ApiError, match="api.openai.com is refused"):
        ApiClient(None)
    monkeypatch.setenv("OPENAI_BASE_URL", desk.control.url)
    with pytest.raises(ApiError, match="api.openai.com is refused"):
        ApiClient(None)
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(Stopped, match="OPENAI_API_KEY is not set"):
        desk.submit(make_requests(1))


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


def read_default(overlays):
    return {"plan": {"prices": str(PRICES)}}


def test_a_batch_that_is_gone_is_booked_by_hand(desk, server, capsys):
    requests = make_requests(4)
    with pytest.raises(ComeBackLater):
        desk.submit(requests, wait=False)
    (row,) = desk.ledger().list_batches()
    forget = ["--directory", str(desk.folder), "forget", row["batch_id"]]
    batches_main(forget, read_default)
    with pytest.raises(SystemExit, match="no batch"):
        batches_main(forget, read_default)
    assert desk.ledger().sum_usd() == pytest.approx(row["worst_usd"])
    batches_main(["--directory", str(desk.folder), "list"])
    assert "forgotten by hand" in capsys.readouterr().out


def test_an_error_that_repeats_the_key_is_cleaned(tmp_path, monkeypatch):
    """A server that echoes the Authorization header in its complaint: the key reaches neither
    message nor ledger.
    """
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-echo")
    with run_echo_server() as url:
        for call in (
            lambda api: api.upload(write_file(tmp_path / "x.jsonl")),
            lambda api: api.retrieve_batch("batch_1"),
            lambda api: api.find_model("gpt-4o"),
        ):
            with pytest.raises(ApiError) as caught:
                call(ApiClient(url, reading_retries=0))
            text = "".join(traceback.format_exception(caught.value))
            assert "Bearer [key]" in text and "sk-planted-echo" not in text
        with pytest.raises(AccessDenied, match=r"\[key\]"):
            ApiClient(url).complete({"model": "m"})


def write_file(path: Path) -> Path:
    path.write_text("{}\n")
    return path


@contextmanager
def run_echo_server():
    class Echo(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            text = json.dumps(
                {"error": {"message": f"who is {self.headers['authorization']}?", "code": "forbidden"}}
            )
            self.send_response(403)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def test_a_batch_that_shows_late_is_cancelled_and_booked(desk, server, monkeypatch):
    """The reply to a create is lost, and the list has a hole where its batch is, though it shows later
    ones: a second one is made. The first ends unused, but not unpaid.
    """
    shown, list_batches = [], ApiClient.list_batches

    def list_some(self, since=None):
        return (batch for batch in list_batches(self, since) if shown or batch.metadata["app"] != "unscene")

    monkeypatch.setattr(ApiClient, "list_batches", list_some)
    retrieve = ApiClient.retrieve_batch
    monkeypatch.setattr(
        ApiClient, "retrieve_batch", lambda self, name: shown.append(name) or retrieve(self, name)
    )
    server.plant_fault("batches.create", "drop_after")
    started = desk.clock.now()
    summary = desk.submit(make_requests(6))
    assert desk.clock.now() - started > 600, "it waits and looks again before it creates a second time"
    assert summary["ends"]["done"] == 6 and len(summary["batches"]) == 2
    copy = next(batch for batch in summary["batches"] if batch["duplicate_of"])
    assert copy["status"] in ("cancelled", "completed")
    assert (
        summary["usd"] == pytest.approx(server.bill()["usd"], abs=1e-6) and not server.bill()["open_batches"]
    )


def test_the_oldest_of_several_batches_is_adopted(desk, server):
    """A run died after two creates: one batch is taken over, the other cancelled and booked."""
    requests = make_requests(4)
    server.plant_fault("batches.create", "status", times=99, status=401)
    with pytest.raises(Stopped, match="the endpoint refuses"):
        desk.submit(requests)
    server.clear_faults()
    ledger = desk.ledger()
    members = [(request["custom_id"], 4, 0.025) for request in requests]
    number = ledger.intend(Intent("keywords", "s" * 32, "gpt-4o", members, 9, 9, 0.1), desk.clock.now())
    path = write_upload(desk, requests)
    ledger.record_upload(number, desk.api().upload(path))
    ledger.record_try(number, desk.clock.now())
    metadata = {"app": "unscene", "run": ledger.run, "shard": "s" * 32, "intent": str(number)}
    for _ in range(2):
        desk.api().create_batch(ledger.find_batch(number)["file_id"], metadata)
        server.advance(1)
    ledger.close()
    summary = desk.submit(requests)
    assert summary["ends"]["done"] == 4
    first, copy = summary["batches"]
    assert (
        first["created_at"] < copy["created_at"] and copy["duplicate_of"] and first["status"] == "completed"
    )
    assert summary["usd"] == pytest.approx(server.bill()["usd"], abs=1e-6)


def write_upload(desk, requests) -> Path:
    path = desk.folder / "upload.jsonl"
    path.write_text("".join(canonical_json(request) + "\n" for request in requests))
    return path


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_batch_that_is_refused_keeps_no_other_from_being_collected(desk, server, status):
    """The first of three batches cannot be looked at: the others are collected, nothing is lost."""
    requests = make_requests(6)
    server.plant_fault("batches.retrieve", "status", status=status, times=None, batch=1)
    with pytest.raises(Stopped, match="Nothing is booked as lost|nothing is lost"):
        desk.submit(requests, requests_per_file=2)
    assert len(list_answered(desk, requests)) in (4, 6)
    server.clear_faults()
    assert desk.submit(requests)["ends"]["done"] == 6 and server.bill()["double_billed"] == 0


def test_paid_answers_are_collected_before_new_money_is_checked(desk, server):
    """The budget was lowered, the model is gone and the prices are old: what is paid comes in first."""
    requests = make_requests(4)
    with pytest.raises(ComeBackLater):
        desk.submit(requests, wait=False)
    server.advance(3600)
    server.set(withdrawn_models=["gpt-4o"])
    more = [*requests, *make_requests(2, first=10)]
    with pytest.raises(PreflightError, match=r"budget_usd \$0.00"):
        desk.submit(more, budget_usd=0.0)
    assert len(list_answered(desk, more)) == 4
    with pytest.raises(PreflightError, match="no model"):
        desk.submit(more)
    assert server.bill()["charges"] == 4


@pytest.mark.parametrize("drift", [7200, 86400, -86400])
def test_no_clock_but_the_endpoint_s_decides(desk, server, drift, monkeypatch):
    """This machine's clock is hours or days wrong, and the reply to a create is lost."""
    now = SharedClock.now
    monkeypatch.setattr(SharedClock, "now", lambda clock: now(clock) + drift)
    server.plant_fault("batches.create", "drop_after")
    summary = desk.submit(make_requests(6))
    assert summary["ends"]["done"] == 6 and len(summary["batches"]) == 1
    assert server.bill()["charges"] == 6 and desk.clock.slept < 3600


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        ("login_page", 3),
        ("empty_file", 2),
        ("other_file", 1),
        ("truncated", 3),
        ("nul_bytes", 2),
        ("utf_16", 1),
    ],
)
def test_what_is_no_result_is_fetched_again_and_never_booked(desk, server, fault, times):
    requests = make_requests(6)
    desk.submit(make_requests(2, first=30))  # its file is what `other_file` gives
    server.plant_fault("files.content", fault, times=times)
    summary = desk.submit(requests)
    assert summary["ends"]["done"] == 6 and server.bill()["double_billed"] == 0
    assert not list((desk.ledger_folder / "downloads").glob("*"))


def test_results_that_never_come_stop_and_are_kept_for_the_next_run(desk, server):
    requests = make_requests(4)
    server.plant("output_late", times=None)
    with pytest.raises(
        Stopped, match=r"names no result file, though 4 requests are done, for 60 minutes.*forget"
    ):
        desk.submit(requests)
    server.clear_faults()
    assert desk.submit(requests)["ends"]["done"] == 4 and server.bill()["charges"] == 4


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize(
    "kind", ["response_null", "response_absent", "error_empty", "line_null", "line_html", "custom_id_list"]
)
def test_a_line_that_says_nothing_is_a_row_after_the_deadline(desk, server, kind, size):
    """It is all there is: the same at each look for an hour, and as long as the endpoint says. A single
    caption ends so; of two each is asked by itself.
    """
    server.plant(kind)
    started = desk.clock.now()
    requests = make_requests(1, size=size)
    summary = desk.submit(requests)
    assert desk.clock.now() - started > 3600
    assert summary["ends"] == {"refused": 0} | ({"done": 0, "mismatch": 1} if size == 1 else {"done": 2})
    bill = server.bill()
    assert bill["charges"] == (1 if size == 1 else 3) and summary["usd"] >= bill["usd"] - 1e-6
    lines = {line["custom_id"]: line for line in collect_answers(iter(requests), [], desk.ledger_folder)}
    if size == 1:
        (verdict,) = judge_items(requests, lines).values()
        assert verdict.status == "failed" and re.search(
            "neither an answer|no JSON|no request", verdict.reason
        )


@pytest.mark.parametrize(("count", "part"), [(1, 0.3), (1, 0.9), (4, 0.99)])
def test_a_line_that_is_cut_is_not_taken_while_the_file_is_larger_at_the_endpoint(desk, server, count, part):
    """Its request can still be seen, but the rest of its answer lies there."""
    server.plant("truncated", part=part, times=None)
    with pytest.raises(Stopped, match="the last line is cut"):
        desk.submit(make_requests(count))
    server.clear_faults()
    assert desk.submit(make_requests(count))["ends"]["done"] == count
    assert server.bill()["charges"] == count


def test_a_short_key_cuts_nothing_out_of_answers(desk, server, monkeypatch):
    server.set(api_key=None)
    for key in ("dog", "1", "w"):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        requests = make_requests(3, first={"dog": 0, "1": 10, "w": 20}[key])
        assert desk.submit(requests)["ends"]["done"] == 3
        lines = collect_answers(iter(requests), [], desk.ledger_folder)
        verdicts = judge_items(requests, {line["custom_id"]: line for line in lines})
        assert {verdict.status for verdict in verdicts.values()} == {"ok"}


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
