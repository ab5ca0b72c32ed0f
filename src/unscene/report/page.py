"""The page: everything the template shows, gathered from the tables, and the template filled in."""

import base64
from importlib.resources import files
from pathlib import Path

from unscene.report import figures, numbers, scores, yields
from unscene.report.arm_tables import list_drawings
from unscene.report.audit import describe_audit
from unscene.report.examples import choose_examples
from unscene.report.facts import list_facts, look_up
from unscene.report.further_tables import list_tables
from unscene.report.run import Run
from unscene.report.times import read_benchmarks, read_device_times
from unscene.run.shards import file_sha256

TEMPLATE = Path(str(files("unscene.resources"))) / "templates" / "report.html.j2"
# What a reader asks of truth.json first, and where it stands below a source.
TRUTH = {
    "Words of captions: precision": ("keywords", "precision"),
    "Words of captions: recall": ("keywords", "recall"),
    "Words of captions that the photo's labels hold, too": ("keyword_agreement_with_labels", "share"),
    "Masks: IoU of the object found": ("masks", "iou"),
    "Named and labelled objects that the detector found": ("detector_recall", "share"),
    "Hole, PSNR to the true background: edit": ("edits", "psnr_db", "edit"),
    "Hole, PSNR: Telea (OpenCV)": ("edits", "psnr_db", "telea"),
    "Hole, PSNR: mean colour": ("edits", "psnr_db", "mean_fill"),
    "Hole, PSNR: untouched": ("edits", "psnr_db", "untouched"),
    "Hole, distance of texture from the truth's: edit": ("edits", "texture_log_variance_ratio", "edit"),
    "Hole, distance of texture from the truth's: Telea": ("edits", "texture_log_variance_ratio", "telea"),
    "Masks that ended in an accepted pair": ("acceptance", "accepted_of_masks"),
    "Objects named in captions that did": ("acceptance", "accepted_of_named_objects"),
    "Accepted edits that truly removed the object": ("acceptance", "precision"),
    "True removals that were accepted": ("acceptance", "recall"),
}
DRAWINGS = {
    "forest": "Contrasts of the group score: thick lines the bootstrap over photo groups, thin ones the corrected t over folds; the primary contrasts in colour.",
    "decomposition": "A pair has its text score when G exceeds |B|, and its image score when G exceeds |A|.",
    "classes-absence_auc": "The chance that a photo without the object scores above one with it on “a photo with no …”; below one half, “no” finds what it denies.",
    "wise-ft": "WiSE-FT: weights between the untuned and the tuned model, on held-out photos.",
    "dose": "Dose and response: the same arm on fewer pairs.",
}
EMBEDDED_CAVEAT = "It checks the code; it is no evidence about CLIP."


def describe_run(
    run: Run,
    settings: dict,
    provenance: dict,
    path_to_benchmarks: str | Path,
    path_to_retrieval: str | Path | None = None,
) -> dict:
    """Return the values that the template names.

    settings: the config as in the report's lineage. provenance: `lineage`, `config`, `weights`, `versions`.
    path_to_retrieval: picture of what queries find, or None when no arm was trained.
    """
    sources = settings["samples"]["sources"]
    main_arm = settings["deploy"]["arm"]
    steps = yields.count_steps(run)
    words = yields.count_words(run)
    quality = scores.describe_scores(run, settings["quality"]["thresholds"])
    timing, absent = read_benchmarks(path_to_benchmarks, run, sources)
    arms = scores.list_arms(run)
    contrasts = scores.list_contrasts(run)
    return {
        "title": settings["report"]["title"],
        "embedded": [source["name"] for source in sources if source["format"] == "embedded"],
        "caveat": EMBEDDED_CAVEAT,
        "sources": yields.list_sources(run, sources),
        "verdict": scores.write_verdict(run, main_arm, settings["evaluate"]["confidence"]),
        "main_arm": main_arm,
        "tiles": _make_tiles(run, main_arm, contrasts, timing),
        "units": {
            unit: [step for step in steps if step["unit"] == unit]
            for unit in dict.fromkeys(s["unit"] for s in steps)
        },
        "yields_figure": figures.draw_yields(steps),
        "reasons": yields.list_reasons(run),
        "classes": yields.count_classes(run),
        "words": words,
        "words_figure": figures.draw_words(words) if words else None,
        "truth": list_facts(run.truth),
        "truth_rows": _summarise_truth(run.truth, [source["name"] for source in sources]),
        "cost": list_facts(run.cost),
        "plan": list_facts(run.plan),
        "plan_rows": _compare_plan(run),
        "examples": choose_examples(run, settings["seed"], settings["report"]["examples"]),
        "audit": describe_audit(run, settings["quality"], [source["name"] for source in sources]),
        "quality": quality,
        "quality_figures": figures.draw_distributions(quality),
        **_describe_arms(run, arms, main_arm, contrasts),
        "pass_rule": run.verdict,
        "arm_drawings": [
            {"name": drawing.name, "svg": drawing.to_svg(), "caption": DRAWINGS[drawing.name]}
            for drawing in list_drawings(run.summary, run.comparison, run.classes, run.sweeps, settings)
        ],
        "further_tables": list_tables(
            run.summary, run.sweeps, run.unseen, settings["evaluate"]["confidence"]
        ),
        "sources_of_further_tables": {
            "wise_ft": run.paths.get("sweeps"),
            "unseen_classes": run.paths.get("unseen"),
            **dict.fromkeys(("queries", "shortcuts", "placebo"), run.paths["summary"]),
        },
        "retrieval_picture": _embed_picture(path_to_retrieval),
        "confidence": settings["evaluate"]["confidence"],
        "folds": yields.count_folds(run),
        "timing": timing,
        "timing_figure": figures.draw_times(timing) if timing else None,
        "absent": absent,
        "device_times": read_device_times(path_to_benchmarks),
        "edit_seconds": _describe_edit_seconds(run),
        "provenance": provenance,
        "settings": _flatten(settings),
        "seeds": {"seed": settings["seed"], "train.seeds": settings["train"]["seeds"]},
        "editors": sorted({str(model) for model in run.edits["model"].dropna()}),
        "files": [{"path": str(path), "sha256": file_sha256(path)[:16]} for path in run.paths.values()],
        "paths": {name: str(path) for name, path in run.paths.items()},
    }


