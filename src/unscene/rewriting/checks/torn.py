"""What is torn in a text that is left of a caption, against the caption: mended where that is simple."""

import re
from itertools import pairwise

from unscene.rewriting.parsing.chunks import make_chunks
from unscene.rewriting.parsing.plain_caption import PLACE_FIRST
from unscene.rewriting.scene_lists import COLOURS
from unscene.rewriting.tagging.reading import read_tokens
from unscene.rewriting.tagging.verb_forms import EN, ING, THIRD
from unscene.words.caption_words import ADJECTIVES, DETERMINERS, PREPOSITIONS
from unscene.words.verb_lists import NOUNY, VERBS
from unscene.words.vocabulary import Vocabulary

_TORN_PAIRS = tuple(
    f" {one} {two} "
    for one in ("and", "with", "of")
    for two in ("on", "in", "at", "of", "by", "near", "with")
)


_ADJECTIVES = "|".join(sorted(ADJECTIVES))
_AFTER_IT = "|".join(sorted(PREPOSITIONS))


# "A desktop computer sit" of "laptops and a desktop computer sit": one of a row is left.
_AGREEING = re.compile(
    r"^(An? (?:[\w-]+ ){1,3})(sit|stand|lie|hang|are)"
    r"(?=$| (?:on|upon|in|at|near|next|beside|under|against|sitting|standing|lying)\b)"
)


_BEGUN = re.compile(r"(?i)(?<!, )\b(?!and|where|while|that|but|as)(\w+) there (?:is|are)\b")


def _agree(found: re.Match) -> str:
    verb = "is" if found[2] == "are" else f"{found[2]}s"
    far = set(found[1].lower().split()[1:]) & (
        PREPOSITIONS | DETERMINERS | {"and"}
    )  # "a person behind a stand"
    return found[0] if far else f"{found[1]}{verb}"


def mend(text: str, caption: str) -> str:
    """Return a text without a pronoun that touches another noun than before, and with the place that it
    begins with behind the thing: `A crypt, a loom` of `In a crypt a loom stands by an oven`.
    """
    row = _AGREEING.match(text)
    before = caption[: caption.lower().find(row[0].lower())].split() if row is not None else []
    several = re.search(r"(?i)\band\b", caption) is not None  # "a green stand" is no row
    if row is not None and several and not (before and before[-1].lower() in PREPOSITIONS):
        text = _AGREEING.sub(_agree, text)
    last = re.search(r"\w+ (?:them|him|her|it)$", text)
    if last is not None and last[0].lower() not in caption.lower():
        text = text.rsplit(" ", 1)[0]
    again = re.search(r"(\w+) (?:on|in|near|by|at|with) the ([\w-]+)$", text)
    told = again is not None and re.search(
        rf"\b{re.escape(again[2])} (?:{_AFTER_IT})\b", text[: again.end(1)]
    )
    if told and again[0].lower() not in caption.lower():
        text = text[: again.end(1)]  # "a cart on a lane with nuns on the cart"
    bare = re.search(r",? (?:while|as) (?:an?|the|some) [\w-]+$", text)
    if bare is not None and bare[0].lower() not in caption.lower():
        text = text[: bare.start()]  # "while the sky" of "while kites pepper the sky"
    which = re.search(r"(\w+) of (?:which|whom)\b", text)
    if which is not None and which[0].lower() not in caption.lower():
        text = text[: which.end(1)].rstrip(",")  # "a lane of which" of "two nuns on a lane, one of which"
    if text.lower().endswith(" back") and re.search(r"(?i) back to\b", caption):
        text = text[: -len(" back")]  # "a ball back" of "a ball back to the nun"
    turned = re.fullmatch(r"(An?|The) ([\w -]+), (an?|the) ([\w -]+)", text)
    if turned is not None and PLACE_FIRST.match(caption):
        place = f"{caption.split()[0].lower()} {turned[1].lower()} {turned[2]}"
        text = f"{turned[3].capitalize()} {turned[4]} {place}"
    return text


def touches_anew(text: str, caption: str, vocabulary: Vocabulary) -> bool:
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


def is_cut_short(text: str, caption: str, vocabulary: Vocabulary) -> bool:
    """Whether a text ends before the noun that its last word tells of: `A harp and wood based` of `a harp
    and wood based shrine`, `A weather-worn` of `a weather-worn, old boat`.
    """
    words, low = text.lower().split(), caption.lower()
    if len(words) < 2:
        return False
    if re.fullmatch(r"an? (?:[\w-]+ )*\w+-\w+", text.lower()) and low.startswith(f"{text.lower()}, "):
        return True
    if words[-1] not in _TELLING:
        return False
    for chunk in make_chunks(read_tokens(caption, vocabulary)):
        named = [word for token in chunk.tokens for word in token.low.split()]
        if chunk.kind == "NP" and tuple(words[-2:]) in tuple(pairwise(named[:-1])):
            return True
    return False


_TELLING = (frozenset(EN) | ADJECTIVES | COLOURS) - {"orange"}


def is_torn_out(text: str, caption: str) -> bool:
    """Whether a text begins with a verb whose subject stood before, or joins what was not joined:
    `stand beside a globe` of `parents, stand beside a globe`, `the sand and on a trip`.
    """
    low, words = caption.lower(), text.lower().split()
    if any(pair in text.lower() and pair not in low for pair in _TORN_PAIRS):
        return True
    if re.search(r"\bone,? (?:and )?the other\b", text) and not re.search(
        r"\bone,? (?:and )?the other\b", low
    ):
        return True  # "two nuns, one holding a lamp, the other a jug"
    pair = re.search(rf"\b(?:an?|the) (?:{_ADJECTIVES}) and (?!(?:{_ADJECTIVES})\b)[\w-]+$", text.lower())
    if pair is not None and pair[0] not in low:
        return True  # "a large and moat" of "a large, well used moat"
    start = " ".join(words[:2])
    if words[0] in ING and re.search(rf"(?:,| and) {re.escape(start)}", low):
        return True  # "carrying lamps" of "two nuns with hats on, carrying lamps"
    if text.lower().startswith("looking ") and not low.startswith("looking "):
        return True
    joined = re.match(r"(?:an?|the) (?:[\w-]+ ){1,3}and (\w+) (?!of\b)", text.lower())
    if joined is not None and joined[1] in THIRD and THIRD[joined[1]] not in NOUNY - {"hold"}:
        return True  # "a table and holds tulips"
    if words[-1:] == ["surrounded"] and not low.rstrip(" .").endswith("surrounded"):
        return True
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
