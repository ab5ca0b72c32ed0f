"""Write up the batch-size study: the figure of exact answers and cost against n, and its text for a paper."""

import io

import pandas as pd

from unscene.batchsize.columns import ACCURACY
from unscene.batchsize.design import REPEAT
from unscene.batchsize.text import to_latex, to_markdown
from unscene.machine.job import Job
from unscene.run.tables import read_json, write_text

INCHES = (6.4, 3.4)


def write_batchsize(job: Job) -> None:
    """Write the figure and the text. inputs: accuracy, chosen; outputs: figure, markdown, latex."""
    trials, chosen = ACCURACY.read(job.inputs.accuracy), read_json(job.inputs.chosen)
    write_text(draw_study(trials, chosen), job.outputs.figure)
    write_text(to_markdown(trials, chosen), job.outputs.markdown)
    write_text(to_latex(trials, chosen), job.outputs.latex)


def draw_study(trials: pd.DataFrame, chosen: dict) -> str:
    """Return an SVG: left the difference of exact matches to n = 1 in points with its bounds,
    right the run's dollars.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    larger = trials[(trials["captions_per_prompt"] > 1) & trials["difference"].notna()]
    priced = trials[(trials["trial"] != REPEAT) & trials["usd"].notna()]
    style = {
        "svg.fonttype": "none",
        "svg.hashsalt": "unscene",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with plt.rc_context(style):
        figure, (left, right) = plt.subplots(1, 2, figsize=INCHES, layout="constrained")
        difference, low, high = (100 * larger[name] for name in ("difference", "low", "high"))
        left.errorbar(
            larger["captions_per_prompt"],
            difference,
            yerr=[(difference - low).clip(lower=0), (high - difference).clip(lower=0)],
            fmt="o",
            color="black",
            capsize=3,
        )
        left.axhline(0, color="grey", linewidth=0.8)
        left.axhline(-100 * chosen["margin"], color="firebrick", linestyle="--", linewidth=1, label="margin")
        left.set(
            xlabel="captions per prompt",
            ylabel="exact match minus n = 1 (points)",
            title=f"{chosen['measure'].capitalize()}, with 95 % bounds",
        )
        left.legend(frameon=False)
        right.plot(priced["captions_per_prompt"], priced["usd"], "o-", color="black")
        right.set(xlabel="captions per prompt", ylabel="dollars", ylim=(0, None))
        right.set_title(f"Cost of {chosen['study']['captions_of_run']:,} captions")
        for axes in (left, right):
            axes.set_xscale("log")
            ticks = sorted(set(trials["captions_per_prompt"]))
            axes.set_xticks(ticks, [str(int(tick)) for tick in ticks])
            axes.minorticks_off()
            axes.axvline(chosen["captions_per_prompt"], color="steelblue", linewidth=6, alpha=0.25)
        if chosen["simulated"]:
            figure.suptitle("SIMULATED: answers made from the lexicon", color="firebrick")
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
    return buffer.getvalue()