def fill_template(values: dict, path_to_template: str | Path = TEMPLATE) -> str:
    """Return the page; a name that the template uses and `values` lacks is an error."""
    import jinja2

    path = Path(path_to_template)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(path.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = (
        "count",
        "percent",
        "points",
        "interval",
        "p_value",
        "duration",
        "megabytes",
        "plain",
        "short",
        "label",
    )
    environment.filters.update({name: getattr(numbers, name) for name in filters})
    environment.filters["metric"] = scores.name_metric
    return environment.get_template(path.name).render(**values)


def _make_tiles(run: Run, main_arm: str, contrasts: list[dict], timing: list[dict]) -> list[dict]:
    """Return the headline numbers: `label, value, note`."""
    found = scores.get_summary(run, main_arm, "group_score")
    tiles = [
        {"label": "usable photos", "value": numbers.count(len(run.samples)), "note": None},
        {"label": "captions", "value": numbers.count(len(run.keywords)), "note": None},
        {
            "label": "accepted pairs",
            "value": numbers.count(len(run.pairs)),
            "note": f"{numbers.percent(scores.share_accepted(run))} of the objects removed",
        },
        {
            "label": f"group score, {main_arm}",
            "value": numbers.percent(found["mean"] if found else None),
            "note": numbers.interval(found["low"], found["high"]) if found else None,
        },
    ]
    for row in contrasts:
        wanted = (row["arm"], row["metric"]) == (main_arm, "group_score")
        if wanted and row["reference"] in scores.REFERENCES and row["reference"] != main_arm:
            tiles.append(
                {
                    "label": f"points over {row['reference']}",
                    "value": numbers.points(row["difference"]),
                    "note": numbers.interval(row["low"], row["high"], signed=True),
                }
            )
    if timing:
        total = sum(row["seconds"] for row in timing)
        tiles.append(
            {"label": "time of all jobs", "value": numbers.duration(total), "note": "one after the other"}
        )
    return tiles


def _embed_picture(path: str | Path | None) -> str | None:
    """Return a PNG as a data URI, or None."""
    if path is None:
        return None
    return "data:image/png;base64," + base64.b64encode(Path(path).read_bytes()).decode()


def _summarise_truth(truth: dict, sources: list[str]) -> list[dict]:
    """Return a row per question of TRUTH: `label` and for each source (text, is null)."""
    return [
        {"label": label, "values": [look_up(truth, (source, *path)) for source in sources]}
        for label, path in TRUTH.items()
    ]


def _compare_plan(run: Run) -> list[dict]:
    """Return a row per number of the plan: `label, planned` (text, is null) and `found`, None where nothing is counted."""
    found = {
        "photos": len(run.samples),
        "captions": len(run.keywords),
        "edits": int((run.edits["status"] == "ok").sum()),
        "pairs": len(run.pairs),
    }
    rows = [
        {"label": name, "planned": look_up(run.plan, ("items", name)), "found": numbers.count(number)}
        for name, number in found.items()
    ]
    for name, path in {
        "dollars": ("api", "usd"),
        "dollars, at worst": ("api", "usd_worst"),
        "device hours": ("devices", "hours"),
        "disk": ("storage", "bytes", "total"),
        "files": ("storage", "files", "total"),
    }.items():
        rows.append({"label": name, "planned": look_up(run.plan, path), "found": None})
    return rows


def _describe_arms(run: Run, arms: list[str], main_arm: str, contrasts: list[dict]) -> dict:
    kinds = scores.list_metrics(run)
    table = {
        metric: {arm: row for arm in arms if (row := scores.get_summary(run, arm, metric))}
        for kind in kinds.values()
        for metric in kind
    }
    measured = {metric: table[metric] for metric in kinds["pair"] if table[metric]}
    shown = [row for row in contrasts if row["metric"] in scores.PAIR_METRICS]
    metrics = [metric for metric in scores.PAIR_METRICS if any(row["metric"] == metric for row in shown)]
    return {
        "arms": arms,
        "tested": {arm: scores.count_tested(run, arm) for arm in arms},
        "kinds": kinds,
        "summaries": table,
        "chance": scores.CHANCE,
        "arms_figure": figures.draw_arms(arms, measured, main_arm) if measured else None,
        "contrasts": contrasts,
        "contrasts_figure": figures.draw_contrasts(shown, metrics).to_svg() if shown else None,
    }


def _describe_edit_seconds(run: Run) -> dict | None:
    """Return what the edits table itself says about time: device seconds an edit, by batch shape."""
    edits = run.edits[(run.edits["status"] == "ok") & run.edits["seconds"].notna()]
    if edits.empty:
        return None
    return {
        "mean": float(edits["seconds"].mean()),
        "number": len(edits),
        "shapes": sorted({str(shape) for shape in edits["batch_shape"].dropna()}),
    }


def _flatten(settings: dict, prefix: str = "") -> list[tuple[str, str]]:
    rows = []
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            rows += _flatten(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", "null" if value is None else str(value)))
    return rows
