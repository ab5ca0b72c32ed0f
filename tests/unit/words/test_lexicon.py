"""The lexicon: every trap of the annotation policy, plurals, spans, and its agreement with the page
and the prompt.
"""

import re

import numpy as np
import pytest

from processor_time import measure
from unscene.answers.prompts import keyword_system
from unscene.words.coco80 import COCO80
from unscene.words.lexicon import Lexicon, LexiconError, expand_form, read_definition

find_words, find_mentions = COCO80.find_words, COCO80.find_mentions

TRAPS = [
    ("A man eats a hot dog", "person|hot dog"),
    ("A hot, dog-eared book", "book"),
    ("a teddy bear on a bed", "bed|teddy bear"),
    ("a man in a bear suit", "person"),
    ("a tree bears fruit", ""),
    ("The woman bears a child's weight", "person"),
    ("a mouse next to a keyboard", "mouse|keyboard"),
    ("a mouse eats cheese", ""),
    ("a cat chases a mouse", "cat"),
    ("a mouse on the desk", "mouse"),
    ("mouse pad", ""),
    ("an orange cat", "cat"),
    ("orange couch", "couch"),
    ("a man in an orange shirt", "person"),
    ("an orange and white cat", "cat"),
    ("an orange on a plate", "orange"),
    ("oranges in a bowl", "bowl|orange"),
    ("a cat that is orange", "cat"),
    ("a bowl of apples and an orange.", "bowl|apple|orange"),
    ("a glass of orange juice", "cup"),
    ("a man in orange", "person"),
    ("apples, orange and banana", "banana|apple|orange"),
    ("orange slices on a plate", "orange"),
    ("a bat hangs in a cave", ""),
    ("a player at bat", "person"),
    ("a baseball player swings a bat", "person|baseball bat"),
    ("a man with a bat", "person|baseball bat"),
    ("a man wearing a tie", "person|tie"),
    ("a bow tie", "tie"),
    ("a man ties his shoe", "person"),
    ("a horse tied to a post", "horse"),
    ("railway ties", ""),
    ("ties on a train track", ""),
    ("a man in a suit and tie", "person|tie"),
    ("a man tries to tie a knot", "person"),
    ("a hydrant in a bed of colorful garden flowers", "fire hydrant"),
    ("two beds of purple and white tulips", ""),
    ("a cat on a bed of pillows", "cat|bed"),
    ("a girl with flowers on the bed of her parents", "person|bed"),
    ("a table with place settings for 7 people", "dining table"),
    ("a man cooks for two people", "person"),
    ("a couch with room for three people", "couch"),
    ("a remote village", ""),
    ("a remote on the couch", "couch|remote"),
    ("a wii remote", "remote"),
    ("a man holding a Nintendo Wii game controller", "person|remote"),
    ("remote control car", "car"),
    ("a woman with glasses", "person"),
    ("a glass window", ""),
    ("two glasses of wine", "wine glass"),
    ("a glass of red wine", "wine glass"),
    ("a glass of lemonade", "cup"),
    ("a glass vase", "vase"),
    ("wine glasses", "wine glass"),
    ("a glass of wine and a glass of water", "wine glass|cup"),
    ("a baby elephant", "elephant"),
    ("a man-made lake", ""),
    ("a snowman", ""),
    ("a mannequin in a window", ""),
    ("baby carrots", "carrot"),
    ("a crowd watches", "person"),
    ("a couple of buckets", ""),
    ("a couple of women", "person"),
    ("a couple on a bench", "person|bench"),
    ("a family", "person"),
    ("kids with a kite", "person|kite"),
    ("rider", "person"),
    ("he is walking", ""),
    ("a phone booth", ""),
    ("a pay phone", ""),
    ("a tv stand", ""),
    ("a sofa", "couch"),
    ("a couch potato", ""),
    ("a man skis down a hill", "person"),
    ("a pair of skis", "skis"),
    ("a man on skis", "person|skis"),
    ("a man surfing", "person"),
    ("kite surfing", ""),
    ("a kite surfer", "person"),
    ("a man flies a kite", "person|kite"),
    ("a woman in ski boots", "person"),
    ("surf on the beach", ""),
    ("a man waits by the bus stop", "person"),
    ("a train station", ""),
    ("a boat dock", ""),
    ("a bus at the bus station", "bus"),
    ("train tracks", ""),
    ("a stop sign", "stop sign"),
    ("a clock tower", "clock"),
    ("a bird bath", ""),
    ("a toilet seat", "toilet"),
    ("a car seat", ""),
    ("a dining table", "dining table"),
    ("a table", "dining table"),
    ("a desk", ""),
    ("a coffee table", ""),
    ("a ball", "sports ball"),
    ("a soccer ball", "sports ball"),
    ("a baseball game", ""),
    ("a baseball", "sports ball"),
    ("playing baseball", ""),
    ("a cake", "cake"),
    ("a cupcake", "cake"),
    ("a potted plant", "potted plant"),
    ("a plant", ""),
    ("a plant in a pot", "potted plant"),
    ("a bowl", "bowl"),
    ("bowling", ""),
    ("a book", "book"),
    ("a booked hotel", ""),
    ("a bench", "bench"),
    ("a bench press", ""),
    ("a parking meter", "parking meter"),
    ("passenger train", "train"),
    ("bow tie", "tie"),
    ("toilet paper", ""),
    ("a pizza oven", "oven"),
    ("microwave oven", "microwave"),
    ("toaster oven", "oven"),
    ("A DOG", "dog"),
    ("bus", "bus"),
    ("buses", "bus"),
    ("skis", "skis"),
    ("truck driver", "person"),
    ("fire truck", "truck"),
    ("teddy bears", "teddy bear"),
    ("two knives", "knife"),
    ("hair dryer", "hair drier"),
    ("men's ties", "tie"),
    ("the men's ties", "person|tie"),
    ("boat house", ""),
    ("sky-blue kite", "kite"),
    ("no dog", "dog"),
    ("Ball of yarn", ""),
    ("apple laptop", "laptop"),
    ("a dog house", ""),
    ("stuffed animals", "teddy bear"),
    ("table tennis", ""),
    ("people on a tennis court", "person"),
    ("laptop bag", ""),
    ("a bottle-nose dolphin", ""),
    ("a sink", "sink"),
    ("the boat sinks into the sea", "boat"),
    ("Orange traffic cone", ""),
    ("A tabby cat on the sofa", "cat|couch"),
    ("police officer on a horse", "person|horse"),
    ("Woman's handbag", "person|handbag"),
    ("people skiing", "person"),
    ("A kite flying over the field", "kite"),
    ("A couple of kites flying", "kite"),
    ("A small basketball by the fence", "sports ball"),
    ("kids play basketball in a park", "person"),
    ("A yellow umbrella stands by the sea", "umbrella"),
    ("a cat walks on the bed", "cat|bed"),
    ("dogs run in a park", "dog"),
    ("a bus stops at a light", "bus"),
    ("a hot dog stand", ""),
    ("a flowering plant in a pot", "potted plant"),
    ("a girl with a glass of lemonade", "person|cup"),
    ("an orange automobile", "car"),
    ("street lights", ""),
    ("a bike and walking path", ""),
    ("two bus stops", ""),
    ("a man playing frisbee", "person|frisbee"),
    ("No orange here", "orange"),
    ("a bird's eye view", ""),
    ("the cat's bowl", "cat|bowl"),
]


