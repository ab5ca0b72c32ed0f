"""A job of the workflow, as its rule describes it: what an adapter in `workflow/scripts` hands to a
function of a room.

    with open_job(snakemake) as job:
        from unscene.masks.segmentation import segment_objects

        segment_objects(job)

A function that takes a `Job` is the entry of its room; everything below it takes plain values.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from unscene.machine.batching import prepare_torch
from unscene.machine.devices import Setup, lease_device
from unscene.machine.scratch import Scratch
from unscene.run.checkout import resolve_path
from unscene.run.folders import remove_left
from unscene.run.left_out import LeftOut, raise_left_out, write_left_out
from unscene.run.lineage import ENTRIES, digest
from unscene.run.logs import log_job
from unscene.run.records import name_record, write_record
from unscene.run.shard_names import get_source_name

# Rules whose jobs say what was left out, and do their work all the same.
_TELLING = ("write_report", "write_provenance")


class Files(dict):
    """Paths by name, as attributes: a path, a list of paths, or None for what this run does not have."""

    def __getattr__(self, name: str) -> Any:
        if name not in self:
            raise AttributeError(f"the rule names no file {name!r}; it names {', '.join(self) or 'none'}")
        return self[name] or None


@dataclass
class Job:
    """One job. `settings` are those of its lineage, so nothing else of the config can decide an output.

    inputs, outputs: the rule's files by name, a mapping will do. runtime: the config's block
    `runtime`. wildcards: as text. lineage: the rule's whole lineage. config: the whole config, for
    what is hashed nowhere: paths, guards and the endpoint of paid answers.
    """

    inputs: Files = field(default_factory=Files)
    outputs: Files = field(default_factory=Files)
    settings: dict = field(default_factory=dict)
    runtime: dict = field(default_factory=dict)
    wildcards: dict = field(default_factory=dict)
    threads: int = 1
    rule: str = ""
    lineage: dict = field(default_factory=dict)
    config: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.inputs, self.outputs = Files(self.inputs), Files(self.outputs)

    @classmethod
    def of(cls, snakemake) -> "Job":
        """Return the job that Snakemake's `script:` object describes."""
        lineage = snakemake.params.lineage
        return cls(
            inputs=Files({name: _plain(value) for name, value in snakemake.input.items()}),
            outputs=Files({name: _plain(value) for name, value in snakemake.output.items()}),
            settings=lineage["settings"],
            runtime=snakemake.config["runtime"],
            wildcards=dict(snakemake.wildcards.items()),
            threads=snakemake.threads,
            rule=lineage["rule"],  # Snakemake's has a prefix where this workflow is a module
            lineage=lineage,
            config=snakemake.config,
        )

    @cached_property
    def digest(self) -> str:
        """16 hex digits that change when anything changes that decides the outputs."""
        return digest(self.lineage)

    @cached_property
    def device(self) -> str:
        """ "cuda" or "cpu": the device that this job leases, once, with torch made repeatable on it."""
        device = lease_device(self.runtime)
        prepare_torch(device, self.threads)
        return device

    @property
    def setup(self) -> Setup:
        """How this job's models run, on the device that it leases."""
        return Setup.of(self.device, self.runtime)

    def fingerprint(self, dotted: str) -> str | None:
        """Return what tells the weights that a config key (`edits.weights`) names apart from
        others; None without.
        """
        return self.lineage.get("weights", {}).get(dotted)

    def find(self, dotted: str) -> Path | None:
        """Return the path that a config key (`train.clip`) names; None for null. FileNotFoundError
        when nothing is there.
        """
        value = self.look_up(dotted)
        return None if value is None else resolve_path(value)

    def get_path(self, dotted: str) -> Path:
        """Return the path that a config key names which cannot be null (`train.clip`)."""
        return resolve_path(self.look_up(dotted))

    def look_up(self, dotted: str) -> Any:
        """Return a value of the config that is hashed nowhere (a guard, the endpoint); settings
        come from `settings`.
        """
        value: Any = self.config
        for key in dotted.split("."):
            value = value[key]
        return value

    def entry(self, kind: str) -> dict:
        """Return the config's whole entry, paths included, that this job works on. kind: source,
        arm, set, model or guard.
        """
        name = get_source_name(self.wildcards["shard"]) if "shard" in self.wildcards else self.wildcards[kind]
        entries = self.look_up(ENTRIES[kind])
        return entries[name] if isinstance(entries, dict) else next(e for e in entries if e["name"] == name)

    @property
    def packs(self) -> bool:
        """Whether a shard's pictures go into one tar (`storage.pack`); hashed nowhere."""
        return self.config.get("storage", {}).get("pack", False)

    def record(self) -> None:
        """Write what this job made beside the results, for copies that lose what Snakemake noted."""
        inputs, outputs = (list(_list_paths(files)) for files in (self.inputs, self.outputs))
        write_record(self.rule, self.wildcards, self.lineage, inputs, outputs)

    def open_scratch(self) -> Scratch:
        """Return where this job keeps what it has finished, for the run after a kill; to be
        entered. It is named as the job's record, by which those who copy it know that the job has
        ended. Of a job that no rule describes: for now only.
        """
        if not self.rule:
            return Scratch(None, "", beside=Path(self.outputs.table).parent)
        name = name_record(self.rule, self.wildcards).stem
        return Scratch(Path("state", "scratch", self.rule, name), self.digest)

    @property
    def timing(self) -> Path | None:
        """Where the job writes how long its device worked: beside its benchmark. None without a shard."""
        shard = self.wildcards.get("shard")
        return Path("benchmarks", self.rule, f"{shard}.device.json") if shard else None


@contextmanager
def open_job(snakemake) -> Iterator[Job]:
    """Log a job from here on, imports included, and yield it; once it has ended well, record what it
    made. A job that reads what was left out, or that raises LeftOut, leaves its outputs out, too.
    What a killed job left beside its outputs goes first.
    """
    with log_job(snakemake):
        job = Job.of(snakemake)
        for path in _list_paths(job.outputs):
            remove_left(path)
        try:
            if job.rule not in _TELLING:
                raise_left_out(_list_paths(job.inputs))
            yield job
        except LeftOut as reason:
            write_left_out(str(reason), _list_paths(job.outputs))
            job.record()
            raise
        # All is made and handed over: ending now would have Snakemake delete it.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        job.record()


def _plain(value: Any) -> str | list[str]:
    return value if isinstance(value, str) else [str(item) for item in value]


def _list_paths(files: Files) -> Iterator[str]:
    for value in files.values():
        yield from [value] if isinstance(value, str) else value
