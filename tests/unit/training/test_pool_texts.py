"""The texts of a step of the pool: each is true of the photos that it says."""

import numpy as np

from pooled_world import get_pool, start_at_once, write_texts
from unscene.training.pool_texts import PoolWriter
from unscene.words.coco80 import COCO80
from unscene.words.denial_grammar import read_grammar


def test_every_claim_is_what_the_table_says(pool_world):
    """By the words of the sentence itself: a sentence is right of no photo that it is wrong of, and a
    polarity is the other's mirror.
    """
    pool, told = write_texts(pool_world)
    assert set(told.claims) == {"bare", "scene", "query"}
    for kind in ("bare", "scene"):
        claims = told.claims[kind]
        for denial, assertion in list_twins(kind, len(claims.text)):
            assert (claims.right[denial] == claims.wrong[assertion]).all()
            assert (claims.wrong[denial] == claims.right[assertion]).all()
            named = [set(COCO80.find_words(told.texts[claims.text[row]])) for row in (denial, assertion)]
            assert named[0] == named[1]
            present = [
                word
                for word in named[0]
                if (pool.present[:20, COCO80.places[word]] == claims.wrong[denial]).all()
            ]
            assert len(present) == 1, "a denial is wrong of exactly the photos that show its object"
            assert (claims.right[denial] == pool.absent[:20, COCO80.places[present[0]]]).all()
    claims = told.claims["query"]
    for row, text in enumerate(claims.text):
        wanted, unwanted = (COCO80.places[word] for word in order_words(told.texts[text]))
        assert (claims.right[row] == pool.present[:20, wanted] & pool.absent[:20, unwanted]).all()
        wrong = pool.present[:20, unwanted] if row % 2 == 0 else pool.absent[:20, wanted]
        assert (claims.wrong[row] == wrong).all()


def list_twins(kind, count):
    """Return (denial, assertion) of the same words, as rows; after every two such pairs a bare word is
    named plainly.
    """
    starts = [row for row in range(count) if row % 5 in (0, 2)] if kind == "bare" else range(0, count, 2)
    return [(start, start + 1) for start in starts]


def order_words(text):
    """Return the words of a query, the wanted one first."""
    return list(dict.fromkeys(mention.word for mention in COCO80.find_mentions(text)))


def test_unknown_cells_are_in_no_claim(pool_world):
    pool, told = write_texts(pool_world)
    car = COCO80.places["car"]
    unknown = ~pool.present[:20, car] & ~pool.absent[:20, car]
    assert unknown.any()
    for kind in ("bare", "scene"):
        claims = told.claims[kind]
        of_cars = [
            row
            for row, text in enumerate(claims.text)
            if (claims.right[row] | claims.wrong[row]).tolist() == (~unknown).tolist()
        ]
        assert of_cars, "no sentence about cars: the check below would be empty"
        assert not (claims.right[of_cars] | claims.wrong[of_cars])[:, unknown].any()


def test_scenes_leave_the_object_out_and_the_true_sentence_is_true_of_its_photo(pool_world):
    pool, told = write_texts(pool_world)
    scenes, claims = told.scenes, told.claims["scene"]
    assert len(scenes.photo)
    shown = 0
    for true, false, photo in zip(scenes.true, scenes.false, scenes.photo, strict=True):
        rows = {text: row for row, text in enumerate(claims.text.tolist())}
        assert claims.right[rows[true], photo] and claims.wrong[rows[false], photo]
        shown += rows[true] % 2  # an assertion is true: the photo shows what its caption leaves out
        caption = told.texts[told.captions[photo]]
        added = set(COCO80.find_words(told.texts[true])) - set(COCO80.find_words(caption))
        assert len(added) == 1
    assert 0 < shown < len(scenes.photo)


def test_a_true_sentence_meets_the_false_ones_of_both_frames(pool_world):
    pool, told = write_texts(pool_world)
    scenes = told.scenes
    assert len(set(scenes.photo.tolist())) > 1
    framed = 0
    for photo in set(scenes.photo.tolist()):
        its = scenes.photo == photo
        pairs = list(zip(scenes.true[its].tolist(), scenes.false[its].tolist(), strict=True))
        true, false = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
        assert set(pairs) == {(a, b) for a in true for b in false}
        # One word and one polarity a caption, whatever the frames: another word would be another question.
        words = [set(COCO80.find_words(told.texts[text])) for text in true | false]
        assert all(found == words[0] for found in words)
        assert len(set(scenes.shown[its].tolist())) == 1
        framed += len(true) > 1
    assert framed, "no caption drew two frames: the check of pairs across frames would be empty"


def test_arms_draw_the_same_sentences(pool_world):
    _, whole = write_texts(pool_world, step=3)
    _, part = write_texts(pool_world, ("captions", "scene"), step=3)
    assert [part.texts[text] for text in part.claims["scene"].text] == [
        whole.texts[text] for text in whole.claims["scene"].text
    ]
    assert [part.texts[text] for text in part.captions] == [whole.texts[text] for text in whole.captions]
    _, other = write_texts(pool_world, step=4)
    assert [other.texts[text] for text in other.claims["scene"].text] != [
        whole.texts[text] for text in whole.claims["scene"].text
    ]


def test_a_late_part_is_written_from_its_step_on(pool_world):
    pool, training = get_pool(pool_world)
    parts = start_at_once("captions", "bare") | {"query": 3}
    writer = PoolWriter(pool, read_grammar(), training.seeds, parts)
    before, after = writer.write(2, np.arange(20)), writer.write(3, np.arange(20))
    assert "query" not in before.claims and after.claims["query"].text.size
    _, whole = write_texts(pool_world, ("captions", "bare", "query"), step=2)
    assert set(before.texts) < set(whole.texts), "queries are not written before"


def test_taught_sentences_leave_their_noun_out_of_the_caption(pool_world):
    pool, training = get_pool(pool_world)
    writer = PoolWriter(
        pool, read_grammar(), training.seeds, start_at_once("captions", "taught"), ["dog", "field"]
    )
    taught = [(step, writer.write(step, np.arange(20))) for step in range(4)]
    kinds = set()
    for _, told in taught:
        rows = zip(*(getattr(told.taught, name).tolist() for name in ("photo", "noun", "sign")), strict=True)
        for photo, noun, sign in rows:
            kinds.add((photo >= 0, noun, sign))
            caption = told.texts[told.captions[photo]]
            assert photo < 0 or noun == 0 and "dog" not in COCO80.find_words(caption)
    assert {(False, 0, 1), (False, 0, -1), (False, 1, 1), (False, 1, -1), (True, 0, -1)} <= kinds


def test_withheld_words_have_no_label_and_are_taught_by_text_alone(pool_world):
    pool, training = get_pool(pool_world, withheld=["cat"])
    cat = COCO80.places["cat"]
    assert not pool.present[:, cat].any() and not pool.absent[:, cat].any()
    writer = PoolWriter(
        pool, read_grammar(), training.seeds, start_at_once("captions", "bare", "scene", "query")
    )
    told = writer.write(0, np.arange(12))
    asked = {text for kind in ("bare", "query") for text in told.claims[kind].text.tolist()}
    assert asked and not any(
        "cat" in COCO80.find_words(told.texts[text]) for text in asked - {*told.captions}
    )
