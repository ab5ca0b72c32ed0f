"""A page on the batch-size study for a paper, numbers filled in, as Markdown and as LaTeX: one text,
two notations.
"""

import re

import pandas as pd

from unscene.batchsize.choice import CHEAP_STEP_USD, DETECTED_AT_MOST, HARM_OF_SHIFT, UNSERVED_AT_MOST
from unscene.batchsize.gold import MODEL, PERSON
from unscene.batchsize.sample_sizes import (
    CONFIDENCE,
    LEAST_GAIN,
    MARGINS_OF_DECLINE,
    POWER,
    count_prompts_needed,
)
from unscene.run.configuration import PERMUTED_FROM
from unscene.run.latex import escape_latex

SIMULATED = (
    "SIMULATED: these answers were made from the offline lexicon, not by a language model. The text shows its"
    " form only; it is no result and must not be quoted."
)
REFERENCES = (
    "BCa bootstrap: Efron 1987, JASA 82. Two-way clusters: Cameron, Gelbach & Miller 2011, JBES 29. Rates:"
    " Clopper & Pearson 1934, Biometrika 26; imperfect detection: Rogan & Gladen 1978, Am J Epidemiol 107."
    " Paired sample sizes: Nam 1997, Biometrics 53. Fixed sequence: Maurer, Hothorn & Lehmacher 1995."
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|])")


def write_paragraphs(trials: pd.DataFrame, chosen: dict) -> list[tuple[str, str]]:
    """Return (heading, text) pairs in plain text; every number comes from the tables."""
    larger = trials[trials["captions_per_prompt"] > 1]
    rows = larger.to_dict("records")
    noise = chosen["noise"]
    result = (
        f"Asked twice, n = 1 differed from itself on {_percent(noise['discordance'])} of the captions (noise"
        f" floor ± {_points(noise['floor'])} points). " + " ".join(map(_describe_size, rows))
    )
    return [
        ("Method", _describe_method(larger, chosen)),
        ("Result", result),
        ("Power", _describe_power(rows, chosen)),
        ("Choice", _describe_choice(chosen)),
        (
            "Parameters",
            "; ".join(f"{name}: {value}" for name, value in list_parameters(trials, chosen)) + ".",
        ),
        ("Sources", REFERENCES),
    ]


def list_parameters(trials: pd.DataFrame, chosen: dict) -> list[tuple[str, str]]:
    """Return (name, value) of all that a reader needs to make the study again."""
    study, prices = chosen["study"], chosen["prices"]
    price = "none for this model"
    if prices:
        price = (
            f"{prices['date']}, ${prices['input']} in and ${prices['output']} out per million"
            f" ({prices['model']})"
        )
    larger = trials[trials["captions_per_prompt"] > 1]
    return [
        ("model asked", study["model"]),
        ("models that answered", ", ".join(chosen["models"]) or "none"),
        ("days", ", ".join(chosen["days"]) or "unknown"),
        ("words", study["words"]),
        ("SHA-256 of the rules in the prompt", study["prompt_sha256"]),
        ("sources of the captions", ", ".join(study["sources"])),
        ("captions", f"{study['captions']:,} of {study['captions_of_run']:,}"),
        ("seed", str(study["seed"])),
        ("sizes", _list(larger["captions_per_prompt"])),
        ("permutations", _list(larger["permutations"])),
        ("margin", f"{_number(100 * chosen['margin'])} point(s)"),
        ("confidence", f"{_number(100 * CONFIDENCE)} %, one-sided"),
        ("draws of the bootstrap", f"{chosen['bootstrap']['draws']:,}"),
        ("what is right", chosen["gold"]["kind"]),
        ("prices", price),
    ]


def _describe_method(larger: pd.DataFrame, chosen: dict) -> str:
    study, margin, measure = chosen["study"], 100 * chosen["margin"], chosen["measure"]
    days = f" on {', '.join(chosen['days'])}" if chosen["days"] else ""
    other = ""
    if chosen["other_models"]:
        other = f" The endpoint says that {', '.join(chosen['other_models'])} answered."
    return (
        f"We asked {study['model']}{days} which of {study['words']} each of {study['captions']:,} captions"
        f" mentions. They are drawn by seed {study['seed']} from {study['captions_of_run']:,} and stratified"
        f" by the number of words that an offline lexicon finds and by ambiguous forms.{other} The same"
        f" captions were asked one a prompt, once more one a prompt, and n ="
        f" {_list(larger['captions_per_prompt'])} a prompt, with the same rules and answer schema."
        f" Sizes of {PERMUTED_FROM} or more were asked in {int(larger['permutations'].max())} random"
        " partition(s) and order(s), never with two captions of"
        f" one photo in a prompt. {_describe_gold(chosen['gold'])} The primary measure is the share of"
        f" captions with exactly these words, called {measure}. A prompt of wrong form is asked again in"
        " parts, as in a run. What its captions came to in the end counts, and a caption to which nothing"
        f" came is wrong. A size passes when four things hold. First, the one-sided 95 % lower bound of its"
        f" difference to n = 1 lies above −{margin:g} point(s). The bound is a BCa bootstrap with"
        f" {chosen['bootstrap']['draws']:,} draws of whole prompts, widened for captions that sit in several"
        " prompts by the two-way cluster variance. Second, at most"
        f" {_number(100 * DETECTED_AT_MOST)} % of its prompts have a wrong form and at most"
        f" {_number(100 * UNSERVED_AT_MOST)} % no answer. Third, the upper bound of the decline from the"
        " first place to the last (least squares, against n = 1, clustered by prompt and caption) is at most"
        f" {_number(MARGINS_OF_DECLINE * margin)} point(s). Fourth, shifts that nobody saw cost at most half"
        " the margin. Their cost is the Clopper-Pearson bound of the prompts with one, divided by the share"
        f" of planted shifts that is found, times {HARM_OF_SHIFT:g}. That takes"
        f" {count_prompts_needed(chosen['margin'])} prompts without an event if every shift were found."
        f" A shift is found where at least {LEAST_GAIN} answers in a row fit the neighbouring captions better"
        " than their own. A size fails when a loss above the limit is shown, and is not decided when neither"
        " is shown. Sizes are tested"
        " from the smallest up, and testing stops at the first that does not pass. McNemar's exact test"
        " flips whole prompts of the first partition."
    )


