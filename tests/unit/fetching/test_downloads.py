"""One file from an address to its path, with servers that break off, lie, change and drip."""

import hashlib
import os

import pytest

from file_server import Fault, FileServer
from unscene.fetching import downloads
from unscene.fetching.downloads import (
    FetchError,
    Patience,
    Remote,
    download,
    find_part,
    open_client,
    read_wait,
)

CONTENT = os.urandom(200_000)
HURRIED = Patience(tries=3, wait_s=0.01, silence_s=2.0, slowest=1000, window_s=0.3)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server():
    server = FileServer()
    server.files["weights.bin"] = CONTENT
    yield server
    server.close()


@pytest.fixture(scope="module")
def client():
    with open_client(HURRIED) as client:
        yield client


@pytest.fixture
def fetch(server, client):
    def fetch(path, name="weights.bin", **known):
        download(Remote(f"{server.url}/files/{name}", path, **known), client, HURRIED)
        return path

    return fetch


def test_a_file_arrives_whole_and_is_not_asked_for_again(server, fetch, tmp_path):
    path = fetch(tmp_path / "deep/weights.bin", size=len(CONTENT), sha256=SHA256.upper())
    assert path.read_bytes() == CONTENT
    fetch(path)
    assert server.count_bytes() == len(CONTENT)
    assert os.listdir(path.parent) == ["weights.bin"]


@pytest.mark.parametrize("known", [{}, {"sha256": SHA256}, {"size": len(CONTENT)}])
def test_what_broke_off_is_gone_on_with_and_nothing_comes_twice(server, fetch, tmp_path, known):
    server.break_next("/files/weights.bin", Fault("cut", after=50_000), Fault("cut", after=70_000))
    path = fetch(tmp_path / "weights.bin", **known)
    assert path.read_bytes() == CONTENT
    assert server.count_bytes() == len(CONTENT)
    asked = [one.headers.get("Range") for one in server.requests]
    assert asked == [None, "bytes=50000-", "bytes=120000-"]
    assert ("If-Range" in server.requests[1].headers) == ("sha256" not in known)


def test_another_process_goes_on_where_one_was_stopped(server, fetch, tmp_path):
    server.break_next("/files/weights.bin", Fault("cut", after=50_000), *[Fault("status", status=500)] * 3)
    with pytest.raises(FetchError, match="answers 500, 3 times; run the same line again"):
        fetch(tmp_path / "weights.bin")
    assert find_part(tmp_path / "weights.bin").stat().st_size == 50_000
    assert fetch(tmp_path / "weights.bin").read_bytes() == CONTENT
    assert server.count_bytes() == len(CONTENT)


@pytest.mark.parametrize("fault", ["none", "stale"])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_file_that_changed_meanwhile_is_never_sewn_together(server, fetch, tmp_path, fault, is_known):
    server.break_next("/files/weights.bin", Fault("cut", after=50_000), *[Fault("status", status=500)] * 3)
    with pytest.raises(FetchError):
        fetch(tmp_path / "weights.bin")
    new = server.files["weights.bin"] = os.urandom(len(CONTENT))
    server.break_next("/files/weights.bin", Fault(fault))
    known = {"sha256": hashlib.sha256(new).hexdigest()} if is_known else {}
    assert fetch(tmp_path / "weights.bin", **known).read_bytes() == new


@pytest.mark.parametrize("fault", ["no_range", "wrong_range", "no_etag"])
def test_servers_without_ranges_start_again(server, fetch, tmp_path, fault):
    first = Fault("cut", after=50_000) if fault != "no_etag" else Fault("no_etag")
    if fault == "no_etag":
        find_part(tmp_path / "weights.bin").write_bytes(b"of some other day")
    server.break_next("/files/weights.bin", first, Fault(fault))
    assert fetch(tmp_path / "weights.bin").read_bytes() == CONTENT


