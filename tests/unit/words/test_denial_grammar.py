"""The grammar of denials: what it must hold, that its texts are English, and what it never writes."""

import re

import numpy as np
import pytest
import yaml

from unscene.evaluation.absence_questions import ABSENT, PRESENT
from unscene.evaluation.object_queries import QUERY
from unscene.words.coco80 import COCO80
from unscene.words.denial_entries import GrammarError, parse_entries
from unscene.words.denial_grammar import Grammar, Wording, read_grammar
from unscene.words.vocabulary import Vocabulary

GRAMMAR = read_grammar()
# Several kinds of words, one and several, written out by hand.
NOUNS = {
    "dog": ("dog", "dogs"),
    "umbrella": ("umbrella", "umbrellas"),
    "knife": ("knife", "knives"),
    "sheep": ("sheep", "sheep"),
    "bus": ("bus", "buses"),
    "mouse": ("computer mouse", "computer mice"),
    "tv": ("TV", "TVs"),
    "hot dog": ("hot dog", "hot dogs"),
    "person": ("person", "people"),
    "skis": (None, "skis"),
    "scissors": (None, "scissors"),
    "broccoli": ("broccoli", None),
    "oven": ("oven", "ovens"),
}
SCENES = ["A beach at noon.", "A man with a bag", "A cat is sitting on a mat.", "TV news. A red wall."]


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def write_all(word, denied, other=None, vocabulary=COCO80):
    """Every text that can be written of a word on its own: all constructions, frames and heads."""
    named = GRAMMAR.name(word, vocabulary)
    fields = dict(named.fields)
    if other:
        fields |= {f"other_{name}": form for name, form in GRAMMAR.name(other, vocabulary).fields.items()}
    for after, heads in (("nothing", [""]), ("head", GRAMMAR.entries.heads)):
        for construction, frames in GRAMMAR.list_fitting(2 if other else 1, after):
            for frame in frames:
                for head in heads:
                    for picture in GRAMMAR.entries.pictures[:2]:
                        yield Wording(construction, frame, head, picture, False, False).write(denied, fields)


# What the table holds.


def test_the_table_is_wide():
    one = [entry for entry in GRAMMAR.constructions if entry.objects == 1]
    assert len(one) >= 70 and len(GRAMMAR.constructions) - len(one) >= 10
    assert min(sum(entry.kind == kind for entry in one) for kind in ("attachment", "sentence")) >= 30
    words = {entry.word for entry in one}
    assert words >= {"no", "not", "n't", "none", "without", "free", "nothing", "never", "nowhere", "neither"}
    assert words >= {"zero", "not a single", "lacks", "missing", "absent"}


def test_an_entry_has_its_word_in_a_polarity():
    for entry in GRAMMAR.constructions:
        said = f"{entry.denied} {entry.affirmed}".format_map(Echo())
        assert entry.word in said, entry.name


class Echo(dict):
    def __missing__(self, key):
        return {"isnt": "isn't", "many_arent": "aren't"}.get(key, key)


def test_some_assertions_are_as_plain_as_can_be():
    # Else "a photo with a dog" comes to mean its denial.
    plain = {entry.affirmed for entry in GRAMMAR.constructions}
    assert {"with {a}", "of {a}", "showing {a}", "{a}"} <= plain


def test_every_construction_and_every_frame_is_written():
    written = " | ".join(GRAMMAR.write_bare("oven", True, rng(seed), COCO80).lower() for seed in range(4000))
    fields = GRAMMAR.name("oven", COCO80).fields
    for construction, _ in GRAMMAR.list_fitting(1, "head") + GRAMMAR.list_fitting(1, "nothing"):
        start = construction.denied.format(picture="photo", **fields).lower()
        assert start in written, construction.name
    scenes = {GRAMMAR.write_scene("A hill", "oven", True, rng(seed), COCO80).lower() for seed in range(4000)}
    for mark in ("a hill,", "a hill -", "a hill (", "a hill;", "a hill.", ". a hill", "a hill with"):
        assert any(mark in text for text in scenes), mark
    assert {text[-1] == "." for text in scenes} == {True, False}


# Polarity.


