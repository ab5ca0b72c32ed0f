"""Which files of a repository the project's own loaders read: the rest is not fetched."""

import re
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import PurePosixPath

from unscene.clip.models import CONFIG_NAME, TOKENIZER_FILES, WEIGHTS_NAME
from unscene.edits.removers.pipeline_folder import WEIGHTS
from unscene.fetching.downloads import FetchError

# Parts of the pipelines that edits.weights takes; what its loader does without is not fetched.
PARTS = ("unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")
CARDS = ("README.md", "LICENSE", "LICENSE.md", "LICENSE.txt")
_WEIGHTS = re.compile(
    rf"({'|'.join(WEIGHTS)})(?P<variant>\.\w+?)?(-\d+-of-\d+)?\.(?P<kind>safetensors|bin)"
    r"(\.index(?P<late>\.\w+)?\.json)?"
)
# Weights of CLIP in the order in which they are wanted, and those of open_clip's own older names.
OPEN_CLIP_WEIGHTS = (WEIGHTS_NAME, "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")


def choose_files(kind: str, names: Iterable[str], repo: str, is_half: bool = False) -> list[str]:
    """Return the files of a repository that the loader of a kind needs, sorted.

    kind: diffusers, transformers, clip. is_half: take weights of 16 bits where there are both.
    Raises FetchError when the repository is none of that kind.
    """
    names = sorted(names)
    chosen = {"diffusers": _choose_pipeline, "transformers": _choose_folder, "clip": _choose_clip}[kind](
        names, is_half
    )
    if not chosen:
        there = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        wanted = {
            "diffusers": "model_index.json and a UNet in diffusers' form",
            "transformers": "config.json and model.safetensors or pytorch_model.bin",
            "clip": f"{CONFIG_NAME} with its weights, or a CLIP in transformers' form",
        }[kind]
        raise FetchError(
            f"{repo}: it has not {wanted} (there are: {there or 'no files'}); name a file with hf:…:FILE"
        )
    return sorted({*chosen, *(name for name in names if name in CARDS)})


def _choose_pipeline(names: list[str], is_half: bool) -> list[str]:
    if "model_index.json" not in names:
        return []
    chosen = ["model_index.json"]
    for part in PARTS:
        chosen += _choose_part(
            [name for name in names if PurePosixPath(name).parent.as_posix() == part], is_half
        )
    return chosen if any(name.startswith("unet/") and _WEIGHTS.fullmatch(name[5:]) for name in chosen) else []


def _choose_part(names: list[str], is_half: bool) -> list[str]:
    texts = [n for n in names if n.endswith((".json", ".txt", ".model")) and not _match(n)]
    return texts + choose_weights(names, is_half)


def _choose_folder(names: list[str], is_half: bool) -> list[str]:
    top = [name for name in names if "/" not in name]
    weights = choose_weights(top, is_half)
    wanted = ("config.json", "preprocessor_config.json", "processor_config.json")
    return [name for name in top if name in wanted] + weights if weights and "config.json" in top else []


def _choose_clip(names: list[str], is_half: bool) -> list[str]:
    weights = next((name for name in OPEN_CLIP_WEIGHTS if name in names), None)
    if CONFIG_NAME in names and weights:
        top = [name for name in names if "/" not in name]
        return [CONFIG_NAME, weights, *(n for n in top if any(fnmatch(n, one) for one in TOKENIZER_FILES))]
    return _choose_folder(names, is_half)


def choose_weights(names: list[str], is_half: bool) -> list[str]:
    """Return one set of weights of a folder, with its index where it is cut into parts: safetensors
    before pickles, and the precision that is wanted before the other.
    """
    sets: dict[tuple[str, str], list[str]] = {}
    for name in names:
        if found := _match(name):
            variant = (found["variant"] or found["late"] or "").lstrip(".")
            sets.setdefault((variant, found["kind"]), []).append(name)
    variants = ("fp16", "") if is_half else ("", "fp16")
    for kind in ("safetensors", "bin"):
        for variant in variants:
            if (variant, kind) in sets:
                return sets[variant, kind]
    return []


def _match(name: str) -> re.Match | None:
    return _WEIGHTS.fullmatch(PurePosixPath(name).name)
