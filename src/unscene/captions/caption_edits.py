"""Edit captions: which captions an edit needs, and how they are written where no model does."""

from typing import NamedTuple

import pandas as pd

from unscene.answers.prompts import caption_item
from unscene.keywords.columns import KEYWORDS
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.rewriting.checks.doubts import count_doubts
from unscene.rewriting.denying import negate
from unscene.rewriting.negation import UNSEEN, Seen, find_held, rewrite_caption
from unscene.samples.columns import SHARD_SAMPLES
from unscene.words.phrasings import (
    PHRASINGS,
    choose_phrasing,
    find_phrasing,
    hold_out,
)
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary

PLAIN_SCENE = "A photo."
GRAMMAR, LADDER, PLAIN = "grammar", "ladder", "plain"  # who wrote a caption when no model did


class Written(NamedTuple):
    """What is left of a caption, who wrote it (GRAMMAR, LADDER, PLAIN), and why it was not the grammar.
    Only what is left of the sentence itself is the grammar's; lists and scenes are the ladder's.
    """

    without: str
    writer: str
    fault: str


class WantedCaption(NamedTuple):
    """What an edit needs a caption for: its object, and its old caption.

    item: the edit as it stands in a prompt; None without a caption. seen: what becomes of the other
    words of the captions.
    """

    edit_id: str
    image_id: str
    category: str
    caption: str | None
    item: str | None
    seen: Seen = UNSEEN


class Phrasings(NamedTuple):
    """The phrasings of a run: those that its seed holds out of training, and what each edit gets."""

    held_out: list[str]
    seed: int

    @classmethod
    def of(cls, held_out_share: float, seed: int) -> "Phrasings":
        """Return the phrasings of a run by its share of held-out ones and its seed."""
        return cls(hold_out(held_out_share, seed), seed)

    def choose(self, edit_id: str) -> str:
        """Return the phrasing that an edit is denied by in training."""
        return choose_phrasing(edit_id, self.seed, sorted(set(PHRASINGS) - set(self.held_out)), "training")

    def choose_unseen(self, edit_id: str) -> str | None:
        """Return the phrasing that training never uses for an edit; None when nothing is held out."""
        return choose_phrasing(edit_id, self.seed, self.held_out, "held out")


def list_wanted(job: Job) -> list[WantedCaption]:
    """Return what each wanted edit (mask status ok) of a shard needs, in the order of the masks.

    The old caption is the one at the mask's `caption_position`, or the first that names the object
    by the keywords; None when no caption names it. With `captions.choose: clearest` among the settings,
    which a paid model's jobs do not get, it is the clearest of those that name it.

    inputs: samples, keywords, masks.
    """
    mask = MASKS.read(job.inputs.masks, [*_OF_MASK, "status"])
    keyword = KEYWORDS.read(job.inputs.keywords, ["image_id", "caption", "words"])
    sample = SHARD_SAMPLES.read(job.inputs.samples, ["image_id", "captions"])
    vocabulary = find_vocabulary(job.settings)
    is_chosen = job.settings.get("captions", {}).get("choose") == "clearest"
    wanted = mask[mask["status"] == "ok"]
    captions = dict(zip(sample["image_id"], sample["captions"], strict=True))
    naming = _list_naming(keyword)
    result = []
    for edit, image, category, position, *fates in wanted[_OF_MASK].itertuples(index=False):
        seen = Seen(*map(frozenset, fates))
        known = captions.get(image)
        at = -1 if pd.isna(position) else int(position)
        named = naming.get((image, category), [])
        told = [known[at]] if known is not None and 0 <= at < len(known) else named[:1]
        if is_chosen and told:
            told = [choose_clearest([*told, *named], category, vocabulary, seen)]
        caption = told[0] if told else None
        item = None if caption is None else caption_item(caption, category)
        result.append(WantedCaption(edit, image, category, caption, item, seen))
    return result


_OF_MASK = ["edit_id", "image_id", "category", "caption_position", "taken", "staying"]


