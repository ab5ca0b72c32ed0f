"""Check what is trained and tested on: no group, near-duplicate, pair or sham edit stands on both
sides of a fold.

Names are held as numbers (`unscene.run.streaming.number_texts`), and read again for what breaks a rule.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd
import pyarrow as pa

from unscene.folds.columns import LEAKS
from unscene.machine.job import Job
from unscene.photos.groups import Edges, join_near_values
from unscene.photos.near_hashes import match_values
from unscene.run.counts import tell_count
from unscene.run.streaming import Positions, iterate_rows, number_texts, take_rows
from unscene.run.tables import read_table, write_json
from unscene.samples.joining import read_all_hashes, read_numbers


class LeakError(RuntimeError):
    """Training and test photos that show the same thing."""


def check_folds(job: Job) -> None:
    """Write what was checked and counted; raise LeakError naming the first photo or group that breaks a rule.

    It reads the finished tables and takes nothing from how they were made, and every split of them:
    training seed 0 has one, and each further seed its own. inputs: samples, pairs, unfiltered
    (pairs before the quality gates, the accepted ones among them, for arms that train on all),
    folds, repeats (or None), leaks, sham (sham edits, or None), pool and dropped (of the pool, or
    None). outputs: check.
    """
    folds, distance = (job.settings["folds"][key] for key in ("folds", "duplicate_hash_distance"))
    paths, leak = job.inputs, LEAKS.read(job.inputs.leaks)
    photo = Photos(paths.samples)
    pairs = PairNumbers(paths.pairs)
    refused = PairNumbers(paths.unfiltered, without=pairs)
    sham = None if paths.sham is None else read_shams(paths.sham, pairs)
    first = Split(paths.folds)
    alike = photo.find_near(first.find(photo.groups) != NONE, distance)
    leaked = number_texts(pa.array(leak["group"], pa.string()))
    problems, splits = [], 0
    for seed, split in chain([(0, first)], read_repeats(paths.repeats)):
        splits += 1
        found = split.find_parted_groups(folds)
        found += [f"group {name} has a fold in one split alone" for name in first.find_other_groups(split)]
        for table in (pairs, refused):
            found += table.find_elsewhere(photo, split)
        found += photo.find_parted(alike, split)
        if sham is not None:
            found += find_parted_shams(sham, split)
        problems += [f"split of seed {seed}: {problem}" for problem in found]
    pool = None
    if paths.pool is not None:
        kept_out = (first.find(photo.groups) != NONE) | np.isin(photo.groups, leaked)
        pooled, found = find_pooled(paths.pool, paths.samples, kept_out, distance)
        problems += found
        dropped = read_table(paths.dropped, ["reason"], only=True)["reason"].value_counts()
        pool = {"photos": pooled, "dropped": {str(reason): int(count) for reason, count in dropped.items()}}
    if problems:
        raise LeakError(
            f"{tell_count(len(problems), 'problem')}, first: {problems[0]};"
            " delete results/folds and run again"
        )
    by_guard = leak.groupby("guard")["image_id"].nunique()
    check = {
        "groups": len(first.groups),
        "pairs": len(pairs.groups),
        "unfiltered_pairs": refused.rows,
        "shams": 0 if sham is None else len(sham.own),
        "folds": folds,
        "splits": splits,
        "hash_distance": distance,
        "problems": 0,
        "photos_in_evaluation_sets": int(leak["image_id"].nunique()),
        "pairs_kept_out_of_training": int(np.isin(pairs.groups, leaked).sum()),
        "pool": pool,
        "photos_by_guard": {str(name): int(count) for name, count in by_guard.items()},
    }
    write_json(check, job.outputs.check)
    logging.getLogger("unscene").info(
        "%s, %s, %s: nothing crosses a fold; pairs kept out of training: %d",
        tell_count(check["groups"], "group"),
        tell_count(check["pairs"], "pair"),
        tell_count(splits, "split"),
        check["pairs_kept_out_of_training"],
    )


# Stands for the fold of a group that has none.
NONE = np.iinfo(np.int64).min


class Split:
    """The fold of each group in one split: a table of folds, or of repeats and which of them."""

    def __init__(self, path: str, repeat: int | None = None):
        self._path = path
        numbers, folds, rows, start = [np.empty(0, np.uint64)], [np.empty(0, np.int64)], [], 0
        for piece in iterate_rows([path], ["group", "fold"] + ["repeat"] * (repeat is not None)):
            own = np.ones(len(piece), bool) if repeat is None else piece["repeat"].to_numpy() == repeat
            numbers.append(number_texts(piece["group"])[own])
            folds.append(piece["fold"].to_numpy()[own])
            rows.append(np.flatnonzero(own).astype(np.int32) + start)
            start += len(piece)
        self._folds, self._rows = np.concatenate(folds), np.concatenate([np.empty(0, np.int32), *rows])
        self._positions = Positions(np.concatenate(numbers))

    @property
    def groups(self) -> np.ndarray:
        """The numbers of the groups, ascending, each once."""
        return np.unique(self._positions.sorted)

    def find(self, groups: np.ndarray) -> np.ndarray:
        """Return the fold of each group, by its number; NONE without one."""
        at = self._positions.find(groups)
        return np.where(at >= 0, np.append(self._folds, NONE)[at], NONE)

    def find_parted_groups(self, folds: int) -> list[str]:
        """Return a sentence for each group in two folds and each fold number that does not exist."""
        wrong = np.flatnonzero((self._folds < 0) | (self._folds >= folds))
        problems = []
        twice = self._positions.find_all(self._positions.find_twice())
        if len(twice):
            parted = self._read(twice).groupby("group")["fold"].nunique()
            problems = [f"group {group} is in {count} folds" for group, count in parted[parted > 1].items()]
        return problems + [
            f"group {row.group} is in fold {row.fold} of {folds}" for row in self._read(wrong).itertuples()
        ]

    def find_other_groups(self, other: "Split") -> list[str]:
        """Return the names of the groups that one of two splits has, sorted."""
        names: set[str] = set()
        for one, two in ((self, other), (other, self)):
            alone = np.flatnonzero(two.find(one._positions.sorted) == NONE)
            names |= set(one._read(np.sort(one._positions.order[alone]))["group"])
        return sorted(names)

    def _read(self, positions: np.ndarray) -> pd.DataFrame:
        return take_rows([self._path], ["group", "fold"], self._rows[positions]).to_pandas()


def read_repeats(path: str | None) -> Iterator[tuple[int, Split]]:
    """Yield training seed and split of each seed that the repeats name; one is held at a time."""
    if path is None:
        return
    seeds: set[int] = set()
    for piece in iterate_rows([path], ["repeat"]):
        seeds |= set(np.unique(piece["repeat"].to_numpy()).tolist())
    for seed in sorted(seeds):
        yield seed, Split(path, seed)


class Photos:
    """The photos of a run and their groups, all by numbers."""

    def __init__(self, path: str):
        self._path = path
        self._positions = Positions(read_numbers([path], "image_id"))
        self.groups = read_numbers([path], "group")

    def find_groups(self, image_ids: np.ndarray) -> np.ndarray:
        """Return the group of each photo; 0 for one that the samples do not have."""
        return np.append(self.groups, np.uint64(0))[self._positions.find(image_ids)]

    def find_near(self, which: np.ndarray, distance: int) -> Edges:
        """Return two and two positions of photos that look alike by their hashes, among some (a mask)."""
        values, rows = read_all_hashes([self._path])
        asked = which[rows]
        return join_near_values(values[asked], rows[asked], distance)

    def find_parted(self, alike: Edges, split: Split) -> list[str]:
        """Return a sentence for each two photos that look alike and are in two folds."""
        fold, other = (split.find(self.groups[rows]) for rows in alike)
        apart = np.flatnonzero((fold != other) | (fold == NONE))
        sides = [rows[apart] for rows in alike]
        positions = np.unique(np.concatenate(sides))
        names = take_rows([self._path], ["image_id"], positions)["image_id"].to_pylist()
        name = dict(zip(positions.tolist(), names, strict=True))
        told = [None if one == NONE else int(one) for one in (*fold[apart], *other[apart])]
        return list(
            dict.fromkeys(
                f"photos {name[one]} and {name[two]} look alike and are in folds {mine} and {its}"
                for one, two, mine, its in zip(
                    *(side.tolist() for side in sides), told[: len(apart)], told[len(apart) :], strict=True
                )
            )
        )


class PairNumbers:
    """The pairs of a table by numbers: those of their groups, of their photos and of themselves.

    without: pairs that are left out here; `rows` counts them all the same.
    """

    def __init__(self, path: str, without: "PairNumbers | None" = None):
        self._path, self.rows = path, 0
        columns: dict[str, list] = {
            name: [np.empty(0, np.uint64)] for name in ("edit_id", "image_id", "group")
        }
        rows = [np.empty(0, np.int32)]
        for piece in iterate_rows([path], list(columns)):
            numbers = {name: number_texts(piece[name]) for name in columns}
            own = np.ones(len(piece), bool)
            if without is not None:
                own = without.edits.find(numbers["edit_id"]) < 0
            for name, number in numbers.items():
                columns[name].append(number[own])
            rows.append(np.flatnonzero(own).astype(np.int32) + self.rows)
            self.rows += len(piece)
        self._at = np.concatenate(rows)
        self.edits: Positions = Positions(np.concatenate(columns.pop("edit_id")))
        self.groups, self._photos = (np.concatenate(columns.pop(name)) for name in ("group", "image_id"))

    def find_elsewhere(self, photo: Photos, split: Split) -> list[str]:
        """Return a sentence for each pair whose group is not its photo's, or has no fold."""
        moved = np.flatnonzero(photo.find_groups(self._photos) != self.groups)
        lost = np.flatnonzero(split.find(self.groups) == NONE)
        return [f"pair {name} is not in the group of its photo" for name in self._read(moved)] + [
            f"pair {name} has no fold" for name in self._read(lost)
        ]

    def _read(self, positions: np.ndarray) -> list[str]:
        return take_rows([self._path], ["edit_id"], self._at[positions])["edit_id"].to_pylist()


