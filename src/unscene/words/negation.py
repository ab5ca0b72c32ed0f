"""Rewrites a caption so that it no longer names an object: what is left of the scene, in words that
a person could write.

One function, `remove_object`. It reads the caption into a tree, takes the object out by the rules
of `unscene.words.removal`, and reads what it wrote again (`unscene.words.faults`). A result with a
fault is not used; the ladder of fallbacks keeps what is known to be there: the other things and
places ("A photo of a bench and a dog."), then the other words of the list, then nothing.
"""

import html
import re
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from unscene.words.caption_tree import read_caption
from unscene.words.caption_words import ADJECTIVES, DETERMINERS, PICTURES, PREPOSITIONS
from unscene.words.chunks import make_chunks
from unscene.words.faults import (
    ABSTRACT,
    HEADLESS,
    LOST_PRONOUN,
    NO_SUBJECT,
    STILL_THERE,
    TORN_END,
    TORN_NOUN,
    TORN_START,
    find_faults,
)
from unscene.words.finishing import finish, give_article, says_something
from unscene.words.ladder import list_things, write_words
from unscene.words.participles import as_participle
from unscene.words.reading import read_tokens
from unscene.words.references import mark_references
from unscene.words.removal import GONE, take_out
from unscene.words.rows import join_rows, takes_article
from unscene.words.scene_lists import (
    ACTIVITIES,
    COLOURS,
    CONDITIONS,
    GROUNDS,
    MORE_BODY,
    SINGLE,
    SPORTS,
    STATES,
)
from unscene.words.target import TangledError, Target
from unscene.words.tokens import Token
from unscene.words.tree import Clause, Phrase, Verb, walk
from unscene.words.venues import name_venue
from unscene.words.verb_forms import THIRD, looks_plural
from unscene.words.verb_lists import NOUNY, VERBS
from unscene.words.vocabulary import Vocabulary

# A longer text is no caption of one photo; the ladder begins below the grammar.
_MOST_LETTERS = 1500
_QUOTES = str.maketrans("", "", '"\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02')
_EMOTICON = re.compile(r"\s(?:<3+|[:;]-?[)(DPp])(?=\s|$)")
# `In this photo, we can see that a nurse ...`: the scene stands behind.
_POINTING = re.compile(
    r"(?i)^in (?:this|the) (?:photo|picture|image|video|photograph)\s?,?"
    r" (?:we|you|one|i) (?:can )?see (?:that )?"
)
_BRACKETS = re.compile(r"\s*[(\[{]([^()\[\]{}]*)[)\]}]")


class Rewriting(NamedTuple):
    """A caption without an object. way: `grammar`, or how the ladder made it: `things`, `words`.
    rules: the names of the rules that the grammar used (`unscene.words.rewriting_rules`).
    """

    text: str
    way: str
    rules: tuple[str, ...] = ()


def remove_object(caption: str, category: str, vocabulary: Vocabulary) -> str | None:
    """Return the caption without any mention of the category, or None when nothing of the scene is left.

    The first letter is a capital, and the caption ends as the old one did (with a full stop or without).
    """
    found = rewrite_caption(caption, category, vocabulary)
    return found.text if found is not None else None


def rewrite_caption(caption: str, category: str, vocabulary: Vocabulary) -> Rewriting | None:
    """Return the caption without the category, and how it was made; None when nothing is left."""
    caption = _part_place(_drop_marks(caption, vocabulary), vocabulary)
    end = "." if caption.rstrip().endswith((".", "!")) else ""
    if len(caption) <= _MOST_LETTERS:
        for way, write in (("grammar", _write_by_grammar), ("things", _write_things)):
            clauses = _without_frame(_without_manner(read_caption(caption, vocabulary)))
            target = _find_target(clauses, category, vocabulary)
            try:
                text = write(clauses, target, caption)
            except TangledError:
                continue
            if text is not None and category not in vocabulary.find_words(text + end):
                return Rewriting(text + end, way, tuple(target.used) if way == "grammar" else ())
    text = write_words(caption, category, vocabulary)
    return Rewriting(text + end, "words") if text is not None else None


