"""Files of weights that cannot be what they should be: told from their first bytes, before anything
is loaded.

Weights reach a machine by downloads that break off, by git without LFS, through pages that ask for
a login. Each ends in an error deep in some library, an hour into a run.
"""

import json
import zipfile
from pathlib import Path

SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".onnx")
# What libraries read as a JSON object. Of a vocabulary, which may be megabytes, only the ends are read.
CONFIGS = ("config.json", "index.json")
VOCABULARIES = ("tokenizer.json", "vocab.json", "special_tokens_map.json")
_HEAD_BYTES = 64
# Of a download that broke off after room was made for all of it, the end holds nothing but zeros; that of
# weights so short may be a bias that starts at zero.
_ZEROS, _LONG = 2**14, 2**18


class WeightsError(ValueError):
    """A file or folder of weights that cannot be used, by its path and the way out."""


def find_broken_weights(path: Path) -> str | None:
    """Return what is wrong with a file of weights, or with the first such file of a folder, in one
    line with the way out; None when nothing is seen.

    Only beginnings, sizes and configs are read: an answer takes milliseconds, whatever the file's size.
    """
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    for file in files:
        if file.name.endswith(CONFIGS):
            try:
                told = read_config(file)
                if path.is_dir() and file.name.endswith(".safetensors.index.json"):
                    _check_index(file, told)
            except WeightsError as error:
                return str(error)
        elif (file.suffix in SUFFIXES or file.name in VOCABULARIES) and (fault := _find_fault(file)):
            return f"{file} {fault}; fetch it again"
    return None


def read_config(file: Path) -> dict:
    """Return what a JSON file of a model says. Raises WeightsError when it is not there or holds no
    JSON object.
    """
    if not file.is_file():
        raise WeightsError(f"{file} is not there; fetch the folder whole")
    if fault := _find_fault(file):
        raise WeightsError(f"{file} {fault}; fetch it again")
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WeightsError(f"{file} cannot be read as JSON ({error}); fetch it again") from error
    if not isinstance(told, dict):
        raise WeightsError(f"{file} holds a {type(told).__name__}, not a JSON object; fetch it again")
    return told


def _check_index(index: Path, told: dict) -> None:
    """Raise WeightsError unless an index names, for each tensor, a file that lies beside it."""
    placed = told.get("weight_map")
    if not isinstance(placed, dict) or not all(isinstance(part, str) for part in placed.values()):
        raise WeightsError(f"{index} has no weight_map from tensors to files; fetch it again")
    for part in sorted(set(placed.values())):
        if not (index.parent / part).is_file():
            raise WeightsError(f"{index} names {part}, which is not there; fetch the folder whole")


def _find_fault(file: Path) -> str | None:
    size = file.stat().st_size
    if size == 0:
        return "is empty"
    with open(file, "rb") as handle:
        head = handle.read(_HEAD_BYTES)
        handle.seek(max(size - _ZEROS, 0))
        tail = handle.read()
    if head.startswith(b"version https://git-lfs"):
        return "is a pointer of Git LFS, not the weights (git lfs pull)"
    if head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page, not weights"
    if file.name in VOCABULARIES:
        whole = head.lstrip().startswith(b"{") and tail.rstrip().endswith(b"}")
        return None if whole else "is cut off or no JSON object"
    if (
        file.suffix in SUFFIXES
        and (text := head.decode("ascii", "replace").strip()).isprintable()
        and "\ufffd" not in text
    ):
        return f"is text, not weights: {text[:40]!r}"
    if size >= _LONG and not any(tail):
        return "ends in zeros: its download broke off"
    if file.suffix == ".safetensors":
        return _find_fault_of_safetensors(file, size)
    if head.startswith(b"PK") and not zipfile.is_zipfile(file):
        return "is cut off: its end is missing"
    return None


def _find_fault_of_safetensors(file: Path, size: int) -> str | None:
    """Compare a file with its own header: 8 bytes of its length, JSON, then the tensors."""
    with open(file, "rb") as handle:
        length = int.from_bytes(handle.read(8), "little")
        if length > size - 8:
            return f"is cut off or no safetensors file: {size} bytes"
        try:
            header = json.loads(handle.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, TypeError, KeyError, AttributeError):
            return "is no safetensors file: its header cannot be read"
    if not ends:
        return "holds no tensors"
    whole = 8 + length + max(ends)
    if size == whole:
        return None
    return f"is cut off: {size} of {whole} bytes" if size < whole else f"has {size - whole} bytes too many"
