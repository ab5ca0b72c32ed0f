"""What the pilot came to, and what the whole run will cost."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.report.pilot import write_pilot

        write_pilot(job)
