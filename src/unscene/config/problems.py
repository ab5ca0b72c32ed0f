"""What is wrong with a config, and how it is told: all of it on one screen, a place and a way out each."""

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unscene.run.checkout import CHECKOUT

# Snakemake and make print up to four lines of their own; with them it is twelve.
MOST_LINES = 8
_WIDTH = 150
# `samples.sources, source 'coco', key table: text`, `evaluate.sets, 'b': text`, `train.arms.x: text`
_KEY = re.compile(r"([a-z_]+(?:\.[a-z0-9_]+)*)(?:, (?:source )?'([^']+)')?(?:, key (\w+))?: (.*)", re.DOTALL)


# A file and a line, or the option that gave a key.
Place = tuple[Path | str, int | None]


@dataclass(frozen=True)
class Problem:
    """A mistake. key: its parts, list positions and names of list entries among them. file, line:
    where it stands, if that is known.
    """

    key: tuple
    text: str
    file: Path | str | None = None
    line: int | None = None

    def place(self, find: Callable[[tuple], Place | None]) -> "Problem":
        """Return it with the file and line of its key."""
        place = find(self.key) if self.file is None else None
        return self if place is None else replace(self, file=place[0], line=place[1])

    def __str__(self) -> str:
        key = ".".join(map(str, self.key))
        place = shorten(self.file) + (f":{self.line}" if self.line else "") if self.file else ""
        return ": ".join(filter(None, [place, key, self.text]))


def read_message(message: str) -> Problem:
    """Return a message that begins with its key as a problem."""
    found = _KEY.fullmatch(message)
    if found is None:
        return Problem((), message)
    dotted, entry, key, text = found.groups()
    return Problem((*dotted.split("."), *filter(None, (entry, key))), text)


def format_screen(problems: Sequence[Problem]) -> str:
    """Return all problems, each once, in at most MOST_LINES lines; what finds no room is counted."""
    told = list(dict.fromkeys(map(str, problems)))
    count = "is a mistake" if len(told) == 1 else f"are {len(told)} mistakes"
    lines = [f"There {count} in the config, so nothing was run:"]
    for number, one in enumerate(told):
        more = len(told) - number - 1
        wrapped = textwrap.wrap(
            one,
            _WIDTH,
            initial_indent="  ",
            subsequent_indent="      ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        room = MOST_LINES - len(lines) - bool(more)
        if len(wrapped) > room and number:
            lines.append(f"  ... and {more + 1} more: they are told once these are mended")
            break
        lines += wrapped[: max(room, 1)]
    return "\n".join(lines)


def shorten(path: Path | str) -> str:
    """Return a path as it is read most easily: below the checkout, or whole; an option as it is."""
    if isinstance(path, str):
        return path
    path = path.absolute()
    return str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else str(path)