@pytest.mark.parametrize("word", NOUNS)
def test_both_polarities_share_all_but_what_is_said(word):
    """The text of a denial, with the denial put in place of the assertion, is the assertion's."""
    fields = GRAMMAR.name(word, COCO80).fields
    for seed in range(100):
        scene = SCENES[seed % len(SCENES)]
        for write in (
            lambda denied, seed=seed: GRAMMAR.write_bare(word, denied, rng(seed), COCO80),
            lambda denied, seed=seed, scene=scene: GRAMMAR.write_scene(
                scene, word, denied, rng(seed), COCO80
            ),
        ):
            denial, assertion = write(True), write(False)
            assert denial != assertion
            assert denial[0].isupper() == assertion[0].isupper() or "TV" in denial + assertion + " I "
            assert (denial[-1] == ".") == (assertion[-1] == ".")
            pairs = (
                (
                    entry.denied.format(picture=picture, **fields),
                    entry.affirmed.format(picture=picture, **fields),
                )
                for entry in GRAMMAR.constructions
                if entry.objects == 1
                for picture in GRAMMAR.entries.pictures
            )
            assert any(
                denial.lower().replace(denied.lower(), affirmed.lower()) == assertion.lower()
                for denied, affirmed in pairs
            ), (denial, assertion)


def test_what_is_said_does_not_belong_to_the_last_noun():
    texts = [GRAMMAR.write_scene("A man with a bag.", "dog", True, rng(seed), COCO80) for seed in range(6000)]
    assert any(text.lower() == "a man with a bag, without a dog" for text in texts)
    assert not any(re.search("bag (with|and|where)", text) for text in texts)
    texts = [GRAMMAR.write_scene("A hill.", "dog", True, rng(seed), COCO80) for seed in range(6000)]
    assert "A hill without a dog" in texts


def test_a_capital_begins_every_sentence_or_none():
    for seed in range(500):
        text = GRAMMAR.write_scene("A hill.", "dog", bool(seed % 2), rng(seed), COCO80)
        starts = {start.isupper() for start in re.findall(r"(?:^|[.?] )(\w)", text) if start != "I"}
        assert len(starts) <= 1, text


def test_a_generator_goes_on_alike_after_both_polarities():
    one, two = rng(5), rng(5)
    for _ in range(200):
        GRAMMAR.write_bare("dog", True, one, COCO80)
        GRAMMAR.write_bare("dog", False, two, COCO80)
        GRAMMAR.write_scene("A photo", "dog", True, one, COCO80)
        GRAMMAR.write_scene("A photo", "dog", False, two, COCO80)
    assert one.bit_generator.state == two.bit_generator.state


# English.


def find_faults(text: str, word: str) -> list[str]:
    """Faults of articles and agreement in a text of one word, by rules that know nothing of the table."""
    # Verbs whose subject is not the noun: "whoever wants dogs has", "it is dogs that".
    text = re.sub(r"(?i)\b(whoever wants .+?) has\b", r"\1 had", text)
    text = re.sub(r"(?i)\bit is (.+?) that\b", r"it was \1 that", text)
    one, many = NOUNS[word]
    mass, crowd = many is None, word == "person"
    # A word that takes no article and no "no" in the singular is named by its plural alone.
    plural = rf"\b{many}\b" if many and one != many else None
    single = rf"\b{one}\b" if one and one != many and not crowd else None
    faults = [
        r"[{}]",
        r"  | [,.;:)]|\( |\.\.",
        r"\b(\w+) \1\b",
        r"(?i)\ba (?=[aeiou])",
        r"(?i)\ban (?=[^aeiou])",
    ]
    if plural:
        faults += [
            rf"(?i)\ban? {plural}",
            rf"(?<!pair of ){plural} (is|isn't|has|appears)\b",
            rf"\b(is|isn't) (there )?(no |any |some |zero |)?{plural}(?! (in|can))(?! (is|are))",
            rf"\b(single|one|neither one) {plural}",
        ]
    if single:
        a_an = "" if mass else "an? "
        faults += [
            rf"{single} (are|aren't|have|appear)\b",
            rf"\b(are|aren't) (there )?(no |any |some |zero |{a_an}|){single}",
        ]
        if mass:
            faults += [rf"(?i)\ban? {single}", rf"\b(single|one) {single}"]
        else:
            faults += [rf"\b(any|some|zero|both|full of|free of|of the) {single}"]
            # A noun that can be counted has an article, "no", or is one of a kind; labels have neither.
            label = r"(?<!\breads )(?<!\b[Cc]ontains )(?<!: )(?<!\bquery )"
            faults += [rf"(?<!\b[Aa]n )(?<!\b[Aa] )(?<!\b[Nn]o )(?<!single )(?<!one ){label}{single}"]
    if crowd:
        labels = r"(?<!reads person)(?<!ontains person)(?<!: person)(?<!: no person)(?<!query person)"
        faults += [rf"\bperson\b(?<!single person)(?<!one person){labels}", r"person are\b"]
    faults += [] if one is None else [r"\bpairs? of\b"]
    faults += [] if mass else [r"\bbit of\b"]
    return [fault for fault in faults if re.search(fault, text)]


