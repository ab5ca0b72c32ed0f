"""Score the models of one arm, or one named checkpoint, on one evaluation set."""

from unscene.evaluation.evaluate_set import evaluate_set, read_place

if __name__ == "__main__":
    from unscene.machine.devices import lease_device
    from unscene.run.checkout import CHECKOUT, resolve_path
    from unscene.run.logs import log_job

    with log_job(snakemake):
        settings = snakemake.params.lineage["settings"]
        # The arm's own entry is part of the lineage of train_clip, which is a parent: a change of it comes here, too.
        arm = snakemake.config["train"]["arms"].get(snakemake.wildcards.get("arm"), {})
        name = snakemake.wildcards.get("arm") or snakemake.wildcards.get("model")
        if "model" in settings:
            models = [{**settings["model"], "path": resolve_path(settings["model"]["path"])}]
        elif snakemake.input.get("models"):
            models = [{"path": path, **read_place(path)} for path in snakemake.input.models]
        else:
            models = [{"path": resolve_path(settings["train"]["clip"])}]
        evaluate_set(
            entry=settings["set"],
            models=models,
            path_to_clip=resolve_path(settings["train"]["clip"]),
            path_to_metrics=snakemake.output.metrics,
            path_to_items=snakemake.output.item_table,
            model_name=name,
            query_weight=arm.get("query_weight"),
            seed=settings["seed"],
            resolve=lambda path: CHECKOUT / path,
            runtime=snakemake.config["runtime"],
            device=lease_device(snakemake.config["runtime"]),
            threads=snakemake.threads,
        )
