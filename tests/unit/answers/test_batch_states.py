"""Every state of a batch under every condition of the endpoint, for ever: each ends in an answer, a
message or a stated time, nothing is paid twice, and without the condition the next run finishes.

The endpoint stands in this process, so that days pass in milliseconds.
"""

import json
import logging
from collections import Counter

import pytest

from paid_answers import PRICES, api_config, make_requests
from unscene.answers import submitting
from unscene.answers.batch_lines import build_answer, canonical_json, read_items, write_lines
from unscene.answers.batches import settling
from unscene.answers.batches.client import (
    AccessDenied,
    NotFound,
    RateLimited,
    Rejected,
    Unanswered,
)
from unscene.answers.batches.preflight import PreflightError
from unscene.answers.batches.replies import Batch, File
from unscene.answers.batches.sending import APP, LIST_BEHIND_S
from unscene.answers.batches.stops import ComeBackLater, Stopped
from unscene.answers.batches.terms import Clock, Terms
from unscene.answers.prices import read_prices

START = 1.7e9
REQUESTS = make_requests(3, size=1)
_PRICES = read_prices(PRICES) | {"max_age_days": 10**6}
# The longest that anything is waited for: a batch whose end nobody knows.
LONGEST_S = settling.NO_END_S + 3 * 3600
WORK_S = 300
ERRORS = {
    "unanswered": lambda: Unanswered("there is no reply from the endpoint"),
    "429": lambda: RateLimited("the endpoint wants to be left alone", 3600.0),
    "400": lambda: Rejected("the endpoint calls this wrong", 400),
    "401": lambda: AccessDenied("the endpoint does not know the key", 401),
    "404": lambda: NotFound("the endpoint knows no such thing", 404, True),
}
CALLS = ("upload", "create_batch", "list_batches", "retrieve_batch", "cancel_batch", "download", "find_file")
# What may become of a batch; `ever` in the server's words.
FATES = (
    "validating",
    "in_progress",
    "finalizing",
    "cancelling",
    "unknown",
    "expired",
    "cancelled",
    "failed",
    "token limit",
    "no file",
    "other file",
    "cut file",
    "empty file",
    "server errors",
    "no end",
)
STATES = (
    "nothing",
    "intended",
    "uploaded",
    "created unseen",
    "maybe created",
    "submitted",
    "cancelled by us",
)


class Time(Clock):
    """A clock whose `now` is wrong by two hours; it gives up when a run waits longer than it says."""

    def __init__(self):
        self.at, self.until = 0.0, LONGEST_S

    def now(self):
        return START + self.at + 7200

    def monotonic(self):
        return self.at

    def sleep(self, seconds):
        assert seconds > 0
        self.at += seconds
        assert self.at < self.until, "a run waits for ever"


