"""Every cut that sending requests makes, with a value just below it, at it and just above it:
money, files, attempts, patience.
"""

from datetime import date
from types import SimpleNamespace

import pytest

from paid_answers import api_config, make_requests
from unscene.answers.batches import driver as driver_module
from unscene.answers.batches.agenda import Agenda, Asked
from unscene.answers.batches.client import Rejected, Unanswered
from unscene.answers.batches.driver import Driver, Stopped
from unscene.answers.batches.ledger import Intent, Ledger
from unscene.answers.batches.outcomes import LENGTH, MISMATCH, NO_CREDIT, REFUSED, UNSERVED, Step, decide
from unscene.answers.batches.preflight import (
    PreflightError,
    check_expected,
    check_model,
    check_plan,
    check_prices,
)
from unscene.answers.batches.terms import Clock, Limits, Terms
from unscene.answers.batches.waves import TooLarge, cut
from unscene.answers.prices import bill_answers, estimate_cost, price_usage
from unscene.answers.results import Usage

LIMITS = Limits(requests_per_file=100, bytes_per_file=10_000, enqueued_tokens=10_000, budget_usd=100.0)
DAY = 24 * 3600


def wait_for(count, size=100, tokens=10, worst=0.25):
    """Requests that wait; the expected dollars are far above the worst ones, so that nobody counts
    them in their place.
    """
    return [Asked(f"w-{n}", 1, size, tokens, 50.0, worst, "", b"") for n in range(count)]


def count_cut(waiting, queued=0, committed=0.0, **limits):
    return len(cut(waiting, LIMITS._replace(**limits), queued, committed))


@pytest.mark.parametrize(
    ("budget", "committed", "sent"),
    [
        (0.76, 0, 3),
        (0.75, 0, 3),
        (0.74, 0, 2),
        (1.0, 0.25, 3),
        (0.99, 0.25, 2),
        (0.25, 0, 1),
        (0.24, 0, 0),
        (1, 1, 0),
    ],
)
def test_a_file_commits_no_more_than_the_budget(budget, committed, sent):
    assert count_cut(wait_for(3), budget_usd=budget, committed=committed) == sent


def test_a_file_that_money_cuts_short_waits_for_what_is_under_way():
    assert count_cut(wait_for(3), budget_usd=0.75, queued=1) == 3
    assert count_cut(wait_for(3), budget_usd=0.74, queued=1) == 0


@pytest.mark.parametrize(("waiting", "sent"), [(2, 2), (3, 3), (4, 3)])
def test_requests_in_a_file(waiting, sent):
    assert count_cut(wait_for(waiting), requests_per_file=3) == sent
    assert count_cut(wait_for(waiting), requests_per_file=3, queued=1) == sent  # full is not squeezed


@pytest.mark.parametrize(("limit", "sent"), [(301, 3), (300, 3), (299, 2), (100, 1)])
def test_bytes_of_a_file(limit, sent):
    assert count_cut(wait_for(3), bytes_per_file=limit) == sent


def test_one_request_above_the_bytes_of_a_file_is_an_error():
    assert count_cut(wait_for(1), bytes_per_file=100) == 1
    with pytest.raises(TooLarge):
        count_cut(wait_for(1), bytes_per_file=99)


def test_what_fits_the_queue_is_one_file_and_else_files_are_a_quarter_of_it():
    assert count_cut(wait_for(8), enqueued_tokens=80) == 8
    assert count_cut(wait_for(9), enqueued_tokens=80) == 2
    assert count_cut(wait_for(9), enqueued_tokens=79) == 1
    assert count_cut(wait_for(8), enqueued_tokens=100, queued=20) == 8
    # One that is above a quarter goes alone.
    assert count_cut(wait_for(2, tokens=30), enqueued_tokens=40) == 1
    assert count_cut(wait_for(1, tokens=40), enqueued_tokens=40) == 1
    assert count_cut(wait_for(1, tokens=41), enqueued_tokens=40) == 0


def test_a_file_that_the_queue_cuts_short_waits_for_what_is_under_way():
    assert count_cut(wait_for(3), enqueued_tokens=80, queued=60) == 2  # room for a whole file of 20
    assert count_cut(wait_for(3), enqueued_tokens=80, queued=61) == 0  # one would fit
    assert count_cut(wait_for(3), enqueued_tokens=80, queued=50) == 3


