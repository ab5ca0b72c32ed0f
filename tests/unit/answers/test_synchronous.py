"""Requests asked one by one: money, patience, and what is booked for a call that nobody heard of again."""

import threading
import time
from contextlib import closing

import pytest

from paid_answers import PRICES, api_config, make_requests
from unscene.answers.batch_lines import build_answer, write_lines
from unscene.answers.batches.agenda import Agenda
from unscene.answers.batches.client import (
    AccessDenied,
    Completion,
    NotFound,
    OutOfCredit,
    RateLimited,
    Unanswered,
)
from unscene.answers.batches.driver import Stopped
from unscene.answers.batches.ledger import Ledger
from unscene.answers.batches.synchronous import ask_each
from unscene.answers.batches.terms import Clock, Terms
from unscene.answers.prices import estimate_cost, read_prices


class FixedClock(Clock):
    """A clock that a test sets; whoever sleeps moves it."""

    def __init__(self, at: float = 1e6):
        self.at, self.slept = at, []

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def monotonic(self) -> float:
        return self.at


class Completing:
    """An endpoint without batches: answers each request, or says what it was told to. Of those that do
    not go first each waits until `together` are there at once.
    """

    def __init__(self, replies=(), together=1):
        self.replies, self.calls, self.together = list(replies), 0, together
        self.change = threading.Condition()
        self.running = self.most_at_once = 0
        self.order = []  # calls under way at each call

    def complete(self, body):
        with self.change:
            self.calls += 1
            self.running += 1
            self.order.append(self.running)
            self.most_at_once = max(self.most_at_once, self.running)
            self.change.notify_all()
            if self.calls > 1:
                assert self.change.wait_for(lambda: self.most_at_once >= self.together, timeout=60)
        time.sleep(0.05)  # as long as one that must not come would take to come in
        with self.change:
            self.running -= 1
        if self.replies:
            reply = self.replies.pop(0)
            if isinstance(reply, Exception):
                raise reply
            if reply is not None:
                return reply
        request = {"custom_id": "w-0", "body": body}
        items = body["messages"][-1]["content"].count("\n") + 1
        answer = build_answer(request, "gpt-4o", [{"w": []}] * items)["response"]["body"]
        answer["usage"] = {"prompt_tokens": 1000, "completion_tokens": 10}
        return Completion(200, answer)

    def clean(self, text):
        return text


def ask(tmp_path, budget, api, count=1, outage_minutes=1, concurrency=1, size=4):
    requests = make_requests(count, size)
    write_lines(requests, tmp_path / "r.jsonl")
    prices, clock = read_prices(PRICES), FixedClock()

    def price(request):
        cost = estimate_cost([request], prices, "gpt-4o", 12.5, 4.5)
        return cost["usd"], 0.25

    agenda = Agenda([tmp_path / "r.jsonl"], {}, (), 4, price)
    config = api_config(
        "http://gpu7/v1", budget_usd=budget, outage_minutes=outage_minutes, concurrency=concurrency
    )
    ledger = Ledger(tmp_path / "api" / "gpu7")
    try:
        ask_each(api, ledger, agenda, Terms("keywords", config, prices, clock))
    finally:
        ledger.close()
    return agenda, clock


def test_one_by_one_a_call_is_made_within_the_budget_at_twice_the_batch_price(tmp_path):
    agenda, _ = ask(tmp_path, 0.5, Completing())
    assert agenda.answered == 1
    api = Completing()
    with pytest.raises(Stopped, match="not sent: 1 request[.]"):
        ask(tmp_path, 0.499, api)
    assert api.calls == 0


def test_calls_under_way_count_at_their_worst(tmp_path):
    """The first one goes alone. Of two more at up to $0.50 each and $0.95, one is under way at a time."""
    for budget, at_once in ((0.95, 1), (1.05, 2)):
        folder, api = tmp_path / str(budget), Completing(together=at_once)
        folder.mkdir()
        agenda, _ = ask(folder, budget, api, count=3, concurrency=2)
        assert agenda.answered == 3 and api.most_at_once == at_once


