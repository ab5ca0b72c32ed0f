"""Tables and paragraphs as a paper takes them, in Markdown and LaTeX."""

import re
import textwrap
from collections.abc import Sequence

import pandas as pd

from unscene.report.numbers import count, interval, is_null, p_value, points
from unscene.run.latex import escape_latex

NAME_LETTERS, HEADING_LETTERS = 24, 12  # of a name before it is broken; of a line of a heading
_INTERVAL = re.compile(r"(.+?) \((.+ to .+)\)")
_CITATION = re.compile(r"\[(@[^\]]+)\]")
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
    """Return a table of text as a LaTeX table over both columns of a page, with booktabs rules.

    A value's interval stands below it, and headings and long names are broken into lines, so that
    eight columns fit into 17 cm.
    """
    escaped = frame.map(_stack_interval)
    escaped.columns = [_stack_words(column) for column in frame.columns]
    longest = max((len(str(name)) for name in frame.iloc[:, 0]), default=0)
    first = "p{3.6cm}" if longest > NAME_LETTERS else "l"
    style = escaped.style.hide(axis="index")
    table = style.to_latex(
        hrules=True,
        caption=escape_latex(caption),
        label=label,
        column_format=first + "r" * (len(frame.columns) - 1),
        position_float="centering",
        environment="table*",
    )
    return table.replace("\\centering\n", "\\centering\\footnotesize\\setlength{\\tabcolsep}{2.5pt}\n", 1)


def _stack_interval(text: str) -> str:
    """Return a cell as LaTeX: `39.8 (35.0 to 44.1)` becomes two lines, the interval in small type."""
    match = _INTERVAL.fullmatch(text)
    if not match:
        return escape_latex(text)
    value, span = (escape_latex(part) for part in match.groups())
    return rf"\shortstack[r]{{{value}\\{{\scriptsize {span}}}}}"


def _stack_words(heading: str) -> str:
    """Return a heading as LaTeX in lines of a word or two."""
    lines = textwrap.wrap(heading, HEADING_LETTERS, break_long_words=False)
    return rf"\shortstack{{{escape_latex_lines(lines)}}}" if len(lines) > 1 else escape_latex(heading)


def escape_latex_lines(lines: Sequence[str]) -> str:
    """Return lines of plain text as LaTeX, with a line break between them."""
    return r"\\".join(escape_latex(line) for line in lines)


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


def join_markdown(paragraphs: Sequence[str]) -> str:
    """Return paragraphs as Markdown, their first word in bold."""
    return "\n\n".join(f"**{head}.**{rest}" for head, _, rest in _split(paragraphs, ".", ":")) + "\n"


def join_latex(paragraphs: Sequence[str]) -> str:
    """Return paragraphs as LaTeX, their first word as a run-in heading."""
    return (
        "\n\n".join(
            rf"\paragraph{{{head}.}}{_cite(escape_latex(rest))}"
            for head, _, rest in _split(paragraphs, ".", ":")
        )
        + "\n"
    )


def _cite(text: str) -> str:
    """Return text in which `[@one; @two]`, as pandoc takes it, is a LaTeX citation."""
    return _CITATION.sub(lambda match: rf"\citep{{{match[1].replace('@', '').replace('; ', ',')}}}", text)


def write_main(tables: Sequence[str], figures: Sequence[str]) -> str:
    """Return a LaTeX document with the methods section, all tables and figures, and the references."""
    inputs = [rf"\input{{{name}.tex}}" for name in ("methods", *tables)]
    drawn = [
        rf"\begin{{figure}}\centering\includegraphics[width=\columnwidth]{{{name}}}\end{{figure}}"
        for name in figures
    ]
    return "\n".join(
        [
            r"% pdflatex paper && bibtex paper && pdflatex paper && pdflatex paper",
            r"\documentclass[10pt,twocolumn]{article}",
            r"\usepackage[a4paper,margin=2cm]{geometry}",
            r"\usepackage[T1]{fontenc}",
            r"\usepackage[utf8]{inputenc}",
            r"\usepackage{booktabs,graphicx,natbib}",
            r"\begin{document}",
            *inputs,
            *drawn,
            r"\bibliographystyle{plainnat}",
            r"\bibliography{references}",
            r"\end{document}",
            "",
        ]
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