def choose_clearest(captions: list[str], category: str, vocabulary: Vocabulary, seen: Seen = UNSEEN) -> str:
    """Return the caption of a photo that an edit is told by: the one of which the grammar leaves a text
    with the fewest doubts; of equals the one that keeps the largest share of its letters, then the first.

    captions: those that name the object. The first one stays where the lexicon does not find it there.
    """
    first, *others = dict.fromkeys(captions)
    if not others or category not in vocabulary.find_words(first):
        return first
    read = [first, *(caption for caption in others if category in vocabulary.find_words(caption))]
    return min(read, key=lambda caption: _weigh(caption, category, vocabulary, seen))


def _weigh(caption: str, category: str, vocabulary: Vocabulary, seen: Seen) -> tuple[int, float]:
    """Return how much speaks against a caption: the doubts, or more where the sentence is lost; the
    share of it that goes.
    """
    found = rewrite_caption(caption, category, vocabulary, seen)
    if found is None:
        return _NOTHING_LEFT, 1.0
    lost = found.way != GRAMMAR
    doubts = _LOST if lost else count_doubts(found.text, caption, category, vocabulary)
    return doubts, 1 - len(found.text) / len(caption)


_LOST, _NOTHING_LEFT = 4, 5  # more than all doubts


def rewrite(caption: str, category: str, vocabulary: Vocabulary) -> str:
    """Return the caption without the object as it is written offline; empty when nothing of the scene
    is left.
    """
    found = rewrite_caption(caption, category, vocabulary)
    return found.text if found is not None else ""


def write_offline(edit: WantedCaption, phrasing: str, held_out: list[str], vocabulary: Vocabulary) -> Written:
    """Return what an edit that has a caption is called without any model: as the offline rewriting has
    it, or where that finds nothing, or brings a phrasing along that is held out of training, by the
    plain template.
    """
    assert edit.caption is not None
    found = rewrite_caption(edit.caption, edit.category, vocabulary, edit.seen)
    if found is None:
        return Written(PLAIN_SCENE, PLAIN, "nothing of the scene is left")
    fault = find_held_out(found.text, edit.category, phrasing, held_out, vocabulary)
    if fault:
        return Written(PLAIN_SCENE, PLAIN, fault)
    if found.way != GRAMMAR:
        return Written(found.text, LADDER, f"no rewriting of the sentence, but what is known ({found.way})")
    return Written(found.text, GRAMMAR, "")


def find_held_out(
    without: str, category: str, phrasing: str, held_out: list[str], vocabulary: Vocabulary
) -> str | None:
    """Return that a scene brings a held-out phrasing along: a denial that the old caption had."""
    if find_phrasing(negate(without, category, phrasing, vocabulary)) in held_out:
        return "caption_negated uses a held-out phrasing"
    return None


def write_from_template(
    edit_id: str,
    category: str,
    caption: str,
    held_out_share: float,
    seed: int,
    vocabulary: Vocabulary,
    seen: Seen = UNSEEN,
) -> tuple[str, str]:
    """Return (caption_without, caption_negated) as the backend `template` writes them for an edit,
    whatever backend the run has.
    """
    phrasings = Phrasings.of(held_out_share, seed)
    phrasing = phrasings.choose(edit_id)
    edit = WantedCaption(edit_id, "", category, caption, None, seen)
    without = write_offline(edit, phrasing, phrasings.held_out, vocabulary).without
    return without, negate(without, category, phrasing, vocabulary)


def find_taken(without: str, edit: WantedCaption, vocabulary: Vocabulary) -> str | None:
    """Return that a caption names what the mask takes along, or what the object is said to hold and
    nobody saw to stay: a model does not see the photo.
    """
    assert edit.caption is not None
    held = find_held(edit.caption, edit.category, vocabulary) - edit.seen.staying
    named = vocabulary.sort((edit.seen.taken | held) & set(vocabulary.find_words(without)))
    return f"{ALONG}: {', '.join(named)}" if named else None


ALONG = "gone along with the object"


def _list_naming(keyword: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """Return the captions that name each word of each photo, in the order of the captions."""
    naming: dict[tuple[str, str], list[str]] = {}
    for image, caption, words in zip(keyword["image_id"], keyword["caption"], keyword["words"], strict=True):
        for word in words:
            naming.setdefault((image, word), []).append(caption)
    return naming
