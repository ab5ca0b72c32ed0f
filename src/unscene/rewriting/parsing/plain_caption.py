"""A caption as it is read: without marks, and with what people write in many ways written in one."""

import html
import re
from typing import NamedTuple

from unscene.rewriting.parsing.chunks import Chunk, make_chunks
from unscene.rewriting.tagging.reading import read_tokens
from unscene.words.caption_words import PICTURES
from unscene.words.vocabulary import Vocabulary

# A longer text is no caption of one photo.
MOST_LETTERS = 1500
_QUOTES = str.maketrans("", "", '"\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02')
_EMOTICON = re.compile(r"\s(?:<3+|[:;]-?[)(DPp])(?=\s|$)")
# `In this photo, we can see that a nurse ...`: the scene stands behind.
_POINTING = re.compile(
    r"(?i)^in (?:this|the) (?:photo|picture|image|video|photograph)\s?,?"
    r" (?:we|you|one|i) (?:can )?see (?:that )?"
)
_GAPS = re.compile(r"\s{9,}")  # patterns that begin with a space would read such a run from each place
_BRACKETS = re.compile(r"\s*[(\[{]([^()\[\]{}]*)[)\]}]")
_ASIDE_FIRST = re.compile(r"(?i)^(?:with|while|as(?! (?:far|long|soon))|when) [^,.;:]+,")
PLACE_FIRST = re.compile(r"(?i)(?:in|on|at|inside|near|under|behind|above|outside|to|next|beside|below) ")


class Spelling(NamedTuple):
    """A pattern, how it is written instead, and a caption that it exists for."""

    pattern: re.Pattern
    instead: str
    caption: str


