"""What an exported LaMa's file must be, told before it is loaded. Cheap to import."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from unscene.edits.removers.base import RemovalError
from unscene.run.weight_files import find_broken_weights

# The types of input that an ONNX file may ask for, by their names there, as numpy names them.
FLOATS = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64"}
EXPORT = (
    "export the generator with torch.jit.trace or torch.onnx.export, with two inputs: the photo (batch, 3,"
    " height, width) in 0..1 and the mask (batch, 1, height, width)"
)


def check_lama(path: Path) -> None:
    """Raise RemovalError when a path names no export of a LaMa, as far as names and first bytes tell."""
    if path.is_dir():
        raise RemovalError(f"edits.weights: {path} is a folder; name the TorchScript or ONNX file in it")
    if fault := find_broken_weights(path):
        raise RemovalError(f"edits.weights: {fault}")
    if path.suffix == ".onnx":
        return
    names = zipfile.ZipFile(path).namelist() if zipfile.is_zipfile(path) else []
    # Both are zip files of torch; only TorchScript brings the code of the network and its constants.
    if not any(name.endswith("/constants.pkl") for name in names):
        kind = "a checkpoint without its network" if names else "neither TorchScript nor .onnx"
        raise RemovalError(f"edits.weights: {path} is {kind}; {EXPORT}")


def sort_inputs(inputs: Sequence, path: Path) -> tuple:
    """Return (photo, mask) of the inputs of an ONNX file (`name`, `shape`, `type` each). Raises
    RemovalError when they are not those of a LaMa.
    """
    asked = ", ".join(f"{each.name} {each.type} {each.shape}" for each in inputs)
    if len(inputs) != 2 or any(len(each.shape) != 4 or each.type not in FLOATS for each in inputs):
        raise RemovalError(f"edits.weights: {path} asks for {asked}; {EXPORT}")
    channels = [each.shape[1] for each in inputs]
    if channels[0] == 1 or channels[1] == 3 or (3 not in channels and "mask" in inputs[0].name.lower()):
        inputs, channels = inputs[::-1], channels[::-1]
    # A size without a number fits any.
    if isinstance(channels[0], int) and channels[0] != 3 or isinstance(channels[1], int) and channels[1] != 1:
        raise RemovalError(f"edits.weights: {path} asks for {asked}; {EXPORT}")
    return tuple(inputs)
