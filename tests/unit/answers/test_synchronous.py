"""Requests asked one by one: money, patience, and what is booked for a call that nobody heard of again."""

import time

import pytest

from paid_answers import PRICES, api_config, make_requests
from unscene.answers.batch_lines import build_answer, write_lines
from unscene.answers.batches.agenda import Agenda
from unscene.answers.batches.client import RateLimited
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


class Completing:
    """An endpoint without batches: answers each request, or says what it was told to."""

    def __init__(self, replies=()):
        self.replies, self.calls = list(replies), 0
        self.running = self.most_at_once = 0

    def complete(self, body):
        self.calls += 1
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        time.sleep(0.05)  # as long as a second call would take to come in
        self.running -= 1
        if self.replies:
            reply = self.replies.pop(0)
            if isinstance(reply, Exception):
                raise reply
            return reply
        request = {"custom_id": "w-0", "body": body}
        items = body["messages"][-1]["content"].count("\n") + 1
        answer = build_answer(request, "gpt-4o", [{"w": []}] * items)["response"]["body"]
        return 200, answer


def ask(tmp_path, budget, api, count=1, outage_minutes=1, concurrency=1):
    requests = make_requests(count)
    write_lines(requests, tmp_path / "r.jsonl")
    prices, clock = read_prices(PRICES), FixedClock()

    def price(request):
        cost = estimate_cost([request], prices, "gpt-4o", 12.5, 4.5)
        return cost["usd"], 0.25

    agenda = Agenda([tmp_path / "r.jsonl"], {}, (), 4, price)
    config = api_config(
        "http://gpu7/v1", budget_usd=budget, outage_minutes=outage_minutes, concurrency=concurrency
    )
    ledger = Ledger(tmp_path)
    try:
        ask_each(api, ledger, agenda, Terms("keywords", config, prices, clock))
    finally:
        ledger.close()
    return agenda, clock


def test_one_by_one_a_call_is_made_within_the_budget_at_twice_the_batch_price(tmp_path):
    agenda, _ = ask(tmp_path, 0.5, Completing())
    assert agenda.answered == 1
    api = Completing()
    with pytest.raises(Stopped, match="1 requests wait"):
        ask(tmp_path, 0.499, api)
    assert api.calls == 0


def test_calls_under_way_count_at_their_worst(tmp_path):
    """Of two requests at up to $0.50 each and $0.75, one is under way at a time."""
    for budget, at_once in ((0.75, 1), (1.0, 2)):
        folder, api = tmp_path / str(budget), Completing()
        folder.mkdir()
        agenda, _ = ask(folder, budget, api, count=2, concurrency=2)
        assert agenda.answered == 2 and api.most_at_once == at_once


def test_one_by_one_the_endpoint_s_wish_is_heard_for_a_minute_at_most(tmp_path):
    slow = [RateLimited("slow", 7.0), RateLimited("slow", 500.0), RateLimited("slow", None)]
    agenda, clock = ask(tmp_path, 1, Completing(slow), outage_minutes=60)
    assert agenda.answered == 1 and clock.slept == [7.0, 60, 5.0]


def test_one_by_one_an_outage_is_borne_for_its_minutes(tmp_path):
    api = Completing([RateLimited("slow", wait) for wait in (60.0, 1.0, 1.0)])
    with pytest.raises(Stopped, match="has not answered for 1 minutes"):
        ask(tmp_path, 1, api)
    assert api.calls == 3  # silent for 0, 60 and 61 seconds
