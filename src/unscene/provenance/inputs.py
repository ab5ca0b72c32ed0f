"""The files that a config names: what a run was made of, and with which weights."""

from collections.abc import Iterator
from typing import Any

from unscene.provenance.hashing import hash_file, hash_folder
from unscene.run.checkout import CHECKOUT
from unscene.run.configuration import MADE_BY_PEOPLE, WEIGHTS
from unscene.run.lineage import ENTRIES, FILES_OF

_OTHER_INPUTS = ("plan.prices", *MADE_BY_PEOPLE)


def list_input_files(config: dict) -> dict[str, list[dict]]:
    """Return `inputs` and `weights`: a dict a file or folder with the `key` of the config that
    names it, its `path` as the config has it, and its whole SHA-256.

    The photos of a source are none of these: the samples tables hold the SHA-256 of each.
    """
    return {
        "inputs": [_describe(key, path) for key, path in _list_inputs(config)],
        "weights": [_describe(key, path) for key, path in _list_weights(config)],
    }


def describe_file(path: str) -> dict:
    """Return `bytes` and `sha256` of a file or folder that the config names, `files` of a folder;
    nothing when it is not there.
    """
    here = CHECKOUT / path
    if here.is_dir():
        return hash_folder(here, {})
    return {"bytes": here.stat().st_size, "sha256": hash_file(here)} if here.is_file() else {}


def _describe(key: str, path: str) -> dict:
    return {"key": key, "path": path, **describe_file(path)}


def _list_weights(config: dict) -> Iterator[tuple[str, str]]:
    for key in WEIGHTS:
        if path := _look_up(config, key):
            yield key, path
    for entry in config["evaluate"]["models"]:
        if entry.get("path"):
            yield f"evaluate.models.{entry['name']}.path", entry["path"]


def _list_inputs(config: dict) -> Iterator[tuple[str, str]]:
    for key in _OTHER_INPUTS:
        if path := _look_up(config, key):
            yield key, path
    for kind in ("source", "set", "guard"):
        dotted = ENTRIES[kind]
        for entry in _look_up(config, dotted) or []:
            if "of_world" in entry:  # the run draws these files
                continue
            for name in FILES_OF[kind]:
                path = entry.get(name)
                if isinstance(path, str) and (CHECKOUT / path).is_file():
                    yield f"{dotted}.{entry['name']}.{name}", path


def _look_up(config: dict, dotted: str) -> Any:
    value: Any = config
    for key in dotted.split("."):
        value = value.get(key)
    return value