def _drop_marks(caption: str, vocabulary: Vocabulary) -> str:
    """Return a caption without marks that no reader of the scene misses: quotation marks, and
    brackets with what they hold, unless that names a thing; then they become commas.
    """
    caption = html.unescape(caption).translate(_QUOTES)
    caption = re.sub(r"\bfont of\b", "front of", caption)  # "in font of a bush"
    caption = re.sub(r"(?i)\bcounter top(s?)\b", r"countertop\1", caption)
    caption = re.sub(r"(?i)\bonstage\b", "on stage", caption)
    caption = re.sub(r"(?i)\bcross[ -]country (?=ski)", "", caption)
    caption = re.sub(r"\b(in|on|with|of|from|has|to|by) it['\u2019]s (?=\w)", r"\1 its ", caption)
    caption = _POINTING.sub("", _EMOTICON.sub("", caption))
    return _BRACKETS.sub(
        lambda found: f", {found[1]}," if vocabulary.find_words(found[1]) else " ", caption
    ).replace(",.", ".")


def _part_place(caption: str, vocabulary: Vocabulary) -> str:
    """Return a caption with a comma behind the place that it begins with: `In a hall a nun sings`."""
    if len(caption) > _MOST_LETTERS or not _PLACE_FIRST.match(caption):
        return caption
    chunks = make_chunks(read_tokens(caption, vocabulary))
    place = " ".join(chunk.text for chunk in chunks[:2])
    parted = [chunk.kind for chunk in chunks[:4]] == ["P", "NP", "NP", "V"] and caption.startswith(
        f"{place} "
    )
    return f"{place},{caption[len(place) :]}" if parted else caption


_PLACE_FIRST = re.compile(r"(?i)(?:in|on|at|inside|near|under|behind|above|outside) ")


def _write_by_grammar(clauses: list[Clause], target: Target, caption: str) -> str | None:
    """Return what the rules leave of a caption; None when that is nothing, or reads badly."""
    vocabulary, category = target.vocabulary, target.category
    left = _join_clauses(take_out(clauses, target), target)
    if not left or not any(says_something(n) for c in left for n in walk(c) if isinstance(n, Phrase)):
        return _write_named(caption, target)
    if caption[:2].lower() in ("a ", "an", "th", "tw", "so"):
        give_article(left[0].group.members[0], vocabulary)
    elif len(left) == 1 and not left[0].group.mods and len(left[0].group.members) == 1:
        _give_single_article(left[0].group.members[0], caption)
    text = finish(left)
    if text is not None:
        text = _mend(_AGREEING.sub(_agree, text), caption)
    if text is not None and (_is_torn_out(text, caption) or _touches_anew(text, caption, vocabulary)):
        text = None
    if text is not None:
        faults = set(find_faults(text, category, vocabulary))
        own = _own_faults(caption, text, vocabulary) - (
            {NO_SUBJECT, TORN_START} if target.is_human else set()
        )
        if not target.is_human and not target.gone_pronouns:
            faults.discard(LOST_PRONOUN)  # it stood for nothing that is gone
        if not faults - own and not _names_more(text, caption, vocabulary):
            return _with_venue(text, clauses, caption, target)
    return _write_named(caption, target)


_TORN_PAIRS = tuple(
    f" {one} {two} "
    for one in ("and", "with", "of")
    for two in ("on", "in", "at", "of", "by", "near", "with")
)


# "A desktop computer sit" of "laptops and a desktop computer sit": one of a row is left.
_AGREEING = re.compile(
    r"^(An? (?:[\w-]+ ){1,3})(sit|stand|lie|hang|are)"
    r"(?=$| (?:on|in|at|near|next|beside|sitting|standing|lying)\b)"
)


_BEGUN = re.compile(r"(?i)(?<!, )\b(?!and|where|while|that|but|as)(\w+) there (?:is|are)\b")


def _agree(found: re.Match) -> str:
    verb = "is" if found[2] == "are" else f"{found[2]}s"
    far = set(found[1].lower().split()[1:]) & (PREPOSITIONS | DETERMINERS)  # "a person behind a stand"
    return found[0] if far else f"{found[1]}{verb}"


def _mend(text: str, caption: str) -> str:
    """Return a text without a pronoun that touches another noun than before, and with the place that it
    begins with behind the thing: `A crypt, a loom` of `In a crypt a loom stands by an oven`.
    """
    last = re.search(r"\w+ (?:them|him|her|it)$", text)
    if last is not None and last[0].lower() not in caption.lower():
        text = text.rsplit(" ", 1)[0]
    turned = re.fullmatch(r"(An?|The) ([\w -]+), (an?|the) ([\w -]+)", text)
    if turned is not None and _PLACE_FIRST.match(caption):
        place = f"{caption.split()[0].lower()} {turned[1].lower()} {turned[2]}"
        text = f"{turned[3].capitalize()} {turned[4]} {place}"
    return text


