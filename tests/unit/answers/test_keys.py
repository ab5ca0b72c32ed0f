"""The key and the host: how a key is read, and that it reaches no message, no answer and no other host."""

import json
import threading
import traceback
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from paid_answers import judge_items, make_requests
from told_server import BATCH, KEY, run_told
from unscene.answers.answering import collect_answers
from unscene.answers.batches import client
from unscene.answers.batches.client import AccessDenied, ApiClient, ApiError, KeyMissing, Silent
from unscene.answers.batches.driver import Stopped
from unscene.answers.batches.keys import make_mask, read_key
from unscene.answers.endpoints import find_endpoint


def write_file(path: Path) -> Path:
    path.write_text("{}\n")
    return path


@contextmanager
def run_echo_server():
    class Echo(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            text = json.dumps(
                {"error": {"message": f"who is {self.headers['authorization']}?", "code": "forbidden"}}
            )
            self.send_response(403)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def test_the_live_host_is_refused_and_a_key_is_needed(desk, monkeypatch, tmp_path):
    with pytest.raises(ApiError, match="api.openai.com is refused"):
        ApiClient(None)
    monkeypatch.setenv("OPENAI_BASE_URL", desk.control.url)
    with pytest.raises(ApiError, match="api.openai.com is refused"):
        ApiClient(None)
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(Stopped, match="OPENAI_API_KEY is not set"):
        desk.submit(make_requests(1))


def test_an_error_that_repeats_the_key_is_cleaned(tmp_path, monkeypatch):
    """A server that echoes the Authorization header in its complaint: the key reaches neither
    message nor ledger.
    """
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-echo")
    with run_echo_server() as url:
        for call in (
            lambda api: api.upload(write_file(tmp_path / "x.jsonl")),
            lambda api: api.retrieve_batch("batch_1"),
            lambda api: api.find_model("gpt-4o"),
        ):
            with pytest.raises(ApiError) as caught:
                call(ApiClient(url, reading_retries=0))
            text = "".join(traceback.format_exception(caught.value))
            assert "Bearer [key]" in text and "sk-planted-echo" not in text
        with pytest.raises(AccessDenied, match=r"\[key\]"):
            ApiClient(url).complete({"model": "m"})


def test_a_short_key_cuts_nothing_out_of_answers(desk, server, monkeypatch):
    server.set(api_key=None)
    for key in ("dog", "1", "w"):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        requests = make_requests(3, first={"dog": 0, "1": 10, "w": 20}[key])
        assert desk.submit(requests)["ends"]["done"] == 3
        lines = collect_answers(iter(requests), [], desk.ledger_folder)
        verdicts = judge_items(requests, {line["custom_id"]: line for line in lines})
        assert {verdict.status for verdict in verdicts.values()} == {"ok"}


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


def test_a_key_in_the_query_of_an_address_is_in_no_message(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    secret = "0123" * 4
    api = ApiClient(f"http://127.0.0.1:9/v1?code={secret}", reading_retries=0)
    for call in (lambda: api.find_file("file-1"), lambda: api.download("file-1", tmp_path / "x")):
        with pytest.raises(Silent, match="/v1/files/file-1") as caught:
            call()
        assert secret not in "".join(traceback.format_exception(caught.value))
