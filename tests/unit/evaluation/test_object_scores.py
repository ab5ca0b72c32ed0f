"""What is asked of models on untouched photos: planted models with known answers, and plain loops."""

import re

import numpy as np
import pandas as pd
import pytest

from unscene.evaluation.absence_questions import (
    ABSENT,
    PRESENT,
    SCENES,
    shorten_scene,
    write_questions,
    write_scene_questions,
)
from unscene.evaluation.auc_intervals import estimate_area, place_photos
from unscene.evaluation.columns.photos import CLASSES, CONSTRUCTIONS, PHOTO_METRICS, PHOTO_VALUES, QUERIES
from unscene.evaluation.gallery import Gallery, divide_by_frequency, measure_plausibility
from unscene.evaluation.object_probe import PARTS, divide_groups, probe_absence
from unscene.evaluation.object_queries import MIN_POSITIVES, TURNS, list_queries, score_queries
from unscene.evaluation.object_scores import ask_objects
from unscene.evaluation.statistics import two_level_bootstrap
from unscene.words.absence_probes import name_forms, read_held_out, read_probes
from unscene.words.coco80 import COCO80

WORDS = ("dog", "cat", "car", "bus", "owl")
RUN = {"arm": "a", "fold": 0, "seed": 0}


class Planted:
    """An embedder whose features of texts follow from their words alone."""

    vocabulary = COCO80

    def __init__(self, embed, never_denied=None, is_untuned=False):
        self.embed, self.never_denied, self.is_untuned = embed, never_denied, is_untuned

    def embed_texts(self, texts):
        return np.stack([self.embed(text) for text in texts]) if len(texts) else np.zeros((0, 0))


def draw_gallery(photos=160, seed=3, share=(0.5, 0.4, 0.3, 0.2, 0.01), naming=False):
    """Photos with five kinds of objects, all cells known, and captions that name none or one of them."""
    rng = np.random.default_rng(seed)
    has = rng.random((photos, len(WORDS))) < share
    captions = []
    for own in has:
        # Each photo has a caption that names nothing of the list.
        named = [word for word, there in zip(WORDS, own, strict=True) if there][: int(naming)]
        captions.append(
            [f"A {rng.choice(['red', 'blue'])} wall number {rng.integers(50)}.", *(f"A {w}." for w in named)]
        )
    ids = [f"p{at:03d}" for at in range(photos)]
    return Gallery(ids, WORDS, has, ~has, captions, np.array([f"g{at // 2}" for at in range(photos)]))


def list_contents(gallery):
    """Features of photos from which a text can ask each word: +1 where it is, -1 where it is not, and
    a last one that is 1 for all."""
    return np.concatenate([np.where(gallery.has, 1.0, -1.0), np.ones((len(gallery), 1))], axis=1)


def point(words, sign, bias=0.0):
    vector = np.zeros(len(WORDS) + 1)
    for word in words:
        vector[WORDS.index(word)] = sign
    vector[-1] = bias
    return vector


TRICKY = re.compile(
    r"nothing but|without doubt|no lack|can't miss|not only|No question|never seen|n't hard|not notice"
    r"|no doubt|without noticing|Nothing blocks|out of nowhere|none other|Look again|far from absent"
)
DENIAL = re.compile(
    r"\b(?:no|not|never|nothing|none|neither|nowhere|without|zero|free of|devoid|lacks|minus|sans|excludes?"
    r"|absent|absence|missing|void|empty of|barring|bereft|omits|vanished)\b|n't",
    re.IGNORECASE,
)


def name_asked(text):
    return [word for word in WORDS if re.search(rf"\b{word}(?:e?s)?\b", text, re.IGNORECASE)]


def know(text):
    """Knows every word and construction of the probes; takes an invented word for nothing."""
    denies = bool(DENIAL.search(text)) and not TRICKY.search(text)
    return point(name_asked(text), -1.0 if denies else 1.0)


def deny(text):
    """Denies whatever is named, a bit more where it reads a denial."""
    return point(name_asked(text), -1.0, bias=1.0 if DENIAL.search(text) and not TRICKY.search(text) else 0.0)


