"""Rewrites a caption so that it no longer names an object: what is left of the scene, in words that
a person could write.

The first mention is removed with what hangs on it, then the next, until there is none:
- in a list its part goes ("a dog and a red ball" -> "a red ball"),
- after a preposition the preposition goes, too ("a man next to a dog" -> "a man"),
- after a verb the verb goes, too ("a man holding a kite on the beach" -> "a man on the beach"),
- as the subject it takes its verb along, and what it met stays ("a dog runs on the beach" -> "the beach").

A pronoun that stood for it goes when it is the subject ("they ride horses" -> "horses"); anywhere
else nothing can be written.
"""

from itertools import pairwise

from unscene.words.caption_words import (
    AUXILIARIES,
    BODY,
    CLOTHES,
    CONTAINERS,
    DETERMINERS,
    HERS,
    NEVER_FIRST,
    PICTURES,
    PLACES,
    POSITIONS,
    PRONOUNS,
    QUANTITIES,
    TIMES,
)
from unscene.words.grammar import (
    Chunk,
    Token,
    get_stem,
    is_base_verb,
    is_finite,
    looks_plural,
    parse_caption,
    third_person,
)
from unscene.words.pronouns import SUBJECTS, find_lost_pronouns
from unscene.words.vocabulary import Vocabulary

_MOST_ROUNDS = 12


def remove_object(caption: str, category: str, vocabulary: Vocabulary) -> str | None:
    """Return the caption without any mention of the category, or None when nothing of the scene is left.

    The first letter is a capital, and the caption ends as the old one did (with a full stop or without).
    """
    old = parse_caption(caption, vocabulary)
    chunks = old
    for _ in range(_MOST_ROUNDS):
        place = next((i for i, chunk in enumerate(chunks) if category in chunk.words), None)
        if place is None:
            break
        chunks = _remove(chunks, place, category)
    else:
        return None
    chunks = _tidy(_drop_lost_subject(_tidy(chunks, category), old), category)
    text = _write(chunks)
    if not _says_something(chunks) or category in vocabulary.find_words(text) or _is_torn(chunks, old):
        return None
    return text + ("." if caption.rstrip().endswith((".", "!")) else "")


def _remove(chunks: list[Chunk], place: int, category: str) -> list[Chunk]:
    """Remove the noun phrase at a place, by the first rule that fits."""
    chunks, place = _strip_existential(chunks, place)
    before = chunks[place - 1] if place else None
    for rule in (_leave_list, _leave_clause):
        found = rule(chunks, place)
        if found is not None:
            return found
    if before is not None and before.kind == "P":
        return _remove_governed(chunks, place, category)
    if before is not None and before.kind == "V":
        return _remove_of_verb(chunks, place)
    if before is not None and before.kind == "A" and place > 1:
        return _remove(chunks[: place - 1] + chunks[place:], place - 1, category)
    return _remove_subject(chunks, place)


def _drop_lost_subject(chunks: list[Chunk], old: list[Chunk]) -> list[Chunk]:
    """Remove a subject that stood for what is gone: `they ride horses` -> `horses`; of a last `as
    she` both go.
    """
    if len(chunks) > 2 and chunks[-2].kind == "S" and chunks[-1].low in SUBJECTS:
        return chunks[:-2]
    if chunks and chunks[0].low in SUBJECTS and chunks[0].low in _find_newly_lost(chunks, old):
        return _remove_subject(chunks, 0)
    return chunks


def _is_torn(chunks: list[Chunk], old: list[Chunk]) -> bool:
    """Whether the removal left a pronoun without what it stood for, or two noun phrases without the
    verb between them.
    """
    words = " ".join(token.low for chunk in old for token in chunk.tokens)
    touching = [
        f"{first.tokens[-1].low} {second.tokens[0].low}"
        for first, second in pairwise(chunks)
        if first.kind == second.kind == "NP"
    ]
    return bool(_find_newly_lost(chunks, old)) or any(pair not in words for pair in touching)


def _find_newly_lost(chunks: list[Chunk], old: list[Chunk]) -> set[str]:
    """Return the pronouns that have lost what they stood for; where the grammar saw nothing before
    either, it may have been there.
    """
    return set(find_lost_pronouns(chunks)) - set(find_lost_pronouns(old))


