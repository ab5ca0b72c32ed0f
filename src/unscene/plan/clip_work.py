"""What CLIP reads while arms are trained and tested, counted in photos with a caption each.

A text alone is `shares.text_of_photo` of such a photo, so both towers and one of them have one unit. How
much an arm reads follows from its own entry: its steps, its loss, its pool, and which tower is frozen.
"""

from collections.abc import Mapping

from unscene.evaluation.gallery import MIN_CLASS_PHOTOS
from unscene.run.configuration import is_trained, keeps_features, trains
from unscene.samples.readers import are_rendered
from unscene.scenes.objects import DRAW
from unscene.training.objectives import (
    PHOTO_ROLES,
    TERMS,
    list_pool_parts,
    list_references,
    list_texts,
    reads_pairs,
)
from unscene.training.pool_texts import BARE_FRAMES, BARE_WORDS, QUERIES, SCENE_FRAMES, SCENES, TAUGHT, TOLD
from unscene.words.word_lists import find_vocabulary

# A forward pass alone, as a share of a training step.
FORWARD = 0.4
# Texts of a step by what a loss reads of the pool: denials and assertions, and bare the plain one.
POOL_TEXTS = {
    "captions": TOLD,
    "bare": BARE_WORDS * (2 * BARE_FRAMES + 1),
    "scene": SCENES * 2 * SCENE_FRAMES,
    "query": QUERIES,
    "taught": TAUGHT * 4,
}
# Captions of a pair that a test reads, beside its two photos.
TESTED_TEXTS = 4


def weigh(photos: float, texts: float, share: float) -> float:
    """Return photos and texts in photos with a caption each. share: of a text in such a photo."""
    return photos * (1 - share) + texts * share


def count_step(arm: dict, batch_pairs: int) -> tuple[float, float]:
    """Return (photos, texts) that a step of a trained arm passes through the towers, forward and back; what
    passes forward alone counts as FORWARD.
    """
    loss, pool = arm["loss"], arm.get("pool", 0)
    pairs = batch_pairs if reads_pairs(loss) else 0
    references = [role for name in ("base", "teacher") for role in list_references(loss, name)]
    photos_again = sum(role in PHOTO_ROLES for role in references)
    photos = 2 * pairs + pool
    photos = FORWARD * photos if arm.get("freeze") == "image" else photos
    photos = 0 if keeps_features(arm) else photos + FORWARD * pairs * photos_again
    texts = pairs * (len(list_texts(loss)) + FORWARD * (len(references) - photos_again))
    # Its captions are embedded whatever reads them.
    before = list_pool_parts(loss, arm.get("late")) | {"captions": 0.0} if pool else {}
    texts += sum(POOL_TEXTS[part] * (1 - share) for part, share in before.items())
    if any(TERMS[name].pool_base for name in loss):
        texts += FORWARD * TOLD
    return photos, texts


def count_training(settings: dict, count: Mapping, share: float) -> float:
    """Return the photos with a caption that all trainings together are worth.

    count: as count_items returns it. share: see `weigh`.
    """
    train, arms = settings["train"], settings["train"]["arms"]
    if not trains(settings):
        return 0.0
    runs = settings["folds"]["folds"] * len(train["seeds"])
    trainings = {name: runs for name, arm in arms.items() if is_trained(arm)}
    for name in train["class_folds"]:
        trainings[name] += runs
    if settings["deploy"]["arm"] in trainings:
        trainings[settings["deploy"]["arm"]] += 1
    items = 0.0
    for name, number in trainings.items():
        arm = arms[name]
        step = weigh(*count_step(arm, train["batch_pairs"]), share)
        items += number * arm.get("steps", train["steps"]) * step
        if keeps_features(arm):
            items += number * weigh(FORWARD * 2 * count["pairs"], 0, share)
    if any(keeps_features(arms[name]) and "pool" in arms[name] for name in trainings):
        items += weigh(FORWARD * count["pool_photos"], 0, share)
    return items


def count_tested_pairs(settings: dict, count: Mapping, share: float) -> float:
    """Return the photos with a caption that the tests of held-out pairs and sham edits are worth."""
    if not trains(settings):
        return 0.0
    pairs = (count["pairs"] + count["shams"]) * count["evaluations"] / settings["folds"]["folds"]
    return weigh(2 * pairs, TESTED_TEXTS * pairs, share)


def count_untouched(settings: dict, count: Mapping, share: float, questions: float, shown: float) -> float:
    """Return the photos with a caption that the tests of untouched photos are worth: photos, captions and
    what is asked of them.

    questions: texts about a word. shown: words that a photo shows; no word is asked about that fewer than
    MIN_CLASS_PHOTOS of a fold show.
    """
    if not trains(settings):
        return 0.0
    photos = min(count["photos"] / settings["folds"]["folds"], settings["evaluate"]["max_photos"])
    captions = photos * count["captions"] / max(count["photos"], 1)
    words = min(count_words(settings), photos * shown / MIN_CLASS_PHOTOS)
    return count["evaluations"] * weigh(photos, captions + words * questions, share)


def count_words(settings: dict) -> int:
    """Return the words that photos may show: those of the drawn scenes, or of the word list."""
    if are_rendered(settings["samples"]["sources"]):
        return len(DRAW)
    return len(find_vocabulary(settings))


def count_world(settings: dict, share: float, questions: float, of_photo: Mapping[str, float]) -> float:
    """Return the photos with a caption that the tests on a fresh world are worth.

    questions: texts about a word. of_photo: `photos` and `texts` of all its sets for one of its photos.
    Models of a frozen image tower share their photos' features.
    """
    evaluate, arms = settings["evaluate"], settings["train"]["arms"]
    if not trains(settings) or evaluate["world"] is None:
        return 0.0
    photos, runs = evaluate["world"]["photos"], settings["folds"]["folds"] * len(settings["train"]["seeds"])
    items = 0.0
    for name in evaluate["set_arms"] or arms:
        arm = arms[arms[name].get("of", name)]
        models = runs if is_trained(arm) else 1
        towers = 1 if arm.get("freeze") == "image" else models
        texts = models * (of_photo["texts"] * photos + len(DRAW) * questions)
        items += weigh(towers * of_photo["photos"] * photos, texts, share)
    return items
