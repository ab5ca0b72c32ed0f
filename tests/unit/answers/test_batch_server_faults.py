"""Each fault of the local Batch server can be planted, changes what it says, and nothing when it is over."""

import json
import re

import httpx2
import pytest

from batch_server.bad_calls import CALLS, HEADERS_ONLY
from batch_server.bad_files import FILES
from batch_server.bad_lines import LINES
from batch_server.bad_replies import LISTS, REPLIES
from batch_server.catalogue import CATALOGUE, write_list
from batch_server.fates import FATES
from batch_server.running import ControlError
from plain_requests import make_request

KEY = {"Authorization": "Bearer unscene-local-server"}
CREATE = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}
DAY = 24 * 3600


class Caller:
    """Plain HTTP: what is on the wire, without a client that understands it."""

    def __init__(self, control):
        self.control = control
        self.http = httpx2.Client(base_url=control.url, headers=KEY, timeout=10, verify=False)

    def upload(self, count=4):
        lines = [json.dumps(make_request([f"A dog {n}.", "Two cats."])) for n in range(count)]
        files = {"file": ("in.jsonl", "\n".join(lines).encode())}
        return self.http.post("/files", data={"purpose": "batch"}, files=files)

    def create(self, count=4):
        return self.http.post(
            "/batches",
            json={"input_file_id": self.upload(count).json()["id"], "metadata": {"a": "b"}, **CREATE},
        )

    def finish(self, count=4, seconds=3600):
        """Return the object of a batch that had time."""
        batch_id = self.create(count).json()["id"]
        self.control.advance(seconds)
        return self.http.get(f"/batches/{batch_id}").json()

    def content(self, file_id):
        return self.http.get(f"/files/{file_id}/content")


@pytest.fixture
def caller(batch_server):
    caller = Caller(batch_server)
    with caller.http:
        yield caller


@pytest.mark.parametrize("content", ['{"r":[{"i":1,"w":["do', None, ""])
def test_an_answer_that_is_cut_or_refused_is_poisoned_like_others(content):
    message = {"role": "assistant", "content": content, "refusal": None}
    body = {"model": "gpt-4o", "choices": [{"message": message}], "usage": {"prompt_tokens": 1}}
    line = {"id": "b", "custom_id": "w-1", "response": {"status_code": 200, "body": body}, "error": None}
    for kind in CATALOGUE["line"].values():
        assert isinstance(kind.act(line), str)


def test_the_list_of_faults_is_in_the_readme(checkout):
    text = (checkout / "tests/batch_server/README.md").read_text()
    assert write_list().strip() in text, "run: python tests/batch_server --faults"
    names = [name for kinds in CATALOGUE.values() for name in kinds]
    assert len(names) == len(set(names)) and all(
        kind.about for kinds in CATALOGUE.values() for kind in kinds.values()
    )


@pytest.mark.parametrize("kind", sorted(set(CALLS) - {"kill_before", "kill_after", "kill_half"}))
def test_a_fault_of_a_call_is_on_the_wire_once(caller, kind):
    batch = caller.finish()

    def look():
        try:
            reply = caller.content(batch["output_file_id"])
        except httpx2.HTTPError as error:
            return type(error)
        headers = {name: reply.headers.get(name) for name in ("date", "content-encoding")}
        return reply.status_code, reply.content, headers

    right = look()
    caller.control.plant_fault("files.content", kind, status=418, seconds=0.01 if kind == "slow" else 7200)
    assert (look() == right) == (kind in ("slow", "stale", "acts_twice"))
    assert look() == right and caller.control.calls()["struck"] == 1


@pytest.mark.parametrize("kind", sorted(FILES))
def test_a_spoilt_download_is_right_the_next_time(caller, kind):
    batch = caller.finish(6)
    right = caller.content(batch["output_file_id"]).content
    caller.control.plant(kind, nth=2)
    assert caller.content(batch["output_file_id"]).content == right
    assert caller.content(batch["output_file_id"]).content != right
    assert caller.content(batch["output_file_id"]).content == right


@pytest.mark.parametrize("kind", sorted(REPLIES))
def test_a_spoilt_object_is_right_the_next_time(caller, kind):
    if "batches.retrieve" not in REPLIES[kind].routes:
        caller.control.plant(kind)
        first, second = caller.upload().json(), caller.upload().json()
        assert (
            set(second) == set(first) | set(second)
            and first["status"] != second["status"]
            or first["bytes"] is None
        )
        return
    if kind.startswith("errors_"):
        caller.control.plant("fails")
    batch_id = caller.create().json()["id"]
    caller.control.advance(1 if kind in ("file_ids_early", "file_ids_empty") else 3600)
    right = caller.http.get(f"/batches/{batch_id}").json()
    caller.control.plant(kind)
    assert caller.http.get(f"/batches/{batch_id}").json() != right
    assert caller.http.get(f"/batches/{batch_id}").json() == right


