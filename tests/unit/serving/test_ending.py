"""Ctrl-C and SIGTERM end the server quietly, whatever it does then."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from served_model import make_deploy, make_photos
from unscene.serving.copying import copy_server

SOURCES = Path(__file__).resolve().parents[3] / "src"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ending")
    copy_server(make_deploy(folder / "deploy"))
    make_photos(folder / "photos", 80)
    return folder


@pytest.fixture
def start(folder, tmp_path):
    """Start the server by one of its commands; its index is new."""
    processes = []

    def start_(command):
        options = ["--photos", str(folder / "photos"), "--index", str(tmp_path / "index"), "--port", "0"]
        process = subprocess.Popen(
            [sys.executable, "-m", *command.split(), *options],
            cwd=folder / "deploy",
            env=os.environ | {"PYTHONPATH": str(SOURCES)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start_
    for process in processes:
        process.kill()
        process.communicate()


def find_address(process):
    line = process.stdout.readline()
    assert line.startswith("The page is at http://127.0.0.1:"), line
    return urlsplit(line.split()[-1])


def end(process):
    """Return the exit status and what was told, but for how far the index is."""
    _, told = process.communicate(timeout=120)
    return process.returncode, [line for line in told.splitlines() if not line.startswith("index: ")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("command", ["unscene serve .", "server"], ids=["unscene", "server"])
def test_a_signal_ends_the_server_quietly_while_it_serves_and_indexes(start, command, number):
    process = start(command)
    address = find_address(process)
    with socket.create_connection((address.hostname, address.port)) as open_connection:
        open_connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200 OK" in open_connection.recv(4096)
        process.send_signal(number)
        assert end(process) == (0, [])


def test_a_second_signal_does_not_wait_for_a_request_and_is_quiet_too(start):
    process = start("server")
    address = find_address(process)
    with socket.create_connection((address.hostname, address.port)) as stuck:
        head = ("POST /search HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 9", "Expect: 100-continue")
        stuck.sendall("\r\n".join([*head, "", ""]).encode())
        assert b"100 Continue" in stuck.recv(4096)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGINT)
        assert end(process) == (0, [])
