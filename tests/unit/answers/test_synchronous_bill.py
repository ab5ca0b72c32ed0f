"""Requests asked one by one, against the local server's own bill: whatever a call comes to, the ledger
holds at least what was charged, and no request is asked over and over.
"""

from collections import Counter

import pytest

from batch_server.running import run_server
from batch_server.settings import Settings
from paid_answers import Desk, make_requests
from unscene.answers.batches.stops import Stopped

ROUTE, ATTEMPTS, REQUESTS = "chat.completions", 4, 8
# What may come in place of a reply to a request that was worked on and charged.
LOST = [
    *(("status_after", {"status": status}) for status in (500, 502, 503, 504, 529, 408)),
    *((kind, {}) for kind in ("drop_after", "half", "login_page", "empty_reply", "json_empty", "cut_json")),
    ("error_with_200", {}),
    ("gzip_cut", {}),
]


@pytest.fixture
def desk(tmp_path):
    with run_server(Settings(batches=False)) as control:
        yield Desk(tmp_path, control)


def ask(desk, **changes):
    return desk.submit(
        make_requests(REQUESTS, size=2), mode="requests", attempts=ATTEMPTS, concurrency=3, **changes
    )


def sum_ledger(desk) -> float:
    ledger = desk.ledger()
    try:
        assert ledger.sum_worst_usd() == 0, "no call is under way any more"
        return ledger.sum_usd()
    finally:
        ledger.close()


@pytest.mark.parametrize(
    ("kind", "details", "nth"), [(*LOST[1], 1), ("drop_after", {}, 1), *((*lost, 4) for lost in LOST)]
)
def test_no_call_is_billed_unbooked_nor_repeated_for_ever(desk, kind, details, nth):
    """The fault lasts for ever: the run stops by itself, and the same command goes on when it is over."""
    desk.control.plant_fault(ROUTE, kind, nth=nth, times=None, **details)
    with pytest.raises(Stopped, match="may have been billed"):
        ask(desk, outage_minutes=600)
    bill = desk.control.bill()
    assert bill["lost"] and sum_ledger(desk) >= bill["usd"]
    assert max(item["charges"] for item in bill["items"]) <= ATTEMPTS
    assert Counter(desk.control.calls()["calls"])[ROUTE] < nth + 3 * ATTEMPTS
    desk.control.clear_faults()
    assert ask(desk)["ends"]["done"] == REQUESTS
    assert sum_ledger(desk) >= desk.control.bill()["usd"] and desk.control.bill()["bodies_paid_twice"] == 0


@pytest.mark.parametrize("status", [500, 503])
def test_a_fault_that_passes_costs_what_is_booked_and_nothing_is_given_up(desk, status):
    desk.control.plant_fault(ROUTE, "status_after", nth=3, times=2, status=status)
    assert ask(desk)["ends"]["done"] == REQUESTS
    assert sum_ledger(desk) >= desk.control.bill()["usd"] > 0


def test_calls_that_may_be_billed_end_at_the_budget(desk):
    """Two calls of five come back as an error although they were charged: the budget holds all of them."""
    desk.control.plant_fault(ROUTE, "status_after", nth=2, share=0.4, seed=3, times=None, status=503)
    with pytest.raises(Stopped, match="budget_usd"):
        ask(desk, budget_usd=0.03)
    assert desk.control.bill()["usd"] <= sum_ledger(desk) <= 0.03


def test_an_outage_in_which_nothing_was_done_is_outlasted(desk):
    """Forty minutes of 503: three calls bridge them, and what they may have cost stays booked."""
    desk.control.plant_fault(ROUTE, "status", status=503, for_s=2400)
    assert ask(desk)["ends"]["done"] == REQUESTS
    assert sum_ledger(desk) > desk.control.bill()["usd"]
