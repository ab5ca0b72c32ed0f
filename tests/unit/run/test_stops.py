"""Ends that are told in a line: a full disk, however a library says it."""

import errno
import sqlite3

import numpy as np
import pytest

from unscene.run.stops import describe_full_disk

FULL = "/dev/full"  # every write to it fails as on a full disk; nothing here may rename a file over it


def write_plainly():
    with open(FULL, "w") as file:
        file.write("x" * 100_000)


def write_array():
    with open(FULL, "wb") as file:
        np.save(file, np.zeros(100_000))


def say_as_safetensors():
    raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")


@pytest.mark.parametrize("write", [write_plainly, write_array, say_as_safetensors])
def test_a_full_disk_is_told_as_such(write):
    with pytest.raises(Exception) as caught:
        write()
    assert "the disk is full. Make room" in describe_full_disk(caught.value)


def test_the_file_is_named_where_the_error_does_and_causes_are_followed():
    assert "/data/x.png: the disk is full" in describe_full_disk(OSError(errno.ENOSPC, "full", "/data/x.png"))
    outer = RuntimeError("could not write the table")
    outer.__cause__ = sqlite3.OperationalError("database or disk is full")
    assert describe_full_disk(outer)
    assert describe_full_disk(OSError(errno.EACCES, "not allowed", "/data/x.png")) is None
