"""The real workflow with steps that compute nothing but carry content: each writes a digest of all that
it read and of its lineage. A stale, mixed or damaged input therefore shows in every result after it.

The steps read and write by the project's own doors: sealed tables, shard folders that appear whole,
files whose hash a table tells. `write_provenance` is the real one. A run is a fork of this process,
so that nothing is imported twice; it takes seconds.
"""

import hashlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet as pq
import snakemake.cli  # before snakemake.workflow: they import each other
import snakemake.workflow

from instant_run import make_steps_instant
from unscene.provenance.vouching import VOUCHERS, find_voucher, read_voucher
from unscene.provenance.writing import write_provenance
from unscene.run import lineage as lineage_module
from unscene.run.folders import remove_left, replaced_folder
from unscene.run.shards import ShardWriter, check_file
from unscene.run.tables import read_table, write_json, write_table, write_text

CHECKOUT = Path(__file__).resolve().parents[2]
DEADLINE_S = 400
_VOUCHED = {Path("results", voucher.table.path).parent: voucher for voucher in VOUCHERS}


class Faults:
    """What happens to a run, by the number of jobs that it has begun. All of it is off at first.

    kill_at: the driver gets SIGKILL in the middle of this job. fail_at: this job fails after it made
    half of its outputs. at: {job: what to do before it}. slow_s: how long each job takes.
    """

    def __init__(self, kill_at: int = 0, fail_at: int = 0, at: dict | None = None, slow_s: float = 0.0):
        self.kill_at, self.fail_at, self.at, self.slow_s = kill_at, fail_at, at or {}, slow_s
        self.begun = 0
        self.lock = threading.Lock()

    def begin(self) -> int:
        """Count a job; do what is due before it."""
        with self.lock:
            self.begun += 1
            number = self.begun
        self.at.get(number, lambda: None)()
        time.sleep(self.slow_s)
        return number


class Ended(SimpleNamespace):
    """How a run ended: `code` (negative: a signal), `said` (all that it printed), `jobs` it began."""


def run(directory: Path, arguments: list[str], faults: Faults | None = None, environment: dict | None = None):
    """Run Snakemake's command line in a fork of this process; return how it ended."""
    log = directory.parent / f"{directory.name}.said"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = _run_here(directory, arguments, faults or Faults(), environment, log)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return Ended(code=os.waitstatus_to_exitcode(status), said=log.read_text(errors="replace"))


def _run_here(directory: Path, arguments: list[str], faults: Faults, environment: dict | None, log: Path):
    signal.alarm(DEADLINE_S)
    file = open(log, "w", buffering=1)  # noqa: SIM115
    os.dup2(file.fileno(), 1)
    os.dup2(file.fileno(), 2)
    sys.stdout = sys.stderr = file
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
    make_steps_instant()
    snakemake.workflow.script = _make_body(faults)
    lineage_module.fingerprint.cache_clear()
    options = ["--cores", "2", "--resources", "gpu=2", "--scheduler", "greedy"]
    snakemake.cli.main(
        [*options, "--snakefile", str(CHECKOUT / "Snakefile"), "--directory", str(directory), *arguments]
    )
    return 0


def _make_body(faults: Faults) -> Callable:
    def body(path, basedir, input, output, params, wildcards, *more, **_):
        _threads, _resources, _log, config, rulename = more[:5]
        number = faults.begin()
        inputs = {name: _plain(value) for name, value in input.items()}
        outputs = {name: _plain(value) for name, value in output.items()}
        if rulename == "write_provenance":
            _write_record(inputs, outputs, params, config)
            return
        for path in [path for value in outputs.values() for path in _as_list(value)]:
            remove_left(path)  # as the real jobs do
        digest = _digest(rulename, dict(wildcards.items()), params.lineage, inputs)
        made = _write_outputs(outputs, digest)
        for done, _name in enumerate(made, 1):
            if done == 1 and number == faults.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            if done == 1 and number == faults.fail_at:
                raise RuntimeError(f"{rulename} was made to fail")

    return body


