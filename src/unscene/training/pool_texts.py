"""What is asked of the photos of a step's pool batch: which sentences, and of which photos each is true.

Every kind of sentence is written in both polarities within the same frame, with the same capital
and full stop, so that no word but the negation tells them apart. Each kind draws from a seed of its
own, so an arm without queries meets the same bare and scene sentences as one with them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np

from unscene.run.seeds import derive_seed
from unscene.training.pools import Pool
from unscene.words.denial_grammar import Grammar

# Texts of a step: words asked bare, frames of each; captions told on, frames of each; captions as they are,
# queries, nouns taught.
BARE_WORDS, BARE_FRAMES = 12, 2
SCENES, SCENE_FRAMES = 12, 2
TOLD, QUERIES, TAUGHT = 48, 16, 5

# What is asked by the labels of photos.
LABELLED = frozenset({"bare", "scene", "query"})


@dataclass(frozen=True)
class Claims:
    """Sentences of a step and of which photos of its batch each is true and false.

    text: numbers of the step's texts, int64 (sentences,); right, wrong: bool (sentences, photos),
    in neither where it is not known.
    """

    text: np.ndarray
    right: np.ndarray
    wrong: np.ndarray


@dataclass(frozen=True)
class Scenes:
    """Pairs of sentences on a caption, the true one and the false one: numbers of texts and of the
    photo that both are about, int64 (pairs,) each; shown: whether the photo shows the object, so
    that the assertion is the true one, bool (pairs,).
    """

    true: np.ndarray
    false: np.ndarray
    photo: np.ndarray
    shown: np.ndarray


@dataclass(frozen=True)
class Taught:
    """Sentences that a text-only teacher explains.

    text: numbers of texts; photo: whose caption stands in it, -1 for none; noun: number of the
    noun; sign: -1 for a denial, 1 for an assertion; each int64 (sentences,).
    """

    text: np.ndarray
    photo: np.ndarray
    noun: np.ndarray
    sign: np.ndarray


@dataclass
class StepTexts:
    """All texts of a step's pool batch, each once, by number; what is asked with them.

    captions: the numbers of the captions that are told, those of the first photos, int64 (told,).
    alike: a number for the drawn caption of every photo, equal for equal captions, int64 (photos,).
    """

    captions: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    alike: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    claims: dict[str, Claims] = field(default_factory=dict)
    scenes: Scenes | None = None
    taught: Taught | None = None
    numbers: dict[str, int] = field(default_factory=dict)

    def add(self, text: str) -> int:
        """Return the number of a text, a new one for a new text."""
        return self.numbers.setdefault(text, len(self.numbers))

    @property
    def texts(self) -> list[str]:
        """The texts in the order of their numbers."""
        return list(self.numbers)


class PoolWriter:
    """Writes the texts of a step. parts: which of `captions`, `bare`, `scene`, `query` and `taught` the
    loss reads, and from which step on. seeds: (config seed, fold, training seed). nouns: what the
    text-only teacher tells of.
    """

    def __init__(
        self,
        pool: Pool,
        grammar: Grammar,
        seeds: tuple,
        parts: Mapping[str, float],
        nouns: Sequence[str] = (),
    ):
        self._pool, self._grammar, self._seeds, self._nouns = pool, grammar, seeds, list(nouns)
        self._starts = parts
        self._writers: dict[str, Callable] = {
            name: writer
            for name, writer in (
                ("bare", self._write_bare),
                ("scene", self._write_scenes),
                ("query", self._write_queries),
                ("taught", self._write_taught),
            )
            if name in parts
        }
        self._mentions: dict[str, set[int]] = {}

    @cached_property
    def _labelled(self) -> np.ndarray:
        return self._pool.find_labelled()

    def write(self, step: int, rows: np.ndarray) -> StepTexts:
        """Return the texts of a step. rows: its photos, int64 (photos,)."""
        told = StepTexts()
        rng = self._open_rng("caption", step)
        of_photo = [self._pool.table["captions"][row] for row in rows]
        chosen = [captions[int(rng.integers(len(captions)))] for captions in of_photo]
        told.captions = np.array([told.add(caption) for caption in chosen[:TOLD]])
        told.alike = np.unique(chosen, return_inverse=True)[1].astype(np.int64)
        present, absent = self._pool.present[rows], self._pool.absent[rows]
        for name, writer in self._writers.items():
            if step >= self._starts[name]:
                writer(told, chosen, present, absent, self._open_rng(name, step))
        return told

    def _open_rng(self, part: str, step: int) -> np.random.Generator:
        return np.random.default_rng(derive_seed(*self._seeds, "pool", part, step))

    def _write_bare(self, told, chosen, present, absent, rng) -> None:
        """For some object words two denials and two assertions each, and one text that just names it."""
        rows, words = _Rows(told), list(self._pool.vocabulary)
        contrasted = self._list_contrasted(present, absent)
        for word in rng.permutation(contrasted)[:BARE_WORDS]:
            for _ in range(BARE_FRAMES):
                denial, assertion = self._write_both("write_bare", [], word, rng)
                rows.add(denial, absent[:, word], present[:, word])
                rows.add(assertion, present[:, word], absent[:, word])
            # Without it "a photo with a dog" comes to mean its denial, the more frequent kind of text.
            plain = self._grammar.write_plain(words[word], rng, self._pool.vocabulary)
            rows.add(plain, present[:, word], absent[:, word])
        told.claims["bare"] = rows.close(len(present))

    def _write_scenes(self, told, chosen, present, absent, rng) -> None:
        """Captions that leave an object out, with a denial and an assertion of it in each of some
        frames. Where the photo shows such an object, it is that one in half of the cases.

        Every true sentence is paired with every false one, those of other frames, too: a user may
        compare any two, and a wording that scores high on all photos would win against any other.
        """
        rows = _Rows(told)
        pairs: list[tuple[int, int, int, bool]] = []
        contrasted = np.zeros(present.shape[1], bool)
        contrasted[self._list_contrasted(present, absent)] = True
        for photo in rng.permutation(len(told.captions))[:SCENES]:
            unmentioned = contrasted.copy()
            unmentioned[list(self._find_mentions(chosen[photo]))] = False
            there = np.flatnonzero(present[photo] & unmentioned)
            not_there = np.flatnonzero(absent[photo] & unmentioned)
            shown = len(there) and (not len(not_there) or rng.random() < 0.5)
            words = there if shown else not_there
            if not len(words):
                continue
            word = int(rng.choice(words))
            denied, asserted = [], []
            for _ in range(SCENE_FRAMES):
                denial, assertion = self._write_both("write_scene", [chosen[photo]], word, rng)
                rows.add(denial, absent[:, word], present[:, word])
                rows.add(assertion, present[:, word], absent[:, word])
                denied.append(rows.text[-2])
                asserted.append(rows.text[-1])
            sentences = (asserted, denied) if shown else (denied, asserted)
            pairs += [(*pair, int(photo), bool(shown)) for pair in product(*sentences)]
        told.claims["scene"] = rows.close(len(present))
        true, false, photos, sides = np.array(pairs, np.int64).reshape(-1, 4).T
        told.scenes = Scenes(true, false, photos, sides.astype(bool))

    def _write_queries(self, told, chosen, present, absent, rng) -> None:
        """ "X, but no o": photos with X and without o before those with o, and before those without X."""
        rows = _Rows(told)
        counts = present.T.astype(np.int64)
        alone = counts @ absent
        both = counts @ present
        feasible = (alone > 0) & (both > 0)
        np.fill_diagonal(feasible, False)
        unlabelled = np.ones(len(feasible), bool)
        unlabelled[self._labelled] = False
        feasible[:, unlabelled] = False
        pairs = np.argwhere(feasible)
        for wanted, unwanted in pairs[rng.permutation(len(pairs))[:QUERIES]]:
            words = list(self._pool.vocabulary)
            text = self._grammar.write_query(words[wanted], words[unwanted], rng, self._pool.vocabulary)
            right = present[:, wanted] & absent[:, unwanted]
            rows.add(text, right, present[:, unwanted])
            rows.add(text, right, absent[:, wanted])
        told.claims["query"] = rows.close(len(present))

    def _write_taught(self, told, chosen, present, absent, rng) -> None:
        """Nouns that no label covers, denied and asserted, bare and on captions that leave them out."""
        rows: list[tuple[int, int, int, int]] = []
        if self._nouns:
            for number in rng.permutation(len(self._nouns))[:TAUGHT]:
                noun, photo = self._nouns[number], int(rng.integers(len(told.captions)))
                kinds: list[tuple[str, list[str], int]] = [("write_bare", [], -1)]
                if not self._names(chosen[photo], noun):
                    kinds.append(("write_scene", [chosen[photo]], photo))
                for kind, scene, own in kinds:
                    texts = self._write_both(kind, scene, noun, rng)
                    rows += [
                        (told.add(text), own, int(number), sign)
                        for text, sign in zip(texts, (-1, 1), strict=True)
                    ]
        told.taught = Taught(*np.array(rows, np.int64).reshape(-1, 4).T)

    def _write_both(self, kind: str, scene: list[str], word: int | str, rng) -> tuple[str, str]:
        """Return (denial, assertion) in the same words but for the negation."""
        vocabulary = self._pool.vocabulary
        noun = word if isinstance(word, str) else list(vocabulary)[word]
        seed = int(rng.integers(2**63))
        write = getattr(self._grammar, kind)
        denial, assertion = (
            write(*scene, noun, denied, np.random.default_rng(seed), vocabulary) for denied in (True, False)
        )
        return denial, assertion

    def _list_contrasted(self, present: np.ndarray, absent: np.ndarray) -> np.ndarray:
        """Return the labelled words that the batch shows and lacks."""
        found = np.flatnonzero(present.any(axis=0) & absent.any(axis=0))
        return np.intersect1d(found, self._labelled)

    def _names(self, caption: str, noun: str) -> bool:
        if noun in self._pool.vocabulary:
            return self._pool.vocabulary.places[noun] in self._find_mentions(caption)
        return noun.lower() in caption.lower()

    def _find_mentions(self, caption: str) -> set[int]:
        if caption not in self._mentions:
            vocabulary = self._pool.vocabulary
            self._mentions[caption] = {vocabulary.places[word] for word in vocabulary.find_words(caption)}
        return self._mentions[caption]


class _Rows:
    """Sentences of one kind as they are written."""

    def __init__(self, told: StepTexts):
        self._told = told
        self.text: list[int] = []
        self._right: list[np.ndarray] = []
        self._wrong: list[np.ndarray] = []

    def add(self, text: str, right: np.ndarray, wrong: np.ndarray) -> None:
        self.text.append(self._told.add(text))
        self._right.append(right)
        self._wrong.append(wrong)

    def close(self, photos: int) -> Claims:
        cells = (np.array(rows, bool).reshape(-1, photos) for rows in (self._right, self._wrong))
        return Claims(np.array(self.text, np.int64), *cells)
