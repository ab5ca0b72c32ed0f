"""Query arithmetic: what a training-free change of the text's embedding makes of a negation.

The embedding e of a text that denies an object loses its part along that object's own embedding n,

    e' = normalise(e - weight ((e . n) - anchor) n),    anchor = (e_neutral . n),

where e_neutral is "a photo": every text has that much of n, so only the surplus counts. A weight of
1 takes the object out, 1.9 nearly mirrors it. The form follows "Seeing What's Not There" (ICLR
2026, published weight 1.9); the rules that find the denied object are our own and know the words of
one list only. Photos and all other texts stay as they are.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np

from unscene.words.vocabulary import Vocabulary

NEUTRAL = "a photo"
_SOME = r"(?:(?:a|an|any|the|single|of|trace|sign|signs)\s+)*"
_DENIED_BEFORE = re.compile(
    r"(?:\bno|\bwithout|\bnot?\s+feature|\bfree\s+of|\black(?:s|ing)?(?:\s+of)?|\babsence\s+of"
    r"|\bmissing|\bminus|\bexcludes?"
    r"|\bdevoid\s+of|\bnot|n't(?:\s+\w+)?"
    r"|\b(?:not|never)\s+(?:\w+\s+)?(?:show|include|contain|feature|have|see|depict)\w*)"
    r"\s+" + _SOME + r"(?:[\w-]+\s+)?$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"^\s+(?:(?:is|are|was|were)\s+)?(?:not\b|nowhere\b|absent\b|missing\b|never\b)|^\s+(?:isn't|aren't)\b",
    re.IGNORECASE,
)
_ALTERNATIVE = re.compile(r"^\s*(?:,\s*)?(?:or|nor)\s+" + _SOME + r"$", re.IGNORECASE)
_CLAUSE = re.compile(r"[.;:,!?]|\bbut\b|\bjust\b|\bonly\b|\bwith\b(?!\s+no\b)", re.IGNORECASE)


def find_denied(text: str, vocabulary: Vocabulary) -> list[str]:
    """Return the objects (words of the list) that a text denies, each once, in the text's order."""
    denied: list[str] = []
    previous_end, previous_denied = 0, False
    for mention in vocabulary.find_mentions(text):
        before, after = text[: mention.start], text[mention.end :]
        clause = _CLAUSE.split(before)[-1]
        joined = previous_denied and bool(_ALTERNATIVE.match(text[previous_end : mention.start]))
        previous_denied = bool(_DENIED_BEFORE.search(clause) or _DENIED_AFTER.match(after) or joined)
        previous_end = mention.end
        if previous_denied and mention.word not in denied:
            denied.append(mention.word)
    return denied


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
