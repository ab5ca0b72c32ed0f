"""LaTeX: every character that it would read as a command prints as itself."""

import re

import pytest

from unscene.run.latex import escape_latex

SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@pytest.mark.parametrize(("character", "escaped"), SPECIAL.items())
def test_each_of_the_ten_special_characters_is_escaped(character, escaped):
    assert escape_latex(f"a{character}b") == f"a{escaped}b"


def test_an_escape_is_not_escaped_again():
    assert escape_latex("".join(SPECIAL)) == "".join(SPECIAL.values())
    assert escape_latex(r"\_{") == r"\textbackslash{}\_\{"


def test_no_sign_beyond_ascii_of_the_reports_is_left():
    written = escape_latex("−0.4 ± 2 % of α × 3 < 4 | 5\u202f%")
    assert written.isascii() and not re.search(r"(?<!\\)%", written)
    assert written == r"$-$0.4 $\pm$ 2 \% of $\alpha$ $\times$ 3 \textless{} 4 \textbar{} 5\,\%"
