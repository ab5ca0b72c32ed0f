"""Write the report of a run: one HTML file that opens without network."""

import logging

from unscene.report.page import describe_run, fill_template
from unscene.report.run import read_run
from unscene.report.text import describe_text
from unscene.report.times import read_versions
from unscene.run.lineage import digest
from unscene.run.tables import write_text


def write_report(
    paths_to_tables: dict[str, str],
    path_to_report: str,
    lineage: dict,
    path_to_benchmarks: str = "benchmarks",
    path_to_logs: str = "logs",
) -> None:
    """Write what the tables of a run say as one self-contained page.

    paths_to_tables: name -> path, as in the rule's input. lineage: its `settings` and `weights` are shown, its digest
    stands for the whole chain. Benchmarks and logs are read where they are; what is absent is named.
    Raises TableError on a table that is broken or lacks a column, ValueError on an edit whose file changed.
    """
    run = read_run(paths_to_tables)
    provenance = {
        "lineage": digest(lineage),
        "config": digest(lineage["settings"]),
        "weights": lineage["weights"],
        "versions": read_versions(path_to_logs),
    }
    values = describe_run(
        run, lineage["settings"], provenance, path_to_benchmarks, paths_to_tables.get("retrieval")
    )
    page = fill_template(values | describe_text(paths_to_tables))
    write_text(page, path_to_report)
    logging.getLogger("unscene").info(
        "%s: %d accepted pairs, %.1f MB", path_to_report, len(run.pairs), len(page.encode()) / 1e6
    )