def _strip_existential(chunks: list[Chunk], place: int) -> tuple[list[Chunk], int]:
    """Drop a leading `there is`, `this is`, `here are`."""
    if (
        len(chunks) > 2
        and chunks[0].low in ("there", "this", "here", "it", "these")
        and chunks[1].low in ("is", "are")
    ):
        return chunks[2:], place - 2
    if chunks[0].low in ("there is", "there are", "here is", "here are"):
        return chunks[1:], place - 1
    return chunks, place


def _leave_list(chunks: list[Chunk], place: int) -> list[Chunk] | None:
    """Take the noun phrase out of a list of noun phrases; the verb follows the number of what stays."""
    kind = [chunk.kind for chunk in chunks] + ["X", "X", "X"]
    governed = place > 0 and kind[place - 1] == "P"
    heads_list = kind[place + 1] == "C" and kind[place + 2] == "NP" and _is_link(chunks[place + 1])
    # "cups on the couch and one with a lid": one of the cups
    if heads_list and chunks[place + 2].low not in ("one", "another"):
        verb_after = kind[place + 3] == "V"
        verb_before = any(k == "V" for k in kind[:place]) or governed
        if not (verb_after and verb_before):
            if place and kind[place - 1] == "C" and "and" in chunks[place + 1].low:  # a, X and b -> a and b
                return _agree(chunks[: place - 1] + chunks[place + 1 :], place)
            heir = _inherit(chunks[place], chunks[place + 2])
            return _agree([*chunks[:place], heir, *chunks[place + 3 :]], place)
    if place >= 2 and kind[place - 1] == "C" and kind[place - 2] == "NP" and _is_link(chunks[place - 1]):
        verb_before = any(k == "V" for k in kind[: place - 1]) or any(k == "P" for k in kind[: place - 1])
        if kind[place + 1] == "V" and verb_before:
            return None
        kept = chunks[: place - 1]
        rest = chunks[place + 1 :]
        if rest and rest[0].kind == "A":  # "and a car nearby"
            rest = rest[1:]
        if rest and rest[0].kind == "P" and rest[0].low in ("of",):
            rest = rest[2:]
        if rest and rest[0].kind == "C" and kept[-1].kind == "NP":
            rest = rest if _is_np(rest, 1) else rest[1:]
        elif len(kept) >= 3 and kept[-2].kind == "C" and kept[-2].low == ",":  # a, b and X -> a and b
            kept = [*kept[:-2], _link("and"), kept[-1]]
        return _agree(kept + rest, len(kept))
    return None


def _inherit(gone: Chunk, heir: Chunk) -> Chunk:
    """Pass the article of the first part of a list on: `a laptop, keyboard and mouse` -> `a
    keyboard and mouse`.
    """
    first = gone.tokens[0]
    if (
        first.low in ("a", "an", "the")
        and heir.tokens[0].kind != "D"
        and not looks_plural(heir.head)
        and heir.tokens[-1].kind == "N"
    ):
        return Chunk("NP", [Token(first.text, "D"), *heir.tokens])
    return heir


def _leave_clause(chunks: list[Chunk], place: int) -> list[Chunk] | None:
    """Drop the clause whose subject the noun phrase is, when another clause is left."""
    if place == 0:
        end = next((i for i, c in enumerate(chunks) if i > 1 and _opens_clause(chunks, i)), None)
        if end is None:
            return None
        rest = chunks[end + 1 :]
        return rest if _says_something(rest) else None
    opener = chunks[place - 1]
    if opener.kind in ("S", "C") and place >= 2 and _has_verb(chunks, place + 1):
        end = next(
            (i for i in range(place + 1, len(chunks)) if chunks[i].kind in ("S", "C") and i > place + 2),
            len(chunks),
        )
        return chunks[: place - 1] + (
            chunks[end:] if end < len(chunks) and chunks[end].kind == "S" else _last_place(chunks[place:end])
        )
    if opener.kind == "C" and place >= 2:
        end = next((i for i in range(place + 1, len(chunks)) if chunks[i].kind in ("S", "C")), len(chunks))
        return chunks[: place - 1] + chunks[end:]
    return None


def _opens_clause(chunks: list[Chunk], place: int) -> bool:
    """Whether a chunk joins a second clause: `while ...`, `and a man watches`."""
    if not _is_np(chunks, place + 1):
        return False
    if chunks[place].kind == "S":
        return chunks[place].low in ("while", "as", "when", "because", "so") and _has_verb(chunks, place + 2)
    return (
        chunks[place].kind == "C"
        and _has_verb(chunks, place + 2)
        and is_finite(chunks[place + 2])
        and any(c.kind == "V" and is_finite(c) for c in chunks[:place])
    )


