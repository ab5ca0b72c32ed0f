"""Fine-tune CLIP for deployment: one arm on all pairs, with training seed 0."""

from unscene.folds.leak_guards import drop_leaked
from unscene.training.loop import fine_tune
from unscene.training.pairs import read_pairs
from unscene.training.workers import run_workers


def train_final(
    path_to_pairs, path_to_clip, path_to_model, arm, settings, runtime, path_to_leaks=None, **run
):
    """Train on all pairs but those of evaluation sets and write the model folder; what to expect of it is what the folds' models
    scored.

    settings: the step's config (`seed`, `arm`: this arm's entry, `train`: steps, rates ...). run: paths of cache,
    controls and state, threads, settings_hash, as `unscene.training.loop.fine_tune` takes them.
    """
    arguments = {
        "pair": drop_leaked(read_pairs(path_to_pairs), path_to_leaks),
        "path_to_clip": path_to_clip,
        "path_to_model": path_to_model,
        "name": arm,
        "arm": settings["arm"],
        "settings": {key: value for key, value in settings["train"].items() if key != "clip"},
        "seeds": (settings["seed"], "all", 0),
        "runtime": runtime,
        **run,
    }
    run_workers(fine_tune, arguments, runtime)