SPELLINGS = tuple(
    Spelling(re.compile(pattern), instead, caption)
    for pattern, instead, caption in (
        (r"(?i)\b(an?|the|of|with) \1 (?=\w)", r"\1 ", "A monk on a a mule."),
        (r"(?i)\ban? (?=the )", "", "A monk on a the mule."),
        (r"\s*/+\s*$", "", "A monk on a mule/"),
        (r"\bfont of\b", "front of", "A gnome in font of a hedge."),
        (r"(?i)\blots and lots\b", "lots", "A crypt with lots and lots of jugs."),
        (r"(?i)\b(\w+s) and \1 of\b", r"\1 of", "Rows and rows of jugs in a crypt."),
        (
            r"(?i)\b(l[ay]+ing|lies|lays?|sleep\w*|lie|fall\w*|fell) (face|belly|head) (up|down)\b",
            r"\1 \2-\3",
            "A mule lying belly up on a mat.",
        ),
        (r"(?i)\beachother\b", "each other", "Mules near eachother."),
        (
            r"(?i)\b(two|three|four|five|several|many) ([a-z]+(?:ch|sh|x))['\u2019]s (?=\w+ing\b)",
            r"\1 \2es ",
            "Two torch's lying by a gate.",
        ),
        (
            r"(?i)\b(two|three|four|five|several|many) (?!\w*men\b|children\b|people\b)([a-z]+)['\u2019]s"
            r" (?=\w+ing\b)",
            r"\1 \2s ",
            "Two mule's dozing by a gate.",
        ),
        (r"(?i)\bblow[ -](dr(?:y|ies|ied|ying)\b)", r"\1", "A nun blow drying a mule."),
        (
            r"(?i)\b(para(?= sail| glid)|wind(?= surf)|kite(?= surf)) (sail|surf|glid)",
            r"\1\2",
            "A monk para sailing.",
        ),
        (
            r"(?i)\b(an?|the|one|two|some) cut in half (?=[a-z]+\b)",
            r"\1 halved ",
            "A cut in half fig.",
        ),
        (
            r"(?i)\b(an?|the) ((?:\w+ly )?(?:inside(?= out)|run(?= down)|made(?= up)"
            r"|powered|turned|switched|lit|broken|boarded|bundled|dressed|tied|rolled|piled|beat|washed|worn|chopped|raised|blown|covered|bombed|burned|burnt"
            r"|torn)) (on|off|out|up|down) (?=[a-z-]+\b)"
            r"(?!(?:an?|the|and|his|her|in|on|of|to|at|by|with|from|for|into|near|next|past)\b)",
            r"\1 \2-\3 ",
            "A boarded up mill.",
        ),
        (r"(?i)\bt\.v\b(?:\.(?!\s*$))?", "tv", "A mule by a t.v. stand."),
        (r"(?i)\bthru\b", "through", "A mule thru a gate."),
        (r"(?i)\b(on|with|wearing) ((?:his |her |their |some )?)skies\b", r"\1 \2skis", "A nun on skies."),
        (
            r"(?i)(?<!holding )(?<!holds )(?<!hold )(?<!hanging )(?<!held )\bon to (?=an? |the )",
            "onto ",
            "A monk hauls a sack on to a ledge.",
        ),
        (
            r"(?i)\bwhile (?=(?:on|in|at|near|under|inside) (?:an? |the )(?!phone|cell))",
            "",
            "A mule wears a hat while on a ledge.",
        ),
        (
            r"(?i)\b(park\w*) (in|at) (an?|the) lot\b",
            r"\1 \2 \3 parking lot",
            "A tractor is parked in a lot.",
        ),
        (r"(?i)\b(?:parallel|adjacent) to\b", "next to", "A ditch parallel to a gate."),
        (r"(?i)\bcounter top(s?)\b", r"countertop\1", "A jug on a counter top."),
        (r"(?i)\bonstage\b", "on stage", "A flute onstage."),
        (r"(?i)\bcross[ -]country (?=ski)", "", "A nurse on cross country skis."),
        (r"\b(in|on|with|of|from|has|to|by) it['\u2019]s (?=\w)", r"\1 its ", "A mule in it's stall."),
        (r"(?i)(?<!\bon )(?<!\bto )\beither side of\b", "beside", "Two jugs either side of a cot."),
        (r"(?i)\b(skate|snow|surf|wake) boarding\b", r"\1boarding", "A nun skate boarding."),
        (r"(?i)\band ?/ ?or\b", "or", "Jugs made and/or sold by a nun."),
        (r"(?i)\bside cars?\b", "sidecar", "A nun in a side car."),
        (r"(?i)\b(hill|mountain) tops?\b", r"\1top", "A mule on a hill top."),
        (r"(?i)(?<=\w )n (?=(?:the|an?|water) )", "in ", "A nun n the moat."),
        (r"(?i)^((?:an? )?black and white) of\b", r"\1 photo of", "Black and white of a mule in a moat."),
        (
            r"(?i)\bon the (?:left|right|near) side of\b",
            "on the side of",
            "A mule on the near side of a gate.",
        ),
        (
            r"(?i)\b(?:who|that) (?:is|are) (?=\w+ing\b[^.,;]* (?:is|are)\b)",
            "",
            "A monk who is dozing by a gate is grinning.",
        ),
        (r"(?i)\b(?:on front|infront) of\b", "in front of", "A jug infront of a gate."),
        (r"(?i)\b(?:ontop|on to) of\b", "on top of", "A jug ontop of a gate."),
        (
            r"(?i)\band well (\w+ed|lit|kept|worn) (?=[a-z])",
            r"and well-\1 ",
            "A clean and well stocked mill.",
        ),
        (r"(?i)\bits? self\b", "itself", "A mule scratches its self."),
        (r"(?i)\bwit (?=an? |the |his |her )", "with ", "A monk wit a jug."),
        (
            r"(?i) (?:instead of|rather than) (?=(?:in|on|at|under|near|inside) )[^.,;]*?"
            r"(?=[.,;]|$| (?:while|as|with) )",
            "",
            "A jug on a gate instead of on the mat.",
        ),
        (
            r"(?i)\b(?:up close|close up) (?:next to|near|beside|by|to) the camera\b",
            "close to the camera",
            "A mule close up next to the camera.",
        ),
        (
            r"(?i)\b(close[ -]up of (?:an? |the )?\w+|com(?:es?|ing)|came|gets?|getting|steps?|stepping)"
            r" (?:next to|near|beside|by|up to) the camera\b",
            r"\1 close to the camera",
            "A mule comes near the camera.",
        ),
        (r"(?i)\bthumbs up\b", "thumbs-up", "A nun giving a thumbs up."),
        (r"(?i)^there (?:stands|sits|lies|hangs) ", "There is ", "There stands a mule."),
        (r"(?i)^there (?:stand|sit|lie|hang) ", "There are ", "There stand two mules."),
        (
            r"(?i)\bwhat (?:appears|seems|looks) (?:to be|like)(?= an? | the )",
            "",
            "A monk under what appears to be an arch.",
        ),
        (
            r"(?i)\b(an?|the|\w+ly) (fenced|roped|blocked|sectioned|cordoned|walled|marked|closed)"
            r" (off|in) (?=[\w-]+\b)",
            r"\1 \2-\3 ",
            "Mules in a roped off meadow.",
        ),
    )
)


