"""A LoRA joined to a pipeline's weights: read in the spellings it is found in, and proved to change them."""

import math
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from unscene.edits.removers.base import RemovalError
from unscene.run.loaded_weights import find_odd, shorten
from unscene.run.weight_files import find_broken_weights

# Keys of kohya's trainer, in which a layer's name has no dots: diffusers knows how to read them.
KOHYA = ("lora_unet_", "lora_te")
# What trainers put before the name of the layer: peft, and those that name the network by its kind.
FOREIGN = (
    *("base_model.model.", "diffusion_model.", "transformer.", "model.", "module.", "pipe.", "pipeline."),
    "lora.",
)
TOWERS = ("unet", "text_encoder", "text_encoder_2")
# What follows the name of the layer: peft's lora_A and lora_B, perhaps with the adapter's name, and
# what others call them.
ENDING = re.compile(
    r"(?P<layer>.+?)\.(?P<what>lora_?[AB]|lora_[ab]|lora_down|lora_up|lora(_linear_layer)?\.(down|up)"
    r"|lora_magnitude_vector|alpha)(\.(?!weight$|bias$)\w+)?(?P<kind>\.weight|\.bias)?"
)
# diffusers' attention processors of old.
OLD_ENDING = re.compile(
    r"(?P<layer>.+?)(\.processor)?\.(?P<part>to_q|to_k|to_v|to_out)_lora\.(?P<what>down|up)(?P<kind>\.weight)"
)
# What transformers calls the projections of a text tower.
PROJECTIONS = {"to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"}
# The two matrices of a layer, in peft's words and kohya's.
MATRICES = {
    ".lora_A.weight": "A",
    ".lora_down.weight": "A",
    ".lora_B.weight": "B",
    ".lora_up.weight": "B",
}
# Forms beside LoRA, which diffusers does not read or leaves out, by what their keys say.
OTHER_FORMS = {"hada_": "a LoHa", "lokr_": "a LoKr", "dora_scale": "a DoRA of kohya's trainer"}


def check_lora(path: Path) -> None:
    """Raise RemovalError when a file is no LoRA that is whole, as far as its first bytes tell."""
    if path.suffix != ".safetensors" or not path.is_file():
        raise RemovalError(f"edits.lora: {path} is no .safetensors file; name the file itself")
    if fault := find_broken_weights(path):
        raise RemovalError(f"edits.lora: {fault}")


def fuse_lora(pipeline, path: Path) -> None:
    """Add a LoRA (a .safetensors file) to the weights for good, so that it costs no time.

    Raises RemovalError when it is not all numbers, when a layer of it fits none of the pipeline,
    when diffusers takes only a part of it, and when no weight is another afterwards.
    """
    from safetensors.torch import load_file

    check_lora(path)
    state = load_file(path)
    _check_form(state, path)
    if all(key.startswith(KOHYA) for key in state):
        wanted, renamed = {key.split(".")[0] for key in state}, state
    else:
        renamed = rename_keys(state, pipeline, path)
        wanted = {key[: key.index(".lora_")] for key in renamed}
    if lone := _find_lone(renamed):
        raise RemovalError(f"edits.lora: {path} has one of the two matrices of {lone} alone; fetch it again")
    try:
        _hand_over(pipeline, path, state, renamed)
    except Exception as error:  # what diffusers raises depends on which key it stumbles over
        raise RemovalError(f"edits.lora: {path} does not fit the pipeline ({shorten(error)})") from error
    layers = _list_adapted(pipeline)
    if len(layers) != len(wanted):
        raise RemovalError(
            f"edits.lora: {len(layers)} of the {len(wanted)} layers of {path} fit the pipeline; it was made"
            " for another model, or its keys are spelt in a way that diffusers does not know"
        )
    before = [_sum_up(pipeline, layer) for layer in layers]
    pipeline.fuse_lora()
    pipeline.unload_lora_weights()
    after = [_sum_up(pipeline, layer) for layer in layers]
    if not all(math.isfinite(value) for sums in after for value in sums):
        raise RemovalError(f"edits.lora: {path} makes weights infinite; it was made for another model")
    if before == after:
        raise RemovalError(f"edits.lora: {path} changes no weight: its update is zero")


