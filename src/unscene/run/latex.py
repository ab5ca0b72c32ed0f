"""Plain text as LaTeX."""

_ESCAPES = {
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
    # No commands, but other signs in LaTeX's old font encoding.
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # Signs that an older LaTeX does not know as characters: narrow space, minus, plus-minus, times, alpha.
    "\u202f": r"\,",
    "\u2212": "$-$",
    "\u00b1": r"$\pm$",
    "\u00d7": r"$\times$",
    "\u03b1": r"$\alpha$",
}


def escape_latex(text: str) -> str:
    """Return plain text as LaTeX that prints the same."""
    return "".join(_ESCAPES.get(character, character) for character in text)
