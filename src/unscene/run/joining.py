"""Join the tables of a stage's shards into one."""

import logging

from unscene.run.tables import join_tables, write_table


def join_shards(paths_to_parts: list[str], path_to_table: str) -> None:
    """Write the rows of all parts, in order, as one table."""
    frame = join_tables(paths_to_parts)
    write_table(frame, path_to_table)
    logging.getLogger("unscene").info("%d rows of %d shards", len(frame), len(paths_to_parts))