def test_a_part_of_another_address_is_not_gone_on_with(server, fetch, tmp_path):
    server.files["other.bin"] = os.urandom(300_000)
    server.break_next("/files/other.bin", Fault("cut", after=90_000), *[Fault("status", status=500)] * 3)
    with pytest.raises(FetchError):
        fetch(tmp_path / "weights.bin", "other.bin")
    assert fetch(tmp_path / "weights.bin").read_bytes() == CONTENT


def test_a_login_page_is_no_file(server, fetch, tmp_path):
    server.break_next("/files/weights.bin", Fault("page"))
    with pytest.raises(FetchError, match="a web page came in place of the file"):
        fetch(tmp_path / "weights.bin")
    assert not (tmp_path / "weights.bin").exists()


def test_a_page_that_says_it_is_data_is_no_file_either(server, fetch, tmp_path):
    server.files["weights.bin"] = b"<!doctype html><p>Sign in</p>"
    with pytest.raises(FetchError, match="is a web page, not weights"):
        fetch(tmp_path / "weights.bin")


def test_a_length_that_is_not_kept_and_one_that_is_not_right(server, fetch, tmp_path):
    server.break_next("/files/weights.bin", Fault("length", after=10))
    assert fetch(tmp_path / "weights.bin", size=len(CONTENT)).read_bytes() == CONTENT
    with pytest.raises(FetchError, match="offers 200000 bytes where 5 are right"):
        fetch(tmp_path / "five.bin", size=5)


def test_another_file_than_the_one_that_is_known(server, fetch, tmp_path):
    with pytest.raises(FetchError, match=f"its SHA-256 is {SHA256}, and 00+ is right, twice"):
        fetch(tmp_path / "weights.bin", sha256="0" * 64)
    assert os.listdir(tmp_path) == []


def test_a_busy_server_is_asked_when_it_says(server, fetch, tmp_path, monkeypatch):
    server.break_next("/files/weights.bin", Fault("status", status=429, headers={"Retry-After": "7"}))
    naps = []
    monkeypatch.setattr(downloads.time, "sleep", naps.append)
    fetch(tmp_path / "weights.bin")
    assert naps == [7]
    assert read_wait("7") == 7 and read_wait(None) is None and read_wait("soon") is None
    assert read_wait("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_a_dripping_server_is_left_and_asked_for_the_rest(server, fetch, tmp_path):
    server.break_next("/files/weights.bin", Fault("drip", seconds=0.05))
    assert fetch(tmp_path / "weights.bin").read_bytes() == CONTENT
    left, rest = server.requests
    assert left.sent < len(CONTENT) / 10  # a quarter of an hour of drops
    come = int(rest.headers["Range"].removeprefix("bytes=").rstrip("-"))
    assert 0 < come <= left.sent and rest.sent == len(CONTENT) - come


@pytest.mark.parametrize(("status", "told"), [(404, "wrong or gone"), (403, "HF_TOKEN")])
def test_what_is_refused_says_why_at_once(server, fetch, tmp_path, status, told):
    server.break_next("/files/weights.bin", Fault("status", status=status))
    with pytest.raises(FetchError, match=told):
        fetch(tmp_path / "weights.bin")
    assert len(server.requests) == 1


def test_cut_weights_are_told_by_their_own_form(server, fetch, tmp_path):
    server.files["weights.bin"] = (10**6).to_bytes(8, "little") + b"{}"
    with pytest.raises(FetchError, match="no safetensors file"):
        fetch(tmp_path / "a.safetensors")


def test_addresses_of_files_of_this_machine_are_not_read(client, tmp_path):
    with pytest.raises(FetchError, match="only https"):
        download(Remote("file:///etc/hostname", tmp_path / "a"), client)


def test_a_proxy_of_the_environment_is_asked_for_the_whole_address(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with open_client(HURRIED) as client:
        download(
            Remote("http://weights.invalid/files/weights.bin", tmp_path / "weights.bin"), client, HURRIED
        )
    assert (tmp_path / "weights.bin").read_bytes() == CONTENT
    assert server.requests[-1].headers["Host"] == "weights.invalid"
