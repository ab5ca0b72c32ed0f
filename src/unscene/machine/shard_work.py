"""What every device job on a shard does around its own work: lease, continue, check, hand over, clean up.

with open_shard(job, MASKS) as shard:
    detector = load_detector(job.find("masks.weights"), 640, shard.setup)
    results = shard.run(Segmentation(detector, settings, shard.final_path), photos)
    shard.finish(make_rows(results))
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from unscene.machine.devices import Setup
from unscene.machine.engine import DeviceStage, Engine, Timing
from unscene.machine.job import Job
from unscene.machine.scratch import Scratch
from unscene.run.counts import tell_count
from unscene.run.offline import stay_offline
from unscene.run.shards import ShardWriter, check_failed_share
from unscene.run.tables import Table


@dataclass
class ShardWork:
    """A shard while a job works on it; made by `open_shard`."""

    job: Job
    table: Table
    scratch: Scratch
    writer: ShardWriter | None
    timing: Timing | None = None

    @property
    def setup(self) -> Setup:
        """How models run; the device is leased when this is first asked for, so ask before a model
        is loaded.
        """
        return self.job.setup

    @property
    def folder(self) -> Path:
        """The private folder that becomes the shard's own; for files that are written before the
        device works.
        """
        return self._open_writer().folder

    @property
    def final_path(self) -> Callable[[str], str]:
        """A function of a file's name: the path, as tables record it, that the file will have."""
        return self._open_writer().final_path

    def _open_writer(self) -> ShardWriter:
        if self.writer is None:
            raise ValueError(
                f"{self.job.rule}: its rule names no output `folder`, so there is none for files"
            )
        return self.writer

    def run(self, stage: DeviceStage, items: Iterable) -> dict[str, dict]:
        """Return {key: result} of all items, those of an earlier, killed run included (`Engine.run`)."""
        engine = Engine(stage, self.job.runtime, self.scratch)
        results = engine.run(items)
        self.timing = engine.timing
        return results

    def finish(self, frame: pd.DataFrame) -> None:
        """Write the table (and put the folder in place), once it is clear that the shard did not
        fail as a whole.

        Raises RuntimeError when more than `runtime.max_failed_share` of at least 20 rows have
        status `failed`.
        """
        path = self.job.outputs.table
        what = f"{Path(self.table.path).parent} of {Path(path).stem}"
        check_failed_share(frame, self.job.runtime["max_failed_share"], what)
        if self.writer is None:
            self.table.write(frame, path)
        else:
            self.scratch.hand_over(self.writer.folder)
            self.writer.finish(frame, self.table)
        if self.timing is not None and self.job.timing is not None:
            self.timing.write(self.job.timing)
        self.scratch.discard()
        counts = frame["status"].str.cat(frame["reason"].fillna("").astype(str), sep=" ")
        logging.getLogger("unscene").info(
            "%s: %s: %s", what, tell_count(len(frame), "row"), counts.value_counts().to_dict()
        )


@contextmanager
def open_shard(job: Job, table: Table) -> Iterator[ShardWork]:
    """Yield the shard whose `table`, and `folder` where the rule has one, the job writes.

    What is finished is kept in the job's scratch until `finish`: a job that is killed continues
    from there. Leaving the block without `finish` leaves no output. The model libraries stay off
    the network.
    """
    stay_offline()
    folder = job.outputs.get("folder")
    writer = ShardWriter(folder, job.outputs.table, job.packs) if folder else nullcontext()
    with job.open_scratch() as scratch, writer as opened:
        yield ShardWork(job, table, scratch, opened)
