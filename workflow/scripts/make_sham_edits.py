"""Make control edits that keep the object: paint a hole of each object's shape on free background of the same photo."""

from unscene.edits.sham import make_sham_edits

if __name__ == "__main__":
    from unscene.machine.scratch import find_timing, open_scratch
    from unscene.run.logs import log_job

    with log_job(snakemake):
        lineage = snakemake.params.lineage
        make_sham_edits(
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
