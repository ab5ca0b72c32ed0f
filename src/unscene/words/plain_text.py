"""A caption as the lexicon reads it: lower case, no quotation marks, no markup, no addresses; and where
each letter came from.
"""

import html
import re
import unicodedata

# Longer texts are no captions; the lexicon's time grows with the length.
MOST_CHARACTERS = 10_000
# A mark that ends a phrase and is no letter: it stands for what is not read.
_CUT = "|"
_ENTITY = re.compile(r"&(?:amp;)*(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.I)
_DOMAINS = "com|org|net|edu|gov|info|uk|de|jp|io|ru|fr|nl|eu|blog|shop"
_UNREAD = re.compile(
    rf"""(?:https?|ftp)://[^\s<>"']+            # http://dog.org/cat
    | \bwww\.[^\s<>"']+
    | (?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+            # cat@dog.org
    | (?<![\w.-])[\w-]+(?:\.[\w-]+)*\.(?-i:{_DOMAINS})\b(?:/[^\s<>"']*)?   # dog-house.com/cat
    | (?<![\w.-])[\w-]+\.(?:jpe?g|png|gif|webp|svg|bmp|html?|php|pdf|mp4)\b   # red-dog.jpg
    | (?<![\w&])[@\#][\w.-]*[^\W\d_][\w.-]*   # @dogs, #cat
    | </?(?!person\b)[a-z][^<>]{{0,200}}>       # <b>, not CC3M's <PERSON>
    """,
    re.X | re.I,
)
_STRAIGHT = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u0060\u00b4\u2032\u02bc\uff07", "'"),
    # A word in quotation marks stands in its phrase as any other: `a "happy" dog`.
    **dict.fromkeys('"\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02', " "),
    **dict.fromkeys("\u2010\u2011\u2012\ufe63\uff0d\u2212", "-"),
    **dict.fromkeys("\u2013\u2014\u2015\u2026\u2022\u00b7", _CUT),
}
# What a caption must hold to need more than lower case.
_SPECIAL = re.compile(r"[^ -~]|[\"&@#<]|://|www\.|\.[A-Za-z]")


class PlainText:
    """The text that the lexicon reads, and the caption it was made from.

    text: what is read. at(place): the position in the caption of a position in the text.
    """

    __slots__ = ("_places", "caption", "text")

    def __init__(self, caption: str):
        self.caption = caption
        self._places: list[int] | None = None
        if _SPECIAL.search(caption) is None:
            self.text = caption.lower()
        else:
            self.text, self._places = _read(caption)

    def at(self, place: int) -> int:
        """Return the position in the caption of a position in the text (its end for its end)."""
        return place if self._places is None else self._places[place]

    def end_at(self, place: int) -> int:
        """Return where in the caption a span ends that ends at `place` in the text."""
        if self._places is None or not place:
            return place
        first = self._places[place - 1]
        entity = _ENTITY.match(self.caption, first)
        return entity.end() if entity else first + 1

    def is_capital(self, place: int) -> bool:
        """Return whether the letter at a position of the text is a capital in the caption."""
        return self.caption[self.at(place)].isupper()


def _read(caption: str) -> tuple[str, list[int]]:
    """Return the text of a caption and, for each of its letters and its end, the position it has there."""
    letters: list[str] = []
    places: list[int] = []

    def add(text: str, place: int) -> None:
        for letter in text:
            letters.append(letter)
            places.append(place)

    unread = {match.start(): match.end() for match in _UNREAD.finditer(caption)}
    entities = {match.start(): match.end() for match in _ENTITY.finditer(caption)} if "&" in caption else {}
    place = 0
    while place < len(caption):
        if place in unread:
            add(f" {_CUT} ", place)
            place = unread[place]
            continue
        stop = entities.get(place, place + 1)
        raw = caption[place:stop]
        for letter in html.unescape(html.unescape(raw)) if stop > place + 1 else raw:
            add(_plain(letter), place)
        place = stop
    places.append(len(caption))
    return "".join(letters), places


def _plain(letter: str) -> str:
    """Return a letter as it is read: nothing for signs without width, a space for every kind of space."""
    if letter in _STRAIGHT:
        return _STRAIGHT[letter]
    if letter.isascii():
        return letter.lower()
    if letter.isspace():
        return " "
    if unicodedata.category(letter) in ("Cf", "Mn", "Cc"):
        return ""
    return unicodedata.normalize("NFKC", letter).lower()