def _remove_governed(chunks: list[Chunk], place: int, category: str) -> list[Chunk]:
    """Remove a preposition with its noun phrase, and what only they held."""
    preposition = chunks[place - 1]
    if preposition.low == "of" and place >= 2 and chunks[place - 2].kind == "NP":
        head = chunks[place - 2].head
        if head in PICTURES or head == "close up":
            rest = _remove_subject(chunks[place:], 0)
            prefix = chunks[:place] if rest and rest[0].kind == "NP" else chunks[: place - 1]
            return prefix + rest
        if head not in CONTAINERS:
            whole = Chunk("NP", chunks[place - 2].tokens + preposition.tokens + chunks[place].tokens)
            return _remove([*chunks[: place - 2], whole, *chunks[place + 1 :]], place - 2, category)
    start, end = place - 1, _attached_end(chunks, place, absolute=preposition.low in ("with", "of", "as"))
    rest = chunks[end:]
    before = chunks[start - 1] if start else None
    still = before is not None and before.kind == "NP" and not before.is_animate
    if (
        still
        and preposition.low == "with"
        and _is_np(rest, 1)
        and (rest[0].kind == "C" or (rest[0].kind == "P" and rest[1].words))
    ):
        rest = [preposition, *rest[1:]]  # "a room with a cat on a bed" -> "a room with a bed"
    if before is None:  # "In front of a dog, ..."
        rest = rest[1:] if rest and rest[0].kind == "C" else rest
    elif before.kind == "V":
        goes_on = bool(rest) and (
            rest[0].kind == "S" or (rest[0].kind == "P" and rest[0].low in PLACES - {"with"})
        )
        stands = get_stem(before) in POSITIONS
        if not (
            stands
            and (
                goes_on
                or (is_finite(before) and before.tokens[0].low in AUXILIARIES and len(before.tokens) > 1)
            )
        ):
            start -= 1
            if start and chunks[start - 1].kind in ("S", "C"):
                start -= 1
    return chunks[:start] + rest


def _remove_of_verb(chunks: list[Chunk], place: int) -> list[Chunk]:
    """Remove a verb with its object; the place stays, what was done to it goes."""
    start = place - 1
    if start and chunks[start - 1].kind in ("S", "C"):
        start -= 1
    elif (
        start > 2 and chunks[start - 1].kind == "NP" and chunks[start - 2].kind == "S"
    ):  # "as the pitcher throws the ball"
        start -= 2
    if start == 0 and chunks[0].kind == "V":  # "Looking at a dog on the beach"
        return _remove_subject(chunks[place:], 0)
    rest = chunks[_attached_end(chunks, place, absolute=True) :]
    while rest and rest[0].kind == "P" and _is_np(rest, 1):
        looks = rest[1].tokens[0].low in HERS or rest[1].head in BODY | PRONOUNS
        if not looks and rest[0].low in PLACES and (rest[0].low != "with" or rest[1].words):
            break
        if rest[0].low in ("to", "at", "towards", "toward", "into", "onto") and rest[1].words:
            rest = [Chunk("P", [Token("with", "P")]), *rest[1:]]
            break
        rest = rest[2:]
    return chunks[:start] + rest


def _remove_subject(chunks: list[Chunk], place: int) -> list[Chunk]:
    """Remove a subject with its verb and looks; keep what it dealt with and where it was."""
    place += 1
    scene = Chunk("NP", [Token("a", "D"), Token("scene", "W")])
    worn = False
    while place < len(chunks):
        chunk = chunks[place]
        if chunk.kind == "NP":
            before = chunks[place - 1]
            if not (worn or _is_looks(chunk) or (before.kind == "P" and before.low in NEVER_FIRST)):
                if before.kind == "P" and (
                    chunk.head in TIMES or before.low in ("at",) and chunk.head in TIMES
                ):
                    later = _first_real(chunks[place + 1 :])
                    if later is not None:
                        place += 1
                        continue
                    return [scene, before, *chunks[place:]]
                return _without_its_verbs(chunks[place:])
            worn = False
        elif chunk.kind == "V":
            worn = chunk.tokens[-1].low in ("wearing", "wears", "dressed", "wear")
        place += 1
    return []


