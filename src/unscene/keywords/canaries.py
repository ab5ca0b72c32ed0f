"""Canaries among the captions that are asked: made from the word list, so that their words are known."""

from functools import lru_cache

from unscene.words.vocabulary import Vocabulary

# One for so many captions: at 20 a prompt every second prompt has one, for a fortieth of the price. The
# lexicon watches each prompt besides.
CAPTIONS_PER_CANARY = 39


@lru_cache(maxsize=8)
def list_canaries(vocabulary: Vocabulary) -> dict[str, list[str]]:
    """Return captions that name two words of the list each, in plain words, with these words; only
    such as the lexicon reads so, too.
    """
    words, step = list(vocabulary), len(vocabulary) // 2 - 1
    canaries = {}
    for place, word in enumerate(words):
        other = words[(place + step) % len(words)]
        first, second = vocabulary.name_object(word)["A"], vocabulary.name_object(other)["a"]
        text, named = f"{first} next to {second}.", vocabulary.sort([word, other])
        if vocabulary.find_words(text) == named:
            canaries[text] = named
    return canaries