@dataclass
class Shams:
    """Sham edits: the group of each, by its number, and of the pair that it belongs to; 0 without a pair."""

    path: str
    own: np.ndarray
    pair: np.ndarray


def read_shams(path: str, pairs: PairNumbers) -> Shams:
    """Read the groups of the sham edits."""
    own, pair = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
    groups = np.append(pairs.groups, np.uint64(0))
    for piece in iterate_rows([path], ["sham_of", "group"]):
        own.append(number_texts(piece["group"]))
        pair.append(groups[pairs.edits.find(number_texts(piece["sham_of"]))])
    return Shams(path, np.concatenate(own), np.concatenate(pair))


def find_parted_shams(sham: Shams, split: Split) -> list[str]:
    """Return a sentence for each sham edit that is not in the fold of the pair that it belongs to."""
    fold, other = split.find(sham.own), split.find(sham.pair)
    apart = np.flatnonzero((sham.pair != 0) & ((fold != other) | (fold == NONE)))
    names = take_rows([sham.path], ["edit_id"], apart)["edit_id"].to_pylist()
    return [f"sham edit {name} is in another fold than its pair" for name in names]


def find_pooled(
    path_to_pool: str, path_to_samples: str, kept_out: np.ndarray, distance: int
) -> tuple[int, list[str]]:
    """Return how many photos the pool has, and a sentence for each that shows a photo with a fold or of an
    evaluation set. kept_out: which samples are such photos.
    """
    same = np.logical_or(
        *(
            np.isin(read_numbers([path_to_pool], column), read_numbers([path_to_samples], column)[kept_out])
            for column in ("image_id", "sha256")
        )
    )
    own, rows = read_all_hashes([path_to_pool])
    other, of_sample = read_all_hashes([path_to_samples])
    bits = match_values(own, other[kept_out[of_sample]], distance)
    near = np.flatnonzero(bits <= distance)
    problems = []
    for name in take_rows([path_to_pool], ["image_id"], np.flatnonzero(same))["image_id"].to_pylist():
        problems.append(f"pool photo {name} is one that is tested or guarded")
    names = take_rows([path_to_pool], ["image_id"], rows[near])["image_id"].to_pylist()
    for name, by in zip(names, bits[near], strict=True):
        problems.append(f"pool photo {name} looks like one that is tested or guarded ({by} bits)")
    return len(same), problems
