"""Join the tables of a stage's shards into one."""

import logging

from unscene.machine.job import Job
from unscene.run.tables import join_tables, write_table


def join_shards(job: Job) -> None:
    """Write the rows of all parts, in order, as one table."""
    frame = join_tables(job.inputs.tables)
    write_table(frame, job.outputs.table)
    logging.getLogger("unscene").info("%d rows of %d shards", len(frame), len(job.inputs.tables))
