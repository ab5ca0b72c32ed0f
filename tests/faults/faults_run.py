"""Faults of a run on one machine: `make faults KIND=run`. Prints a line a fault, and one for programs.

The real Snakefile, rules, lineages, tables and record, with steps that carry content instead of
computing (`content_run.py`). Each fault starts from a copy of a finished run, or from nothing. A
fault is survived when all results end equal to those of a clean run, measured times aside; stopped
clearly when the run, or `unscene verify`, names what is wrong and how it comes back; and silent
otherwise. The seed is printed, and `faults_run.py SEED` repeats it; with a pattern after it, as in
`faults_run.py SEED 'clock|disk'`, only faults of these kinds.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

import yaml

from content_run import Faults, read_results, run
from result_lines import print_faults
from unscene.provenance.cures import tell_cure
from unscene.provenance.record import PROVENANCE, read_record
from unscene.provenance.verifying import verify_run

CONFIG = CHECKOUT / "tests/config/content.yaml"
ARGUMENTS = ["--configfile", str(CONFIG), "--quiet", "progress", "rules"]
SURVIVED, CLEAR, SILENT = "survived", "clear_stop", "silent"
# What a clear stop says: how to go on. One of these stands in what the run prints.
CURES = ("run again", "un the same line again", "--unlock", "elete", "Make room", "clock skew")


class World:
    """A finished run to copy, its results, and where copies go."""

    def __init__(self, folder: Path, seed: int):
        self.folder, self.random = folder, random.Random(seed)
        self.clean = folder / "clean"
        self.clean.mkdir()
        ended = run(self.clean, ARGUMENTS)
        assert ended.code == 0, ended.said[-3000:]
        self.results = read_results(self.clean)
        self.record = read_record(self.clean / PROVENANCE)
        assert not list(verify_run(self.record, self.clean)), "the clean run does not verify"
        self.count = 0

    def copy(self) -> Path:
        """Return a copy of the finished run, its times kept."""
        self.count += 1
        place = self.folder / f"run{self.count}"
        subprocess.run(["cp", "-a", str(self.clean), str(place)], check=True)
        return place

    def empty(self) -> Path:
        """Return a directory without a run."""
        self.count += 1
        place = self.folder / f"run{self.count}"
        place.mkdir()
        return place

    def choose_file(self, *kinds: str) -> str:
        """Return a result file's path, of the kinds that are asked for."""
        return self.random.choice([name for name in self.results if name.endswith(kinds)])

    def is_right(self, place: Path) -> bool:
        """Tell whether a run ended with the results of the clean one, and its own record agrees."""
        if read_results(place) != self.results:
            return False
        return not [one for one in verify_run(read_record(place / PROVENANCE), place) if one.is_damage]

    def judge(self, place: Path, ended) -> str:
        """Return how a fault ended, by the run that came after it."""
        if ended.code == 0:
            return SURVIVED if self.is_right(place) else SILENT
        return CLEAR if any(cure in ended.said for cure in CURES) else SILENT


def flip(path: Path, chance: random.Random) -> None:
    """Change one bit of a file, and not its time."""
    stamp, content = path.stat(), bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def cut(path: Path, chance: random.Random) -> None:
    """Cut the end off a file, and keep its time."""
    stamp = path.stat()
    os.truncate(path, chance.randrange(stamp.st_size))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def damage_and_verify(world: World, spoil: Callable) -> str:
    """A file of a finished run is spoiled: `unscene verify` names it and has a cure."""
    place, name = world.copy(), world.choose_file("")
    spoil(place / name, world.random)
    found = [one for one in verify_run(world.record, place) if one.is_damage]
    named = [one for one in found if one.path == name or name.startswith(f"{one.path}/")]
    cure = tell_cure(found, world.record, place, CHECKOUT)
    print(f"  {name}: {'; '.join(map(str, found)) or 'NOT SEEN'}")
    return CLEAR if named and len(found) == len(named) and cure else SILENT