class ObjectSpelling(NamedTuple):
    """A spelling that counts only where its part `object` names the object that is taken out, which is
    the object of its caption.
    """

    pattern: re.Pattern
    instead: str
    caption: str
    object: str

    def write(self, caption: str, category: str, vocabulary: Vocabulary) -> str:
        """Return a caption of which the category is to be taken out, spelt as the rules read it."""
        return self.pattern.sub(
            lambda found: (
                found.expand(self.instead) if category in vocabulary.find_words(found["object"]) else found[0]
            ),
            caption,
        )


OBJECT_SPELLINGS = tuple(
    ObjectSpelling(re.compile(pattern), instead, caption, word)
    for pattern, instead, caption, word in (
        # nails are a hand's where they are said to be somebody's, and else things
        (
            r"(?i)^((?:the )?(?:\w+ )?nails) for (?P<object>(?:the )?\w+)",
            r"\1 of \g<object>",
            "Pretty nails for nuns by a kiln.",
            "person",
        ),
        # what a picture shows does not hang on the place that it is taken from
        (
            rf"(?i)\b({'|'.join(sorted(PICTURES | {'views'}))})"
            r" (?P<object>from inside (?:an?|the) [\w -]+?) (?=of\b)",
            r"\1 ",
            "A view from inside a bus of a moat.",
            "bus",
        ),
    )
)
# What carries the object and stays without it, `a clock tower` is a tower then; what it shows.
_CARRIERS = {
    "clock": (
        (re.compile(r"(?i)\bclock[- ]?(towers?)\b"), r"\1"),
        (re.compile(r"(?i),? \b(?:that |which )?(?:say|show|read|tell)\w* [^.,]*?\d[^.,]*(?=\.?\s*$)"), ""),
    ),
}


def write_plainly(caption: str, category: str, vocabulary: Vocabulary) -> str:
    """Return a caption as the rules read it, of which a word of the list is to be taken out."""
    caption = _part_place(_drop_marks(caption, vocabulary), vocabulary)
    for pattern, instead in _CARRIERS.get(category, ()):
        caption = pattern.sub(instead, caption)
    for spelling in OBJECT_SPELLINGS:
        caption = spelling.write(caption, category, vocabulary)
    return caption


def _drop_marks(caption: str, vocabulary: Vocabulary) -> str:
    """Return a caption without marks that no reader of the scene misses: quotation marks, and
    brackets with what they hold, unless that names a thing; then they become commas.
    """
    caption = _GAPS.sub(" ", html.unescape(caption).translate(_QUOTES))
    for spelling in SPELLINGS:
        caption = spelling.pattern.sub(spelling.instead, caption)
    caption = _POINTING.sub("", _EMOTICON.sub("", caption))
    return _BRACKETS.sub(
        lambda found: f", {found[1]}," if vocabulary.find_words(found[1]) else " ", caption
    ).replace(",.", ".")


