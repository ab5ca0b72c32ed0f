"""Write the report of a run: one HTML file that opens without network."""

import logging

from unscene.machine.job import Job
from unscene.quality.scores import THRESHOLDS
from unscene.report.page import fill_page
from unscene.report.run import read_run
from unscene.run.counts import tell_count
from unscene.run.tables import write_text


def write_report(job: Job) -> None:
    """Write what the tables of a run say as one self-contained page.

    Benchmarks and logs are read where they are; what is absent is named. Raises TableError on a
    table that is broken or lacks a column; an edit whose file changed is shown as such.
    """
    # The lineage leaves out the thresholds that are off; the page names them.
    given = job.settings["quality"]["thresholds"]
    thresholds = {key: given.get(key) for key in sorted(THRESHOLDS)}
    settings = job.settings | {"quality": job.settings["quality"] | {"thresholds": thresholds}}
    run = read_run(job.inputs, settings, job.lineage)
    page = fill_page(run)
    write_text(page, job.outputs.page)
    logging.getLogger("unscene").info(
        "%s: %s, %.1f MB",
        job.outputs.page,
        tell_count(len(run.pairs), "accepted pair"),
        len(page.encode()) / 1e6,
    )