def test_a_model_that_knows_has_every_area():
    gallery = draw_gallery()
    found = ask_objects(list_contents(gallery), gallery, Planted(know)).metrics
    for name in (
        "known",
        "unseen_words",
        "bare",
        "scene",
        "rare",
        "middle",
        "frequent",
        "plausible",
        "implausible",
    ):
        assert found[f"absence_auc_{name}"] == 1, name
    for name in ("presence_auc", "affirmative_auc", "affirmative_auc_tricky", "affirmative_auc_scene"):
        assert found[name] == 1, name
    assert found["contrast_auc"] == found["balanced_accuracy"] == found["absence_own_photo"] == 1
    assert found["nonsense_auc"] == 0  # read as an assertion
    # "no a and no b" adds up to 2 without both and 0 with one of them.
    assert found["absence_auc_two"] == 1


def test_a_model_that_denies_everything_shows():
    gallery = draw_gallery()
    found = ask_objects(list_contents(gallery), gallery, Planted(deny)).metrics
    assert found["absence_auc_known"] == found["absence_auc_bare"] == found["nonsense_auc"] == 1
    for name in ("presence_auc", "affirmative_auc", "affirmative_auc_tricky", "affirmative_auc_scene"):
        assert found[name] == 0, name
    assert (found["own_photo_absent"], found["own_photo_present"]) == (1, 0)
    assert found["absence_own_photo"] == found["balanced_accuracy"] == 0.5 and found["contrast_auc"] == 0


def test_a_coin_is_near_one_half_and_a_blind_model_at_zero():
    gallery = draw_gallery(400)
    rng = np.random.default_rng(0)
    coin = Planted(lambda text: np.random.default_rng(list(text.encode())).normal(size=40))
    found = ask_objects(rng.normal(size=(400, 40)), gallery, coin).metrics
    for name in ("absence_auc_known", "presence_auc", "absence_own_photo", "affirmative_auc", "nonsense_auc"):
        assert found[name] == pytest.approx(0.5, abs=0.06), name
    blind = ask_objects(np.ones((400, 2)), gallery, Planted(lambda text: np.ones(2))).metrics
    for name in ("absence_auc_known", "presence_auc", "affirmative_auc", "absence_own_photo", "contrast_auc"):
        assert blind[name] == 0, name  # ties are wrong
    assert blind["violation_at_5"] == 1 and blind["wanted_at_5"] == 0


def name_area(high, low):
    return np.mean([a > b for a in high for b in low])


def test_areas_and_photo_values_equal_the_loop():
    gallery, rng = draw_gallery(120), np.random.default_rng(1)
    photo = rng.normal(size=(120, 6)).astype(np.float32)
    photo[7] = photo[8]

    def embed(text):
        return np.random.default_rng(list(text.encode())).normal(size=6).astype(np.float32)

    answers = ask_objects(photo, gallery, Planted(embed))
    table = answers.constructions
    questions = write_questions(gallery, read_held_out(), COCO80)
    assert {(q.metric, q.probe.name, WORDS[q.column]) for q in questions} == set(
        zip(table["metric"], table["construction"], table["category"], strict=True)
    )
    for row in table.itertuples():
        own = [
            q
            for q in questions
            if (q.metric, q.probe.name, WORDS[q.column]) == (row.metric, row.construction, row.category)
        ]
        with_object = gallery.has[:, own[0].column].copy()
        if isinstance(row.second, str):
            with_object |= gallery.has[:, WORDS.index(row.second)]
        score = photo @ np.stack([embed(q.text) for q in own]).T
        areas = [name_area(s[~with_object], s[with_object]) for s in score.T]
        if row.metric.startswith(("presence", "affirmative")):
            areas = [name_area(s[with_object], s[~with_object]) for s in score.T]
        assert row.area == pytest.approx(np.mean(areas), abs=1e-6), row
        assert (row.n_texts, row.n_present, row.n_absent) == (
            len(own),
            with_object.sum(),
            (~with_object).sum(),
        )
    # The mean over categories of the mean over constructions is the metric, and so is the photos' mean.
    for metric in ("absence_auc_known", "absence_auc_two", "affirmative_auc", "nonsense_auc", "presence_auc"):
        of_metric = table[table["metric"] == metric].groupby("category")["area"].mean().mean()
        assert answers.metrics[metric] == pytest.approx(of_metric, abs=1e-9)
    means = answers.values.groupby("metric")["value"].mean()
    for metric, value in means.items():
        assert value == pytest.approx(answers.metrics[metric], abs=1e-9), metric
    assert set(means.index) >= {"absence_own_photo", "absence_auc_scene", "absence_auc_rare", "contrast_auc"}
    assert set(means.index) >= {"wanted_at_10", "violation_at_10_held_out"}