@pytest.mark.parametrize("word", NOUNS)
def test_every_text_is_english(word):
    for denied in (True, False):
        for text in write_all(word, denied):
            assert not find_faults(text, word), text
    for seed in range(500):
        text = GRAMMAR.write_scene("The wall", word, bool(seed % 2), rng(seed // 2), COCO80)
        assert not find_faults(text, word), text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a photo with a umbrella", "umbrella"),
        ("a photo with an dog", "dog"),
        ("there are dog here", "dog"),
        ("without any dog", "dog"),
        ("there is no skis", "skis"),
        ("a skis is here", "skis"),
        ("not a single skis", "skis"),
        ("a broccoli", "broccoli"),
        ("broccoli are absent", "broccoli"),
        ("aren't some broccoli", "broccoli"),
        ("a people", "person"),
        ("no person can be seen", "person"),
        ("people is missing", "person"),
        ("not a single pair of people", "person"),
        ("not a single bit of dog", "dog"),
        ("dogs is absent", "dog"),
        ("dogs appears here", "dog"),
        ("computer mouse: none", "mouse"),
        ("a photo  with {many}", "dog"),
    ],
)
def test_the_rules_of_english_find_faults(text, word):
    assert find_faults(text, word)


def test_two_objects_of_every_kind_agree():
    words = list(NOUNS)
    for first, second in zip(words, words[5:] + words[:5], strict=True):
        for denied in (True, False):
            for text in write_all(first, denied, second):
                for word in (first, second):
                    assert not [
                        fault
                        for fault in find_faults(text, word)
                        if "are|aren't" not in fault and " of\\b" not in fault
                    ], text
                assert set(COCO80.find_words(text)) == {first, second}, text


@pytest.mark.parametrize("word", [word for word in COCO80 if word != "orange"])  # which is a colour, too
def test_the_lexicon_finds_the_word_in_every_text(word):
    for seed in range(25):
        for denied in (True, False):
            for text in (
                GRAMMAR.write_bare(word, denied, rng(seed), COCO80),
                GRAMMAR.write_scene("A hill.", word, denied, rng(seed), COCO80),
            ):
                assert COCO80.find_words(text) == [word], text


# Wordings that are kept for tests.


def strip(text: str) -> str:
    return re.sub(r"[^a-z']+", " ", text.lower()).strip()


def list_asked(word: str) -> set[str]:
    return {strip(ABSENT.format(**COCO80.name_object(word)))}


@pytest.mark.parametrize("word", ["skis", "person", "broccoli"])
def test_what_evaluation_asks_is_never_written(word):
    asked = list_asked(word)
    # The table alone would write some: the test can fail.
    assert asked & {strip(text) for denied in (True, False) for text in write_all(word, denied)}
    generator = rng(3)
    for draw in range(3000):
        text = GRAMMAR.write_bare(word, bool(draw % 2), generator, COCO80)
        assert strip(text) not in asked, text
        text = GRAMMAR.write_scene("A photo", word, bool(draw % 2), generator, COCO80)
        assert strip(text) not in asked, text


def test_the_query_of_the_evaluation_is_never_written():
    assert strip(QUERY.format(wanted="", no="")) == "a photo with but no"
    generator = rng(4)
    for _ in range(4000):
        text = GRAMMAR.write_query("dog", "cat", generator, COCO80)
        assert "but no" not in text and strip(text) != "a photo with a dog but no cat"
        assert re.search(r"\bdogs?\b.*\bcats?\b", text, re.IGNORECASE), text


def test_what_just_names_an_object_is_what_evaluation_asks_of_presence_among_others():
    texts = {GRAMMAR.write_plain("dog", rng(seed), COCO80) for seed in range(200)}
    assert PRESENT.format(**COCO80.name_object("dog")) in texts and {"a dog", "dogs"} < texts
    assert not any(re.search(r"\b(?:no|not|without)\b", text) for text in texts)


