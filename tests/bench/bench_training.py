"""Speed and memory of fine-tuning against open_clip's own trainer: same model shape, photos,
captions, loss and batch size.

Both sides run in processes of their own, in turns, on the same threads and in the same number
format. Decoding counts on both sides: open_clip's trainer decodes each JPEG in every epoch (its
DataLoader), unscene once before the first step, which is part of its time here. Loading the weights
and two steps before (libraries load, kernels are chosen) count on neither side.

With a frozen image tower nothing is decoded within the time of either side: open_clip's trainer, its
image tower locked, is handed the batches as tensors; unscene embeds each photo once, which is part of its
time, and trains the text tower on the features. On a CPU there is also the processor time: with one thread
(OMP_NUM_THREADS=1) a busy machine distorts it little; several threads that wait for a core spend
it, too.
"""

import argparse
import copy
import json
import math
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

from result_lines import print_bench

MODEL = "ViT-B-32-quickgelu"
PEER = "open_clip_train"
PRECISIONS = {"float32": "fp32", "bfloat16": "amp_bf16"}  # ours: theirs
WARM_UP_STEPS = 2  # the fewest that a plan of batches takes
DISTINCT = 128  # pictures that are drawn; further photos are links to these
PUBLISHED_A100 = 850  # samples/s of ViT-B/32 on one A100-40GB, the upper end of what is published


def make_world(folder: Path, photos: int) -> None:
    """Write an untrained ViT-B/32 as an open_clip folder, JPEGs of COCO's usual size, captions of
    its usual length.
    """
    import open_clip
    import pandas as pd
    from open_clip.push_to_hf_hub import save_config_for_hf
    from PIL import Image
    from safetensors.torch import save_file

    rng = np.random.default_rng(0)
    model = open_clip.create_model(MODEL)
    (folder / "clip").mkdir(parents=True)
    save_file(model.state_dict(), folder / "clip/open_clip_model.safetensors")
    save_config_for_hf(model, folder / "clip/open_clip_config.json", open_clip.get_model_config(MODEL))
    rows = []
    for number in range(photos):
        path = folder / f"photo{number}.jpg"
        if number < DISTINCT:
            coarse = Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
            coarse.resize((640, 480), Image.Resampling.BICUBIC).save(path, quality=90)
        else:  # the same picture under another name: to decode it costs as much, to make it nothing
            os.link(folder / f"photo{number % DISTINCT}.jpg", path)
        title = f"A man in a red shirt number {number} is standing next to a bench."
        rows.append({"filepath": str(path), "title": title})
    pd.DataFrame(rows).to_csv(folder / "photos.csv", sep="\t", index=False)


