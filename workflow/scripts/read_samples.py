"""Read the photos and captions of one shard of a source; what cannot be used becomes a row with a reason."""

from unscene.samples.reading import read_samples

if __name__ == "__main__":
    from unscene.run.checkout import CHECKOUT
    from unscene.run.logs import log_job

    with log_job(snakemake):
        read_samples(
            path_to_table=snakemake.output.table,
            path_to_folder=snakemake.output.folder,
            path_to_rejected=snakemake.output.rejected,
            shard=snakemake.wildcards.shard,
            settings=snakemake.params.lineage["settings"],
            checkout=CHECKOUT,
            workers=snakemake.config["runtime"]["workers"],
            max_failed_share=snakemake.config["runtime"]["max_failed_share"],
        )
