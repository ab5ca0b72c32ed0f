"""A caption in other dress says the same: entities, letters of full width, curly quotes, signs
without width; and no text breaks the reading.
"""

import html
import random

import pytest

from processor_time import measure
from unscene.words.coco80 import COCO80
from unscene.words.plain_text import MOST_CHARACTERS, PlainText
from unscene.words.readable import OBSTACLES, find_obstacle

SAID = [
    'A man\'s dog & a "cat" on a bench',
    "Two women's bikes, a bus-stop sign and a kite",
    "A glass of red wine near the cat's bowl",
]
SCRAPS = [
    "&amp;",
    "&#39;",
    "&",
    "<",
    ">",
    "<b>",
    "dog",
    "a couple",
    "#",
    "@",
    "\u200b",
    "\uff24",
    "\u2019",
    ".",
]


def _widen(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@pytest.mark.parametrize("caption", SAID)
@pytest.mark.parametrize(
    "dress",
    [
        html.escape,
        lambda text: html.escape(html.escape(text)),
        _widen,
        lambda text: text.replace("'", "\u2019").replace('"', "\u201d"),
        lambda text: "\u200b".join(text),
        lambda text: "".join(f"&#{ord(c)};" for c in text),
        lambda text: text.replace(" ", "\u00a0"),
        lambda text: f"{text} https://example.org/elephants/a-truck.jpg",
        lambda text: f"<p>{text}</p> #zebra @giraffe",
        str.upper,
    ],
)
def test_another_dress_says_the_same(caption, dress):
    assert COCO80.find_words(dress(caption)) == COCO80.find_words(caption)


@pytest.mark.parametrize("seed", range(300))
def test_any_text_is_read_and_spans_lie_in_it(seed):
    draw = random.Random(seed)
    signs = [chr(draw.choice([draw.randrange(32, 127), draw.randrange(0xD7FF), 0x1F436])) for _ in range(20)]
    caption = " ".join("".join(draw.choices(signs + SCRAPS, k=draw.randrange(5))) for _ in range(8))
    end = 0
    for mention in COCO80.find_mentions(caption):
        assert end <= mention.start < mention.end <= len(caption) and mention.word in COCO80
        end = mention.end
    reason = find_obstacle(caption)
    assert reason is None or reason.split(":")[0] in OBSTACLES
    plain = PlainText(caption)
    assert all(0 <= plain.at(place) <= len(caption) for place in range(len(plain.text) + 1) if plain.text)


@pytest.mark.parametrize(
    "unit",
    ["a", "a.", "a-", "@1", "<a", "&amp;", "www.", "hot  ", "glass of a ", "mother and ", "\u200b", "0"],
)
def test_no_text_takes_long(unit):
    """At most twice as long as plain words of its length; a pattern that tries all ends takes thousands."""

    def read(unit):
        text = (unit * MOST_CHARACTERS)[:MOST_CHARACTERS]
        COCO80.find_words(text)
        find_obstacle(text)

    COCO80.find_words(unit)
    assert measure(read, unit) < 20 * measure(read, "A dog sits on a bench in the park. ")
