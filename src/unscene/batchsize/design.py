"""The batch-size study's design: which captions are asked, in which arms, prompts, orders and repeats."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from unscene.answers.batch_lines import flatten, spread
from unscene.answers.prompts import keyword_request
from unscene.run.configuration import PERMUTED_FROM
from unscene.words.lexicon import load_lexicon

REPEAT = "1 again"


class Arm(NamedTuple):
    """An arm: its name, captions per prompt, permutations, and the replicate that makes equal bodies be asked again."""

    name: str
    size: int
    permutations: int
    replicate: int


def count_permutations(size: int, permutations: int) -> int:
    """Return how many partitions an arm is asked in: in small prompts neighbours and places matter little."""
    return permutations if size >= PERMUTED_FROM else 1


def list_arms(settings: dict) -> list[Arm]:
    """Return the arms of the study: 1, 1 again, and the configured sizes in rising order. settings: block `batchsize`."""
    larger = [
        Arm(str(size), size, count_permutations(size, settings["permutations"]), 0)
        for size in sorted(set(settings["arms"]) - {1})
    ]
    return [Arm("1", 1, 1, 0), Arm(REPEAT, 1, 1, 1), *larger]


def list_captions(shards: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return a row a distinct caption text: `caption_id caption image_ids mentions`.

    shards: tables with `image_id captions` and, in embedded sources, `mentions`, which is None elsewhere. A text that several
    photos share is one row.
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


def draw_captions(captions: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Return `count` captions drawn by seed with proportional strata, in the order of the draw, with their `stratum`.

    Strata: words that the lexicon finds (0, 1, 2, 3 or more) and whether one of them is an ambiguous form. Proportional
    allocation by largest remainders keeps a plain mean unbiased. The draw goes by the hash of seed and text, so that captions
    that are added displace few of the others.
    """
    lexicon = load_lexicon()
    drawn = captions.assign(
        stratum=[name_stratum(lexicon, text) for text in captions["caption"]],
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


def name_stratum(lexicon, caption: str) -> str:
    """Return the stratum of a caption, e.g. `2 ambiguous`."""
    number = len(lexicon.find_words(caption))
    kind = "ambiguous" if lexicon.is_ambiguous(caption) else "plain"
    return f"{number if number < 3 else '3+'} {kind}"


def allocate(sizes: np.ndarray, count: int) -> list[int]:
    """Return a share of `count` for each stratum in proportion to its size, by largest remainders."""
    exact = sizes * count / max(sizes.sum(), 1)
    quota = np.floor(exact).astype(int)
    for place in np.argsort(-(exact - quota), kind="stable")[: count - quota.sum()]:
        quota[place] += 1
    return quota.tolist()


def build_study(
    captions: pd.DataFrame, arms: Iterable[Arm], model: str, seed: int
) -> tuple[list[dict], pd.DataFrame]:
    """Return the request lines of all arms, and the design: a row an observation.

    Design: `arm captions_per_prompt permutation custom_id position size caption_id`; position counts from 0 and size is that
    of the prompt, which may be smaller than the arm's at the end. Each permutation has a fresh partition and order; two
    captions of one photo never share a prompt.
    """
    rules = load_lexicon().rules
    texts = captions["caption"].to_numpy(object)
    photos = dict(zip(captions["caption"], captions["image_ids"], strict=True))
    ids = dict(zip(captions["caption"], captions["caption_id"], strict=True))
    requests, rows = {}, []
    for arm in arms:
        for permutation in range(arm.permutations):
            order = np.random.default_rng([seed, arm.size, arm.replicate, permutation]).permutation(
                len(texts)
            )
            for prompt in spread(((text, photos[text]) for text in texts[order]), arm.size):
                request = keyword_request(model, prompt, rules, replicate=arm.replicate)
                requests[request["custom_id"]] = request
                rows += [
                    (arm.name, arm.size, permutation, request["custom_id"], position, len(prompt), ids[text])
                    for position, text in enumerate(prompt)
                ]
    columns = ["arm", "captions_per_prompt", "permutation", "custom_id", "position", "size", "caption_id"]
    return list(requests.values()), pd.DataFrame(rows, columns=columns)
