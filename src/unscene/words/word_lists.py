"""The registry of word lists: what the config's key `words` can name.

A list is a module like `coco80` with its lexicon in `unscene.resources`, and a line here.
"""

from unscene.words.coco80 import COCO80
from unscene.words.vocabulary import Vocabulary

WORD_LISTS: dict[str, Vocabulary] = {vocabulary.name: vocabulary for vocabulary in (COCO80,)}


def find_vocabulary(settings: dict) -> Vocabulary:
    """Return the word list that a config, or a job's settings, names by `words`."""
    return WORD_LISTS[settings["words"]]