def train_ours(
    folder: Path, shape: tuple[int, int], machine: tuple[str, int, str, int], frozen: bool
) -> np.ndarray:
    """Return seconds of cache and steps together, by the wall clock and of the processor.

    shape: photos in a batch, steps. machine: device, threads, precision, and how many processes decode
    for open_clip's trainer (0: its own). frozen: the image tower; then the photos are decoded before.
    """
    from functools import partial

    import pandas as pd

    from unscene.clip.models import embed_photos, get_normalisation, load_clip
    from unscene.machine.batching import prepare_torch
    from unscene.training.batches import CacheReader, Reading
    from unscene.training.loop import Trainer
    from unscene.training.objectives import list_texts
    from unscene.training.photo_cache import open_cache, write_cache
    from unscene.training.samplers import plan_batches
    from unscene.training.trainings import Training

    size, steps = shape
    device, threads, precision, _ = machine
    prepare_torch(device, threads)
    model, preprocess, tokenizer = load_clip(folder / "clip", device)
    photo = pd.read_csv(folder / "photos.csv", sep="\t")
    name = photo["title"]
    pair = pd.DataFrame(
        {
            "edit_id": [str(row) for row in photo.index],
            "group": [str(row) for row in photo.index],
            "category": "bench",
            "original_path": photo["filepath"],
            "edited_path": photo["filepath"],
            "caption_original": name,
            "caption_without": name,
            "caption_negated": name,
        }
    )
    arm = {"images": "originals", "texts": "plain", "batches": "random", "loss": {"infonce": 1}}
    if frozen:
        arm |= {"freeze": "image", "views": "whole"}
    settings = {
        "steps": steps,
        "batch_pairs": size // 2,
        "learning_rate": 1e-5,
        "warmup_steps": 1,
        "weight_decay": 0.1,
        "temperature": "trained",
        "true_negations": 0,
        "crop_scale": 0.9,
    }
    runtime = {"precision": precision, "chunk_pairs": 0, "checkpoint_activations": False}

    def train(pairs: pd.DataFrame, model, steps: int) -> np.ndarray:
        training = Training("originals", arm, settings | {"steps": steps}, (0, 0, 0))
        trainer = Trainer(model, training, get_normalisation(preprocess), runtime)
        began = read_clocks()
        write_cache(pairs, preprocess, folder / "photos.npy", folder / "photos.parquet", threads)
        training_set = open_cache(pairs, folder / "photos.npy", folder / "photos.parquet")
        if frozen:
            began = read_clocks()
            training_set = training_set.embed(partial(embed_photos, model, preprocess))
        plan = plan_batches(pairs["group"].to_numpy(), steps, size // 2, "random", 0)
        reading = Reading.of(model, tokenizer, training, list_texts(arm["loss"]))
        trainer.train(CacheReader(training_set, plan, reading))
        return read_clocks() - began

    train(pair.iloc[:size], copy.deepcopy(model), WARM_UP_STEPS)
    return train(pair, model, steps)


class HandedBatches:
    """What `train_one_epoch` reads batches from, all of them in memory."""

    def __init__(self, batches: list):
        self.batches = batches
        self.num_batches, self.num_samples = len(batches), sum(len(texts) for _, texts in batches)

    def __iter__(self):
        return iter(self.batches)


def train_theirs(
    folder: Path, shape: tuple[int, int], machine: tuple[str, int, str, int], frozen: bool
) -> np.ndarray:
    """Return seconds of as many steps of open_clip_train.train.train_one_epoch on the same photos,
    as `train_ours`.
    """
    import open_clip
    import torch
    from open_clip_train.data import get_csv_dataset
    from open_clip_train.params import parse_args
    from open_clip_train.scheduler import cosine_lr
    from open_clip_train.train import train_one_epoch

    from unscene.clip.models import load_clip

    size, steps = shape
    device, threads, precision, loaders = machine
    torch.set_num_threads(threads)
    arguments = parse_args(
        [
            "--train-data",
            str(folder / "photos.csv"),
            "--batch-size",
            str(size),
            "--model",
            MODEL,
            "--precision",
            PRECISIONS[precision],
            "--grad-clip-norm",
            "1.0",
            "--workers",
            str(loaders),
            "--lr",
            "1e-5",
            "--wd",
            "0.1",
            "--warmup",
            "1",
        ]
    )
    arguments.device, arguments.distributed, arguments.distill, arguments.world_size = device, False, False, 1
    arguments.rank = arguments.local_rank = 0
    arguments.horovod = arguments.wandb = False
    model = load_clip(folder / "clip", device)[0]
    model.output_dict = True  # their loop reads the outputs by name
    transform = open_clip.transform.image_transform_v2(
        open_clip.transform.PreprocessCfg(size=224), is_train=True, aug_cfg={"scale": (0.9, 1.0)}
    )
    loader = get_csv_dataset(arguments, transform, True, tokenizer=open_clip.get_tokenizer(MODEL))
    handed = HandedBatches(list(loader.dataloader)) if frozen else loader.dataloader
    if frozen:
        model.lock_image_tower()

    def train(model, batches, epochs: int) -> np.ndarray:
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(trained, lr=1e-5, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1)
        schedule = cosine_lr(optimizer, 1e-5, 1, epochs * batches.num_batches)
        loader.dataloader = batches
        data, loss = {"train": loader}, open_clip.ClipLoss()
        began = read_clocks()
        for epoch in range(epochs):
            train_one_epoch(model, data, loss, epoch, optimizer, None, schedule, None, arguments)
        return read_clocks() - began

    first = (torch.zeros(size, 3, 224, 224), open_clip.get_tokenizer(MODEL)(["a bench"] * size))
    train(copy.deepcopy(model), HandedBatches([first] * WARM_UP_STEPS), 1)
    return train(model, handed, steps // handed.num_batches)


def read_clocks() -> np.ndarray:
    """Return seconds of the wall clock and of this process's processor time."""
    return np.array([time.monotonic(), time.process_time()])


def run(side: str, folder: Path, shape: tuple[int, int], machine: tuple, frozen: bool, path: Path) -> None:
    """Measure one side in this process and write samples a second (wall, processor) and peak memory
    (MB) to path.

    shape: photos in a batch, steps. machine, frozen: as of `train_ours`.
    """
    # As on a command line: a spawned process would have its loaders import all anew in every epoch.
    multiprocessing.set_start_method("fork", force=True)
    train = {"ours": train_ours, "theirs": train_theirs}[side]
    wall, processor = train(folder, shape, machine, frozen)
    if machine[0] == "cuda":
        import torch

        peak = torch.cuda.max_memory_allocated() / 2**20  # two models are held in the warm-up, on both sides
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shown = shape[0] * shape[1]
    path.write_text(json.dumps({"speed": shown / wall, "processor": shown / processor, "peak": peak}))


def measure(
    shape: tuple[int, int, int],
    repeats: int,
    machine: tuple,
    limit_s: float = math.inf,
    frozen: bool = False,
) -> dict:
    """Return {side: {speed, processor, peak}}, the medians of the repeats, both sides in turns.

    shape: photos in a batch, epochs, batches in an epoch. machine, frozen: as of `train_ours`.
    No further repeat is begun when it would end after `limit_s` seconds, by the time of the first.
    """
    size, epochs, batches = shape
    results: dict = {"ours": [], "theirs": []}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_world(folder, size * batches)
        context = multiprocessing.get_context("spawn")
        for repeat in range(repeats):
            if repeat and (time.monotonic() - began) * (repeat + 1) / repeat > limit_s:
                print(f"{repeat} of {repeats} repeats: {limit_s:g} s are nearly over", flush=True)
                break
            for side in results if repeat % 2 == 0 else reversed(results):
                path = folder / "result.json"
                arguments = (side, folder, (size, epochs * batches), machine, frozen, path)
                process = context.Process(target=run, args=arguments)
                process.start()
                process.join()
                if process.exitcode:
                    raise RuntimeError(f"the side {side!r} of the benchmark failed; its error stands above")
                results[side].append(json.loads(path.read_text()))
                path.unlink()
    return {
        side: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for side, runs in results.items()
    }


def print_parts(threads: int, size: int = 16) -> None:
    """Print what a step on a CPU spends where: seconds of `size` samples forward and backward, and
    of an update of the weights.
    """
    import open_clip
    import torch
    from torch.nn.utils import clip_grad_norm_

    from unscene.clip.models import encode_texts
    from unscene.clip.tokens import get_text_lengths, tokenize

    torch.set_num_threads(threads)
    model = open_clip.create_model(MODEL)
    pixels = torch.randn(size, 3, 224, 224).to(memory_format=torch.channels_last)
    title = "A man in a red shirt number {} is standing next to a bench."
    tokens = tokenize(open_clip.get_tokenizer(MODEL), [title.format(number) for number in range(size)])
    cut = tokens[:, : int(get_text_lengths(tokens).max())]
    parts = {
        "image tower": lambda: model.encode_image(pixels, normalize=True).float().sum().backward(),
        f"text tower, {tokens.shape[1]} tokens": lambda: (
            model.encode_text(tokens, normalize=True).float().sum().backward()
        ),
        f"text tower, {cut.shape[1]} tokens": lambda: encode_texts(model, cut).float().sum().backward(),
        "gradient norm": lambda: clip_grad_norm_(model.parameters(), 1.0),
    }
    for name, options in {"AdamW as open_clip_train has it": {}, "AdamW, fused": {"fused": True}}.items():
        parts[name] = torch.optim.AdamW(model.parameters(), lr=1e-5, **options).step
    for name, part in parts.items():
        seconds = []
        for precision in PRECISIONS if "tower" in name else ["float32"]:
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                part()  # the first call makes the kernels
                began = read_clocks()
                part()
                seconds.append(f"{precision} {(read_clocks() - began)[1]:.2f} s")
        print(f"{name}: {', '.join(seconds)} of processor time", flush=True)


def main() -> None:
    """Print what this machine can measure."""
    import torch

    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--limit", type=float, default=math.inf, help="seconds of all repeats on a GPU")
    options.add_argument("--rehearse", action="store_true", help="both sides once, small, on the CPU")
    given = options.parse_args()
    loaders = 0  # on a CPU, where the processor time of one process is compared
    cuda, threads = torch.cuda.is_available() and not given.rehearse, torch.get_num_threads()
    if given.rehearse:
        where, device, shape, repeats = "rehearsal", "cpu", (4, 1, 2), {"bfloat16": 1}
        frozen_shape, loaders = (4, 2, 1), 2
    elif not cuda:
        print_parts(threads)
        where, device, shape, repeats = "cpu", "cpu", (32, 2, 2), {"float32": 2}
        frozen_shape = (32, 8, 1)
        if torch.cpu.get_capabilities().get("avx512_bf16"):
            repeats["bfloat16"] = 1
    else:
        print(f"device: {torch.cuda.get_device_name(0)}, torch {torch.__version__}", flush=True)
        where, device, shape, repeats = "gpu", "cuda", (512, 4, 16), {"bfloat16": 3}
        frozen_shape, loaders = (512, 8, 16), threads
    for precision, count in repeats.items():
        machine = (device, threads, precision, loaders)
        result = measure(shape, count, machine, given.limit)
        ours, theirs = result["ours"], result["theirs"]
        name = f"training_{where}_{precision}"
        print_bench(name, ours["speed"], "samples/s", ours["speed"] / theirs["speed"], PEER)
        print_bench(f"{name}_memory", ours["peak"], "MiB", theirs["peak"] / ours["peak"], PEER)
        if cuda:
            ratio = ours["speed"] / PUBLISHED_A100
            print_bench("training_published", ours["speed"], "samples/s", ratio, "A100_published")
        elif not loaders:
            ratio = ours["processor"] / theirs["processor"]
            print_bench(f"{name}_processor", ours["processor"], "samples/s", ratio, PEER)
        # An absence arm shows each photo of its pool about ten times.
        result = measure(frozen_shape, count, machine, given.limit, frozen=True)
        ours, theirs = result["ours"], result["theirs"]
        clock = "speed" if cuda else "processor"
        print_bench(
            f"{name}_frozen_image", ours[clock], "samples/s", ours[clock] / theirs[clock], f"{PEER}_locked"
        )


if __name__ == "__main__":
    main()
