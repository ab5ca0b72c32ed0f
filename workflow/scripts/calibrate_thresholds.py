"""Calibrate acceptance on people's labels: agreement, the learned head, and the operating point
that a defect rate allows.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.quality.labelled import calibrate_thresholds

        calibrate_thresholds(job)
