"""Replies of an API: batches and lists as real servers send them, and what is none."""

import pytest

from told_server import BATCH, PAGE
from unscene.answers.batches.client import Unanswered


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"status": "COMPLETED"}, {"status": "completed", "told_status": "COMPLETED"}),
        ({"status": "In Progress"}, {"status": "in_progress"}),
        ({"status": "canceled"}, {"status": "cancelled"}),
        ({"status": "paused"}, {"status": "unknown", "told_status": "paused"}),
        ({"status": None}, {"status": "unknown"}),
        ({"status": 7}, {"status": "unknown"}),
        ({"output_file_id": "", "error_file_id": None}, {"output_file_id": None, "error_file_id": None}),
        ({"created_at": "1700000000"}, {"created_at": 1.7e9}),
        ({"created_at": 1700000000.5}, {"created_at": 1700000000.5}),
        ({"created_at": 1700000000000}, {"created_at": 1.7e9}),
        ({"created_at": "2023-11-14T22:13:20Z"}, {"created_at": 1.7e9}),
        ({"created_at": "yesterday", "expires_at": True}, {"created_at": None, "expires_at": None}),
        ({"created_at": float("nan"), "expires_at": float("inf")}, {"created_at": None, "expires_at": None}),
        ({"failed_at": 5, "completed_at": None}, {"ended_at": 5.0}),
        ({"request_counts": None}, {"request_counts": None}),
        ({"request_counts": {"completed": None, "failed": "x"}}, {"request_counts": None}),
        ({"request_counts": [1, 2]}, {"request_counts": None}),
        ({"usage": {"input_tokens": 0, "output_tokens": 0}}, {"usage": None}),
        ({"usage": {"input_tokens": -5, "output_tokens": 1}}, {"usage": None}),
        ({"usage": "none"}, {"usage": None}),
        ({"metadata": None}, {"metadata": {}}),
        ({"metadata": {"a": 1, "b": None}}, {"metadata": {"a": "1"}}),
        ({"metadata": ["a"]}, {"metadata": {}}),
    ],
)
def test_batches_are_read_as_real_servers_send_them(told_server, told, read):
    told_server.say(BATCH | told | {"a_new_field": {"x": [1]}})
    batch = told_server.api.retrieve_batch("batch_1")
    assert {name: getattr(batch, name) for name in read} == read


def test_the_parts_of_a_batch_have_their_types(told_server):
    errors = {"data": [{"code": "c", "message": "m\ud83d\0", "line": "7"}, "text", {"message": 5}]}
    counts, usage = {"total": "9", "completed": 4.0, "failed": 1}, {"input_tokens": "900", "output_tokens": 2}
    told_server.say(BATCH | {"errors": errors, "request_counts": counts, "usage": usage})
    batch = told_server.api.retrieve_batch("batch_1")
    assert [(one.code, one.message, one.line) for one in batch.errors.data] == [
        ("c", "m?", 7),
        (None, "text", None),
        (None, None, None),
    ]
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (
        9,
        4,
        1,
    )
    assert (batch.usage.input_tokens, batch.usage.output_tokens) == (900, 2)
    for odd in (None, "all failed", [], {"data": None}):
        told_server.replies.clear()
        told_server.say(BATCH | {"errors": odd})
        assert isinstance(told_server.api.retrieve_batch("batch_1").errors.data, list)


def test_another_batch_than_asked_for_is_no_answer(told_server):
    told_server.say(BATCH | {"id": "batch_2"})
    with pytest.raises(Unanswered, match="tells of batch_2"):
        told_server.api.retrieve_batch("batch_1")


def test_a_list_is_read_to_its_end_whatever_its_order(told_server):
    old, new = ({"id": f"b{n}", "created_at": n} for n in (1, 900))
    told_server.say({"data": [old], "has_more": True})
    told_server.say({"data": [new], "has_more": True})
    told_server.say({"data": [new], "has_more": True})  # it repeats itself for ever
    assert [batch.id for batch in told_server.api.list_batches()] == ["b1", "b900"]
    assert "after=b900" in told_server.asked[2][1]
    told_server.replies.clear()
    for page in ([old], [new], []):  # short pages, and no word of more
        told_server.say({"data": page})
    assert [batch.id for batch in told_server.api.list_batches()] == ["b1", "b900"]
    told_server.replies.clear()
    told_server.say({"data": [new, old], "has_more": True})
    told_server.say({"data": [old | {"id": "b0"}], "has_more": True})
    assert [batch.id for batch in told_server.api.list_batches(since=500)] == ["b900", "b1", "b0"]


def test_a_full_page_is_not_the_last_whatever_it_says(told_server):
    """A server, or what stands before it, may say `has_more: false` on every page."""
    told_server.say({"data": [{"id": f"b{n}"} for n in range(100)], "has_more": False})
    told_server.say({"data": [{"id": "b100"}], "has_more": False})
    assert len(list(told_server.api.list_batches())) == 101


@pytest.mark.parametrize("junk", [None, {"object": "batch"}, {"id": None}, {"id": ""}, 7, "b2", []])
def test_an_entry_of_a_list_without_an_id_is_passed_over(told_server, junk, caplog):
    told_server.say({"data": [junk, {"id": "b1"}], "has_more": False})
    assert [batch.id for batch in told_server.api.list_batches()] == ["b1"]
    assert "1 of 2 entries of a list have no id and are passed over" in caplog.text
    told_server.replies.clear()
    told_server.say({"data": [junk], "has_more": False})
    assert list(told_server.api.list_batches()) == []


@pytest.mark.parametrize(
    "page",
    [
        PAGE,
        {"data": None},
        {"object": "list"},
        {"data": [{"status": "completed"}]},
        {"data": [{"id": "b1"}, {"id": 7, "status": "in_progress", "input_file_id": "f"}]},
    ],
)
def test_a_list_that_cannot_be_read_shows_no_absence(told_server, page):
    """Else a batch that exists would be created a second time."""
    told_server.say(page)
    with pytest.raises(Unanswered):
        list(told_server.api.list_batches())


def test_models_are_asked_for_one_by_one_or_by_their_list(told_server):
    told_server.say({"id": "m", "shutdown_date": "2027-01-14"})
    assert told_server.api.find_model("m") == (True, "2027-01-14")
    for page, found in (
        ({"data": [{"id": "m"}]}, True),
        ({"data": [{"id": "o"}]}, False),
        ({"data": []}, None),
    ):
        told_server.replies.clear()
        told_server.say("nothing here", 404, "text/plain")
        told_server.say(page)
        assert told_server.api.find_model("m") == (found, None)
    told_server.replies.clear()
    told_server.say({"detail": "Not Found"}, 404)
    assert told_server.api.find_model("m") == (None, None)
