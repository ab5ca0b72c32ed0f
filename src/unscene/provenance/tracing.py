"""The story of one edit, or of all edits of a photo, from its captions to where it was tested."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from unscene.answers.prompts import caption_item, quote
from unscene.edits.sham import SUFFIX
from unscene.provenance.lookup import find_answers, find_row, find_rows, find_shard
from unscene.quality.calibration import SIZE_BINS, get_limits
from unscene.quality.scores import SCORES, THRESHOLDS
from unscene.run.left_out import read_left_out
from unscene.run.packs import PackError, find_pack, is_stored
from unscene.run.shards import file_sha256
from unscene.run.tables import read_json

_RESULTS = Path("results")


class Section(NamedTuple):
    """A part of the story: its title, and facts of (name, text)."""

    title: str
    facts: list[tuple[str, str]]


class UnknownName(KeyError):
    """No photo, edit or rejected item of the run has this name."""


def trace(name: str, run: Path, quality: dict | None) -> Iterator[Section]:
    """Yield the story of an edit, of a sham edit's original, or of a photo with all its edits.

    name: an edit_id or an image_id. quality: the config's block, for the cuts; None when it is not
    known. Raises UnknownName, and TableError for a table that is damaged.
    """
    image_id, _, category = name.removesuffix(SUFFIX).partition("-")
    results = run / _RESULTS
    shard = find_shard(run, image_id)
    if shard is None:
        yield _tell_rejected(image_id, results)
        return
    edits = find_rows(results / f"masks/{shard}.parquet", image_id=image_id)
    if category:
        edits = [mask for mask in edits if mask["edit_id"] == name.removesuffix(SUFFIX)]
        if not edits:
            raise UnknownName(f"{name}: the photo {image_id} has no such wanted edit")
    photo = find_row(results / f"samples/{shard}.parquet", image_id=image_id) or {}
    path_to_joined = results / "samples/samples.parquet"
    joined = find_row(path_to_joined, image_id=image_id)
    yield _tell_photo(photo, joined, shard, is_joined=path_to_joined.is_file())
    yield from _tell_words(photo, results, shard)
    if not edits:
        told = "no caption names a word of the list that was found on the photo"
        if not (results / f"masks/{shard}.parquet").is_file():
            told = "the masks of its shard are not made yet"
        yield Section("edits", [("none", told)])
    for mask in edits:
        yield from _tell_edit(mask, joined, results, shard, quality)


def _tell_rejected(image_id: str, results: Path) -> Section:
    source, _, key = image_id.partition("_")
    for table in sorted((results / "samples").glob("*.rejected.parquet")):
        for row in find_rows(table, source_key=key) if table.name.startswith(source) else ():
            return Section(f"{image_id}: a photo that is not used", _tell_row(row))
    raise UnknownName(
        f"{image_id}: no photo and no edit of this run has this name; a photo's is SOURCE_KEY, an edit's"
        " SOURCE_KEY-CATEGORY (results/samples/samples.parquet, results/masks/masks.parquet)"
    )


def _tell_photo(photo: dict, joined: dict | None, shard: str, is_joined: bool) -> Section:
    facts = [
        ("shard", shard),
        ("file", photo["path"]),
        ("size", f"{photo['width']} x {photo['height']} px"),
        ("SHA-256", photo["sha256"]),
    ]
    facts += [(f"caption {at}", caption) for at, caption in enumerate(photo["captions"])]
    facts += [(key, photo[key]) for key in ("license", "license_url", "source_url") if photo.get(key)]
    if not is_joined:
        facts.append(("group", "none yet: the samples of all shards were not joined"))
    elif joined is None:
        facts.append(("dropped", "another photo has the same pixels (results/samples/rejected.parquet)"))
    else:
        facts.append(("group", joined["group"]))
    return Section(f"photo {photo['image_id']}", facts)


def _tell_words(photo: dict, results: Path, shard: str) -> Iterator[Section]:
    rows = find_rows(results / f"keywords/{shard}.parquet", image_id=photo["image_id"])
    for row in rows:
        facts = [("caption", row["caption"])]
        facts += _tell_asked(results / "keywords", shard, quote(row["caption"]))
        facts += [("words", ", ".join(row["words"]) or "none"), ("by", row["source"])]
        facts.append(("status", f"{row['status']} {row['reason'] or ''}".strip()))
        yield Section(f"words of {row['caption_id']}", facts)


def _tell_edit(
    mask: dict, joined: dict | None, results: Path, shard: str, quality: dict | None
) -> Iterator[Section]:
    edit_id = mask["edit_id"]
    yield Section(
        f"mask of {edit_id}",
        _tell_row(
            mask,
            "status reason instances area_fraction confidence found_by taken staying dilation_px mask_path",
            "object_path mask_sha256 batch_shape",
        )
        + tell_picture(mask["mask_path"], mask["mask_sha256"], results),
    )
    for what, table, key in (
        ("edit", f"edits/{shard}.parquet", "edit_id"),
        ("sham edit beside", f"edits/sham/{shard}.parquet", "sham_of"),
    ):
        if edit := find_row(results / table, **{key: edit_id}):
            fields = (
                "status reason attempt seed model batch_shape image_path mask_path edited_sha256 sham_kind"
            )
            facts = _tell_row(edit, fields)
            facts += tell_picture(edit["image_path"], edit["edited_sha256"], results)
            yield Section(f"{what} {edit_id}", facts)
    if caption := find_row(results / f"captions/{shard}.parquet", edit_id=edit_id):
        asked = []
        if caption["caption_original"]:
            item = caption_item(caption["caption_original"], mask["category"])
            asked = _tell_asked(results / "captions", shard, item)
        yield Section(f"captions of {edit_id}", [*asked, *_tell_row(caption, but="edit_id held_out")])
    yield from _tell_decision(mask, results, shard, quality)
    if joined is not None:
        yield Section(f"folds of {edit_id}", _tell_folds(joined["group"], mask["category"], results))
    items = results / "metrics/items.parquet"
    if why := read_left_out(items):
        yield Section(f"tests of {edit_id}", [("not tested", f"for want of pairs: {why}")])
    elif tested := find_rows(items, edit_id=edit_id):
        yield Section(
            f"tests of {edit_id}",
            [
                (
                    f"{row['arm']}, fold {row['fold']}, seed {row['seed']}",
                    ", ".join(
                        f"{score} {'right' if row[f'{score}_score'] else 'wrong'}"
                        for score in ("text", "image", "group")
                    ),
                )
                for row in tested
            ],
        )


def _tell_decision(mask: dict, results: Path, shard: str, quality: dict | None) -> Iterator[Section]:
    edit_id = mask["edit_id"]
    score = find_row(results / f"quality/{shard}.parquet", edit_id=edit_id)
    if score:
        limits = _find_limits(mask, results, quality)
        facts = [("status", f"{score['status']} {score['reason'] or ''}".strip())]
        for name in SCORES:
            value, first = score.get(name), SCORES[name].stands_in_for
            asked = not first or score.get(first) is None
            cuts = [
                f"{key} {limit:.4g}{_judge(key, value, limit) if asked else f', not asked: {first} is known'}"
                for key, limit in limits.items()
                if THRESHOLDS[key].score.name == name
            ]
            if value is not None or cuts:
                told = score.get(f"{name}_reason") or "null" if value is None else f"{value:.4g}"
                facts.append((name, "; ".join([told, *cuts])))
        facts += _tell_row(score, "lost listed_taken")
        if quality is None:
            facts.append(("cuts", "not known: results/provenance.json, which holds the config, is not there"))
        yield Section(f"scores of {edit_id}", facts)
    if pair := find_row(results / "quality/pairs.parquet", edit_id=edit_id):
        yield Section(
            f"decision on {edit_id}",
            [("accepted", "it is a pair"), *_tell_row(pair, "original_path edited_path mask_path")],
        )
    elif refused := find_row(results / "quality/rejected.parquet", edit_id=edit_id):
        facts = [("refused", refused["reason"]), ("in full", refused["detail"] or "")]
        facts.append(("all reasons", "; ".join(refused["all_reasons"])))
        yield Section(f"decision on {edit_id}", facts)
    else:
        yield Section(f"decision on {edit_id}", [("none", "no pairs were selected yet")])


def _find_limits(mask: dict, results: Path, quality: dict | None) -> dict[str, float]:
    if quality is None:
        return {}
    path = results / "quality/calibration.json"
    calibration = read_json(path) if path.is_file() else {}
    area = pd.Series([mask["area_fraction"] or 0.0])
    limits = get_limits(quality["policy"], quality["thresholds"], calibration, area, SIZE_BINS)
    return {key: float(limit.iloc[0]) for key, limit in limits.items()}


def _judge(key: str, value: float | None, limit: float) -> str:
    fails = value is not None and THRESHOLDS[key].fails(pd.Series([value]), pd.Series([limit])).iloc[0]
    return ": FAILS" if fails else ""


def _tell_folds(group: str, category: str, results: Path) -> list[tuple[str, str]]:
    facts = [("group", group)]
    if fold := find_row(results / "folds/folds.parquet", group=group):
        facts.append(("tested in fold", f"{fold['fold']} (training seed 0)"))
    for repeat in find_rows(results / "folds/repeats.parquet", group=group):
        facts.append(("tested in fold", f"{repeat['fold']} (training seed {repeat['repeat']})"))
    if fold := find_row(results / "folds/classes.parquet", category=category):
        facts.append(("fold of categories", str(fold["fold"])))
    for leak in find_rows(results / "folds/leaks.parquet", group=group):
        facts.append(("kept out of training", f"{leak['guard']}: {leak['reason']} {leak['detail']}"))
    return facts


def _tell_asked(folder: Path, shard: str, item: str) -> list[tuple[str, str]]:
    facts = []
    for found in find_answers(folder, shard, item):
        where = f"{found['request']}, item {found['number']} of {found['of']}"
        facts += [("asked in", where), ("as", item)]
        answer = json.dumps(found["answer"], ensure_ascii=False) if found["answer"] else "none"
        status = f"{found['status']} {found['reason']}".strip()
        facts.append(("answered", f"{answer} ({found['model']}, {status})"))
    return facts


def tell_picture(path: str | None, sha256: str | None, results: Path) -> list[tuple[str, str]]:
    """Return facts on a picture: the pack which it lies in, and what of it is not as its table says.

    sha256: of the table; None when it has none.
    """
    if path is None:
        return []
    picture, facts = results.parent / path, []
    if not picture.is_file():
        pack = find_pack(Path(path).parent)
        try:
            is_there = is_stored(picture)
        except PackError:
            return [("packed in", f"{pack}, which is damaged (unscene verify)")]
        if not is_there:
            return [("picture", "is not there (unscene verify)")]
        facts = [("packed in", str(pack))]
    if sha256 and file_sha256(picture) != sha256:
        facts.append(("picture", "has another content than its job wrote (unscene verify)"))
    return facts


def _tell_row(row: dict, *fields: str, but: str = "") -> list[tuple[str, str]]:
    names = " ".join(fields).split() or [name for name in row if name not in but.split()]
    return [(name, _show(row[name])) for name in names if row.get(name) not in (None, "", [])]


def _show(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_show, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def format_story(sections: Iterator[Section]) -> str:
    """Return a story as text: a title a section, and its facts in two columns."""
    lines = []
    for section in sections:
        width = max((len(name) for name, _ in section.facts), default=0)
        lines += [section.title, *(f"    {name:{width}}  {text}" for name, text in section.facts), ""]
    return "\n".join(lines).rstrip()
