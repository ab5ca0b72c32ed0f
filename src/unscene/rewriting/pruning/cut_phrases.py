"""Noun phrases and rows of which a word or a deed goes and the rest stays."""

from dataclasses import replace

from unscene.rewriting.marking.target import Target, is_all_gone
from unscene.rewriting.parsing.tree import Clause, Mod, Phrase, Prep, Verb, walk
from unscene.rewriting.scene_lists import ACTIVITIES, MORE_BODY, PARTS, STREETS, THRONGED, VEHICLES
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import looks_plural
from unscene.words.caption_words import HERS

_SHOWN = frozenset({"photos", "pictures", "paintings", "photo", "picture", "painting"})  # "family photos"


def cut_words(phrase: Phrase, target: Target) -> Phrase:
    """Return a noun phrase without the object where that is only a word before its noun: `family photos`,
    `a horse drawn cart`, a list without commas.
    """
    if target.is_human and phrase.head in _SHOWN and any(token.is_human for token in phrase.tokens[:-1]):
        phrase = Phrase([token for token in phrase.tokens if not token.is_human], phrase.mods)
    if target.is_human and len(phrase.tokens) > 1 and phrase.head == "live":
        phrase = Phrase(phrase.tokens[:-1], phrase.mods)  # "sings on stage live"
    for place, token in enumerate(phrase.tokens[:-2]):
        if token.word == target.category and phrase.tokens[place + 1].low in ("drawn", "pulled"):
            comma = place > 0 and phrase.tokens[place - 1].low == ","
            rest = phrase.tokens[: place - comma] + phrase.tokens[place + 2 :]
            phrase = Phrase(rest, phrase.mods)  # "a horse drawn cart"
            target.note("made of it")
            break
    return _without_first_of_list(phrase, target)


def _without_first_of_list(phrase: Phrase, target: Target) -> Phrase:
    """Return a list without commas without the target in it: `a white refrigerator stove and kettle`."""
    tokens = phrase.tokens
    at = next((place for place, token in enumerate(tokens) if token.word == target.category), len(tokens))
    others = [token for token in tokens[at + 1 :] if token.word and token.word != target.category]
    fruit = at < len(tokens) and len(tokens) == at + 2 and all(looks_plural(t.low) for t in tokens[at:])
    fruit = fruit and tokens[-1].low not in PARTS | ACTIVITIES  # "some apples pears and grapes"
    if target.is_animate or not (fruit or (others and tokens[-1] is others[-1])):
        return phrase
    target.note("row")
    shares = tokens[0].kind == "D" and tokens[at + 1].kind != "D"
    return Phrase([*tokens[:shares], *tokens[at + 1 :]], phrase.mods)


def empty_places(clauses: list[Clause]) -> None:
    """Take from a caption that people fill a place: `a very crowded hall`. A street is busy with traffic
    anyway, and crowded with the vehicles that the caption tells of.
    """
    phrases = [node for clause in clauses for node in walk(clause) if isinstance(node, Phrase)]
    driven = any(phrase.words & VEHICLES or phrase.head in ("traffic", "vehicles") for phrase in phrases)
    for place, phrase in enumerate(phrases):
        if place and phrase.tokens and phrase.tokens[0].low in _CROWDED:
            continue  # "a noisy, crowded hall" is read as two
        if phrase.head in THRONGED or phrase.words & _BOARDED:
            phrase.tokens = _without_crowd(phrase.tokens, _CROWDED)
        elif phrase.head in STREETS and not driven:
            phrase.tokens = _without_crowd(phrase.tokens, _CROWDED - {"busy"})


def _without_crowd(tokens: list[Token], crowded: frozenset[str]) -> list[Token]:
    kept = list(tokens)
    for token in tokens[:-1]:
        if token.low not in crowded:
            continue
        place = kept.index(token)
        start = place - (place > 0 and kept[place - 1].low in _DEGREES)
        start -= start > 0 and kept[start - 1].low in (",", "and")  # "a large, crowded hall"
        del kept[start : place + 1]
    return kept


_CROWDED = frozenset({"crowded", "overcrowded", "busy", "bustling"})
_DEGREES = frozenset({"very", "quite", "extremely", "really", "so", "too"})
_BOARDED = frozenset({"bus", "train"})


def own_alone(mods: list[Mod]) -> None:
    """Say `its` for `their` of one thing that is left of several: `a tram makes its way`."""
    for verb in (mod for mod in mods if isinstance(mod, Verb)):
        for phrase in (member for group in verb.objects for member in group.members):
            if phrase.tokens and phrase.tokens[0].low == "their":
                phrase.tokens[0] = replace(phrase.tokens[0], text="its", low="its")


def is_by_hand(mod: Mod) -> bool:
    """Whether it says how something was held that is gone: `with both hands`, `with her mouth`."""
    group = mod.group if isinstance(mod, Prep) and mod.low in ("with", "in") else None
    bare = group is not None and not group.mods and not group.members[0].mods
    if not bare:
        return False
    first = group.members[0].tokens[:1]
    own = mod.low == "with" and bool(first) and first[0].low in HERS and group.head in MORE_BODY
    return bool(own or group.head in ("hand", "hands", "arms"))


def shows(mod: Mod, target: Target) -> bool:
    """Whether it says that a work shows the target and nothing else: `of two men`."""
    of = isinstance(mod, Prep) and mod.low == "of" and mod.group is not None
    return of and is_all_gone(mod.group, target)
