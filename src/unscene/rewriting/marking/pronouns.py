"""What the pronouns of a caption stand for: whether what is left of it still names that.

A pronoun is lost when nothing before it can be meant: `they` without anything plural, `he` without
anybody, `it` without a thing.
"""

from unscene.rewriting.parsing.chunks import Chunk
from unscene.rewriting.tagging.verb_forms import looks_plural
from unscene.words.caption_words import PRONOUNS, QUANTITIES

HE = frozenset({"he", "she", "him", "himself", "herself"})
THEY = frozenset({"they", "them", "themselves", "each other", "one another"})
IT = frozenset({"it", "itself"})
_MANY = THEY | {"one", "another"}


def find_lost_pronouns(chunks: list[Chunk]) -> list[str]:
    """Return the pronouns, in lower case and in order, for which no noun phrase before them can stand."""
    return [
        chunk.low
        for place, chunk in enumerate(chunks)
        if chunk.low in HE | _MANY | IT
        and not any(_can_mean(chunk.low, chunks, earlier) for earlier in _list_candidates(chunks, place))
    ]


def _list_candidates(chunks: list[Chunk], place: int) -> list[int]:
    """Return the places of the noun phrases before a pronoun that it may stand for.

    Not the one that its preposition hangs on, nor that one's partners in a list: in `a cup with a
    skull and bones on it` it is the cup. But `dogs next to each other` are these.
    """
    end = place
    if place > 1 and chunks[place - 1].kind == "P" and chunks[place].low not in ("each other", "one another"):
        end = place - 1
        while end > 0 and chunks[end - 1].kind in ("NP", "C"):
            end -= 1
    return [
        earlier
        for earlier in range(end)
        if chunks[earlier].kind == "NP" and chunks[earlier].low not in PRONOUNS
    ]


def _can_mean(pronoun: str, chunks: list[Chunk], place: int) -> bool:
    chunk = chunks[place]
    if pronoun in HE:
        return chunk.is_animate
    if pronoun in _MANY:
        is_listed = any(other.kind == "C" for other in chunks[max(place - 1, 0) : place + 2])
        return chunk.is_plural or looks_plural(chunk.head) or chunk.head in QUANTITIES or is_listed
    return not chunk.is_human
