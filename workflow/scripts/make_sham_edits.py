"""Make sham edits that keep the object: paint a hole of its shape on free background of the same photo."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.edits.sham import make_sham_edits

        make_sham_edits(job)
