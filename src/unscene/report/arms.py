"""What the arms learned: pair scores, differences, the pass rule, further tables and figures."""

import base64
from pathlib import Path

from unscene.report import figures, scores
from unscene.report.arm_tables import list_drawings
from unscene.report.further_tables import list_tables
from unscene.report.run import Run
from unscene.report.terms import describe_arm
from unscene.report.yields import count_folds

DRAWINGS = {
    "forest": "Contrasts of the group score: thick lines the bootstrap over photo groups, thin ones the "
    "corrected t over folds; the primary contrasts in colour.",
    "decomposition": "A pair has its text score when G exceeds |B|, and its image score when G exceeds |A|.",
    "classes-absence_auc_bare": "The chance that a photo without the object scores above one with it on “a "
    "photo with no …”; below one half, “no” finds what it denies.",
    "wise-ft": "WiSE-FT: weights between the untuned and the tuned model, on held-out photos.",
    "dose": "Dose and response: the same arm on fewer pairs.",
}


def describe_arms(run: Run) -> dict:
    """Return what the section's template names."""
    settings = run.settings
    main_arm, confidence = settings["deploy"]["arm"], settings["evaluate"]["confidence"]
    arms, kinds, contrasts = scores.list_arms(run), scores.list_metrics(run), scores.list_contrasts(run)
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
        "arm_meanings": {
            arm: describe_arm(settings["train"]["arms"][arm])
            for arm in arms
            if arm in settings["train"]["arms"]
        },
        "verdict": scores.write_verdict(run, main_arm, confidence),
        "main_arm": main_arm,
        "confidence": confidence,
        "tested": {arm: scores.count_tested(run, arm) for arm in arms},
        "kinds": kinds,
        "summaries": table,
        "chance": scores.CHANCE,
        "arms_figure": figures.draw_arms(arms, measured, main_arm) if measured else None,
        "contrasts": contrasts,
        "contrasts_figure": figures.draw_contrasts(shown, metrics).to_svg() if shown else None,
        "pass_rule": run.verdict,
        "arm_drawings": [
            {"svg": drawing.to_svg(), "caption": DRAWINGS[drawing.name]}
            for drawing in list_drawings(run.summary, run.comparison, run.classes, run.sweeps, settings)
        ],
        "further_tables": list_tables(run.summary, run.sweeps, run.unseen),
        "sources_of_further_tables": {
            "wise_ft": run.paths.get("sweeps"),
            "unseen_classes": run.paths.get("unseen"),
            **dict.fromkeys(("queries", "shortcuts", "shams", "placebo"), run.paths["summary"]),
        },
        "retrieval_picture": _embed_picture(run.retrieval),
        "folds": count_folds(run),
    }


def _embed_picture(path: Path | None) -> str | None:
    """Return a PNG as a data URI, or None."""
    if path is None:
        return None
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
