"""Weights that are loaded: each tensor of the network comes from its files, and all are numbers.

Libraries fill what a file lacks with random numbers, pass over what they do not know, and warn at
most. Such a network runs, and every result of it is worth nothing.
"""

import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from unscene.run.weight_files import WeightsError

if TYPE_CHECKING:
    import torch

# Tensors of no consequence, which files of some versions have and others lack.
HARMLESS = re.compile(r"(^|\.)(position_ids|num_batches_tracked|inv_freq)$")
STATISTICS = ("running_mean", "running_var")
MOST_NAMED = 3  # tensors in a message
MOST_CITED = 300  # letters of a library's own message


def load_whole(cls, folder: Path, further: Sequence[str] = (), **options):
    """Return `cls.from_pretrained(folder)`, of transformers or diffusers, once it is proved whole.

    further: beginnings of tensors that the folder may hold beyond the network's own, such as those
    of a head that is not asked for. With `device_map="meta"` only the headers of the files are
    read. Raises WeightsError, with the folder and the way out, when it cannot be loaded, when
    tensors are missing, unknown or of another shape, and when one is not all numbers.
    """
    if options.get("device_map") != "meta":
        for file in sorted(folder.glob("*.bin")):
            check_archive(file)
    if cls.__module__.startswith("transformers"):  # its own error names no tensor, as diffusers' does
        options["ignore_mismatched_sizes"] = True
    try:
        model, told = cls.from_pretrained(
            str(folder), local_files_only=True, output_loading_info=True, **options
        )
    except Exception as error:  # of several libraries, by what they miss
        raise WeightsError(f"{folder} cannot be loaded as {cls.__name__} ({shorten(error)})") from error
    found = told["unexpected_keys"]
    check_whole(
        f"{folder}: its files and config.json are not of one {type(model).__name__}",
        missing=told["missing_keys"],
        unknown=[name for name in found if not name.startswith(tuple(further))],
        reshaped=[entry[0] for entry in told["mismatched_keys"]],
    )
    check_numbers(model, folder)
    return model


def check_whole(
    what: str, missing: Collection[str], unknown: Collection[str], reshaped: Collection[str] = ()
) -> None:
    """Raise WeightsError, opened by `what`, when any tensor of consequence is named."""
    faults = [
        f"{len(names)} tensors {kind} ({_list(names)})"
        for kind, names in (
            ("are missing", _weigh(missing)),
            ("are unknown to it", _weigh(unknown)),
            ("have another shape", _weigh(reshaped)),
        )
        if names
    ]
    if faults:
        raise WeightsError(f"{what}: {'; '.join(faults)}. Fetch the folder whole, from one place")


def check_archive(file: Path) -> None:
    """Raise WeightsError when a file of torch, which is a zip, is not what its check sums say: torch itself
    compares none.
    """
    if not zipfile.is_zipfile(file):
        return
    try:
        with zipfile.ZipFile(file) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        damaged = shorten(error)
    if damaged:
        raise WeightsError(f"{file} is damaged: {damaged} in it has another check sum; fetch it again")


def check_numbers(model, path: Path) -> None:
    """Raise WeightsError when a parameter of a network, or a running statistic, is not all numbers."""
    if name := find_odd(_list_tensors(model)):
        raise WeightsError(
            f"{path}: its tensor {name} holds NaN or infinity, so nothing comes out of it; its training"
            " or its conversion failed: take other weights"
        )


def find_odd(tensors: Iterable[tuple[str, "torch.Tensor"]]) -> str | None:
    """Return the name of the first tensor that holds a NaN or an infinity, None when none does."""
    import torch

    for name, tensor in tensors:
        if not tensor.is_floating_point() or not tensor.numel() or tensor.device.type == "meta":
            continue
        # The extremes of a tensor with a NaN are NaN; they cost a tenth of isfinite and no memory.
        if not all(torch.isfinite(each) for each in torch.aminmax(tensor.detach())):
            return name
    return None


def shorten(error: Exception) -> str:
    """Return the kind of a library's error and the beginning of what it says, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:MOST_CITED]}{' ...' if len(text) > MOST_CITED else ''}"


def _list_tensors(model) -> Iterator[tuple[str, "torch.Tensor"]]:
    yield from model.named_parameters()
    # Other buffers, such as masks of attention, may be infinite by design.
    yield from ((name, each) for name, each in model.named_buffers() if name.endswith(STATISTICS))


def _weigh(names: Collection[str]) -> list[str]:
    return sorted(name for name in names if not HARMLESS.search(name))


def _list(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (" ..." if len(names) > MOST_NAMED else "")
