"""What a config names and is not there: one entry a path, with what belongs at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unscene.evaluation.sets.exam import is_drawn
from unscene.evaluation.sets.formats import PATHS as PATHS_OF_SETS
from unscene.fetching.catalogue import Source, find_source
from unscene.run.configuration import DETECTORS
from unscene.run.weight_files import find_broken_weights
from unscene.samples.readers import READERS

# Kinds of repositories, by the key that names the path; a path with a suffix is one file.
_KINDS = {"edits.weights": "diffusers", "edits.tiny_vae": "transformers", "quality.dino": "transformers"}
_MODELS = "evaluate.models"
_KINDS |= dict.fromkeys(DETECTORS, "transformers") | {"train.clip": "clip", "edits.lora": "file"}


@dataclass(frozen=True)
class Need:
    """A path that a config names and at which nothing is. keys: that name it. kind: of what belongs
    there (diffusers, transformers, clip, file). source: where it comes from, None when nobody knows.
    is_own: whether the user said so, and not the catalogue.
    """

    path: str
    keys: tuple[str, ...]
    kind: str
    source: Source | None
    is_own: bool = False


def list_needs(config: dict, checkout: Path, own: Sequence[Source] = ()) -> list[Need]:
    """Return what the config names and is not there, in the config's order; photos apart.

    own: sources that go before the catalogue. A path that several keys name is one need.
    """
    keys: dict[str, list[str]] = {}
    for key, path in _list_paths(config):
        keys.setdefault(path, []).append(key)
    return [
        Need(path, tuple(named), _find_kind(named[0], path), *find_source(path, own))
        for path, named in keys.items()
        if not (checkout / path).exists()
    ]


def list_broken(config: dict, checkout: Path) -> list[str]:
    """Return what is wrong with weights that are there, as far as their first bytes tell; a line each."""
    paths = dict.fromkeys(path for key, path in _list_paths(config) if key in _KINDS)
    faults = [find_broken_weights(checkout / path) for path in paths if (checkout / path).exists()]
    return [f"{fault}: delete it, and run the same line again" for fault in faults if fault]


def list_photo_sources(config: dict) -> list[dict]:
    """Return the sources whose photos lie in a folder; their lists may name the photos' addresses."""
    return [
        one
        for one in config["samples"]["sources"]
        if "images" in READERS[one["format"]].paths and one.get("images")
    ]


def _list_paths(config: dict) -> list[tuple[str, str]]:
    found = []
    for dotted in _KINDS:
        section, key = dotted.split(".")
        if path := config.get(section, {}).get(key):
            found.append((dotted, path))
    for source in config["samples"]["sources"]:
        # The folder of photos is no need: its photos are, one by one.
        names = [name for name in READERS[source["format"]].paths if name != "images"]
        found += [
            (f"samples.sources, {source['name']}: {name}", source[name]) for name in names if source.get(name)
        ]
    for one in [one for one in config["evaluate"]["sets"] if not is_drawn(one)]:
        found += [
            (f"evaluate.sets, {one['name']}: {name}", one[name]) for name in PATHS_OF_SETS if one.get(name)
        ]
    for one in config["evaluate"]["models"]:
        found.append((_MODELS, one["path"]))
    for one in config["folds"]["leak_guards"]:
        found += [
            (f"folds.leak_guards, {one['name']}: {name}", one[name])
            for name in ("ids", "hashes")
            if one.get(name)
        ]
    return found


def _find_kind(key: str, path: str) -> str:
    is_file = Path(path).suffix in (".pt", ".pth", ".onnx", ".safetensors", ".json")
    return "file" if is_file else "clip" if key == _MODELS else _KINDS.get(key, "file")
