"""Tables and paragraphs for a paper, in Markdown and LaTeX, with every number filled in from the
run's own tables.
"""

from collections.abc import Sequence

import pandas as pd

from unscene.evaluation.wise_ft import MAX_LOSS
from unscene.report.numbers import count, interval, is_null, p_value, percent, points
from unscene.run.configuration import list_sources
from unscene.run.latex import escape_latex

ARM_METRICS = {
    "text_score": "text",
    "image_score": "image",
    "group_score": "group",
    "presence_auc": "presence AUC",
    "absence_auc_bare": "absence AUC, bare",
    "image_to_text_recall_at_1": "i2t R@1",
    "text_to_image_recall_at_1": "t2i R@1",
}


def to_markdown(frame: pd.DataFrame) -> str:
    """Return a table of text as Markdown."""
    return frame.to_markdown(index=False, disable_numparse=True) + "\n"


def to_latex(frame: pd.DataFrame, caption: str, label: str) -> str:
    """Return a table of text as a LaTeX table with booktabs rules."""
    escaped = frame.map(escape_latex)
    escaped.columns = [escape_latex(column) for column in frame.columns]
    layout = "l" + "r" * (len(frame.columns) - 1)
    style = escaped.style.hide(axis="index")
    return style.to_latex(
        hrules=True,
        caption=escape_latex(caption),
        label=label,
        column_format=layout,
        position_float="centering",
    )


def tabulate_arms(summary: pd.DataFrame) -> pd.DataFrame:
    """Return a row of text an arm: the mean over folds and its interval, in percent, for each
    metric of ARM_METRICS.
    """
    metrics = [metric for metric in ARM_METRICS if metric in set(summary["metric"])]
    found = summary.set_index(["arm", "metric"])
    rows = []
    for arm in pd.unique(summary["arm"]):
        row = {"arm": arm}
        for metric in metrics:
            value = found.loc[(arm, metric)] if (arm, metric) in found.index else None
            row[ARM_METRICS[metric]] = "not measured" if value is None else _mean_and_interval(value)
        rows.append(row)
    return pd.DataFrame(rows, columns=["arm", *(ARM_METRICS[metric] for metric in metrics)])


def tabulate_contrasts(comparison: pd.DataFrame, metric: str = "group_score") -> pd.DataFrame:
    """Return a row of text a contrast of one metric: points, bootstrap, corrected t, p-values, pairs."""
    rows = [
        {
            "contrast": row["contrast"],
            "points": points(row["difference"]),
            "bootstrap": interval(row["low"], row["high"], signed=True),
            "corrected t": interval(row["corrected_t_low"], row["corrected_t_high"], signed=True),
            "p (t)": p_value(row["corrected_t_p"]),
            "Holm p": p_value(row["holm_p"]) if row["is_primary"] else "",
            "McNemar p": p_value(row["mcnemar_p"]),
            "detectable": points(row["detectable"]),
            "pairs": count(row["n"]),
        }
        for row in comparison[comparison["metric"] == metric].to_dict("records")
    ]
    return pd.DataFrame(
        rows,
        columns=[
            "contrast",
            "points",
            "bootstrap",
            "corrected t",
            "p (t)",
            "Holm p",
            "McNemar p",
            "detectable",
            "pairs",
        ],
    )


def _describe_writers(writers: list[dict]) -> str:
    told = [f"{row['writer'].replace('`', '')} ({percent(row['share'])})" for row in writers if row["count"]]
    return f"The captions without the object were written by {'; '.join(told)}." if told else ""


def describe_methods(
    settings: dict,
    pair: pd.DataFrame,
    comparison: pd.DataFrame,
    verdict: str,
    check: dict,
    writers: list[dict],
) -> list[str]:
    """Return the paragraphs of a methods and results section; embedded scenes are named as such,
    first of all.

    settings: the config's blocks `samples folds train evaluate deploy`. pair: the accepted pairs.
    check: check.json of the folds. writers: of the pairs' captions, as `count_writers` has them.
    """
    train, evaluate, main = settings["train"], settings["evaluate"], settings["deploy"]["arm"]
    sources = list_sources(settings)
    level = percent(evaluate["confidence"], 0)
    paragraphs = []
    anew = ", anew for each training seed" if len(train["seeds"]) > 1 else ""
    if any(source["format"] == "embedded" for source in sources):
        paragraphs.append(
            "Simulated: drawn scenes and small weights. These numbers check the code; they are no evidence "
            "about CLIP."
        )
    paragraphs.append(
        f"Data. {count(len(pair))} pairs of an original photo and its edit without one object, from "
        f"{count(pair['group'].nunique())} groups of photos and {count(pair['category'].nunique())} "
        f"categories ({', '.join(source['name'] for source in sources)}). Groups join photos of one source, "
        f"one page or near-equal perceptual hash; they were split into {settings['folds']['folds']} folds, "
        f"stratified by category{anew}, and an original, its edit and its controls share a fold. "
        f"{_describe_guards(settings['folds']['leak_guards'], check)} {_describe_writers(writers)}"
    )
    paragraphs.append(
        "Training. Unless said otherwise every arm starts from the same weights and sees the same photos in "
        f"{count(train['steps'])} updates of {count(2 * train['batch_pairs'])} photos "
        f"({count(train['batch_pairs'])} pairs): AdamW (betas .9 and .98, eps 1e-6, weight decay "
        f"{train['weight_decay']:g}), peak learning rate {train['learning_rate']:g} after "
        f"{count(train['warmup_steps'])} updates of linear warm-up, cosine decay to zero, gradient norm "
        f"clipped at 1; {_list_seeds(train['seeds'])} an arm and fold."
        f"{_describe_own(train['arms'])} Arms with negated captions tell an "
        f"original by a true negation of another object with probability {train['true_negations']:g}, so "
        f"that negation alone says nothing.{_describe_held_out(train, evaluate)}"
    )
    paragraphs.append(
        "Evaluation. A held-out pair has its text score when both photos prefer their own caption, its "
        "image score when both captions prefer their own photo, and its group score when all of this holds "
        "(chance 1/4, 1/4, 1/6; Thrush et al. 2022); ties count as wrong. Seeds are averaged within a pair. "
        f"Intervals ({level}): cluster bootstrap over photo groups within folds, "
        f"{count(evaluate['bootstrap_draws'])} draws, and the t-test of Nadeau and Bengio (2003) on the fold "
        "means, corrected for overlapping training sets; a difference is claimed when both exclude zero. "
        "Holm's adjustment covers the primary contrasts."
    )
    primary = comparison[comparison["is_primary"].astype(bool)]
    results = [_describe_contrast(row) for row in primary.to_dict("records")]
    paragraphs.append(
        f"Result. {' '.join(results) if results else f'No primary contrast of {main} was measured.'} "
        f"{verdict}"
    )
    return paragraphs


