"""The page of a pilot: what its first shards came to, and what that means for the whole run."""

import base64
import io
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from unscene.machine.job import Job
from unscene.plan.comparison_power import FIGURES, estimate_comparison, tell_difference
from unscene.plan.enough_pairs import count_needed, count_trained, judge_pairs
from unscene.plan.estimate import read_throughput
from unscene.report.numbers import count, duration, percent, ratio
from unscene.report.page import TEMPLATES
from unscene.report.run import Run, read_run
from unscene.report.times import read_device_times
from unscene.report.yields import count_steps, list_reasons
from unscene.run.configuration import list_sources
from unscene.run.counts import tell_count
from unscene.run.shard_names import get_source_name
from unscene.run.tables import read_json, write_json, write_text
from unscene.samples.readers import are_rendered, has_instances

TEMPLATE = "pilot.html.j2"
NORMAL_95 = 1.96
MOST_REASONS = 8
NOT_RUN = "not run"  # of the batch-size study, in the plan


def write_pilot(job: Job) -> None:
    """Write the page and its figures, and print the few lines that matter. outputs: figures, page."""
    run = read_run(job.inputs, job.settings, job.lineage)
    costs = {"keywords": read_json(job.inputs.cost), "captions": read_json(job.inputs.caption_cost)}
    figures = make_figures(run, costs, read_json(job.inputs.training))
    write_json(figures, job.outputs.figures)
    write_text(fill_page(figures, Path(job.inputs.sheet)), job.outputs.page)
    print("\n".join(describe_figures(figures)))
    print(f"  The page: {Path(job.outputs.page).absolute()}")


def make_figures(run: Run, costs: dict[str, dict], training: dict) -> dict:
    """Return all that the page tells: `photos steps reasons pairs devices dollars comparison warnings`."""
    sources = list_sources(run.settings)
    whole = {source["name"]: source["photos"] for source in sources}
    pilot = {source["name"]: source["pilot"]["photos"] for source in sources}
    scale = sum(whole.values()) / sum(pilot.values())
    pairs = estimate_pairs(run, whole, pilot)
    usable = round(len(run.samples) * scale)
    items = {**run.plan["items"], "pairs": pairs["whole"], "photos": usable}
    devices = estimate_devices(run, training, scale, pairs["whole"])
    return {
        "photos": {"pilot": sum(pilot.values()), "whole": sum(whole.values())},
        "sources": {name: {"pilot": pilot[name], "whole": whole[name]} for name in whole},
        "steps": count_steps(run),
        "reasons": list_reasons(run)[:MOST_REASONS],
        "pairs": pairs,
        "devices": devices,
        "training": training,
        "dollars": estimate_dollars(run, costs, scale),
        "comparison": (
            estimate_comparison(run.settings, read_throughput(), items)
            if training["photos"]
            else {"figures": {}}
        ),
        "warnings": list_warnings(run.settings, pairs, bool(training["photos"])),
    }


def estimate_pairs(run: Run, whole: dict[str, int], pilot: dict[str, int]) -> dict:
    """Return the pairs found, and those to expect of the whole run, `low` to `high` with 95 %; `groups`:
    the photo groups that these are of, as many a pair as the pilot found.

    Each source is a stratum of its own: its mean number of pairs a photo, times its photos. The
    interval is the normal one of that total, with the finite population's correction. Where the
    pilot found none, `high` is what three in so many photos would give (the rule of three).
    """
    shards = run.samples.set_index("image_id")["shard"].map(get_source_name)
    photo_of = run.pairs["edit_id"].map(run.masks.set_index("edit_id")["image_id"])
    source_of = photo_of.map(shards)
    total = variance = 0.0
    for name, photos in pilot.items():
        counts = np.zeros(photos)
        found = photo_of[source_of == name].value_counts().to_numpy()
        counts[: len(found)] = found
        total += whole[name] * counts.mean()
        unseen = 1 - photos / whole[name]
        variance += whole[name] ** 2 * counts.var(ddof=1) / photos * unseen if photos > 1 else 0.0
    error = NORMAL_95 * math.sqrt(variance)
    groups = run.pairs["group"].nunique() / len(run.pairs) if len(run.pairs) else 0.0
    high = total + error if total else 3 / sum(pilot.values()) * sum(whole.values())
    return {
        "pilot": len(run.pairs),
        "whole": round(total),
        "low": round(max(total - error, len(run.pairs))),
        "high": round(high),
        "groups": round(total * groups),
    }


def estimate_devices(run: Run, training: dict, scale: float, pairs: int) -> dict:
    """Return a row a device stage, `rule items items_per_s devices hours`, and the `hours` of all.

    The rates are those of the pilot's own jobs, the loading of models left out. Training and
    evaluation are timed on pictures of noise; the planned numbers of photos are theirs.
    """
    rows = []
    for row in read_device_times(run.benchmarks):
        items = round((row["items"] + row["resumed"]) * scale)
        hours = items / row["items_per_s"] / 3600 if row["items_per_s"] else None
        known = {name: row[name] for name in ("rule", "items_per_s", "busy_share", "devices")}
        rows.append({**known, "items": items, "hours": hours})
    stages, planned = run.plan["devices"]["stages"], run.plan["items"]["pairs"]
    testing = training["embedding_seconds_per_photo"]
    tried = [
        ("train_clip", 1.0, training["seconds_per_photo"]),
        ("evaluate_clip", pairs / planned if planned else 1.0, testing),
    ]
    if "evaluate_set" in stages:
        tried.append(("evaluate_set", 1.0, testing))
    for rule, factor, seconds in tried if training["photos"] else ():
        stage = stages[rule]
        items = round(stage["items"] + (factor - 1) * stage.get("items_of_pairs", stage["items"]))
        rows.append(
            {
                "rule": rule,
                "items": items,
                "items_per_s": ratio(1.0, seconds),
                "busy_share": None,
                "devices": [training["device"]],
                "hours": items * seconds / 3600,
            }
        )
    return {"stages": rows, "hours": sum(row["hours"] or 0 for row in rows)}


