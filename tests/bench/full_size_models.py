"""The architectures of real runs at their full size, with random weights: for shapes, memory and
speed, never for quality.

Nothing is downloaded: the numbers are those of the published configs (Stable Diffusion 1.5
inpainting, SDXL inpainting 0.1, the CLIP text towers of both), and the parameter counts are checked
against the published ones in tests.
"""

from contextlib import contextmanager
from pathlib import Path

from unscene.run.offline import stay_offline

stay_offline()
from unscene.words.coco80 import COCO80

TOKENIZER = Path(__file__).resolve().parents[2] / "resources" / "embedded" / "inpainter" / "tokenizer"
TOKENS = 77
VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}
UNET = {
    "sd15": {
        "sample_size": 64,
        "in_channels": 9,
        "block_out_channels": (320, 640, 1280, 1280),
        "cross_attention_dim": 768,
        "attention_head_dim": 8,
    },
    "sdxl": {
        "sample_size": 128,
        "in_channels": 9,
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 2, 10),
        "attention_head_dim": (5, 10, 20),
        "cross_attention_dim": 2048,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
        "use_linear_projection": True,
    },
}
SCHEDULE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
TEXT_L = {
    "vocab_size": 49408,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "projection_dim": 768,
}
TEXT_BIGG = {
    "vocab_size": 49408,
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "hidden_act": "gelu",
    "projection_dim": 1280,
}


def make_inpainter(kind: str, device: str = "meta", dtype: str = "float32", scheduler: str = "ddim"):
    """Return a diffusers inpainting pipeline, `kind` sd15 or sdxl, with random weights made on
    `device` (meta: shapes alone).

    scheduler: ddim or lcm. The tokenizer is the embedded one, filled up to CLIP's 77 tokens, so
    that the text towers see real shapes.
    """
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        LCMScheduler,
        StableDiffusionInpaintPipeline,
        StableDiffusionXLInpaintPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(str(TOKENIZER), model_max_length=TOKENS)
    ends = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    with made_on(device, dtype):
        unet = UNet2DConditionModel(**UNET[kind])
        text = CLIPTextModel(CLIPTextConfig(**TEXT_L, **ends))
        if kind == "sdxl":
            vae = AutoencoderKL(**VAE, sample_size=1024, scaling_factor=0.13025, force_upcast=False)
            text_2 = CLIPTextModelWithProjection(CLIPTextConfig(**TEXT_BIGG, **ends))
        else:
            vae = AutoencoderKL(**VAE, sample_size=512, scaling_factor=0.18215)
    chosen = {"ddim": DDIMScheduler, "lcm": LCMScheduler}[scheduler](
        **SCHEDULE, clip_sample=False, set_alpha_to_one=False
    )
    if kind == "sdxl":
        pipeline = StableDiffusionXLInpaintPipeline(
            vae=vae,
            unet=unet,
            text_encoder=text,
            text_encoder_2=text_2,
            tokenizer=tokenizer,
            tokenizer_2=tokenizer,
            scheduler=chosen,
            add_watermarker=False,
        )
    else:
        pipeline = StableDiffusionInpaintPipeline(
            vae=vae,
            unet=unet,
            text_encoder=text,
            tokenizer=tokenizer,
            scheduler=chosen,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    pipeline.set_progress_bar_config(disable=True)
    for part in (unet, vae, text):
        part.eval().requires_grad_(False)
    return pipeline


def save_inpainter(kind: str, folder: Path, device: str, is_small: bool = False) -> None:
    """Write a pipeline folder, `kind` sd15 or sdxl, in bfloat16, as a user's weights lie; is_small:
    a few layers of few channels in its place.
    """
    if is_small:
        from tiny_inpainter import save_tiny_inpainter, save_tiny_xl_inpainter

        (save_tiny_xl_inpainter if kind == "sdxl" else save_tiny_inpainter)(folder)
        return
    make_inpainter(kind, device, "bfloat16").save_pretrained(folder)


def make_photos(folder: Path, count: int, height: int = 480, width: int = 640) -> list[Path]:
    """Write JPEG files with coloured blotches and some grain, about as large as photos of this
    size; return their paths.
    """
    import numpy as np
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index in range(count):
        rng = np.random.default_rng(index)
        small = rng.integers(0, 256, (height // 40, width // 40, 3), dtype=np.uint8)
        smooth = np.asarray(
            Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC), np.int16
        )
        grain = rng.normal(0, 6, (height, width, 1)).astype(np.int16)
        paths.append(folder / f"photo_{index}.jpg")
        Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8)).save(paths[-1], quality=92)
    return paths


def save_detector(name: str, path: Path, photo: Path, boxes: int = 10, image_size: int = 640) -> Path:
    """Write an ultralytics checkpoint of an architecture (`yolo11x-seg`, `yolo26x-seg` ...) with
    random weights and COCO's names.

    A network fresh from its initialisation finds nothing, or the same everywhere, and then no mask
    would be made: the last layer of its first class, person, is spread so that about `boxes`
    anchors pass confidence .25 on `photo`.
    """
    import torch
    from ultralytics import YOLO

    torch.manual_seed(0)
    model = YOLO(f"{name}.yaml", verbose=False)
    network = model.model.eval()
    head = network.model[-1]
    last = [branch[-1] for part in ("cv3", "one2one_cv3") for branch in getattr(head, part, None) or ()]
    for layers in (last[:3], last[3:]):
        if layers:
            _spread_logits(network, layers, photo, boxes, image_size)
    network.names = dict(enumerate(COCO80))
    model.save(path)
    return Path(path)


def _spread_logits(network, layers: list, photo: Path, boxes: int, image_size: int) -> None:
    """Rescale the first class of a head's last layers so that `boxes` anchors of a photo pass
    confidence .25.
    """
    import math

    import numpy as np
    import torch
    from PIL import Image

    seen = []
    hooks = [
        layer.register_forward_hook(lambda _, __, out: seen.append(out[:, 0].flatten())) for layer in layers
    ]
    square = Image.open(photo).convert("RGB").resize((image_size, image_size * 3 // 4))
    padded = np.full((image_size, image_size, 3), 114, np.uint8)  # as the letterbox pads
    padded[image_size // 8 : image_size // 8 + square.height] = np.asarray(square)
    with torch.no_grad():
        network(torch.from_numpy(padded).permute(2, 0, 1)[None].float() / 255)
        for hook in hooks:
            hook.remove()
        logits = torch.cat(seen)
        scale = 1 / float(logits.std())
        passing = float(logits.topk(boxes).values[-1])
        for layer in layers:
            first = float(layer.bias[0])
            layer.bias.fill_(-20)  # the other classes stay silent
            layer.bias[0] = scale * (first - passing) + math.log(0.25 / 0.75)
            layer.weight[0] *= scale


@contextmanager
def made_on(device: str, dtype: str):
    """Make modules on a device and in a number format, so that nothing is ever held twice."""
    import torch

    before = torch.get_default_dtype()
    torch.manual_seed(0)
    torch.set_default_dtype(getattr(torch, dtype))
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(before)
