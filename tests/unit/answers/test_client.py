"""The edge of the network: a server answers each call as it is told, and the client believes none of it
unread.
"""

import socket

import pytest

from told_server import KEY, METADATA, PAGE, Beat, error, run_told
from unscene.answers.batches.client import (
    AccessDenied,
    ApiClient,
    ApiError,
    NotFound,
    OutOfCredit,
    RateLimited,
    Rejected,
    Silent,
    Unanswered,
)


@pytest.mark.parametrize(
    ("status", "body", "kind", "took_no_effect"),
    [
        (400, error(), Rejected, True),
        (422, {"detail": "no"}, Rejected, True),
        (404, error(), NotFound, True),
        (410, PAGE, NotFound, True),
        (401, error("invalid_api_key"), AccessDenied, True),
        (403, PAGE, AccessDenied, True),
        (407, "", AccessDenied, True),
        (402, error(), OutOfCredit, True),
        (429, error("insufficient_quota"), OutOfCredit, True),
        (400, error("billing_hard_limit_reached"), OutOfCredit, True),
        (429, error("rate_limit_exceeded"), RateLimited, True),
        (429, PAGE, RateLimited, True),
        (500, error(), Unanswered, False),
        (503, PAGE, Unanswered, False),
        (408, error(), Unanswered, False),
        (409, error(), Unanswered, False),
        (418, "I'm a teapot", Unanswered, False),
        (400, PAGE, Unanswered, False),
        (200, PAGE, Unanswered, False),
        (200, "", Unanswered, False),
        (200, "null", Unanswered, False),
        (200, "[]", Unanswered, False),
        (200, '{"id": "batch_1", "sta', Unanswered, False),
        (200, "[" * 100_000, Unanswered, False),
        (200, {"error": {"message": "no"}}, Unanswered, False),
        (200, {"id": None, "status": "validating"}, Unanswered, False),
        (200, {"id": "", "status": "validating"}, Unanswered, False),
        (200, {"id": ["batch_1"]}, Unanswered, False),
        (200, {"id": "batch_1", "input_file_id": "file_of_others"}, Unanswered, False),
        ("drop", "", Silent, False),
    ],
)
def test_a_create_says_whether_it_took_effect(told_server, status, body, kind, took_no_effect):
    told_server.say(body, status)
    with pytest.raises(ApiError) as caught:
        told_server.api.create_batch("file_1", METADATA)
    assert type(caught.value) is kind and caught.value.took_no_effect is took_no_effect
    assert len(told_server.asked) == 1, "it is made once"


def test_a_connection_that_was_never_made_took_no_effect(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
    with pytest.raises(Unanswered) as caught:
        ApiClient(url, reading_retries=0).create_batch("file_1", METADATA)
    assert caught.value.took_no_effect and caught.value.status is None


def test_a_message_names_the_call_and_a_page_in_place_of_a_reply(told_server):
    told_server.say(error(), status=404)
    with pytest.raises(NotFound, match=r"\[GET http://127.0.0.1:\d+/v1/batches/batch_1\]"):
        told_server.api.retrieve_batch("batch_1")
    told_server.replies.clear()
    told_server.say(PAGE, kind="text/html")
    with pytest.raises(Unanswered, match=r"a page of a proxy, of a login.*\[POST http://.*completions\]"):
        told_server.api.complete({"model": "m", "messages": []})
    told_server.replies.clear()
    told_server.say(b"", status="drop")
    with pytest.raises(Unanswered, match=r"\[GET http://"):
        told_server.api.retrieve_batch("batch_1")


@pytest.mark.parametrize(
    ("status", "body", "kind", "by_api"),
    [
        (500, error(), "application/json", True),
        (409, error(), "application/json", True),
        (502, PAGE, "text/html", False),
        (500, "{}", "x/y", False),
        (409, PAGE, "text/html", False),
    ],
)
def test_whether_an_error_is_the_api_s_own_is_known(told_server, status, body, kind, by_api):
    told_server.say(body, status=status, kind=kind)
    with pytest.raises(Unanswered) as failure:
        told_server.api.complete({"model": "m", "messages": []})
    assert failure.value.by_api == by_api


@pytest.mark.parametrize(
    ("body", "kind", "by_api"), [(error(), "application/json", True), (PAGE, "text/html", False)]
)
def test_whether_a_denial_is_the_api_s_own_is_known(told_server, body, kind, by_api):
    told_server.say(body, status=403, kind=kind)
    with pytest.raises(AccessDenied) as failure:
        told_server.api.complete({"model": "m", "messages": []})
    assert failure.value.by_api == by_api


def test_a_download_is_whole_or_not_there(told_server, tmp_path):
    path = tmp_path / "out.jsonl"
    told_server.say(PAGE, kind="text/html; charset=utf-8")
    with pytest.raises(Unanswered, match="a page"):
        told_server.api.download("file_1", path)
    told_server.replies.clear()
    told_server.say(b"half", **{"Content-Length": "400"})
    with pytest.raises(Unanswered):
        told_server.api.download("file_1", path)
    assert list(tmp_path.iterdir()) == []
    told_server.replies.clear()
    told_server.say(b"\xff{}\n", kind="application/octet-stream")
    told_server.api.download("file_1", path)
    assert path.read_bytes() == b"\xff{}\n"


@pytest.mark.parametrize("body", [{}, {"choices": None}, {"error": {"message": "no"}}, PAGE, "null"])
def test_what_is_no_answer_is_a_lost_one(told_server, body):
    """With status 200 it was worked on, and is billed."""
    told_server.say(body)
    with pytest.raises(Unanswered) as caught:
        told_server.api.complete({"model": "m"})
    assert caught.value.status == 200 and not caught.value.took_no_effect and len(told_server.asked) == 1


@pytest.mark.parametrize("encoding", ["gzip", "br", "x-unheard-of"])
def test_a_reply_that_is_not_encoded_as_it_says_is_unreadable(told_server, encoding):
    told_server.say("not what it says", Content_Encoding=encoding)
    with pytest.raises(Unanswered):
        told_server.api.create_batch("file_1", METADATA)


def test_a_reply_that_trickles_in_has_an_end(monkeypatch, tmp_path):
    """A download of a few bytes a minute: each read is in time, the whole never would be."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    beat = Beat()
    with run_told() as (told, url):
        told.say(b"x" * 200_000, kind="application/octet-stream")
        api = ApiClient(url, monotonic=lambda: setattr(beat, "at", beat.at + 400) or beat.at)
        with pytest.raises(Unanswered, match="bytes came in"):
            api.download("file_1", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