def test_a_table_with_nothing_but_reserved_wordings_says_so(tmp_path):
    table = read_yaml() | {"reserved": ["without {a}"]}
    table["constructions"] = [entry for entry in table["constructions"] if entry["name"] == "without_one"]
    with pytest.raises(GrammarError, match="reserved"):
        load(table | {"heads": ["a photo"]}, tmp_path, nothing_only=True).write_bare(
            "dog", True, rng(0), COCO80
        )


# The file.


def read_yaml() -> dict:
    from importlib.resources import files

    return yaml.safe_load((files("unscene.resources") / "denials_en.yaml").read_text())


def load(table: dict, folder, nothing_only=False) -> Grammar:
    if nothing_only:
        table = table | {"reserved": [*table["reserved"], "a photo without {a}"]}
    (folder / "denials_xx.yaml").write_text(yaml.safe_dump(table, allow_unicode=True))
    return Grammar(parse_entries(folder / "denials_xx.yaml"))


def change(which: str, **changes) -> dict:
    table = read_yaml()
    entry = next(entry for entry in table["constructions"] if entry["name"] == which)
    entry.update(changes)
    return table


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            change("free_of", denied="free of {dogs}"),
            r"denials_xx.yaml: .*`free_of`: .*unknown fields \['dogs'\]",
        ),
        (change("free_of", denied="free of {many"), r"`free_of`: denied: .*expected '}'"),
        (change("free_of", word=False), r"entry `free_of`: word: Input should be a valid string"),
        (change("free_of", affirmed="free of {many}"), r"entry `free_of`: .*are the same"),
        (change("free_of", affirmed="full"), r"entry `free_of`: .*affirmed names no object"),
        (change("free_of", affirmed=None), r"entry `free_of`: affirmed: "),
        (change("free_of", objects=2), r"entry `free_of`: .*`objects: 2`"),
        (
            change("free_of", kind="verb"),
            r"entry `free_of`: kind: Input should be 'attachment' or 'sentence'",
        ),
        (change("free_of", frames=["jioned"]), r"`free_of`: frames: \['jioned'\] are not frames"),
        (change("free_of", after=["tail"]), r"entry `free_of`: after: "),
        (change("free_of", frames=["first"], after=["head"]), r"`free_of`: after: no frame .*`head`"),
        (change("free_of", wrod="free"), r"entry `free_of`: wrod: Extra inputs are not permitted"),
        (change("free_of", name="without_one"), r"entry `without_one`: is there twice"),
        (
            read_yaml() | {"frames": {"joined": {"text": "{scene}", "kinds": ["attachment"]}}},
            "needs {scene} and {said}",
        ),
        (read_yaml() | {"fields": {"isnt": {"counted": "isn't"}}}, r"`isnt`: has no form for \['crowd'"),
        (read_yaml() | {"reserved": ["no {dog}"]}, r"reserved: .*unknown fields"),
        ([], "valid dictionary"),
    ],
)
def test_a_fault_of_the_file_is_told_by_the_entry(table, message, tmp_path):
    with pytest.raises(GrammarError, match=message):
        load(table, tmp_path)


def test_a_file_that_is_no_yaml_and_a_language_without_file(tmp_path):
    (tmp_path / "denials_xx.yaml").write_text("names: [a\n")
    with pytest.raises(GrammarError, match="denials_xx.yaml"):
        parse_entries(tmp_path / "denials_xx.yaml")
    with pytest.raises(GrammarError, match="denials_tlh.yaml"):
        read_grammar("tlh")


def test_the_file_is_read_once():
    assert read_grammar() is read_grammar()


# Other vocabularies and languages.

GARDEN = Vocabulary(
    name="garden",
    title="words of gardens",
    words=("unicorn", "hourglass", "shears", "gravel", "child"),
    lexicon="lexicon.yaml",
    names={
        "hourglass": ("hourglass", "hourglasses"),
        "shears": ("shears", "shears"),
        "gravel": ("gravel", "gravel"),
        "child": ("child", "children"),
    },
    plural_only=frozenset({"shears"}),
    mass=frozenset({"gravel"}),
)