@pytest.mark.parametrize(("caption", "words"), TRAPS)
def test_trap(caption, words):
    assert "|".join(find_words(caption)) == words


# Words of other senses, and what is around words, several of each kind: none is a phrase of the lexicon
# file.
SENSES = {
    "sayings": [
        ("It rains cats and dogs", ""),
        ("The early bird gets a seat", ""),
        ("A big bird on a pole", "bird"),
    ],
    "people by another sense": [
        ("She whisks the batter", ""),
        ("A batter waits at home plate", "person"),
        ("Potted mums", ""),
        ("My mum waves", "person"),
        ("A pitcher of lemonade", ""),
        ("The diner is closed", ""),
        ("Diners at a table", "person|dining table"),
        ("Ceiling fans", ""),
        ("A boy dressed as a cow", "person"),
        ("A row of wind catchers", ""),
        ("A hockey fan cheers", "person"),
        ("Cooks are at work", "person"),
        ("A lady bird watching from a hide", "person"),
        ("A pair of trainers", ""),
        ("A folk dance", ""),
        ("A phone hangs on the wall", ""),
    ],
    "stuffed animals": [
        ("A stuffed raccoon", "teddy bear"),
        ("A plush lamb on a sill", "teddy bear"),
    ],
    "signs of other stops": [
        ("A tour bus stop sign", ""),
        ("A bent stop sign", "stop sign"),
    ],
    "a glass of any wine": [
        ("A glass of very old wine", "wine glass"),
        ("Glasses of pink champagne", "wine glass"),
        ("A glass of iced tea", "cup"),
        ("A glass of red", "wine glass"),
    ],
    "what the page wrote around the words": [
        ("Tom &amp; his dog", "dog"),
        ("&lt;PERSON&gt; rides", "person"),
        ("<PERSON> rides", "person"),
        ("<b>Dogs</b>", "dog"),
        ("See www.dog.com/cat or cat@bird.org", ""),
        ("#dog @cat", ""),
        ("a-dog-on-a-bench-01.jpg", ""),
        ("The cat\u2019s bowl", "cat|bowl"),
        ("\uff21 \uff24\uff4f\uff47", "dog"),
        ("A d\u200bog", "dog"),
        ("A caf\u00e9 table", "dining table"),
    ],
}


