"""What a shard's job takes to read its photos' captions of a COCO source: `make bench`.

    python tests/bench/bench_captions.py [--photos 118287]

A made-up captions file in COCO's form with five captions a photo (118,287 photos as in train2017: 90 MB).
Each reading is a process of its own: the first shard, which cuts the file by photo for the run; a later
shard; a shard of photos that `take` chose; and the peer, which parses the whole file as every shard's job
did before. No photo is opened, and nothing is asserted.
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
from unscene.samples.readers import cut_items, iterate_items

SHARD = 2048
CAPTIONS = 5  # a photo
FILE = Path("captions.json")


def main() -> None:
    """Print processor seconds and peak memory of each reading, and the ratio to the peer's."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--photos", type=int, default=30_000)
    arguments.add_argument(
        "--read", choices=("write", "whole", "shard", "taken"), help="for the processes it starts"
    )
    given = arguments.parse_args()
    if given.read == "write":  # not in the first process, whose memory its children count as theirs
        write_file(given.photos)
        return
    if given.read:
        read(given.read, given.photos)
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        start("write", given.photos)
        print(f"{FILE.stat().st_size / 1e6:.0f} MB, {given.photos} photos", flush=True)
        whole_seconds, whole_peak = measure("whole", given.photos)
        print_bench("captions_whole_file_cpu", whole_seconds, "cpu_s")
        for name, kind in (("first", "shard"), ("later", "shard"), ("taken", "taken")):
            seconds, peak = measure(kind, given.photos)
            print_bench(f"captions_{name}_shard_cpu", seconds, "cpu_s", whole_seconds / seconds, "whole_file")
            print_bench(f"captions_{name}_shard_memory", peak, "MB", whole_peak / peak, "whole_file")
        os.chdir("/")


def measure(kind: str, photos: int) -> tuple[float, float]:
    """Return the processor seconds and peak MB of reading a shard."""
    seconds, peak = start(kind, photos).split()
    return float(seconds), float(peak)


def start(kind: str, photos: int) -> str:
    """Do something in a process of its own; return what it prints."""
    command = [sys.executable, __file__, "--read", kind, "--photos", str(photos)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def read(kind: str, photos: int) -> None:
    """Read the photos of a shard and print what it took."""
    source = {"name": "coco", "format": "coco", "photos": photos, "captions": str(FILE), "images": "."}
    if kind == "taken":
        source |= {"photos": SHARD, "take": {"photos": SHARD, "of": photos, "skip": 0, "seed": 1}}
    before = time.process_time()
    if kind != "whole":
        cut_items(source, Path.cwd())
    count = sum(1 for _ in iterate_items(source, range(SHARD), Path.cwd()))
    assert count == SHARD
    print(time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def write_file(photos: int) -> None:
    """Write the captions file: captions in no order, as COCO has them."""
    rng = random.Random(0)
    ids = rng.sample(range(1, 6 * photos), photos)
    host = "http://farm8.staticflickr.com/7434"
    images = [
        {
            "license": 4,
            "file_name": f"{one:012}.jpg",
            "coco_url": f"http://images.cocodataset.org/train2017/{one:012}.jpg",
            "height": 480,
            "width": 640,
            "date_captured": "2013-11-14 11:18:45",
            "flickr_url": f"{host}/{one}_c6225224b8_z.jpg",
            "id": one,
        }
        for one in ids
    ]
    told = [
        {"image_id": one, "id": number, "caption": "A man rides a bicycle past a parked car on a sunny day."}
        for number, one in enumerate(ids * CAPTIONS)
    ]
    rng.shuffle(told)
    licences = [
        {"id": 4, "name": "Attribution License", "url": "http://creativecommons.org/licenses/by/2.0/"}
    ]
    FILE.write_text(json.dumps({"licenses": licences, "images": images, "annotations": told}))


if __name__ == "__main__":
    main()
