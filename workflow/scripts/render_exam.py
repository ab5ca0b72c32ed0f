"""Draw a fresh world and write every external part of the pass rule in its published form."""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.scenes.exam import render_exam

        render_exam(job)
