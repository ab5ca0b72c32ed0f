"""Mothers, babies and young of animals: `a father and baby zebra` shows no person, `a giraffe and
her calf` no cow.
"""

from unscene.words.caption_words import NUMBERS
from unscene.words.follower_words import (
    ANIMALS,
    ARTICLES,
    CLOSED,
    COLOURS,
    FAMILY_WORDS,
    HUMAN_YOUNG,
    PARENTS,
    PETS,
    SIZES,
    YOUNG,
)
from unscene.words.places import Place
from unscene.words.word_shapes import is_verb

_BESIDE_PARENTS = frozenset(("her", "his", "its", "their", "and", "with"))


def judge_family(place: Place) -> bool | None:
    """Mothers and babies of animals."""
    if place.noun.last not in FAMILY_WORDS:
        return None
    if place.previous == "its" or place.previous in ANIMALS:
        return True
    has_young = place.noun.last in PARENTS and place.next in ("and", "with")
    if _describes_animal(place.after[:6]) or (has_young and YOUNG.intersection(place.after[1:5])):
        return True
    animal = next((word for word in place.before if word in ANIMALS or word in place.noun.people), "")
    near = place.before[:3]
    owned = any(word in near for word in ("her", "his", "their", "its"))
    beside = ("with" in near or "and" in near) and place.noun.last not in HUMAN_YOUNG and animal not in PETS
    return True if animal in ANIMALS and (owned or beside) and place.next not in ("girl", "boy") else None


def judge_young(place: Place) -> bool | None:
    """A giraffe and her calf: no cow."""
    near = place.previous in _BESIDE_PARENTS or place.previous in ANIMALS
    if place.noun.last not in YOUNG or place.noun.is_person or not near:
        return None
    parent = next((word for word in place.before if word in ANIMALS), "")
    return True if parent and place.noun.names.get(parent) != place.noun.word else None


def _describes_animal(after: list[str]) -> bool:
    """Whether words of kin lead to an animal: `(mother) and baby brown bear`."""
    linked = False
    for i, word in enumerate(after):
        if word in ANIMALS:
            return not linked
        before_animal = i + 1 < len(after) and after[i + 1] in ANIMALS
        if word in ("and", "or", "&"):
            linked = not i or after[i - 1] not in COLOURS
        elif word in FAMILY_WORDS or word in ("young", "juvenile", "its", "it's"):
            linked = False
        elif linked and before_animal and word in SIZES:  # a father and small penguin
            linked = after[i + 1] in PETS
        elif linked and (
            word in NUMBERS
            or (
                word in ARTICLES and (FAMILY_WORDS | {"young", "juvenile"}).intersection(after[i + 1 : i + 2])
            )
        ):
            continue
        elif word in CLOSED or word.endswith("ing") or (is_verb(word) and not before_animal):
            return False
    return False
