"""Names of COCO's categories in other lists.

Pascal VOC names six things otherwise, and detectors and instances files that were made from its
lists keep those names.
"""

from unscene.words.word_lists import WORD_LISTS

OTHER_NAMES = {
    "aeroplane": "airplane",
    "diningtable": "dining table",
    "motorbike": "motorcycle",
    "pottedplant": "potted plant",
    "sofa": "couch",
    "tvmonitor": "tv",
}


def find_word(name: str) -> str:
    """Return the word that a foreign list's category stands for: itself when a word list has it,
    otherwise what VOC's name, or the name with `_` or capitals, means in one.

    Raises ValueError when it is no text.
    """
    if not isinstance(name, str):
        raise ValueError(f"the name of a category is {name!r}, and a text in quotes is needed")
    if _is_word(name):
        return name
    plain = " ".join(name.lower().replace("_", " ").split())
    return OTHER_NAMES.get(plain.replace(" ", ""), plain if _is_word(plain) else name)


def _is_word(name: str) -> bool:
    return any(name in words for words in WORD_LISTS.values())
