"""Ledgers of parts, joined: every answer once, every dollar once, whatever is joined again."""

from types import SimpleNamespace

import pytest

from unscene.answers.batches.joining import join_ledgers
from unscene.answers.batches.ledger import Intent, Ledger, LedgerError

HOST = "api/api.openai.com"


def open_ledger(state) -> Ledger:
    return Ledger(state / HOST)


def make_batch(name: str, status: str = "completed"):
    counts = SimpleNamespace(completed=2, failed=0, total=2)
    return SimpleNamespace(
        id=name,
        status=status,
        created_at=1.0,
        expires_at=9.0,
        request_counts=counts,
        usage=None,
        input_file_id="f",
    )


def send(ledger: Ledger, name: str, requests: list[str], now: float = 5.0) -> int:
    members = [(request, 1, 0.5) for request in requests]
    number = ledger.intend(Intent("keywords", "all", "gpt-4o", members, 10, 10, 0.5 * len(members)), now)
    ledger.record_batches(number, [make_batch(name, "in_progress")], now)
    return number


def settle(ledger: Ledger, number: int, name: str, requests: list[str]) -> None:
    answers = [(request, "ok", 10, 5, 0.25, f'{{"id": "{request}"}}') for request in requests]
    ledger.settle(number, make_batch(name), answers)


@pytest.fixture
def states(tmp_path):
    """Return the folders `state` of two parts: each has a batch, and one an answer without a batch."""
    for part in ("one", "two"):
        ledger = open_ledger(tmp_path / part)
        requests = [f"{part}-a", f"{part}-b"]
        settle(ledger, send(ledger, f"batch_{part}", requests), f"batch_{part}", requests)
        if part == "two":
            ledger.add_answer("captions", ("two-c", "ok", 1, 1, 0.125, "line"))
        ledger.close()
    return [tmp_path / "one", tmp_path / "two"]


def read(state) -> tuple[float, dict, int]:
    ledger = open_ledger(state)
    try:
        return ledger.sum_usd(), ledger.list_outcomes(), len(ledger.list_batches())
    finally:
        ledger.close()


def test_every_answer_and_every_dollar_is_there_once(states, tmp_path):
    whole = tmp_path / "whole"
    assert join_ledgers(states, whole) == 5
    usd, outcomes, batches = read(whole)
    assert usd == pytest.approx(4 * 0.25 + 0.125) and batches == 2
    assert outcomes == {name: ["ok"] for name in ("one-a", "one-b", "two-a", "two-b", "two-c")}
    assert open_ledger(whole).find_answer("two-b") == '{"id": "two-b"}'
    assert join_ledgers(states, whole) == 0 and read(whole) == (usd, outcomes, batches)


def test_what_was_under_way_is_taken_as_it_ended(states, tmp_path):
    part, whole = tmp_path / "three", tmp_path / "whole"
    ledger = open_ledger(part)
    number = send(ledger, "batch_three", ["three-a"])
    join_ledgers([*states, part], whole)
    assert open_ledger(whole).list_under_way() == {"three-a"}
    settle(ledger, number, "batch_three", ["three-a"])
    assert join_ledgers([part], whole) == 1
    assert open_ledger(whole).list_under_way() == set() and read(whole)[2] == 3
    # The part's older copy takes nothing back.
    assert join_ledgers(states, whole) == 0 and read(whole)[0] == pytest.approx(5 * 0.25 + 0.125)


def test_the_parts_are_only_read_and_a_ledger_is_not_joined_with_itself(states, tmp_path):
    before = {path: path.read_bytes() for state in states for path in state.rglob("*.sqlite")}
    join_ledgers([*states, tmp_path / "whole"], tmp_path / "whole")
    assert {path: path.read_bytes() for path in before} == before


def test_a_damaged_ledger_stops_the_join(states, tmp_path):
    path = states[1] / HOST / "ledger.sqlite"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="two/api.*damaged"):
        join_ledgers(states, tmp_path / "whole")


def test_a_run_that_moves_keeps_its_name_at_the_endpoint(states, tmp_path):
    (before, there) = (open_ledger(states[0]), open_ledger(tmp_path / "known"))
    name, known = before.run, there.run
    before.close()
    there.close()
    join_ledgers([states[0]], tmp_path / "moved", moves=True)
    join_ledgers([states[0]], tmp_path / "merged")
    join_ledgers([states[0]], tmp_path / "known", moves=True)
    moved, merged = open_ledger(tmp_path / "moved"), open_ledger(tmp_path / "merged")
    assert (moved.run, moved.sum_usd()) == (name, 0.5)
    assert merged.run != name and open_ledger(tmp_path / "known").run == known
    assert read(tmp_path / "known")[0] == read(tmp_path / "merged")[0] == 0.5
