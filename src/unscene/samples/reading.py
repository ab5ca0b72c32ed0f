"""Read the photos and captions of one shard of a source; what cannot be used becomes a row with a reason."""

import hashlib
import logging
import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from unscene.machine.job import Job
from unscene.photos.images import PhotoError, is_upright_rgb, perceptual_hash, read_photo, write_png
from unscene.run.checkout import CHECKOUT
from unscene.run.counts import tell_count
from unscene.run.logs import progress
from unscene.run.shard_names import is_only_shard
from unscene.run.shards import ShardWriter, check_failed_share, file_sha256
from unscene.samples.columns import SHARD_REJECTED, SHARD_SAMPLES
from unscene.samples.piloting import iterate_shard, list_positions
from unscene.samples.readers import Item, SourceError, cut_items
from unscene.samples.readers.items import LICENCES, to_utf8

# What a wrong folder or a broken disk brings about; the other reasons are choices.
FAILURES = {"missing", "empty", "broken"}
WAYS_OUT = {
    "missing": "; photos are looked for below the source's `images`, without it beside the table",
    "outside": "; name the folder in which all of its photos lie as the source's `images`",
    "no_caption": "; each photo needs a caption (docs/DATA.md)",
    "too_small": "; smaller photos are let in by samples.min_side",
    "huge": "; larger photos are let in by samples.max_pixels, at most 178,956,970",
}
# So many items of a shard, and not one usable photo, are no accident.
WHOLE = 20


def read_samples(job: Job) -> None:
    """Write a row for each usable photo of the shard, its converted photos, and a row for each rejected item.

    A photo that is upright RGB is used in place; another becomes a PNG in the shard's folder.
    Photos from archives are written there, too.
    """
    source, shard = job.entry("source"), job.wildcards["shard"]
    own = {key: source[key] for key in ("captions_per_photo",) if key in source}
    limits = job.settings["samples"] | own
    promised = len(list_positions(source, shard, limits["shard_size"]))
    samples, rejected, seen = [], [], {}
    if not is_only_shard(shard):
        cut_items(source, CHECKOUT)
    with ShardWriter(job.outputs.folder, job.outputs.table, job.packs) as writer:
        items = iterate_shard(source, shard, limits["shard_size"], CHECKOUT)
        rows = map_in_order(
            lambda item: examine_item(item, source["name"], limits, writer), items, job.runtime["workers"]
        )
        for row in progress(rows, total=promised, desc=f"photos of {shard}", unit="photo"):
            row["shard"] = shard
            first = seen.setdefault(row["sha256"], row.get("image_id")) if "sha256" in row else None
            if first is not None and first != row["image_id"]:
                _remove_copy(row, writer)
                row |= {"reason": "duplicate", "detail": f"has the bytes of {first}"}
            (rejected if "reason" in row else samples).append(row)
        _report(source, shard, samples, rejected, promised)
        if not samples and (len(rejected) >= WHOLE or is_only_shard(shard)):
            raise SourceError(tell_unusable(f"samples.sources, source {source['name']!r}", rejected))
        outcome = pd.DataFrame({"reason": [row.get("reason", "") for row in samples + rejected]})
        outcome["status"] = outcome["reason"].map(lambda reason: "failed" if reason in FAILURES else "ok")
        what = f"shard {shard}, photos of samples.sources {source['name']!r}"
        check_failed_share(outcome, job.runtime["max_failed_share"], what)
        SHARD_REJECTED.write(SHARD_REJECTED.frame(rejected), job.outputs.rejected)
        writer.finish(SHARD_SAMPLES.frame(samples), SHARD_SAMPLES)


def tell_unusable(what: str, rejected: Sequence[dict]) -> str:
    """Return the message on items of which none is a usable photo: how many for which reason, one
    of the commonest as an example, and the way out.
    """
    if not rejected:
        return f"{what}: it has no items at all; a table needs rows below its head, a folder photos"
    counts = Counter(row["reason"] for row in rejected).most_common()
    reason = counts[0][0]
    example = next(row["detail"] for row in rejected if row["reason"] == reason)
    told = ", ".join(f"{reason} {count:,}" for reason, count in counts)
    return (
        f"{what}: none of {len(rejected):,} items is a usable photo ({told}), for instance: {example}"
        f"{WAYS_OUT.get(reason, '')}"
    )