def _without_its_verbs(kept: list[Chunk]) -> list[Chunk]:
    """Drop later verbs of a subject that is gone, up to the next clause: what they met stays, with `with`.

    A verb right after something that moves by itself is taken for that one's.
    """
    kept = [Chunk(chunk.kind, list(chunk.tokens)) for chunk in kept]
    result: list[Chunk] = []
    for place, chunk in enumerate(kept):
        if not chunk.tokens:
            continue
        if chunk.kind in ("S", "C"):
            return result + kept[place:]
        if chunk.kind == "V" and not (result and result[-1].kind == "NP" and result[-1].is_animate):
            after = kept[place + 1 : place + 2]
            if after and after[0].kind == "NP" and after[0].tokens[0].kind != "D" and not after[0].words:
                after[0].tokens = []  # "playing tennis"
                continue
            if (
                get_stem(chunk) in POSITIONS
                or not after
                or (after[0].kind == "P" and after[0].low in PLACES - {"at", "up"})
            ):
                continue
            if after[0].kind in ("NP", "P") and not (after[0].kind == "NP" and _is_looks(after[0])):
                result.append(Chunk("P", [Token("with", "P")]))
            continue
        if chunk.kind == "NP" and _is_looks(chunk) and result and result[-1].kind == "NP":
            continue
        if chunk.kind == "P" and result and result[-1].low == "with":
            continue
        result.append(chunk)
    return result


def _first_real(chunks: list[Chunk]) -> Chunk | None:
    """Return the first noun phrase that shows something: no looks, no time of day."""
    for before, chunk in zip([None, *chunks], chunks, strict=False):
        never = before is not None and before.kind == "P" and before.low in NEVER_FIRST
        if chunk.kind == "NP" and not (never or _is_looks(chunk) or chunk.head in TIMES):
            return chunk
    return None


def _is_looks(chunk: Chunk) -> bool:
    """Whether a noun phrase only belongs to the one before: clothes, parts of the body, pronouns."""
    if chunk.words:
        return False
    return chunk.head in CLOTHES | BODY | PRONOUNS or chunk.tokens[0].low in HERS


def _attached_end(chunks: list[Chunk], place: int, absolute: bool) -> int:
    """Return where that ends which hangs on the noun phrase at a place: `of ...`, `that ...`,
    `wearing ...`.
    """
    end = place + 1
    while end < len(chunks):
        chunk = chunks[end]
        following = chunks[end : end + 4]
        if chunk.kind == "A":
            end += 1
        elif [c.kind for c in following] == ["P", "NP", "P", "NP"] and following[3].head in ("it", "them"):
            end += 4
        elif (
            chunk.kind == "P"
            and _is_np(chunks, end + 1)
            and (chunk.low == "of" or _is_looks(chunks[end + 1]))
        ):
            end += 2
        elif (
            chunk.kind == "S"
            and chunk.low in ("that", "which", "who", "where")
            or (chunk.kind == "V" and absolute)
        ):
            end += 1
            while end < len(chunks) and chunks[end].kind in ("V", "A", "NP", "P"):
                if (
                    chunks[end].kind == "P"
                    and chunks[end].low in ("in", "on", "at")
                    and _is_real_place(chunks, end + 1)
                ):
                    break
                end += 1
        else:
            break
    return end


def _is_real_place(chunks: list[Chunk], place: int) -> bool:
    return (
        _is_np(chunks, place)
        and not chunks[place].words
        and not _is_looks(chunks[place])
        and place == len(chunks) - 1
    )


def _last_place(clause: list[Chunk]) -> list[Chunk]:
    """Return the last `in/on/at ...` of a clause, when it tells where."""
    if (
        len(clause) > 3
        and clause[-2].kind == "P"
        and clause[-2].low in ("in", "on", "at")
        and _is_real_place(clause, len(clause) - 1)
    ):
        return clause[-2:]
    return []


def _agree(chunks: list[Chunk], place: int) -> list[Chunk]:
    """Put the verb at or after a place into the singular when its subject has become one thing."""
    verb = next(
        (i for i in range(max(place - 1, 0), min(place + 2, len(chunks))) if chunks[i].kind == "V"), None
    )
    if verb is None or verb == 0 or chunks[verb - 1].kind != "NP":
        return chunks
    if any(chunk.kind in ("C", "V", "S") for chunk in chunks[:verb]):
        return chunks
    first = chunks[verb].tokens[0]
    if is_base_verb(first.low) and not chunks[verb - 1].is_plural and verb == 1:
        tokens = [Token(third_person(first.low), "V"), *chunks[verb].tokens[1:]]
        return [*chunks[:verb], Chunk("V", tokens), *chunks[verb + 1 :]]
    return chunks