@pytest.mark.parametrize("kind", sorted(LISTS))
def test_a_spoilt_list_is_right_the_next_time(caller, kind):
    ids = [caller.create(1).json()["id"] for _ in range(4)]
    query = {"limit": 2, "after": ids[-1]} if kind in ("cursor_ignored", "more_never") else {"limit": 4}
    if kind == "list_lags":
        caller.control.advance(200)
        caller.create(1)
    right = caller.http.get("/batches", params=query).json()
    caller.control.plant(kind, seed=1)
    assert caller.http.get("/batches", params=query).json() != right
    assert caller.http.get("/batches", params=query).json() == right


@pytest.mark.parametrize("kind", sorted(LINES))
def test_a_poison_line_strikes_one_line_for_good(caller, kind):
    caller.control.plant(kind, nth=2)
    batch = caller.finish(5)
    first = caller.content(batch["output_file_id"]).content
    assert first == caller.content(batch["output_file_id"]).content
    lines = [line for line in first.split(b"\n") if line.strip()]
    fine = sum(is_fine(line) for line in lines)
    assert fine >= 4 and (fine < len(lines) or LINES[kind].spoils is False or kind == "line_missing")
    bill = caller.control.bill()
    assert bill["lost"] == ({kind: 1} if LINES[kind].spoils else {}) and bill["charges"] == 5


