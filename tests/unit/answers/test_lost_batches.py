"""Batches whose making or end was never told: adopted, cancelled, or booked by hand."""

from pathlib import Path

import pytest

from paid_answers import PRICES, SharedClock, make_requests
from unscene.answers.batch_lines import canonical_json
from unscene.answers.batches.client import ApiClient
from unscene.answers.batches.command import main as batches_main
from unscene.answers.batches.driver import ComeBackLater, Stopped
from unscene.answers.batches.ledger import Intent


def read_default(overlays):
    return {"plan": {"prices": str(PRICES)}}


def write_upload(desk, requests) -> Path:
    path = desk.folder / "upload.jsonl"
    path.write_text("".join(canonical_json(request) + "\n" for request in requests))
    return path


def test_a_batch_that_is_gone_is_booked_by_hand(desk, server, capsys):
    requests = make_requests(4)
    with pytest.raises(ComeBackLater):
        desk.submit(requests, wait=False)
    (row,) = desk.ledger().list_batches()
    forget = ["--directory", str(desk.folder), "forget", row["batch_id"]]
    batches_main(forget, read_default)
    with pytest.raises(SystemExit, match="no batch"):
        batches_main(forget, read_default)
    assert desk.ledger().sum_usd() == pytest.approx(row["worst_usd"])
    batches_main(["--directory", str(desk.folder), "list"])
    assert "forgotten by hand" in capsys.readouterr().out


def test_a_create_that_tells_of_the_batch_of_others_is_looked_for(desk, server):
    server.plant_fault("batches.create", "other_object", times=1)
    summary = desk.submit(make_requests(4))
    bill = server.bill()
    assert summary["ends"]["done"] == 4 and bill["charges"] == 4 and bill["bodies_paid_twice"] == 0
    assert summary["usd"] == pytest.approx(bill["usd"])


@pytest.mark.parametrize("seconds", [20, 300, 900, 3000])
def test_an_upload_that_is_not_known_at_once_is_waited_for(desk, server, caplog, seconds):
    server.set(file_ready_s=seconds)
    assert desk.submit(make_requests(4))["ends"]["done"] == 4
    assert server.bill()["charges"] == 4
    # Late ones also have the list tested by a batch that asks nothing.
    assert server.calls()["calls"].count("files.create") == (1 if seconds < 600 else 2)
    assert caplog.text.count("does not know the upload") == 1, "said once, however long it takes"


def test_an_upload_that_is_never_known_stops(desk, server):
    server.set(file_ready_s=1e9)
    with pytest.raises(Stopped, match="No such File"):
        desk.submit(make_requests(4))
    assert 3600 <= desk.clock.slept <= 3900  # api.outage_minutes


def test_a_copy_that_a_gateway_made_is_booked(desk, server):
    """The call was sent on twice, and one reply came: no one but the list knows of the other batch."""
    server.plant_fault("batches.create", "acts_twice")
    summary = desk.submit(make_requests(4))
    bill = server.bill()
    assert summary["ends"]["done"] == 4 and bill["charges"] == 8 and not bill["open_batches"]
    assert summary["usd"] == pytest.approx(bill["usd"])


def test_a_batch_that_shows_late_is_cancelled_and_booked(desk, server, monkeypatch):
    """The reply to a create is lost, and the list has a hole where its batch is, though it shows later
    ones: a second one is made. The first ends unused, but not unpaid.
    """
    shown, list_batches = [], ApiClient.list_batches

    def list_some(self, since=None):
        return (batch for batch in list_batches(self, since) if shown or batch.metadata["app"] != "unscene")

    monkeypatch.setattr(ApiClient, "list_batches", list_some)
    retrieve = ApiClient.retrieve_batch
    monkeypatch.setattr(
        ApiClient, "retrieve_batch", lambda self, name: shown.append(name) or retrieve(self, name)
    )
    server.plant_fault("batches.create", "drop_after")
    started = desk.clock.now()
    summary = desk.submit(make_requests(6))
    assert desk.clock.now() - started > 600, "it waits and looks again before it creates a second time"
    assert summary["ends"]["done"] == 6 and len(summary["batches"]) == 2
    copy = next(batch for batch in summary["batches"] if batch["duplicate_of"])
    assert copy["status"] in ("cancelled", "completed")
    assert (
        summary["usd"] == pytest.approx(server.bill()["usd"], abs=1e-6) and not server.bill()["open_batches"]
    )


def test_the_oldest_of_several_batches_is_adopted(desk, server):
    """A run died after two creates: one batch is taken over, the other cancelled and booked."""
    requests = make_requests(4)
    server.plant_fault("batches.create", "status", times=99, status=401)
    with pytest.raises(Stopped, match="the endpoint refuses"):
        desk.submit(requests)
    server.clear_faults()
    ledger = desk.ledger()
    members = [(request["custom_id"], 4, 0.025) for request in requests]
    number = ledger.intend(Intent("keywords", "s" * 32, "gpt-4o", members, 9, 9, 0.1), desk.clock.now())
    path = write_upload(desk, requests)
    ledger.record_upload(number, desk.api().upload(path))
    ledger.record_try(number, desk.clock.now())
    metadata = {"app": "unscene", "run": ledger.run, "shard": "s" * 32, "intent": str(number)}
    for _ in range(2):
        desk.api().create_batch(ledger.find_batch(number)["file_id"], metadata)
        server.advance(1)
    ledger.close()
    summary = desk.submit(requests)
    assert summary["ends"]["done"] == 4
    first, copy = summary["batches"]
    assert (
        first["created_at"] < copy["created_at"] and copy["duplicate_of"] and first["status"] == "completed"
    )
    assert summary["usd"] == pytest.approx(server.bill()["usd"], abs=1e-6)


@pytest.mark.parametrize("drift", [7200, 86400, -86400])
def test_no_clock_but_the_endpoint_s_decides(desk, server, drift, monkeypatch):
    """This machine's clock is hours or days wrong, and the reply to a create is lost."""
    now = SharedClock.now
    monkeypatch.setattr(SharedClock, "now", lambda clock: now(clock) + drift)
    server.plant_fault("batches.create", "drop_after")
    summary = desk.submit(make_requests(6))
    assert summary["ends"]["done"] == 6 and len(summary["batches"]) == 1
    assert server.bill()["charges"] == 6 and desk.clock.slept < 3600