@pytest.mark.parametrize(("caption", "words"), [pair for kind in SENSES.values() for pair in kind])
def test_sense(caption, words):
    assert "|".join(find_words(caption)) == words


def test_time_grows_with_the_length():
    """Four times as long takes about four times as long; with the square it would be sixteen."""
    for unit in ("orange ", "a bat ", "a mouse ", "phone ", "couple ", "mother and "):
        find_words(unit)
        short, long = (measure(find_words, unit * (length // len(unit))) for length in (1750, 7000))
        assert long < 9 * short, unit


def test_a_text_that_is_no_caption_is_not_read():
    assert find_words("dog " * 2499) == ["dog"] and find_words("dog " * 2501) == []


def test_spans_are_positions_of_the_caption_as_given():
    caption = "Tom &amp; a d\u200bog\u2019s \uff42\uff4f\uff57\uff4c, &quot;bench&quot;"
    assert [caption[m.start : m.end] for m in find_mentions(caption)] == [
        "d\u200bog",
        "\uff42\uff4f\uff57\uff4c",
        "bench",
    ]


@pytest.mark.parametrize("word", COCO80)
def test_every_word_and_its_plural_is_found(word):
    plural = {
        "knife": "knives",
        "person": "people",
        "mouse": "mice",
        "scissors": "scissors",
        "skis": "skis",
        "sheep": "sheep",
    }
    many = plural.get(word) or word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")
    assert find_words(f"There is no {word} here.") == [word]
    if word != "broccoli":
        scene = "Two baseball players and many {}." if word.startswith("baseball") else "Many {}."
        assert word in find_words(scene.format(many))


def test_words_are_in_coco_order_and_once():
    assert find_words("A vase, a dog, a man and two dogs.") == ["person", "dog", "vase"]


def test_spans_point_into_the_caption():
    caption = "Two DOGS near a stop  sign and a Teddy-Bear"
    assert [(caption[m.start : m.end], m.word) for m in find_mentions(caption)] == [
        ("DOGS", "dog"),
        ("stop  sign", "stop sign"),
        ("Teddy-Bear", "teddy bear"),
    ]


def test_letters_that_grow_when_lowered_keep_the_spans():
    caption = "\u0130\u0130 a dog"
    (mention,) = find_mentions(caption)
    assert caption[mention.start : mention.end] == "dog"


def test_regular_expression_equals_a_naive_search():
    """Longest form first at every word edge, found by trying all forms: the trie must find the same
    places.
    """
    book = COCO80.reader
    forms = sorted(book._meanings, key=len, reverse=True)
    caption = "a hot dog stand by the fire truck, two teddy bears and a mini cooper near a clock tower"
    spans, place = [], 0
    while place < len(caption):
        rest = caption[place:]
        edge = place == 0 or not (caption[place - 1].isalnum() or caption[place - 1] == "_")
        ends = (f for f in forms if rest.startswith(f) and not rest[len(f) : len(f) + 1].isalnum())
        form = next(ends, None) if edge else None
        if form:
            spans.append((place, place + len(form)))
        place += len(form) if form else 1
    assert [m.span() for m in book._regex.finditer(caption)] == spans


def test_rules_stand_in_page_and_prompt(checkout):
    page = " ".join((checkout / "docs" / "KEYWORDS.md").read_text(encoding="utf-8").split())
    prompt = keyword_system(COCO80)
    for rule in COCO80.rules:
        assert rule in page and rule in prompt
    assert prompt.startswith("Words: person, bicycle, car,")


def test_traps_of_the_page_are_what_the_lexicon_says(checkout):
    page = (checkout / "docs" / "KEYWORDS.md").read_text(encoding="utf-8")
    rows = [
        line.split(" | ")
        for line in page.splitlines()
        if line.startswith("| ") and "`" in line and "status" not in line
    ]
    assert len(rows) >= 20
    for _, captions, words, *_ in rows:
        for caption, wanted in zip(re.findall(r"`([^`]+)`", captions), words.split("; "), strict=True):
            assert find_words(caption) == COCO80.sort(w for w in wanted.split(", ") if w != "none"), caption


def test_definition_errors_are_named(checkout):
    definition = read_definition(checkout / "src/unscene/resources/lexicon.yaml")
    assert expand_form("(bus|train) stop(|s)") == ["bus stop", "bus stops", "train stop", "train stops"]
    with pytest.raises(LexiconError, match="groups"):
        expand_form("dog(s?)?")
    definition["words"]["cat"]["forms"].append("dog")
    with pytest.raises(LexiconError, match="'dog' means both"):
        Lexicon(definition, COCO80)
    del definition["words"]["cat"]
    with pytest.raises(LexiconError, match="missing"):
        Lexicon(definition, COCO80)


def test_drawn_scenes_mention_what_their_sentences_were_made_of():
    """The sentences of drawn scenes know their words from how they were put together."""
    from unscene.scenes.composition import compose_scene
    from unscene.scenes.sentences import write_captions

    for index in range(150):
        for sentence, mentions in write_captions(compose_scene(11, index), np.random.default_rng(index)):
            assert sorted(find_words(sentence)) == sorted(mentions), sentence


def test_real_captions_name_what_the_labels_show(real_data):
    """COCO's labels say what is in the photo: a proxy that a mention should nearly always agree with."""
    import json

    captions = json.loads((real_data / "coco_sample" / "captions.json").read_text())
    instances = json.loads((real_data / "coco_sample" / "instances.json").read_text())
    names = {c["id"]: c["name"] for c in instances["categories"]}
    shown = {}
    for row in instances["annotations"]:
        shown.setdefault(row["image_id"], set()).add(names[row["category_id"]])
    hits = [
        word in shown[row["image_id"]]
        for row in captions["annotations"]
        if row["image_id"] in shown
        for word in find_words(row["caption"])
    ]
    assert len(hits) > 150 and sum(hits) / len(hits) > 0.95
