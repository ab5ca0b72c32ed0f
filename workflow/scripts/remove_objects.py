"""Remove the masked object of each wanted edit of a shard, try again where cheap checks fail, and keep the result."""

from unscene.edits.removing import remove_objects

if __name__ == "__main__":
    from unscene.machine.scratch import find_timing, open_scratch
    from unscene.run.logs import log_job

    with log_job(snakemake):
        lineage = snakemake.params.lineage
        remove_objects(
            path_to_samples=snakemake.input.samples,
            path_to_masks=snakemake.input.masks,
            path_to_table=snakemake.output.table,
            path_to_folder=snakemake.output.folder,
            settings=lineage["settings"]["edits"],
            seed=lineage["settings"]["seed"],
            runtime=snakemake.config["runtime"],
            fingerprint=lineage["weights"]["edits.weights"],
            threads=snakemake.threads,
            scratch=open_scratch(snakemake),
            path_to_timing=find_timing(snakemake),
        )
