"""What stands before the app: other web pages, other machines, large and slow requests."""

import http.client
import select
import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from served_model import make_service, serve
from unscene.serving.server.app import build_app
from unscene.serving.server.guard import Guard
from unscene.serving.server.limits import Limits

HANG_S = 60  # no answer for so long is none
LIMITS = Limits(body_bytes=20_000, head_s=1.0, body_s=1.0, request_s=5.0, connections=40)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return make_service(tmp_path_factory.mktemp("guarded"), LIMITS)


def ask(service, token=None, host="127.0.0.1", path="/healthz", **headers):
    client = TestClient(Guard(build_app(service), LIMITS, token), base_url="http://127.0.0.1:8008")
    own = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers={"Host": host, **own}, follow_redirects=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8008", "LOCALHOST:1", "[::1]:8008", "[::1]"])
def test_names_of_this_machine_are_answered(service, host):
    assert ask(service, host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8008", "127.0.0.1.evil.example", "", "localhost.", "::1"]
)
def test_other_names_are_refused(service, host):
    reply = ask(service, host=host)
    assert reply.status_code == 421 and "127.0.0.1" in reply.json()["error"]["message"]


def test_another_web_page_is_refused_and_a_link_is_followed(service):
    assert (
        ask(service, path="/search?q=red", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status_code
        == 403
    )
    assert ask(service, path="/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status_code == 200
    headers = ask(service).headers
    assert "access-control-allow-origin" not in headers and headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_a_token_is_asked_for_everywhere_else(service):
    assert ask(service, token="secret", path="/search?q=red").status_code == 401
    assert ask(service, token="secret", path="/page/page.js").status_code == 401
    assert ask(service, token="secret", path="/search?q=red&token=secret").status_code == 401
    assert (
        ask(
            service, token="secret", host="photos.lab", path="/search?q=red", Authorization="Bearer secret"
        ).status_code
        == 200
    )
    assert (
        ask(service, token="secret", path="/search?q=red", Authorization="Bearer secrets").status_code == 401
    )
    assert ask(service, token="secret").status_code == 200  # healthz
    shown = ask(service, token="secret", path="/?q=red&token=secret")
    assert shown.status_code == 303 and shown.headers["location"] == "/?q=red"
    cookie = shown.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert ask(service, token="secret", path="/?q=red", Cookie=cookie.partition(";")[0]).status_code == 200


def test_a_large_body_is_refused_announced_or_not(service):
    with serve(service) as address:
        host = urlsplit(address).netloc
        for headers in ({"Content-Length": "50000"}, {"Transfer-Encoding": "chunked"}):
            connection = http.client.HTTPConnection(host, timeout=5)
            connection.putrequest("POST", "/v1/embeddings")
            for name, value in {"Content-Type": "application/json", **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            try:
                for _ in range(5):
                    connection.send(
                        b"2710\r\n" + b" " * 10_000 + b"\r\n"
                        if "Transfer-Encoding" in headers
                        else b" " * 10_000
                    )
            except OSError:
                pass
            assert connection.getresponse().status == 413


def connect_slowly(address):
    """Return connections that send nothing or half a head, and one that sends a head and half a body."""
    host, port = urlsplit(address).netloc.split(":")
    silent = [socket.create_connection((host, int(port)), timeout=HANG_S) for _ in range(8)]
    for number, one in enumerate(silent):
        if number % 2:
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127")
    body = socket.create_connection((host, int(port)), timeout=HANG_S)
    body.sendall(b"POST /search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90\r\n\r\n{")
    return silent, body


def test_others_are_served_while_slow_clients_are_waited_for(service):
    patient = replace(LIMITS, head_s=10 * HANG_S, body_s=10 * HANG_S, request_s=10 * HANG_S)
    with serve(replace(service, limits=patient)) as address:
        silent, body = connect_slowly(address)
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=HANG_S)
        connection.request("GET", "/search?q=red")
        assert connection.getresponse().status == 200
        for one in (*silent, body, connection):
            one.close()


def test_slow_clients_are_let_go(service):
    with serve(service) as address:
        silent, body = connect_slowly(address)
        assert all(one.recv(10) == b"" for one in silent)
        assert body.recv(40).startswith(b"HTTP/1.1 408")


def test_more_connections_than_allowed_are_closed_and_free_again(service):
    with serve(replace(service, limits=replace(LIMITS, head_s=10 * HANG_S))) as address:
        host, port = urlsplit(address).netloc.split(":")
        held = [socket.create_connection((host, int(port)), timeout=HANG_S) for _ in range(60)]
        closed, ends = set(), time.monotonic() + HANG_S
        while len(closed) < 20 and time.monotonic() < ends:
            closed |= set(select.select(held, [], [], 1)[0])  # nobody is answered: what comes is the end
        closed |= set(select.select(held, [], [], 0.3)[0])  # one too many would come now
        assert len(closed) == 20
        for one in held:
            one.close()
        status = None
        while status != 200 and time.monotonic() < ends:  # the server hears of it in its own time
            connection = http.client.HTTPConnection(host, int(port), timeout=HANG_S)
            with suppress(ConnectionError, http.client.HTTPException):
                connection.request("GET", "/healthz")
                status = connection.getresponse().status
        assert status == 200


def test_many_clients_get_their_own_answers(service):
    answers = {}

    def work(address, number):
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
        colour = ("red", "green", "blue")[number % 3]
        for turn in range(5):
            connection.request("GET", f"/search?q={colour}%20{number}%20{turn}&k=1")
            reply = connection.getresponse()
            content = reply.read()
            answers[number, turn] = reply.status == 200 and f"<b>{colour}</b>".encode() in content

    with serve(service) as address:
        threads = [threading.Thread(target=work, args=(address, number)) for number in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(answers) == 120 and all(answers.values())
