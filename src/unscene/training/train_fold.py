"""Fine-tune CLIP: one arm on the training pairs of one fold, with one training seed."""

from unscene.evaluation.wise_ft import mark_inner
from unscene.folds.leak_guards import drop_leaked
from unscene.training.loop import fine_tune
from unscene.training.pairs import PairError, read_pairs, split_by_class, split_pairs
from unscene.training.workers import run_workers


def train_clip(
    path_to_pairs,
    path_to_folds,
    path_to_clip,
    path_to_model,
    arm,
    fold,
    training_seed,
    settings,
    runtime,
    path_to_leaks=None,
    path_to_classes=None,
    **run,
):
    """Train on the pairs of all folds but one and write the model folder; photos of evaluation sets and the inner validation
    are kept out.

    path_to_classes: folds of the categories; when given, `fold` is one of these and its categories are kept out in place of the fold
    of photos. settings: the step's config (`seed`, `arm`: this arm's entry, `train`: steps, rates ...). run: paths of
    cache, controls and state, threads, settings_hash, as `unscene.training.loop.fine_tune` takes them.
    """
    pair = read_pairs(path_to_pairs, path_to_folds)
    if path_to_classes is None:
        pair, _ = split_pairs(pair, fold)
    else:
        pair, _ = split_by_class(pair, path_to_classes, fold)
    pair = drop_leaked(pair, path_to_leaks)
    pair = pair[~mark_inner(pair["group"], settings["train"].get("inner_share", 0), settings["seed"])]
    if pair.empty:
        raise PairError(
            "every training pair is in the inner validation; lower train.inner_share or add photos"
        )
    arguments = {
        "pair": pair,
        "path_to_clip": path_to_clip,
        "path_to_model": path_to_model,
        "name": arm,
        "arm": settings["arm"],
        "settings": {key: value for key, value in settings["train"].items() if key != "clip"},
        "seeds": (settings["seed"], fold if path_to_classes is None else f"class{fold}", training_seed),
        "runtime": runtime,
        **run,
    }
    run_workers(fine_tune, arguments, runtime)
