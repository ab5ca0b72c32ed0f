"""Canaries among the edits that are asked: made from the word list, so that it is known what is left."""

from functools import lru_cache

from unscene.answers.prompts import caption_item
from unscene.words.vocabulary import Vocabulary

# One for so many edits: a fourth of the prompts has one. Every answer is checked by its own caption,
# so fewer will do than of captions whose words are asked.
EDITS_PER_CANARY = 39
_SCENE = "green kettle on a wooden shelf"


@lru_cache(maxsize=8)
def list_canaries(vocabulary: Vocabulary) -> dict[str, str]:
    """Return items of caption prompts, each with the scene that is left when its object is gone."""
    canaries = {}
    for word in vocabulary:
        caption = f"{vocabulary.name_object(word)['A']} next to a {_SCENE}."
        if vocabulary.find_words(caption) == [word]:
            canaries[caption_item(caption, word)] = f"A {_SCENE}."
    return canaries
