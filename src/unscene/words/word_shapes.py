"""What a word of a caption looks like, by itself: a verb, a noun in the plural."""

from unscene.words.caption_words import PLURALS
from unscene.words.follower_words import NOUN_VERBS, THIRD_VERBS, VERBS


def is_verb(word: str) -> bool:
    """Whether a word is a verb of the lists, or ends as a past form does."""
    return word in VERBS or word in THIRD_VERBS or word.endswith("ed")


def is_noun_verb(verb: str) -> bool:
    """Whether a verb in its third person is as often a noun in the plural."""
    return any(verb[:-cut] in NOUN_VERBS for cut in (1, 2)) or verb[:-3] + "y" in NOUN_VERBS


def looks_plural(word: str) -> bool:
    """Whether a word is, or ends as, a noun in the plural."""
    return word in PLURALS or (
        len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s"))
    )
