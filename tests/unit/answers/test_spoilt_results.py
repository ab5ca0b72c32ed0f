"""Files of results that are late, cut or something else: never booked, and fetched again."""

import re

import pytest

from paid_answers import judge_items, make_requests
from unscene.answers.answering import collect_answers
from unscene.answers.batches.driver import Stopped


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        ("login_page", 3),
        ("empty_file", 2),
        ("other_file", 1),
        ("truncated", 3),
        ("nul_bytes", 2),
        ("utf_16", 1),
        ("lines_torn", 2),
        ("lines_of_a_stream", 2),
    ],
)
def test_what_is_no_result_is_fetched_again_and_never_booked(desk, server, fault, times):
    requests = make_requests(6)
    desk.submit(make_requests(2, first=30))  # its file is what `other_file` gives
    server.plant_fault("files.content", fault, times=times)
    summary = desk.submit(requests)
    assert summary["ends"]["done"] == 6 and server.bill()["charges"] == 8
    assert not list((desk.ledger_folder / "downloads").glob("*"))


def test_a_file_that_is_named_and_not_there_keeps_no_answer_back(desk, server):
    server.plant_fault("batches.retrieve", "error_file_absent", times=None)
    assert desk.submit(make_requests(4))["ends"]["done"] == 4 and server.bill()["charges"] == 4


def test_results_that_never_come_stop_and_are_kept_for_the_next_run(desk, server):
    requests = make_requests(4)
    server.plant("output_late", times=None)
    with pytest.raises(
        Stopped, match=r"names no result file, though 4 requests are done, for 60 minutes.*forget"
    ):
        desk.submit(requests)
    server.clear_faults()
    assert desk.submit(requests)["ends"]["done"] == 4 and server.bill()["charges"] == 4


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize(
    "kind", ["response_null", "response_absent", "error_empty", "line_null", "line_html", "custom_id_list"]
)
def test_a_line_that_says_nothing_is_a_row_after_the_deadline(desk, server, kind, size):
    """It is all there is: the same at each look for an hour, and as long as the endpoint says. A single
    caption ends so; of two each is asked by itself.
    """
    server.plant(kind)
    started = desk.clock.now()
    requests = make_requests(1, size=size)
    summary = desk.submit(requests)
    assert desk.clock.now() - started > 3600
    assert summary["ends"] == {"refused": 0} | ({"done": 0, "mismatch": 1} if size == 1 else {"done": 2})
    bill = server.bill()
    assert bill["charges"] == (1 if size == 1 else 3) and summary["usd"] >= bill["usd"] - 1e-6
    lines = {line["custom_id"]: line for line in collect_answers(iter(requests), [], desk.ledger_folder)}
    if size == 1:
        (verdict,) = judge_items(requests, lines).values()
        assert verdict.status == "failed" and re.search(
            "neither an answer|no JSON|no request", verdict.reason
        )


@pytest.mark.parametrize("kind", ["custom_id_list", "custom_id_absent", "line_html", "line_null"])
def test_lines_that_do_not_tell_whose_they_are_are_asked_anew_after_the_deadline(desk, server, kind):
    """Two of three: with as many lines as requests there is nothing more to come."""
    server.plant(kind, nth=2, times=2)
    summary = desk.submit(make_requests(3))
    bill = server.bill()
    assert summary["ends"] == {"refused": 0, "done": 3} and bill["charges"] == 5
    assert bill["bodies_paid_twice"] == 0 and summary["usd"] >= bill["usd"] - 1e-6


def test_lines_of_others_are_never_taken(desk, server):
    server.plant("line_foreign", nth=2, times=2)
    with pytest.raises(Stopped, match="1 of 3 lines are the batch's"):
        desk.submit(make_requests(3))


@pytest.mark.parametrize(("count", "part"), [(1, 0.3), (1, 0.9), (4, 0.99)])
def test_a_line_that_is_cut_is_not_taken_while_the_file_is_larger_at_the_endpoint(desk, server, count, part):
    """Its request can still be seen, but the rest of its answer lies there."""
    server.plant("truncated", part=part, times=None)
    with pytest.raises(Stopped, match="the last line is cut"):
        desk.submit(make_requests(count))
    server.clear_faults()
    assert desk.submit(make_requests(count))["ends"]["done"] == count
    assert server.bill()["charges"] == count