def test_tables_are_as_declared_and_metrics_as_described(tmp_path):
    gallery = draw_gallery()
    answers = ask_objects(list_contents(gallery), gallery, Planted(know, {"dog"}, is_untuned=True))
    for table, frame in (
        (CONSTRUCTIONS, answers.constructions),
        (CLASSES, answers.classes),
        (QUERIES, answers.queries),
        (PHOTO_VALUES, answers.values),
    ):
        table.write(frame.assign(**RUN), tmp_path / "x.parquet")
    assert set(answers.metrics) <= set(PHOTO_METRICS) and not answers.reasons
    assert answers.classes["category"].tolist() == ["dog", "cat", "car", "bus"]  # too few owls
    known = answers.classes.set_index("category")
    assert known["never_denied"].tolist() == [True, False, False, False]
    assert answers.metrics["absence_auc_never_denied"] == known.loc["dog", "absence_auc_known"]
    assert known["frequency"].tolist() == ["frequent", "middle", "rare", "rare"]
    assert answers.metrics["absence_probe_auc"] == 1


def test_what_nobody_knows_counts_nowhere():
    gallery, rng = draw_gallery(), np.random.default_rng(0)
    photo = rng.normal(size=(len(gallery), 8))
    unknown = rng.random(gallery.has.shape) < 0.3
    masked = Gallery(
        gallery.ids, WORDS, gallery.has & ~unknown, gallery.lacks & ~unknown, gallery.captions, gallery.group
    )
    # Whatever is in a cell that nobody knows: the scores stay.
    embedder = Planted(lambda text: np.random.default_rng(list(text.encode())).normal(size=8))
    row = ask_objects(photo, masked, embedder).constructions.query("metric == 'absence_auc_bare'")
    for found in row.itertuples():
        column = WORDS.index(found.category)
        score = photo @ embedder.embed_texts([ABSENT.format(no=found.category)])[0]
        expected = name_area(score[masked.lacks[:, column]], score[masked.has[:, column]])
        assert found.area == pytest.approx(expected)
        assert found.n_present + found.n_absent == (~unknown[:, column]).sum()


def test_captions_alone_say_what_is_there_and_nothing_of_what_is_not():
    full = draw_gallery()
    gallery = Gallery(full.ids, WORDS, full.has, np.zeros_like(full.has), full.captions, full.group)
    answers = ask_objects(list_contents(gallery), gallery, Planted(know, is_untuned=True))
    assert answers.constructions.empty and answers.classes.empty and answers.queries.empty
    assert all(np.isnan(value) for value in answers.metrics.values())
    assert set(answers.reasons) == set(answers.metrics)
    assert (
        "50% of their cells" in answers.reasons["absence_auc_known"]
        or "nobody says" in answers.reasons["absence_auc_known"]
    )


def test_a_reason_for_each_missing_metric_and_for_no_other():
    gallery = draw_gallery()
    silent = Gallery(gallery.ids, WORDS, gallery.has, gallery.lacks, [[] for _ in gallery.ids], gallery.group)
    answers = ask_objects(list_contents(gallery), silent, Planted(know))
    missing = {name for name, value in answers.metrics.items() if np.isnan(value)}
    assert set(answers.reasons) == missing
    assert missing == {
        "absence_auc_scene",
        "affirmative_auc_scene",
        "absence_own_photo",
        "own_photo_absent",
        "own_photo_present",
        "absence_auc_never_denied",
        "absence_probe_auc",
    }
    assert "0 photos have captions" in answers.reasons["absence_own_photo"]


def test_scenes_do_not_name_the_object_and_stand_beside_both_kinds_of_photos():
    gallery, probes = draw_gallery(naming=True), read_probes()
    questions = write_scene_questions(gallery, probes, COCO80)
    assert questions == write_scene_questions(gallery, probes, COCO80)
    names = {probe.name for probe in probes.of("scene")}
    for column in gallery.list_classes():
        own = [q for q in questions if q.column == column]
        denials = [q for q in own if q.denies]
        assert len(denials) == len(own) / 2 and {q.probe.name for q in denials} == names
        there = [gallery.has[q.photo, column] for q in denials]
        assert sum(there) == min(SCENES, gallery.has[:, column].sum())
        for denial, assertion in zip(own[0::2], own[1::2], strict=True):
            assert denial.denies and not assertion.denies and denial.photo == assertion.photo
            # Apart from the frame, the object is named once: by the frame itself.
            assert COCO80.find_words(denial.text).count(WORDS[column]) == 1
            texts = {shorten_scene(text, COCO80) for text in gallery.captions[denial.photo]}
            assert any(text[1:] in denial.text and text[1:] in assertion.text for text in texts)
    pairs = {(a.probe.name, b.probe.name) for a, b in zip(questions[0::2], questions[1::2], strict=True)}
    assert len(pairs) > len(names)  # no denial always stands against the same assertion


