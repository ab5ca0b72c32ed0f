"""Photos by address: what comes, what does not and why, and what is not asked twice."""

import io
import json
import time

import numpy as np
import pytest
from PIL import Image

from file_server import LOGIN_PAGE, Fault, FileServer
from unscene.fetching.photos import Dead, Manners, Photo, fetch_photos, find_photo_fault, is_private


def draw(seed, kind="JPEG", side=64):
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def server():
    server = FileServer()
    yield server
    server.close()


def make_manners(**given):
    return Manners(private=True, **{"seconds": 2.0, **given})


def test_photos_come_and_what_does_not_is_a_row_with_a_reason(server, tmp_path):
    folder, url = tmp_path / "images", f"{server.url}/files"
    server.files |= {
        "a.jpg": draw(1),
        "b.png": draw(2, "PNG"),
        "login.jpg": LOGIN_PAGE,
        "cut.png": draw(3, "PNG")[:-900],
        "big.jpg": draw(4, side=400),
        "drawing.jpg": b"<svg xmlns='x'></svg>",
    }
    server.break_next("/files/refused.jpg", Fault("status", status=403))
    server.break_next("/files/slow.jpg", Fault("drip", seconds=0.2))
    server.files["slow.jpg"] = draw(5)
    wanted = {
        "a.jpg": None,
        "b.png": None,
        "login.jpg": "no_photo",
        "cut.png": "no_photo",
        "drawing.jpg": "no_photo",
        "big.jpg": "too_large",
        "missing.jpg": "gone",
        "refused.jpg": "refused",
        "slow.jpg": "too_slow",
    }
    photos = [Photo(folder / name, f"{url}/{name}") for name in wanted]
    photos += [Photo(folder / "none.jpg", None), Photo(folder / "file.jpg", "file:///etc/hostname")]
    photos += [Photo(folder / "../../outside.jpg", f"{url}/a.jpg")]
    photos += [Photo(folder / "nobody.jpg", "http://127.0.0.1:9/x.jpg")]
    counts = fetch_photos(iter(photos), folder, make_manners(most_bytes=60_000))
    assert {path.name for path in folder.iterdir()} == {"a.jpg", "b.png"}
    assert (folder / "a.jpg").read_bytes() == server.files["a.jpg"]
    rows = [json.loads(line) for line in (tmp_path / "images.not_fetched.jsonl").read_text().splitlines()]
    reasons = {row["path"]: row["reason"] for row in rows}
    expected = {name: reason for name, reason in wanted.items() if reason}
    expected |= {"none.jpg": "no_address", "file.jpg": "no_address", "../../outside.jpg": "outside"}
    assert reasons == expected | {"nobody.jpg": "unreachable"}
    assert counts["fetched"] == 2 and counts["no_photo"] == 3

    asked = len(server.requests)
    again = [photo for photo in photos if not photo.path.exists()]
    counts = fetch_photos(iter(again), folder, make_manners(most_bytes=60_000))
    assert {one.path for one in server.requests[asked:]} == {"/files/slow.jpg"}  # it may come another day
    assert counts["known to be dead"] == len(again) - 2 and counts["fetched"] == 1


def test_a_host_that_asks_for_calm_gets_it(server, tmp_path):
    server.files["a.jpg"] = draw(1)
    server.break_next("/files/a.jpg", Fault("status", status=429, headers={"Retry-After": "1"}))
    began = time.monotonic()
    photo = Photo(tmp_path / "i/a.jpg", f"{server.url}/files/a.jpg")
    counts = fetch_photos(iter([photo]), tmp_path / "i", make_manners())
    assert counts == {"fetched": 1} and time.monotonic() - began >= 1.0


def test_one_host_is_asked_a_few_at_a_time(server, tmp_path):
    running, most = set(), []
    write = FileServer._take_fault

    def count(self, path):
        running.add(path)
        most.append(len(running))
        time.sleep(0.05)
        running.discard(path)
        return write(self, path)

    server._take_fault = count.__get__(server)
    server.files |= {f"{n}.jpg": draw(n) for n in range(12)}
    photos = [Photo(tmp_path / f"i/{n}.jpg", f"{server.url}/files/{n}.jpg") for n in range(12)]
    assert fetch_photos(iter(photos), tmp_path / "i", make_manners(per_host=3))["fetched"] == 12
    assert max(most) <= 3


def test_addresses_of_private_networks_are_asked_only_on_demand(server, tmp_path):
    server.files["a.jpg"] = draw(1)
    counts = fetch_photos(
        iter([Photo(tmp_path / "i/a.jpg", f"{server.url}/files/a.jpg")]), tmp_path / "i", Manners(seconds=2)
    )
    assert counts == {"private_address": 1} and not server.requests
    for host in ("169.254.169.254", "10.0.0.7", "::1", "localhost", "printer", "db.internal"):
        assert is_private(host), host
    assert not is_private("images.cocodataset.org") and not is_private("8.8.8.8")


def test_a_list_with_a_cut_line_is_read(tmp_path):
    photo = Photo(tmp_path / "i/a.jpg", "http://a/b.jpg")
    Dead(tmp_path / "i").add(photo, "gone", "status 404")
    with open(tmp_path / "i.not_fetched.jsonl", "a") as file:
        file.write('{"path": "b.jp')
    assert Dead(tmp_path / "i").is_lasting(photo)
    assert not Dead(tmp_path / "i").is_lasting(Photo(photo.path, "http://other/b.jpg"))


def test_photos_are_told_from_other_things():
    assert find_photo_fault(draw(1)) is None and find_photo_fault(draw(1, "WEBP")) is None
    assert find_photo_fault(b"") and find_photo_fault(b"%PDF-1.7") and find_photo_fault(LOGIN_PAGE)
