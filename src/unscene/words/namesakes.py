"""What only has the name of a word: costumes, insects and plants, teams."""

from unscene.words.caption_words import DETERMINERS
from unscene.words.follower_words import (
    ANIMALS,
    CLOSED,
    CREATURES,
    OBJECTS,
    PLURAL_DETERMINERS,
    THIRD_VERBS,
    WORN_PARTS,
)
from unscene.words.places import Place


def judge_costume(place: Place) -> bool | None:
    """Dressed as: `a boy dressed as a bear`; or worn: `a bear suit`."""
    words = place.before[:5]
    if place.next in WORN_PARTS and not place.noun.is_person:
        return True if any(word in ("wearing", "wears", "wore", "dressed") for word in words) else None
    if not ("dressed" in words or "disguised" in words):
        return None
    if place.noun.is_person and (
        not ANIMALS.intersection(place.before) or place.noun.people & set(place.before)
    ):
        return None
    for i, word in enumerate(words):
        if word in ("as", "like"):
            dressed = "dressed" in words[i + 1 : i + 3] or "disguised" in words[i + 1 : i + 2]
            return True if dressed else None
        if (word in CLOSED and word not in DETERMINERS) or word.endswith("ing") or word in place.noun.names:
            return None
    return None


def judge_creature(place: Place) -> bool | None:
    """A lady beetle; but: the lady bugs him."""
    is_verb = place.next in THIRD_VERBS and (place.second in OBJECTS or place.second in DETERMINERS)
    return True if place.noun.is_person and place.next in CREATURES and not is_verb else None


def judge_team(place: Place) -> bool | None:
    """The Durham Bulls; but: two Shire Horses."""
    known = not place.noun.is_plural or place.noun.word not in ANIMALS or not place.ends_name
    return None if known or place.find_determiner() in PLURAL_DETERMINERS else True
