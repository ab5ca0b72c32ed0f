"""Half a page on the batch-size study for a paper, numbers filled in, as Markdown and as LaTeX: one
text, two notations.
"""

import re

import pandas as pd

from unscene.batchsize.choice import CHEAP_STEP_USD, DETECTED_AT_MOST
from unscene.batchsize.noninferiority import count_prompts_needed
from unscene.run.configuration import PERMUTED_FROM
from unscene.run.latex import escape_latex

SIMULATED = (
    "SIMULATED: these answers were made from the offline lexicon, not by a language model. The text shows its"
    " form only; it is no result and must not be quoted."
)
_GOLDS = {
    "labels": "labels of two people, who saw no answer, with disagreements adjudicated",
    "mentions": "the mentions that the captions' source records",
    "reference": "the answers at n = 1, so that the second round at n = 1 stands for it in the comparison",
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|])")


def write_paragraphs(trials: pd.DataFrame, chosen: dict) -> list[tuple[str, str]]:
    """Return (heading, text) pairs in plain text; every number comes from the tables."""
    study, gold, noise = chosen["study"], chosen["gold"], chosen["noise"]
    margin = 100 * chosen["margin"]
    larger = trials[trials["captions_per_prompt"] > 1]
    permutations = int(larger["permutations"].max())
    models = ", ".join(chosen["models"]) or "no model"
    days = f" on {', '.join(chosen['days'])}" if chosen["days"] else ""
    method = (
        f"We asked {models}{days} which of {study['words']} each of {study['captions']:,} captions mentions,"
        f" drawn by seed {study['seed']} from {study['captions_of_run']:,} and stratified by the number of"
        " words that an offline lexicon finds and by ambiguous forms. The same captions were asked one a"
        f" prompt, once more one a prompt, and n = {_list(larger['captions_per_prompt'])} a prompt, with the"
        f" same rules and answer schema; sizes of {PERMUTED_FROM} or more in {permutations} random"
        " partition(s) and order(s), never with two captions of one photo in a prompt. Gold are"
        f" {_GOLDS[gold['kind']]}{_describe_labels(gold)}. The primary measure is the share of captions with"
        " exactly the right set of words. A size passes when the one-sided 95 % lower bound of its"
        f" difference to n = 1 lies above −{margin:g} point(s) (BCa bootstrap,"
        f" {chosen['bootstrap']['draws']:,} draws of whole prompts; widened for captions that sit in several"
        f" prompts by the two-way cluster variance), when at most {DETECTED_AT_MOST:.0%} of its prompts have"
        " a wrong form, when the Clopper-Pearson bound of shifted prompts, times one half, is at most half"
        f" the margin (which takes {count_prompts_needed(chosen['margin'])} prompts without an event), and"
        f" when the last tenth of its prompts is not shown to be more than {margin:g} point(s) worse than the"
        " first. Sizes are tested from the smallest up, and testing stops at the first that does not pass."
    )
    result = (
        f"Asked twice, n = 1 differed from itself on {_percent(noise['discordance'])} of the captions (noise"
        f" floor ± {_points(noise['floor'])} points). "
        + " ".join(_describe_size(row) for row in larger.to_dict("records"))
    )
    choice = (
        f"The largest accurate number is {chosen['captions_per_prompt']} captions a prompt"
        f" ({chosen['reason']}). The smallest whose next step saves less than ${CHEAP_STEP_USD:.0f} on"
        f" {study['captions_of_run']:,} captions is {chosen['cheapest_sensible']}"
        f" ({chosen['cheapest_reason']})."
    )
    if chosen["captions_for_power_90"]:
        choice += (
            f" At the observed discordance of {_percent(chosen['discordance'])},"
            f" {chosen['captions_for_power_90']:,} captions show non-inferiority of an equally good size with"
            " a power of 90 %."
        )
    return [("Method", method), ("Result", result), ("Choice", choice)]


def to_markdown(trials: pd.DataFrame, chosen: dict) -> str:
    """Return the text as Markdown with a table of the trials."""
    lines = ["# How many captions fit in a prompt", ""]
    if chosen["simulated"]:
        lines += [f"**{SIMULATED}**", ""]
    for heading, text in write_paragraphs(trials, chosen):
        lines += [f"**{heading}.** " + _MARKDOWN.sub(r"\\\1", text), ""]
    head, rows = _tabulate(trials)
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def to_latex(trials: pd.DataFrame, chosen: dict) -> str:
    """Return the text as LaTeX, to be read by \\input: paragraphs and a tabular, all characters escaped."""
    lines = []
    if chosen["simulated"]:
        lines += [rf"\textbf{{{escape_latex(SIMULATED)}}}", ""]
    for heading, text in write_paragraphs(trials, chosen):
        lines += [rf"\paragraph{{{heading}.}} {escape_latex(text)}", ""]
    head, rows = _tabulate(trials)
    lines += [r"\begin{tabular}{" + "r" * (len(head) - 1) + "l}", r"\hline"]
    lines.append(" & ".join(map(escape_latex, head)) + r" \\ \hline")
    lines += [" & ".join(map(escape_latex, row)) + r" \\" for row in rows]
    lines += [r"\hline", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def _tabulate(trials: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    head = [
        "n",
        "exact %",
        "precision %",
        "recall %",
        "difference",
        "bound",
        "McNemar p",
        "$ of the run",
        "verdict",
    ]
    rows = [
        [
            row["trial"],
            _points(row["exact"]),
            _points(row["precision"]),
            _points(row["recall"]),
            _points(row["difference"], signed=True),
            _points(row["low"], signed=True),
            "" if pd.isna(row["mcnemar_p"]) else f"{row['mcnemar_p']:.3g}",
            "" if pd.isna(row["usd"]) else f"{row['usd']:.2f}",
            row["verdict"] if isinstance(row["verdict"], str) else "",
        ]
        for row in trials.to_dict("records")
    ]
    return head, rows


def _describe_size(row: dict) -> str:
    if pd.isna(row["difference"]):
        return f"n = {row['captions_per_prompt']}: nothing to compare."
    return (
        f"n = {row['captions_per_prompt']}: {_percent(row['exact'])} exact,"
        f" {_points(row['difference'], signed=True)} points (bound {_points(row['low'], signed=True)}),"
        f" {row['detected_errors']} of {row['prompts']} prompts of wrong form, {row['shifts']} shifted;"
        f" {row['verdict']}."
    )


def _describe_labels(gold: dict) -> str:
    if gold["kind"] != "labels":
        return ""
    kappa = "" if gold.get("kappa") is None else f", Cohen's kappa {gold['kappa']:.2f}"
    return (
        f" ({gold['labelled']:,} captions: all on which any size differs from n = 1, and"
        f" {gold['concordant_labelled']:,} others{kappa})"
    )


def _list(values) -> str:
    return ", ".join(str(int(value)) for value in values)


def _percent(share: float | None) -> str:
    return "unknown" if share is None or pd.isna(share) else f"{100 * share:.1f} %"


def _points(share: float | None, signed: bool = False) -> str:
    if share is None or pd.isna(share):
        return ""
    text = f"{100 * share:+.2f}" if signed else f"{100 * share:.2f}"
    return text.replace("-", "−")