@pytest.mark.parametrize(
    ("word", "construction", "wanted"),
    [
        ("unicorn", "without_one", ("without a unicorn", "with a unicorn")),
        ("hourglass", "is_missing", ("an hourglass is missing here", "an hourglass is present here")),
        ("hourglass", "are_absent", ("hourglasses are absent", "hourglasses are present")),
        ("shears", "there_is_not", ("there aren't shears in this photo", "there are shears in this photo")),
        (
            "shears",
            "not_one_in_view",
            ("not one pair of shears is in view", "at least one pair of shears is in view"),
        ),
        ("gravel", "never_appear", ("gravel never appears here", "gravel clearly appears here")),
        ("gravel", "asked_no", ("is there gravel here? no", "is there gravel here? yes")),
        ("child", "there_are_not_any", ("there aren't any children", "there are some children")),
    ],
)
def test_words_of_another_list_are_english(word, construction, wanted):
    entry = next(entry for entry in GRAMMAR.constructions if entry.name == construction)
    fields = GRAMMAR.name(word, GARDEN).fields
    alone = Wording(entry, None, "", "photo", False, False)
    assert (alone.write(True, fields), alone.write(False, fields)) == wanted


def test_no_text_of_another_list_has_a_wrong_article():
    for word in GARDEN:
        for denied in (True, False):
            for text in write_all(word, denied, vocabulary=GARDEN):
                assert not re.search(r"\ban unicorn|\ba hourglass|\ban? (shears|gravel|children)", text), text


class German(Vocabulary):
    """A word list that names things in German: no, a, the plural, by gender and case."""

    def name_object(self, word: str) -> dict[str, str]:
        one, many = self.names[word]
        ending = {"Hund": "en", "Katze": "e", "Auto": ""}[one]
        return {"ein": f"ein{ending} {one}", "kein": f"kein{ending} {one}", "one": one, "many": many}


GERMAN = """
names: [ein, kein, many]
fields:
  sind: {counted: sind, crowd: sind, paired: sind, mass: ist}
pictures: [Bild, Foto]
heads: [ein Bild, ein Foto, eine Aufnahme]
wanted: ["{ein}", "{head} von {many}"]
frames:
  joined: {text: "{scene} {said}", kinds: [attachment]}
  comma: {text: "{scene}, {said}", kinds: [attachment]}
  next: {text: "{scene}. {said}", kinds: [sentence]}
reserved: ["ein Foto ohne {ein}"]
constructions:
  - {name: ohne, word: ohne, kind: attachment, denied: "ohne {ein}", affirmed: "mit {many}"}
  - {name: frei_von, word: frei, kind: attachment, denied: "frei von {many}", affirmed: "voll von {many}"}
  - {name: nirgends, word: nirgends, kind: attachment, denied: "{many} nirgends zu sehen",
     affirmed: "{many} gut zu sehen", frames: [comma]}
  - {name: es_gibt, word: kein, kind: sentence, denied: "hier gibt es {kein}", affirmed: "hier gibt es {ein}"}
  - {name: zeigt, word: nicht, kind: sentence, denied: "das {picture} zeigt nicht {ein}",
     affirmed: "das {picture} zeigt {ein}"}
  - {name: weder_noch, word: weder, kind: sentence, objects: 2,
     denied: "hier gibt es weder {ein} noch {other_ein}",
     affirmed: "hier gibt es sowohl {ein} als auch {other_ein}"}
"""


def test_a_second_language_is_a_file(tmp_path):
    path = tmp_path / "denials_de.yaml"
    path.write_text(GERMAN, encoding="utf-8")
    grammar = Grammar(parse_entries(path))
    animals = German(
        name="tiere",
        title="drei W\u00f6rter",
        words=("dog", "cat", "car"),
        lexicon="",
        names={"dog": ("Hund", "Hunde"), "cat": ("Katze", "Katzen"), "car": ("Auto", "Autos")},
    )
    written = {grammar.write_bare("dog", True, rng(seed), animals) for seed in range(400)}
    assert {"Ein Bild frei von Hunde.", "Hier gibt es keinen Hund.", "ein Bild ohne einen Hund"} <= written
    assert not any("foto ohne einen hund" in strip(text) for text in written)
    query = {grammar.write_query("cat", "dog", rng(seed), animals) for seed in range(400)}
    assert "eine Aufnahme von Katzen. das Bild zeigt nicht einen Hund" in query
    assert "Am Meer. Hier gibt es keinen Hund." in {
        grammar.write_scene("Am Meer.", "dog", True, rng(seed), animals) for seed in range(200)
    }
