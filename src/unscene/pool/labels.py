"""What is on a photo of the pool or of a test: words known to be there, words known not to be, and the
rest, which is unknown.

Every word of the word list is in one of the three. A loss that contrasts photos with and without an
object leaves the unknown cells out: a dog that nobody listed, taken for absent, would teach that
"no dog" is right for a photo of a dog.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from unscene.words.vocabulary import Vocabulary


class PhotoLabels(NamedTuple):
    """`present` and `unknown` in the order of the word list; all other words are absent.

    `source` says what they rest on.
    """

    present: list[str]
    unknown: list[str]
    source: str


def label_by_instances(
    named: Collection[str], listed: Collection[str], labelled: Collection[str], vocabulary: Vocabulary
) -> PhotoLabels:
    """Return the labels of a photo whose source lists its objects.

    listed: what it lists here; labelled: the categories that it lists anywhere. A category that it
    knows and does not list here is absent, unless a caption names it: then one of the two is wrong,
    nobody knows which, and the word is unknown. Of a word that is none of its categories the
    captions alone speak: present where they name it, unknown where they do not.
    """
    present = {word for word in vocabulary if word in listed or (word in named and word not in labelled)}
    unknown = {word for word in vocabulary if word in named or word not in labelled} - present
    return PhotoLabels(vocabulary.sort(present), vocabulary.sort(unknown), "instances")


def label_by_detector(
    named: Collection[str],
    seen: Mapping[str, float],
    looked_for: Collection[str],
    sure: float,
    vocabulary: Vocabulary,
) -> PhotoLabels:
    """Return the labels of a photo whose source lists no objects, from its captions and a detector.

    seen: confidence by word, of all that the detector reports; looked_for: the words that it can
    report; sure: the confidence from which on an object counts as found. People write of what is
    there, so a named word is present; they leave out most of what is there, so silence tells
    nothing. What is surely seen is present, too. What is weakly seen is unknown. Absent is only a
    word that the detector can see, that it did not see even weakly, and that no caption names.
    A detector overlooks small and hidden objects, so some of these are still there: masks'
    `collect_confidence` says how many (lower: fewer absent words, fewer of them wrong).
    """
    present = {word for word in vocabulary if word in named or seen.get(word, 0.0) >= sure}
    unknown = {word for word in vocabulary if word in seen or word not in looked_for} - present
    return PhotoLabels(vocabulary.sort(present), vocabulary.sort(unknown), "detector")


def label_by_captions(named: Collection[str], vocabulary: Vocabulary) -> PhotoLabels:
    """Return the labels of a photo of which captions alone are known: nothing is known to be absent."""
    return PhotoLabels(vocabulary.sort(named), [word for word in vocabulary if word not in named], "captions")
