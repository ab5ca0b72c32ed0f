"""Whether a noun phrase can go on after a word."""

from unscene.rewriting.tagging.tokens import Token
from unscene.words.caption_words import (
    AUXILIARIES,
    CLAUSES,
    PREPOSITIONS,
)

LINKS = frozenset({"and", "or", "but", "&", "plus", "nor"})
MARKS = frozenset(',;:.!?-()"/')


def ends_phrase(after: Token) -> bool:
    """Whether what follows cannot go on a noun phrase."""
    low = after.low
    return (
        not low
        or low in MARKS
        or after.kind == "X"
        or low in PREPOSITIONS
        or low in LINKS
        or low in CLAUSES
        or low in AUXILIARIES
        or low in ("next", "close", "together", "nearby", "outside", "away")
    )
