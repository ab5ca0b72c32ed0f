"""The edge of the network: a server of this file answers each call as it is told, and the client
believes none of it unread.
"""

import json
import socket
import threading
import traceback
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from unscene.answers.batches import client
from unscene.answers.batches.client import (
    AccessDenied,
    ApiClient,
    ApiError,
    KeyMissing,
    NotFound,
    OutOfCredit,
    RateLimited,
    Rejected,
    Silent,
    Unanswered,
)
from unscene.answers.batches.keys import make_mask, read_key
from unscene.answers.batches.server_time import ServerTime, read_retry_after
from unscene.answers.endpoints import ENDPOINTS, find_endpoint, find_folder

KEY = "sk-test-0123456789abcdef"
BATCH = {"id": "batch_1", "object": "batch", "status": "in_progress", "created_at": 1700000000}
PAGE = "<!DOCTYPE html><html><body>Sign in to the hotel's network</body></html>"


class Told:
    """What the server says to the next calls, and what it was asked."""

    def __init__(self):
        self.replies, self.asked = [], []

    def say(self, body, status=200, kind="application/json", **headers):
        data = (
            body
            if isinstance(body, bytes)
            else (body if isinstance(body, str) else json.dumps(body)).encode()
        )
        self.replies.append((status, data, {"Content-Type": kind} | headers))


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with run_told() as (told, url):
        told.api = ApiClient(url, timeout_s=2, reading_retries=0)
        yield told


@contextmanager
def run_told():
    told = Told()

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            told.asked.append((self.command, self.path, dict(self.headers), body))
            status, data, headers = told.replies.pop(0) if len(told.replies) > 1 else told.replies[0]
            if status == "drop":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield told, f"http://127.0.0.1:{http.server_port}/v1"
    finally:
        http.shutdown()
        http.server_close()


def error(code=None, message="no", kind="invalid_request_error"):
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


METADATA = {"shard": "s", "intent": "1"}


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
def test_a_create_says_whether_it_took_effect(server, status, body, kind, took_no_effect):
    server.say(body, status)
    with pytest.raises(ApiError) as caught:
        server.api.create_batch("file_1", METADATA)
    assert type(caught.value) is kind and caught.value.took_no_effect is took_no_effect
    assert len(server.asked) == 1, "it is made once"


