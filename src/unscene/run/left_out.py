"""Results that a run leaves out, since too few pairs are there to train and test on.

The job that meets the lack writes a note with the reason in place of each of its outputs, and ends
well. So does every job that reads a note: training and what follows it leave the run, which ends in
its pairs and its report. More pairs, or other settings, change the inputs of these jobs, so that
they run like any others.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

# How a note begins, whatever the name of the file: no result of any kind begins so.
_KEY = b'{"left_out": '
# A folder is left out by a note in it.
IN_FOLDER = "left_out.json"
# What is left out whenever the model of a fold is; and models that need no fold.
ITEMS, FINAL = Path("results/metrics/items.parquet"), "models/*/all/meta.json"
# How the log of a job begins the reason.
TOLD = "left out: "
_LOGGED = re.compile(rf"^\S+ WARNING {TOLD}(.*)$", re.MULTILINE)


class LeftOut(Exception):
    """A job makes nothing, for a reason that is no fault of it and that its message tells."""


def read_left_out(path: str | Path) -> str | None:
    """Return why a result was left out; None of one that was made, or is not there."""
    path = Path(path)
    note = path / IN_FOLDER if path.is_dir() else path
    if not note.is_file():
        return None
    with open(note, "rb") as handle:
        if handle.read(len(_KEY)) != _KEY:
            return None
    return json.loads(note.read_text(encoding="utf-8"))["left_out"]


def write_left_out(reason: str, outputs: Iterable[str | Path]) -> None:
    """Write the note of each output of a job: in place of a file, or in an empty folder."""
    text = json.dumps({"left_out": reason}, ensure_ascii=False) + "\n"
    for path in map(Path, outputs):
        if path.is_dir():
            shutil.rmtree(path)
        # Folders that rules make have no suffix; files have one.
        note = path if path.suffix else path / IN_FOLDER
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(text, encoding="utf-8")


def raise_left_out(inputs: Iterable[str | Path]) -> None:
    """Raise LeftOut with the reason of the first input that was left out."""
    for path in inputs:
        if reason := read_left_out(path):
            raise LeftOut(reason)


def tell_left_out(folder: Path, since: float) -> None:
    """Say on stderr, in one line, what the jobs of a run left out; nothing where none did. Called in the
    run's directory.

    folder: that of the jobs' logs; those written since a moment (Unix seconds) are read.
    """
    logged = list(_list_logged(folder, since))
    reasons = list(dict.fromkeys(reason for _, reason in logged))
    if not reasons:
        return
    more = f" (and {len(reasons) - 1} more reasons, in {folder})" if len(reasons) > 1 else ""
    if read_left_out(ITEMS) and ITEMS.stat().st_mtime >= since:
        told = "the run ends in pairs and results/report.html; no arm was tested"
        final = [path for path in ITEMS.parents[1].glob(FINAL) if not read_left_out(path)]
        if final:
            more += f". The model of all pairs is there, untested: {final[0].parent}"
    else:
        rules = ", ".join(dict.fromkeys(rule for rule, _ in logged))
        told = f"the run is whole but for {rules}, left out"
    print(f"\nunscene: {told}, for want of pairs: {reasons[0]}{more}", file=sys.stderr)


def _list_logged(folder: Path, since: float) -> Iterator[tuple[str, str]]:
    """Yield (rule, reason) of the jobs that left something out, in the order in which they ended."""
    for path in sorted(folder.rglob("*.log"), key=lambda path: path.stat().st_mtime):
        if path.stat().st_mtime >= since:
            rule = path.relative_to(folder).parts[0].removesuffix(".log")
            for reason in _LOGGED.findall(path.read_text(encoding="utf-8", errors="replace")):
                yield rule, reason
