"""A handful of the kills and faults of `make faults KIND=api`, for every day."""

import faults_api
import pytest
from killed_runs import Runner

KILLS = ("after record_try", "after create_batch", "before settle", "within settle", "after replace")
QUICK = ("connection dropped after two creates", "half of a result", "no money at the second create")


@pytest.fixture(scope="module")
def kit():
    with Runner() as runner:
        steps, expected = faults_api.list_steps(runner)
        yield runner, steps, expected


def test_steps_cover_every_write_and_call(kit):
    _, steps, _ = kit
    assert {
        f"{when} {name}"
        for when in ("before", "after")
        for name in (
            "intend",
            "upload",
            "record_upload",
            "record_try",
            "create_batch",
            "record_batches",
            "retrieve_batch",
            "record_status",
            "download",
            "settle",
            "replace",
        )
    } <= set(steps)


@pytest.mark.parametrize("name", KILLS)
def test_a_kill_loses_nothing_and_pays_nothing_twice(kit, name):
    runner, steps, expected = kit
    tally = faults_api.Tally(expected)
    last = len(steps) - steps[::-1].index(name)
    faults_api.kill_at_step(runner, tally, last, name)
    assert (dict(tally.ends), tally.double_billed) == ({"survived": 1}, 0)


@pytest.mark.parametrize("name", QUICK)
def test_a_server_fault_is_survived_or_stops_clearly(kit, name):
    runner, _, expected = kit
    tally = faults_api.Tally(expected)
    fault = next(fault for fault in faults_api.FAULTS if fault[0] == name)
    faults_api.strike(runner, tally, fault)
    assert (dict(tally.ends), tally.double_billed) == ({"clear_stop" if fault[3] else "survived": 1}, 0)
