"""Any open_clip checkpoint by path, with the activation that its weights were trained with.

A folder says it in its config. A bare file does not, and the same weights load under either
activation without a warning: so the config must state it, and a file that is a fine-tuned
train.clip must not differ from it.
"""

from pathlib import Path

import numpy as np

from unscene.clip.folders import find_model
from unscene.clip.models import CONFIG_NAME, WEIGHTS_NAME, ClipError, load_clip
from unscene.machine.job import Job
from unscene.run.loaded_weights import check_archive, check_numbers, shorten
from unscene.run.tables import read_json
from unscene.run.weight_files import WeightsError, find_broken_weights
from unscene.words.vocabulary import Vocabulary

RELATED = 0.9  # correlation of weights; of unrelated models it is near 0, of a fine-tuned one near 1


def find_evaluated(job: Job) -> Path:
    """Return the folder of the tuned model whose meta.json a job takes as `model`, or train.clip's
    where it takes none.
    """
    return find_model(job.inputs.model) if job.inputs.model else job.find("train.clip")


def list_never_denied(path_to_meta: str | Path | None, vocabulary: Vocabulary) -> frozenset[str] | None:
    """Return the words that a model's training never denied, by its meta.json (`denied`: the words
    that it did); None where nothing is said, as of the untuned model, or where it denied nothing:
    then all words are alike, and those left over are no group of their own.
    """
    denied = read_json(path_to_meta).get("denied") if path_to_meta else None
    return frozenset(vocabulary) - set(denied) if denied else None


def load_checkpoint(model: dict, device: str, path_to_clip: str | Path | None = None) -> tuple:
    """Return (model, preprocess, tokenizer) of `path` (an open_clip folder, or a file with
    `architecture` and `quick_gelu`).

    path_to_clip: a folder whose fine-tuned descendants must share its activation. Raises ClipError
    when they do not, or when a file's stated activation is not the architecture's.
    """
    path = Path(model["path"])
    loaded = load_clip(path, device) if path.is_dir() else _load_file(path, model, device)
    if path_to_clip is not None:
        stated = _read_quick_gelu(path) if path.is_dir() else model["quick_gelu"]
        check_activation(loaded[0], stated, path_to_clip, path)
    return loaded


def check_activation(loaded, quick_gelu: bool, path_to_clip: str | Path, name: str | Path) -> None:
    """Raise ClipError when a model's weights come from those of a folder and their activations differ."""
    from safetensors import safe_open

    folder = Path(path_to_clip)
    base = _read_quick_gelu(folder)
    if base == quick_gelu:
        return
    own = {key: value for key, value in loaded.state_dict().items() if value.ndim == 2}
    correlations = []
    with safe_open(folder / WEIGHTS_NAME, "numpy") as weights:
        for key in sorted(set(weights.keys()) & own.keys()):
            theirs = weights.get_tensor(key)
            if theirs.shape == tuple(own[key].shape):
                pair = theirs.ravel().astype(np.float64), own[key].cpu().numpy().ravel().astype(np.float64)
                correlations.append(np.corrcoef(*pair)[0, 1])
    if correlations and np.median(correlations) > RELATED:
        raise ClipError(
            f"{name}: its weights are those of {folder}, fine-tuned (correlation "
            f"{np.median(correlations):.3f}), which has "
            f"quick_gelu {base}; it is loaded with quick_gelu {quick_gelu} and would score wrongly"
        )


def _load_file(path: Path, model: dict, device: str) -> tuple:
    from unscene.run.offline import stay_offline

    stay_offline()
    import open_clip

    name, stated = model.get("architecture"), model.get("quick_gelu")
    if not name or stated is None:
        raise ClipError(
            f"{path}: a checkpoint file needs `architecture` (an open_clip name such as "
            "ViT-B-32-quickgelu) and `quick_gelu` (true for "
            "OpenAI's weights and what was fine-tuned from them)"
        )
    config = open_clip.get_model_config(name)
    if config is None:
        raise ClipError(f"{path}: open_clip knows no architecture {name!r}")
    if bool(config.get("quick_gelu")) != stated:
        raise ClipError(
            f"{path}: quick_gelu is {stated}, but open_clip's {name} has "
            f"{bool(config.get('quick_gelu'))}; take the architecture "
            f"{'with' if stated else 'without'} -quickgelu in its name"
        )
    try:
        if fault := find_broken_weights(path):
            raise WeightsError(fault)
        check_archive(path)
        loaded, _, preprocess = open_clip.create_model_and_transforms(
            name, pretrained=str(path), precision="fp32", device=device
        )
        check_numbers(loaded, path)
    except WeightsError as error:
        raise ClipError(str(error)) from error
    except Exception as error:  # unpickling a foreign file raises nearly anything
        raise ClipError(f"{path}: open_clip cannot load it as {name} ({shorten(error)})") from error
    return loaded.eval(), preprocess, open_clip.get_tokenizer(name)


def _read_quick_gelu(folder: Path) -> bool:
    return bool(read_json(folder / CONFIG_NAME)["model_cfg"].get("quick_gelu"))