def rename_keys(state: dict, pipeline, path: Path) -> dict:
    """Return the LoRA as peft spells it, with each alpha multiplied in: tower, layer, lora_A or lora_B.

    Raises RemovalError, naming the first key that belongs to no layer of the pipeline or says
    nothing known of one.
    """
    layers = {
        tower: {
            name for name, module in getattr(pipeline, tower).named_modules() if hasattr(module, "weight")
        }
        for tower in TOWERS
        if getattr(pipeline, tower, None) is not None
    }
    renamed, alphas = {}, {}
    for key, value in state.items():
        read = OLD_ENDING.fullmatch(key) or ENDING.fullmatch(key)
        if read is None:
            raise RemovalError(
                f"edits.lora: {path} has the key {key}, which is spelt as neither peft, diffusers nor kohya"
                " spell a LoRA; save it with diffusers (save_lora_weights)"
            )
        layer = read["layer"] if "part" not in read.groupdict() else f"{read['layer']}.{read['part']}"
        name = _find_layer(layer, layers)
        if name is None:
            raise RemovalError(
                f"edits.lora: {path} has the key {key}, and no part of the pipeline has such a layer; it was"
                " made for another model"
            )
        if read["what"] == "alpha":
            alphas[name] = float(value)
        elif read["what"] == "lora_magnitude_vector":
            renamed[f"{name}.lora_magnitude_vector{read['kind'] or ''}"] = value
        else:
            side = "A" if read["what"].endswith(("A", "a", "down")) else "B"
            renamed[f"{name}.lora_{side}{read['kind'] or '.weight'}"] = value
    for name, alpha in alphas.items():
        first, second = f"{name}.lora_A.weight", f"{name}.lora_B.weight"
        if first in renamed and second in renamed:
            renamed[second] = renamed[second] * (alpha / len(renamed[first]))
    return renamed


def _check_form(state: dict, path: Path) -> None:
    """Raise RemovalError when a file holds no LoRA, another form of it, or anything but numbers."""
    for sign, form in OTHER_FORMS.items():
        if any(sign in key for key in state):
            raise RemovalError(
                f"edits.lora: {path} holds {form}, which diffusers does not read; merge it into the UNet and"
                " name that folder as edits.weights"
            )
    if not any("lora" in key for key in state):
        raise RemovalError(
            f"edits.lora: {path} holds no LoRA: no key of it says lora_A, lora_down or the like"
        )
    if name := find_odd(state.items()):
        raise RemovalError(
            f"edits.lora: {path}: its tensor {name} holds NaN or infinity; its training failed: take another"
        )


def _find_lone(keys: Iterable[str]) -> str | None:
    """Return the first layer that has one of its two matrices and lacks the other, None without one."""
    sides: dict[str, set[str]] = {}
    for key in keys:
        for ending, side in MATRICES.items():
            if key.endswith(ending):
                sides.setdefault(key.removesuffix(ending), set()).add(side)
    return next((layer for layer, found in sides.items() if len(found) == 1), None)


def _hand_over(pipeline, path: Path, state: dict, renamed: dict) -> None:
    """Have the pipeline load a LoRA, from a file of its own where keys were renamed: a file's header
    may hold the scales.
    """
    if all(renamed.get(key) is value for key, value in state.items()):
        pipeline.load_lora_weights(str(path.parent), weight_name=path.name, local_files_only=True)
        return
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(path, "pt") as file, tempfile.TemporaryDirectory() as folder:
        save_file(renamed, Path(folder) / "lora.safetensors", file.metadata())
        pipeline.load_lora_weights(folder, weight_name="lora.safetensors", local_files_only=True)


def _find_layer(layer: str, layers: dict[str, set[str]]) -> str | None:
    """Return a layer's name with its tower before it, once what trainers put there is taken away."""
    rest, tower = layer.replace("_orig_mod.", ""), None  # of a network that torch compiled
    while True:
        stem, _, last = rest.rpartition(".")
        spellings = (rest, f"{rest}.0", f"{stem}.{PROJECTIONS.get(last, last)}")
        spellings += tuple(each.removeprefix("text_model.") for each in spellings)
        for name, own in layers.items():
            found = next((each for each in spellings if each in own), None)
            if tower in (None, name) and found is not None:
                return f"{name}.{found}"
        prefix = next((each for each in (*FOREIGN, *(f"{t}." for t in layers)) if rest.startswith(each)), "")
        if not prefix:
            return None
        tower = prefix[:-1] if prefix[:-1] in layers else tower
        rest = rest.removeprefix(prefix)


def _list_adapted(pipeline) -> list[tuple[str, str]]:
    """Return (tower, layer) of all layers of the pipeline that hold an adapter now."""
    return [
        (tower, name)
        for tower in TOWERS
        if getattr(pipeline, tower, None) is not None
        for name, module in getattr(pipeline, tower).named_modules()
        if len(getattr(module, "lora_A", ()))
    ]


def _sum_up(pipeline, layer: tuple[str, str]) -> tuple[float, float]:
    """Return two sums that stand for a layer's weights, which may be gigabytes together."""
    module = getattr(pipeline, layer[0]).get_submodule(layer[1])
    weight = getattr(module, "base_layer", module).weight.double()
    return float(weight.sum()), float(weight.abs().sum())
