"""The forms of verbs and nouns, by spelling: runs, running, plural."""

import re

from unscene.words.caption_words import PLURALS, third_person
from unscene.words.verb_lists import VERBS

_VERB_FORMS = {
    "has": "have",
    "does": "do",
    "goes": "go",
    "lies": "lie",
    "flies": "fly",
    "carries": "carry",
    "dries": "dry",
    "tries": "try",
    "studies": "study",
    "buries": "bury",
    "hurries": "hurry",
    "cries": "cry",
    "marries": "marry",
    "empties": "empty",
}
PAST = {
    "sat": "sit", "stood": "stand", "ran": "run", "rode": "ride", "held": "hold", "took": "take",
    "made": "make", "wore": "wear", "ate": "eat", "drank": "drink", "came": "come", "went": "go",
    "saw": "see", "gave": "give", "got": "get", "threw": "throw", "flew": "fly", "swam": "swim",
    "drew": "draw", "drove": "drive", "fell": "fall", "broke": "break", "spoke": "speak", "won": "win",
    "led": "lead", "left": "leave", "met": "meet", "had": "have", "did": "do", "became": "become",
    "began": "begin", "brought": "bring", "bought": "buy", "caught": "catch", "fought": "fight",
    "found": "find", "told": "tell", "said": "say", "kept": "keep", "lost": "lose", "shot": "shoot",
    "sang": "sing", "wrote": "write", "chose": "choose", "grew": "grow", "hid": "hide", "hung": "hang",
    "lay": "lie", "swung": "swing", "showed": "show", "put": "put", "set": "set", "hit": "hit",
    "cut": "cut", "built": "build", "stuck": "stick",
}  # fmt: skip


def looks_plural(noun: str) -> bool:
    """Return whether a noun looks plural: ends in s (not ss, us, is), or is one of the irregular ones."""
    noun = re.split(r"[ \-]", noun)[-1]
    if noun in PLURALS or noun in ("people", "others", "they", "skis", "bikinis", "scissors", "ones"):
        return True
    return (
        noun.endswith("s") and not noun.endswith(("ss", "us", "is", "'s")) and noun not in ("tennis", "gas")
    )


def ing_form(base: str) -> str:
    """Return a verb's form in -ing: sit -> sitting, ride -> riding, lie -> lying."""
    if base in ("be", "see", "flee", "ski", "dye"):
        return base + "ing"
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e"):
        return base[:-1] + "ing"
    short = re.fullmatch(r"[^aeiou]*(?:qu)?[aeiou][bdgklmnprt]", base)
    if (short and len(base) <= 5) or base in ("begin", "commit", "refer"):
        return base + base[-1] + "ing"
    return base + "ing"


def _en_form(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2:-1] not in set("aeiou"):
        return base[:-1] + "ied"
    ing = ing_form(base)
    return ing[:-3] + "ed"


THIRD = {third_person(base): base for base in VERBS} | _VERB_FORMS
ING = {ing_form(base): base for base in VERBS} | {"laying": "lie", "skiing": "ski", "skying": "sky"}
EN = {_en_form(base): base for base in VERBS} | PAST | {"bent": "bend"}
