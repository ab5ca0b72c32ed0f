"""How models read the denial of nouns that the word list does not have: the places of drawn scenes.

    python tests/bench/bench_nouns.py --run runs/mine MODEL ...

MODEL is a folder of open_clip (resources/embedded/clip for the untuned one). It is asked of the untouched
photos of fold 0 whether they show a beach, a street ..., by the held-out denials and affirmative wordings
of the tests. What is there is known from the scenes. Nouns that its training told of (`nouns` of an arm)
and the others are averaged apart. Snow has no article and is left out.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from unscene.evaluation.absence_questions import ABSENT, PRESENT
from unscene.evaluation.embedders import Embedder
from unscene.evaluation.fold_scores import load_untouched
from unscene.evaluation.untouched_photos import read_untouched
from unscene.scenes import compose_scene
from unscene.scenes.places import PLACES
from unscene.words.absence_probes import name_forms, read_held_out
from unscene.words.coco80 import COCO80

NOUNS = tuple(place for place in PLACES if place != "snow")


def read_scenes(run: Path, source: str, seed: int) -> pd.DataFrame:
    """Return the untouched photos of fold 0 that a source drew, with their `place`."""
    photo = read_untouched(run / "results/metrics/photos.parquet", run / "results/folds/folds.parquet")
    photo = photo[(photo["fold"] == 0) & photo["image_id"].str.startswith(f"{source}_")]
    index = photo["image_id"].str.rsplit("_", n=1).str[-1].astype(int)
    return photo.assign(
        place=[compose_scene(seed, number).place for number in index], path=run / photo["path"]
    )


def score_nouns(embedder: Embedder, photo: pd.DataFrame) -> pd.DataFrame:
    """Return `noun photos bare denials present affirmative`, a row a noun: how many photos show it, and
    mean areas under the curve of "a photo with no o", of the held-out denials, of "a photo with o", and of
    the affirmative wordings.
    """
    photo, pixels, _ = load_untouched(embedder, photo, 1)
    features, probes = embedder.embed_photos(pixels), read_held_out()
    rows = []
    for noun in NOUNS:
        shown = (photo["place"] == noun).to_numpy()
        forms = name_forms(COCO80, noun)
        wordings = {
            "bare": [ABSENT.format(**forms)],
            "denials": [probe.write(forms) for probe in probes.of("known")],
            "present": [PRESENT.format(**forms)],
            "affirmative": [probe.write(forms) for probe in probes.of("affirmative") if not probe.tricky],
        }
        row = {"noun": noun, "photos": int(shown.sum())}
        for name, texts in wordings.items():
            scores = features @ embedder.embed_texts(texts).T
            truth = ~shown if name in ("bare", "denials") else shown
            row[name] = float(np.mean([roc_auc_score(truth, score) for score in scores.T]))
        rows.append(row)
    return pd.DataFrame(rows)


def list_told(model: Path) -> list[str]:
    """Return the nouns that a model's training told of by texts alone."""
    notes = model / "meta.json"
    return json.loads(notes.read_text())["arm_settings"].get("nouns", []) if notes.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True, help="working directory of a run")
    parser.add_argument("--source", default="scenes", help="the embedded source whose photos are asked")
    parser.add_argument("--seed", type=int, default=7, help="that source's seed")
    parser.add_argument("models", type=Path, nargs="+")
    given = parser.parse_args()
    photo = read_scenes(given.run.resolve(), given.source, given.seed)
    for model in given.models:
        table = score_nouns(Embedder.load(model, "cpu", 64), photo)
        told = table["noun"].isin(list_told(model))
        print(f"{model}\n{table.round(3).to_string(index=False)}")
        for name, part in (("told of", table[told]), ("not told of", table[~told])):
            if len(part):
                means = part[["bare", "denials", "present", "affirmative"]].mean()
                print(f"{len(part)} nouns {name}: " + ", ".join(f"{k} {v:.3f}" for k, v in means.items()))


if __name__ == "__main__":
    main()
