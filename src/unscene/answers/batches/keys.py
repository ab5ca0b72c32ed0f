"""The key of an endpoint: read from the environment, checked before it is used, never printed."""

import json
import os
from collections.abc import Callable
from urllib.parse import quote

from unscene.answers.batches.errors import KeyMissing

# A shorter key can be a word or a number of ordinary text; it is masked only where it stands as a
# header has it.
_SHORTEST_MASKED = 8
_MASK = "[key]"
# What keys are copied with: spaces, line ends, quotes, a byte order mark, a zero-width space.
_AROUND = " \t\r\n\v\f\u00a0\ufeff\u200b\"'`"


def read_key(variable: str, host: str) -> str:
    """Return the key in an environment variable, without what it was copied with.

    Raises KeyMissing when there is none, or one that cannot stand in an HTTP header: it may hold
    visible ASCII characters alone. The message names the place of the first other one, not the key.
    """
    key = os.environ.get(variable, "").strip(_AROUND)
    if not key:
        raise KeyMissing(
            f"the environment variable {variable} is not set; requests need the key of {host} "
            "(any text will do for a server that asks for none)"
        )
    for place, character in enumerate(key, 1):
        if not "!" <= character <= "~":
            kind = "a space or line end" if character.isspace() else f"U+{ord(character):04X}"
            raise KeyMissing(
                f"the environment variable {variable} holds no usable key: its character {place} of"
                f" {len(key)} is {kind}, and a key is one word of ASCII characters. Set it again"
            )
    return key


def make_mask(key: str) -> Callable[[str], str]:
    """Return a function that hides a key in texts for people: messages and logs, never data.

    Its forms in JSON and in addresses are hidden, too.
    """
    forms = {key, json.dumps(key)[1:-1], quote(key, safe="")}
    if len(key) < _SHORTEST_MASKED:
        words = ("Bearer", "bearer", "api-key:")
        pairs = [(f"{word} {form}", f"{word} {_MASK}") for word in words for form in forms]
    else:
        pairs = [(form, _MASK) for form in sorted(forms, key=len, reverse=True)]

    def mask(text: str) -> str:
        for found, shown in pairs:
            text = text.replace(found, shown)
        return text

    return mask
