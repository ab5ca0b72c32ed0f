"""Join the tables of a stage's shards into one."""

import logging

from unscene.machine.job import Job
from unscene.run.counts import tell_count
from unscene.run.streaming import join_to


def join_shards(job: Job) -> None:
    """Write the rows of all parts, in order, as one table."""
    rows = join_to(job.inputs.tables, job.outputs.table)
    logging.getLogger("unscene").info(
        "%s of %s", tell_count(rows, "row"), tell_count(len(job.inputs.tables), "shard")
    )
