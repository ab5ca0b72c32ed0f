"""A caption that only lists what an image may contain, as a machine writes it: each entry stands alone.

`image may contain : person , on stage , playing a guitar and indoor`: what somebody does goes with them.
"""

import re

from unscene.words.target import Target

_LIST = re.compile(r"(?i)^((?:image|picture|photo) may contain) ?: ?(.+?)[ .]*$")
_PLACE = re.compile(r"^(?:on|in|at) (?=\w)")  # who was there is gone: `on stage`
_BETWEEN = re.compile(r" ?, (?:and )?| and ")


def shorten_list(caption: str, target: Target) -> str | None:
    """Return a list without the entries that are the target, or done by people who are; empty when no entry
    is left, None when the caption is no such list.
    """
    found = _LIST.match(caption)
    if found is None:
        return None
    left = [_PLACE.sub("", entry) for entry in _BETWEEN.split(found[2]) if not _goes(entry, target)]
    row = left[0] if len(left) == 1 else f"{', '.join(left[:-1])} and {left[-1]}" if left else ""
    return f"{found[1].capitalize()}: {row}" if row else ""


def _goes(entry: str, target: Target) -> bool:
    done = target.is_human and entry.split()[0].endswith("ing")
    return done or target.category in target.vocabulary.find_words(entry)