@pytest.mark.parametrize(
    ("outcomes", "items", "cause", "step"),
    [
        ([], 3, "", Step("ask")),
        ([UNSERVED] * 3, 3, "", Step("ask")),
        ([UNSERVED] * 4, 3, "", Step("end", cause=UNSERVED)),
        ([UNSERVED] * 3 + [NO_CREDIT] * 5, 3, "", Step("ask")),
        ([UNSERVED] * 9 + ["ok"], 3, "", Step("done")),
        ([LENGTH, "ok"], 3, "", Step("done")),
        ([LENGTH], 5, "", Step("split", (3, 2), LENGTH)),
        ([LENGTH], 4, LENGTH, Step("split", (2, 2), LENGTH)),
        ([LENGTH], 2, LENGTH, Step("split", (1, 1), LENGTH)),
        ([LENGTH], 1, LENGTH, Step("end", cause=LENGTH)),
        ([REFUSED], 3, "", Step("split", (1, 1, 1), REFUSED)),
        ([REFUSED], 1, REFUSED, Step("end", cause=REFUSED)),
        ([MISMATCH], 4, "", Step("split", (2, 2), MISMATCH)),
        ([MISMATCH], 4, LENGTH, Step("split", (2, 2), MISMATCH)),
        ([MISMATCH], 4, MISMATCH, Step("split", (1,) * 4, MISMATCH)),
        ([UNSERVED, MISMATCH, REFUSED], 4, "", Step("split", (2, 2), MISMATCH)),
    ],
)
def test_what_follows_an_attempt(outcomes, items, cause, step):
    assert decide(outcomes, items, cause, attempts=4) == step


def test_budgets_are_met_at_the_limit_and_not_above():
    check_expected(0.75, 0.25, 1.0, 1)
    check_plan({"api": {"usd": 1.0}}, 1.0)
    with pytest.raises(PreflightError, match=r"expected to cost \$0.76"):
        check_expected(0.76, 0.25, 1.0, 1)
    with pytest.raises(PreflightError):
        check_expected(0.75, 0.26, 1.0, 1)
    with pytest.raises(PreflightError, match="whole run"):
        check_plan({"api": {"usd": 1.01}}, 1.0)


def test_prices_are_used_to_the_day_that_their_age_allows():
    prices = {"date": "2026-11-01", "max_age_days": 30, "models": {"m": {"input": 1, "output": 1}}}
    check_prices(prices, "m", date(2026, 12, 1), paid=True)
    check_prices(prices, "m", date(2026, 12, 2), paid=False)
    with pytest.raises(PreflightError, match="31 days old"):
        check_prices(prices, "m", date(2026, 12, 2), paid=True)


@pytest.mark.parametrize(
    ("days", "ends"), [(-1, "stopped"), (0, "stopped"), (1, "warned"), (89, "warned"), (90, ""), (91, "")]
)
def test_a_model_is_used_until_the_day_before_its_end(days, ends, caplog):
    api = SimpleNamespace(find_model=lambda model: (True, None))
    today = date(2026, 6, 15)
    prices = {"models": {"m": {"shutdown": date.fromordinal(today.toordinal() + days)}}}
    if ends == "stopped":
        with pytest.raises(PreflightError, match="was shut down"):
            check_model(api, prices, "m", today)
        return
    check_model(api, prices, "m", today)
    assert ("ends on" in caplog.text) == (ends == "warned")


def test_prices_of_requests_and_answers():
    prices = {
        "models": {
            "m": {"input": 2.0, "output": 10.0, "cache_write": 1.25},
            "m-large": {"input": 4.0, "output": 20.0},
            "m-2b": {"input": 6.0, "output": 20.0},
        }
    }
    (request,) = make_requests(1, size=4, model="m")
    cost = estimate_cost([request], prices, "m", item_tokens=12.5, answer_tokens=4.5)
    assert cost["output_tokens"] == 55 and cost["worst_output_tokens"] == 64 + 4 * 40
    assert cost["worst_input_tokens"] > 1.2 * cost["input_tokens"]
    assert cost["usd"] == pytest.approx((2 * cost["input_tokens"] + 10 * 55) / 1e6, abs=1e-6)
    worst = 1.25 * 2 * cost["worst_input_tokens"] + 10 * 224
    assert cost["usd_worst"] == pytest.approx(worst / 1e6, abs=1e-6)
    assert price_usage(Usage(1000, 100, 0), prices["models"]["m"]) == pytest.approx(0.003)
    assert price_usage(Usage(1000, 100, 400), prices["models"]["m"]) == pytest.approx(0.0032)
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    answer = {"response": {"body": {"model": "other", "usage": usage}}}
    billed = bill_answers([answer], prices)
    assert billed["usd"] is None and billed["usd_reason"] == "no price for other"
    assert (billed["input_tokens"], billed["output_tokens"]) == (1000, 100)


class FixedClock(Clock):
    """A clock that a test sets; whoever sleeps moves it."""

    def __init__(self, at: float = 1e6):
        self.at, self.slept = at, []

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


class Api:
    """An endpoint in this process: `batches` it lists, and what was cancelled."""

    def __init__(self):
        self.batches, self.cancelled, self.asked = [], [], 0

    def cancel_batch(self, batch_id):
        self.cancelled.append(batch_id)

    def list_batches(self, since):
        self.asked += 1
        return iter(self.batches)


@pytest.fixture
def desk(tmp_path):
    """A driver without requests, on a ledger of its own."""
    clock = FixedClock()
    terms = Terms("keywords", api_config("http://gpu7/v1", outage_minutes=1, budget_usd=1.0), {}, clock)
    ledger = Ledger(tmp_path)
    api = Api()
    yield SimpleNamespace(
        clock=clock, ledger=ledger, api=api, driver=Driver(api, ledger, Agenda([], {}, (), 4, None), terms)
    )
    ledger.close()


