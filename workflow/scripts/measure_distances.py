"""Measure, class by class, how far the accepted edits lie, as a set, from real photos without the class."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.quality.distances import measure_distances

        measure_distances(job)
