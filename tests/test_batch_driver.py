"""The driver against the local Batch server: every answer comes, and is paid for, once."""

import pytest

from batch_server.running import run_server
from paid_answers import Desk, make_requests


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
