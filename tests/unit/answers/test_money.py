"""Money: the budget, the account's limits, and models and prices that are out of date."""

import logging
from datetime import date

import pytest

from paid_answers import PRICES, make_requests
from unscene.answers.batches.agenda import AgendaError
from unscene.answers.batches.driver import ComeBackLater, Stopped
from unscene.answers.batches.preflight import PreflightError, check_model, check_prices
from unscene.answers.prices import PriceError, read_prices


def test_the_budget_holds_whatever_happens(desk, server):
    """What is sent can never cost more than the budget, even if every answer is as long as allowed."""
    requests = make_requests(30)
    with pytest.raises(PreflightError, match=r"api.budget_usd \$0.01: 30 requests, expected to cost"):
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
    assert len(desk.list_answered(more)) == 4
    with pytest.raises(PreflightError, match="no model"):
        desk.submit(more)
    assert server.bill()["charges"] == 4


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
