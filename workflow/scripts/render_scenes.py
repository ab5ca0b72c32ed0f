"""Render an embedded source: photos, captions and exact masks in COCO's format, and the truth
behind each object.
"""

from unscene.machine.job import open_job

if __name__ == "__main__":
    with open_job(snakemake) as job:
        from unscene.scenes.rendering import render_scenes

        render_scenes(job)
