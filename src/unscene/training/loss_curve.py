"""The loss of a training as a picture, beside its table."""

import io

import pandas as pd

NOT_LOSSES = ("step", "gradient_norm", "learning_rate")


def draw_curve(curve: pd.DataFrame, name: str) -> str:
    """Return an SVG of the loss and its unweighted terms over the steps, the learning rate below;
    equal curves, equal text.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "unscene", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(6, 4), layout="constrained")
        losses, rate = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        for column in (column for column in curve if column not in NOT_LOSSES):
            losses.plot(curve["step"], curve[column], label=column, linewidth=1.8 if column == "loss" else 1)
        losses.set_title(name)
        losses.legend(frameon=False)
        rate.plot(curve["step"], curve["learning_rate"], color="0.4")
        rate.set_ylabel("learning rate")
        rate.set_xlabel("step")
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()