def examine_item(item: Item, source_name: str, limits: dict, writer: ShardWriter) -> dict:
    """Return an item's row: a sample, or, with a `reason`, a rejected one. Thread-safe."""
    image_id = make_image_id(source_name, item.key)
    row = {"source": source_name, "source_key": to_utf8(item.key)}
    captions, mentions = clean_captions(item.captions, item.mentions, limits["captions_per_photo"])
    copy = writer.folder / f"{image_id}{Path(item.name).suffix.lower()}" if item.content is not None else None
    try:
        if item.problem:
            raise PhotoError(*item.problem)
        if (name := f"{item.key} {item.path}") != to_utf8(name):
            raise PhotoError("malformed", f"{item.path or item.key}: its name is no UTF-8 text; rename it")
        if not captions:
            raise PhotoError("no_caption", "the photo has no caption with text in it")
        if copy is not None:
            copy.write_bytes(item.content)
        path = copy or item.path
        photo = read_photo(path, limits["max_pixels"])
        if min(photo.size) < limits["min_side"]:
            raise PhotoError(
                "too_small",
                f"{path} is {photo.width}x{photo.height}, samples.min_side is {limits['min_side']}",
            )
        if not is_upright_rgb(path):
            converted = writer.folder / f"{image_id}.png"
            if copy is not None:
                copy.unlink()
            write_png(photo, converted)
            path = copy = converted
        return row | {
            "image_id": image_id,
            "path": writer.final_path(path.name) if copy is not None else record_path(path),
            "width": photo.width,
            "height": photo.height,
            "captions": captions,
            "mentions": mentions,
            "sha256": file_sha256(path),
            "phash": perceptual_hash(photo),
            "url": normalise_url(item.url),
            "group_key": to_utf8(item.group) if item.group else item.group,
            **{name: clean_licence(item.licence.get(name)) for name in LICENCES},
        }
    except PhotoError as error:
        if copy is not None:
            copy.unlink(missing_ok=True)
        # The temporary folder's name would make the same inputs give other bytes.
        return row | {
            "reason": error.reason,
            "detail": clean_text(error.detail.replace(f"{writer.folder}/", "")),
        }


def make_image_id(source_name: str, key: str) -> str:
    """Return `{source}_{key}` in [A-Za-z0-9_]; a key that had to be changed gets a digest, so keys
    never collide.
    """
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", key)
    if plain == key and 0 < len(key) <= 100:
        return f"{source_name}_{key}"
    # Names in other letters are told apart by the digest alone: of 30,000, four bytes would give two of
    # them one digest once in ten times.
    digest = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return f"{source_name}_{plain.strip('_')[-60:]}_{digest}"


def clean_captions(
    captions: list, mentions: list | None, limit: int
) -> tuple[list[str], list[list[str]] | None]:
    """Return the captions with single spaces, empty ones dropped, at most `limit` (0: all), and the
    mentions of these.
    """
    kept = [(position, clean_text(text)) for position, text in enumerate(captions) if isinstance(text, str)]
    kept = [(position, text) for position, text in kept if text][: limit or None]
    chosen = None if mentions is None else [mentions[position] for position, _ in kept]
    return [text for _, text in kept], chosen


def clean_text(text: str) -> str:
    """Return a text with single spaces, without control characters and halves of surrogate pairs."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", to_utf8(text)).split())


def normalise_url(url: object) -> str | None:
    """Return a URL without its fragment, so that one photo's address has one form."""
    return clean_text(url).split("#")[0] or None if isinstance(url, str) else None


def clean_licence(value: object) -> str | None:
    """Return what a source says of a licence as text; None when it is no text or empty."""
    return clean_text(value) or None if isinstance(value, str) else None


def record_path(path: Path) -> str:
    """Return a path as tables hold it: relative to the run directory when it lies below it, else absolute."""
    absolute, run = Path(os.path.abspath(path)), Path.cwd()
    return str(absolute.relative_to(run) if absolute.is_relative_to(run) else absolute)


def map_in_order(function: Callable, items: Iterable, workers: int) -> Iterator:
    """Yield function(item) in the order of the items, from threads, with few items in flight."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= 4 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _remove_copy(row: dict, writer: ShardWriter) -> None:
    if row["path"] == writer.final_path(Path(row["path"]).name):
        (writer.folder / Path(row["path"]).name).unlink()


def _report(source: dict, shard: str, samples: list, rejected: list, promised: int) -> None:
    logger = logging.getLogger("unscene")
    reasons = Counter(row["reason"] for row in rejected).most_common()
    usable = tell_count(len(samples), "usable photo")
    logger.info("%s: %s, %d rejected %s", shard, usable, len(rejected), dict(reasons))
    missing = promised - len(samples) - len(rejected)
    if missing > 0:
        logger.info(
            "source %s ends %s before its `photos: %d`",
            source["name"],
            tell_count(missing, "item"),
            source["photos"],
        )
