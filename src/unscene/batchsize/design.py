"""The batch-size study's design: which captions are asked, in prompts of which sizes, orders and repeats."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from unscene.answers.batch_lines import flatten, spread
from unscene.answers.prompts import keyword_request
from unscene.batchsize.columns import DESIGN
from unscene.run.configuration import PERMUTED_FROM
from unscene.words.vocabulary import Vocabulary

ONE, REPEAT = "1", "1 again"


class Trial(NamedTuple):
    """All captions asked at one size: its name, captions per prompt, permutations, and the
    replicate that asks equal bodies again.
    """

    name: str
    size: int
    permutations: int
    replicate: int


def count_permutations(size: int, permutations: int) -> int:
    """Return how many partitions a size is asked in: in small prompts neighbours and places matter little."""
    return permutations if size >= PERMUTED_FROM else 1


def list_trials(settings: dict) -> list[Trial]:
    """Return the trials: size 1, 1 again, and the configured sizes in rising order. settings: the
    config block `batchsize`.
    """
    larger = [
        Trial(str(size), size, count_permutations(size, settings["permutations"]), 0)
        for size in sorted(set(settings["sizes"]) - {1})
    ]
    return [Trial(ONE, 1, 1, 0), Trial(REPEAT, 1, 1, 1), *larger]


def list_captions(shards: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return a row a distinct caption text: `caption_id caption image_ids mentions`.

    shards: tables with `image_id captions` and, in embedded sources, `mentions`, which is None
    elsewhere. A text that several photos share is one row.
    """
    rows: dict[str, tuple[str, list[str], list[str] | None]] = {}
    for samples in shards:
        lists = samples["mentions"] if "mentions" in samples else [None] * len(samples)
        for image_id, captions, mentions in zip(samples["image_id"], samples["captions"], lists, strict=True):
            known = mentions is not None and not isinstance(mentions, float)  # NaN: no list
            for position, caption in enumerate(captions):
                text = flatten(caption)
                if text in rows:
                    rows[text][1].append(image_id)
                elif text:
                    true = sorted(mentions[position]) if known else None
                    rows[text] = (f"{image_id}-{position}", [image_id], true)
    listed = [(caption_id, text, photos, true) for text, (caption_id, photos, true) in rows.items()]
    return pd.DataFrame(listed, columns=["caption_id", "caption", "image_ids", "mentions"])


def draw_captions(captions: pd.DataFrame, count: int, seed: int, vocabulary: Vocabulary) -> pd.DataFrame:
    """Return `count` captions drawn by seed with proportional strata, in the order of the draw,
    with their `stratum`.

    Strata: words that the lexicon finds (0, 1, 2, 3 or more) and whether one of them is an
    ambiguous form. Proportional allocation by largest remainders keeps a plain mean unbiased. The
    draw goes by the hash of seed and text, so that captions that are added displace few of the
    others.
    """
    drawn = captions.assign(
        stratum=[name_stratum(vocabulary, text) for text in captions["caption"]],
        order=[hashlib.sha256(f"{seed} {text}".encode()).hexdigest() for text in captions["caption"]],
    ).sort_values("order", kind="stable")
    count = min(count, len(drawn))
    sizes = drawn["stratum"].value_counts().sort_index()
    quota = allocate(sizes.to_numpy(), count)
    kept = [
        drawn[drawn["stratum"] == name].head(number) for name, number in zip(sizes.index, quota, strict=True)
    ]
    chosen = pd.concat(kept) if kept else drawn
    return chosen.sort_values("order", kind="stable").drop(columns="order").reset_index(drop=True)


def name_stratum(vocabulary: Vocabulary, caption: str) -> str:
    """Return the stratum of a caption, e.g. `2 ambiguous`."""
    number = len(vocabulary.find_words(caption))
    kind = "ambiguous" if vocabulary.reader.is_ambiguous(caption) else "plain"
    return f"{number if number < 3 else '3+'} {kind}"


def allocate(sizes: np.ndarray, count: int) -> list[int]:
    """Return a share of `count` for each stratum in proportion to its size, by largest remainders."""
    exact = sizes * count / max(sizes.sum(), 1)
    quota = np.floor(exact).astype(int)
    for place in np.argsort(-(exact - quota), kind="stable")[: count - quota.sum()]:
        quota[place] += 1
    return quota.tolist()


def build_study(
    captions: pd.DataFrame, trials: Iterable[Trial], model: str, seed: int, vocabulary: Vocabulary
) -> tuple[list[dict], pd.DataFrame]:
    """Return the request lines of all trials, and the design (columns.DESIGN): a row a caption in a prompt.

    The last prompt may be smaller than the trial's size. Each permutation has a fresh partition and
    order; two captions of one photo never share a prompt.
    """
    texts = captions["caption"].to_numpy(object)
    photos = dict(zip(captions["caption"], captions["image_ids"], strict=True))
    ids = dict(zip(captions["caption"], captions["caption_id"], strict=True))
    requests, rows = {}, []
    for trial in trials:
        for permutation in range(trial.permutations):
            seeds = [seed, trial.size, trial.replicate, permutation]
            order = np.random.default_rng(seeds).permutation(len(texts))
            for prompt in spread(((text, photos[text]) for text in texts[order]), trial.size):
                request = keyword_request(model, prompt, vocabulary, replicate=trial.replicate)
                key = request["custom_id"]
                requests[key] = request
                rows += [
                    (trial.name, trial.size, permutation, key, position, len(prompt), ids[text])
                    for position, text in enumerate(prompt)
                ]
    return list(requests.values()), pd.DataFrame(rows, columns=DESIGN.names)
