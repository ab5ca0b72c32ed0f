"""Edit captions: which captions an edit needs, and whether the ones that came back will do."""

from typing import NamedTuple

import pandas as pd

from unscene.answers.batch_lines import flatten
from unscene.answers.prompts import caption_item
from unscene.keywords.columns import KEYWORDS
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.samples.columns import SHARD_SAMPLES
from unscene.words.negation import remove_object
from unscene.words.phrasings import (
    PHRASINGS,
    choose_phrasing,
    explain_phrasing,
    find_phrasing,
    hold_out,
    is_negated,
    negate,
)
from unscene.words.vocabulary import Vocabulary
from unscene.words.word_lists import find_vocabulary

PLAIN_SCENE = "A photo."


class WantedCaption(NamedTuple):
    """What an edit needs: its old caption and the phrasings drawn for it (None of held-out ones:
    nothing is held out).

    item: the edit as it stands in a prompt; None without a caption.
    """

    edit_id: str
    image_id: str
    category: str
    caption: str | None
    phrasing: str
    held_out_phrasing: str | None
    item: str | None


def list_wanted(job: Job) -> list[WantedCaption]:
    """Return what each wanted edit (mask status ok) of a shard needs, in the order of the masks.

    The old caption is the one at the mask's `caption_position`, or the first that names the object
    by the keywords; None when no caption names it. inputs: samples, keywords, masks.
    """
    held_out_share, seed = job.settings["captions"]["held_out_share"], job.settings["seed"]
    mask = MASKS.read(job.inputs.masks, ["edit_id", "image_id", "category", "status", "caption_position"])
    keyword = KEYWORDS.read(job.inputs.keywords, ["image_id", "caption", "words"])
    sample = SHARD_SAMPLES.read(job.inputs.samples, ["image_id", "captions"])
    wanted = mask[mask["status"] == "ok"]
    captions = dict(zip(sample["image_id"], sample["captions"], strict=True))
    first = _first_naming(keyword)
    held_out = hold_out(held_out_share, seed)
    training = sorted(set(PHRASINGS) - set(held_out))
    vocabulary = find_vocabulary(job.settings)
    result = []
    columns = ["edit_id", "image_id", "category", "caption_position"]
    for edit, image, category, position in wanted[columns].itertuples(index=False):
        known = captions.get(image)
        at = -1 if pd.isna(position) else int(position)
        caption = known[at] if known is not None and 0 <= at < len(known) else first.get((image, category))
        phrasing = choose_phrasing(edit, seed, training, "training")
        unseen = choose_phrasing(edit, seed, held_out, "held out")
        asked = explain_phrasing(category, phrasing, vocabulary)
        item = None if caption is None else caption_item(caption, category, asked)
        result.append(WantedCaption(edit, image, category, caption, phrasing, unseen, item))
    return result


def rewrite(caption: str, category: str, vocabulary: Vocabulary) -> str:
    """Return the caption without the object by the offline grammar; empty when it leaves nothing of
    the scene.
    """
    return remove_object(caption, category, vocabulary) or ""


def find_fault(
    without: str, negated: str, category: str, held_out: list[str], vocabulary: Vocabulary
) -> str | None:
    """Return what is wrong with the two captions of an edit, None when they will do.

    The object's words must be absent from the first, and present and denied in the second; other
    objects stay the same in both; and the wording must not be one that is held out of training.
    """
    if not without.strip():
        return "nothing of the scene is left"
    if not negated.strip():
        return "no negated caption"
    words = set(vocabulary.find_words(without))
    if category in words:
        return "caption_without names the object"
    if set(vocabulary.find_words(negated)) != words | {category}:
        return "caption_negated does not name the object and the same others"
    if not is_negated(negated):
        return "caption_negated denies nothing"
    if find_phrasing(negated) in held_out:
        return "caption_negated uses a held-out phrasing"
    return None


def plain_captions(category: str, phrasing: str, vocabulary: Vocabulary) -> tuple[str, str]:
    """Return the captions that always will do: a photo, and a photo without the object."""
    return PLAIN_SCENE, negate(PLAIN_SCENE, category, phrasing, vocabulary)


def write_from_template(
    edit_id: str, category: str, caption: str, held_out_share: float, seed: int, vocabulary: Vocabulary
) -> tuple[str, str]:
    """Return (caption_without, caption_negated) as the backend `template` writes them for an edit,
    whatever backend the run has.
    """
    held_out = hold_out(held_out_share, seed)
    phrasing = choose_phrasing(edit_id, seed, sorted(set(PHRASINGS) - set(held_out)), "training")
    without = same_text(rewrite(caption, category, vocabulary))
    negated = same_text(negate(without, category, phrasing, vocabulary)) if without else ""
    if find_fault(without, negated, category, held_out, vocabulary):
        return plain_captions(category, phrasing, vocabulary)
    return without, negated


def same_text(text: object) -> str:
    """Return an answer's text as it goes into the table: one line, nothing when it is no text."""
    return flatten(text) if isinstance(text, str) else ""


def _first_naming(keyword: pd.DataFrame) -> dict[tuple[str, str], str]:
    first: dict[tuple[str, str], str] = {}
    for image, caption, words in zip(keyword["image_id"], keyword["caption"], keyword["words"], strict=True):
        for word in words:
            first.setdefault((image, word), caption)
    return first
