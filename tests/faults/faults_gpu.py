"""Kill each device stage at ten points, run it again, and compare with an uninterrupted run: `make
faults KIND=gpu`.

The process under test runs a stage on a shard of embedded scenes and sends itself SIGTERM or
SIGKILL at a given point. Before the second run its outputs are deleted, as Snakemake does with
those of a failed job. The second run must end with the same bytes, and both together must start at
most one device batch more than one run needs. Processes are forked off one that has loaded the
models; what they do from there on is what a job does. `--quick`: a few points of two stages, for
the default tests.
"""

import os
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

from unscene.run.offline import stay_offline

stay_offline()
from embedded_shard import (
    STAGES,
    delete_outputs,
    load_models_once,
    make_shard,
    read_outputs,
    run_stage,
)
from result_lines import print_faults

PHOTOS = 22  # six batches of four, the last one short
# (event, its n-th time), in the order of a run; "torn" leaves half a line in the journal.
POINTS = [
    ("device work begins", 1),
    ("device work ends", 2),
    ("outputs are kept", 2),
    ("encoding begins", 3),
    ("files are written", 6),
    ("journal line is torn", 9),
    ("item is recorded", 13),
    ("device work begins", 5),
    ("table is next", 1),
    ("scratch is discarded next", 1),
]
QUICK = [("segment_objects", 5), ("remove_objects", 2)]
SETTINGS = {
    "segment_objects": {},
    # Few steps: what is tested is the engine. Every fourth hole needs a second attempt, see
    # `find_fault_of_some`.
    "remove_objects": {"steps": 2, "attempts": 2, "retry_dilation": 1.5},
    "score_edits": {},
    "make_sham_edits": {"steps": 2, "attempts": 2},
}
STOPPED = 3


def main(quick: bool) -> int:
    """Print a line per fault and the closing line; return the number of defects."""
    stages = STAGES
    if quick:  # without the libraries that take longest to import
        stages = STAGES[:2]
        SETTINGS["remove_objects"] |= {"backend": "telea"}
    load_models_once()
    faults = [
        (stage, number, kind)
        for stage in stages
        for number in range(len(POINTS))
        for kind in (signal.SIGKILL, signal.SIGTERM)
        if not quick or (stage, number) in QUICK
    ]
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_shard(PHOTOS)
        expected, needed = {}, {}
        for stage in stages:
            run_stage(stage, settings=SETTINGS[stage])  # loads the models
            delete_outputs(stage)
            code, text = fork(stage, None, None)
            if code != 0:
                raise SystemExit(f"{stage} fails without any fault: {text}")
            expected[stage], needed[stage] = read_outputs(stage), count_batches()
            print(f"{stage}: {needed[stage]} batches, {len(expected[stage])} files")
        for stage, number, kind in faults:
            outcomes.append(inject(stage, number, kind, expected[stage], needed[stage]))
    survived, stopped = outcomes.count("survived"), outcomes.count("clear stop")
    silent = len(outcomes) - survived - stopped
    print_faults("gpu", len(outcomes), survived, stopped, silent, 0)
    return silent


def inject(stage: str, number: int, kind: signal.Signals, expected: dict[str, bytes], needed: int) -> str:
    """Run a stage with a fault and again without; return `survived`, `clear stop` or what is wrong."""
    event, nth = POINTS[number]
    delete_outputs(stage)
    code, text = fork(stage, number, kind)
    batches = count_batches()
    how = {0: "finished", STOPPED: "stopped", -kind: "killed"}.get(code, f"exit {code}: {text}")
    if kind == signal.SIGKILL and code != -kind:
        outcome = f"the fault was not injected ({how})"
    elif how.startswith("exit"):
        outcome = how
    else:
        if code != 0:
            delete_outputs(stage)
            code, text = fork(stage, None, None)
            batches += count_batches()
        outcome = judge(stage, code, text, expected, batches - needed, kind)
    print(
        f"{stage}, {kind.name} when {event} ({nth}): {how}, {batches - needed} batches repeated: {outcome}",
        flush=True,
    )
    shutil.rmtree("state", ignore_errors=True)
    return outcome