def test_one_by_one_the_endpoint_s_wish_is_heard(tmp_path):
    slow = [RateLimited("slow", 7.0), RateLimited("slow", 500.0), RateLimited("slow", None)]
    agenda, clock = ask(tmp_path, 1, Completing(slow), outage_minutes=60)
    assert agenda.answered == 1 and clock.slept == [7.0, 500.0, 20.0]


def test_one_by_one_an_outage_is_borne_for_its_minutes(tmp_path, caplog):
    api = Completing([RateLimited("slow", wait) for wait in (60.0, 1.0, 1.0)])
    with pytest.raises(Stopped, match="has not answered for 1 minute "):
        ask(tmp_path, 1, api)
    assert api.calls == 3  # silent for 0, 60 and 61 seconds
    assert caplog.text.count("made again, for api.outage_minutes (1) at most") == 1


@pytest.mark.parametrize(
    ("error", "booked"),
    [
        (Unanswered("timed out"), 0.5),
        (Unanswered("a page in its place", 200), 0.5),
        (Unanswered("no connection", took_no_effect=True), 0.0),
        (Unanswered("bad gateway", 502), 0.5),
        (Unanswered("the API says so", 500, by_api=True), 0.5),
        (Unanswered("overloaded", 503, by_api=True), 0.5),
        (Unanswered("too late", 408, by_api=True), 0.5),
        (Unanswered("a lock", 409, by_api=True), 0.0),
        (Unanswered("a proxy's page", 409), 0.5),
        (RateLimited("slow", 1.0), 0.0),
    ],
)
def test_a_call_that_may_be_billed_is_booked_at_its_worst_and_no_other(tmp_path, error, booked):
    """The worst case of a request is $0.25 in a batch, and twice that on its own."""
    agenda, _ = ask(tmp_path, 5, Completing([error]), outage_minutes=60)
    assert agenda.answered == 1
    with closing(Ledger(tmp_path / "api" / "gpu7")) as ledger:
        (answered,) = (usd for outcome, usd in list_entries(ledger) if outcome == "ok")
        assert ledger.sum_usd() == pytest.approx(answered + booked) and ledger.sum_worst_usd() == 0


def test_lost_replies_end_at_the_budget(tmp_path):
    with pytest.raises(Stopped, match="budget_usd"):
        ask(tmp_path, 1.2, Completing([Unanswered("timed out")] * 9), outage_minutes=60)
    with closing(Ledger(tmp_path / "api" / "gpu7")) as ledger:
        assert ledger.sum_usd() == 1.0


@pytest.mark.parametrize("place", [0, 2])
def test_replies_that_are_lost_use_up_the_attempts(tmp_path, place):
    """Each may be billed: four of one request are the end, however much budget and time there is."""
    api = Completing([None] * place + [Unanswered("the line went dead")] * 99)
    with pytest.raises(Stopped, match=r"4 calls may have been billed \(up to \$2.00.*http://gpu7/v1"):
        ask(tmp_path, 50, api, outage_minutes=60, count=4)
    assert api.calls == place + 4


def test_the_calls_of_a_killed_process_are_booked(tmp_path):
    """A process that dies between call and answer leaves its calls in the ledger: as many as went
    at once, each at its worst.
    """

    class Killed(BaseException):
        pass

    together = threading.Barrier(3, timeout=60)

    class Dying(Completing):
        def complete(self, body):
            if self.calls > 0:
                together.wait()
                raise Killed
            return super().complete(body)

    with pytest.raises(Killed):
        ask(tmp_path, 50, Dying(), count=9, concurrency=3)
    with closing(Ledger(tmp_path / "api" / "gpu7")) as ledger:
        assert ledger.sum_worst_usd() == pytest.approx(3 * 0.5)
        assert ledger.lose_calls() == (3, pytest.approx(1.5)) and ledger.sum_worst_usd() == 0
        assert [usd for outcome, usd in list_entries(ledger) if outcome == "away"] == [0.5] * 3
    agenda, _ = ask(tmp_path, 50, Completing(), count=9, concurrency=3)
    assert agenda.answered == 9


