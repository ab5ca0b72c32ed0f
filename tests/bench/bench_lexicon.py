"""Speed of the lexicon: captions a second of one core's time (waiting for a busy machine not
counted), and the time of 3,000 repeats of a word that needs its context, with the limit of length
taken away. Prints two lines for programs; run it by hand or by `make bench`.
"""

import random
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

from result_lines import print_bench

SUBJECTS = [
    "A man",
    "Two women",
    "a little girl",
    "The brown dog",
    "A group of people",
    "Several kids",
    "An orange cat",
]
VERBS = [
    "standing next to",
    "sitting on",
    "holding",
    "looking at",
    "riding past",
    "is walking towards",
    "near",
]
OBJECTS = [
    "a wooden bench",
    "a red stop sign",
    "a large pizza",
    "an umbrella",
    "a laptop and a mouse",
    "a baseball bat",
    "two glasses of wine",
    "the bus stop",
    "a teddy bear",
    "an old clock tower",
    "some potted plants",
    "his surfboard",
]
PLACES = [
    "in a park.",
    "on the beach",
    "at night",
    "in a small kitchen.",
    "along a busy street",
    "on a grassy hill.",
]


def measure(captions: int = 50_000, repeats: int = 3) -> float:
    """Return captions a second: the best of the repeats, compilation not counted."""
    from unscene.words.coco80 import COCO80

    draw = random.Random(0)
    texts = [
        " ".join(draw.choice(part) for part in (SUBJECTS, VERBS, OBJECTS, PLACES)) for _ in range(captions)
    ]
    find = COCO80.find_words
    find(texts[0])
    best = float("inf")
    for _ in range(repeats):
        started = time.process_time()
        for text in texts:
            find(text)
        best = min(best, time.process_time() - started)
    return captions / best


def measure_repeats(repeats: int = 3_000) -> float:
    """Return the milliseconds of one text of a repeated word; they grow with the repeats."""
    from unscene.words import lexicon
    from unscene.words.coco80 import COCO80

    COCO80.find_words("an orange")
    lexicon.MOST_CHARACTERS = 10 * repeats
    started = time.process_time()
    COCO80.find_words("orange " * repeats)
    return 1000 * (time.process_time() - started)


if __name__ == "__main__":
    print_bench("lexicon", measure(), "captions/s")
    print_bench("lexicon_repeats", measure_repeats(), "ms")
