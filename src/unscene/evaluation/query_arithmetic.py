"""Query arithmetic: what a training-free change of the text's embedding makes of a negation.

The embedding e of a text that denies an object loses its part along that object's own embedding n,

    e' = normalise(e - weight ((e . n) - anchor) n),    anchor = (e_neutral . n),

where e_neutral is "a photo": every text has that much of n, so only the surplus counts. A weight of
1 takes the object out, 1.9 nearly mirrors it. The form follows "Seeing What's Not There" (ICLR
2026, published weight 1.9); the rules that find the denied object are our own
(`unscene.words.denials`) and know the words of one list only. Photos and all other texts stay as
they are.
"""

from collections.abc import Callable, Sequence

import numpy as np

from unscene.words.denials import find_denials
from unscene.words.vocabulary import Vocabulary

NEUTRAL = "a photo"


def find_denied(text: str, vocabulary: Vocabulary) -> list[str]:
    """Return the objects (words of the list) that a text denies, each once, in the text's order."""
    mentions = vocabulary.find_mentions(text)
    denials = find_denials(text, [(mention.start, mention.end) for mention in mentions])
    named = (mention.word for mention, denied in zip(mentions, denials, strict=True) if denied)
    return list(dict.fromkeys(named))


def deny_objects(
    features: np.ndarray,
    texts: Sequence[str],
    weight: float,
    embed: Callable[[list[str]], np.ndarray],
    vocabulary: Vocabulary,
) -> np.ndarray:
    """Return the features (texts, dim) with the denied objects of each text taken out; the formula
    stands above.

    features: normalised. embed: texts -> normalised features, called once for the objects' names.
    """
    denied = [find_denied(text, vocabulary) for text in texts]
    objects = sorted({word for words in denied for word in words})
    if not objects:
        return features
    named = embed([NEUTRAL, *(f"a photo of {vocabulary.name_object(word)['a']}" for word in objects)])
    neutral, direction = named[0], dict(zip(objects, named[1:], strict=True))
    changed = features.copy()
    for row, words in enumerate(denied):
        for word in words:
            n = direction[word]
            changed[row] -= weight * (features[row] @ n - neutral @ n) * n
        if words:
            changed[row] /= np.linalg.norm(changed[row])
    return changed
