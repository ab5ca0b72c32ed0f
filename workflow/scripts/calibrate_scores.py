"""Calibrate the scores on controls: which of them separate, and the cuts that faultless edits pass."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.quality.control_calibration import calibrate_scores

        calibrate_scores(job)
