"""What a diffusers pipeline folder holds, told from its files: before torch is imported and hours
are spent.
"""

from pathlib import Path

from unscene.edits.removers.base import RemovalError
from unscene.run.weight_files import WeightsError, find_broken_weights, read_config

# Parts that a removal does without, though a folder's model_index.json names them.
OPTIONAL = ("feature_extractor", "image_encoder", "safety_checker")
# Parts with weights, and how diffusers and transformers call the file of each.
WEIGHTS = ("diffusion_pytorch_model", "model", "pytorch_model")
# diffusers reads such a file with the hub's config of its family, so it needs the network once.
CONVERT = (
    "convert it where there is a network: python -c 'from diffusers import"
    ' StableDiffusionInpaintPipeline as P; P.from_single_file("FILE").save_pretrained("FOLDER")\''
    " (for SDXL StableDiffusionXLInpaintPipeline)"
)


CHANNELS = 4  # of the latents of SD 1.5, SD 2 and SDXL
# What a tokenizer cannot do without: one of these.
VOCABULARIES = ("tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "tokenizer.model")


def read_parts(path: Path) -> dict[str, tuple[str, str]]:
    """Return {part: (library, class)} of a pipeline folder. Raises RemovalError, with the key and the
    way out, when it is no folder of a UNet pipeline that is whole.
    """
    if path.is_file():
        raise RemovalError(
            f"edits.weights: {path} is one file, and a diffusers pipeline folder is needed; {CONVERT}"
        )
    index = path / "model_index.json"
    if not index.is_file():
        raise RemovalError(
            f"edits.weights: {path} is no diffusers pipeline folder (model_index.json is missing); name the"
            " folder that has it, with unet/, vae/ and the rest below it"
        )
    told = _read(index, "edits.weights")
    listed = {name: value for name, value in told.items() if isinstance(value, list)}
    for name, value in listed.items():
        if len(value) != 2:
            raise RemovalError(
                f"edits.weights: {index} names no library and class for {name}; fetch it again"
            )
    parts = {name: (library, kind) for name, (library, kind) in listed.items() if kind}
    if "unet" not in parts:
        raise RemovalError(
            f"edits.weights: {path} holds a {told.get('_class_name', 'pipeline')}, which has no UNet; use"
            " inpainting weights of SD 1.5, SD 2, SDXL or their tunings"
        )
    missing = [name for name in parts if name not in OPTIONAL and not (path / name).is_dir()]
    if missing:
        raise RemovalError(
            f"edits.weights: {path} lacks {', '.join(f'{name}/' for name in missing)}, which its"
            " model_index.json names; fetch the folder whole"
        )
    return {name: value for name, value in parts.items() if (path / name).is_dir()}


def find_variant(folder: Path, key: str) -> str | None:
    """Return the variant (`fp16`) under whose name the weights of a part lie; None when they have
    the plain name.

    Raises RemovalError when there are no weights at all.
    """
    names = [file.name for file in folder.iterdir() if file.name.startswith(WEIGHTS)]
    weights = [name.split(".") for name in names if name.endswith((".safetensors", ".bin"))]
    # name.safetensors, name.VARIANT.safetensors, and parts of a large one: name-00001-of-00002.safetensors
    if any(len(pieces) == 2 for pieces in weights):
        return None
    variants = sorted({pieces[1].split("-")[0] for pieces in weights if len(pieces) == 3})
    if not variants:
        raise RemovalError(f"{key}: {folder} has no weights (.safetensors or .bin); fetch the folder whole")
    return "fp16" if "fp16" in variants else variants[0]


def list_networks(parts: dict) -> list[str]:
    """Return the parts of a pipeline that are networks, and needed."""
    return [name for name in parts if name in ("unet", "vae") or name.startswith("text_")]


def check_pipeline_folder(path: Path) -> None:
    """Raise RemovalError when something of a pipeline folder is missing or broken."""
    parts = read_parts(path)
    if fault := find_broken_weights(path):
        raise RemovalError(f"edits.weights: {fault}")
    for name in parts:
        if name.startswith("tokenizer") and not any((path / name / file).is_file() for file in VOCABULARIES):
            raise RemovalError(
                f"edits.weights: {path / name} has no vocabulary (vocab.json or tokenizer.json); fetch the"
                " folder whole"
            )
        if name.startswith("tokenizer"):
            _read(path / name / "tokenizer_config.json", "edits.weights")
    for name in list_networks(parts):
        find_variant(path / name, "edits.weights")


def check_tiny_vae(path: Path) -> str | None:
    """Return the variant of a tiny autoencoder's folder, None for the plain one. Raises RemovalError."""
    config = path / "config.json"
    if not config.is_file():
        raise RemovalError(
            f"edits.tiny_vae: {path} is no folder with config.json and weights of an AutoencoderTiny"
            " (TAESD, TAESDXL); name the folder, not a file in it"
        )
    if fault := find_broken_weights(path):
        raise RemovalError(f"edits.tiny_vae: {fault}")
    told = _read(config, "edits.tiny_vae")
    kind = told.get("_class_name")
    if kind != "AutoencoderTiny":
        raise RemovalError(f"edits.tiny_vae: {path} is a {kind}, not an AutoencoderTiny")
    if (channels := told.get("latent_channels", CHANNELS)) != CHANNELS:
        raise RemovalError(
            f"edits.tiny_vae: {path} has {channels} latent channels, as FLUX and SD 3; a remover's has"
            f" {CHANNELS} (TAESD for SD 1.5 and 2, TAESDXL for SDXL)"
        )
    return find_variant(path, "edits.tiny_vae")


def _read(config: Path, key: str) -> dict:
    try:
        return read_config(config)
    except WeightsError as error:
        raise RemovalError(f"{key}: {error}") from error