def _touches_anew(text: str, caption: str, vocabulary: Vocabulary) -> bool:
    """Whether two noun phrases touch that did not, or a second sentence begins without a link: `the land
    them`, `a tower there is a banner`.
    """
    low = " ".join(word for word in re.findall(r"[\w'\u2019-]+", caption.lower()))
    begun = _BEGUN.search(text)
    if begun is not None and f"{begun[1].lower()} there" not in low:
        return True
    for one, two in pairwise(make_chunks(read_tokens(text, vocabulary))):
        joint = f"{one.tokens[-1].low.split()[-1]} {two.tokens[0].low.split()[0]}"
        if one.kind == "NP" == two.kind and one.low != "there" and joint not in low:
            return True
    return False


def _is_torn_out(text: str, caption: str) -> bool:
    """Whether a text begins with a verb whose subject stood before, or joins what was not joined:
    `stand beside a globe` of `parents, stand beside a globe`, `the sand and on a trip`.
    """
    low, words = caption.lower(), text.lower().split()
    if any(pair in text.lower() and pair not in low for pair in _TORN_PAIRS):
        return True
    if re.match(r"(?:all|both|each) (?!living|dining|sitting room)\w+ing\b", text.lower()):
        return True  # "all eating pizza"
    if text.lower().startswith("looking ") and not low.startswith("looking "):
        return True
    joined = re.match(r"(?:an?|the) (?:[\w-]+ ){1,3}and (\w+) (?!of\b)", text.lower())
    if joined is not None and joined[1] in THIRD and THIRD[joined[1]] not in NOUNY - {"hold"}:
        return True  # "a table and holds tulips"
    if words[-1:] == ["surrounded"] and not low.rstrip(" .").endswith("surrounded"):
        return True
    if words[-1:] == ["around"] and not any(word.endswith(("ing", "s")) for word in words):
        return True  # "a cow around" of "a man walking a cow around"
    if len(words) < 2:
        return False
    start = f"{words[0]} {words[1]}"
    if words[0] in ("a", "an") and words[1] in THIRD and start not in low:
        return True  # "a player lunges and reaches back"
    if words[0] in THIRD and f" and {start}" in low:
        return True
    if words[0] not in VERBS:
        return False
    verb = re.search(rf"(?:, |\b(?:and|who|to|helped) ){re.escape(words[0])} {re.escape(words[1])}\b", low)
    return verb is not None and bool(re.match(r"(?:an?|the|in|on|at|beside|near|along|through)\b", words[1]))


def _with_venue(text: str, clauses: list[Clause], caption: str, target: Target) -> str:
    """Return a text that shows nothing, `A picture`, `A scene on a sunny day`, with the venue in it."""
    first, _, rest = text.partition(" on a ")
    if first.lower() == "a scene" or (text.lower().removeprefix("a ") in PICTURES and not rest):
        venue = name_venue(clauses, caption, target)
        if venue is not None and first.lower() == "a scene":
            return f"{venue} on a {rest}" if rest else text
        if venue is not None:
            return f"{text} of {venue[:1].lower()}{venue[1:]}"
    return text


def _give_single_article(phrase: Phrase, caption: str) -> None:
    """Put an article before the one noun that is left: `A rabbit`."""
    if len(phrase.tokens) != 1 or phrase.mods:
        return
    noun = phrase.tokens[0]
    plain = noun.kind == "W" and noun.low in caption.split() and noun.low not in _BARE
    plain = plain and noun.low.isalpha() and not noun.low.endswith(("ly", "s", "z"))
    if phrase.head in SINGLE or (plain and not phrase.words and takes_article(noun.low)):
        phrase.tokens = [Token("a", "D"), replace(noun, text=noun.low)]


_BARE = (
    GROUNDS | CONDITIONS | ACTIVITIES | ADJECTIVES | COLOURS | SPORTS | MORE_BODY | STATES | (VERBS - NOUNY)
)


def _write_named(caption: str, target: Target) -> str | None:
    """Return the things and places that a caption names, in a row, where its clauses leave no text
    that reads well.
    """
    clauses = _without_frame(read_caption(caption, target.vocabulary))
    named = Target(target.category, target.vocabulary, target.is_human, target.is_animate)
    mark_references(clauses, named)
    text = list_things(clauses, named)
    venue = text is None
    if text is None:
        text = name_venue(clauses, caption, named)
    if text is None or _names_more(text, caption, target.vocabulary):
        return None
    if not venue and find_faults(text, target.category, target.vocabulary):
        return None
    target.used[:] = named.used[-1:] if venue else []
    if not venue:
        target.note("named")
    return text


