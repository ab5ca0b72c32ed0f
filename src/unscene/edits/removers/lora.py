"""A LoRA joined to a pipeline's weights: read in the spellings it is found in, and proved to change them."""

from collections.abc import Iterable
from pathlib import Path

from unscene.edits.removers.base import RemovalError
from unscene.run.weight_files import find_broken_weights

# Beginnings of keys that diffusers itself knows: its own, and those of kohya's trainer.
KNOWN = ("unet.", "text_encoder.", "text_encoder_2.", "lora_unet_", "lora_te")
# What other trainers put before the name of the layer: peft, and those that name the network by its kind.
FOREIGN = ("base_model.model.", "diffusion_model.", "transformer.", "model.", "module.")
TOWERS = ("unet", "text_encoder", "text_encoder_2")
# What follows the name of the layer in a key.
ENDINGS = (".lora", ".alpha", ".dora_scale", ".processor.")


def check_lora(path: Path) -> None:
    """Raise RemovalError when a file is no LoRA that is whole, as far as its first bytes tell."""
    if path.suffix != ".safetensors" or not path.is_file():
        raise RemovalError(f"edits.lora: {path} is no .safetensors file; name the file itself")
    if fault := find_broken_weights(path):
        raise RemovalError(f"edits.lora: {fault}")


def fuse_lora(pipeline, path: Path) -> None:
    """Add a LoRA (a .safetensors file) to the weights for good, so that it costs no time.

    Raises RemovalError when a layer of it fits none of the pipeline, when diffusers takes only a
    part of it, and when no weight is another afterwards.
    """
    from safetensors.torch import load_file

    check_lora(path)
    state = load_file(path)
    if not any("lora" in key for key in state):
        raise RemovalError(
            f"edits.lora: {path} holds no LoRA: no key of it says lora_A, lora_down or the like"
        )
    given: str | dict = str(path.parent)
    named = {"weight_name": path.name, "local_files_only": True}
    if not all(key.startswith(KNOWN) for key in state):
        given, named = rename_keys(state, pipeline, path), {}
    try:
        pipeline.load_lora_weights(given, **named)
    except Exception as error:  # what diffusers raises depends on which key it stumbles over
        raise RemovalError(f"edits.lora: {path} does not fit the pipeline: {error}") from error
    layers, wanted = _list_adapted(pipeline), count_layers(state if isinstance(given, str) else given)
    if len(layers) != wanted:
        raise RemovalError(
            f"edits.lora: {len(layers)} of the {wanted} layers of {path} fit the pipeline; it was made for"
            " another model, or its keys are spelt in a way that diffusers does not know"
        )
    before = [_sum_up(pipeline, layer) for layer in layers]
    pipeline.fuse_lora()
    pipeline.unload_lora_weights()
    if before == [_sum_up(pipeline, layer) for layer in layers]:
        raise RemovalError(f"edits.lora: {path} changes no weight: its update is zero")


def rename_keys(state: dict, pipeline, path: Path) -> dict:
    """Return the LoRA with keys as diffusers knows them: the tower, then the layer.

    Raises RemovalError, naming the first that belongs to no layer of the pipeline.
    """
    layers = {
        tower: dict(getattr(pipeline, tower).named_modules()).keys()
        for tower in TOWERS
        if getattr(pipeline, tower, None) is not None
    }
    renamed = {}
    for key, value in state.items():
        name = key if key.startswith(KNOWN) else _find_layer(key, layers)
        if name is None:
            raise RemovalError(
                f"edits.lora: {path} has the key {key}, and no part of the pipeline has such a layer; it was"
                " made for another model"
            )
        renamed[name] = value
    return renamed


def _find_layer(key: str, layers: dict[str, Iterable[str]]) -> str | None:
    """Return a key with its tower before it, once what stands before its layer is taken away."""
    rest, stripped = key, True
    while stripped:
        for tower, names in layers.items():
            if _cut_ending(rest) in names:
                return f"{tower}.{rest}"
            if rest.startswith(f"{tower}.") and _cut_ending(rest.removeprefix(f"{tower}.")) in names:
                return rest
        prefix = next((prefix for prefix in FOREIGN if rest.startswith(prefix)), "")
        rest, stripped = rest.removeprefix(prefix), bool(prefix)
    return None


def count_layers(keys: Iterable[str]) -> int:
    """Return to how many layers the keys of a LoRA belong."""
    return len({_cut_ending(key) for key in keys})


def _cut_ending(key: str) -> str:
    return key[: min((key.find(ending) for ending in ENDINGS if ending in key), default=len(key))]


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