def _write_record(inputs: dict, outputs: dict, params, config: dict) -> None:
    from unscene.machine.job import Job

    lineage_module.fingerprint.cache_clear()  # a job is a process of its own: it reads weights anew
    settings = params.lineage["settings"]
    write_provenance(
        Job(inputs, outputs, settings, config["runtime"], {}, 1, "write_provenance", params.lineage, config)
    )


def _digest(rule: str, wildcards: dict, lineage: dict, inputs: dict) -> str:
    read = {name: [_read(Path(path)) for path in _as_list(paths)] for name, paths in inputs.items()}
    text = json.dumps([rule, wildcards, lineage, read], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> str:
    """Return what a step learns of an input; errors as the real readers raise them."""
    if path.is_dir():
        return "folder"
    if path.suffix != ".parquet":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if find_voucher(str(path.with_suffix(""))):
        for file, sha256 in read_voucher(path).items():
            check_file(file, sha256)
    frame = read_table(path).drop(columns="seconds", errors="ignore")
    return hashlib.sha256(frame.to_json().encode()).hexdigest()


def _write_outputs(outputs: dict, digest: str):
    """Write every output; yield the name of each that is made."""
    paths = [path for value in outputs.values() for path in _as_list(value)]
    folders = {path for path in paths if not Path(path).suffix}
    for folder in sorted(folders):
        table = find_voucher(folder)
        if table and str(table) in paths:
            _write_shard(Path(folder), table, digest)
            paths.remove(str(table))
        else:
            with replaced_folder(folder) as place:
                (place / "item.txt").write_text(f"{digest} {folder}\n")
        paths.remove(folder)
        yield folder
    for path in paths:
        if path.endswith(".parquet"):
            frame = pd.DataFrame({"name": [path], "digest": [digest]})
            measured = {"seconds": time.time()} if path == "results/edits/edits.parquet" else {}
            write_table(frame.assign(**measured), path)
        elif path.endswith(".json"):
            write_json({"digest": digest, "name": path}, path)
        else:
            write_text(f"{digest} {path}\n", path)
        yield path


def _write_shard(folder: Path, table: Path, digest: str) -> None:
    declared = _VOUCHED[table.parent]
    with ShardWriter(folder, table) as writer:
        rows = []
        for number in range(2):
            name = f"{folder.name}-{number}"
            row = {"edit_id": name, "image_id": name, "reason": digest}
            for path_column, sha_column in declared.columns:
                name = f"{number}.{path_column}.png"
                content = f"{digest} {name}\n".encode() * 20
                (writer.folder / name).write_bytes(content)
                row |= {path_column: writer.final_path(name), sha_column: hashlib.sha256(content).hexdigest()}
            if "seconds" in declared.table.names:
                row["seconds"] = time.time()
            if "group_key" in declared.table.names:
                row["group_key"] = digest
            rows.append({name: value for name, value in row.items() if name in declared.table.names})
        frame = declared.table.frame(rows).astype(object)
        writer.finish(frame.where(frame.notna(), None), declared.table)


def read_results(directory: Path) -> dict[str, str]:
    """Return {path: content} of all results as they can be compared: without measured times and the
    record, which holds some.
    """
    found = {}
    for path in sorted((directory / "results").rglob("*")):
        name = str(path.relative_to(directory))
        if not path.is_file() or path.name.startswith(".snakemake") or name == "results/provenance.json":
            continue
        if path.suffix == ".parquet":
            try:
                frame = pq.read_table(path).to_pandas().drop(columns="seconds", errors="ignore")
                found[name] = frame.to_json()
            except Exception as error:
                found[name] = f"unreadable: {type(error).__name__}"
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _plain(value) -> str | list[str]:
    return value if isinstance(value, str) else [str(item) for item in value]


def _as_list(paths: str | list[str]) -> list[str]:
    return [paths] if isinstance(paths, str) else paths
