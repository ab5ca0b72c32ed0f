"""What a shard's job takes to read its photos of a source's instances file: `make bench`.

    python tests/bench/bench_instances.py [--photos 118287]

A made-up file in COCO's form with as many objects a photo, and as large polygons, as COCO's own
(118,287 photos: 450 MB). Each reading is a process of its own: the first shard, which cuts the file by
photo for the run; a later shard; a shard of photos chosen at random; and the peer, which parses the
whole file as every shard's job did before. Nothing is asserted.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

from result_lines import print_bench
from unscene.photos.coco_instances import read_instances

SHARD = 2048
OBJECTS, CORNERS = 7, 22  # a photo, an object
FILE = Path("instances.json")


def main() -> None:
    """Print processor seconds and peak memory of each reading, and the ratio to the peer's."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--photos", type=int, default=30_000)
    arguments.add_argument("--read", nargs=2, type=int, help="for the processes that this one starts")
    arguments.add_argument("--whole", action="store_true", help="likewise")
    given = arguments.parse_args()
    if given.read:
        read(*given.read, whole=given.whole)
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_file(given.photos)
        print(f"{FILE.stat().st_size / 1e6:.0f} MB, {given.photos} photos", flush=True)
        seconds, peak = measure(0, 0, "--whole")
        for name, start, seed in (("first", 0, 0), ("later", SHARD, 0), ("random", 0, 1)):
            own_seconds, own_peak = measure(start, seed)
            print_bench(
                f"instances_{name}_shard_cpu", own_seconds, "cpu_s", seconds / own_seconds, "whole_file"
            )
            print_bench(f"instances_{name}_shard_memory", own_peak, "MB", peak / own_peak, "whole_file")
        os.chdir("/")


def measure(start: int, seed: int, *more: str) -> tuple[float, float]:
    """Return the processor seconds and peak MB of reading a shard."""
    command = [sys.executable, __file__, "--read", str(start), str(seed), *more]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def read(start: int, seed: int, whole: bool) -> None:
    """Read the photos of a shard, a seed above 0 chooses them at random, and print what it took."""
    ids = Path("ids.txt").read_text().split()
    chosen = random.Random(seed).sample(ids, SHARD) if seed else ids[start : start + SHARD]
    before = time.process_time()
    photos = read_instances(FILE, None if whole else set(chosen))
    assert len(photos) >= len(chosen)
    print(time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def write_file(photos: int) -> None:
    """Write the instances file, and the photos' ids in its order."""
    rng = random.Random(0)
    ids = rng.sample(range(1, 10 * photos), photos)
    Path("ids.txt").write_text("\n".join(map(str, ids)))
    images = [{"id": one, "file_name": f"{one:012}.jpg", "width": 640, "height": 480} for one in ids]
    categories = [{"id": 18, "name": "dog"}, {"id": 17, "name": "cat"}]
    with open(FILE, "w", encoding="utf-8") as file:
        file.write(
            f'{{"images": {json.dumps(images)}, "categories": {json.dumps(categories)}, "annotations": ['
        )
        for number in range(OBJECTS * photos):
            polygon = [round(rng.random() * 480, 2) for _ in range(2 * CORNERS)]
            annotation = {"id": number, "image_id": rng.choice(ids), "category_id": 18, "iscrowd": 0}
            annotation |= {"segmentation": [polygon], "bbox": [1.5, 2.5, 30.25, 40.75], "area": 512.75}
            file.write(("," if number else "") + json.dumps(annotation))
        file.write("]}")


if __name__ == "__main__":
    main()
