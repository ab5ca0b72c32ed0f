"""Ways to say that an object is not there; a share of them is held out of training to test unseen wording."""

import re

from unscene.run.seeds import derive_seed
from unscene.words.vocabulary import Vocabulary

SCENE = "SCENE"
# {scene} is the caption without the object, {a} "a dog", {many} "dogs", {no} "dog" (or "people",
# "skis", "broccoli", where "no" takes no singular), {is} "is" or "are" after {no}, {many_are} "dogs
# are".
PHRASINGS = {
    "without": "{scene} without {a}.",
    "comma_no": "{scene}, no {no}.",
    "with_no": "{scene} with no {no} in sight.",
    "there_is_no": "{scene}; there {is} no {no}.",
    "no_plural": "{scene}, with no {many}.",
    "no_here": "No {no} here, just {scene}.",
    "not_in_picture": "{scene}. {A} {is} not in the picture.",
    "absent": "{scene}, and no {no} {is} present.",
    "nowhere": "{scene}, with {many} nowhere to be seen.",
    "photo_without": "A photo without {a}: {scene}.",
    "photo_has_no": "There {is} no {no} in this photo, just {scene}.",
    "where_no": "A photo where there {is} no {no}: {scene}.",
}
# The same of a scene of which nothing is known but that it is a photo.
PLAIN_PHRASINGS = {
    "without": "A scene without {a}.",
    "comma_no": "A photo, no {no}.",
    "with_no": "A photo with no {no} in sight.",
    "there_is_no": "A photo; there {is} no {no}.",
    "no_plural": "A photo with no {many}.",
    "no_here": "No {no} here.",
    "not_in_picture": "A photo. {A} {is} not in the picture.",
    "absent": "A photo, and no {no} {is} present.",
    "nowhere": "A photo, with {many} nowhere to be seen.",
    "photo_without": "A photo without {a}.",
    "photo_has_no": "There {is} no {no} in this photo.",
    "where_no": "A photo where there {is} no {no}.",
}
# How each can be told from the others in a finished caption.
_MARKS = {
    "photo_without": r"^(?:a )?(?:photo|picture|image) without\b[^:,;]*(?::|\.?$)",
    "photo_has_no": r"^there (?:is|are) no\b[^:]*(?::|\.?$)",
    "no_here": r"^no \w+(?: \w+)* here\b",
    "with_no": r"\bin sight\b",
    "not_in_picture": r"\bnot in the (?:picture|photo|image)\b",
    "absent": r"\b(?:present|absent)\b",
    "nowhere": r"\bnowhere\b",
    "where_no": r"\bwhere there (?:is|are) no\b",
    "there_is_no": r"\bthere (?:is|are) no\b",
    "without": r"\bwithout\b",
    "no_plural": r"\bwith no\b",
    "comma_no": r", no\b",
}
_NEGATION = re.compile(
    r"\b(?:no|not|without|nowhere|never|none|absent|isn't|aren't|free of|lacks?|lacking|missing)\b",
    re.IGNORECASE,
)


def hold_out(share: float, seed: int) -> list[str]:
    """Return the names of the phrasings that training never uses: a share of them, chosen by the seed.

    A share above 0 holds out at least one; at least one is always left for training.
    """
    ranked = sorted(PHRASINGS, key=lambda name: derive_seed(seed, "phrasing", name))
    count = 0 if share <= 0 else max(1, round(share * len(ranked)))
    return sorted(ranked[: min(count, len(ranked) - 1)])


def choose_phrasing(edit_id: str, seed: int, names: list[str], use: str) -> str | None:
    """Return one of the names for an edit, by the seed and what it is for (`training`, `held out`);
    None of no names.
    """
    return sorted(names)[derive_seed(seed, edit_id, use) % len(names)] if names else None


def explain_phrasing(category: str, phrasing: str, vocabulary: Vocabulary) -> str:
    """Return a phrasing as it stands in prompts: SCENE in the place of the caption."""
    return PHRASINGS[phrasing].format(scene=SCENE, **vocabulary.name_object(category))


def fill_phrasing(explained: str, scene: str) -> str:
    """Put a scene's caption in the place of SCENE, with a small first letter where it does not
    begin the sentence.
    """
    scene = scene.strip().rstrip(" .!,;")
    return explained.replace(SCENE, scene if explained.startswith(SCENE) else small_start(scene))


def find_phrasing(caption: str) -> str | None:
    """Return the name of the phrasing that a caption uses, None when it is none of them."""
    return next((name for name, mark in _MARKS.items() if re.search(mark, caption, re.IGNORECASE)), None)


def is_negated(caption: str) -> bool:
    """Return whether a caption denies something."""
    return _NEGATION.search(caption) is not None


def small_start(scene: str) -> str:
    """Return the scene with a small first letter, unless its first word is a name or an abbreviation."""
    first = scene.split(" ", 1)[0]
    return scene if len(first) > 1 and not first[1:].islower() else scene[:1].lower() + scene[1:]
