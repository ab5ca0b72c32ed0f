"""How models read wordings and nouns that no recipe was chosen by: on the untouched photos of a fold.

    python tests/bench/bench_wordings.py --run runs/mine [--fold 0] [--seed 0] MODEL ...

MODEL is a folder of open_clip (resources/embedded/clip for the untuned one) whose training has not seen
the photos of that fold and training seed. Each is asked two things:

* whether an object of the word list is there, by the denials of the tests, and by those and the affirmative
  wordings of blind_wordings.yaml;
* of photos of the embedded scenes, whether they show a beach, a street ...: nouns that the list does not
  have. What is there is known from the scenes. Snow has no article and is left out.

All figures are areas under the curve, means over wordings and objects; a coin has .50.
"""

import argparse
from pathlib import Path

import numpy as np
import yaml
from sklearn.metrics import roc_auc_score

from unscene.evaluation.absence_questions import ABSENT, PRESENT
from unscene.evaluation.embedders import Embedder
from unscene.evaluation.fold_scores import load_untouched
from unscene.evaluation.gallery import Gallery
from unscene.evaluation.untouched_photos import read_untouched
from unscene.scenes import compose_scene
from unscene.scenes.places import PLACES
from unscene.words.absence_probes import Probe, Probes, hold_out, name_forms, read_held_out
from unscene.words.coco80 import COCO80
from unscene.words.denial_grammar import read_grammar

LIST = Path(__file__).with_name("blind_wordings.yaml")
NOUNS = tuple(place for place in PLACES if place != "snow")
BATCH = 64
EARLY = 12  # an object that begins within so many characters comes before its denial, in this list


def read_blind() -> list[Probe]:
    """Return the wordings of the second list, without those that the grammar of the training can write."""
    entries, first = yaml.safe_load(LIST.read_text(encoding="utf-8")), read_held_out()
    probes = [
        Probe(
            kind, entry["name"], entry.get("word"), entry["text"], kind == "affirmative" and "word" in entry
        )
        for kind, own in entries.items()
        for entry in own
    ]
    return list(hold_out(Probes(tuple(probes), first.small_words, first.picture_words), read_grammar()))


def names_object_first(probe: Probe) -> bool:
    """Tell whether a wording begins with its object."""
    return probe.text.find("{") < EARLY


def score_words(embedder: Embedder, gallery: Gallery, features: np.ndarray) -> dict[str, float]:
    """Return the areas by kind of wording, for the categories that have enough photos."""
    blind = read_blind()
    denials = [probe for probe in blind if probe.kind != "affirmative"]
    kinds = {
        "first list, denials": read_held_out().of("known"),
        "second list, denials": denials,
        "of these, object first": [probe for probe in denials if names_object_first(probe)],
        "the others": [probe for probe in denials if not names_object_first(probe)],
        "affirmative": [probe for probe in blind if probe.kind == "affirmative" and not probe.tricky],
        "affirmative, tricky": [probe for probe in blind if probe.tricky],
    }
    areas: dict[str, list[float]] = {name: [] for name in kinds}
    for column in gallery.list_classes():
        has, lacks = gallery.has[:, column], gallery.lacks[:, column]
        known, forms = has | lacks, name_forms(COCO80, gallery.categories[column])
        for name, probes in kinds.items():
            truth = (has if name.startswith("affirmative") else lacks)[known]
            texts = embedder.embed_texts([probe.write(forms) for probe in probes])
            areas[name].append(average_areas(truth, features[known], texts))
    return {name: float(np.mean(own)) for name, own in areas.items()}


def score_places(embedder: Embedder, places: np.ndarray, features: np.ndarray) -> dict[str, float]:
    """Return the areas of denials and assertions of the drawn scenes' places."""
    rows = []
    for noun in NOUNS:
        forms, shown = name_forms(COCO80, noun), places == noun
        absent, present = (embedder.embed_texts([text.format(**forms)]) for text in (ABSENT, PRESENT))
        held_out = embedder.embed_texts([probe.write(forms) for probe in read_held_out().of("known")])
        rows.append(
            {
                "places, present": average_areas(shown, features, present),
                "places, bare denial": average_areas(~shown, features, absent),
                "places, first list": average_areas(~shown, features, held_out),
            }
        )
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def average_areas(truth: np.ndarray, photo: np.ndarray, text: np.ndarray) -> float:
    """Return the mean area of texts (texts, dim) that should score photos (photos, dim) by truth."""
    return float(np.mean([roc_auc_score(truth, scores) for scores in text @ photo.T]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True, help="working directory of a run")
    parser.add_argument("--fold", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0, help="training seed, which has a split of its own")
    parser.add_argument("--scenes", type=int, default=7, help="seed of the embedded source `scenes`")
    parser.add_argument("models", type=Path, nargs="+")
    given = parser.parse_args()
    results = given.run.resolve() / "results"
    folds = results / (f"folds/repeats/{given.seed}.parquet" if given.seed else "folds/folds.parquet")
    photo = read_untouched(results / "metrics/photos.parquet", folds)
    photo = photo[photo["fold"] == given.fold].assign(path=lambda table: results.parent / table["path"])
    for model in given.models:
        embedder = Embedder.load(model, "cpu", BATCH)
        readable, pixels, _ = load_untouched(embedder, photo, 1)
        features, gallery = embedder.embed_photos(pixels), Gallery.of_table(readable, COCO80)
        scores = score_words(embedder, gallery, features)
        drawn = readable["image_id"].str.startswith("scenes_")
        if drawn.all():
            number = readable["image_id"].str.rsplit("_", n=1).str[-1].astype(int)
            places = np.array([compose_scene(given.scenes, index).place for index in number])
            scores |= score_places(embedder, places, features)
        print(f"{model}: {len(readable)} photos")
        for name, area in scores.items():
            print(f"    {name:24} {area:.3f}")


if __name__ == "__main__":
    main()