def _describe_gold(gold: dict) -> str:
    if gold["kind"] == "labels":
        return f"Right are {describe_raters(gold)}."
    lacking = ""
    if gold.get("discordant_without_label"):
        lacking = (
            f" Labels were given, but {gold['discordant_without_label']:,} of the captions on which sizes"
            " differ have none, so that they are not used."
        )
    if gold["kind"] == "mentions":
        return f"Right are the mentions that the captions' source records.{lacking}"
    left_out = gold["without_reference"]
    return (
        "What is right is not known: each answer is held against both at n = 1, which are held against each"
        " other"
        + (f"; {left_out} caption(s) without two answers at n = 1 are left out." if left_out else ".")
        + lacking
    )


def describe_raters(gold: dict) -> str:
    """Return who labelled, each by name: how many people, and which language models."""
    names = gold["read_by"]
    people = sum(name.startswith(f"{PERSON} ") for name in names)
    models = sum(name.startswith(f"{MODEL} ") for name in names)
    parts = [
        f"the labels of {people} {'person' if people == 1 else 'people'}" if people else "",
        f"the reading of {models} language model(s)" if models else "",
    ]
    who = ", ".join(f"{name}: {count:,}" for name, count in names.items())
    twice = "no caption was read twice"
    if gold["rated_twice"]:
        kappa = "" if gold["kappa"] is None else f", Cohen's kappa {gold['kappa']:.2f}"
        twice = f"{gold['rated_twice']:,} captions were read twice{kappa}"
    return (
        f"{' and '.join(filter(None, parts))}, who saw no answer (captions read by each: {who}; {twice};"
        f" {gold['adjudicated']:,} settled by a further reading; {gold['labelled']:,} captions in all: every"
        f" one on which any size differs from n = 1, and {gold['concordant_labelled']:,} others)"
    )


def _describe_size(row: dict) -> str:
    if pd.isna(row["difference"]):
        return f"n = {row['captions_per_prompt']}: nothing to compare."
    return (
        f"n = {row['captions_per_prompt']}: {_percent(row['exact'])} exact,"
        f" {_points(row['difference'], signed=True)} points (bounds {_points(row['low'], signed=True)} and"
        f" {_points(row['high'], signed=True)}), decline {_points(row['decline'], signed=True)} (at most"
        f" {_points(row['decline_high'], signed=True)}), {row['detected_errors']} of {row['prompts']}"
        f" prompts of wrong form, {row['shifts']} shifted; {row['verdict']}."
    )


def _describe_power(rows: list[dict], chosen: dict) -> str:
    told = [
        f"n = {row['captions_per_prompt']} ({row['captions']:,} captions in {row['prompts']:,} prompts):"
        f" standard error {_points(row['error'])} points. A size as good as n = 1 passes the bound of"
        f" {chosen['measure']} with a power of {_percent(row['power'])} and that of the decline with"
        f" {_percent(row['decline_power'])}. A loss of {_points(row['detectable'])} points is told from none"
        f" with a power of {_number(100 * POWER)} %. {_percent(row['shift_sensitivity'])} of planted shifts"
        " were found."
        for row in rows
        if not pd.isna(row["error"])
    ]
    text = (
        "By the standard errors found, and no loss assumed. " + " ".join(told)
        if told
        else "Nothing to compare."
    )
    if chosen["captions_for_power_90"]:
        text += (
            f" At the discordance of {_percent(chosen['discordance'])}, found at the size that decided,"
            f" {chosen['captions_for_power_90']:,} captions pass the first bound with a power of 90 %."
        )
    return text


def _describe_choice(chosen: dict) -> str:
    return (
        f"The largest number that passed is {chosen['captions_per_prompt']} captions a prompt"
        f" ({chosen['reason']}). The smallest whose next step saves less than ${CHEAP_STEP_USD:.0f} on"
        f" {chosen['study']['captions_of_run']:,} captions is {chosen['cheapest_sensible']}"
        f" ({chosen['cheapest_reason']})."
    )


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
        "lower bound",
        "power %",
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
            "" if pd.isna(row["power"]) else f"{100 * row['power']:.0f}",
            "" if pd.isna(row["mcnemar_p"]) else f"{row['mcnemar_p']:.3g}",
            "" if pd.isna(row["usd"]) else f"{row['usd']:.2f}",
            row["verdict"] if isinstance(row["verdict"], str) else "",
        ]
        for row in trials.to_dict("records")
    ]
    return head, rows


def _list(values) -> str:
    return ", ".join(str(int(value)) for value in values)


def _number(value: float) -> str:
    return f"{value:.4g}"


def _percent(share: float | None) -> str:
    return "unknown" if share is None or pd.isna(share) else f"{100 * share:.1f} %"


def _points(share: float | None, signed: bool = False) -> str:
    if share is None or pd.isna(share):
        return ""
    text = f"{100 * share:+.2f}" if signed else f"{100 * share:.2f}"
    return text.replace("-", "−")
