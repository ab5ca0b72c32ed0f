"""The dataset card: README.md of the published folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from unscene.edits.columns import EDITS
from unscene.machine.job import Job
from unscene.masks.columns import MASKS
from unscene.photos.licences import NOT_STATED
from unscene.plan.licences import list_licences
from unscene.quality.calibration import SIZE_BINS, get_limits
from unscene.quality.columns import CONTROL_SCORES
from unscene.quality.labels import read_labels, settle
from unscene.quality.scores import FROM_CONTROLS, THRESHOLDS
from unscene.report.cards import fill_card
from unscene.report.numbers import NOT_MEASURED, count, interval, percent, ratio
from unscene.run.agreement import count_share
from unscene.run.checkout import CHECKOUT
from unscene.run.tables import read_json, write_text
from unscene.samples.readers import are_rendered

CARD = "src/unscene/resources/cards/dataset.md.j2"
MOST_REASONS = 15
SIZES = {1000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M"}


def write_card(job: Job, pair: pd.DataFrame, refused: pd.DataFrame, path: Path) -> None:
    """Write the card. pair: as `list_pairs` returns it. refused: as `list_refused` does."""
    quality, calibration = job.settings["quality"], read_json(job.inputs.calibration)
    sources = job.settings["samples"]["sources"]
    text = fill_card(
        Path(CARD).name,
        front_matter=make_front_matter(len(pair)),
        pairs=count(len(pair)),
        shown=count(pair["withheld"].isna().sum()),
        withheld=int(pair["withheld"].notna().sum()),
        refused=count(len(refused)),
        folder=Path(job.outputs.folder).name,
        drawn=are_rendered(sources),
        yields=list(list_yields(job, len(pair))),
        categories=_count(pair["category"]),
        reasons=_count(refused["reason"])[:MOST_REASONS],
        precision=tell_precision(job, pair),
        policy=quality["policy"],
        thresholds=list(list_thresholds(quality["thresholds"], calibration)),
        faults=list(list_faults(CONTROL_SCORES.read(job.inputs.controls), quality, calibration)),
        licences=count_licences(pair),
        removers=", ".join(f"{name} ({number})" for name, number in _count(pair["remover"])),
        weights=[row for row in list_licences(job.config, CHECKOUT) if row["key"] != "train.clip"],
    )
    write_text(text, path)


def make_front_matter(pairs: int) -> str:
    """Return the YAML head: what a hub shows, and which files `datasets` reads for which name."""
    from huggingface_hub import DatasetCardData

    size = next((name for limit, name in SIZES.items() if pairs < limit), "n>1M")
    return DatasetCardData(
        language="en",
        license="other",
        license_name="of-each-photo",
        pretty_name="Photos without one of their objects",
        task_categories=["zero-shot-image-classification", "image-to-image"],
        tags=["clip", "negation", "object-removal", "unscene"],
        size_categories=[size],
        configs=[
            {
                "config_name": "pairs",
                "default": True,
                "data_files": [{"split": "train", "path": "data/pairs-*.parquet"}],
            },
            {"config_name": "rejected", "data_files": [{"split": "train", "path": "rejected.parquet"}]},
        ],
    ).to_yaml()


def list_yields(job: Job, pairs: int) -> Iterator[tuple[str, str, str]]:
    """Yield the steps from wanted edits to pairs: name, number, share of the step before."""
    mask, edit = (
        table.read(path, ["status"])["status"]
        for table, path in ((MASKS, job.inputs.masks), (EDITS, job.inputs.edits))
    )
    steps = {
        "objects that a caption names": len(mask),
        "found on the photo, with a mask": int((mask == "ok").sum()),
        "removed": int((edit == "ok").sum()),
        "accepted": pairs,
    }
    before = None
    for name, number in steps.items():
        share = ratio(number, before) if before is not None else None
        yield name, count(number), percent(share) if share is not None else ""
        before = number


def tell_precision(job: Job, pair: pd.DataFrame) -> str:
    """Return a paragraph: how many of the accepted pairs are right, by people's labels, and by what
    a drawn source knows of itself.
    """
    told = []
    if job.inputs.labels:
        verdict = settle(read_labels([path for path in job.inputs.labels if path.endswith(".jsonl")]))
        own = verdict.merge(pair[["edit_id", "edited_sha256"]], on=["edit_id", "edited_sha256"])
        told.append(
            f"By people: {_write_share(count_share(int(own['accept'].sum()), len(own)), 'accepted')}."
        )
    for source, truth in read_json(job.inputs.truth).items():
        share = (truth.get("acceptance") or {}).get("precision")
        if share:
            told.append(f"By what `{source}` knows of itself: {_write_share(share, 'truly removed')}.")
    return " ".join(told) or (
        "Nobody judged these pairs, and their source knows no truth, so their precision is not measured."
        " `unscene label` shows pairs to people."
    )


def list_thresholds(thresholds: dict, calibration: dict) -> Iterator[tuple[str, str, str]]:
    """Yield the thresholds that are on: name, limit, and what the score is."""
    for name, limit in thresholds.items():
        if limit is None:
            continue
        if limit == FROM_CONTROLS:
            found = [one["cut"] for one in calibration["thresholds"][name]["cuts"]]
            cuts = sorted({f"{cut:.4g}" for cut in found if cut is not None})
            limit = f"{', '.join(cuts)} (what the controls give)" if cuts else "none: no control was measured"
        yield name, str(limit), THRESHOLDS[name].score.doc


def list_faults(control: pd.DataFrame, quality: dict, calibration: dict) -> Iterator[tuple[str, str]]:
    """Yield what was done to controls, edits with a known answer, and the share that this run's
    thresholds refuse; the perfect ones last.
    """
    limits = get_limits(
        quality["policy"], quality["thresholds"], calibration, control["area_fraction"], SIZE_BINS
    )
    refused = pd.Series(False, index=control.index)
    for name, limit in limits.items():
        score = THRESHOLDS[name].score
        counts = control[score.stands_in_for].isna() if score.stands_in_for else True
        refused |= counts & THRESHOLDS[name].fails(control[score.name], limit)
    for kind, doc in {**calibration["kinds"], "perfect": "none: the true background"}.items():
        of_kind = refused[control["kind"] == kind]
        if len(of_kind):
            yield doc, _write_share(count_share(int(of_kind.sum()), len(of_kind)))


def count_licences(pair: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return a row a licence: its name, its pairs, how many of them have pictures; most first."""
    name = pair["license"].fillna(pair["license_url"]).fillna(NOT_STATED)
    shared = pair["withheld"].isna().groupby(name).agg(["size", "sum"])
    rows = shared.sort_values("size", ascending=False, kind="stable").itertuples()
    return [(str(row.Index), count(row.size), count(row.sum)) for row in rows]


def _count(values: pd.Series) -> list[tuple[str, str]]:
    return [(str(name), count(number)) for name, number in values.value_counts().items()]


def _write_share(share: dict[str, Any], what: str = "") -> str:
    if share["share"] is None:
        return f"{NOT_MEASURED} (none was looked at)"
    told = f"{percent(share['share'])} {what}".strip()
    return f"{told} ({interval(share['low'], share['high'])}, n = {count(share['n'])})"