@pytest.mark.parametrize(
    ("caption", "scene"),
    [
        ("A photo of a red ball on the floor.", "A red ball on the floor"),
        ("A black cat lies indoors.", "A black cat lying indoors"),
        ("There is a red ball in a room.", None),
    ],
)
def test_captions_become_noun_phrases(caption, scene):
    assert shorten_scene(caption, COCO80) == scene


def test_plausibility_is_the_share_beside_what_is_shown():
    has = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0], [1, 0, 1]], bool)
    gallery = Gallery(range(6), ("a", "b", "c"), has, ~has, [[]] * 6)
    found = measure_plausibility(gallery)
    assert found[2].tolist() == [0, 0.5, 0.25]  # of four photos with a, two have b and one has c
    assert found[4].tolist() == [0, 0, 0]
    assert found[5, 1] == pytest.approx((2 / 4 + 0 / 2) / 2)
    assert divide_by_frequency([9, 1, 5, 7, 3, 2]).tolist() == [2, 0, 1, 2, 1, 0]


def test_the_probe_keeps_groups_together_and_finds_what_is_linear():
    group = np.repeat(np.arange(30), 2)
    has = np.arange(60) % 12 < 3
    part = divide_groups(group, has)
    assert pd.DataFrame({"group": group, "part": part}).groupby("group")["part"].nunique().max() == 1
    assert set(part[has]) == set(range(PARTS))
    rng = np.random.default_rng(0)
    gallery = Gallery(range(60), ("dog",), has[:, None], ~has[:, None], [[]] * 60, group)
    photo = rng.normal(size=(60, 3))
    photo[:, 1] += 6 * has
    assert probe_absence(photo, gallery)["dog"] > 0.95
    shuffled = [probe_absence(rng.normal(size=(60, 3)), gallery)["dog"] for _ in range(10)]
    assert 0.3 < np.mean(shuffled) < 0.6


def test_queries_equal_the_loop():
    gallery, rng = draw_gallery(150, share=(0.6, 0.5, 0.4, 0.5, 0.02)), np.random.default_rng(5)
    unknown = rng.random(gallery.has.shape) < 0.1
    gallery = Gallery(gallery.ids, WORDS, gallery.has & ~unknown, gallery.lacks & ~unknown, gallery.captions)
    photo = rng.normal(size=(150, 6))

    def embed(texts):
        return np.stack([np.random.default_rng(list(text.encode())).normal(size=6) for text in texts])

    has, lacks = gallery.has, gallery.lacks
    expected = [
        (x, o)
        for x in range(5)
        for o in range(5)
        if x != o and (has[:, x] & lacks[:, o]).sum() >= MIN_POSITIVES and (has[:, x] & has[:, o]).sum() >= 5
    ]
    assert list_queries(gallery) == expected and expected
    queries, estimates = score_queries(photo, gallery, read_probes(), embed, COCO80)
    assert len(queries) == len(expected) * (1 + TURNS)
    times = queries.query("construction != 'standard'")["construction"].value_counts()
    assert len(times) == len(read_probes().of("query")) and times.max() - times.min() <= 1
    standard = queries[queries["construction"] == "standard"]
    for (x, o), row in zip(expected, standard.itertuples(), strict=True):
        cosine = photo @ embed([f"a photo with a {WORDS[x]} but no {WORDS[o]}"])[0]
        known = [i for i in range(150) if has[i, o] or (lacks[i, o] and (has[i, x] or lacks[i, x]))]
        order = sorted(known, key=lambda i: -cosine[i])
        hits, precisions = 0, []
        for place, at in enumerate(order, 1):
            if has[at, x] and lacks[at, o]:
                hits += 1
                precisions.append(hits / place)
        assert row.gallery == len(known) < 150
        assert row.average_precision == pytest.approx(np.mean(precisions))
        assert row.violation_at_5 == pytest.approx(np.mean([has[i, o] for i in order[:5]]))
        assert row.wanted_at_10 == pytest.approx(np.mean([has[i, x] and lacks[i, o] for i in order[:10]]))
    texts = {probe.name: probe for probe in read_probes().of("query")}
    for row in queries[queries["construction"] != "standard"].itertuples():
        x, o = WORDS.index(row.wanted), WORDS.index(row.unwanted)
        text = texts[row.construction].write(name_forms(COCO80, row.unwanted, wanted=row.wanted))
        cosine = photo @ embed([text])[0]
        known = [i for i in range(150) if has[i, o] or (lacks[i, o] and (has[i, x] or lacks[i, x]))]
        order = sorted(known, key=lambda i: -cosine[i])
        assert row.violation_at_10 == pytest.approx(np.mean([has[i, o] for i in order[:10]]))
        assert row.wanted_at_1 == (has[order[0], x] and lacks[order[0], o])
    held_out = queries[
        queries["word"].isin(read_probes().known_words) & (queries["construction"] != "standard")
    ]
    assert estimates["wanted_at_10_held_out"].value == pytest.approx(held_out["wanted_at_10"].mean())
    assert abs(estimates["wanted_at_10_held_out"].pull.mean()) < 1e-9