@pytest.mark.parametrize(
    "error", [AccessDenied("key", 401), NotFound("model", 404, True), OutOfCredit("no money")]
)
def test_a_door_that_is_shut_stops_at_once_and_books_nothing(tmp_path, error):
    api = Completing([error] * 9)
    with pytest.raises(Stopped, match="refuses|no money left"):
        ask(tmp_path, 5, api, count=4, concurrency=4)
    with closing(Ledger(tmp_path / "api" / "gpu7")) as ledger:
        assert api.calls == 1 and ledger.sum_usd() == ledger.sum_worst_usd() == 0


def test_a_page_of_a_filter_stops_at_once_and_is_booked(tmp_path):
    """It may have read the answer before it forbade it."""
    api = Completing([AccessDenied("blocked by policy", 403, by_api=False)] * 9)
    with pytest.raises(Stopped, match="refuses"):
        ask(tmp_path, 5, api, count=4, concurrency=4)
    with closing(Ledger(tmp_path / "api" / "gpu7")) as ledger:
        assert api.calls == 1 and ledger.sum_usd() == 0.5 and ledger.sum_worst_usd() == 0


def test_the_first_request_goes_alone_and_is_read(tmp_path):
    api = Completing(together=2)
    ask(tmp_path, 5, api, count=6, concurrency=4)
    assert api.order[0] == 1 and max(api.order) > 1


def test_first_requests_that_are_called_wrong_stop_the_rest(tmp_path):
    wrong = Completion(400, {"error": {"code": "unknown_parameter", "message": "what is verbosity?"}})
    api = Completing([wrong] * 9)
    with pytest.raises(Stopped, match="3 requests, each sent alone, came to nothing .*what is verbosity"):
        ask(tmp_path, 9, api, count=6, concurrency=4)
    assert api.calls == 3 and api.most_at_once == 1
    agenda, _ = ask(tmp_path, 9, Completing(), count=6, concurrency=4)
    assert agenda.answered == 6, "the endpoint was wrong, not the requests: they are asked again"


def test_a_field_that_is_no_longer_taken_stops_and_is_not_remembered(tmp_path):
    complaint = {"code": "unsupported_value", "param": "temperature", "message": "only 1 is supported"}
    api = Completing([None, *[Completion(400, {"error": complaint})] * 9])
    with pytest.raises(Stopped, match="no longer takes .*only 1 is supported"):
        ask(tmp_path, 9, api, count=3, size=1)
    assert api.calls == 2
    agenda, _ = ask(tmp_path, 9, Completing(), count=3, size=1)
    assert list(agenda.ended.values()) == ["done"] * 3


@pytest.mark.parametrize("place", [0, 3])
def test_one_request_that_is_called_wrong_stops_no_other(tmp_path, place):
    """Its prompt is asked in single captions: here those are taken."""
    wrong = Completion(400, {"error": {"code": "string_above_max_length", "message": "too long"}})
    api = Completing([None] * place + [wrong])
    agenda, _ = ask(tmp_path, 9, api, count=5)
    assert agenda.answered == agenda.total == 9 and set(agenda.ended.values()) == {"done", "split"}


def test_a_single_caption_that_is_called_wrong_is_asked_once_more(tmp_path):
    wrong = Completion(400, {"error": {"message": "The server had an error"}})
    for times, end in ((1, "done"), (2, "faulty")):
        folder = tmp_path / str(times)
        folder.mkdir()
        agenda, _ = ask(folder, 9, Completing([None, *[wrong] * times]), count=2, size=1)
        assert sorted(agenda.ended.values()) == sorted(["done", end])


def list_entries(ledger):
    return [tuple(row) for row in ledger._base.execute("SELECT outcome, usd FROM answers ORDER BY number")]
