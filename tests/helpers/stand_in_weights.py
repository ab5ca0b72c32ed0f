"""Files that look like weights from outside, for dry runs: whole by their first bytes, and of no use."""

import json
import zipfile
from pathlib import Path

# A safetensors file of one number: the length of its header, the header, the number.
_HEADER = json.dumps({"stand_in": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode()
SAFETENSORS = len(_HEADER).to_bytes(8, "little") + _HEADER + b"\1"
PARTS = {
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "scheduler": ["diffusers", "DDIMScheduler"],
}


def write_stand_in(path: Path, key: str) -> None:
    """Write what a key of the config (`edits.weights`) may name at a path: a file when it has a
    suffix, else a folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix:
        path.write_bytes(SAFETENSORS if path.suffix == ".safetensors" else b"stand-in")
        if path.suffix in (".pt", ".pth"):
            with zipfile.ZipFile(path, "w") as archive:  # as TorchScript is
                archive.writestr(f"{path.stem}/constants.pkl", "")
        return
    path.mkdir()
    if key == "edits.weights":
        (path / "model_index.json").write_text(json.dumps({"_class_name": "Stand", **PARTS}))
        for part in PARTS:
            (path / part).mkdir()
            (path / part / "diffusion_pytorch_model.safetensors").write_bytes(SAFETENSORS)
        for name in ("vocab.json", "tokenizer_config.json"):
            (path / "tokenizer" / name).write_text("{}")
        return
    if key == "edits.tiny_vae":
        (path / "config.json").write_text(json.dumps({"_class_name": "AutoencoderTiny"}))
        (path / "diffusion_pytorch_model.safetensors").write_bytes(SAFETENSORS)
        return
    (path / "weights.safetensors").write_bytes(SAFETENSORS)
    # What such a folder is told by.
    (path / ("open_clip_config.json" if key == "train.clip" else "config.json")).write_text("{}")
