"""What a model is asked about untouched photos: sentences that deny or assert an object, bare or
beside a caption.

The sentences are the same for every model, arm and run: they follow from the photos' captions, the
probes and nothing else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np

from unscene.evaluation.gallery import MIN_CLASS_PHOTOS, Gallery
from unscene.rewriting.parsing.participles import name_scene
from unscene.run.seeds import derive_seed
from unscene.words.absence_probes import Probe, Probes, name_forms
from unscene.words.vocabulary import Vocabulary

PRESENT = "a photo with {a}"
ABSENT = "a photo with no {no}"
# The scenes of a category: captions that do not name it, of so many photos without and as many with it.
SCENES = 64

# The metric that a kind of probe is for: photos without the object should score higher on a denial,
# photos with it on an assertion.
DENIALS = {
    "known": "absence_auc_known",
    "unseen_words": "absence_auc_unseen_words",
    "two": "absence_auc_two",
    "scene": "absence_auc_scene",
    "nonsense": "nonsense_auc",
    "bare": "absence_auc_bare",
}
ASSERTIONS = {
    "affirmative": "affirmative_auc",
    "affirmative_tricky": "affirmative_auc_tricky",
    "affirmative_scene": "affirmative_auc_scene",
    "present": "presence_auc",
}
STANDARD = (Probe("bare", "standard", "no", ABSENT), Probe("present", "standard", None, PRESENT))
_A_PHOTO_OF = re.compile(r"^(?:an?|the) (?:photo(?:graph)?|picture|image) of ", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """A sentence about a category (a column of the gallery), and a second one where it names two.

    photo: the position of the photo whose caption it has, or None.
    """

    metric: str
    probe: Probe
    column: int
    text: str
    second: int | None = None
    photo: int | None = None

    @property
    def denies(self) -> bool:
        """Whether photos without the object should score higher."""
        return self.metric in DENIALS.values()

    def find_sides(self, gallery: Gallery) -> tuple[np.ndarray, np.ndarray]:
        """Return which photos should score high and which low, bool (photos,) each."""
        has, lacks = gallery.has[:, self.column], gallery.lacks[:, self.column]
        if self.second is not None:
            has = has | gallery.has[:, self.second]
            lacks = lacks & gallery.lacks[:, self.second]
        return (lacks, has) if self.denies else (has, lacks)


def write_questions(gallery: Gallery, probes: Probes, vocabulary: Vocabulary) -> list[Question]:
    """Return every question on the categories that have enough photos, category by category."""
    return [
        *write_bare_questions(gallery, probes, vocabulary),
        *write_double_questions(gallery, probes, vocabulary),
        *write_scene_questions(gallery, probes, vocabulary),
    ]


def write_bare_questions(gallery: Gallery, probes: Probes, vocabulary: Vocabulary) -> list[Question]:
    """Return the questions on one object and nothing else."""
    single = [
        *STANDARD,
        *(
            probe
            for kind in ("known", "unseen_words", "affirmative", "nonsense")
            for probe in probes.of(kind)
        ),
    ]
    questions = []
    for column in gallery.list_classes():
        forms = name_forms(vocabulary, gallery.categories[column])
        questions += [Question(_find_metric(probe), probe, column, probe.write(forms)) for probe in single]
    return questions


def write_double_questions(gallery: Gallery, probes: Probes, vocabulary: Vocabulary) -> list[Question]:
    """Return the questions that deny two objects: each category with the next one by number of
    photos, the last with the first, so that each is the second of one couple.
    """
    classes = gallery.list_classes()
    ranked = sorted(classes, key=lambda column: (int(gallery.has[:, column].sum()), column))
    questions = []
    for column, second in zip(ranked, [*ranked[1:], *ranked[:1]], strict=True):
        forms = name_forms(vocabulary, gallery.categories[column], gallery.categories[second])
        couple = [
            Question(DENIALS["two"], probe, column, probe.write(forms), second) for probe in probes.of("two")
        ]
        sides = couple[0].find_sides(gallery) if couple else ()
        if column != second and all(side.sum() >= MIN_CLASS_PHOTOS for side in sides):
            questions += couple
    return questions


def write_scene_questions(gallery: Gallery, probes: Probes, vocabulary: Vocabulary) -> list[Question]:
    """Return the questions beside a caption: of SCENES photos without and SCENES with each object,
    a denial and an assertion each.

    Photos come in an order of their own ids' hash, probes in turn; the assertions' turn moves on by
    one with each round of denials, so that no denial always stands against the same assertion.
    """
    denials, assertions = probes.of("scene"), probes.of("affirmative_scene")
    order = sorted(range(len(gallery)), key=lambda at: derive_seed(0, "scene", gallery.ids[at]))
    named = [[vocabulary.find_words(caption) for caption in own] for own in gallery.captions]
    scenes: dict[str, str | None] = {}
    questions = []
    for column in gallery.list_classes():
        category = gallery.categories[column]
        forms = name_forms(vocabulary, category)
        for side in (gallery.lacks, gallery.has):
            found = _find_scenes(
                [at for at in order if side[at, column]], category, gallery, named, scenes, vocabulary
            )
            for turn, (at, scene) in enumerate(islice(found, SCENES)):
                denial = denials[turn % len(denials)]
                assertion = assertions[(turn + turn // len(denials)) % len(assertions)]
                questions += [
                    Question(_find_metric(probe), probe, column, probe.write(forms, scene), photo=at)
                    for probe in (denial, assertion)
                ]
    return questions


def _find_scenes(
    positions: list[int],
    category: str,
    gallery: Gallery,
    named: list[list[list[str]]],
    scenes: dict[str, str | None],
    vocabulary: Vocabulary,
) -> Iterator[tuple[int, str]]:
    """Yield (photo, a caption of its as a noun phrase that does not name the category), at most one
    a photo. scenes: what captions are as noun phrases, filled here.
    """
    for at in positions:
        own = list(zip(gallery.captions[at], named[at], strict=True))
        # Another caption first of another photo, or the first kind of caption would be all.
        start = derive_seed(0, "caption", gallery.ids[at]) % max(1, len(own))
        for caption, words in islice(cycle(own), start, start + len(own)):
            if category in words:
                continue
            if caption not in scenes:
                scenes[caption] = shorten_scene(caption, vocabulary)
            scene = scenes[caption]
            if scene is not None:
                yield at, scene
                break


def shorten_scene(caption: str, vocabulary: Vocabulary) -> str | None:
    """Return a caption as a noun phrase that other sentences can take up, without "a photo of";
    None where it is none.
    """
    scene = name_scene(caption.strip().rstrip(" .!"), vocabulary)
    if scene is None:
        return None
    shorter = _A_PHOTO_OF.sub("", scene)
    return shorter[:1].upper() + shorter[1:] if shorter else None


def _find_metric(probe: Probe) -> str:
    kind = f"{probe.kind}_tricky" if probe.tricky else probe.kind
    return (DENIALS | ASSERTIONS)[kind]