def lose_and_restore(world: World, lose: Callable[[World, Path], str]) -> str:
    """Something of a finished run is lost: the lines of `unscene verify` bring it back, and no arm is
    trained anew.
    """
    place = world.copy()
    name = lose(world, place)
    trained = {path: path.stat().st_mtime_ns for path in (place / "results/models").rglob("meta.json")}
    found = list(verify_run(world.record, place))
    lines = tell_cure(found, world.record, place, CHECKOUT)
    if not lines:
        print(f"  {name}: no cure")
        return SILENT
    for line in lines:
        if line.startswith("snakemake "):
            words = line.replace("'", "").split()
            words = words[words.index("--directory") + 2 :]
            ended = run(place, [*ARGUMENTS, *words])
            if ended.code != 0:
                print(f"  {name}: {line}\n{ended.said[-600:]}")
                return world.judge(place, ended)
        else:
            subprocess.run(line, shell=True, check=True)
    again = {path for path, stamp in trained.items() if path.stat().st_mtime_ns != stamp}
    expected = name.startswith("results/models")
    print(f"  {name}: {len(lines)} lines; {len(again)} models made again")
    return SURVIVED if world.is_right(place) and (expected or not again) else SILENT


def delete_and_run(world: World, name: str) -> str:
    """A result is deleted: the plain line brings it back, at whatever price."""
    place = world.copy()
    target = place / name
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    print(f"  {name}")
    return world.judge(place, run(place, ARGUMENTS))


def damage_what_is_read(world: World, spoil: Callable) -> str:
    """A table or picture is spoiled while what reads it is due."""
    place = world.copy()
    name = world.choose_file(".parquet", ".png")
    spoil(place / name, world.random)
    # All that follows is due: the joined tables, and what reads a shard's.
    for pattern in ("quality/*.parquet", "edits/edits.parquet", "masks/masks.parquet", "report.html"):
        for path in (place / "results").glob(pattern):
            if str(path.relative_to(place)) != name:
                path.unlink()
    ended = run(place, ARGUMENTS)
    if ended.code == 0 and not world.is_right(place):
        # Nobody read it in this run: then the record, which is read next, tells.
        seen = [one.path for one in verify_run(read_record(place / PROVENANCE), place) if one.is_damage]
        print(f"  {name}: verify names {seen}")
        return CLEAR if any(name == path or name.startswith(f"{path}/") for path in seen) else SILENT
    print(f"  {name}: code {ended.code}")
    return world.judge(place, ended)


def kill_driver(world: World) -> str:
    """The driver gets SIGKILL in the middle of a job. The next run says how to go on; then it does."""
    place, at = world.empty(), world.random.randrange(1, 60)
    killed = run(place, ARGUMENTS, Faults(kill_at=at))
    told = run(place, ARGUMENTS)
    print(f"  in job {at}: code {killed.code}, then {told.code}")
    if told.code == 0:
        return world.judge(place, told)
    if "--unlock" not in told.said:
        return SILENT
    run(place, [*ARGUMENTS, "--unlock"])
    return world.judge(place, run(place, ARGUMENTS))


def fail_job(world: World, overlay: dict | None) -> str:
    """A job fails half done, in a run whose config may just have changed; then the run goes on."""
    place = world.copy() if overlay else world.empty()
    arguments = ARGUMENTS
    if overlay:
        path = world.folder / f"overlay{world.count}.yaml"
        path.write_text(yaml.safe_dump(overlay))
        arguments = ["--configfile", str(CONFIG), str(path), "--quiet", "progress", "rules"]
    at = world.random.randrange(1, 12 if overlay else 60)
    failed = run(place, arguments, Faults(fail_at=at))
    ended = run(place, arguments)
    print(f"  job {at} of {overlay or 'all'}: code {failed.code}, then {ended.code}")
    if not overlay:
        return world.judge(place, ended)
    reference = world.empty()
    run(reference, arguments)
    right = read_results(place) == read_results(reference)
    return SURVIVED if ended.code == 0 and right else SILENT


def fill_disk(world: World) -> str:
    """The disk is full in the middle of a run; room is made, and the run goes on."""
    place, size = world.empty(), world.random.randrange(200, 900)
    mount("-t", "tmpfs", "-o", f"size={size}k", "none", str(place))
    try:
        full = run(place, ARGUMENTS)
        print(f"  {size} KiB: code {full.code}: {full.said.strip().splitlines()[-1:]}")
        mount("-o", "remount,size=200m", str(place))
        if full.code == 0:
            return world.judge(place, full)
        run(place, [*ARGUMENTS, "--unlock"])
        return world.judge(place, run(place, ARGUMENTS))
    finally:
        subprocess.run(["umount", str(place)], check=True)


