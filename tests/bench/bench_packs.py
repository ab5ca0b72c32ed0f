"""Reading a shard's pictures from its pack against reading them as loose files: processor time and wall
time of 2,048 edits at 512 px and their masks, in the order of the table and shuffled, bytes alone and
decoded; and files and bytes on disk. Both forms are read in turn. Prints lines for programs.
"""

import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

from result_lines import print_bench

PICTURES, SIZE, REPEATS = 2048, 512, 5


def write_folder(folder: Path) -> list[Path]:
    """Write edits and masks, a few kinds again and again; return their paths."""
    from unscene.photos.images import write_png
    from unscene.scenes import compose_scene, render_scene

    folder.mkdir(parents=True)
    kinds = []
    for number in range(8):
        scene = render_scene(compose_scene(11, number), SIZE)
        write_png(scene.rgb, folder / "kind.png")
        picture = (folder / "kind.png").read_bytes()
        write_png(scene.rgb.mean(axis=2) > 128, folder / "kind.png")
        kinds.append((picture, (folder / "kind.png").read_bytes()))
    (folder / "kind.png").unlink()
    paths = []
    for number in range(PICTURES // 2):
        for name, content in zip(("png", "mask.png"), kinds[number % len(kinds)], strict=True):
            paths.append(folder / f"coco_{number:012}-dog.{name}")
            paths[-1].write_bytes(content)
    return paths


def measure(read, paths: list[Path]) -> tuple[float, float]:
    """Return (wall, processor) seconds of reading the paths."""
    wall, own = time.perf_counter(), time.process_time()
    for path in paths:
        read(path)
    return time.perf_counter() - wall, time.process_time() - own


def measure_first(pack: Path, picture: Path) -> float:
    """Return the wall seconds of the first picture of a pack, whose index is not known yet."""
    from unscene.run import packs

    packs._parse_index.cache_clear()
    return measure(packs.read_stored, [picture])[0]


def main() -> None:
    """Print the lines."""
    from unscene.photos.images import read_photo
    from unscene.run.packs import find_pack, pack_folder, read_stored

    with tempfile.TemporaryDirectory(dir=Path.cwd()) as where:
        forms = {form: write_folder(Path(where, form, "coco-0-of-1")) for form in ("loose", "packed")}
        folder = forms["packed"][0].parent
        for kind, seconds in zip(("wall", "cpu"), measure(pack_folder, [folder]), strict=True):
            print_bench(f"packs_write_{kind}", PICTURES / seconds, "pictures/s")
        few = random.Random(3).sample(range(PICTURES), 256)
        cases = {
            "table_order": (read_stored, range(PICTURES)),
            "shuffled": (read_stored, random.Random(2).sample(range(PICTURES), PICTURES)),
            "decoded": (read_photo, few),
        }
        for name, (read, order) in cases.items():
            seconds = {form: [] for form in forms}
            for _ in range(REPEATS):
                for form, paths in forms.items():
                    seconds[form].append(measure(read, [paths[place] for place in order]))
            for at, kind in enumerate(("wall", "cpu")):
                middle = {form: statistics.median(one[at] for one in seconds[form]) for form in seconds}
                value = len(order) / middle["packed"]
                ratio = middle["loose"] / middle["packed"]
                print_bench(f"packs_read_{name}_{kind}", value, "pictures/s", ratio, "loose")
        first = statistics.median(measure_first(find_pack(folder), forms["packed"][7]) for _ in range(20))
        print_bench("packs_first_picture", 1000 * first, "ms")
        for form, paths in forms.items():
            there = [path for path in paths[0].parent.iterdir()]
            blocks = sum(512 * path.stat().st_blocks for path in there)
            print_bench(f"packs_{form}_files", len(there), "files")
            print_bench(f"packs_{form}_disk", blocks / 1e6, "MB")


if __name__ == "__main__":
    main()
