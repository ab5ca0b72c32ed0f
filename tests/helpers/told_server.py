"""A server that answers each call of a client as it is told."""

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "sk-test-0123456789abcdef"
BATCH = {"id": "batch_1", "object": "batch", "status": "in_progress", "created_at": 1700000000}
METADATA = {"shard": "s", "intent": "1"}
PAGE = "<!DOCTYPE html><html><body>Sign in to the hotel's network</body></html>"


class Told:
    """What the server says to the next calls, and what it was asked."""

    def __init__(self):
        self.replies, self.asked = [], []

    def say(self, body, status=200, kind="application/json", **headers):
        """Add a reply; the last one is given again and again. status `drop`: the line is cut."""
        data = (
            body
            if isinstance(body, bytes)
            else (body if isinstance(body, str) else json.dumps(body)).encode()
        )
        self.replies.append((status, data, {"Content-Type": kind} | headers))


@contextmanager
def run_told():
    """Run such a server; yields what it says and the address of its API."""
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
    """Return the body of an error as OpenAI's API has it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


class Beat:
    """A monotonic clock."""

    def __init__(self):
        self.at = 500.0

    def __call__(self):
        return self.at
