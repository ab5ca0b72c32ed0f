"""What docs/SERVING.md says of limits and formats is what the server has."""

import re
from pathlib import Path

from unscene.serving.server.images import ON_DISK, SENT
from unscene.serving.server.limits import MIB, Limits

PAGE = (Path(__file__).resolve().parents[2] / "docs/SERVING.md").read_text(encoding="utf-8")
UNITS = {"MiB": MIB, "million pixels": 10**6, "s": 1, "": 1}
LIMITS = {
    "a request": "body_bytes",
    "a picture that is sent": "pixels",
    "a photo of the folder": "folder_pixels",
    "inputs of a call": "inputs",
    "a request's head": "head_s",
    "its body": "body_s",
    "connections": "connections",
}


def test_limits_are_those_of_the_server():
    table = PAGE.partition("| limit | value |")[2].partition("\n\n")[0]
    told = {
        name: (int(value), unit) for name, value, unit in re.findall(r"\| (.+?) \| (\d+) ?(.*?) \|", table)
    }
    assert set(told) == set(LIMITS)
    for name, (value, unit) in told.items():
        assert value * UNITS[unit] == getattr(Limits(), LIMITS[name]), name


def test_formats_are_those_of_the_server():
    sent, folder = re.search(
        r"is sent is read as (.+?)\. A photo of the folder may be a (.+?) as well", PAGE, re.S
    ).groups()

    def list_formats(text):
        return {word.upper() for word in re.findall(r"[A-Za-z]+", text)} - {"OR"}

    assert list_formats(sent) == set(SENT)
    assert list_formats(folder) == set(ON_DISK) - set(SENT)
