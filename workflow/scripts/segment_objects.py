"""Find the objects that the captions mention and write one mask per wanted edit."""

from unscene.masks.segmentation import segment_objects

if __name__ == "__main__":
    from unscene.machine.scratch import find_timing, open_scratch
    from unscene.run.logs import log_job

    with log_job(snakemake):
        segment_objects(
            path_to_samples=snakemake.input.samples,
            path_to_keywords=snakemake.input.keywords,
            path_to_table=snakemake.output.table,
            path_to_folder=snakemake.output.folder,
            settings=snakemake.params.lineage["settings"]["masks"],
            runtime=snakemake.config["runtime"],
            threads=snakemake.threads,
            scratch=open_scratch(snakemake),
            path_to_timing=find_timing(snakemake),
            source=snakemake.params.lineage["settings"]["source"],
            sha256=snakemake.config["masks"]["sha256"],
        )