def lock_results(world: World, folder: str) -> str:
    """A folder of results can only be read; then it can be written again."""
    place = world.copy()
    (place / "results/report.html").unlink()
    (place / "results/quality/pairs.parquet").unlink()
    here = place / folder
    mount("--bind", str(here), str(here))
    mount("-o", "remount,bind,ro", str(here))
    try:
        refused = run(place, ARGUMENTS)
    finally:
        subprocess.run(["umount", str(here)], check=True)
    is_told = any(text in refused.said for text in ("Read-only file system", "Write-protected output"))
    print(f"  {folder}: code {refused.code}; tells it: {is_told}")
    if refused.code == 0 or not is_told:
        return world.judge(place, refused)
    run(place, [*ARGUMENTS, "--unlock"])
    return world.judge(place, run(place, ARGUMENTS))


def turn_clock(world: World, seconds: float) -> str:
    """The clock was wrong for a part of the run: its results have other times. Then something is due."""
    place = world.copy()
    files = [path for path in (place / "results").rglob("*") if path.is_file()]
    for path in world.random.sample(files, len(files) // 3):
        stamp = path.stat().st_mtime + seconds
        os.utime(path, (stamp, stamp))
    name = world.choose_file(".json", ".csv", ".parquet")
    (place / name).unlink()
    print(f"  {seconds:+.0f} s, {name} is due")
    return world.judge(place, run(place, ARGUMENTS))


def run_twice(world: World) -> str:
    """Two runs work in one folder at one time: one of them says that it may not."""
    place = world.empty()

    def start_another() -> None:
        child = os.fork()
        if child == 0:
            second = subprocess.run(
                [sys.executable, __file__, "--second", str(place)], capture_output=True, text=True
            )
            (world.folder / "second.said").write_text(f"{second.returncode}\n{second.stdout}{second.stderr}")
            os._exit(0)
        os.waitpid(child, 0)

    ended = run(place, ARGUMENTS, Faults(at={world.random.randrange(2, 40): start_another}))
    code, said = (world.folder / "second.said").read_text().split("\n", 1)
    print(f"  first: code {ended.code}; second: code {code}, names the lock: {'--unlock' in said}")
    if code == "0" or "--unlock" not in said:
        return SILENT
    return world.judge(place, ended)


def empty_environment(world: World) -> str:
    """The driver and its jobs find no variable but PATH."""
    place = world.empty()
    ended = run(place, ARGUMENTS, environment={"PATH": os.environ["PATH"]})
    print(f"  code {ended.code}: {ended.said.strip().splitlines()[-1:]}")
    return world.judge(place, ended)


def replace_weights(world: World) -> str:
    """A weight file is replaced while the run works: the record is refused, and the next run makes
    anew what read it.
    """
    weights = world.folder / f"weights{world.count}.pt"
    shutil.copy(CHECKOUT / "resources/embedded/detector.pt", weights)
    overlay = world.folder / f"weights{world.count}.yaml"
    overlay.write_text(yaml.safe_dump({"masks": {"weights": str(weights)}}))
    arguments = ["--configfile", str(CONFIG), str(overlay), "--quiet", "progress", "rules"]

    def replace() -> None:
        with open(weights, "ab") as file:
            file.write(b"other")

    place, at = world.empty(), world.random.randrange(1, 60)
    first = run(place, arguments, Faults(at={at: replace}))
    again = run(place, arguments)
    reference = world.empty()
    run(reference, arguments)
    right = read_results(place) == read_results(reference)
    told = first.code != 0 and "was replaced while the run worked" in first.said
    print(f"  at job {at}: code {first.code}, told {told}; then code {again.code}, right {right}")
    return SURVIVED if told and again.code == 0 and right else SILENT


def mount(*arguments: str) -> None:
    """Call mount; it needs root."""
    subprocess.run(["mount", *arguments], check=True)


def lose_folder(stage: str) -> Callable[[World, Path], str]:
    """Return what deletes a shard's folder of a stage."""

    def lose(world: World, place: Path) -> str:
        folders = sorted(path for path in (place / stage).iterdir() if path.is_dir() and "-of-" in path.name)
        folder = world.random.choice(folders)
        shutil.rmtree(folder)
        return str(folder.relative_to(place))

    return lose


def spoil_one(kinds: tuple[str, ...], under: str = "results/") -> Callable[[World, Path], str]:
    """Return what flips a bit in a file of these kinds."""

    def lose(world: World, place: Path) -> str:
        name = world.random.choice([n for n in world.results if n.endswith(kinds) and n.startswith(under)])
        flip(place / name, world.random)
        return name

    return lose


def list_faults(world: World) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield (kind, what injects it and returns how it ended)."""
    for _ in range(30):
        yield "a bit is flipped in a finished run", lambda: damage_and_verify(world, flip)
    for _ in range(10):
        yield "a file of a finished run is cut", lambda: damage_and_verify(world, cut)
    for number in range(12):
        yield (
            "a table or picture is spoiled before it is read",
            lambda spoil=(flip, cut)[number % 2]: damage_what_is_read(world, spoil),
        )
    for stage in ("samples", "masks", "edits", "edits/sham"):
        yield (
            "a shard's folder is lost, by the cure",
            lambda stage=stage: lose_and_restore(world, lose_folder(f"results/{stage}")),
        )
    for kinds, under in (
        ((".png",), "results/"),
        ((".parquet",), "results/edits/"),
        ((".parquet",), "results/quality/"),
        ((".jsonl",), "results/"),
        ((".npy",), "results/train/"),
        ((".safetensors",), "results/models/"),
    ):
        yield (
            "a bit is flipped, by the cure",
            lambda kinds=kinds, under=under: lose_and_restore(world, spoil_one(kinds, under)),
        )
    outputs = [entry["path"] for entry in world.record["results"]]
    folders = [entry["path"] for entry in world.record["results"] if "files" in entry]
    chosen = world.random.sample(folders, min(8, len(folders)))
    for name in [*chosen, *world.random.sample(outputs, 6)]:
        yield "a result is deleted", lambda name=name: delete_and_run(world, name)
    for _ in range(8):
        yield "the driver is killed", lambda: kill_driver(world)
    changes = {"train": {"steps": 4}}, {"quality": {"controls": 5}}, {"report": {"examples": 3}}
    for overlay in [None] * 4 + [*changes]:
        yield "a job fails half done", lambda overlay=overlay: fail_job(world, overlay)
    for _ in range(4):
        yield "the disk is full", lambda: fill_disk(world)
    for folder in ("results", "results/quality", "results/metrics"):
        yield "results can only be read", lambda folder=folder: lock_results(world, folder)
    for seconds in (86_400, -86_400, 3_600, -3_600, 400 * 86_400, -20_000 * 86_400):
        yield "the clock was wrong", lambda seconds=seconds: turn_clock(world, seconds)
    for _ in range(3):
        yield "two runs in one folder", lambda: run_twice(world)
    for _ in range(2):
        yield "an emptied environment", lambda: empty_environment(world)
    for _ in range(3):
        yield "weights are replaced midway", lambda: replace_weights(world)


def mix(faults: Iterator[tuple[str, Callable]]) -> Iterator[tuple[str, Callable]]:
    """Yield one fault of each kind, then the second of each, and so on: what is wrong shows early."""
    kinds: dict[str, list[Callable]] = {}
    for kind, fault in faults:
        kinds.setdefault(kind, []).append(fault)
    for row in zip_longest(*([(kind, fault) for fault in of_kind] for kind, of_kind in kinds.items())):
        yield from filter(None, row)


def inject(seed: int, folder: Path, only: str = "") -> dict[str, int]:
    """Inject all faults, and return the counts of `print_faults`. only: a pattern of their kinds."""
    world = World(folder, seed)
    counts = dict.fromkeys((SURVIVED, CLEAR, SILENT), 0)
    for number, (kind, fault) in enumerate(mix(list_faults(world)), 1):
        if not re.search(only, kind):
            continue
        started = time.monotonic()
        end = fault()
        counts[end] += 1
        print(f"{number:3} {kind}: {end} ({time.monotonic() - started:.0f} s)", flush=True)
        for place in folder.glob("run*"):
            shutil.rmtree(place, ignore_errors=True) if place.is_dir() else place.unlink()
    return counts


if __name__ == "__main__":
    if sys.argv[1:2] == ["--second"]:
        ended = run(Path(sys.argv[2]), ARGUMENTS)
        print(ended.said)
        sys.exit(ended.code)
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}", flush=True)
    os.chdir(CHECKOUT)
    with tempfile.TemporaryDirectory() as temporary:
        counts = inject(seed, Path(temporary), *sys.argv[2:])
    print_faults("run", injected=sum(counts.values()), **counts, double_billed=0)
    sys.exit(counts[SILENT] > 0)
