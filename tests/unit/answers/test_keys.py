"""The key and the host: the live one is refused, and no key reaches a message or an answer."""

import json
import threading
import traceback
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from paid_answers import judge_items, make_requests
from unscene.answers.answering import collect_answers
from unscene.answers.batches.client import AccessDenied, ApiClient, ApiError
from unscene.answers.batches.driver import Stopped


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