def estimate_dollars(run: Run, costs: dict[str, dict], scale: float) -> dict:
    """Return what the pilot's answers cost and what those of the whole run will: `paid whole
    simulated study`. study: what the plan has for the batch-size study, which a pilot leaves out.
    """
    pools = [source for source in list_sources(run.settings, pool=True) if not has_instances(source)]
    edited = list_sources(run.settings)
    asked = {
        "keywords": sum(s["photos"] for s in edited + pools)
        / sum(s["pilot"]["photos"] for s in edited + pools),
        "captions": scale,
    }
    settled = {stage: cost["settled"] for stage, cost in costs.items() if cost["settled"]}
    paid = {stage: entry["usd"] for stage, entry in settled.items()}
    planned = run.plan["api"]["batchsize"]
    study = 0.0 if planned["backend"] == NOT_RUN else planned["usd"]
    return {
        "stages": {stage: {"paid": usd, "whole": usd * asked[stage]} for stage, usd in paid.items()},
        "paid": sum(paid.values()),
        "study": study,
        "whole": sum(usd * asked[stage] for stage, usd in paid.items()) + study,
        "simulated": any(entry["simulated"] for entry in settled.values()),
        "asked": bool(settled),
    }


def list_warnings(settings: dict, pairs: dict, trains_models: bool = True) -> list[str]:
    """Return what speaks against starting the whole run as it is configured."""
    batch = settings["train"]["batch_pairs"]
    trained = count_trained(pairs["groups"], settings["folds"]["folds"])
    needed = count_needed(settings["train"]["arms"], batch)
    judged = judge_pairs(trained, needed) if trains_models and needed else ""
    expected = f"A fold will train on about {tell_count(trained, 'photo group')}"
    told = []
    if not pairs["pilot"]:
        told.append("No edit became a pair. Look at the contact sheet and the reasons before anything else.")
    elif judged and trained < needed:
        told.append(
            f"{expected}, and a batch of train.batch_pairs={batch} needs {count(needed)}: {judged}."
            " Take more photos, or a smaller batch."
        )
    elif judged and not are_rendered(list_sources(settings)):
        told.append(f"{expected}: {judged}. Take more photos.")
    return told


def describe_figures(figures: dict) -> list[str]:
    """Return the lines for the terminal."""
    photos, pairs, dollars = figures["photos"], figures["pairs"], figures["dollars"]
    lines = [
        f"Pilot: {count(photos['pilot'])} of {count(photos['whole'])} photos",
        f"  pairs: {count(pairs['pilot'])} here; the whole run about {count(pairs['whole'])}"
        f" ({count(pairs['low'])} to {count(pairs['high'])})",
    ]
    lost = figures["reasons"][:3]
    if lost:
        lines.append(
            "  lost most to: " + ", ".join(f"{row['reason']} ({count(row['count'])})" for row in lost)
        )
    slowest = sorted(figures["devices"]["stages"], key=lambda row: -(row["hours"] or 0))[:3]
    parts = ", ".join(f"{row['rule']} {duration(row['hours'] * 3600)}" for row in slowest if row["hours"])
    devices = ", ".join(sorted({name for row in figures["devices"]["stages"] for name in row["devices"]}))
    lines.append(
        f"  device time of the whole run: {figures['devices']['hours']:.2f} hours on {devices} ({parts})"
    )
    if dollars["asked"]:
        money = " of play money" if dollars["simulated"] else ""
        lines.append(
            f"  answers: ${dollars['paid']:.4f}{money} here; the whole run ${dollars['whole']:.2f} with these"
        )
    else:
        lines.append("  answers: none are paid for (offline backends)")
    found = figures["comparison"]["figures"]
    if not found:
        return [*lines, *(f"  CAUTION: {text}" for text in figures["warnings"])]
    lines.append(
        "  differences that the whole run will find (power 0.8): "
        + ", ".join(
            f"{FIGURES[name][0]} {tell_difference(name, next(iter(figure['detectable'].values())))}"
            for name, figure in found.items()
        )
    )
    return [*lines, *(f"  CAUTION: {text}" for text in figures["warnings"])]


def compress_sheet(sheet: Path) -> bytes:
    """Return the contact sheet as a JPEG: a tenth of the PNG's bytes in a page that people send on."""
    content = io.BytesIO()
    with Image.open(sheet) as picture:
        picture.convert("RGB").save(content, "JPEG", quality=88)
    return content.getvalue()


def fill_page(figures: dict, sheet: Path) -> str:
    """Return the page as HTML in one file."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    filters: dict[str, Callable] = {"count": count, "percent": percent, "duration": duration}
    filters["tell_count"] = tell_count
    filters["difference"] = lambda share, name: tell_difference(name, share)
    environment.filters.update(filters)
    picture = base64.b64encode(compress_sheet(sheet)).decode()
    names = {name: text for name, (text, _, _) in FIGURES.items()}
    return environment.get_template(TEMPLATE).render(**figures, sheet=picture, names=names)
