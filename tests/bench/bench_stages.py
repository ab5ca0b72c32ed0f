"""Speed of the three device stages on a CPU, with the embedded models: `make bench`.

Each stage on the engine against two plain loops that do the same library calls, PNG settings
included, one after the other: photo by photo (batch 1), and with the engine's own batches, so that the
network is called just as often. All three are interleaved in one run. And, with YOLO11x-seg at 640,
the share of the wall time in which the network itself runs. Nothing is asserted. GPUs: bench_device.py.
"""

import os
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

from unscene.run.offline import stay_offline

stay_offline()
from embedded_shard import CONFIG, RUNTIME, SHARD, make_shard, run_stage
from result_lines import print_bench
from unscene.machine.devices import Setup
from unscene.run.checkout import resolve_path

REPEATS = 3
PHOTOS = 24
SIDE = 256  # pixels of the scenes: decoding and encoding cost something, as with photos
BATCH = 8
THREADS = 1  # of torch, in both contestants; the engine has one more that decodes and encodes


def main() -> None:
    """Print all that this machine can measure."""
    import torch

    torch.set_num_threads(THREADS)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        compare_with_plain_loops()
        measure_model_share()


def compare_with_plain_loops() -> None:
    """Print, for each stage, items a second on the engine and the ratio to the plain loops, by wall
    clock and by processor time.
    """
    runtime = RUNTIME | {"batch_size": BATCH, "workers": THREADS}
    make_shard(PHOTOS, size=SIDE)
    for stage in ("segment_objects", "remove_objects"):
        run_stage(stage, runtime)  # what the later stages read
    set_threads()
    for name, unit, count, ours, plain in list_stages(runtime):
        runs = {
            "plain_loop": partial(plain, 1),
            "plain_loop_same_batches": partial(plain, BATCH),
            "ours": ours,
        }
        for run in runs.values():
            run()  # once unmeasured
        times = {label: [] for label in runs}
        for _ in range(REPEATS):
            for label, run in runs.items():
                wall, processor = time.monotonic(), time.process_time()
                run()
                run()
                times[label].append((time.monotonic() - wall, time.process_time() - processor))
        wall, processor = (
            {label: statistics.median(each[at] for each in times[label]) for label in times} for at in (0, 1)
        )
        item = unit.split("/")[0].rstrip("s")
        for peer in ("plain_loop", "plain_loop_same_batches"):
            of_peer = {"ratio": wall[peer] / wall["ours"], "against": f"{peer}_wall"}
            print_bench(f"{name}_engine", 2 * count / wall["ours"], unit, **of_peer)
            of_peer = {"ratio": processor[peer] / processor["ours"], "against": f"{peer}_cpu"}
            print_bench(f"{name}_engine_cpu", processor["ours"] / (2 * count), f"cpu_s/{item}", **of_peer)


def set_threads() -> None:
    """Give torch the same number of threads in both contestants."""
    import torch

    torch.set_num_threads(THREADS)