def _turn(chunks: list[Chunk]) -> str | None:
    """Return a caption that begins with a place and a verb with its subject first: `Behind a gate are
    two mules` -> `Two mules are behind a gate`; None for any other.
    """
    at = next((place for place, chunk in enumerate(chunks) if chunk.kind == "V"), 0)
    if at == 0 and len(chunks) > 2 and chunks[1].head in _STANDING and chunks[2].is_plural:
        verb = Chunk("V", chunks[1].tokens[-1:])  # "Behind the gate stand two mules"
        chunks, at = [chunks[0], Chunk("NP", chunks[1].tokens[:-1]), verb, *chunks[2:]], 2
    kinds = [chunk.kind for chunk in chunks]
    if kinds[:at] not in (["P", "NP"], ["P", "NP", "P", "NP"]) or chunks[at].low not in _STANDING:
        return None
    told = chunks[at + 2].low if len(chunks) > at + 2 and chunks[at + 2].kind == "S" else ""
    told_more = told in ("that", "which", "who")  # "a cat that my dog loves"
    if kinds[at + 1 : at + 2] != ["NP"] or not (told_more or set(kinds[at + 2 :]) <= {"P", "NP", "C"}):
        return None
    place, subject = (" ".join(chunk.text for chunk in part) for part in (chunks[:at], chunks[at + 1 :]))
    return f"{subject[:1].upper()}{subject[1:]} {chunks[at].text} {place[:1].lower()}{place[1:]}"


def _put_behind(chunks: list[Chunk], caption: str) -> str:
    """Return a caption that begins with what somebody has, or with a second sentence, with the subject
    first: `With a lamp in his hand, a monk reads a book` -> `A monk with a lamp in his hand reads a
    book`; `While a mule rests, a nun reads` -> `A nun reads while a mule rests`.
    """
    at = next((place for place, chunk in enumerate(chunks) if chunk.kind == "C"), 0)
    kinds = [chunk.kind for chunk in chunks]
    second = chunks[0].kind == "S"
    whole = "V" in kinds[:at] if second else set(kinds[:at]) == {"P", "NP"}
    if chunks[at].low != "," or not whole or kinds[at + 1 : at + 3] != ["NP", "V"]:
        return caption
    first, subject, rest = (
        " ".join(chunk.text for chunk in part)
        for part in (chunks[:at], chunks[at + 1 : at + 2], chunks[at + 2 :])
    )
    first, rest = f"{first[:1].lower()}{first[1:]}", rest.rstrip(" .")
    told = f"{subject} {rest} {first}" if second else f"{subject} {first} {rest}"
    return f"{told[:1].upper()}{told[1:]}" + "." * caption.rstrip().endswith(".")


_STAND = (
    "stand",
    "sit",
    "lie",
    "hang",
    "sleep",
    "rest",
    "graze",
    "float",
    "swim",
    "wait",
    "grow",
    "walk",
    "run",
)
_STANDING = {"is", "are", "fly", "flies", *_STAND, *(f"{verb}s" for verb in _STAND)}
# "On my desk there is a laptop and a lamp": the place, and what there is.
_THERE = re.compile(
    r"(?i)^((?:in|on|at|inside|near|under|behind|above|outside|next|beside|below|along|across|around|by)"
    r"\b[^,.;]*?),? there (?:is|are|stands?|sits?|lies?|hangs?) ([^.;]+)$"
)


def _part_place(caption: str, vocabulary: Vocabulary) -> str:
    """Return a caption with a comma behind the place that it begins with, `In a hall a nun sings`; with
    what there is first, `In a hall there is a nun`.
    """
    if len(caption) > MOST_LETTERS:
        return caption
    if found := _THERE.match(caption.rstrip(" .")):
        place, subject = found.groups()
        told = f"{subject[:1].upper()}{subject[1:]} {place[:1].lower()}{place[1:]}"
        return told + "." * caption.rstrip().endswith(".")
    if not (PLACE_FIRST.match(caption) or _ASIDE_FIRST.match(caption)):
        return caption
    chunks = make_chunks(read_tokens(caption, vocabulary))
    if _ASIDE_FIRST.match(caption):
        return _put_behind(chunks, caption)
    turned = _turn(chunks)
    if turned is not None:
        return turned + ("." if caption.rstrip().endswith(".") else "")
    place = " ".join(chunk.text for chunk in chunks[:2])
    parted = [chunk.kind for chunk in chunks[:4]] == ["P", "NP", "NP", "V"] and caption.startswith(
        f"{place} "
    )
    return f"{place},{caption[len(place) :]}" if parted else caption
