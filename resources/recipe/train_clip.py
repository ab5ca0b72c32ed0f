"""Train a small CLIP from scratch on rendered scenes and their captions."""

import json
from pathlib import Path

import numpy as np
import open_clip
import torch
from open_clip.loss import ClipLoss
from recipe_data import SEEDS, compose_scene, load_photos
from safetensors.torch import save_file
from training import replace_folder, train

from unscene.scenes import write_captions

MODEL = {
    "embed_dim": 128,
    "vision_cfg": {"image_size": 64, "layers": 4, "width": 128, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 96, "heads": 4, "layers": 3},
}
PREPROCESS = {
    "mean": [0.48, 0.48, 0.45],
    "std": [0.27, 0.26, 0.27],
    "interpolation": "bicubic",
    "resize_mode": "squash",
}


def build_clip():
    torch.manual_seed(SEEDS["clip"])
    return open_clip.model.CLIP(**json.loads(json.dumps(MODEL)), output_dict=True)


def tokenize_captions(seed, scenes):
    """Token numbers of five captions a scene: int64 (scenes, 5, 77)."""
    tokenizer = open_clip.SimpleTokenizer(context_length=77)
    tokens = []
    for index in range(scenes):
        captions = write_captions(compose_scene(seed, index), np.random.default_rng([seed, index, 1]))
        tokens.append(tokenizer([sentence for sentence, _ in captions]))
    return torch.stack(tokens)


def normalise(photos):
    """uint8 (n, 64, 64, 3) as the model's preprocessing gives them: float (n, 3, 64, 64)."""
    pixels = torch.from_numpy(photos).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(PREPROCESS[key])[None, :, None, None] for key in ("mean", "std"))
    return (pixels - mean) / std


def encode_texts(model, tokens):
    """`encode_text` on texts cut to the longest of the batch, which the model allows but for its
    causal mask.
    """
    length = int((tokens != 0).sum(1).max())
    cut = tokens[:, :length]
    x = model.token_embedding(cut) + model.positional_embedding[:length]
    x = model.transformer(x, attn_mask=model.attn_mask[:length, :length])
    x = model.ln_final(x)[torch.arange(len(cut)), cut.argmax(-1)] @ model.text_projection
    return torch.nn.functional.normalize(x, dim=-1)


def train_clip(work, scenes, steps, out, batch=128, lr=1e-3):
    """Train with the usual contrastive loss; write an open_clip folder in half precision to `out`."""
    work = Path(work)
    photos = load_photos(work, SEEDS["clip"], scenes)
    tokens = tokenize_captions(SEEDS["clip"], scenes)
    model, loss = build_clip(), ClipLoss()
    print(f"CLIP: {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)

    def loss_of_step(model, rng, step):
        rows = rng.choice(scenes, batch, replace=False)
        pixels = normalise(photos[rows])
        texts = tokens[torch.from_numpy(rows), torch.from_numpy(rng.integers(0, 5, batch))]
        scale = model.logit_scale.exp().clamp(max=100)
        with torch.autocast("cpu", torch.bfloat16):
            image_features, text_features = (
                model.encode_image(pixels, normalize=True),
                encode_texts(model, texts),
            )
        return loss(image_features.float(), text_features.float(), scale)

    def export(model, step):
        replace_folder(lambda folder: save_clip(model, folder), out)

    train(model, loss_of_step, work / "clip.ckpt", steps, lr, SEEDS["clip"], export=export)
    return Path(out)


def save_clip(model, folder):
    """Write `open_clip_config.json` and `open_clip_model.safetensors` (float16)."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    state = {
        name: value.half().contiguous() for name, value in model.state_dict().items() if name != "attn_mask"
    }
    save_file(state, folder / "open_clip_model.safetensors")
    config = {"model_cfg": MODEL, "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default="build/embedded")
    parser.add_argument("--out", default="build/embedded/clip")
    parser.add_argument("--scenes", type=int, default=12000)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train_clip(arguments.work, arguments.scenes, arguments.steps, arguments.out)