def test_equal_scores_stand_in_the_worst_order():
    has = np.zeros((60, 2), bool)
    has[:30, 0], has[25:45, 1] = True, True
    gallery = Gallery(range(60), ("dog", "cat"), has, ~has, [[]] * 60)
    queries, _ = score_queries(
        np.ones((60, 3)), gallery, read_probes(), lambda texts: np.ones((len(texts), 3)), COCO80
    )
    assert queries.iloc[0]["violation_at_10"] == 1 and queries.iloc[0]["wanted_at_10"] == 0
    last = [(i + 1) / (35 + i + 1) for i in range(25)]
    assert queries.iloc[0]["average_precision"] == pytest.approx(np.mean(last))


@pytest.mark.parametrize("high_share", [0.2, 0.8])
def test_placements_equal_the_loop_with_ties(high_share):
    rng = np.random.default_rng(2)
    score = rng.integers(0, 6, (40, 5)).astype(float)
    high = rng.random(40) < high_share
    low = ~high & (rng.random(40) < 0.8)
    placed = place_photos(score, high, low)
    for text in range(5):
        for at in range(40):
            if high[at]:
                expected = np.mean(score[low, text] < score[at, text])
            elif low[at]:
                expected = np.mean(score[high, text] > score[at, text])
            else:
                assert np.isnan(placed[at, text])
                continue
            assert placed[at, text] == pytest.approx(expected)


def test_the_interval_is_that_of_a_bootstrap_that_scores_again():
    rng = np.random.default_rng(4)
    photos, categories = 240, 4
    has = rng.random((photos, categories)) < [0.5, 0.3, 0.15, 0.1]
    group = np.repeat(np.arange(photos // 2), 2)
    common = np.repeat(rng.normal(size=(photos // 2, categories)), 2, axis=0)  # twins are alike
    one, other = (np.where(has, -shift, 0) + common + rng.normal(size=has.shape) for shift in (0.9, 0.4))

    def estimate(score):
        of_class = [
            estimate_area(place_photos(score[:, [c]], ~has[:, c], has[:, c])[:, 0], ~has[:, c], has[:, c])
            for c in range(categories)
        ]
        return np.mean([found.value + found.pull for found in of_class], axis=0)

    def measure(score, at):
        return np.mean(
            [name_area_fast(score[at, c][~has[at, c]], score[at, c][has[at, c]]) for c in range(categories)]
        )

    def name_area_fast(high, low):
        return (high[:, None] > low[None, :]).mean()

    members = [np.flatnonzero(group == g) for g in range(photos // 2)]
    draws = [
        np.concatenate([members[g] for g in rng.integers(len(members), size=len(members))])
        for _ in range(1500)
    ]
    for value, again in (
        (estimate(one), [measure(one, at) for at in draws]),
        (estimate(one) - estimate(other), [measure(one, at) - measure(other, at) for at in draws]),
    ):
        found, low, high = two_level_bootstrap(value[:, None], group, 1500, 0.95, 0)
        naive_low, naive_high = np.quantile(again, [0.025, 0.975])
        assert found == pytest.approx(value.mean())
        assert high - low == pytest.approx(naive_high - naive_low, rel=0.08)
        assert low == pytest.approx(naive_low, abs=0.1 * (high - low))
        assert high == pytest.approx(naive_high, abs=0.1 * (high - low))


def test_the_standard_phrases():
    assert PRESENT.format(**COCO80.name_object("dog")) == "a photo with a dog"
    assert ABSENT.format(**COCO80.name_object("skis")) == "a photo with no skis"