def _tidy(chunks: list[Chunk], category: str) -> list[Chunk]:
    """Drop links that join nothing and possessives of what is gone; mend `a` and `an`."""
    chunks = [chunk for chunk in chunks if chunk.tokens]
    while chunks and (
        chunks[0].kind in ("C", "S", "X", "P", "A") or (len(chunks) > 1 and chunks[0].low in ("that", "each"))
    ):
        chunks = chunks[1:]
    while chunks and (
        chunks[-1].kind in ("C", "S", "X", "P") or chunks[-1].low in DETERMINERS | {"is", "are", "has"}
    ):
        chunks = chunks[:-1]
    tidy: list[Chunk] = []
    for chunk in chunks:
        if chunk.kind == "C" and tidy and tidy[-1].kind == "C":
            tidy[-1] = chunk if "and" in chunk.low else tidy[-1]
            continue
        tidy.append(chunk)
    tidy = [_plain_link(tidy, place) for place in range(len(tidy))]
    if not any(chunk.is_human for chunk in tidy):
        tidy = [_without_owner(chunk) if chunk.kind == "NP" else chunk for chunk in tidy]
    return [_with_article(chunk) for chunk in tidy]


def _plain_link(chunks: list[Chunk], place: int) -> Chunk:
    """Turn `, and` between the last two parts of a list into `and`."""
    chunk = chunks[place]
    between = (
        place > 1
        and _is_np(chunks, place - 1)
        and _is_np(chunks, place + 1)
        and not _has_verb(chunks, place + 2)
    )
    if between and chunk.low in (", and", ", or") and chunks[place - 2].low != ",":
        return _link(chunk.low[2:])
    return chunk


def _without_owner(chunk: Chunk) -> Chunk:
    """Turn `his bike` into `a bike`, `their horses` into `horses`."""
    if chunk.tokens[0].low not in ("his", "her", "their") or len(chunk.tokens) == 1:
        return chunk
    rest = chunk.tokens[1:]
    return Chunk("NP", rest if looks_plural(chunk.head) else [Token("a", "D"), *rest])


def _with_article(chunk: Chunk) -> Chunk:
    tokens = chunk.tokens
    if chunk.kind == "NP" and len(tokens) > 1 and tokens[0].low in ("a", "an"):
        vowel = tokens[1].low[0] in "aeiou" and not tokens[1].low.startswith(("uni", "use", "eu", "one"))
        if vowel != (tokens[0].low == "an") and not tokens[1].low.startswith("h"):
            return Chunk("NP", [Token("an" if vowel else "a", "D"), *tokens[1:]])
    return chunk


def _says_something(chunks: list[Chunk]) -> bool:
    empty = DETERMINERS | PRONOUNS
    nouns = [
        c
        for c in chunks
        if c.kind == "NP" and c.head not in empty and (len(c.tokens) > 2 or c.head not in QUANTITIES)
    ]
    bare = (
        len(chunks) == 1
        and len(chunks[0].tokens) == 1
        and not chunks[0].words
        and not looks_plural(chunks[0].head)
    )
    return bool(nouns) and not bare


def _write(chunks: list[Chunk]) -> str:
    words = " ".join(chunk.text for chunk in chunks).split()
    text = " ".join(
        word for before, word in zip(["", *words], words, strict=False) if word.lower() != before.lower()
    )
    for mark in (",", ";", ":", ")", "!", "?", "."):
        text = text.replace(f" {mark}", mark)
    text = text.replace("( ", "(").strip(" ,;")
    return text[:1].upper() + text[1:]


def _has_verb(chunks: list[Chunk], place: int) -> bool:
    return place < len(chunks) and chunks[place].kind == "V"


def _is_np(chunks: list[Chunk], place: int) -> bool:
    return place < len(chunks) and chunks[place].kind == "NP"


def _is_link(chunk: Chunk) -> bool:
    return chunk.low in ("and", "or", "&", ",", "plus", ", and", ", or", ";")


def _link(text: str) -> Chunk:
    return Chunk("C", [Token(text, "C")])
