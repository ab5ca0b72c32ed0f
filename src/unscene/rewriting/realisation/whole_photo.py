"""What a caption says of the whole photo, and is true of whatever is left: that it is outside, at night,
in black and white.

It stands behind the object mostly, `a cat on a car outside`, and is lost with it; then it is put back.
"""

import re

from unscene.rewriting.scene_lists import GROUNDS, ROOMS
from unscene.words.caption_words import PICTURES
from unscene.words.vocabulary import Vocabulary

STYLES = "old|vintage|antique|artistic|black and white|sepia|blurry|blurred|grainy|retro|faded|aerial"
_AROUND = "and|while|as|with|together|on|near|by|next|in|at|around|under|behind|beside"
OUTSIDE = re.compile(rf"\b(outside|outdoors|indoors)\b(?=[ .,]*$|,| (?:{_AROUND}|\w+ing)\b)")
LOOKING_OUT = re.compile(
    r"\b(?:look|star|gaz|peer|peek|view)\w* (?:\w+ )?(?:outside|outdoors)\b|\b(?:from|the|inside) outside\b"
)
# In what photo, or when, a caption ends.
_LAST = re.compile(
    r"(?i)(?<=[a-z]) ((?:on an? (?:[\w-]+ ){0,2}(?:day|night|evening|morning|afternoon)"
    r"|at (?:night|dusk|dawn|sunset|sunrise)|in the (?:daytime|daylight|dark)|during the (?:day|night)"
    rf"|(?:in|of) an? (?:{STYLES}) (?:photo|photograph|picture|image)"
    r"|(?<!and )in (?:black and white|sepia)))[ .]*$"
)
# Above a thing is not above the scene: `seen from above a lake`.
_FROM = re.compile(
    r"(?i)\b(?:seen|viewed|shot|taken|photographed|pictured) (from (?:above|below|the air))\b"
    rf"(?=[ .]*$| ?,| (?:{_AROUND}|\w+ing)\b)"
)
_COLOURLESS = re.compile(
    r"(?i)^(?:an? |the |this )?(?:beautiful |old )?black and white"
    r" (?:photo|photograph|picture|image|portrait|shot)\b"
)
_OPEN_AIR = GROUNDS - ROOMS - {"stop", "station", "space", "floor", "surface"}


def tell_of_whole(text: str, caption: str, category: str, vocabulary: Vocabulary) -> str:
    """Return what is left of a caption without a category with what it says of the whole photo."""
    low, words = caption.lower(), set(re.findall(r"[\w-]+", text.lower()))
    last = _LAST.search(caption)
    if last is not None and last[1].lower().split()[-1] not in words and not words & PICTURES:
        worn = (
            "sepia" not in low
            and last[1].lower() == "in black and white"
            and _tells_of(last, category, vocabulary)
        )
        text = text if worn else f"{text} {last[1]}"
    seen = _FROM.search(caption)
    if seen is not None and seen[1].lower() not in text.lower():
        text = f"{text} {'' if words & PICTURES else 'seen '}{seen[1].lower()}"
    if _COLOURLESS.search(caption) and "black and white" not in text.lower():
        text = f"{text} in black and white"
    found = OUTSIDE.search(low)
    told = words & (_OPEN_AIR | {"outside", "outdoors", "indoors", "outdoor", "indoor"})
    if found is None or told or LOOKING_OUT.search(low):
        return text
    if text.lower().startswith("a scene"):
        return f"An {found[1].removesuffix('s').replace('outside', 'outdoor')}{text[1:]}"
    return f"{text} {found[1]}"


def _tells_of(last: re.Match, category: str, vocabulary: Vocabulary) -> bool:
    """Whether colours stand right behind the object or what it wears: `a nun dressed in black and white`."""
    before = last.string[: last.start()]
    if before.lower().endswith(("dressed", "clothes", "clad", "painted", "outfit", "uniform", "suit")):
        return True
    return any(m.word == category and m.end >= len(before) for m in vocabulary.find_mentions(last.string))