def batched(items: list, size: int) -> list[list]:
    """Return the items in batches, the last one as it is."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def list_stages(runtime: dict):
    """Yield (name, unit, items, our run, the plain loop, which takes the size of its batches) of each
    stage; models are loaded and shared.
    """
    from unscene.edits.removal import MIN_CHANGE, Removal, find_fault, list_edits
    from unscene.edits.removers import Weights, load_remover
    from unscene.machine.batching import read_checked_photo
    from unscene.machine.engine import Engine
    from unscene.machine.scratch import Scratch
    from unscene.masks.detectors.yolo import Detector
    from unscene.masks.segmentation import Segmentation, judge_photo, list_rows, write_masks
    from unscene.masks.wanted_objects import list_wanted
    from unscene.photos.images import read_mask, read_photo, write_png
    from unscene.quality.edit_scores import ask_models, load_clip_scorer, load_judge
    from unscene.quality.scoring import Scoring, read_edits, score_pixels
    from unscene.run.seeds import derive_seed
    from unscene.run.shards import check_file, file_sha256
    from unscene.run.tables import read_table
    from unscene.words.coco80 import COCO80

    masks, edits, quality = CONFIG["masks"], CONFIG["edits"] | {"attempts": 1}, CONFIG["quality"]
    tables = {
        stage: f"results/{stage}/{SHARD}.parquet" for stage in ("samples", "keywords", "masks", "edits")
    }
    out = Path("plain")
    out.mkdir(exist_ok=True)

    def run_engine(stage, items):
        with Scratch(None, "") as scratch:
            Engine(stage, runtime, scratch).run(items)

    photos = list_wanted(read_table(tables["samples"]), read_table(tables["keywords"]), COCO80)
    detector = Detector(resolve_path(masks["weights"]), masks["image_size"], Setup(batch_size=BATCH))
    known = set(detector.categories)

    def segment_plainly(size):
        detector.batch_size = size
        for batch in batched(photos, size):
            found = detector.detect(
                [read_checked_photo(photo.path, photo.sha256) for photo in batch],
                masks["collect_confidence"],
                iou=masks["iou"],
                nms=masks["nms"],
                want_masks=True,
                only=[known.intersection(photo.wanted) for photo in batch],
            )
            for photo, seen in zip(batch, found, strict=True):
                for row, shaped in judge_photo(photo, list_rows(photo), seen, known, masks):
                    write_masks(shaped, out, row["edit_id"])

    segmentation = Segmentation(detector, masks, str)
    yield (
        "segment_objects",
        "photos/s",
        len(photos),
        lambda: run_engine(segmentation, photos),
        segment_plainly,
    )

    wanted = list_edits(read_table(tables["samples"]), read_table(tables["masks"]))
    remover = load_remover(
        edits, Weights(resolve_path(edits["weights"]), fingerprint="0" * 16), Setup.of("cpu", runtime)
    )

    def remove_plainly(size):
        remover.batch_size = size
        for batch in batched(wanted, size):
            photo = [read_checked_photo(edit.photo_path, edit.photo_sha256) for edit in batch]
            for edit in batch:
                check_file(edit.mask_path, edit.mask_sha256)
            mask = [read_mask(edit.mask_path) for edit in batch]
            edited = remover.fill(photo, mask, [derive_seed(7, edit.edit_id, 1) for edit in batch])
            for edit, *pixels in zip(batch, photo, mask, edited, strict=True):
                if find_fault(*pixels) is None:
                    path = out / f"{edit.edit_id}.png"
                    write_png(pixels[-1], path)
                    read_photo(path)
                    file_sha256(path)

    removal = Removal(remover, edits, 7, str, MIN_CHANGE)
    first = [(edit, 1) for edit in wanted]
    yield "remove_objects", "edits/s", len(wanted), lambda: run_engine(removal, first), remove_plainly

    rows = read_edits(tables["samples"], tables["masks"], tables["edits"]).to_dict("records")
    rows = [row for row in rows if row["status"] == "ok"]
    judge = load_judge(quality["judge"], quality, "cpu", runtime)
    clip = load_clip_scorer(CONFIG["train"]["clip"], "cpu", BATCH)
    models = {"judge": judge, "clip": clip}

    def score_plainly(size):
        judge.batch_size = clip.batch_size = size
        for batch in batched(rows, size):
            ask_models([(row, *score_pixels(row)) for row in batch], models)

    scoring = Scoring(models)
    yield "score_edits", "edits/s", len(rows), lambda: run_engine(scoring, rows), score_plainly


def measure_model_share(photos: int = 6) -> None:
    """Print the share of the wall time in which the network of YOLO11x-seg at 640 runs, on the
    engine, on the CPU.
    """
    from full_size_models import make_photos, save_detector

    from unscene.machine.engine import Engine
    from unscene.machine.scratch import Scratch
    from unscene.masks.detectors.yolo import Detector
    from unscene.masks.segmentation import Segmentation
    from unscene.masks.wanted_objects import Photo
    from unscene.run.shards import file_sha256

    paths = make_photos(Path("large"), photos)
    weights = save_detector("yolo11x-seg", Path("yolo11x-seg.pt"), photo=paths[0])
    runtime = RUNTIME | {"batch_size": 2, "workers": 1}
    detector = Detector(weights, 640, Setup(batch_size=2))
    items = [
        Photo(path.stem, str(path), file_sha256(path), wanted={"person": 0}, pixels=640 * 480)
        for path in paths
    ]
    set_threads()
    stage = Segmentation(detector, CONFIG["masks"] | {"image_size": 640, "collect_confidence": 0.25}, str)
    with Scratch(None, "") as scratch:
        Engine(stage, runtime, scratch).run(items[:2])  # the first prediction sets ultralytics up
    spent, begun = 0.0, 0.0

    def begin(*_):
        nonlocal begun
        begun = time.monotonic()

    def end(*_):
        nonlocal spent
        spent += time.monotonic() - begun

    # The predictor runs a fused copy of the network: its hooks are set after the first prediction.
    network = detector._model.predictor.model
    hooks = [network.register_forward_pre_hook(begin), network.register_forward_hook(end)]
    with Scratch(None, "") as scratch:
        engine = Engine(stage, runtime, scratch)
        engine.run(items)
    for hook in hooks:
        hook.remove()
    print_bench("segment_yolo11x_640_network_share", spent / engine.timing.wall_s, "share_of_wall")
    print_bench("segment_yolo11x_640_device_share", engine.timing.busy_share, "share_of_wall")
    print_bench("segment_yolo11x_640", photos / engine.timing.wall_s, "photos/s")


if __name__ == "__main__":
    main()
