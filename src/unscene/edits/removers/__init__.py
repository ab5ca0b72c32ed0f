"""Removal: paint a photo's masked area as if the object had never been there.

A remover prepares a photo, paints and finishes (`Remover`); outside its mask a filled photo equals the original.
"""

from pathlib import Path

from unscene.edits.removers.base import RemovalError, Remover
from unscene.run.checkout import resolve_path


def load_remover(
    settings: dict, runtime: dict, device: str, path: Path | None = None, fingerprint: str | None = None
) -> Remover:
    """Return the remover that `settings` (the config's block `edits`) names.

    `runtime` is the config's block `runtime`, `path` that of the weights, `fingerprint` what tells them apart.
    """
    backend = settings["backend"]
    if backend == "telea":
        from unscene.edits.removers.telea import TeleaRemover

        return TeleaRemover(settings["context"], settings["feather_px"], runtime["workers"])
    if backend not in ("diffusers", "lama"):
        raise RemovalError(f"edits.backend: {backend!r} is not known; use diffusers, lama or telea")
    if path is None:
        needed = "an inpainting pipeline folder" if backend == "diffusers" else "a TorchScript or ONNX file"
        raise RemovalError(f"edits.weights: the backend {backend} needs the path of {needed}")
    if backend == "lama":
        from unscene.edits.removers.lama import LamaRemover

        return LamaRemover(path, settings, device, runtime["batch_size"], fingerprint)
    from unscene.edits.removers.diffusion import DiffusersRemover

    paths = {name: settings.get(name) and resolve_path(settings[name]) for name in ("lora", "tiny_vae")}
    remover = DiffusersRemover(
        path, {**settings, **paths}, device, runtime["precision"], runtime["batch_size"], fingerprint
    )
    if runtime.get("compile"):
        remover.compile()
    return remover
