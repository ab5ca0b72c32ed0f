"""What Snakemake notes of a job that has ended, written for results that were made elsewhere.

Snakemake has no public call for this; the private names used here are why its version is pinned.
"""

import time
from pathlib import Path
from typing import Any

from unscene.run.needed_jobs import MAX_CHECKSUM_FILE_SIZE
from unscene.run.shards import file_sha256


def note_made(workflow: Any, job: Any, lineage: dict | None = None) -> None:
    """Let Snakemake take the outputs of a job, which are in place, for those of its own run.

    They get the present time, so jobs must be noted in the order of the flow. lineage: the one that
    made them, where it is not the job's own: then Snakemake makes them anew.
    """
    from snakemake.persistence import RECORD_FORMAT_VERSION, MetadataRecord

    kept = workflow.persistence
    now = time.time()
    there = [path for path in map(Path, job.input) if path.is_file()]
    checksums = {
        str(path): f"sha256:{file_sha256(path)}"
        for path in there
        if path.stat().st_size <= MAX_CHECKSUM_FILE_SIZE
    }
    params = kept._params(job) if lineage is None else [repr(lineage)]
    for file in job.output:
        file.touch()
        kept._write_record(
            kept._get_key(file),
            MetadataRecord(
                rule=job.rule.name,
                input=kept._input(job),
                log=kept._log(job),
                shellcmd=job.shellcmd,
                params=params,
                code=kept._code(job.rule),
                record_format_version=RECORD_FORMAT_VERSION,
                conda_env=kept._conda_env(job),
                container_img_url=job.container_img_url,
                software_stack_hash=kept._software_stack_hash(job),
                job_hash=hash(job),
                starttime=now,
                endtime=now,
                incomplete=False,
                input_checksums=checksums,
            ),
        )
        kept._unmark_incomplete(kept._get_key(file))


def is_known(workflow: Any, job: Any) -> bool:
    """Tell whether Snakemake knows how each output of a job was made."""
    return all(workflow.persistence.metadata(file) is not None for file in job.output)


def is_current(workflow: Any, job: Any) -> bool:
    """Tell whether Snakemake knows that the job's own lineage made each output."""
    kept = workflow.persistence
    recorded = [kept.metadata(file) for file in job.output]
    return all(one is not None and set(one.params or ()) == set(kept._params(job)) for one in recorded)
