"""Files of weights that cannot be what they should be: told from their first bytes, before anything
is loaded.

Weights reach a machine by downloads that break off, by git without LFS, through pages that ask for
a login. Each ends in an error deep in some library, an hour into a run.
"""

import json
import zipfile
from pathlib import Path

SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".onnx")
_HEAD_BYTES = 64


def find_broken_weights(path: Path) -> str | None:
    """Return what is wrong with a file of weights, or with the first such file of a folder, in one
    line with the way out; None when nothing is seen.

    Only beginnings and sizes are read: an answer takes milliseconds, whatever the file's size.
    """
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    for file in [file for file in files if file.suffix in SUFFIXES]:
        if fault := _find_fault(file):
            return f"{file} {fault}; fetch it again"
    for index in [] if path.is_file() else sorted(path.rglob("*.safetensors.index.json")):
        parts = set(json.loads(index.read_text(encoding="utf-8")).get("weight_map", {}).values())
        for part in sorted(parts):
            if not (index.parent / part).is_file():
                return f"{index} names {part}, which is not there; fetch the folder whole"
    return None


def _find_fault(file: Path) -> str | None:
    size = file.stat().st_size
    if size == 0:
        return "is empty"
    with open(file, "rb") as handle:
        head = handle.read(_HEAD_BYTES)
    if head.startswith(b"version https://git-lfs"):
        return "is a pointer of Git LFS, not the weights (git lfs pull)"
    if head.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "is a web page, not weights"
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
    whole = 8 + length + max(ends, default=0)
    return None if whole == size else f"is cut off: {size} of {whole} bytes" if size < whole else None
