"""What a diffusers pipeline folder holds, told from its files: before torch is imported and hours
are spent.
"""

import json
from pathlib import Path

from unscene.edits.removers.base import RemovalError
from unscene.run.weight_files import find_broken_weights

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


def read_parts(path: Path) -> dict[str, str]:
    """Return {part: class} of a pipeline folder. Raises RemovalError, with the key and the way out,
    when it is no folder of a UNet pipeline that is whole.
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
    try:
        told = json.loads(index.read_text(encoding="utf-8"))
        parts = {name: value[1] for name, value in told.items() if isinstance(value, list) and value[1]}
    except (ValueError, IndexError, AttributeError) as error:
        raise RemovalError(f"edits.weights: {index} cannot be read ({error}); fetch it again") from error
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


def check_pipeline_folder(path: Path) -> str | None:
    """Return the variant of a pipeline folder's weights, None for the plain one. Raises RemovalError
    when something is missing or broken.
    """
    parts = read_parts(path)
    if fault := find_broken_weights(path):
        raise RemovalError(f"edits.weights: {fault}")
    with_weights = [name for name in parts if name == "unet" or name == "vae" or name.startswith("text_")]
    variants = [find_variant(path / name, "edits.weights") for name in with_weights]
    return next((variant for variant in variants if variant), None)


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
    kind = json.loads(config.read_text(encoding="utf-8")).get("_class_name")
    if kind != "AutoencoderTiny":
        raise RemovalError(f"edits.tiny_vae: {path} is a {kind}, not an AutoencoderTiny")
    return find_variant(path, "edits.tiny_vae")
