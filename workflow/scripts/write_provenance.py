"""Record what made each result, last of all."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.provenance.writing import write_provenance

        write_provenance(job)
