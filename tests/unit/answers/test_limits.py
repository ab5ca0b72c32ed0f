"""Every cut that sending requests makes, with a value just below it, at it and just above it:
money, files, attempts, patience.
"""

from datetime import date
from types import SimpleNamespace

import pytest

from paid_answers import api_config, make_requests
from unscene.answers.batches.agenda import Agenda, Asked
from unscene.answers.batches.client import AccessDenied, NotFound, RateLimited, Unanswered
from unscene.answers.batches.driver import Driver
from unscene.answers.batches.ledger import Intent, Ledger, sum_committed
from unscene.answers.batches.outcomes import (
    AWAY,
    LENGTH,
    MISMATCH,
    NO_CREDIT,
    OK,
    REFUSED,
    UNSERVED,
    Step,
    decide,
)
from unscene.answers.batches.patience import Patience
from unscene.answers.batches.preflight import (
    PreflightError,
    check_expected,
    check_model,
    check_plan,
    check_prices,
)
from unscene.answers.batches.replies import Batch
from unscene.answers.batches.reviewing import TOKEN_LIMIT, Review
from unscene.answers.batches.stops import Stopped
from unscene.answers.batches.terms import Clock, Limits, Terms
from unscene.answers.batches.waves import TooLarge, cut
from unscene.answers.envelopes import Usage
from unscene.answers.prices import bill_answers, estimate_cost, price_usage

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
        return 0.0  # wrong by half a century: nothing may depend on it

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


class Api:
    """An endpoint in this process: `batches` it lists, those it `made`, and what was cancelled."""

    def __init__(self):
        self.batches, self.made, self.cancelled, self.asked, self.moment = [], [], [], 0, None

    def server_now(self):
        return self.moment

    def cancel_batch(self, batch_id):
        self.cancelled.append(batch_id)

    def upload(self, path):
        return "file-of-a-test"

    def find_file(self, file_id):
        """Any file is there: it is the list of batches that is late."""

    def create_batch(self, file_id, metadata):
        self.made.append(Batch(id=f"batch_test_{len(self.made)}", metadata=metadata, input_file_id=file_id))
        return self.made[-1]

    def list_batches(self, since=None):
        self.asked += 1
        return iter(self.batches)


@pytest.fixture
def desk(tmp_path):
    """A driver without requests, on a ledger of its own."""
    clock = FixedClock()
    terms = Terms("keywords", api_config("http://gpu7/v1", outage_minutes=1, budget_usd=1.0), {}, clock)
    ledger = Ledger(tmp_path / "api" / "gpu7")
    api = Api()
    driver = Driver(api, ledger, Agenda([], {}, (), 4, None), terms)
    yield SimpleNamespace(
        clock=clock, ledger=ledger, api=api, driver=driver, settler=driver._settler, sender=driver._sender
    )
    ledger.close()


def intend(desk, tokens=100, worst=0.5):
    intent = Intent("keywords", "shard", "gpt-4o", [("w-1", 1, worst)], tokens, tokens, worst)
    return desk.ledger.intend(intent, 0.0)


def make_batch(batch_id="batch_1", status="in_progress", **more):
    return Batch(id=batch_id, status=status, created_at=1.0, input_file_id="file", **more)


def test_an_outage_is_borne_for_its_minutes_each_kind_of_call_by_itself(caplog):
    clock = FixedClock()
    patience = Patience(clock, 60, pause_seconds=30)
    waits = [patience.bear("upload", Unanswered("away")) for _ in range(3)]
    assert waits == [30, 60, 60]
    assert patience.bear("upload", RateLimited("slowly", 7.0)) == 7.0
    clock.at += 60
    patience.bear("upload", Unanswered("away"))
    patience.end("poll")  # another kind of call is answered all the time
    clock.at += 0.5
    with pytest.raises(Stopped, match="has not answered for 1 minute .upload: away"):
        patience.bear("upload", Unanswered("away"))
    patience.end("upload")
    patience.bear("upload", Unanswered("away"))  # a new silence
    assert caplog.text.count("made again, for api.outage_minutes (1) at most") == 1, "said once"


