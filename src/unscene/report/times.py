"""What each rule took, from the benchmark files that Snakemake writes."""

from pathlib import Path

import pandas as pd

from unscene.report import figures
from unscene.report.numbers import ratio
from unscene.report.rules import list_rules
from unscene.report.run import Run
from unscene.run.configuration import is_trained, list_sources
from unscene.run.tables import read_json
from unscene.samples.readers import has_instances, is_rendered

NOT_YET = "write_report"  # its own benchmark is written when it has ended
NO_STAGE = "no rule of this version"


def describe_times(run: Run) -> dict:
    """Return what the section's template names."""
    timing, absent = read_benchmarks(run)
    return {
        "stages": {
            stage: [row for row in timing if row["stage"] == stage]
            for stage in dict.fromkeys(row["stage"] for row in timing)
        },
        "timing_figure": figures.draw_times(timing) if timing else None,
        "absent": absent,
        "device_times": read_device_times(run.benchmarks),
        "edit_seconds": describe_edit_seconds(run),
    }


def read_benchmarks(run: Run) -> tuple[list[dict], list[str]]:
    """Return a row per rule that has benchmark files, in the order of the flow, and the rules that have none.

    Row: `stage, rule, jobs, seconds (sum), longest_s, cpu_s, memory_mb (largest), item, items,
    seconds_per_item`; None where Snakemake measured nothing (it cannot sample the memory of a job
    shorter than its interval). Benchmarks of an older version's rules come last.
    """
    folder, stage_of = run.benchmarks, list_rules()
    items = count_items(run)
    found = {path.name for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else set()
    # A rule with a single job has one file in place of a folder.
    found |= {path.stem for path in folder.glob("*.tsv")}
    rows, absent = [], []
    for rule in [*stage_of, *sorted(found - set(stage_of))]:
        if rule == NOT_YET:
            continue
        paths = sorted({*folder.glob(f"{rule}.tsv"), *(folder / rule).rglob("*.tsv")})
        jobs = pd.concat([pd.read_csv(path, sep="\t", na_values="-") for path in paths]) if paths else None
        if jobs is None or jobs.empty:
            absent.append(rule)
            continue
        seconds = float(jobs["s"].sum())
        item, number = items.get(rule, (None, None))
        rows.append(
            {
                "stage": stage_of.get(rule, NO_STAGE),
                "rule": rule,
                "jobs": len(jobs),
                "seconds": seconds,
                "longest_s": float(jobs["s"].max()),
                "cpu_s": _number(jobs, "cpu_time", "sum"),
                "memory_mb": _number(jobs, "max_rss", "max"),
                "item": item,
                "items": number,
                "seconds_per_item": ratio(seconds, number) if number else None,
            }
        )
    return rows, absent


def read_device_times(folder: str | Path) -> list[dict]:
    """Return a row per device stage, in the order of the flow, from the `{shard}.device.json`
    beside its benchmarks.

    Row: `rule, shards, items, resumed, items_per_s, busy_share, devices`. Rate and share are those
    of one device: items and device seconds of all shards over the sum of their wall times, loading
    of the model left out. None where no time went by.
    """
    rows = []
    order = list(list_rules())
    found = {path.parent.name for path in Path(folder).glob("*/*.device.json")}
    for rule in sorted(found, key=lambda rule: (order.index(rule) if rule in order else len(order), rule)):
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


def describe_edit_seconds(run: Run) -> dict | None:
    """Return what the edits table itself says about time: device seconds an edit, by batch shape."""
    edits = run.edits[(run.edits["status"] == "ok") & run.edits["seconds"].notna()]
    if edits.empty:
        return None
    return {
        "mean": float(edits["seconds"].mean()),
        "number": len(edits),
        "shapes": sorted({str(shape) for shape in edits["batch_shape"].dropna()}),
    }


def count_items(run: Run) -> dict[str, tuple[str, int]]:
    """Return what one item of a rule is and how many there were, for rules that work item by item; of
    a rule whose items no table of the report counts, nothing.
    """
    pools = list_sources(run.settings, pool=True)
    # Their shards are read, and asked about where nobody lists their objects, by the same rules.
    asked = any(not has_instances(source) for source in pools)
    captions = {
        rule: ("caption", len(run.keywords))
        for rule in ("build_keyword_requests", "answer_keywords", "parse_keywords")
    }
    read = len(run.samples) + len(run.rejected_samples)
    masks_ok = int((run.masks["status"] == "ok").sum())
    edits_ok = int((run.edits["status"] == "ok").sum())
    trained = {arm for arm, entry in run.settings["train"]["arms"].items() if is_trained(entry)}
    # A run that trains nothing has no table of what was tested.
    tests = 0 if run.tested is None else len(run.tested)
    tested = run.tested[run.tested["arm"].isin(trained)] if tests else None
    trainings = 0 if tested is None else len(tested[["arm", "fold", "seed"]].drop_duplicates())
    return {
        "render_scenes": ("scene", _count_drawn(list_sources(run.settings))),
        "render_pool": ("scene", _count_drawn(pools)),
        "read_samples": ("item read", read + sum(source["photos"] for source in pools)),
        "join_samples": ("photo", len(run.samples)),
        **({} if asked else captions),
        "segment_objects": ("photo", len(run.samples)),
        "remove_objects": ("edit", masks_ok),
        "build_caption_requests": ("edit", masks_ok),
        "answer_captions": ("edit", masks_ok),
        "parse_captions": ("edit", masks_ok),
        "score_edits": ("edit", edits_ok),
        "select_pairs": ("edit", len(run.masks)),
        "split_folds": ("group", run.folds["group"].nunique()),
        "train_clip": ("training", trainings),
        "train_final": ("training", 1),
        "evaluate_clip": ("pair tested", tests),
    }


def _count_drawn(sources: list[dict]) -> int:
    return sum(source["photos"] for source in sources if is_rendered(source))


def _number(jobs: pd.DataFrame, column: str, how: str) -> float | None:
    if column not in jobs:
        return None
    values = pd.to_numeric(jobs[column], errors="coerce").dropna()
    return float(values.agg(how)) if len(values) else None