class Endpoint:
    """Batches that are answered after five minutes. `broken`: calls that fail, and how. `lost_replies`:
    creates that take effect unheard. `list_lags`: seconds before a batch is listed. `fate`: what becomes
    of batches.
    """

    def __init__(self, clock):
        self.clock, self.broken, self.fate, self.lost_replies = clock, {}, "", 0
        self.list_lags = 0.0
        self.files, self.batches, self.made, self.cancelled = {}, {}, {}, set()

    def server_now(self):
        return START + self.clock.at

    def clean(self, text):
        return text

    def find_model(self, model):
        return True, None

    def _strike(self, call):
        if call in self.broken:
            raise self.broken[call]()

    def upload(self, path):
        self._strike("upload")
        name = f"file-{len(self.files)}"
        self.files[name] = path.read_bytes()
        return name

    def create_batch(self, file_id, metadata):
        self._strike("create_batch")
        if file_id not in self.files:
            raise Rejected("no such file", 400)
        name = f"batch_{len(self.made)}"
        self.made[name] = {"file": file_id, "metadata": metadata, "at": self.server_now(), "fate": self.fate}
        if self.lost_replies:
            self.lost_replies -= 1
            raise Unanswered("the reply was lost")
        return self._show(name)

    def list_batches(self, since=None):
        self._strike("list_batches")
        shown = self.server_now() - self.list_lags
        return iter([self._show(name) for name in reversed(self.made) if self.made[name]["at"] <= shown])

    def retrieve_batch(self, name):
        self._strike("retrieve_batch")
        if name not in self.made:
            raise NotFound("no such batch", 404, True)
        return self._show(name)

    def cancel_batch(self, name):
        self._strike("cancel_batch")
        self.cancelled.add(name)

    def find_file(self, name):
        self._strike("find_file")
        if name not in self.files:
            raise NotFound("no such file", 404, True)
        return File(id=name, bytes=len(self.files[name]))

    def download(self, name, path):
        self._strike("download")
        path.parent.mkdir(parents=True, exist_ok=True)
        data = self.files[name]
        batch = next(batch for batch in self.made.values() if batch.get("output") == name)
        if batch["fate"] == "other file":
            data = data.replace(b'"custom_id":"w-', b'"custom_id":"w-ff')
        elif batch["fate"] == "cut file":
            data = data[: len(data) // 2]
        elif batch["fate"] == "empty file":
            data = b""
        path.write_bytes(data)

    def lift(self):
        """End the condition: also for batches that live under it."""
        self.broken, self.fate, self.list_lags = {}, "", 0.0
        for batch in self.made.values():
            if batch["fate"] not in ("expired", "cancelled", "failed", "token limit", "server errors"):
                batch["fate"] = ""

    def count_paid(self):
        """Return how often each request was worked on."""
        return Counter(name for batch in self.made.values() for name in batch.get("done", ()))

    def _show(self, name):
        batch = self.made[name]
        fate, status, more = batch["fate"], "in_progress", {}
        if batch["metadata"]["app"] != APP:  # it asks nothing
            batch["fate"] = fate = "failed"
        if self.server_now() - batch["at"] >= WORK_S or name in self.cancelled:
            status = "completed"
            if fate in ("expired", "cancelled", "failed"):
                status = fate
            elif fate == "token limit":
                status, more = "failed", {"errors": {"data": [{"code": "token_limit_exceeded"}]}}
        if fate in ("validating", "in_progress", "finalizing", "cancelling", "unknown", "no end"):
            status = "in_progress" if fate == "no end" else fate
        elif fate == "token limit" and status == "in_progress":
            status = "validating"
        if status == "completed":
            self._work(batch)
            if fate != "no file":
                more = {"output_file_id": batch["output"]}
            more["request_counts"] = {"total": 3, "completed": len(batch["done"]), "failed": 0}
        elif status in ("expired", "cancelled"):
            more = {"request_counts": {"total": 3, "completed": 0, "failed": 0}}
        ends = None if fate == "no end" else batch["at"] + 86400
        return Batch.model_validate(
            {
                "id": name,
                "status": status,
                "created_at": batch["at"],
                "expires_at": ends,
                "input_file_id": batch["file"],
                "metadata": batch["metadata"],
                **more,
            }
        )

    def _work(self, batch):
        if "output" in batch:
            return
        lines, done = [], []
        for text in self.files[batch["file"]].splitlines():
            request = json.loads(text)
            line = build_answer(request, "gpt-4o", [{"w": []}] * len(read_items(request)))
            line["response"]["body"]["usage"] = {"prompt_tokens": 10, "completion_tokens": 5}
            if batch["fate"] == "server errors":
                line["response"] = {"status_code": 500, "body": {}}
            else:
                done.append(request["custom_id"])
            lines.append(canonical_json(line))
        batch["output"], batch["done"] = f"out-{batch['file']}-{len(self.files)}", done
        self.files[batch["output"]] = "\n".join(lines).encode()


class Desk:
    def __init__(self, folder, monkeypatch):
        self.folder, self.clock = folder, Time()
        self.endpoint = Endpoint(self.clock)
        monkeypatch.setattr(submitting, "ApiClient", lambda url, monotonic: self.endpoint)
        self.requests = REQUESTS
        write_lines(self.requests, folder / "requests.jsonl")

    def run(self, wait=True, **changes):
        """Run once; return how it ended."""
        api = api_config("https://gpu7/v1", wait=wait, poll_seconds=1800, **changes)
        terms = Terms("keywords", api, _PRICES, self.clock)
        start = self.clock.at
        self.clock.until = start + LONGEST_S
        try:
            submitting.send_requests(
                [self.folder / "requests.jsonl"], self.folder / "s.json", terms, None, self.folder / "state"
            )
        except (Stopped, ComeBackLater, PreflightError) as end:
            assert len(str(end)) > 40, "a message with the way out"
            return type(end).__name__
        finally:
            self.passed = self.clock.at - start
        return "done"

    def reach(self, state):
        """Bring the ledger into a state, as a process that died there leaves it."""
        endpoint = self.endpoint
        if state == "nothing":
            return
        if state in ("submitted", "cancelled by us"):
            assert self.run(wait=False) == "ComeBackLater"
            if state == "cancelled by us":
                from unscene.answers.batches.ledger import Ledger

                ledger = Ledger(self.folder / "state/api/gpu7")
                ledger.record_cancel(1, endpoint.server_now())
                ledger.close()
            return

        class Killed(BaseException):
            pass

        def die(*arguments):
            raise Killed

        call = {"intended": "upload", "uploaded": "record_try"}.get(state, "create_batch")
        owner = endpoint
        if call == "record_try":
            from unscene.answers.batches.ledger import Ledger as owner
        kept = getattr(owner, call)

        def create_and_die(*arguments):
            kept(*arguments)
            raise Killed

        setattr(owner, call, create_and_die if state == "created unseen" else die)
        try:
            with pytest.raises(Killed):
                self.run()
        finally:
            setattr(owner, call, kept)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    logging.getLogger("unscene").propagate = False
    return Desk(tmp_path, monkeypatch)


def finish(desk):
    """Without the condition all comes to an end, once."""
    desk.endpoint.lift()
    ends = []
    while len(ends) < 4 and "done" not in ends:
        ends.append(desk.run())
    assert ends[-1] == "done", ends
    paid = desk.endpoint.count_paid()
    assert set(paid) == {request["custom_id"] for request in desk.requests}
    return paid


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", STATES)
def test_a_call_that_fails_for_ever_ends_and_costs_nothing(desk, state, call, error):
    desk.reach(state)
    desk.endpoint.broken = {call: ERRORS[error]}
    if error == "429":
        desk.run(wait=False)
        assert desk.passed <= 3 * 3600, "a run that does not wait stays until it has sent, and no longer"
    desk.run()
    paid = finish(desk)
    assert set(paid.values()) == {1}, "nothing is paid twice"


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("state", STATES)
def test_a_batch_that_comes_to_nothing_ends_and_costs_nothing(desk, state, fate):
    desk.endpoint.fate = fate
    desk.reach(state)
    desk.run()
    paid = finish(desk)
    assert set(paid.values()) == {1}, "nothing is paid twice"


@pytest.mark.parametrize("lost", [1, 2, 5, 6])
def test_creates_whose_replies_are_lost_are_found(desk, lost):
    desk.endpoint.lost_replies = lost
    assert desk.run() == "done"
    assert len(desk.endpoint.made) == 1


def test_creates_that_break_five_times_stop(desk):
    desk.endpoint.broken = {"create_batch": ERRORS["unanswered"]}
    assert desk.run() == "Stopped" and desk.passed <= 2 * 3600
    assert set(finish(desk).values()) == {1}


@pytest.mark.parametrize("hours", [0.2, 1.5, 2.5, 5, 99])
def test_a_list_that_lags_pays_nothing_twice(desk, hours):
    """However late a batch shows whose creation was not heard of, no second one is created."""
    desk.endpoint.lost_replies, desk.endpoint.list_lags = 1, hours * 3600
    end = desk.run()
    assert end == ("done" if hours < 3 else "Stopped") and desk.passed <= LIST_BEHIND_S + 3600
    assert set(finish(desk).values()) == {1}


@pytest.mark.parametrize("state", ["created unseen", "submitted"])
def test_a_key_of_another_project_pays_nothing_twice(desk, state):
    """It sees neither the batch nor its file, and what it creates itself shows at once."""
    desk.reach(state)
    endpoint = desk.endpoint
    own, (endpoint.files, endpoint.made) = (endpoint.files, endpoint.made), ({"of another": b""}, {})
    assert [desk.run(), desk.run()] == ["Stopped", "Stopped"]
    assert not endpoint.count_paid()
    endpoint.files, endpoint.made = own
    assert set(finish(desk).values()) == {1}


def test_a_list_that_is_up_to_date_is_believed(desk):
    """The creation was lost on its way, so no batch shows: it is created again within the half hour."""
    desk.reach("maybe created")
    assert desk.run() == "done" and desk.passed <= 1800 + 2 * 1800
    apps = [batch["metadata"]["app"] for batch in desk.endpoint.made.values()]
    assert apps.count(APP) == 1 and len(apps) == 2


def test_where_the_list_cannot_be_tried_it_is_believed_after_an_hour(desk):
    desk.reach("maybe created")
    create, refuse = desk.endpoint.create_batch, ERRORS["400"]

    def create_own(file_id, metadata):
        if metadata["app"] != APP:
            raise refuse()
        assert desk.clock.at >= 3600
        return create(file_id, metadata)

    desk.endpoint.create_batch = create_own
    assert desk.run() == "done" and set(finish(desk).values()) == {1}


@pytest.mark.parametrize("lag", [0.0, 1e9])
def test_the_longer_it_is_looked_for_the_more_it_may_cost(desk, lag, monkeypatch):
    """Five dollars: an hour. With `api.pay_again` a list that stays behind is no reason to stop."""
    from unscene.answers.batches.ledger import Ledger

    kept = Ledger.find_batch

    def find_dear(self, number):
        row = dict(kept(self, number))
        return row | {"worst_usd": 5.0} if row["state"] == "uploaded" else row

    desk.reach("maybe created")
    monkeypatch.setattr(Ledger, "find_batch", find_dear)
    desk.endpoint.list_lags = lag
    assert desk.run(pay_again=True) == "done"
    (own,) = (batch for batch in desk.endpoint.made.values() if batch["metadata"]["app"] == APP)
    assert own["at"] - START >= (LIST_BEHIND_S if lag else 3600)
