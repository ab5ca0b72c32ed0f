"""A small, seeded part of `make faults KIND=api`, for every day."""

import faults_api
import pytest
from api_scenarios import Scenario, list_scenarios
from killed_runs import Runner

SEED = 7
KILLS = ("after record_try", "after create_batch", "before settle", "after settle", "after replace")
QUICK = (
    "five creates in a row: drop_after",
    "half at files.content",
    "insufficient_quota at create 2",
    "two hours ahead, a create's reply is lost",
    "401 once at files.content",
    "message_null",
)


@pytest.fixture(scope="module")
def bench():
    with faults_api.make_template() as template, Runner() as runner:
        yield faults_api.Bench(template, [runner])


def find(name):
    return next(scenario for scenario in list_scenarios(SEED) if scenario.name.startswith(name))


def test_there_are_three_hundred_injections_of_every_kind_and_the_seed_draws_them():
    scenarios = list_scenarios(SEED)
    assert len(scenarios) >= 300 and len({s.row for s in scenarios}) >= 15
    assert len({(s.row, s.name) for s in scenarios}) == len(scenarios)
    assert scenarios == list_scenarios(SEED) != list_scenarios(SEED + 1)
    assert len(faults_api.choose(scenarios, 100, SEED)) == pytest.approx(100, abs=15)


@pytest.mark.parametrize("step", KILLS)
def test_a_kill_loses_nothing_and_pays_nothing_twice(bench, step):
    share = (len(bench.steps) - 1 - bench.steps[::-1].index(step)) / len(bench.steps)
    verdict = bench.inject(Scenario("kill", step, kills=(share,)))
    assert (verdict.end, verdict.double, verdict.given_up) == ("survived", 0, 0), verdict.told


@pytest.mark.parametrize("name", QUICK)
def test_a_fault_is_survived_or_stops_clearly(bench, name):
    verdict = bench.inject(find(name))
    assert (verdict.end in ("survived", "clear_stop"), verdict.double) == (True, 0), verdict


def test_the_harness_sees_a_wrong_answer_a_missing_row_and_a_second_payment(bench, monkeypatch):
    calm = Scenario("none", "nothing")
    assert bench.inject(calm).end == "survived"
    monkeypatch.setattr(faults_api, "truth", lambda caption: ["zebra"])
    assert "wrong answers are called ok" in bench.inject(calm).told
    monkeypatch.undo()
    monkeypatch.setattr(faults_api.Trial, "read_captions", lambda self: ["A dog."])
    assert "rows are missing" in bench.inject(calm).told
