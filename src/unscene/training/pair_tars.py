"""Pairs as WebDataset tars, for millions of pairs: one pair a sample, read as a stream.

A sample has `original.jpg`, `edited.jpg` (both at the model's size, so decoding is cheap) and
`json` with ids and captions. Tars are filled in random order, so a shuffle of the tars and of a
short buffer is enough to mix a pass.
"""

import hashlib
import io
import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from unscene.clip.tokens import get_text_lengths, tokenize
from unscene.machine.batching import run_ahead
from unscene.run.logs import progress
from unscene.run.seeds import derive_seed
from unscene.training.arms import choose_texts, draw_step, list_true_negations
from unscene.training.batches import Batch, Reading, compress_photos, make_text_keys
from unscene.training.columns import TARRED
from unscene.training.pairs import CAPTIONS, PairError, TooFewPairs, decode_photo, list_photos
from unscene.words.vocabulary import Vocabulary

JPEG: dict[str, Any] = {"format": "JPEG", "quality": 95, "subsampling": 0}
PAIRS_IN_TAR = 2048  # near 90 MB at 224 pixels
SHUFFLED = 1000  # samples in the reader's buffer
TRUE_NEGATION = "caption_true_negation"


def write_tars(
    pair: pd.DataFrame,
    preprocess,
    folder: Path,
    seed: int,
    workers: int,
    vocabulary: Vocabulary,
    pairs_in_tar: int = PAIRS_IN_TAR,
) -> pd.DataFrame:
    """Write all pairs as tars into a folder and return the rows of TARRED.

    Raises PairError naming the pair when a photo cannot be read or an edit has another size than
    its original.
    """
    import webdataset

    _, hashes = list_photos(pair)
    pair = pair.assign(**{TRUE_NEGATION: list_true_negations(pair, seed, vocabulary)})
    order = np.random.default_rng(derive_seed(seed, "tars")).permutation(len(pair))
    rows = pair.iloc[order].to_dict("records")

    def encode(row: dict) -> dict:
        sizes: list = []
        sample: dict = {"__key__": row["edit_id"].replace(".", "_")}
        for kind in ("original", "edited"):
            path = row[f"{kind}_path"]
            pixels, size = decode_photo(path, hashes.get(path), preprocess)
            sizes.append(size)
            encoded = io.BytesIO()
            Image.fromarray(pixels).save(encoded, **JPEG)
            sample[f"{kind}.jpg"] = encoded.getvalue()
        if sizes[0] != sizes[1]:
            raise PairError(
                f"pair {row['edit_id']!r}: the edit is {sizes[1]}, the original {sizes[0]} pixels"
            )
        kept = ("edit_id", "group", "category", *CAPTIONS, TRUE_NEGATION)
        sample["json"] = json.dumps({key: row[key] for key in kept}, ensure_ascii=False).encode()
        return sample

    index: list[tuple] = []
    writer: Any = None
    name = ""
    try:
        encoded = run_ahead(encode, rows, workers, 4 * workers)
        for number, (row, sample) in enumerate(
            progress(encoded, total=len(rows), desc="exporting", unit="pair")
        ):
            if number % pairs_in_tar == 0:
                if writer is not None:
                    writer.close()
                name = f"pairs-{number // pairs_in_tar:06d}.tar"
                writer = webdataset.TarWriter(str(folder / name), mtime=0, user="root", group="root")
            writer.write(sample)
            index.append((row["edit_id"], name, _hash_sample(sample)))
    finally:
        if writer is not None:
            writer.close()
    return pd.DataFrame(index, columns=TARRED.names)


def find_samples(path_to_index: str | Path, edit_ids: set[str]) -> dict[str, str]:
    """Return the SHA-256 of the exported sample of each pair, by edit_id in order; PairError when
    one was not exported.
    """
    index = TARRED.read(path_to_index)
    index = index[index["edit_id"].isin(edit_ids)].sort_values("edit_id")
    if len(index) < len(edit_ids):
        lost = sorted(edit_ids - set(index["edit_id"]))[0]
        raise PairError(f"{path_to_index}: pair {lost!r} is not in it; delete it and run again")
    return dict(zip(index["edit_id"], index["sample_sha256"], strict=True))


def hash_samples(samples: dict[str, str]) -> str:
    """Return a SHA-256 over the exported samples of some pairs: what a model was trained on."""
    return hashlib.sha256("\n".join(f"{key} {value}" for key, value in samples.items()).encode()).hexdigest()