def _names_more(text: str, caption: str, vocabulary: Vocabulary) -> bool:
    """Whether a text names a word that the old caption did not: `a banana for a phone` -> `a phone`."""
    new = set(vocabulary.find_words(text)) - set(vocabulary.find_words(caption))
    if new & vocabulary.people:  # "a person crossing" is a sign until the crossing is gone
        new -= {word for part in caption.split() for word in vocabulary.find_words(part)} & vocabulary.people
    return bool(new)


def _own_faults(caption: str, text: str, vocabulary: Vocabulary) -> set[str]:
    """Return the faults that the old caption has itself, and a text that is left of it may have."""
    first = caption.lower().split()[:2]
    begins_so = first[:1] in (["some"], ["many"], ["all"]) and text.lower().split()[:2] == first
    return set(find_faults(caption, "", vocabulary)) - {
        "names the object",
        *(() if begins_so else (HEADLESS,)),
        *(() if text.lower().split()[-2:] == caption.lower().rstrip(" .").split()[-2:] else (TORN_END,)),
        TORN_NOUN,
        ABSTRACT,
        STILL_THERE,
    }


def _find_target(clauses: list[Clause], category: str, vocabulary: Vocabulary) -> Target:
    target = Target(category, vocabulary, category in vocabulary.people, category in vocabulary.animate)
    mark_references(clauses, target)
    return target


def _without_frame(clauses: list[Clause]) -> list[Clause]:
    """Drop `there is`, `this is`, `here are` in front of a noun phrase."""
    first = clauses[0].group if clauses else None
    if first is None or not first.mods or len(first.members) != 1:
        return clauses
    tokens, verb = first.members[0].tokens, first.mods[0]
    empty = not tokens and isinstance(verb, Verb) and verb.tokens[0].low in ("there", "here")
    pointing = len(tokens) == 1 and tokens[0].low in ("this", "it", "these", "here", "that")
    if (empty or pointing) and isinstance(verb, Verb) and verb.stem == "be" and len(verb.objects) == 1:
        group = verb.objects[0]
        group.mods += [*verb.mods, *first.mods[1:]]
        return [Clause("", group), *clauses[1:]]
    return clauses


def _without_manner(clauses: list[Clause]) -> list[Clause]:
    """Drop a manner in front of a sentence, which is no thing in it: `Ad nauseam, a man shouts`."""
    if len(clauses) < 2 or clauses[0].group is None or clauses[1].group is None:
        return clauses
    group, next_clause = clauses[0].group, clauses[1]
    phrase = group.members[0]
    bare = len(group.members) == 1 and not group.mods and all(t.kind in ("W", "A") for t in phrase.tokens)
    finite = any(isinstance(mod, Verb) and mod.is_finite for mod in next_clause.group.mods)
    named = phrase.words or phrase.head in GROUNDS or looks_plural(phrase.head)
    if bare and finite and not named and next_clause.opener == ",":
        return [Clause("", next_clause.group), *clauses[2:]]
    return clauses


def _join_clauses(clauses: list[Clause], target: Target) -> list[Clause]:
    """Make what is left one sentence: a clause without its main clause becomes one, or part of a row."""
    clauses = [clause for clause in clauses if clause.group is not None]
    if not clauses:
        return []
    first = Clause("", clauses[0].group)
    result = [first]
    bare = clauses[0].opener == GONE and not any(
        isinstance(mod, Verb) and mod.is_finite for mod in first.group.mods
    )
    for clause in clauses[1:]:
        opener = clause.opener.strip().lower()
        if bare and all(member.low in ("it", "he", "she", "they") for member in clause.group.members):
            continue
        if bare and opener in (
            "while",
            "as",
            "when",
            "and",
            ", and",
            "because",
            "so",
            ", while",
            "with",
            ", as",
        ):
            group = as_participle(clause.group)
            if group is not None:
                target.note("participle")
                last = result[-1]
                result[-1] = Clause(last.opener, join_rows(last.group, group))
                continue
        result.append(clause)
    return result


def _write_things(clauses: list[Clause], target: Target, caption: str) -> str | None:
    """Return a photo of the other things and places, in a row."""
    text = list_things(clauses, target)
    if text is None:
        return None
    text = f"A photo of {text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == ' ' else text}"
    return None if find_faults(text, target.category, target.vocabulary) else text