def test_a_connection_that_was_never_made_took_no_effect(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
    with pytest.raises(Unanswered) as caught:
        ApiClient(url, reading_retries=0).create_batch("file_1", METADATA)
    assert caught.value.took_no_effect and caught.value.status is None


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
def test_batches_are_read_as_real_servers_send_them(server, told, read):
    server.say(BATCH | told | {"a_new_field": {"x": [1]}})
    batch = server.api.retrieve_batch("batch_1")
    assert {name: getattr(batch, name) for name in read} == read


def test_the_parts_of_a_batch_have_their_types(server):
    errors = {"data": [{"code": "c", "message": "m\ud83d\0", "line": "7"}, "text", {"message": 5}]}
    counts, usage = {"total": "9", "completed": 4.0, "failed": 1}, {"input_tokens": "900", "output_tokens": 2}
    server.say(BATCH | {"errors": errors, "request_counts": counts, "usage": usage})
    batch = server.api.retrieve_batch("batch_1")
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
        server.replies.clear()
        server.say(BATCH | {"errors": odd})
        assert isinstance(server.api.retrieve_batch("batch_1").errors.data, list)


def test_another_batch_than_asked_for_is_no_answer(server):
    server.say(BATCH | {"id": "batch_2"})
    with pytest.raises(Unanswered, match="tells of batch_2"):
        server.api.retrieve_batch("batch_1")


def test_a_message_names_the_call_and_a_page_in_place_of_a_reply(server):
    server.say(error(), status=404)
    with pytest.raises(NotFound, match=r"\[GET http://127.0.0.1:\d+/v1/batches/batch_1\]"):
        server.api.retrieve_batch("batch_1")
    server.replies.clear()
    server.say(PAGE, kind="text/html")
    with pytest.raises(Unanswered, match=r"a page of a proxy, of a login.*\[POST http://.*completions\]"):
        server.api.complete({"model": "m", "messages": []})
    server.replies.clear()
    server.say(b"", status="drop")
    with pytest.raises(Unanswered, match=r"\[GET http://"):
        server.api.retrieve_batch("batch_1")


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
def test_whether_an_error_is_the_api_s_own_is_known(server, status, body, kind, by_api):
    server.say(body, status=status, kind=kind)
    with pytest.raises(Unanswered) as failure:
        server.api.complete({"model": "m", "messages": []})
    assert failure.value.by_api == by_api


@pytest.mark.parametrize(
    ("body", "kind", "by_api"), [(error(), "application/json", True), (PAGE, "text/html", False)]
)
def test_whether_a_denial_is_the_api_s_own_is_known(server, body, kind, by_api):
    server.say(body, status=403, kind=kind)
    with pytest.raises(AccessDenied) as failure:
        server.api.complete({"model": "m", "messages": []})
    assert failure.value.by_api == by_api


def test_a_list_is_read_to_its_end_whatever_its_order(server):
    old, new = ({"id": f"b{n}", "created_at": n} for n in (1, 900))
    server.say({"data": [old], "has_more": True})
    server.say({"data": [new], "has_more": True})
    server.say({"data": [new], "has_more": True})  # it repeats itself for ever
    assert [batch.id for batch in server.api.list_batches()] == ["b1", "b900"]
    assert "after=b900" in server.asked[2][1]
    server.replies.clear()
    for page in ([old], [new], []):  # short pages, and no word of more
        server.say({"data": page})
    assert [batch.id for batch in server.api.list_batches()] == ["b1", "b900"]
    server.replies.clear()
    server.say({"data": [new, old], "has_more": True})
    server.say({"data": [old | {"id": "b0"}], "has_more": True})
    assert [batch.id for batch in server.api.list_batches(since=500)] == ["b900", "b1", "b0"]


def test_a_full_page_is_not_the_last_whatever_it_says(server):
    """A server, or what stands before it, may say `has_more: false` on every page."""
    server.say({"data": [{"id": f"b{n}"} for n in range(100)], "has_more": False})
    server.say({"data": [{"id": "b100"}], "has_more": False})
    assert len(list(server.api.list_batches())) == 101


@pytest.mark.parametrize("junk", [None, {"object": "batch"}, {"id": None}, {"id": ""}, 7, "b2", []])
def test_an_entry_of_a_list_without_an_id_is_passed_over(server, junk, caplog):
    server.say({"data": [junk, {"id": "b1"}], "has_more": False})
    assert [batch.id for batch in server.api.list_batches()] == ["b1"]
    assert "1 of 2 entries of a list have no id and are passed over" in caplog.text
    server.replies.clear()
    server.say({"data": [junk], "has_more": False})
    assert list(server.api.list_batches()) == []


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
def test_a_list_that_cannot_be_read_shows_no_absence(server, page):
    """Else a batch that exists would be created a second time."""
    server.say(page)
    with pytest.raises(Unanswered):
        list(server.api.list_batches())


def test_a_download_is_whole_or_not_there(server, tmp_path):
    path = tmp_path / "out.jsonl"
    server.say(PAGE, kind="text/html; charset=utf-8")
    with pytest.raises(Unanswered, match="a page"):
        server.api.download("file_1", path)
    server.replies.clear()
    server.say(b"half", **{"Content-Length": "400"})
    with pytest.raises(Unanswered):
        server.api.download("file_1", path)
    assert list(tmp_path.iterdir()) == []
    server.replies.clear()
    server.say(b"\xff{}\n", kind="application/octet-stream")
    server.api.download("file_1", path)
    assert path.read_bytes() == b"\xff{}\n"


@pytest.mark.parametrize("body", [{}, {"choices": None}, {"error": {"message": "no"}}, PAGE, "null"])
def test_what_is_no_answer_is_a_lost_one(server, body):
    """With status 200 it was worked on, and is billed."""
    server.say(body)
    with pytest.raises(Unanswered) as caught:
        server.api.complete({"model": "m"})
    assert caught.value.status == 200 and not caught.value.took_no_effect and len(server.asked) == 1


def test_models_are_asked_for_one_by_one_or_by_their_list(server):
    server.say({"id": "m", "shutdown_date": "2027-01-14"})
    assert server.api.find_model("m") == (True, "2027-01-14")
    for page, found in (
        ({"data": [{"id": "m"}]}, True),
        ({"data": [{"id": "o"}]}, False),
        ({"data": []}, None),
    ):
        server.replies.clear()
        server.say("nothing here", 404, "text/plain")
        server.say(page)
        assert server.api.find_model("m") == (found, None)
    server.replies.clear()
    server.say({"detail": "Not Found"}, 404)
    assert server.api.find_model("m") == (None, None)


# --- time


class Beat:
    """A monotonic clock."""

    def __init__(self):
        self.at = 500.0

    def __call__(self):
        return self.at


def test_the_server_s_time_is_its_last_date_and_what_has_passed_since():
    beat = Beat()
    server_time = ServerTime(beat)
    assert server_time.now() is None
    server_time.note({"date": "Tue, 14 Nov 2023 22:13:20 GMT", "age": "30"})
    beat.at += 12
    assert server_time.now() == 1_700_000_042
    for rubbish in ({}, {"date": "soon"}, {"date": "Tue, 99 Nov 2023 22:13:20 GMT"}):
        server_time.note(rubbish)
    assert server_time.now() == 1_700_000_042


def test_a_page_of_a_proxy_tells_no_time(server):
    server.say(PAGE, Date="Tue, 14 Nov 2000 22:13:20 GMT")
    with pytest.raises(Unanswered):
        server.api.retrieve_batch("batch_1")
    assert server.api.server_now() is None
    server.replies.clear()
    server.say(error(), 404, Date="Tue, 14 Nov 2023 22:13:20 GMT")
    with pytest.raises(NotFound):
        server.api.retrieve_batch("batch_1")
    assert server.api.server_now() == pytest.approx(1.7e9, abs=5)


NOW = "Tue, 14 Nov 2023 22:13:20 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "7.5"}, 7.5),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after": "86400"}, 3600.0),
        ({"retry-after": "999999999999"}, 3600.0),
        ({"retry-after-ms": "2500", "retry-after": "60"}, 2.5),
        ({"retry-after-ms": "soon", "retry-after": "60"}, 60.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT", "date": NOW}, 30.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 20.0),  # against the server's time so far
        ({"retry-after": "Tue, 14 Nov 2023 21:00:00 GMT", "date": NOW}, 1.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1_000"}, None),
        ({"retry-after": "\u0661\u0660"}, None),
        ({"retry-after": "a while"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": ""}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert read_retry_after(headers, 1_700_000_010.0) == seconds


def test_a_rate_limit_tells_its_wait(server):
    server.say(error("rate_limit_exceeded"), 429, retry_after="Tue, 14 Nov 2023 22:14:00 GMT", date=NOW)
    with pytest.raises(RateLimited) as caught:
        server.api.create_batch("file_1", METADATA)
    assert caught.value.retry_after == 40


# --- keys


@pytest.mark.parametrize(
    "around", ["{}\r", "{}\n", "{}\r\n", " {} ", '"{}"', "'{}'", "\ufeff{}", "{}\u200b", "\t{}\u00a0"]
)
def test_a_key_is_freed_of_what_it_was_copied_with(monkeypatch, around):
    monkeypatch.setenv("A_KEY", around.format(KEY))
    assert read_key("A_KEY", "h") == KEY


@pytest.mark.parametrize(
    "key", ["sk-half\r\nsk-other", "Bearer sk-secret", "sk-sécret", "sk-se\u200bcret", "sk\x07secret"]
)
def test_a_key_that_no_header_can_hold_is_refused_and_not_printed(monkeypatch, key):
    monkeypatch.setenv("A_KEY", key)
    with pytest.raises(KeyMissing, match=r"A_KEY holds no usable key: its character \d+ of \d+ is") as caught:
        read_key("A_KEY", "h")
    assert "secret" not in str(caught.value) and "sk" not in str(caught.value)


@pytest.mark.parametrize("empty", ["", " ", "\r\n", '""'])
def test_an_empty_key_is_none(monkeypatch, empty):
    monkeypatch.setenv("A_KEY", empty)
    with pytest.raises(KeyMissing, match="A_KEY is not set"):
        read_key("A_KEY", "h")


@pytest.mark.parametrize("key", ["1", "0", "a", "stop", "dog", "null", "200"])
def test_a_short_key_is_hidden_as_a_header_and_nowhere_else(key):
    mask = make_mask(key)
    assert mask(f"Authorization: Bearer {key}!") == "Authorization: Bearer [key]!"
    text = "status 200: a dog stopped 10 times, null"
    assert mask(text) == text


def test_a_key_is_hidden_in_each_form():
    mask = make_mask('sk-"quoted"/key')
    for text in ('sk-"quoted"/key', 'sk-\\"quoted\\"/key', "sk-%22quoted%22%2Fkey"):
        assert mask(f"x {text} y") == "x [key] y"


def test_a_short_key_corrupts_no_answer(monkeypatch):
    """Every character of an answer stays, though the key is in it."""
    body = {
        "id": "c",
        "choices": [{"message": {"content": '{"r":[{"i":1,"w":["dog"]}]}'}}],
        "usage": {"a": 10},
    }
    for key in ("1", "dog", "stop", "a", "content"):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        with run_told() as (told, url):
            told.say(body)
            assert ApiClient(url).complete({"model": "m"}) == (200, body)


# --- endpoints


def test_azure_is_an_endpoint_by_its_row(monkeypatch):
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "azure-key-1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    endpoint = find_endpoint("https://Course.openai.azure.com/openai/v1?api-version=preview")
    assert endpoint.name == "course.openai.azure.com" and not endpoint.ends_on_time
    assert dict(endpoint.query) == {"api-version": "preview"} and endpoint.make_headers("k") == {
        "api-key": "k"
    }
    line = json.dumps(
        {
            "custom_id": "w-1",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": "gpt-4o", "store": False},
        }
    )
    dressed = json.loads(endpoint.dress_line(line.encode(), {"gpt-4o": "my-batch"}))
    assert dressed["url"] == "/chat/completions" and dressed["body"] == {"model": "my-batch"}
    assert dressed["custom_id"] == "w-1"


def test_the_query_and_the_key_s_header_reach_the_server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with run_told() as (told, url):
        told.say(BATCH)
        ApiClient(f"{url}?api-version=preview").create_batch("file_1", METADATA)
        method, path, headers, body = told.asked[0]
    assert (method, path) == ("POST", "/v1/batches?api-version=preview")
    assert headers["authorization"] == f"Bearer {KEY}"
    assert "output_expires_after" not in json.loads(body), "only what every server understands"


@pytest.mark.parametrize("status", [302, 307])
def test_a_key_s_own_header_goes_to_no_other_server(monkeypatch, status):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with run_told() as (here, url), run_told() as (there, other):
        own = replace(find_endpoint(url), key_header="api-key")
        monkeypatch.setattr(client, "find_endpoint", lambda base_url: own)
        here.say("", status, Location=f"{other}/batches/batch_1")
        there.say(BATCH)
        api = ApiClient(url, reading_retries=0)
        with suppress(ApiError):
            api.retrieve_batch("batch_1")
        assert here.asked[0][2]["api-key"] == KEY
        assert not [headers for _, _, headers, _ in there.asked if KEY in str(headers)]


def test_openai_s_own_lines_go_as_they_are_and_unknown_hosts_get_the_plainest():
    line = b'{"body":{"model":"m","prompt_cache_options":{},"reasoning_effort":"none","store":false}}\n'
    assert find_endpoint(None).dress_line(line) is line
    plain = json.loads(find_endpoint("http://gpu7:8000/v1").dress_line(line))
    assert plain["body"] == {"model": "m", "reasoning_effort": "none"}
    assert find_endpoint("https://eu.api.openai.com/v1").dress_line(line) is line


def test_each_host_has_one_name_and_a_folder_of_its_own(tmp_path):
    urls = (
        None,
        "https://eu.api.openai.com/v1",
        "https://a.openai.azure.com/v1",
        "https://b.openai.azure.com/v1",
        "http://[fe80::1]:8/v1",
    )
    folders = [find_folder(url, tmp_path).name for url in urls]
    assert len(set(folders)) == len(urls) and not any(set(name) & set(":/\\?") for name in folders)
    assert len({host for one in ENDPOINTS for host in one.hosts}) == sum(len(one.hosts) for one in ENDPOINTS)


@pytest.mark.parametrize("url", ["gpu7:8000/v1", "ftp://gpu7/v1", "http://", "api.openai.com", "https:///v1"])
def test_what_is_no_address_is_said_before_anything_is_sent(monkeypatch, url):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(ApiError, match="is no address"):
        ApiClient(url)


@pytest.mark.parametrize("variable", ["OPENAI_ORG_ID", "OPENAI_PROJECT_ID"])
def test_headers_from_the_environment_are_checked(monkeypatch, server, variable):
    monkeypatch.setenv(variable, "proj\u200b1")
    with pytest.raises(KeyMissing, match=variable):
        ApiClient("http://127.0.0.1:1/v1")
    monkeypatch.setenv(variable, "proj_1\r\n")
    server.say(BATCH)
    with run_told() as (told, url):
        told.say(BATCH)
        ApiClient(url).retrieve_batch("batch_1")
        assert "proj_1" in told.asked[0][2].values()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HTTPS_PROXY", "no address"), ("ALL_PROXY", "ftp://x:1"), ("SSL_CERT_FILE", "/nowhere")],
)
def test_an_environment_that_allows_no_connection_is_said(monkeypatch, variable, value):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv(variable, value)
    with pytest.raises(ApiError) as caught:
        ApiClient("https://gpu7/v1", reading_retries=0).retrieve_batch("batch_1")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("encoding", ["gzip", "br", "x-unheard-of"])
def test_a_reply_that_is_not_encoded_as_it_says_is_unreadable(server, encoding):
    server.say("not what it says", Content_Encoding=encoding)
    with pytest.raises(Unanswered):
        server.api.create_batch("file_1", METADATA)


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


@pytest.mark.parametrize(
    "url",
    [
        "http://me:{}@127.0.0.1:9/v1",
        "https://{}@127.0.0.1/v1",
        "http://me:{}@[::1/v1",
        "me:{}@localhost:9/v1",
    ],
)
def test_no_password_stands_in_an_address(url, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    secret = "0123" * 4
    with pytest.raises(ApiError, match="user name or a password") as caught:
        ApiClient(url.format(secret))
    assert secret not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url", ["https:/me:{}@host/v1", "https://me:pa/{}@host/v1", "htps://host/v1?code={}"]
)
def test_what_is_no_address_is_not_repeated(url, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    secret = "0123" * 4
    with pytest.raises(ApiError, match="is no address") as caught:
        ApiClient(url.format(secret))
    assert secret not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["http://[::1/v1", "http://127.0.0.1:port/v1", "http://./v1", "http:///v1"])
def test_what_is_no_address_is_told(url, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    find_folder(url)
    with pytest.raises(ApiError, match="is no address"):
        ApiClient(url)


def test_a_key_in_the_query_of_an_address_is_in_no_message(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    secret = "0123" * 4
    api = ApiClient(f"http://127.0.0.1:9/v1?code={secret}", reading_retries=0)
    for call in (lambda: api.find_file("file-1"), lambda: api.download("file-1", tmp_path / "x")):
        with pytest.raises(Silent, match="/v1/files/file-1") as caught:
            call()
        assert secret not in "".join(traceback.format_exception(caught.value))
