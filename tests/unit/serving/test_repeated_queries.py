"""No query keeps the server busy: what can be read in two ways takes 2 to the power of its repeats."""

import re
import subprocess
import sys

import pytest

from processor_time import measure
from unscene.words.denials import find_denials


@pytest.mark.parametrize("unit", ["photo of ", "in the ", "look like ", "not ", "without a ", "- "])
def test_a_query_that_repeats_itself_is_read_at_once(unit):
    code = (
        "from unscene.words.denials import _REACH, find_denials\n"
        f"text = 'no ' + {unit!r} * ((_REACH - 10) // {len(unit)}) + 'xx yy dog'\n"
        "find_denials(text, [(len(text) - 3, len(text))])"
    )
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)  # a minute ends a hang


def test_a_long_list_is_read_once_and_not_from_each_of_its_places():
    def read(words):
        text = "no " + ", ".join(["dog"] * words) + " or dog"
        return find_denials(text, [place.span() for place in re.finditer("dog", text)])

    assert all(read(100))
    assert measure(read, 8000) < 24 * measure(read, 1000)  # 64 times when each looked for the end