def judge(stage: str, code: int, text: str, expected: dict, repeated: int, kind: signal.Signals) -> str:
    """Say whether the second run made good what the first one left."""
    if code != 0:
        return "clear stop" if code == STOPPED else f"the second run fails: {text}"
    found = read_outputs(stage)
    if found != expected:
        wrong = sorted(
            name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)
        )
        return f"other bytes in {', '.join(wrong[:4])}"
    # A batch that SIGKILL hits is lost; SIGTERM lets it end.
    if repeated > (1 if kind == signal.SIGKILL else 0):
        return f"{repeated} batches were repeated"
    if any(Path("state").rglob("journal.jsonl")):
        return "the scratch was not removed"
    return "survived"


def fork(stage: str, number: int | None, kind: signal.Signals | None) -> tuple[int, str]:
    """Run a stage in a child; return its exit code (negative: the signal that ended it) and what it said."""
    Path("said.txt").write_text("")
    Path("batches.txt").write_text("")
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os._exit(_run_child(stage, number, kind))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), Path("said.txt").read_text()


def count_batches() -> int:
    """Return how many device batches the last child began."""
    return len(Path("batches.txt").read_text().splitlines())


def _run_child(stage: str, number: int | None, kind: signal.Signals | None) -> int:
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    try:
        from unscene.machine.engine import StageStopped

        _instrument(number, kind)
        try:
            run_stage(stage, settings=SETTINGS[stage], keeps=True)
        except StageStopped as stopped:
            Path("said.txt").write_text(str(stopped))
            return STOPPED
        return 0
    except BaseException:
        Path("said.txt").write_text(traceback.format_exc())
        return 1


def _instrument(number: int | None, kind: signal.Signals | None) -> None:
    """Count the batches, and send `kind` when the point of this number is reached."""
    from unscene.edits import removal
    from unscene.machine.engine import Engine
    from unscene.machine.scratch import Scratch
    from unscene.run import tables

    event, nth = POINTS[number] if number is not None else (None, 0)
    seen = 0

    def reach(name: str) -> bool:
        nonlocal seen
        seen += name == event
        return name == event and seen == nth

    def at(name: str) -> None:
        if reach(name):
            os.kill(os.getpid(), kind)

    work, keep, kept, record, discard = (
        Engine._work,
        Engine._keep,
        Scratch.keep_outputs,
        Scratch.record,
        Scratch.discard,
    )
    written, find_fault = tables.Table.write, removal.find_fault

    def count_and_work(self, part):
        with open("batches.txt", "a") as batches:
            batches.write(f"{len(part)}\n")
        at("device work begins")
        result = work(self, part)
        at("device work ends")
        return result

    def keep_outputs(self, keys, payload):
        kept(self, keys, payload)
        at("outputs are kept")

    def encode(self, *arguments):
        at("encoding begins")
        return keep(self, *arguments)

    def record_item(self, key, result, names):
        at("files are written")
        if reach("journal line is torn"):
            if kind == signal.SIGKILL:
                self._journal.write(b'{"key": "torn", "resu')
                self._journal.flush()
            os.kill(os.getpid(), kind)
        record(self, key, result, names)
        at("item is recorded")

    def write_table(*arguments):
        at("table is next")
        return written(*arguments)

    def discard_scratch(self):
        at("scratch is discarded next")
        discard(self)

    def find_fault_of_some(photo, mask, edited, min_change):
        """Refuse what looks unlucky, so that some edits need a second attempt (with a wider mask)."""
        fault = find_fault(photo, mask, edited, min_change)
        return fault or ("unlucky" if int(mask.sum()) % 4 == 0 else None)

    Engine._work, Engine._keep, Scratch.keep_outputs = count_and_work, encode, keep_outputs
    Scratch.record, Scratch.discard = record_item, discard_scratch
    tables.Table.write, removal.find_fault = write_table, find_fault_of_some


if __name__ == "__main__":
    sys.exit(1 if main("--quick" in sys.argv) else 0)
