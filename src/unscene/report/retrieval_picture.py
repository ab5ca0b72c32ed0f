"""Draw what "..., no dog" finds before and after tuning: the first photos of a few queries over a
held-out fold.
"""

import logging
import textwrap

import numpy as np
import pandas as pd

from unscene.clip.folders import find_model
from unscene.clip.models import embed_photos, embed_texts, load_clip
from unscene.machine.job import Job
from unscene.run.seeds import derive_seed
from unscene.run.tables import replaced_atomically, write_json
from unscene.training.pairs import find_long_pairs, load_pairs, read_pairs, split_pairs

FOLD = 0  # one fold shows what every fold would: its photos were not trained on
QUERIES, SHOWN = 4, 6
# What is known of a photo and the object that the query says is absent.
COLOURS = {"contains": "#b03a34", "removed": "#2c7a51", "other": "#c9c5bb"}
TILE_INCHES = 1.15
INK = "#767676"  # is read on white paper and on a dark page alike; the picture has no ground of its own


def draw_retrieval(job: Job) -> None:
    """Write the figure (PNG) and what it shows (JSON): the first SHOWN photos of each query with
    either model.

    A query is the negated caption of a held-out pair, the commonest categories first, one of each.
    The gallery is every original and edit of the fold. Of a photo it is known that it `contains`
    the object (an original of the category) or that it was `removed` (an edit of it); of the
    `other` ones nothing is claimed.
    """
    device, clip, arm = job.device, job.find("train.clip"), job.settings["deploy"]["arm"]
    _, pair = split_pairs(read_pairs(job.inputs.pairs, job.inputs.folds), FOLD)
    model, preprocess, tokenizer = load_clip(clip, device)
    pairs = load_pairs(pair[~find_long_pairs(pair, tokenizer)], preprocess, job.runtime["workers"])
    query = choose_queries(pairs.table, job.settings["seed"])
    content = label_photos(pairs)
    found = {}
    for name, path in (("untuned", clip), (arm, find_model(job.inputs.model))):
        model, preprocess, tokenizer = load_clip(path, device)
        photos = embed_photos(model, preprocess, pairs.photos, job.runtime["batch_size"])
        texts = embed_texts(model, tokenizer, list(query["caption_negated"]))
        found[name] = np.argsort(-(texts @ photos.T), axis=1, kind="stable")[:, :SHOWN]
    rows = [
        {
            "query": row.caption_negated,
            "category": row.category,
            **{
                name: [judge_photo(content[at], row.category) for at in order[position]]
                for name, order in found.items()
            },
        }
        for position, row in enumerate(query.itertuples())
    ]
    draw_grid(rows, found, pairs.photos, job.outputs.figure)
    write_json({"arm": arm, "fold": FOLD, "gallery": len(pairs.photos), "queries": rows}, job.outputs.found)
    for name in found:
        wrong = sum(row[name].count("contains") for row in rows)
        logging.getLogger("unscene").info(
            "%s: %d of %d first photos contain the object", name, wrong, len(rows) * SHOWN
        )


def choose_queries(pair: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return one pair of each of the commonest QUERIES categories, drawn by the seed and the edit_id."""
    order = pair["edit_id"].map(lambda edit_id: derive_seed(seed, edit_id, "query"))
    first = pair.assign(_order=order).sort_values("_order").drop_duplicates("category")
    count = pair["category"].value_counts()
    return (
        first.assign(_count=first["category"].map(count))
        .sort_values(["_count", "category"], ascending=[False, True])[
            ["edit_id", "category", "caption_negated"]
        ]
        .head(QUERIES)
    )


def label_photos(pairs) -> list[dict[str, str]]:
    """Return for each photo of the cache what is known of it: category -> `contains` or `removed`."""
    content: list[dict[str, str]] = [{} for _ in range(len(pairs.photos))]
    for category, original, edited in zip(
        pairs.table["category"], pairs.original_at, pairs.edited_at, strict=True
    ):
        content[original][category] = "contains"
        content[edited][category] = "removed"
    return content


def judge_photo(known: dict[str, str], category: str) -> str:
    """Return `contains`, `removed` or `other` for a photo and a category."""
    return known.get(category, "other")


def draw_grid(rows: list[dict], found: dict[str, np.ndarray], photos: np.ndarray, path_to_figure) -> None:
    """Draw a block a query, a row a model; the frame of a photo tells what is known of it."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    lines = len(rows) * len(found)
    figure = Figure(
        figsize=(SHOWN * TILE_INCHES + 1.2, lines * TILE_INCHES + 0.45 * len(rows) + 0.5),
        layout="constrained",
    )
    blocks = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
    for position, (row, block) in enumerate(zip(rows, blocks, strict=True)):
        block.suptitle(
            "\n".join(textwrap.wrap(f"“{row['query']}”", 90)), fontsize=10, x=0.01, ha="left", color=INK
        )
        panels = block.subplots(len(found), SHOWN, squeeze=False)
        for line, (name, order) in enumerate(found.items()):
            panels[line, 0].set_ylabel(name, fontsize=9, color=INK)
            for panel, at, label in zip(panels[line], order[position], row[name], strict=True):
                panel.imshow(photos[at], interpolation="nearest" if photos.shape[1] < 128 else "antialiased")
                panel.set_xticks([])
                panel.set_yticks([])
                for side in panel.spines.values():
                    side.set_color(COLOURS[label])
                    side.set_linewidth(3)
    names = {"contains": "shows the object", "removed": "object removed", "other": "not known"}
    figure.legend(
        handles=[Patch(color=COLOURS[key], label=text) for key, text in names.items()],
        loc="outside lower right",
        ncols=3,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
    )
    with replaced_atomically(path_to_figure) as temporary:
        figure.savefig(temporary, format="png", dpi=110, transparent=True, metadata={"Software": None})