def test_the_same_refusal_is_waited_for_longer_each_time():
    clock = FixedClock()
    patience = Patience(clock, 3600, pause_seconds=30)
    waits = [patience.bear("create", RateLimited("slowly", 0.0)) for _ in range(9)]
    assert waits == [0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert patience.bear("create", RateLimited("slowly", 300.0)) == 300, "what is asked for is kept"
    patience.end("create")
    assert patience.bear("create", RateLimited("slowly", 1.0)) == 1


@pytest.mark.parametrize(
    ("first", "second", "renamed"),
    [
        ("ok unserved", None, {}),  # half of it failed, beside one that was served
        ("away", "ok unserved", {}),
        ("unserved", None, {UNSERVED: AWAY}),  # nothing was ever served
        ("ok ok ok ok", "unserved", {UNSERVED: AWAY}),  # nor after this one was asked
        ("ok ok ok unserved unserved unserved", None, {}),
        ("ok ok ok ok unserved unserved unserved unserved", None, {UNSERVED: AWAY}),  # these are many
    ],
)
def test_whose_fault_a_failure_at_the_server_is(desk, first, second, renamed):
    for outcomes in filter(None, (first, second)):
        found = settle_outcomes(desk, {f"w-{outcomes}{n}": each for n, each in enumerate(outcomes.split())})
    assert found == renamed


def test_a_request_that_was_passed_over_once_fails_by_itself_alone(desk):
    for outcomes in ({"w-1": UNSERVED}, {"w-2": OK}, {"w-1": UNSERVED}):
        settle_outcomes(desk, outcomes)
    assert desk.ledger.list_outcomes(["w-1"]) == {"w-1": [AWAY, UNSERVED]}


def settle_outcomes(desk, outcomes):
    """Settle a batch with these outcomes of its lines; return which were renamed."""
    number, found = intend(desk), {}
    row = dict(desk.ledger.find_batch(number)) | {"requests": len(outcomes)}

    def rename(counts):
        found.update(Review(None, desk.ledger, None).rename(row, counts))
        return found

    entries = [(name, outcome, 0, 0, 0.0, "{}") for name, outcome in outcomes.items()]
    desk.ledger.settle(number, make_batch(f"batch_{number}", "completed"), entries, rename=rename)
    return found


def refuse(desk, tokens):
    number = intend(desk, tokens=tokens)
    desk.ledger.record_batches(number, [make_batch(f"batch_{number}")], None)
    desk.ledger.settle(number, make_batch(f"batch_{number}", "failed"), [], TOKEN_LIMIT)


def test_a_refused_queue_is_tried_with_half_and_with_twice_as_much_after_each_success(desk):
    desk.driver._agenda.model = "gpt-4o"
    assert desk.driver._learn_token_limit() == 5_000_000
    refuse(desk, 800)
    assert desk.driver._learn_token_limit() == 400 and desk.sender.pause == 60
    refuse(desk, 400)
    assert desk.driver._learn_token_limit() == 200 and desk.sender.pause == 120
    assert desk.driver._learn_token_limit() == 200 and desk.sender.pause == 120
    number = intend(desk, tokens=200)
    desk.ledger.record_batches(number, [make_batch("taken")], None)
    assert desk.driver._learn_token_limit() == 400
    desk.clock.at += 30 * DAY
    refuse(desk, 400)
    assert desk.driver._learn_token_limit() == 200 and desk.sender.pause == 60
    for late, stops in ((25 * 3600, False), (1, True)):
        desk.clock.at += late
        desk.driver._learn_token_limit()
        assert (desk.driver._halt is not None) is stops


@pytest.mark.parametrize(("late", "cancelled"), [(0, []), (3600, []), (3601, ["batch_1"])])
def test_a_batch_is_stuck_an_hour_after_its_end_by_the_endpoint_s_time(desk, late, cancelled):
    number = intend(desk)
    batch = make_batch(expires_at=5000.0)
    desk.ledger.record_batches(number, [batch], None)
    desk.clock.at += 26 * 3600  # this machine's clock, or a day without a word, proves nothing
    desk.settler._cancel_if_stuck(desk.ledger.find_batch(number), batch)
    assert desk.api.cancelled == []
    desk.api.moment = 5000.0 + late
    desk.settler._cancel_if_stuck(desk.ledger.find_batch(number), batch)
    assert desk.api.cancelled == cancelled


@pytest.mark.parametrize(("late", "stops"), [(7200, False), (7201, True)])
def test_a_batch_that_cannot_be_cancelled_is_left_two_hours_later(desk, late, stops):
    number = intend(desk)
    batch = make_batch(expires_at=5000.0)
    desk.ledger.record_batches(number, [batch], None)
    desk.ledger.record_cancel(number, 5000.0)
    desk.api.moment = 5000.0
    row = desk.ledger.find_batch(number)
    desk.settler._cancel_if_stuck(row, batch)
    desk.clock.at += late
    desk.api.moment += late
    desk.settler._cancel_if_stuck(row, batch)
    assert bool(desk.settler.aside) is stops
    if stops:
        assert "neither ends nor can be cancelled" in str(desk.settler.explain_aside())


@pytest.mark.parametrize(("hours", "left"), [(72, False), (72.1, True)])
def test_a_batch_without_a_known_end_is_waited_for_three_days(desk, hours, left):
    number = intend(desk)
    desk.ledger.record_batches(number, [make_batch()], None)
    row = desk.ledger.find_batch(number)
    desk.settler._cancel_if_stuck(row, make_batch())
    desk.clock.at += 3600 * hours
    desk.settler._cancel_if_stuck(row, make_batch())
    assert bool(desk.settler.aside) is left and desk.api.cancelled == []


@pytest.mark.parametrize(("age", "left"), [(599, False), (600, True)])
@pytest.mark.parametrize("refused", [NotFound("gone", 404, True), AccessDenied("no", 401)])
def test_a_batch_that_is_not_shown_is_waited_for_ten_minutes(desk, refused, age, left):
    number = intend(desk)
    desk.ledger.record_batches(number, [make_batch()], None)

    def retrieve(batch_id):
        raise refused

    desk.api.retrieve_batch = retrieve
    desk.settler.collect()
    desk.clock.at += age
    desk.settler.collect()
    assert bool(desk.settler.aside) is left
    assert desk.ledger.find_batch(number)["state"] == "submitted", "nothing is booked as lost"


@pytest.mark.parametrize(("worst", "enough"), [(0.0, 600), (1.0, 1200), (5.0, 3600), (50.0, 3600)])
def test_a_batch_that_shows_late_is_looked_for_the_longer_the_more_it_may_cost(desk, worst, enough):
    number = intend(desk, worst=worst)
    desk.ledger.record_upload(number, "file")
    desk.ledger.record_try(number, None)
    desk.clock.at += 7200  # hours since the try, by whatever clock, prove nothing
    assert desk.sender.look(number) is None and desk.sender.pause == 60
    desk.clock.at += enough - 1
    assert desk.sender.look(number) is None and desk.sender.pause == 1 and not desk.api.made
    desk.clock.at += 1
    # Nothing is believed of a list before it shows a batch that was created after this one.
    assert desk.sender.look(number) is None and desk.sender.pause == 60
    (witness,) = desk.api.made
    desk.api.batches = [witness]
    assert desk.sender.look(number) is False
    desk.api.batches = [make_batch("batch_9")]
    assert desk.sender.look(number) is True
    assert desk.ledger.find_batch(number)["batch_id"] == "batch_9"


@pytest.mark.parametrize(("seconds", "stops"), [(3 * 3600 - 1, False), (3 * 3600, True)])
def test_a_list_that_stays_behind_stops_after_three_hours(desk, seconds, stops):
    number = intend(desk, worst=0.0)
    desk.ledger.record_upload(number, "file")
    desk.ledger.record_try(number, None)
    desk.sender.look(number)
    desk.clock.at += seconds
    if not stops:
        assert desk.sender.look(number) is None
        return
    with pytest.raises(Stopped, match=r"for 3 hours it has lacked.*pay \$0.00 twice.*api.pay_again"):
        desk.sender.look(number)


@pytest.mark.parametrize(("worst", "may"), [(0.999, True), (1.0, True), (1.001, False)])
def test_an_intended_batch_is_sent_within_the_budget(desk, worst, may):
    number = intend(desk, worst=worst)
    desk.ledger.record_upload(number, "file")
    desk.ledger.record_try(number, None)
    desk.driver._agenda.under_way["w-1"] = None
    assert desk.driver._is_unwanted(desk.ledger.find_batch(number)) is not may


def test_the_budget_is_one_for_all_endpoints_of_a_run_directory(desk, tmp_path):
    other = Ledger(tmp_path / "api" / "api.openai.com")
    other.add_answer("keywords", ("w-2", "ok", 1, 1, 0.25, "{}"))
    other.begin_call("keywords", "w-3", "gpt-4o", 1, 0.125)
    other.close()
    intend(desk, worst=0.5)
    assert sum_committed(desk.ledger.path.parent) == 0.875


def test_many_batches_are_polled_by_one_list(desk):
    for n in range(200):
        number = intend(desk)
        batch = make_batch(f"batch_{n}")
        desk.ledger.record_batches(number, [batch], None)
        desk.api.batches.append(batch)
    desk.settler.collect()
    assert desk.api.asked == 1 and not desk.settler.aside  # an API that is asked for each would raise
