"""What each rule took, from the benchmark files that Snakemake writes, and what ran it, from the logs of the jobs."""

import re
from pathlib import Path

import pandas as pd

from unscene.report.numbers import ratio
from unscene.report.run import Run
from unscene.run.tables import read_json

# The rules in the order of the flow, and what one item of each is.
RULE_ITEMS = {
    "estimate_run": None,
    "render_scenes": "scene",
    "read_samples": "item read",
    "join_samples": "photo",
    "build_keyword_requests": "caption",
    "answer_keywords": "caption",
    "parse_keywords": "caption",
    "price_keywords": None,
    "segment_objects": "photo",
    "remove_objects": "edit",
    "make_sham_edits": None,
    "build_caption_requests": "edit",
    "answer_captions": "edit",
    "parse_captions": "edit",
    "price_captions": None,
    "score_edits": "edit",
    "score_controls": None,
    "calibrate_scores": None,
    "calibrate_thresholds": None,
    "join_shards": None,
    "select_pairs": "edit",
    "draw_contact_sheet": None,
    "split_folds": "group",
    "train_clip": "training",
    "train_final": "training",
    "evaluate_clip": "pair tested",
    "compare_arms": None,
    "score_against_truth": None,
    "export_clip": None,
}
NOT_YET = "write_report"  # its own benchmark is written when it has ended
_VERSION = re.compile(r"([A-Za-z][\w-]*) (\d[^\s,]*)")


def read_benchmarks(folder: str | Path, run: Run, sources: list[dict]) -> tuple[list[dict], list[str]]:
    """Return a row per rule that has benchmark files and the rules that have none.

    Row: `rule, jobs, seconds (sum), longest_s, cpu_s, memory_mb (largest), item, items, seconds_per_item`; None where
    Snakemake measured nothing (it cannot sample the memory of a job shorter than its interval).
    """
    folder = Path(folder)
    items = _count_items(run, sources)
    found = {path.name for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else set()
    # A rule with a single job may have one file in place of a folder.
    found |= {path.stem for path in folder.glob("*.tsv")}
    rows, absent = [], []
    for rule in [*RULE_ITEMS, *sorted(found - set(RULE_ITEMS) - {NOT_YET})]:
        paths = sorted({*folder.glob(f"{rule}.tsv"), *(folder / rule).rglob("*.tsv")})
        jobs = pd.concat([pd.read_csv(path, sep="\t", na_values="-") for path in paths]) if paths else None
        if jobs is None or jobs.empty:
            absent.append(rule)
            continue
        seconds = float(jobs["s"].sum())
        number = items.get(rule, len(jobs) if RULE_ITEMS.get(rule) == "training" else None)
        rows.append(
            {
                "rule": rule,
                "jobs": len(jobs),
                "seconds": seconds,
                "longest_s": float(jobs["s"].max()),
                "cpu_s": _number(jobs, "cpu_time", "sum"),
                "memory_mb": _number(jobs, "max_rss", "max"),
                "item": RULE_ITEMS.get(rule),
                "items": number,
                "seconds_per_item": ratio(seconds, number) if number else None,
            }
        )
    return rows, absent


def read_device_times(folder: str | Path) -> list[dict]:
    """Return a row per device stage, in the order of the flow, from the `{shard}.device.json` beside its benchmarks.

    Row: `rule, shards, items, resumed, items_per_s, busy_share, devices`. Rate and share are those of one device: items and
    device seconds of all shards over the sum of their wall times, loading of the model left out. None where no time went by.
    """
    rows = []
    for rule in sorted(
        {path.parent.name for path in Path(folder).glob("*/*.device.json")}, key=_place_in_flow
    ):
        shards = [read_json(path) for path in sorted((Path(folder) / rule).glob("*.device.json"))]
        wall = sum(shard["wall_s"] for shard in shards)
        items = sum(shard["items"] for shard in shards)
        rows.append(
            {
                "rule": rule,
                "shards": len(shards),
                "items": items,
                "resumed": sum(shard["resumed"] for shard in shards),
                "items_per_s": ratio(items, wall),
                "busy_share": ratio(sum(shard["device_s"] for shard in shards), wall),
                "devices": sorted({shard.get("device", "not recorded") for shard in shards}),
            }
        )
    return rows


def _place_in_flow(rule: str) -> tuple[int, str]:
    order = list(RULE_ITEMS)
    return order.index(rule) if rule in order else len(order), rule


def read_versions(folder: str | Path) -> dict[str, str]:
    """Return library versions as the jobs' logs recorded them; several of one library are all named.

    The report's own environment need not hold torch or open_clip, so asking it would be wrong.
    """
    versions: dict[str, set[str]] = {}
    for path in sorted(Path(folder).rglob("*.log")):
        with open(path, encoding="utf-8", errors="replace") as handle:
            head = [line for _, line in zip(range(6), handle, strict=False)]
        for line in head:
            if line.startswith("python "):
                for name, version in _VERSION.findall(line):
                    versions.setdefault(name, set()).add(version)
    versions.pop("process", None)
    return {name: ", ".join(sorted(found)) for name, found in sorted(versions.items())}


def _count_items(run: Run, sources: list[dict]) -> dict[str, int]:
    read, captions = len(run.samples) + len(run.rejected_samples), len(run.keywords)
    masks_ok = int((run.masks["status"] == "ok").sum())
    edits_ok = int((run.edits["status"] == "ok").sum())
    return {
        "render_scenes": sum(source["photos"] for source in sources if source["format"] == "embedded"),
        "read_samples": read,
        "join_samples": len(run.samples),
        "build_keyword_requests": captions,
        "answer_keywords": captions,
        "parse_keywords": captions,
        "segment_objects": len(run.samples),
        "remove_objects": masks_ok,
        "build_caption_requests": masks_ok,
        "answer_captions": masks_ok,
        "parse_captions": masks_ok,
        "score_edits": edits_ok,
        "select_pairs": len(run.masks),
        "split_folds": run.folds["group"].nunique(),
        "evaluate_clip": len(run.tested),
    }


def _number(jobs: pd.DataFrame, column: str, how: str) -> float | None:
    if column not in jobs:
        return None
    values = pd.to_numeric(jobs[column], errors="coerce").dropna()
    return float(values.agg(how)) if len(values) else None
