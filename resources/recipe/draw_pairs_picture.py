"""Draw the picture of the README from a finished run: a few pairs, before and after, with their captions.

python resources/recipe/draw_pairs_picture.py RUN docs/images/pairs.png
"""

import argparse
import textwrap
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from unscene.photos.images import read_photo

CATEGORIES = ("dog", "boat", "kite", "bench")
INK = "#20252b"


def draw_pairs(run: Path, path: Path) -> None:
    """Draw the first accepted pair of each of CATEGORIES, by edit_id: original above, edit below."""
    pairs = pd.read_parquet(run / "results/quality/pairs.parquet").sort_values("edit_id")
    shown = [pairs[pairs["category"] == category].iloc[0] for category in CATEGORIES]
    figure = Figure(figsize=(2.6 * len(shown), 6.2), layout="constrained", facecolor="white")
    panels = figure.subplots(2, len(shown), squeeze=False)
    for column, pair in enumerate(shown):
        for row, (photo, caption) in enumerate(
            (
                (pair["original_path"], pair["caption_original"]),
                (pair["edited_path"], pair["caption_negated"]),
            )
        ):
            panel = panels[row, column]
            panel.imshow(read_photo(run / photo))
            panel.set_axis_off()
            panel.set_title("\n".join(textwrap.wrap(caption, 30)), fontsize=9, color=INK, y=-0.05, va="top")
    figure.savefig(path, dpi=80, metadata={"Software": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("path", type=Path)
    given = parser.parse_args()
    draw_pairs(given.run, given.path)
