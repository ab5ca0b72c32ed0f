"""How long a step of training takes, and in how much memory: tried on pictures of noise, before there
are pairs.
"""

import logging
import resource
import time

import numpy as np

from unscene.clip.models import encode_texts, load_clip
from unscene.machine.devices import name_used_device
from unscene.machine.job import Job
from unscene.run.tables import write_json

STEPS = 3  # timed ones, after one that warms up
# A CPU shows what a step takes on fewer photos; its time grows with their number.
MOST_PHOTOS_ON_CPU = 32


def time_training(job: Job) -> None:
    """Write `device photos seconds_per_photo embedding_seconds_per_photo memory_bytes` of a plain
    contrastive step. outputs: times.

    photos: in the step that was tried. memory_bytes: the peak on the device, or of this process on
    a CPU. All are 0 where nothing will be trained. A device without room for the batch ends the job
    with a RuntimeError that names the way out.
    """
    pairs = job.settings["train"]["batch_pairs"]
    if job.look_up("train.clip") is None:
        none = {"seconds_per_photo": 0.0, "embedding_seconds_per_photo": 0.0, "memory_bytes": 0}
        write_json({"device": "none", "photos": 0, "pairs_asked": pairs, **none}, job.outputs.times)
        logging.getLogger("unscene").info("train.clip is null: nothing will be trained")
        return
    device, wanted = job.device, 2 * pairs
    photos = wanted if device == "cuda" else min(wanted, MOST_PHOTOS_ON_CPU)
    model, preprocess, tokenizer = load_clip(job.get_path("train.clip"), device)
    is_half = device == "cuda" and job.runtime["precision"] != "float32"
    found = measure_step(model, tokenizer, photos, device, is_half)
    write_json(
        {"device": name_used_device(), "photos": photos, "pairs_asked": pairs, **found}, job.outputs.times
    )
    logging.getLogger("unscene").info("%d photos a step on %s: %s", photos, device, found)


def measure_step(model, tokenizer, photos: int, device: str, is_half: bool) -> dict:
    """Return the seconds a photo, of a step and of embedding alone, and the peak memory in bytes."""
    import torch

    side = model.visual.image_size
    side = side[0] if isinstance(side, tuple) else side
    draws = np.random.default_rng(0).standard_normal((photos, 3, side, side), np.float32)
    pixels = torch.from_numpy(draws).to(device)
    tokens = tokenizer(["a photo of a street without a dog"] * photos).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6)
    model.train()

    def embed() -> tuple:
        with torch.autocast(device, dtype=torch.bfloat16, enabled=is_half):
            return model.encode_image(pixels, normalize=True), encode_texts(model, tokens)

    def step() -> None:
        images, texts = embed()
        logits = model.logit_scale.exp() * images.float() @ texts.float().T
        target = torch.arange(photos, device=device)
        loss = torch.nn.functional.cross_entropy(logits, target)
        (loss + torch.nn.functional.cross_entropy(logits.T, target)).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    try:
        stepping = _time(step, device)
        with torch.no_grad():
            embedding = _time(embed, device)
    except torch.OutOfMemoryError as error:
        raise RuntimeError(
            f"train.batch_pairs: a step of {photos // 2} pairs does not fit in this device's memory; lower"
            " it, or set runtime.chunk_pairs or runtime.checkpoint_activations"
        ) from error
    peak = (
        torch.cuda.max_memory_allocated()
        if device == "cuda"
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    )
    return {
        "seconds_per_photo": stepping / photos,
        "embedding_seconds_per_photo": embedding / photos,
        "memory_bytes": int(peak),
    }


def _time(work, device: str) -> float:
    """Return the seconds that a piece of work takes, warmed up."""
    import torch

    work()
    if device == "cuda":
        torch.cuda.synchronize()
    begun = time.perf_counter()
    for _ in range(STEPS):
        work()
    if device == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - begun) / STEPS