class TarReader:
    """Batches of pairs from exported tars; every process reads its own tars. Steps must be read in
    ascending order.

    A batch has a photo group once within a process. Steps before the first one asked for are passed
    over without decoding, so a resumed training meets the same batches.
    """

    def __init__(self, folder: str | Path, samples: dict[str, str], reading: Reading, workers: int = 1):
        self._tars = sorted(str(path) for path in Path(folder).glob("*.tar"))
        if len(self._tars) < reading.size:
            raise PairError(
                f"{folder}: {len(self._tars)} tars for runtime.devices={reading.size}; each needs one"
            )
        self._samples, self._reading, self._workers = samples, reading, workers
        self._batches, self._next = self._iterate_batches(), 0

    def read(self, step: int) -> Batch:
        """Return this process's share of a step's batch."""
        import torch

        while self._next <= step:
            samples = next(self._batches)
            self._next += 1
        with ThreadPoolExecutor(self._workers) as pool:
            photos = [
                np.stack(list(pool.map(lambda sample, kind=kind: _decode(sample[kind]), samples)))
                for kind in ("original.jpg", "edited.jpg")
            ]
        told = [json.loads(sample["json"]) for sample in samples]
        captions = [[row[column] for column in (*CAPTIONS, TRUE_NEGATION)] for row in told]
        texts, text_id = np.unique(np.array(captions, str), return_inverse=True)
        training, share, roles = self._reading.training, self._reading.own, self._reading.roles
        settings = training.settings
        draws = draw_step(training.seeds, step, settings["batch_pairs"], settings["crop_scale"], training.arm)
        own = draws.share(share)
        at = np.arange(len(samples))
        ids = choose_texts(training.arm, text_id.reshape(-1, 4), at, at, own, settings["true_negations"])
        keys = make_text_keys(texts.tolist())
        tokens = tokenize(self._reading.tokenizer, texts.tolist())
        cut = tokens.shape[1]
        if self._reading.can_cut:
            used = np.unique(np.concatenate([ids[role] for role in roles]))
            cut = int(get_text_lengths(tokens)[torch.from_numpy(used)].max())
        shown = torch.from_numpy(np.stack(photos))
        if training.arm.get("jpeg"):
            shown = compress_photos(shown, own.quality)
        return Batch(
            shown,
            own.views,
            tokens[:, :cut],
            {role: ids[role] for role in roles},
            {role: keys[ids[role]] for role in {*roles, "plain"}},
        )

    def _iterate_batches(self) -> Iterator[list[dict]]:
        wanted = self._reading.own.stop - self._reading.own.start
        chosen: dict[str, dict] = {}
        waiting: list[dict] = []  # their group is in the batch already
        for sample in self._iterate_samples():
            if sample["group"] in chosen:
                waiting.append(sample)
                continue
            chosen[sample["group"]] = sample
            while len(chosen) == wanted:
                yield list(chosen.values())
                chosen, waited, waiting = {}, waiting, []
                for earlier in waited:
                    if len(chosen) < wanted and earlier["group"] not in chosen:
                        chosen[earlier["group"]] = earlier
                    else:
                        waiting.append(earlier)

    def _iterate_samples(self) -> Iterator[dict]:
        """Yield the wanted samples, pass after pass, each in an order of its own."""
        import webdataset

        rank, share = self._reading.rank, self._reading.own
        training = self._reading.training
        own = self._tars[rank :: self._reading.size]
        epoch = 0
        while True:
            rng = random.Random(derive_seed(*training.seeds, "tars", rank, epoch))
            stream = webdataset.DataPipeline(
                webdataset.SimpleShardList(rng.sample(own, len(own))),
                webdataset.tarfile_to_samples(),
                webdataset.shuffle(SHUFFLED, rng=rng),
            )
            groups = set()
            for sample in stream:
                row = json.loads(sample["json"])
                if row["edit_id"] in self._samples:
                    self._check(row["edit_id"], sample)
                    groups.add(row["group"])
                    yield {**sample, "group": row["group"]}
            if len(groups) < share.stop - share.start:
                raise TooFewPairs(
                    f"{Path(own[0]).parent}: the tars of process {rank} hold {len(groups)} photo "
                    "groups, fewer than "
                    f"its share of train.batch_pairs={training.settings['batch_pairs']}"
                )
            epoch += 1

    def _check(self, edit_id: str, sample: dict) -> None:
        if _hash_sample(sample) != self._samples[edit_id]:
            raise PairError(
                f"{sample['__url__']}: pair {edit_id!r} is not what was exported; delete its folder and run"
                " again"
            )


def _hash_sample(sample: dict) -> str:
    return hashlib.sha256(sample["original.jpg"] + sample["edited.jpg"] + sample["json"]).hexdigest()


def _decode(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))
