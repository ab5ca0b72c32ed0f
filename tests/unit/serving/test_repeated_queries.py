"""No query keeps the server busy: what can be read in two ways takes 2 to the power of its repeats."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("unit", ["photo of ", "in the ", "look like ", "not ", "without a ", "- "])
def test_a_query_that_repeats_itself_is_read_at_once(unit):
    code = (
        "from unscene.words.denials import _REACH, find_denials\n"
        f"text = 'no ' + {unit!r} * ((_REACH - 10) // {len(unit)}) + 'xx yy dog'\n"
        "find_denials(text, [(len(text) - 3, len(text))])"
    )
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)  # a minute ends a hang
