"""The report's figures: inline SVG, drawn by matplotlib, coloured by the page.

On the page every colour is a CSS variable, so a figure follows light, dark and print. Text stays
text. Figures are WIDTH units wide with 12-unit type, so that they are legible on a phone without
scrolling.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unscene.report.numbers import count, duration, short
from unscene.report.scores import CHANCE

WIDTH = 420
MOST_TIMES = 12  # rules that the figure of times names
# Colours by name. On the page each is a stand-in that becomes a CSS variable; on paper it has the
# page's light value.
STAND_INS = {
    "ink": "#010203",
    "muted": "#010204",
    "line": "#010205",
    "series": "#010206",
    "accent": "#010207",
    "good": "#010208",
    "bad": "#010209",
}
ON_PAPER = {
    "ink": "#20252b",
    "muted": "#5b636d",
    "line": "#dedad0",
    "series": "#27647b",
    "accent": "#b4531a",
    "good": "#2c7a51",
    "bad": "#b03a34",
}
INK, MUTED, LINE, SERIES, ACCENT, GOOD, BAD = (f"unscene:{name}" for name in STAND_INS)
OUTCOME_COLOURS = {"better": GOOD, "worse": BAD, "no clear difference": MUTED, "not measured": MUTED}
_UNDATED = ("Date", "Creator", "Format", "Type")
_STYLE = {
    "svg.fonttype": "none",
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Drawing:
    """A figure to be drawn: WIDTH units wide, `height` units high, by `draw(figure)`; for the page
    or for a paper.
    """

    name: str
    height: float
    draw: Callable

    def to_svg(self) -> str:
        """Return an <svg> element for the page: colours as CSS variables, ids of its own, no date,
        no outer size.
        """
        buffer = io.StringIO()
        self._save(buffer, STAND_INS, format="svg", metadata=dict.fromkeys(_UNDATED))
        svg = buffer.getvalue()
        svg = svg[svg.index("<svg") :]
        svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
        box = re.search(r'viewBox="([^"]*)"', svg).group(1)
        svg = re.sub(
            r"<svg[^>]*>",
            f'<svg class="figure" viewBox="{box}" aria-hidden="true" focusable="false">',
            svg,
            count=1,
        )
        svg = re.sub(r'\bid="', f'id="{self.name}-', svg)
        svg = re.sub(r"url\(#", f"url(#{self.name}-", svg)
        svg = re.sub(r'(?:xlink:)?href="#', f'href="#{self.name}-', svg)
        for variable, colour in STAND_INS.items():
            svg = svg.replace(colour, f"var(--{variable})")
        # The family is the page's; matplotlib's measure (DejaVu Sans) is wider than any it will meet.
        svg = re.sub(r"'DejaVu Sans'[^;\"]*", "var(--sans)", svg)
        return svg.strip()

    def save_pdf(self, path: str | Path) -> None:
        """Write the figure for a paper; the same numbers give the same bytes."""
        self._save(path, ON_PAPER, format="pdf", metadata={"CreationDate": None})

    def _save(self, target, palette: dict[str, str], **arguments) -> None:
        import matplotlib
        from matplotlib.figure import Figure

        named = matplotlib.colors.get_named_colors_mapping()
        for name, colour in palette.items():
            named[f"unscene:{name}"] = colour
        with matplotlib.rc_context({**_STYLE, "svg.hashsalt": f"unscene-{self.name}"}):
            figure = Figure(figsize=(WIDTH / 72, self.height / 72), layout="constrained")
            self.draw(figure)
            figure.get_layout_engine().set(h_pad=0.09, w_pad=0.06)
            figure.savefig(target, **arguments)


def draw_yields(steps: Sequence[dict]) -> str:
    """Draw the counts of each step, a panel per unit (captions, photos, edits) with its own scale."""
    units = list(dict.fromkeys(step["unit"] for step in steps))
    sizes = [sum(step["unit"] == unit for step in steps) for unit in units]

    def draw(figure):
        panels = figure.subplots(len(units), 1, gridspec_kw={"height_ratios": sizes}, squeeze=False)[:, 0]
        for axes, unit in zip(panels, units, strict=True):
            chain = [step for step in steps if step["unit"] == unit]
            _draw_bars(axes, [s["label"] for s in chain], [s["count"] for s in chain], count)
            axes.set_title(unit)

    return _render("yields", 46 + sum(27 * size + 32 for size in sizes), draw)


def draw_words(words: dict[str, int], most: int = 20) -> str:
    """Draw how many captions name each word, the commonest first."""
    shown = list(words.items())[:most]

    def draw(figure):
        _draw_bars(figure.subplots(), [word for word, _ in shown], [number for _, number in shown], count)

    return _render("words", 24 + 23 * max(1, len(shown)), draw)


def draw_times(rows: Sequence[dict]) -> str:
    """Draw the seconds of the MOST_TIMES longest rules, in the order of the flow, and those of all others."""
    longest = sorted((row["seconds"] for row in rows), reverse=True)[:MOST_TIMES]
    shown = [row for row in rows if row["seconds"] >= longest[-1]][:MOST_TIMES] if longest else []
    names, seconds = [row["rule"] for row in shown], [row["seconds"] for row in shown]
    if len(rows) > len(shown):
        names.append(f"{len(rows) - len(shown)} further rules")
        seconds.append(sum(row["seconds"] for row in rows) - sum(seconds))

    def draw(figure):
        _draw_bars(figure.subplots(), names, seconds, duration)

    return _render("times", 24 + 23 * max(1, len(names)), draw)


def is_drawable(score: dict) -> bool:
    """Tell whether a histogram of a score would show anything: it needs three different values."""
    return len(np.unique(score["values"])) >= 3


def draw_distributions(scores: Sequence[dict]) -> list[str]:
    """Draw a histogram of each score with its threshold, the refused side in another colour; no,
    one or two figures.
    """
    shown = [score for score in scores if is_drawable(score)]
    half = -(-len(shown) // 4) * 2  # two in a row, and as many rows in either figure
    return [
        _draw_histograms(f"distributions{start}", shown[start : start + half])
        for start in range(0, len(shown), half or 1)
    ]


def _draw_histograms(name: str, scores: Sequence[dict]) -> str:
    rows = -(-len(scores) // 2)

    def draw(figure):
        panels = figure.subplots(rows, 2, squeeze=False).ravel()
        for axes, score in zip(panels, scores, strict=False):
            _draw_histogram(axes, score)
        for axes in panels[len(scores) :]:
            axes.set_axis_off()

    return _render(name, 135 * rows, draw)


def draw_arms(arms: Sequence[str], summaries: dict[str, dict[str, dict]], main: str) -> str:
    """Draw text, image and group score of each arm: mean, interval, and the chance level as a broken line.

    summaries: metric -> arm -> {mean, low, high}.
    """

    def draw(figure):
        panels = figure.subplots(len(summaries), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (metric, rows) in zip(panels, summaries.items(), strict=True):
            axes.axvline(100 * CHANCE[metric], color=ACCENT, linewidth=1.2, linestyle=(0, (4, 3)))
            for position, arm in enumerate(arms):
                if arm in rows:
                    colour = SERIES if arm == main else MUTED
                    draw_interval(
                        axes, position, rows[arm]["mean"], rows[arm]["low"], rows[arm]["high"], colour
                    )
            label_rows(axes, arms)
            axes.set_xlim(0, 100)
            axes.set_title(metric.replace("_", " "))
        panels[-1].set_xlabel("% of held-out pairs; broken line: chance")

    return _render("arms", 30 + len(summaries) * (38 + 22 * len(arms)), draw)


def draw_contrasts(contrasts: Sequence[dict], metrics: Sequence[str]) -> Drawing:
    """Draw the differences between arms with their intervals, a panel per metric; the line at 0 is
    no difference.
    """
    names = list(dict.fromkeys((row["arm"], row["reference"]) for row in contrasts))

    def draw(figure):
        panels = figure.subplots(len(metrics), 1, sharex=True, squeeze=False)[:, 0]
        for axes, metric in zip(panels, metrics, strict=True):
            axes.axvline(0, color=INK, linewidth=1)
            for row in contrasts:
                if row["metric"] == metric and np.isfinite(row["difference"]):
                    position = names.index((row["arm"], row["reference"]))
                    colour = OUTCOME_COLOURS[row["outcome"]]
                    draw_interval(axes, position, row["difference"], row["low"], row["high"], colour)
            label_rows(axes, [f"{arm} \u2212 {reference}" for arm, reference in names])
            axes.set_title(metric.replace("_", " "))
        panels[-1].set_xlabel("difference in percentage points")

    return Drawing("contrasts", 30 + len(metrics) * (38 + 22 * len(names)), draw)


def _draw_bars(axes, labels: Sequence[str], values: Sequence[float], write) -> None:
    axes.barh(range(len(values)), values, height=0.62, color=SERIES)
    top = max([*values, 1e-9])
    for position, value in enumerate(values):
        axes.text(value + 0.015 * top, position, write(value), va="center", ha="left", color=MUTED)
    label_rows(axes, labels)
    axes.set_xlim(0, 1.22 * top)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def draw_interval(axes, position: int, middle: float, low: float, high: float, colour: str) -> None:
    """Draw a share and its interval, in percent, at a row."""
    if np.isfinite(low) and np.isfinite(high):
        axes.plot(
            [100 * low, 100 * high], [position, position], color=colour, linewidth=2.4, solid_capstyle="butt"
        )
    axes.plot([100 * middle], [position], "o", color=colour, markersize=7)


def _draw_histogram(axes, score: dict) -> None:
    values = score["values"]
    low, high = np.quantile(values, [0.005, 0.995])
    bounds = score["bounds"]
    low, high = min([low, *bounds.values()]), max([high, *bounds.values()])
    if low == high:
        low, high = low - 0.5, high + 0.5
    numbers, edges = np.histogram(values.clip(low, high), bins=24, range=(low, high))
    centres = (edges[1:] + edges[:-1]) / 2
    passes = (centres >= bounds.get("min", -np.inf)) & (centres <= bounds.get("max", np.inf))
    for bound in bounds.values():
        axes.axvline(bound, color=ACCENT, linewidth=1.6)
    width = 0.9 * (edges[1] - edges[0])
    for wanted, colour in ((True, SERIES), (False, BAD)):
        axes.bar(centres[passes == wanted], numbers[passes == wanted], width=width, color=colour)
    axes.set_title(score["name"].replace("_", " "))
    axes.grid(False)
    axes.set_yticks([])
    ticks = np.linspace(low, high, 3)
    axes.set_xticks(ticks, [short(float(tick)) for tick in ticks])
    for tick, alignment in zip(axes.get_xticklabels(), ("left", "center", "right"), strict=True):
        tick.set_horizontalalignment(alignment)
    axes.set_xlim(low - 0.03 * (high - low), high + 0.03 * (high - low))


def label_rows(axes, labels: Sequence[str]) -> None:
    """Name the rows of a chart, the first on top."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)


def _render(name: str, height: float, draw: Callable) -> str:
    return Drawing(name, height, draw).to_svg()
