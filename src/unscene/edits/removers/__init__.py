"""Removal: paint a photo's masked area as if the object had never been there; one entry a remover
in `REMOVERS`.

To add a remover: a module with a subclass of `Remover`, and its entry here. Config checks, schema
and manual are computed from it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from unscene.edits.removers.base import FILES, NO_WEIGHTS, RemovalError, Remover, Weights
from unscene.edits.removers.lama_file import check_lama
from unscene.edits.removers.lora import check_lora
from unscene.edits.removers.pipeline_folder import check_pipeline_folder, check_tiny_vae
from unscene.edits.removers.sampling import count_evaluations
from unscene.machine.devices import ON_CPU, Setup

__all__ = [
    "FILES",
    "REMOVERS",
    "Backend",
    "RemovalError",
    "Remover",
    "Weights",
    "find_weights",
    "load_remover",
]


@dataclass(frozen=True)
class Backend:
    """A remover that edits.backend can name.

    needed: keys of the config's block `edits` that it cannot do without. optional: keys that only
    it and its like know; null for the others. further: keys that it reads and others ignore.
    weights: what edits.weights must name, "" for none. licence: its own, where it has one, or of
    its usual weights. count_evaluations: how often its network runs for one attempt, by the block
    `edits`. needs_device: whether it works on a GPU where there is one. load: (settings, weights,
    setup) -> the remover, importing what it needs. check: of weights that are there; raises
    RemovalError at what can be told from names and first bytes. open: (settings, weights) -> what
    they are in a few words; as `check`, by the libraries that will load them, but quickly and
    without much memory. method: how a paper tells and cites it.
    """

    name: str
    doc: str
    load: Callable[[dict, Weights, Setup], Remover]
    licence: str
    weights: str = ""
    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    count_evaluations: Callable[[dict], int] = lambda settings: 1
    needs_device: bool = True
    check: Callable[[Weights], None] = lambda weights: None
    open: Callable[[dict, Weights], str] = lambda settings, weights: ""
    method: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys of the block `edits` that this remover reads and another may not."""
        return self.needed + self.optional + self.further


def _load_telea(settings: dict, weights: Weights, setup: Setup) -> Remover:
    from unscene.edits.removers.telea import TeleaRemover

    return TeleaRemover(settings["context"], settings["feather_px"], setup.workers)


def _load_lama(settings: dict, weights: Weights, setup: Setup) -> Remover:
    from unscene.edits.removers.lama import LamaRemover

    return LamaRemover(weights, settings, setup)


def _load_diffusers(settings: dict, weights: Weights, setup: Setup) -> Remover:
    from unscene.edits.removers.diffusion import DiffusersRemover

    return DiffusersRemover(weights, settings, setup)


def _check_lama(weights: Weights) -> None:
    if weights.main is not None:
        check_lama(weights.main)


def _check_diffusers(weights: Weights) -> None:
    if weights.main is not None:
        check_pipeline_folder(weights.main)
    if weights.tiny_vae is not None:
        check_tiny_vae(weights.tiny_vae)
    if weights.lora is not None:
        check_lora(weights.lora)


def _open_lama(settings: dict, weights: Weights) -> str:
    from unscene.edits.removers.lama import LamaRemover

    return f"paints batches of {LamaRemover(weights, settings).batch_shape}"


def _open_diffusers(settings: dict, weights: Weights) -> str:
    from unscene.edits.removers.diffusion import check_networks

    return check_networks(weights)


REMOVERS = {
    backend.name: backend
    for backend in (
        Backend(
            "diffusers",
            "An inpainting pipeline (SD 1.5, SD 2, SDXL and their tunings).",
            load=_load_diffusers,
            licence="that of the weights: CreativeML OpenRAIL-M for most",
            weights="a diffusers inpainting folder",
            needed=("weights",),
            optional=("lora", "tiny_vae", "scheduler"),
            further=("size", "smallest_crop", "steps", "guidance", "strength", "prompt", "negative_prompt"),
            count_evaluations=count_evaluations,
            check=_check_diffusers,
            open=_open_diffusers,
            method="inpainting by a latent diffusion model [@rombach2022ldm]",
        ),
        Backend(
            "lama",
            "An exported LaMa: Fourier convolutions, one pass, no noise.",
            load=_load_lama,
            licence="Apache-2.0",
            weights="a TorchScript or ONNX file",
            needed=("weights",),
            further=("size", "smallest_crop"),
            check=_check_lama,
            open=_open_lama,
            method="LaMa [@suvorov2022lama]",
        ),
        Backend(
            "telea",
            "OpenCV's classical method: no weights, no device.",
            load=_load_telea,
            licence="Apache-2.0",
            needs_device=False,
            method="the fast marching method of Telea [@telea2004inpainting]",
        ),
    )
}


def find_weights(
    settings: dict, find: Callable[[str], Path | None], fingerprint: str | None = None
) -> Weights:
    """Return the files that the remover which `settings` (the config's block `edits`) names reads.

    find: key of the block -> the path that it names, None for null. fingerprint: as Weights has it.
    """
    keys = REMOVERS[settings["backend"]].keys
    return Weights(*(find(key) if key in keys else None for key in FILES), fingerprint)


def load_remover(settings: dict, weights: Weights = NO_WEIGHTS, setup: Setup = ON_CPU) -> Remover:
    """Return the remover that `settings` (the config's block `edits`) names. Raises RemovalError,
    naming the key.
    """
    backend = REMOVERS.get(settings["backend"])
    if backend is None:
        raise RemovalError(f"edits.backend: {settings['backend']!r} is not known; use {', '.join(REMOVERS)}")
    if "weights" in backend.needed and weights.main is None:
        raise RemovalError(f"edits.weights: the backend {backend.name} needs the path of {backend.weights}")
    return backend.load(settings, weights, setup)
