"""Requests that the endpoint did not serve: outages, expiry, batches that hang or are cancelled."""

import pytest

from paid_answers import make_requests
from unscene.answers.batches.driver import ComeBackLater, Stopped


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