def join_markdown(paragraphs: Sequence[str]) -> str:
    """Return paragraphs as Markdown, their first word in bold."""
    return "\n\n".join(f"**{head}.**{rest}" for head, _, rest in _split(paragraphs, ".", ":")) + "\n"


def join_latex(paragraphs: Sequence[str]) -> str:
    """Return paragraphs as LaTeX, their first word as a run-in heading."""
    return (
        "\n\n".join(
            rf"\paragraph{{{head}.}}{escape_latex(rest)}" for head, _, rest in _split(paragraphs, ".", ":")
        )
        + "\n"
    )


def _split(paragraphs: Sequence[str], *ends: str) -> list[tuple[str, str, str]]:
    parts = []
    for paragraph in paragraphs:
        at = min((paragraph.index(end) for end in ends if end in paragraph), default=0)
        parts.append((paragraph[:at], paragraph[at : at + 1], paragraph[at + 1 :]))
    return parts


def _mean_and_interval(row: pd.Series) -> str:
    if is_null(row["mean"]):
        return "not measured"
    return f"{100 * row['mean']:.1f} ({interval(row['low'], row['high'])})"


def _describe_contrast(row: dict) -> str:
    return (
        f"{row['contrast']}: {points(row['difference'])} points (bootstrap "
        f"{interval(row['low'], row['high'], signed=True)}; corrected t "
        f"{interval(row['corrected_t_low'], row['corrected_t_high'], signed=True)}, Holm p "
        f"{p_value(row['holm_p'])}; {count(row['n'])} pairs; a true difference of "
        f"{points(row['detectable'])} would have been found with power .8)."
    )


def _describe_guards(guards: Sequence[dict], check: dict) -> str:
    if not guards:
        return "No evaluation set was guarded against leaks."
    return (
        f"{count(check['photos_in_evaluation_sets'])} photos are in one of the guarded evaluation sets "
        f"({', '.join(guard['name'] for guard in guards)}), by id or perceptual hash; their groups, "
        f"{count(check['pairs_kept_out_of_training'])} pairs, were tested on and never trained on."
    )


def _describe_own(arms: dict[str, dict]) -> str:
    """Return what arms have of their own: updates, peak learning rate, and ordinary photos in a batch."""
    told = {
        "steps": lambda steps: f"{count(steps)} updates",
        "learning_rate": lambda rate: f"peak learning rate {rate:g}",
        "pool": lambda photos: f"{count(photos)} ordinary photos more in each batch",
    }
    differing = [
        f"{arm} ({', '.join(tell(own[name]) for name, tell in told.items() if own.get(name) is not None)})"
        for arm, own in arms.items()
        if any(own.get(name) is not None for name in told)
    ]
    return f" Trained otherwise: {'; '.join(differing)}." if differing else ""


def _describe_held_out(train: dict, evaluate: dict) -> str:
    """Return what was held out besides the folds: the inner validation with the choice of alpha,
    and categories.
    """
    sentences = []
    if train["inner_share"]:
        sentences.append(
            f"{percent(train['inner_share'], 0)} of the photo groups, the inner validation, were trained on "
            "by no model of a fold."
        )
    if evaluate["alphas"]:
        sentences.append(
            "WiSE-FT (Wortsman et al. 2022): of the weights between untuned and tuned at α = "
            f"{', '.join(f'{alpha:g}' for alpha in sorted(evaluate['alphas']))}, the inner validation chose "
            f"those with the best group score among those that lose at most {points(MAX_LOSS).lstrip('+')} "
            "point of recall at 1 there."
        )
    if train["class_folds"]:
        sentences.append(
            f"For unseen categories, {', '.join(train['class_folds'])} was also trained without any removal "
            "of the categories of a fold, and tested on these."
        )
    return "".join(f" {sentence}" for sentence in sentences)


def _list_seeds(seeds: Sequence[int]) -> str:
    return f"{len(seeds)} training seed" + ("s" if len(seeds) > 1 else "")