def is_fine(line):
    try:
        value = json.loads(line, parse_constant=int)  # which no constant is
        body = value["response"]["body"]
        choice = body["choices"][0]
        rows = json.loads(choice["message"]["content"])["r"]
        return (
            value["response"]["status_code"] == 200
            and value["custom_id"].startswith("q-")
            and (choice["finish_reason"], choice["message"]["refusal"]) == ("stop", None)
            and [row["w"] for row in rows] == [["dog"], ["cat"]]
            and isinstance(body["usage"]["prompt_tokens"], int)
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False


@pytest.mark.parametrize(
    ("kind", "details", "status"),
    [
        ("stuck_validating", {}, "validating"),
        ("stuck_in_progress", {}, "in_progress"),
        ("stuck_finalizing", {}, "finalizing"),
        ("stuck_validating", {"seconds": 3600}, "completed"),
        ("stuck_in_progress", {"seconds": 3600}, "completed"),
        ("expires", {}, "expired"),
        ("expires_early", {"seconds": 60}, "expired"),
        ("fails", {"code": "billing_hard_limit_reached"}, "failed"),
        ("fails_silently", {}, "failed"),
        ("cancelled_by_provider", {}, "cancelled"),
        ("lines_fail", {"part": 1.0, "code": "request_timeout"}, "completed"),
    ],
)
def test_fates(caller, kind, details, status):
    caller.control.plant(kind, **details)
    batch = caller.finish(4, seconds=3 * DAY)
    assert batch["status"] == status
    assert bool(batch["errors"]) == (kind == "fails")
    if kind in ("expires", "expires_early", "cancelled_by_provider"):
        assert batch["request_counts"]["completed"] == 2 == caller.control.bill()["charges"]
    assert caller.finish()["status"] == "completed", "the next one is well"


def test_stuck_cancelling_and_lifted_faults(caller):
    for kind in ("stuck_cancelling", "stuck_in_progress"):
        caller.control.plant(kind)
    batch_id = caller.create().json()["id"]
    caller.control.clear_faults()
    caller.control.advance(3600)
    assert caller.http.get(f"/batches/{batch_id}").json()["status"] == "completed"
    caller.control.plant("stuck_cancelling")
    batch_id = caller.create().json()["id"]
    caller.http.post(f"/batches/{batch_id}/cancel")
    caller.control.advance(3600)
    assert caller.http.get(f"/batches/{batch_id}").json()["status"] == "cancelling"
    assert set(FATES) >= {"stuck_cancelling", "stuck_finalizing"}


def test_when_a_fault_strikes(caller):
    def statuses(count):
        return [caller.http.get("/batches").status_code for _ in range(count)]

    caller.control.plant_fault("batches.list", "status", nth=2, times=2, status=503)
    assert statuses(4) == [200, 503, 503, 200]
    caller.control.clear_faults()
    caller.control.plant_fault("batches.list", "status", for_s=60, status=401)
    assert statuses(1) == [401]
    caller.control.advance(59)
    assert statuses(1) == [401]
    caller.control.advance(2)
    assert statuses(1) == [200]
    caller.control.clear_faults()
    caller.control.plant_fault("batches.list", "status", times=None, share=0.5, seed=3)
    found = statuses(40)
    assert 8 <= found.count(500) <= 32
    log = caller.control.calls()["faults"]
    assert log[-1]["seed"] == 3 and {entry["kind"] for entry in log} == {"status"}
    first, second = caller.create().json()["id"], caller.create().json()["id"]
    caller.control.plant_fault("batches.retrieve", "status", batch=2, times=None, status=404)
    assert caller.http.get(f"/batches/{first}").status_code == 200
    assert caller.http.get(f"/batches/{second}").status_code == 404
    for values, match in (
        ({"kind": "nonsense"}, "no fault"),
        ({"kind": "status", "route": "batches.make"}, "route is one of"),
        ({"kind": "utf_16", "nonsense": 1}, "unknown fields"),
    ):
        with pytest.raises(ControlError, match=match):
            caller.control.plant_fault(values.pop("route", None), values.pop("kind"), **values)


def test_retry_after_in_all_its_forms(caller):
    forms = {"7": "7", "-5": "-5", "soon": "soon", "99999999": "99999999"}
    for asked, said in forms.items():
        caller.control.plant_fault("batches.list", "status", status=429, retry_after=asked)
        assert caller.http.get("/batches").headers["retry-after"] == said
    caller.control.plant_fault(
        "batches.list", "status", status=429, retry_after="date:30", retry_after_ms="1500"
    )
    headers = caller.http.get("/batches").headers
    assert headers["retry-after"].endswith("GMT") and headers["retry-after-ms"] == "1500"
    caller.control.set(per_minute={"batches.list": 2})
    found = [caller.http.get("/batches") for _ in range(3)]
    assert [reply.status_code for reply in found] == [200, 200, 429] and found[2].headers[
        "retry-after"
    ] == "60"
    caller.control.advance(61)
    assert caller.http.get("/batches").status_code == 200


def test_the_clock_is_the_servers_own(caller):
    caller.control.set(clock_offset_s=7200.0)
    ahead = caller.create().json()["created_at"]
    caller.control.set(clock_offset_s=-3600.0)
    behind = caller.finish(seconds=100)
    assert ahead - behind["created_at"] == pytest.approx(3 * 3600, abs=2)
    assert behind["status"] == "completed", "what happens is due by what passes, not by what is read"
    caller.control.set(clock_rate=2.0)
    start = caller.control.advance(0)
    assert caller.control.advance(50) - start == 100


def test_what_was_paid_delivered_and_lost(caller):
    batch = caller.finish(4)
    assert caller.control.bill()["undelivered"] == 4
    caller.control.plant_fault("files.content", "half")
    with pytest.raises(httpx2.HTTPError):
        caller.content(batch["output_file_id"])
    caller.control.plant("truncated")
    caller.content(batch["output_file_id"])
    assert caller.control.bill()["undelivered"] == 4
    caller.content(batch["output_file_id"])
    assert caller.control.bill()["undelivered"] == 0
    caller.finish(4)
    bill = caller.control.bill()
    assert (bill["double_billed"], bill["bodies_paid_twice"], bill["lost"]) == (4, 4, {})


def test_an_answer_at_once_whose_reply_is_lost_is_billed_and_lost(caller):
    body = make_request(["A dog."])["body"]
    caller.control.plant_fault("chat.completions", "drop_after")
    with pytest.raises(httpx2.HTTPError):
        caller.http.post("/chat/completions", json=body)
    assert caller.http.post("/chat/completions", json=body).status_code == 200
    bill = caller.control.bill()
    assert (bill["charges"], bill["lost"], bill["double_billed"]) == (2, {"drop_after": 1}, 0)
    caller.http.post("/chat/completions", json=body)
    assert caller.control.bill()["double_billed"] == 1


def test_a_file_that_is_gone_for_good_is_the_providers_loss(caller):
    batch = caller.finish(3)
    caller.control.plant_fault("files.content", "status", status=404, times=None, loses=True)
    assert caller.content(batch["output_file_id"]).status_code == 404
    assert caller.control.bill()["lost"] == {"status": 3}


def test_profiles_of_other_servers(caller):
    caller.control.set(refused_fields=["store"], capital_statuses=True, flagged_texts=["gun"])
    body = make_request(["A dog."])["body"]
    assert caller.http.post("/chat/completions", json=body).status_code == 200
    refused = caller.http.post("/chat/completions", json={**body, "store": False})
    assert refused.status_code == 400 and refused.json()["error"]["param"] == "store"
    flagged = caller.http.post("/chat/completions", json=make_request(["A gun."])["body"])
    assert flagged.status_code == 400 and flagged.json()["error"]["code"] == "invalid_prompt"
    assert caller.finish()["status"] == "Completed"
    caller.control.set(withdrawn_models=["gpt-4o"], window_s=None)
    assert caller.http.get("/models/gpt-4o").status_code == 404
    assert caller.create().json()["expires_at"] is None
    caller.control.set(base_path="/openai/v1")
    assert caller.http.get("/models").status_code == 404
    root = caller.control.root
    assert caller.http.get(f"{root}/openai/v1/models", headers={"api-key": "unscene-local-server"}).is_success
    assert re.match("req_", caller.http.get(f"{root}/openai/v1/batches").headers["x-request-id"])


def test_another_runs_queue_fills_the_limit(caller):
    caller.control.set(enqueued_tokens=5000, foreign_tokens=5000)
    assert caller.finish()["errors"]["data"][0]["code"] == "token_limit_exceeded"
    caller.control.set(foreign_tokens=0)
    assert caller.finish()["status"] == "completed"
    assert HEADERS_ONLY