def intend(desk, tokens=100, worst=0.5):
    intent = Intent("keywords", "shard", "gpt-4o", [("w-1", 1)], tokens, tokens, worst)
    return desk.ledger.intend(intent, desk.clock.now())


def make_batch(batch_id="batch_1", status="in_progress", expires_at=None, **more):
    return SimpleNamespace(
        id=batch_id,
        status=status,
        created_at=1.0,
        expires_at=expires_at,
        request_counts=None,
        usage=None,
        input_file_id="file",
        metadata=None,
        errors=None,
        **more,
    )


def test_an_outage_is_borne_for_its_minutes(desk):
    desk.driver._bear(Unanswered("away"))
    desk.clock.at += 60
    desk.driver._bear(Unanswered("away"))
    desk.clock.at += 0.5
    with pytest.raises(Stopped, match="has not answered for 1 minutes"):
        desk.driver._bear(Unanswered("away"))


def test_an_answer_ends_an_outage(desk):
    turns = [Unanswered("away"), "answer"]

    def call():
        turn = turns.pop(0)
        if isinstance(turn, Exception):
            raise turn
        return turn

    desk.driver._bear(Unanswered("away"))
    desk.clock.at += 50
    assert desk.driver._retry(call) == "answer" and desk.clock.slept == [30]
    desk.clock.at += 50
    desk.driver._bear(Unanswered("away"))  # a new silence


@pytest.mark.parametrize(("age", "limit"), [(DAY - 1, 50), (DAY, 5_000_000), (DAY + 1, 5_000_000)])
def test_a_refused_queue_is_remembered_for_a_day_at_half_of_it(desk, age, limit):
    desk.driver._agenda.model = "gpt-4o"
    number = intend(desk, tokens=101)
    desk.ledger.record_upload(number, "file")
    desk.ledger.settle(number, make_batch(status="failed"), [], driver_module.TOKEN_LIMIT)
    desk.clock.at += age
    assert desk.driver._learn_token_limit() == limit


@pytest.mark.parametrize(("late", "cancelled"), [(0, []), (3600, []), (3601, ["batch_1"])])
def test_a_batch_is_stuck_an_hour_after_its_end(desk, late, cancelled):
    number = intend(desk)
    batch = make_batch(expires_at=desk.clock.at)
    desk.ledger.record_batches(number, [batch], desk.clock.at)
    desk.clock.at += late
    desk.driver._cancel_if_stuck(desk.ledger.find_batch(number), batch)
    assert desk.api.cancelled == cancelled


@pytest.mark.parametrize(("late", "stops"), [(7200, False), (7201, True)])
def test_a_batch_that_cannot_be_cancelled_stops_two_hours_later(desk, late, stops):
    number = intend(desk)
    batch = make_batch(expires_at=desk.clock.at)
    desk.ledger.record_batches(number, [batch], desk.clock.at)
    desk.ledger.record_cancel(number, desk.clock.at)
    desk.clock.at += late
    row = desk.ledger.find_batch(number)
    if stops:
        with pytest.raises(Stopped, match="neither ends nor can be cancelled"):
            desk.driver._cancel_if_stuck(row, batch)
    else:
        desk.driver._cancel_if_stuck(row, batch)


@pytest.mark.parametrize(("age", "stops"), [(599, False), (600, True)])
def test_a_batch_that_is_not_shown_is_waited_for_ten_minutes(desk, age, stops):
    row = {"batch_id": "batch_1", "created_at": desk.clock.at}
    desk.clock.at += age
    if stops:
        with pytest.raises(Stopped, match="does not show batch batch_1"):
            desk.driver._miss(row, Rejected("gone", 404))
    else:
        desk.driver._miss(row, Rejected("gone", 404))
        with pytest.raises(Stopped):
            desk.driver._miss(row, Rejected("forbidden", 403))


def test_a_batch_that_shows_late_is_looked_for_again_two_minutes_after_its_attempt(desk):
    number = intend(desk)
    desk.ledger.record_upload(number, "file")
    desk.ledger.record_try(number, desk.clock.at)
    desk.clock.at += 50
    assert not desk.driver._adopt(number, settled_wait=False) and desk.api.asked == 1
    assert not desk.driver._adopt(number) and desk.clock.slept == [70] and desk.api.asked == 3
    assert not desk.driver._adopt(number) and desk.clock.slept == [70] and desk.api.asked == 4


@pytest.mark.parametrize(("worst", "may"), [(0.999, True), (1.0, True), (1.001, False)])
def test_an_intended_batch_is_sent_within_the_budget(desk, worst, may):
    number = intend(desk, worst=worst)
    desk.ledger.record_upload(number, "file")
    assert desk.driver._can_send(desk.ledger.find_batch(number)) is may
